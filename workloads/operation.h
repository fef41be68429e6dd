#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "runtime/base/time.h"

namespace orrery {

/// What a client of a workload does in one step.
enum class OperationKind : uint8_t {
  kGet,
  kPut,
  kDelete,
  kSwap,       ///< Compare-and-swap from what this client last knew of the key.
  kAdd,        ///< set: put an element of its own.
  kReadAll,    ///< set: scan all of it, `detail` rows a page.
  kIncrement,  ///< counter: read, then compare-and-swap to one more.
  kWriteGroup,
  kReadGroup,  ///< batch: `detail` 1 scans backwards.
};
std::string_view OperationKindName(OperationKind kind);
std::optional<OperationKind> OperationKindByName(std::string_view name);
/// What the clients of a workload do; empty for one that does not exist.
std::vector<OperationKind> OperationKindsOf(std::string_view workload);

/// One operation, drawn. What it writes is a function of (client, ordinal): ValueNumber(). Leaving one out changes no
/// other.
struct Operation {
  uint64_t ordinal = 1;  ///< From 1, per client; stable.
  OperationKind kind = OperationKind::kGet;
  uint64_t key = 0;     ///< Register, counter or group; 0 for a set.
  uint64_t detail = 0;  ///< See the kinds; 0 elsewhere.

  bool operator==(const Operation&) const = default;
};

/// An operation of one client and when it may begin.
struct OperationEntry {
  uint32_t client = 0;
  /// Earliest, on the client's own clock since it began to work: the beginning of the safety phase.
  Duration start{};
  Operation operation;

  bool operator==(const OperationEntry&) const = default;
};

/// The number that an operation writes: no other operation of the workload writes it.
constexpr uint64_t ValueNumber(uint32_t client, uint64_t ordinal) {
  return (ordinal << 10) | client;
}

}  // namespace orrery
