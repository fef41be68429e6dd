#include "workloads/operation.h"

#include <array>
#include <utility>

#include "runtime/base/assert.h"

namespace orrery {
namespace {

constexpr std::array<std::pair<OperationKind, std::string_view>, 9> kNames = {{
    {OperationKind::kGet, "get"},
    {OperationKind::kPut, "put"},
    {OperationKind::kDelete, "delete"},
    {OperationKind::kSwap, "swap"},
    {OperationKind::kAdd, "add"},
    {OperationKind::kReadAll, "read_all"},
    {OperationKind::kIncrement, "increment"},
    {OperationKind::kWriteGroup, "write_group"},
    {OperationKind::kReadGroup, "read_group"},
}};

}  // namespace

std::string_view OperationKindName(OperationKind kind) {
  const auto& [known, name] = kNames.at(static_cast<size_t>(kind));
  ORRERY_ASSERT(known == kind);
  return name;
}

std::optional<OperationKind> OperationKindByName(std::string_view name) {
  for (const auto& [kind, known] : kNames) {
    if (known == name) return kind;
  }
  return std::nullopt;
}

std::vector<OperationKind> OperationKindsOf(std::string_view workload) {
  if (workload == "register") {
    return {OperationKind::kGet, OperationKind::kPut, OperationKind::kDelete, OperationKind::kSwap};
  }
  if (workload == "set") return {OperationKind::kAdd, OperationKind::kReadAll};
  if (workload == "counter") return {OperationKind::kIncrement};
  if (workload == "batch") return {OperationKind::kWriteGroup, OperationKind::kReadGroup};
  return {};
}

}  // namespace orrery
