#include <doctest/doctest.h>

#include <map>
#include <string>

#include "runtime/clock.h"
#include "sim/recorder_node.h"

namespace orrery::sim {
namespace {

const NodeId kA(1);
const NodeId kB(2);
const NodeId kC(3);

WorldOptions Seeded(uint64_t seed) {
  WorldOptions options;
  options.choices.seed = seed;
  return options;
}

std::vector<std::string> Numbers(int count) {
  std::vector<std::string> numbers;
  for (int i = 0; i < count; ++i) numbers.push_back(std::to_string(i));
  return numbers;
}

void SendNumbers(RecorderWorld& test, NodeId from, NodeId to, int first, int count) {
  for (int i = first; i < first + count; ++i) test.Send(from, to, std::to_string(i));
}

TEST_CASE("Network: messages of one connection arrive in order, whatever their size") {
  RecorderWorld test(2, Seeded(1));
  std::vector<std::string> sent;
  for (int i = 0; i < 300; ++i) {
    sent.push_back(std::string(static_cast<size_t>(i * 7919 % 50000), 'x'));
    test.Send(kA, kB, sent.back());
    test.world.RunFor(microseconds(i % 50));
  }
  test.world.RunFor(seconds(1));
  CHECK(test.Arrived(kB) == sent);
}

TEST_CASE("Network: a node reaches itself") {
  RecorderWorld test(1);
  SendNumbers(test, kA, kA, 0, 5);
  test.world.RunFor(seconds(1));
  CHECK(test.Arrived(kA) == Numbers(5));
}

TEST_CASE("Network: a reset loses a suffix only, tells both ends, and the next message opens anew") {
  int lost_in_all = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    RecorderWorld test(2, Seeded(seed));
    SendNumbers(test, kA, kB, 0, 1);
    test.world.RunFor(seconds(1));
    for (int i = 1; i < 50; ++i) {
      test.world.RunFor(microseconds(40));
      SendNumbers(test, kA, kB, i, 1);
    }
    test.world.ResetConnection(kA, kB);
    test.world.RunFor(seconds(1));
    const auto arrived = test.Arrived(kB);
    CHECK(arrived == Numbers(static_cast<int>(arrived.size())));
    lost_in_all += 50 - static_cast<int>(arrived.size());
    CHECK(test.recordings[kA].disconnects == std::vector<NodeId>{kB});
    CHECK(test.recordings[kB].disconnects == std::vector<NodeId>{kA});
    test.Send(kA, kB, "again");
    test.world.RunFor(seconds(1));
    CHECK(test.Arrived(kB).back() == "again");
    CHECK(test.world.FaultCount(WorldFault::kReset) == 1);
  }
  CHECK(lost_in_all > 0);
}

TEST_CASE("Network: a clog delays, loses nothing and keeps the order") {
  RecorderWorld test(3);
  SendNumbers(test, kA, kB, 0, 10);
  const RuleId clog = test.world.ClogSend(kA);
  SendNumbers(test, kA, kB, 10, 10);
  test.Send(kB, kA, "back");
  test.world.RunFor(seconds(30));
  CHECK(test.Arrived(kB).size() < 20);
  const RuleId receive = test.world.ClogReceive(kB);
  test.world.Heal(clog);
  test.world.RunFor(seconds(1));
  CHECK(test.Arrived(kB).size() < 20);
  test.world.Heal(receive);
  test.world.RunFor(seconds(1));
  // The connection attempt may have timed out while clogged; else everything comes.
  if (test.recordings[kA].failed_connects.empty()) CHECK(test.Arrived(kB) == Numbers(20));
}

TEST_CASE("Network: a clog on a standing connection holds messages back until healed") {
  RecorderWorld test(3);
  test.Send(kA, kB, "open");
  test.world.RunFor(seconds(1));
  test.world.Clog({kA}, {kB}, Symmetry::kOneWay);
  SendNumbers(test, kA, kB, 0, 10);
  test.Send(kB, kA, "back");
  test.world.RunFor(minutes(1));
  CHECK(test.Arrived(kB).size() == 1);
  CHECK(test.Arrived(kA) == std::vector<std::string>{"back"});
  CHECK(!test.world.Reachable(kA, kB));
  CHECK(test.world.Reachable(kB, kA));
  test.world.HealNetwork();
  test.world.RunFor(seconds(1));
  CHECK(test.Arrived(kB).size() == 11);
  CHECK(test.recordings[kA].disconnects.empty());
}

TEST_CASE("Network: a partition kills connections by silence; a short one does not") {
  RecorderWorld test(3);
  test.Send(kA, kB, "open");
  test.Send(kA, kC, "open");
  test.world.RunFor(seconds(1));
  const RuleId first = test.world.Partition({kA}, {kB}, Symmetry::kOneWay);
  test.Send(kA, kB, "late");
  test.world.RunFor(seconds(2));
  test.world.Heal(first);
  test.world.RunFor(seconds(1));
  CHECK(test.Arrived(kB) == std::vector<std::string>{"open", "late"});
  test.world.Partition({kA}, {kB});
  test.Send(kA, kB, "lost");
  test.world.RunFor(seconds(30));
  CHECK(test.recordings[kA].disconnects == std::vector<NodeId>{kB});
  CHECK(test.recordings[kB].disconnects == std::vector<NodeId>{kA});
  CHECK(test.recordings[kC].disconnects.empty());
  test.Send(kA, kB, "no way");
  test.world.RunFor(seconds(30));
  CHECK(test.recordings[kA].failed_connects == std::vector<NodeId>{kB});
  test.world.HealNetwork();
  test.Send(kA, kB, "healed");
  test.world.RunFor(seconds(1));
  CHECK(test.Arrived(kB).back() == "healed");
}

TEST_CASE("Network: a killed peer is noticed at once, a powerless one by silence or its next boot") {
  RecorderWorld test(3);
  for (const NodeId peer : {kB, kC}) test.Send(kA, peer, "open");
  test.world.RunFor(seconds(1));
  test.world.Crash(kB, CrashKind::kProcessKill);
  test.world.Crash(kC, CrashKind::kPowerLoss);
  test.world.RunFor(milliseconds(100));
  CHECK(test.recordings[kA].disconnects == std::vector<NodeId>{kB});
  test.Send(kA, kB, "refused");
  test.world.RunFor(milliseconds(100));
  CHECK(test.recordings[kA].failed_connects == std::vector<NodeId>{kB});
  test.world.RunFor(seconds(1));
  CHECK(test.recordings[kA].disconnects.size() == 1);
  test.world.Boot(kC);
  test.world.RunFor(milliseconds(100));
  CHECK(test.recordings[kA].disconnects == std::vector<NodeId>{kB, kC});
}

TEST_CASE("Network: what was sent on a failed attempt never arrives; an unknown node cannot be reached") {
  RecorderWorld test(2);
  test.world.Crash(kB, CrashKind::kPowerLoss);
  test.Send(kA, kB, "to nobody");
  test.world.RunFor(milliseconds(1500));
  CHECK(test.recordings[kA].failed_connects.empty());
  test.world.RunFor(seconds(1));
  CHECK(test.recordings[kA].failed_connects == std::vector<NodeId>{kB});
  test.world.Boot(kB);
  test.world.RunFor(seconds(10));
  CHECK(test.Arrived(kB).empty());
  test.Send(kA, NodeId(77), "who?");
  test.world.RunFor(seconds(1));
  CHECK(test.recordings[kA].failed_connects.back() == NodeId(77));
}

TEST_CASE("Network: old-epoch messages arrive late and twice, only after their connection has ended") {
  WorldOptions options = Seeded(3);
  options.network.old_epoch_probability = 1;
  options.network.duplicate_probability = 1;
  RecorderWorld test(2, options);
  SendNumbers(test, kA, kB, 0, 20);
  test.world.RunFor(seconds(1));
  CHECK(test.Arrived(kB) == Numbers(20));
  SendNumbers(test, kA, kB, 20, 5);
  test.world.ResetConnection(kA, kB);
  test.world.RunFor(seconds(10));
  CHECK(test.world.FaultCount(WorldFault::kDuplicate) == 25);
  CHECK(test.world.FaultCount(WorldFault::kOldEpoch) > 0);
  CHECK(test.Arrived(kB).size() > 40);
}

TEST_CASE("Network: what waited for a connection that never came to be never arrives, not even as a copy") {
  WorldOptions options = Seeded(3);
  options.network.old_epoch_probability = 1;
  options.network.old_epoch_crosses_boots = true;
  options.network.duplicate_probability = 1;
  RecorderWorld test(2, options);
  test.world.Crash(kB, CrashKind::kProcessKill);
  test.Send(kA, kB, "never left");
  test.world.RunFor(seconds(1));
  REQUIRE(test.recordings[kA].failed_connects.back() == kB);
  test.world.Boot(kB);
  test.Send(kA, kB, "left");
  test.world.RunFor(seconds(1));
  test.world.ResetConnection(kA, kB);
  test.world.RunFor(seconds(30));
  CHECK(test.recordings[kB].arrivals.size() == 2);  // The message and its copy.
  for (const Recording::Arrival& arrival : test.recordings[kB].arrivals) CHECK(arrival.message == "left");
}

TEST_CASE("Network: nor does it if the connection was given up because who made it died") {
  WorldOptions options = Seeded(3);
  options.network.old_epoch_probability = 1;
  options.network.old_epoch_crosses_boots = true;
  options.network.duplicate_probability = 1;
  RecorderWorld test(2, options);
  const RuleId cut = test.world.Partition({kA}, {kB});
  test.Send(kA, kB, "never left");
  test.Send(kB, kA, "never left");
  test.world.RunFor(milliseconds(1));
  test.world.Crash(kA, CrashKind::kProcessKill);
  test.world.RunFor(milliseconds(1));
  REQUIRE(test.recordings[kB].failed_connects.back() == kA);
  test.world.Heal(cut);
  test.world.Boot(kA);
  test.world.RunFor(seconds(30));
  CHECK(test.recordings[kA].arrivals.empty());
  CHECK(test.recordings[kB].arrivals.empty());
}

/// Sends texts in turns of kA that take long before they send. Returns when each leaves, by its text.
std::map<std::string, Duration> SendInLongTurns(RecorderWorld& test, int count) {
  std::map<std::string, Duration> leaves;
  for (int i = 0; static_cast<int>(leaves.size()) < count; ++i) {
    REQUIRE(i < 10000);
    test.world.RunFor(milliseconds(1));
    const std::string text = std::to_string(i);
    test.world.RunInNode(kA, [&](Runtime& r) {
      const Instant began = r.clock.FreshNow();
      const Duration ahead = r.clock.FreshNow() - began;
      if (ahead == Duration()) return;
      r.network.Send(Endpoint{kB, 0}, Channel::kRpc, text);
      leaves[text] = test.world.Now() + ahead;
    });
  }
  return leaves;
}

WorldOptions WithLongTurns(uint64_t seed) {
  WorldOptions options = Seeded(seed);
  options.choices.buggify_sites["sim.clock.fresh_jump"] = true;
  options.network.old_epoch_probability = 1;
  options.network.duplicate_probability = 1;
  return options;
}

TEST_CASE("Network: no message arrives before it was sent, not even a copy of an ended connection") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    RecorderWorld test(2, WithLongTurns(seed));
    test.Send(kA, kB, "open");
    test.world.RunFor(seconds(1));
    std::map<std::string, Duration> leaves;
    for (int round = 0; round < 3; ++round) {
      leaves.merge(SendInLongTurns(test, 2));
      test.world.ResetConnection(kA, kB);
      test.world.RunFor(milliseconds(50));
    }
    test.world.RunFor(seconds(30));
    int late = 0;
    for (const Recording::Arrival& arrival : test.recordings[kB].arrivals) {
      const auto sent = leaves.find(arrival.message);
      if (sent == leaves.end()) continue;
      CHECK(arrival.at > sent->second);
      ++late;
    }
    CHECK(late > 0);
  }
}

TEST_CASE("Network: what a killed process was yet to send never arrives") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    RecorderWorld test(2, WithLongTurns(seed));
    test.Send(kA, kB, "open");
    test.world.RunFor(seconds(1));
    const std::map<std::string, Duration> leaves = SendInLongTurns(test, 1);
    const Duration killed = test.world.Now();
    test.world.Crash(kA, CrashKind::kProcessKill);
    test.world.RunFor(seconds(30));
    for (const Recording::Arrival& arrival : test.recordings[kB].arrivals) {
      const auto sent = leaves.find(arrival.message);
      if (sent != leaves.end()) CHECK(sent->second <= killed);
    }
  }
}

TEST_CASE("Network: a full queue ends the connection") {
  WorldOptions options;
  options.network.queue_bytes_max = 1000;
  RecorderWorld test(2, options);
  test.Send(kA, kB, "open");
  test.world.RunFor(seconds(1));
  test.world.Clog({kA}, {kB});
  for (int i = 0; i < 20; ++i) test.Send(kA, kB, std::string(100, 'x'));
  test.world.RunInNode(kA, [&](Runtime& r) { CHECK(r.network.QueuedBytes(Endpoint{kB, 0}) >= 1000); });
  test.world.HealNetwork();
  test.world.RunFor(seconds(1));
  CHECK(test.world.FaultCount(WorldFault::kQueueFull) == 1);
  CHECK(test.recordings[kA].disconnects == std::vector<NodeId>{kB});
}

TEST_CASE("Network: a slow link is slower by its factor") {
  WorldOptions options;
  options.choices.calm.fill(true);
  RecorderWorld test(2, options);
  test.Send(kA, kB, "open");
  test.world.RunFor(seconds(1));
  const auto delay = [&] {
    const Duration begin = test.world.Now();
    test.Send(kA, kB, "x");
    test.world.RunFor(seconds(1));
    return test.recordings[kB].arrivals.back().at - begin;
  };
  const Duration usual = delay();
  test.world.SlowLink({kA}, {kB}, 10);
  CHECK(delay() == 10 * usual);
}

TEST_CASE("Network: without old epochs, numbers only ever rise, under random trouble") {
  size_t arrived_in_all = 0;
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    RecorderWorld test(3, Seeded(seed));
    Random random(seed);
    for (int i = 0; i < 400; ++i) {
      test.Send(kA, kB, std::string(1, static_cast<char>(i / 256)) + static_cast<char>(i % 256));
      test.world.RunFor(microseconds(random.Below(20000)));
      switch (random.Below(40)) {
        case 0: test.world.ResetConnection(kA, kB); break;
        case 1: test.world.Restart(kB, CrashKind::kPowerLoss); break;
        case 2: test.world.PauseFor(kB, milliseconds(30)); break;
        case 3: test.world.Partition({kA}, {kB}); break;
        case 4: test.world.Clog({kA}, {kB}, Symmetry::kOneWay); break;
        case 5: test.world.HealNetwork(); break;
        case 6: test.world.Restart(kB, CrashKind::kProcessKill); break;
        case 7: test.world.OverflowQueue(kA, kB); break;
        default: break;
      }
    }
    test.world.HealNetwork();
    test.world.RunFor(seconds(20));
    test.Send(kA, kB, "\xff\xff");
    test.world.RunFor(seconds(5));
    const auto arrived = test.Arrived(kB);
    for (size_t i = 1; i < arrived.size(); ++i) REQUIRE(arrived[i - 1] < arrived[i]);
    CHECK(arrived.back() == "\xff\xff");
    arrived_in_all += arrived.size();
  }
  CHECK(arrived_in_all > 500);
}

}  // namespace
}  // namespace orrery::sim
