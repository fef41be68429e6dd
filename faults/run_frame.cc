#include "faults/run_frame.h"

#include <CLI/CLI.hpp>

#include "faults/signature.h"
#include "sim/crash_report.h"
#include "sim/event_log.h"
#include "sim/interpose/interpose.h"
#include "sim/rocks/hooks.h"
#include "sim/trace.h"

namespace orrery::faults {
namespace {

// One process is one run: what main() decided, and what ended it.
std::optional<unsigned char> stack_fill;  // lint: allow(global) set before anything runs

/// Of the assertion that ended this process.
std::string assertion_site;  // lint: allow(global) an assertion is the end of the process

Status ProveSimulator() {
  sim::ForbidThreads();
  ORRERY_RETURN_IF_ERROR(sim::CheckInterposers());
  return sim::CheckRocksHooks();
}

}  // namespace

void SetStackFill(std::optional<unsigned char> fill) {
  stack_fill = fill;
}

void AddOutputs(CLI::App& command, RunOutputs& outputs) {
  command.add_flag("--json", outputs.json, "One JSON object instead of text");
  command.add_option("--trace", outputs.trace_path, "Write one line per event to this file, - for standard output");
  command.add_flag("--debug", outputs.debug, "With --trace: the nodes' debug lines too");
  command.add_option("--events", outputs.events_path, "Write every event's hash to this file");
  command.add_option("--histories", outputs.history_folder, "Write the workloads' histories into this folder");
}

RunFrame::RunFrame() = default;
RunFrame::~RunFrame() = default;

Status RunFrame::Open(const RunOutputs& outputs, SimulationOptions& options) {
  options.history_folder = outputs.history_folder;
  options.stack_fill = stack_fill;
  options.glance = &glance_;
  if (!outputs.trace_path.empty()) {
    const LogLevel level = outputs.debug ? LogLevel::kDebug : LogLevel::kInfo;
    ORRERY_ASSIGN_OR_RETURN(trace_, sim::Trace::Open(outputs.trace_path, level));
    options.trace = trace_.get();
  }
  if (!outputs.events_path.empty()) {
    ORRERY_ASSIGN_OR_RETURN(events_, sim::EventFile::Create(outputs.events_path));
    options.events = events_.get();
  }
  const Status proven = ProveSimulator();
  return proven.ok() ? proven : Status(StatusCode::kIoError, std::string(proven.message()));
}

void RunFrame::OnCrash(const std::string& scenario, uint64_t seed,
                       std::function<sim::ExitCode(const SimulationReport&)> tell) {
  sim::InstallCrashReports(
      [this, scenario, seed, tell = std::move(tell)](sim::ExitCode code, std::string_view signal_name) {
        SimulationReport last{.scenario = scenario, .seed = seed, .exit_code = code};
        if (glance_) glance_(last);
        last.outcome = code == sim::ExitCode::kNodeCrashed ? "node-crashed" : "harness-crashed";
        last.symptom = assertion_site.empty() ? std::string(signal_name) : assertion_site;
        return tell(last);
      });
  SetAssertionHook([](std::string_view condition, std::string_view, std::string_view file, int) {
    assertion_site = AssertionSite(file, condition);
  });
}

Status RunFrame::Close() {
  const Status events = events_ == nullptr ? Status::Ok() : events_->Close();
  const Status trace = trace_ == nullptr ? Status::Ok() : trace_->Close();
  return events.ok() ? trace : events;
}

}  // namespace orrery::faults
