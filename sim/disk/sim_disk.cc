#include "sim/disk/sim_disk.h"

#include "sim/disk/sim_file.h"

namespace orrery::sim {

std::string_view DiskOpKindName(DiskOpKind kind) {
  switch (kind) {
    case DiskOpKind::kCreate: return "create";
    case DiskOpKind::kWrite: return "write";
    case DiskOpKind::kTruncate: return "truncate";
    case DiskOpKind::kSync: return "sync";
    case DiskOpKind::kRename: return "rename";
    case DiskOpKind::kLink: return "link";
    case DiskOpKind::kRemove: return "remove";
    case DiskOpKind::kMakeDirectory: return "make_directory";
    case DiskOpKind::kSyncDirectory: return "sync_directory";
  }
  ORRERY_UNREACHABLE("disk operation");
}

namespace {

/// RocksDB numbers what is its own. What an import stages under other names may be given up, whatever became of it.
bool IsNumbered(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return name.find_first_not_of("0123456789") == name.find('.');
}

bool IsEngineWrite(const DiskOp& op) {
  const PathClass path_class = ClassOf(op.path);
  if (path_class != PathClass::kManifest && path_class != PathClass::kWal && path_class != PathClass::kTable)
    return false;
  if (path_class != PathClass::kManifest && !IsNumbered(op.path)) return false;
  return op.kind == DiskOpKind::kCreate || op.kind == DiskOpKind::kWrite || op.kind == DiskOpKind::kTruncate ||
         op.kind == DiskOpKind::kSync;
}

}  // namespace

SimDisk::SimDisk(SimDiskOptions options) : options_(std::move(options)) {}

SimDisk::~SimDisk() = default;

Status SimDisk::Refused(std::string_view path) const {
  return Status(StatusCode::kIoError, std::string(path) + ": this disk is gone for this process");
}

SimDisk::Admission SimDisk::Admit() {
  if (frozen_) return Admission::kRefused;
  ++mutations_;
  if (freeze_countdown_ == 0) return Admission::kGo;
  if (--freeze_countdown_ > 0) return Admission::kGo;
  frozen_ = true;
  Count(DiskFault::kMidOperation);
  return Admission::kFreezesNow;
}

Status SimDisk::Finish(const DiskOp& op, Status outcome) {
  const uint64_t head = (static_cast<uint64_t>(op.kind) << 8) | static_cast<uint64_t>(op.outcome);
  fingerprint_ = HashCombine(HashCombine(HashCombine(fingerprint_, head), op.path_hash), op.offset);
  fingerprint_ = HashCombine(HashCombine(fingerprint_, op.length), op.content_hash);
  if (op.outcome == StatusCode::kOk) {
    ++done_[static_cast<size_t>(op.kind)][static_cast<size_t>(ClassOf(op.path))];
  } else if (!frozen_ && IsEngineWrite(op)) {
    if (failed_writes_++ == 0) first_failed_write_ = op.outcome;
  }
  if (observer_) observer_(op);
  return outcome;
}

Random SimDisk::OperationKey(uint64_t path_hash) {
  return options_.random.Split(path_hash).Split(++operations_[path_hash]);
}

bool SimDisk::Fires(DiskFault fault, PathClass path_class, const Random& random) {
  if (!rules_.Fires(fault, path_class, random)) return false;
  Count(fault);
  return true;
}

void SimDisk::Charge(Duration typical, uint64_t bytes, Random random) {
  const DiskLatency& latency = options_.latency;
  if (typical <= Duration(0)) return;
  const uint64_t draw = random.Split("latency").NextU64();
  int64_t nanos = typical.count() / 2 + typical.count() * static_cast<int64_t>(draw % 256) / 256;
  if ((draw >> 8) % 128 == 0) nanos *= 8;  // The tail every disk has.
  nanos += static_cast<int64_t>(bytes * 1'000'000'000 / latency.bytes_per_second);
  debt_ += Duration(nanos * latency.slow_factor);
}

Duration SimDisk::TakeDebt() {
  const Duration debt = debt_;
  debt_ = Duration(0);
  return debt;
}

uint64_t SimDisk::used_bytes() const {
  uint64_t total = 0;
  tree_.ForEachFile([&total](const std::string&, DiskNode& file) { total += file.image.live().size(); });
  return total;
}

bool SimDisk::Overfull(uint64_t more_bytes) const {
  return options_.capacity_bytes != UINT64_MAX && used_bytes() + more_bytes > options_.capacity_bytes;
}

Status SimDisk::ChangeNames(DiskOpKind kind, std::string_view path, std::string_view other,
                            FunctionRef<Status()> change) {
  const Admission admission = Admit();
  if (admission == Admission::kRefused) return Refused(path);
  const uint64_t path_hash = Hash64(path);
  const Random random = OperationKey(path_hash);
  Status outcome;
  if (admission == Admission::kFreezesNow) {
    if (random.Split("mid operation").Chance(0.5)) change().IgnoreError();
    outcome = Refused(path);
  } else {
    Charge(kind == DiskOpKind::kSyncDirectory ? options_.latency.sync : options_.latency.write, 0, random);
    outcome = change();
  }
  const DiskOp op = {kind, path, path_hash, 0, 0, other.empty() ? 0 : Hash64(other), outcome.code()};
  return Finish(op, outcome);
}

Result<std::unique_ptr<File>> SimDisk::Open(std::string_view path, OpenMode mode) {
  ORRERY_ASSIGN_OR_RETURN(std::unique_ptr<SimFile> file, OpenFile(path, mode));
  return std::unique_ptr<File>(std::move(file));
}

Result<std::unique_ptr<SimFile>> SimDisk::OpenFile(std::string_view path, OpenMode mode) {
  if (frozen_) return Refused(path);
  std::shared_ptr<DiskNode> node = tree_.Find(path);
  if (node != nullptr) {
    if (node->is_directory) return Status(StatusCode::kInvalidArgument, std::string(path) + " is a folder");
    if (mode == OpenMode::kCreateExclusive) {
      return Status(StatusCode::kAlreadyExists, std::string(path) + " exists already");
    }
  } else {
    if (mode == OpenMode::kRead) return Status(StatusCode::kNotFound, std::string(path) + ": no such file");
    const auto create = [&]() -> Status {
      const Random random = options_.random.Split(Hash64(path)).Split("create").Split(mutations_);
      const bool overfull = Overfull(1);
      if (overfull) Count(DiskFault::kNoSpace);
      if (overfull || Fires(DiskFault::kNoSpace, ClassOf(path), random)) {
        return Status(StatusCode::kNoSpace, std::string(path) + ": no space left on the disk");
      }
      ORRERY_ASSIGN_OR_RETURN(node, tree_.Create(path, false));
      if (ClassOf(path) == PathClass::kWal) AddLog(path, node);
      return Status::Ok();
    };
    ORRERY_RETURN_IF_ERROR(ChangeNames(DiskOpKind::kCreate, path, "", create));
  }
  return std::unique_ptr<SimFile>(new SimFile(*this, std::string(path), std::move(node), mode != OpenMode::kRead));
}

Status SimDisk::Rename(std::string_view from, std::string_view to) {
  return ChangeNames(DiskOpKind::kRename, from, to, [&] { return tree_.Rename(from, to); });
}

Status SimDisk::Link(std::string_view from, std::string_view to) {
  return ChangeNames(DiskOpKind::kLink, from, to, [&] { return tree_.Link(from, to); });
}

Status SimDisk::Remove(std::string_view path) {
  return ChangeNames(DiskOpKind::kRemove, path, "", [&] { return tree_.Remove(path); });
}

Status SimDisk::MakeDirectory(std::string_view path) {
  if (frozen_) return Refused(path);
  if (const std::shared_ptr<DiskNode> node = tree_.Find(path); node != nullptr && node->is_directory) {
    return Status::Ok();
  }
  return ChangeNames(DiskOpKind::kMakeDirectory, path, "", [&] { return tree_.Create(path, true).status(); });
}

Status SimDisk::SyncDirectory(std::string_view path) {
  return ChangeNames(DiskOpKind::kSyncDirectory, path, "", [&]() -> Status {
    const std::shared_ptr<DiskNode> node = tree_.Find(path);
    if (node == nullptr || !node->is_directory) {
      return Status(StatusCode::kNotFound, std::string(path) + ": no such folder");
    }
    const Random random = options_.random.Split(Hash64(path)).Split("sync").Split(operations_[Hash64(path)]);
    if (Fires(DiskFault::kDirectorySyncError, PathClass::kOther, random)) {
      damaged_ = true;
      return Status(StatusCode::kIoError, std::string(path) + ": sync of the folder failed (injected)");
    }
    if (lying_sync_) {
      Count(DiskFault::kLyingSync);
    } else {
      tree_.SyncDirectory(*node);
    }
    return Status::Ok();
  });
}

Result<std::vector<std::string>> SimDisk::List(std::string_view path) {
  if (frozen_) return Refused(path);
  const std::shared_ptr<DiskNode> node = tree_.Find(path);
  if (node == nullptr || !node->is_directory) {
    return Status(StatusCode::kNotFound, std::string(path) + ": no such folder");
  }
  std::vector<std::string> names;
  for (const auto& [name, child] : node->live) names.push_back(name);
  return names;
}

Result<bool> SimDisk::Exists(std::string_view path) {
  if (frozen_) return Refused(path);
  return tree_.Find(path) != nullptr;
}

Result<bool> SimDisk::IsDirectory(std::string_view path) {
  if (frozen_) return Refused(path);
  const std::shared_ptr<DiskNode> node = tree_.Find(path);
  if (node == nullptr) return Status(StatusCode::kNotFound, std::string(path) + ": no such file or folder");
  return node->is_directory;
}

Result<uint64_t> SimDisk::SizeOf(std::string_view path) {
  if (frozen_) return Refused(path);
  const std::shared_ptr<DiskNode> node = tree_.Find(path);
  if (node == nullptr) return Status(StatusCode::kNotFound, std::string(path) + ": no such file or folder");
  return node->image.live().size();
}

}  // namespace orrery::sim
