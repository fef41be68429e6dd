#include "raft/core/options.h"

#include <string>

#include "runtime/base/random.h"

namespace orrery::raft {
namespace {

constexpr uint64_t kMebibyte = uint64_t{1} << 20;
constexpr uint64_t kGibibyte = uint64_t{1} << 30;

Status CheckRange(const char* field, uint64_t value, uint64_t low, uint64_t high) {
  if (value >= low && value <= high) return Status::Ok();
  return Status(StatusCode::kInvalidArgument, "raft option " + std::string(field) + " = " + std::to_string(value) +
                                                  ": must be in [" + std::to_string(low) + ", " + std::to_string(high) +
                                                  "]");
}

}  // namespace

Status RaftOptions::Validate() const {
  ORRERY_RETURN_IF_ERROR(CheckRange("election_ticks", election_ticks, 2, 100000));
  ORRERY_RETURN_IF_ERROR(CheckRange("heartbeat_ticks", heartbeat_ticks, 1, election_ticks - 1));
  ORRERY_RETURN_IF_ERROR(CheckRange("append_bytes_max", append_bytes_max, 1, 64 * kMebibyte));
  ORRERY_RETURN_IF_ERROR(CheckRange("inflight_messages_max", inflight_messages_max, 1, 65536));
  ORRERY_RETURN_IF_ERROR(CheckRange("inflight_bytes_max", inflight_bytes_max, append_bytes_max, kGibibyte));
  ORRERY_RETURN_IF_ERROR(CheckRange("uncommitted_bytes_max", uncommitted_bytes_max, 1, 4 * kGibibyte));
  ORRERY_RETURN_IF_ERROR(CheckRange("apply_bytes_max", apply_bytes_max, 1, kGibibyte));
  ORRERY_RETURN_IF_ERROR(CheckRange("cache_bytes_max", cache_bytes_max, 0, kGibibyte));
  ORRERY_RETURN_IF_ERROR(CheckRange("command_bytes_max", command_bytes_max, 1, 256 * kMebibyte));
  return CheckRange("pending_reads_max", pending_reads_max, 1, 1000000);
}

uint32_t ElectionTimeoutTicks(uint32_t election_ticks, uint64_t seed, Term term) {
  const uint64_t draw = HashCombine(Mix64(seed), term.value());
  return election_ticks + static_cast<uint32_t>(draw % election_ticks);
}

}  // namespace orrery::raft
