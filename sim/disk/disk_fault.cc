#include "sim/disk/disk_fault.h"

#include "runtime/base/assert.h"

namespace orrery::sim {

PathClass ClassOf(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (name.ends_with(".log")) return PathClass::kWal;
  if (name.ends_with(".sst")) return PathClass::kTable;
  if (name.starts_with("MANIFEST-")) return PathClass::kManifest;
  if (name == "CURRENT" || name.ends_with(".dbtmp")) return PathClass::kCurrent;
  return PathClass::kOther;
}

std::string_view PathClassName(PathClass path_class) {
  switch (path_class) {
    case PathClass::kWal: return "wal";
    case PathClass::kTable: return "table";
    case PathClass::kManifest: return "manifest";
    case PathClass::kCurrent: return "current";
    case PathClass::kOther: return "other";
  }
  ORRERY_UNREACHABLE("path class");
}

std::string_view DiskFaultName(DiskFault fault) {
  static constexpr std::array<std::string_view, kDiskFaultCount> kNames = {
      "write_error",  "short_write",   "read_error",    "sync_error",   "directory_sync_error",
      "no_space",     "unsynced_lost", "torn_tail",     "sector_hole",  "directory_ops_lost",
      "process_kill", "power_loss",    "mid_operation", "bit_flip",     "slow",
      "stuck",        "wiped",         "lying_sync",    "rotten_sector"};
  return kNames.at(static_cast<size_t>(fault));
}

}  // namespace orrery::sim
