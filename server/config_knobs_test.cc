#include "server/config_knobs.h"

#include <doctest/doctest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

using namespace orrery;

namespace {

/// A file that sets one knob on its line 5, and the knob that bounds it to whatever leaves it free.
std::string FileWith(const ConfigKnob& knob, const std::string& value) {
  const size_t dot = knob.key.find('.');
  const std::string section(knob.key.substr(0, dot));
  std::string text = "cluster_id = 1\nstore = [{id = 1, address = \"h:1\"}]\n\n[" + section + "]\n" +
                     std::string(knob.key.substr(dot + 1)) + " = " + value + "\n";
  StoreOptions options;
  const std::vector<ConfigKnob> knobs = ConfigKnobs(options);
  for (const ConfigKnob& other : knobs) {
    const bool bounds = other.key == knob.bound.key;
    const bool bounded = other.bound.key == knob.key;
    if (!bounds && !bounded) continue;
    const bool to_high = bounds ? knob.bound.is_limit : !other.bound.is_limit;
    text += std::string(other.key.substr(dot + 1)) + " = " + std::to_string(to_high ? other.high : other.low) + "\n";
  }
  return text;
}

std::string ErrorOf(const ConfigKnob& knob, const std::string& value) {
  const Result<ClusterConfig> config = ParseClusterConfig(FileWith(knob, value), "c.toml");
  return config.ok() ? "" : std::string(config.status().message());
}

std::string Size(uint64_t bytes) {
  const char* const units[] = {"", " KiB", " MiB", " GiB", " TiB"};
  size_t unit = 0;
  for (; unit < 4 && bytes >= 1024 && bytes % 1024 == 0; ++unit) bytes /= 1024;
  return std::to_string(bytes) + units[unit];
}

std::string Number(const ConfigKnob& knob, uint64_t value) {
  return knob.unit == "bytes" ? Size(value) : std::to_string(value);
}

/// How a row of the reference begins.
std::string RowOf(const ConfigKnob& knob) {
  const std::string key = "| `" + std::string(knob.key) + "` | ";
  if (knob.target.is_flag()) return key + (knob.target.Get() != 0 ? "true" : "false") + " | true, false | ";
  std::string low = Number(knob, knob.low);
  std::string high = Number(knob, knob.high);
  if (!knob.bound.key.empty()) {
    std::string bound(knob.bound.key.substr(knob.bound.key.find('.') + 1));
    if (knob.bound.offset != 0) {
      bound += (knob.bound.offset < 0 ? " - " : " + ") + std::to_string(std::abs(knob.bound.offset));
    }
    (knob.bound.is_limit ? high : low) = bound;
  }
  const std::string unit = knob.unit.empty() || knob.unit == "bytes" ? "" : " " + std::string(knob.unit);
  return key + Number(knob, knob.target.Get()) + unit + " | " + low + " to " + high + " | ";
}

std::string ReadReference() {
  std::ifstream file(ORRERY_REFERENCE_FILE);
  REQUIRE(file.good());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("Configuration knobs: the ends of every range are allowed, one step beyond is refused by line and key") {
  StoreOptions options;
  for (const ConfigKnob& knob : ConfigKnobs(options)) {
    CAPTURE(knob.key);
    if (knob.target.is_flag()) {
      CHECK(ErrorOf(knob, "true").empty());
      CHECK(ErrorOf(knob, "1") == "c.toml:5: " + std::string(knob.key) + ": is an integer, must be true or false");
      continue;
    }
    CHECK(ErrorOf(knob, std::to_string(knob.low)) == "");
    CHECK(ErrorOf(knob, std::to_string(knob.high)) == "");
    const std::string place = "c.toml:5: " + std::string(knob.key) + ": is ";
    for (const std::string& value : {std::to_string(static_cast<int64_t>(knob.low) - 1), std::to_string(knob.high + 1),
                                     std::string("9223372036854775807")}) {
      CHECK(ErrorOf(knob, value).starts_with(place + value + ", allowed is "));
    }
    CHECK(ErrorOf(knob, "1.5") == place + "a float, must be an integer");
    CHECK(ErrorOf(knob, "\"1\"") == place + "a string, must be an integer");
  }
}

TEST_CASE("Configuration knobs: what the file's range refuses, the options refuse too") {
  StoreOptions defaults;
  for (const ConfigKnob& named : ConfigKnobs(defaults)) {
    CAPTURE(named.key);
    if (named.target.is_flag()) continue;
    for (const uint64_t value : {named.low - 1, named.high + 1}) {
      if (value > UINT32_MAX * uint64_t{1'000'000}) continue;  // Below zero.
      StoreOptions options;
      for (const ConfigKnob& knob : ConfigKnobs(options)) {
        if (knob.key == named.key) knob.target.Set(value);
      }
      CHECK_FALSE(options.Validate().ok());
    }
  }
}

TEST_CASE("Configuration knobs: the defaults are valid, every key is there once") {
  StoreOptions options;
  CHECK(options.Validate().ok());
  std::set<std::string_view> keys;
  for (const ConfigKnob& knob : ConfigKnobs(options)) CHECK(keys.insert(knob.key).second);
  CHECK(keys.size() > 40);
}

TEST_CASE("Configuration reference: docs/operations.md lists every key with its default and range, and no other") {
  const std::string text = ReadReference();
  StoreOptions options;
  std::set<std::string> known;
  for (const std::string_view key : kConfigRootKeys) known.emplace(key);
  for (const ConfigKnob& knob : ConfigKnobs(options)) {
    known.emplace(knob.key);
    const std::string row = RowOf(knob);
    CHECK_MESSAGE(text.find("\n" + row) != std::string::npos, "docs/operations.md needs a row that begins: ", row);
  }
  std::set<std::string> listed;
  for (size_t at = text.find("\n| `"); at != std::string::npos; at = text.find("\n| `", at + 1)) {
    listed.insert(text.substr(at + 4, text.find('`', at + 4) - at - 4));
  }
  CHECK(listed == known);
}
