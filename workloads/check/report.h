#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "workloads/check/history.h"

namespace orrery::check {

/// What a checker says. Undecided never counts as passed.
enum class Verdict : uint8_t {
  kHolds,
  kBroken,
  kUndecided,  ///< The budget ran out before an answer.
};
std::string_view VerdictName(Verdict verdict);

/// Why one operation must come before another in a dependency cycle.
enum class Dependency : uint8_t {
  kWriteWrite,  ///< ww: the target installed the next version.
  kWriteRead,   ///< wr: the target read what the source installed.
  kReadWrite,   ///< rw: the target installed the next version after the one the source read.
  kSession,     ///< The same process finished the source before it started the target.
  kRealTime,    ///< The source returned before the target was invoked.
};
std::string_view DependencyName(Dependency dependency);

struct CycleStep {
  OpIndex source = kNoOp;
  OpIndex target = kNoOp;
  Dependency dependency = Dependency::kWriteWrite;
  std::string because;  ///< One clause: "T2 read x = 3, which T1 wrote".
};

/// One broken law with its witness.
struct Anomaly {
  std::string name;              ///< "G-single", "lost-update", "nonlinearizable".
  std::string words;             ///< The witness for people, several lines.
  std::vector<OpIndex> ops;      ///< The operations of the witness, in order of invocation or of the cycle.
  std::vector<CycleStep> cycle;  ///< Non-empty for cycles: steps[i].target == steps[i + 1].source, closed.
  bool minimal = true;           ///< False: the search for a smaller witness ran out of budget.
};

struct CheckStats {
  uint64_t operations = 0;    ///< Looked at.
  uint64_t partitions = 0;    ///< Linearizability: independent parts.
  uint64_t steps = 0;         ///< Linearizability: model steps; isolation: edges.
  uint64_t memory_bytes = 0;  ///< Peak of the checker's own arrays, the history not included.
};

/// The answer of every checker in this folder.
struct CheckReport {
  Verdict verdict = Verdict::kHolds;
  std::vector<Anomaly> anomalies;  ///< Non-empty if and only if broken; the gravest first.
  std::string undecided_reason;    ///< Non-empty if and only if undecided.
  CheckStats stats;

  bool holds() const { return verdict == Verdict::kHolds; }
  bool Has(std::string_view anomaly_name) const;
  /// For people: verdict, anomalies with words.
  std::string ToString() const;
};

/// A cycle as a small standalone SVG: one box per operation, one labelled arrow per step. Empty if the
/// anomaly has no cycle.
std::string CycleSvg(const History& history, const Anomaly& anomaly);

}  // namespace orrery::check
