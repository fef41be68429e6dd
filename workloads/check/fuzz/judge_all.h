#pragma once

#include "workloads/check/history.h"
#include "workloads/check/isolation.h"
#include "workloads/check/laws.h"
#include "workloads/check/linearizability.h"

namespace orrery::check {

/// Every checker on one history, for the fuzzers: each answers or refuses, none crashes.
inline void JudgeAll(const History& history) {
  for (TxnModel model : {TxnModel::kListAppend, TxnModel::kRwRegister}) {
    for (IsolationLevel level : {IsolationLevel::kReadCommitted, IsolationLevel::kStrongSnapshotIsolation,
                                 IsolationLevel::kStrictSerializable}) {
      const IsolationOptions options{.level = level, .linearizable_keys = true, .witness_edges_max = 10'000};
      (void)CheckIsolation(history, model, options).ok();
    }
  }
  const LinearizabilityOptions options{.steps_max = 10'000, .memory_bytes_max = 1 << 20, .minimize_steps_max = 10'000};
  (void)CheckLinearizability(history, *RegisterModel(), options).ok();
  (void)CheckLinearizability(history, *SetModel(), options).ok();
  (void)CheckLinearizability(history, *QueueModel(), options).ok();
  (void)CheckSetLaw(history).ok();
  (void)CheckCounterLaw(history).ok();
  (void)CheckBankLaw(history, {.total = 1, .accounts = 1}).ok();
  (void)CheckCycleLaw(history, {.nodes = 1}).ok();
  (void)CheckUniqueLaw(history).ok();
  (void)CheckMonotonicLaw(history).ok();
}

}  // namespace orrery::check
