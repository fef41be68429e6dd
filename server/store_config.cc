#include "server/store_config.h"

#include "runtime/base/check_range.h"

namespace orrery {
Status StoreOptions::Validate() const {
  ORRERY_RETURN_IF_ERROR(region.Validate());
  ORRERY_RETURN_IF_ERROR(engine.Validate());
  ORRERY_RETURN_IF_ERROR(committer.Validate());
  ORRERY_RETURN_IF_ERROR(log.Validate());
  ORRERY_RETURN_IF_ERROR(CheckRange<size_t>("requests_max", requests_max, 1, 1'000'000));
  ORRERY_RETURN_IF_ERROR(CheckRange<size_t>("slow_reads_max", slow_reads_max, 1, 10'000));
  return CheckRange<int64_t>("stop_patience", stop_patience.count(), 0, Duration(hours(1)).count());
}

Status StoreConfig::Validate() const {
  if (!cluster.valid()) return Status(StatusCode::kInvalidArgument, "cluster is 0");
  if (!store.valid()) return Status(StatusCode::kInvalidArgument, "store is 0");
  if (IsClientNode(NodeIdOf(store))) return Status(StatusCode::kInvalidArgument, "store is beyond 2^63 - 1");
  return options.Validate();
}

const ClusterStore* ClusterConfig::Find(StoreId id) const {
  for (const ClusterStore& store : stores) {
    if (store.id == id) return &store;
  }
  return nullptr;
}

Result<StoreConfig> ClusterConfig::ForStore(StoreId id, StartMode start) const {
  const ClusterStore* found = Find(id);
  if (found == nullptr) return Status(StatusCode::kNotFound, "the configuration lists no store " + ToString(id));
  StoreConfig config;
  config.cluster = cluster;
  config.store = id;
  config.address = found->address;
  config.start = start;
  config.options = options;
  return config;
}

}  // namespace orrery
