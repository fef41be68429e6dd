#include "faults/capsule/capsule.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "faults/knobs.h"

namespace orrery::faults {
namespace {

const StoreId kOne{1};
const StoreId kTwo{2};

FaultEntry Entry(std::string id, FaultKind kind, Duration at) {
  FaultEntry fault;
  fault.id = std::move(id);
  fault.kind = kind;
  fault.at = at;
  return fault;
}

/// One of everything.
Capsule Sample() {
  Capsule capsule;
  capsule.build = {.commit = "abc", .patch = "12", .rocksdb = "7.8.3"};
  capsule.scenario = "everything";
  capsule.story = "line one\nline \"two\" \\ \t end";
  capsule.expected = {sim::ExitCode::kSafety, "lost-write", "safety/lost-write", "00ff"};
  capsule.choices.seed = UINT64_MAX;
  capsule.choices.calm[1] = true;
  capsule.choices.salts[0] = 3;
  capsule.choices.salts[2] = UINT64_MAX - 1;
  capsule.choices.latencies = {{"node1>node2 channel2 slot55", milliseconds(12)}};
  capsule.choices.buggify_sites = {{"raft.site", true}, {"x", false}};
  capsule.cluster = {.stores = 3,
                     .spares = 1,
                     .lying_fsync = false,
                     .slow_founder = StoreId(1),
                     .slow_founder_factor = 1000,
                     .knobs = NamedKnobs(DrawStoreOptions(Random(1), true))};
  capsule.safety = nanoseconds(12'345'678'901);
  CapsuleWorkload registers{.name = "register", .options = {.clients = 2, .keys = 8}};
  registers.operations = {
      {.client = 0, .start = Duration(0), .operation = {.ordinal = 1, .kind = OperationKind::kGet, .key = 0}},
      {.client = 0, .start = Duration(1), .operation = {.ordinal = 5, .kind = OperationKind::kPut, .key = 7}},
      {.client = 1, .start = seconds(3), .operation = {.ordinal = 1, .kind = OperationKind::kSwap, .key = 2}}};
  CapsuleWorkload set{.name = "set"};
  set.operations = {
      {.client = 3, .start = seconds(1), .operation = {.ordinal = 1, .kind = OperationKind::kReadAll, .detail = 77}}};
  capsule.workloads = {registers, set};
  FaultEntry kill = Entry("kill#3", FaultKind::kKill, milliseconds(1500));
  kill.lasts = nanoseconds(1);
  kill.targets = {NodeIdOf(kTwo)};
  FaultEntry cut = Entry("partition_halves#1", FaultKind::kPartitionHalves, seconds(2));
  cut.lasts = seconds(1);
  cut.targets = {NodeIdOf(kOne), ClientNodeOf(5)};
  cut.others = {NodeIdOf(kTwo), kOperatorNode, kStrangerNode};
  FaultEntry swizzle = Entry("swizzle_clog#1", FaultKind::kSwizzleClog, seconds(4));
  swizzle.steps = {{.after = milliseconds(1), .store = kOne, .until = seconds(2)},
                   {.after = milliseconds(3), .store = kTwo, .until = seconds(1)}};
  FaultEntry step = Entry("wall_step#1", FaultKind::kWallStep, seconds(5));
  step.targets = {NodeIdOf(StoreId(4))};
  step.amount = -17;
  FaultEntry write = Entry("crash_in_write#2", FaultKind::kCrashInWrite, Duration(0));
  write.anchor = Anchor{.store = kOne, .boot = 2, .event = AnchorEvent::kLogSync, .count = 3};
  write.targets = {NodeIdOf(kOne)};
  write.amount = 4;
  write.how = "power_loss";
  FaultEntry stranger = Entry("stranger#1", FaultKind::kStranger, seconds(6));
  stranger.lasts = seconds(2);
  stranger.targets = {NodeIdOf(kTwo)};
  stranger.amount = INT64_MAX;
  stranger.how = "envelopes";
  FaultEntry read = Entry("read_error#1", FaultKind::kReadError, seconds(7));
  read.lasts = milliseconds(10);
  read.targets = {NodeIdOf(kOne)};
  read.amount = 30;
  read.how = "all";
  capsule.faults = {kill, cut, swizzle, step, stranger, read, write};
  return capsule;
}

/// The complaint about a text.
std::string Complaint(std::string_view text) {
  return std::string(ParseCapsule(text, "c.toml").status().message());
}

/// The sample's text with one place changed.
std::string With(std::string_view place, std::string_view instead) {
  std::string text = FormatCapsule(Sample());
  const size_t at = text.find(place);
  REQUIRE(at != std::string::npos);
  return text.replace(at, place.size(), instead);
}

bool Contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("Capsule: what is written is read back, field by field") {
  const Capsule sample = Sample();
  REQUIRE(sample.Validate().ToString() == "OK");
  const std::string text = FormatCapsule(sample);
  const Result<Capsule> back = ParseCapsule(text, "c.toml");
  REQUIRE(back.status().ToString() == "OK");
  CHECK(back->build == sample.build);
  CHECK(back->story == sample.story);
  CHECK(back->expected == sample.expected);
  CHECK(back->choices.seed == sample.choices.seed);
  CHECK(back->choices.calm == sample.choices.calm);
  CHECK(back->choices.salts == sample.choices.salts);
  CHECK(back->choices.latencies == sample.choices.latencies);
  CHECK(back->choices.buggify_sites == sample.choices.buggify_sites);
  CHECK(back->cluster == sample.cluster);
  CHECK(back->safety == sample.safety);
  CHECK(back->faults == sample.faults);
  REQUIRE(back->workloads.size() == 2);
  CHECK(back->workloads[0].operations == sample.workloads[0].operations);
  CHECK(back->workloads[1].operations == sample.workloads[1].operations);
  CHECK(FormatCapsule(*back) == text);
}

TEST_CASE("Capsule: cut anywhere, it is refused") {
  const std::string text = FormatCapsule(Sample());
  for (size_t bytes = 0; bytes + 2 < text.size(); bytes += 7) {
    const Result<Capsule> cut = ParseCapsule(std::string_view(text).substr(0, bytes), "c.toml");
    REQUIRE_FALSE(cut.ok());
    CHECK(Contains(std::string(cut.status().message()), "cut short"));
  }
}

TEST_CASE("Capsule: another version is named before anything else") {
  CHECK(Complaint(With("version = 1\n", "version = 2\nnews = 3\n")) ==
        "c.toml:1: version: is 2, this program reads version 1");
}

TEST_CASE("Capsule: unknown and missing fields are named with their line") {
  CHECK(Contains(Complaint(With("patch = ", "path = ")), "build.patch: is missing"));
  CHECK(Contains(Complaint(With("stores = 3", "stores = 3\nstorse = 3")), "cluster.storse: is not a known key"));
  CHECK(Contains(Complaint(With("[run]", "[rnu]")), "run: is missing"));
  CHECK(Contains(Complaint(With("\"kill#3\"\nkind", "\"kill#3\"\nfactor = 3\nkind")),
                 "fault.factor: is not a known key"));
  const std::string text = With("\"raft.election_ticks\"", "\"raft.election_tics\"");
  CHECK(Contains(Complaint(text), "cluster.knobs: raft.election_tics: is not a known knob"));
  CHECK(Complaint(text).starts_with("c.toml:"));
}

TEST_CASE("Capsule: values out of range are named") {
  CHECK(Contains(Complaint(With("stores = 3", "stores = 12")), "cluster.stores: is 12, must be between 1 and 9"));
  CHECK(Contains(Complaint(With("\"store2\"]", "\"store9\"]")), "fault.kill#3: targets: there is no store9"));
  CHECK(Contains(Complaint(With("kind = \"kill\"", "kind = \"kil\"")), "fault.kind: \"kil\" is not known"));
  CHECK(Contains(Complaint(With("at_seconds = 1.5", "at_seconds = 15")), "the safety phase has 12.345678901 s"));
  CHECK(Contains(Complaint(With("operation = 4", "operation = 0")), "fault.operation: is 0, must be between 1"));
  CHECK(Contains(Complaint(With("how = \"power_loss\"", "how = \"fire\"")), "how: is \"fire\", must be one of"));
  CHECK(
      Contains(Complaint(With("log_sync#3", "log_snyc#3")), "fault.anchor: \"store1 boot2 log_snyc#3\" is no anchor"));
  CHECK(Contains(Complaint(With("channel2 slot55", "slot55")), "node1>node2 slot55: is no name such as"));
  CHECK(Contains(Complaint(With("\"wall_step#1\"", "\"kill#3\"")), "fault.kill#3: is there twice"));
  CHECK(Contains(Complaint(With("signature = \"safety/lost-write\"", "signature = \"ok\"")),
                 "expected.signature: is \"ok\", which exit code 10 (safety) does not end with"));
  CHECK(Contains(Complaint(With("signature = \"safety/lost-write\"", "signature = \"\"")), "expected.signature"));
  // The highest bit of a node's number makes it a client: no store has it.
  CHECK(Contains(Complaint(With("store1 boot2 log_sync#3", "store9223372036854775808 boot2 log_sync#3")),
                 "anchor: there is no store"));
  CHECK(Contains(Complaint(With("0.003 store2 1", "0.003 store9223372036854775810 1")), "steps: there is no store"));
}

TEST_CASE("Capsule: operations must fit their workload and their order") {
  CHECK(Contains(Complaint(With("0 5 0.000000001 put 7", "0 5 0.000000001 put 8")), "key 8 is beyond the 8 keys"));
  CHECK(Contains(Complaint(With("0 5 0.000000001 put 7", "0 1 0.000000001 put 7")), "by client, then by ordinal"));
  CHECK(Contains(Complaint(With("0 5 0.000000001 put 7", "0 5 -1 put 7")), "is no operation such as"));
  CHECK(Contains(Complaint(With("put 7", "add")), "register has no add, only get, put, delete, swap"));
  CHECK(Contains(Complaint(With("1 1 3 swap 2", "2 1 3 swap 2")), "client 2 is beyond the 2 clients"));
}

TEST_CASE("Capsule: damage that the cluster cannot survive is outside of the budget") {
  Capsule capsule = Sample();
  capsule.cluster.stores = 2;
  capsule.cluster.spares = 2;
  FaultEntry lost = Entry("lost_disk#1", FaultKind::kLostDisk, seconds(1));
  lost.targets = {NodeIdOf(kOne)};
  capsule.faults = {lost};
  CHECK(Contains(Complaint(FormatCapsule(capsule)), "fault.lost_disk#1: outside of the budget"));
  CHECK_FALSE(capsule.Validate().ok());
  capsule.cluster.stores = 3;
  CHECK(capsule.Validate().ToString() == "OK");
}

TEST_CASE("Capsule: every kind of fault says which fields it has") {
  for (const FaultInfo& info : AllFaults()) CHECK(FaultFieldsOf(info.kind).kind == info.kind);
}

TEST_CASE("Capsule: a file is written whole or not at all") {
  const std::string path = (std::filesystem::temp_directory_path() / "orrery_capsule_test.toml").string();
  REQUIRE(WriteCapsule(Sample(), path).ok());
  CHECK(ReadCapsule(path).ok());
  std::filesystem::remove(path);
  CHECK(ReadCapsule(path).status().code() == StatusCode::kNotFound);
  CHECK(WriteCapsule(Sample(), "/nowhere/at/all.toml").message() ==
        "cannot write: /nowhere/at/all.toml: No such file or directory");
}

TEST_CASE("Knobs: names give the same options back; unknown and wild ones are refused") {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Knobs drawn = NamedKnobs(DrawStoreOptions(Random(seed), true));
    const Result<StoreOptions> back = OptionsOfKnobs(drawn);
    REQUIRE(back.ok());
    CHECK(NamedKnobs(*back) == drawn);
  }
  CHECK(OptionsOfKnobs({{"raft.hope", 1}}).status().message() == "raft.hope: is not a known knob");
  CHECK_FALSE(OptionsOfKnobs({{"raft.election_ticks", int64_t{1} << 40}}).ok());
  CHECK_FALSE(OptionsOfKnobs({{"raft.election_ticks", 0}}).ok());
}

}  // namespace
}  // namespace orrery::faults
