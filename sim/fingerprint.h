#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/random.h"

namespace orrery::sim {

/// What the fingerprint is made of. Numbers stand in event files: never renumber.
enum class EventKind : uint8_t {
  kBoot = 1,         ///< A node began to run. Content: boot number.
  kCrash = 2,        ///< A node was ended from outside. Content: kind.
  kExit = 3,         ///< A node ended itself. Content: status code.
  kDelivery = 4,     ///< A message reached a receiver. Content: sender, channel, bytes.
  kDisconnect = 5,   ///< A receiver was told that a connection ended. Content: peer.
  kTimer = 6,        ///< Timers of a node fired. Content: its monotonic time.
  kDisk = 7,         ///< A disk changed or refused to. Content: operation, path, place, bytes, outcome.
  kJobEffect = 8,    ///< An offloaded job ran. Content: lane.
  kJobDone = 9,      ///< The loop was told so. Content: lane.
  kBackground = 10,  ///< A background job of RocksDB ran. Content: count.
  kFault = 11,       ///< A fault was injected or taken back. Content: what and where.
  kClient = 12,      ///< A client operation began or ended. Content: the caller's.
  kStream = 13,      ///< Bytes, an end or a reset reached a stream. Content: the bytes.
  kNote = 14,        ///< The harness said so. Content: the caller's.
};
std::string_view EventKindName(EventKind kind);

/// Who did it: a stable path name ("node2/boot3"). Owned by the World; lives as long as it does.
struct Actor {
  explicit Actor(std::string actor_name) : name(std::move(actor_name)), hash(Hash64(name)) {}

  std::string name;
  uint64_t hash;
  uint64_t sequence = 0;  ///< Events recorded of it so far.
  uint64_t choices = 0;   ///< Free choices made on its behalf so far (ranks of its events).
};

/// One event as the fingerprint sees it.
struct EventRecord {
  int64_t time_nanos = 0;
  EventKind kind{};
  uint64_t actor_hash = 0;
  uint64_t sequence = 0;  ///< Within the actor, from 1.
  uint64_t content = 0;
  auto operator<=>(const EventRecord&) const = default;
};

/// 128 bits over all events so far. Equal fingerprints mean equal runs.
struct Fingerprint {
  uint64_t high = 0x6f72726572792031u;
  uint64_t low = 0x66696e6765727072u;
  auto operator<=>(const Fingerprint&) const = default;

  void Fold(const EventRecord& event) {
    const uint64_t place = Mix64(static_cast<uint64_t>(event.time_nanos) ^ (static_cast<uint64_t>(event.kind) << 57));
    const uint64_t who = HashCombine(event.actor_hash, event.sequence);
    const uint64_t word = HashCombine(place ^ who, event.content);
    high = HashCombine(high, word);
    low = (low ^ (word + who)) * 0x9fb21c651e98df25u;
    low ^= low >> 29;
  }
  /// 32 hexadecimal digits.
  std::string ToString() const;
};

}  // namespace orrery::sim
