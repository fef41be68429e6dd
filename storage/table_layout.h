#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/bytes.h"
#include "runtime/base/function_ref.h"

namespace orrery {

constexpr uint64_t kTableFooterBytes = 53;  ///< Kind of checksum, two handles in 40 bytes, version, magic.
constexpr uint64_t kBlockWordBytes = 4;     ///< The last word of a block: how many restart points it has.
constexpr uint64_t kBlockTrailerBytes = 5;  ///< Behind a block: kind of compression, checksum.

/// A block of a table; behind it stands its trailer.
struct TableBlock {
  std::string name;  ///< As the list of blocks has it; "metaindex" is that list, "index" the index of rows.
  uint64_t offset = 0;
  uint64_t size = 0;  ///< Bytes; at least kBlockWordBytes.
};

/// The little-endian word at the end of a block, or of its last bytes. Requires: at least kBlockWordBytes.
uint32_t LastWordOf(ByteView block);

/// The blocks from which a reader of a table of `size` bytes learns how to read it, without those whose place cannot be
/// found: the table is damaged, then. `read` gives exactly the bytes asked for, or nothing. (table_format wiki:
/// "Rocksdb BlockBasedTable Format", format versions 1 to 5.)
std::vector<TableBlock> TableBlocksOf(uint64_t size,
                                      FunctionRef<std::optional<Bytes>(uint64_t offset, uint64_t bytes)> read);

}  // namespace orrery
