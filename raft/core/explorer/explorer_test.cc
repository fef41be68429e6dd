#include "raft/core/explorer/explorer.h"

#include <doctest/doctest.h>

namespace orrery::raft {
namespace {

/// A clock that counts its own readings: nothing here depends on how fast the machine is.
ExplorerResult Explore(const Bounds& bounds) {
  double readings = 0;
  const auto seconds = [&readings] { return readings += 1; };
  const auto progress = [](const ExplorerResult&) {};
  return Explorer(bounds).Run(ExplorerLimits{seconds, 1000, uint64_t{1} << 30, progress});
}

TEST_CASE("Explorer: a pair with one timeout, one entry and one crash is visited completely and keeps every law") {
  const ExplorerResult result = Explore({.nodes = 2, .timeouts = 1, .entries = 1, .crashes = 1, .beats = 0});
  INFO(ToString(result));
  CHECK(result.violation.ok());
  CHECK(result.complete);
  CHECK(result.states > 200);
}

TEST_CASE("Explorer: three peers, two timeouts and a crash are visited completely and keep every law") {
  const ExplorerResult result = Explore({.nodes = 3, .timeouts = 2, .entries = 0, .crashes = 1, .beats = 0});
  INFO(ToString(result));
  CHECK(result.violation.ok());
  CHECK(result.complete);
  CHECK(result.depth > 20);
}

TEST_CASE("Explorer: the same bounds give the same states and transitions") {
  const Bounds bounds{.nodes = 2, .timeouts = 1, .entries = 0, .crashes = 1, .beats = 0};
  const ExplorerResult once = Explore(bounds);
  const ExplorerResult again = Explore(bounds);
  CHECK(once.complete);
  CHECK(once.states == again.states);
  CHECK(once.transitions == again.transitions);
  CHECK(once.depth == again.depth);
}

TEST_CASE("Explorer: on a disk that forgets votes it finds two leaders of one term, by a shortest trace") {
  const ExplorerResult result =
      Explore({.nodes = 3, .timeouts = 2, .entries = 0, .crashes = 1, .beats = 0, .forgetful_disk = true});
  INFO(ToString(result));
  REQUIRE(!result.violation.ok());
  CHECK(std::string(result.violation.message()).find("Election Safety") != std::string::npos);
  // A timeout, a vote and its answer; a crash; the other timeout, the vote of the forgetful peer and its answer.
  CHECK(result.trace.size() == 7);
}

TEST_CASE("Explorer: bounds out of range are named") {
  const Status status = Bounds{.nodes = 9}.Validate();
  CHECK(status.code() == StatusCode::kInvalidArgument);
  CHECK(std::string(status.message()).find("nodes is 9") != std::string::npos);
}

}  // namespace
}  // namespace orrery::raft
