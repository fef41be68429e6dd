#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "cli/table.h"
#include "runtime/clock.h"
#include "runtime/fiber/scheduler.h"
#include "runtime/fiber/task_group.h"
#include "runtime/runtime.h"
#include "workloads/workload.h"

namespace orrery::cli {
namespace {

struct WorkloadArguments {
  SessionOptions session;
  std::string name;
  WorkloadOptions options;
  double seconds = 10;
  std::string history_path;
};

constexpr Duration kFinishPatience = seconds(60);

/// Every client in a fiber of its own, with a session of its own.
void RunClients(Session& session, Workload& workload, const WorkloadArguments& arguments) {
  const Instant end = session.runtime.clock.Now() + Duration(static_cast<int64_t>(arguments.seconds * 1e9));
  Progress progress(arguments.name, 0);
  TaskGroup clients(session.runtime.domain, "client", arguments.options.clients);
  for (uint32_t i = 0; i < arguments.options.clients; ++i) {
    clients.Spawn({"client", i}, [&, i] {
      KvClient kv(session.runtime, session.rpc, ClientOptions{.stores = session.kv.router().stores()});
      WorkloadClient client{session.runtime, kv, i, session.runtime.random.Split("workload").Split(i)};
      while (session.runtime.clock.Now() < end) {
        workload.Step(client);
        progress.Update(workload.stats().total(), session.runtime.clock.Now());
      }
    });
  }
  clients.JoinAll();
}

Status WriteHistory(const std::string& text, const std::string& path) {
  if (path.empty()) return Status::Ok();
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  return file ? Status::Ok() : Status(StatusCode::kIoError, "cannot write " + path);
}

std::string_view VerdictName(LawReport::Verdict verdict) {
  switch (verdict) {
    case LawReport::Verdict::kHolds: return "held";
    case LawReport::Verdict::kBroken: return "broken";
    case LawReport::Verdict::kUndecided: return "undecided";
  }
  return "unrecognised";
}

void PrintReport(const Workload& workload, const LawReport& report, const std::string& prefix, bool json) {
  const WorkloadStats& stats = workload.stats();
  if (json) {
    fmt::print("{}\n", nlohmann::json({{"workload", std::string(workload.name())},
                                       {"verdict", std::string(VerdictName(report.verdict))},
                                       {"law", report.law},
                                       {"words", report.words},
                                       {"keys_under", prefix},
                                       {"acknowledged", stats.acknowledged},
                                       {"failed", stats.failed},
                                       {"unknown", stats.unknown}})
                           .dump());
    return;
  }
  fmt::print("{}: the law {}: {}\n", workload.name(), VerdictName(report.verdict), workload.law());
  fmt::print("{} acknowledged, {} failed, {} unknown; its keys stay under {}\n", stats.acknowledged, stats.failed,
             stats.unknown, prefix);
  if (!report.words.empty()) fmt::print("{}: {}\n", report.law, report.words);
}

/// Keys that no other run has used or uses.
std::string FreshPrefix(Runtime& runtime) {
  Random draw = runtime.random.Split("workload-keys");
  return fmt::format("orrery-workload/{:016x}/", draw.NextU64());
}

/// What was recorded is judged and kept even if the final state could not be read.
Status RunWorkload(Session& session, const WorkloadArguments& arguments, int& exit_code) {
  WorkloadOptions options = arguments.options;
  options.key_prefix = FreshPrefix(session.runtime);
  ORRERY_ASSIGN_OR_RETURN(const std::unique_ptr<Workload> workload, MakeWorkload(arguments.name, options));
  ORRERY_RETURN_IF_ERROR(WriteHistory("", arguments.history_path));  // Not only after all the work.
  RunClients(session, *workload, arguments);
  WorkloadClient finisher{session.runtime, session.kv, 0, session.runtime.random.Split("finish")};
  const Status finished = workload->Finish(finisher, Deadline::After(session.runtime.clock.Now(), kFinishPatience));
  ORRERY_RETURN_IF_ERROR(WriteHistory(workload->HistoryText(), arguments.history_path));
  const LawReport report = workload->Judge();
  if (report.verdict != LawReport::Verdict::kBroken) ORRERY_RETURN_IF_ERROR(finished);
  PrintReport(*workload, report, options.key_prefix, arguments.session.json);
  if (report.verdict == LawReport::Verdict::kBroken) exit_code = kExitLawBroken;
  if (report.verdict == LawReport::Verdict::kUndecided) exit_code = kExitUndecided;
  return Status::Ok();
}

int RunWorkloadCommand(const WorkloadArguments& arguments) {
  int verdict_code = kExitOk;
  const int code =
      RunSession(arguments.session, [&](Session& session) { return RunWorkload(session, arguments, verdict_code); });
  return code == kExitOk ? verdict_code : code;
}

int ListWorkloads() {
  Table table({"workload", "law"});
  for (const WorkloadInfo& info : AllWorkloads()) table.Add({std::string(info.name), std::string(info.law)});
  fmt::print("{}", table.ToString());
  return kExitOk;
}

}  // namespace

void AddWorkloadCommands(CLI::App& app, Action& action) {
  CLI::App* workload = app.add_subcommand("workload", "Put a law to the test against a real cluster");
  workload->require_subcommand(1);
  workload->add_subcommand("list", "The workloads and their laws")->callback([&action] { action = ListWorkloads; });

  const auto arguments = std::make_shared<WorkloadArguments>();
  CLI::App* run = workload->add_subcommand("run", "Run one workload and judge its law; writes under its own keys");
  AddSessionOptions(*run, arguments->session);
  run->add_option("name", arguments->name, "One of `workload list`")->required();
  run->add_option("--seconds", arguments->seconds, "How long")->check(CLI::Range(0.1, 86400.0))->capture_default_str();
  run->add_option("--clients", arguments->options.clients, "Clients at once")->capture_default_str();
  run->add_option("--keys", arguments->options.keys, "Registers, counters or groups")->capture_default_str();
  run->add_option("--value-bytes", arguments->options.value_bytes, "Size of values")->capture_default_str();
  run->add_option("--history", arguments->history_path, "Write the history to this file, as JSON lines");
  run->callback([arguments, &action] { action = [arguments] { return RunWorkloadCommand(*arguments); }; });
}

}  // namespace orrery::cli
