#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>

#include "runtime/base/bytes.h"
#include "runtime/base/random.h"

namespace orrery::sim {

/// What a power loss did to one file.
struct PowerLossEffect {
  bool lost_bytes = false;
  bool torn = false;
  bool holes = false;
};

/// The content of one file: what reads see (live) and what a power loss would leave (durable).
///
/// Durable differs from live in three places only: at and behind durable_size(), in sectors overwritten
/// since the last sync (the old content is kept), and in sectors that a failed sync lost. So the common
/// case, append and sync, costs one copy of the data.
class FileImage {
 public:
  static constexpr uint64_t kSectorBytes = 512;

  const Bytes& live() const { return live_; }
  uint64_t durable_size() const { return durable_size_; }

  size_t ReadAt(uint64_t offset, std::span<char> out) const;
  /// Writing past the end fills the gap with zeros.
  void WriteAt(uint64_t offset, ByteView data);
  void Truncate(uint64_t size_bytes);
  /// Everything written so far becomes durable, except what a failed sync lost and nobody wrote again.
  void Sync();
  /// A random prefix of the dirty bytes becomes durable, the rest never will; the page cache now believes
  /// it is clean (what Linux does: "fsyncgate").
  void FailSync(Random random);
  /// Live becomes one of the states a power loss may leave, all of it durable. `holes_allowed`: whether
  /// sectors of the unsynced tail may be zeroed or garbage.
  PowerLossEffect LosePower(Random random, bool holes_allowed);

  bool HasDirty() const;
  /// Whether the byte is durable with its live value.
  bool IsDurable(uint64_t offset) const;
  /// Whether a power loss would leave the first `size_bytes` as they are.
  bool IsDurableTo(uint64_t size_bytes) const;
  /// Requires: IsDurable(offset).
  void FlipBit(uint64_t offset, uint8_t bit);
  /// The sector of this byte, as far as it is durable: no bytes if the one at `offset` is not.
  ByteView DurableSectorAt(uint64_t offset) const;
  /// The durable content there becomes this. Requires: it lies within DurableSectorAt(offset).
  void Rot(uint64_t offset, ByteView content);

 private:
  using Sectors = std::map<uint64_t, Bytes>;

  void SaveOld(uint64_t begin, uint64_t end);
  Bytes DurableSector(uint64_t sector) const;
  void PutSector(uint64_t sector, ByteView content);
  void LoseTail(Random random, bool holes_allowed, PowerLossEffect& effect);
  void PunchHoles(Random random, PowerLossEffect& effect);
  void RestoreLost(Random random, PowerLossEffect& effect);

  Bytes live_;
  uint64_t durable_size_ = 0;
  Sectors before_;  ///< Durable content of sectors written since the last sync, below durable_size_.
  Sectors lost_;    ///< Durable content of sectors that a failed sync lost.
};

}  // namespace orrery::sim
