// Which recovery mode, with evidence: single flipped bits in the durable log, and torn unsynced tails, against every
// mode of RocksDB and against the log check. Prints the table of docs/decisions/0002-wal-recovery-mode.md:
//   orrery_wal_check_test -tc='Recovery mode*'

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <array>

#include "sim/rocks/test_node.h"
#include "storage/wal_check.h"
#include "storage/wal_order_env.h"

namespace orrery::sim {
namespace {

using Mode = rocksdb::WALRecoveryMode;

struct ModeName {
  Mode mode;
  const char* name;
};
constexpr std::array<ModeName, 3> kModes = {{{Mode::kPointInTimeRecovery, "kPointInTimeRecovery"},
                                             {Mode::kTolerateCorruptedTailRecords, "kTolerateCorruptedTailRecords"},
                                             {Mode::kAbsoluteConsistency, "kAbsoluteConsistency"}}};

/// A disk on which a marked writer has acknowledged `synced` batches and written `issued`.
struct Story {
  std::unique_ptr<TestNode> node;
  uint64_t synced = 0;
  uint64_t issued = 0;
  WalMarker::Position vouched;  ///< What the newest mark in the log says.
  uint64_t last_log = 0;
};

/// Every batch is a group of its own: write, SyncWAL. Now and then a family is switched, so that logs follow each
/// other.
Story Tell(Random random, int unsynced_tail) {
  Story story;
  story.node = std::make_unique<TestNode>(SimDiskOptions{.random = random.Split("disk")});
  TestNode& node = *story.node;
  std::unique_ptr<rocksdb::Env> env;
  REQUIRE(
      node.Open([&env](rocksdb::Options& options) { options.env = (env = NewWalOrderEnv(options.env)).get(); }).ok());
  {
    RocksScope scope(node.host());
    WalMarker marker;
    REQUIRE(marker.Start(node.db()).ok());
    const uint64_t batches = 20 + random.Split("batches").Below(60);
    for (uint64_t i = 1; i <= batches + static_cast<uint64_t>(unsynced_tail); ++i) {
      Random draw = random.Split("batch").Split(i);
      if (i < batches && draw.Chance(0.02)) {
        rocksdb::FlushOptions flush;
        flush.wait = false;
        flush.allow_write_stall = true;
        REQUIRE(node.db().Flush(flush, node.family(1)).ok());
      }
      rocksdb::WriteBatch batch;
      std::string value;
      draw.Split("value").Fill(value, draw.Below(600));
      REQUIRE(batch.Put(node.family(1), "key" + std::to_string(i), value).ok());
      REQUIRE(batch.Put(node.family(0), "last", std::to_string(i)).ok());
      REQUIRE(batch.PutLogData(marker.Next()).ok());
      REQUIRE(node.db().Write({}, &batch).ok());
      story.issued = i;
      const WalMarker::Position here = marker.Here(node.db()).value_or({});
      story.last_log = here.log;
      if (i > batches) continue;
      REQUIRE(node.db().SyncWAL().ok());
      marker.Synced(here);
      if (i < batches) story.vouched = here;
      story.synced = i;
    }
  }
  node.disk().Freeze();
  node.Close();
  node.disk().KillProcess();
  node.disk().Boot();
  return story;
}

enum class Outcome { kRefused, kWhole, kLost };

/// Opens a copy of the story's disk and looks how far it goes.
Outcome TryOpen(std::unique_ptr<SimDisk> disk, Mode mode, uint64_t synced) {
  TestNode node(std::move(disk), Random(7));
  if (!node.Open([mode](rocksdb::Options& options) { options.wal_recovery_mode = mode; }).ok())
    return Outcome::kRefused;
  RocksScope scope(node.host());
  std::string last = "0";
  const rocksdb::Status status = node.db().Get(rocksdb::ReadOptions(), node.family(0), "last", &last);
  const bool readable = status.ok() || status.IsNotFound();
  REQUIRE(readable);
  return std::stoull(last) < synced ? Outcome::kLost : Outcome::kWhole;
}

struct Tally {
  int trials = 0;
  int refused = 0;
  int whole = 0;
  int lost = 0;
  int lost_after_check = 0;             ///< Neither the check nor RocksDB said a word.
  int lost_after_check_below_mark = 0;  ///< Of these, below the newest mark: must not be.
  int refused_by_check = 0;
};

void Count(Outcome outcome, bool refused_by_check, bool below_mark, Tally& tally) {
  ++tally.trials;
  tally.refused_by_check += refused_by_check ? 1 : 0;
  tally.refused += outcome == Outcome::kRefused ? 1 : 0;
  tally.whole += outcome == Outcome::kWhole ? 1 : 0;
  tally.lost += outcome == Outcome::kLost ? 1 : 0;
  if (outcome != Outcome::kLost || refused_by_check) return;
  ++tally.lost_after_check;
  tally.lost_after_check_below_mark += below_mark ? 1 : 0;
}

void Print(const char* what, const char* mode, const Tally& tally) {
  fmt::print(
      "{:<28} {:<30} trials {:>4}: opens whole {:>4}, refuses {:>4}, silent loss {:>4}; check refuses {:>4}, "
      "silent loss with check {:>3} (below the mark {})\n",
      what, mode, tally.trials, tally.whole, tally.refused, tally.lost, tally.refused_by_check, tally.lost_after_check,
      tally.lost_after_check_below_mark);
}

/// One bit of the durable log flips; every mode and the check judge the same disk.
std::array<Tally, kModes.size()> FlipTrials(int stories, int flips) {
  std::array<Tally, kModes.size()> tallies;
  for (int s = 0; s < stories; ++s) {
    const Random random = Random(11).Split(static_cast<uint64_t>(s));
    const Story story = Tell(random, 0);
    for (int f = 0; f < flips; ++f) {
      const Random draw = random.Split("flip").Split(static_cast<uint64_t>(f));
      // Half of them near the end, where the mark ends.
      const auto where = f % 2 == 0 ? SimDisk::RotWhere::kAnywhere : SimDisk::RotWhere::kLastQuarter;
      for (size_t m = 0; m < kModes.size(); ++m) {
        std::unique_ptr<SimDisk> disk = story.node->disk().CrashClone(draw);
        const std::optional<SimDisk::Flip> flip = disk->FlipBit(PathClass::kWal, where, draw);
        REQUIRE(flip.has_value());
        const bool in_last_log = flip->path.find(std::to_string(story.vouched.log) + ".log") != std::string::npos;
        const bool below_mark = story.last_log != story.vouched.log
                                    ? flip->path.find(std::to_string(story.last_log) + ".log") == std::string::npos
                                    : !in_last_log || flip->offset < story.vouched.bytes;
        const Status checked = CheckWalFolder(*disk, "db");
        const bool refused_by_check = checked.code() == StatusCode::kCorruption;
        if (refused_by_check) CHECK(checked.message().find(flip->path) != std::string_view::npos);
        Count(TryOpen(std::move(disk), kModes[m].mode, story.synced), refused_by_check, below_mark, tallies[m]);
      }
    }
  }
  return tallies;
}

/// Nothing rots; the power goes while batches are written and not synced.
std::array<Tally, kModes.size()> TornTrials(int stories, int clones) {
  std::array<Tally, kModes.size()> tallies;
  for (int s = 0; s < stories; ++s) {
    const Random random = Random(12).Split(static_cast<uint64_t>(s));
    const Story story = Tell(random, 1 + s % 5);
    for (int c = 0; c < clones; ++c) {
      const Random draw = random.Split("power").Split(static_cast<uint64_t>(c));
      for (size_t m = 0; m < kModes.size(); ++m) {
        std::unique_ptr<SimDisk> disk = story.node->disk().CrashClone(draw);
        const bool refused_by_check = !CheckWalFolder(*disk, "db").ok();
        Count(TryOpen(std::move(disk), kModes[m].mode, story.synced), refused_by_check, true, tallies[m]);
      }
    }
  }
  return tallies;
}

TEST_CASE("Recovery mode: a bit of the durable log flips") {
  const auto tallies = FlipTrials(24, 16);
  for (size_t m = 0; m < kModes.size(); ++m) Print("flip in the durable log", kModes[m].name, tallies[m]);
  const Tally& ours = tallies[0];
  CHECK(ours.lost > 50);  // What the check is for.
  CHECK(ours.lost_after_check_below_mark == 0);
  CHECK(ours.lost_after_check < ours.lost / 4);
  CHECK(ours.refused_by_check > 100);
}

TEST_CASE("Recovery mode: a torn tail is no reason to refuse") {
  const auto tallies = TornTrials(24, 16);
  for (size_t m = 0; m < kModes.size(); ++m) Print("torn unsynced tail", kModes[m].name, tallies[m]);
  const Tally& ours = tallies[0];
  CHECK(ours.refused == 0);
  CHECK(ours.refused_by_check == 0);
  CHECK(ours.lost == 0);
  CHECK(tallies[2].refused > 0);  // Why it is not kAbsoluteConsistency.
}

}  // namespace
}  // namespace orrery::sim
