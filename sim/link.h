#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "runtime/network.h"
#include "sim/world_core.h"

namespace orrery::sim {

class Link;
class SimNode;

/// Messages on their way from one node to another: first-in first-out; only the head is in the event queue.
class Direction final : public Event {
 public:
  Direction(WorldCore& core, Link& link, int side, SimNode& from, SimNode& to);
  ~Direction() override;

  SimNode& from() { return from_; }
  SimNode& to() { return to_; }
  int side() const { return side_; }  ///< Of the sender in the link.
  Link& link() { return link_; }
  Actor& actor() { return actor_; }

  void Push(Channel channel, Bytes payload, int64_t sent_at);
  void Fire() override;
  /// Puts the head into the event queue if it may travel.
  void Arm();
  /// Everything on the way is lost. Draws which of it comes back later.
  void Lose();
  /// No connection came to be: what was to go over it has never left, neither have copies of it.
  void Discard();
  /// The sender died: what it would have sent later in its turn never leaves, and a suffix of the rest may be lost.
  void CutSuffix();
  /// Messages that shall arrive once more now that their connection has ended.
  void ReleaseDuplicates();
  /// No message arrives before.
  void NotBefore(int64_t at) { last_due_ = std::max(last_due_, at); }
  int64_t Latency(Channel channel, size_t size_bytes, int64_t sent_at) const;

  bool blocked() const { return clogged || partitioned; }
  size_t bytes() const { return bytes_; }
  size_t count() const { return on_the_way_.size(); }
  int64_t last_due() const { return last_due_; }

  bool clogged = false;
  bool partitioned = false;
  uint32_t slow_factor = 1;

 private:
  struct Message {
    Bytes payload;
    int64_t sent_at;  ///< Ahead of the world's time if the sender's turn took long before.
    int64_t due;
    Channel channel;
  };
  struct Copy {
    Bytes payload;
    int64_t sent_at;
    Channel channel;
  };

  void Hand(Channel channel, Bytes payload);
  void LoseLast();
  /// Delivers a message of an ended connection later, and in no case before it was sent.
  void HandLater(Channel channel, Bytes payload, int64_t sent_at, WorldFault fault);
  uint64_t Choose() { return core_.choices.Word(ChoiceStream::kNetwork, actor_.hash, ++drawn_); }

  WorldCore& core_;
  Link& link_;
  const int side_;
  SimNode& from_;
  SimNode& to_;
  Actor& actor_;
  std::deque<Message> on_the_way_;
  std::vector<Copy> copies_;
  size_t bytes_ = 0;
  int64_t last_due_ = 0;
  uint64_t drawn_ = 0;
};

/// The connection between two nodes, whoever opened it, and the ones before and after it (epochs).
class Link {
 public:
  enum class State : uint8_t { kClosed, kConnecting, kOpen, kClosing };

  Link(WorldCore& core, SimNode& a, SimNode& b);
  ~Link();

  Direction& direction(int side) { return *directions_[static_cast<size_t>(side)]; }
  State state() const { return state_; }

  /// A node sends: opens the connection when there is none.
  void Send(int side, Channel channel, Bytes payload, int64_t sent_at);
  /// Both ends lose the connection, each at its own time; a suffix is lost each way.
  void Reset(WorldFault fault);
  /// One end died.
  void OnDown(int side, CrashKind kind);
  /// A machine answers again: whoever waits for it learns at once that the connection is dead.
  void OnBoot(int side);
  /// Rules have changed.
  void OnRules();
  /// A message has come through.
  bool alive(int side) const { return open_[static_cast<size_t>(side)]; }
  size_t WaitingBytes(int side) const;

 private:
  class Call;

  SimNode& node(int side) { return direction(side).from(); }
  void Open(int initiator, int64_t sent_at);
  void TryEstablish();
  void FailConnecting();
  void BeginClosing(const std::array<int64_t, 2>& told_at);
  void TellClosed(int side);
  void FinishClosing();
  void Tell(int side, bool connected_before);
  void ArmSilence();
  int64_t RoundTrip(int64_t sent_at);

  WorldCore& core_;
  Actor& actor_;
  std::array<std::unique_ptr<Direction>, 2> directions_;
  State state_ = State::kClosed;
  int initiator_ = 0;
  uint64_t epoch_ = 0;
  std::array<bool, 2> open_{};       ///< This end believes in the connection.
  std::array<bool, 2> sent_{};       ///< This end has sent in this epoch.
  std::array<uint64_t, 2> boots_{};  ///< The boots that share the connection.
  int64_t connect_until_ = 0;
  struct Waiting {
    Channel channel;
    Bytes payload;
    int64_t sent_at;
  };
  std::array<std::vector<Waiting>, 2> next_;  ///< Sent while the other end still closes.
  std::unique_ptr<Call> connect_;
  std::unique_ptr<Call> silence_;
  std::array<std::unique_ptr<Call>, 2> told_;
};

}  // namespace orrery::sim
