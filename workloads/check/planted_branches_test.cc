// Planted histories for the rarer branches of inference: transactions that did not commit, orders that are told in
// part, how many edges it takes, and how their reasons read.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "workloads/check/isolation.h"
#include "workloads/check/proof/tale.h"

namespace orrery::check {
namespace {

using enum IsolationLevel;

bool Says(const std::string& words, std::string_view what) {
  return words.find(what) != std::string::npos;
}
Tale Registers() {
  return Tale(TxnModel::kRwRegister);
}

TEST_CASE("Planted lists: answers of transactions that did not commit are not judged") {
  for (const Outcome outcome : {Outcome::kFail, Outcome::kUnknown}) {
    Tale garbage;
    garbage.Txn({L(kX, {9})}, outcome).Answered();
    CHECK(garbage.At(kStrictSerializable) == "");
    Tale internal;
    internal.Txn({A(kX, 1), L(kX, {})}, outcome).Answered();
    CHECK(internal.At(kStrictSerializable) == "");
    Tale promotes;  // what an uncommitted reader saw promotes nobody: T0 and T1 would be a write skew
    promotes.Unknown({L(kY, {}), A(kX, 1)}).Answered();
    promotes.Txn({L(kX, {}), A(kY, 1)}).Txn({L(kX, {1})}, outcome).Answered();
    CHECK(promotes.At(kSerializable) == "");
    Tale skew;
    skew.Unknown({L(kY, {}), A(kX, 1)}).Answered().Txn({L(kX, {}), A(kY, 1)}).Txn({L(kX, {1})});
    CHECK(skew.At(kSerializable) == "G2");
  }
}

TEST_CASE("Planted lists: what a seen transaction read tells the order of keys that were looked at before") {
  Tale t;  // x comes first, y makes T1 committed: then T1's read of x is the longest
  t.Txn({L(kX, {})}).Unknown({L(kX, {9}), A(kY, 1)}).Answered().Txn({L(kY, {1})});
  CHECK(t.At(kReadCommitted) == "garbage-read");
  Tale twice;  // the last one that is promoted has read nothing
  twice.Txn({L(kX, {})}).Unknown({L(kX, {9}), A(kY, 1)}).Answered();
  twice.Unknown({A(kZ, 1)}).Txn({L(kY, {1}), L(kZ, {1})});
  CHECK(twice.At(kReadCommitted) == "garbage-read");
}

TEST_CASE("Planted lists: nil is an empty list, and no element") {
  Tale nil;
  nil.Txn({A(kX, 1)}).Txn({R(kX, 0)});
  CHECK(nil.At(kStrictSerializable) == "");
  nil.Then().Txn({R(kX, 0)});
  CHECK(nil.At(kStrictSerializable) == "G-single-real-time");
  Tale write;
  write.Txn({W(kX, 0)});
  CHECK_FALSE(write.Try(kSerializable).ok());
  Tale append;
  append.Txn({A(kX, 0)});
  CHECK_FALSE(append.Try(kSerializable).ok());
  Tale guess;  // a question may guess
  guess.Unknown({R(kX, 5)});
  CHECK(guess.At(kSerializable) == "");
}

TEST_CASE("Planted lists: one mistake is named once, and as what it is") {
  Tale twice;
  twice.Txn({A(kX, 1)}).Txn({L(kX, {1, 1})});
  CHECK_FALSE(twice.Has(kReadCommitted, "G1a"));
  Tale internal;
  internal.Txn({A(kX, 1), L(kX, {}), L(kX, {1})});
  CHECK(internal.Try(kReadCommitted).value().anomalies.size() == 1);
  Tale own;  // from the future: internal, and nobody's intermediate state
  own.Txn({L(kX, {1}), A(kX, 1), A(kX, 2)});
  CHECK(own.At(kReadCommitted) == "internal");
  CHECK_FALSE(own.Has(kReadCommitted, "G1b"));
  Tale aborted;
  aborted.Aborted({A(kX, 1), A(kX, 2)}).Txn({L(kX, {1})});
  CHECK(aborted.At(kReadCommitted) == "G1a");
  CHECK_FALSE(aborted.Has(kReadCommitted, "G1b"));
  Tale garbage;  // an update over garbage
  garbage.Txn({L(kX, {9}), A(kX, 1)});
  CHECK(garbage.At(kReadCommitted) == "garbage-read");
  Tale split;  // T3's read fits no order: what T1 appended is not "unobserved"
  split.Txn({A(kX, 1)}).Txn({A(kX, 2), A(kY, 1)}).Txn({L(kX, {1}), L(kY, {1})}).Txn({L(kX, {2})});
  CHECK(split.At(kSerializable) == "incompatible-order");
  CHECK_FALSE(split.Has(kSerializable, "G-single"));
  Tale over;  // T1 aborted between T0 and the reader: what T0 wrote was read all the same
  over.Txn({A(kX, 1), L(kY, {1})}).Aborted({A(kX, 2)}).Txn({L(kX, {1, 2}), A(kY, 1)});
  CHECK(over.At(kReadCommitted) == "G1a");
  CHECK(over.Has(kReadCommitted, "G1c"));
}

TEST_CASE("Planted: three of a name are told, the others counted") {
  for (const TxnModel model : {TxnModel::kListAppend, TxnModel::kRwRegister}) {
    Tale t(model);
    for (int64_t i = 0; i < 5; ++i) t.Txn({model == TxnModel::kListAppend ? L(kX + 3, {i + 1}) : R(kX, i + 1)});
    const size_t told = t.Try(kSerializable).value().anomalies.size();
    if (model == TxnModel::kRwRegister) CHECK(told == 3);
    if (model == TxnModel::kRwRegister) CHECK(Says(t.Words(kSerializable), "(and 2 more of this name)"));
  }
  Tale three(TxnModel::kRwRegister);
  for (int64_t i = 0; i < 3; ++i) three.Txn({R(kX, i + 1)});
  CHECK_FALSE(Says(three.Words(kSerializable), "more of this name"));
}

TEST_CASE("Planted: plain anomalies come before those with order, graver ones first among these") {
  Tale t;
  t.Txn({L(kX, {}), A(kY, 1)}).Txn({L(kY, {}), A(kX, 1)});                      // G2
  t.Then().Txn({A(kZ, 1)}).Then().Txn({A(kZ, 2)}).Then().Txn({L(kZ, {2, 1})});  // G0-real-time
  CHECK(t.At(kStrictSerializable) == "G2");
  CHECK(t.Has(kStrictSerializable, "G0-real-time"));
  Tale session;
  session.By(7).Txn({A(kX, 1)}).Then().Txn({L(kX, {})}).Then();
  session.Txn({A(kZ, 1)}).Then().Txn({A(kZ, 2)}).By(8).Txn({L(kZ, {2, 1})});
  CHECK(session.At(kStrongSessionSerializable) == "G0-session");
  CHECK(session.Has(kStrongSessionSerializable, "G-single-session"));
}

TEST_CASE("Planted sessions: write skew is no matter of sessions") {
  Tale t;
  t.Txn({L(kX, {}), A(kY, 1)}).Txn({L(kY, {}), A(kX, 1)});
  CHECK(t.At(kStrongSessionSnapshotIsolation) == "");
  CHECK(t.At(kStrongSessionSerializable) == "G2");
}

TEST_CASE("Planted sessions: a witness skips what lies between") {
  Tale t;
  t.By(7).Txn({A(kX, 1)}).Then().Txn({A(kY, 1)}).Then().Txn({A(kY, 2)}).Then().Txn({L(kX, {})});
  const CheckReport report = t.Try(kStrongSessionSerializable).value();
  REQUIRE(report.anomalies.size() == 1);
  CHECK(report.anomalies[0].ops == std::vector<OpIndex>{3, 0});
}

TEST_CASE("Planted: the graph has no more edges than it takes") {
  Tale chain;  // ww, ww, and for the reader wr
  chain.Txn({A(kX, 1)}).Txn({A(kX, 2)}).Txn({A(kX, 3)}).Txn({L(kX, {1, 2, 3})});
  CHECK(chain.Edges(kReadCommitted) == 3);
  CHECK(chain.Edges(kSerializable) == 3);
  Tale tail;  // two readers, one of them twice; two writers that nobody read, one of them twice
  tail.Txn({L(kX, {})}).Txn({A(kX, 1)}).Txn({A(kX, 2)});
  CHECK(tail.Edges(kSerializable) == 2);
  Tale twice;
  twice.Txn({L(kX, {})}).Txn({A(kX, 1), A(kX, 2)});
  CHECK(twice.Edges(kSerializable) == 1);
  Tale unseen;  // uncommitted writers come after nobody
  unseen.Txn({L(kX, {})}).Unknown({A(kX, 1)}).Aborted({A(kX, 2)});
  CHECK(unseen.Edges(kSerializable) == 0);
  Tale crowd;  // through a helper node: 6 readers in, 6 writers out
  for (int i = 0; i < 6; ++i) crowd.Txn({L(kX, {})}).Txn({A(kX, i + 1)});
  CHECK(crowd.Edges(kSerializable) == 12);
  Tale both;  // three readers and three writers; one is both, and meets the other two writers directly
  both.Txn({L(kX, {})}).Txn({L(kX, {})}).Txn({L(kX, {})}).Txn({L(kX, {}), A(kX, 1)});
  for (int i = 1; i < 6; ++i) both.Txn({A(kX, i + 1)});
  CHECK(both.Edges(kSerializable) == 3 + 6 + 5);
  Tale few;  // one reader and three writers are better off without
  few.Txn({L(kX, {})}).Txn({A(kX, 1)}).Txn({A(kX, 2)}).Txn({A(kX, 3)});
  CHECK(few.Edges(kSerializable) == 3);
  Tale real_time;  // three returns share a node; one edge leads to the transaction behind them
  real_time.Txn({A(3, 1)}).Txn({A(4, 1)}).Aborted({A(6, 1)}).Txn({A(5, 1)}).Then().Txn({A(7, 1)});
  CHECK(real_time.Edges(kStrictSerializable) == 4);
  real_time.Then().Txn({A(8, 1)});  // a second node, behind the first
  CHECK(real_time.Edges(kStrictSerializable) == 7);
  Tale registers = Registers();  // nil before 1 before 2; with real time between the reads nothing new is told
  registers.Txn({R(kX, 0), W(kX, 1)}).Then().Txn({R(kX, 1)}).Then().Txn({R(kX, 1)}).Then().Txn({R(kX, 1), W(kX, 2)});
  CHECK(registers.Edges(kSerializable) == 6);
  CHECK(registers.Edges(kSerializable, true) == 6);
  Tale between = Registers();  // 1, 2, 3 in real time: 3 comes after 2, which stands for 1
  between.Txn({W(kX, 1)}).Then().Txn({W(kX, 2)}).Then().Txn({W(kX, 3)});
  CHECK(between.Edges(kSerializable, true) == 2);
}

TEST_CASE("Planted: a reader of an old version meets the unread through the versions between") {
  Tale t;
  t.Txn({L(kX, {}), L(kY, {1})}).Txn({A(kX, 1)}).Txn({L(kX, {1})}).Txn({A(kX, 2), A(kY, 1)});
  const CheckReport report = t.Try(kSerializable).value();
  REQUIRE(report.Has("G-single"));
  CHECK(report.anomalies[0].ops == std::vector<OpIndex>{0, 1, 3});
}

TEST_CASE("Planted real time: a read of what is invoked only later, and never returns") {
  Tale lists;
  lists.Txn({L(kX, {1})}).Then().Unknown({A(kX, 1)});
  CHECK(lists.At(kSerializable) == "");
  CHECK(lists.At(kStrictSerializable) == "G1c-real-time");
  Tale registers = Registers();
  registers.Txn({R(kX, 1)}).Then().Unknown({W(kX, 1)});
  CHECK(registers.At(kStrictSerializable) == "G1c-real-time");
  CHECK(registers.Try(kSerializable, true).value().holds());  // both leave the version that they met
}

TEST_CASE("Planted registers: answers of transactions that did not commit are not judged") {
  for (const Outcome outcome : {Outcome::kFail, Outcome::kUnknown}) {
    Tale internal = Registers();
    internal.Txn({W(kX, 1), R(kX, 0)}, outcome).Answered();
    CHECK(internal.At(kStrictSerializable) == "");
    Tale promotes = Registers();
    promotes.Unknown({R(kY, 0), W(kX, 1)}).Answered();
    promotes.Txn({R(kX, 0), W(kY, 1)}).Txn({R(kX, 1)}, outcome).Answered();
    CHECK(promotes.At(kSerializable) == "");
    Tale over = Registers();  // two that built on what was never there lost no update
    over.Txn({W(kX, 1)}, Outcome::kFail).Txn({R(kX, 1), W(kX, 2)}).Txn({R(kX, 1), W(kX, 3)});
    CHECK(over.At(kSerializable) == "G1a");
    CHECK_FALSE(over.Has(kSerializable, "lost-update"));
  }
  Tale skew = Registers();
  skew.Unknown({R(kY, 0), W(kX, 1)}).Answered().Txn({R(kX, 0), W(kY, 1)}).Txn({R(kX, 1)});
  CHECK(skew.At(kSerializable) == "G2");
}

TEST_CASE("Planted registers: who is seen makes others seen, however they are ordered") {
  Tale t = Registers();  // T2 saw T1, which saw T0: so T0 came before T2, which missed it
  t.Unknown({W(kZ, 1)}).Unknown({R(kZ, 1), W(kX, 1)}).Answered().Txn({R(kX, 1), R(kZ, 0)});
  CHECK(t.At(kSerializable) == "G-single");
}

TEST_CASE("Planted registers: a version that nobody overwrote lies before one that somebody did") {
  Tale t = Registers();
  t.Txn({W(kX, 1)}).Txn({R(kX, 1)}).Txn({W(kX, 2)}).Txn({R(kX, 2), W(kX, 3), W(kY, 1)}).Txn({R(kY, 1), R(kX, 2)});
  CHECK(t.At(kSerializable) == "G-single");
}

TEST_CASE("Planted registers with linearizable keys: what each transaction met and what it left") {
  const auto cyclic = [](Tale t) { return t.Try(kSerializable, true).value().Has("cyclic-versions"); };
  Tale built = Registers();  // T2 met 1 after 2 had been left
  built.Txn({W(kX, 1)}).Then().Txn({W(kX, 2)}).Then().Txn({R(kX, 1), W(kX, 3)});
  CHECK(cyclic(built));
  Tale fine = Registers();
  fine.Txn({W(kX, 1)}).Then().Txn({W(kX, 2)}).Then().Txn({R(kX, 2), W(kX, 3)});
  CHECK_FALSE(cyclic(fine));
  Tale first = Registers();  // of two reads the first is what was met
  first.Txn({W(kX, 1)}).Then().Txn({W(kX, 2)}).Then().Txn({R(kX, 1), R(kX, 2)});
  CHECK(cyclic(first));
  Tale left = Registers();  // a reader that writes leaves what it wrote
  left.Txn({R(kX, 0), W(kX, 1)}).Then().Txn({R(kX, 0)});
  CHECK(cyclic(left));
  Tale stale = Registers();  // a stale read stands for nothing that went before it
  stale.Txn({W(kX, 1)}).Then().Txn({R(kX, 0)}).Stale().Then().Txn({R(kX, 0)});
  CHECK(cyclic(stale));
  Tale garbage = Registers();  // what nobody wrote is no version
  garbage.Txn({R(kX, 9)}).Then().Txn({W(kX, 1)}).Then().Txn({R(kX, 9)});
  CHECK(garbage.Try(kSerializable, true).value().anomalies.size() == 2);
  CHECK_FALSE(cyclic(garbage));
  Tale behind = Registers();  // 3 and 4 come before each other, whatever else comes before 3
  behind.Txn({W(kX, 1)}).Txn({R(kX, 1), R(kX, 4), W(kX, 3)}).Txn({R(kX, 3), W(kX, 4)});
  CHECK(behind.At(kReadCommitted) == "cyclic-versions");
  Tale many = Registers();  // 1 comes before itself; four who are in the way are enough
  for (int64_t i = 2; i < 9; ++i) many.Txn({R(kX, 1), W(kX, i)});
  many.Txn({R(kX, 2), W(kX, 1)});
  const CheckReport report = many.Try(kReadCommitted).value();
  REQUIRE(report.anomalies[0].name == "cyclic-versions");
  CHECK(report.anomalies[0].ops.size() == 4);
}

TEST_CASE("Witness words: lists tell the right one of several steps") {
  Tale ww;  // T1 read x before it appended to it
  ww.Txn({A(kX, 1), A(kY, 2)}).Txn({L(kX, {1}), A(kX, 2), A(kY, 1)}).Txn({L(kX, {1, 2}), L(kY, {1, 2})});
  CHECK(Says(ww.Words(kReadCommitted), "T0 before T1 (ww): T1 appended 2 to x after 1, and T0 was the last"));
  Tale unobserved;
  unobserved.Txn({A(kX, 1), L(kY, {1})}).Txn({L(kX, {1})}).Txn({A(kX, 2), A(kY, 1)});
  CHECK(Says(unobserved.Words(kReadCommitted),
             "T2 appended 2 to x after 1 (the longest read does not show it), and T0 was the last to append"));
  Tale wr;  // T1 read z of T2 before it read x of T0
  wr.Txn({A(kX, 1), L(kY, {1})}).Txn({L(kZ, {5}), L(kX, {1}), A(kY, 1)}).Txn({A(kZ, 5)});
  CHECK(Says(wr.Words(kReadCommitted), "T0 before T1 (wr): T1 read x [1], which T0 appended to last"));
  Tale rw;  // T0 appended to x as well, as T1 did
  rw.Txn({A(kX, 1), L(kY, {}), L(kZ, {1})}).Txn({A(kX, 2), A(kY, 1), A(kZ, 1)}).Txn({L(kX, {1, 2})});
  CHECK(Says(rw.Words(kSerializable), "T0 before T1 (rw): T0 read y [] without 1, which T1 appended next"));
  Tale next;  // T1 appended to x, but T2 did so before it
  next.Txn({L(kX, {}), L(kY, {}), L(kZ, {1})}).Txn({A(kX, 1), A(kY, 1), A(kZ, 1)}).Txn({A(kX, 2)});
  next.Txn({L(kX, {2, 1})});
  CHECK(Says(next.Words(kSerializable), "T0 before T1 (rw): T0 read y [] without 1, which T1 appended next"));
  Tale shown;  // T0 read what T1 appended to x
  shown.Txn({L(kX, {1}), L(kY, {})}).Txn({A(kX, 1), A(kY, 1)});
  CHECK(Says(shown.Words(kSerializable), "T0 before T1 (rw): T0 read y [] without 1, which T1 appended next"));
  Tale later;  // T1's append to x was never read, but another one was next
  later.Txn({L(kX, {}), L(kY, {}), L(kZ, {1})}).Txn({A(kX, 1), A(kY, 1), A(kZ, 1)}).Txn({A(kX, 2)}).Txn({L(kX, {2})});
  CHECK(Says(later.Words(kSerializable), "T0 before T1 (rw): T0 read y [] without 1, which T1 appended next"));
}

TEST_CASE("Witness words: registers tell the right one of several steps") {
  Tale unanswered = Registers();  // T1's read of x was not answered
  unanswered.Txn({W(kX, 1), W(kY, 1), W(kZ, 1)});
  unanswered.Txn({R(kX, 0)}).Unanswered();
  CHECK(unanswered.At(kSerializable) == "");
  Tale next = Registers();  // T2 overwrote T1's x, not nil
  next.Txn({R(kX, 0), R(kY, 0), R(kZ, 1)}).Txn({R(kX, 0), W(kX, 1)}).Txn({R(kX, 1), W(kX, 2), W(kY, 1), W(kZ, 1)});
  CHECK(Says(next.Words(kSerializable), "T0 before T2 (rw): T0 read y = nil, which T2 overwrote with 1"));
  Tale rw = Registers();  // T0 wrote x before T1 did, too
  rw.Txn({R(kX, 0), W(kX, 1), R(kY, 0), R(kZ, 1)}).Txn({R(kX, 1), W(kX, 2), W(kY, 1), W(kZ, 1)});
  CHECK(Says(rw.Words(kSerializable), "T0 before T1 (rw): T0 read y = nil, which T1 overwrote with 1"));
  Tale ww = Registers();  // T0 also read the nil of z that T1 overwrote
  ww.Txn({R(kZ, 0), R(kX, 0), W(kX, 1), R(kY, 2), W(kY, 3)});
  ww.Txn({W(kZ, 1), R(kX, 1), W(kX, 2), R(kY, 0), W(kY, 2)});
  CHECK(Says(ww.Words(kReadCommitted), "T0 before T1 (ww): T1 wrote x = 2 over x = 1, which T0 wrote"));
}

TEST_CASE("Planted: reads that were acknowledged without an answer bind nobody") {
  Tale own;
  own.Txn({A(kX, 1), L(kX, {}), L(kX, {})}).Unanswered();
  CHECK(own.At(kStrictSerializable) == "");
  Tale late;  // T1 was seen, what it read was not told
  late.Txn({A(kY, 1)}).Then().Unknown({L(kY, {}), A(kX, 1)}).Txn({L(kX, {1})});
  CHECK(late.At(kStrictSerializable) == "");
  Tale registers = Registers();
  registers.Txn({W(kX, 1), R(kX, 0)}).Unanswered();
  CHECK(registers.At(kStrictSerializable) == "");
  ScriptMicro silent = R(kX, 0);
  silent.known = false;
  Tale words = Registers();
  words.Txn({W(kX, 1), W(kY, 1), W(kZ, 1)}).Txn({silent, R(kY, 0), R(kZ, 1)});
  CHECK(Says(words.Words(kSerializable), "T1 before T0 (rw): T1 read y = nil, which T0 overwrote with 1"));
}

TEST_CASE("Planted: own writes are seen and covered over any number of touches between") {
  Tale lists;
  lists.Txn({A(kX, 1), L(kX, {1}), L(kX, {1})});
  CHECK(lists.At(kStrictSerializable) == "");
  Tale registers = Registers();
  registers.Txn({W(kX, 1), R(kX, 1), R(kX, 1)});
  CHECK(registers.At(kStrictSerializable) == "");
  Tale between;
  between.Txn({A(kX, 1), L(kX, {1}), A(kX, 2)}).Txn({L(kX, {1})}).Txn({L(kX, {1, 2})});
  CHECK(between.At(kReadCommitted) == "G1b");
  Tale write = Registers();
  write.Txn({W(kX, 1), R(kX, 1), W(kX, 2)}).Txn({R(kX, 1)});
  CHECK(write.At(kReadCommitted) == "G1b");
  Tale twice = Registers();  // who reads a version twice and overwrites it lost no update
  twice.Txn({R(kX, 0), R(kX, 0), W(kX, 1)});
  CHECK(twice.At(kStrictSerializable) == "");
}

TEST_CASE("Planted: reads that fit no order, or not their own appends, tell no order") {
  Tale split;
  split.Txn({A(kX, 1)}).Txn({A(kX, 2)}).Txn({L(kX, {1, 2})}).Txn({L(kX, {2})});
  CHECK(split.At(kSerializable) == "incompatible-order");
  CHECK(split.Edges(kSerializable) == 2);
  Tale blind;  // T1 saw T0's append, T0 itself did not
  blind.Txn({A(kX, 1), L(kX, {})}).Txn({L(kX, {1})});
  CHECK(blind.At(kSerializable) == "internal");
  CHECK_FALSE(blind.Has(kSerializable, "G-single"));
  Tale skew = Registers();  // reads order nothing where they are only committed
  skew.Txn({R(kX, 0), W(kY, 1)}).Txn({R(kY, 0), W(kX, 1)});
  CHECK(skew.Edges(kReadCommitted) == 0);
  CHECK(skew.Edges(kSerializable) == 2);
}

TEST_CASE("Planted sessions: who aborted or never returned comes before nobody") {
  Tale aborted;  // wr, and T0 and T2 with their two nodes
  aborted.By(7).Txn({A(kX, 1)}).Then().Aborted({A(kY, 1)}).Then().Txn({L(kX, {1})});
  CHECK(aborted.Edges(kStrongSessionSerializable) == 5);
  Tale open;
  open.By(7).Unknown({A(kX, 1)}).Then().Txn({L(kX, {})}).By(8).Then().Txn({L(kX, {1})});
  CHECK(open.At(kStrongSessionSerializable) == "");
}

TEST_CASE("Witness words: what a transaction appended first is not what it read") {
  Tale ww;  // T2 read its own append to x behind those of T0 and T1; T0 came just before it on y only
  ww.Txn({A(kX, 1), A(kY, 1), L(kZ, {1})}).Txn({A(kX, 3)}).Txn({A(kX, 2), L(kX, {1, 3, 2}), A(kY, 2), A(kZ, 1)});
  ww.Txn({L(kY, {1, 2})});
  CHECK(Says(ww.Words(kReadCommitted), "T0 before T2 (ww): T2 appended 2 to y after 1, and T0 was the last"));
  Tale wr;  // T1's append to z is the second there
  wr.Txn({A(kX, 1), L(kY, {1})}).Txn({A(kZ, 2), A(kY, 1), L(kX, {1})}).Txn({A(kZ, 1)}).Txn({L(kZ, {1, 2})});
  CHECK(Says(wr.Words(kReadCommitted), "T0 before T1 (wr): T1 read x [1], which T0 appended to last"));
  Tale rw;
  rw.Txn({A(kZ, 2), L(kY, {}), L(kX, {1})}).Txn({A(kZ, 1), A(kY, 1), A(kX, 1)}).Txn({L(kZ, {1, 2})});
  CHECK(Says(rw.Words(kSerializable), "T0 before T1 (rw): T0 read y [] without 1, which T1 appended next"));
}

}  // namespace
}  // namespace orrery::check
