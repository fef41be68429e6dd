#include "workloads/check/proof/random_histories.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "runtime/base/assert.h"

namespace orrery::check {

std::string_view LinearKindName(LinearKind kind) {
  switch (kind) {
    case LinearKind::kRegister: return "register";
    case LinearKind::kCasRegister: return "cas-register";
    case LinearKind::kBatch: return "batch";
    case LinearKind::kSet: return "set";
    case LinearKind::kQueue: return "queue";
  }
  ORRERY_UNREACHABLE("linear kind");
}

namespace {

class Maker {
 public:
  Maker(LinearKind kind, const SmallHistoryOptions& options, Random& random)
      : kind_(kind), options_(options), random_(random) {}

  Script Make() {
    const uint64_t target = 1 + random_.Below(options_.ops_max);
    Instant now = 0;
    std::vector<size_t> running;
    while (script_.ops.size() < target || !running.empty()) {
      const bool may_start = script_.ops.size() < target && running.size() < options_.concurrency_max;
      if (may_start && (running.empty() || random_.Chance(0.5))) {
        running.push_back(script_.ops.size());
        Start(++now);
        continue;
      }
      const size_t which = random_.Below(running.size());
      const size_t op = running[which];
      if (!happened_[op] && random_.Chance(0.5)) {
        Happen(op);
        continue;
      }
      if (!Finish(op, ++now)) continue;
      running.erase(running.begin() + static_cast<ptrdiff_t>(which));
    }
    if (random_.Chance(options_.corrupt)) Corrupt();
    return std::move(script_);
  }

 private:
  ScriptMicro Question() {
    ScriptMicro m;
    m.key = static_cast<uint32_t>(random_.Below(options_.keys));
    const int64_t fresh = 1 + static_cast<int64_t>(random_.Below(options_.values));
    m.value = fresh;
    const uint64_t dice = random_.Below(10);
    switch (kind_) {
      case LinearKind::kRegister:
      case LinearKind::kBatch:
        m.kind = dice < 5 ? MicroKind::kRead : MicroKind::kWrite;
        // Mostly unique values, so that the zones have their say.
        if (dice != 9 && kind_ == LinearKind::kRegister) m.value = ++unique_;
        break;
      case LinearKind::kCasRegister:
        m.kind = dice < 3 ? MicroKind::kRead : dice < 5 ? MicroKind::kWrite : MicroKind::kCas;
        m.expected = static_cast<int64_t>(random_.Below(options_.values + 1));
        break;
      case LinearKind::kSet: {
        static constexpr std::array kKinds = {MicroKind::kAdd, MicroKind::kRemove, MicroKind::kContains};
        m.kind = dice < 9 ? kKinds[dice / 3] : MicroKind::kReadList;
        break;
      }
      case LinearKind::kQueue:
        m.kind = dice < 5 ? MicroKind::kEnqueue : MicroKind::kDequeue;
        if (m.kind == MicroKind::kEnqueue && dice != 4) m.value = ++unique_;
        break;
    }
    if (HasAnswer(m.kind) && m.kind != MicroKind::kCas && m.kind != MicroKind::kContains) m.value = 0;
    if (HasAnswer(m.kind)) m.known = false;
    return m;
  }

  void Start(Instant now) {
    ScriptOp op;
    op.invoke = now;
    op.process = static_cast<uint32_t>(script_.ops.size());
    const uint64_t steps = kind_ == LinearKind::kBatch ? 1 + random_.Below(3) : 1;
    for (uint64_t i = 0; i < steps; ++i) op.micros.push_back(Question());
    script_.ops.push_back(std::move(op));
    happened_.push_back(false);
  }

  /// The operation takes effect on the true object and gets its answers.
  void Happen(size_t op) {
    happened_[op] = true;
    for (ScriptMicro& m : script_.ops[op].micros) Answer(m);
  }

  void Answer(ScriptMicro& m) {
    std::vector<int64_t>& object = objects_[m.key];
    const auto at = std::find(object.begin(), object.end(), m.value);
    switch (m.kind) {
      case MicroKind::kRead:
      case MicroKind::kDequeue:
        m.value = object.empty() ? 0 : object.front();
        if (m.kind == MicroKind::kDequeue && !object.empty()) object.erase(object.begin());
        break;
      case MicroKind::kWrite: object = {m.value}; break;
      case MicroKind::kCas:
        m.success = (object.empty() ? 0 : object.front()) == m.expected;
        if (m.success) object = {m.value};
        break;
      case MicroKind::kAdd:
        if (at == object.end()) object.push_back(m.value);
        break;
      case MicroKind::kRemove:
        if (at != object.end()) object.erase(at);
        break;
      case MicroKind::kContains: m.success = at != object.end(); break;
      case MicroKind::kReadList: m.list = object; break;
      case MicroKind::kEnqueue: object.push_back(m.value); break;
      default: ORRERY_UNREACHABLE("kind");
    }
    m.known = true;
  }

  void Forget(ScriptOp& op) {
    for (ScriptMicro& m : op.micros) {
      if (!HasAnswer(m.kind)) continue;
      m.known = false;
      if (m.kind != MicroKind::kCas && m.kind != MicroKind::kContains) m.value = 0;
      m.list.clear();
    }
  }

  /// False: it stays running, with unknown outcome, and may still happen.
  bool Finish(size_t op, Instant now) {
    ScriptOp& o = script_.ops[op];
    if (!happened_[op] && random_.Chance(options_.fail)) {
      o.outcome = Outcome::kFail;
      o.ret = now;
      Forget(o);
      return true;
    }
    if (o.outcome == Outcome::kUnknown || random_.Chance(options_.unknown)) {
      o.outcome = Outcome::kUnknown;
      Forget(o);
      const bool stays = !happened_[op] && random_.Chance(0.7);
      return !stays;
    }
    if (!happened_[op]) Happen(op);
    o.ret = now;
    return true;
  }

  void Corrupt() {
    std::vector<ScriptMicro*> answers;
    for (ScriptOp& op : script_.ops) {
      for (ScriptMicro& m : op.micros) {
        if (op.outcome == Outcome::kOk && HasAnswer(m.kind)) answers.push_back(&m);
      }
    }
    if (answers.empty()) return;
    ScriptMicro& m = *answers[random_.Below(answers.size())];
    if (m.kind == MicroKind::kCas || m.kind == MicroKind::kContains) {
      m.success = !m.success;
    } else if (m.kind == MicroKind::kReadList) {
      if (!m.list.empty() && random_.Chance(0.5)) {
        m.list.pop_back();
      } else {
        m.list.push_back(1 + static_cast<int64_t>(random_.Below(options_.values)));
      }
    } else {
      const int64_t most = std::max<int64_t>(unique_, static_cast<int64_t>(options_.values));
      m.value = random_.Between(0, most);
    }
  }

  LinearKind kind_;
  const SmallHistoryOptions& options_;
  Random& random_;
  Script script_;
  std::vector<bool> happened_;
  std::map<uint32_t, std::vector<int64_t>> objects_;
  int64_t unique_ = 0;
};

}  // namespace

Script RandomLinearHistory(LinearKind kind, const SmallHistoryOptions& options, Random& random) {
  return Maker(kind, options, random).Make();
}

void CorruptOneRead(Script& script, Random& random) {
  std::vector<ScriptMicro*> reads;
  std::map<uint32_t, std::vector<int64_t>> written;
  for (ScriptOp& op : script.ops) {
    for (ScriptMicro& m : op.micros) {
      if (IsRead(m.kind)) {
        if (m.known && op.outcome == Outcome::kOk) reads.push_back(&m);
      } else {
        written[m.key].push_back(m.value);
      }
    }
  }
  if (reads.empty()) return;
  ScriptMicro& m = *reads[random.Below(reads.size())];
  const std::vector<int64_t>& values = written[m.key];
  const int64_t other = values.empty() ? 0 : values[random.Below(values.size())];
  if (m.kind == MicroKind::kRead) {
    m.value = random.Chance(0.2) ? 0 : other;
    return;
  }
  const uint64_t how = random.Below(3);
  if (how == 0 && !m.list.empty()) m.list.pop_back();
  if (how == 1 && other != 0) m.list.push_back(other);
  if (how == 2 && m.list.size() > 1) std::swap(m.list[0], m.list[random.Below(m.list.size())]);
}

}  // namespace orrery::check
