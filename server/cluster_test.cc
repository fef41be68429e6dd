#include <doctest/doctest.h>

#include "server/cluster_fixture.h"

using namespace orrery;

namespace {

constexpr StoreId k1(1), k2(2), k3(3), k4(4);

StoreId OneOf(const Cluster&, StoreId not_this) {
  return not_this == k1 ? k2 : k1;
}

}  // namespace

TEST_CASE("Cluster: what is put can be read, by everybody's word") {
  Cluster cluster;
  REQUIRE(cluster.Initialise().ok());
  CHECK(cluster.Get("a") == "<none>");
  CHECK(cluster.Put("a", "1").ok());
  CHECK(cluster.Get("a") == "1");
  CHECK(cluster.AwaitEqual({k1, k2, k3}));
  CHECK(cluster.watch().violations().empty());
}

TEST_CASE("Cluster: initialising twice is harmless, before it nothing is served") {
  Cluster cluster;
  CHECK(cluster.Get("a") == "<TIMEOUT>");
  REQUIRE(cluster.Initialise().ok());
  CHECK(cluster.Initialise().ok());
  CHECK(cluster.Put("a", "1").ok());
}

TEST_CASE("Cluster: initialising twice at once is answered when it is durable") {
  Cluster cluster({.stores = 1, .founders = 1});
  cluster.world().RunFor(seconds(1));
  cluster.world().DelayNextJob(NodeIdOf(k1), Lane::kCommit, milliseconds(500));
  const Instant begun = cluster.Now();
  std::vector<Status> answers(2);
  std::vector<Cluster::Story> stories;
  for (Status& answer : answers) {
    stories.push_back([&cluster, &answer, begun](KvClient&, AdminClient& admin) {
      answer = cluster.Initialise(admin);
      CHECK(cluster.Now() - begun >= milliseconds(500));
    });
  }
  REQUIRE(cluster.RunAll(stories));
  for (const Status& answer : answers) CHECK(answer.ToString() == "OK");
  CHECK(cluster.Put("a", "1").ok());
}

TEST_CASE("Cluster: a crash of the leader loses nothing that was acknowledged") {
  Cluster cluster;
  REQUIRE(cluster.Initialise().ok());
  REQUIRE(cluster.Put("a", "1").ok());
  const StoreId leader = cluster.AwaitLeader();
  cluster.Crash(leader);
  CHECK(cluster.Get("a") == "1");
  CHECK(cluster.Put("b", "2").ok());
  cluster.Boot(leader);
  CHECK(cluster.AwaitEqual({k1, k2, k3}));
  CHECK(cluster.watch().violations().empty());
}

TEST_CASE("Cluster: a power loss of all stores loses nothing that was acknowledged") {
  Cluster cluster;
  REQUIRE(cluster.Initialise().ok());
  cluster.PutMany(0, 50);
  for (const StoreId store : {k1, k2, k3}) cluster.Crash(store);
  for (const StoreId store : {k1, k2, k3}) cluster.Boot(store);
  CHECK(cluster.Get("key0") == "value0");
  CHECK(cluster.Get("key49") == "value49");
  CHECK(cluster.AwaitEqual({k1, k2, k3}));
  CHECK(cluster.watch().violations().empty());
}

TEST_CASE("Cluster: two stores of three are enough, one is not") {
  Cluster cluster;
  REQUIRE(cluster.Initialise().ok());
  cluster.Crash(k3);
  CHECK(cluster.Put("a", "1").ok());
  cluster.Crash(k2);
  CHECK(cluster.Put("a", "2").code() == StatusCode::kUnknownOutcome);
  cluster.Boot(k2);
  CHECK(cluster.Put("a", "3").ok());
  CHECK(cluster.Get("a") == "3");
}

/// Who was away needs a snapshot.
void KeepLittleLog(StoreOptions& options) {
  options.region.log_entries_min = 4;
  options.region.log_entries_max = 20;
  options.region.log_gc_ticks = 1;
}

TEST_CASE("Cluster: a store behind the log's beginning gets a snapshot") {
  Cluster cluster({.tune = [](StoreOptions& options) {
    KeepLittleLog(options);
    options.region.snapshot_chunk_bytes = 256;
  }});
  REQUIRE(cluster.Initialise().ok());
  cluster.AwaitLeader();
  cluster.Crash(k3);
  cluster.PutMany(0, 200);
  cluster.Boot(k3);
  CHECK(cluster.AwaitEqual({k1, k2, k3}));
  CHECK(cluster.watch().snapshots() >= 1);
  CHECK(cluster.watch().violations().empty());
}

TEST_CASE("Cluster: a snapshot that was installed survives a power loss") {
  Cluster cluster({.tune = KeepLittleLog});
  REQUIRE(cluster.Initialise().ok());
  cluster.AwaitLeader();
  cluster.Crash(k3);
  cluster.PutMany(0, 100);
  cluster.Boot(k3);
  REQUIRE(cluster.AwaitEqual({k1, k2, k3}));
  cluster.Crash(k3);
  cluster.Boot(k3);
  CHECK(cluster.AwaitEqual({k1, k2, k3}));
  CHECK(cluster.watch().violations().empty());
}

TEST_CASE("Cluster: a store that waits for its disk while it installs a snapshot is at rest") {
  Cluster cluster({.tune = KeepLittleLog});
  REQUIRE(cluster.Initialise().ok());
  REQUIRE(cluster.Put("a", "1").ok());
  cluster.Crash(k3);
  cluster.PutMany(0, 300);
  cluster.Boot(k3);
  const auto accepted = [&] { return cluster.ProbeCount("raft.snapshot.installed") > 0; };
  REQUIRE(cluster.world().RunUntil(accepted, seconds(10)) == sim::RunOutcome::kConditionMet);
  cluster.world().SetDiskStuck(NodeIdOf(k3), true);
  // It hears of another leader, which it can do nothing about before the disk is back.
  const StoreId other = cluster.AwaitLeader() == k1 ? k2 : k1;
  REQUIRE(cluster.Run([&](KvClient&, AdminClient& admin) {
    CHECK(admin.TransferLeader(other, Deadline::After(cluster.Now(), seconds(5))).ok());
  }));
  const auto turns = [&] { return cluster.StatusOf(k3)->counters.at(0); };
  const Counter before = turns();
  cluster.world().RunFor(seconds(2));
  const Counter after = turns();
  REQUIRE(before.name == "turns");
  CHECK(after.value - before.value < 2000);
  CHECK(cluster.ProbeCount("region.snapshot.installed") == 0);
  cluster.world().SetDiskStuck(NodeIdOf(k3), false);
  CHECK(cluster.AwaitEqual({k1, k2, k3}));
  CHECK(cluster.watch().violations().empty());
}

TEST_CASE("Cluster: a store is added, caught up and made a voter") {
  Cluster cluster({.stores = 4});
  REQUIRE(cluster.Initialise().ok());
  cluster.PutMany(0, 20);
  REQUIRE(cluster.Change({k4}, {}).ok());
  CHECK(cluster.AwaitEqual({k1, k2, k3, k4}));
  const Result<StatusResponse> status = cluster.StatusOf(k4);
  REQUIRE(status.ok());
  CHECK(status.value().members.size() == 4);
  CHECK(status.value().role == PeerRole::kFollower);
  CHECK(cluster.watch().violations().empty());
}

TEST_CASE("Cluster: a removed store stops serving and forgets, also if it led") {
  Cluster cluster({.stores = 4, .founders = 4});
  REQUIRE(cluster.Initialise().ok());
  cluster.PutMany(0, 20);
  const StoreId leader = cluster.AwaitLeader();
  REQUIRE(cluster.Change({}, {leader}).ok());
  CHECK(cluster.Get("key7") == "value7");
  cluster.world().RunFor(seconds(2));
  CHECK(cluster.Checksum(leader).code() == StatusCode::kNotMember);
  CHECK(cluster.StatusOf(OneOf(cluster, leader)).value().members.size() == 3);
  CHECK(cluster.watch().violations().empty());
}

/// Four stores, of which one is removed. `cut_after` that is asked for, the leader loses touch with all but the one
/// that goes, and is gone for good soon after. True if the other two can go on.
bool SurvivesLeaderLostInRemoval(Duration cut_after) {
  Cluster cluster({.stores = 4, .founders = 4});
  sim::World& world = cluster.world();
  sim::NetworkOptions slow = world.network_options();
  slow.latency_min = milliseconds(2);
  world.SetNetworkOptions(slow);
  REQUIRE(cluster.Initialise().ok());
  REQUIRE(cluster.Put("a", "1").ok());
  const StoreId leader = cluster.AwaitLeader();
  const StoreId goes = leader == k4 ? k3 : k4;
  sim::NodeSet stay;
  for (const StoreId store : {k1, k2, k3, k4}) {
    if (store != leader && store != goes) stay.push_back(NodeIdOf(store));
  }
  world.Schedule(world.Now() + cut_after, "cut", [&] { world.Partition({NodeIdOf(leader)}, stay); });
  world.Schedule(world.Now() + cut_after + milliseconds(50), "crash", [&] { cluster.Crash(leader); });
  cluster.Change({}, {goes}).IgnoreError();  // Its outcome depends on the moment.
  const bool survives = cluster.Put("a", "2").ok() && cluster.Get("a") == "2";
  CHECK(cluster.watch().violations().empty());
  return survives;
}

TEST_CASE("Cluster: a leader lost at any moment of a removal leaves the others able to go on") {
  for (int moment = 0; moment < 60; ++moment) {
    CAPTURE(moment);
    CHECK(SurvivesLeaderLostInRemoval(moment * milliseconds(1)));
  }
}

TEST_CASE("Cluster: a store removed while it is down learns it when it is back") {
  Cluster cluster({.stores = 4, .founders = 4});
  REQUIRE(cluster.Initialise().ok());
  const StoreId leader = cluster.AwaitLeader();
  const StoreId gone = leader == k4 ? k3 : k4;
  cluster.Crash(gone);
  REQUIRE(cluster.Change({}, {gone}).ok());
  cluster.Boot(gone);
  cluster.world().RunFor(seconds(5));
  CHECK(cluster.Checksum(gone).code() == StatusCode::kNotMember);
  CHECK(cluster.Put("a", "1").ok());
}

TEST_CASE("Cluster: a change of members that is heard again undoes nothing that was done since") {
  Cluster cluster({.stores = 4, .founders = 3});
  REQUIRE(cluster.Initialise().ok());
  REQUIRE(cluster.Put("a", "1").ok());
  MembersResponse before;
  REQUIRE(cluster.Run([&](KvClient&, AdminClient& admin) {
    before = admin.Members(Deadline::After(cluster.Now(), seconds(5))).value();
  }));
  const auto hear = [&](const ChangeMembersRequest& request) {
    Status status(StatusCode::kTimeout, "the story did not end");
    cluster.Run([&](KvClient& kv, AdminClient&) {
      status = kv.Change(KvMethod::kChangeMembers, Encode(request), Deadline::After(cluster.Now(), seconds(20)));
    });
    return status;
  };
  const auto stores = [&] {
    std::set<StoreId> present;
    const StatusResponse status = cluster.StatusOf(cluster.AwaitLeader()).value();
    for (const Member& member : status.members) present.insert(member.store);
    return present;
  };
  // Once, and what it removed comes back.
  const ChangeMembersRequest remove{.region = kFirstRegion, .add = {}, .remove = {k3}, .as_of = before.applied};
  REQUIRE(hear(remove).ToString() == "OK");
  CHECK(hear(remove).code() == StatusCode::kConflict);
  REQUIRE(cluster.Change({k3}, {}).ToString() == "OK");
  CHECK(hear(remove).code() == StatusCode::kConflict);
  CHECK(stores() == std::set{k1, k2, k3});
  // The same of an addition.
  MembersResponse now;
  Member fourth = cluster.AsMember(StoreId(4));
  REQUIRE(cluster.Run([&](KvClient&, AdminClient& admin) {
    now = admin.Members(Deadline::After(cluster.Now(), seconds(5))).value();
    fourth.incarnation = admin.Identify(fourth.store, Deadline::After(cluster.Now(), seconds(5)))->incarnation;
  }));
  const ChangeMembersRequest add{.region = kFirstRegion, .add = {fourth}, .remove = {}, .as_of = now.applied};
  REQUIRE(hear(add).ToString() == "OK");
  REQUIRE(cluster.Change({}, {fourth.store}).ToString() == "OK");
  CHECK(hear(add).code() == StatusCode::kConflict);
  CHECK(stores() == std::set{k1, k2, k3});
  CHECK(cluster.AwaitEqual({k1, k2, k3}));
  CHECK(cluster.ProbeCount("region.member.outdated_wish") == 3);
  CHECK(cluster.watch().violations().empty());
}

TEST_CASE("Cluster: a store that lost its disk is nobody until it is replaced by its new self") {
  Cluster cluster;
  REQUIRE(cluster.Initialise().ok());
  cluster.PutMany(0, 20);
  cluster.Crash(k3);
  cluster.WipeDisk(k3);
  cluster.Boot(k3);
  cluster.world().RunFor(seconds(3));
  // The amnesiac is up, and the others speak to what it was: it does not answer for that.
  CHECK(cluster.Checksum(k3).code() == StatusCode::kNotMember);
  CHECK(cluster.ProbeCount("region.envelope.wrong_life") > 0);
  REQUIRE(cluster.Change({k3}, {k3}).ok());
  CHECK(cluster.AwaitEqual({k1, k2, k3}));
  CHECK(cluster.StatusOf(k3).value().members.size() == 3);
  CHECK(cluster.watch().violations().empty());
}

TEST_CASE("Cluster: an amnesiac does not help a minority to a quorum") {
  Cluster cluster;
  REQUIRE(cluster.Initialise().ok());
  REQUIRE(cluster.Put("a", "1").ok());
  const StoreId leader = cluster.AwaitLeader();
  const StoreId other = leader == k1 ? k2 : k1;
  const StoreId third(6 - leader.value() - other.value());
  cluster.Crash(other);
  cluster.Crash(third);
  cluster.WipeDisk(third);
  cluster.Boot(third);
  CHECK(!cluster.Put("a", "2").ok());
  cluster.Boot(other);
  CHECK(cluster.Put("a", "3").ok());
  CHECK(cluster.watch().violations().empty());
}

TEST_CASE("Cluster: replicas compare their contents and agree") {
  Cluster cluster({.tune = [](StoreOptions& options) { options.region.consistency_check_ticks = 10; }});
  REQUIRE(cluster.Initialise().ok());
  cluster.PutMany(0, 100);
  cluster.world().RunFor(seconds(3));
  CHECK(cluster.watch().hashes() >= 3);
  CHECK(cluster.ProbeCount("region.consistency.equal") >= 3);
  CHECK(cluster.watch().violations().empty());
}

TEST_CASE("Cluster: a store that is asked to stop hands over and ends well") {
  Cluster cluster;
  REQUIRE(cluster.Initialise().ok());
  REQUIRE(cluster.Put("a", "1").ok());
  const StoreId leader = cluster.AwaitLeader();
  cluster.world().RequestStop(NodeIdOf(leader));
  cluster.world().RunUntil([&] { return !cluster.world().IsUp(NodeIdOf(leader)); }, seconds(10));
  REQUIRE(cluster.world().exits().size() == 1);
  CHECK(cluster.world().exits().front().reason.ok());
  CHECK(cluster.AwaitLeader() != leader);
  CHECK(cluster.Get("a") == "1");
}

TEST_CASE("Cluster: an empty directory does not start unless it is said to be new") {
  Cluster cluster;
  REQUIRE(cluster.Initialise().ok());
  cluster.Crash(k3);
  cluster.WipeDisk(k3);
  cluster.StartAsExisting(k3);
  cluster.Boot(k3);
  cluster.world().RunFor(seconds(1));
  REQUIRE(cluster.world().exits().size() == 1);
  CHECK(cluster.world().exits().front().reason.code() == StatusCode::kNotFound);
}

TEST_CASE("Cluster: a read under a lease does not outlive it") {
  // The old leader is cut off; a new one is elected and writes. The old one must not answer from its own state.
  Cluster cluster;
  REQUIRE(cluster.Initialise().ok());
  REQUIRE(cluster.Put("a", "old").ok());
  const StoreId leader = cluster.AwaitLeader();
  std::vector<NodeId> others;
  for (const StoreId store : {k1, k2, k3}) {
    if (store != leader) others.push_back(NodeIdOf(store));
  }
  cluster.world().Partition({NodeIdOf(leader)}, others);
  CHECK(cluster.Put("a", "new").ok());
  CHECK(cluster.Get("a") == "new");
  cluster.world().HealNetwork();
  CHECK(cluster.AwaitEqual({k1, k2, k3}));
  CHECK(cluster.watch().violations().empty());
}

// While a snapshot is being installed the replica's stored membership runs ahead of the one in force. It must not
// take the leader for a removed member and tell it so.
TEST_CASE("Cluster: a store that is still installing its first snapshot accuses nobody of being removed") {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    Cluster cluster({.stores = 4, .seed = seed, .calm = false});
    REQUIRE(cluster.Initialise().ok());
    cluster.PutMany(0, 20);
    CHECK(cluster.Change({k4}, {}).ok());
    CHECK(cluster.AwaitEqual({k1, k2, k3, k4}));
    CHECK(cluster.ProbeCount("region.member.removed_by_notice") == 0);
  }
}

TEST_CASE("Cluster: a leader that is cut off does not say who the members are") {
  Cluster cluster;
  REQUIRE(cluster.Initialise().ok());
  REQUIRE(cluster.Put("a", "1").ok());
  const StoreId leader = cluster.AwaitLeader();
  Result<MembersResponse> members = Status(StatusCode::kTimeout, "no answer");
  const Cluster::Story ask = [&](KvClient&, AdminClient& admin) {
    members = admin.Members(Deadline::After(cluster.Now(), milliseconds(100)));
  };
  REQUIRE(cluster.Run(ask));
  REQUIRE(members.ok());
  CHECK(members->leader_store == leader);
  CHECK(members->members.size() == 3);
  sim::NodeSet others;
  for (const StoreId store : {k1, k2, k3}) {
    if (store != leader) others.push_back(NodeIdOf(store));
  }
  // It takes itself for the leader for ten more ticks of 20 ms.
  cluster.world().Partition({NodeIdOf(leader)}, others);
  REQUIRE(cluster.Run(ask));
  CHECK(members.code() == StatusCode::kTimeout);
}

TEST_CASE("Cluster: a write that waits for somebody else's session keeps its own deadline") {
  Cluster cluster;  // Not initialised: no session is opened, however long one waits.
  Duration waited(0);
  Status hasty;
  Status patient;
  const Instant start = cluster.Now();
  REQUIRE(cluster.RunAll(
      {[&](KvClient& kv, AdminClient&) { patient = kv.Put("a", "1", Deadline::After(start, seconds(20))); },
       [&](KvClient& kv, AdminClient&) {
         // The other one has begun by now.
         kv.Get("x", Deadline::After(start, milliseconds(500))).status().IgnoreError();
         hasty = kv.Put("b", "2", Deadline::After(start, seconds(1)));
         waited = cluster.Now() - start;
       }}));
  CHECK(patient.code() == StatusCode::kTimeout);
  CHECK(hasty.code() == StatusCode::kTimeout);
  CHECK(waited < seconds(2));
}

TEST_CASE("Cluster: an idle region that keeps nothing of its log comes to rest") {
  Cluster cluster({.tune = [](StoreOptions& options) {
    options.region.log_entries_min = 0;
    options.region.log_gc_ticks = 1;
  }});
  REQUIRE(cluster.Initialise().ok());
  cluster.PutMany(0, 20);
  cluster.world().RunFor(seconds(1));
  const uint64_t cuts = cluster.ProbeCount("region.log_gc.compacted");
  CHECK(cuts > 0);
  cluster.world().RunFor(seconds(2));
  CHECK(cluster.ProbeCount("region.log_gc.compacted") == cuts);
}

TEST_CASE("Cluster: one client may have more writes under way than a session remembers answers") {
  // While nobody leads all of them wait; then they arrive in any order. Without a window, answers to the oldest would
  // be forgotten before they are asked for again.
  Cluster cluster;
  REQUIRE(cluster.Initialise().ok());
  REQUIRE(cluster.Put("a", "1").ok());
  const StoreId leader = cluster.AwaitLeader();
  std::vector<Status> answers(3 * kSessionWindow);
  std::vector<Cluster::Story> stories;
  for (size_t i = 0; i < answers.size(); ++i) {
    stories.push_back([&, i](KvClient& kv, AdminClient&) {
      answers[i] = kv.Put("key" + std::to_string(i), "value", Deadline::After(cluster.Now(), seconds(50)));
    });
  }
  cluster.Crash(leader);
  REQUIRE(cluster.RunAll(stories));
  for (const Status& answer : answers) CHECK(answer.ToString() == "OK");
  CHECK(cluster.ProbeCount("client.session_window_full") > 0);
  CHECK(cluster.Get("key0") == "value");
}

TEST_CASE("Cluster: frames that a standing loop cannot hold are dropped, and nothing is lost by it") {
  Cluster cluster({.tune = [](StoreOptions& options) {
    options.region.inbox_bytes_max = 1024;
    options.region.frame_bytes_max = 1024;
    options.region.raft.append_bytes_max = 300;
    options.region.raft.cache_bytes_max = 0;
    options.log.cache_bytes_max = 0;
  }});
  REQUIRE(cluster.Initialise().ok());
  REQUIRE(cluster.Put("a", "1").ok());
  cluster.Crash(k3);
  cluster.PutMany(0, 300);
  cluster.Boot(k3);
  for (int i = 0; i < 20 && cluster.ProbeCount("region.store.frame_dropped") == 0; ++i) {
    cluster.world().PauseFor(NodeIdOf(k2), milliseconds(100));
    cluster.PutMany(300 + 50 * static_cast<uint64_t>(i), 350 + 50 * static_cast<uint64_t>(i));
  }
  CHECK(cluster.ProbeCount("region.store.frame_dropped") > 0);
  CHECK(cluster.AwaitEqual({k1, k2, k3}));
  CHECK(cluster.Get("key299") == "value299");
  CHECK(cluster.watch().violations().empty());
}

TEST_CASE("Cluster: what a client must not send is refused by name, whatever its library checked") {
  Cluster cluster;
  REQUIRE(cluster.Initialise().ok());
  REQUIRE(cluster.Put("a", "1").ok());
  const auto refused = [&](KvMethod method, const Bytes& request, StatusCode code, std::string_view named) {
    Status status;
    cluster.Run([&](KvClient& kv, AdminClient&) {
      status = kv.Read(method, request, Deadline::After(cluster.Now(), seconds(5))).status();
    });
    CAPTURE(named);
    CHECK_MESSAGE(status.code() == code, status.ToString());
    CHECK_MESSAGE(status.message().find(named) != std::string_view::npos, status.ToString());
  };
  const auto write = [](WriteOp op) { return Encode(WriteRequest{.region = kFirstRegion, .op = std::move(op)}); };
  using Code = StatusCode;
  refused(KvMethod::kWrite, write(WriteOp::Put("", "v")), Code::kInvalidArgument, "key is empty");
  refused(KvMethod::kWrite, write(WriteOp::Put(Bytes(4097, 'k'), "v")), Code::kTooLarge, "key has 4097 bytes");
  refused(KvMethod::kWrite, write(WriteOp::Put("k", Bytes(kValueBytesMax + 1, 'v'))), Code::kTooLarge,
          "value has 8388609 bytes");
  refused(KvMethod::kWrite, write(WriteOp::Batch(std::vector<Mutation>(kBatchOpsMax + 1, Mutation{.key = "k"}))),
          Code::kTooLarge, "4097");
  const Mutation half{.key = "k", .value = Bytes(kBatchBytesMax / 2, 'v')};
  refused(KvMethod::kWrite, write(WriteOp::Batch({half, half, half})), Code::kTooLarge, "batch");
  refused(KvMethod::kWrite, write(WriteOp::Batch({})), Code::kInvalidArgument, "batch");
  WriteRequest numbered{.region = kFirstRegion, .session = SessionId(7), .op = WriteOp::Put("k", "v")};
  refused(KvMethod::kWrite, Encode(numbered), Code::kInvalidArgument, "sequence is 0");
  numbered.sequence = 3;
  numbered.lowest_unanswered = 4;
  refused(KvMethod::kWrite, Encode(numbered), Code::kInvalidArgument, "lowest_unanswered");
  refused(KvMethod::kGet, Encode(GetRequest{.region = kFirstRegion, .key = ""}), Code::kInvalidArgument,
          "key is empty");
  refused(KvMethod::kScan, Encode(ScanRequest{.region = kFirstRegion, .limit = 0}), Code::kInvalidArgument,
          "limit is 0");
  refused(KvMethod::kWrite, "garbage", Code::kInvalidArgument, "WriteRequest");
  refused(KvMethod::kChangeMembers, "garbage", Code::kInvalidArgument, "ChangeMembersRequest");
  refused(static_cast<KvMethod>(99), "x", Code::kVersionMismatch, "no rpc method 99");
  CHECK(cluster.Get("a") == "1");
  CHECK(cluster.watch().violations().empty());
}
