// Each law names itself when it is broken, and lets what is right pass.
#include "faults/raft_laws.h"

#include <doctest/doctest.h>

#include <initializer_list>
#include <map>

namespace orrery::faults {
namespace {

using raft::ConfState;
using raft::Member;
using raft::MemberRole;
using raft::RaftView;
using raft::Role;

constexpr RegionId kRegion{1};

ConfState Voters(std::initializer_list<uint64_t> peers) {
  ConfState conf;
  for (const uint64_t peer : peers) conf.members.push_back(Member{PeerId(peer), MemberRole::kVoter, {}});
  return conf;
}

/// Three peers, each on the store of its number, told about by hand. The first broken law is remembered.
struct Story {
  std::string broken;
  std::string words;
  std::string kind;
  std::map<StoreId, RaftLaws::Moment> moments;  ///< Of those that are up.
  ConfState conf = Voters({1, 2, 3});
  RaftLaws laws{[this](StoreId store) {
                  const auto found = moments.find(store);
                  return found == moments.end() ? std::nullopt : std::optional(found->second);
                },
                [this](std::string law, std::string told, std::string within) {
                  if (!broken.empty()) return;
                  broken = std::move(law);
                  words = std::move(told);
                  kind = std::move(within);
                }};

  Story() {
    for (uint64_t store = 1; store <= 3; ++store) moments[StoreId(store)] = {.clock = At(1000), .life = 1};
  }
  static Instant At(int64_t millis) { return Instant::FromNanos(millis * 1'000'000); }
  static RaftView View(uint64_t peer, uint64_t term, uint64_t vote, uint64_t persisted, uint64_t commit) {
    RaftView view;
    view.id = PeerId(peer);
    view.term = Term(term);
    view.vote = PeerId(vote);
    view.persisted = view.last_index = LogIndex(persisted);
    view.commit = LogIndex(commit);
    return view;
  }
  /// Term and vote go with the Ready `carries`; those up to `persisted` are.
  static RaftView InReady(uint64_t carries, uint64_t persisted, RaftView view) {
    view.term_ready = raft::ReadyNumber(carries);
    view.persisted_ready = raft::ReadyNumber(persisted);
    return view;
  }
  static RaftView Leading(RaftView view) {
    view.role = Role::kLeader;
    view.may_serve_lease = true;
    return view;
  }
  void See(const RaftView& view) { laws.OnView(StoreId(view.id.value()), kRegion, view, conf); }
  void Start(const RaftView& view) { laws.OnStarted(StoreId(view.id.value()), kRegion, view); }
  /// Peer 1 leads term 5 by its own vote and that of peer 2; all hold 10 entries.
  void Elect() {
    See(View(2, 5, 1, 10, 9));
    See(View(3, 5, 0, 10, 9));
    See(Leading(View(1, 5, 1, 10, 9)));
  }
};

TEST_CASE("RaftLaws: what a majority holds may be committed, the rest not") {
  Story story;
  story.Elect();
  story.See(Story::View(2, 5, 1, 12, 9));
  story.See(Story::Leading(Story::View(1, 5, 1, 12, 12)));
  CHECK(story.broken.empty());
  story.See(Story::Leading(Story::View(1, 5, 1, 12, 13)));  // It has not stored that itself.
  CHECK(story.broken == "durable-quorum");
  CHECK(story.words.find("peer 1 up to 12, peer 2 up to 12, peer 3 up to 10") != std::string::npos);
}

TEST_CASE("RaftLaws: a commit under a joint configuration needs the old half as well") {
  Story story;
  story.Elect();
  story.conf.members[1].role = MemberRole::kOutgoingVoter;
  story.conf.members[2].role = MemberRole::kOutgoingVoter;
  story.conf.members.push_back(Member{PeerId(4), MemberRole::kIncomingVoter, {}});
  story.See(Story::View(4, 5, 0, 11, 9));
  story.See(Story::Leading(Story::View(1, 5, 1, 11, 11)));
  CHECK(story.broken == "durable-quorum");
}

TEST_CASE("RaftLaws: a snapshot that is being installed is not durable yet") {
  Story story;
  story.Elect();
  RaftView installing = Story::View(2, 5, 1, 20, 20);
  installing.installing = true;
  story.See(installing);
  story.See(Story::Leading(Story::View(1, 5, 1, 20, 20)));
  CHECK(story.broken == "durable-quorum");
}

TEST_CASE("RaftLaws: who leads without the votes of a majority is named") {
  Story story;
  story.See(Story::View(2, 5, 3, 10, 9));
  story.See(Story::Leading(Story::View(1, 5, 1, 10, 9)));
  CHECK(story.broken == "elected-by-quorum");
  CHECK(story.words.find("votes of 1, which") != std::string::npos);
}

TEST_CASE("RaftLaws: a vote counts once its Ready is persisted, wherever the peer has gone by then") {
  Story story;
  story.See(Story::InReady(1, 0, Story::View(2, 5, 1, 10, 9)));
  const RaftView elected = Story::Leading(Story::View(1, 5, 1, 10, 9));
  SUBCASE("the peer enters another term before the first one is written") {
    story.See(Story::InReady(1, 0, Story::View(2, 6, 3, 10, 9)));
    SUBCASE("the Ready carries the later one") {
      story.See(Story::InReady(1, 1, Story::View(2, 6, 3, 10, 9)));
      story.See(elected);
      CHECK(story.broken.empty());
    }
    SUBCASE("it is not persisted") {
      story.See(elected);
      CHECK(story.broken == "elected-by-quorum");
    }
  }
  SUBCASE("the peer enters another term while the first one is written") {
    story.See(Story::InReady(2, 0, Story::View(2, 6, 3, 10, 9)));
    story.See(Story::InReady(2, 1, Story::View(2, 6, 3, 10, 9)));
    story.See(elected);
    CHECK(story.broken.empty());
    story.See(Story::Leading(Story::View(3, 6, 3, 10, 9)));
    CHECK(story.broken == "elected-by-quorum");
  }
  SUBCASE("a restart forgets what was not written") {
    story.Start(Story::View(2, 4, 0, 10, 9));
    story.See(Story::View(2, 6, 3, 10, 9));
    story.See(elected);
    CHECK(story.broken == "elected-by-quorum");
  }
}

TEST_CASE("RaftLaws: a vote that is not durable elects nobody") {
  Story story;
  story.See(Story::InReady(1, 0, Story::View(2, 5, 1, 10, 9)));
  story.See(Story::Leading(Story::View(1, 5, 1, 10, 9)));
  CHECK(story.broken == "elected-by-quorum");
}

TEST_CASE("RaftLaws: a vote given before a restart is kept, one never stored may be given anew") {
  Story story;
  story.See(Story::InReady(1, 0, Story::View(3, 5, 2, 10, 9)));
  story.Start(Story::View(3, 4, 0, 10, 9));
  story.See(Story::View(3, 5, 1, 10, 9));
  CHECK(story.broken.empty());
  SUBCASE("another vote in the same term") {
    story.Start(Story::View(3, 5, 1, 10, 9));
    story.See(Story::View(3, 5, 2, 10, 9));
  }
  SUBCASE("the vote is gone") {
    story.Start(Story::View(3, 5, 0, 10, 9));
  }
  SUBCASE("the term is gone") {
    story.Start(Story::View(3, 4, 1, 10, 9));
  }
  CHECK(story.broken == "durable-vote-kept");
  CHECK(story.kind.empty());
}

TEST_CASE("RaftLaws: who speaks as the peer whose disk it has lost is told from who has forgotten") {
  for (const bool same_store : {true, false}) {
    CAPTURE(same_store);
    Story story;
    story.See(Story::View(3, 5, 1, 10, 9));
    story.laws.OnDiskLost(StoreId(same_store ? 3 : 2));
    story.Start(Story::View(3, 0, 0, 0, 0));
    CHECK(story.broken == "durable-vote-kept");
    CHECK(story.kind == (same_store ? "new-disk" : ""));
  }
}

TEST_CASE(
    "RaftLaws: a store that ends while it installs a snapshot comes back with the log before or the one behind it") {
  Story story;
  story.See(Story::View(3, 5, 0, 10, 4));  // Six of them of a leader that nobody followed.
  RaftView installing = Story::View(3, 6, 0, 8, 8);
  installing.first_index = LogIndex(9);
  installing.installing = true;
  story.See(installing);
  SUBCASE("before") {
    story.Start(Story::View(3, 6, 0, 10, 4));
    CHECK(story.broken.empty());
  }
  RaftView installed = installing;
  installed.installing = false;
  SUBCASE("behind") {
    story.Start(installed);
    CHECK(story.broken.empty());
    // From now on that is what it must keep.
    story.Start(Story::View(3, 6, 0, 7, 7));
    CHECK(story.broken == "durable-log-kept");
  }
  SUBCASE("neither") {
    story.Start(Story::View(3, 6, 0, 8, 4));
    CHECK(story.broken == "durable-log-kept");
  }
  SUBCASE("no longer installing") {
    story.See(Story::View(3, 6, 0, 10, 10));
    story.Start(installed);
    CHECK(story.broken == "durable-log-kept");
  }
}

TEST_CASE("RaftLaws: a log that was durable is there after a restart") {
  Story story;
  story.See(Story::View(3, 5, 0, 10, 9));
  story.See(Story::View(3, 6, 0, 8, 7));  // Cut by the leader of term 6: that is no loss.
  story.Start(Story::View(3, 6, 0, 8, 7));
  CHECK(story.broken.empty());
  story.Start(Story::View(3, 6, 0, 7, 7));
  CHECK(story.broken == "durable-log-kept");
}

TEST_CASE("RaftLaws: nobody is elected while a lease holds") {
  Story story;
  story.Elect();
  story.laws.OnLease(StoreId(1), kRegion, PeerId(1), Term(5), Story::At(1400));
  const auto elect_2 = [&] {
    story.See(Story::View(3, 6, 2, 10, 9));
    story.See(Story::Leading(Story::View(2, 6, 2, 10, 9)));
  };
  SUBCASE("it holds") {
    story.moments[StoreId(1)].clock = Story::At(1399);
    elect_2();
    CHECK(story.broken == "lease-exclusive");
    CHECK(story.words.find("peer 2 leads term 6, while peer 1 may read by its lease of term 5 for another 1.000 ms") !=
          std::string::npos);
  }
  SUBCASE("it has ended") {
    story.moments[StoreId(1)].clock = Story::At(1400);
    elect_2();
    CHECK(story.broken.empty());
  }
  SUBCASE("it was given up") {
    RaftView view = Story::Leading(Story::View(1, 5, 1, 10, 9));
    view.may_serve_lease = false;
    story.See(view);
    elect_2();
    CHECK(story.broken.empty());
  }
  SUBCASE("its holder is down") {
    story.moments.erase(StoreId(1));
    elect_2();
    CHECK(story.broken.empty());
  }
  SUBCASE("its holder was started again") {
    story.moments[StoreId(1)].life = 2;
    elect_2();
    CHECK(story.broken.empty());
  }
  SUBCASE("it begins when another leads already") {
    story.moments[StoreId(1)].clock = Story::At(1500);
    elect_2();
    CHECK(story.broken.empty());
    story.laws.OnLease(StoreId(1), kRegion, PeerId(1), Term(5), Story::At(1501));
    CHECK(story.broken == "lease-exclusive");
  }
}

TEST_CASE("RaftLaws: a confirmed read sees what was committed anywhere when it was asked") {
  Story story;
  story.See(Story::View(2, 6, 0, 10, 10));
  story.laws.OnReadAsked(kRegion, 77);
  story.laws.OnReadAsked(kRegion, 78);
  story.See(Story::View(2, 6, 0, 12, 12));
  story.laws.OnReadServed(kRegion, PeerId(1), 77, LogIndex(10));
  CHECK(story.broken.empty());
  story.laws.OnReadServed(kRegion, PeerId(1), 78, LogIndex(9));
  CHECK(story.broken == "read-index-current");
}

TEST_CASE("RaftLaws: a read by a lease sees the leader's first entry") {
  Story story;
  story.See(Story::View(1, 5, 1, 20, 8));
  story.See(Story::View(2, 5, 1, 20, 8));
  story.See(Story::Leading(Story::View(1, 5, 1, 21, 8)));
  CHECK(story.broken.empty());
  story.See(Story::Leading(Story::View(1, 5, 1, 30, 8)));  // Later entries of its own are acknowledged when applied.
  story.laws.OnLeaseRead(kRegion, PeerId(1), Term(5), LogIndex(21));
  CHECK(story.broken.empty());
  story.laws.OnLeaseRead(kRegion, PeerId(1), Term(5), LogIndex(20));
  CHECK(story.broken == "lease-read-current");
}

TEST_CASE("RaftLaws: nobody reads by a lease while somebody leads a later term") {
  Story story;
  story.See(Story::View(1, 6, 2, 10, 10));
  story.See(Story::View(2, 6, 2, 10, 10));
  story.laws.OnLeaseRead(kRegion, PeerId(1), Term(5), LogIndex(10));
  CHECK(story.broken.empty());
  story.See(Story::Leading(Story::View(2, 6, 2, 10, 10)));
  CHECK(story.broken.empty());
  story.laws.OnLeaseRead(kRegion, PeerId(1), Term(5), LogIndex(10));
  CHECK(story.broken == "lease-exclusive");
}

}  // namespace
}  // namespace orrery::faults
