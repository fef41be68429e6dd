#include "faults/shrink/process_runner.h"

#include <doctest/doctest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "faults/shrink/fake_runner.h"
#include "faults/shrink/patience.h"

namespace orrery::faults {
namespace {

/// A folder with a program of our own in it; both go at the end.
class Programs {
 public:
  Programs() : folder_(std::filesystem::temp_directory_path() / ("orrery_runner_test" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~Programs() { std::filesystem::remove_all(folder_); }

  std::string Make(const std::string& name, const std::string& script) const {
    const std::filesystem::path path = folder_ / name;
    std::ofstream(path) << "#!/bin/sh\n" << script << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path.string();
  }
  std::string folder() const { return folder_.string(); }

 private:
  std::filesystem::path folder_;
};

std::optional<bool> Judge(ProcessRunner& runner) {
  REQUIRE(runner.Start(7, "text\n").ok());
  const auto done = runner.WaitAny();
  REQUIRE(done.ok());
  if (!done->has_value()) return std::nullopt;
  CHECK((*done)->ticket == 7);
  return (*done)->fails;
}

constexpr const char* kBroken = "echo '{\"signature\":\"safety/x\"}'; exit 10";
constexpr const char* kFine = "echo '{\"signature\":\"ok\"}'; exit 0";

TEST_CASE("ProcessRunner: a candidate counts if it shows the signature, and the clean program passes it") {
  const Programs programs;
  ProcessRunnerOptions options{.program = programs.Make("broken", kBroken),
                               .clean = "",
                               .signature = "safety/x",
                               .folder = programs.folder(),
                               .limits = kCandidateLimits,
                               .while_waiting = nullptr};
  {
    ProcessRunner runner(options);
    CHECK(Judge(runner) == true);
  }
  options.clean = programs.Make("fine", kFine);
  {
    ProcessRunner runner(options);
    CHECK(Judge(runner) == true);
  }
  options.clean = options.program;
  {
    ProcessRunner runner(options);
    CHECK(Judge(runner) == false);
  }
  options.signature = "safety/y";
  {
    ProcessRunner runner(options);
    CHECK(Judge(runner) == false);
  }
}

TEST_CASE("ProcessRunner: a worker that was killed gets a second chance, one that always is does not count") {
  const Programs programs;
  const std::string flag = programs.folder() + "/flag";
  ProcessRunnerOptions options{
      .program = programs.Make("once", "test -e " + flag + " || { touch " + flag + "; kill -9 $$; }\n" + kBroken),
      .clean = "",
      .signature = "safety/x",
      .folder = programs.folder(),
      .limits = kCandidateLimits,
      .while_waiting = nullptr};
  {
    ProcessRunner runner(options);
    CHECK(Judge(runner) == true);
    CHECK(runner.given_up() == 0);
  }
  options.program = programs.Make("always", "kill -9 $$");
  ProcessRunner runner(options);
  CHECK(Judge(runner) == false);
  CHECK(runner.given_up() == 1);
}

TEST_CASE("ProcessRunner: what takes too long does not count") {
  const Programs programs;
  ProcessRunnerOptions options{.program = programs.Make("sleeps", "exec sleep 30"),
                               .clean = "",
                               .signature = "safety/x",
                               .folder = programs.folder(),
                               .limits = {.cpu_seconds = 1, .wall_seconds = 0.3},
                               .while_waiting = nullptr};
  {
    ProcessRunner runner(options);
    CHECK(Judge(runner) == false);
  }
  options.program = programs.Make("spins", "while :; do :; done");
  options.limits.wall_seconds = 60;
  ProcessRunner runner(options);
  CHECK(Judge(runner) == false);
  CHECK(runner.given_up() == 1);
}

TEST_CASE("ProcessRunner: the deadline ends everything") {
  const Programs programs;
  ProcessRunner runner({.program = programs.Make("sleeps", "exec sleep 30"),
                        .clean = "",
                        .signature = "safety/x",
                        .folder = programs.folder(),
                        .limits = kCandidateLimits,
                        .deadline = MonotonicSeconds() + 0.2,
                        .while_waiting = nullptr});
  CHECK(Judge(runner) == std::nullopt);
}

TEST_CASE("ProcessRunner: a program that is not there and a folder that is not writable are errors that name them") {
  const Programs programs;
  ProcessRunnerOptions options{.program = "/nowhere/program",
                               .clean = "",
                               .signature = "x",
                               .folder = programs.folder(),
                               .limits = kCandidateLimits,
                               .while_waiting = nullptr};
  {
    ProcessRunner runner(options);
    CHECK(runner.Start(1, "text").ToString().find("/nowhere/program") != std::string::npos);
  }
  options.folder = "/nowhere";
  ProcessRunner runner(options);
  CHECK(runner.Start(1, "text").ToString().find("/nowhere/candidate0.toml") != std::string::npos);
}

}  // namespace
}  // namespace orrery::faults
