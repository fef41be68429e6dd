#include "sim/faults.h"

namespace orrery::sim {

std::string_view WorldFaultName(WorldFault fault) {
  switch (fault) {
    case WorldFault::kClogSend: return "clog_send";
    case WorldFault::kClogReceive: return "clog_receive";
    case WorldFault::kClogPair: return "clog_pair";
    case WorldFault::kClogOneWay: return "clog_one_way";
    case WorldFault::kPartition: return "partition";
    case WorldFault::kPartitionOneWay: return "partition_one_way";
    case WorldFault::kSlowLink: return "slow_link";
    case WorldFault::kReset: return "connection_reset";
    case WorldFault::kSilence: return "connection_silence";
    case WorldFault::kLostMessage: return "lost_message";
    case WorldFault::kOldEpoch: return "old_epoch_message";
    case WorldFault::kDuplicate: return "duplicate_message";
    case WorldFault::kQueueFull: return "queue_full";
    case WorldFault::kProcessKill: return "process_kill";
    case WorldFault::kPowerLoss: return "power_loss";
    case WorldFault::kCrashInDisk: return "crash_in_disk";
    case WorldFault::kRestart: return "restart";
    case WorldFault::kGracefulStop: return "graceful_stop";
    case WorldFault::kPause: return "pause";
    case WorldFault::kClockStepForward: return "clock_step_forward";
    case WorldFault::kClockStepBack: return "clock_step_back";
    case WorldFault::kClockDrift: return "clock_drift";
    case WorldFault::kFreshJump: return "fresh_jump";
    case WorldFault::kLateTurn: return "late_turn";
  }
  return "unknown";
}

std::string_view CrashKindName(CrashKind kind) {
  return kind == CrashKind::kProcessKill ? "process_kill" : "power_loss";
}

}  // namespace orrery::sim
