#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/base/status.h"
#include "workloads/check/history.h"
#include "workloads/check/report.h"

namespace orrery::check {

/// How transactions read and write.
enum class TxnModel : uint8_t {
  kListAppend,  ///< append and list reads: every read tells the whole version order before it.
  kRwRegister,  ///< w and r with values written once per key: version orders are inferred.
};

/// What is promised. Each level names the cycles it forbids (docs/checkers.md has the table).
enum class IsolationLevel : uint8_t {
  kReadCommitted,
  kSnapshotIsolation,
  kStrongSessionSnapshotIsolation,  ///< + the order of each process.
  kStrongSnapshotIsolation,         ///< + the order of real time.
  kSerializable,
  kStrongSessionSerializable,
  kStrictSerializable,
};
std::string_view IsolationLevelName(IsolationLevel level);

struct IsolationOptions {
  IsolationLevel level = IsolationLevel::kStrictSerializable;
  /// kRwRegister: the version order of each key follows real time (each key by itself is linearizable).
  bool linearizable_keys = false;
  /// Edges the search for smallest witnesses may look at; past it a witness may be longer than needed.
  uint64_t witness_edges_max = 50'000'000;
};

/// Judges a history of transactions by Adya's dependency cycles ("Weak Consistency", 1999; the inference from
/// list appends follows the idea of Elle, Kingsbury and Alvaro, VLDB 2020).
///
/// Anomaly names: G0, G1a, G1b, G1c, G-single, G-nonadjacent, G2, with "-session" or "-real-time" when the
/// cycle needs such an edge; lost-update, long-fork (a G-nonadjacent of that shape), dirty-update, internal,
/// non-repeatable-read, garbage-read, duplicate-elements, incompatible-order, cyclic-versions.
///
/// Transactions of unknown outcome count as committed once a committed transaction saw one of their writes,
/// and reach from their invocation to infinity: they are never the source of a session or real-time edge.
/// Unseen ones take part in nothing. Declared stale reads take no session or real-time order from others.
///
/// Linear in the history apart from sorting; the witness search is bounded. kInvalidArgument if the history
/// makes no sense to the model (a foreign micro-operation, one value written twice to one key).
Result<CheckReport> CheckIsolation(const History& history, TxnModel model, const IsolationOptions& options = {});

}  // namespace orrery::check
