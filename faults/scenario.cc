#include "faults/scenario.h"

#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace orrery::faults {
namespace {

/// Reads one table: remembers the first error with its place, and which keys were asked for.
class TableReader {
 public:
  TableReader(const toml::table& table, std::string_view file, std::string path)
      : table_(table), file_(file), path_(std::move(path)) {}

  std::string Text(std::string_view key, std::string fallback) {
    const toml::node* node = Find(key);
    if (node == nullptr) return fallback;
    if (const auto text = node->value_exact<std::string>()) return *text;
    Complain(*node, key, "must be a text");
    return fallback;
  }

  bool Flag(std::string_view key, bool fallback) {
    const toml::node* node = Find(key);
    if (node == nullptr) return fallback;
    if (const auto flag = node->value_exact<bool>()) return *flag;
    Complain(*node, key, "must be true or false");
    return fallback;
  }

  template <class Integer>
  Integer Number(std::string_view key, Integer fallback, Integer low, Integer high) {
    const toml::node* node = Find(key);
    return node == nullptr ? fallback : CheckNumber(*node, key, fallback, low, high);
  }

  /// A number or a pair [low, high].
  template <class Integer>
  std::pair<Integer, Integer> NumberRange(std::string_view key, Integer fallback, Integer low, Integer high) {
    const toml::node* node = Find(key);
    if (node == nullptr) return {fallback, fallback};
    const toml::array* pair = node->as_array();
    if (pair == nullptr) {
      const Integer value = CheckNumber(*node, key, fallback, low, high);
      return {value, value};
    }
    if (pair->size() != 2) {
      Complain(*node, key, "must be a number or [low, high]");
      return {fallback, fallback};
    }
    const std::pair<Integer, Integer> range = {CheckNumber(*pair->get(0), key, fallback, low, high),
                                               CheckNumber(*pair->get(1), key, fallback, low, high)};
    if (range.first > range.second) Complain(*node, key, "has its low end above its high end");
    return range;
  }

  /// Seconds, whole or with a fraction.
  Duration Seconds(std::string_view key, Duration fallback, double low, double high) {
    const toml::node* node = Find(key);
    return node == nullptr ? fallback : CheckSeconds(*node, key, fallback, low, high);
  }

  SpanRange SecondsRange(std::string_view key, SpanRange fallback, double low, double high) {
    const toml::node* node = Find(key);
    if (node == nullptr) return fallback;
    const toml::array* pair = node->as_array();
    if (pair == nullptr) {
      const Duration value = CheckSeconds(*node, key, fallback.low, low, high);
      return {value, value};
    }
    if (pair->size() != 2) {
      Complain(*node, key, "must be seconds or [low, high]");
      return fallback;
    }
    const SpanRange range = {CheckSeconds(*pair->get(0), key, fallback.low, low, high),
                             CheckSeconds(*pair->get(1), key, fallback.high, low, high)};
    if (range.low > range.high) Complain(*node, key, "has its low end above its high end");
    return range;
  }

  const toml::table* Table(std::string_view key) {
    const toml::node* node = Find(key);
    if (node == nullptr) return nullptr;
    if (node->is_table()) return node->as_table();
    Complain(*node, key, "must be a table");
    return nullptr;
  }

  /// Every table of an array of tables.
  std::vector<const toml::table*> Tables(std::string_view key) {
    std::vector<const toml::table*> tables;
    const toml::node* node = Find(key);
    if (node == nullptr) return tables;
    if (!node->is_array_of_tables()) {
      Complain(*node, key, "must be written as [[" + std::string(key) + "]]");
      return tables;
    }
    for (const toml::node& element : *node->as_array()) tables.push_back(element.as_table());
    return tables;
  }

  void Complain(const toml::node& node, std::string_view key, const std::string& what) {
    if (!status_.ok()) return;
    status_ = Status(StatusCode::kInvalidArgument, std::string(file_) + ":" + std::to_string(node.source().begin.line) +
                                                       ": " + path_ + std::string(key) + ": " + what);
  }

  /// The first error, or the first key that nobody asked for.
  Status Finish() {
    for (const auto& [key, node] : table_) {
      if (!asked_.contains(std::string(key.str()))) Complain(node, key.str(), "is not a known key");
    }
    return status_;
  }

  const toml::table& table() const { return table_; }

 private:
  const toml::node* Find(std::string_view key) {
    asked_.emplace(key);
    return table_.get(key);
  }

  template <class Integer>
  Integer CheckNumber(const toml::node& node, std::string_view key, Integer fallback, Integer low, Integer high) {
    const auto number = node.value_exact<int64_t>();
    if (!number) {
      Complain(node, key, "must be a whole number");
      return fallback;
    }
    if (*number < static_cast<int64_t>(low) || *number > static_cast<int64_t>(high)) {
      Complain(node, key,
               "is " + std::to_string(*number) + ", must be between " + std::to_string(low) + " and " +
                   std::to_string(high));
      return fallback;
    }
    return static_cast<Integer>(*number);
  }

  Duration CheckSeconds(const toml::node& node, std::string_view key, Duration fallback, double low, double high) {
    const std::optional<double> number = node.value<double>();
    if (!number || !node.is_number()) {
      Complain(node, key, "must be a number of seconds");
      return fallback;
    }
    if (*number < low || *number > high) {
      std::ostringstream what;
      what << "is " << *number << " s, must be between " << low << " and " << high;
      Complain(node, key, what.str());
      return fallback;
    }
    return Duration(static_cast<int64_t>(*number * 1e9));
  }

  const toml::table& table_;
  std::string_view file_;
  std::string path_;
  std::set<std::string> asked_;
  Status status_;
};

constexpr double kHour = 3600;

Status ReadCluster(TableReader& root, std::string_view file, Scenario& scenario) {
  const toml::table* table = root.Table("cluster");
  if (table == nullptr) return Status::Ok();
  TableReader reader(*table, file, "cluster.");
  std::tie(scenario.stores_low, scenario.stores_high) = reader.NumberRange<uint32_t>("stores", 3, 1, 9);
  scenario.spare_stores = reader.Number<uint32_t>("spare_stores", scenario.spare_stores, 0, 3);
  scenario.random_knobs = reader.Flag("random_knobs", scenario.random_knobs);
  scenario.lying_fsync = reader.Flag("lying_fsync", scenario.lying_fsync);
  return reader.Finish();
}

Status ReadRun(TableReader& root, std::string_view file, Scenario& scenario) {
  const toml::table* table = root.Table("run");
  if (table == nullptr) return Status::Ok();
  TableReader reader(*table, file, "run.");
  scenario.safety = reader.Seconds("safety_seconds", scenario.safety, 0, 24 * kHour);
  scenario.liveness_limit = reader.Seconds("liveness_limit_seconds", scenario.liveness_limit, 1, kHour);
  scenario.events_max = reader.Number<uint64_t>("events_max", scenario.events_max, 1000, uint64_t{1} << 40);
  return reader.Finish();
}

Status ReadWorkload(const toml::table& table, std::string_view file, Scenario& scenario) {
  TableReader reader(table, file, "workload.");
  WorkloadPlan plan;
  plan.name = reader.Text("name", "");
  plan.options.clients = reader.Number<uint32_t>("clients", plan.options.clients, 1, 100);
  plan.options.keys = reader.Number<uint32_t>("keys", plan.options.keys, 1, 10000);
  plan.options.value_bytes = reader.Number<uint32_t>("value_bytes", plan.options.value_bytes, 16, 1u << 20);
  plan.options.operation_timeout =
      reader.Seconds("operation_timeout_seconds", plan.options.operation_timeout, 0.01, kHour);
  plan.pause = reader.SecondsRange("pause_seconds", plan.pause, 0, kHour);
  if (const Status known = MakeWorkload(plan.name, plan.options).status(); !known.ok()) {
    reader.Complain(table, "name", std::string(known.message()));
  }
  scenario.workloads.push_back(std::move(plan));
  return reader.Finish();
}

Status ReadFault(const toml::table& table, std::string_view file, Scenario& scenario) {
  TableReader reader(table, file, "fault.");
  FaultPlan plan;
  const std::string kind = reader.Text("kind", "");
  plan.every = reader.Seconds("every_seconds", plan.every, 0.01, kHour);
  plan.lasts = reader.SecondsRange("lasts_seconds", plan.lasts, 0, kHour);
  const std::optional<FaultKind> known = FaultByName(kind);
  if (known) {
    plan.kind = *known;
  } else {
    std::string names;
    for (const FaultInfo& info : AllFaults()) names += (names.empty() ? "" : ", ") + std::string(info.name);
    reader.Complain(table, "kind", "\"" + kind + "\" is not known; there are " + names);
  }
  scenario.faults.push_back(plan);
  return reader.Finish();
}

Result<std::string> ReadText(const std::filesystem::path& path) {
  const std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return Status(StatusCode::kInvalidArgument, "cannot read " + path.string());
  return text.str();
}

}  // namespace

Result<Scenario> ParseScenario(std::string_view text, std::string_view file) {
  Scenario scenario;
  toml::table table;
  try {
    table = toml::parse(text, file);
  } catch (const toml::parse_error& error) {
    return Status(StatusCode::kInvalidArgument, std::string(file) + ":" + std::to_string(error.source().begin.line) +
                                                    ": " + std::string(error.description()));
  }
  TableReader root(table, file, "");
  scenario.title = root.Text("title", "");
  ORRERY_RETURN_IF_ERROR(ReadCluster(root, file, scenario));
  ORRERY_RETURN_IF_ERROR(ReadRun(root, file, scenario));
  for (const toml::table* workload : root.Tables("workload")) {
    ORRERY_RETURN_IF_ERROR(ReadWorkload(*workload, file, scenario));
  }
  for (const toml::table* fault : root.Tables("fault")) {
    ORRERY_RETURN_IF_ERROR(ReadFault(*fault, file, scenario));
  }
  ORRERY_RETURN_IF_ERROR(root.Finish());
  if (scenario.title.empty()) {
    return Status(StatusCode::kInvalidArgument, std::string(file) + ": title: is missing");
  }
  return scenario;
}

Result<std::vector<std::string>> ListScenarios(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".toml") names.push_back(entry.path().stem().string());
  }
  if (error) return Status(StatusCode::kInvalidArgument, "scenario folder " + folder + ": " + error.message());
  std::sort(names.begin(), names.end());
  return names;
}

Result<Scenario> LoadScenario(const std::string& name_or_path, const std::string& folder) {
  std::filesystem::path path = name_or_path;
  if (path.extension() != ".toml") path = std::filesystem::path(folder) / (name_or_path + ".toml");
  if (!std::filesystem::exists(path)) {
    ORRERY_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListScenarios(folder));
    std::string known;
    for (const std::string& name : names) known += (known.empty() ? "" : ", ") + name;
    return Status(StatusCode::kNotFound, "no scenario " + name_or_path + "; there are " + known);
  }
  ORRERY_ASSIGN_OR_RETURN(const std::string text, ReadText(path));
  ORRERY_ASSIGN_OR_RETURN(Scenario scenario, ParseScenario(text, path.string()));
  scenario.name = path.stem().string();
  return scenario;
}

}  // namespace orrery::faults
