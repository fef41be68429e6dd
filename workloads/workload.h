#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/random.h"
#include "runtime/base/status.h"
#include "runtime/base/time.h"
#include "workloads/operation.h"

namespace orrery {

class KvClient;
struct Runtime;

/// One client process of a workload: a node of its own in the simulator, a few fibers in a real process.
struct WorkloadClient {
  Runtime& runtime;
  KvClient& kv;
  uint32_t index;      ///< 0 .. clients - 1.
  Random random;       ///< This client's draws for this workload.
  uint64_t steps = 0;  ///< Operations begun so far.
};

/// Sizes shared by all workloads; what a field means to a law stands with the law.
struct WorkloadOptions {
  uint32_t clients = 4;       ///< 1 to 1,000.
  uint32_t keys = 8;          ///< Registers, counters or groups. 1 to 10,000.
  uint32_t value_bytes = 16;  ///< Values are padded to this size. 16 to 1 MiB.
  Duration operation_timeout = seconds(5);
  /// Before every key. A law speaks of keys that were absent at the start and that nobody else writes: a run against a
  /// cluster that has seen another needs a prefix of its own. At most 64 bytes.
  std::string key_prefix = {};

  /// kInvalidArgument naming the field.
  Status Validate() const;
};

/// What became of the operations so far.
struct WorkloadStats {
  uint64_t acknowledged = 0;
  uint64_t failed = 0;   ///< Certainly without effect.
  uint64_t unknown = 0;  ///< Nobody knows; see StatusCode::kUnknownOutcome.

  uint64_t total() const { return acknowledged + failed + unknown; }
};

/// What a law says about a run. Undecided never counts as held.
struct LawReport {
  enum class Verdict : uint8_t { kHolds, kBroken, kUndecided };

  Verdict verdict = Verdict::kHolds;
  std::string law;    ///< Short name of the broken law or anomaly ("nonlinearizable", "lost-write").
  std::string words;  ///< The witness, for people.
  std::string kind;   ///< A class within the law, if it has any.

  static LawReport Holds() { return LawReport(); }
  static LawReport Broken(std::string law, std::string words, std::string kind = "") {
    return LawReport{
        .verdict = Verdict::kBroken, .law = std::move(law), .words = std::move(words), .kind = std::move(kind)};
  }
  static LawReport Undecided(std::string why) {
    return LawReport{.verdict = Verdict::kUndecided, .law = "undecided", .words = std::move(why)};
  }
};

/// A law and the operations that put it to the test, against any cluster. One object serves all clients of
/// a run, on one thread. The driver has each client run operations, one after the other - drawn by Draw or read from a
/// capsule -, then, with a cluster that answers, calls Finish by one client, then Judge.
class Workload {
 public:
  virtual ~Workload() = default;

  virtual std::string_view name() const = 0;
  /// The law in a sentence or two.
  virtual std::string_view law() const = 0;

  /// What a client does next, but for its ordinal: a function of the client and `random` only. Does not suspend.
  virtual Operation Draw(uint32_t client, Random random) const = 0;
  /// Runs one operation and records what came back. What it writes depends on the client and the operation only.
  /// Suspends. Throws Cancelled; then the operation counts as unknown. Requires: a kind of this workload, a key in
  /// range.
  virtual void Run(WorkloadClient& client, const Operation& operation) = 0;
  /// Draws the client's next operation by name and runs it. Suspends.
  void Step(WorkloadClient& client);
  /// Reads the final state, retrying until `deadline`. An error means that it could not be read. Suspends.
  virtual Status Finish(WorkloadClient& client, Deadline deadline) = 0;
  /// Whether the law held. Does not suspend.
  virtual LawReport Judge() = 0;
  /// The history as JSON lines (workloads/check/history.h), empty if this workload keeps none.
  virtual std::string HistoryText() const { return std::string(); }

  const WorkloadStats& stats() const { return stats_; }

 protected:
  WorkloadStats stats_;
};

/// One line of `list`.
struct WorkloadInfo {
  std::string_view name;
  std::string_view law;
};
/// Every workload, in the order of `list`.
std::vector<WorkloadInfo> AllWorkloads();
/// kNotFound lists the names there are. kInvalidArgument from the options.
Result<std::unique_ptr<Workload>> MakeWorkload(std::string_view name, const WorkloadOptions& options);

}  // namespace orrery
