#include "raft/core/options.h"

#include "runtime/base/check_range.h"
#include "runtime/base/random.h"

namespace orrery::raft {
namespace {

constexpr uint64_t kMebibyte = uint64_t{1} << 20;
constexpr uint64_t kGibibyte = uint64_t{1} << 30;

}  // namespace

Status RaftOptions::Validate() const {
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("election_ticks", election_ticks, 2, 100000));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("heartbeat_ticks", heartbeat_ticks, 1, election_ticks - 1));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("append_bytes_max", append_bytes_max, 1, 64 * kMebibyte));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("inflight_messages_max", inflight_messages_max, 1, 65536));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("inflight_bytes_max", inflight_bytes_max, append_bytes_max, kGibibyte));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("uncommitted_bytes_max", uncommitted_bytes_max, 1, 4 * kGibibyte));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("apply_bytes_max", apply_bytes_max, 1, kGibibyte));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("cache_bytes_max", cache_bytes_max, 0, kGibibyte));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("command_bytes_max", command_bytes_max, 1, 256 * kMebibyte));
  return CheckRange<uint64_t>("pending_reads_max", pending_reads_max, 1, 1000000);
}

uint32_t ElectionTimeoutTicks(uint32_t election_ticks, uint64_t seed, Term term) {
  const uint64_t draw = HashCombine(Mix64(seed), term.value());
  return election_ticks + static_cast<uint32_t>(draw % election_ticks);
}

}  // namespace orrery::raft
