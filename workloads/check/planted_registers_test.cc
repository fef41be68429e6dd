// Planted histories of registers: each anomaly, and next to it the near miss that is allowed.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "workloads/check/isolation.h"
#include "workloads/check/proof/tale.h"

namespace orrery::check {
namespace {

using enum IsolationLevel;

TEST_CASE("Planted registers: dirty, intermediate, circular, skewed, lost") {
  Tale g1a(TxnModel::kRwRegister);
  g1a.Aborted({W(kX, 1)}).Txn({R(kX, 1)});
  CHECK(g1a.At(kReadCommitted) == "G1a");
  Tale g1b(TxnModel::kRwRegister);
  g1b.Txn({W(kX, 1), W(kX, 2)}).Txn({R(kX, 1)});
  CHECK(g1b.At(kReadCommitted) == "G1b");
  Tale g1c(TxnModel::kRwRegister);
  g1c.Txn({W(kX, 1), R(kY, 1)}).Txn({W(kY, 1), R(kX, 1)});
  CHECK(g1c.At(kReadCommitted) == "G1c");
  Tale single(TxnModel::kRwRegister);
  single.Txn({W(kX, 1), W(kY, 1)}).Txn({R(kX, 1), R(kY, 0)});
  CHECK(single.At(kReadCommitted) == "");
  CHECK(single.At(kSnapshotIsolation) == "G-single");
  Tale skew(TxnModel::kRwRegister);
  skew.Txn({R(kX, 0), W(kY, 1)}).Txn({R(kY, 0), W(kX, 1)});
  CHECK(skew.At(kSnapshotIsolation) == "");
  CHECK(skew.At(kSerializable) == "G2");
  Tale lost(TxnModel::kRwRegister);
  lost.Txn({R(kX, 0), W(kX, 1)}).Txn({R(kX, 0), W(kX, 2)});
  CHECK(lost.At(kReadCommitted) == "");
  CHECK(lost.At(kSnapshotIsolation) == "lost-update");
  Tale fork(TxnModel::kRwRegister);
  fork.Txn({W(kX, 1)}).Txn({W(kY, 1)}).Txn({R(kX, 1), R(kY, 0)}).Txn({R(kX, 0), R(kY, 1)});
  CHECK(fork.At(kSnapshotIsolation) == "long-fork");
  Tale garbage(TxnModel::kRwRegister);
  garbage.Txn({R(kX, 9)});
  CHECK(garbage.At(kReadCommitted) == "garbage-read");
  Tale chain(TxnModel::kRwRegister);  // later versions are known through reads before writes
  chain.Txn({R(kX, 0), W(kX, 1)}).Txn({R(kX, 1), W(kX, 2), W(kY, 1)}).Txn({R(kY, 1), R(kX, 1)});
  CHECK(chain.At(kReadCommitted) == "");
  CHECK(chain.At(kSnapshotIsolation) == "G-single");
  Tale fine(TxnModel::kRwRegister);
  fine.Txn({R(kX, 0), W(kX, 1)}).Txn({R(kX, 1), W(kX, 2)}).Then().Txn({R(kX, 2)});
  CHECK(fine.At(kStrictSerializable) == "");
}

TEST_CASE("Planted registers: G0 through read-before-write, version cycles, unknown writers") {
  Tale g0(TxnModel::kRwRegister);
  g0.Txn({R(kX, 0), W(kX, 1), R(kY, 2), W(kY, 3)}).Txn({R(kX, 1), W(kX, 2), R(kY, 0), W(kY, 2)});
  CHECK(g0.At(kReadCommitted) == "G0");
  Tale cyclic(TxnModel::kRwRegister);
  cyclic.Txn({R(kX, 1), W(kX, 2)}).Txn({R(kX, 2), W(kX, 1)});
  CHECK(cyclic.At(kReadCommitted) == "cyclic-versions");
  Tale whole(TxnModel::kRwRegister);
  whole.Unknown({W(kX, 1), W(kY, 1)}).Txn({R(kX, 1), R(kY, 0)});
  CHECK(whole.At(kSerializable) == "G-single");
  Tale unseen(TxnModel::kRwRegister);
  unseen.Unknown({W(kX, 1), W(kY, 1)}).Then().Txn({R(kX, 0), R(kY, 0)});
  CHECK(unseen.At(kStrictSerializable) == "");
}

TEST_CASE("Planted registers: internal and non-repeatable reads") {
  Tale own(TxnModel::kRwRegister);
  own.Txn({W(kX, 1), R(kX, 0)});
  CHECK(own.At(kReadCommitted) == "internal");
  Tale future(TxnModel::kRwRegister);
  future.Txn({R(kX, 1), W(kX, 1)});
  CHECK(future.At(kReadCommitted) == "internal");
  Tale fuzzy(TxnModel::kRwRegister);
  fuzzy.Txn({W(kX, 1)}).Txn({R(kX, 0), R(kX, 1)});
  CHECK(fuzzy.At(kReadCommitted) == "");
  CHECK(fuzzy.At(kSnapshotIsolation) == "non-repeatable-read");
  Tale fine(TxnModel::kRwRegister);
  fine.Txn({W(kX, 1), R(kX, 1), W(kX, 2), R(kX, 2)});
  CHECK(fine.At(kStrictSerializable) == "");
}

TEST_CASE("Planted registers: with linearizable keys real time orders the versions") {
  // Blind writes: nothing but real time tells that 2 came after 1.
  Tale t(TxnModel::kRwRegister);
  t.Txn({W(kX, 1)}).Then().Txn({W(kX, 2), W(kY, 1)}).Then().Txn({R(kY, 1), R(kX, 1)});
  CHECK(t.At(kSerializable) == "");
  // With it the last read goes back in the key itself: no order of versions fits.
  CHECK(t.Try(kSerializable, true).value().Has("cyclic-versions"));
  Tale concurrent(TxnModel::kRwRegister);
  concurrent.Txn({W(kX, 1)}).Then().Txn({W(kX, 2), W(kY, 1)}).Txn({R(kY, 1), R(kX, 1)});
  CHECK(concurrent.At(kSerializable) == "");
  CHECK(concurrent.Try(kSerializable, true).value().Has("G-single"));
  Tale stale(TxnModel::kRwRegister);
  stale.Txn({W(kX, 1)}).Then().Txn({W(kX, 2)}).Then().Txn({R(kX, 1)}).Stale();
  CHECK(stale.Try(kSerializable, true).value().holds());
  Tale nil(TxnModel::kRwRegister);
  nil.Txn({W(kX, 1)}).Then().Txn({R(kX, 0)});
  CHECK(nil.Try(kSerializable, true).value().Has("cyclic-versions"));
  Tale beside(TxnModel::kRwRegister);  // the write returned first, but an overlapping read stands beside it
  beside.Txn({W(kX, 1)}).Txn({R(kX, 0)}).Then().Txn({R(kX, 0)});
  CHECK(beside.Try(kSerializable, true).value().Has("cyclic-versions"));
  Tale fine(TxnModel::kRwRegister);
  fine.Txn({W(kX, 1)}).Then().Txn({R(kX, 1)}).Then().Txn({W(kX, 2)}).Then().Txn({R(kX, 2)});
  CHECK(fine.Try(kStrictSerializable, true).value().holds());
}

}  // namespace
}  // namespace orrery::check
