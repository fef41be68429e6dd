#include "faults/capsule/capsule.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <tuple>

#include "faults/capsule/build_id.h"
#include "faults/capsule/capsule_check.h"
#include "faults/capsule/files.h"
#include "faults/knobs.h"
#include "sim/rocks/rocks_version.h"

namespace orrery::faults {

BuildId ThisBuild() {
  return BuildId{
      .commit = std::string(BuildCommit()), .patch = std::string(BuildPatch()), .rocksdb = sim::RocksVersion()};
}

size_t Capsule::operation_count() const {
  size_t count = 0;
  for (const CapsuleWorkload& workload : workloads) count += workload.operations.size();
  return count;
}

uint32_t Capsule::client_count() const {
  uint32_t count = 0;
  for (const CapsuleWorkload& workload : workloads) count += workload.options.clients;
  return count;
}

Status Capsule::Validate() const {
  ORRERY_RETURN_IF_ERROR(OptionsOfKnobs(cluster.knobs).status().Wrap("cluster.knobs"));
  for (const CapsuleWorkload& workload : workloads) {
    const std::string where = "workload " + workload.name;
    ORRERY_RETURN_IF_ERROR(MakeWorkload(workload.name, workload.options).status().Wrap(where));
    const OperationEntry* before = nullptr;
    for (const OperationEntry& entry : workload.operations) {
      ORRERY_RETURN_IF_ERROR(CheckOperation(entry, before, workload).Wrap(where + ": " + OperationText(entry)));
      before = &entry;
    }
  }
  std::set<std::string_view> ids;
  for (const FaultEntry& fault : faults) {
    ORRERY_RETURN_IF_ERROR(CheckFault(fault, *this).Wrap("fault " + fault.id));
    if (ids.insert(fault.id).second) continue;
    return Status(StatusCode::kInvalidArgument, "fault " + fault.id + ": is there twice");
  }
  return Status::Ok();
}

Result<Capsule> ReadCapsule(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return Status(StatusCode::kNotFound, "there is no capsule " + path);
  }
  const Result<std::string> text = ReadWholeFile(path);
  if (!text.ok()) return Status(StatusCode::kInvalidArgument, "cannot read " + path);
  return ParseCapsule(*text, path);
}

Status WriteCapsule(const Capsule& capsule, const std::string& path) {
  return WriteFileAtomically(path, FormatCapsule(capsule)).Wrap("cannot write");
}

}  // namespace orrery::faults
