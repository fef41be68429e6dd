// The words of witnesses: what a person reads when a history is broken.
#include <doctest/doctest.h>

#include <string>

#include "workloads/check/history_json.h"
#include "workloads/check/isolation.h"
#include "workloads/check/linearizability.h"

namespace orrery::check {
namespace {

std::string Judged(const std::string& events, TxnModel model, IsolationLevel level) {
  const Result<History> history = ReadJsonHistory(events);
  REQUIRE_MESSAGE(history.ok(), history.status().ToString());
  return CheckIsolation(*history, model, {.level = level}).value().ToString();
}

std::string Lists(const std::string& events, IsolationLevel level = IsolationLevel::kStrictSerializable) {
  return Judged(events, TxnModel::kListAppend, level);
}
std::string Registers(const std::string& events) {
  return Judged(events, TxnModel::kRwRegister, IsolationLevel::kStrictSerializable);
}

TEST_CASE("Witness words: G0 in lists") {
  CHECK(Lists(R"({"type":"invoke","process":0,"ops":[["append","x",1],["append","y",1]]}
{"type":"invoke","process":1,"ops":[["append","x",2],["append","y",2]]}
{"type":"ok","process":0,"ops":[["append","x",1],["append","y",1]]}
{"type":"ok","process":1,"ops":[["append","x",2],["append","y",2]]}
{"type":"invoke","process":2,"ops":[["r","x",null],["r","y",null]]}
{"type":"ok","process":2,"ops":[["r","x",[1,2]],["r","y",[2,1]]]}
)") ==
        R"(broken
G0
  T0 before T1 (ww): T1 appended 2 to x after 1, and T0 was the last to append before that
  T1 before T0 (ww): T0 appended 1 to y after 2, and T1 was the last to append before that
  T0 = op 0 (line 1-3) by process 0: append x 1, append y 1; ok
  T1 = op 1 (line 2-4) by process 1: append x 2, append y 2; ok
)");
}

TEST_CASE("Witness words: G1c in lists") {
  CHECK(Lists(R"({"type":"invoke","process":0,"ops":[["append","x",1],["r","y",null]]}
{"type":"invoke","process":1,"ops":[["append","y",1],["r","x",null]]}
{"type":"ok","process":0,"ops":[["append","x",1],["r","y",[1]]]}
{"type":"ok","process":1,"ops":[["append","y",1],["r","x",[1]]]}
)") ==
        R"(broken
G1c
  T0 before T1 (wr): T1 read x [1], which T0 appended to last
  T1 before T0 (wr): T0 read y [1], which T1 appended to last
  T0 = op 0 (line 1-3) by process 0: append x 1, r y [1]; ok
  T1 = op 1 (line 2-4) by process 1: append y 1, r x [1]; ok
)");
}

TEST_CASE("Witness words: G2 in lists") {
  CHECK(Lists(R"({"type":"invoke","process":0,"ops":[["r","x",null],["append","y",1]]}
{"type":"invoke","process":1,"ops":[["r","y",null],["append","x",1]]}
{"type":"ok","process":0,"ops":[["r","x",[]],["append","y",1]]}
{"type":"ok","process":1,"ops":[["r","y",[]],["append","x",1]]}
{"type":"invoke","process":2,"ops":[["r","x",null],["r","y",null]]}
{"type":"ok","process":2,"ops":[["r","x",[1]],["r","y",[1]]]}
)") ==
        R"(broken
G2
  T0 before T1 (rw): T0 read x [] without 1, which T1 appended next
  T1 before T0 (rw): T1 read y [] without 1, which T0 appended next
  T0 = op 0 (line 1-3) by process 0: r x [], append y 1; ok
  T1 = op 1 (line 2-4) by process 1: r y [], append x 1; ok
)");
}

TEST_CASE("Witness words: real time") {
  CHECK(Lists(R"({"type":"invoke","process":0,"ops":[["append","x",1]]}
{"type":"ok","process":0,"ops":[["append","x",1]]}
{"type":"invoke","process":1,"ops":[["r","x",null]]}
{"type":"ok","process":1,"ops":[["r","x",[]]]}
)") ==
        R"(broken
G-single-real-time
  T1 before T0 (rw): T1 read x [] without 1, which T0 appended next
  T0 before T1 (real-time): T0 returned before T1 was invoked
  T1 = op 1 (line 3-4) by process 1: r x []; ok
  T0 = op 0 (line 1-2) by process 0: append x 1; ok
)");
}

TEST_CASE("Witness words: G0 in registers") {
  CHECK(Registers(R"({"type":"invoke","process":0,"ops":[["r","x",null],["w","x",1],["r","y",null],["w","y",3]]}
{"type":"invoke","process":1,"ops":[["r","x",null],["w","x",2],["r","y",null],["w","y",2]]}
{"type":"ok","process":0,"ops":[["r","x",null],["w","x",1],["r","y",2],["w","y",3]]}
{"type":"ok","process":1,"ops":[["r","x",1],["w","x",2],["r","y",null],["w","y",2]]}
)") ==
        R"(broken
G0
  T0 before T1 (ww): T1 wrote x = 2 over x = 1, which T0 wrote
  T1 before T0 (ww): T0 wrote y = 3 over y = 2, which T1 wrote
  T0 = op 0 (line 1-3) by process 0: r x nil, w x 1, r y 2, w y 3; ok
  T1 = op 1 (line 2-4) by process 1: r x 1, w x 2, r y nil, w y 2; ok
G1c
  T0 before T1 (wr): T1 read x = 1, which T0 wrote
  T1 before T0 (wr): T0 read y = 2, which T1 wrote
  T0 = op 0 (line 1-3) by process 0: r x nil, w x 1, r y 2, w y 3; ok
  T1 = op 1 (line 2-4) by process 1: r x 1, w x 2, r y nil, w y 2; ok
)");
}

TEST_CASE("Witness words: G-single in registers") {
  CHECK(Registers(R"({"type":"invoke","process":0,"ops":[["w","x",1],["w","y",1]]}
{"type":"invoke","process":1,"ops":[["r","z",null],["r","x",null],["r","y",null]]}
{"type":"ok","process":0,"ops":[["w","x",1],["w","y",1]]}
{"type":"ok","process":1,"ops":[["r","z",null],["r","x",1],["r","y",null]]}
)") ==
        R"(broken
G-single
  T1 before T0 (rw): T1 read y = nil, which T0 overwrote with 1
  T0 before T1 (wr): T1 read x = 1, which T0 wrote
  T1 = op 1 (line 2-4) by process 1: r z nil, r x 1, r y nil; ok
  T0 = op 0 (line 1-3) by process 0: w x 1, w y 1; ok
)");
}

TEST_CASE("Witness words: a version that was read and then overwritten") {
  CHECK(Registers(R"({"type":"invoke","process":0,"ops":[["r","x",null],["w","x",1]]}
{"type":"invoke","process":1,"ops":[["r","x",null],["w","x",2],["w","y",1]]}
{"type":"invoke","process":2,"ops":[["r","y",null],["r","x",null]]}
{"type":"ok","process":0,"ops":[["r","x",null],["w","x",1]]}
{"type":"ok","process":1,"ops":[["r","x",1],["w","x",2],["w","y",1]]}
{"type":"ok","process":2,"ops":[["r","y",1],["r","x",1]]}
)") ==
        R"(broken
G-single
  T2 before T1 (rw): T2 read x = 1, which T1 overwrote with 2
  T1 before T2 (wr): T2 read y = 1, which T1 wrote
  T2 = op 2 (line 3-6) by process 2: r y 1, r x 1; ok
  T1 = op 1 (line 2-5) by process 1: r x 1, w x 2, w y 1; ok
)");
}

TEST_CASE("Witness words: real time of registers") {
  CHECK(Registers(R"({"type":"invoke","process":0,"ops":[["r","x",null],["w","x",1]]}
{"type":"ok","process":0,"ops":[["r","x",null],["w","x",1]]}
{"type":"invoke","process":1,"ops":[["r","x",null]]}
{"type":"ok","process":1,"ops":[["r","x",null]]}
)") ==
        R"(broken
G-single-real-time
  T1 before T0 (rw): T1 read x = nil, which T0 overwrote with 1
  T0 before T1 (real-time): T0 returned before T1 was invoked
  T1 = op 1 (line 3-4) by process 1: r x nil; ok
  T0 = op 0 (line 1-2) by process 0: r x nil, w x 1; ok
)");
}

TEST_CASE("Witness words: versions in a ring") {
  CHECK(Registers(R"({"type":"invoke","process":0,"ops":[["r","x",null],["w","x",2]]}
{"type":"invoke","process":1,"ops":[["r","x",null],["w","x",1]]}
{"type":"ok","process":0,"ops":[["r","x",1],["w","x",2]]}
{"type":"ok","process":1,"ops":[["r","x",2],["w","x",1]]}
)") ==
        R"(broken
cyclic-versions
  no order of the versions of x fits: 1 would have to come before itself
  T1 = op 1 (line 2-4) by process 1: r x 2, w x 1; ok
  T0 = op 0 (line 1-3) by process 0: r x 1, w x 2; ok
G1c
  T0 before T1 (wr): T1 read x = 2, which T0 wrote
  T1 before T0 (wr): T0 read x = 1, which T1 wrote
  T0 = op 0 (line 1-3) by process 0: r x 1, w x 2; ok
  T1 = op 1 (line 2-4) by process 1: r x 2, w x 1; ok
)");
}

TEST_CASE("Witness words: lost update") {
  CHECK(Lists(R"({"type":"invoke","process":0,"ops":[["r","x",null],["append","x",1]]}
{"type":"invoke","process":1,"ops":[["r","x",null],["append","x",2]]}
{"type":"ok","process":0,"ops":[["r","x",[]],["append","x",1]]}
{"type":"ok","process":1,"ops":[["r","x",[]],["append","x",2]]}
{"type":"invoke","process":2,"ops":[["r","x",null]]}
{"type":"ok","process":2,"ops":[["r","x",[1,2]]]}
)") ==
        R"(broken
lost-update
  T0 and T1 both read x [] and both appended to it
  T0 = op 0 (line 1-3) by process 0: r x [], append x 1; ok
  T1 = op 1 (line 2-4) by process 1: r x [], append x 2; ok
G-single
  T1 before T0 (rw): T1 read x [] without 1, which T0 appended next
  T0 before T1 (ww): T1 appended 2 to x after 1, and T0 was the last to append before that
  T1 = op 1 (line 2-4) by process 1: r x [], append x 2; ok
  T0 = op 0 (line 1-3) by process 0: r x [], append x 1; ok
)");
}

TEST_CASE("Witness words: session") {
  CHECK(Lists(R"({"type":"invoke","process":0,"ops":[["append","x",1]]}
{"type":"ok","process":0,"ops":[["append","x",1]]}
{"type":"invoke","process":0,"ops":[["r","x",null]]}
{"type":"ok","process":0,"ops":[["r","x",[]]]}
)",
              IsolationLevel::kStrongSessionSerializable) ==
        R"(broken
G-single-session
  T1 before T0 (rw): T1 read x [] without 1, which T0 appended next
  T0 before T1 (session): T0 and then T1 ran in one process
  T1 = op 1 (line 3-4) by process 0: r x []; ok
  T0 = op 0 (line 1-2) by process 0: append x 1; ok
)");
}

TEST_CASE("Witness words: linearizability names the window, operations that are cut or open, and the late source") {
  const auto words = [](const std::string& events) {
    return CheckLinearizability(ReadJsonHistory(events).value(), *RegisterModel(), {.zones = false}).value().ToString();
  };
  CHECK(words(R"({"type":"invoke","process":0,"ops":[["w","x",1]]}
{"type":"invoke","process":1,"ops":[["w","x",2]]}
{"type":"ok","process":1}
{"type":"invoke","process":2,"ops":[["r","x"]]}
{"type":"ok","process":2,"ops":[["r","x",1]]}
{"type":"invoke","process":2,"ops":[["cas","x",1,3]]}
{"type":"ok","process":2,"ops":[["cas","x",1,3,false]]}
)") == R"(broken
nonlinearizable
key x: no order of effects explains these 4 operations (instants in brackets):
  [0, open] op 0 (line 1) by process 0: w x 1; outcome unknown
  [1, 2] op 1 (line 2-3) by process 1: w x 2; ok
  [3, 4] op 2 (line 4-5) by process 2: r x 1; ok
  [5, 6] op 3 (line 6-7) by process 2: cas x 1 3 refused; ok
  window: instants 0 to 6
)");
  CHECK(words(R"({"type":"invoke","process":2,"ops":[["r","x"]]}
{"type":"ok","process":2,"ops":[["r","x",1]]}
{"type":"invoke","process":0,"ops":[["w","x",1]]}
{"type":"ok","process":0}
)") == R"(broken
nonlinearizable
key x: no order of effects explains these 2 operations (instants in brackets):
  [0, 1] op 0 (line 1-2) by process 2: r x 1; ok
  [2, 3] op 1 (line 3-4) by process 0: w x 1; ok
  window: instants 0 to 3
)");
}

TEST_CASE("Witness words: every kind of operation is told") {
  History h;
  const Value x = h.Text("x");
  std::vector<Value> many;
  for (int64_t i = 0; i < 13; ++i) many.push_back(h.Int(i));
  const std::span<const Value> all = many;
  CHECK(h.DescribeMicro(h.ListRead(x, all.first(12))) == "r x [0 1 2 3 4 5 6 7 8 9 10 11]");
  CHECK(h.DescribeMicro(h.ListRead(x, all)) == "r x [0 1 2 3 ... 7 8 9 10 11 12]");
  CHECK(h.DescribeMicro(h.ListRead(x, {})) == "r x []");
  CHECK(h.DescribeMicro(Cas(x, kNil, h.Int(1), true)) == "cas x nil 1 applied");
  CHECK(h.DescribeMicro(Cas(x, h.Int(1), h.Int(2), false)) == "cas x 1 2 refused");
  CHECK(h.DescribeMicro(Contains(x, h.Int(2), true)) == "contains x 2 yes");
  CHECK(h.DescribeMicro(Contains(x, h.Int(2), false)) == "contains x 2 no");
  CHECK(h.DescribeMicro(Dequeue(x)) == "deq x nil");
  const OpIndex op = h.Invoke(0, {Cas(x, kNil, h.Int(1)), Contains(x, h.Int(2)), Read(x), Dequeue(x), Write(x, kNil)});
  CHECK(h.Describe(op) == "op 0 by process 0: cas x nil 1 ?, contains x 2 ?, r x ?, deq x ?, w x nil; outcome unknown");
  h.Complete(op, Outcome::kFail);
  CHECK(h.Describe(op).ends_with("; failed"));
}

TEST_CASE("Witness words: an increment tells what it reached only when it has been told") {
  History h;
  const Value x = h.Text("x");
  CHECK(h.DescribeMicro(Increment(x, h.Int(2))) == "inc x 2");
  CHECK(h.DescribeMicro(Increment(x, h.Int(2), h.Int(9))) == "inc x 2 to 9");
  CHECK(h.DescribeMicro(Cas(x, h.Int(2), h.Int(9))) == "cas x 2 9 applied");
  const OpIndex op = h.Invoke(0, {Increment(x, h.Int(2), h.Int(9))});
  CHECK(h.Describe(op) == "op 0 by process 0: inc x 2; outcome unknown");
  CHECK(IsRead(MicroKind::kContains));
  CHECK_FALSE(IsRead(MicroKind::kCas));
}

}  // namespace
}  // namespace orrery::check
