#include "workloads/check/proof/agreement.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <set>

#include "runtime/base/assert.h"
#include "workloads/check/isolation.h"
#include "workloads/check/linearizability.h"
#include "workloads/check/proof/brute_force.h"
#include "workloads/check/proof/random_histories.h"
#include "workloads/check/proof/reference_store.h"
#include "workloads/check/proof/witness_check.h"

namespace orrery::check {

namespace {

constexpr std::array kLinearKinds = {LinearKind::kRegister, LinearKind::kCasRegister, LinearKind::kBatch,
                                     LinearKind::kSet, LinearKind::kQueue};
constexpr std::array kLevels = {IsolationLevel::kReadCommitted,
                                IsolationLevel::kSnapshotIsolation,
                                IsolationLevel::kStrongSessionSnapshotIsolation,
                                IsolationLevel::kStrongSnapshotIsolation,
                                IsolationLevel::kSerializable,
                                IsolationLevel::kStrongSessionSerializable,
                                IsolationLevel::kStrictSerializable};

bool IsSnapshotLevel(IsolationLevel level) {
  return level == IsolationLevel::kSnapshotIsolation || level == IsolationLevel::kStrongSessionSnapshotIsolation ||
         level == IsolationLevel::kStrongSnapshotIsolation;
}

std::string Dump(const History& history) {
  std::string out;
  for (OpIndex op = 0; op < history.size(); ++op) {
    const Operation& o = history.operation(op);
    out += "  [" + std::to_string(o.invoke) + "," + (o.ret == kOpen ? "open" : std::to_string(o.ret)) + "] " +
           (o.stale_read ? "stale " : "") + history.Describe(op) + "\n";
  }
  return out;
}

void Differ(Agreement& agreement, const History& history, const std::string& what) {
  if (agreement.differences++ == 0) agreement.first_difference = what + "\n" + Dump(history);
}

std::unique_ptr<ModelSpec> SpecOf(LinearKind kind) {
  if (kind == LinearKind::kSet) return SetModel();
  if (kind == LinearKind::kQueue) return QueueModel();
  return RegisterModel();
}

/// A witness must be broken by itself, when everything else is relaxed: checked by brute force on the reads
/// and writes it names, with writes and such widened to open if dropped is not an option.
void CompareLinear(const History& history, const ModelSpec& spec, Agreement& agreement) {
  ++agreement.histories;
  const bool allowed = BruteForceLinearizable(history);
  agreement.holds += allowed ? 1 : 0;
  for (const bool zones : {true, false}) {
    LinearizabilityOptions options;
    options.zones = zones;
    const CheckReport report = CheckLinearizability(history, spec, options).value();
    const Verdict expected = allowed ? Verdict::kHolds : Verdict::kBroken;
    if (report.verdict == expected) continue;
    return Differ(agreement, history,
                  std::string("checker (zones ") + (zones ? "on): " : "off): ") +
                      std::string(VerdictName(report.verdict)) +
                      ", brute force: " + std::string(VerdictName(expected)));
  }
}

/// Two committed writers of one key whose writes nobody read: their order is not known to the checker.
bool HasTwoUnreadWriters(const History& history) {
  std::map<std::pair<uint32_t, uint32_t>, bool> read;
  for (OpIndex op = 0; op < history.size(); ++op) {
    if (history.operation(op).outcome != Outcome::kOk) continue;
    for (const MicroOp& m : history.micros(op)) {
      if (m.kind != MicroKind::kReadList) continue;
      const auto list = history.list(m);
      std::set<uint32_t> own;
      for (const MicroOp& w : history.micros(op)) {
        if (w.kind == MicroKind::kAppend && w.key == m.key) own.insert(w.value.code());
      }
      for (Value value : list) {
        if (!own.contains(value.code())) read[{m.key.code(), value.code()}] = true;
      }
    }
  }
  std::map<uint32_t, std::set<OpIndex>> unread;
  for (OpIndex op = 0; op < history.size(); ++op) {
    if (history.operation(op).outcome != Outcome::kOk) continue;
    for (const MicroOp& m : history.micros(op)) {
      if (m.kind == MicroKind::kAppend && !read[{m.key.code(), m.value.code()}]) unread[m.key.code()].insert(op);
    }
  }
  return std::any_of(unread.begin(), unread.end(), [](const auto& entry) { return entry.second.size() > 1; });
}

bool HasUnknownWriter(const History& history) {
  for (OpIndex op = 0; op < history.size(); ++op) {
    if (history.operation(op).outcome != Outcome::kUnknown) continue;
    for (const MicroOp& m : history.micros(op)) {
      if (!IsRead(m.kind)) return true;
    }
  }
  return false;
}

/// "broken" is always promised to be right; is "holds", too?
bool HoldsIsPromised(const History& history, TxnModel model, IsolationLevel level, bool reads_before_writes) {
  if (model == TxnModel::kListAppend) return !IsSnapshotLevel(level) || !HasTwoUnreadWriters(history);
  return reads_before_writes && level != IsolationLevel::kReadCommitted && !HasUnknownWriter(history);
}

void CompareTxns(const History& history, TxnModel model, IsolationLevel level, bool reads_before_writes,
                 Agreement& agreement) {
  ++agreement.histories;
  const CheckReport report = CheckIsolation(history, model, {.level = level}).value();
  const bool allowed = BruteForceAllowed(history, model, level);
  agreement.holds += allowed ? 1 : 0;
  const std::string fault = WitnessFault(history, model, level, report);
  if (!fault.empty()) return Differ(agreement, history, "the witness is wrong: " + fault);
  if (report.holds() == allowed) return;
  if (report.holds() && !HoldsIsPromised(history, model, level, reads_before_writes)) {
    ++agreement.compared_one_way;
    return;
  }
  Differ(agreement, history,
         std::string(IsolationLevelName(level)) + ": brute force says " + (allowed ? "allowed" : "not allowed") +
             ", the checker says " + report.ToString());
}

Script RandomTxns(TxnModel model, Random& random, bool& reads_before_writes) {
  StoreOptions options;
  options.model = model;
  options.promise = static_cast<StorePromise>(random.Below(5));
  options.bug = random.Chance(0.5) ? static_cast<StoreBug>(random.Below(kStoreBugCount)) : StoreBug::kNone;
  options.txns = 2 + static_cast<uint32_t>(random.Below(4));
  options.clients = 1 + static_cast<uint32_t>(random.Below(4));
  options.micros_max = 1 + static_cast<uint32_t>(random.Below(3));
  options.keys_active = 1 + static_cast<uint32_t>(random.Below(2));
  options.unknown = random.Chance(0.3) ? 0.3 : 0.0;
  options.fail = 0.1;
  options.read_before_write = model == TxnModel::kRwRegister && random.Chance(0.6);
  options.final_reads = random.Chance(0.2);
  reads_before_writes = options.read_before_write;
  Script script = RunReferenceStore(options, random);
  if (random.Chance(0.3)) CorruptOneRead(script, random);
  if (random.Chance(0.2)) script.ops[random.Below(script.ops.size())].stale_read = true;
  return script;
}

std::string TxnName(TxnModel model, IsolationLevel level) {
  return std::string(model == TxnModel::kListAppend ? "list-append:" : "rw-register:") +
         std::string(IsolationLevelName(level));
}

}  // namespace

std::vector<std::string> AgreementNames() {
  std::vector<std::string> names;
  for (LinearKind kind : kLinearKinds) names.emplace_back(LinearKindName(kind));
  for (TxnModel model : {TxnModel::kListAppend, TxnModel::kRwRegister}) {
    for (IsolationLevel level : kLevels) names.push_back(TxnName(model, level));
  }
  return names;
}

Agreement CompareRandom(std::string_view name, uint64_t seed, uint64_t count) {
  Agreement agreement;
  const Random root = Random(seed).Split(name);
  for (LinearKind kind : kLinearKinds) {
    if (LinearKindName(kind) != name) continue;
    const auto spec = SpecOf(kind);
    for (uint64_t i = 0; i < count; ++i) {
      Random random = root.Split(i);
      SmallHistoryOptions options;
      options.keys = kind == LinearKind::kBatch ? 2 : 1;
      CompareLinear(RandomLinearHistory(kind, options, random).Build(), *spec, agreement);
    }
    return agreement;
  }
  for (TxnModel model : {TxnModel::kListAppend, TxnModel::kRwRegister}) {
    for (IsolationLevel level : kLevels) {
      if (TxnName(model, level) != name) continue;
      for (uint64_t i = 0; i < count; ++i) {
        Random random = root.Split(i);
        bool reads_before_writes = false;
        const Script script = RandomTxns(model, random, reads_before_writes);
        CompareTxns(script.Build(), model, level, reads_before_writes, agreement);
      }
      return agreement;
    }
  }
  ORRERY_UNREACHABLE("no such comparison");
}

namespace {

/// Calls `use` with every way `count` operations can overlap: invocations in order, returns anywhere after.
void ForAllOverlaps(uint32_t count, const std::function<void(const std::vector<std::pair<Instant, Instant>>&)>& use) {
  std::vector<std::pair<Instant, Instant>> spans(count, {0, 0});
  const std::function<void(uint32_t, std::vector<uint32_t>, Instant)> place =
      [&](uint32_t started, std::vector<uint32_t> running, Instant now) {
        if (started == count && running.empty()) return use(spans);
        if (started < count) {
          spans[started].first = now;
          std::vector<uint32_t> more = running;
          more.push_back(started);
          place(started + 1, more, now + 1);
        }
        for (size_t i = 0; i < running.size(); ++i) {
          spans[running[i]].second = now;
          std::vector<uint32_t> others = running;
          others.erase(others.begin() + static_cast<ptrdiff_t>(i));
          place(started, others, now + 1);
        }
      };
  place(0, {}, 1);
}

std::vector<ScriptOp> AllRegisterOps(bool cas) {
  std::vector<ScriptOp> all;
  const auto add = [&](ScriptMicro m) {
    for (Outcome outcome : {Outcome::kOk, Outcome::kFail, Outcome::kUnknown}) {
      const bool ok = outcome == Outcome::kOk;
      if (!ok && m.kind == MicroKind::kRead && m.value != 0) continue;
      if (!ok && m.kind == MicroKind::kCas && !m.success) continue;
      ScriptOp op;
      op.outcome = outcome;
      m.known = ok || !HasAnswer(m.kind);
      op.micros.push_back(m);
      all.push_back(op);
    }
  };
  for (int64_t value = 0; value <= 2; ++value) add({.kind = MicroKind::kRead, .value = value});
  for (int64_t value = 1; value <= 2; ++value) add({.kind = MicroKind::kWrite, .value = value});
  for (int64_t expected = 0; cas && expected <= 2; ++expected) {
    for (int64_t value = 1; value <= 2; ++value) {
      for (const bool applied : {true, false}) {
        add({.kind = MicroKind::kCas, .success = applied, .value = value, .expected = expected});
      }
    }
  }
  return all;
}

/// Every choice of one of `radix[i]` for each i.
void ForAllChoices(const std::vector<size_t>& radix, const std::function<void(const std::vector<size_t>&)>& use) {
  std::vector<size_t> choice(radix.size(), 0);
  if (std::find(radix.begin(), radix.end(), 0) != radix.end()) return;
  while (true) {
    use(choice);
    size_t i = 0;
    while (i < choice.size() && ++choice[i] == radix[i]) choice[i++] = 0;
    if (i == choice.size()) return;
  }
}

}  // namespace

Agreement CompareAllRegisters(uint32_t ops, bool cas) {
  Agreement agreement;
  const auto spec = RegisterModel();
  const std::vector<ScriptOp> kinds = AllRegisterOps(cas);
  for (uint32_t count = 1; count <= ops; ++count) {
    ForAllOverlaps(count, [&](const auto& spans) {
      ForAllChoices(std::vector<size_t>(count, kinds.size()), [&](const std::vector<size_t>& choice) {
        Script script;
        for (uint32_t i = 0; i < count; ++i) {
          script.ops.push_back(kinds[choice[i]]);
          script.ops.back().invoke = spans[i].first;
          script.ops.back().ret = spans[i].second;
          script.ops.back().process = i;
        }
        CompareLinear(script.Build(), *spec, agreement);
      });
    });
  }
  return agreement;
}

namespace {

/// Every list of distinct values of `values`, in any order.
std::vector<std::vector<int64_t>> AllLists(const std::vector<int64_t>& values) {
  std::vector<std::vector<int64_t>> lists{{}};
  for (size_t i = 0; i < lists.size(); ++i) {
    for (int64_t value : values) {
      if (std::find(lists[i].begin(), lists[i].end(), value) != lists[i].end()) continue;
      lists.push_back(lists[i]);
      lists.back().push_back(value);
    }
  }
  return lists;
}

void CompareAnswers(Script& script, Agreement& agreement) {
  std::map<uint32_t, std::vector<int64_t>> appended;
  std::vector<ScriptMicro*> reads;
  for (ScriptOp& op : script.ops) {
    for (ScriptMicro& m : op.micros) {
      if (m.kind == MicroKind::kAppend) appended[m.key].push_back(m.value);
      if (m.kind == MicroKind::kReadList) reads.push_back(&m);
    }
  }
  std::map<uint32_t, std::vector<std::vector<int64_t>>> lists;
  for (uint32_t key : {0u, 1u}) lists[key] = AllLists(appended[key]);
  std::vector<size_t> radix;
  for (ScriptMicro* read : reads) radix.push_back(lists[read->key].size());
  ForAllChoices(radix, [&](const std::vector<size_t>& choice) {
    for (size_t i = 0; i < reads.size(); ++i) reads[i]->list = lists[reads[i]->key][choice[i]];
    const History history = script.Build();
    for (IsolationLevel level : {IsolationLevel::kReadCommitted, IsolationLevel::kSnapshotIsolation,
                                 IsolationLevel::kSerializable, IsolationLevel::kStrictSerializable}) {
      CompareTxns(history, TxnModel::kListAppend, level, false, agreement);
    }
  });
}

}  // namespace

Agreement CompareAllLists(uint32_t txns, bool overlaps) {
  Agreement agreement;
  std::vector<std::vector<std::pair<Instant, Instant>>> layouts;
  ForAllOverlaps(txns, [&](const auto& spans) { layouts.push_back(spans); });
  if (!overlaps) layouts = {layouts.front(), layouts.back()};
  ForAllChoices(std::vector<size_t>(2 * txns, 4), [&](const std::vector<size_t>& shape) {
    for (const auto& spans : layouts) {
      Script script;
      for (uint32_t t = 0; t < txns; ++t) {
        ScriptOp op;
        op.invoke = spans[t].first;
        op.ret = spans[t].second;
        op.process = t;
        for (size_t i = 2 * t; i < 2 * t + 2; ++i) {
          const bool append = shape[i] < 2;
          op.micros.push_back({.kind = append ? MicroKind::kAppend : MicroKind::kReadList,
                               .key = static_cast<uint32_t>(shape[i] % 2),
                               .value = append ? static_cast<int64_t>(i + 1) : 0});
        }
        script.ops.push_back(std::move(op));
      }
      CompareAnswers(script, agreement);
    }
  });
  return agreement;
}

}  // namespace orrery::check
