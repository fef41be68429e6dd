#include "faults/fault_resolver.h"

#include <algorithm>

namespace orrery::faults {
namespace {

constexpr int64_t kHourNanos = 3'600'000'000'000;
constexpr uint64_t kRoomBytesMax = 20'000;
constexpr uint64_t kDiskOperationsMax = 60;

}  // namespace

std::optional<FaultEntry> FaultResolver::Resolve(FaultKind kind, Random random, Duration lasts) const {
  FaultEntry fault;
  fault.kind = kind;
  if (FaultFieldsOf(kind).lasts) fault.lasts = lasts;
  bool found = false;
  switch (FamilyOf(kind)) {
    case FaultFamily::kNetwork: found = ResolveNetwork(fault, random, lasts); break;
    case FaultFamily::kProcess: found = ResolveProcess(fault, random, lasts); break;
    case FaultFamily::kDisk: found = ResolveDisk(fault, random); break;
    case FaultFamily::kClock: found = ResolveClock(fault, random); break;
    case FaultFamily::kOperator: found = ResolveMembership(fault, random); break;
  }
  return found ? std::optional(fault) : std::nullopt;
}

bool FaultResolver::TakeAim(FaultEntry& fault, Aim aim, StoreId there) const {
  const FaultFields& fields = FaultFieldsOf(fault.kind);
  if (fields.targets != FaultFields::Nodes::kOneStore) return true;
  const StoreId victim = aim == Aim::kThere    ? there
                         : aim == Aim::kLeader ? cluster_.oracle().leader()
                                               : cluster_.oracle().deposed();
  if (!victim.valid()) return false;
  fault.targets = {NodeIdOf(victim)};
  if (fields.others == FaultFields::Nodes::kOneStore) return fault.others != fault.targets;
  if (fields.others == FaultFields::Nodes::kSomeNodes) fault.others = OthersThan(victim);
  return true;
}

std::vector<NodeId> FaultResolver::OthersThan(StoreId victim) const {
  std::vector<NodeId> others;
  for (const StoreId store : cluster_.stores()) {
    if (store != victim) others.push_back(NodeIdOf(store));
  }
  return others;
}

bool FaultResolver::ResolveNetwork(FaultEntry& fault, Random& random, Duration lasts) const {
  switch (fault.kind) {
    case FaultKind::kSwizzleClog: Swizzle(fault, random, lasts); return true;
    case FaultKind::kFadingLeader: return Fade(fault, random, lasts);
    case FaultKind::kPartitionHalves:
    case FaultKind::kPartitionOneWay: return Halves(fault, random);
    case FaultKind::kPartitionRing: return true;
    case FaultKind::kDelayedDuplicates: Resets(fault, random, lasts); return true;
    default: break;
  }
  const StoreId victim = LeaderOrAny(random);
  const StoreId other = AnyStore(random);
  fault.targets = {NodeIdOf(victim)};
  if (fault.kind == FaultKind::kSlowLink) fault.amount = random.Between(10, 1000);
  if (fault.kind == FaultKind::kStranger) {
    const std::vector<std::string_view>& how = FaultFieldsOf(fault.kind).how;
    fault.how = how[random.Split("how").Below(how.size())];
    fault.amount = static_cast<int64_t>(random.Split("garbage").NextU64() >> 1);
  }
  switch (FaultFieldsOf(fault.kind).others) {
    case FaultFields::Nodes::kNone: return true;
    case FaultFields::Nodes::kOneStore: fault.others = {NodeIdOf(other)}; return other != victim;
    case FaultFields::Nodes::kSomeNodes: break;  // All the others.
  }
  fault.others = OthersThan(victim);
  return !fault.others.empty();
}

void FaultResolver::Swizzle(FaultEntry& fault, const Random& random, Duration lasts) const {
  // Clogged one after the other over the first half, released in an order of its own over the second.
  for (const StoreId store : cluster_.stores()) {
    Random draw = random.Split(store.value());
    if (!draw.Chance(0.6)) continue;
    const Duration half = lasts / 2;
    const Duration begin(draw.Between(0, half.count()));
    const Duration end = half + Duration(draw.Between(0, half.count()));
    fault.steps.push_back(FaultStep{.after = begin, .store = store, .until = end});
  }
}

/// Half of the followers lose the leader early, so that their patience is over when one more loses it and restarts: a
/// quorum without the leader, whose lease rests on the last one's word.
bool FaultResolver::Fade(FaultEntry& fault, Random& random, Duration lasts) const {
  const StoreId leader = cluster_.oracle().leader();
  if (!leader.valid() || !cluster_.members().contains(leader)) return false;
  std::vector<StoreId> followers;
  for (const StoreId store : cluster_.members()) {
    if (store != leader) followers.push_back(store);
  }
  const size_t early = cluster_.members().size() / 2;
  if (early == 0 || followers.size() <= early) return false;
  for (size_t i = 0; i <= early; ++i) {
    std::swap(followers[i], followers[i + random.Split("follower").Split(i).Below(followers.size() - i)]);
    Random draw = random.Split("step").Split(i);
    const bool last = i == early;
    const int64_t low = last ? lasts.count() / 3 : 0;
    const int64_t high = last ? lasts.count() * 3 / 4 : lasts.count() / 4;
    const Duration after(draw.Between(low, high));
    fault.steps.push_back(FaultStep{.after = after, .store = followers[i], .until = lasts});
  }
  fault.targets = {NodeIdOf(leader)};
  fault.others = {NodeIdOf(followers[early])};
  return true;
}

bool FaultResolver::Halves(FaultEntry& fault, Random& random) const {
  for (const NodeId node : cluster_.world().nodes()) {
    (random.Chance(0.5) ? fault.targets : fault.others).push_back(node);
  }
  return !fault.targets.empty() && !fault.others.empty();
}

void FaultResolver::Resets(FaultEntry& fault, const Random& random, Duration lasts) const {
  for (const StoreId store : cluster_.stores()) {
    for (const StoreId peer : cluster_.stores()) {
      if (store >= peer) continue;
      Random draw = random.Split(store.value()).Split(peer.value());
      const Duration at(draw.Between(0, lasts.count()));
      fault.steps.push_back(FaultStep{.after = at, .store = store, .peer = peer});
    }
  }
}

bool FaultResolver::ResolveProcess(FaultEntry& fault, Random& random, Duration lasts) const {
  if (fault.kind == FaultKind::kPowerLossAll) {
    BlackOut(fault, random, lasts);
    return true;
  }
  const StoreId leader = cluster_.oracle().leader();
  const std::optional<StoreId> victim = fault.kind == FaultKind::kRestartInLease
                                            ? (leader.valid() ? std::optional(leader) : std::nullopt)
                                            : AnyUp(random);
  if (!victim) return false;
  fault.targets = {NodeIdOf(*victim)};
  if (fault.kind == FaultKind::kCrashLoop) CrashLoop(fault, random);
  return true;
}

void FaultResolver::BlackOut(FaultEntry& fault, const Random& random, Duration lasts) const {
  for (const StoreId store : cluster_.stores()) {
    Random draw = random.Split(store.value());
    const Duration back(draw.Between(0, lasts.count()));
    fault.steps.push_back(FaultStep{.after = back, .store = store});
  }
}

void FaultResolver::CrashLoop(FaultEntry& fault, Random& random) const {
  const int64_t times = random.Between(2, 6);
  Duration at{0};
  for (int64_t i = 0; i < times; ++i) {
    at += Duration(random.Between(1'000'000, 1'000'000'000));
    const bool power = random.Chance(0.5);
    fault.steps.push_back(FaultStep{.after = at, .how = power ? "power_loss" : "process_kill"});
  }
}

bool FaultResolver::ResolveDisk(FaultEntry& fault, Random& random) const {
  const bool member = fault.kind == FaultKind::kBitFlip || fault.kind == FaultKind::kRottenSectors ||
                      fault.kind == FaultKind::kDirectorySyncError;
  const StoreId victim = member ? AnyMember(random) : LeaderOrAny(random);
  fault.targets = {NodeIdOf(victim)};
  switch (fault.kind) {
    case FaultKind::kFsyncError: {
      const bool manifest = random.Chance(0.1);
      const bool wal = random.Chance(0.7);
      fault.how = manifest ? "manifest" : (wal ? "wal" : "table");
      return true;
    }
    case FaultKind::kWriteError: {
      const bool whole = random.Chance(0.5);
      const bool wal = random.Chance(0.7);
      fault.how = std::string(whole ? "write_error" : "short_write") + (wal ? "_wal" : "_table");
      return true;
    }
    case FaultKind::kDiskFull: fault.amount = static_cast<int64_t>(random.Below(kRoomBytesMax)); return true;
    case FaultKind::kSlowDisk: fault.amount = random.Between(5, 200); return true;
    case FaultKind::kLateJob: {
      const uint64_t lane = random.Below(10);
      fault.how = lane < 6 ? "commit" : lane < 9 ? "background" : "read";
      return true;
    }
    case FaultKind::kBitFlip: {
      const bool wal = random.Chance(0.3);
      const bool live = random.Split("live").Chance(0.5);
      fault.how = wal ? "wal" : live ? "live_tables" : "table";
      fault.amount = static_cast<int64_t>(random.Split("flip").NextU64() >> 1);
      return true;
    }
    case FaultKind::kRottenSectors: {
      fault.how = random.Chance(0.5) ? "live_tables" : "table";
      fault.amount = static_cast<int64_t>(random.Split("rot").NextU64() >> 1);
      return true;
    }
    case FaultKind::kCrashInWrite: {
      fault.amount = static_cast<int64_t>(1 + random.Below(kDiskOperationsMax));
      fault.how = random.Chance(0.7) ? "power_loss" : "process_kill";
      return true;
    }
    case FaultKind::kReadError: {
      constexpr int64_t kPercents[] = {1, 5, 30, 100};
      const std::vector<std::string_view>& how = FaultFieldsOf(fault.kind).how;
      fault.how = how[random.Below(how.size())];
      fault.amount = kPercents[random.Below(std::size(kPercents))];
      return true;
    }
    default: return true;
  }
}

bool FaultResolver::ResolveClock(FaultEntry& fault, Random& random) const {
  fault.targets = {NodeIdOf(LeaderOrAny(random))};
  const int64_t limit = fault.kind == FaultKind::kWallStep ? kHourNanos : kDriftPpbMax;
  fault.amount = random.Between(-limit, limit);
  return true;
}

bool FaultResolver::ResolveMembership(FaultEntry& fault, Random& random) const {
  if (FaultFieldsOf(fault.kind).others == FaultFields::Nodes::kNone) {
    fault.targets = {NodeIdOf(AnyMember(random))};
    if (fault.kind == FaultKind::kReaddStore) fault.how = random.Chance(0.5) ? "up" : "down";
    return true;
  }
  const StoreId spare = AnyStore(random);
  fault.targets = {NodeIdOf(AnyMember(random))};
  fault.others = {NodeIdOf(spare)};
  return fault.targets != fault.others;
}

StoreId FaultResolver::AnyStore(Random& random) const {
  return cluster_.stores()[random.Below(cluster_.stores().size())];
}

StoreId FaultResolver::AnyMember(Random& random) const {
  const std::vector<StoreId> members(cluster_.members().begin(), cluster_.members().end());
  return members[random.Below(members.size())];
}

StoreId FaultResolver::LeaderOrAny(Random& random) const {
  const StoreId leader = cluster_.oracle().leader();
  const bool aim = random.Chance(0.5);
  const StoreId any = AnyStore(random);
  return aim && leader.valid() ? leader : any;
}

std::optional<StoreId> FaultResolver::AnyUp(Random& random) const {
  std::vector<StoreId> up;
  for (const StoreId store : cluster_.stores()) {
    if (cluster_.world().IsUp(NodeIdOf(store))) up.push_back(store);
  }
  if (up.empty()) return std::nullopt;
  const StoreId leader = cluster_.oracle().leader();
  const bool aim = random.Chance(0.4);
  if (aim && std::find(up.begin(), up.end(), leader) != up.end()) return leader;
  return up[random.Below(up.size())];
}

}  // namespace orrery::faults
