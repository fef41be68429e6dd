// Choices stay put: what has nothing to do with a choice does not change it.

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/probe.h"
#include "runtime/log.h"
#include "runtime/runtime.h"
#include "sim/echo_cluster.h"
#include "sim/event_log.h"
#include "sim/world.h"

namespace orrery::sim {
namespace {

constexpr uint64_t kSeed = 21;

/// What a change of the code may add to a node without touching what it does.
enum class Addition : uint8_t { kNothing, kLogLine, kDraws, kProbe };

NodeFactory WithAddition(Addition addition, const NodeFactory& inner) {
  return [addition, inner](Runtime& runtime) {
    switch (addition) {
      case Addition::kNothing: break;
      case Addition::kLogLine: runtime.log.Write(LogLevel::kInfo, "test", "a line that was not there"); break;
      case Addition::kDraws: {
        Random unrelated = runtime.random.Split("unrelated");
        for (int i = 0; i < 100; ++i) CHECK(unrelated.NextU64() != 0);
        break;
      }
      case Addition::kProbe: runtime.probes.Hit("test.stay_put"); break;
    }
    return inner(runtime);
  };
}

/// A crash, a partition and a reset in a cluster of three whose nodes have this addition.
Fingerprint Run(Addition addition, bool idle_harness_code) {
  World world({.choices = {.seed = kSeed}});
  EchoOptions echo{.write_every = 20};
  for (uint64_t id = 1; id <= 3; ++id) echo.nodes.push_back(NodeId(id));
  for (const NodeId node : echo.nodes) {
    world.AddNode(node, WithAddition(addition, MakeEchoNode(echo)), {.has_engine = false});
  }
  world.BootAll();
  for (int i = 1; idle_harness_code && i < 1000; ++i) world.Schedule(milliseconds(i), "idle", [] {});
  world.RunFor(milliseconds(300));
  world.Restart(NodeId(1), CrashKind::kPowerLoss);
  const RuleId cut = world.Partition({NodeId(1)}, {NodeId(2)});
  world.RunFor(milliseconds(300));
  world.Heal(cut);
  world.ResetConnection(NodeId(2), NodeId(3));
  world.RunFor(milliseconds(600));
  return world.fingerprint();
}

TEST_CASE("Choices: a log line, an unrelated draw, a probe and code that does nothing leave the run as it is") {
  const Fingerprint plain = Run(Addition::kNothing, false);
  CHECK(Run(Addition::kLogLine, false) == plain);
  CHECK(Run(Addition::kDraws, false) == plain);
  CHECK(Run(Addition::kProbe, false) == plain);
  CHECK(Run(Addition::kNothing, true) == plain);
}

/// What two nodes that talk to each other do and see, while others do something else.
std::vector<EventRecord> EventsOfPair(const std::vector<NodeId>& others) {
  EventLog log;
  World world({.choices = {.seed = kSeed}, .events = &log});
  const EchoOptions pair{.nodes = {NodeId(1), NodeId(2)}, .write_every = 20};
  const EchoOptions rest{.nodes = others, .write_every = 3};
  for (const NodeId node : pair.nodes) world.AddNode(node, MakeEchoNode(pair), {.has_engine = false});
  for (const NodeId node : others) world.AddNode(node, MakeEchoNode(rest), {.has_engine = false});
  world.BootAll();
  world.RunFor(milliseconds(300));
  if (!others.empty()) world.Restart(others.front(), CrashKind::kProcessKill);
  world.RunFor(milliseconds(300));
  std::vector<EventRecord> events;
  for (const EventRecord& event : log.events()) {
    const std::string name = log.NameOf(event.actor_hash);
    if (name.starts_with("node1") || name.starts_with("node2")) events.push_back(event);
  }
  return events;
}

TEST_CASE("Choices: nodes that do not talk to it change nothing for a pair, to the nanosecond") {
  const std::vector<EventRecord> alone = EventsOfPair({});
  REQUIRE(alone.size() > 1000);
  CHECK(EventsOfPair({NodeId(7), NodeId(8)}) == alone);
  CHECK(EventsOfPair({NodeId(7), NodeId(8), NodeId(9)}) == alone);
}

/// When and what the second of a pair receives.
std::vector<EventRecord> Deliveries(const std::map<std::string, Duration, std::less<>>& latencies) {
  EventLog log;
  World world({.choices = {.seed = kSeed, .latencies = latencies}, .events = &log});
  AddEchoCluster(world, 2);
  world.RunFor(milliseconds(20));
  std::vector<EventRecord> events;
  for (const EventRecord& event : log.events()) {
    const bool to_second = log.NameOf(event.actor_hash).starts_with("node2/");
    if (to_second && event.kind == EventKind::kDelivery) events.push_back(event);
  }
  return events;
}

TEST_CASE("Choices: one latency by name changes that message, and what comes after it") {
  const std::vector<EventRecord> drawn = Deliveries({});
  REQUIRE(drawn.size() > 10);
  CHECK(Deliveries({{"node1>node2 channel9 slot0", milliseconds(5)}}) == drawn);
  // The whole stretch in which the message may have been sent.
  std::map<std::string, Duration, std::less<>> late;
  const auto slot = static_cast<uint64_t>(drawn[5].time_nanos / 100'000);
  for (int channel = 0; channel < 16; ++channel) {
    for (uint64_t back = 0; back < 5; ++back) late[LatencyName("node1>node2", channel, slot - back)] = milliseconds(5);
  }
  const std::vector<EventRecord> given = Deliveries(late);
  CHECK(given[5].time_nanos > drawn[5].time_nanos + 4'000'000);
  CHECK(given[5].content == drawn[5].content);
  CHECK(given.front() == drawn.front());
}

TEST_CASE("Choices: names of latencies are told from other texts") {
  CHECK(IsLatencyName(LatencyName("node1>client0", 2, 17)));
  for (const std::string_view text : {"", "node1", "node1>node2", "node1>node2 channel slot1", "node1>node2 channel1",
                                      ">node2 channel1 slot1", "a>b channel1 slot1x", "a>b channel1  slot1"}) {
    CHECK_FALSE(IsLatencyName(text));
  }
}

}  // namespace
}  // namespace orrery::sim
