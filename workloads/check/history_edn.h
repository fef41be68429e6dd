#pragma once

#include <string_view>

#include "runtime/base/status.h"
#include "workloads/check/history.h"

namespace orrery::check {

/// Reads a history as Jepsen and Elle write it: EDN maps, one per event, with :type (:invoke :ok :fail
/// :info), :process, :f and :value; alone on lines or together in one vector or list. Operations are
/// :f :txn (or none) with :value [[:append k v] [:r k vs] [:w k v]], and :read, :write, :cas of a single
/// register. Events of processes that are not numbers (:nemesis) are skipped. Other map keys are ignored.
///
/// Bad input: kInvalidArgument "line 12: ...", as in ReadJsonHistory.
Result<History> ReadEdnHistory(std::string_view text);

}  // namespace orrery::check
