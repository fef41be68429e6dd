#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "faults/capsule/capsule.h"
#include "faults/shrink/delta_debug.h"

namespace orrery::faults {

// What may be taken away from a capsule. Pure; the result need not be valid (Capsule::Validate).

/// The faults at these positions. The others keep ids, times and targets.
Capsule WithFaults(const Capsule& capsule, const Kept& kept);

/// Where an operation stands.
struct OperationPlace {
  size_t workload = 0;
  size_t index = 0;
};
/// Every operation, by earliest start over all workloads.
std::vector<OperationPlace> OperationsByTime(const Capsule& capsule);
/// Only these operations, in any order. The others keep clients, ordinals and starts.
Capsule WithOperations(const Capsule& capsule, const std::vector<OperationPlace>& kept);

/// The safety phase ends at `end`; what would begin later is left out.
Capsule CutAt(const Capsule& capsule, Duration end);
/// When the last fault or operation begins or ends, without those of anchors.
Duration LastMoment(const Capsule& capsule);

/// Without one workload, and without its clients in the faults' targets. Requires: it has another one.
Capsule WithoutWorkload(const Capsule& capsule, size_t workload);
/// Without the last clients of workloads that do nothing; each keeps one.
Capsule WithoutIdleClients(const Capsule& capsule);

/// Without one store; the ones above move down by one, and so do the faults that hit them. Faults that need the store
/// go with it. Requires: more than one founding member if `store` is one.
Capsule WithoutStore(const Capsule& capsule, uint64_t store);

/// Knobs that differ from the defaults, in order of names.
std::vector<std::string> ChangedKnobs(const Capsule& capsule);
/// Only these of the changed knobs stay changed; the text names no other.
Capsule WithKnobs(const Capsule& capsule, const std::vector<std::string>& kept);

/// A time at which nothing begins: it may be made shorter.
struct Gap {
  Duration begin{};  ///< When the last thing before it began.
  Duration end{};    ///< When the next thing begins.
};
/// Gaps longer than `floor`, in order of time, the one behind the last thing included.
std::vector<Gap> GapsLongerThan(const Capsule& capsule, Duration floor);
/// Each of these gaps becomes shorter by as many whole `step`s as leave at least `floor`; what comes later comes
/// earlier by as much. Effects of faults that end in or behind a gap become shorter with it, but not below zero. A step
/// of a second leaves what comes later at the same place within every period that divides a second, such as a
/// heartbeat.
Capsule WithGapsOf(const Capsule& capsule, const std::vector<Gap>& gaps, Duration floor, Duration step = Duration(1));

/// Every time rounded down to a multiple of `step`.
Capsule WithTimesRounded(const Capsule& capsule, Duration step);

/// Every n-th operation of OperationsByTime(), beginning with the first. Requires: nth >= 1.
Capsule WithEveryNthOperation(const Capsule& capsule, size_t nth);
/// Bytes that one value for each operation comes to, of all workloads.
uint64_t ValueBytesOf(const Capsule& capsule);
/// Values of all workloads `factor` times as long, but none beyond 64 KiB.
Capsule WithLargerValues(const Capsule& capsule, uint32_t factor);
/// Values as long as `start` has them in the workloads of the same names.
Capsule WithValuesOf(const Capsule& capsule, const Capsule& start);
/// How low a limit goes: as low as still makes sense, as low as random knobs are given, or between.
enum class Lowness { kLeast, kBetween, kDrawn };
constexpr Lowness kLownesses[] = {Lowness::kLeast, Lowness::kBetween, Lowness::kDrawn};
/// Knobs that say after how much a store does something: compacts a log, writes a table, forgets a session.
std::vector<std::string> LimitKnobs();
/// These of LimitKnobs() lowered, so that stores do after little what they usually do after much. None rises; but where
/// tables of snapshots get small, senders are given the patience that random knobs give them with such.
Capsule WithLowLimits(const Capsule& capsule, const std::vector<std::string>& limits, Lowness lowness);
/// Smaller amounts for a fault, the smallest first: room on a full disk, factors, steps of clocks. Empty for kinds
/// whose amount has no size.
std::vector<int64_t> SmallerAmounts(const FaultEntry& fault);

/// Another run of the same faults and operations: the salts of all streams that are not calm are moved on by `offset`.
Capsule WithSaltsMoved(const Capsule& capsule, uint64_t offset);
/// The same with faults that come a little earlier or later: what needs a crash at one moment among others needs a
/// crash that moves when all else is calm. Up to kFaultShiftMax either way, by id and number; anchored faults stay.
/// Number 0 is the capsule itself.
Capsule Variant(const Capsule& capsule, uint64_t number);
constexpr Duration kFaultShiftMax = milliseconds(4);
/// `base` with what makes `variant` another run than what it was made of: its salts, and the times of its faults.
Capsule WithVariantOf(Capsule base, const Capsule& variant);
/// The streams that a calm run does without and that are still seeded. What a power loss leaves and what nodes draw
/// always stays seeded (sim/choices.h).
std::vector<sim::ChoiceStream> StreamsNotCalm(const Capsule& capsule);
/// These streams are calm and have no salt.
Capsule WithCalm(const Capsule& capsule, const std::vector<sim::ChoiceStream>& streams);

}  // namespace orrery::faults
