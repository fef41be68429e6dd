#include "workloads/check/isolation.h"

#include <doctest/doctest.h>

namespace orrery::check {
namespace {

TEST_CASE("Isolation: smoke") {
  History h;
  const Value x = h.Text("x");
  const Value y = h.Text("y");
  const Value one = h.Int(1);
  // Write skew on lists.
  const OpIndex a = h.Invoke(0, {MicroOp{.kind = MicroKind::kRead, .key = x}, Append(y, one)});
  const OpIndex b = h.Invoke(1, {MicroOp{.kind = MicroKind::kRead, .key = y}, Append(x, one)});
  h.Complete(a, Outcome::kOk, {h.ListRead(x, {}), Append(y, one)});
  h.Complete(b, Outcome::kOk, {h.ListRead(y, {}), Append(x, one)});
  IsolationOptions o;
  o.level = IsolationLevel::kSerializable;
  auto r = CheckIsolation(h, TxnModel::kListAppend, o).value();
  CHECK(r.Has("G2"));
  MESSAGE(r.ToString());
  o.level = IsolationLevel::kSnapshotIsolation;
  CHECK(CheckIsolation(h, TxnModel::kListAppend, o).value().holds());
}

}  // namespace
}  // namespace orrery::check
