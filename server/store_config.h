#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "raft/region/options.h"
#include "runtime/base/ids.h"
#include "runtime/base/status.h"
#include "storage/committer.h"
#include "storage/engine_options.h"
#include "storage/log_store.h"

namespace orrery {

class CommitObserver;
class StoreObserver;

/// Every knob of a store, in the groups of cluster.toml.
struct StoreOptions {
  RegionOptions region;        ///< [raft]
  EngineOptions engine;        ///< [storage]
  CommitterOptions committer;  ///< [storage]
  LogStoreOptions log;         ///< [storage]
  /// Requests in work at a time; beyond, kBusy. Range [1, 1000000]. Default 100000. [limits]
  size_t requests_max = 100'000;
  /// Reads and scans that wait for the disk at a time. Range [1, 10000]. Default 256. [limits]
  size_t slow_reads_max = 256;
  /// How long a graceful stop waits for its leaderships to be taken over and its requests to be answered.
  /// Range [0, 1 h]. Default 5 s. [limits]
  Duration stop_patience = seconds(5);

  /// kInvalidArgument naming the field, its value and its range.
  Status Validate() const;
};

/// What an empty data directory means.
enum class StartMode : uint8_t {
  kExisting,  ///< A lost mount or a lost disk: refuse to start.
  kNew,       ///< Create a store with a new incarnation. A directory that holds this store is simply opened.
};

/// One store process.
struct StoreConfig {
  ClusterId cluster;
  StoreId store;
  /// Where other stores and clients reach it, "host:port".
  std::string address;
  StartMode start = StartMode::kExisting;
  StoreOptions options;
  /// May be null. Outlive the node.
  StoreObserver* observer = nullptr;
  CommitObserver* commit_observer = nullptr;

  Status Validate() const;
};

/// A store as cluster.toml lists it.
struct ClusterStore {
  StoreId id;
  std::string address;
  std::string data_directory;  ///< Empty: the caller chooses.
};

/// cluster.toml: the bootstrap list and the knobs. Membership lives in the Raft log once the cluster is initialised.
struct ClusterConfig {
  ClusterId cluster;
  std::string name;
  std::vector<ClusterStore> stores;  ///< By id.
  StoreOptions options;

  /// nullptr if there is none.
  const ClusterStore* Find(StoreId id) const;
  /// The configuration of one of its stores. kNotFound naming it.
  Result<StoreConfig> ForStore(StoreId id, StartMode start) const;
};

/// Parses cluster.toml. kInvalidArgument "file:line: key: what is wrong" for a syntax error, an unknown key, a wrong
/// type, a value out of range, no store, one store or one address twice. `file` is for messages only.
Result<ClusterConfig> ParseClusterConfig(std::string_view text, std::string_view file);

}  // namespace orrery
