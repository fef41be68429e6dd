#include "faults/campaign/known_failures.h"

#include <doctest/doctest.h>

#include "faults/capsule/files.h"

namespace orrery::faults {
namespace {

std::string ErrorOf(std::string_view text) {
  return std::string(ParseKnownFailures(text, "k.toml").status().message());
}

TEST_CASE("Known failures: signature, reason and the day it is red again") {
  const auto known = ParseKnownFailures(R"(
[[failure]]
signature = "safety/lost-write"
reason = "docs/known-issues.md"
expires = 2026-12-31
)",
                                        "k.toml");
  REQUIRE(known.ok());
  REQUIRE(known->size() == 1);
  CHECK(known->front().expires == 20261231);
  CHECK(DateText(known->front().expires) == "2026-12-31");
  CHECK(FindKnown(*known, "safety/lost-write") == &known->front());
  CHECK(FindKnown(*known, "safety/lost") == nullptr);
  CHECK_FALSE(IsExpired(known->front(), 20261230));
  CHECK(IsExpired(known->front(), 20261231));
  CHECK(IsExpired(known->front(), 20270101));
  CHECK(ParseKnownFailures("", "k.toml")->empty());
}

TEST_CASE("Known failures: errors name file, line and key") {
  CHECK(ErrorOf("[[failure]]\nreason = \"r\"\nexpires = 2026-12-31") == "k.toml:1: failure.signature: is missing");
  CHECK(ErrorOf("[[failure]]\nsignature = \"s\"\nexpires = 2026-12-31") == "k.toml:1: failure.reason: is missing");
  CHECK(ErrorOf("[[failure]]\nsignature = \"s\"\nreason = \"r\"") == "k.toml:1: failure.expires: is missing");
  CHECK(ErrorOf("[[failure]]\nsignature = \"s\"\nreason = \"r\"\nexpires = \"never\"") ==
        "k.toml:4: failure.expires: must be a date like 2026-12-31");
  CHECK(ErrorOf("[[failure]]\nsignature = \"\"\nreason = \"r\"\nexpires = 2026-12-31") ==
        "k.toml:2: failure.signature: must be a text");
  CHECK(ErrorOf("[[failure]]\nsignature = \"s\"\nreason = \"r\"\nexpires = 2026-12-31\nseed = 3") ==
        "k.toml:5: failure.seed: is not a known key");
  CHECK(ErrorOf("[failure]\nsignature = \"s\"") == "k.toml:1: failure: must be written as [[failure]]");
  CHECK(ErrorOf("[[failures]]\n") == "k.toml:1: failures: is not a known key");
  CHECK(ErrorOf("[[failure]]\nexpires = 2026-13-31").starts_with("k.toml:2: "));
  const std::string one = "[[failure]]\nsignature = \"s\"\nreason = \"r\"\nexpires = 2026-12-31\n";
  CHECK(ErrorOf(one + one) == "k.toml:5: failure.signature: \"s\" stands here twice");
}

TEST_CASE("Known failures: the project's own list can be read, and today is a date") {
  const auto text = ReadWholeFile("faults/known_failures.toml");
  REQUIRE(text.ok());
  CHECK(ParseKnownFailures(*text, "faults/known_failures.toml").ok());
  CHECK(Today() > 20260101);
  CHECK(Today() % 100 >= 1);
  CHECK(Today() % 100 <= 31);
}

}  // namespace
}  // namespace orrery::faults
