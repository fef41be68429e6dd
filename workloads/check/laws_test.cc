#include "workloads/check/laws.h"

#include <doctest/doctest.h>

namespace orrery::check {
namespace {

struct Told {
  History h;
  Value k = h.Text("k");
  Value N(int64_t n) { return h.Int(n); }
  void Did(uint32_t process, MicroOp micro) { h.Complete(h.Invoke(process, {micro}), Outcome::kOk, {micro}); }
  void Unknown(MicroOp micro) { h.Complete(h.Invoke(90, {micro}), Outcome::kUnknown); }
  void Failed(MicroOp micro) { h.Complete(h.Invoke(91, {micro}), Outcome::kFail); }
  MicroOp List(std::vector<int64_t> numbers) {
    std::vector<Value> values;
    for (int64_t n : numbers) values.push_back(N(n));
    return h.ListRead(k, values);
  }
};

std::string First(const Result<CheckReport>& report) {
  REQUIRE_MESSAGE(report.ok(), report.status().ToString());
  return report->anomalies.empty() ? "" : report->anomalies[0].name;
}

TEST_CASE("Set law: acknowledged elements stay, nothing comes from nowhere") {
  Told t;
  t.Did(0, AddToSet(t.k, t.N(1)));
  t.Unknown(AddToSet(t.k, t.N(2)));
  t.Did(0, t.List({1}));
  t.Did(0, t.List({2, 1}));
  CHECK(First(CheckSetLaw(t.h)) == "");
  Told lost = t;
  lost.Did(0, lost.List({2}));
  CHECK(First(CheckSetLaw(lost.h)) == "lost-element");
  Told garbage = t;
  garbage.Did(0, garbage.List({1, 3}));
  CHECK(First(CheckSetLaw(garbage.h)) == "garbage-read");
  Told twice = t;
  twice.Did(0, twice.List({1, 1}));
  CHECK(First(CheckSetLaw(twice.h)) == "duplicate-elements");
  Told failed = t;
  failed.Failed(AddToSet(failed.k, failed.N(3)));
  failed.Did(0, failed.List({1, 3}));
  CHECK(First(CheckSetLaw(failed.h)) == "garbage-read");
  Told early;  // listed before its add was invoked
  early.Did(0, early.List({1}));
  early.Did(0, AddToSet(early.k, early.N(1)));
  CHECK(First(CheckSetLaw(early.h)) == "garbage-read");
  Told overlapping;  // the add has not returned: the read may or may not list it
  const OpIndex add = overlapping.h.Invoke(5, {AddToSet(overlapping.k, overlapping.N(1))});
  overlapping.Did(0, overlapping.List({}));
  overlapping.Did(0, overlapping.List({1}));
  overlapping.h.Complete(add, Outcome::kOk);
  CHECK(First(CheckSetLaw(overlapping.h)) == "");
  Told foreign;
  foreign.Did(0, Write(foreign.k, foreign.N(1)));
  CHECK_FALSE(CheckSetLaw(foreign.h).ok());
}

TEST_CASE("Set law: an element once seen stays, however its add ended") {
  for (const bool open : {true, false}) {
    CAPTURE(open);
    Told t;
    const OpIndex add = t.h.Invoke(5, {AddToSet(t.k, t.N(1))});
    const OpIndex early = t.h.Invoke(6, {Read(t.k)});  // overlaps the read that sees it
    t.Did(0, t.List({1}));
    t.h.Complete(early, Outcome::kOk, {t.List({})});
    CHECK(First(CheckSetLaw(t.h)) == "");
    Told lost = t;
    lost.Did(1, lost.List({}));
    if (!open) lost.h.Complete(add, Outcome::kOk);
    const auto report = CheckSetLaw(lost.h);
    CHECK(First(report) == "lost-element");
    CHECK(report->anomalies[0].ops == std::vector<OpIndex>{0, 2, 3});  // the add, who saw it, who did not
  }
  Told failed;  // a failed read saw nothing
  failed.Unknown(AddToSet(failed.k, failed.N(1)));
  failed.Failed(failed.List({1}));
  failed.Did(0, failed.List({}));
  CHECK(First(CheckSetLaw(failed.h)) == "");
}

TEST_CASE("Set law: a declared stale read may lack anything, but invents nothing") {
  Told t;
  t.Did(0, AddToSet(t.k, t.N(1)));
  Told lacks = t;
  lacks.Did(0, lacks.List({}));
  CHECK(First(CheckSetLaw(lacks.h)) == "lost-element");
  lacks.h.SetStaleRead(1);
  CHECK(First(CheckSetLaw(lacks.h)) == "");
  Told invents = t;
  invents.Did(0, invents.List({2}));
  invents.h.SetStaleRead(1);
  CHECK(First(CheckSetLaw(invents.h)) == "garbage-read");
}

TEST_CASE("Counter law: reads lie between what must and what may have been counted") {
  Told t;
  t.Did(0, Increment(t.k, t.N(5)));
  t.Unknown(Increment(t.k, t.N(2)));
  t.Unknown(Increment(t.k, t.N(-1)));
  for (int64_t fine : {4, 5, 6, 7}) {
    Told u = t;
    u.Did(0, Read(u.k, u.N(fine)));
    CHECK(First(CheckCounterLaw(u.h)) == "");
  }
  for (int64_t wrong : {3, 8}) {
    Told u = t;
    u.Did(0, Read(u.k, u.N(wrong)));
    CHECK(First(CheckCounterLaw(u.h)) == "counter-out-of-bounds");
  }
  Told down;
  down.Did(0, Increment(down.k, down.N(-3)));
  down.Did(0, Read(down.k, down.N(-3)));
  CHECK(First(CheckCounterLaw(down.h)) == "");
  down.Did(0, Read(down.k, kNil));
  CHECK(First(CheckCounterLaw(down.h)) == "counter-out-of-bounds");
  Told overlapping;
  const OpIndex inc = overlapping.h.Invoke(5, {Increment(overlapping.k, overlapping.N(1))});
  overlapping.Did(0, Read(overlapping.k, overlapping.N(0)));
  overlapping.Did(0, Read(overlapping.k, overlapping.N(1)));
  overlapping.h.Complete(inc, Outcome::kOk);
  CHECK(First(CheckCounterLaw(overlapping.h)) == "");
  Told later;
  later.Did(0, Read(later.k, later.N(1)));
  later.Did(0, Increment(later.k, later.N(1)));
  CHECK(First(CheckCounterLaw(later.h)) == "counter-out-of-bounds");
  Told text;
  text.Did(0, Increment(text.k, text.h.Text("one")));
  CHECK_FALSE(CheckCounterLaw(text.h).ok());
}

TEST_CASE("Counter law: an increment that tells what it reached is judged by that") {
  const auto reached = [](int64_t delta, int64_t to) {
    Told t;
    t.Unknown(Increment(t.k, t.N(2)));
    t.Unknown(Increment(t.k, t.N(-3)));
    t.Did(0, Increment(t.k, t.N(delta), t.N(to)));
    return First(CheckCounterLaw(t.h));
  };
  CHECK(reached(5, 7) == "");
  CHECK(reached(5, 2) == "");
  CHECK(reached(5, 8) == "counter-out-of-bounds");
  CHECK(reached(5, 1) == "counter-out-of-bounds");
  CHECK(reached(-5, -3) == "");
  CHECK(reached(-5, -8) == "");
  CHECK(reached(-5, -2) == "counter-out-of-bounds");
  CHECK(reached(-5, -9) == "counter-out-of-bounds");
  Told text;
  text.Did(0, Increment(text.k, text.N(1), text.h.Text("damaged")));
  CHECK(First(CheckCounterLaw(text.h)) == "counter-out-of-bounds");
}

TEST_CASE("Counter law: no two increments claim one step") {
  const auto claims = [](int64_t first, int64_t first_to, int64_t second, int64_t second_to) {
    Told t;
    t.Unknown(Increment(t.k, t.N(2)));  // so that the bounds alone say nothing
    const OpIndex slow = t.h.Invoke(5, {Increment(t.k, t.N(first))});
    t.Did(0, Increment(t.k, t.N(second), t.N(second_to)));
    t.h.Complete(slow, Outcome::kOk, {Increment(t.k, t.N(first), t.N(first_to))});
    return First(CheckCounterLaw(t.h));
  };
  CHECK(claims(1, 1, 1, 2) == "");
  CHECK(claims(1, 2, 1, 1) == "");
  CHECK(claims(1, 1, 1, 1) == "double-claim");
  CHECK(claims(2, 2, 1, 3) == "");
  CHECK(claims(2, 3, 1, 2) == "double-claim");  // 2 to 3 and 1 to 2: the second lies within the first
  CHECK(claims(1, 2, 0, 2) == "");              // nothing added, nothing claimed
  Told down;                                    // a counter that also goes down may reach a value again
  down.Did(0, Increment(down.k, down.N(1), down.N(1)));
  down.Did(0, Increment(down.k, down.N(-1), down.N(0)));
  down.Did(0, Increment(down.k, down.N(1), down.N(1)));
  CHECK(First(CheckCounterLaw(down.h)) == "");
  Told failed;
  failed.Did(0, Increment(failed.k, failed.N(1), failed.N(1)));
  failed.Failed(Increment(failed.k, failed.N(1), failed.N(1)));
  CHECK(First(CheckCounterLaw(failed.h)) == "");
}

TEST_CASE("Counter law: a counter that only goes up never goes back") {
  Told t;  // two unknown increments: any value from 0 to 2 may be seen
  t.Unknown(Increment(t.k, t.N(1)));
  t.Unknown(Increment(t.k, t.N(1)));
  const OpIndex slow = t.h.Invoke(5, {Read(t.k)});
  t.Did(0, Read(t.k, t.N(2)));
  Told overlapping = t;
  overlapping.h.Complete(slow, Outcome::kOk, {Read(overlapping.k, overlapping.N(1))});
  CHECK(First(CheckCounterLaw(overlapping.h)) == "");
  Told back = t;
  back.Did(1, Read(back.k, back.N(1)));
  CHECK(First(CheckCounterLaw(back.h)) == "went-back");
  back.h.SetStaleRead(4);
  CHECK(First(CheckCounterLaw(back.h)) == "");
  Told built = t;  // an increment that did not build on the 2 that had been seen
  built.Did(1, Increment(built.k, built.N(1), built.N(2)));
  CHECK(First(CheckCounterLaw(built.h)) == "went-back");
  Told down = t;
  down.Unknown(Increment(down.k, down.N(-1)));
  down.Did(1, Read(down.k, down.N(1)));
  CHECK(First(CheckCounterLaw(down.h)) == "");
}

TEST_CASE("Counter law: declared stale reads see any earlier state, sums do not overflow") {
  Told t;
  t.Did(0, Increment(t.k, t.N(5)));
  for (const auto& [seen, expected] : {std::pair<int64_t, std::string>{0, ""}, {5, ""}, {6, "counter-out-of-bounds"}}) {
    Told u = t;
    u.Did(1, Read(u.k, u.N(seen)));
    u.h.SetStaleRead(1);
    CHECK(First(CheckCounterLaw(u.h)) == expected);
  }
  Told large;
  large.Did(0, Increment(large.k, large.N(INT64_MAX)));
  large.Did(0, Increment(large.k, large.N(INT64_MAX)));
  large.Did(0, Read(large.k, large.N(-2)));
  CHECK(First(CheckCounterLaw(large.h)) == "counter-out-of-bounds");
}

TEST_CASE("Bank law: the total never changes, no account goes below") {
  const auto look = [](int64_t a, int64_t b) {
    History h;
    const auto op = h.Invoke(0, {Read(h.Text("a")), Read(h.Text("b"))});
    h.Complete(op, Outcome::kOk, {Read(h.Text("a"), h.Int(a)), Read(h.Text("b"), h.Int(b))});
    return h;
  };
  const BankLaw law{.total = 10, .accounts = 2};
  CHECK(CheckBankLaw(look(4, 6), law)->holds());
  CHECK(First(CheckBankLaw(look(4, 5), law)) == "wrong-total");
  CHECK(First(CheckBankLaw(look(11, -1), law)) == "overdraft");
  CHECK(First(CheckBankLaw(look(11, -1), {.total = 10, .accounts = 2, .lowest = -5})) == "");
  const auto partial = CheckBankLaw(look(4, 5), {.total = 10, .accounts = 3});
  CHECK(First(partial) == "");  // not all accounts were read: nothing to judge, and nothing held
  CHECK(partial->verdict == Verdict::kUndecided);
  CHECK(partial->undecided_reason == "no operation read all 3 accounts");
  History nil;
  nil.Complete(nil.Invoke(0, {Read(nil.Text("a"))}), Outcome::kOk, {Read(nil.Text("a"), kNil)});
  CHECK(First(CheckBankLaw(nil, {.total = 0, .accounts = 1})) == "wrong-total");
  CHECK_FALSE(CheckBankLaw(nil, {}).ok());
  History transfer;  // reads of what the operation wrote itself belong to the next state
  const Value a = transfer.Text("a"), b = transfer.Text("b");
  const std::vector<MicroOp> moves{Read(a, transfer.Int(4)), Write(a, transfer.Int(3)), Read(a, transfer.Int(3)),
                                   Read(b, transfer.Int(6))};
  transfer.Complete(transfer.Invoke(0, moves), Outcome::kOk, moves);
  CHECK(First(CheckBankLaw(transfer, law)) == "");
  CHECK(First(CheckBankLaw(transfer, {.total = 9, .accounts = 2})) == "wrong-total");
  CHECK(First(CheckBankLaw(look(INT64_MAX, INT64_MAX), {.total = -2, .accounts = 2})) == "wrong-total");
  History failed;
  failed.Complete(failed.Invoke(0, {Read(failed.Text("a"))}), Outcome::kFail, {Read(failed.Text("a"), failed.Int(3))});
  CHECK(First(CheckBankLaw(failed, {.total = 1, .accounts = 1})) == "");
}

TEST_CASE("Cycle law: the pointers form one ring over all nodes") {
  const auto ring = [](std::vector<int64_t> next) {
    History h;
    std::vector<MicroOp> reads;
    for (size_t i = 0; i < next.size(); ++i) reads.push_back(Read(h.Int(static_cast<int64_t>(i)), h.Int(next[i])));
    const OpIndex op = h.Invoke(0, reads);
    h.Complete(op, Outcome::kOk, reads);
    return h;
  };
  CHECK(CheckCycleLaw(ring({1, 2, 0}), {.nodes = 3})->holds());
  CHECK(First(CheckCycleLaw(ring({2, 0, 1}), {.nodes = 3})) == "");
  CHECK(First(CheckCycleLaw(ring({1, 0, 2}), {.nodes = 3})) == "broken-ring");  // two rings
  CHECK(First(CheckCycleLaw(ring({1, 2, 1}), {.nodes = 3})) == "broken-ring");  // a tail
  CHECK(First(CheckCycleLaw(ring({1, 7, 0}), {.nodes = 3})) == "broken-ring");  // leaves the nodes
  const auto partial = CheckCycleLaw(ring({1, 0}), {.nodes = 3});
  CHECK(First(partial) == "");  // not all were read
  CHECK(partial->verdict == Verdict::kUndecided);
  CHECK_FALSE(CheckCycleLaw(ring({0}), {}).ok());
}

TEST_CASE("Unique law: no identifier is handed out twice") {
  Told t;
  t.Did(0, Take(t.k, t.N(1)));
  t.Did(1, Take(t.k, t.N(2)));
  t.Unknown(Take(t.k));
  t.Did(1, Take(t.h.Text("other"), t.N(1)));
  CHECK(First(CheckUniqueLaw(t.h)) == "");
  t.Did(2, Take(t.k, t.N(1)));
  CHECK(First(CheckUniqueLaw(t.h)) == "duplicate-take");
  Told foreign;
  foreign.Did(0, Read(foreign.k, foreign.N(1)));
  CHECK_FALSE(CheckUniqueLaw(foreign.h).ok());
  Told nothing;
  nothing.Did(0, Take(nothing.k, kNil));
  CHECK_FALSE(CheckUniqueLaw(nothing.h).ok());
}

TEST_CASE("Monotonic law: later operations see no smaller value, takes a greater one") {
  Told t;
  t.Did(0, Read(t.k, t.N(3)));
  t.Did(1, Read(t.k, t.N(3)));
  CHECK(First(CheckMonotonicLaw(t.h)) == "");
  Told back = t;
  back.Did(1, Read(back.k, back.N(2)));
  CHECK(First(CheckMonotonicLaw(back.h)) == "went-back");
  Told take = t;
  take.Did(1, Take(take.k, take.N(4)));
  CHECK(First(CheckMonotonicLaw(take.h)) == "");
  take.Did(1, Take(take.k, take.N(4)));
  CHECK(First(CheckMonotonicLaw(take.h)) == "went-back");
  Told overlapping;  // started before the greater one returned
  const OpIndex slow = overlapping.h.Invoke(5, {Read(overlapping.k)});
  overlapping.Did(0, Read(overlapping.k, overlapping.N(3)));
  overlapping.h.Complete(slow, Outcome::kOk, {Read(overlapping.k, overlapping.N(1))});
  overlapping.Did(0, Read(overlapping.k, overlapping.N(3)));
  CHECK(First(CheckMonotonicLaw(overlapping.h)) == "");
  Told mixed;  // after 5, although 3 returned later than 5
  const OpIndex late = mixed.h.Invoke(5, {Read(mixed.k)});
  mixed.Did(0, Read(mixed.k, mixed.N(5)));
  mixed.h.Complete(late, Outcome::kOk, {Read(mixed.k, mixed.N(3))});
  mixed.Did(0, Read(mixed.k, mixed.N(4)));
  CHECK(First(CheckMonotonicLaw(mixed.h)) == "went-back");
  Told text;
  text.Did(0, Read(text.k, text.h.Text("one")));
  CHECK_FALSE(CheckMonotonicLaw(text.h).ok());
}

TEST_CASE("Laws: operations of one step only, of the kinds that the law knows") {
  const auto message = [](const std::vector<MicroOp>& steps, Outcome outcome, auto check) {
    History h;
    h.Complete(h.Invoke(0, steps), outcome, steps);
    const Result<CheckReport> report = check(h);
    return report.ok() ? "" : std::string(report.status().message());
  };
  const Value k = Value::Small(7);
  const Value one = Value::Small(1);
  const std::string steps = ": this law looks at operations of one step only";
  CHECK(message({AddToSet(k, one), AddToSet(k, one)}, Outcome::kOk, CheckSetLaw).ends_with("add 7 1; ok" + steps));
  CHECK(message({Take(k, one), Take(k, one)}, Outcome::kOk, CheckUniqueLaw).ends_with(steps));
  CHECK(message({Write(k, one)}, Outcome::kOk, CheckSetLaw).ends_with(": this law knows add and r [values] only"));
  CHECK(message({Write(k, one)}, Outcome::kFail, CheckCounterLaw).ends_with(": this law knows inc and r only"));
  Told question;  // a read that was never answered may be any read
  question.Unknown(Read(question.k));
  CHECK(First(CheckSetLaw(question.h)) == "");
}

TEST_CASE("Laws: answers that did not arrive, or came with an unknown outcome, are not judged") {
  const auto expect = [](const std::string& name, MicroOp first, MicroOp second, auto check) {
    for (int how = 0; how < 3; ++how) {
      CAPTURE(name);
      CAPTURE(how);
      Told t;
      t.Did(0, first);
      const OpIndex op = t.h.Invoke(1, {second});
      if (how == 0) t.h.Complete(op, Outcome::kOk, {second});
      if (how == 1) t.h.Complete(op, Outcome::kUnknown, {second});
      if (how == 2) t.h.Complete(op, Outcome::kOk);
      CHECK(First(check(t.h)) == (how == 0 ? name : ""));
    }
  };
  const Value k = Value::Small(7);
  expect("counter-out-of-bounds", Increment(k, Value::Small(5)), Read(k, Value::Small(4)), CheckCounterLaw);
  expect("went-back", Take(k, Value::Small(5)), Take(k, Value::Small(5)), CheckMonotonicLaw);
  expect("duplicate-take", Take(k, Value::Small(5)), Take(k, Value::Small(5)), CheckUniqueLaw);
  Told set;  // what is listed with an unknown outcome was never there for certain
  set.Unknown(AddToSet(set.k, set.N(1)));
  set.h.Complete(set.h.Invoke(1, {Read(set.k)}), Outcome::kUnknown, {set.List({1, 2})});
  set.h.Complete(set.h.Invoke(2, {Read(set.k)}), Outcome::kOk);
  set.Did(0, set.List({}));
  CHECK(First(CheckSetLaw(set.h)) == "");
  const auto bank = [](Outcome outcome, bool told, bool list) {
    Told t;
    const MicroOp answer = list ? t.List({3}) : Read(t.k, t.N(3));
    const OpIndex op = t.h.Invoke(0, {Read(t.k)});
    if (told) t.h.Complete(op, outcome, {answer});
    if (!told) t.h.Complete(op, outcome);
    return CheckBankLaw(t.h, {.total = 3, .accounts = 1})->verdict;
  };
  CHECK(bank(Outcome::kOk, true, false) == Verdict::kHolds);
  CHECK(bank(Outcome::kOk, false, false) == Verdict::kUndecided);
  CHECK(bank(Outcome::kOk, true, true) == Verdict::kUndecided);  // a list is no balance
  CHECK(bank(Outcome::kUnknown, true, false) == Verdict::kUndecided);
}

TEST_CASE("Set law: every element that a read lacks is named once, with who showed it first") {
  Told t;
  t.Did(0, AddToSet(t.k, t.N(1)));
  t.Did(0, AddToSet(t.k, t.N(2)));
  t.Unknown(AddToSet(t.k, t.N(3)));
  t.Unknown(AddToSet(t.k, t.N(4)));
  Told one = t;  // lists an element that need not be there, lacks one that must
  one.Did(0, one.List({2, 3}));
  const CheckReport lacks = CheckSetLaw(one.h).value();
  REQUIRE(lacks.anomalies.size() == 1);
  CHECK(lacks.anomalies[0].ops == std::vector<OpIndex>{0, 4});
  CHECK(lacks.anomalies[0].words.starts_with("  a read lacks an element whose add had been acknowledged\n"));
  Told seen = t;
  seen.Did(0, seen.List({1, 2, 3}));
  seen.Did(1, seen.List({1, 2}));
  seen.Did(2, seen.List({1, 2, 3}));
  const CheckReport gone = CheckSetLaw(seen.h).value();
  REQUIRE(gone.anomalies.size() == 1);
  CHECK(gone.anomalies[0].ops == std::vector<OpIndex>{2, 4, 5});
  CHECK(gone.anomalies[0].words.starts_with("  a read lacks an element that had been there before\n"));
  Told again;  // the first add of an element counts, and the element after it is another
  again.Did(0, AddToSet(again.k, again.N(1)));
  again.Did(0, AddToSet(again.k, again.N(1)));
  again.Did(0, AddToSet(again.k, again.N(2)));
  again.Did(0, again.List({1}));
  const CheckReport second = CheckSetLaw(again.h).value();
  REQUIRE(second.anomalies.size() == 1);
  CHECK(second.anomalies[0].ops == std::vector<OpIndex>{2, 3});
}

TEST_CASE("Counter law: nil counts as nothing, a text as no number") {
  Told t;
  t.Did(0, Read(t.k, kNil));
  CHECK(First(CheckCounterLaw(t.h)) == "");
  t.Did(0, Read(t.k, t.h.Text("zero")));
  CHECK(First(CheckCounterLaw(t.h)) == "counter-out-of-bounds");
}

TEST_CASE("Cycle law: two rings, a tail and a way out are told apart") {
  const auto words = [](std::vector<int64_t> next) {
    History h;
    std::vector<MicroOp> reads;
    for (size_t i = 0; i < next.size(); ++i) reads.push_back(Read(h.Int(static_cast<int64_t>(2 * i)), h.Int(next[i])));
    h.Complete(h.Invoke(0, reads), Outcome::kOk, reads);
    const CheckReport report = CheckCycleLaw(h, {.nodes = static_cast<uint32_t>(next.size())}).value();
    const std::string all = report.anomalies.empty() ? "" : report.anomalies[0].words;
    return all.substr(0, all.find('\n'));
  };
  CHECK(words({2, 4, 6, 0}) == "");
  CHECK(words({2, 0, 6, 4}) == "  from 0 the pointers do not come back after all 4 nodes");
  CHECK(words({2, 4, 6, 2}) == "  from 0 the pointers do not come back after all 4 nodes");
  CHECK(words({2, 3, 6, 0}) == "  from 0 the pointers leave the 4 nodes");
  CHECK(words({2, 99, 6, 0}) == "  from 0 the pointers leave the 4 nodes");
}

TEST_CASE("Monotonic law: declared stale reads may go back") {
  Told t;
  t.Did(0, Take(t.k, t.N(3)));
  t.Did(0, Read(t.k, t.N(2)));
  CHECK(First(CheckMonotonicLaw(t.h)) == "went-back");
  t.h.SetStaleRead(1);
  CHECK(First(CheckMonotonicLaw(t.h)) == "");
}

}  // namespace
}  // namespace orrery::check
