#include <fmt/core.h>

#include "faults/nemesis.h"
#include "storage/wal_check.h"

namespace orrery::faults {

using sim::CrashKind;
using sim::DiskFault;
using sim::PathClass;

namespace {

constexpr int64_t kDriftPpbMax = 45'000'000;  // Two stores differ by less than the 10 % that leases allow for.

constexpr char kEngineFolder[] = "engine";  // EngineOptions::folder.

}  // namespace

bool Nemesis::StrikeProcess(Strike& strike) {
  const std::optional<StoreId> victim = AnyUp(strike.random);
  if (!victim) return false;
  const NodeId node = NodeIdOf(*victim);
  switch (strike.kind) {
    case FaultKind::kKill: return CrashForAWhile(strike, CrashKind::kProcessKill);
    case FaultKind::kPowerLoss: return CrashForAWhile(strike, CrashKind::kPowerLoss);
    case FaultKind::kPowerLossAll: return BlackOut(strike);
    case FaultKind::kPause: world_.PauseFor(node, strike.lasts); return true;
    case FaultKind::kCrashLoop: return CrashLoop(strike);
    case FaultKind::kRestartInLease: {
      const StoreId leader = cluster_.oracle().leader();
      if (!leader.valid() || !world_.IsUp(NodeIdOf(leader))) return false;
      world_.Restart(NodeIdOf(leader), CrashKind::kProcessKill);
      return true;
    }
    case FaultKind::kGracefulRestart: world_.RequestStop(node); return true;
    default: ORRERY_UNREACHABLE(FaultName(strike.kind));
  }
}

bool Nemesis::CrashForAWhile(Strike& strike, CrashKind kind) {
  const std::optional<StoreId> victim = AnyUp(strike.random);
  if (!victim) return false;
  world_.Crash(NodeIdOf(*victim), kind);
  cluster_.HoldDown(*victim, true);
  Later(strike, strike.lasts, "boot", [this, store = *victim] {
    cluster_.HoldDown(store, false);
    cluster_.EnsureUp(store);
  });
  return true;
}

bool Nemesis::BlackOut(Strike& strike) {
  for (const StoreId store : cluster_.stores()) {
    world_.Crash(NodeIdOf(store), CrashKind::kPowerLoss);
    cluster_.HoldDown(store, true);
    Random draw = strike.random.Split(store.value());
    const Duration back(draw.Between(0, strike.lasts.count()));
    Later(strike, back, fmt::format("boot{}", store.value()), [this, store] {
      cluster_.HoldDown(store, false);
      cluster_.EnsureUp(store);
    });
  }
  return true;
}

bool Nemesis::CrashLoop(Strike& strike) {
  const std::optional<StoreId> victim = AnyUp(strike.random);
  if (!victim) return false;
  const int64_t times = strike.random.Between(2, 6);
  Duration at{0};
  for (int64_t i = 0; i < times; ++i) {
    at += Duration(strike.random.Between(1'000'000, 1'000'000'000));
    const CrashKind kind = strike.random.Chance(0.5) ? CrashKind::kPowerLoss : CrashKind::kProcessKill;
    Later(strike, at, fmt::format("crash{}", i), [this, node = NodeIdOf(*victim), kind] {
      if (world_.IsUp(node)) world_.Restart(node, kind);
    });
  }
  return true;
}

bool Nemesis::StrikeDisk(Strike& strike) {
  const StoreId victim = LeaderOrAny(strike.random);
  const NodeId node = NodeIdOf(victim);
  switch (strike.kind) {
    case FaultKind::kFsyncError: return FailSync(strike);
    case FaultKind::kWriteError: return FailWrite(strike);
    case FaultKind::kDiskFull: {
      sim::SimDisk& disk = world_.DiskOf(node);
      disk.SetCapacity(disk.used_bytes() + strike.random.Below(20'000));
      Later(strike, strike.lasts, "room", [&disk] { disk.SetCapacity(UINT64_MAX); });
      return true;
    }
    case FaultKind::kSlowDisk:
      world_.SetDiskSlow(node, static_cast<uint32_t>(strike.random.Between(5, 200)));
      Later(strike, strike.lasts, "fast", [this, node] { world_.SetDiskSlow(node, 1); });
      return true;
    case FaultKind::kStuckDisk:
      world_.SetDiskStuck(node, true);
      Later(strike, strike.lasts, "unstuck", [this, node] { world_.SetDiskStuck(node, false); });
      return true;
    case FaultKind::kBitFlip: return FlipBit(strike);
    case FaultKind::kLostDisk:
      if (!cluster_.members().contains(victim) || !cluster_.MayDamage(victim)) return false;
      cluster_.LoseDisk(victim);
      return true;
    case FaultKind::kCrashInWrite:
      if (!world_.IsUp(node)) return false;
      CrashInWrite(strike, victim);
      return true;
    default: ORRERY_UNREACHABLE(FaultName(strike.kind));
  }
}

void Nemesis::CrashInWrite(Strike& strike, StoreId victim) {
  // One draw per statement: compilers differ in the order in which they evaluate arguments.
  const uint64_t mutation = 1 + strike.random.Below(60);
  const CrashKind kind = strike.random.Chance(0.7) ? CrashKind::kPowerLoss : CrashKind::kProcessKill;
  world_.CrashAtDiskMutation(NodeIdOf(victim), mutation, kind);
  Later(strike, strike.lasts, "boot", [this, victim] { cluster_.EnsureUp(victim); });
}

bool Nemesis::FailSync(Strike& strike) {
  const StoreId victim = LeaderOrAny(strike.random);
  // A manifest whose sync failed may be unreadable after a power loss: that is damage, and has a budget.
  const bool manifest = strike.random.Chance(0.1);
  if (manifest) {
    if (!cluster_.members().contains(victim) || !cluster_.MayDamage(victim)) return false;
    cluster_.MarkDamaged(victim);
  }
  const PathClass where =
      manifest ? PathClass::kManifest : (strike.random.Chance(0.7) ? PathClass::kWal : PathClass::kTable);
  world_.DiskOf(NodeIdOf(victim)).SetFault(DiskFault::kSyncError, where, {.probability = 1, .times_max = 1});
  if (manifest) Later(strike, strike.lasts, "replace", [this, victim] { cluster_.AskToReplaceDamaged(victim); });
  return true;
}

bool Nemesis::FailWrite(Strike& strike) {
  const StoreId victim = LeaderOrAny(strike.random);
  const DiskFault fault = strike.random.Chance(0.5) ? DiskFault::kWriteError : DiskFault::kShortWrite;
  const PathClass where = strike.random.Chance(0.7) ? PathClass::kWal : PathClass::kTable;
  world_.DiskOf(NodeIdOf(victim)).SetFault(fault, where, {.probability = 1, .times_max = 1});
  return true;
}

bool Nemesis::FlipBit(Strike& strike) {
  const StoreId victim = AnyMember(strike.random);
  if (!cluster_.MayDamage(victim)) return false;
  const NodeId node = NodeIdOf(victim);
  world_.Crash(node, CrashKind::kPowerLoss);
  sim::SimDisk& disk = world_.DiskOf(node);
  const bool wal = strike.random.Chance(0.3);
  const auto flip = disk.FlipBit(wal ? PathClass::kWal : PathClass::kTable, sim::SimDisk::FlipWhere::kAnywhere,
                                 strike.random.Split("flip"));
  // Nothing vouches for the last synced batch of the log (docs/decisions/0002): rot there is outside of what the
  // design promises to notice, so it is taken back.
  const bool noticed = !wal || !CheckWalFolder(*disk.CrashClone(strike.random.Split("look")), kEngineFolder).ok();
  if (flip) {
    const std::string where = fmt::format("store {}: bit {} of {} at {}{}", victim.value(), flip->bit, flip->path,
                                          flip->offset, noticed ? "" : ", taken back");
    world_.RecordNote("nemesis", Hash64(where), where);
  }
  if (flip && noticed) cluster_.MarkDamaged(victim);
  if (flip && !noticed) disk.FlipBitAt(*flip);
  Later(strike, milliseconds(200), "boot", [this, victim] { cluster_.EnsureUp(victim); });
  Later(strike, strike.lasts, "replace", [this, victim] { cluster_.AskToReplaceDamaged(victim); });
  return true;
}

bool Nemesis::StrikeClock(Strike& strike) {
  const NodeId node = NodeIdOf(LeaderOrAny(strike.random));
  if (strike.kind == FaultKind::kWallStep) {
    world_.StepWallClock(node, Duration(strike.random.Between(-3'600'000'000'000, 3'600'000'000'000)));
  } else {
    world_.SetDrift(node, strike.random.Between(-kDriftPpbMax, kDriftPpbMax));
  }
  return true;
}

bool Nemesis::StrikeMembership(Strike& strike) {
  switch (strike.kind) {
    case FaultKind::kTransferLeader: cluster_.AskToTransfer(AnyMember(strike.random)); return true;
    case FaultKind::kCompactLog: cluster_.AskToCompact(AnyMember(strike.random)); return true;
    case FaultKind::kReplaceStore: {
      const StoreId spare = AnyStore(strike.random);
      const StoreId leaving = AnyMember(strike.random);
      if (cluster_.members().contains(spare) || !cluster_.OperatorIdle() || !cluster_.damaged().empty()) return false;
      cluster_.AskToReplace(leaving, spare);
      return true;
    }
    default: ORRERY_UNREACHABLE(FaultName(strike.kind));
  }
}

}  // namespace orrery::faults
