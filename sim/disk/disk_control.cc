// The control surface of SimDisk: life and death, faults.

#include "sim/disk/sim_disk.h"

namespace orrery::sim {

void SimDisk::Count(DiskFault fault) {
  ++counts_[static_cast<size_t>(fault)];
  Probes* const probes = options_.probes;
  switch (fault) {
    case DiskFault::kWriteError: ORRERY_PROBE_IF(probes, "sim.disk.write_error"); return;
    case DiskFault::kShortWrite: ORRERY_PROBE_IF(probes, "sim.disk.short_write"); return;
    case DiskFault::kReadError: ORRERY_PROBE_IF(probes, "sim.disk.read_error"); return;
    case DiskFault::kSyncError: ORRERY_PROBE_IF(probes, "sim.disk.sync_error"); return;
    case DiskFault::kDirectorySyncError: ORRERY_PROBE_IF(probes, "sim.disk.directory_sync_error"); return;
    case DiskFault::kNoSpace: ORRERY_PROBE_IF(probes, "sim.disk.no_space"); return;
    case DiskFault::kUnsyncedLost: ORRERY_PROBE_IF(probes, "sim.disk.unsynced_lost"); return;
    case DiskFault::kTornTail: ORRERY_PROBE_IF(probes, "sim.disk.torn_tail"); return;
    case DiskFault::kSectorHole: ORRERY_PROBE_IF(probes, "sim.disk.sector_hole"); return;
    case DiskFault::kDirectoryOpsLost: ORRERY_PROBE_IF(probes, "sim.disk.directory_ops_lost"); return;
    case DiskFault::kProcessKill: ORRERY_PROBE_IF(probes, "sim.disk.process_kill"); return;
    case DiskFault::kPowerLoss: ORRERY_PROBE_IF(probes, "sim.disk.power_loss"); return;
    case DiskFault::kMidOperation: ORRERY_PROBE_IF(probes, "sim.disk.mid_operation"); return;
    case DiskFault::kBitFlip: ORRERY_PROBE_IF(probes, "sim.disk.bit_flip"); return;
    case DiskFault::kSlow: ORRERY_PROBE_IF(probes, "sim.disk.slow"); return;
    case DiskFault::kStuck: ORRERY_PROBE_IF(probes, "sim.disk.stuck"); return;
    case DiskFault::kWiped: ORRERY_PROBE_IF(probes, "sim.disk.wiped"); return;
    case DiskFault::kLyingSync: ORRERY_PROBE_IF(probes, "sim.disk.lying_sync"); return;
    case DiskFault::kRottenSector: ORRERY_PROBE_IF(probes, "sim.disk.rotten_sector"); return;
  }
}

void SimDisk::EndLife() {
  frozen_ = true;
  freeze_countdown_ = 0;
  debt_ = Duration(0);
  ++life_;
}

void SimDisk::KillProcess() {
  EndLife();
  Count(DiskFault::kProcessKill);
}

void SimDisk::LosePower() {
  EndLife();
  Count(DiskFault::kPowerLoss);
  const Random random = options_.random.Split("power loss").Split(++power_losses_);
  if (tree_.LosePower(random.Split("names")) > 0) Count(DiskFault::kDirectoryOpsLost);
  tree_.ForEachFile([&](const std::string& path, DiskNode& file) {
    const PathClass path_class = ClassOf(path);
    const bool metadata = path_class == PathClass::kManifest || path_class == PathClass::kCurrent;
    const bool holes = options_.manifest_holes || !metadata;
    const PowerLossEffect effect = file.image.LosePower(random.Split(path), holes);
    if (effect.lost_bytes) Count(DiskFault::kUnsyncedLost);
    if (effect.torn) Count(DiskFault::kTornTail);
    if (effect.holes) Count(DiskFault::kSectorHole);
  });
}

void SimDisk::Boot() {
  ORRERY_ASSERT_THAT(frozen_, "end the running life first");
  frozen_ = false;
  failed_writes_ = 0;
  first_failed_write_ = StatusCode::kOk;
  logs_.clear();
  logs_forgotten_ = 0;
}

void SimDisk::AddLog(std::string_view path, const std::shared_ptr<DiskNode>& node) {
  while (!logs_.empty() && tree_.Find(logs_.front().path) != logs_.front().node) {
    logs_.pop_front();
    ++logs_forgotten_;
  }
  logs_.push_back({std::string(path), node});
}

SimDisk::LogEnd SimDisk::EndOfLogs() const {
  return {.logs = logs_forgotten_ + logs_.size(), .bytes = logs_.empty() ? 0 : logs_.back().node->image.live().size()};
}

std::optional<std::string> SimDisk::LosableBefore(LogEnd end) const {
  ORRERY_ASSERT(end.logs <= logs_forgotten_ + logs_.size());
  if (lying_sync_) return std::nullopt;
  for (uint64_t i = logs_forgotten_; i < end.logs; ++i) {
    const Log& log = logs_[i - logs_forgotten_];
    if (tree_.Find(log.path) != log.node) continue;
    if (!tree_.IsDurable(log.path)) return log.path;
    const FileImage& image = log.node->image;
    const uint64_t size = i + 1 == end.logs ? end.bytes : image.live().size();
    if (!image.IsDurableTo(size)) return log.path + " before byte " + std::to_string(size);
  }
  return std::nullopt;
}

void SimDisk::Wipe() {
  EndLife();
  tree_ = DirectoryTree();
  damaged_ = false;
  Count(DiskFault::kWiped);
}

std::unique_ptr<SimDisk> SimDisk::CrashClone(Random random) const {
  SimDiskOptions options = options_;
  options.random = random;
  options.capacity_bytes = UINT64_MAX;
  options.latency.slow_factor = 1;
  options.probes = nullptr;
  auto clone = std::make_unique<SimDisk>(std::move(options));
  clone->tree_ = tree_.Clone();
  clone->LosePower();
  clone->Boot();
  return clone;
}

void SimDisk::SetFaultEverywhere(DiskFault fault, FaultRate rate) {
  for (int i = 0; i < kPathClassCount; ++i) rules_.Set(fault, static_cast<PathClass>(i), rate);
}

void SimDisk::ClearFaults() {
  rules_.Clear();
  options_.capacity_bytes = UINT64_MAX;
  options_.latency.slow_factor = 1;
  freeze_countdown_ = 0;
  stuck_ = false;
}

void SimDisk::SetSlowFactor(uint32_t factor) {
  ORRERY_ASSERT(factor >= 1);
  if (factor > 1 && options_.latency.slow_factor == 1) Count(DiskFault::kSlow);
  options_.latency.slow_factor = factor;
}

void SimDisk::SetStuck(bool stuck) {
  if (stuck && !stuck_) Count(DiskFault::kStuck);
  stuck_ = stuck;
}

std::optional<std::string> SimDisk::DrawFile(PathClass path_class, Random& draws) const {
  std::vector<std::string> candidates;
  tree_.ForEachFile([&](const std::string& path, const DiskNode& file) {
    if (ClassOf(path) == path_class && !file.image.live().empty()) candidates.push_back(path);
  });
  if (candidates.empty()) return std::nullopt;
  return candidates[draws.Below(candidates.size())];
}

std::optional<SimDisk::BytePlace> SimDisk::DrawDurable(PathClass path_class, RotWhere where, Random& draws) const {
  const std::optional<std::string> path = DrawFile(path_class, draws);
  if (!path) return std::nullopt;
  const FileImage& image = tree_.Find(*path)->image;
  const uint64_t size = image.live().size();
  const uint64_t quarter = (size + 3) / 4;
  uint64_t span = where == RotWhere::kAnywhere ? size : quarter;
  if (where == RotWhere::kEnd) span = std::min(size, 4 * FileImage::kSectorBytes);
  const bool at_end = where == RotWhere::kLastQuarter || where == RotWhere::kEnd;
  const uint64_t begin = at_end ? size - span : 0;
  for (int attempt = 0; attempt < 64; ++attempt) {
    const uint64_t offset = begin + draws.Below(span);
    if (image.IsDurable(offset)) return BytePlace{*path, offset};
  }
  return std::nullopt;
}

std::optional<SimDisk::Flip> SimDisk::FlipBit(PathClass path_class, RotWhere where, Random random) {
  Random draws = random.Split("flip");
  const std::optional<BytePlace> place = DrawDurable(path_class, where, draws);
  if (!place) return std::nullopt;
  const Flip flip = {place->path, place->offset, static_cast<uint8_t>(draws.Below(8))};
  FlipBitAt(flip);
  return flip;
}

std::optional<SimDisk::Flip> SimDisk::FlipChosenBit(PathClass path_class, BitChooser choose, Random random) {
  Random draws = random.Split("chosen");
  const std::optional<std::string> path = DrawFile(path_class, draws);
  if (!path) return std::nullopt;
  const FileImage& image = tree_.Find(*path)->image;
  const std::optional<BitPlace> place = choose(image.live(), draws);
  if (!place || !image.IsDurable(place->offset)) return std::nullopt;
  const Flip flip = {*path, place->offset, place->bit};
  FlipBitAt(flip);
  return flip;
}

std::optional<SimDisk::BytePlace> SimDisk::RotSector(PathClass path_class, RotWhere where, Random random) {
  Random draws = random.Split("sector");
  const std::optional<BytePlace> place = DrawDurable(path_class, where, draws);
  if (!place) return std::nullopt;
  FileImage& image = tree_.Find(place->path)->image;
  const uint64_t begin = place->offset / FileImage::kSectorBytes * FileImage::kSectorBytes;
  Bytes content(image.DurableSectorAt(begin).size(), '\0');
  switch (draws.Below(4)) {
    case 0: break;
    case 1: content.assign(content.size(), '\xff'); break;
    case 2:
      if (begin > 0) content = image.live().substr(begin - FileImage::kSectorBytes, content.size());
      break;
    default:
      for (char& byte : content) byte = static_cast<char>(draws.Below(256));
  }
  image.Rot(begin, content);
  damaged_ = true;
  Count(DiskFault::kRottenSector);
  return BytePlace{.path = place->path, .offset = begin};
}

void SimDisk::FlipBitAt(const Flip& flip) {
  const std::shared_ptr<DiskNode> node = tree_.Find(flip.path);
  ORRERY_ASSERT_THAT(node != nullptr, flip.path);
  node->image.FlipBit(flip.offset, flip.bit);
  damaged_ = true;
  Count(DiskFault::kBitFlip);
}

}  // namespace orrery::sim
