#include "workloads/check/history.h"

#include "runtime/base/assert.h"

namespace orrery::check {

std::string_view MicroKindName(MicroKind kind) {
  switch (kind) {
    case MicroKind::kRead:
    case MicroKind::kReadList: return "r";
    case MicroKind::kWrite: return "w";
    case MicroKind::kAppend: return "append";
    case MicroKind::kCas: return "cas";
    case MicroKind::kAdd: return "add";
    case MicroKind::kRemove: return "remove";
    case MicroKind::kContains: return "contains";
    case MicroKind::kEnqueue: return "enq";
    case MicroKind::kDequeue: return "deq";
    case MicroKind::kIncrement: return "inc";
    case MicroKind::kTake: return "take";
  }
  ORRERY_UNREACHABLE("micro kind");
}

bool HasAnswer(MicroKind kind) {
  switch (kind) {
    case MicroKind::kRead:
    case MicroKind::kReadList:
    case MicroKind::kCas:
    case MicroKind::kContains:
    case MicroKind::kDequeue:
    case MicroKind::kTake: return true;
    default: return false;
  }
}

bool IsRead(MicroKind kind) {
  return kind == MicroKind::kRead || kind == MicroKind::kReadList || kind == MicroKind::kContains;
}

MicroOp History::ListRead(Value key, std::span<const Value> elements) {
  MicroOp micro{.kind = MicroKind::kReadList, .key = key};
  ORRERY_ASSERT(lists_.size() + elements.size() < std::numeric_limits<uint32_t>::max());
  micro.list_begin = static_cast<uint32_t>(lists_.size());
  micro.list_size = static_cast<uint32_t>(elements.size());
  lists_.insert(lists_.end(), elements.begin(), elements.end());
  return micro;
}

OpIndex History::Invoke(uint32_t process, std::span<const MicroOp> micros, int64_t time, uint32_t line) {
  Operation operation;
  operation.invoke = next_instant_++;
  operation.process = process;
  operation.micro_begin = static_cast<uint32_t>(micros_.size());
  operation.micro_count = static_cast<uint32_t>(micros.size());
  operation.invoke_line = line;
  operation.invoke_time = time;
  for (MicroOp micro : micros) {
    if (HasAnswer(micro.kind)) micro.known = false;
    if (micro.kind == MicroKind::kIncrement) micro.expected = kNil;
    micros_.push_back(micro);
  }
  ORRERY_ASSERT(operations_.size() < kNoOp);
  operations_.push_back(operation);
  return static_cast<OpIndex>(operations_.size() - 1);
}

void History::Complete(OpIndex op, Outcome outcome, std::span<const MicroOp> results, int64_t time, uint32_t line) {
  Operation& operation = operations_[op];
  ORRERY_ASSERT(operation.outcome == Outcome::kUnknown);
  ORRERY_ASSERT(operation.return_line == 0);
  operation.outcome = outcome;
  const Instant now = next_instant_++;
  operation.ret = outcome == Outcome::kUnknown ? kOpen : now;
  operation.return_time = time;
  operation.return_line = line;
  if (results.empty()) return;
  ORRERY_ASSERT(results.size() == operation.micro_count);
  for (size_t i = 0; i < results.size(); ++i) micros_[operation.micro_begin + i] = results[i];
}

OpIndex History::Add(const Operation& operation, std::span<const MicroOp> micros) {
  ORRERY_ASSERT(operations_.empty() || operations_.back().invoke <= operation.invoke);
  ORRERY_ASSERT((operation.outcome == Outcome::kUnknown) == (operation.ret == kOpen));
  ORRERY_ASSERT(operation.invoke <= operation.ret);
  Operation added = operation;
  added.micro_begin = static_cast<uint32_t>(micros_.size());
  added.micro_count = static_cast<uint32_t>(micros.size());
  micros_.insert(micros_.end(), micros.begin(), micros.end());
  operations_.push_back(added);
  return static_cast<OpIndex>(operations_.size() - 1);
}

size_t History::MemoryBytes() const {
  return operations_.capacity() * sizeof(Operation) + micros_.capacity() * sizeof(MicroOp) +
         lists_.capacity() * sizeof(Value);
}

std::string History::DescribeMicro(const MicroOp& micro) const {
  std::string out(MicroKindName(micro.kind));
  out += ' ' + values_.ToString(micro.key);
  if (micro.kind == MicroKind::kCas) out += ' ' + values_.ToString(micro.expected);
  if (!micro.known) {
    if (micro.kind == MicroKind::kCas || micro.kind == MicroKind::kContains) out += ' ' + values_.ToString(micro.value);
    return out + " ?";
  }
  if (micro.kind == MicroKind::kReadList) {
    out += " [";
    for (size_t i = 0; i < micro.list_size; ++i) {
      if (i > 0) out += ' ';
      if (i == 4 && micro.list_size > 12) {
        out += "... ";
        i = micro.list_size - 6;
      }
      out += values_.ToString(list(micro)[i]);
    }
    return out + ']';
  }
  out += ' ' + values_.ToString(micro.value);
  if (micro.kind == MicroKind::kIncrement && !micro.expected.is_nil()) {
    out += " to " + values_.ToString(micro.expected);
  }
  if (micro.kind == MicroKind::kCas) out += micro.success ? " applied" : " refused";
  if (micro.kind == MicroKind::kContains) out += micro.success ? " yes" : " no";
  return out;
}

std::string History::Describe(OpIndex op) const {
  const Operation& operation = operations_[op];
  std::string out = "op " + std::to_string(op);
  if (operation.invoke_line != 0) {
    out += " (line " + std::to_string(operation.invoke_line);
    if (operation.return_line != 0) out += "-" + std::to_string(operation.return_line);
    out += ')';
  }
  out += " by process " + std::to_string(operation.process) + ": ";
  bool first = true;
  for (const MicroOp& micro : micros(op)) {
    if (!first) out += ", ";
    first = false;
    out += DescribeMicro(micro);
  }
  switch (operation.outcome) {
    case Outcome::kOk: return out + "; ok";
    case Outcome::kFail: return out + "; failed";
    case Outcome::kUnknown: break;
  }
  return out + "; outcome unknown";
}

}  // namespace orrery::check
