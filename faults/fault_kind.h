#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace orrery::faults {

/// What may be done to a simulated cluster. The name of each stands in fault_kind.cc, with what it does.
enum class FaultKind : uint8_t {
  // Network.
  kClogSend,
  kClogReceive,
  kClogPair,
  kClogOneWay,
  kSwizzleClog,
  kFadingLeader,
  kPartitionHalves,
  kPartitionIsolate,
  kPartitionRing,
  kPartitionOneWay,
  kResetConnections,
  kSlowLink,
  kDelayedDuplicates,
  kQueueFull,
  kStranger,
  // Process.
  kKill,
  kPowerLoss,
  kPowerLossAll,
  kPause,
  kCrashLoop,
  kRestartInLease,
  kGracefulRestart,
  // Disk.
  kFsyncError,
  kWriteError,
  kDiskFull,
  kSlowDisk,
  kStuckDisk,
  kLateJob,
  kBitFlip,
  kRottenSectors,
  kLostDisk,
  kCrashInWrite,
  kReadError,
  kDirectorySyncError,
  // Clock.
  kWallStep,
  kClockDrift,
  // The operator.
  kTransferLeader,
  kReplaceStore,
  kCompactLog,
  kReaddStore,
};

/// The parts of the list above.
enum class FaultFamily : uint8_t { kNetwork, kProcess, kDisk, kClock, kOperator };
FaultFamily FamilyOf(FaultKind kind);

/// What happens in a cluster that a fault may be aimed at.
enum class Moment : uint8_t {
  kElection,  ///< A replica has become leader; the others have not heard of it.
  kChange,    ///< A replica has taken up a joint configuration, or left it.
  kInstall,   ///< A replica begins to put a snapshot in the place of its state.
  kSend,      ///< A store begins to send its state to another; nothing of it has been read yet.
  kReceive,   ///< The same, seen from the other: nothing of it has arrived.
};
constexpr size_t kMomentCount = 5;

/// Whom a fault hits that hits one store.
enum class Aim : uint8_t {
  kUsual,    ///< Any store, leaders more often.
  kLeader,   ///< The one that leads.
  kDeposed,  ///< The one that led before.
  kThere,    ///< Where the moment came.
};

struct FaultInfo {
  FaultKind kind;
  std::string_view name;   ///< As scenarios write it.
  std::string_view words;  ///< What it does.
};

/// Every kind, in the order of the enum.
const std::vector<FaultInfo>& AllFaults();
std::string_view FaultName(FaultKind kind);
std::optional<FaultKind> FaultByName(std::string_view name);

}  // namespace orrery::faults
