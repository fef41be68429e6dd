// Histories that papers and tools of the field published, told again as facts: who did what, and what is
// known to be wrong with it.
//   Herlihy, Wing: "Linearizability: a correctness condition for concurrent objects", TOPLAS 12(3), 1990
//   Athalye: "Testing distributed systems for linearizability", 2017 (the introduction to Porcupine)
//   Kingsbury, Alvaro: "Elle: inferring isolation anomalies from experimental observations", VLDB 14(3), 2020
//   Berenson, Bernstein, Gray, Melton, O'Neil, O'Neil: "A critique of ANSI SQL isolation levels", SIGMOD 1995
//   Fekete, O'Neil, O'Neil: "A read-only transaction anomaly under snapshot isolation", SIGMOD Record 33(3), 2004
//   Sovran, Power, Aguilera, Li: "Transactional storage for geo-replicated systems", SOSP 2011
//   Adya: "Weak consistency", MIT 1999
#include <doctest/doctest.h>

#include <vector>

#include "workloads/check/isolation.h"
#include "workloads/check/linearizability.h"

namespace orrery::check {
namespace {

using enum IsolationLevel;

/// An operation with its span on a clock.
struct At {
  Instant invoke;
  Instant ret;
  uint32_t process;
  MicroOp micro;
};

History OnAClock(const std::vector<At>& ops, History h = {}) {
  for (const At& at : ops) {
    h.Add({.invoke = at.invoke, .ret = at.ret, .process = at.process, .outcome = Outcome::kOk}, std::vector{at.micro});
  }
  return h;
}

TEST_CASE("Published: Herlihy and Wing 1990, queues with overlapping enqueues") {
  History h;
  const Value q = h.Text("q"), x = h.Text("x"), y = h.Text("y");
  // A enqueues x while B enqueues y; B dequeues x, A dequeues y: either order of the enqueues explains it.
  CHECK(
      CheckLinearizability(
          OnAClock(
              {{0, 3, 1, Enqueue(q, x)}, {1, 2, 2, Enqueue(q, y)}, {4, 5, 2, Dequeue(q, x)}, {6, 7, 1, Dequeue(q, y)}},
              h),
          *QueueModel())
          .value()
          .holds());
  // A enqueued x before B started to enqueue y, and yet y came out first.
  CHECK(CheckLinearizability(
            OnAClock({{0, 1, 1, Enqueue(q, x)}, {2, 3, 2, Enqueue(q, y)}, {4, 5, 1, Dequeue(q, y)}}, h), *QueueModel())
            .value()
            .verdict == Verdict::kBroken);
  // A dequeues x while its own enqueue of it is long done and B's dequeue gets x, too.
  CHECK(
      CheckLinearizability(
          OnAClock(
              {{0, 3, 1, Enqueue(q, x)}, {1, 2, 2, Enqueue(q, y)}, {4, 7, 1, Dequeue(q, y)}, {5, 6, 3, Dequeue(q, y)}},
              h),
          *QueueModel())
          .value()
          .verdict == Verdict::kBroken);
}

TEST_CASE("Published: the register examples of Porcupine's introduction") {
  History h;
  const Value r = h.Text("r"), zero = h.Int(0);
  const auto spec = RegisterModel(zero);
  // A put of 100 spans everything; one get sees it, another that overlaps both still sees 0.
  CHECK(CheckLinearizability(
            OnAClock({{0, 100, 0, Write(r, h.Int(100))}, {25, 75, 1, Read(r, h.Int(100))}, {30, 60, 2, Read(r, zero)}},
                     h),
            *spec)
            .value()
            .holds());
  // A get saw 200; a get that started afterwards saw 0 again.
  CHECK(CheckLinearizability(
            OnAClock({{0, 100, 0, Write(r, h.Int(200))}, {10, 30, 1, Read(r, h.Int(200))}, {40, 90, 2, Read(r, zero)}},
                     h),
            *spec)
            .value()
            .verdict == Verdict::kBroken);
}

/// Transactions that all overlap.
class Txns {
 public:
  History& h() { return h_; }
  Value N(int64_t n) { return h_.Int(n); }
  MicroOp L(int64_t key, std::vector<int64_t> list) {
    std::vector<Value> values;
    for (int64_t n : list) values.push_back(N(n));
    return h_.ListRead(N(key), values);
  }
  void Add(std::vector<MicroOp> micros, Outcome outcome = Outcome::kOk) {
    const auto n = static_cast<Instant>(h_.size());
    h_.Add({.invoke = n, .ret = 1000 + n, .process = static_cast<uint32_t>(n), .outcome = outcome}, micros);
  }
  CheckReport At(TxnModel model, IsolationLevel level) { return CheckIsolation(h_, model, {.level = level}).value(); }

 private:
  History h_;
};

TEST_CASE("Published: the Elle paper on TiDB 2.1.7, a lost update by blind retry") {
  // T1 reads 34 as [2 1] and appends 4 to it; T2 appended 5 in between; the order is [2 1 5 4].
  Txns t;
  t.Add({Append(t.N(34), t.N(2))});
  t.Add({Append(t.N(34), t.N(1))});
  t.Add({t.L(34, {2, 1}), Append(t.N(36), t.N(5)), Append(t.N(34), t.N(4))});
  t.Add({Append(t.N(34), t.N(5))});
  t.Add({t.L(34, {2, 1, 5, 4})});
  const CheckReport report = t.At(TxnModel::kListAppend, kSnapshotIsolation);
  REQUIRE(report.Has("G-single"));
  CHECK(report.anomalies[0].ops.size() == 2);
  CHECK(t.At(TxnModel::kListAppend, kReadCommitted).holds());
}

TEST_CASE("Published: the Elle paper on FaunaDB 2.6.0, a transaction that misses its own append") {
  Txns t;
  t.Add({Append(t.N(0), t.N(6)), t.L(0, {})});
  CHECK(t.At(TxnModel::kListAppend, kReadCommitted).Has("internal"));
}

TEST_CASE("Published: the Elle paper on Dgraph 1.1.1, a register read that misses its own write") {
  Txns t;
  t.Add({Write(t.N(10), t.N(1))});
  t.Add({Write(t.N(10), t.N(2)), Read(t.N(10), t.N(1))});
  CHECK(t.At(TxnModel::kRwRegister, kSnapshotIsolation).Has("internal"));
}

TEST_CASE("Published: Berenson et al. 1995, read skew (A5A) and write skew (A5B)") {
  Txns skew;  // one account is read before a transfer, the other after it
  skew.Add({Write(skew.N(1), skew.N(50)), Write(skew.N(2), skew.N(51))});
  skew.Add({Read(skew.N(1), skew.N(50)), Write(skew.N(1), skew.N(10)), Read(skew.N(2), skew.N(51)),
            Write(skew.N(2), skew.N(90))});
  skew.Add({Read(skew.N(1), skew.N(50)), Read(skew.N(2), skew.N(90))});
  CHECK(skew.At(TxnModel::kRwRegister, kReadCommitted).holds());
  CHECK(skew.At(TxnModel::kRwRegister, kSnapshotIsolation).Has("G-single"));
  Txns write;  // both check x + y, each takes from the other one
  write.Add({Write(write.N(1), write.N(50)), Write(write.N(2), write.N(51))});
  write.Add({Read(write.N(1), write.N(50)), Read(write.N(2), write.N(51)), Write(write.N(2), write.N(-40))});
  write.Add({Read(write.N(1), write.N(50)), Read(write.N(2), write.N(51)), Write(write.N(1), write.N(-41))});
  CHECK(write.At(TxnModel::kRwRegister, kSnapshotIsolation).holds());
  CHECK(write.At(TxnModel::kRwRegister, kSerializable).Has("G2"));
}

TEST_CASE("Published: Fekete et al. 2004, a transaction that only reads makes the history unserializable") {
  const auto tell = [](bool with_reader) {
    Txns t;  // a deposit of 20 into y; a withdrawal of 10 from x with a fee of 1, as x + y seemed to go below zero
    t.Add({Write(t.N(1), t.N(0)), Write(t.N(2), t.N(0))});
    t.Add({Read(t.N(2), t.N(0)), Write(t.N(2), t.N(20))});
    t.Add({Read(t.N(1), t.N(0)), Read(t.N(2), t.N(0)), Write(t.N(1), t.N(-11))});
    if (with_reader) t.Add({Read(t.N(1), t.N(0)), Read(t.N(2), t.N(20))});
    return t;
  };
  CHECK(tell(false).At(TxnModel::kRwRegister, kSerializable).holds());
  CHECK(tell(true).At(TxnModel::kRwRegister, kSnapshotIsolation).holds());
  const CheckReport report = tell(true).At(TxnModel::kRwRegister, kSerializable);
  REQUIRE(report.Has("G2"));
  CHECK(report.anomalies[0].ops.size() == 3);
}

TEST_CASE("Published: Sovran et al. 2011, long fork is what parallel snapshot isolation allows") {
  Txns t;
  t.Add({Write(t.N(1), t.N(1))});
  t.Add({Write(t.N(2), t.N(1))});
  t.Add({Read(t.N(1), t.N(1)), Read(t.N(2), kNil)});
  t.Add({Read(t.N(1), kNil), Read(t.N(2), t.N(1))});
  CHECK(t.At(TxnModel::kRwRegister, kSnapshotIsolation).Has("long-fork"));
}

TEST_CASE("Published: Adya 1999, the phenomena that define the portable levels") {
  Txns wcycle;  // H-wcycle: x and y are overwritten in opposite orders
  wcycle.Add({Append(wcycle.N(1), wcycle.N(2)), Append(wcycle.N(2), wcycle.N(5))});
  wcycle.Add({Append(wcycle.N(1), wcycle.N(5)), Append(wcycle.N(2), wcycle.N(8))});
  wcycle.Add({wcycle.L(1, {2, 5}), wcycle.L(2, {8, 5})});
  CHECK(wcycle.At(TxnModel::kListAppend, kReadCommitted).Has("G0"));
  Txns aborted;  // G1a
  aborted.Add({Write(aborted.N(1), aborted.N(2))}, Outcome::kFail);
  aborted.Add({Read(aborted.N(1), aborted.N(2))});
  CHECK(aborted.At(TxnModel::kRwRegister, kReadCommitted).Has("G1a"));
  Txns intermediate;  // G1b
  intermediate.Add({Write(intermediate.N(1), intermediate.N(1)), Write(intermediate.N(1), intermediate.N(2))});
  intermediate.Add({Read(intermediate.N(1), intermediate.N(1))});
  CHECK(intermediate.At(TxnModel::kRwRegister, kReadCommitted).Has("G1b"));
  Txns circular;  // G1c: information flows both ways
  circular.Add({Write(circular.N(1), circular.N(1)), Read(circular.N(2), circular.N(2))});
  circular.Add({Write(circular.N(2), circular.N(2)), Read(circular.N(1), circular.N(1))});
  CHECK(circular.At(TxnModel::kRwRegister, kReadCommitted).Has("G1c"));
}

}  // namespace
}  // namespace orrery::check
