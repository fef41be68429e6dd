#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "faults/capsule/fault_entry.h"
#include "faults/scenario.h"
#include "runtime/base/status.h"
#include "runtime/base/time.h"
#include "sim/choices.h"
#include "sim/exit_codes.h"
#include "workloads/operation.h"

namespace orrery::faults {

/// What program made a run. Fingerprints can be compared only between equal builds.
struct BuildId {
  std::string commit;   ///< Full hash; "unknown" outside of a repository.
  std::string patch;    ///< Hash of what differs from the commit in the sources; empty: nothing.
  std::string rocksdb;  ///< Version of the engine.

  bool operator==(const BuildId&) const = default;
};

/// The build of this very program.
BuildId ThisBuild();

/// What a replay must show.
struct Expectation {
  sim::ExitCode exit_code = sim::ExitCode::kOk;
  std::string outcome = "ok";  ///< SimulationReport::outcome.
  std::string signature;       ///< Signature() of the report: faults/signature.h.
  std::string fingerprint;     ///< 32 hex digits; meaningful for the same build only. Empty: not said.

  bool operator==(const Expectation&) const = default;
};

/// The simulated cluster, as drawn for this run.
struct CapsuleCluster {
  uint32_t stores = 3;            ///< Founding members: stores 1 to `stores`. 1 to 9.
  uint32_t spares = 0;            ///< Stores behind them that are up, but no members. 0 to 3.
  bool clients_together = false;  ///< All clients of a workload run in one process (ClusterShape).
  bool lying_fsync = false;
  StoreId slow_founder;              ///< Whose disk is slow while the cluster is founded; invalid: nobody's.
  uint32_t slow_founder_factor = 1;  ///< How many times slower. 1 to 10,000.
  /// Every knob of the stores by name, as faults/knobs.h lists them. A knob that is left out is what
  /// DrawStoreOptions gives without drawing.
  std::map<std::string, int64_t, std::less<>> knobs;

  bool operator==(const CapsuleCluster&) const = default;
};

/// One workload: its shape and what each of its clients does.
struct CapsuleWorkload {
  std::string name;
  WorkloadOptions options;
  /// By client, then in the order in which the client does them. `client` is below options.clients.
  std::vector<OperationEntry> operations;
};

/// One run without anything random that is a fault or an operation: a file that is recorded, replayed, cut down and
/// read by people. docs/capsules.md describes the text.
struct Capsule {
  static constexpr int64_t kVersion = 1;
  /// Largest file that is read.
  static constexpr size_t kBytesMax = size_t{8} << 20;

  BuildId build;
  std::string scenario;  ///< Name only: nothing of the scenario's file is needed.
  std::string story;     ///< Free words for people; may be empty. Several lines.
  Expectation expected;
  /// Seed, salts, calm streams and pinned buggify sites.
  sim::ChoiceOptions choices;
  CapsuleCluster cluster;
  Duration safety = seconds(60);
  Duration liveness_limit = seconds(60);
  uint64_t events_max = 50'000'000;
  std::vector<CapsuleWorkload> workloads;
  /// By time; anchored ones behind.
  std::vector<FaultEntry> faults;

  size_t operation_count() const;
  uint32_t client_count() const;
  /// What the parser checks beyond syntax: ranges, known knobs, workloads and kinds of operation, ids that are unique,
  /// targets that exist, damage within the budget of the cluster. kInvalidArgument naming the field
  /// ("fault kill#3: ...").
  Status Validate() const;
};

/// kInvalidArgument "file:line: key: what is wrong" for a file that is cut short or too long, another version, syntax,
/// unknown or missing fields, wrong types, and whatever Capsule::Validate() refuses.
Result<Capsule> ParseCapsule(std::string_view text, std::string_view file);
/// The text; ParseCapsule gives the same capsule back.
std::string FormatCapsule(const Capsule& capsule);

/// kNotFound, or as ParseCapsule.
Result<Capsule> ReadCapsule(const std::string& path);
/// Whole or not at all: written beside and renamed. kIoError naming the path.
Status WriteCapsule(const Capsule& capsule, const std::string& path);

}  // namespace orrery::faults
