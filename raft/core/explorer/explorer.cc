#include "raft/core/explorer/explorer.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "runtime/base/random.h"

namespace orrery::raft {
namespace {

std::string InputText(InputKind kind, uint32_t argument) {
  switch (kind) {
    case InputKind::kDeliver: return "receives";
    case InputKind::kTimeout: return "election timeout";
    case InputKind::kBeat: return "heartbeat tick";
    case InputKind::kPersist: return "stores its oldest write as leader";
    case InputKind::kCrash: return "crashes and restarts";
    case InputKind::kPropose: return "proposes \"p" + std::to_string(argument) + "\"";
    case InputKind::kPatience: return "hears nothing for an election timeout";
  }
  return "?";
}

}  // namespace

Explorer::Explorer(const Bounds& bounds) : bounds_(bounds), locals_(bounds), wires_(locals_), seen_(wires_) {
  ORRERY_ASSERT(bounds.Validate().ok());
  result_.bounds = bounds;
}

ExplorerResult Explorer::Run(const ExplorerLimits& limits) {
  const double start = limits.seconds();
  World world;
  for (uint32_t i = 0; i < bounds_.nodes; ++i) world.nodes[i] = locals_.Initial(i);
  world.wire = wires_.Number(MessageSet());
  const Key key = KeyOf(world);
  seen_.Insert(key.peers, key.wire);
  origins_.emplace_back();
  next_frontier_.push_back(Numbered{world, 0, key});
  bool out_of_budget = false;
  uint64_t expanded = 0;
  while (!next_frontier_.empty() && result_.violation.ok() && !out_of_budget) {
    frontier_ = std::exchange(next_frontier_, {});
    for (const Numbered& numbered : frontier_) {
      if (seen_.Stands(numbered.key.peers, numbered.key.wire)) Expand(numbered);
      if (!result_.violation.ok()) break;
      if ((++expanded & 0x3fff) != 0) continue;
      result_.states = seen_.inserted();
      result_.bytes = bytes();
      result_.seconds = limits.seconds() - start;
      limits.progress(result_);
      out_of_budget = result_.seconds > limits.seconds_max || result_.bytes > limits.bytes_max;
      if (out_of_budget) break;
    }
    if (!next_frontier_.empty()) ++result_.depth;
  }
  result_.complete = result_.violation.ok() && !out_of_budget && !too_many_messages_ && !wires_.too_many();
  result_.states = seen_.inserted();
  result_.peer_states = locals_.state_count();
  result_.messages = locals_.message_count();
  result_.wires = wires_.size();
  result_.bytes = bytes();
  result_.seconds = limits.seconds() - start;
  const auto states = static_cast<double>(result_.states);
  result_.collision_probability = states * states / 0x1p129;
  return result_;
}

uint64_t Explorer::bytes() const {
  return seen_.bytes() + wires_.bytes() + origins_.capacity() * sizeof(Origin) + locals_.bytes() +
         (frontier_.capacity() + next_frontier_.capacity()) * sizeof(Numbered);
}

void Explorer::Expand(const Numbered& from) {
  ExpandWire(from);
  for (uint8_t node = 0; node < nodes(); ++node) ExpandNode(from, node);
}

/// Each message on the wire may arrive now. Those that change nothing have been answered already.
void Explorer::ExpandWire(const Numbered& from) {
  const MessageSet wire = wires_.set(from.world.wire);
  for (uint8_t node = 0; node < nodes(); ++node) {
    const uint32_t state = from.world.nodes[node];
    wire.ForEachIn(wires_.To(node), [&](uint32_t message) {
      if (locals_.Deliver(state, message).next == state) return;
      Take(from, Event{.node = node, .input = Input{InputKind::kDeliver, message}.Packed()}, from.world);
    });
  }
}

void Explorer::ExpandNode(const Numbered& from, uint8_t node) {
  const World& world = from.world;
  const LocalState& state = locals_.state(world.nodes[node]);
  const auto take = [&](InputKind kind, uint32_t argument, uint8_t World::*budget, uint32_t limit) {
    World base = world;
    if (budget != nullptr) {
      if (base.*budget >= limit) return;
      ++(base.*budget);
    }
    Take(from, Event{.node = node, .input = Input{kind, argument}.Packed()}, base);
  };
  if (state.doomed) take(InputKind::kCrash, 0, nullptr, 0);  // Paid for.
  const bool doomed = state.doomed;
  const bool leads = state.raft->role() == Role::kLeader;
  if (leads && !state.writes.empty()) take(InputKind::kPersist, 0, nullptr, 0);
  if (leads) {
    take(InputKind::kPropose, world.entries, &World::entries, bounds_.entries);
    take(InputKind::kBeat, 0, &World::beats, bounds_.beats);
  } else {
    take(InputKind::kTimeout, 0, &World::timeouts, bounds_.timeouts);
    if (bounds_.check_quorum) take(InputKind::kPatience, 0, &World::timeouts, bounds_.timeouts);
  }
  if (!doomed) take(InputKind::kCrash, 0, &World::crashes, bounds_.crashes);
}

/// The event, and the same with its writes lost.
void Explorer::Take(const Numbered& from, Event event, World base) {
  TakeOne(from, event, base);
  Input input = Input::Unpacked(event.input);
  const bool may_doom = base.crashes < bounds_.crashes && !locals_.state(base.nodes[event.node]).doomed;
  if (!may_doom || input.kind == InputKind::kCrash || input.kind == InputKind::kPersist) return;
  ++base.crashes;
  input.doom = true;
  event.input = input.Packed();
  TakeOne(from, event, base);
}

void Explorer::TakeOne(const Numbered& from, Event event, World base) {
  if (!result_.violation.ok()) return;
  const Input input = Input::Unpacked(event.input);
  const LocalStep& step = locals_.Step(base.nodes[event.node], input);
  if (!locals_.violation().ok()) {
    result_.violation = locals_.violation();
    result_.trace = Trace(from.number, event);
    return;
  }
  if (!step.enabled) return;
  base.nodes[event.node] = step.next;
  base.wire = WireAfter(base, step.sent);
  Visit(from, event, base);
}

/// True if that is news.
bool Explorer::Join(MessageSet& wire, const std::vector<uint32_t>& sent) {
  bool news = false;
  for (const uint32_t message : sent) {
    too_many_messages_ = too_many_messages_ || message >= MessageSet::kSizeMax;
    if (too_many_messages_ || wire.Has(message)) continue;
    wire.Add(message);
    news = true;
  }
  return news;
}

/// What was sent joins the wire, with all answers by peers that stay as they are. What is dead leaves it.
uint32_t Explorer::WireAfter(const World& world, const std::vector<uint32_t>& sent) {
  MessageSet wire = wires_.set(world.wire);
  Join(wire, sent);
  for (bool grows = true; grows;) {
    grows = false;
    for (uint8_t node = 0; node < nodes(); ++node) {
      wire.ForEachIn(wires_.To(node), [&](uint32_t message) {
        const LocalStep& step = locals_.Deliver(world.nodes[node], message);
        if (step.next == world.nodes[node] && !step.sent.empty()) grows = Join(wire, step.sent) || grows;
      });
    }
  }
  const MessageSet joined = wire;
  for (uint8_t node = 0; node < nodes(); ++node) {
    joined.ForEachIn(wires_.To(node), [&](uint32_t message) {
      if (locals_.Deliver(world.nodes[node], message).dead) wire.Remove(message);
    });
  }
  return wires_.Number(wire);
}

void Explorer::Visit(const Numbered& from, const Event& event, const World& world) {
  if (!result_.violation.ok()) return;
  ++result_.transitions;
  if (!locals_.violation().ok()) {  // Found while looking at answers.
    result_.violation = locals_.violation();
    result_.trace = Trace(from.number, event);
    return;
  }
  const Key key = KeyOf(world);
  if (!seen_.Insert(key.peers, key.wire)) return;
  result_.violation = CheckWorld(world, event.node);
  if (!result_.violation.ok()) {
    result_.trace = Trace(from.number, event);
    return;
  }
  const auto number = static_cast<uint32_t>(origins_.size());
  origins_.push_back(Origin{from.number, event});
  next_frontier_.push_back(Numbered{world, number, key});
}

Status Explorer::CheckWorld(const World& world, uint8_t changed) {
  for (uint8_t i = 0; i < nodes(); ++i) {
    if (i != changed) ORRERY_RETURN_IF_ERROR(locals_.CheckPair(world.nodes[changed], world.nodes[i]));
  }
  return Status::Ok();
}

/// By the renaming that makes the peers' states smallest. Sums, because the order of peers means nothing: a peer's hash
/// covers its name. Where two renamings tie, the peers concerned are alike but for the wire: either will do.
Explorer::Key Explorer::KeyOf(const World& world) {
  Hash128 smallest{~uint64_t{0}, ~uint64_t{0}};
  size_t chosen = 0;
  for (size_t p = 0; p < locals_.permutation_count(); ++p) {
    Hash128 sum;
    for (uint8_t i = 0; i < nodes(); ++i) sum += locals_.StateHash(world.nodes[i], p);
    if (sum < smallest) chosen = p;
    smallest = std::min(smallest, sum);
  }
  const uint64_t budgets = world.timeouts | world.entries << 8 | world.crashes << 16 | world.beats << 24;
  const Hash128 peers{HashCombine(smallest.low, budgets), HashCombine(smallest.high, ~budgets)};
  return Key{peers, wires_.Renamed(world.wire, chosen)};
}

// --- Traces ------------------------------------------------------------------------------------------------------

std::vector<std::string> Explorer::Trace(uint32_t number, const Event& last) {
  std::vector<Event> events{last};
  for (; number != 0; number = origins_[number].parent) events.push_back(origins_[number].event);
  std::reverse(events.begin(), events.end());
  World world;
  for (uint32_t i = 0; i < bounds_.nodes; ++i) world.nodes[i] = locals_.Initial(i);
  std::vector<std::string> lines;
  for (const Event& event : events) {
    lines.push_back(std::to_string(lines.size() + 1) + ". " + Describe(world, event));
    const Input input = Input::Unpacked(event.input);
    world.nodes[event.node] = locals_.Step(world.nodes[event.node], input).next;
  }
  return lines;
}

std::string Explorer::Describe(const World& before, const Event& event) {
  const Input input = Input::Unpacked(event.input);
  const bool is_message = input.kind == InputKind::kDeliver;
  std::string text = "peer " + std::to_string(event.node + 1) + " " + InputText(input.kind, input.argument);
  if (input.doom) text += " (and stores nothing any more)";
  if (is_message) text += " " + orrery::raft::ToString(locals_.message(input.argument));
  const LocalStep step = locals_.Step(before.nodes[event.node], input);
  const LocalState& after = locals_.state(step.next);
  const RaftView v = after.raft->View();
  text += " => " + std::string(RoleName(v.role)) + " term " + ToString(v.term) + " log " + ToString(v.last_index) +
          "/" + ToString(v.last_term) + " stored " + ToString(v.persisted) + " commit " + ToString(v.commit);
  for (const uint32_t message : step.sent) text += "\n     sends " + orrery::raft::ToString(locals_.message(message));
  return text;
}

std::string ToString(const ExplorerResult& result) {
  char line[512];
  std::snprintf(
      line, sizeof(line),
      "%s: %s, %llu states (%llu of one peer, %llu messages in %llu sets), %llu transitions, depth %llu, %.1f s, "
      "%.0f states/s, %.2f GiB, collision probability below %.1e",
      result.bounds.ToString().c_str(), result.complete ? "complete" : "stopped",
      static_cast<unsigned long long>(result.states), static_cast<unsigned long long>(result.peer_states),
      static_cast<unsigned long long>(result.messages), static_cast<unsigned long long>(result.wires),
      static_cast<unsigned long long>(result.transitions), static_cast<unsigned long long>(result.depth),
      result.seconds, result.seconds > 0 ? static_cast<double>(result.states) / result.seconds : 0.0,
      static_cast<double>(result.bytes) / (1024.0 * 1024.0 * 1024.0), result.collision_probability);
  std::string text = line;
  if (result.violation.ok()) return text + ", no violation";
  text += "\nVIOLATION " + result.violation.ToString() + "\n";
  for (const std::string& step : result.trace) text += step + "\n";
  return text;
}

}  // namespace orrery::raft
