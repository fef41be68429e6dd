#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/base/random.h"
#include "workloads/check/isolation.h"
#include "workloads/check/proof/script.h"

namespace orrery::check {

/// What the reference store promises (and keeps, unless a bug is seeded).
enum class StorePromise : uint8_t {
  kReadCommitted,
  kSnapshotIsolation,        ///< Snapshots may be old.
  kStrongSnapshotIsolation,  ///< Snapshots are of the present.
  kSerializable,             ///< Read-only transactions may see the past.
  kStrictSerializable,
};

/// One seeded bug each; the kind of mistake real stores made.
enum class StoreBug : uint8_t {
  kNone,
  kNoWriteCheck,      ///< First committer wins is not enforced: lost updates.
  kNoReadCheck,       ///< Serializable levels do not validate reads: write skew.
  kDirtyRead,         ///< Reads show writes of transactions that have not committed (and may abort).
  kIntermediateRead,  ///< Reads show writes of a transaction half way through.
  kAbortedApplied,    ///< An aborted transaction's writes stay.
  kLostWrite,         ///< Now and then an acknowledged commit does not arrive.
  kTornCommit,        ///< The keys of a commit become visible one by one.
  kLongFork,          ///< Half the clients see remote commits late.
  kStaleSnapshot,     ///< Some read-write transactions read an old snapshot and commit anyway.
  kForgetsOwnWrites,  ///< A transaction does not see what it wrote itself.
  kUnrepeatable,      ///< A transaction re-reads from the present, not from its snapshot.
  kDoubleApply,       ///< A retried append is applied twice (lists).
  kReorder,           ///< Now and then two elements of a list swap (lists).
};
inline constexpr int kStoreBugCount = 14;
std::string_view StoreBugName(StoreBug bug);

struct StoreOptions {
  TxnModel model = TxnModel::kListAppend;
  StorePromise promise = StorePromise::kStrictSerializable;
  StoreBug bug = StoreBug::kNone;
  uint32_t txns = 100;
  uint32_t clients = 8;
  uint32_t micros_max = 4;
  uint32_t keys_active = 4;       ///< Keys in use at a time.
  uint32_t writes_per_key = 100;  ///< Then the key retires and a fresh one takes its place.
  double read_share = 0.5;
  double unknown = 0.01;
  double fail = 0.02;              ///< Clients that give up before committing.
  bool read_before_write = false;  ///< Registers: every write follows a read of its key.
  bool final_reads = false;        ///< End with one transaction that reads all keys.
};

/// Runs clients against a multi-version store, one step at a time in random order, and writes down what they
/// saw.
Script RunReferenceStore(const StoreOptions& options, Random& random);

}  // namespace orrery::check
