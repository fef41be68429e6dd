#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/status.h"
#include "workloads/check/value.h"

namespace orrery::check {

/// What one step of an operation does. An operation is one or more micro-operations that take effect
/// together: a register read is an operation of one, a transaction or a batch of several.
enum class MicroKind : uint8_t {
  kRead,       ///< ["r", key, value]           register read; nil = absent
  kReadList,   ///< ["r", key, [values]]        list (list-append) or whole-set read
  kWrite,      ///< ["w", key, value]
  kAppend,     ///< ["append", key, value]      to a list
  kCas,        ///< ["cas", key, expected, value, applied]
  kAdd,        ///< ["add", key, value]         into a set
  kRemove,     ///< ["remove", key, value]      out of a set
  kContains,   ///< ["contains", key, value, present]
  kEnqueue,    ///< ["enq", key, value]
  kDequeue,    ///< ["deq", key, value]         nil = the queue was empty
  kIncrement,  ///< ["inc", key, delta] or ["inc", key, delta, reached]         counter
  kTake,       ///< ["take", key, value]        an identifier handed out (unique, monotonic laws)
};
inline constexpr int kMicroKindCount = 12;

/// The word for a kind in histories ("r", "append").
std::string_view MicroKindName(MicroKind kind);

struct MicroOp {
  MicroKind kind = MicroKind::kRead;
  /// False: the answer of a read, compare-and-swap, contains, dequeue or take did not arrive.
  bool known = true;
  /// kCas: it was applied. kContains: the value was there. Meaningful only if known.
  bool success = true;
  Value key;
  Value value;              ///< Written, added, or what a read, dequeue or take returned.
  Value expected;           ///< kCas. kIncrement: the value reached, nil if that was not told.
  uint32_t list_begin = 0;  ///< kReadList: range in History::lists().
  uint32_t list_size = 0;
};

/// How an operation ended for its client.
enum class Outcome : uint8_t {
  kOk,       ///< Acknowledged: it took effect between invocation and return.
  kFail,     ///< Certainly no effect, ever.
  kUnknown,  ///< May take effect at any instant after the invocation, or never.
};

/// Order of events. Only comparisons matter: a precedes b if a.ret < b.invoke.
using Instant = int64_t;
inline constexpr Instant kOpen = std::numeric_limits<Instant>::max();
using OpIndex = uint32_t;
inline constexpr OpIndex kNoOp = std::numeric_limits<OpIndex>::max();

struct Operation {
  Instant invoke = 0;
  Instant ret = kOpen;  ///< kOpen if the outcome is unknown: the operation stays open for ever.
  uint32_t process = 0;
  Outcome outcome = Outcome::kUnknown;
  bool stale_read = false;  ///< Declared as a read of an older state: takes no real-time or session order.
  uint32_t micro_begin = 0;
  uint32_t micro_count = 0;
  uint32_t invoke_line = 0;  ///< 1-based line of the file; 0 if the history was not read from one.
  uint32_t return_line = 0;
  int64_t invoke_time = 0;  ///< Clock of the recorder, for people only (nanoseconds).
  int64_t return_time = 0;
};

/// What clients saw: operations with their invocation and return instants, in order of invocation.
///
/// Flat: one array of operations, one of micro-operations, one of list elements. A recorder (a workload, or
/// a reader of a file) calls Invoke and Complete in the order of the events; instants are then the numbers
/// of the events. A process runs one operation at a time. Not thread-safe: a recorder with several threads
/// brings its own lock. Copyable; movable.
class History {
 public:
  ValueTable& values() { return values_; }
  const ValueTable& values() const { return values_; }
  Value Int(int64_t number) { return values_.Int(number); }
  Value Text(std::string_view text) { return values_.Text(text); }

  /// Makes a list read; the elements are copied into lists().
  MicroOp ListRead(Value key, std::span<const Value> elements);

  /// Records that `process` starts `micros`. Answers in them are ignored until Complete.
  OpIndex Invoke(uint32_t process, std::span<const MicroOp> micros, int64_t time = 0, uint32_t line = 0);
  OpIndex Invoke(uint32_t process, std::initializer_list<MicroOp> micros, int64_t time = 0) {
    return Invoke(process, std::span<const MicroOp>(micros.begin(), micros.size()), time);
  }
  /// Records the end of `op`. `results` has as many micro-operations as were invoked, with answers in the
  /// places of the questions, or is empty (nothing to answer; or not known, for kFail and kUnknown).
  /// Requires: `op` is not complete.
  void Complete(OpIndex op, Outcome outcome, std::span<const MicroOp> results = {}, int64_t time = 0,
                uint32_t line = 0);
  void Complete(OpIndex op, Outcome outcome, std::initializer_list<MicroOp> results, int64_t time = 0) {
    Complete(op, outcome, std::span<const MicroOp>(results.begin(), results.size()), time);
  }
  /// Adds an operation whose instants the caller knows. Requires: invocations do not go back, nothing returns before
  /// it is invoked.
  OpIndex Add(const Operation& operation, std::span<const MicroOp> micros);
  void SetStaleRead(OpIndex op) { operations_[op].stale_read = true; }

  size_t size() const { return operations_.size(); }
  const std::vector<Operation>& operations() const { return operations_; }
  const Operation& operation(OpIndex op) const { return operations_[op]; }
  std::span<const MicroOp> micros(OpIndex op) const {
    const Operation& o = operations_[op];
    return {micros_.data() + o.micro_begin, o.micro_count};
  }
  const std::vector<MicroOp>& all_micros() const { return micros_; }
  std::span<const Value> list(const MicroOp& micro) const {
    return {lists_.data() + micro.list_begin, micro.list_size};
  }
  const std::vector<Value>& lists() const { return lists_; }
  /// Bytes held by the arrays.
  size_t MemoryBytes() const;

  /// One line for people: "op 3 (line 7) by process 2: append x 1, r y [1 2]; ok".
  std::string Describe(OpIndex op) const;
  std::string DescribeMicro(const MicroOp& micro) const;

 private:
  ValueTable values_;
  std::vector<Operation> operations_;
  std::vector<MicroOp> micros_;
  std::vector<Value> lists_;
  Instant next_instant_ = 0;
};

/// Makers of micro-operations, so that recorders and tests read well.
inline MicroOp Read(Value key, Value value = kNil) {
  return {.kind = MicroKind::kRead, .key = key, .value = value};
}
inline MicroOp Write(Value key, Value value) {
  return {.kind = MicroKind::kWrite, .key = key, .value = value};
}
inline MicroOp Append(Value key, Value value) {
  return {.kind = MicroKind::kAppend, .key = key, .value = value};
}
inline MicroOp Cas(Value key, Value expected, Value value, bool applied = true) {
  return {.kind = MicroKind::kCas, .success = applied, .key = key, .value = value, .expected = expected};
}
inline MicroOp AddToSet(Value key, Value value) {
  return {.kind = MicroKind::kAdd, .key = key, .value = value};
}
inline MicroOp RemoveFromSet(Value key, Value value) {
  return {.kind = MicroKind::kRemove, .key = key, .value = value};
}
inline MicroOp Contains(Value key, Value value, bool present = true) {
  return {.kind = MicroKind::kContains, .success = present, .key = key, .value = value};
}
inline MicroOp Enqueue(Value key, Value value) {
  return {.kind = MicroKind::kEnqueue, .key = key, .value = value};
}
inline MicroOp Dequeue(Value key, Value value = kNil) {
  return {.kind = MicroKind::kDequeue, .key = key, .value = value};
}
inline MicroOp Increment(Value key, Value delta, Value reached = kNil) {
  return {.kind = MicroKind::kIncrement, .key = key, .value = delta, .expected = reached};
}
inline MicroOp Take(Value key, Value value = kNil) {
  return {.kind = MicroKind::kTake, .key = key, .value = value};
}

/// True for kinds that answer something.
bool HasAnswer(MicroKind kind);
/// True for kinds that never change anything.
bool IsRead(MicroKind kind);

}  // namespace orrery::check
