#include "raft/region/options.h"

#include "raft/region/command.h"
#include "runtime/base/check_range.h"

namespace orrery {
namespace {

constexpr uint64_t kTrillion = 1'000'000'000'000;

Status CheckSizes(const RegionOptions& o) {
  ORRERY_RETURN_IF_ERROR(CheckRange<size_t>("entry_bytes_max", o.entry_bytes_max, 1, size_t{4} << 20));
  ORRERY_RETURN_IF_ERROR(CheckRange<size_t>("entry_commands_max", o.entry_commands_max, 1, kCommandsPerEntryMax));
  ORRERY_RETURN_IF_ERROR(CheckRange<size_t>("pending_bytes_max", o.pending_bytes_max, 1024, size_t{4} << 30));
  ORRERY_RETURN_IF_ERROR(CheckRange<size_t>("pending_reads_max", o.pending_reads_max, 1, 1'000'000));
  ORRERY_RETURN_IF_ERROR(CheckRange<size_t>("frame_bytes_max", o.frame_bytes_max, 1024, size_t{32} << 20));
  ORRERY_RETURN_IF_ERROR(CheckRange<size_t>("send_queue_bytes_max", o.send_queue_bytes_max, 1024, size_t{1} << 30));
  ORRERY_RETURN_IF_ERROR(CheckRange<size_t>("inbox_bytes_max", o.inbox_bytes_max, 1024, size_t{1} << 30));
  return CheckRange<size_t>("raft.append_bytes_max", o.raft.append_bytes_max, 1, size_t{24} << 20);
}

Status CheckLog(const RegionOptions& o) {
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("session_expiry_entries", o.session_expiry_entries, 1, kTrillion));
  ORRERY_RETURN_IF_ERROR(
      CheckRange<uint64_t>("session_checkpoint_entries", o.session_checkpoint_entries, 1, 1'000'000'000));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("log_entries_max", o.log_entries_max, 1, kTrillion));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("log_bytes_max", o.log_bytes_max, 1, uint64_t{1} << 40));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("log_entries_min", o.log_entries_min, 0, kTrillion));
  return CheckRange<uint64_t>("log_gc_ticks", o.log_gc_ticks, 1, 1'000'000);
}

Status CheckSnapshots(const RegionOptions& o) {
  ORRERY_RETURN_IF_ERROR(CheckRange<size_t>("snapshot_chunk_bytes", o.snapshot_chunk_bytes, 1, size_t{32} << 20));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("snapshot_window_chunks", o.snapshot_window_chunks, 1, 1024));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("snapshot_sends_max", o.snapshot_sends_max, 1, 1024));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("snapshot_receives_max", o.snapshot_receives_max, 1, 1024));
  return CheckRange<int64_t>("snapshot_patience", o.snapshot_patience.count(), Duration(milliseconds(10)).count(),
                             Duration(hours(1)).count(), " ns");
}

}  // namespace

Status RegionOptions::Validate() const {
  ORRERY_RETURN_IF_ERROR(CheckRange<int64_t>("tick", tick.count(), Duration(milliseconds(1)).count(),
                                             Duration(seconds(10)).count(), " ns"));
  ORRERY_RETURN_IF_ERROR(raft.Validate());
  ORRERY_RETURN_IF_ERROR(CheckSizes(*this));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("clock_drift_percent", clock_drift_percent, 0, 90));
  ORRERY_RETURN_IF_ERROR(CheckLog(*this));
  ORRERY_RETURN_IF_ERROR(CheckSnapshots(*this));
  return CheckRange<uint64_t>("consistency_check_ticks", consistency_check_ticks, 0, 1'000'000'000);
}

}  // namespace orrery
