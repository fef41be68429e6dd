#include "workloads/check/check_command.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "runtime/base/assert.h"
#include "workloads/check/history_edn.h"
#include "workloads/check/history_json.h"
#include "workloads/check/isolation.h"
#include "workloads/check/laws.h"
#include "workloads/check/linearizability.h"

namespace orrery::check {

namespace {

constexpr std::string_view kLinearizable = "linearizable";
constexpr std::array kLevels = {IsolationLevel::kReadCommitted,
                                IsolationLevel::kSnapshotIsolation,
                                IsolationLevel::kStrongSessionSnapshotIsolation,
                                IsolationLevel::kStrongSnapshotIsolation,
                                IsolationLevel::kSerializable,
                                IsolationLevel::kStrongSessionSerializable,
                                IsolationLevel::kStrictSerializable};

Status Bad(const std::string& what) {
  return Status(StatusCode::kInvalidArgument, what);
}

std::optional<IsolationLevel> LevelByName(std::string_view name) {
  for (IsolationLevel level : kLevels) {
    if (IsolationLevelName(level) == name) return level;
  }
  return std::nullopt;
}

std::string KnownLevels() {
  std::string out;
  for (IsolationLevel level : kLevels) out += std::string(IsolationLevelName(level)) + ", ";
  return out + std::string(kLinearizable);
}

Result<std::string> ReadWholeFile(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream in(path, std::ios::binary);
  if (!in) return Bad("cannot open " + path);
  // read() reports what iterators would throw. A folder opens and cannot be read.
  std::string text;
  std::vector<char> piece(1 << 16);
  do {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    text.append(piece.data(), static_cast<size_t>(in.gcount()));
  } while (in);
  if (in.bad()) return Bad("cannot read " + path);
  return text;
}

std::string_view SkipSpace(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n,"), text.size()));
  return text;
}

/// Orrery's events are JSON objects; EDN maps begin with a brace too, but then comes a keyword.
bool LooksLikeEdn(std::string_view text, std::string_view path) {
  if (path.ends_with(".edn")) return true;
  const std::string_view first = SkipSpace(text);
  if (!first.starts_with('{')) return true;
  return SkipSpace(first.substr(1)).starts_with(':');
}

Result<History> ReadHistory(const CheckCommandOptions& options) {
  ORRERY_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(options.history));
  if (options.format != "auto" && options.format != "json" && options.format != "edn") {
    return Bad("unknown format " + options.format + "; known are auto, json, edn");
  }
  const bool edn = options.format == "edn" || (options.format == "auto" && LooksLikeEdn(text, options.history));
  Result<History> history = edn ? ReadEdnHistory(text) : ReadJsonHistory(text);
  if (!history.ok()) return history.status().Wrap(options.history);
  if (history->size() == 0) return Bad(options.history + ": there is no operation in this history");
  return history;
}

Result<Value> ParseInitial(const std::string& text, History& history) {
  if (text.empty()) return kNil;
  const auto value = nlohmann::json::parse(text, nullptr, false);
  if (value.is_number_integer()) return history.Int(value.get<int64_t>());
  if (value.is_string()) return history.Text(value.get<std::string>());
  if (value.is_null()) return kNil;
  return Bad("--initial: not an integer, a text or null: " + text);
}

std::unique_ptr<ModelSpec> LinearModel(std::string_view name, Value initial) {
  if (name == "register" || name == "cas-register") return RegisterModel(initial);
  if (name == "set") return SetModel();
  if (name == "queue") return QueueModel();
  return nullptr;
}

Result<CheckReport> RunLaw(const CheckCommandOptions& options, const History& history) {
  if (options.model == "set-law") return CheckSetLaw(history);
  if (options.model == "counter") return CheckCounterLaw(history);
  if (options.model == "bank") {
    return CheckBankLaw(history, {.total = options.bank_total, .accounts = options.bank_accounts});
  }
  if (options.model == "cycle") return CheckCycleLaw(history, {.nodes = options.cycle_nodes});
  if (options.model == "unique") return CheckUniqueLaw(history);
  if (options.model == "monotonic") return CheckMonotonicLaw(history);
  return Bad(
      "unknown model \"" + options.model +
      "\"; known are list-append, rw-register, register, cas-register, set, queue, set-law, counter, bank, cycle, "
      "unique, monotonic");
}

/// `level` receives the level that was judged.
Result<CheckReport> Judge(const CheckCommandOptions& options, History& history, std::string& level) {
  level = options.level;
  const bool isolation = options.model == "list-append" || options.model == "rw-register";
  if (!level.empty() && level != kLinearizable && !LevelByName(level)) {
    return Bad("unknown level \"" + level + "\"; known are " + KnownLevels());
  }
  if (isolation) {
    if (level.empty()) level = IsolationLevelName(IsolationLevel::kStrictSerializable);
    const auto wanted = LevelByName(level);
    if (!wanted) return Bad("model " + options.model + " has no level " + level);
    const IsolationOptions isolation_options{.level = *wanted, .linearizable_keys = options.linearizable_keys};
    const TxnModel model = options.model == "list-append" ? TxnModel::kListAppend : TxnModel::kRwRegister;
    return CheckIsolation(history, model, isolation_options);
  }
  ORRERY_ASSIGN_OR_RETURN(const Value initial, ParseInitial(options.initial, history));
  const auto spec = LinearModel(options.model, initial);
  if (spec == nullptr) {
    if (!level.empty()) return Bad("model " + options.model + " is a law of its own and has no level");
    return RunLaw(options, history);
  }
  if (level.empty()) level = kLinearizable;
  if (level != kLinearizable) return Bad("model " + options.model + " has no level " + level + ", only linearizable");
  return CheckLinearizability(history, *spec,
                              {.steps_max = options.steps_max, .memory_bytes_max = options.memory_bytes_max});
}

int ExitCode(Verdict verdict) {
  switch (verdict) {
    case Verdict::kHolds: return kExitHolds;
    case Verdict::kBroken: return kExitBroken;
    case Verdict::kUndecided: return kExitUndecided;
  }
  ORRERY_UNREACHABLE("verdict");
}

nlohmann::json AnomalyJson(const History& history, const Anomaly& anomaly) {
  nlohmann::json ops = nlohmann::json::array();
  for (OpIndex op : anomaly.ops) {
    ops.push_back({{"op", op}, {"line", history.operation(op).invoke_line}, {"text", history.Describe(op)}});
  }
  nlohmann::json cycle = nlohmann::json::array();
  for (const CycleStep& step : anomaly.cycle) {
    cycle.push_back({{"source", step.source},
                     {"target", step.target},
                     {"dependency", DependencyName(step.dependency)},
                     {"because", step.because}});
  }
  return {
      {"name", anomaly.name}, {"words", anomaly.words}, {"minimal", anomaly.minimal}, {"ops", ops}, {"cycle", cycle}};
}

void PrintJson(const CheckCommandOptions& options, const std::string& level, const History& history,
               const CheckReport& report, std::ostream& out) {
  nlohmann::json anomalies = nlohmann::json::array();
  for (const Anomaly& anomaly : report.anomalies) anomalies.push_back(AnomalyJson(history, anomaly));
  const nlohmann::json object = {{"history", options.history},
                                 {"model", options.model},
                                 {"level", level},
                                 {"verdict", VerdictName(report.verdict)},
                                 {"exit_code", ExitCode(report.verdict)},
                                 {"operations", report.stats.operations},
                                 {"partitions", report.stats.partitions},
                                 {"steps", report.stats.steps},
                                 {"memory_bytes", report.stats.memory_bytes},
                                 {"undecided_reason", report.undecided_reason},
                                 {"anomalies", anomalies}};
  out << object.dump(2, ' ', true, nlohmann::json::error_handler_t::replace) << '\n';
}

void PrintTable(const CheckCommandOptions& options, const std::string& level, const CheckReport& report,
                std::ostream& out) {
  out << options.model << (level.empty() ? "" : " ") << level << ": " << report.stats.operations << " operations, "
      << report.ToString();
}

Status WriteSvg(const std::string& path, const History& history, const CheckReport& report, std::ostream& err) {
  for (const Anomaly& anomaly : report.anomalies) {
    if (anomaly.cycle.empty()) continue;
    std::ofstream file(path, std::ios::binary);
    file << CycleSvg(history, anomaly);
    file.close();
    return file ? Status::Ok() : Bad("cannot write " + path);
  }
  err << "check: there is no cycle to draw; " << path << " was not written\n";
  return Status::Ok();
}

/// EDN and JSON without a header have no end mark: a file cut between two events looks whole, but what ran then has no
/// ending in it. Recorders write one for every operation.
void NoteOperationsWithoutEnding(const CheckCommandOptions& options, const History& history, std::ostream& err) {
  const auto& all = history.operations();
  const auto endless = [](const Operation& operation) { return operation.return_line == 0; };
  const auto count = std::count_if(all.begin(), all.end(), endless);
  if (count == 0) return;
  err << "check: " << options.history << ": no ending for " << count << " of " << all.size()
      << " operations, the first on line " << std::find_if(all.begin(), all.end(), endless)->invoke_line
      << "; they may take effect at any time. If the file was cut there, what is missing was not judged\n";
}

Result<int> Run(const CheckCommandOptions& options, std::ostream& out, std::ostream& err) {
  if (options.output != "table" && options.output != "json") {
    return Bad("unknown output " + options.output + "; known are table, json");
  }
  ORRERY_ASSIGN_OR_RETURN(History history, ReadHistory(options));
  NoteOperationsWithoutEnding(options, history, err);
  std::string level;
  Result<CheckReport> judged = Judge(options, history, level);
  if (!judged.ok()) return judged.status().Wrap(options.history);
  const CheckReport& report = judged.value();
  if (options.output == "json") {
    PrintJson(options, level, history, report, out);
  } else {
    PrintTable(options, level, report, out);
  }
  if (!options.svg.empty()) ORRERY_RETURN_IF_ERROR(WriteSvg(options.svg, history, report, err));
  return ExitCode(report.verdict);
}

}  // namespace

int RunCheckCommand(const CheckCommandOptions& options, std::ostream& out, std::ostream& err) {
  const Result<int> code = Run(options, out, err);
  if (code.ok()) return code.value();
  err << "check: " << code.status().message() << '\n';
  return kExitBadHistory;
}

}  // namespace orrery::check
