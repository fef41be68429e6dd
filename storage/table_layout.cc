#include "storage/table_layout.h"

namespace orrery {
namespace {

constexpr uint64_t kMagic = 0x88e241b785f4cff7;
constexpr uint64_t kListBytesMax = uint64_t{1} << 20;

TableBlock TakeBlock(Decoder& in, std::string name) {
  TableBlock block{.name = std::move(name)};
  block.offset = in.Varint();
  block.size = in.Varint();
  return block;
}

bool FitsIn(const TableBlock& block, uint64_t file_size) {
  return block.size >= kBlockWordBytes && block.offset <= file_size && block.size <= file_size - block.offset;
}

/// The list itself, and the index of rows.
std::vector<TableBlock> BlocksOfFooter(ByteView footer) {
  if (Decoder(footer.substr(kTableFooterBytes - 8)).Fixed64() != kMagic) return {};
  Decoder in(footer.substr(1));
  std::vector<TableBlock> blocks = {TakeBlock(in, "metaindex")};
  if (!in.ok()) return {};
  TableBlock index = TakeBlock(in, "index");
  if (in.ok()) blocks.push_back(std::move(index));
  return blocks;
}

/// Rows are: bytes shared with the key before, other bytes of the key, bytes of the value, and these.
std::vector<TableBlock> BlocksOfList(ByteView list) {
  std::vector<TableBlock> blocks;
  const uint64_t restarts = LastWordOf(list);
  if (restarts > list.size() / kBlockWordBytes - 1) return blocks;
  Decoder in(list.substr(0, list.size() - kBlockWordBytes * (restarts + 1)));
  Bytes key;
  while (!in.AtEnd() && in.ok()) {
    const uint64_t shared = in.Varint();
    const uint64_t others = in.Varint();
    const uint64_t value_bytes = in.Varint();
    if (!in.ok() || shared > key.size()) break;
    key.resize(shared);
    key += in.Raw(others);
    Decoder value(in.Raw(value_bytes));
    TableBlock block = TakeBlock(value, key);
    if (in.ok() && value.ok()) blocks.push_back(std::move(block));
  }
  return blocks;
}

}  // namespace

uint32_t LastWordOf(ByteView block) {
  return Decoder(block.substr(block.size() - kBlockWordBytes)).Fixed32();
}

std::vector<TableBlock> TableBlocksOf(uint64_t size,
                                      FunctionRef<std::optional<Bytes>(uint64_t offset, uint64_t bytes)> read) {
  if (size < kTableFooterBytes) return {};
  const std::optional<Bytes> footer = read(size - kTableFooterBytes, kTableFooterBytes);
  if (!footer) return {};
  std::vector<TableBlock> blocks = BlocksOfFooter(*footer);
  if (blocks.empty()) return {};
  const TableBlock list_block = blocks.front();
  std::erase_if(blocks, [&](const TableBlock& block) { return !FitsIn(block, size); });
  if (!FitsIn(list_block, size) || list_block.size > kListBytesMax) return blocks;
  const std::optional<Bytes> list = read(list_block.offset, list_block.size);
  if (!list) return blocks;
  for (TableBlock& block : BlocksOfList(*list)) {
    if (FitsIn(block, size)) blocks.push_back(std::move(block));
  }
  return blocks;
}

}  // namespace orrery
