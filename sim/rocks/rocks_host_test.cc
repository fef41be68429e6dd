#include <doctest/doctest.h>
#include <rocksdb/db.h>

#include <thread>

#include "sim/rocks/hooks.h"

namespace orrery::sim {
namespace {

TEST_CASE("Hooks: a scratch DB opens, flushes and closes on one thread") {
  CHECK(CheckRocksHooks() == Status::Ok());
  CHECK(CheckRocksHooks() == Status::Ok());
}

TEST_CASE("Hooks: outside a RocksScope threads and waits are libc's") {
  int ran = 0;
  std::thread([&ran] { ran = 1; }).join();
  CHECK(ran == 1);
}

}  // namespace
}  // namespace orrery::sim
