#include "sim/disk/sim_file.h"

#include <limits>

namespace orrery::sim {

/// Larger files are a bug of the caller in any simulated world.
constexpr uint64_t kFileBytesMax = uint64_t{1} << 32;

SimFile::SimFile(SimDisk& disk, std::string path, std::shared_ptr<DiskNode> node, bool writable)
    : disk_(disk),
      path_(std::move(path)),
      path_hash_(Hash64(path_)),
      path_class_(ClassOf(path_)),
      life_(disk.life_),
      writable_(writable),
      node_(std::move(node)) {}

SimFile::~SimFile() = default;

bool SimFile::Dead() const {
  return disk_.frozen_ || life_ != disk_.life_;
}

Random SimFile::OperationKey() {
  return disk_.options_.random.Split(path_hash_).Split(++node_->operations);
}

Status SimFile::Fail(StatusCode code, std::string_view what) const {
  return Status(code, path_ + ": " + std::string(what));
}

Result<size_t> SimFile::ReadAt(uint64_t offset, std::span<char> out) {
  if (Dead()) return disk_.Refused(path_);
  const Random random = OperationKey();
  disk_.Charge(disk_.options_.latency.read, out.size(), random);
  if (disk_.Fires(DiskFault::kReadError, path_class_, random)) {
    disk_.damaged_ = true;
    return Fail(StatusCode::kIoError, "read failed (injected)");
  }
  return node_->image.ReadAt(offset, out);
}

Result<uint64_t> SimFile::SizeBytes() {
  if (Dead()) return disk_.Refused(path_);
  return node_->image.live().size();
}

Status SimFile::Append(ByteView data) {
  return WriteAt(node_->image.live().size(), data);
}

Status SimFile::WriteAt(uint64_t offset, ByteView data) {
  if (!writable_) return Fail(StatusCode::kInvalidArgument, "opened for reading");
  if (offset > kFileBytesMax - data.size()) return Fail(StatusCode::kTooLarge, "larger than a simulated file may be");
  if (Dead()) return disk_.Refused(path_);
  const Random random = OperationKey();
  const SimDisk::Admission admission = disk_.Admit();
  if (admission == SimDisk::Admission::kFreezesNow) {
    const uint64_t kept = random.Split("mid operation").Below(data.size() + 1);
    return WritePart(offset, data.substr(0, kept), disk_.Refused(path_));
  }
  disk_.Charge(disk_.options_.latency.write, data.size(), random);
  if (disk_.Fires(DiskFault::kWriteError, path_class_, random)) {
    return WritePart(offset, {}, Fail(StatusCode::kIoError, "write failed (injected)"));
  }
  if (disk_.Fires(DiskFault::kShortWrite, path_class_, random)) {
    const uint64_t kept = random.Split("short write").Below(data.size() + 1);
    return WritePart(offset, data.substr(0, kept), Fail(StatusCode::kIoError, "write fell short (injected)"));
  }
  if (LacksSpace(offset + data.size(), random)) {
    return WritePart(offset, {}, Fail(StatusCode::kNoSpace, "no space left on the disk"));
  }
  return WritePart(offset, data, Status::Ok());
}

bool SimFile::LacksSpace(uint64_t end, const Random& random) {
  const uint64_t size = node_->image.live().size();
  if (end > size && disk_.Overfull(end - size)) {
    disk_.Count(DiskFault::kNoSpace);
    return true;
  }
  return disk_.Fires(DiskFault::kNoSpace, path_class_, random);
}

Status SimFile::WritePart(uint64_t offset, ByteView data, Status outcome) {
  node_->image.WriteAt(offset, data);
  const DiskOp op = {DiskOpKind::kWrite, path_, path_hash_, offset, data.size(), Hash64(data), outcome.code()};
  return disk_.Finish(op, std::move(outcome));
}

Status SimFile::Truncate(uint64_t size_bytes) {
  if (!writable_) return Fail(StatusCode::kInvalidArgument, "opened for reading");
  if (size_bytes > kFileBytesMax) return Fail(StatusCode::kTooLarge, "larger than a simulated file may be");
  if (Dead()) return disk_.Refused(path_);
  const Random random = OperationKey();
  const SimDisk::Admission admission = disk_.Admit();
  Status outcome;
  if (admission == SimDisk::Admission::kFreezesNow) {
    outcome = disk_.Refused(path_);
  } else {
    disk_.Charge(disk_.options_.latency.write, 0, random);
    if (disk_.Fires(DiskFault::kWriteError, path_class_, random)) {
      outcome = Fail(StatusCode::kIoError, "truncate failed (injected)");
    } else if (LacksSpace(size_bytes, random)) {
      outcome = Fail(StatusCode::kNoSpace, "no space left on the disk");
    }
  }
  if (outcome.ok() || (admission == SimDisk::Admission::kFreezesNow && random.Split("mid operation").Chance(0.5))) {
    node_->image.Truncate(size_bytes);
  }
  return disk_.Finish({DiskOpKind::kTruncate, path_, path_hash_, size_bytes, 0, 0, outcome.code()}, outcome);
}

Status SimFile::Sync() {
  if (Dead()) return disk_.Refused(path_);
  const Random random = OperationKey();
  const SimDisk::Admission admission = disk_.Admit();
  Status outcome;
  if (admission == SimDisk::Admission::kFreezesNow) {
    if (random.Split("mid operation").Chance(0.5) && !disk_.lying_sync_) node_->image.Sync();
    outcome = disk_.Refused(path_);
  } else {
    disk_.Charge(disk_.options_.latency.sync, 0, random);
    if (disk_.Fires(DiskFault::kSyncError, path_class_, random)) {
      disk_.damaged_ = true;
      node_->image.FailSync(random.Split("failed sync"));
      outcome = Fail(StatusCode::kIoError, "sync failed (injected)");
    } else if (disk_.lying_sync_) {
      disk_.Count(DiskFault::kLyingSync);
    } else {
      node_->image.Sync();
    }
  }
  const DiskOp op = {DiskOpKind::kSync, path_, path_hash_, node_->image.live().size(), 0, 0, outcome.code()};
  return disk_.Finish(op, outcome);
}

}  // namespace orrery::sim
