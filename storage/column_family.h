#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace orrery {

/// A key space of its own within one engine: own memory, own files, one common log and atomic batches across.
/// The numbers are stored and are RocksDB's family ids, given in the order of creation: only append. (The
/// transactional layer will append lock and write; kData is its default.)
enum class ColumnFamily : uint8_t {
  kMeta = 0,  ///< What the store knows of itself and of its regions.
  kRaft = 1,  ///< Raft logs and hard states.
  kData = 2,  ///< Replicated data.
};
constexpr int kColumnFamilyCount = 3;

/// As RocksDB knows them. The first must be "default": RocksDB insists on having it.
constexpr std::array<std::string_view, kColumnFamilyCount> kColumnFamilyNames = {"default", "raft", "data"};

constexpr std::string_view ColumnFamilyName(ColumnFamily family) {
  return kColumnFamilyNames[static_cast<size_t>(family)];
}

}  // namespace orrery
