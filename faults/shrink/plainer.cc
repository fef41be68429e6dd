#include "faults/shrink/plainer.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <string>
#include <utility>

namespace orrery::faults {
namespace {

/// From the plainest. Each is told by a store and a time.
constexpr std::array kPlainFaults = {FaultKind::kKill,           FaultKind::kPowerLoss,  FaultKind::kPartitionIsolate,
                                     FaultKind::kTransferLeader, FaultKind::kCompactLog, FaultKind::kReaddStore};
constexpr Duration kUsualSpan = milliseconds(500);

/// The larger, the more there is to explain. At most the number of plain kinds.
size_t RankOf(FaultKind kind) {
  return static_cast<size_t>(std::find(kPlainFaults.begin(), kPlainFaults.end(), kind) - kPlainFaults.begin());
}

size_t RankOf(OperationKind kind) {
  if (kind == OperationKind::kPut) return 0;
  return kind == OperationKind::kGet ? 1 : 2;
}

/// A store and when something happens to it.
struct Place {
  NodeId store;
  Duration after{};
};

/// Every store of the fault once.
std::vector<Place> PlacesOf(const FaultEntry& fault) {
  std::vector<Place> places;
  const auto add = [&](NodeId node, Duration after) {
    const bool known =
        std::any_of(places.begin(), places.end(), [&](const Place& place) { return place.store == node; });
    if (!known && node.valid() && !IsClientNode(node)) places.push_back({node, after});
  };
  for (const NodeId node : fault.targets) add(node, {});
  // Of the other side of a partition whoever is alone there: all of a large one would be many tries for little.
  if (fault.others.size() == 1) add(fault.others.front(), {});
  for (const FaultStep& step : fault.steps) add(NodeId(step.store.value()), step.after);
  return places;
}

std::string FreeId(const Capsule& capsule, FaultKind kind) {
  std::set<std::string> taken;
  for (const FaultEntry& fault : capsule.faults) taken.insert(fault.id);
  for (size_t number = 1;; ++number) {
    std::string id = std::string(FaultName(kind)) + "#" + std::to_string(number);
    if (!taken.contains(id)) return id;
  }
}

/// As they are drawn: stores, so that clients still reach both sides.
std::vector<NodeId> OthersThan(NodeId node, const Capsule& capsule) {
  std::vector<NodeId> others;
  const uint64_t stores = capsule.cluster.stores + capsule.cluster.spares;
  for (uint64_t store = 1; store <= stores; ++store) {
    if (NodeId(store) != node) others.emplace_back(store);
  }
  return others;
}

FaultEntry Plain(FaultKind kind, const FaultEntry& fault, const Place& place, const Capsule& capsule) {
  const FaultFields& fields = FaultFieldsOf(kind);
  FaultEntry plain{.id = FreeId(capsule, kind),
                   .kind = kind,
                   .at = fault.at + place.after,
                   .anchor = fault.anchor,
                   .targets = {place.store}};
  if (fields.lasts) plain.lasts = FaultFieldsOf(fault.kind).lasts ? fault.lasts : kUsualSpan;
  if (fields.others == FaultFields::Nodes::kSomeNodes) plain.others = OthersThan(place.store, capsule);
  if (fields.has_how()) plain.how = fields.how.front();
  return plain;
}

/// As `entry` was drawn, but of another kind.
bool MakePlainer(OperationEntry& entry, OperationKind kind, const std::vector<OperationKind>& kinds) {
  const bool exists = std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
  if (!exists || RankOf(kind) >= RankOf(entry.operation.kind)) return false;
  entry.operation.kind = kind;
  entry.operation.detail = 0;
  return true;
}

}  // namespace

std::vector<Capsule> WithPlainerFault(const Capsule& capsule, size_t position) {
  const FaultEntry& fault = capsule.faults.at(position);
  std::vector<Capsule> plainer;
  for (size_t rank = 0; rank < RankOf(fault.kind); ++rank) {
    for (const Place& place : PlacesOf(fault)) {
      plainer.push_back(capsule);
      plainer.back().faults[position] = Plain(kPlainFaults[rank], fault, place, capsule);
    }
  }
  return plainer;
}

std::vector<Capsule> WithPlainerOperations(const Capsule& capsule) {
  std::vector<Capsule> plainer;
  for (const OperationKind kind : {OperationKind::kPut, OperationKind::kGet}) {
    Capsule all = capsule;
    bool any = false;
    for (CapsuleWorkload& workload : all.workloads) {
      const std::vector<OperationKind> kinds = OperationKindsOf(workload.name);
      for (OperationEntry& entry : workload.operations) any |= MakePlainer(entry, kind, kinds);
    }
    if (any) plainer.push_back(std::move(all));
  }
  for (size_t workload = 0; workload < capsule.workloads.size(); ++workload) {
    const std::vector<OperationKind> kinds = OperationKindsOf(capsule.workloads[workload].name);
    for (size_t index = 0; index < capsule.workloads[workload].operations.size(); ++index) {
      for (const OperationKind kind : {OperationKind::kPut, OperationKind::kGet}) {
        Capsule one = capsule;
        if (MakePlainer(one.workloads[workload].operations[index], kind, kinds)) plainer.push_back(std::move(one));
      }
    }
  }
  return plainer;
}

}  // namespace orrery::faults
