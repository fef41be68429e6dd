#include "raft/region/helper_queue.h"

#include <doctest/doctest.h>

#include <string>

#include "runtime/fiber/test_loop.h"

namespace orrery {
namespace {

TEST_CASE("HelperQueue: more work than fibers waits its turn and is done, in order") {
  TestLoop loop;
  HelperQueue helpers(loop.domain, "helpers", 2);
  WaitQueue gate;
  std::string begun;
  int ended = 0;
  for (const char name : {'a', 'b', 'c', 'd', 'e'}) {
    helpers.Run(FiberName("work", static_cast<uint64_t>(name)), [&, name] {
      begun += name;
      gate.Wait();
      ++ended;
    });
  }
  loop.Run();
  CHECK(begun.size() == 2);
  CHECK(helpers.waiting() == 3);
  for (int i = 0; i < 5; ++i) {
    gate.NotifyOne();
    loop.Run();
  }
  CHECK(begun.substr(2) == "cde");
  CHECK(ended == 5);
  CHECK(helpers.waiting() == 0);
}

TEST_CASE("HelperQueue: killing it ends what runs and forgets what waits") {
  TestLoop loop;
  HelperQueue helpers(loop.domain, "helpers", 1);
  WaitQueue gate;
  int begun = 0;
  for (uint64_t i = 0; i < 3; ++i) {
    helpers.Run(FiberName("work", i), [&] {
      ++begun;
      gate.Wait();
    });
  }
  loop.Run();
  helpers.KillAll();
  loop.Run();
  CHECK(begun == 1);
  CHECK(helpers.waiting() == 0);
}

}  // namespace
}  // namespace orrery
