#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace orrery::sim {

/// What a file is to the engine, by its name. Faults are aimed at classes, so that a plan survives code
/// changes that shift file numbers and operation counts.
enum class PathClass : uint8_t {
  kWal,       ///< "NNNNNN.log"
  kTable,     ///< "NNNNNN.sst"
  kManifest,  ///< "MANIFEST-NNNNNN"
  kCurrent,   ///< "CURRENT" and the temporary file renamed to it
  kOther,     ///< everything else: identity and node files, folders
};
constexpr int kPathClassCount = 5;

/// Class of a path; only the last component counts.
PathClass ClassOf(std::string_view path);
/// "wal", "table", "manifest", "current", "other".
std::string_view PathClassName(PathClass path_class);

/// Every way a disk hurts. The first group fails operations while a rule is in force (SimDisk::SetFault);
/// the rest are counted when they happen.
enum class DiskFault : uint8_t {
  kWriteError,          ///< WriteAt or Truncate fails; nothing was written.
  kShortWrite,          ///< WriteAt fails after a random prefix was written.
  kReadError,           ///< ReadAt fails.
  kSyncError,           ///< Sync fails; the unsynced bytes will never be durable, whatever later Syncs say.
  kDirectorySyncError,  ///< SyncDirectory fails; its operations stay pending.
  kNoSpace,             ///< A write or a create fails: over capacity, or by rule.

  kUnsyncedLost,      ///< Power loss dropped unsynced bytes of a file.
  kTornTail,          ///< Power loss kept a proper prefix of unsynced bytes.
  kSectorHole,        ///< Power loss kept unsynced bytes with zeroed or garbage sectors.
  kDirectoryOpsLost,  ///< Power loss dropped pending creates, removes or renames.
  kProcessKill,       ///< The process died; the page cache stayed.
  kPowerLoss,         ///< The machine died.
  kMidOperation,      ///< The disk froze inside an engine call (FreezeAtMutation).
  kBitFlip,           ///< A durable bit changed at rest.
  kSlow,              ///< The disk was told to be slow.
  kStuck,             ///< The disk was told to be stuck.
  kWiped,             ///< All content was lost.
  kLyingSync,         ///< A Sync or SyncDirectory said ok and made nothing durable.
  kRottenSector,      ///< A durable sector holds something else.
};
constexpr int kDiskFaultCount = 19;

/// Stable name for traces, JSON and fault plans ("sync_error").
std::string_view DiskFaultName(DiskFault fault);

/// How often each fault really happened.
using DiskFaultCounts = std::array<uint64_t, kDiskFaultCount>;

/// When a rule fires: at each operation of its class with `probability`, at most `times_max` times.
struct FaultRate {
  double probability = 0;
  uint64_t times_max = UINT64_MAX;
};

}  // namespace orrery::sim
