// Planted histories: each anomaly, and next to it the near miss that is allowed.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "workloads/check/isolation.h"
#include "workloads/check/proof/tale.h"

namespace orrery::check {
namespace {

using enum IsolationLevel;

TEST_CASE("Planted G0: two transactions append to two lists in opposite orders") {
  Tale t;
  t.Txn({A(kX, 1), A(kY, 1)}).Txn({A(kX, 2), A(kY, 2)}).Then().Txn({L(kX, {1, 2}), L(kY, {2, 1})});
  CHECK(t.At(kReadCommitted) == "G0");
  CHECK(t.At(kSnapshotIsolation) == "G0");
  CHECK(t.At(kSerializable) == "G0");
  Tale near;
  near.Txn({A(kX, 1), A(kY, 1)}).Txn({A(kX, 2), A(kY, 2)}).Then().Txn({L(kX, {1, 2}), L(kY, {1, 2})});
  CHECK(near.At(kStrictSerializable) == "");
}

TEST_CASE("Planted G1a: a read of an aborted append; dirty update when somebody builds on it") {
  Tale t;
  t.Aborted({A(kX, 1)}).Txn({L(kX, {1})});
  CHECK(t.At(kReadCommitted) == "G1a");
  CHECK_FALSE(t.Has(kReadCommitted, "dirty-update"));
  Tale update;
  update.Aborted({A(kX, 1)}).Txn({A(kX, 2)}).Txn({L(kX, {1, 2})});
  CHECK(update.Has(kReadCommitted, "dirty-update"));
  Tale near;
  near.Aborted({A(kX, 1)}).Txn({L(kX, {})});
  CHECK(near.At(kStrictSerializable) == "");
  Tale unknown;  // nobody knows that it aborted
  unknown.Unknown({A(kX, 1)}).Txn({L(kX, {1})});
  CHECK(unknown.At(kStrictSerializable) == "");
}

TEST_CASE("Planted G1b: a read between two appends of one transaction") {
  Tale t;
  t.Txn({A(kX, 1), A(kX, 2)}).Txn({L(kX, {1})}).Txn({L(kX, {1, 2})});
  CHECK(t.At(kReadCommitted) == "G1b");
  Tale near;
  near.Txn({A(kX, 1), A(kX, 2)}).Txn({L(kX, {})}).Txn({L(kX, {1, 2})});
  CHECK(near.At(kStrictSerializable) == "");
}

TEST_CASE("Planted G1c: two transactions read each other's appends") {
  Tale t;
  t.Txn({A(kX, 1), L(kY, {1})}).Txn({A(kY, 1), L(kX, {1})});
  CHECK(t.At(kReadCommitted) == "G1c");
  CHECK(t.At(kSnapshotIsolation) == "G1c");
  Tale near;
  near.Txn({A(kX, 1), L(kY, {1})}).Txn({A(kY, 1), L(kX, {})});
  CHECK(near.At(kStrictSerializable) == "");
}

TEST_CASE("Planted G-single: a reader sees half of a transaction") {
  Tale t;
  t.Txn({A(kX, 1), A(kY, 1)}).Txn({L(kX, {1}), L(kY, {})}).Then().Txn({L(kY, {1})});
  CHECK(t.At(kReadCommitted) == "");
  CHECK(t.At(kSnapshotIsolation) == "G-single");
  CHECK(t.At(kSerializable) == "G-single");
  Tale near;
  near.Txn({A(kX, 1), A(kY, 1)}).Txn({L(kX, {}), L(kY, {})}).Then().Txn({L(kY, {1})});
  CHECK(near.At(kSerializable) == "");
}

TEST_CASE("Planted lost update: two transactions read one version and both append") {
  Tale t;
  t.Txn({L(kX, {}), A(kX, 1)}).Txn({L(kX, {}), A(kX, 2)}).Then().Txn({L(kX, {1, 2})});
  CHECK(t.At(kReadCommitted) == "");
  CHECK(t.At(kSnapshotIsolation) == "lost-update");
  CHECK(t.Has(kSnapshotIsolation, "G-single"));
  Tale unread;  // even if nobody looked afterwards
  unread.Txn({L(kX, {}), A(kX, 1)}).Txn({L(kX, {}), A(kX, 2)});
  CHECK(unread.At(kSnapshotIsolation) == "lost-update");
  Tale near;
  near.Txn({L(kX, {}), A(kX, 1)}).Txn({L(kX, {1}), A(kX, 2)}).Then().Txn({L(kX, {1, 2})});
  CHECK(near.At(kStrictSerializable) == "");
}

TEST_CASE("Planted long fork: two readers see two appends in opposite orders") {
  Tale t;
  t.Txn({A(kX, 1)}).Txn({A(kY, 1)}).Txn({L(kX, {1}), L(kY, {})}).Txn({L(kX, {}), L(kY, {1})});
  CHECK(t.At(kReadCommitted) == "");
  CHECK(t.At(kSnapshotIsolation) == "long-fork");
  CHECK(t.Has(kSnapshotIsolation, "G-nonadjacent"));
  CHECK_FALSE(t.Has(kSnapshotIsolation, "G-single"));
  Tale near;  // one reader saw both
  near.Txn({A(kX, 1)}).Txn({A(kY, 1)}).Txn({L(kX, {1}), L(kY, {})}).Txn({L(kX, {1}), L(kY, {1})});
  CHECK(near.At(kSerializable) == "");
}

TEST_CASE("Planted G-nonadjacent that is no long fork: three keys around") {
  Tale t;
  t.Txn({A(kX, 1)}).Txn({A(kY, 1)}).Txn({A(kZ, 1)});
  t.Txn({L(kX, {1}), L(kY, {})}).Txn({L(kY, {1}), L(kZ, {})}).Txn({L(kZ, {1}), L(kX, {})});
  CHECK(t.At(kSnapshotIsolation) == "G-nonadjacent");
  CHECK_FALSE(t.Has(kSnapshotIsolation, "long-fork"));
}

TEST_CASE("Planted G2: write skew is snapshot isolation but not serializable") {
  Tale t;
  t.Txn({L(kX, {}), A(kY, 1)}).Txn({L(kY, {}), A(kX, 1)}).Then().Txn({L(kX, {1}), L(kY, {1})});
  CHECK(t.At(kSnapshotIsolation) == "");
  CHECK(t.At(kStrongSnapshotIsolation) == "");
  CHECK(t.At(kSerializable) == "G2");
  Tale near;
  near.Txn({L(kX, {}), A(kY, 1)}).Txn({L(kY, {1}), A(kX, 1)}).Then().Txn({L(kX, {1}), L(kY, {1})});
  CHECK(near.At(kSerializable) == "");
}

TEST_CASE("Planted read-only anomaly: a reader makes write skew visible, still G2") {
  // Fekete, O'Neil and O'Neil 2004: the reader sees one of two concurrent updates.
  Tale t;
  t.Txn({L(kX, {}), L(kY, {}), A(kX, 1)}).Txn({L(kY, {}), A(kY, 1)}).Txn({L(kX, {}), L(kY, {1})});
  CHECK(t.At(kSnapshotIsolation) == "");
  CHECK(t.At(kSerializable) == "G2");
}

TEST_CASE("Planted stale read: fine when serializable, wrong in real time") {
  Tale t;
  t.Txn({A(kX, 1)}).Then().Txn({L(kX, {})});
  CHECK(t.At(kSerializable) == "");
  CHECK(t.At(kSnapshotIsolation) == "");
  CHECK(t.At(kStrictSerializable) == "G-single-real-time");
  CHECK(t.At(kStrongSnapshotIsolation) == "G-single-real-time");
  CHECK(t.At(kStrongSessionSerializable) == "");
  Tale near;  // overlapping
  near.Txn({A(kX, 1)}).Txn({L(kX, {})});
  CHECK(near.At(kStrictSerializable) == "");
  Tale declared;
  declared.Txn({A(kX, 1)}).Then().Txn({L(kX, {})}).Stale();
  CHECK(declared.At(kStrictSerializable) == "");
  CHECK(declared.At(kStrongSnapshotIsolation) == "");
  Tale after;  // but what a stale read saw, later transactions cannot unsee
  after.Txn({A(kX, 1)}).Txn({L(kX, {1})}).Stale().Then().Txn({L(kX, {})});
  CHECK(after.At(kStrictSerializable) == "G-single-real-time");
}

TEST_CASE("Planted session break: a client does not see its own earlier append") {
  Tale t;
  t.By(7).Txn({A(kX, 1)}).Then().Txn({L(kX, {})});
  CHECK(t.At(kSerializable) == "");
  CHECK(t.At(kStrongSessionSerializable) == "G-single-session");
  CHECK(t.At(kStrongSessionSnapshotIsolation) == "G-single-session");
  Tale declared;
  declared.By(7).Txn({A(kX, 1)}).Then().Txn({L(kX, {})}).Stale();
  CHECK(declared.At(kStrongSessionSerializable) == "");
  Tale after;
  after.Txn({A(kX, 1)}).By(7).Txn({L(kX, {1})}).Stale().Then().Txn({L(kX, {})});
  CHECK(after.At(kStrongSessionSerializable) == "G-single-session");
}

TEST_CASE("Planted real-time order of writes: G0 and G1c with time") {
  Tale t;
  t.Txn({A(kX, 1)}).Then().Txn({A(kX, 2)}).Then().Txn({L(kX, {2, 1})});
  CHECK(t.At(kSerializable) == "");
  CHECK(t.At(kStrictSerializable) == "G0-real-time");
  Tale future;  // reads what is invoked only after it returned
  future.Txn({L(kX, {1})}).Then().Txn({A(kX, 1)});
  CHECK(future.At(kSerializable) == "");
  CHECK(future.At(kStrictSerializable) == "G1c-real-time");
}

TEST_CASE("Planted chain of real time: order holds through many returns") {
  Tale t;
  t.Txn({A(kX, 1)});
  for (int i = 0; i < 20; ++i) t.Then().Txn({A(kY, i + 1)});
  t.Then().Txn({L(kX, {})});
  CHECK(t.At(kStrictSerializable) == "G-single-real-time");
}

TEST_CASE("Planted unknown: an unknown append is never the source of real time, and counts whole once seen") {
  Tale t;
  t.Unknown({A(kX, 1)}).Then().Txn({L(kX, {})}).Then().Txn({L(kX, {1})});
  CHECK(t.At(kStrictSerializable) == "");
  Tale whole;  // seen on x, so it happened on y as well
  whole.Unknown({A(kX, 1), A(kY, 1)}).Txn({L(kX, {1}), L(kY, {})}).Then().Txn({L(kY, {1})});
  CHECK(whole.At(kSerializable) == "G-single");
  Tale unseen;  // without a trace it takes part in nothing
  unseen.Unknown({A(kX, 1), A(kY, 1)}).Then().Txn({L(kX, {}), L(kY, {})});
  CHECK(unseen.At(kStrictSerializable) == "");
  Tale half;  // seen on x and missing on y, where nobody ever saw it: still whole
  half.Unknown({A(kX, 1), A(kY, 1)}).Txn({L(kX, {1}), L(kY, {})});
  CHECK(half.At(kSerializable) == "G-single");
  Tale target;  // invoked after T0 returned, so it cannot come before it
  target.Txn({A(kX, 1)}).Then().Unknown({A(kX, 2)}).Then().Txn({L(kX, {2, 1})});
  CHECK(target.At(kStrictSerializable) == "G0-real-time");
}

TEST_CASE("Planted unknown: what an unseen transaction read binds nobody, what a seen one read does") {
  for (const bool seen : {false, true}) {
    Script script;
    const auto add = [&](std::vector<ScriptMicro> micros, Outcome outcome) {
      ScriptOp op;
      op.invoke = static_cast<Instant>(script.ops.size());
      op.ret = 100;
      op.process = static_cast<uint32_t>(script.ops.size());
      op.outcome = outcome;
      op.micros = std::move(micros);
      script.ops.push_back(op);
    };
    // Write skew, half of it unknown although its read was answered.
    add({L(kX, {}), A(kY, 1)}, Outcome::kUnknown);
    add({L(kY, {}), A(kX, 1)}, Outcome::kOk);
    if (seen) add({L(kY, {1})}, Outcome::kOk);
    const CheckReport report = CheckIsolation(script.Build(), TxnModel::kListAppend, {.level = kSerializable}).value();
    CHECK(report.holds() == !seen);
  }
}

TEST_CASE("Planted acknowledged append that is gone: later reads prove the loss in real time") {
  Tale t;
  t.Txn({A(kX, 1)}).Then().Txn({A(kX, 2)}).Then().Txn({L(kX, {2})});
  CHECK(t.At(kSerializable) == "");  // it may come last
  CHECK(t.At(kStrictSerializable) == "G0-real-time");
}

TEST_CASE("Planted many tail readers and unread writers: the helper node keeps the cycle") {
  const auto crowd = [](std::vector<int64_t> seen_of_z) {
    Tale t;
    for (int i = 0; i < 6; ++i) t.Txn({L(kX, {}), L(kZ, i == 3 ? seen_of_z : std::vector<int64_t>{})});
    for (int i = 0; i < 6; ++i) t.Txn({A(kX, i + 1)});
    t.Txn({A(kX, 7), A(kZ, 7)});
    return t;
  };
  CHECK(crowd({}).At(kStrictSerializable) == "");
  Tale broken = crowd({7});
  CHECK(broken.At(kSnapshotIsolation) == "G-single");
  const CheckReport report = broken.Try(kSerializable).value();
  REQUIRE(report.Has("G-single"));
  CHECK(report.anomalies[0].ops.size() == 2);
  CHECK(report.anomalies[0].words.find("read x [] without 7") != std::string::npos);
  // Readers that are writers, too, get no edge to themselves.
  Tale both;
  for (int i = 0; i < 6; ++i) both.Txn({L(kX, {})});
  both.Txn({L(kX, {}), A(kX, 1)});
  for (int i = 0; i < 6; ++i) both.Txn({A(kX, i + 2)});
  CHECK(both.At(kStrictSerializable) == "");
}

TEST_CASE("Planted internal: a transaction must see its own appends, in place") {
  Tale blind;
  blind.Txn({A(kX, 1), L(kX, {})});
  CHECK(blind.At(kReadCommitted) == "internal");
  Tale future;
  future.Txn({L(kX, {1}), A(kX, 1)});
  CHECK(future.At(kReadCommitted) == "internal");
  Tale wrong_order;
  wrong_order.Txn({A(kX, 1), A(kX, 2), L(kX, {2, 1})});
  CHECK(wrong_order.At(kReadCommitted) == "internal");
  Tale fine;
  fine.Txn({L(kX, {}), A(kX, 1), L(kX, {1}), A(kX, 2), L(kX, {1, 2})});
  CHECK(fine.At(kStrictSerializable) == "");
}

TEST_CASE("Planted non-repeatable read: allowed when reads are only committed") {
  Tale t;
  t.Txn({A(kX, 1)}).Txn({L(kX, {}), L(kX, {1})});
  CHECK(t.At(kReadCommitted) == "");
  CHECK(t.At(kSnapshotIsolation) == "non-repeatable-read");
  Tale own;
  own.Txn({A(kX, 1)}).Txn({L(kX, {}), A(kX, 2), L(kX, {1, 2})});
  CHECK(own.At(kReadCommitted) == "");
  CHECK(own.At(kSnapshotIsolation) == "non-repeatable-read");
  Tale under;  // own writes lie over what others committed meanwhile
  under.Txn({A(kX, 1)}).Txn({A(kX, 2), L(kX, {2})}).Then().Txn({L(kX, {1, 2})});
  CHECK(under.At(kReadCommitted) == "");
  CHECK(under.At(kSnapshotIsolation) == "G-single");
}

TEST_CASE("Planted lost update below own appends: both built on the same version") {
  Tale t;
  t.Txn({A(kX, 1), L(kX, {1})}).Txn({A(kX, 2), L(kX, {2})}).Then().Txn({L(kX, {1, 2})});
  CHECK(t.At(kSnapshotIsolation) == "lost-update");
}

TEST_CASE("Planted garbage, duplicates and orders that do not fit") {
  Tale garbage;
  garbage.Txn({L(kX, {9})});
  CHECK(garbage.At(kReadCommitted) == "garbage-read");
  Tale twice;
  twice.Txn({A(kX, 1)}).Txn({L(kX, {1, 1})});
  CHECK(twice.At(kReadCommitted) == "duplicate-elements");
  Tale split;
  split.Txn({A(kX, 1)}).Txn({A(kX, 2)}).Txn({L(kX, {1, 2})}).Txn({L(kX, {2})});
  CHECK(split.At(kReadCommitted) == "incompatible-order");
  Tale backwards;
  backwards.Txn({A(kX, 1), A(kX, 2)}).Txn({L(kX, {2, 1})});
  CHECK(backwards.At(kReadCommitted) == "incompatible-order");
  Tale gap;
  gap.Txn({A(kX, 1), A(kX, 2)}).Txn({L(kX, {2})});
  CHECK(gap.At(kReadCommitted) == "incompatible-order");
}

TEST_CASE("Planted senseless histories are refused, not judged") {
  Tale doubled;
  doubled.Txn({A(kX, 1)}).Txn({A(kX, 1)});
  CHECK(doubled.Try(kSerializable).code() == StatusCode::kInvalidArgument);
  Tale foreign;
  foreign.Txn({W(kX, 1)});
  CHECK(foreign.Try(kSerializable).code() == StatusCode::kInvalidArgument);
  Tale scalar;
  scalar.Txn({R(kX, 1)});
  CHECK(scalar.Try(kSerializable).code() == StatusCode::kInvalidArgument);
  Tale registers(TxnModel::kRwRegister);
  registers.Txn({W(kX, 1)}).Txn({W(kX, 1)});
  CHECK(registers.Try(kSerializable).code() == StatusCode::kInvalidArgument);
  Tale lists(TxnModel::kRwRegister);
  lists.Txn({A(kX, 1)});
  CHECK(lists.Try(kSerializable).code() == StatusCode::kInvalidArgument);
  Tale nil(TxnModel::kRwRegister);
  nil.Txn({W(kX, 0)});
  CHECK(nil.Try(kSerializable).code() == StatusCode::kInvalidArgument);
}

TEST_CASE("Witness: the smallest of several cycles, in words, closed") {
  Tale t;
  // A cycle of three by wr, and apart from it one of two.
  t.Txn({A(kX, 1), L(kZ, {1})}).Txn({A(kY, 1), L(kX, {1})}).Txn({A(kZ, 1), L(kY, {1})});
  t.Txn({A(3, 1), L(4, {1})}).Txn({A(4, 1), L(3, {1})});
  const CheckReport report = t.Try(kReadCommitted).value();
  REQUIRE(report.anomalies.size() == 1);
  const Anomaly& anomaly = report.anomalies[0];
  CHECK(anomaly.ops == std::vector<OpIndex>{3, 4});
  CHECK(anomaly.minimal);
  REQUIRE(anomaly.cycle.size() == 2);
  CHECK(anomaly.cycle[0].target == anomaly.cycle[1].source);
  CHECK(anomaly.cycle[1].target == anomaly.cycle[0].source);
  CHECK(anomaly.words.find("T4 read k3 [1], which T3 appended to last") != std::string::npos);
}

TEST_CASE("Witness: the smallest cycle of a component, even if a longer one comes first") {
  // T0 reads from T2, T1 from T0, T2 from T1: a cycle of three. And T1 reads from T2: one of two.
  Tale t;
  t.Txn({A(kX, 1), L(kZ, {1})}).Txn({A(kY, 1), L(kX, {1}), L(kZ, {1})}).Txn({A(kZ, 1), L(kY, {1})});
  const CheckReport report = t.Try(kReadCommitted).value();
  REQUIRE(report.anomalies.size() == 1);
  CHECK(report.anomalies[0].ops.size() == 2);
}

TEST_CASE("Witness: real time counts transactions, not instants") {
  // T0 appends 1, much later T7 misses it: two transactions. Over T6, which returned just before: three.
  Tale t;
  t.Txn({A(kX, 1)});
  for (int i = 0; i < 5; ++i) t.Then().Txn({A(kY, i + 1)});
  t.Then().Txn({A(kX, 2)}).Then().Txn({L(kX, {})}).Then().Txn({L(kX, {1, 2})});
  const CheckReport report = t.Try(kStrictSerializable).value();
  REQUIRE(report.anomalies.size() == 1);
  CHECK(report.anomalies[0].name == "G-single-real-time");
  CHECK(report.anomalies[0].ops == std::vector<OpIndex>{7, 0});
}

TEST_CASE("Witness: real time is not blamed where plain dependencies suffice") {
  // T0 before T2 by two reads, and by real time as well; T2 misses half of T0.
  Tale t;
  t.Txn({A(kX, 1), A(kY, 1)}).Txn({L(kX, {1}), A(kZ, 1)}).Then().Txn({L(kZ, {1}), L(kY, {})}).Then().Txn({L(kY, {1})});
  CHECK(t.At(kStrictSerializable) == "G-single");
  CHECK_FALSE(t.Has(kStrictSerializable, "G-single-real-time"));
}

TEST_CASE("Planted G-single of five next to a long fork of four: both are named") {
  Tale t;
  t.Txn({A(kX, 1)}).Txn({A(kY, 1)}).Txn({L(kX, {1}), L(kY, {})}).Txn({L(kX, {}), L(kY, {1})});
  t.Txn({L(10, {}), L(14, {1})}).Txn({A(10, 1), A(11, 1)}).Txn({L(11, {1}), A(12, 1)});
  t.Txn({L(12, {1}), A(13, 1)}).Txn({L(13, {1}), A(14, 1)});
  CHECK(t.Has(kSnapshotIsolation, "G-single"));
  CHECK(t.Has(kSnapshotIsolation, "long-fork"));
}

TEST_CASE("Planted G-nonadjacent of four that is no long fork: one step is an order of writes") {
  Tale t;
  t.Txn({L(kX, {}), L(10, {1})}).Txn({A(kX, 1), A(kY, 1)}).Txn({A(kY, 2), L(kZ, {})}).Txn({A(kZ, 1), A(10, 1)});
  t.Txn({L(kY, {1, 2})});
  CHECK(t.At(kSnapshotIsolation) == "G-nonadjacent");
  CHECK_FALSE(t.Has(kSnapshotIsolation, "long-fork"));
}

TEST_CASE("Witness: the budget ends the search for the smallest, never the verdict") {
  Tale t;
  t.Txn({A(kX, 1), L(kZ, {1})}).Txn({A(kY, 1), L(kX, {1})}).Txn({A(kZ, 1), L(kY, {1})}).Then();
  Tale skew;
  skew.Txn({L(kX, {}), A(kY, 1)}).Txn({L(kY, {}), A(kX, 1)});
  for (const uint64_t budget : {uint64_t{0}, uint64_t{1}, uint64_t{2}}) {
    Script script;
    const auto append = [&](uint32_t own, uint32_t read) {
      ScriptOp op;
      op.invoke = static_cast<Instant>(script.ops.size());
      op.ret = 100 + op.invoke;
      op.micros = {A(own, 1), L(read, {1})};
      script.ops.push_back(op);
    };
    append(0, 2);
    append(1, 0);
    append(2, 1);
    for (IsolationLevel level : {kReadCommitted, kSnapshotIsolation, kSerializable}) {
      const CheckReport report =
          CheckIsolation(script.Build(), TxnModel::kListAppend, {.level = level, .witness_edges_max = budget}).value();
      CHECK(report.verdict == Verdict::kBroken);
      REQUIRE_FALSE(report.anomalies.empty());
      CHECK_FALSE(report.anomalies[0].minimal);
      CHECK(report.anomalies[0].cycle.size() == 3);
    }
  }
}

TEST_CASE("Witness: a cycle becomes a small SVG with a box and an arrow per step") {
  Tale t;
  t.Txn({L(kX, {}), A(kY, 1)}).Txn({L(kY, {}), A(kX, 1)}).Then();
  Script script;
  const auto add = [&](std::vector<ScriptMicro> micros) {
    ScriptOp op;
    op.invoke = static_cast<Instant>(script.ops.size());
    op.ret = 100;
    op.micros = std::move(micros);
    script.ops.push_back(op);
  };
  add({L(kX, {}), A(kY, 1)});
  add({L(kY, {}), A(kX, 1)});
  const History history = script.Build();
  const CheckReport report = CheckIsolation(history, TxnModel::kListAppend, {.level = kSerializable}).value();
  const std::string svg = CycleSvg(history, report.anomalies.at(0));
  const auto count = [&](std::string_view what) {
    size_t n = 0;
    for (size_t at = svg.find(what); at != std::string::npos; at = svg.find(what, at + 1)) ++n;
    return n;
  };
  CHECK(svg.starts_with("<svg "));
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(count("<rect ") == 2);
  CHECK(count("marker-end") == 2);
  CHECK(count(">rw</text>") == 2);
  CHECK(svg.size() < 4000);
  CHECK(CycleSvg(history, Anomaly{}).empty());
}

}  // namespace
}  // namespace orrery::check
