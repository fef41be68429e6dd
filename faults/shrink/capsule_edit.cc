#include "faults/shrink/capsule_edit.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <tuple>
#include <utility>

#include "faults/knobs.h"
#include "runtime/base/assert.h"

namespace orrery::faults {
namespace {

constexpr uint64_t kValueBytesMax = uint64_t{64} << 10;

struct LowLimit {
  std::string_view knob;
  int64_t least;
  int64_t between;
  int64_t drawn;  ///< The least that random knobs are given (faults/knobs.cc).

  int64_t At(Lowness lowness) const {
    switch (lowness) {
      case Lowness::kLeast: return least;
      case Lowness::kBetween: return between;
      case Lowness::kDrawn: break;
    }
    return drawn;
  }
};
constexpr LowLimit kLowLimits[] = {{"region.log_entries_max", 2, 6, 20},
                                   {"region.log_entries_min", 0, 0, 0},
                                   {"region.log_bytes_max", 256, 1024, 4096},
                                   {"region.log_gc_ticks", 1, 1, 1},
                                   {"region.session_expiry_entries", 1, 5, 20},
                                   {"region.session_checkpoint_entries", 1, 1, 1},
                                   {"engine.file_bytes", 16 << 10, 16 << 10, 16 << 10},
                                   {"engine.write_buffer_bytes", 16 << 10, 16 << 10, 16 << 10},
                                   {"engine.manifest_bytes_max", 4096, 4096, 4096},
                                   {"engine.import_table_bytes", 64, 64, 300}};
/// A chunk then makes many files (faults/knobs.cc).
constexpr std::string_view kSmallTables = "engine.import_table_bytes";
constexpr std::string_view kPatience = "region.snapshot_patience_nanoseconds";

/// Where the defaults come from: without `randomise` nothing is drawn.
Knobs DefaultKnobs() {
  return NamedKnobs(DrawStoreOptions(Random(0), false));
}

void RenameIn(std::vector<NodeId>& nodes, const std::function<std::optional<NodeId>(NodeId)>& renamed) {
  std::vector<NodeId> kept;
  for (const NodeId node : nodes) {
    if (const std::optional<NodeId> name = renamed(node)) kept.push_back(*name);
  }
  nodes = std::move(kept);
}

/// The fault among fewer nodes; nullopt if it needs one that is gone.
std::optional<FaultEntry> Renamed(FaultEntry fault, const std::function<std::optional<NodeId>(NodeId)>& renamed) {
  const FaultFields& fields = FaultFieldsOf(fault.kind);
  RenameIn(fault.targets, renamed);
  RenameIn(fault.others, renamed);
  if (fields.targets != FaultFields::Nodes::kNone && fault.targets.empty()) return std::nullopt;
  if (fields.others != FaultFields::Nodes::kNone && fault.others.empty()) return std::nullopt;
  const auto store = [&](StoreId id) { return renamed(NodeId(id.value())); };
  if (fault.anchor) {
    const std::optional<NodeId> name = store(fault.anchor->store);
    if (!name) return std::nullopt;
    fault.anchor->store = StoreId(name->value());
  }
  if (fields.steps == FaultFields::Steps::kNone || fields.steps == FaultFields::Steps::kHow) return fault;
  std::vector<FaultStep> kept;
  for (FaultStep step : fault.steps) {
    const std::optional<NodeId> name = store(step.store);
    if (!name) continue;
    step.store = StoreId(name->value());
    if (fields.steps == FaultFields::Steps::kStorePeer) {
      const std::optional<NodeId> peer = store(step.peer);
      if (!peer) continue;
      step.peer = StoreId(peer->value());
    }
    kept.push_back(step);
  }
  fault.steps = std::move(kept);
  if (fault.steps.empty()) return std::nullopt;
  return fault;
}

void RenameNodes(Capsule& capsule, const std::function<std::optional<NodeId>(NodeId)>& renamed) {
  std::vector<FaultEntry> kept;
  for (FaultEntry& fault : capsule.faults) {
    if (auto still = Renamed(std::move(fault), renamed)) kept.push_back(*std::move(still));
  }
  capsule.faults = std::move(kept);
}

/// Every moment at which something begins, ascending.
std::vector<Duration> Beginnings(const Capsule& capsule) {
  std::vector<Duration> moments;
  for (const FaultEntry& fault : capsule.faults) {
    if (fault.anchor) continue;
    moments.push_back(fault.at);
    for (const FaultStep& step : fault.steps) moments.push_back(fault.at + step.after);
  }
  for (const CapsuleWorkload& workload : capsule.workloads) {
    for (const OperationEntry& entry : workload.operations) moments.push_back(entry.start);
  }
  std::sort(moments.begin(), moments.end());
  return moments;
}

/// Applies `moved` to every absolute time; spans become the distance of their moved ends.
template <class Move>
Capsule WithTimes(Capsule capsule, Move&& moved) {
  for (FaultEntry& fault : capsule.faults) {
    // An anchored fault has no place on the line of time: only its own spans may change.
    const Duration begin = fault.anchor ? Duration(0) : fault.at;
    const auto span = [&](Duration length) {
      return fault.anchor ? length : std::max(Duration(0), moved(begin + length) - moved(begin));
    };
    fault.lasts = span(fault.lasts);
    for (FaultStep& step : fault.steps) {
      step.after = span(step.after);
      step.until = span(step.until);
    }
    if (!fault.anchor) fault.at = moved(fault.at);
  }
  for (CapsuleWorkload& workload : capsule.workloads) {
    for (OperationEntry& entry : workload.operations) entry.start = moved(entry.start);
  }
  capsule.safety = moved(capsule.safety);
  return capsule;
}

}  // namespace

Capsule WithFaults(const Capsule& capsule, const Kept& kept) {
  Capsule smaller = capsule;
  smaller.faults.clear();
  for (const size_t position : kept) smaller.faults.push_back(capsule.faults.at(position));
  return smaller;
}

std::vector<OperationPlace> OperationsByTime(const Capsule& capsule) {
  std::vector<OperationPlace> places;
  for (size_t workload = 0; workload < capsule.workloads.size(); ++workload) {
    for (size_t index = 0; index < capsule.workloads[workload].operations.size(); ++index) {
      places.push_back({workload, index});
    }
  }
  const auto order = [&](const OperationPlace& place) {
    return std::tuple(capsule.workloads[place.workload].operations[place.index].start, place.workload, place.index);
  };
  std::sort(places.begin(), places.end(),
            [&](const OperationPlace& a, const OperationPlace& b) { return order(a) < order(b); });
  return places;
}

Capsule WithOperations(const Capsule& capsule, const std::vector<OperationPlace>& kept) {
  std::vector<std::vector<size_t>> indices(capsule.workloads.size());
  for (const OperationPlace& place : kept) indices.at(place.workload).push_back(place.index);
  Capsule smaller = capsule;
  for (size_t workload = 0; workload < indices.size(); ++workload) {
    std::sort(indices[workload].begin(), indices[workload].end());
    smaller.workloads[workload].operations.clear();
    for (const size_t index : indices[workload]) {
      smaller.workloads[workload].operations.push_back(capsule.workloads[workload].operations.at(index));
    }
  }
  return smaller;
}

Capsule CutAt(const Capsule& capsule, Duration end) {
  Capsule shorter = capsule;
  shorter.safety = end;
  std::erase_if(shorter.faults, [&](const FaultEntry& fault) { return fault.at > end; });
  for (CapsuleWorkload& workload : shorter.workloads) {
    std::erase_if(workload.operations, [&](const OperationEntry& entry) { return entry.start > end; });
  }
  return shorter;
}

Duration LastMoment(const Capsule& capsule) {
  Duration last{};
  for (const FaultEntry& fault : capsule.faults) {
    if (fault.anchor) continue;
    last = std::max(last, fault.at + fault.lasts);
    for (const FaultStep& step : fault.steps) last = std::max(last, fault.at + std::max(step.after, step.until));
  }
  for (const CapsuleWorkload& workload : capsule.workloads) {
    for (const OperationEntry& entry : workload.operations) last = std::max(last, entry.start);
  }
  return last;
}

Capsule WithoutWorkload(const Capsule& capsule, size_t workload) {
  ORRERY_ASSERT(capsule.workloads.size() > 1);
  uint32_t first = 0;
  for (size_t i = 0; i < workload; ++i) first += capsule.workloads[i].options.clients;
  const uint32_t count = capsule.workloads.at(workload).options.clients;
  Capsule smaller = capsule;
  smaller.workloads.erase(smaller.workloads.begin() + static_cast<ptrdiff_t>(workload));
  RenameNodes(smaller, [&](NodeId node) -> std::optional<NodeId> {
    if (!IsClientNode(node) || node < ClientNodeOf(first) || node == kStrangerNode) return node;
    if (node < ClientNodeOf(first + count)) return std::nullopt;
    return NodeId(node.value() - count);
  });
  return smaller;
}

Capsule WithoutIdleClients(const Capsule& capsule) {
  Capsule smaller = capsule;
  for (size_t i = 0; i < smaller.workloads.size(); ++i) {
    CapsuleWorkload& workload = smaller.workloads[i];
    uint32_t busy = 1;
    for (const OperationEntry& entry : workload.operations) busy = std::max(busy, entry.client + 1);
    if (busy >= workload.options.clients) continue;
    uint32_t first = busy;
    for (size_t before = 0; before < i; ++before) first += smaller.workloads[before].options.clients;
    const uint32_t gone = workload.options.clients - busy;
    RenameNodes(smaller, [&](NodeId node) -> std::optional<NodeId> {
      if (!IsClientNode(node) || node < ClientNodeOf(first) || node == kStrangerNode) return node;
      if (node < ClientNodeOf(first + gone)) return std::nullopt;
      return NodeId(node.value() - gone);
    });
    workload.options.clients = busy;
  }
  return smaller;
}

Capsule WithoutStore(const Capsule& capsule, uint64_t store) {
  Capsule smaller = capsule;
  if (store <= capsule.cluster.stores) {
    ORRERY_ASSERT(capsule.cluster.stores > 1);
    --smaller.cluster.stores;
    StoreId& slow = smaller.cluster.slow_founder;
    if (slow.value() == store) slow = StoreId();
    if (slow.value() > store) slow = StoreId(slow.value() - 1);
    if (!slow.valid()) smaller.cluster.slow_founder_factor = 1;
  } else {
    --smaller.cluster.spares;
  }
  RenameNodes(smaller, [&](NodeId node) -> std::optional<NodeId> {
    if (IsClientNode(node) || node.value() < store) return node;
    if (node.value() == store) return std::nullopt;
    return NodeId(node.value() - 1);
  });
  return smaller;
}

std::vector<std::string> ChangedKnobs(const Capsule& capsule) {
  const Knobs defaults = DefaultKnobs();
  std::vector<std::string> names;
  for (const auto& [name, value] : capsule.cluster.knobs) {
    const auto usual = defaults.find(name);
    if (usual == defaults.end() || usual->second != value) names.push_back(name);
  }
  return names;
}

Capsule WithKnobs(const Capsule& capsule, const std::vector<std::string>& kept) {
  Capsule plainer = capsule;
  plainer.cluster.knobs.clear();
  for (const std::string& name : kept) plainer.cluster.knobs[name] = capsule.cluster.knobs.at(name);
  return plainer;
}

std::vector<Gap> GapsLongerThan(const Capsule& capsule, Duration floor) {
  std::vector<Gap> gaps;
  Duration before{};
  std::vector<Duration> moments = Beginnings(capsule);
  moments.push_back(capsule.safety);
  for (const Duration moment : moments) {
    if (moment - before > floor) gaps.push_back({before, moment});
    before = std::max(before, moment);
  }
  return gaps;
}

Capsule WithGapsOf(const Capsule& capsule, const std::vector<Gap>& gaps, Duration floor, Duration step) {
  return WithTimes(capsule, [&](Duration moment) {
    Duration earlier{};
    for (const Gap& gap : gaps) {
      const Duration surplus = gap.end - gap.begin - floor;
      const Duration shortened = surplus - surplus % step;
      // What lies within the gap moves to its beginning, as far as the gap still reaches.
      const Duration left = gap.end - shortened - gap.begin;
      if (moment > gap.begin + left) earlier += std::min(moment, gap.end) - gap.begin - left;
    }
    return moment - earlier;
  });
}

Capsule WithTimesRounded(const Capsule& capsule, Duration step) {
  Capsule rounded = capsule;
  const auto down = [step](Duration span) { return span - span % step; };
  for (FaultEntry& fault : rounded.faults) {
    fault.at = down(fault.at);
    fault.lasts = down(fault.lasts);
    for (FaultStep& part : fault.steps) {
      part.after = down(part.after);
      part.until = down(part.until);
    }
  }
  for (CapsuleWorkload& workload : rounded.workloads) {
    for (OperationEntry& entry : workload.operations) entry.start = down(entry.start);
  }
  // Up: nothing may begin behind its end.
  rounded.safety = down(rounded.safety + step - Duration(1));
  return rounded;
}

Capsule WithEveryNthOperation(const Capsule& capsule, size_t nth) {
  ORRERY_ASSERT(nth >= 1);
  const std::vector<OperationPlace> places = OperationsByTime(capsule);
  std::vector<OperationPlace> kept;
  for (size_t i = 0; i < places.size(); i += nth) kept.push_back(places[i]);
  return WithOperations(capsule, kept);
}

uint64_t ValueBytesOf(const Capsule& capsule) {
  uint64_t bytes = 0;
  for (const CapsuleWorkload& workload : capsule.workloads) {
    bytes += workload.operations.size() * workload.options.value_bytes;
  }
  return bytes;
}

Capsule WithLargerValues(const Capsule& capsule, uint32_t factor) {
  Capsule larger = capsule;
  for (CapsuleWorkload& workload : larger.workloads) {
    uint32_t& bytes = workload.options.value_bytes;
    bytes = std::max(bytes, static_cast<uint32_t>(std::min<uint64_t>(kValueBytesMax, uint64_t{bytes} * factor)));
  }
  return larger;
}

Capsule WithValuesOf(const Capsule& capsule, const Capsule& start) {
  Capsule other = capsule;
  for (CapsuleWorkload& workload : other.workloads) {
    for (const CapsuleWorkload& before : start.workloads) {
      if (before.name == workload.name) workload.options.value_bytes = before.options.value_bytes;
    }
  }
  return other;
}

std::vector<std::string> LimitKnobs() {
  std::vector<std::string> names;
  for (const LowLimit& limit : kLowLimits) names.emplace_back(limit.knob);
  return names;
}

Capsule WithLowLimits(const Capsule& capsule, const std::vector<std::string>& limits, Lowness lowness) {
  const Knobs defaults = DefaultKnobs();
  Capsule lower = capsule;
  for (const LowLimit& limit : kLowLimits) {
    if (std::find(limits.begin(), limits.end(), limit.knob) == limits.end()) continue;
    int64_t& knob = lower.cluster.knobs.emplace(limit.knob, defaults.find(limit.knob)->second).first->second;
    knob = std::min(knob, limit.At(lowness));
    if (limit.knob != kSmallTables) continue;
    const auto patience = lower.cluster.knobs.find(kPatience);
    if (patience != lower.cluster.knobs.end()) {
      patience->second = std::max(patience->second, defaults.find(kPatience)->second);
    }
  }
  return lower;
}

std::vector<int64_t> SmallerAmounts(const FaultEntry& fault) {
  const FaultFields::Amount& amount = FaultFieldsOf(fault.kind).amount;
  if (amount.name.empty() || amount.name == "draw") return {};  // What is drawn has no size.
  const int64_t least = std::max<int64_t>(amount.min, 0);
  std::vector<int64_t> smaller;
  for (const int64_t candidate : {least, fault.amount / 16, fault.amount / 4, fault.amount / 2}) {
    const bool fits = candidate >= amount.min && candidate <= amount.max;
    const bool is_new = smaller.empty() || smaller.back() != candidate;
    if (fits && is_new && std::abs(candidate) < std::abs(fault.amount)) smaller.push_back(candidate);
  }
  return smaller;
}

Capsule WithSaltsMoved(const Capsule& capsule, uint64_t offset) {
  Capsule other = capsule;
  for (size_t stream = 0; stream < other.choices.salts.size(); ++stream) {
    if (!other.choices.calm[stream]) other.choices.salts[stream] += offset;
  }
  return other;
}

Capsule Variant(const Capsule& capsule, uint64_t number) {
  if (number == 0) return capsule;
  Capsule other = WithSaltsMoved(capsule, number);
  for (FaultEntry& fault : other.faults) {
    if (fault.anchor) continue;
    const uint64_t word = HashCombine(Hash64(fault.id), number);
    const Duration shift(static_cast<int64_t>(word % (2 * kFaultShiftMax.count())) - kFaultShiftMax.count());
    fault.at = std::clamp(fault.at + shift, Duration(0), std::max(capsule.safety, fault.at));
  }
  return other;
}

Capsule WithVariantOf(Capsule base, const Capsule& variant) {
  base.choices.salts = variant.choices.salts;
  for (FaultEntry& fault : base.faults) {
    const auto same = std::find_if(variant.faults.begin(), variant.faults.end(),
                                   [&](const FaultEntry& other) { return other.id == fault.id; });
    if (same != variant.faults.end()) fault.at = same->at;
  }
  return base;
}

std::vector<sim::ChoiceStream> StreamsNotCalm(const Capsule& capsule) {
  std::vector<sim::ChoiceStream> streams;
  for (int i = 0; i < sim::kChoiceStreamCount; ++i) {
    const auto stream = static_cast<sim::ChoiceStream>(i);
    if (stream == sim::ChoiceStream::kDisk || stream == sim::ChoiceStream::kNode) continue;
    if (!capsule.choices.calm[static_cast<size_t>(i)]) streams.push_back(stream);
  }
  return streams;
}

Capsule WithCalm(const Capsule& capsule, const std::vector<sim::ChoiceStream>& streams) {
  Capsule calmer = capsule;
  for (const sim::ChoiceStream stream : streams) {
    calmer.choices.calm[static_cast<size_t>(stream)] = true;
    calmer.choices.salts[static_cast<size_t>(stream)] = 0;
  }
  return calmer;
}

}  // namespace orrery::faults
