#include "workloads/workload.h"

#include "runtime/base/check_range.h"
#include "workloads/batch_workload.h"
#include "workloads/counter_workload.h"
#include "workloads/register_workload.h"
#include "workloads/set_workload.h"

namespace orrery {

Status WorkloadOptions::Validate() const {
  ORRERY_RETURN_IF_ERROR(CheckRange<uint32_t>("clients", clients, 1, 1000));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint32_t>("keys", keys, 1, 10000));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint32_t>("value_bytes", value_bytes, 16, 1u << 20));
  ORRERY_RETURN_IF_ERROR(CheckRange<size_t>("bytes of key_prefix", key_prefix.size(), 0, 64));
  return CheckRange<int64_t>("operation_timeout (ns)", operation_timeout.count(), 1000000, 3600ll * 1000000000);
}

void Workload::Step(WorkloadClient& client) {
  const uint64_t ordinal = ++client.steps;
  Operation operation = Draw(client.index, client.random.Split(ordinal));
  operation.ordinal = ordinal;
  Run(client, operation);
}

std::vector<WorkloadInfo> AllWorkloads() {
  return {{RegisterWorkload::kName, RegisterWorkload::kLaw},
          {SetWorkload::kName, SetWorkload::kLaw},
          {CounterWorkload::kName, CounterWorkload::kLaw},
          {BatchWorkload::kName, BatchWorkload::kLaw}};
}

Result<std::unique_ptr<Workload>> MakeWorkload(std::string_view name, const WorkloadOptions& options) {
  ORRERY_RETURN_IF_ERROR(options.Validate());
  std::unique_ptr<Workload> made;
  if (name == RegisterWorkload::kName) made = std::make_unique<RegisterWorkload>(options);
  if (name == SetWorkload::kName) made = std::make_unique<SetWorkload>(options);
  if (name == CounterWorkload::kName) made = std::make_unique<CounterWorkload>(options);
  if (name == BatchWorkload::kName) made = std::make_unique<BatchWorkload>(options);
  if (made != nullptr) return made;
  std::string known;
  for (const WorkloadInfo& info : AllWorkloads()) known += (known.empty() ? "" : ", ") + std::string(info.name);
  return Status(StatusCode::kInvalidArgument,
                "workload \"" + std::string(name) + "\" is not known; there are " + known);
}

}  // namespace orrery
