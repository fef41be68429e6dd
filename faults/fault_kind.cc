#include "faults/fault_kind.h"

#include "runtime/base/assert.h"

namespace orrery::faults {

const std::vector<FaultInfo>& AllFaults() {
  static const std::vector<FaultInfo> kAll = {
      {FaultKind::kClogSend, "clog_send", "nothing a store sends leaves for a while"},
      {FaultKind::kClogReceive, "clog_receive", "nothing sent to a store arrives for a while"},
      {FaultKind::kClogPair, "clog_pair", "two stores do not hear each other for a while"},
      {FaultKind::kClogOneWay, "clog_one_way", "one store does not hear one other for a while"},
      {FaultKind::kSwizzleClog, "swizzle_clog",
       "a random set of stores is clogged one by one, released in another order"},
      {FaultKind::kFadingLeader, "fading_leader",
       "followers lose their leader one by one; the one it would count on longest restarts just then"},
      {FaultKind::kPartitionHalves, "partition_halves", "the stores fall into two random halves"},
      {FaultKind::kPartitionIsolate, "partition_isolate", "one store, often the leader, is alone"},
      {FaultKind::kPartitionRing, "partition_ring", "each store hears only its neighbours in a ring"},
      {FaultKind::kPartitionOneWay, "partition_one_way", "one half does not hear the other, which hears it"},
      {FaultKind::kResetConnections, "reset_connections", "every connection of a store is reset"},
      {FaultKind::kSlowLink, "slow_link", "messages between two stores take much longer"},
      {FaultKind::kDelayedDuplicates, "delayed_duplicates", "messages of an ended connection arrive again, late"},
      {FaultKind::kQueueFull, "queue_full", "a store's send queues hold next to nothing"},
      {FaultKind::kStranger, "stranger", "a process of no cluster sends a store what no process should"},
      {FaultKind::kKill, "kill", "a process dies; what the disk was told, it keeps"},
      {FaultKind::kPowerLoss, "power_loss", "a machine loses power: unsynced data is lost or torn"},
      {FaultKind::kPowerLossAll, "power_loss_all", "all machines lose power at once and come back one by one"},
      {FaultKind::kPause, "pause", "a process stands still, then goes on as if nothing had been"},
      {FaultKind::kCrashLoop, "crash_loop", "a store crashes again and again soon after its start"},
      {FaultKind::kRestartInLease, "restart_in_lease", "the leader dies and is back within its lease"},
      {FaultKind::kGracefulRestart, "graceful_restart", "a store is asked to stop, and started again"},
      {FaultKind::kFsyncError, "fsync_error", "an fsync fails and its data is lost"},
      {FaultKind::kWriteError, "write_error", "a write fails, whole or in part"},
      {FaultKind::kDiskFull, "disk_full", "a disk is full for a while"},
      {FaultKind::kSlowDisk, "slow_disk", "a disk takes much longer for a while"},
      {FaultKind::kStuckDisk, "stuck_disk", "a disk does not answer for a while"},
      {FaultKind::kLateJob, "late_job", "one lane's next blocking job begins late, the other lanes overtake it"},
      {FaultKind::kBitFlip, "bit_flip",
       "a bit of the log flips while the store is down, or some bits of its tables; it is down, or runs"},
      {FaultKind::kRottenSectors, "rotten_sectors",
       "some sectors of a store's tables hold something else, often at a table's end; it is down, or runs"},
      {FaultKind::kLostDisk, "lost_disk", "a store loses its disk and comes back as a new member"},
      {FaultKind::kCrashInWrite, "crash_in_write", "power is lost in the middle of the n-th next disk operation"},
      {FaultKind::kReadError, "read_error", "reads of a disk fail for a while, some or all"},
      {FaultKind::kDirectorySyncError, "directory_sync_error", "an fsync of a folder fails"},
      {FaultKind::kWallStep, "wall_step", "a store's calendar clock jumps, either way"},
      {FaultKind::kClockDrift, "clock_drift", "a store's clock runs fast or slow within the allowed drift"},
      {FaultKind::kTransferLeader, "transfer_leader", "the operator hands leadership to another store"},
      {FaultKind::kReplaceStore, "replace_store", "the operator replaces a member by a spare store"},
      {FaultKind::kCompactLog, "compact_log", "the operator makes a store compact its log"},
      {FaultKind::kReaddStore, "readd_store",
       "the operator removes a member, up or down, and adds it again with its disk"},
  };
  return kAll;
}

FaultFamily FamilyOf(FaultKind kind) {
  if (kind <= FaultKind::kStranger) return FaultFamily::kNetwork;
  if (kind <= FaultKind::kGracefulRestart) return FaultFamily::kProcess;
  if (kind <= FaultKind::kDirectorySyncError) return FaultFamily::kDisk;
  return kind <= FaultKind::kClockDrift ? FaultFamily::kClock : FaultFamily::kOperator;
}

std::string_view FaultName(FaultKind kind) {
  const FaultInfo& info = AllFaults().at(static_cast<size_t>(kind));
  ORRERY_ASSERT(info.kind == kind);
  return info.name;
}

std::optional<FaultKind> FaultByName(std::string_view name) {
  for (const FaultInfo& info : AllFaults()) {
    if (info.name == name) return info.kind;
  }
  return std::nullopt;
}

}  // namespace orrery::faults
