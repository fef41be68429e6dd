#include <fmt/core.h>

#include <type_traits>

#include "faults/knobs.h"

namespace orrery::faults {
namespace {

/// Calls visit(name, field) for every knob. Names are those of cluster.toml's groups and of the fields.
template <class Options, class Visit>
void VisitRegion(Options& region, Visit&& visit) {
  visit("region.tick_nanoseconds", region.tick);
  visit("region.entry_bytes_max", region.entry_bytes_max);
  visit("region.entry_commands_max", region.entry_commands_max);
  visit("region.pending_bytes_max", region.pending_bytes_max);
  visit("region.pending_reads_max", region.pending_reads_max);
  visit("region.frame_bytes_max", region.frame_bytes_max);
  visit("region.send_queue_bytes_max", region.send_queue_bytes_max);
  visit("region.lease_reads", region.lease_reads);
  visit("region.clock_drift_percent", region.clock_drift_percent);
  visit("region.session_expiry_entries", region.session_expiry_entries);
  visit("region.session_checkpoint_entries", region.session_checkpoint_entries);
  visit("region.log_entries_max", region.log_entries_max);
  visit("region.log_bytes_max", region.log_bytes_max);
  visit("region.log_entries_min", region.log_entries_min);
  visit("region.log_gc_ticks", region.log_gc_ticks);
  visit("region.snapshot_chunk_bytes", region.snapshot_chunk_bytes);
  visit("region.snapshot_window_chunks", region.snapshot_window_chunks);
  visit("region.snapshot_sends_max", region.snapshot_sends_max);
  visit("region.snapshot_receives_max", region.snapshot_receives_max);
  visit("region.snapshot_patience_nanoseconds", region.snapshot_patience);
  visit("region.consistency_check_ticks", region.consistency_check_ticks);
  visit("region.check_invariants", region.check_invariants);
}

template <class Options, class Visit>
void VisitRaft(Options& raft, Visit&& visit) {
  visit("raft.election_ticks", raft.election_ticks);
  visit("raft.heartbeat_ticks", raft.heartbeat_ticks);
  visit("raft.pre_vote", raft.pre_vote);
  visit("raft.check_quorum", raft.check_quorum);
  visit("raft.no_vote_after_restart", raft.no_vote_after_restart);
  visit("raft.append_bytes_max", raft.append_bytes_max);
  visit("raft.inflight_messages_max", raft.inflight_messages_max);
  visit("raft.inflight_bytes_max", raft.inflight_bytes_max);
  visit("raft.uncommitted_bytes_max", raft.uncommitted_bytes_max);
  visit("raft.apply_bytes_max", raft.apply_bytes_max);
  visit("raft.cache_bytes_max", raft.cache_bytes_max);
  visit("raft.command_bytes_max", raft.command_bytes_max);
  visit("raft.pending_reads_max", raft.pending_reads_max);
}

template <class Options, class Visit>
void VisitEngine(Options& engine, Visit&& visit) {
  visit("engine.write_buffer_bytes", engine.write_buffer_bytes);
  visit("engine.write_buffers_max", engine.write_buffers_max);
  visit("engine.wal_bytes_max", engine.wal_bytes_max);
  visit("engine.block_cache_bytes", engine.block_cache_bytes);
  visit("engine.block_bytes", engine.block_bytes);
  visit("engine.file_bytes", engine.file_bytes);
  visit("engine.level_base_bytes", engine.level_base_bytes);
  visit("engine.manifest_bytes_max", engine.manifest_bytes_max);
  visit("engine.compaction_readahead_bytes", engine.compaction_readahead_bytes);
  visit("engine.background_jobs", engine.background_jobs);
  visit("engine.level0_compaction_files", engine.level0_compaction_files);
  visit("engine.level0_stop_files", engine.level0_stop_files);
  visit("engine.compress", engine.compress);
  visit("engine.iterator_rows_max", engine.iterator_rows_max);
  visit("engine.iterator_bytes_max", engine.iterator_bytes_max);
}

template <class Options, class Visit>
void VisitKnobs(Options& options, Visit&& visit) {
  VisitRegion(options.region, visit);
  VisitRaft(options.region.raft, visit);
  VisitEngine(options.engine, visit);
  visit("committer.queue_batches_max", options.committer.queue_batches_max);
  visit("committer.queue_bytes_max", options.committer.queue_bytes_max);
  visit("committer.stall_retry_nanoseconds", options.committer.stall_retry);
  visit("log.cache_bytes_max", options.log.cache_bytes_max);
  visit("store.requests_max", options.requests_max);
  visit("store.slow_reads_max", options.slow_reads_max);
  visit("store.stop_patience_nanoseconds", options.stop_patience);
}

template <class Field>
int64_t NumberOf(const Field& field) {
  if constexpr (std::is_same_v<Field, Duration>) {
    return field.count();
  } else {
    return static_cast<int64_t>(field);
  }
}

/// False if the number does not fit.
template <class Field>
bool Assign(int64_t number, Field& field) {
  if constexpr (std::is_same_v<Field, Duration>) {
    field = Duration(number);
  } else {
    field = static_cast<Field>(number);
  }
  return number >= 0 && NumberOf(field) == number;
}

}  // namespace

Knobs NamedKnobs(const StoreOptions& options) {
  Knobs knobs;
  VisitKnobs(options, [&](std::string_view name, const auto& field) { knobs.emplace(name, NumberOf(field)); });
  return knobs;
}

Result<StoreOptions> OptionsOfKnobs(const Knobs& knobs) {
  StoreOptions options = DrawStoreOptions(Random(0), false);
  size_t used = 0;
  std::string wrong;
  VisitKnobs(options, [&](std::string_view name, auto& field) {
    const auto knob = knobs.find(name);
    if (knob == knobs.end()) return;
    ++used;
    if (!Assign(knob->second, field)) wrong = fmt::format("{}: is {}, out of range", name, knob->second);
  });
  if (!wrong.empty()) return Status(StatusCode::kInvalidArgument, wrong);
  if (used == knobs.size()) {
    ORRERY_RETURN_IF_ERROR(options.Validate());
    return options;
  }
  const Knobs known = NamedKnobs(options);
  for (const auto& [name, number] : knobs) {
    if (!known.contains(name)) return Status(StatusCode::kInvalidArgument, name + ": is not a known knob");
  }
  ORRERY_UNREACHABLE("every knob is known, and one was not used");
}

}  // namespace orrery::faults
