#include <fmt/core.h>

#include <type_traits>

#include "faults/knobs.h"

namespace orrery::faults {
namespace {

// Every struct is taken apart into all its fields, so that a new one that has no name here does not compile.

template <class Options, class Visit>
void VisitRaft(Options& options, Visit&& visit) {
  auto& [election_ticks, heartbeat_ticks, pre_vote, check_quorum, no_vote_after_restart, append_bytes_max,
         inflight_messages_max, inflight_bytes_max, uncommitted_bytes_max, apply_bytes_max, cache_bytes_max,
         command_bytes_max, pending_reads_max, probes] = options;
  static_cast<void>(probes);  // Filled in by the store.
  visit("raft.election_ticks", election_ticks);
  visit("raft.heartbeat_ticks", heartbeat_ticks);
  visit("raft.pre_vote", pre_vote);
  visit("raft.check_quorum", check_quorum);
  visit("raft.no_vote_after_restart", no_vote_after_restart);
  visit("raft.append_bytes_max", append_bytes_max);
  visit("raft.inflight_messages_max", inflight_messages_max);
  visit("raft.inflight_bytes_max", inflight_bytes_max);
  visit("raft.uncommitted_bytes_max", uncommitted_bytes_max);
  visit("raft.apply_bytes_max", apply_bytes_max);
  visit("raft.cache_bytes_max", cache_bytes_max);
  visit("raft.command_bytes_max", command_bytes_max);
  visit("raft.pending_reads_max", pending_reads_max);
}

template <class Options, class Visit>
void VisitRegion(Options& options, Visit&& visit) {
  auto& [tick, raft, entry_bytes_max, entry_commands_max, pending_bytes_max, pending_reads_max, frame_bytes_max,
         send_queue_bytes_max, inbox_bytes_max, lease_reads, clock_drift_percent, session_expiry_entries,
         session_checkpoint_entries, log_entries_max, log_bytes_max, log_entries_min, log_gc_ticks,
         snapshot_chunk_bytes, snapshot_window_chunks, snapshot_sends_max, snapshot_receives_max, snapshot_patience,
         consistency_check_ticks, check_invariants] = options;
  visit("region.tick_nanoseconds", tick);
  visit("region.entry_bytes_max", entry_bytes_max);
  visit("region.entry_commands_max", entry_commands_max);
  visit("region.pending_bytes_max", pending_bytes_max);
  visit("region.pending_reads_max", pending_reads_max);
  visit("region.frame_bytes_max", frame_bytes_max);
  visit("region.send_queue_bytes_max", send_queue_bytes_max);
  visit("region.inbox_bytes_max", inbox_bytes_max);
  visit("region.lease_reads", lease_reads);
  visit("region.clock_drift_percent", clock_drift_percent);
  visit("region.session_expiry_entries", session_expiry_entries);
  visit("region.session_checkpoint_entries", session_checkpoint_entries);
  visit("region.log_entries_max", log_entries_max);
  visit("region.log_bytes_max", log_bytes_max);
  visit("region.log_entries_min", log_entries_min);
  visit("region.log_gc_ticks", log_gc_ticks);
  visit("region.snapshot_chunk_bytes", snapshot_chunk_bytes);
  visit("region.snapshot_window_chunks", snapshot_window_chunks);
  visit("region.snapshot_sends_max", snapshot_sends_max);
  visit("region.snapshot_receives_max", snapshot_receives_max);
  visit("region.snapshot_patience_nanoseconds", snapshot_patience);
  visit("region.consistency_check_ticks", consistency_check_ticks);
  visit("region.check_invariants", check_invariants);
  VisitRaft(raft, visit);
}

template <class Options, class Visit>
void VisitEngine(Options& options, Visit&& visit) {
  auto& [folder, write_buffer_bytes, write_buffers_max, wal_bytes_max, block_cache_bytes, block_bytes, file_bytes,
         import_table_bytes, level_base_bytes, manifest_bytes_max, compaction_readahead_bytes, background_jobs,
         level0_compaction_files, level0_stop_files, compress, iterator_rows_max, iterator_bytes_max] = options;
  static_cast<void>(folder);  // The same in every run.
  visit("engine.write_buffer_bytes", write_buffer_bytes);
  visit("engine.write_buffers_max", write_buffers_max);
  visit("engine.wal_bytes_max", wal_bytes_max);
  visit("engine.block_cache_bytes", block_cache_bytes);
  visit("engine.block_bytes", block_bytes);
  visit("engine.file_bytes", file_bytes);
  visit("engine.import_table_bytes", import_table_bytes);
  visit("engine.level_base_bytes", level_base_bytes);
  visit("engine.manifest_bytes_max", manifest_bytes_max);
  visit("engine.compaction_readahead_bytes", compaction_readahead_bytes);
  visit("engine.background_jobs", background_jobs);
  visit("engine.level0_compaction_files", level0_compaction_files);
  visit("engine.level0_stop_files", level0_stop_files);
  visit("engine.compress", compress);
  visit("engine.iterator_rows_max", iterator_rows_max);
  visit("engine.iterator_bytes_max", iterator_bytes_max);
}

template <class Options, class Visit>
void VisitCommitter(Options& options, Visit&& visit) {
  auto& [queue_batches_max, queue_bytes_max, stall_retry] = options;
  visit("committer.queue_batches_max", queue_batches_max);
  visit("committer.queue_bytes_max", queue_bytes_max);
  visit("committer.stall_retry_nanoseconds", stall_retry);
}

template <class Options, class Visit>
void VisitLog(Options& options, Visit&& visit) {
  auto& [cache_bytes_max] = options;
  visit("log.cache_bytes_max", cache_bytes_max);
}

/// Calls visit(name, field) for every knob. Names are those of the structs and of the fields.
template <class Options, class Visit>
void VisitKnobs(Options& options, Visit&& visit) {
  auto& [region, engine, committer, log, requests_max, slow_reads_max, stop_patience] = options;
  visit("store.requests_max", requests_max);
  visit("store.slow_reads_max", slow_reads_max);
  visit("store.stop_patience_nanoseconds", stop_patience);
  VisitRegion(region, visit);
  VisitEngine(engine, visit);
  VisitCommitter(committer, visit);
  VisitLog(log, visit);
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
