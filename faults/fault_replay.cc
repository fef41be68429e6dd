#include "faults/fault_replay.h"

namespace orrery::faults {

FaultReplay::FaultReplay(SimCluster& cluster, FaultExecutor& executor, std::vector<FaultEntry> faults)
    : world_(cluster.world()), executor_(executor), anchors_(cluster) {
  for (FaultEntry& fault : faults) planned_.push_back(Planned{.fault = std::move(fault)});
}

void FaultReplay::Start() {
  for (Planned& planned : planned_) {
    const auto begin_later = [this, &planned] {
      world_.Schedule(world_.Now() + planned.fault.at, planned.fault.id, [this, &planned] { Begin(planned); });
    };
    if (!planned.fault.anchor) {
      begin_later();
      continue;
    }
    planned.state = State::kAnchored;
    anchors_.Add(*planned.fault.anchor, [&planned, begin_later] {
      planned.state = State::kWaiting;
      begin_later();
    });
  }
}

void FaultReplay::Begin(Planned& planned) {
  const Status done = executor_.Execute(planned.fault);
  planned.state = done.ok() ? State::kBegun : State::kRefused;
  planned.why = std::string(done.message());
  ++(done.ok() ? tally_.begun : tally_.left_out)[std::string(FaultName(planned.fault.kind))];
}

std::vector<StaleEntry> FaultReplay::Stale() const {
  std::vector<StaleEntry> stale;
  for (const Planned& planned : planned_) {
    switch (planned.state) {
      case State::kBegun: break;
      case State::kRefused: stale.push_back({planned.fault.id, planned.why}); break;
      case State::kWaiting: stale.push_back({planned.fault.id, "the run ended before its time"}); break;
      case State::kAnchored: stale.push_back({planned.fault.id, "its anchor was never reached"}); break;
    }
  }
  return stale;
}

}  // namespace orrery::faults
