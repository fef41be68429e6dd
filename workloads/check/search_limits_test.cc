// The search at its limits: budgets, hard parts, long witnesses, answers that are not known.
#include <doctest/doctest.h>

#include <string>

#include "workloads/check/linearizability.h"

namespace orrery::check {
namespace {

Value N(int64_t n) {
  return Value::Small(n);
}

/// Writes 0, 1, ... at once; then, before any returns, one look at a time sees the last value first and then the
/// others in order. There is one order of effects, and the search tries it last.
History Backwards(int64_t writes) {
  History h;
  for (int64_t i = 0; i < writes; ++i) h.Invoke(static_cast<uint32_t>(i), {Write(N(0), N(i))});
  for (int64_t i = 0; i < writes; ++i) {
    const int64_t seen = i == 0 ? writes - 1 : i - 1;
    const OpIndex look = h.Invoke(99, {Read(N(0))});
    h.Complete(look, Outcome::kOk, {Read(N(0), N(seen))});
  }
  for (int64_t i = 0; i < writes; ++i) h.Complete(static_cast<OpIndex>(i), Outcome::kOk);
  return h;
}

TEST_CASE("Search limits: a hard part gets what the easy ones left") {
  const auto spec = RegisterModel();
  const CheckReport report = CheckLinearizability(Backwards(15), *spec, {.zones = false}).value();
  CHECK(report.holds());
  CHECK(report.stats.steps > 1'000'000);
  CHECK(CheckLinearizability(Backwards(15), *spec, {.steps_max = 1'000'000, .zones = false}).value().verdict ==
        Verdict::kUndecided);
  CHECK(CheckLinearizability(Backwards(15), *spec, {}).value().holds());  // zones
}

TEST_CASE("Search limits: reads cost steps, and the last step is the last") {
  History h;
  for (uint32_t i = 0; i < 4; ++i) h.Invoke(i, {Read(N(0))});
  for (uint32_t i = 0; i < 4; ++i) h.Complete(i, Outcome::kOk, {Read(N(0), N(7))});
  for (uint64_t steps = 1; steps < 4; ++steps) {
    const CheckReport report = CheckLinearizability(h, *RegisterModel(), {.steps_max = steps, .zones = false}).value();
    CHECK(report.stats.steps == steps);
    CHECK(report.verdict != Verdict::kHolds);
  }
}

TEST_CASE("Search limits: a witness that could not be made small says so") {
  History h;
  for (int64_t i = 0; i < 6; ++i) {
    const OpIndex write = h.Invoke(0, {Write(N(0), N(i))});
    h.Complete(write, Outcome::kOk);
  }
  const OpIndex stale = h.Invoke(0, {Read(N(0))});
  h.Complete(stale, Outcome::kOk, {Read(N(0), N(2))});
  const CheckReport small = CheckLinearizability(h, *RegisterModel(), {.zones = false}).value();
  REQUIRE(small.verdict == Verdict::kBroken);
  CHECK(small.anomalies[0].minimal);
  CHECK(small.anomalies[0].ops.size() == 3);
  const CheckReport large =
      CheckLinearizability(h, *RegisterModel(), {.zones = false, .minimize_steps_max = 1}).value();
  REQUIRE(large.verdict == Verdict::kBroken);
  CHECK_FALSE(large.anomalies[0].minimal);
  CHECK(large.anomalies[0].ops.size() == 7);
}

TEST_CASE("Search limits: eight broken parts are enough, and long lists of keys are cut") {
  History h;
  for (int64_t key = 0; key < 12; ++key) {
    const OpIndex read = h.Invoke(0, {Read(N(key))});
    h.Complete(read, Outcome::kOk, {Read(N(key), N(5))});
  }
  CHECK(CheckLinearizability(h, *RegisterModel()).value().anomalies.size() == 8);
  const auto words = [](int64_t keys) {
    History batch;
    std::vector<MicroOp> micros;
    for (int64_t key = 0; key < keys; ++key) micros.push_back(Read(N(key), N(5)));
    const OpIndex read = batch.Invoke(0, micros);
    batch.Complete(read, Outcome::kOk, micros);
    return CheckLinearizability(batch, *RegisterModel()).value().anomalies.at(0).words;
  };
  CHECK(words(1).starts_with("key 0: "));
  CHECK(words(2).starts_with("keys 0, 1: "));
  CHECK(words(4).starts_with("keys 0, 1, 2, 3: "));
  CHECK(words(6).starts_with("keys 0, 1, 2, 3, ...: "));
}

TEST_CASE("Search limits: a value nobody put there is named in every model") {
  const auto name = [](const ModelSpec& spec, const History& h) {
    const CheckReport report = CheckLinearizability(h, spec).value();
    return report.anomalies.empty() ? std::string() : report.anomalies[0].name;
  };
  History set;
  OpIndex op = set.Invoke(0, {AddToSet(N(0), N(1))});
  set.Complete(op, Outcome::kOk);
  History gone = set;
  const Value both[] = {N(1), N(2)};
  op = set.Invoke(0, {Read(N(0))});
  set.Complete(op, Outcome::kOk, {set.ListRead(N(0), both)});
  CHECK(name(*SetModel(), set) == "garbage-read");
  op = gone.Invoke(0, {Read(N(0))});
  gone.Complete(op, Outcome::kOk, {gone.ListRead(N(0), {})});
  CHECK(name(*SetModel(), gone) == "nonlinearizable");
  History batch;
  const MicroOp reads[] = {Read(N(0), kNil), Read(N(1), N(9))};
  op = batch.Invoke(0, reads);
  batch.Complete(op, Outcome::kOk, reads);
  CHECK(name(*RegisterModel(), batch) == "garbage-read");
  History queue;
  op = queue.Invoke(0, {Dequeue(N(0))});
  queue.Complete(op, Outcome::kOk, {Dequeue(N(0), N(4))});
  CHECK(name(*QueueModel(), queue) == "garbage-read");
  History absent;  // registers start at 5; absence is not a value that somebody has to write
  op = absent.Invoke(0, {Read(N(0))});
  absent.Complete(op, Outcome::kOk, {Read(N(0), kNil)});
  CHECK(name(*RegisterModel(N(5)), absent) == "nonlinearizable");
}

TEST_CASE("Search limits: answers that are not known bind nothing") {
  History plain;
  OpIndex op = plain.Invoke(0, {Read(N(0))});
  plain.Complete(op, Outcome::kOk);
  op = plain.Invoke(0, {Read(N(0))});
  plain.Complete(op, Outcome::kOk, {Read(N(0), kNil)});
  CHECK(CheckLinearizability(plain, *RegisterModel()).value().holds());
  History set;
  op = set.Invoke(0, {AddToSet(N(0), N(1))});
  set.Complete(op, Outcome::kOk);
  MicroOp whole = set.ListRead(N(0), {});
  whole.known = false;
  op = set.Invoke(0, {whole});
  set.Complete(op, Outcome::kOk, {whole});
  op = set.Invoke(0, {Contains(N(0), N(1))});
  set.Complete(op, Outcome::kOk);
  CHECK(CheckLinearizability(set, *SetModel()).value().holds());
  History queues;  // one operation over two queues, of which one answer is not known
  op = queues.Invoke(0, {Enqueue(N(0), N(1)), Enqueue(N(1), N(2))});
  queues.Complete(op, Outcome::kOk);
  queues.Invoke(1, {Dequeue(N(0)), Dequeue(N(1))});
  History taken = queues;
  op = queues.Invoke(0, {Dequeue(N(1))});
  queues.Complete(op, Outcome::kOk, {Dequeue(N(1), N(2))});
  op = queues.Invoke(0, {Dequeue(N(0))});
  queues.Complete(op, Outcome::kOk, {Dequeue(N(0), kNil)});
  CHECK(CheckLinearizability(queues, *QueueModel()).value().holds());
  op = taken.Invoke(0, {Dequeue(N(0))});
  taken.Complete(op, Outcome::kOk, {Dequeue(N(0), kNil)});
  op = taken.Invoke(0, {Dequeue(N(1))});  // who emptied the first queue took from the second, too
  taken.Complete(op, Outcome::kOk, {Dequeue(N(1), N(2))});
  CHECK(CheckLinearizability(taken, *QueueModel()).value().verdict == Verdict::kBroken);
  History nothing;
  op = nothing.Invoke(0, std::span<const MicroOp>());
  nothing.Complete(op, Outcome::kOk);
  CHECK(CheckLinearizability(nothing, *RegisterModel()).value().stats.partitions == 0);
}

}  // namespace
}  // namespace orrery::check
