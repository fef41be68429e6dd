#include "faults/table_rot.h"

#include <fmt/core.h>

#include <optional>
#include <vector>

#include "storage/table_layout.h"

namespace orrery::faults {
namespace {

using sim::PathClass;
using sim::SimDisk;

constexpr uint64_t kRottenBitsLog2Max = 4;
constexpr uint64_t kRottenSectors = 4;

/// A bit of the footer, of the last word of a block or of a block's trailer; in half of them the highest one, which may
/// be a flag.
std::optional<SimDisk::BitPlace> DrawStructureBit(ByteView table, Random& draws) {
  const std::vector<TableBlock> blocks = TableBlocksOf(
      table.size(),
      [&](uint64_t offset, uint64_t bytes) -> std::optional<Bytes> { return Bytes(table.substr(offset, bytes)); });
  if (blocks.empty()) return std::nullopt;
  uint64_t begin = table.size() - kTableFooterBytes;
  uint64_t bytes = kTableFooterBytes;
  const uint64_t part = draws.Below(blocks.size() + 1);
  if (part < blocks.size()) {
    const uint64_t end = blocks[part].offset + blocks[part].size;
    const bool word = draws.Chance(0.75);
    begin = word ? end - kBlockWordBytes : end;
    bytes = word ? kBlockWordBytes : kBlockTrailerBytes;
  }
  const bool highest = draws.Chance(0.5);
  const uint64_t bit = highest ? bytes * 8 - 1 : draws.Below(bytes * 8);
  return SimDisk::BitPlace{.offset = begin + bit / 8, .bit = static_cast<uint8_t>(bit % 8)};
}

}  // namespace

std::string FlipTableBits(SimDisk& disk, bool store_runs, const Random& random) {
  const auto structure = [](ByteView table, Random& place) { return DrawStructureBit(table, place); };
  Random draws = random.Split("bits");
  const uint64_t bits = uint64_t{1} << (store_runs ? kRottenBitsLog2Max : draws.Below(kRottenBitsLog2Max + 1));
  std::string words;
  for (uint64_t i = 0; i < bits; ++i) {
    const auto flip = store_runs || i % 2 == 1
                          ? disk.FlipBit(PathClass::kTable, SimDisk::RotWhere::kAnywhere, random.Split(i))
                          : disk.FlipChosenBit(PathClass::kTable, structure, random.Split(i));
    if (flip) words += fmt::format(" bit {} of {} at {}", flip->bit, flip->path, flip->offset);
  }
  return words;
}

std::string RotTableSectors(SimDisk& disk, bool store_runs, const Random& random) {
  std::string words;
  for (uint64_t i = 0; i < kRottenSectors; ++i) {
    const auto where = store_runs || i % 2 == 1 ? SimDisk::RotWhere::kAnywhere : SimDisk::RotWhere::kEnd;
    const auto rotten = disk.RotSector(PathClass::kTable, where, random.Split(i));
    if (rotten) words += fmt::format(" sector of {} at {}", rotten->path, rotten->offset);
  }
  return words;
}

}  // namespace orrery::faults
