#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "raft/core/explorer/bounds.h"
#include "raft/core/model/memory_log.h"
#include "raft/core/raft.h"

/// One peer's side of the exploration. A peer's next state depends on its own state and one input only, and there are
/// far fewer states of one peer than of the group: each is computed once, numbered, and its steps are remembered.
namespace orrery::raft {

struct Hash128 {
  uint64_t low = 0;
  uint64_t high = 0;
  friend bool operator==(const Hash128&, const Hash128&) = default;
  friend auto operator<=>(const Hash128&, const Hash128&) = default;
  Hash128& operator+=(const Hash128& other) {
    low += other.low;
    high += other.high;
    return *this;
  }
};

inline constexpr size_t kPermutationsMax = 120;

enum class InputKind : uint8_t {
  kDeliver = 0,   ///< Argument: the message's number.
  kTimeout = 1,   ///< Ticks until the election timer fires.
  kBeat = 2,      ///< Leader: ticks until the next heartbeats.
  kPersist = 3,   ///< The oldest queued write becomes durable.
  kCrash = 4,     ///< And restart: a peer that is down is like one to which nothing happens.
  kPropose = 5,   ///< Argument: the proposal's number.
  kPatience = 6,  ///< With check-quorum: ticks until this peer protects no leader any more.
};

struct Input {
  InputKind kind = InputKind::kDeliver;
  uint32_t argument = 0;
  /// What this writes will be lost: the peer stores nothing any more until it crashes.
  bool doom = false;
  uint32_t Packed() const { return static_cast<uint32_t>(kind) << 28 | uint32_t{doom} << 27 | argument; }
  static Input Unpacked(uint32_t packed) {
    return Input{static_cast<InputKind>(packed >> 28), packed & 0x07ffffff, (packed >> 27 & 1) != 0};
  }
};

/// An entry this peer has known to be committed, in this or an earlier life.
struct KnownCommitted {
  Term term;
  uint64_t content = 0;
  Term learned_in;
};

struct LocalState {
  PeerId id;
  MemoryLog disk;
  std::optional<Raft> raft;  ///< Always there; optional because a crash replaces it.
  std::vector<Ready> writes;
  bool doomed = false;
  /// Bit t: led term t. Survives crashes, as does `committed`: they are the explorer's memory, not the peer's.
  uint64_t led_terms = 0;
  std::vector<KnownCommitted> committed;

  LocalState() = default;
  LocalState(const LocalState& other);
  LocalState& operator=(const LocalState&) = delete;
};

/// What one input does to one peer.
struct LocalStep {
  uint32_t next = 0;           ///< Number of the state reached.
  bool enabled = false;        ///< False: the input does not apply, or changes and sends nothing.
  std::vector<uint32_t> sent;  ///< Numbers of the messages written.
  bool dead = false;           ///< A delivery that will never again do anything, whatever happens to this peer.
};

class LocalStates {
 public:
  explicit LocalStates(const Bounds& bounds);

  /// The number of the state in which peer `node` (0-based) begins.
  uint32_t Initial(uint32_t node);
  /// The step of state `state` under `input`; reference dies at the next call. Sets violation() if a law breaks in it.
  const LocalStep& Step(uint32_t state, Input input);
  /// The same for the delivery of `message`.
  const LocalStep& Deliver(uint32_t state, uint32_t message);
  /// Checks what two peers' states say about each other; remembered.
  Status CheckPair(uint32_t a, uint32_t b);

  const LocalState& state(uint32_t number) const { return *states_[number]; }
  const Message& message(uint32_t number) const { return messages_[number]; }
  /// Hash of the state (message) with peers renamed by permutation `p`.
  const Hash128& StateHash(uint32_t number, size_t p) const { return state_hashes_[number * permutations_.size() + p]; }
  const Hash128& MessageHash(uint32_t number, size_t p) const {
    return message_hashes_[number * permutations_.size() + p];
  }
  /// The message with peers renamed by permutation `p`; may be new.
  uint32_t Renamed(uint32_t message, size_t p);
  size_t permutation_count() const { return permutations_.size(); }
  size_t state_count() const { return states_.size(); }
  size_t message_count() const { return messages_.size(); }
  size_t bytes() const { return bytes_; }
  const Status& violation() const { return violation_; }

 private:
  bool Apply(LocalState& state, Input input, std::vector<Message>& out);
  static bool IsDead(const LocalState& state, const Message& message);
  bool TickUntilCampaign(Raft& raft);
  void Crash(LocalState& state);
  void Settle(LocalState& state, const Input& input, std::vector<Message>& out);
  void PersistOldest(LocalState& state, std::vector<Message>& out);
  void Pump(LocalState& state, std::vector<Message>& out);
  void Observe(LocalState& state);
  uint32_t Intern(std::unique_ptr<LocalState> state);
  uint32_t InternMessage(const Message& message);
  void Encode(const LocalState& state, Raft::Rename rename, Bytes& out) const;
  Status CheckPairNow(const LocalState& a, const LocalState& b) const;

  struct HashOfHash {
    size_t operator()(const Hash128& hash) const { return hash.low; }
  };

  RaftOptions options_;
  uint32_t nodes_;
  bool forgetful_disk_;
  std::vector<std::array<uint8_t, 6>> permutations_;  ///< [p][peer id] = renamed peer id; the identity first.
  std::vector<std::unique_ptr<LocalState>> states_;
  std::vector<Message> messages_;
  std::vector<Hash128> state_hashes_;
  std::vector<Hash128> message_hashes_;
  std::vector<std::vector<uint32_t>> renamed_;  ///< [message][p]; absent: not looked up yet.
  std::unordered_map<Hash128, uint32_t, HashOfHash> state_numbers_;
  std::unordered_map<Hash128, uint32_t, HashOfHash> message_numbers_;
  std::unordered_map<uint64_t, uint32_t> step_numbers_;
  std::vector<std::unique_ptr<LocalStep>> steps_;
  std::vector<std::vector<const LocalStep*>> deliveries_;  ///< [state][message]; null: not computed yet.
  std::unordered_map<uint64_t, bool> good_pairs_;
  size_t bytes_ = 0;
  Status violation_;
};

}  // namespace orrery::raft
