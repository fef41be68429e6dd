#include "sim/disk/file_image.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace orrery::sim {
namespace {

Bytes RandomBytes(Random random, size_t size) {
  Bytes out;
  random.Fill(out, size);
  return out;
}

TEST_CASE("FileImage: a gap is read as zeros") {
  FileImage file;
  file.WriteAt(3, "x");
  CHECK(file.live() == Bytes("\0\0\0x", 4));
}

TEST_CASE("FileImage: an append without a sync leaves any prefix, and all three kinds occur") {
  bool none = false;
  bool all = false;
  bool part = false;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    FileImage file;
    file.WriteAt(0, "synced ");
    file.Sync();
    file.WriteAt(7, "not synced");
    file.LosePower(Random(seed), false);
    CHECK(Bytes("synced not synced").starts_with(file.live()));
    CHECK(file.live().starts_with("synced "));
    CHECK(file.durable_size() == file.live().size());
    none |= file.live().size() == 7;
    all |= file.live().size() == 17;
    part |= file.live().size() > 7 && file.live().size() < 17;
  }
  CHECK(none);
  CHECK(all);
  CHECK(part);
}

TEST_CASE("FileImage: holes stay inside the unsynced tail") {
  bool zeroed = false;
  bool garbage = false;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    FileImage file;
    const Bytes synced = RandomBytes(Random(1), 700);
    const Bytes tail = RandomBytes(Random(2), 3000);
    file.WriteAt(0, synced);
    file.Sync();
    file.WriteAt(700, tail);
    const PowerLossEffect effect = file.LosePower(Random(seed), true);
    REQUIRE(file.live().starts_with(synced));
    if (!effect.holes) continue;
    const Bytes last = file.live().substr(700, 324);  // Shares a sector with synced bytes.
    zeroed |= file.live().find(Bytes(100, '\0')) != Bytes::npos;
    garbage |= file.live().find(Bytes(100, '\0')) == Bytes::npos && last.size() == 324;
  }
  CHECK(zeroed);
  CHECK(garbage);
}

TEST_CASE("FileImage: an overwritten sector is old or new, never a mixture") {
  bool old_seen = false;
  bool new_seen = false;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    FileImage file;
    file.WriteAt(0, Bytes(1024, 'o'));
    file.Sync();
    file.WriteAt(100, Bytes(600, 'n'));
    file.LosePower(Random(seed), true);
    REQUIRE(file.live().size() == 1024);
    const bool first_new = file.live()[100] == 'n';
    const bool second_new = file.live()[512] == 'n';
    CHECK(file.live().substr(0, 100) == Bytes(100, 'o'));
    CHECK(file.live().substr(100, 412) == Bytes(412, first_new ? 'n' : 'o'));
    CHECK(file.live().substr(512, 188) == Bytes(188, second_new ? 'n' : 'o'));
    CHECK(file.live().substr(700) == Bytes(324, 'o'));
    old_seen |= first_new && !second_new;
    new_seen |= !first_new && second_new;
  }
  CHECK(old_seen);
  CHECK(new_seen);
}

TEST_CASE("FileImage: a truncation without a sync may come back, with the old content") {
  bool back = false;
  bool stayed = false;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    FileImage file;
    const Bytes content = RandomBytes(Random(3), 1500);
    file.WriteAt(0, content);
    file.Sync();
    file.Truncate(10);
    file.LosePower(Random(seed), true);
    const bool is_back = file.live().size() == 1500;
    CHECK((is_back || file.live().size() == 10));
    if (is_back) CHECK(file.live() == content);
    back |= is_back;
    stayed |= !is_back;
  }
  CHECK(back);
  CHECK(stayed);
}

TEST_CASE("FileImage: what a failed sync lost is never durable, though reads see it and later syncs succeed") {
  int lost = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    FileImage file;
    file.WriteAt(0, Bytes(600, 'a'));
    file.Sync();
    file.WriteAt(600, Bytes(1000, 'b'));
    file.FailSync(Random(seed));
    file.WriteAt(1600, Bytes(100, 'c'));
    file.Sync();
    CHECK(file.live() == Bytes(600, 'a') + Bytes(1000, 'b') + Bytes(100, 'c'));
    file.LosePower(Random(seed), true);
    CHECK(file.live().starts_with(Bytes(600, 'a')));
    const auto kept = static_cast<size_t>(std::ranges::count(file.live(), 'b'));
    CHECK(file.live().substr(600, kept) == Bytes(kept, 'b'));  // A prefix of the failed bytes.
    lost += kept < 1000 ? 1 : 0;
  }
  CHECK(lost > 50);
}

TEST_CASE("FileImage: writing lost bytes again and syncing makes them durable") {
  FileImage file;
  file.WriteAt(0, Bytes(2048, 'a'));
  file.Sync();
  file.WriteAt(0, Bytes(2048, 'b'));
  file.FailSync(Random(1));
  file.WriteAt(0, Bytes(2048, 'c'));
  file.Sync();
  file.LosePower(Random(1), true);
  CHECK(file.live() == Bytes(2048, 'c'));
}

/// One random history of a file, with every byte's possible values after a power loss written down.
struct Shadow {
  Bytes live;
  Bytes synced;

  void Write(uint64_t at, const Bytes& data) {
    if (live.size() < at + data.size()) live.resize(at + data.size(), '\0');
    live.replace(at, data.size(), data);
  }
};

void CheckPossible(const Bytes& found, const Shadow& shadow) {
  REQUIRE(found.size() >= std::min(shadow.synced.size(), shadow.live.size()));
  REQUIRE(found.size() <= std::max(shadow.synced.size(), shadow.live.size()));
  for (size_t i = 0; i < std::min(found.size(), shadow.synced.size()); ++i) {
    const bool is_old = found[i] == shadow.synced[i];
    const bool is_new = i < shadow.live.size() && found[i] == shadow.live[i];
    REQUIRE((is_old || is_new));
  }
}

TEST_CASE("FileImage: synced bytes survive any history of writes, truncations, syncs and power losses") {
  for (uint64_t seed = 0; seed < 400; ++seed) {
    Random random(seed);
    FileImage file;
    Shadow shadow;
    for (int step = 0; step < 60; ++step) {
      const uint64_t what = random.Below(10);
      if (what < 6) {
        const uint64_t at = random.Chance(0.6) ? shadow.live.size() : random.Below(shadow.live.size() + 600);
        const Bytes data = RandomBytes(random.Split(step), 1 + random.Below(900));
        file.WriteAt(at, data);
        shadow.Write(at, data);
      } else if (what == 6) {
        const uint64_t size = random.Below(shadow.live.size() + 300);
        file.Truncate(size);
        shadow.live.resize(size, '\0');
      } else if (what < 9) {
        file.Sync();
        shadow.synced = shadow.live;
        REQUIRE_FALSE(file.HasDirty());
      } else {
        file.LosePower(random.Split("power").Split(step), true);
        CheckPossible(file.live(), shadow);
        shadow.live = file.live();
        shadow.synced = file.live();
      }
      REQUIRE(file.live() == shadow.live);
    }
  }
}

TEST_CASE("FileImage: only durable bits flip") {
  FileImage file;
  file.WriteAt(0, Bytes(600, 'a'));
  file.Sync();
  file.WriteAt(0, "b");
  file.WriteAt(600, "tail");
  CHECK_FALSE(file.IsDurable(0));
  CHECK(file.IsDurable(599));
  CHECK_FALSE(file.IsDurable(600));
  file.FlipBit(599, 0);
  CHECK(file.live()[599] == '`');
}

TEST_CASE("FileImage: what a power loss would leave ends where the sync ended") {
  FileImage file;
  CHECK(file.IsDurableTo(0));
  file.WriteAt(0, Bytes(600, 'a'));
  CHECK_FALSE(file.IsDurableTo(1));
  file.Sync();
  file.WriteAt(600, "tail");
  CHECK(file.IsDurableTo(600));
  CHECK_FALSE(file.IsDurableTo(601));
  file.WriteAt(550, "b");  // The old content of this sector may come back.
  CHECK(file.IsDurableTo(512));
  CHECK_FALSE(file.IsDurableTo(600));
  file.Sync();
  CHECK(file.IsDurableTo(604));
}

TEST_CASE("FileImage: after a failed sync no later one makes its bytes durable") {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    FileImage file;
    file.WriteAt(0, "synced ");
    file.Sync();
    file.WriteAt(7, "lost");
    file.FailSync(Random(seed));
    uint64_t kept = 0;
    while (file.IsDurableTo(kept + 1)) ++kept;
    CHECK(kept >= 7);
    file.WriteAt(11, " and more");
    file.Sync();
    CHECK(file.IsDurableTo(kept));
    CHECK_FALSE(file.IsDurableTo(20));
    const Bytes before = file.live();
    file.LosePower(Random(seed).Split("power"), false);
    CHECK(file.live().substr(0, kept) == before.substr(0, kept));
    if (kept < 11) CHECK(file.live() != before);
  }
}

}  // namespace
}  // namespace orrery::sim
