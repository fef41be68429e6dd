#include "faults/campaign/verify_fix.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "faults/capsule/capsule.h"

namespace orrery::faults {
namespace {

TEST_CASE("Rate: Wilson's interval, never outside of [0, 1], never empty") {
  CHECK(RateInterval(0, 0).low == 0);
  CHECK(RateInterval(0, 0).high == 1);
  CHECK(RateInterval(0, 200).low == 0);
  CHECK(RateInterval(0, 200).high == doctest::Approx(0.0188).epsilon(0.01));
  CHECK(RateInterval(200, 200).high == doctest::Approx(1));
  CHECK(RateInterval(200, 200).low == doctest::Approx(0.9812).epsilon(0.01));
  CHECK(RateInterval(50, 100).low == doctest::Approx(0.4038).epsilon(0.01));
  CHECK(RateInterval(50, 100).high == doctest::Approx(0.5962).epsilon(0.01));
}

TEST_CASE("Fix: it counts if the failure was seen before and nothing fails after") {
  const SaltTally seen{.runs = 200, .same = 3, .gravest = sim::ExitCode::kSafety};
  const SaltTally clean{.runs = 200};
  CHECK(JudgeFix(seen, clean) == sim::ExitCode::kOk);
  CHECK(JudgeFix(clean, clean) == sim::ExitCode::kNotReproduced);
  CHECK(JudgeFix(seen, {.runs = 199, .cut_off = 1}) == sim::ExitCode::kUndecided);
  CHECK(JudgeFix(seen, {}) == sim::ExitCode::kUndecided);
  CHECK(JudgeFix(seen, seen) == sim::ExitCode::kSafety);
  CHECK(JudgeFix(clean, seen) == sim::ExitCode::kSafety);
  // A fix that lets something else fail is none.
  CHECK(JudgeFix(seen, {.runs = 200, .other = {{"liveness/x", 1}}, .gravest = sim::ExitCode::kLiveness}) ==
        sim::ExitCode::kLiveness);
}

/// Programs that answer `replay` by a script.
struct Lab {
  Lab() : folder("/tmp/orrery-verify-fix-test-" + std::to_string(getpid())) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    Capsule recorded;
    recorded.build = {.commit = "unknown", .patch = "", .rocksdb = "7"};
    recorded.scenario = "s";
    recorded.expected = {
        .exit_code = sim::ExitCode::kSafety, .outcome = "lost-write", .signature = "safety/lost-write"};
    recorded.workloads = {{.name = "set", .options = {.clients = 1}, .operations = {}}};
    const Status written = WriteCapsule(recorded, capsule());
    REQUIRE_MESSAGE(written.ok(), written.ToString());
  }
  ~Lab() { std::filesystem::remove_all(folder); }

  std::string capsule() const { return folder + "/capsule.toml"; }
  std::string Program(const std::string& name, int code, const std::string& signature) const {
    const std::string path = folder + "/" + name;
    std::ofstream(path) << "#!/bin/sh\n[ \"$1 $3\" = 'replay --json' ] && grep -q . \"$2\" || exit 14\n"
                        << "echo '{\"scenario\":\"s\",\"seed\":1,\"exit_code\":" << code << ",\"signature\":\""
                        << signature << "\",\"fingerprint\":\"f\",\"events\":1,\"outcome\":\"o\"}'\nexit " << code
                        << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }
  sim::ExitCode Verify(const std::string& before, const std::string& after) const {
    return VerifyFix({.capsule = capsule(), .before = before, .after = after, .salts = 3});
  }
  std::string folder;
};

TEST_CASE("Verify-fix: programs are run on the capsule and their answers counted") {
  const Lab lab;
  const std::string good = lab.Program("good", 0, "ok");
  const std::string bad = lab.Program("bad", 10, "safety/lost-write");
  const std::string other = lab.Program("other", 11, "liveness/no-progress");
  CHECK(lab.Verify(bad, good) == sim::ExitCode::kOk);
  CHECK(lab.Verify(good, good) == sim::ExitCode::kNotReproduced);
  CHECK(lab.Verify(other, good) == sim::ExitCode::kNotReproduced);
  CHECK(lab.Verify(bad, bad) == sim::ExitCode::kSafety);
  CHECK(lab.Verify(bad, other) == sim::ExitCode::kLiveness);
  CHECK(lab.Verify("/bin/true", good) == sim::ExitCode::kUndecided);  // It gives no report: nothing is shown.
  CHECK(lab.Verify(bad, "/bin/true") == sim::ExitCode::kUndecided);
  CHECK(lab.Verify(bad, "/no/such/program") == sim::ExitCode::kHarness);
  CHECK(VerifyFix({.capsule = "/no/such/capsule", .before = bad, .after = good}) == sim::ExitCode::kUsage);
}

}  // namespace
}  // namespace orrery::faults
