#include "storage/table_check.h"

#include <optional>

#include "runtime/base/bytes.h"

namespace orrery {
namespace {

constexpr uint64_t kFooterBytes = 53;  // Kind of checksum, two handles in 40 bytes, version, magic.
constexpr uint64_t kMagic = 0x88e241b785f4cff7;
constexpr uint64_t kIndexBytesMax = uint64_t{1} << 20;
constexpr uint64_t kWordBytes = 4;
constexpr uint32_t kHasHashIndex = uint32_t{1} << 31;

/// Where a block lies; behind it stand five bytes of kind and checksum.
struct Handle {
  uint64_t offset = 0;
  uint64_t size = 0;

  bool FitsIn(uint64_t file_size) const {
    return size >= kWordBytes && offset <= file_size && size <= file_size - offset;
  }
};

Handle TakeHandle(Decoder& in) {
  Handle handle;
  handle.offset = in.Varint();
  handle.size = in.Varint();
  return handle;
}

uint32_t LastWord(ByteView block) {
  return Decoder(block.substr(block.size() - kWordBytes)).Fixed32();
}

/// Where the table's last block of all is listed, from its footer.
std::optional<Handle> IndexOfMetaBlocks(ByteView footer) {
  if (Decoder(footer.substr(kFooterBytes - 8)).Fixed64() != kMagic) return std::nullopt;
  Decoder in(footer.substr(1));
  const Handle handle = TakeHandle(in);
  return in.ok() ? std::optional(handle) : std::nullopt;
}

/// Rows are: bytes shared with the key before, other bytes of the key, bytes of the value, and these.
std::optional<Handle> FindProperties(ByteView index) {
  const uint64_t restarts = LastWord(index);
  if (restarts > index.size() / kWordBytes - 1) return std::nullopt;
  Decoder in(index.substr(0, index.size() - kWordBytes * (restarts + 1)));
  Bytes key;
  while (!in.AtEnd() && in.ok()) {
    const uint64_t shared = in.Varint();
    const uint64_t others = in.Varint();
    const uint64_t value_bytes = in.Varint();
    if (!in.ok() || shared > key.size()) return std::nullopt;
    key.resize(shared);
    key += in.Raw(others);
    Decoder value(in.Raw(value_bytes));
    const Handle handle = TakeHandle(value);
    if (in.ok() && value.ok() && key == "rocksdb.properties") return handle;
  }
  return std::nullopt;
}

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
  if (size < kFooterBytes) return status;
  const std::optional<Bytes> footer = read(size - kFooterBytes, kFooterBytes);
  if (!footer) return status;
  const std::optional<Handle> index = IndexOfMetaBlocks(*footer);
  if (!index || !index->FitsIn(size) || index->size > kIndexBytesMax) return status;
  const std::optional<Bytes> rows = read(index->offset, index->size);
  if (!rows) return status;
  const std::optional<Handle> properties = FindProperties(*rows);
  if (!properties || !properties->FitsIn(size)) return status;
  const std::optional<Bytes> word = read(properties->offset + properties->size - kWordBytes, kWordBytes);
  if (!word || (LastWord(*word) & kHasHashIndex) == 0) return status;
  return rocksdb::IOStatus::Corruption("the block of properties is damaged", path);
}

}  // namespace orrery
