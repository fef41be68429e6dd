#include "faults/anchor_watch.h"

namespace orrery::faults {

using sim::DiskOpKind;
using sim::PathClass;

void AnchorWatch::Add(const Anchor& anchor, std::function<void()> reached) {
  waiting_.push_back(Waiting{.anchor = anchor, .reached = std::move(reached)});
}

uint64_t AnchorWatch::CountOf(const Anchor& anchor) const {
  const NodeId node = NodeIdOf(anchor.store);
  switch (anchor.event) {
    case AnchorEvent::kBoot: return cluster_.world().BootCount(node);
    case AnchorEvent::kLogSync: return cluster_.world().DiskOf(node).done(DiskOpKind::kSync, PathClass::kWal);
    case AnchorEvent::kLogWrite: return cluster_.world().DiskOf(node).done(DiskOpKind::kWrite, PathClass::kWal);
    case AnchorEvent::kLeader: return cluster_.oracle().LeadershipsOf(anchor.store);
  }
  ORRERY_UNREACHABLE("an anchor of no kind");
}

bool AnchorWatch::IsReached(Waiting& waiting) const {
  const uint64_t count = CountOf(waiting.anchor);
  if (!waiting.counting) {
    waiting.counting = cluster_.world().BootCount(NodeIdOf(waiting.anchor.store)) >= waiting.anchor.boot;
    waiting.counted_before = count;
  }
  return waiting.counting && count >= waiting.counted_before + waiting.anchor.count;
}

void AnchorWatch::Look() {
  if (waiting_.empty()) return;
  std::vector<std::function<void()>> reached;
  std::erase_if(waiting_, [&](Waiting& waiting) {
    if (!IsReached(waiting)) return false;
    reached.push_back(std::move(waiting.reached));
    return true;
  });
  for (const std::function<void()>& call : reached) call();
}

}  // namespace orrery::faults
