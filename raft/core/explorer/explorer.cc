#include "raft/core/explorer/explorer.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "runtime/base/random.h"

namespace orrery::raft {
namespace {

/// The messages that may be on the wire after `sent` joined it: sorted, each once.
std::vector<uint32_t> Joined(const World& world, const std::vector<uint32_t>& sent) {
  std::vector<uint32_t> joined(world.wire.begin(), world.wire.begin() + world.wire_size);
  joined.insert(joined.end(), sent.begin(), sent.end());
  std::sort(joined.begin(), joined.end());
  joined.erase(std::unique(joined.begin(), joined.end()), joined.end());
  return joined;
}

std::string InputText(InputKind kind, uint32_t argument) {
  switch (kind) {
    case InputKind::kDeliver: return "receives";
    case InputKind::kTimeout: return "election timeout";
    case InputKind::kBeat: return "heartbeat tick";
    case InputKind::kPersist: return "stores its oldest write";
    case InputKind::kCrash: return "crashes";
    case InputKind::kRestart: return "restarts";
    case InputKind::kPropose: return "proposes \"p" + std::to_string(argument) + "\"";
    case InputKind::kPatience: return "hears nothing for an election timeout";
  }
  return "?";
}

InputKind KindOf(uint32_t packed) {
  return static_cast<InputKind>(packed >> 28);
}

}  // namespace

Explorer::Explorer(const Bounds& bounds) : bounds_(bounds), locals_(bounds) {
  ORRERY_ASSERT(bounds.Validate().ok());
  result_.bounds = bounds;
}

ExplorerResult Explorer::Run(const ExplorerLimits& limits) {
  const double start = limits.seconds();
  World world;
  for (uint32_t i = 0; i < bounds_.nodes; ++i) world.nodes[i] = locals_.Initial(i);
  seen_.Insert(HashOf(world));
  origins_.emplace_back();
  next_frontier_.push_back(Numbered{world, 0});
  bool out_of_budget = false;
  uint64_t expanded = 0;
  while (!next_frontier_.empty() && result_.violation.ok() && !out_of_budget) {
    frontier_ = std::exchange(next_frontier_, {});
    for (const Numbered& numbered : frontier_) {
      Expand(numbered);
      if (!result_.violation.ok()) break;
      if ((++expanded & 0x3fff) != 0) continue;
      result_.states = seen_.size();
      result_.bytes = bytes();
      result_.seconds = limits.seconds() - start;
      limits.progress(result_);
      const uint64_t needed = result_.bytes + (seen_.grows_next() ? seen_.bytes_if_grown() : 0);
      out_of_budget = result_.seconds > limits.seconds_max || needed > limits.bytes_max;
      if (out_of_budget) break;
    }
    if (!next_frontier_.empty()) ++result_.depth;
  }
  result_.complete = result_.violation.ok() && !out_of_budget;
  result_.states = seen_.size();
  result_.peer_states = locals_.state_count();
  result_.messages = locals_.message_count();
  result_.bytes = bytes();
  result_.seconds = limits.seconds() - start;
  const auto states = static_cast<double>(result_.states);
  result_.collision_probability = states * states / 0x1p129;
  return result_;
}

uint64_t Explorer::bytes() const {
  return seen_.bytes() + origins_.capacity() * sizeof(Origin) + locals_.bytes() +
         (frontier_.capacity() + next_frontier_.capacity()) * sizeof(Numbered);
}

void Explorer::Expand(const Numbered& from) {
  ExpandWire(from);
  for (uint8_t node = 0; node < bounds_.nodes; ++node) ExpandNode(from, node);
}

/// Each message on the wire may arrive now. It stays there: it may arrive again.
void Explorer::ExpandWire(const Numbered& from) {
  for (size_t i = 0; i < from.world.wire_size; ++i) {
    const uint32_t message = from.world.wire[i];
    const auto node = static_cast<uint8_t>(locals_.message(message).to.value() - 1);
    if (!locals_.state(from.world.nodes[node]).raft) continue;
    Take(from, Event{.node = node, .input = Input{InputKind::kDeliver, message}.Packed()}, from.world);
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
  if (!state.raft) return take(InputKind::kRestart, 0, nullptr, 0);
  const bool leads = state.raft->role() == Role::kLeader;
  if (!state.writes.empty()) take(InputKind::kPersist, 0, nullptr, 0);
  if (leads) {
    take(InputKind::kPropose, world.entries, &World::entries, bounds_.entries);
    take(InputKind::kBeat, 0, &World::beats, bounds_.beats);
  } else {
    take(InputKind::kTimeout, 0, &World::timeouts, bounds_.timeouts);
    if (bounds_.check_quorum) take(InputKind::kPatience, 0, &World::timeouts, bounds_.timeouts);
  }
  take(InputKind::kCrash, 0, &World::crashes, bounds_.crashes);
}

void Explorer::Take(const Numbered& from, Event event, World base) {
  if (!result_.violation.ok()) return;
  const uint32_t packed = event.input;
  const Input input{KindOf(packed), packed & 0x0fffffff};
  const LocalStep& step = locals_.Step(base.nodes[event.node], input);
  if (!locals_.violation().ok()) {
    result_.violation = locals_.violation();
    result_.trace = Trace(from.number, event);
    return;
  }
  if (!step.enabled) return;
  base.nodes[event.node] = step.next;
  TakeKeeping(from, event, base, step.sent);
}

/// What was sent joins the wire; where there is no room for all, every choice of what gets lost is tried.
void Explorer::TakeKeeping(const Numbered& from, const Event& event, World world, const std::vector<uint32_t>& sent) {
  if (sent.empty()) return Visit(from, event, world);
  const std::vector<uint32_t> joined = Joined(world, sent);
  const size_t keep = std::min<size_t>(bounds_.in_flight, joined.size());
  world.wire.fill(0);
  world.wire_size = static_cast<uint8_t>(keep);
  for (uint32_t chosen = 0; chosen < (1u << joined.size()); ++chosen) {
    if (static_cast<size_t>(__builtin_popcount(chosen)) != keep) continue;
    size_t at = 0;
    for (size_t i = 0; i < joined.size(); ++i) {
      if ((chosen >> i & 1) != 0) world.wire[at++] = joined[i];
    }
    Visit(from, event, world);
  }
}

void Explorer::Visit(const Numbered& from, const Event& event, const World& world) {
  if (!result_.violation.ok()) return;
  ++result_.transitions;
  if (!seen_.Insert(HashOf(world))) return;
  result_.violation = CheckWorld(world, event.node);
  if (!result_.violation.ok()) {
    result_.trace = Trace(from.number, event);
    return;
  }
  const auto number = static_cast<uint32_t>(origins_.size());
  origins_.push_back(Origin{from.number, event});
  next_frontier_.push_back(Numbered{world, number});
}

Status Explorer::CheckWorld(const World& world, uint8_t changed) {
  for (uint8_t i = 0; i < bounds_.nodes; ++i) {
    if (i != changed) ORRERY_RETURN_IF_ERROR(locals_.CheckPair(world.nodes[changed], world.nodes[i]));
  }
  return Status::Ok();
}

/// The smallest over all renamings of the peers. Sums, because the order of peers and of messages means nothing: a
/// peer's hash covers its name.
Hash128 Explorer::HashOf(const World& world) const {
  Hash128 smallest{~uint64_t{0}, ~uint64_t{0}};
  const uint64_t budgets = world.timeouts | world.entries << 8 | world.crashes << 16 | world.beats << 24;
  for (size_t p = 0; p < locals_.permutation_count(); ++p) {
    Hash128 sum;
    for (uint8_t i = 0; i < bounds_.nodes; ++i) sum += locals_.StateHash(world.nodes[i], p);
    for (size_t i = 0; i < world.wire_size; ++i) sum += locals_.MessageHash(world.wire[i], p);
    smallest = std::min(smallest, sum);
  }
  return Hash128{HashCombine(smallest.low, budgets), HashCombine(smallest.high, ~budgets)};
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
    const Input input{KindOf(event.input), event.input & 0x0fffffff};
    world.nodes[event.node] = locals_.Step(world.nodes[event.node], input).next;
  }
  return lines;
}

std::string Explorer::Describe(const World& before, const Event& event) {
  const Input input{KindOf(event.input), event.input & 0x0fffffff};
  const bool is_message = input.kind == InputKind::kDeliver;
  std::string text = "peer " + std::to_string(event.node + 1) + " " + InputText(input.kind, input.argument);
  if (is_message) text += " " + orrery::raft::ToString(locals_.message(input.argument));
  const LocalStep step = locals_.Step(before.nodes[event.node], input);
  const LocalState& after = locals_.state(step.next);
  if (after.raft) {
    const RaftView v = after.raft->View();
    text += " => " + std::string(RoleName(v.role)) + " term " + ToString(v.term) + " log " + ToString(v.last_index) +
            "/" + ToString(v.last_term) + " stored " + ToString(v.persisted) + " commit " + ToString(v.commit);
  }
  for (const uint32_t message : step.sent) text += "\n     sends " + orrery::raft::ToString(locals_.message(message));
  return text;
}

std::string ToString(const ExplorerResult& result) {
  char line[512];
  std::snprintf(line, sizeof(line),
                "%s: %s, %llu states (%llu of one peer, %llu messages), %llu transitions, depth %llu, %.1f s, "
                "%.0f states/s, %.2f GiB, collision probability below %.1e",
                result.bounds.ToString().c_str(), result.complete ? "complete" : "stopped",
                static_cast<unsigned long long>(result.states), static_cast<unsigned long long>(result.peer_states),
                static_cast<unsigned long long>(result.messages), static_cast<unsigned long long>(result.transitions),
                static_cast<unsigned long long>(result.depth), result.seconds,
                result.seconds > 0 ? static_cast<double>(result.states) / result.seconds : 0.0,
                static_cast<double>(result.bytes) / (1024.0 * 1024.0 * 1024.0), result.collision_probability);
  std::string text = line;
  if (result.violation.ok()) return text + ", no violation";
  text += "\nVIOLATION " + result.violation.ToString() + "\n";
  for (const std::string& step : result.trace) text += step + "\n";
  return text;
}

}  // namespace orrery::raft
