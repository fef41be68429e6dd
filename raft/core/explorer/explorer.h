#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "raft/core/explorer/bounds.h"
#include "raft/core/explorer/hash_set.h"
#include "raft/core/explorer/local_state.h"
#include "runtime/base/function_ref.h"

namespace orrery::raft {

/// A moment of the whole group: a number for each peer's state and for each message on the wire, and what is used up.
struct World {
  std::array<uint32_t, 5> nodes{};
  std::array<uint32_t, 8> wire{};  ///< Sorted, each message once.
  uint8_t wire_size = 0;
  uint8_t timeouts = 0;
  uint8_t entries = 0;
  uint8_t crashes = 0;
  uint8_t beats = 0;
};

struct ExplorerResult {
  Bounds bounds;
  uint64_t states = 0;
  uint64_t transitions = 0;
  uint64_t depth = 0;
  uint64_t peer_states = 0;
  uint64_t messages = 0;
  uint64_t bytes = 0;
  double seconds = 0;
  /// Everything within the bounds was visited; else time or memory ran out first.
  bool complete = false;
  /// At most this: states^2 / 2^129.
  double collision_probability = 0;
  /// The broken law, or ok.
  Status violation;
  /// The shortest way there, one line per event.
  std::vector<std::string> trace;
};

/// How long it may go on. The clock is the caller's: this code reads none.
struct ExplorerLimits {
  FunctionRef<double()> seconds;  ///< Since some start.
  double seconds_max = 0;
  uint64_t bytes_max = 0;
  /// Called now and then.
  FunctionRef<void(const ExplorerResult&)> progress;
};

/// A message stays on the wire when it arrives: it may arrive again, or never. So what is on the wire is a set that
/// only grows, until there is no room; then every choice of what gets lost is tried. A state with fewer messages can do
/// nothing that the state with more cannot, so neither losses nor deliveries without a duplicate need events of their
/// own.
///
/// Visits every state that a group can reach within `bounds`: every order of deliveries, losses, duplicates, crashes
/// that lose what was not stored, and timeouts, breadth first, so the first violation found is reached by a shortest
/// trace. States that differ only by the names of the peers are visited once: peers start alike, run the same code with
/// the same seed, and that code looks at names only to address messages and to put things in order.
class Explorer {
 public:
  explicit Explorer(const Bounds& bounds);

  ExplorerResult Run(const ExplorerLimits& limits);

 private:
  /// One event: who, and which input.
  struct Event {
    uint8_t node = 0;
    uint32_t input = 0;
  };
  struct Origin {
    uint32_t parent = 0;
    Event event;
  };
  struct Numbered {
    World world;
    uint32_t number = 0;
  };

  void Expand(const Numbered& from);
  void ExpandWire(const Numbered& from);
  void ExpandNode(const Numbered& from, uint8_t node);
  void Take(const Numbered& from, Event event, World base);
  void TakeKeeping(const Numbered& from, const Event& event, World world, const std::vector<uint32_t>& sent);
  void Visit(const Numbered& from, const Event& event, const World& world);
  Status CheckWorld(const World& world, uint8_t changed);
  Hash128 HashOf(const World& world) const;
  std::vector<std::string> Trace(uint32_t number, const Event& last);
  std::string Describe(const World& before, const Event& event);
  uint64_t bytes() const;

  Bounds bounds_;
  LocalStates locals_;
  HashSet seen_;
  std::vector<Origin> origins_;
  std::vector<Numbered> frontier_;
  std::vector<Numbered> next_frontier_;
  ExplorerResult result_;
};

/// Lines for people: bounds, states, depth, rate, memory, collision bound, verdict and trace.
std::string ToString(const ExplorerResult& result);

}  // namespace orrery::raft
