#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/base/function_ref.h"
#include "runtime/base/probe.h"
#include "runtime/base/random.h"
#include "runtime/base/time.h"
#include "runtime/disk.h"
#include "sim/disk/directory_tree.h"
#include "sim/disk/disk_fault.h"
#include "sim/disk/fault_rules.h"

namespace orrery::sim {

class SimFile;

enum class DiskOpKind : uint8_t {
  kCreate,
  kWrite,
  kTruncate,
  kSync,
  kRename,
  kLink,
  kRemove,
  kMakeDirectory,
  kSyncDirectory
};
constexpr int kDiskOpKindCount = 9;
/// Stable name for traces ("write").
std::string_view DiskOpKindName(DiskOpKind kind);

/// One operation that changed the disk, or failed to. For the fingerprint and the trace.
struct DiskOp {
  DiskOpKind kind;
  std::string_view path;  ///< As of the moment the file was opened. Dies after the callback.
  uint64_t path_hash;     ///< Hash64(path)
  uint64_t offset;
  uint64_t length;        ///< Bytes really written (less than asked for a short write).
  uint64_t content_hash;  ///< Hash64 of those bytes; for rename and link, of the other path.
  StatusCode outcome;
};

/// How long operations take. Spans are typical values; each operation draws its own by name.
struct DiskLatency {
  Duration read = microseconds(80);
  Duration write = microseconds(8);
  Duration sync = microseconds(400);
  uint64_t bytes_per_second = 500'000'000;
  uint32_t slow_factor = 1;  ///< Multiplies everything; above 1 the disk counts as slow.
};

struct SimDiskOptions {
  Random random;  ///< Key of this disk: split by node name. Every choice is f(this, path, local count).
  uint64_t capacity_bytes = UINT64_MAX;
  DiskLatency latency;
  /// Whether power loss may also leave holes in the unsynced tail of MANIFEST and CURRENT. RocksDB then
  /// refuses to open (hazard 4), which a run without injected faults must never see; so off.
  bool manifest_holes = false;
  Probes* probes = nullptr;
};

/// The disk of one simulated node. It survives boots; the node sees it as a Disk, the engine through
/// SimFileSystem, both over the same inodes. Single-threaded; operations never suspend: their latency
/// adds up in debt(), which the world collects and lets pass before it tells the caller.
///
/// What survives a power loss:
/// - bytes covered by a Sync that returned ok;
/// - an ordered prefix of the creates, links, renames and removes since the last SyncDirectory: at least all
///   up to the last one that touched a synced folder (a journalling file system, in order);
/// - of unsynced bytes: nothing, all, a random prefix, or any of them with 512-byte sectors zeroed or garbage.
/// After a Sync that failed, its bytes are never durable, though reads see them until the power goes and
/// later Syncs return ok. A process kill loses nothing.
class SimDisk final : public Disk {
 public:
  explicit SimDisk(SimDiskOptions options);
  ~SimDisk() override;
  SimDisk(const SimDisk&) = delete;
  SimDisk& operator=(const SimDisk&) = delete;

  // The node's face. See runtime/disk.h. "." and "" name the root.
  Result<std::unique_ptr<File>> Open(std::string_view path, OpenMode mode) override;
  Status Rename(std::string_view from, std::string_view to) override;
  Status Remove(std::string_view path) override;
  Status MakeDirectory(std::string_view path) override;
  Status SyncDirectory(std::string_view path) override;
  Result<std::vector<std::string>> List(std::string_view path) override;
  Result<bool> Exists(std::string_view path) override;

  // More for the engine's file system.
  Result<std::unique_ptr<SimFile>> OpenFile(std::string_view path, OpenMode mode);
  /// A second name for a file. kAlreadyExists if `to` is there.
  Status Link(std::string_view from, std::string_view to);
  /// kNotFound if missing.
  Result<bool> IsDirectory(std::string_view path);
  Result<uint64_t> SizeOf(std::string_view path);

  // The control surface: life and death.
  /// The fence: from now on every operation fails and nothing changes or is observed.
  void Freeze() { frozen_ = true; }
  /// Freezes inside the k-th changing operation from now (1 = the next): that operation fails, having had
  /// no effect or, for a write, a random prefix of it.
  void FreezeAtMutation(uint64_t k) { freeze_countdown_ = k; }
  bool frozen() const { return frozen_; }
  /// The process is gone: open files are dead for good, what was written stays. Freezes.
  void KillProcess();
  /// The machine is gone: see the class comment. Freezes.
  void LosePower();
  /// The next life begins: thaws. Requires: KillProcess, LosePower or Wipe came before.
  void Boot();
  /// A lost disk: empty, as new. Freezes. Faults and latency settings stay.
  void Wipe();
  /// A possible state of this disk after a power loss now; `this` is untouched. Booted, without faults.
  std::unique_ptr<SimDisk> CrashClone(Random random) const;

  // The control surface: faults.
  /// Puts a rule in force for a class of paths; probability 0 takes it back. Requires: one of the first group.
  void SetFault(DiskFault fault, PathClass path_class, FaultRate rate) { rules_.Set(fault, path_class, rate); }
  /// The same for all classes.
  void SetFaultEverywhere(DiskFault fault, FaultRate rate);
  /// Takes all rules back, and slow, stuck and the capacity limit.
  void ClearFaults();
  void SetCapacity(uint64_t bytes) { options_.capacity_bytes = bytes; }
  uint64_t used_bytes() const;
  void SetSlowFactor(uint32_t factor);
  /// A stuck disk answers nobody: the world neither starts nor completes its jobs. Operations called anyway work.
  void SetStuck(bool stuck);
  bool stuck() const { return stuck_; }
  bool slow() const { return options_.latency.slow_factor > 1; }
  /// From now on every Sync and SyncDirectory says ok, takes its time and makes nothing durable, as a disk with a
  /// volatile cache does: outside of what any design survives. ClearFaults() does not mend it.
  void SetLyingSync(bool lying) { lying_sync_ = lying; }

  /// kEnd: the last four sectors, from which a reader of a table learns where everything else lies.
  enum class RotWhere : uint8_t { kAnywhere, kFirstQuarter, kLastQuarter, kEnd };
  struct Flip {
    std::string path;
    uint64_t offset = 0;
    uint8_t bit = 0;
  };
  /// Flips one durable bit of one file of a class. Nothing if there is no durable byte in the class.
  std::optional<Flip> FlipBit(PathClass path_class, RotWhere where, Random random);
  struct BitPlace {
    uint64_t offset = 0;
    uint8_t bit = 0;
  };
  /// Which bit of a file with this content; nothing if none suits.
  using BitChooser = FunctionRef<std::optional<BitPlace>(ByteView content, Random& draws)>;
  /// The same, where `choose` says. Nothing, too, if it says nothing or the bit is not durable.
  std::optional<Flip> FlipChosenBit(PathClass path_class, BitChooser choose, Random random);
  /// Flips exactly this bit. Requires: it is durable.
  void FlipBitAt(const Flip& flip);
  struct BytePlace {
    std::string path;
    uint64_t offset = 0;
  };
  /// One durable sector of one file of a class holds something else: noise, zeros, ones, or what stands before it in
  /// the file (a write that went to the wrong place). Nothing if there is no durable byte in the class.
  /// (Bairavasundaram et al., "An Analysis of Data Corruption in the Storage Stack", FAST 2008: whole blocks go bad.)
  std::optional<BytePlace> RotSector(PathClass path_class, RotWhere where, Random random);

  // What happened.
  const DiskFaultCounts& fault_counts() const { return counts_; }
  /// The end of what this life has written into the engine's logs: how many it has made, the size of the newest.
  struct LogEnd {
    uint64_t logs = 0;
    uint64_t bytes = 0;
  };
  LogEnd EndOfLogs() const;
  /// Nothing if a power loss now would leave everything before `end`; else what it could take, for people. A log that
  /// was removed is one that nobody needs. A disk that lies about syncs is never called to account.
  std::optional<std::string> LosableBefore(LogEnd end) const;
  /// Whether a fault was injected that may make a reopen fail (failed syncs or reads, flips).
  bool was_damaged() const { return damaged_; }
  uint64_t mutations() const { return mutations_; }
  /// Creates, writes, truncates and syncs of the engine's logs, tables and manifests that failed in this life. Tables
  /// that an import stages are not the engine's yet.
  uint64_t failed_writes() const { return failed_writes_; }
  /// Why the first of them did; kOk before that.
  StatusCode first_failed_write() const { return first_failed_write_; }
  /// Operations of a kind on a class of files that succeeded, over all lives.
  uint64_t done(DiskOpKind kind, PathClass path_class) const {
    return done_[static_cast<size_t>(kind)][static_cast<size_t>(path_class)];
  }
  /// Number of the current life. Files opened in an earlier one are dead.
  uint64_t life() const { return life_; }
  /// Rolling hash of all DiskOps of all lives.
  uint64_t fingerprint() const { return fingerprint_; }
  void SetObserver(std::function<void(const DiskOp&)> observer) { observer_ = std::move(observer); }

  /// Time that operations took and nobody has paid yet.
  Duration debt() const { return debt_; }
  Duration TakeDebt();
  /// Adds to the debt what something else of this node's engine took (RocksDB's sleeps).
  void Charge(Duration span) { debt_ += span; }

 private:
  friend class SimFile;

  /// Whether a changing operation may begin; counts it and springs the FreezeAtMutation trap.
  enum class Admission : uint8_t { kGo, kFreezesNow, kRefused };
  Admission Admit();
  Status Refused(std::string_view path) const;
  /// Observes and hashes a finished operation.
  Status Finish(const DiskOp& op, Status outcome);
  /// A folder or name operation: admission, then `change`, then Finish.
  Status ChangeNames(DiskOpKind kind, std::string_view path, std::string_view other, FunctionRef<Status()> change);
  bool Fires(DiskFault fault, PathClass path_class, const Random& random);
  void Count(DiskFault fault);
  void AddLog(std::string_view path, const std::shared_ptr<DiskNode>& node);
  void Charge(Duration typical, uint64_t bytes, Random random);
  bool Overfull(uint64_t more_bytes) const;
  Random OperationKey(uint64_t path_hash);
  /// One file of a class that is not empty.
  std::optional<std::string> DrawFile(PathClass path_class, Random& draws) const;
  /// A durable byte of one file of a class.
  std::optional<BytePlace> DrawDurable(PathClass path_class, RotWhere where, Random& draws) const;
  void EndLife();

  SimDiskOptions options_;
  DirectoryTree tree_;
  FaultRules rules_;
  std::function<void(const DiskOp&)> observer_;
  DiskFaultCounts counts_{};
  std::array<std::array<uint64_t, kPathClassCount>, kDiskOpKindCount> done_{};
  /// The engine's logs that this life has made, oldest first, but for the first few, which were removed.
  struct Log {
    std::string path;
    std::shared_ptr<DiskNode> node;
  };
  std::deque<Log> logs_;
  uint64_t logs_forgotten_ = 0;
  /// Operations seen per path hash. Looked up only, never iterated.
  std::unordered_map<uint64_t, uint64_t> operations_;
  Duration debt_{0};
  uint64_t fingerprint_ = 0;
  uint64_t mutations_ = 0;
  uint64_t failed_writes_ = 0;
  StatusCode first_failed_write_ = StatusCode::kOk;
  uint64_t freeze_countdown_ = 0;
  uint64_t life_ = 1;
  uint64_t power_losses_ = 0;
  bool frozen_ = false;
  bool stuck_ = false;
  bool lying_sync_ = false;
  bool damaged_ = false;
};

}  // namespace orrery::sim
