#include "sim/disk/file_image.h"

#include <algorithm>
#include <cstring>

namespace orrery::sim {
namespace {

constexpr uint64_t kSector = FileImage::kSectorBytes;

uint64_t SectorOf(uint64_t offset) {
  return offset / kSector;
}
/// First sector that lies wholly at or behind `offset`.
uint64_t SectorEnd(uint64_t offset) {
  return (offset + kSector - 1) / kSector;
}

}  // namespace

size_t FileImage::ReadAt(uint64_t offset, std::span<char> out) const {
  if (offset >= live_.size()) return 0;
  const size_t count = std::min<uint64_t>(out.size(), live_.size() - offset);
  std::memcpy(out.data(), live_.data() + offset, count);
  return count;
}

void FileImage::WriteAt(uint64_t offset, ByteView data) {
  if (data.empty()) return;
  if (offset == live_.size() && offset >= durable_size_) {
    live_.append(data);
    return;
  }
  const uint64_t end = offset + data.size();
  SaveOld(std::min<uint64_t>(offset, live_.size()), end);
  if (end > live_.size()) live_.resize(end, '\0');
  std::memcpy(live_.data() + offset, data.data(), data.size());
}

void FileImage::Truncate(uint64_t size_bytes) {
  SaveOld(std::min<uint64_t>(size_bytes, live_.size()), std::max<uint64_t>(size_bytes, live_.size()));
  live_.resize(size_bytes, '\0');
}

void FileImage::SaveOld(uint64_t begin, uint64_t end) {
  end = std::min(end, durable_size_);
  if (begin >= end) return;
  for (uint64_t sector = SectorOf(begin); sector < SectorEnd(end); ++sector) {
    if (before_.contains(sector)) continue;
    before_.emplace(sector, DurableSector(sector));
    lost_.erase(sector);
  }
}

Bytes FileImage::DurableSector(uint64_t sector) const {
  if (const auto found = before_.find(sector); found != before_.end()) return found->second;
  if (const auto found = lost_.find(sector); found != lost_.end()) return found->second;
  const uint64_t begin = sector * kSector;
  const uint64_t end = std::min({begin + kSector, durable_size_, static_cast<uint64_t>(live_.size())});
  return begin < end ? live_.substr(begin, end - begin) : Bytes();
}

void FileImage::Sync() {
  before_.clear();
  durable_size_ = live_.size();
  lost_.erase(lost_.lower_bound(SectorEnd(durable_size_)), lost_.end());
}

void FileImage::FailSync(Random random) {
  Random coins = random.Split("overwritten");
  for (auto& [sector, content] : before_) {
    if (sector * kSector < live_.size() && !coins.Chance(0.5)) lost_[sector] = std::move(content);
  }
  before_.clear();
  const uint64_t dirty_begin = std::min<uint64_t>(durable_size_, live_.size());
  const uint64_t dirty = live_.size() - dirty_begin;
  Random tail = random.Split("tail");
  const bool nothing_written = tail.Chance(0.5);
  const uint64_t written_end = dirty_begin + (nothing_written ? 0 : tail.Below(dirty + 1));
  for (uint64_t sector = SectorOf(written_end); sector < SectorEnd(live_.size()); ++sector) {
    const uint64_t begin = sector * kSector;
    const uint64_t end = std::max(begin, std::min(begin + kSector, written_end));
    lost_.try_emplace(sector, live_.substr(begin, end - begin));
  }
  durable_size_ = live_.size();
}

bool FileImage::HasDirty() const {
  return live_.size() != durable_size_ || !before_.empty() || !lost_.empty();
}

bool FileImage::IsDurable(uint64_t offset) const {
  if (offset >= live_.size()) return false;
  if (offset >= durable_size_) return false;
  return !before_.contains(SectorOf(offset)) && !lost_.contains(SectorOf(offset));
}

bool FileImage::IsDurableTo(uint64_t size_bytes) const {
  if (size_bytes > std::min<uint64_t>(live_.size(), durable_size_)) return false;
  for (const Sectors* const sectors : {&before_, &lost_}) {
    for (const auto& [sector, content] : *sectors) {
      const uint64_t begin = sector * kSector;
      if (begin >= size_bytes) break;
      const uint64_t wanted = std::min(size_bytes - begin, kSector);
      if (content.size() < wanted || live_.compare(begin, wanted, content, 0, wanted) != 0) return false;
    }
  }
  return true;
}

void FileImage::FlipBit(uint64_t offset, uint8_t bit) {
  ORRERY_ASSERT(IsDurable(offset));
  ORRERY_ASSERT(bit < 8);
  live_[offset] = static_cast<char>(static_cast<unsigned char>(live_[offset]) ^ (1u << bit));
}

ByteView FileImage::DurableSectorAt(uint64_t offset) const {
  if (!IsDurable(offset)) return {};
  const uint64_t begin = SectorOf(offset) * kSector;
  return ByteView(live_).substr(begin, std::min<uint64_t>(durable_size_ - begin, kSector));
}

void FileImage::Rot(uint64_t offset, ByteView content) {
  const uint64_t begin = SectorOf(offset) * kSector;
  ORRERY_ASSERT(offset - begin + content.size() <= DurableSectorAt(offset).size());
  live_.replace(offset, content.size(), content);
}

PowerLossEffect FileImage::LosePower(Random random, bool holes_allowed) {
  PowerLossEffect effect;
  const bool had_tail = live_.size() > durable_size_;
  bool all_old = false;
  if (had_tail) {
    LoseTail(random.Split("tail"), holes_allowed, effect);
  } else if (live_.size() < durable_size_) {
    all_old = random.Split("truncate").Chance(0.5);
    if (all_old) live_.resize(durable_size_, '\0');
  }
  Random coins = random.Split("overwritten");
  for (const auto& [sector, content] : before_) {
    if (!coins.Chance(0.5) && !all_old) continue;
    PutSector(sector, content);
    effect.lost_bytes = true;
  }
  RestoreLost(random.Split("lost"), effect);
  before_.clear();
  lost_.clear();
  durable_size_ = live_.size();
  return effect;
}

void FileImage::LoseTail(Random random, bool holes_allowed, PowerLossEffect& effect) {
  const uint64_t tail = live_.size() - durable_size_;
  const uint64_t choice = random.Below(3);
  const uint64_t kept = choice == 0 ? 0 : choice == 1 ? tail : random.Below(tail + 1);
  live_.resize(durable_size_ + kept);
  effect.lost_bytes = kept < tail;
  effect.torn = kept > 0 && kept < tail;
  if (kept > 0 && holes_allowed && random.Chance(0.3)) PunchHoles(random.Split("holes"), effect);
}

void FileImage::PunchHoles(Random random, PowerLossEffect& effect) {
  const bool garbage = random.Chance(0.5);
  for (uint64_t sector = SectorOf(durable_size_); sector < SectorEnd(live_.size()); ++sector) {
    if (!random.Chance(0.25)) continue;
    const uint64_t begin = std::max(sector * kSector, durable_size_);
    const uint64_t end = std::min<uint64_t>((sector + 1) * kSector, live_.size());
    Bytes filling;
    if (garbage) {
      random.Split(sector).Fill(filling, end - begin);
    } else {
      filling.assign(end - begin, '\0');
    }
    live_.replace(begin, end - begin, filling);
    effect.holes = true;
    effect.lost_bytes = true;
  }
}

void FileImage::RestoreLost(Random random, PowerLossEffect& effect) {
  if (lost_.empty()) return;
  effect.lost_bytes = true;
  // Lost sectors at the very end of the file that held nothing before may never have been part of it.
  uint64_t first_of_end = SectorEnd(live_.size());
  for (auto lost = lost_.find(first_of_end - 1); first_of_end > 0 && lost != lost_.end();
       lost = lost_.find(first_of_end - 1)) {
    --first_of_end;
    if (!lost->second.empty()) break;
  }
  for (const auto& [sector, content] : lost_) PutSector(sector, content);
  const auto end_run = lost_.find(first_of_end);
  if (end_run != lost_.end() && random.Chance(0.5)) {
    live_.resize(std::min<uint64_t>(live_.size(), first_of_end * kSector + end_run->second.size()));
  }
}

void FileImage::PutSector(uint64_t sector, ByteView content) {
  const uint64_t begin = sector * kSector;
  if (begin >= live_.size()) return;
  const uint64_t end = std::min<uint64_t>(begin + kSector, std::min<uint64_t>(live_.size(), durable_size_));
  if (begin >= end) return;
  Bytes sized(content.substr(0, end - begin));
  sized.resize(end - begin, '\0');
  live_.replace(begin, end - begin, sized);
}

}  // namespace orrery::sim
