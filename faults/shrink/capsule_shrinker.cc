#include "faults/shrink/capsule_shrinker.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "faults/shrink/capsule_edit.h"
#include "faults/shrink/plainer.h"

namespace orrery::faults {
namespace {

/// What an idle time is cut down to.
constexpr Duration kGapFloor = milliseconds(50);

/// With fewer operations each is looked at alone anyway.
constexpr size_t kVolumeMin = 8;
constexpr uint32_t kLargerValues[] = {64, 8};
/// What ValueBytesOf() may come to that way: every later run pays for it.
constexpr uint64_t kValueBytesOfAll = uint64_t{1} << 20;

/// Into how many parts units are cut at most as long as cuts are to be big.
constexpr size_t kCoarseParts = 32;

/// Whoever has more to read does not mind which is a put.
constexpr size_t kPlainerOperationsMax = 40;

size_t SizeOf(const Capsule& capsule) {
  return capsule.faults.size() + capsule.operation_count();
}

/// More than anybody likes to read.
bool IsLarge(const Capsule& capsule) {
  return capsule.faults.size() > 10 || capsule.operation_count() > 20;
}

/// Whether anybody would rather read `a` than `b`, which is large. Once true it stays so: nothing grows in a descent.
bool Beats(const Capsule& a, const Capsule& b) {
  return !IsLarge(a) || (a.faults.size() <= b.faults.size() && a.operation_count() < b.operation_count());
}

/// WithLargerValues() for each factor that a run can afford.
std::vector<Capsule> WithAffordableValues(const Capsule& capsule) {
  std::vector<Capsule> larger;
  for (const uint32_t factor : kLargerValues) {
    Capsule candidate = WithLargerValues(capsule, factor);
    if (ValueBytesOf(candidate) <= kValueBytesOfAll) larger.push_back(std::move(candidate));
  }
  return larger;
}

/// Groups of positions with one name, the largest group first: what goes in one step should be much.
template <class Name>
std::vector<Kept> LargestFirst(const std::map<Name, Kept>& groups) {
  std::vector<Kept> sorted;
  for (const auto& [name, positions] : groups) sorted.push_back(positions);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Kept& a, const Kept& b) { return a.size() > b.size(); });
  return sorted;
}

/// The positions of the kept groups, ascending.
Kept Flatten(const std::vector<Kept>& groups, const Kept& kept) {
  Kept positions;
  for (const size_t group : kept) positions.insert(positions.end(), groups[group].begin(), groups[group].end());
  std::sort(positions.begin(), positions.end());
  return positions;
}

std::vector<OperationPlace> PlacesOf(const std::vector<OperationPlace>& places, const Kept& kept) {
  std::vector<OperationPlace> chosen;
  for (const size_t position : kept) chosen.push_back(places[position]);
  return chosen;
}

}  // namespace

CapsuleShrinker::CapsuleShrinker(CandidateJudge& judge, Capsule start, Accepted accepted)
    : judge_(judge),
      start_(std::move(start)),
      best_(start_),
      best_text_(FormatCapsule(best_)),
      accepted_(std::move(accepted)) {}

Status CapsuleShrinker::Run() {
  Descend(Order::kFaultsFirst);
  bool same_start_done = false;
  for (uint64_t number = 1; number < kDescents && !over() && IsLarge(best_); ++number) {
    const bool other_salts = BeginAnew(number);
    if (other_salts || !same_start_done) {
      // Of the very same start the other order is all that is new.
      Descend(other_salts && number != 2 ? Order::kFaultsFirst : Order::kOperationsFirst);
      same_start_done |= !other_salts;
    }
    Choose();
  }
  return error_;
}

/// From what failed at first, under other salts if it fails with some of them. What it has become stays until something
/// beats it. Whether there are such salts.
bool CapsuleShrinker::BeginAnew(uint64_t number) {
  pass_ = "anew";
  earlier_ = std::move(best_);
  best_ = start_;
  best_text_ = FormatCapsule(best_);
  variants_ = 1;
  return TakeFirst(kStartsTried, [&](size_t index) { return WithSaltsMoved(start_, number * kStartsTried + index); })
      .has_value();
}

/// Between two descents; one that was cut short counts only by what anybody would prefer.
void CapsuleShrinker::Choose() {
  const bool wins = Beats(best_, *earlier_) || (!over() && SizeOf(best_) < SizeOf(*earlier_));
  Capsule chosen = wins ? std::move(best_) : *std::move(earlier_);
  earlier_.reset();
  best_ = chosen;
  if (error_.ok()) Put(std::move(chosen));
}

void CapsuleShrinker::Descend(Order order) {
  // More variants and small cuts are worth their runs only where rounds with one variant and big cuts change little.
  variants_ = 1;
  parts_max_ = kCoarseParts;
  Coarse(order);
  size_t before = 0;
  do {
    before = SizeOf(best_);
  } while (!over() && Fine() && SizeOf(best_) * 10 < before * 9);
  variants_ = kShrinkVariants;
  parts_max_ = SIZE_MAX;
  do {
    while (!over() && Fine()) {
    }
  } while (!over() && Normalise());
}

/// Big cuts, and but for limits and volume in one variant only: every later run is then short.
void CapsuleShrinker::Coarse(Order order) {
  CutTime();
  if (order == Order::kOperationsFirst) {
    Limits();
    Volume();
    Operations();
  }
  Calm();
  FaultKinds();
  Workloads();
  Clients();
  CutTime();
  Faults();
  Amounts();
  Volume();
  CutTime();
  Gaps();
  Limits();
  Operations();
}

bool CapsuleShrinker::Fine() {
  bool changed = CutTime();
  changed |= Calm();
  changed |= FaultKinds();
  changed |= Faults();
  changed |= FaultSteps();
  changed |= Stores();
  changed |= Workloads();
  changed |= Clients();
  changed |= Amounts();
  changed |= Volume();
  changed |= Limits();
  changed |= Operations();
  changed |= PlainKnobs();
  changed |= PlainValues();
  changed |= Gaps();
  changed |= Spans();
  return changed;
}

std::optional<size_t> CapsuleShrinker::TakeFirst(size_t count, const CandidateJudge::Make& make) {
  if (over()) return std::nullopt;
  const auto new_only = [&](size_t index) -> std::optional<Capsule> {
    std::optional<Capsule> candidate = make(index);
    if (candidate && FormatCapsule(*candidate) == best_text_) return std::nullopt;
    return candidate;
  };
  std::optional<CandidateJudge::Win> win = judge_.First(count, new_only, variants_);
  if (!win) return std::nullopt;
  Put(std::move(win->capsule));
  return win->index;
}

void CapsuleShrinker::Put(Capsule capsule) {
  best_ = std::move(capsule);
  best_text_ = FormatCapsule(best_);
  if (!earlier_ || Beats(best_, *earlier_)) error_ = accepted_(best_);
}

bool CapsuleShrinker::TakeFirstOf(const std::vector<Capsule>& candidates) {
  return TakeFirst(candidates.size(), [&](size_t index) { return candidates[index]; }).has_value();
}

bool CapsuleShrinker::Reduce(size_t units, const std::function<Capsule(const Capsule&, const Kept&)>& keep) {
  Capsule base = best_;
  bool changed = false;
  const FirstFailing first = [&](const KeptList& list) {
    const auto found = TakeFirst(list.count, [&](size_t index) { return keep(base, list.at(index)); });
    if (found) {
      // Units are those of the base; salts and shifts are those of the last one that failed.
      base = WithVariantOf(std::move(base), best_);
      changed = true;
    }
    return found;
  };
  DeltaDebug(units, first, parts_max_);
  return changed;
}

/// Short runs are cheap runs, so the shortest are tried first.
bool CapsuleShrinker::CutTime() {
  pass_ = "time";
  bool changed = false;
  while (!over()) {
    const Duration last = std::min(LastMoment(best_), best_.safety);
    std::vector<Capsule> candidates;
    for (const int part : {1, 2, 3, 4, 5, 6, 7}) candidates.push_back(CutAt(best_, best_.safety * part / 8));
    candidates.push_back(CutAt(best_, last));
    // A few per cent are not worth the runs.
    const Duration enough = best_.safety * 9 / 10;
    std::erase_if(candidates, [&](const Capsule& candidate) { return candidate.safety > enough; });
    if (best_.safety < seconds(1) || !TakeFirstOf(candidates)) break;
    changed = true;
  }
  return changed;
}

bool CapsuleShrinker::Calm() {
  pass_ = "calm";
  std::vector<sim::ChoiceStream> streams = StreamsNotCalm(best_);
  bool changed = TakeFirstOf({WithCalm(best_, streams)});
  if (changed) return true;
  for (const sim::ChoiceStream stream : streams) changed |= TakeFirstOf({WithCalm(best_, {stream})});
  return changed;
}

bool CapsuleShrinker::FaultKinds() {
  pass_ = "kinds of faults";
  std::map<FaultKind, Kept> kinds;
  for (size_t i = 0; i < best_.faults.size(); ++i) kinds[best_.faults[i].kind].push_back(i);
  const std::vector<Kept> groups = LargestFirst(kinds);
  return Reduce(groups.size(),
                [&](const Capsule& base, const Kept& kept) { return WithFaults(base, Flatten(groups, kept)); });
}

bool CapsuleShrinker::Faults() {
  pass_ = "faults";
  return Reduce(best_.faults.size(), WithFaults);
}

bool CapsuleShrinker::FaultSteps() {
  pass_ = "steps of faults";
  bool changed = false;
  for (size_t i = 0; i < best_.faults.size(); ++i) {
    const size_t steps = best_.faults[i].steps.size();
    if (steps < 2) continue;
    changed |= Reduce(steps, [i](const Capsule& base, const Kept& kept) {
      Capsule smaller = base;
      smaller.faults[i].steps.clear();
      for (const size_t step : kept) smaller.faults[i].steps.push_back(base.faults[i].steps[step]);
      return smaller;
    });
  }
  return changed;
}

bool CapsuleShrinker::Stores() {
  pass_ = "stores";
  bool changed = false;
  bool again = true;
  while (again && !over()) {
    again = false;
    std::vector<Capsule> candidates;
    const uint64_t all = best_.cluster.stores + best_.cluster.spares;
    // From the last one: spares go first.
    for (uint64_t store = all; store > 0; --store) {
      if (store > best_.cluster.stores || best_.cluster.stores > 1) candidates.push_back(WithoutStore(best_, store));
    }
    again = TakeFirstOf(candidates);
    changed |= again;
  }
  return changed;
}

bool CapsuleShrinker::Workloads() {
  pass_ = "workloads";
  bool changed = false;
  bool again = true;
  while (again && !over()) {
    std::vector<Capsule> candidates;
    for (size_t i = 0; i < best_.workloads.size() && best_.workloads.size() > 1; ++i) {
      // All others at once, then this one.
      Capsule alone = best_;
      for (size_t other = best_.workloads.size(); other-- > 0;) {
        if (other != i) alone = WithoutWorkload(alone, other);
      }
      candidates.push_back(std::move(alone));
    }
    for (size_t i = 0; i < best_.workloads.size() && best_.workloads.size() > 2; ++i) {
      candidates.push_back(WithoutWorkload(best_, i));
    }
    again = TakeFirstOf(candidates);
    changed |= again;
  }
  return changed;
}

bool CapsuleShrinker::Clients() {
  pass_ = "clients";
  const std::vector<OperationPlace> places = OperationsByTime(best_);
  std::map<std::pair<size_t, uint32_t>, Kept> clients;
  for (size_t i = 0; i < places.size(); ++i) {
    const OperationEntry& entry = best_.workloads[places[i].workload].operations[places[i].index];
    clients[{places[i].workload, entry.client}].push_back(i);
  }
  const std::vector<Kept> groups = LargestFirst(clients);
  const bool changed = Reduce(groups.size(), [&](const Capsule& base, const Kept& kept) {
    return WithOperations(base, PlacesOf(places, Flatten(groups, kept)));
  });
  return TakeFirstOf({WithoutIdleClients(best_)}) || changed;
}

bool CapsuleShrinker::Amounts() {
  pass_ = "amounts";
  bool changed = false;
  for (size_t i = 0; i < best_.faults.size() && !over(); ++i) {
    const std::vector<int64_t> amounts = SmallerAmounts(best_.faults[i]);
    changed |= TakeFirst(amounts.size(), [&](size_t index) {
                 Capsule smaller = best_;
                 smaller.faults[i].amount = amounts[index];
                 return smaller;
               }).has_value();
  }
  return changed;
}

/// Where many operations are needed, not certain ones: a thin sample of all, if need be with larger values or with
/// stores that do early what they do after much.
bool CapsuleShrinker::Volume() {
  pass_ = "volume";
  const uint64_t usual = std::exchange(variants_, variants_ * kVolumeVariants);
  bool changed = false;
  while (!over() && best_.operation_count() >= kVolumeMin) {
    std::vector<Capsule> candidates;
    for (const uint32_t nth : {64, 16, 4, 2}) {
      if (best_.operation_count() < nth * 2) continue;
      const Capsule thin = WithEveryNthOperation(best_, nth);
      candidates.push_back(thin);
      for (const Lowness lowness : {Lowness::kLeast, Lowness::kDrawn}) {
        candidates.push_back(WithLowLimits(thin, LimitKnobs(), lowness));
        candidates.push_back(WithLargerValues(candidates.back(), nth));
      }
    }
    if (!TakeFirstOf(candidates)) break;
    changed = true;
  }
  variants_ = usual;
  return changed;
}

/// Where certain operations are needed and much besides: low limits and large values first, then fewer operations. If
/// there are no fewer, all stays as it was, also when the time is over in between.
bool CapsuleShrinker::Limits() {
  if (best_.operation_count() < kVolumeMin) return false;
  pass_ = "limits";
  const Capsule before = best_;
  const uint64_t usual = std::exchange(variants_, kShrinkVariants);  // What is left out later depends on it most.
  const bool all = AllLimits();
  // Where all together fail there are few that may go lower; else there are many.
  if (!all) variants_ = usual;
  const bool each = EachLimit();
  variants_ = usual;
  if (!all && !each) return false;
  Operations();
  if (best_.operation_count() < before.operation_count()) return true;
  if (error_.ok()) Put(before);
  return false;
}

/// As low as they may be in any variant.
bool CapsuleShrinker::AllLimits() {
  for (const Lowness lowness : kLownesses) {
    const Capsule low = WithLowLimits(best_, LimitKnobs(), lowness);
    std::vector<Capsule> candidates = WithAffordableValues(low);
    candidates.push_back(low);
    if (TakeFirstOf(candidates)) return true;
  }
  return false;
}

/// One low limit may keep from happening what needs another: one after the other, and each that still fails stays.
bool CapsuleShrinker::EachLimit() {
  bool changed = false;
  for (const std::string& limit : LimitKnobs()) {
    std::vector<Capsule> candidates;
    for (const Lowness lowness : kLownesses) candidates.push_back(WithLowLimits(best_, {limit}, lowness));
    changed |= TakeFirstOf(candidates);
  }
  return TakeFirstOf(WithAffordableValues(best_)) || changed;
}

bool CapsuleShrinker::Operations() {
  pass_ = "operations";
  const std::vector<OperationPlace> places = OperationsByTime(best_);
  return Reduce(places.size(),
                [&](const Capsule& base, const Kept& kept) { return WithOperations(base, PlacesOf(places, kept)); });
}

bool CapsuleShrinker::PlainKnobs() {
  pass_ = "knobs";
  const std::vector<std::string> names = ChangedKnobs(best_);
  return Reduce(names.size(), [&](const Capsule& base, const Kept& kept) {
    std::vector<std::string> changed;
    for (const size_t name : kept) changed.push_back(names[name]);
    return WithKnobs(base, changed);
  });
}

/// What Volume() and Limits() have made longer, where it is not needed any more.
bool CapsuleShrinker::PlainValues() {
  pass_ = "values";
  return TakeFirstOf({WithValuesOf(best_, start_)});
}

bool CapsuleShrinker::Gaps() {
  pass_ = "gaps";
  bool changed = false;
  for (const Duration step : {Duration(1), Duration(seconds(1))}) {
    const std::vector<Gap> gaps = GapsLongerThan(best_, std::max<Duration>(2 * kGapFloor, kGapFloor + step));
    changed |= Reduce(gaps.size(), [&](const Capsule& base, const Kept& kept) {
      std::vector<Gap> shortened;
      for (size_t i = 0; i < gaps.size(); ++i) {
        if (!std::binary_search(kept.begin(), kept.end(), i)) shortened.push_back(gaps[i]);
      }
      return WithGapsOf(base, shortened, kGapFloor, step);
    });
  }
  return changed;
}

bool CapsuleShrinker::Spans() {
  pass_ = "spans";
  bool changed = false;
  for (size_t i = 0; i < best_.faults.size() && !over(); ++i) {
    const Duration lasts = best_.faults[i].lasts;
    std::vector<Capsule> candidates;
    for (const Duration shorter : {milliseconds(10), milliseconds(100), milliseconds(1000)}) {
      if (shorter >= lasts) break;
      candidates.push_back(best_);
      candidates.back().faults[i].lasts = shorter;
    }
    changed |= TakeFirstOf(candidates);
  }
  return changed;
}

/// For the reader, and so that failures of one bug look alike.
bool CapsuleShrinker::Normalise() {
  bool changed = PlainerFaults();
  changed |= PlainerOperations();
  changed |= RoundTimes();
  return changed;
}

bool CapsuleShrinker::PlainerFaults() {
  pass_ = "plainer faults";
  bool changed = false;
  for (size_t i = 0; i < best_.faults.size() && !over(); ++i) changed |= TakeFirstOf(WithPlainerFault(best_, i));
  return changed;
}

bool CapsuleShrinker::PlainerOperations() {
  if (best_.operation_count() > kPlainerOperationsMax) return false;
  pass_ = "plainer operations";
  bool changed = false;
  while (!over() && TakeFirstOf(WithPlainerOperations(best_))) changed = true;
  return changed;
}

bool CapsuleShrinker::RoundTimes() {
  pass_ = "rounding";
  // A variant would move the faults off the round times again.
  const uint64_t usual = std::exchange(variants_, 1);
  std::vector<Capsule> candidates;
  for (const Duration step : {milliseconds(100), milliseconds(10), milliseconds(1)}) {
    candidates.push_back(WithTimesRounded(best_, step));
    // As round as it is: whatever would come next is less round.
    if (FormatCapsule(candidates.back()) == best_text_) {
      candidates.pop_back();
      break;
    }
  }
  const bool changed = TakeFirstOf(candidates);
  variants_ = usual;
  return changed;
}

}  // namespace orrery::faults
