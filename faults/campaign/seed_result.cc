#include "faults/campaign/seed_result.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "sim/exit_codes.h"

namespace orrery::faults {
namespace {

using nlohmann::json;

/// Reads fields whose type may be anything: a report of another version is no crash.
class Fields {
 public:
  explicit Fields(const json& object) : object_(object) {}

  std::string Text(const char* key) const {
    const auto found = object_.find(key);
    return found != object_.end() && found->is_string() ? found->get<std::string>() : std::string();
  }
  uint64_t Count(const char* key) const {
    const auto found = object_.find(key);
    return found != object_.end() && found->is_number_unsigned() ? found->get<uint64_t>() : 0;
  }
  double Number(const char* key) const {
    const auto found = object_.find(key);
    return found != object_.end() && found->is_number() ? found->get<double>() : 0;
  }
  bool Flag(const char* key) const {
    const auto found = object_.find(key);
    return found != object_.end() && found->is_boolean() && found->get<bool>();
  }
  std::map<std::string, uint64_t> Counts(const char* key) const {
    std::map<std::string, uint64_t> counts;
    const auto found = object_.find(key);
    if (found == object_.end() || !found->is_object()) return counts;
    for (const auto& [name, value] : found->items()) {
      if (value.is_number_unsigned()) counts[name] = value.get<uint64_t>();
    }
    return counts;
  }

 private:
  const json& object_;
};

Result<json> ParseObject(std::string_view text) {
  json object = json::parse(text, nullptr, false);
  const bool whole = object.is_object() && object.contains("scenario") && object["scenario"].is_string() &&
                     object.contains("seed") && object["seed"].is_number_unsigned() && object.contains("exit_code") &&
                     object["exit_code"].is_number_integer();
  if (!whole) return Status(StatusCode::kCorruption, "no result of a run");
  return object;
}

DoubleRun ParseDoubleRun(const std::string& name) {
  for (const DoubleRun value : {DoubleRun::kEqual, DoubleRun::kDiffers}) {
    if (name == DoubleRunName(value)) return value;
  }
  return DoubleRun::kNone;
}

SeedResult FromObject(const json& object) {
  const Fields fields(object);
  SeedResult result;
  result.scenario = fields.Text("scenario");
  result.seed = fields.Count("seed");
  result.exit_code = object["exit_code"].get<int>();
  result.outcome = fields.Text("outcome");
  result.words = fields.Text("words");
  result.fingerprint = fields.Text("fingerprint");
  result.signature = fields.Text("signature");
  result.double_run = ParseDoubleRun(fields.Text("double_run"));
  result.confirmed = fields.Flag("confirmed");
  result.spent_seconds = fields.Number("spent_seconds");
  result.memory_bytes = fields.Count("memory_bytes");
  result.events = fields.Count("events");
  result.acknowledged = fields.Count("acknowledged");
  result.cpu_seconds = fields.Number("cpu_seconds");
  result.virtual_seconds = fields.Number("virtual_seconds");
  result.probes = fields.Counts("probes");
  result.faults = fields.Counts("faults");
  result.plans = fields.Counts("plans");
  return result;
}

}  // namespace

std::string_view DoubleRunName(DoubleRun value) {
  switch (value) {
    case DoubleRun::kNone: return "none";
    case DoubleRun::kEqual: return "equal";
    case DoubleRun::kDiffers: return "differs";
  }
  return "none";
}

bool SeedResult::finished() const {
  static constexpr std::string_view kUnfinished[] = {"cpu-limit", "wall-limit",      "out-of-memory", "killed",
                                                     "no-report", "harness-crashed", "not-reproduced"};
  return std::find(std::begin(kUnfinished), std::end(kUnfinished), outcome) == std::end(kUnfinished);
}

Result<SeedResult> ParseRunReport(std::string_view text) {
  ORRERY_ASSIGN_OR_RETURN(const json object, ParseObject(text));
  SeedResult result = FromObject(object);
  // A node that crashed has no end to hash.
  if (result.events == 0) result.fingerprint.clear();
  return result;
}

std::string ToResultLine(const SeedResult& result, std::string_view run_report) {
  json object = json::parse(run_report, nullptr, false);
  if (!object.is_object()) object = json::object();
  object["scenario"] = result.scenario;
  object["seed"] = result.seed;
  object["exit_code"] = result.exit_code;
  object["outcome"] = result.outcome;
  object["words"] = result.words;
  object["fingerprint"] = result.fingerprint;
  object["signature"] = result.signature;
  object["double_run"] = DoubleRunName(result.double_run);
  object["confirmed"] = result.confirmed;
  object["spent_seconds"] = result.spent_seconds;
  object["memory_bytes"] = result.memory_bytes;
  object["cpu_seconds"] = result.cpu_seconds;
  return object.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<SeedResult> ParseResultLine(std::string_view line) {
  ORRERY_ASSIGN_OR_RETURN(const json object, ParseObject(line));
  return FromObject(object);
}

bool SameRun(const SeedResult& a, const SeedResult& b) {
  return a.exit_code == b.exit_code && a.outcome == b.outcome && a.fingerprint == b.fingerprint && a.events == b.events;
}

}  // namespace orrery::faults
