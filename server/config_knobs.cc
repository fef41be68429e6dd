#include "server/config_knobs.h"

#include <limits>

#include "raft/region/command.h"

namespace orrery {
namespace {

constexpr uint64_t kKiB = uint64_t{1} << 10;
constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kGiB = uint64_t{1} << 30;
constexpr uint64_t kTiB = uint64_t{1} << 40;
constexpr uint64_t kMillion = 1'000'000;
constexpr uint64_t kHourMillis = 3'600'000;

void AddRaft(std::vector<ConfigKnob>& knobs, RegionOptions& o) {
  const ConfigKnob::Bound below_election{.key = "raft.election_ticks", .offset = -1, .is_limit = true};
  const std::vector<ConfigKnob> raft = {
      {"raft.tick_ms", &o.tick, "ms", 1, 10'000},
      {"raft.election_ticks", &o.raft.election_ticks, "ticks", 2, 100'000},
      {"raft.heartbeat_ticks", &o.raft.heartbeat_ticks, "ticks", 1, 99'999, below_election},
      {"raft.pre_vote", &o.raft.pre_vote, ""},
      {"raft.check_quorum", &o.raft.check_quorum, ""},
      {"raft.no_vote_after_restart", &o.raft.no_vote_after_restart, ""},
      {"raft.append_bytes_max", &o.raft.append_bytes_max, "bytes", 1, 24 * kMiB},
      {"raft.inflight_messages_max", &o.raft.inflight_messages_max, "", 1, 65'536},
      {"raft.inflight_bytes_max", &o.raft.inflight_bytes_max, "bytes", 1, kGiB, {.key = "raft.append_bytes_max"}},
      {"raft.uncommitted_bytes_max", &o.raft.uncommitted_bytes_max, "bytes", 1, 4 * kGiB},
      {"raft.apply_bytes_max", &o.raft.apply_bytes_max, "bytes", 1, kGiB},
      {"raft.cache_bytes_max", &o.raft.cache_bytes_max, "bytes", 0, kGiB},
      {"raft.entry_bytes_max", &o.entry_bytes_max, "bytes", 1, 4 * kMiB},
      {"raft.entry_commands_max", &o.entry_commands_max, "", 1, kCommandsPerEntryMax},
      {"raft.frame_bytes_max", &o.frame_bytes_max, "bytes", kKiB, 32 * kMiB},
      {"raft.send_queue_bytes_max", &o.send_queue_bytes_max, "bytes", kKiB, kGiB},
      {"raft.inbox_bytes_max", &o.inbox_bytes_max, "bytes", kKiB, kGiB},
      {"raft.lease_reads", &o.lease_reads, ""},
      {"raft.clock_drift_percent", &o.clock_drift_percent, "percent", 0, 90},
      {"raft.session_expiry_entries", &o.session_expiry_entries, "entries", 1, kMillion * kMillion},
      {"raft.session_checkpoint_entries", &o.session_checkpoint_entries, "entries", 1, 1000 * kMillion},
      {"raft.log_entries_max", &o.log_entries_max, "entries", 1, kMillion * kMillion},
      {"raft.log_bytes_max", &o.log_bytes_max, "bytes", 1, kTiB},
      {"raft.log_entries_min", &o.log_entries_min, "entries", 0, kMillion * kMillion},
      {"raft.log_gc_ticks", &o.log_gc_ticks, "ticks", 1, kMillion},
      {"raft.snapshot_chunk_bytes", &o.snapshot_chunk_bytes, "bytes", 1, 32 * kMiB},
      {"raft.snapshot_window_chunks", &o.snapshot_window_chunks, "chunks", 1, 1024},
      {"raft.snapshot_sends_max", &o.snapshot_sends_max, "", 1, 1024},
      {"raft.snapshot_receives_max", &o.snapshot_receives_max, "", 1, 1024},
      {"raft.snapshot_patience_ms", &o.snapshot_patience, "ms", 10, kHourMillis},
      {"raft.consistency_check_ticks", &o.consistency_check_ticks, "ticks", 0, 1000 * kMillion},
      {"raft.check_invariants", &o.check_invariants, ""}};
  knobs.insert(knobs.end(), raft.begin(), raft.end());
}

void AddStorage(std::vector<ConfigKnob>& knobs, StoreOptions& o) {
  const ConfigKnob::Bound above_start{.key = "storage.level0_compaction_files", .offset = 2};
  const std::vector<ConfigKnob> storage = {
      {"storage.write_buffer_bytes", &o.engine.write_buffer_bytes, "bytes", 16 * kKiB, 4 * kGiB},
      {"storage.write_buffers_max", &o.engine.write_buffers_max, "", 2, 16},
      {"storage.wal_bytes_max",
       &o.engine.wal_bytes_max,
       "bytes",
       16 * kKiB,
       64 * kGiB,
       {.key = "storage.write_buffer_bytes"}},
      {"storage.block_cache_bytes", &o.engine.block_cache_bytes, "bytes", 0, kTiB},
      {"storage.block_bytes", &o.engine.block_bytes, "bytes", 512, kMiB},
      {"storage.file_bytes", &o.engine.file_bytes, "bytes", 16 * kKiB, 4 * kGiB},
      {"storage.import_table_bytes", &o.engine.import_table_bytes, "bytes", 1, 64 * kMiB},
      {"storage.level_base_bytes", &o.engine.level_base_bytes, "bytes", 16 * kKiB, kTiB, {.key = "storage.file_bytes"}},
      {"storage.background_jobs", &o.engine.background_jobs, "", 1, 64},
      {"storage.level0_compaction_files", &o.engine.level0_compaction_files, "files", 2, 64},
      {"storage.level0_stop_files", &o.engine.level0_stop_files, "files", 4, 256, above_start},
      {"storage.compress", &o.engine.compress, ""},
      {"storage.queue_batches_max", &o.committer.queue_batches_max, "", 1, kMiB},
      {"storage.queue_bytes_max", &o.committer.queue_bytes_max, "bytes", kKiB, kGiB},
      {"storage.log_cache_bytes_max", &o.log.cache_bytes_max, "bytes", 0, kTiB}};
  knobs.insert(knobs.end(), storage.begin(), storage.end());
}

void AddLimits(std::vector<ConfigKnob>& knobs, StoreOptions& o) {
  const std::vector<ConfigKnob> limits = {
      {"limits.requests_max", &o.requests_max, "", 1, kMillion},
      {"limits.slow_reads_max", &o.slow_reads_max, "", 1, 10'000},
      {"limits.pending_bytes_max", &o.region.pending_bytes_max, "bytes", kKiB, 4 * kGiB},
      {"limits.pending_reads_max", &o.region.pending_reads_max, "", 1, kMillion},
      {"limits.stop_patience_ms", &o.stop_patience, "ms", 0, kHourMillis}};
  knobs.insert(knobs.end(), limits.begin(), limits.end());
}

template <class Integer>
uint64_t ToNumber(Integer value) {
  return static_cast<uint64_t>(value);
}
uint64_t ToNumber(Duration value) {
  return static_cast<uint64_t>(value.count() / Duration(milliseconds(1)).count());
}

template <class Integer>
void FromNumber(uint64_t value, Integer& place) {
  ORRERY_ASSERT(value <= static_cast<uint64_t>(std::numeric_limits<Integer>::max()));
  place = static_cast<Integer>(value);
}
void FromNumber(uint64_t value, Duration& place) {
  place = milliseconds(static_cast<int64_t>(value));
}

}  // namespace

uint64_t KnobTarget::Get() const {
  return std::visit([](const auto* place) { return ToNumber(*place); }, place_);
}

void KnobTarget::Set(uint64_t value) const {
  std::visit([&](auto* place) { FromNumber(value, *place); }, place_);
}

std::vector<ConfigKnob> ConfigKnobs(StoreOptions& options) {
  std::vector<ConfigKnob> knobs;
  AddRaft(knobs, options.region);
  AddStorage(knobs, options);
  AddLimits(knobs, options);
  return knobs;
}

}  // namespace orrery
