#pragma once

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include "workloads/check/isolation.h"
#include "workloads/check/proof/script.h"

namespace orrery::check {

// Short words for planted histories: append, list read, write, register read of a key.
inline constexpr uint32_t kX = 0;
inline constexpr uint32_t kY = 1;
inline constexpr uint32_t kZ = 2;

inline ScriptMicro A(uint32_t key, int64_t value) {
  return {.kind = MicroKind::kAppend, .key = key, .value = value};
}
inline ScriptMicro L(uint32_t key, std::vector<int64_t> list) {
  return {.kind = MicroKind::kReadList, .key = key, .list = std::move(list)};
}
inline ScriptMicro W(uint32_t key, int64_t value) {
  return {.kind = MicroKind::kWrite, .key = key, .value = value};
}
inline ScriptMicro R(uint32_t key, int64_t value) {
  return {.kind = MicroKind::kRead, .key = key, .value = value};
}

/// Transactions told one by one; all overlap unless Then() separates them.
class Tale {
 public:
  explicit Tale(TxnModel model = TxnModel::kListAppend) : model_(model) {}

  Tale& Txn(std::vector<ScriptMicro> micros, Outcome outcome = Outcome::kOk) {
    ScriptOp op;
    op.invoke = ++now_;
    op.process = process_.value_or(static_cast<uint32_t>(script_.ops.size()));
    op.outcome = outcome;
    op.micros = std::move(micros);
    script_.ops.push_back(std::move(op));
    if (outcome != Outcome::kOk) Unanswered();
    return *this;
  }
  /// The reads of the last transaction were not answered.
  Tale& Unanswered() {
    for (ScriptMicro& m : script_.ops.back().micros) m.known = !IsRead(m.kind);
    return *this;
  }
  /// The reads of the last transaction were answered, however it ended.
  Tale& Answered() {
    for (ScriptMicro& m : script_.ops.back().micros) m.known = true;
    return *this;
  }
  Tale& Unknown(std::vector<ScriptMicro> micros) { return Txn(std::move(micros), Outcome::kUnknown); }
  Tale& Aborted(std::vector<ScriptMicro> micros) { return Txn(std::move(micros), Outcome::kFail); }
  Tale& Stale() {
    script_.ops.back().stale_read = true;
    return *this;
  }
  /// Everything so far returns before anything later is invoked.
  Tale& Then() {
    for (; returned_ < script_.ops.size(); ++returned_) script_.ops[returned_].ret = ++now_;
    return *this;
  }
  /// Everything from here on is done by this process.
  Tale& By(uint32_t process) {
    process_ = process;
    return *this;
  }

  Result<CheckReport> Try(IsolationLevel level, bool linearizable_keys = false) {
    Then();
    return CheckIsolation(script_.Build(), model_, {.level = level, .linearizable_keys = linearizable_keys});
  }
  /// The gravest anomaly, or "" if the level holds.
  std::string At(IsolationLevel level) {
    const CheckReport report = Try(level).value();
    CHECK(report.holds() == report.anomalies.empty());
    return report.holds() ? "" : report.anomalies[0].name;
  }
  /// Edges of the dependency graph.
  uint64_t Edges(IsolationLevel level, bool linearizable_keys = false) {
    return Try(level, linearizable_keys).value().stats.steps;
  }
  /// The whole report.
  std::string Words(IsolationLevel level) { return Try(level).value().ToString(); }
  bool Has(IsolationLevel level, std::string_view name) { return Try(level).value().Has(name); }

 private:
  TxnModel model_;
  Script script_;
  Instant now_ = 0;
  size_t returned_ = 0;
  std::optional<uint32_t> process_;
};

}  // namespace orrery::check
