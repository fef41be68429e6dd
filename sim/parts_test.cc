#include <doctest/doctest.h>

#include <cstdio>
#include <set>

#include "sim/choices.h"
#include "sim/event_log.h"
#include "sim/event_queue.h"
#include "sim/node_clock.h"
#include "sim/sim_probes.h"

namespace orrery::sim {
namespace {

class Noted final : public Event {
 public:
  Noted(int number, std::vector<int>& fired) : number_(number), fired_(fired) {}
  void Fire() override { fired_.push_back(number_); }

 private:
  int number_;
  std::vector<int>& fired_;
};

TEST_CASE("EventQueue: time, then rank, then order of scheduling; cancelled events never fire") {
  EventQueue queue;
  std::vector<int> fired;
  Random random(1);
  std::vector<std::unique_ptr<Noted>> events;
  std::map<std::tuple<int64_t, uint64_t, int>, int> model;
  for (int i = 0; i < 2000; ++i) {
    events.push_back(std::make_unique<Noted>(i, fired));
    const auto time = static_cast<int64_t>(random.Below(100));
    const uint64_t rank = random.Below(4);
    queue.Schedule(events.back().get(), time, rank);
    model.emplace(std::tuple(time, rank, i), i);
  }
  for (auto entry = model.begin(); entry != model.end();) {
    if (random.Below(3) == 0) {
      queue.Cancel(events[static_cast<size_t>(entry->second)].get());
      entry = model.erase(entry);
    } else {
      ++entry;
    }
  }
  while (!queue.empty()) queue.Pop()->Fire();
  std::vector<int> expected;
  for (const auto& [key, number] : model) expected.push_back(number);
  CHECK(fired == expected);
}

TEST_CASE("NodeClock: a deadline is reached at the first instant that shows it, never earlier") {
  Random random(7);
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    const Choices choices({.seed = seed});
    ClockOptions options;
    if (seed % 3 == 0) options.drift_ppb = random.Between(-400'000'000, 400'000'000);
    NodeClock clock(options, choices, Hash64("node1"));
    clock.StartMachine(1, random.Between(0, 1'000'000'000'000));
    for (int i = 0; i < 20; ++i) {
      const Instant at = Instant::FromNanos(clock.start_nanos() + random.Between(1, int64_t{1} << (10 + i * 2)));
      const int64_t reached = clock.ReachedAt(at);
      REQUIRE(clock.MonotonicAt(reached) >= at);
      REQUIRE(clock.MonotonicAt(reached - 1) < at);
    }
  }
}

TEST_CASE("NodeClock: runs on through changes of rate; starts cover old uptimes") {
  std::set<int64_t> days;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    const Choices choices({.seed = seed});
    NodeClock clock({}, choices, Hash64("node1"));
    clock.StartMachine(1, 0);
    days.insert(clock.start_nanos() / 1'000'000'000 / 86400);
    Instant last = clock.MonotonicAt(0);
    for (int i = 1; i < 50; ++i) {
      clock.SetDrift((i % 7 - 3) * 1'000'000, i * 1000);
      REQUIRE(clock.MonotonicAt(i * 1000) >= last);
      last = clock.MonotonicAt(i * 1000);
    }
  }
  CHECK(days.contains(0));
  CHECK(days.contains(24));   // 2^31 ms
  CHECK(days.contains(49));   // 2^32 ms
  CHECK(days.contains(800));  // more than two years
}

TEST_CASE("EventFile: what is written is read, and the first difference is named") {
  const std::string path = "/tmp/orrery-event-file-test." + std::to_string(Mix64(reinterpret_cast<uintptr_t>(&path)));
  Actor node("node1/boot1");
  Actor disk("node1/disk");
  EventLog memory;
  {
    auto file = EventFile::Create(path);
    REQUIRE(file.ok());
    for (uint64_t i = 0; i < 10000; ++i) {
      Actor& actor = i % 3 == 0 ? disk : node;
      const EventRecord event{static_cast<int64_t>(i * i), EventKind::kDelivery, actor.hash, ++actor.sequence,
                              Mix64(i)};
      (*file)->Append(event, actor);
      memory.Append(event, actor);
    }
    CHECK((*file)->Close().ok());
  }
  auto read = EventLog::ReadFile(path);
  REQUIRE(read.ok());
  CHECK(read->events() == memory.events());
  CHECK(!FirstDifference(*read, memory).has_value());
  EventLog other;
  for (EventRecord event : memory.events()) {
    if (event.time_nanos == 49) event.content ^= 1;
    other.AddRecord(event);
  }
  other.AddName(node.hash, node.name);
  const auto difference = FirstDifference(memory, other);
  REQUIRE(difference.has_value());
  CHECK(difference->number == 8);
  CHECK(difference->text.find("first  0.000000049 delivery node1/boot1") != std::string::npos);
  std::remove(path.c_str());
  CHECK(EventLog::ReadFile(path).status().message().find(path) != std::string_view::npos);
}

TEST_CASE("Choices: a stream's salt changes only its own words") {
  ChoiceOptions salted{.seed = 3};
  salted.salts[static_cast<size_t>(ChoiceStream::kDisk)] = 5;
  const Choices plain({.seed = 3});
  const Choices other(salted);
  CHECK(plain.key(ChoiceStream::kDisk) != other.key(ChoiceStream::kDisk));
  CHECK(plain.key(ChoiceStream::kNetwork) == other.key(ChoiceStream::kNetwork));
}

TEST_CASE("SimProbes: sites are active by seed, draws depend on the actor alone, pins win") {
  int active = 0;
  for (uint64_t seed = 0; seed < 400; ++seed) active += Choices({.seed = seed}).BuggifyActive("a.site") ? 1 : 0;
  CHECK(active > 60);
  CHECK(active < 140);
  ChoiceOptions pinned{.seed = 1};
  pinned.buggify_sites["a.site"] = true;
  pinned.buggify_sites["b.site"] = false;
  const Choices choices(pinned);
  ProbeCounts hits;
  ProbeCounts bends;
  const auto draw = [&](bool disturbed) {
    SimProbes probes(choices, Hash64("node1/boot1"), hits, bends);
    std::vector<bool> drawn;
    for (int i = 0; i < 100; ++i) {
      if (disturbed) CHECK(!probes.Buggify("b.site", 1));
      drawn.push_back(probes.Buggify("a.site", 0.5));
    }
    return drawn;
  };
  CHECK(draw(false) == draw(true));
  CHECK(bends.Count("a.site") > 50);
  CHECK(bends.Count("b.site") == 0);
}

TEST_CASE("Probe names: the build has collected them from the sources") {
  const auto& names = AllProbeNames();
  CHECK(std::find(names.begin(), names.end(), "sim.disk.power_loss") != names.end());
  const auto& sites = AllBuggifySites();
  CHECK(std::find(sites.begin(), sites.end(), "sim.clock.fresh_jump") != sites.end());
}

}  // namespace
}  // namespace orrery::sim
