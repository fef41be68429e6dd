#include "faults/oracles.h"

#include <fmt/core.h>

#include "raft/core/raft.h"

namespace orrery::faults {

class ClusterOracle::Eyes final : public StoreObserver {
 public:
  Eyes(ClusterOracle& oracle, StoreId store) : oracle_(oracle), store_(store) {}

  void OnApplied(RegionId region, PeerId, LogIndex index, Term term, uint64_t entry_hash) override {
    applied_ = index;
    oracle_.OnApplied(store_, {region, index}, term, entry_hash);
  }
  void OnSnapshotInstalled(RegionId, PeerId, LogIndex index, Term) override { applied_ = index; }
  void OnSnapshotSending(RegionId, StoreId to) override {
    oracle_.Note(Moment::kSend, store_);
    oracle_.Note(Moment::kReceive, to);
    ++oracle_.snapshots_since_healing_[to];
  }
  void OnLeader(RegionId region, PeerId peer, Term term) override { oracle_.OnLeader(store_, region, peer, term); }
  void OnStarted(RegionId region, const raft::RaftView& view) override {
    oracle_.raft_laws_.OnStarted(store_, region, view);
  }
  void OnLease(RegionId region, PeerId peer, Term term, Instant until) override {
    oracle_.raft_laws_.OnLease(store_, region, peer, term, until);
  }
  void OnReadAsked(RegionId region, PeerId, uint64_t context) override {
    oracle_.raft_laws_.OnReadAsked(region, context);
  }
  void OnReadServed(RegionId region, PeerId peer, uint64_t context, LogIndex applied) override {
    oracle_.raft_laws_.OnReadServed(region, peer, context, applied);
  }
  void OnLeaseRead(RegionId region, PeerId peer, Term term, LogIndex applied) override {
    oracle_.raft_laws_.OnLeaseRead(region, peer, term, applied);
  }
  void OnView(RegionId region, const raft::RaftView& view, const raft::ConfState& conf) override {
    oracle_.raft_laws_.OnView(store_, region, view, conf);
    if (may_not_run) oracle_.OnDamagedRan(store_);
    if (view.in_joint != in_joint_) oracle_.Note(Moment::kChange, store_);
    in_joint_ = view.in_joint;
    standing = {.leads = view.role == raft::Role::kLeader,
                .installing = view.installing,
                .commit = view.commit,
                .applied = view.applied};
    // A snapshot moves the position in one step, past what was applied here.
    if (view.applied > applied_) oracle_.Note(Moment::kInstall, store_);
    applied_ = view.applied;
  }
  void OnStateHash(RegionId region, PeerId, LogIndex index, const StateHash& state) override {
    oracle_.OnStateHash(store_, {region, index}, state);
  }

  bool may_not_run = false;
  std::optional<Standing> standing;

 private:
  ClusterOracle& oracle_;
  StoreId store_;
  bool in_joint_ = false;
  LogIndex applied_;
};

std::string_view DivergenceKind(const StateHash& state, const StateHash& leading) {
  if (state.pairs < leading.pairs) return "fewer-pairs";
  if (state.pairs > leading.pairs) return "more-pairs";
  return state.pairs_hash != leading.pairs_hash ? "pairs" : "beside-data";
}

ClusterOracle::ClusterOracle(RaftLaws::Clocks clocks)
    : raft_laws_(std::move(clocks), [this](std::string law, std::string words, std::string kind) {
        Break(std::move(law), std::move(words), std::move(kind));
      }) {}
ClusterOracle::~ClusterOracle() = default;

StoreObserver* ClusterOracle::ObserverOf(StoreId store) {
  std::unique_ptr<Eyes>& eyes = eyes_[store];
  if (eyes == nullptr) eyes = std::make_unique<Eyes>(*this, store);
  return eyes.get();
}

ClusterOracle::Seen ClusterOracle::SnapshotsSinceHealing() const {
  Seen most;
  for (const auto& [store, count] : snapshots_since_healing_) {
    if (count > most.count) most = {count, store};
  }
  return most;
}

uint64_t ClusterOracle::LeadershipsOf(StoreId store) const {
  const auto found = leaderships_.find(store);
  return found == leaderships_.end() ? 0 : found->second;
}

std::optional<ClusterOracle::Standing> ClusterOracle::StandingOf(StoreId store) const {
  const auto found = eyes_.find(store);
  return found == eyes_.end() ? std::nullopt : found->second->standing;
}

void ClusterOracle::ForbidToRun(StoreId store, bool forbidden) {
  ObserverOf(store);
  eyes_.at(store)->may_not_run = forbidden;
}

void ClusterOracle::OnDamagedRan(StoreId store) {
  Break("damaged-replica-ran",
        fmt::format("store {} opened a log with damage that its own check can see, and a replica runs on it",
                    store.value()));
}

void ClusterOracle::OnLeader(StoreId store, RegionId region, PeerId peer, Term term) {
  ++leaderships_[store];
  const auto [known, first] = leaders_.emplace(std::pair(region, term), peer);
  if (!first && known->second != peer) {
    Break("election-safety", fmt::format("region {}: peers {} and {} both lead in term {}", region.value(),
                                         known->second.value(), peer.value(), term.value()));
  }
  if (term >= highest_term_) {
    highest_term_ = term;
    if (leader_.valid() && leader_ != store) deposed_ = leader_;
    leader_ = store;
  }
  Note(Moment::kElection, store);
}

void ClusterOracle::Note(Moment moment, StoreId store) {
  Seen& seen = seen_[static_cast<size_t>(moment)];
  ++seen.count;
  seen.where = store;
}

void ClusterOracle::OnApplied(StoreId store, Place place, Term term, uint64_t hash) {
  const auto [known, first] = entries_.emplace(place, Entry{term, hash, store});
  if (first) return;
  const Entry& entry = known->second;
  if (entry.term == term && entry.hash == hash) return;
  Break("state-machine-safety",
        fmt::format("region {} index {}: store {} applied an entry of term {} (hash {:016x}), store {} one of term {} "
                    "(hash {:016x})",
                    place.first.value(), place.second.value(), entry.first_seen.value(), entry.term.value(), entry.hash,
                    store.value(), term.value(), hash));
}

void ClusterOracle::OnStateHash(StoreId store, Place place, const StateHash& state) {
  const auto [known, first] = states_.emplace(place, std::pair(state, store));
  const auto& [other, other_store] = known->second;
  if (first || other.hash == state.hash) return;
  const std::string_view kind = store == leader_ ? DivergenceKind(other, state) : DivergenceKind(state, other);
  Break(
      "replica-divergence",
      fmt::format("region {} index {}: the state of store {} has {} pairs and hash {:016x}, that of store {} {} pairs "
                  "and hash {:016x}",
                  place.first.value(), place.second.value(), other_store.value(), other.pairs, other.hash,
                  store.value(), state.pairs, state.hash),
      std::string(kind));
}

void ClusterOracle::Break(std::string law, std::string words, std::string kind) {
  if (verdict_.verdict != LawReport::Verdict::kHolds) return;
  verdict_ = LawReport::Broken(std::move(law), std::move(words), std::move(kind));
}

}  // namespace orrery::faults
