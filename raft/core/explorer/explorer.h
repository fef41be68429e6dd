#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "raft/core/explorer/bounds.h"
#include "raft/core/explorer/local_state.h"
#include "raft/core/explorer/wires.h"
#include "runtime/base/function_ref.h"

namespace orrery::raft {

/// A moment of the whole group: a number for each peer's state and for what is on the wire, and what is used up.
struct World {
  std::array<uint32_t, 5> nodes{};
  uint32_t wire = 0;  ///< Number of the set of messages.
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
  uint64_t wires = 0;  ///< Different sets of messages on the wire.
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

/// Visits every state that a group can reach within `bounds`: every order of deliveries, losses, duplicates, crashes
/// that lose what was not stored, and timeouts, breadth first, so a violation is found by a shortest trace. Any number
/// of messages may be in flight. What keeps that small, and why nothing is missed:
///
/// - A message stays on the wire for ever: it may arrive now, later, again or never. What is on the wire only grows,
///   and a state with fewer messages can do nothing that the same state with more cannot. So losses and deliveries
///   without a duplicate need no events of their own.
/// - A delivery that leaves its receiver as it is, and only makes it answer, is taken at once: it leads to the same
///   state with more on the wire, which can do everything that this one can.
/// - An answer to a campaign or to a leadership that is over changes nothing, ever: it is taken off the wire.
/// - Who does not lead stores its writes at once, or crashes before it stores any more. A write that is stored later
///   only makes messages leave later; and what a peer lost in a crash lost everything behind it too. Leaders, whose
///   appends leave before they are stored, store at any time.
/// - A peer that is down is like one to which nothing happens: a crash and the restart behind it are one event.
/// - A state with fewer messages than one seen, and the rest equal, is not visited.
/// - States that differ only by the names of the peers are visited once: peers start alike, run the same code with the
///   same seed, and that code looks at names only to address messages and to put things in order.
class Explorer {
 public:
  explicit Explorer(const Bounds& bounds);

  ExplorerResult Run(const ExplorerLimits& limits);

 private:
  uint8_t nodes() const { return static_cast<uint8_t>(bounds_.nodes); }
  /// One event: who, and which input.
  struct Event {
    uint8_t node = 0;
    uint32_t input = 0;
  };
  struct Origin {
    uint32_t parent = 0;
    Event event;
  };
  /// What two worlds that differ only by names have in common.
  struct Key {
    Hash128 peers;
    uint32_t wire = 0;
  };
  struct Numbered {
    World world;
    uint32_t number = 0;
    Key key;
  };

  void Expand(const Numbered& from);
  void ExpandWire(const Numbered& from);
  void ExpandNode(const Numbered& from, uint8_t node);
  void TakeOne(const Numbered& from, Event event, World base);
  void Take(const Numbered& from, Event event, World base);
  uint32_t WireAfter(const World& world, const std::vector<uint32_t>& sent);
  bool Join(MessageSet& wire, const std::vector<uint32_t>& sent);
  void Visit(const Numbered& from, const Event& event, const World& world);
  Status CheckWorld(const World& world, uint8_t changed);
  Key KeyOf(const World& world);
  std::vector<std::string> Trace(uint32_t number, const Event& last);
  std::string Describe(const World& before, const Event& event);
  uint64_t bytes() const;

  Bounds bounds_;
  LocalStates locals_;
  Wires wires_;
  SeenStates seen_;
  std::vector<Origin> origins_;
  std::vector<Numbered> frontier_;
  std::vector<Numbered> next_frontier_;
  bool too_many_messages_ = false;
  ExplorerResult result_;
};

/// Lines for people: bounds, states, depth, rate, memory, collision bound, verdict and trace.
std::string ToString(const ExplorerResult& result);

}  // namespace orrery::raft
