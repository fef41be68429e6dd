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
  report = {.exit_code = ExitCode::kLiveness, .outcome = "no-progress", .symptom = "clients"};
  CHECK(Signature(report) == "liveness/no-progress/clients");
}

TEST_CASE("Signature: an assertion is its file and condition, wherever the sources are") {
  CHECK(AssertionSite("/home/a/raft/tree/raft/core/log.cc", "a <= b") == "raft/core/log.cc: a <= b");
  CHECK(AssertionSite("../x/raft/core/log.cc", " a <= b ") == "raft/core/log.cc: a <= b");
  CHECK(AssertionSite("./table/block_based/block.cc", "size > 0") == "table/block_based/block.cc: size > 0");
}

TEST_CASE("Signature: the reason of an exit has no numbers and names of one run") {
  CHECK(MessageForm("region 1: entry 17 of term 4 is missing") == "region #: entry # of term # is missing");
  CHECK(MessageForm("engine/000012.sst: stored 0xAB12, not 3f") == "engine/#.sst: stored #, not #");
  CHECK(MessageForm("two\nlines\x01") == "two?lines?");
  CHECK(MessageForm("") == "");
  CHECK(MessageForm(std::string(300, 'x')).size() == 100);
}

TEST_CASE("Signature: a crash is its site alone") {
  const SimulationReport report{.exit_code = ExitCode::kNodeCrashed,
                                .outcome = "node-crashed",
                                .symptom = AssertionSite("/src/storage/engine.cc", "open_")};
  CHECK(Signature(report) == "node_crashed/storage/engine.cc: open_");
}

}  // namespace
}  // namespace orrery::faults
