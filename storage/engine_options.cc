#include "storage/engine_options.h"

#include "runtime/base/check_range.h"

namespace orrery {
namespace {

constexpr uint64_t kKiB = uint64_t{1} << 10;
constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kGiB = uint64_t{1} << 30;

/// A negative int becomes a huge number, which every range refuses.
uint64_t Unsigned(int value) {
  return static_cast<uint64_t>(static_cast<int64_t>(value));
}

}  // namespace

Status EngineOptions::Validate() const {
  if (folder.empty() || folder.front() == '/' || folder.back() == '/' || folder.find("..") != std::string::npos)
    return Status(StatusCode::kInvalidArgument,
                  "engine option folder is \"" + folder + "\", a relative path is needed");
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("write_buffer_bytes", write_buffer_bytes, 16 * kKiB, 4 * kGiB));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("write_buffers_max", Unsigned(write_buffers_max), 2, 16));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("wal_bytes_max", wal_bytes_max, write_buffer_bytes, 64 * kGiB));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("block_cache_bytes", block_cache_bytes, 0, kGiB * kKiB));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("block_bytes", block_bytes, 512, kMiB));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("file_bytes", file_bytes, 16 * kKiB, 4 * kGiB));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("import_table_bytes", import_table_bytes, 1, 64 * kMiB));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("level_base_bytes", level_base_bytes, file_bytes, kGiB * kKiB));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("manifest_bytes_max", manifest_bytes_max, 4 * kKiB, kGiB));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("compaction_readahead_bytes", compaction_readahead_bytes, 0, 64 * kMiB));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("background_jobs", Unsigned(background_jobs), 1, 64));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("level0_compaction_files", Unsigned(level0_compaction_files), 2, 64));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("level0_stop_files", Unsigned(level0_stop_files),
                                              Unsigned(level0_compaction_files) + 2, 256));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("iterator_rows_max", iterator_rows_max, 1, 65536));
  return CheckRange<uint64_t>("iterator_bytes_max", iterator_bytes_max, 1, 64 * kMiB);
}

}  // namespace orrery
