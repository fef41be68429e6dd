#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>

namespace orrery {

/// A span of time. Whole nanoseconds, signed.
using Duration = std::chrono::nanoseconds;

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

/// A point on one node's monotonic clock. Instants of two nodes are not comparable: their clocks start
/// at different points and run at different rates.
class Instant {
 public:
  constexpr Instant() = default;
  constexpr static Instant FromNanos(int64_t nanos) { return Instant(nanos); }
  constexpr static Instant Min() { return Instant(std::numeric_limits<int64_t>::min()); }
  constexpr static Instant Max() { return Instant(std::numeric_limits<int64_t>::max()); }

  constexpr int64_t nanos() const { return nanos_; }

  constexpr auto operator<=>(const Instant&) const = default;

  /// Saturates at Max(), so that "never" plus anything stays "never".
  friend constexpr Instant operator+(Instant at, Duration span) {
    int64_t sum = 0;
    if (__builtin_add_overflow(at.nanos_, span.count(), &sum)) return span.count() > 0 ? Max() : Min();
    return at == Max() ? Max() : Instant(sum);
  }
  friend constexpr Instant operator-(Instant at, Duration span) { return at + Duration(-span.count()); }
  friend constexpr Duration operator-(Instant later, Instant earlier) {
    return Duration(later.nanos_ - earlier.nanos_);
  }
  constexpr Instant& operator+=(Duration span) { return *this = *this + span; }

 private:
  constexpr explicit Instant(int64_t nanos) : nanos_(nanos) {}

  int64_t nanos_ = 0;
};

/// The instant after which nobody waits for an answer any more. Computed once at the edge, from the
/// injected clock, and handed down.
class Deadline {
 public:
  /// Never passes.
  constexpr Deadline() = default;
  constexpr static Deadline Never() { return Deadline(); }
  constexpr static Deadline At(Instant at) { return Deadline(at); }
  constexpr static Deadline After(Instant now, Duration span) { return Deadline(now + span); }

  constexpr Instant at() const { return at_; }
  constexpr bool never() const { return at_ == Instant::Max(); }
  constexpr bool PassedAt(Instant now) const { return now >= at_; }
  constexpr Deadline Earlier(Deadline other) const { return at_ <= other.at_ ? *this : other; }

  constexpr auto operator<=>(const Deadline&) const = default;

 private:
  constexpr explicit Deadline(Instant at) : at_(at) {}

  Instant at_ = Instant::Max();
};

/// Calendar time as this node believes it: nanoseconds since 1970-01-01 UTC. May be wrong, may step
/// backwards. For people and for hybrid clocks, never for measuring a span.
struct WallTime {
  int64_t nanos = 0;
  constexpr auto operator<=>(const WallTime&) const = default;
};

}  // namespace orrery
