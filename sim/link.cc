#include "sim/link.h"

#include <algorithm>

#include "sim/node_boot.h"
#include "sim/sim_network.h"
#include "sim/sim_node.h"

namespace orrery::sim {

/// A call back at an instant.
class Link::Call final : public Event {
 public:
  Call(WorldCore& core, std::function<void()> code) : core_(core), code_(std::move(code)) {}
  ~Call() override { core_.queue.Cancel(this); }
  void At(Actor& actor, int64_t at) {
    core_.queue.Cancel(this);
    at_ = at;
    core_.Schedule(this, actor, at);
  }
  void Stop() { core_.queue.Cancel(this); }
  int64_t at() const { return at_; }
  void Fire() override { code_(); }

 private:
  WorldCore& core_;
  std::function<void()> code_;
  int64_t at_ = 0;
};

Link::Link(WorldCore& core, SimNode& a, SimNode& b)
    : core_(core),
      actor_(core.ActorOf(a.actor().name + "-" + b.actor().name)),
      connect_(std::make_unique<Call>(core, [this] { TryEstablish(); })),
      silence_(std::make_unique<Call>(core, [this] { Reset(WorldFault::kSilence); })) {
  directions_[0] = std::make_unique<Direction>(core, *this, 0, a, b);
  directions_[1] = std::make_unique<Direction>(core, *this, 1, b, a);
  for (int side = 0; side < 2; ++side)
    told_[static_cast<size_t>(side)] = std::make_unique<Call>(core, [this, side] { TellClosed(side); });
}

Link::~Link() = default;

void Link::Send(int side, Channel channel, Bytes payload, int64_t sent_at) {
  const auto me = static_cast<size_t>(side);
  if (&direction(0).from() == &direction(0).to()) state_ = State::kOpen;  // A node's way to itself.
  if (state_ == State::kClosing) {
    if (open_[me]) {
      core_.CountFault(WorldFault::kLostMessage);
    } else {
      next_[me].push_back({channel, std::move(payload), sent_at});
    }
    return;
  }
  if (state_ == State::kClosed) Open(side, sent_at);
  if (!sent_[me]) boots_[me] = node(side).boots();
  sent_[me] = true;
  Direction& way = direction(side);
  way.Push(channel, std::move(payload), sent_at);
  if (state_ == State::kOpen) way.Arm();
  if (way.bytes() > core_.options.network.queue_bytes_max && way.count() > 1) Reset(WorldFault::kQueueFull);
}

size_t Link::WaitingBytes(int side) const {
  const Direction& way = *directions_[static_cast<size_t>(side)];
  size_t waiting = way.bytes();
  for (const Waiting& message : next_[static_cast<size_t>(side)]) waiting += message.payload.size();
  if (state_ != State::kOpen || way.blocked()) return waiting;
  const size_t buffer = core_.options.network.socket_buffer_bytes;
  return waiting > buffer ? waiting - buffer : 0;
}

int64_t Link::RoundTrip(int64_t sent_at) {
  return direction(0).Latency(Channel::kRpc, 0, sent_at) + direction(1).Latency(Channel::kRpc, 0, sent_at);
}

void Link::Open(int initiator, int64_t sent_at) {
  state_ = State::kConnecting;
  initiator_ = initiator;
  ++epoch_;
  open_ = {};
  sent_ = {};
  boots_[static_cast<size_t>(initiator)] = node(initiator).boots();
  connect_until_ = sent_at + core_.options.network.connect_timeout.count();
  const int64_t ready = sent_at + RoundTrip(sent_at);
  direction(0).NotBefore(ready);
  direction(1).NotBefore(ready);
  connect_->At(actor_, ready);
}

void Link::TryEstablish() {
  const bool timed_out = core_.now() >= connect_until_;
  const bool cut = direction(0).blocked() || direction(1).blocked();
  SimNode& target = node(1 - initiator_);
  if (timed_out) return FailConnecting();
  if (cut || !target.powered()) return connect_->At(actor_, connect_until_);
  if (!target.up()) return FailConnecting();  // Refused.
  state_ = State::kOpen;
  for (int side = 0; side < 2; ++side) {
    open_[static_cast<size_t>(side)] = true;
    boots_[static_cast<size_t>(side)] = node(side).boots();
  }
  direction(0).Arm();
  direction(1).Arm();
}

void Link::FailConnecting() {
  connect_->Stop();
  state_ = State::kClosed;
  for (int side = 0; side < 2; ++side) direction(side).Discard();
  for (int side = 0; side < 2; ++side) {
    if (side == initiator_ || sent_[static_cast<size_t>(side)]) Tell(side, false);
  }
}

void Link::Reset(WorldFault fault) {
  if (state_ == State::kClosed || state_ == State::kClosing) return;
  core_.RecordFault(fault, actor_, epoch_, fmt::format("epoch {}", epoch_));
  if (state_ == State::kConnecting) return FailConnecting();
  const int64_t now = core_.now();
  std::array<int64_t, 2> told_at{};
  for (int side = 0; side < 2; ++side)
    told_at[static_cast<size_t>(side)] = now + direction(1 - side).Latency(Channel::kRpc, 0, now + side);
  BeginClosing(told_at);
}

void Link::BeginClosing(const std::array<int64_t, 2>& told_at) {
  state_ = State::kClosing;
  silence_->Stop();
  for (int side = 0; side < 2; ++side) {
    const auto index = static_cast<size_t>(side);
    if (open_[index]) told_[index]->At(actor_, told_at[index]);
  }
}

void Link::TellClosed(int side) {
  const auto me = static_cast<size_t>(side);
  open_[me] = false;
  Direction& incoming = direction(1 - side);
  incoming.Lose();
  incoming.ReleaseDuplicates();
  Tell(side, true);
  FinishClosing();
}

void Link::FinishClosing() {
  if (state_ != State::kClosing || open_[0] || open_[1]) return;
  state_ = State::kClosed;
  direction(0).Lose();
  direction(1).Lose();
  for (int side = 0; side < 2; ++side) {
    std::vector<Waiting> waiting = std::move(next_[static_cast<size_t>(side)]);
    next_[static_cast<size_t>(side)].clear();
    for (Waiting& message : waiting)
      Send(side, message.channel, std::move(message.payload), std::max(message.sent_at, core_.now()));
  }
}

void Link::Tell(int side, bool connected_before) {
  SimNode* me = &node(side);
  SimNode* peer = &node(1 - side);
  const uint64_t boot = boots_[static_cast<size_t>(side)];
  const uint64_t epoch = epoch_;
  // An event of its own, for this may be called while another node's turn runs.
  core_.After(actor_, core_.now(), [this, me, peer, boot, epoch, connected_before] {
    if (!me->up() || me->boots() != boot) return;
    me->Deliver([this, me, peer, epoch, connected_before] {
      // Once it has sent on a newer connection, "nothing has left" would be a lie about those messages.
      const bool may_have_left = connected_before || epoch_ != epoch;
      core_.Record(EventKind::kDisconnect, me->boot()->actor, HashCombine(peer->actor().hash, may_have_left ? 1 : 0));
      if (core_.tracing()) {
        core_.TraceEvent(EventKind::kDisconnect, me->boot()->actor,
                         fmt::format("{} {}", may_have_left ? "from" : "could not connect to", peer->actor().name));
      }
      me->boot()->network.TellEnd(Endpoint{peer->id(), 0}, may_have_left);
    });
  });
}

void Link::OnDown(int side, CrashKind kind) {
  const auto me = static_cast<size_t>(side);
  const auto other = static_cast<size_t>(1 - side);
  next_[me].clear();
  if (&direction(0).from() == &direction(0).to()) return direction(0).Lose();
  if (state_ == State::kClosed) return;
  if (state_ == State::kConnecting) {
    direction(side).Discard();
    sent_[me] = false;
    if (side != initiator_) return;  // The attempt goes on and finds nobody, or the next boot.
    direction(1 - side).Discard();
    state_ = State::kClosed;
    connect_->Stop();
    if (sent_[other]) Tell(1 - side, false);
    return;
  }
  direction(1 - side).Lose();
  direction(1 - side).ReleaseDuplicates();
  told_[me]->Stop();
  open_[me] = false;
  direction(side).CutSuffix();
  if (state_ == State::kOpen) {
    const int64_t now = core_.now();
    const int64_t silence = core_.options.network.silence_max.count();
    const bool power = kind == CrashKind::kPowerLoss;
    const int64_t noticed =
        power ? now + silence / 2 + silence / 2 * static_cast<int64_t>(epoch_ % 5) / 4
              : std::max(direction(side).last_due(), now) + direction(side).Latency(Channel::kRpc, 0, now);
    BeginClosing({noticed, noticed});
  }
  FinishClosing();
}

void Link::OnBoot(int side) {
  const auto other = static_cast<size_t>(1 - side);
  if (state_ == State::kConnecting && side != initiator_ && core_.now() < connect_until_)
    return connect_->At(actor_, std::min(connect_until_, core_.now() + RoundTrip(core_.now())));
  if (state_ != State::kClosing || !told_[other]->queued()) return;
  const int64_t soon = core_.now() + RoundTrip(core_.now());
  if (told_[other]->at() > soon && !direction(side).blocked()) told_[other]->At(actor_, soon);
}

void Link::OnRules() {
  for (int side = 0; side < 2; ++side) {
    Direction& way = direction(side);
    if (way.blocked()) {
      core_.queue.Cancel(&way);
    } else if (state_ == State::kOpen || state_ == State::kClosing) {
      way.Arm();
    }
  }
  if (state_ == State::kConnecting && core_.now() < connect_until_)
    connect_->At(actor_, std::min(connect_until_, core_.now() + RoundTrip(core_.now())));
  ArmSilence();
}

void Link::ArmSilence() {
  const bool cut = direction(0).partitioned || direction(1).partitioned;
  if (state_ != State::kOpen || !cut) return silence_->Stop();
  if (silence_->queued()) return;
  const uint64_t word = core_.choices.Word(ChoiceStream::kNetwork, actor_.hash, epoch_);
  const auto most = static_cast<uint64_t>(core_.options.network.silence_max.count());
  silence_->At(actor_, core_.now() + static_cast<int64_t>(most / 2 + Choices::Scale(word, most / 2)));
}

}  // namespace orrery::sim
