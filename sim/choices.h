#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/base/random.h"
#include "runtime/base/time.h"

namespace orrery::sim {

/// The kinds of free choice a run makes. Each has its own key, so that one can be calmed or re-salted
/// without shifting the others.
enum class ChoiceStream : uint8_t {
  kSchedule,  ///< Which ready fiber runs next; which of two simultaneous events comes first.
  kNetwork,   ///< Latencies, where a reset cuts, how streams split.
  kOffload,   ///< When a job takes effect and when it is reported; when RocksDB's background jobs run.
  kClock,     ///< Where clocks start, their drift and skew.
  kBuggify,   ///< Which sites are active, and their draws.
  kDisk,      ///< What a power loss leaves; latencies of the disk.
  kNode,      ///< Runtime::random of the nodes.
};
constexpr int kChoiceStreamCount = 7;

/// "schedule", "network", ... as in capsules.
std::string_view ChoiceStreamName(ChoiceStream stream);

struct ChoiceOptions {
  uint64_t seed = 0;
  /// Calm: first come first served, constant latency, no buggify. Node randomness and the disk's crash
  /// outcomes stay seeded.
  std::array<bool, kChoiceStreamCount> calm{};
  /// Mixed into one stream's key; 0 changes nothing.
  std::array<uint64_t, kChoiceStreamCount> salts{};
  /// Sites that are active or not whatever the seed says.
  std::map<std::string, bool, std::less<>> buggify_sites;
  /// Latencies that are given instead of drawn, by LatencyName(); what a message's size costs comes on top.
  std::map<std::string, Duration, std::less<>> latencies;
  /// Share of the buggify sites that are active in a run.
  double buggify_active = 0.25;
};

/// Name of one choice of the network: the latency of what is sent on a way ("node1>node2") and channel within a slot of
/// NetworkOptions::slot, counted since the world began: "node1>node2 channel2 slot55".
std::string LatencyName(std::string_view way, int channel, uint64_t slot);
/// Whether a text is such a name.
bool IsLatencyName(std::string_view text);

/// Every free choice of a run is f(key of its stream, stable name, local key); never the next number of a
/// shared sequence. Immutable.
class Choices {
 public:
  explicit Choices(ChoiceOptions options);

  bool calm(ChoiceStream stream) const { return options_.calm[static_cast<size_t>(stream)]; }
  uint64_t key(ChoiceStream stream) const { return keys_[static_cast<size_t>(stream)]; }
  Random Of(ChoiceStream stream, std::string_view name) const { return Random(key(stream)).Split(name); }

  /// One word for one choice. `actor` is a name hash, `local` whatever tells the actor's choices apart.
  uint64_t Word(ChoiceStream stream, uint64_t actor, uint64_t local) const {
    return HashCombine(HashCombine(key(stream), actor), local);
  }
  /// Uniform in [0, bound) from a word, without division. bound 0 gives 0.
  static uint64_t Scale(uint64_t word, uint64_t bound) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(word) * bound) >> 64);
  }
  /// Whether a word falls into the share `probability` of all words.
  static bool Falls(uint64_t word, double probability);

  bool BuggifyActive(std::string_view site) const;
  /// The entry of ChoiceOptions::latencies that says it; null: drawn.
  const std::pair<const std::string, Duration>* GivenLatency(std::string_view way, int channel, uint64_t slot) const;

  const ChoiceOptions& options() const { return options_; }

 private:
  ChoiceOptions options_;
  std::array<uint64_t, kChoiceStreamCount> keys_;
};

}  // namespace orrery::sim
