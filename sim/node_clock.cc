#include "sim/node_clock.h"

#include <limits>

#include "runtime/base/assert.h"

namespace orrery::sim {
namespace {

constexpr int64_t kBillion = 1'000'000'000;
constexpr int64_t kMillion = 1'000'000;
/// 2026-01-01, when a world begins.
constexpr int64_t kWallEpochNanos = 1'767'225'600 * kBillion;
constexpr int64_t kDriftPpbMax = 100'000;
/// Within these bounds products of span and drift fit into 64 bits.
constexpr int64_t kShortSpanNanos = int64_t{1} << 46;
constexpr int kNewtonSteps = 3;
bool IsSmall(int64_t drift_ppb) {
  return drift_ppb < (1 << 17) && drift_ppb > -(1 << 17);
}
constexpr int64_t kSkewNanosMax = 300 * kMillion;

/// Uptimes that have broken clocks before: fresh, around 2^31 and 2^32 ms, beyond two years.
int64_t ChooseStart(uint64_t word) {
  const int64_t jitter = static_cast<int64_t>(Choices::Scale(Mix64(word), 60 * kBillion));
  switch (word % 5) {
    case 0: return jitter;
    case 1: return 3600 * kBillion + jitter;
    case 2: return (int64_t{1} << 31) * kMillion - 30 * kBillion + jitter;
    case 3: return (int64_t{1} << 32) * kMillion - 30 * kBillion + jitter;
    default: return int64_t{800} * 24 * 3600 * kBillion + jitter;
  }
}

int64_t Symmetric(uint64_t word, int64_t limit) {
  return static_cast<int64_t>(Choices::Scale(word, static_cast<uint64_t>(2 * limit + 1))) - limit;
}

}  // namespace

NodeClock::NodeClock(const ClockOptions& options, const Choices& choices, uint64_t actor_hash)
    : options_(options), choices_(choices), actor_hash_(actor_hash) {
  const bool calm = choices.calm(ChoiceStream::kClock);
  const uint64_t drift_word = choices.Word(ChoiceStream::kClock, actor_hash, Hash64("drift"));
  const uint64_t skew_word = choices.Word(ChoiceStream::kClock, actor_hash, Hash64("skew"));
  drift_ppb_ = options.drift_ppb.value_or(calm ? 0 : Symmetric(drift_word, kDriftPpbMax));
  wall_offset_nanos_ =
      kWallEpochNanos + options.wall_skew.value_or(Duration(calm ? 0 : Symmetric(skew_word, kSkewNanosMax))).count();
}

void NodeClock::StartMachine(uint64_t machine_life, int64_t now_nanos) {
  const uint64_t word = choices_.Word(ChoiceStream::kClock, actor_hash_, machine_life);
  const int64_t chosen = choices_.calm(ChoiceStream::kClock) ? 3600 * kBillion : ChooseStart(word);
  start_nanos_ = options_.start.has_value() ? options_.start->nanos() : chosen;
  base_virtual_nanos_ = now_nanos;
  base_monotonic_nanos_ = start_nanos_;
}

int64_t NodeClock::Stretch(int64_t span_nanos) const {
  if (span_nanos < kShortSpanNanos && span_nanos > -kShortSpanNanos && IsSmall(drift_ppb_))
    return span_nanos + span_nanos * drift_ppb_ / kBillion;
  return span_nanos + static_cast<int64_t>(static_cast<__int128>(span_nanos) * drift_ppb_ / kBillion);
}

Instant NodeClock::MonotonicAt(int64_t now_nanos) const {
  return Instant::FromNanos(base_monotonic_nanos_ + Stretch(now_nanos - base_virtual_nanos_));
}

WallTime NodeClock::WallAt(int64_t now_nanos) const {
  return WallTime{wall_offset_nanos_ + now_nanos};
}

int64_t NodeClock::ReachedAt(Instant at) const {
  if (at == Instant::Max()) return std::numeric_limits<int64_t>::max();
  int64_t ahead = 0;
  if (__builtin_sub_overflow(at.nanos(), base_monotonic_nanos_, &ahead)) return std::numeric_limits<int64_t>::max();
  if (ahead <= 0) return base_virtual_nanos_;
  int64_t reached = 0;
  if (ahead < kShortSpanNanos && IsSmall(drift_ppb_)) {
    // Newton's steps: each shrinks the error by the drift.
    reached = base_virtual_nanos_ + ahead;
    for (int i = 0; i < kNewtonSteps; ++i) reached += (at - MonotonicAt(reached)).count();
  } else {
    const __int128 exact = static_cast<__int128>(ahead) * kBillion / (kBillion + drift_ppb_) + base_virtual_nanos_;
    if (exact >= std::numeric_limits<int64_t>::max() - 4) return std::numeric_limits<int64_t>::max();
    reached = static_cast<int64_t>(exact);
  }
  while (MonotonicAt(reached) < at) ++reached;
  while (reached > base_virtual_nanos_ && MonotonicAt(reached - 1) >= at) --reached;
  return reached;
}

void NodeClock::SetDrift(int64_t drift_ppb, int64_t now_nanos) {
  ORRERY_ASSERT(drift_ppb > -kBillion / 2);
  ORRERY_ASSERT(drift_ppb < kBillion / 2);
  base_monotonic_nanos_ = MonotonicAt(now_nanos).nanos();
  base_virtual_nanos_ = now_nanos;
  drift_ppb_ = drift_ppb;
}

}  // namespace orrery::sim
