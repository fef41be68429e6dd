#include "storage/table_check.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "storage/table_layout.h"

namespace orrery {
namespace {

constexpr uint32_t kHasHashIndex = uint32_t{1} << 31;

}  // namespace

rocksdb::IOStatus CheckTableProperties(const rocksdb::FSRandomAccessFile& file, const std::string& path, uint64_t size,
                                       const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) {
  rocksdb::IOStatus status;
  Bytes scratch;
  const auto read = [&](uint64_t offset, uint64_t bytes) -> std::optional<Bytes> {
    scratch.resize(bytes);
    rocksdb::Slice slice;
    status = file.Read(offset, bytes, options, &slice, scratch.data(), debug);
    if (!status.ok() || slice.size() != bytes) return std::nullopt;
    return slice.ToString();
  };
  const std::vector<TableBlock> blocks = TableBlocksOf(size, read);
  const auto properties = std::find_if(blocks.begin(), blocks.end(),
                                       [](const TableBlock& block) { return block.name == "rocksdb.properties"; });
  if (properties == blocks.end()) return status;
  const std::optional<Bytes> word = read(properties->offset + properties->size - kBlockWordBytes, kBlockWordBytes);
  if (!word || (LastWordOf(*word) & kHasHashIndex) == 0) return status;
  return rocksdb::IOStatus::Corruption("the block of properties is damaged", path);
}

}  // namespace orrery
