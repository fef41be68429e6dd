#include "workloads/check/proof/script.h"

#include <algorithm>
#include <numeric>

namespace orrery::check {

std::string ScriptKeyName(uint32_t key) {
  if (key < 3) return std::string(1, static_cast<char>('x' + key));
  return "k" + std::to_string(key);
}

History Script::Build() const {
  std::vector<size_t> order(ops.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return ops[a].invoke < ops[b].invoke; });
  History history;
  const auto value = [&](int64_t number) { return number == 0 ? kNil : history.Int(number); };
  std::vector<Value> keys;
  std::vector<Value> elements;
  for (size_t i : order) {
    const ScriptOp& op = ops[i];
    std::vector<MicroOp> micros;
    for (const ScriptMicro& m : op.micros) {
      while (keys.size() <= m.key) keys.push_back(history.Text(ScriptKeyName(static_cast<uint32_t>(keys.size()))));
      MicroOp micro{.kind = m.kind, .key = keys[m.key]};
      if (m.kind == MicroKind::kReadList && m.known) {
        elements.clear();
        for (int64_t element : m.list) elements.push_back(value(element));
        micro = history.ListRead(keys[m.key], elements);
      } else if (m.kind == MicroKind::kReadList) {
        micro.kind = MicroKind::kRead;
      }
      micro.known = m.known;
      micro.success = m.success;
      micro.value = value(m.value);
      micro.expected = value(m.expected);
      micros.push_back(micro);
    }
    Operation operation;
    operation.invoke = op.invoke;
    operation.ret = op.outcome == Outcome::kUnknown ? kOpen : op.ret;
    operation.process = op.process;
    operation.outcome = op.outcome;
    operation.stale_read = op.stale_read;
    history.Add(operation, micros);
  }
  return history;
}

}  // namespace orrery::check
