// The rarer branches of the linearizability checker: what the search does not need to try, what witnesses hold, which
// operations hang together, and the tables below.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "workloads/check/flat_index.h"
#include "workloads/check/history_json.h"
#include "workloads/check/linear_search.h"
#include "workloads/check/linearizability.h"
#include "workloads/check/register_zones.h"
#include "workloads/check/state_table.h"
#include "workloads/check/union_find.h"

namespace orrery::check {
namespace {

constexpr Value kX = Value::Small(100);
constexpr Value kY = Value::Small(200);
constexpr Value kZ = Value::Small(300);

Value N(int64_t n) {
  return Value::Small(n);
}

struct Scene {
  History history;
  OpIndex Start(std::vector<MicroOp> micros) { return history.Invoke(next_++, micros); }
  void Ok(OpIndex op, std::vector<MicroOp> answers) { history.Complete(op, Outcome::kOk, answers); }
  void Did(std::vector<MicroOp> micros) { Ok(Start(micros), micros); }
  void Did(MicroOp micro) { Did(std::vector<MicroOp>{micro}); }
  /// Acknowledged, but the answers did not arrive.
  void Silent(std::vector<MicroOp> micros) { history.Complete(Start(micros), Outcome::kOk); }
  MicroOp List(Value key, const std::vector<Value>& values) { return history.ListRead(key, values); }
  CheckReport Check(const ModelSpec& spec, bool zones = false) const {
    return CheckLinearizability(history, spec, {.zones = zones}).value();
  }
  uint64_t Steps(const ModelSpec& spec) const { return Check(spec).stats.steps; }
  std::vector<OpIndex> Witness(const ModelSpec& spec) const {
    const CheckReport report = Check(spec);
    REQUIRE(report.anomalies.size() == 1);
    return report.anomalies[0].ops;
  }
  std::string Name(const ModelSpec& spec, bool zones = false) const {
    const CheckReport report = Check(spec, zones);
    return report.anomalies.empty() ? "" : report.anomalies[0].name;
  }
  std::vector<uint32_t> Groups(const ModelSpec& spec, bool projected = true) const {
    std::vector<OpIndex> all;
    for (OpIndex op = 0; op < history.size(); ++op) all.push_back(op);
    return spec.DropGroups(history, all, projected);
  }

 private:
  uint32_t next_ = 0;
};

TEST_CASE("Search: reads that fit take effect at once, others are not tried again and again") {
  Scene s;  // ten writes at once; each read fits when its write has just taken effect
  for (int i = 0; i < 10; ++i) s.Start({Write(kX, N(i))});
  for (int i = 0; i < 10; ++i) s.Start({Read(kX)});
  for (OpIndex op = 0; op < 10; ++op) s.history.Complete(op, Outcome::kOk);
  for (OpIndex op = 10; op < 20; ++op) s.Ok(op, {Read(kX, N(op - 10))});
  CHECK(s.Check(*RegisterModel()).holds());
  // Ten writes, ten reads that fit; before each write every read that is left is tried once: 10 + 9 + ... + 1.
  CHECK(s.Steps(*RegisterModel()) == 10 + 10 + 55);
  Scene refused;  // refused swaps change nothing: they are like reads
  for (int i = 0; i < 6; ++i) refused.Start({Cas(kX, N(5), N(6))});
  for (OpIndex op = 0; op < 6; ++op) refused.Ok(op, {Cas(kX, N(5), N(6), false)});
  CHECK(refused.Steps(*RegisterModel()) == 6);
  Scene batch;
  for (int i = 0; i < 6; ++i) batch.Start({Read(kX), Read(kY)});
  for (OpIndex op = 0; op < 6; ++op) batch.Ok(op, {Read(kX), Read(kY)});
  CHECK(batch.Steps(*RegisterModel()) == 6);
  Scene empty;
  for (int i = 0; i < 6; ++i) empty.Start({Dequeue(kX)});
  for (OpIndex op = 0; op < 6; ++op) empty.Ok(op, {Dequeue(kX)});
  CHECK(empty.Steps(*QueueModel()) == 6);
}

TEST_CASE("Search: dead ends cost what they must") {
  const auto steps = [](auto... micros) {
    Scene s;
    const std::vector<MicroOp> all{micros...};
    for (const MicroOp& m : all) s.Start({m});
    for (OpIndex op = 0; op < all.size(); ++op) s.Ok(op, {all[op]});
    CHECK_FALSE(s.Check(*RegisterModel()).holds());
    return s.Steps(*RegisterModel());
  };
  CHECK(steps(Read(kX, N(9))) == 1);
  CHECK(steps(Write(kX, N(1)), Read(kX, N(9))) == 3);
  CHECK(steps(Write(kX, N(1)), Write(kX, N(2)), Read(kX, N(9))) == 9);
  CHECK(steps(Write(kX, N(1)), Write(kX, N(2)), Read(kX, N(1)), Read(kX, N(9))) == 13);
  const auto apart = [](const ModelSpec& spec, MicroOp change, MicroOp fits, MicroOp garbage) {
    Scene s;
    std::vector<MicroOp> all(5, fits);
    all.push_back(change);
    all.push_back(garbage);
    for (const MicroOp& m : all) s.Start({m});
    for (OpIndex op = 0; op < all.size(); ++op) s.Ok(op, {all[op]});
    CHECK_FALSE(s.Check(spec).holds());
    return s.Steps(spec);
  };
  // Five that fit at once, the one that does not, the change, and again the one that does not.
  CHECK(apart(*RegisterModel(), Write(kX, N(1)), Read(kX, kNil), Read(kX, N(9))) == 8);
  CHECK(apart(*RegisterModel(), Write(kX, N(1)), Cas(kX, N(7), N(8), false), Read(kX, N(9))) == 8);
  CHECK(apart(*QueueModel(), Enqueue(kX, N(1)), Dequeue(kX), Dequeue(kX, N(9))) == 8);
  Scene open;  // an open write of what is there already need not happen
  open.Did(Write(kX, N(1)));
  for (int i = 0; i < 4; ++i) open.Start({Write(kX, N(1))});
  open.Did(Cas(kX, N(7), N(8)));
  CHECK_FALSE(open.Check(*RegisterModel()).holds());
  CHECK(open.Steps(*RegisterModel()) == 3);
}

TEST_CASE("Search: memory is what the model and the configurations hold, and counts up to the limit") {
  Scene s;
  for (int i = 0; i < 40; ++i) s.Did({Write(kX, N(i)), Write(kY, N(i))});
  const CheckReport whole = CheckLinearizability(s.history, *RegisterModel(), {.zones = false}).value();
  CHECK(whole.holds());
  CHECK(whole.stats.memory_bytes > 256 * 16 + 600);  // the smallest set, and 41 states of two words
  const auto limited = [&](uint64_t bytes) {
    return CheckLinearizability(s.history, *RegisterModel(), {.memory_bytes_max = bytes, .zones = false})->verdict;
  };
  CHECK(limited(256 * 16) == Verdict::kUndecided);
  CHECK(limited(3 * 256 * 16) == Verdict::kHolds);
  Scene one;
  one.Did(Write(kX, N(1)));
  const CheckReport small =
      CheckLinearizability(one.history, *RegisterModel(), {.memory_bytes_max = 256 * 16, .zones = false}).value();
  CHECK(small.holds());
  const auto spec = RegisterModel();
  const std::vector<OpIndex> ops{0};
  CHECK(spec->Bind(one.history, ops, false)->MemoryBytes() == 0);  // the state of one register is its value
  CHECK(spec->Bind(s.history, ops, false)->MemoryBytes() > 0);
}

TEST_CASE("Search: what is invoked at one instant is in order of its number") {
  History h;
  for (int i = 0; i < 40; ++i) {
    h.Add({.invoke = 0, .ret = 5, .process = static_cast<uint32_t>(i), .outcome = Outcome::kOk},
          std::vector{Write(kX, N(i))});
  }
  h.Add({.invoke = 6, .ret = 7, .process = 99, .outcome = Outcome::kOk}, std::vector{Read(kX, N(39))});
  const CheckReport report = CheckLinearizability(h, *RegisterModel(), {.zones = false}).value();
  CHECK(report.holds());
  CHECK(report.stats.steps == 41);
}

TEST_CASE("Zones: they decide plain registers, and nothing else") {
  const auto decide = [](const History& h, Value initial = kNil) {
    std::vector<OpIndex> ops;
    for (OpIndex op = 0; op < h.size(); ++op) ops.push_back(op);
    return CheckZones(h, ops, initial);
  };
  Scene plain;
  plain.Did(Write(kX, N(1)));
  plain.Did(Write(kX, N(2)));
  plain.Did(Read(kX, N(2)));
  REQUIRE(decide(plain.history));
  CHECK(decide(plain.history)->linearizable());
  CHECK(plain.Check(*RegisterModel(), true).stats.steps == 0);
  CHECK(plain.Check(*RegisterModel(), false).stats.steps == 3);
  Scene silent = plain;
  silent.Silent({Read(kX)});
  CHECK_FALSE(decide(silent.history));
  CHECK(silent.Check(*RegisterModel(), true).holds());
  Scene swap = plain;
  swap.Did(Cas(kX, N(2), N(3)));
  CHECK_FALSE(decide(swap.history));
  Scene batch = plain;
  batch.Did({Read(kX, N(2)), Read(kX, N(2))});
  CHECK_FALSE(decide(batch.history));
  Scene again = plain;
  again.Did(Write(kX, N(1)));
  CHECK_FALSE(decide(again.history));
  CHECK_FALSE(decide(plain.history, N(1)));
  Scene bad;  // two overlapping conflicts, and a read of the future: that is all that is told
  bad.Did(Read(kX, N(3)));
  bad.Did(Write(kX, N(1)));
  bad.Did(Write(kX, N(2)));
  bad.Did(Read(kX, N(1)));
  bad.Did(Write(kX, N(3)));
  CHECK(decide(bad.history)->conflict == std::vector<OpIndex>{0, 4});
  CHECK_FALSE(decide(bad.history)->garbage);
  Scene garbage;
  garbage.Did(Write(kX, N(1)));
  garbage.Did(Read(kX, kNil));
  garbage.Did(Read(kX, N(7)));
  CHECK(decide(garbage.history)->conflict == std::vector<OpIndex>{2});
  CHECK(decide(garbage.history)->garbage);
}

TEST_CASE("Partition: what matters to nobody is in no part") {
  Scene s;
  s.Start({Read(kX)});
  CHECK(s.Check(*RegisterModel()).stats.partitions == 0);
  s.Start({Read(kX), Write(kY, N(1))});
  CHECK(s.Check(*RegisterModel()).stats.partitions == 1);
  Scene set;
  set.Did(AddToSet(kX, N(1)));
  set.Did(AddToSet(kX, N(2)));
  MicroOp whole = set.List(kX, {});
  whole.known = false;
  set.Ok(set.Start({whole}), {whole});
  CHECK(set.Check(*SetModel()).stats.partitions == 3);  // nobody read the whole
}

TEST_CASE("Models: a swap or a look without an answer may have done anything") {
  Scene swap;
  swap.Silent({Cas(kX, kNil, N(5), false)});
  swap.Did(Read(kX, N(5)));
  CHECK(swap.Check(*RegisterModel()).holds());
  Scene other;  // but not what it was not asked to do
  other.Silent({Cas(kX, N(1), N(5))});
  other.Did(Read(kX, N(5)));
  CHECK_FALSE(other.Check(*RegisterModel()).holds());
  Scene set;  // in one part with a whole read
  set.Did(AddToSet(kX, N(1)));
  set.Did(set.List(kX, {N(1)}));
  MicroOp whole = set.List(kX, {});
  whole.known = false;
  set.Ok(set.Start({whole}), {whole});
  set.Silent({Contains(kX, N(2), true)});
  set.Silent({Contains(kX, N(1), false)});
  CHECK(set.Check(*SetModel()).holds());
  Scene known;
  known.Did(AddToSet(kX, N(1)));
  known.Did(Read(kX, N(1)));
  CHECK_FALSE(CheckLinearizability(known.history, *SetModel()).ok());
  Scene unknown;
  unknown.Silent({Read(kX)});
  CHECK(unknown.Check(*SetModel()).holds());
}

TEST_CASE("Groups: what hangs together in each model") {
  Scene r;
  r.Did(Write(kX, N(1)));
  r.Did(Read(kX, N(1)));
  r.Did(Cas(kX, N(1), N(2)));
  r.Did(Write(kX, N(3)));
  r.Did({Write(kY, N(4)), Write(kY, N(5))});
  r.Did(Read(kY, N(4)));
  r.Did(Read(kY, N(5)));
  auto g = r.Groups(*RegisterModel());
  CHECK((g[0] == g[1] && g[1] == g[2]));
  CHECK(g[3] != g[0]);
  CHECK((g[4] == g[5] && g[4] == g[6] && g[4] != g[3]));
  r.Silent({Cas(kX, N(8), N(9), false)});
  CHECK(r.Groups(*RegisterModel())[0] != r.Groups(*RegisterModel())[3]);
  r.Did(Cas(kX, N(8), N(9), false));  // sees that 8 is not there: wary of all of x
  g = r.Groups(*RegisterModel());
  CHECK((g[0] == g[3] && g[0] == g[8] && g[0] != g[4]));
  Scene s;
  s.Did(AddToSet(kX, N(1)));
  s.Did(Contains(kX, N(1)));
  s.Did({AddToSet(kX, N(2)), AddToSet(kX, N(3))});
  s.Did(RemoveFromSet(kX, N(2)));
  s.Did(RemoveFromSet(kX, N(3)));
  s.Did(s.List(kX, {N(1)}));
  s.Silent({Read(kX)});
  s.Did({s.List(kX, {}), AddToSet(kX, N(4))});
  s.Did({s.List(kX, {}), AddToSet(kX, N(5))});
  g = s.Groups(*SetModel());
  CHECK((g[0] == g[1] && g[0] != g[2]));
  CHECK((g[2] == g[3] && g[2] == g[4]));
  CHECK((g[5] == kNoOp && g[6] == kNoOp));
  CHECK((g[7] != g[8] && g[7] != kNoOp));
  s.Did(s.List(kX, {N(99)}));  // an element that nobody names
  const auto pinned = s.Groups(*SetModel(), false);
  CHECK((pinned[0] == kNoOp && pinned[1] == kNoOp && pinned[2] == g[2]));
  Scene q;
  q.Did(Enqueue(kX, N(1)));
  q.Did(Dequeue(kX, N(1)));
  q.Did({Enqueue(kX, N(2)), Enqueue(kY, N(3))});
  q.Did(Dequeue(kX, N(2)));
  q.Did(Dequeue(kY, N(3)));
  q.Start({Dequeue(kX)});
  g = q.Groups(*QueueModel());
  CHECK((g[0] == g[1] && g[0] != g[2]));
  CHECK((g[2] == g[3] && g[2] == g[4]));
  CHECK(g[5] == kNoOp);
  Scene two = q;
  two.Start({Dequeue(kX), Dequeue(kY)});
  CHECK(two.Groups(*QueueModel()) == std::vector<uint32_t>(7, kNoOp));
  Scene silent = q;
  silent.Silent({Dequeue(kX)});
  CHECK(silent.Groups(*QueueModel()) == std::vector<uint32_t>(7, kNoOp));
}

TEST_CASE("Twins: open operations of several steps are none; nor are those on other keys or values") {
  Scene s;  // the second took effect, the first did not
  s.Start({Write(kX, N(1)), Write(kZ, N(1))});
  s.Start({Write(kX, N(1)), Write(kY, N(2))});
  s.Did({Read(kX, N(1)), Read(kY, N(2)), Read(kZ, kNil)});
  CHECK(s.Check(*RegisterModel()).holds());
}

/// A register whose 1 must be hidden from refused compare-and-swaps, again and again, by open writes of other values.
Scene Hidden(int writes_before, int refusals, const std::function<MicroOp(int)>& open) {
  Scene s;
  for (int i = 0; i < writes_before; ++i) s.Start({open(i)});
  for (int i = 0; i < refusals; ++i) {
    s.Did(Write(kX, N(1)));
    s.Did(Cas(kX, N(1), N(2), false));
  }
  return s;
}

TEST_CASE(
    "Twins: open writes of values that nobody would notice hide one after the other, and do not multiply the search") {
  const auto write = [](int i) { return Write(kX, N(1000 + i)); };
  const auto swap = [](int i) { return Cas(kX, N(1), N(1000 + i)); };
  for (const std::function<MicroOp(int)>& open :
       {std::function<MicroOp(int)>(write), std::function<MicroOp(int)>(swap)}) {
    CHECK(Hidden(3, 3, open).Check(*RegisterModel()).holds());
    CHECK_FALSE(Hidden(3, 4, open).Check(*RegisterModel()).holds());
    Scene many = Hidden(30, 5, open);
    CHECK(many.Check(*RegisterModel()).holds());
    many.Did(Read(kX, N(1)));  // Hidden last: no order has it, and all are tried.
    const CheckReport broken = many.Check(*RegisterModel());
    CHECK(broken.verdict == Verdict::kBroken);
    CHECK(broken.stats.steps < 10'000);
  }
}

TEST_CASE("Twins: a value that anybody names is none of those") {
  for (const MicroOp& naming : {Read(kX, N(1001)), Cas(kX, N(1001), N(2), true)}) {
    Scene s;  // The second took effect; the first did not, or the refusal has no reason.
    s.Start({Write(kX, N(1000))});
    s.Start({Write(kX, N(1001))});
    s.Did(naming);
    s.Did(Write(kX, N(1)));
    s.Did(Cas(kX, N(1), N(3), false));
    CHECK(s.Check(*RegisterModel()).holds());
  }
  Scene set;  // A list names its members.
  set.Start({AddToSet(kX, N(1))});
  set.Start({AddToSet(kX, N(2))});
  set.Did(set.List(kX, {N(2)}));
  set.Did(set.List(kX, {N(1), N(2)}));
  CHECK(set.Check(*SetModel()).holds());
  Scene keys;  // On another key it is another value.
  keys.Start({Write(kX, N(1000))});
  keys.Start({Write(kY, N(1000))});
  keys.Did({Write(kX, N(1)), Write(kY, N(1))});
  keys.Did({Cas(kX, N(1), N(2), false), Cas(kY, N(1), N(2), false)});
  CHECK(keys.Check(*RegisterModel()).holds());
}

TEST_CASE("Witness: keys that a batch tied together are judged apart when the batch is gone") {
  Scene s;
  s.Did({Read(kX), Read(kY)});
  s.Did(Write(kX, N(1)));
  s.Did(Write(kY, N(2)));
  const OpIndex stale = s.Start({Read(kY)});
  const OpIndex fine = s.Start({Read(kX)});
  s.Ok(fine, {Read(kX, N(1))});
  s.Ok(stale, {Read(kY, kNil)});
  CHECK(s.Witness(*RegisterModel()) == std::vector<OpIndex>{2, 3});
}

TEST_CASE("Witness: an open dequeue that explains some of it stays") {
  Scene s;
  s.Did(Enqueue(kX, N(1)));
  s.Did(Enqueue(kX, N(2)));
  s.Start({Dequeue(kX)});
  s.Did(Dequeue(kX, N(2)));
  s.Did(Enqueue(kX, N(3)));
  s.Did(Enqueue(kX, N(4)));
  s.Did(Dequeue(kX, N(4)));
  CHECK(s.Witness(*QueueModel()) == std::vector<OpIndex>{0, 2, 4, 5, 6});
  Scene closed;  // beside many values that have nothing to do with it
  for (int i = 10; i < 20; ++i) {
    closed.Did(Enqueue(kX, N(i)));
    closed.Did(Dequeue(kX, N(i)));
  }
  closed.Did(Enqueue(kX, N(1)));
  closed.Did(Dequeue(kX));
  CHECK(closed.Witness(*QueueModel()) == std::vector<OpIndex>{20, 21});
}

TEST_CASE("Witness: what is invoked before the cut and returns later is open there") {
  Scene s;
  s.Did(Write(kX, N(1)));
  const OpIndex stale = s.Start({Read(kX)});
  const OpIndex slow = s.Start({Read(kX)});
  s.Ok(stale, {Read(kX, kNil)});
  s.Did(Write(kX, N(2)));
  s.Ok(slow, {Read(kX, N(2))});
  CHECK(s.Witness(*RegisterModel()) == std::vector<OpIndex>{0, 1});
}

TEST_CASE("Witness: nil in a list is no element to look for") {
  Scene s;
  s.Did(AddToSet(kX, N(1)));
  s.Did(AddToSet(kX, N(2)));
  s.Did(s.List(kX, {kNil, N(1)}));
  CHECK(s.Witness(*SetModel()) == std::vector<OpIndex>{1, 2});
}

TEST_CASE("Witness: the source of a value seen too early, not who else saw it") {
  Scene read;  // another reader of it lies between, and a write of the same value to another key
  read.Did({Read(kY), Read(kX, N(1))});
  read.Did(Write(kY, N(1)));
  const OpIndex other = read.Start({Read(kX)});
  read.Did(Write(kX, N(7)));
  read.Did(Write(kX, N(1)));
  read.Ok(other, {Read(kX, N(1))});
  CHECK(read.Witness(*RegisterModel()) == std::vector<OpIndex>{0, 4});
  Scene queue;
  queue.Did(Dequeue(kX, N(1)));
  const OpIndex deq = queue.Start({Dequeue(kX)});
  queue.Did(Enqueue(kX, N(1)));
  queue.Ok(deq, {Dequeue(kX, N(1))});
  const auto ops = queue.Witness(*QueueModel());
  CHECK(std::count(ops.begin(), ops.end(), OpIndex{2}) == 1);
  Scene swap;  // who swaps saw what it expected, not what it left
  swap.Did(Cas(kX, N(5), N(6)));
  swap.Did(Write(kX, N(6)));
  swap.Did(Write(kX, N(5)));
  CHECK(swap.Witness(*RegisterModel()) == std::vector<OpIndex>{0, 2});
  Scene itself;
  itself.Did(Cas(kX, N(5), N(5)));
  CHECK(itself.Witness(*RegisterModel()) == std::vector<OpIndex>{0});
  Scene two;  // a conflict of two operations needs no other
  two.Did(Write(kX, N(1)));
  two.Did(Read(kX, kNil));
  two.Did(Write(kX, N(1)));
  CHECK(two.Witness(*RegisterModel()) == std::vector<OpIndex>{0, 1});
}

TEST_CASE("Witness: a value that nobody put there is garbage, and only that") {
  const auto garbage = [](const Scene& s, const ModelSpec& spec) { return s.Name(spec) == "garbage-read"; };
  Scene initial;
  initial.Did(Write(kX, N(1)));
  initial.Did(Read(kX, N(5)));
  CHECK_FALSE(garbage(initial, *RegisterModel(N(5))));
  CHECK(garbage(initial, *RegisterModel()));
  Scene nil;
  nil.Did(Read(kX, kNil));
  CHECK(nil.Name(*RegisterModel(N(5))) == "nonlinearizable");
  Scene key;
  key.Did({Write(kY, N(1)), Read(kX, N(1))});
  CHECK(garbage(key, *RegisterModel()));
  Scene swap;
  swap.Did(Cas(kX, N(5), N(6)));
  CHECK(garbage(swap, *RegisterModel()));
  Scene refused;
  refused.Did(Write(kX, N(1)));
  refused.Did({Read(kX, kNil), Cas(kY, N(9), N(2), false)});
  CHECK_FALSE(garbage(refused, *RegisterModel()));
  Scene removed;
  removed.Did(RemoveFromSet(kX, N(1)));
  removed.Did(removed.List(kX, {N(1)}));
  CHECK(garbage(removed, *SetModel()));
  Scene contains;
  contains.Did(Contains(kX, N(7), true));
  CHECK(garbage(contains, *SetModel()));
  Scene absent;  // what is said to be absent need not be there, nor what was not said
  absent.Did(AddToSet(kX, N(1)));
  MicroOp silent = Contains(kX, N(8));
  silent.known = false;
  absent.Did({Contains(kX, N(7), false), silent, Contains(kX, N(1), false)});
  CHECK(absent.Name(*SetModel()) == "nonlinearizable");
  // An operation that never returned is answered by nobody: what it saw is not held against it.
  const History open = ReadJsonHistory(R"({"type":"invoke","process":0,"ops":[["r","x"],["w","y",1]]}
{"type":"info","process":0,"ops":[["r","x",9],["w","y",1]]}
{"type":"invoke","process":1,"ops":[["r","y"]]}
{"type":"ok","process":1,"ops":[["r","y",1]]}
)")
                           .value();
  const CheckReport report = CheckLinearizability(open, *RegisterModel()).value();
  REQUIRE(report.anomalies.size() == 1);
  CHECK(report.anomalies[0].name == "nonlinearizable");
}

TEST_CASE("Witness: how many operations, and on which keys") {
  Scene one;
  one.Did(Read(kX, N(1)));
  CHECK(one.Check(*RegisterModel())
            .anomalies.at(0)
            .words.starts_with("key 100: no order of effects explains these 1 operation (instants"));
  Scene two;
  two.Did({Write(kX, N(1)), Write(kY, N(1))});
  two.Did({Read(kZ, kNil), Read(kX, kNil)});
  CHECK(two.Check(*RegisterModel())
            .anomalies.at(0)
            .words.starts_with("keys 100, 200, 300: no order of effects explains these 2 operations (instants"));
}

TEST_CASE("Tables: a state is the same state, through every growth") {
  StateTable table;
  std::vector<StateId> ids;
  for (uint32_t i = 0; i < 1000; ++i) ids.push_back(table.Intern(std::vector<uint32_t>{i, i * 7}));
  for (uint32_t i = 0; i < 1000; ++i) {
    CHECK(table.Intern(std::vector<uint32_t>{i, i * 7}) == ids[i]);
    CHECK(table.Words(ids[i])[0] == i);
  }
  CHECK(table.MemoryBytes() < 64'000);
}

TEST_CASE("Tables: words are numbered once; room that was asked for need not grow") {
  FlatIndex small;
  FlatIndex large(1000);
  const size_t room = large.MemoryBytes();
  for (uint64_t i = 0; i < 1000; ++i) {
    CHECK_UNARY(small.FindOrAdd(i * 977) == i);
    CHECK_UNARY(large.FindOrAdd(i * 977) == i);
  }
  for (uint64_t i = 0; i < 1000; ++i) CHECK_UNARY(small.Find(i * 977) == i);
  CHECK(small.Find(1) == FlatIndex::kAbsent);
  CHECK(large.MemoryBytes() == room);
  CHECK(small.MemoryBytes() <= 2 * room);
  large.Clear();
  CHECK(large.size() == 0);
  CHECK(large.Find(977) == FlatIndex::kAbsent);
}

TEST_CASE("Tables: configurations differ in either half; memory is given back after a large part") {
  ConfigurationSet set;
  CHECK(set.Insert(7, 1));
  CHECK(set.Insert(7 + 256, 1));
  CHECK(set.Insert(7, 3));
  CHECK_FALSE(set.Insert(7 + 256, 1));
  const auto fill = [&](uint64_t count) {
    for (uint64_t i = 1; i <= count; ++i) set.Insert(i * 0x9e3779b97f4a7c15u, i);
  };
  set.Clear();
  const size_t least = set.MemoryBytes();
  fill(2000);  // a middling table stays
  const size_t middling = set.MemoryBytes();
  CHECK(middling == 16 * least);
  set.Clear();
  fill(5);
  set.Clear();
  CHECK(set.MemoryBytes() == middling);
  fill(20'000);
  const size_t full = set.MemoryBytes();
  set.Clear();
  CHECK(set.MemoryBytes() == full);  // as the next part may be as large
  fill(5);
  set.Clear();
  CHECK(set.MemoryBytes() == least);
  CHECK(set.Insert(7, 1));
}

TEST_CASE("Tables: sets that are joined in any order are one") {
  UnionFind sets(6);
  sets.Union(4, 2);
  sets.Union(5, 4);
  sets.Union(0, 1);
  CHECK((sets.Find(5) == 2 && sets.Find(4) == 2 && sets.Find(1) == 0 && sets.Find(3) == 3));
  sets.Union(5, 1);
  CHECK(sets.Find(2) == 0);
}

}  // namespace
}  // namespace orrery::check
