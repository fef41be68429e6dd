#include "faults/scenario.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "faults/table_reader.h"

namespace orrery::faults {
namespace {

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
  std::tie(plan.pause.low, plan.pause.high) =
      reader.SecondsRange("pause_seconds", {plan.pause.low, plan.pause.high}, 0, kHour);
  if (const Status known = MakeWorkload(plan.name, plan.options).status(); !known.ok()) {
    reader.Complain(table, "name", std::string(known.message()));
  }
  scenario.workloads.push_back(std::move(plan));
  return reader.Finish();
}

constexpr std::pair<std::string_view, Moment> kMoments[] = {
    {"election", Moment::kElection}, {"change", Moment::kChange},   {"install", Moment::kInstall},
    {"send", Moment::kSend},         {"receive", Moment::kReceive},
};
constexpr std::pair<std::string_view, Aim> kAims[] = {
    {"usual", Aim::kUsual}, {"leader", Aim::kLeader}, {"deposed", Aim::kDeposed}, {"there", Aim::kThere}};

/// The value of a word; complains and says nullopt if there is none. `words` are pairs of word and value.
template <class Words>
auto ReadWord(TableReader& reader, const toml::table& table, std::string_view key, const std::string& word,
              const Words& words) -> std::optional<decltype(words[0].second)> {
  std::string known;
  for (const auto& [name, value] : words) {
    if (word == name) return value;
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  reader.Complain(table, key, "\"" + word + "\" is not known; there are " + known);
  return std::nullopt;
}

void ReadAim(TableReader& reader, const toml::table& table, FaultPlan& plan) {
  const std::string moment = reader.Text("moment", "");
  if (!moment.empty()) plan.moment = ReadWord(reader, table, "moment", moment, kMoments);
  std::tie(plan.delay.low, plan.delay.high) =
      reader.SecondsRange("delay_seconds", {Duration(0), Duration(0)}, 0, kHour);
  plan.aim = ReadWord(reader, table, "aim", reader.Text("aim", "usual"), kAims).value_or(Aim::kUsual);
  if (plan.aim == Aim::kThere && !plan.moment) reader.Complain(table, "aim", "\"there\" needs a moment");
  if (plan.delay.high > Duration(0) && !plan.moment) reader.Complain(table, "delay_seconds", "needs a moment");
}

Status ReadFault(const toml::table& table, std::string_view file, Scenario& scenario) {
  TableReader reader(table, file, "fault.");
  FaultPlan plan;
  const std::string kind = reader.Text("kind", "");
  plan.every = reader.Seconds("every_seconds", plan.every, 0.01, kHour);
  std::tie(plan.lasts.low, plan.lasts.high) =
      reader.SecondsRange("lasts_seconds", {plan.lasts.low, plan.lasts.high}, 0, kHour);
  ReadAim(reader, table, plan);
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

bool IsPath(const std::string& name_or_path) {
  return std::filesystem::path(name_or_path).extension() == ".toml";
}

}  // namespace

Result<Scenario> ParseScenario(std::string_view text, std::string_view file) {
  Scenario scenario;
  ORRERY_ASSIGN_OR_RETURN(const toml::table table, ParseToml(text, file));
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

std::string FolderOption(const std::string& scenario, const std::string& folder, const std::string& usual) {
  std::error_code error;
  const bool same = folder == usual || std::filesystem::equivalent(folder, usual, error);
  return same || IsPath(scenario) ? "" : " --scenarios-dir " + folder;
}

std::string ScenarioPath(const std::string& name_or_path, const std::string& folder) {
  return IsPath(name_or_path) ? name_or_path : (std::filesystem::path(folder) / (name_or_path + ".toml")).string();
}

Result<Scenario> LoadScenario(const std::string& name_or_path, const std::string& folder) {
  const std::filesystem::path path = ScenarioPath(name_or_path, folder);
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
