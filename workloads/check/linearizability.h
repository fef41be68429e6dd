#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "runtime/base/status.h"
#include "workloads/check/history.h"
#include "workloads/check/report.h"

namespace orrery::check {

/// Number of a state of one Model. Equal states have equal numbers.
using StateId = uint32_t;
inline constexpr StateId kImpossible = 0xffffffffu;

/// The sequential law of one independent part of a history (one key, say). Owned by the search; operations
/// are numbered 0.. within the part. Stateful only by interning states.
class Model {
 public:
  virtual ~Model() = default;
  virtual StateId Initial() = 0;
  /// The state after `op` took effect in `state` and answered what the history says, or kImpossible.
  virtual StateId Step(StateId state, uint32_t op) = 0;
  /// True if `op` changes no state whatever. Such an operation takes effect as soon as it can.
  virtual bool ReadOnly(uint32_t op) const = 0;
  /// Bytes of interned states.
  virtual size_t MemoryBytes() const { return 0; }
};

/// What a family of models means: which micro-operations it knows, how a history falls into independent
/// parts (P-compositionality), what may be left out of a witness.
class ModelSpec {
 public:
  virtual ~ModelSpec() = default;
  virtual std::string_view name() const = 0;
  /// kInvalidArgument naming the operation if it makes no sense to this model.
  virtual Status Accept(const History& history, OpIndex op) const = 0;
  /// A model of the operations `ops` (indices into `history`, by invocation). `history` outlives the model.
  /// `projected`: some operations were left out; answers about values none of `ops` writes mean nothing.
  virtual std::unique_ptr<Model> Bind(const History& history, std::span<const OpIndex> ops, bool projected) const = 0;
  /// Values of one key are independent objects unless something reads all of them (sets).
  virtual bool ValuesAreIndependent() const { return false; }
  /// A group number for each of `ops`: dropping a whole group (every operation with that number) from a
  /// linearizable history leaves it linearizable. kNoOp: never drop. (Single reads can always be dropped.)
  /// `projected`: what is left will be bound with projected = true.
  virtual std::vector<uint32_t> DropGroups(const History& history, std::span<const OpIndex> ops,
                                           bool projected) const = 0;
  /// The initial value if this is the register model, whose plain parts may be decided by zones.
  virtual const Value* PlainRegister() const { return nullptr; }
};

/// Registers per key with reads, writes and compare-and-swap. An operation of several micro-operations is
/// one atomic batch over its keys, in order. `initial`: value of every key at the start.
std::unique_ptr<ModelSpec> RegisterModel(Value initial = kNil);
/// Sets per key: add, remove, contains, read of the whole set (in any order).
std::unique_ptr<ModelSpec> SetModel();
/// First-in first-out queues per key: enq, deq (nil = empty).
std::unique_ptr<ModelSpec> QueueModel();

struct LinearizabilityOptions {
  /// Model steps per history. This many of the worst kind take less than 10 s.
  uint64_t steps_max = 40'000'000;
  /// Bytes of memoised configurations and states.
  uint64_t memory_bytes_max = uint64_t{1} << 30;
  /// Plain read-write registers with unique values are decided by zones in O(n log n) (Gibbons and Korach,
  /// "Testing Shared Memories", 1997). False: by search, like everything else.
  bool zones = true;
  /// Model steps spent on making a witness smaller.
  uint64_t minimize_steps_max = 20'000'000;
};

/// Decides whether every operation can take effect at one instant between its invocation and its return so
/// that all answers follow the model. Operations with unknown outcome may take effect at any later instant
/// or never; failed ones never do.
///
/// The history is cut into independent parts by key; each is searched depth-first, with effects in order of
/// need and memoised configurations (Wing and Gong 1993; Lowe, "Testing for linearizability", 2016;
/// Horn and Kroening on P-compositionality, 2015). Configurations are memoised by 128-bit hashes: a wrong
/// "broken" needs two of n configurations to agree in 128 bits (n^2 / 2^129); "holds" never depends on it.
/// Deterministic: budgets are counted in steps and bytes, not in time.
///
/// kInvalidArgument if an operation makes no sense to the model.
Result<CheckReport> CheckLinearizability(const History& history, const ModelSpec& model,
                                         const LinearizabilityOptions& options = {});

}  // namespace orrery::check
