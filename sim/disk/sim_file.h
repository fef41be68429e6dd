#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "sim/disk/sim_disk.h"

namespace orrery::sim {

/// An open file of a SimDisk. Dead after the life it was opened in.
class SimFile final : public File {
 public:
  ~SimFile() override;

  Result<size_t> ReadAt(uint64_t offset, std::span<char> out) override;
  Status WriteAt(uint64_t offset, ByteView data) override;
  Status Truncate(uint64_t size_bytes) override;
  Status Sync() override;
  Result<uint64_t> SizeBytes() override;
  Status Append(ByteView data);
  const std::string& path() const { return path_; }

 private:
  friend class SimDisk;
  SimFile(SimDisk& disk, std::string path, std::shared_ptr<DiskNode> node, bool writable);

  bool Dead() const;
  Random OperationKey();
  Status Fail(StatusCode code, std::string_view what) const;
  bool LacksSpace(uint64_t end, const Random& random);
  /// Writes, observes, and passes the outcome on.
  Status WritePart(uint64_t offset, ByteView data, Status outcome);

  SimDisk& disk_;
  const std::string path_;
  const uint64_t path_hash_;
  const PathClass path_class_;
  const uint64_t life_;
  const bool writable_;
  const std::shared_ptr<DiskNode> node_;
};

}  // namespace orrery::sim
