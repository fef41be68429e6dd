#include "faults/signature.h"

#include <doctest/doctest.h>

#include "faults/simulation.h"

namespace orrery::faults {
namespace {

using sim::ExitCode;

TEST_CASE("Signature: the law and its class, nothing of the run") {
  SimulationReport report;
  CHECK(Signature(report) == "ok");
  report = {.seed = 7, .exit_code = ExitCode::kSafety, .outcome = "lost-write", .words = "set: element 17 is missing"};
  CHECK(Signature(report) == "safety/lost-write");
  report = {.exit_code = ExitCode::kLiveness, .outcome = "no-progress", .symptom = "settle"};
  CHECK(Signature(report) == "liveness/no-progress/settle");
}

TEST_CASE("Signature: an assertion is its file and condition, wherever the sources are") {
  const std::string here = "/home/a/raft/tree/raft/core/log.cc:17: assertion failed: a <= b\nnode crashed: Aborted\n";
  const std::string there =
      "raft boots\n../x/raft/core/log.cc:21: assertion failed: a <= b: 7 of 9: bad\n\nnode crashed: Aborted\nat 1.2 "
      "s\n";
  CHECK(SignatureOfCrash(ExitCode::kNodeCrashed, there) == "node_crashed/raft/core/log.cc: a <= b");
  CHECK(SignatureOfCrash(ExitCode::kNodeCrashed, here) == SignatureOfCrash(ExitCode::kNodeCrashed, there));
}

TEST_CASE("Signature: a condition with a scope or a conditional stays whole, its detail goes") {
  const std::string text = "raft/core/log.cc:3: assertion failed: Is(x ? a : b) && y::z: why: 3\n";
  CHECK(SignatureOfCrash(ExitCode::kNodeCrashed, text) == "node_crashed/raft/core/log.cc: Is(x ? a : b) && y::z");
}

TEST_CASE("Signature: a deadly signal is its name; without a report only the code is left") {
  CHECK(SignatureOfCrash(ExitCode::kNodeCrashed, "\nnode crashed: Segmentation fault\n./bin [0x1]\n") ==
        "node_crashed/Segmentation fault");
  CHECK(SignatureOfCrash(ExitCode::kHarness, "") == "harness");
}

TEST_CASE("Signature: a report of a crash and the text of the same crash agree") {
  const SimulationReport report{.exit_code = ExitCode::kNodeCrashed,
                                .outcome = "node-crashed",
                                .symptom = AssertionSite("/src/storage/engine.cc", "open_")};
  CHECK(Signature(report) ==
        SignatureOfCrash(ExitCode::kNodeCrashed, "/src/storage/engine.cc:9: assertion failed: open_\n"));
}

}  // namespace
}  // namespace orrery::faults
