#include "workloads/check/linearizability.h"

#include <doctest/doctest.h>

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

}  // namespace
}  // namespace orrery::check
