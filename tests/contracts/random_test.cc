#include "runtime/base/random.h"

#include <doctest/doctest.h>

#include <set>

#include "tests/contracts/contract_world.h"

namespace orrery {
namespace {

TEST_CASE("Random: every boot of every node has its own, and splits do not depend on draws") {
  const auto world = ContractWorld::Make(2);
  std::set<uint64_t> keys;
  const auto note = [&](Runtime& runtime) {
    keys.insert(runtime.random.key());
    Random drawn = runtime.random;
    drawn.NextU64();
    CHECK(drawn.Split("purpose").key() == runtime.random.Split("purpose").key());
  };
  world->Call(1, note);
  world->Call(2, note);
  world->Kill(1);
  world->Boot(1);
  world->Call(1, note);
  CHECK(keys.size() == 3);
}

}  // namespace
}  // namespace orrery
