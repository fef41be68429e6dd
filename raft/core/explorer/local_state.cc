#include "raft/core/explorer/local_state.h"

#include <algorithm>
#include <numeric>

#include "raft/core/codec.h"
#include "raft/core/invariants.h"
#include "runtime/base/random.h"

namespace orrery::raft {
namespace {

constexpr uint64_t kHashSeedLow = 0x6f7272657279;
constexpr uint64_t kHashSeedHigh = 0x72616674;

Hash128 HashOf(ByteView bytes) {
  return Hash128{Hash64(bytes, kHashSeedLow), Hash64(bytes, kHashSeedHigh)};
}

ConfState Founders(uint32_t nodes) {
  ConfState conf;
  for (uint64_t i = 1; i <= nodes; ++i) conf.members.push_back(Member{PeerId(i), MemberRole::kVoter, {}});
  return conf;
}

void EncodeWrite(const Ready& ready, Raft::Rename rename, Encoder& e) {
  e.Fixed8(ready.hard_state.has_value());
  if (ready.hard_state) {
    e.Varint(ready.hard_state->term.value()).Varint(rename(ready.hard_state->vote).value());
    e.Varint(ready.hard_state->commit.value());
  }
  e.Varint(ready.entries.size());
  for (const Entry& entry : ready.entries) {
    e.Varint(entry.index.value()).Varint(entry.term.value()).LengthPrefixed(entry.payload.view());
  }
}

Status Broken(std::string what) {
  return Status(StatusCode::kCorruption, std::move(what));
}

/// A peer's whole log, stored or not.
std::vector<Entry> WholeLog(const LocalState& state) {
  const RaftLog& log = state.raft->log();
  if (log.last_index() < log.first_index()) return {};
  return log.Slice(log.first_index(), log.last_index().Next(), SIZE_MAX).value();
}

}  // namespace

LocalState::LocalState(const LocalState& other)
    : id(other.id),
      disk(other.disk),
      raft(other.raft),
      writes(other.writes),
      doomed(other.doomed),
      led_terms(other.led_terms),
      committed(other.committed) {
  if (raft) raft->Rebind(disk);
}

LocalStates::LocalStates(const Bounds& bounds) : nodes_(bounds.nodes), forgetful_disk_(bounds.forgetful_disk) {
  options_.election_ticks = 2;
  options_.heartbeat_ticks = 1;
  options_.pre_vote = bounds.pre_vote;
  options_.check_quorum = bounds.check_quorum;
  options_.no_vote_after_restart = bounds.check_quorum;
  options_.cache_bytes_max = 0;
  std::array<uint8_t, 6> permutation{};
  std::iota(permutation.begin(), permutation.end(), uint8_t{0});
  do {
    permutations_.push_back(permutation);
  } while (std::next_permutation(permutation.begin() + 1, permutation.begin() + 1 + nodes_));
}

uint32_t LocalStates::Initial(uint32_t node) {
  auto state = std::make_unique<LocalState>();
  state->id = PeerId(node + 1);
  state->disk = MemoryLog(BootstrapState(Founders(nodes_)));
  // One seed for all: peers differ in nothing but their names.
  state->raft.emplace(state->id, options_, state->disk, 0);
  return Intern(std::move(state));
}

const LocalStep& LocalStates::Deliver(uint32_t from, uint32_t message) {
  if (deliveries_.size() <= from) deliveries_.resize(states_.size());
  if (deliveries_[from].size() <= message) {
    bytes_ += (messages_.size() - deliveries_[from].size()) * sizeof(void*);
    deliveries_[from].resize(messages_.size());
  }
  // Step may add states and messages: look the place up again.
  const LocalStep* known = deliveries_[from][message];
  if (known == nullptr) {
    known = &Step(from, Input{InputKind::kDeliver, message});
    deliveries_[from][message] = known;
  }
  return *known;
}

const LocalStep& LocalStates::Step(uint32_t from, Input input) {
  const uint64_t key = uint64_t{from} << 32 | input.Packed();
  const auto [at, is_new] = step_numbers_.emplace(key, static_cast<uint32_t>(steps_.size()));
  if (!is_new) return *steps_[at->second];
  auto step = std::make_unique<LocalStep>();
  auto next = std::make_unique<LocalState>(*states_[from]);
  const RaftView before = next->raft->View();
  std::vector<Message> out;
  const bool wrote = Apply(*next, input, out);
  Observe(*next);
  if (violation_.ok() && input.kind != InputKind::kCrash && !input.doom && !states_[from]->doomed) {
    violation_ = RaftInvariants::CheckDelta(before, next->raft->View());
  }
  for (const Message& message : out) step->sent.push_back(InternMessage(message));
  step->next = Intern(std::move(next));
  const bool useful = step->next != from || !step->sent.empty();
  step->dead = input.kind == InputKind::kDeliver && IsDead(*states_[from], messages_[input.argument]);
  ORRERY_ASSERT(!step->dead || !useful);
  step->enabled = useful && (!input.doom || wrote);
  bytes_ += sizeof(LocalStep) + step->sent.capacity() * 4 + 64;
  steps_.push_back(std::move(step));
  return *steps_.back();
}

/// True if there was something to write.
bool LocalStates::Apply(LocalState& state, Input input, std::vector<Message>& out) {
  Raft& raft = *state.raft;
  switch (input.kind) {
    case InputKind::kDeliver: raft.Step(messages_[input.argument]).IgnoreError(); break;
    case InputKind::kTimeout: TickUntilCampaign(raft); break;
    case InputKind::kBeat:
      if (raft.role() == Role::kLeader) raft.Tick();
      break;
    case InputKind::kPersist:
      if (!state.writes.empty()) PersistOldest(state, out);
      break;
    case InputKind::kPropose:
      if (raft.role() == Role::kLeader)
        raft.Propose(Payload("p" + std::to_string(input.argument))).status().IgnoreError();
      break;
    case InputKind::kPatience:
      for (uint32_t i = 0; i < 2 * options_.election_ticks && raft.role() == Role::kFollower; ++i) raft.Tick();
      break;
    case InputKind::kCrash: Crash(state); break;
  }
  Pump(state, out);
  const bool writes = !state.writes.empty();
  Settle(state, input, out);
  return writes && state.raft->role() != Role::kLeader;
}

/// Answers to a campaign or to a leadership that is over. A peer leads or campaigns in a term once: never again in a
/// stored term in which it does neither now. Answers to pre-votes are of no term and stay, and so do those that may
/// still tell of a commit.
bool LocalStates::IsDead(const LocalState& state, const Message& message) {
  const Term stored = state.disk.hard_state().term;
  if (message.term > stored) return false;
  const bool current = state.raft->term() == message.term;
  const Role role = state.raft->role();
  if (const auto* vote = std::get_if<VoteResponse>(&message.body)) {
    if (vote->commit.index > state.disk.hard_state().commit) return false;
    return !vote->pre_vote && !(current && role == Role::kCandidate);
  }
  const bool answers_leader =
      std::holds_alternative<AppendResponse>(message.body) || std::holds_alternative<HeartbeatResponse>(message.body);
  return answers_leader && !(current && role == Role::kLeader);
}

/// And restart.
void LocalStates::Crash(LocalState& state) {
  state.writes.clear();
  state.doomed = false;
  if (forgetful_disk_) state.disk.ForgetVote();
  state.raft.emplace(state.id, options_, state.disk, 0);
}

/// A leader's writes wait for their events. Everybody else's are stored at once, or lost; see Explorer.
void LocalStates::Settle(LocalState& state, const Input& input, std::vector<Message>& out) {
  state.doomed = state.doomed || (input.doom && !state.writes.empty());
  if (state.doomed) {
    const HardState& stored = state.disk.hard_state();
    const bool silent = state.raft->term() != stored.term || state.raft->View().vote != stored.vote;
    if (!silent) return;
    Crash(state);  // Nothing would leave this peer before it crashes.
    Pump(state, out);
  }
  while (state.raft->role() != Role::kLeader && !state.writes.empty()) PersistOldest(state, out);
}

void LocalStates::PersistOldest(LocalState& state, std::vector<Message>& out) {
  state.disk.Store(state.writes.front());
  const std::vector<Message> released = state.raft->Advance(Persisted(state.writes.front().number));
  out.insert(out.end(), released.begin(), released.end());
  state.writes.erase(state.writes.begin());
  Pump(state, out);
}

bool LocalStates::TickUntilCampaign(Raft& raft) {
  if (raft.role() == Role::kLeader) return false;
  const Term term = raft.term();
  const Role role = raft.role();
  for (uint32_t i = 0; i < 8 * options_.election_ticks; ++i) {
    raft.Tick();
    if (raft.term() != term || raft.role() != role || raft.View().role == Role::kLeader) return true;
  }
  return false;
}

void LocalStates::Pump(LocalState& state, std::vector<Message>& out) {
  while (state.raft->HasReady()) {
    Ready ready = state.raft->TakeReady();
    out.insert(out.end(), ready.send_now.begin(), ready.send_now.end());
    if (!ready.committed.empty()) {
      const Entry& last = ready.committed.back();
      state.disk.StoreApplied(last.index, last.term);
      state.raft->ReportApplied(last.index);
    }
    if (!ready.NeedsPersist()) continue;
    ready.send_now.clear();
    ready.committed.clear();
    state.writes.push_back(std::move(ready));
  }
}

/// Writes down what this peer did and knows, and checks the laws of one peer.
void LocalStates::Observe(LocalState& state) {
  if (!violation_.ok()) return;
  const Raft& raft = *state.raft;
  violation_ = raft.failure().ok() ? RaftInvariants::CheckState(raft) : raft.failure();
  if (raft.role() == Role::kLeader) state.led_terms |= uint64_t{1} << (raft.term().value() & 63);
  LogIndex next = kBootstrapIndex + state.committed.size() + 1;
  if (raft.commit() < next) return;
  const Result<std::vector<Entry>> entries = raft.log().Slice(next, raft.commit().Next(), SIZE_MAX);
  for (const Entry& entry : entries.value()) {
    state.committed.push_back(KnownCommitted{entry.term, Hash64(entry.payload.view()), raft.term()});
  }
}

void LocalStates::Encode(const LocalState& state, Raft::Rename rename, Bytes& out) const {
  Encoder e(out);
  e.Varint(rename(state.id).value()).Varint(state.led_terms).Varint(state.committed.size());
  for (const KnownCommitted& known : state.committed) {
    e.Varint(known.term.value()).Fixed64(known.content).Varint(known.learned_in.value());
  }
  const HardState& hard_state = state.disk.hard_state();
  e.Varint(hard_state.term.value()).Varint(rename(hard_state.vote).value()).Varint(hard_state.commit.value());
  e.Varint(state.disk.applied().value()).Varint(state.disk.entries().size());
  for (const Entry& entry : state.disk.entries()) e.Varint(entry.term.value()).LengthPrefixed(entry.payload.view());
  e.Varint(state.writes.size());
  for (const Ready& write : state.writes) EncodeWrite(write, rename, e);
  state.raft->AppendCanonical(out, rename);
}

uint32_t LocalStates::Intern(std::unique_ptr<LocalState> state) {
  std::vector<Hash128> hashes;
  Bytes bytes;
  for (const auto& permutation : permutations_) {
    bytes.clear();
    Encode(
        *state, [&permutation](PeerId peer) { return PeerId(permutation[peer.value()]); }, bytes);
    hashes.push_back(HashOf(bytes));
    if (hashes.size() > 1) continue;
    const auto known = state_numbers_.find(hashes.front());
    if (known != state_numbers_.end()) return known->second;
  }
  const auto number = static_cast<uint32_t>(states_.size());
  state_numbers_.emplace(hashes.front(), number);
  state_hashes_.insert(state_hashes_.end(), hashes.begin(), hashes.end());
  states_.push_back(std::move(state));
  bytes_ += sizeof(LocalState) + 2 * bytes.size() + 512 + hashes.size() * sizeof(Hash128);
  return number;
}

uint32_t LocalStates::InternMessage(const Message& message) {
  std::vector<Hash128> hashes;
  Bytes bytes;
  for (const auto& permutation : permutations_) {
    bytes.clear();
    AppendCanonicalMessage(message, bytes, [&permutation](PeerId peer) { return PeerId(permutation[peer.value()]); });
    hashes.push_back(HashOf(bytes));
  }
  const auto [at, is_new] = message_numbers_.emplace(hashes.front(), static_cast<uint32_t>(messages_.size()));
  if (!is_new) return at->second;
  messages_.push_back(message);
  message_hashes_.insert(message_hashes_.end(), hashes.begin(), hashes.end());
  bytes_ += sizeof(Message) + 256 + hashes.size() * sizeof(Hash128);
  return at->second;
}

uint32_t LocalStates::Renamed(uint32_t message, size_t p) {
  if (renamed_.size() <= message) renamed_.resize(messages_.size());
  if (renamed_[message].empty()) {
    std::vector<uint32_t> numbers;
    for (const auto& permutation : permutations_) {
      Bytes bytes;
      AppendCanonicalMessage(Message(messages_[message]), bytes,
                             [&permutation](PeerId peer) { return PeerId(permutation[peer.value()]); });
      numbers.push_back(InternMessage(DecodeMessage(bytes).value()));
    }
    renamed_[message] = std::move(numbers);
  }
  return renamed_[message][p];
}

Status LocalStates::CheckPair(uint32_t a, uint32_t b) {
  const uint64_t key = uint64_t{std::min(a, b)} << 32 | std::max(a, b);
  if (good_pairs_.count(key) != 0) return Status::Ok();
  const LocalState& left = *states_[a];
  const LocalState& right = *states_[b];
  ORRERY_RETURN_IF_ERROR(CheckPairNow(left, right));
  ORRERY_RETURN_IF_ERROR(CheckPairNow(right, left));
  good_pairs_.emplace(key, true);
  bytes_ += 48;
  return Status::Ok();
}

Status LocalStates::CheckPairNow(const LocalState& a, const LocalState& b) const {
  if ((a.led_terms & b.led_terms) != 0) return Broken("Election Safety: two peers led one term");
  const size_t common = std::min(a.committed.size(), b.committed.size());
  for (size_t i = 0; i < common; ++i) {
    const bool same = a.committed[i].term == b.committed[i].term && a.committed[i].content == b.committed[i].content;
    if (!same) {
      return Broken("State Machine Safety: two peers hold different entries committed at " +
                    ToString(kBootstrapIndex + i + 1));
    }
  }
  const std::vector<Entry> mine = WholeLog(a);
  const std::vector<Entry> theirs = WholeLog(b);
  bool differ = false;
  for (size_t i = 0; i < std::min(mine.size(), theirs.size()); ++i) {
    if (mine[i] != theirs[i] && mine[i].term == theirs[i].term) return Broken("Log Matching: one term, two entries");
    if (differ && mine[i] == theirs[i]) return Broken("Log Matching: a common entry behind different ones");
    differ = differ || mine[i] != theirs[i];
  }
  if (a.raft->role() != Role::kLeader) return Status::Ok();
  for (size_t i = 0; i < b.committed.size(); ++i) {
    if (b.committed[i].learned_in >= a.raft->term()) continue;
    if (i < mine.size() && mine[i].term == b.committed[i].term) continue;
    return Broken("Leader Completeness: a leader lacks " + ToString(kBootstrapIndex + i + 1) +
                  ", committed in an earlier term");
  }
  return Status::Ok();
}

}  // namespace orrery::raft
