#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "faults/capsule/capsule.h"
#include "faults/shrink/candidate_judge.h"
#include "faults/shrink/delta_debug.h"

namespace orrery::faults {

/// Makes a capsule that fails smaller, pass by pass, until a whole round of passes changes nothing: shorter, calmer,
/// fewer faults, nodes, clients, operations and unusual knobs, no idle times. Where it ends depends on what went first:
/// if what is left is large it begins anew in another order, and the smallest counts. docs/shrinking.md tells the
/// passes.
class CapsuleShrinker {
 public:
  /// Called with each new best: something that fails and is smaller or plainer, or has lower limits for a while, or
  /// what it was before low limits that led nowhere. The last is best() at the end. An error ends the shrink.
  using Accepted = std::function<Status(const Capsule& best)>;

  /// `start` fails as it is. `judge` outlives the shrinker.
  CapsuleShrinker(CandidateJudge& judge, Capsule start, Accepted accepted);

  /// Runs to the fixpoint, or until the judge has ended. kIoError of `accepted`.
  Status Run();

  const Capsule& best() const { return best_; }
  /// What is being tried.
  std::string_view pass() const { return pass_; }

 private:
  /// What the big cuts leave out first.
  enum class Order { kFaultsFirst, kOperationsFirst };

  bool BeginAnew(uint64_t number);
  void Choose();
  void Descend(Order order);
  void Coarse(Order order);
  bool Fine();

  bool CutTime();
  bool Calm();
  bool FaultKinds();
  bool Faults();
  bool FaultSteps();
  bool Spans();
  bool Stores();
  bool Workloads();
  bool Clients();
  bool Amounts();
  bool Volume();
  bool Limits();
  bool AllLimits();
  bool EachLimit();
  bool Operations();
  bool PlainKnobs();
  bool PlainValues();
  bool Gaps();
  bool Normalise();
  bool PlainerFaults();
  bool PlainerOperations();
  bool RoundTimes();

  bool over() const { return judge_.ended() || !error_.ok(); }
  /// Takes the first of the candidates that fails. Index, or nullopt.
  std::optional<size_t> TakeFirst(size_t count, const CandidateJudge::Make& make);
  bool TakeFirstOf(const std::vector<Capsule>& candidates);
  /// `capsule` is known to fail.
  void Put(Capsule capsule);
  /// Delta debugging over units of the best capsule: keep(base, kept units).
  bool Reduce(size_t units, const std::function<Capsule(const Capsule&, const Kept&)>& keep);

  CandidateJudge& judge_;
  const Capsule start_;
  Capsule best_;
  std::string best_text_;
  std::optional<Capsule> earlier_;  ///< What it had become before it began anew.
  Accepted accepted_;
  Status error_;
  std::string_view pass_ = "start";
  uint64_t variants_ = 1;
  size_t parts_max_ = SIZE_MAX;  ///< Of delta debugging.
};

/// How often a shrink begins whose results are large, the first time included.
constexpr uint64_t kDescents = 4;
/// Under how many other salts the start is tried when it begins anew.
constexpr uint64_t kStartsTried = 8;
/// In how many variants a candidate is tried once rounds with one change little.
constexpr uint64_t kShrinkVariants = 4;
/// How many times as many if it has a fraction of the operations only: few tries, much to gain.
constexpr uint64_t kVolumeVariants = 2;

}  // namespace orrery::faults
