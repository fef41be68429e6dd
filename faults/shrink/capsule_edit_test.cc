#include "faults/shrink/capsule_edit.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <set>

#include "faults/knobs.h"
#include "faults/shrink/fake_runner.h"

namespace orrery::faults {
namespace {

FaultEntry Partition(std::vector<NodeId> targets, std::vector<NodeId> others) {
  return {.id = "partition_halves#0",
          .kind = FaultKind::kPartitionHalves,
          .at = seconds(1),
          .anchor = std::nullopt,
          .lasts = seconds(2),
          .targets = std::move(targets),
          .others = std::move(others),
          .amount = 0,
          .how = "",
          .steps = {}};
}

TEST_CASE("Capsule edits: a store that goes takes its faults along, and those above move down") {
  Capsule capsule = BusyCapsule(10, 12);
  capsule.faults = {Partition({NodeId(1), NodeId(3)}, {NodeId(2), NodeId(4), ClientNodeOf(0)}),
                    Partition({NodeId(3)}, {NodeId(5)})};
  capsule.faults[1].id = "partition_halves#1";
  const Capsule smaller = WithoutStore(capsule, 3);
  REQUIRE(smaller.Validate().ok());
  CHECK(smaller.cluster.stores == 4);
  REQUIRE(smaller.faults.size() == 1);
  CHECK(smaller.faults[0].targets == std::vector{NodeId(1)});
  CHECK(smaller.faults[0].others == std::vector{NodeId(2), NodeId(3), ClientNodeOf(0)});
  CHECK(WithoutStore(capsule, 6).cluster.spares == 0);
  CHECK(WithoutStore(capsule, 6).cluster.stores == 5);
}

TEST_CASE("Capsule edits: steps and anchors follow their stores") {
  Capsule capsule = BusyCapsule(1, 12);
  FaultEntry blackout{.id = "power_loss_all#0",
                      .kind = FaultKind::kPowerLossAll,
                      .at = seconds(1),
                      .anchor = Anchor{.store = StoreId(4)},
                      .lasts = Duration(0),
                      .targets = {},
                      .others = {},
                      .amount = 0,
                      .how = "",
                      .steps = {{.after = seconds(1), .store = StoreId(2), .peer = {}, .until = {}, .how = ""},
                                {.after = seconds(2), .store = StoreId(5), .peer = {}, .until = {}, .how = ""}}};
  capsule.faults = {blackout};
  const Capsule smaller = WithoutStore(capsule, 2);
  REQUIRE(smaller.faults.size() == 1);
  CHECK(smaller.faults[0].anchor->store == StoreId(3));
  REQUIRE(smaller.faults[0].steps.size() == 1);
  CHECK(smaller.faults[0].steps[0].store == StoreId(4));
  CHECK(WithoutStore(capsule, 4).faults.empty());
}

TEST_CASE("Capsule edits: a workload that goes takes its clients out of the faults") {
  Capsule capsule = BusyCapsule(10, 12);
  capsule.faults = {Partition({NodeId(1), ClientNodeOf(2)}, {NodeId(2), ClientNodeOf(7), kOperatorNode})};
  const Capsule smaller = WithoutWorkload(capsule, 0);
  REQUIRE(smaller.Validate().ok());
  CHECK(smaller.faults[0].targets == std::vector{NodeId(1)});
  CHECK(smaller.faults[0].others == std::vector{NodeId(2), ClientNodeOf(1), kOperatorNode});
}

TEST_CASE("Capsule edits: only the last clients that do nothing go") {
  Capsule capsule = BusyCapsule(10, 12);
  std::erase_if(capsule.workloads[0].operations, [](const OperationEntry& entry) { return entry.client != 2; });
  const Capsule smaller = WithoutIdleClients(capsule);
  REQUIRE(smaller.Validate().ok());
  CHECK(smaller.workloads[0].options.clients == 3);
  CHECK(smaller.workloads[1].options.clients == 3);
  CHECK(smaller.operation_count() == capsule.operation_count());
}

TEST_CASE("Capsule edits: a kept operation keeps client, ordinal and start") {
  const Capsule capsule = BusyCapsule(10, 24);
  const std::vector<OperationPlace> places = OperationsByTime(capsule);
  CHECK(places.size() == 48);
  const Capsule smaller = WithOperations(capsule, {places[40], places[3], places[17]});
  REQUIRE(smaller.Validate().ok());
  CHECK(smaller.operation_count() == 3);
  for (const CapsuleWorkload& workload : smaller.workloads) {
    for (const OperationEntry& entry : workload.operations) {
      const auto& all = capsule.workloads[workload.name == "register" ? 0 : 1].operations;
      CHECK(std::find(all.begin(), all.end(), entry) != all.end());
    }
  }
}

TEST_CASE("Capsule edits: what begins behind the cut goes") {
  const Capsule capsule = BusyCapsule(10, 24);
  const Capsule shorter = CutAt(capsule, seconds(13));
  REQUIRE(shorter.Validate().ok());
  CHECK(shorter.safety == seconds(13));
  CHECK(shorter.faults.size() == 4);
  CHECK(CutAt(capsule, Duration(0)).faults.size() == 1);
}

TEST_CASE("Capsule edits: gaps become short, the order of all beginnings stays") {
  const Capsule capsule = BusyCapsule(10, 24);
  const std::vector<Gap> gaps = GapsLongerThan(capsule, milliseconds(100));
  CHECK(gaps.size() >= 10);
  const Capsule shorter = WithGapsOf(capsule, gaps, milliseconds(50));
  REQUIRE(shorter.Validate().ok());
  CHECK(GapsLongerThan(shorter, milliseconds(100)).empty());
  CHECK(shorter.safety < seconds(1));
  CHECK(std::is_sorted(shorter.faults.begin(), shorter.faults.end(),
                       [](const FaultEntry& a, const FaultEntry& b) { return a.at < b.at; }));
  const Capsule in_phase = WithGapsOf(capsule, gaps, milliseconds(50), seconds(1));
  CHECK(in_phase.safety < seconds(12));
  for (size_t i = 0; i < capsule.faults.size(); ++i) {
    CHECK((capsule.faults[i].at - in_phase.faults[i].at) % seconds(1) == Duration(0));
  }
  const Capsule same = WithGapsOf(capsule, {}, milliseconds(50));
  CHECK(FormatCapsule(same) == FormatCapsule(capsule));
}

TEST_CASE("Capsule edits: knobs fall back to what is usual") {
  Capsule capsule = BusyCapsule(5, 6);
  capsule.cluster.knobs = NamedKnobs(DrawStoreOptions(Random(7), false));
  CHECK(ChangedKnobs(capsule).empty());
  capsule.cluster.knobs["raft.heartbeat_ticks"] += 1;
  capsule.cluster.knobs["region.log_entries_max"] += 5;
  CHECK(ChangedKnobs(capsule) == std::vector<std::string>{"raft.heartbeat_ticks", "region.log_entries_max"});
  const Capsule plainer = WithKnobs(capsule, {"region.log_entries_max"});
  CHECK(plainer.cluster.knobs.size() == 1);
  CHECK(ChangedKnobs(plainer) == std::vector<std::string>{"region.log_entries_max"});
}

TEST_CASE("Capsule edits: a thin sample is spread over the whole time; larger values stay within bounds") {
  const Capsule capsule = BusyCapsule(5, 40);
  const Capsule thin = WithEveryNthOperation(capsule, 4);
  REQUIRE(thin.Validate().ok());
  CHECK(thin.operation_count() == capsule.operation_count() / 4);
  CHECK(LastMoment(WithFaults(thin, {})) + milliseconds(20) >= LastMoment(WithFaults(capsule, {})));
  CHECK(FormatCapsule(WithEveryNthOperation(capsule, 1)) == FormatCapsule(capsule));
  const uint32_t bytes = capsule.workloads[0].options.value_bytes;
  CHECK(WithLargerValues(capsule, 4).workloads[0].options.value_bytes == 4 * bytes);
  const Capsule huge = WithLargerValues(WithLargerValues(capsule, 1 << 30), 1 << 30);
  CHECK(huge.Validate().ok());
  CHECK(huge.workloads[0].options.value_bytes == 65536);
}

TEST_CASE("Capsule edits: limits become small, never larger, and stay legal") {
  Capsule capsule = BusyCapsule(5, 6);
  int64_t before = 0;
  for (const Lowness lowness : kLownesses) {
    const Capsule small = WithLowLimits(capsule, LimitKnobs(), lowness);
    REQUIRE(small.Validate().ok());
    CHECK(small.cluster.knobs.at("region.log_entries_max") > before);
    before = small.cluster.knobs.at("region.log_entries_max");
    CHECK(ChangedKnobs(small).size() == LimitKnobs().size());
  }
  CHECK(before == 20);
  CHECK(ChangedKnobs(WithLowLimits(capsule, {"region.log_gc_ticks"}, Lowness::kLeast)) ==
        std::vector<std::string>{"region.log_gc_ticks"});
  capsule.cluster.knobs["region.log_entries_max"] = 7;
  CHECK(WithLowLimits(capsule, LimitKnobs(), Lowness::kDrawn).cluster.knobs.at("region.log_entries_max") == 7);
  CHECK(WithLowLimits(capsule, LimitKnobs(), Lowness::kLeast).cluster.knobs.at("region.log_entries_max") == 2);
}

TEST_CASE("Capsule edits: limits as low as random knobs go are those that are drawn") {
  Knobs least;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    for (const auto& [name, value] : NamedKnobs(DrawStoreOptions(Random(seed), true))) {
      const auto known = least.emplace(name, value).first;
      known->second = std::min(known->second, value);
    }
  }
  const Capsule low = WithLowLimits(BusyCapsule(5, 6), LimitKnobs(), Lowness::kDrawn);
  for (const std::string& limit : LimitKnobs()) CHECK(low.cluster.knobs.at(limit) == least.at(limit));
}

TEST_CASE("Capsule edits: with small tables a sender of snapshots is patient") {
  constexpr const char* kPatience = "region.snapshot_patience_nanoseconds";
  Capsule capsule = BusyCapsule(5, 6);
  capsule.cluster.knobs[kPatience] = 100'000'000;
  CHECK(WithLowLimits(capsule, {"region.log_gc_ticks"}, Lowness::kLeast).cluster.knobs.at(kPatience) == 100'000'000);
  CHECK(WithLowLimits(capsule, LimitKnobs(), Lowness::kLeast).cluster.knobs.at(kPatience) == 5'000'000'000);
}

TEST_CASE("Capsule edits: values go back to what they were, in workloads that are left") {
  const Capsule start = BusyCapsule(5, 6);
  const Capsule one = WithoutWorkload(start, 0);
  CHECK(FormatCapsule(WithValuesOf(WithLargerValues(one, 8), start)) == FormatCapsule(one));
}

TEST_CASE("Capsule edits: amounts shrink towards nothing, those that have a size") {
  FaultEntry fault;
  fault.kind = FaultKind::kDiskFull;
  fault.amount = 1600;
  CHECK(SmallerAmounts(fault) == std::vector<int64_t>{0, 100, 400, 800});
  fault.kind = FaultKind::kWallStep;
  fault.amount = -1600;
  CHECK(SmallerAmounts(fault) == std::vector<int64_t>{0, -100, -400, -800});
  fault.kind = FaultKind::kCrashInWrite;
  fault.amount = 3;
  CHECK(SmallerAmounts(fault) == std::vector<int64_t>{1});
  fault.amount = 1;
  CHECK(SmallerAmounts(fault).empty());
  fault.kind = FaultKind::kBitFlip;
  fault.amount = 1600;
  CHECK(SmallerAmounts(fault).empty());
  fault.kind = FaultKind::kKill;
  CHECK(SmallerAmounts(fault).empty());
}

TEST_CASE("Capsule edits: in a variant faults come a little earlier or later, those of anchors do not") {
  Capsule capsule = BusyCapsule(40, 6);
  capsule.faults[7].anchor = Anchor{.store = StoreId(1), .boot = 1};
  CHECK(FormatCapsule(Variant(capsule, 0)) == FormatCapsule(capsule));
  std::set<int64_t> shifts;
  for (uint64_t number = 1; number <= 4; ++number) {
    const Capsule variant = Variant(capsule, number);
    REQUIRE(variant.Validate().ok());
    CHECK(FormatCapsule(variant) == FormatCapsule(Variant(capsule, number)));
    CHECK(variant.faults[7] == capsule.faults[7]);
    for (size_t i = 0; i < capsule.faults.size(); ++i) {
      const Duration shift = variant.faults[i].at - capsule.faults[i].at;
      CHECK(std::abs(shift.count()) <= kFaultShiftMax.count());
      shifts.insert(shift.count());
    }
    // What the winner was moved by holds for the units it was made of.
    const Capsule carried = WithVariantOf(capsule, WithFaults(variant, {3, 5}));
    CHECK(carried.faults[3] == variant.faults[3]);
    CHECK(carried.faults[4] == capsule.faults[4]);
    CHECK(carried.choices.salts == variant.choices.salts);
  }
  CHECK(shifts.size() > 100);
}

TEST_CASE("Capsule edits: salts move for seeded streams only") {
  Capsule capsule = BusyCapsule(5, 6);
  CHECK(StreamsNotCalm(capsule).size() == 5);
  capsule = WithCalm(capsule, {sim::ChoiceStream::kNetwork});
  CHECK(StreamsNotCalm(capsule).size() == 4);
  const Capsule other = WithSaltsMoved(capsule, 3);
  CHECK(other.choices.salts[static_cast<size_t>(sim::ChoiceStream::kNetwork)] == 0);
  CHECK(other.choices.salts[static_cast<size_t>(sim::ChoiceStream::kDisk)] == 3);
}

}  // namespace
}  // namespace orrery::faults
