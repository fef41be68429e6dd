#include "faults/knobs.h"

#include <algorithm>
#include <array>

namespace orrery::faults {
namespace {

/// How often a knob is taken from its extremes: one of these for each family of knobs and run (swarm testing, Groce et
/// al. 2012). Some bugs need several knobs of one family to be extreme, others need the rest to be usual.
constexpr std::array kExtremeShares = {0.1, 0.25, 0.6};

/// Draws the knobs of one family by name, so that a new knob shifts no other.
class KnobDraw {
 public:
  KnobDraw(const Random& random, std::string_view family, bool randomise) : random_(random), randomise_(randomise) {
    share_ = kExtremeShares[random.Split("extreme share").Split(family).Below(kExtremeShares.size())];
  }

  template <class Number>
  void OneOf(std::string_view name, Number& knob, std::initializer_list<Number> extremes) {
    if (!randomise_) return;
    Random draw = random_.Split(name);
    if (!draw.Chance(share_)) return;
    const uint64_t choice = draw.Below(extremes.size());
    knob = *(extremes.begin() + choice);
  }
  void Flag(std::string_view name, bool& knob) { OneOf(name, knob, {true, false}); }

 private:
  Random random_;
  bool randomise_;
  double share_;
};

StoreOptions SmallOptions() {
  StoreOptions options;
  options.region.tick = milliseconds(50);
  options.region.log_entries_max = 2000;
  options.region.log_entries_min = 200;
  options.region.log_bytes_max = uint64_t{1} << 20;
  options.region.session_checkpoint_entries = 256;
  options.region.snapshot_chunk_bytes = size_t{16} << 10;
  options.region.snapshot_patience = seconds(5);
  options.engine.write_buffer_bytes = uint64_t{256} << 10;
  options.engine.wal_bytes_max = uint64_t{1} << 20;
  options.engine.block_cache_bytes = uint64_t{1} << 20;
  options.engine.file_bytes = uint64_t{256} << 10;
  options.engine.level_base_bytes = uint64_t{1} << 20;
  options.engine.manifest_bytes_max = uint64_t{256} << 10;
  options.engine.compaction_readahead_bytes = 0;
  options.engine.background_jobs = 2;
  options.log.cache_bytes_max = uint64_t{1} << 20;
  options.stop_patience = seconds(2);
  return options;
}

void DrawRaft(KnobDraw draw, RegionOptions& region) {
  draw.OneOf<Duration>("tick", region.tick, {milliseconds(10), milliseconds(25), milliseconds(100)});
  draw.OneOf<uint32_t>("election_ticks", region.raft.election_ticks, {5, 8, 20});
  draw.OneOf<uint32_t>("heartbeat_ticks", region.raft.heartbeat_ticks, {1, 4});
  draw.OneOf<size_t>("append_bytes_max", region.raft.append_bytes_max, {1, 300, 4096});
  draw.OneOf<uint32_t>("inflight_messages_max", region.raft.inflight_messages_max, {1, 2, 8});
  const size_t append = region.raft.append_bytes_max;  // No window is smaller.
  draw.OneOf<size_t>("inflight_bytes_max", region.raft.inflight_bytes_max, {append, append * 4});
  draw.OneOf<size_t>("uncommitted_bytes_max", region.raft.uncommitted_bytes_max, {1, 2000});
  draw.OneOf<size_t>("apply_bytes_max", region.raft.apply_bytes_max, {1, 500});
  draw.OneOf<size_t>("raft_cache_bytes_max", region.raft.cache_bytes_max, {0, 1000});
  draw.OneOf<uint32_t>("raft_pending_reads_max", region.raft.pending_reads_max, {1, 4});
  draw.Flag("lease_reads", region.lease_reads);
}

void DrawQueues(KnobDraw draw, RegionOptions& region) {
  draw.OneOf<size_t>("entry_bytes_max", region.entry_bytes_max, {1, 200});
  draw.OneOf<size_t>("entry_commands_max", region.entry_commands_max, {1, 2});
  draw.OneOf<size_t>("pending_bytes_max", region.pending_bytes_max, {1024, 8192});
  draw.OneOf<size_t>("pending_reads_max", region.pending_reads_max, {1, 3});
  draw.OneOf<size_t>("send_queue_bytes_max", region.send_queue_bytes_max, {1024, 16384});
  draw.OneOf<size_t>("frame_bytes_max", region.frame_bytes_max, {1024, 4096});
  draw.OneOf<size_t>("inbox_bytes_max", region.inbox_bytes_max, {1024, 16384});
}

/// The log, and what is left of it: sessions, snapshots.
void DrawLog(KnobDraw draw, RegionOptions& region) {
  draw.OneOf<uint64_t>("session_expiry_entries", region.session_expiry_entries, {20, 50, 500});
  draw.OneOf<uint64_t>("session_checkpoint_entries", region.session_checkpoint_entries, {1, 10, 100000});
  draw.OneOf<uint64_t>("log_entries_max", region.log_entries_max, {20, 100});
  draw.OneOf<uint64_t>("log_entries_min", region.log_entries_min, {0, 10});
  draw.OneOf<uint64_t>("log_bytes_max", region.log_bytes_max, {4096});
  draw.OneOf<uint32_t>("log_gc_ticks", region.log_gc_ticks, {1, 3});
  draw.OneOf<size_t>("snapshot_chunk_bytes", region.snapshot_chunk_bytes, {100, 2000});
  draw.OneOf<uint32_t>("snapshot_window_chunks", region.snapshot_window_chunks, {1, 2});
  draw.OneOf<uint32_t>("snapshot_sends_max", region.snapshot_sends_max, {1});
  draw.OneOf<Duration>("snapshot_patience", region.snapshot_patience, {milliseconds(100), milliseconds(600)});
  draw.OneOf<uint64_t>("consistency_check_ticks", region.consistency_check_ticks, {20, 100});
}

void DrawStorage(KnobDraw draw, StoreOptions& options) {
  draw.OneOf<uint64_t>("write_buffer_bytes", options.engine.write_buffer_bytes, {16 << 10, 64 << 10});
  draw.OneOf<uint64_t>("block_cache_bytes", options.engine.block_cache_bytes, {0, 64 << 10});
  draw.OneOf<uint64_t>("block_bytes", options.engine.block_bytes, {512, 4096});
  draw.OneOf<uint64_t>("file_bytes", options.engine.file_bytes, {16 << 10, 64 << 10});
  draw.OneOf<uint64_t>("import_table_bytes", options.engine.import_table_bytes, {300, 2000});
  // A chunk then makes many files, and the sender may not give it up before they are synced.
  if (options.engine.import_table_bytes <= 2000)
    options.region.snapshot_patience = std::max<Duration>(options.region.snapshot_patience, seconds(5));
  draw.OneOf<uint64_t>("manifest_bytes_max", options.engine.manifest_bytes_max, {4096});
  draw.OneOf<uint32_t>("iterator_rows_max", options.engine.iterator_rows_max, {1, 3});
  draw.Flag("compress", options.engine.compress);
  draw.OneOf<uint64_t>("log_cache_bytes_max", options.log.cache_bytes_max, {0, 1000});
  draw.OneOf<uint32_t>("queue_batches_max", options.committer.queue_batches_max, {1, 4});
  draw.OneOf<size_t>("requests_max", options.requests_max, {1, 3});
  draw.OneOf<size_t>("slow_reads_max", options.slow_reads_max, {1, 2});
  draw.OneOf<Duration>("stop_patience", options.stop_patience, {Duration(0), milliseconds(60)});
}

}  // namespace

StoreOptions DrawStoreOptions(Random random, bool randomise) {
  StoreOptions options = SmallOptions();
  const Random knobs = random.Split("knobs");
  DrawRaft(KnobDraw(knobs, "raft", randomise), options.region);
  DrawQueues(KnobDraw(knobs, "queues", randomise), options.region);
  DrawLog(KnobDraw(knobs, "log", randomise), options.region);
  DrawStorage(KnobDraw(knobs, "storage", randomise), options);
  const Status valid = options.Validate();
  ORRERY_ASSERT_THAT(valid.ok(), valid.ToString());
  return options;
}

}  // namespace orrery::faults
