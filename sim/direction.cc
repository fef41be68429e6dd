#include <algorithm>

#include "sim/link.h"
#include "sim/node_boot.h"
#include "sim/sim_network.h"
#include "sim/sim_node.h"

namespace orrery::sim {
namespace {
constexpr size_t kCopiesMax = 64;
}  // namespace

Direction::Direction(WorldCore& core, Link& link, int side, SimNode& from, SimNode& to)
    : core_(core),
      link_(link),
      side_(side),
      from_(from),
      to_(to),
      actor_(core.ActorOf(from.actor().name + ">" + to.actor().name)) {}

Direction::~Direction() {
  core_.queue.Cancel(this);
}

int64_t Direction::Latency(Channel channel, size_t size_bytes, int64_t sent_at) const {
  const NetworkOptions& options = core_.options.network;
  int64_t latency = options.latency_min.count();
  const uint64_t slot = static_cast<uint64_t>(sent_at / options.slot.count());
  if (const auto* const given = core_.choices.GivenLatency(actor_.name, static_cast<int>(channel), slot)) {
    latency = given->second.count();
    core_.latencies_used.insert(given->first);
  } else if (!core_.choices.calm(ChoiceStream::kNetwork)) {
    const uint64_t kind = HashCombine(actor_.hash, static_cast<uint64_t>(channel));
    const uint64_t word = core_.choices.Word(ChoiceStream::kNetwork, kind, slot);
    latency += static_cast<int64_t>(Choices::Scale(word, static_cast<uint64_t>(options.latency_spread.count())));
    const uint64_t tail = Mix64(word);
    if (Choices::Falls(tail, options.tail_probability))
      latency += static_cast<int64_t>(Choices::Scale(Mix64(tail), static_cast<uint64_t>(options.tail_max.count())));
  }
  latency += static_cast<int64_t>(size_bytes * 1'000'000'000 / options.bytes_per_second);
  return latency * slow_factor;
}

void Direction::Push(Channel channel, Bytes payload, int64_t sent_at) {
  const NetworkOptions& options = core_.options.network;
  last_due_ = std::max(last_due_ + 1, sent_at + Latency(channel, payload.size(), sent_at));
  if (options.duplicate_probability > 0 && copies_.size() < kCopiesMax &&
      Choices::Falls(Choose(), options.duplicate_probability))
    copies_.push_back({payload, sent_at, channel});
  bytes_ += payload.size();
  on_the_way_.push_back({std::move(payload), sent_at, last_due_, channel});
}

void Direction::Arm() {
  if (queued() || on_the_way_.empty() || blocked()) return;
  core_.Schedule(this, actor_, std::max(on_the_way_.front().due, core_.now()));
}

void Direction::Fire() {
  if (blocked() || on_the_way_.empty()) return;
  Message message = std::move(on_the_way_.front());
  on_the_way_.pop_front();
  bytes_ -= message.payload.size();
  if (!on_the_way_.empty()) on_the_way_.front().due = std::max(on_the_way_.front().due, core_.now() + 1);
  Arm();
  Hand(message.channel, std::move(message.payload));
}

void Direction::Hand(Channel channel, Bytes payload) {
  WorldCore* core = &core_;
  SimNode* from = &from_;
  SimNode* to = &to_;
  to_.Deliver([core, from, to, channel, bytes = std::move(payload)]() mutable {
    Receiver* receiver = to->boot()->network.ReceiverOf(channel);
    if (receiver == nullptr) return;
    uint64_t content = HashCombine(from->actor().hash, static_cast<uint64_t>(channel));
    content = HashCombine(content, Hash64(bytes));
    core->Record(EventKind::kDelivery, to->boot()->actor, content);
    core->last_activity = core->now();
    if (core->tracing()) [[unlikely]] {
      core->TraceEvent(
          EventKind::kDelivery, to->boot()->actor,
          fmt::format("from {} channel {} {} bytes", from->actor().name, static_cast<int>(channel), bytes.size()));
    }
    receiver->OnMessage(Endpoint{from->id(), 0}, std::move(bytes));
  });
}

void Direction::HandLater(Channel channel, Bytes payload, int64_t sent_at, WorldFault fault) {
  const NetworkOptions& options = core_.options.network;
  const auto delay =
      static_cast<int64_t>(Choices::Scale(Choose(), static_cast<uint64_t>(options.old_epoch_delay_max.count())));
  const uint64_t boot = to_.boots();
  const bool any_boot = options.old_epoch_crosses_boots;
  const int64_t due = std::max(core_.now(), sent_at) + delay;
  core_.After(actor_, due, [this, boot, any_boot, fault, channel, bytes = std::move(payload)] {
    if (!to_.up() || blocked()) return;
    if (!any_boot && to_.boots() != boot) return;
    core_.RecordFault(fault, actor_, Hash64(bytes), fmt::format("{} bytes", bytes.size()));
    Hand(channel, bytes);
  });
}

void Direction::Lose() {
  core_.queue.Cancel(this);
  const double share = core_.options.network.old_epoch_probability;
  std::deque<Message> lost = std::move(on_the_way_);
  on_the_way_.clear();
  bytes_ = 0;
  for (Message& message : lost) {
    core_.CountFault(WorldFault::kLostMessage);
    if (share > 0 && Choices::Falls(Choose(), share))
      HandLater(message.channel, std::move(message.payload), message.sent_at, WorldFault::kOldEpoch);
  }
}

void Direction::Discard() {
  core_.queue.Cancel(this);
  copies_.clear();  // Those of earlier connections were released when they ended.
  for (size_t i = 0; i < on_the_way_.size(); ++i) core_.CountFault(WorldFault::kLostMessage);
  on_the_way_.clear();
  bytes_ = 0;
}

void Direction::ReleaseDuplicates() {
  std::vector<Copy> copies = std::move(copies_);
  copies_.clear();
  for (Copy& copy : copies) HandLater(copy.channel, std::move(copy.payload), copy.sent_at, WorldFault::kDuplicate);
}

void Direction::CutSuffix() {
  std::erase_if(copies_, [this](const Copy& copy) { return copy.sent_at > core_.now(); });
  while (!on_the_way_.empty() && on_the_way_.back().sent_at > core_.now()) LoseLast();
  if (on_the_way_.empty()) return core_.queue.Cancel(this);
  const uint64_t word = Choose();
  if ((word & 1) == 0) return;  // All of it had left.
  const size_t keep = Choices::Scale(Mix64(word), on_the_way_.size() + 1);
  while (on_the_way_.size() > keep) LoseLast();
  if (on_the_way_.empty()) core_.queue.Cancel(this);
}

void Direction::LoseLast() {
  bytes_ -= on_the_way_.back().payload.size();
  on_the_way_.pop_back();
  core_.CountFault(WorldFault::kLostMessage);
}

}  // namespace orrery::sim
