#include "workloads/check/linearizability.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace orrery::check {
namespace {

struct Story {
  History history;
  Value x = history.Text("x");
  Value y = history.Text("y");

  OpIndex Start(uint32_t process, MicroOp micro) { return history.Invoke(process, {micro}); }
  void Ok(OpIndex op, MicroOp result) { history.Complete(op, Outcome::kOk, {result}); }
  void Unknown(OpIndex op) { history.Complete(op, Outcome::kUnknown); }
  void Fail(OpIndex op) { history.Complete(op, Outcome::kFail); }
  void Did(uint32_t process, MicroOp micro) { Ok(Start(process, micro), micro); }
  Value N(int64_t n) { return history.Int(n); }

  CheckReport Check(const ModelSpec& spec) {
    LinearizabilityOptions options;
    const CheckReport fast = CheckLinearizability(history, spec, options).value();
    options.zones = false;
    const CheckReport searched = CheckLinearizability(history, spec, options).value();
    CHECK(fast.verdict == searched.verdict);
    return searched;
  }
};

TEST_CASE("Linearizability: a read after an acknowledged write must see it") {
  Story s;
  s.Did(0, Write(s.x, s.N(1)));
  s.Did(1, Read(s.x, kNil));
  const CheckReport report = s.Check(*RegisterModel());
  CHECK(report.verdict == Verdict::kBroken);
  REQUIRE(report.anomalies.size() == 1);
  CHECK(report.anomalies[0].name == "nonlinearizable");
  CHECK(report.anomalies[0].ops == std::vector<OpIndex>{0, 1});
}

TEST_CASE("Linearizability: overlapping operations may take effect in any order") {
  Story s;
  const OpIndex w = s.Start(0, Write(s.x, s.N(1)));
  s.Did(1, Read(s.x, kNil));
  s.Did(2, Read(s.x, s.N(1)));
  s.Ok(w, Write(s.x, s.N(1)));
  CHECK(s.Check(*RegisterModel()).holds());
  // But once somebody saw it, nobody may unsee it.
  Story t;
  const OpIndex v = t.Start(0, Write(t.x, t.N(1)));
  t.Did(1, Read(t.x, t.N(1)));
  t.Did(2, Read(t.x, kNil));
  t.Ok(v, Write(t.x, t.N(1)));
  CHECK(t.Check(*RegisterModel()).verdict == Verdict::kBroken);
}

TEST_CASE("Linearizability: an unknown write may show up much later, or never") {
  Story s;
  s.Unknown(s.Start(0, Write(s.x, s.N(1))));
  s.Did(1, Write(s.x, s.N(2)));
  s.Did(1, Read(s.x, s.N(2)));
  CHECK(s.Check(*RegisterModel()).holds());
  s.Did(1, Read(s.x, s.N(1)));
  CHECK(s.Check(*RegisterModel()).holds());
  s.Did(1, Read(s.x, s.N(2)));
  CHECK(s.Check(*RegisterModel()).verdict == Verdict::kBroken);
}

TEST_CASE("Linearizability: a failed write is never seen") {
  Story s;
  s.Fail(s.Start(0, Write(s.x, s.N(1))));
  s.Did(1, Read(s.x, kNil));
  CHECK(s.Check(*RegisterModel()).holds());
  s.Did(1, Read(s.x, s.N(1)));
  CHECK(s.Check(*RegisterModel()).verdict == Verdict::kBroken);
}

TEST_CASE("Linearizability: compare-and-swap answers bind the state") {
  Story s;
  s.Did(0, Write(s.x, s.N(1)));
  s.Did(1, Cas(s.x, s.N(1), s.N(2)));
  s.Did(1, Cas(s.x, s.N(1), s.N(3), false));
  s.Did(1, Read(s.x, s.N(2)));
  CHECK(s.Check(*RegisterModel()).holds());
  s.Did(1, Cas(s.x, s.N(2), s.N(4), false));
  CHECK(s.Check(*RegisterModel()).verdict == Verdict::kBroken);
}

TEST_CASE("Linearizability: a batch over two keys is one instant") {
  Story s;
  const OpIndex batch = s.history.Invoke(0, {Write(s.x, s.N(1)), Write(s.y, s.N(1))});
  const OpIndex look = s.history.Invoke(1, {Read(s.x), Read(s.y)});
  s.history.Complete(look, Outcome::kOk, {Read(s.x, s.N(1)), Read(s.y, kNil)});
  s.history.Complete(batch, Outcome::kOk);
  CHECK(s.Check(*RegisterModel()).verdict == Verdict::kBroken);
}

TEST_CASE("Linearizability: a batch read sees all of a batch or nothing") {
  Story s;
  const OpIndex batch = s.history.Invoke(0, {Write(s.x, s.N(1)), Write(s.y, s.N(1))});
  const auto look = [&](Value x, Value y) {
    const OpIndex op = s.history.Invoke(1, {Read(s.x), Read(s.y)});
    s.history.Complete(op, Outcome::kOk, {Read(s.x, x), Read(s.y, y)});
  };
  look(kNil, kNil);
  look(s.N(1), s.N(1));
  s.history.Complete(batch, Outcome::kOk);
  CHECK(s.Check(*RegisterModel()).holds());
  // A batch ties its keys together: single reads in the wrong order across keys are wrong as well.
  Story t;
  t.Did(0, Write(t.x, t.N(1)));
  const OpIndex move = t.history.Invoke(0, {Write(t.x, t.N(2)), Write(t.y, t.N(2))});
  t.Did(1, Read(t.y, t.N(2)));
  t.Did(1, Read(t.x, t.N(1)));
  t.history.Complete(move, Outcome::kOk);
  CHECK(t.Check(*RegisterModel()).verdict == Verdict::kBroken);
}

TEST_CASE("Linearizability: sets answer contains and whole reads") {
  Story s;
  s.Did(0, AddToSet(s.x, s.N(1)));
  s.Did(0, Contains(s.x, s.N(1)));
  s.Did(0, Contains(s.x, s.N(2), false));
  s.Did(0, RemoveFromSet(s.x, s.N(1)));
  s.Did(0, Contains(s.x, s.N(1), false));
  CHECK(s.Check(*SetModel()).holds());
  Story whole = s;
  whole.Did(0, AddToSet(whole.x, whole.N(3)));
  whole.Did(0, AddToSet(whole.x, whole.N(4)));
  const std::vector<Value> both{whole.N(4), whole.N(3)};
  whole.Did(0, whole.history.ListRead(whole.x, both));
  CHECK(whole.Check(*SetModel()).holds());
  for (const std::vector<int64_t>& wrong : std::vector<std::vector<int64_t>>{{3}, {3, 4, 5}, {3, 3, 4}, {}}) {
    Story t = whole;
    std::vector<Value> values;
    for (int64_t n : wrong) values.push_back(t.N(n));
    t.Did(0, t.history.ListRead(t.x, values));
    CHECK(t.Check(*SetModel()).verdict == Verdict::kBroken);
  }
  Story unknown;  // an open add may be listed, or not, or only later
  unknown.Unknown(unknown.Start(0, AddToSet(unknown.x, unknown.N(1))));
  const std::vector<Value> one{unknown.N(1)};
  unknown.Did(1, unknown.history.ListRead(unknown.x, {}));
  unknown.Did(1, unknown.history.ListRead(unknown.x, one));
  CHECK(unknown.Check(*SetModel()).holds());
  unknown.Did(1, unknown.history.ListRead(unknown.x, {}));
  CHECK(unknown.Check(*SetModel()).verdict == Verdict::kBroken);
}

TEST_CASE("Linearizability: elements of a set are independent parts unless somebody reads the whole") {
  Story s;
  for (int i = 0; i < 10; ++i) s.Did(0, AddToSet(s.x, s.N(i)));
  CHECK(CheckLinearizability(s.history, *SetModel()).value().stats.partitions == 10);
  s.Did(0, s.history.ListRead(s.y, {}));
  CHECK(CheckLinearizability(s.history, *SetModel()).value().stats.partitions == 11);
  std::vector<Value> all;
  for (int i = 0; i < 10; ++i) all.push_back(s.N(i));
  s.Did(0, s.history.ListRead(s.x, all));
  CHECK(CheckLinearizability(s.history, *SetModel()).value().stats.partitions == 2);
}

TEST_CASE("Linearizability: a set's witness holds the element in question only") {
  Story s;
  std::vector<Value> most;
  for (int i = 0; i < 20; ++i) {
    s.Did(0, AddToSet(s.x, s.N(i)));
    if (i != 7) most.push_back(s.N(i));
  }
  s.Did(1, s.history.ListRead(s.x, most));
  const CheckReport report = s.Check(*SetModel());
  REQUIRE(report.verdict == Verdict::kBroken);
  CHECK(report.anomalies[0].ops == std::vector<OpIndex>{7, 20});
}

TEST_CASE("Linearizability: queues are first in, first out") {
  Story s;
  s.Did(0, Dequeue(s.x));
  s.Did(0, Enqueue(s.x, s.N(1)));
  s.Did(0, Enqueue(s.x, s.N(2)));
  s.Did(1, Dequeue(s.x, s.N(1)));
  s.Did(1, Dequeue(s.x, s.N(2)));
  s.Did(1, Dequeue(s.x));
  CHECK(s.Check(*QueueModel()).holds());
  Story order;
  order.Did(0, Enqueue(order.x, order.N(1)));
  order.Did(0, Enqueue(order.x, order.N(2)));
  order.Did(1, Dequeue(order.x, order.N(2)));
  CHECK(order.Check(*QueueModel()).verdict == Verdict::kBroken);
  Story empty;
  empty.Did(0, Enqueue(empty.x, empty.N(1)));
  empty.Did(1, Dequeue(empty.x));
  CHECK(empty.Check(*QueueModel()).verdict == Verdict::kBroken);
  Story open;  // an unknown dequeue may have taken the first
  open.Did(0, Enqueue(open.x, open.N(1)));
  open.Did(0, Enqueue(open.x, open.N(2)));
  open.Unknown(open.Start(2, Dequeue(open.x)));
  open.Did(1, Dequeue(open.x, open.N(2)));
  CHECK(open.Check(*QueueModel()).holds());
  Story nil;
  nil.Did(0, Enqueue(nil.x, kNil));
  CHECK_FALSE(CheckLinearizability(nil.history, *QueueModel()).ok());
}

TEST_CASE("Linearizability: a dequeue that happened without telling what may have taken an unknown enqueue") {
  Story s;
  s.Unknown(s.Start(5, Enqueue(s.x, s.N(1))));
  s.Did(0, Enqueue(s.x, s.N(2)));
  s.history.Complete(s.Start(1, Dequeue(s.x)), Outcome::kOk);
  s.Did(1, Dequeue(s.x, s.N(2)));
  CHECK(s.Check(*QueueModel()).holds());
}

TEST_CASE("Linearizability: sets tied together by a batch are read apart") {
  Story s;
  const OpIndex batch = s.history.Invoke(0, {AddToSet(s.x, s.N(1)), AddToSet(s.y, s.N(2))});
  s.history.Complete(batch, Outcome::kOk);
  const std::vector<Value> one{s.N(1)};
  const std::vector<Value> two{s.N(2)};
  s.Did(1, s.history.ListRead(s.x, one));
  s.Did(1, s.history.ListRead(s.y, two));
  CHECK(s.Check(*SetModel()).holds());
  s.Did(1, s.history.ListRead(s.y, one));
  CHECK(s.Check(*SetModel()).verdict == Verdict::kBroken);
}

TEST_CASE("Linearizability: keys are judged apart, all broken ones are named") {
  Story s;
  for (const Value key : {s.x, s.y}) {
    s.Did(0, Write(key, s.N(1)));
    s.Did(0, Read(key, kNil));
  }
  const CheckReport report = s.Check(*RegisterModel());
  CHECK(report.anomalies.size() == 2);
  CHECK(report.stats.partitions == 2);
  CHECK(report.anomalies[1].words.find("key y") == 0);
}

TEST_CASE("Linearizability: the witness is small, wherever it hides") {
  for (const bool zones : {true, false}) {
    Story s;
    for (int i = 1; i <= 300; ++i) {
      s.Did(0, Write(s.x, s.N(i)));
      s.Did(1, Read(s.x, s.N(i)));
    }
    s.Did(2, Read(s.x, s.N(120)));
    for (int i = 301; i <= 400; ++i) s.Did(0, Write(s.x, s.N(i)));
    LinearizabilityOptions options;
    options.zones = zones;
    const CheckReport report = CheckLinearizability(s.history, *RegisterModel(), options).value();
    REQUIRE(report.verdict == Verdict::kBroken);
    CHECK(report.anomalies[0].minimal);
    CHECK(report.anomalies[0].ops.size() <= 4);
    CHECK(std::count(report.anomalies[0].ops.begin(), report.anomalies[0].ops.end(), OpIndex{600}) == 1);
    CHECK(report.anomalies[0].words.find("window: instants") != std::string::npos);
  }
}

TEST_CASE("Linearizability: a read from the future names the write it saw too early") {
  for (const bool zones : {true, false}) {
    Story s;
    s.Did(0, Read(s.x, s.N(1)));
    s.Did(1, Write(s.x, s.N(1)));
    LinearizabilityOptions options;
    options.zones = zones;
    const CheckReport report = CheckLinearizability(s.history, *RegisterModel(), options).value();
    REQUIRE(report.verdict == Verdict::kBroken);
    CHECK(report.anomalies[0].name == "nonlinearizable");
    CHECK(report.anomalies[0].ops == std::vector<OpIndex>{0, 1});
  }
}

TEST_CASE("Linearizability: the initial value may be given") {
  Story s;
  s.Did(0, Read(s.x, s.N(0)));
  CHECK(s.Check(*RegisterModel()).verdict == Verdict::kBroken);
  CHECK(s.Check(*RegisterModel(s.N(0))).holds());
  const OpIndex batch = s.history.Invoke(0, {Read(s.x), Read(s.y)});
  s.history.Complete(batch, Outcome::kOk, {Read(s.x, s.N(0)), Read(s.y, s.N(0))});
  CHECK(s.Check(*RegisterModel(s.N(0))).holds());
}

TEST_CASE("Linearizability: instants that touch overlap") {
  // The write returns at the very instant the read is invoked: they may take effect in either order.
  History h;
  const Value x = h.Text("x");
  h.Add({.invoke = 0, .ret = 5, .process = 0, .outcome = Outcome::kOk}, std::vector{Write(x, h.Int(1))});
  h.Add({.invoke = 5, .ret = 9, .process = 1, .outcome = Outcome::kOk}, std::vector{Read(x, kNil)});
  for (const bool zones : {true, false}) {
    LinearizabilityOptions options;
    options.zones = zones;
    CHECK(CheckLinearizability(h, *RegisterModel(), options).value().holds());
  }
}

TEST_CASE("Linearizability: everything may happen in the one instant where all overlap") {
  History h;
  const Value x = h.Text("x");
  const auto add = [&](Instant invoke, Instant ret, MicroOp micro) {
    h.Add({.invoke = invoke, .ret = ret, .process = static_cast<uint32_t>(h.size()), .outcome = Outcome::kOk},
          std::vector{micro});
  };
  add(0, 5, Write(x, h.Int(1)));
  add(4, 5, Write(x, h.Int(2)));
  add(5, 8, Read(x, h.Int(2)));
  add(9, 10, Read(x, h.Int(1)));
  for (const bool zones : {true, false}) {
    LinearizabilityOptions options;
    options.zones = zones;
    CHECK(CheckLinearizability(h, *RegisterModel(), options).value().holds());
  }
}

TEST_CASE("Linearizability: the initial value may be written again") {
  Story s;
  s.Did(0, Read(s.x, kNil));
  s.Did(0, Write(s.x, s.N(1)));
  s.Did(0, Write(s.x, kNil));
  s.Did(0, Read(s.x, kNil));
  CHECK(s.Check(*RegisterModel()).holds());
}

TEST_CASE("Linearizability: a hard part does not hide another part's answer") {
  Story s;
  for (int i = 0; i < 24; ++i) s.Start(static_cast<uint32_t>(i), Write(s.x, s.N(i % 6)));
  for (int value : {1, 2, 9}) s.Did(90, Read(s.x, s.N(value)));
  for (OpIndex op = 0; op < 24; ++op) s.history.Complete(op, Outcome::kOk);
  LinearizabilityOptions options;
  options.steps_max = 2'000'000;
  options.memory_bytes_max = 1 << 20;
  CheckReport report = CheckLinearizability(s.history, *RegisterModel(), options).value();
  CHECK(report.verdict == Verdict::kUndecided);
  CHECK(report.anomalies.empty());
  CHECK(report.undecided_reason.find("key x") != std::string::npos);
  CHECK(report.stats.memory_bytes <= (1 << 20) + 4096);
  s.Did(0, Write(s.y, s.N(1)));
  s.Did(0, Read(s.y, kNil));
  report = CheckLinearizability(s.history, *RegisterModel(), options).value();
  CHECK(report.verdict == Verdict::kBroken);
  CHECK(report.undecided_reason.empty());
}

TEST_CASE("Linearizability: many unknown writes that nobody saw cost nothing") {
  Story s;
  for (int i = 0; i < 2000; ++i) {
    s.Unknown(s.Start(7, Write(s.x, s.N(1'000'000 + i))));
    s.Did(0, Cas(s.x, i == 0 ? kNil : s.N(i % 50 + 100), s.N((i + 1) % 50 + 100)));
  }
  LinearizabilityOptions options;
  options.steps_max = 20'000;
  CHECK(CheckLinearizability(s.history, *RegisterModel(), options).value().holds());
}

TEST_CASE("Linearizability: unknown writes that nobody saw do not multiply the search") {
  Story s;
  for (int i = 0; i < 25; ++i) {
    s.Unknown(s.Start(7, Write(s.x, s.N(100 + i))));
    // Names the value; nor did anybody see whether it took effect.
    s.Unknown(s.Start(8, Cas(s.x, s.N(100 + i), s.N(200 + i))));
  }
  s.Did(0, Write(s.x, s.N(1)));
  s.Did(0, Write(s.x, s.N(2)));
  s.Did(0, Read(s.x, s.N(1)));
  LinearizabilityOptions options;
  options.zones = false;
  options.steps_max = 10'000;
  CHECK(CheckLinearizability(s.history, *RegisterModel(), options).value().verdict == Verdict::kBroken);
}

TEST_CASE("Linearizability: equal unknown writes take effect in order of invocation") {
  // 30 equal open writes: trying them in every order would never end.
  Story s;
  for (int i = 0; i < 30; ++i) s.Unknown(s.Start(7, Write(s.x, s.N(1))));
  for (int i = 0; i < 5; ++i) {
    s.Did(0, Write(s.x, s.N(2)));
    s.Did(0, Read(s.x, s.N(1)));
  }
  s.Did(0, Read(s.x, s.N(9)));
  LinearizabilityOptions options;
  options.zones = false;
  options.steps_max = 200'000;
  CHECK(CheckLinearizability(s.history, *RegisterModel(), options).value().verdict == Verdict::kBroken);
}

}  // namespace
}  // namespace orrery::check
