#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace orrery::sim {

/// Every way the world hurts a node, disks aside (those stand in sim/disk/disk_fault.h). Counted when it
/// really happens, not when it is asked for.
enum class WorldFault : uint8_t {
  kClogSend,         ///< Nothing leaves a node; it waits.
  kClogReceive,      ///< Nothing reaches a node; it waits.
  kClogPair,         ///< Nothing passes between two sets; it waits.
  kClogOneWay,       ///< The same in one direction.
  kPartition,        ///< Two sets cannot talk; connections die after a silence.
  kPartitionOneWay,  ///< The same in one direction.
  kSlowLink,         ///< Latency times a factor, bandwidth divided by it.
  kReset,            ///< A connection was cut; a suffix was lost.
  kSilence,          ///< A connection died because nothing came through for too long.
  kLostMessage,      ///< A message was lost with its connection.
  kOldEpoch,         ///< A message arrived after its connection had ended.
  kDuplicate,        ///< A message arrived once more after its connection had ended.
  kQueueFull,        ///< A send queue overflowed; the connection ended.
  kProcessKill,      ///< kill -9.
  kPowerLoss,        ///< The machine died, and unsynced data with it.
  kCrashInDisk,      ///< One of both fell inside an operation of the disk.
  kRestart,          ///< A node ran again after an end.
  kGracefulStop,     ///< A node was asked to stop.
  kPause,            ///< A process stood still; then everything at once.
  kClockStepForward,
  kClockStepBack,
  kClockDrift,  ///< A rate was changed while running.
  kFreshJump,   ///< FreshNow() ran ahead within a turn.
  kLateTurn,    ///< A pause fell between a turn's look at the clock and its work.
};
constexpr int kWorldFaultCount = 24;

/// Stable name for traces, JSON and plans ("clog_send").
std::string_view WorldFaultName(WorldFault fault);

using WorldFaultCounts = std::array<uint64_t, kWorldFaultCount>;

enum class CrashKind : uint8_t {
  kProcessKill,  ///< The page cache survives; peers are told at once.
  kPowerLoss,    ///< Unsynced data is lost; peers notice by silence or by the next boot.
};
std::string_view CrashKindName(CrashKind kind);

}  // namespace orrery::sim
