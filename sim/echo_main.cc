// sim-echo: runs the echo cluster of the simulator's own tests and prints what came of it. For the determinism
// test across processes, the self-test of crash reports, and for measuring events per second.
//
//   sim-echo [--seed N] [--nodes N] [--seconds N] [--bytes N] [--write-every N] [--events FILE] [--trace FILE]
//            [--allocator plain|shuffle|never-reuse] [--planted] [--chaos] [--crash abort|segv|time|getenv]
//            [--trap-tsc]
//   sim-echo --compare FILE FILE

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include "runtime/base/assert.h"
#include "sim/crash_report.h"
#include "sim/echo_cluster.h"
#include "sim/event_log.h"
#include "sim/interpose/interpose.h"
#include "sim/trace.h"
#include "sim/world.h"

namespace orrery::sim {
namespace {

struct Arguments {
  uint64_t seed = 1;
  int nodes = 3;
  int seconds = 10;
  EchoOptions echo;
  std::string events;
  std::string trace;
  std::string crash;
  std::string placement = "plain";
  std::vector<std::string> compare;
  bool chaos = false;
  bool trap_tsc = false;
};

bool Parse(int argc, char** argv, Arguments& out) {
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    const auto value = [&]() -> std::string { return i + 1 < argc ? argv[++i] : ""; };
    if (name == "--seed") {
      out.seed = std::strtoull(value().c_str(), nullptr, 10);
    } else if (name == "--nodes") {
      out.nodes = std::atoi(value().c_str());
    } else if (name == "--seconds") {
      out.seconds = std::atoi(value().c_str());
    } else if (name == "--bytes") {
      out.echo.message_bytes = std::strtoull(value().c_str(), nullptr, 10);
    } else if (name == "--write-every") {
      out.echo.write_every = std::strtoull(value().c_str(), nullptr, 10);
    } else if (name == "--events") {
      out.events = value();
    } else if (name == "--trace") {
      out.trace = value();
    } else if (name == "--crash") {
      out.crash = value();
    } else if (name == "--allocator") {
      out.placement = value();
    } else if (name == "--planted") {
      out.echo.planted_nondeterminism = true;
    } else if (name == "--chaos") {
      out.chaos = true;
    } else if (name == "--trap-tsc") {
      out.trap_tsc = true;
    } else if (name == "--compare") {
      out.compare.push_back(value());
      out.compare.push_back(value());
    } else {
      std::fprintf(stderr, "sim-echo: unknown argument %s\n", name.c_str());
      return false;
    }
  }
  return true;
}

int Fail(const Status& status) {
  std::fprintf(stderr, "sim-echo: %s\n", status.ToString().c_str());
  return static_cast<int>(ExitCode::kHarness);
}

int Compare(const std::vector<std::string>& files) {
  auto first = EventLog::ReadFile(files[0]);
  if (!first.ok()) return Fail(first.status());
  auto second = EventLog::ReadFile(files[1]);
  if (!second.ok()) return Fail(second.status());
  const auto difference = FirstDifference(*first, *second);
  std::printf("%s", difference.has_value() ? difference->text.c_str() : "equal\n");
  return static_cast<int>(difference.has_value() ? ExitCode::kNondeterminism : ExitCode::kOk);
}

/// What a node must never do, done inside one.
void CrashInside(World& world, const std::string& how) {
  world.RunInNode(NodeId(1), [&](Runtime&) {
    if (how == "abort") ORRERY_UNREACHABLE("asked for");
    if (how == "segv") *static_cast<volatile int*>(nullptr) = 1;
    if (how == "time") (void)std::chrono::system_clock::now();
    if (how == "getenv") (void)std::getenv("HOME");
  });
}

void Chaos(World& world) {
  const NodeId victim(1);
  world.RunFor(milliseconds(300));
  world.Restart(victim, CrashKind::kPowerLoss);
  world.Partition({victim}, {});
  world.RunFor(milliseconds(700));
  world.HealNetwork();
  world.PauseFor(NodeId(2), milliseconds(100));
  world.ResetConnection(victim, NodeId(2));
}

int Run(const Arguments& arguments) {
  std::unique_ptr<Trace> trace;
  std::unique_ptr<EventFile> events;
  if (!arguments.trace.empty()) {
    auto opened = Trace::Open(arguments.trace, LogLevel::kDebug);
    if (!opened.ok()) return Fail(opened.status());
    trace = std::move(*opened);
  }
  if (!arguments.events.empty()) {
    auto opened = EventFile::Create(arguments.events);
    if (!opened.ok()) return Fail(opened.status());
    events = std::move(*opened);
  }
  WorldOptions options;
  options.choices.seed = arguments.seed;
  options.trace = trace.get();
  options.events = events.get();
  options.scenario = "echo";
  options.repro = "repro: sim-echo --seed " + std::to_string(arguments.seed);
  const Placement placement = ParsePlacement(arguments.placement).value();
  if (placement != Placement::kPlain) options.stack_fill = FillOf(placement);
  World world(options);
  AddEchoCluster(world, arguments.nodes, arguments.echo);
  if (!arguments.crash.empty()) CrashInside(world, arguments.crash);
  if (arguments.chaos) Chaos(world);
  const std::clock_t begin = std::clock();
  const uint64_t before = world.events();
  world.RunFor(seconds(arguments.seconds));
  const double spent = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  std::printf("fingerprint %s events %llu\n", world.fingerprint().ToString().c_str(),
              static_cast<unsigned long long>(world.events()));
  std::fprintf(stderr, "%.2f M events and %.0f simulated seconds per CPU second\n",
               static_cast<double>(world.events() - before) / spent / 1e6, arguments.seconds / spent);
  return events == nullptr || events->Close().ok() ? 0 : Fail(Status(StatusCode::kIoError, arguments.events));
}

}  // namespace
}  // namespace orrery::sim

int main(int argc, char** argv) {
  using namespace orrery::sim;
  Arguments arguments;
  if (!Parse(argc, argv, arguments)) return static_cast<int>(ExitCode::kUsage);
  const auto placement = ParsePlacement(arguments.placement);
  if (!placement.ok()) return static_cast<int>(ExitCode::kUsage);
  SetPlacement(placement.value(), arguments.seed);
  if (arguments.trap_tsc && !TrapTimestampCounter()) std::fprintf(stderr, "sim-echo: rdtsc cannot be trapped here\n");
  InstallCrashReports();
  if (const orrery::Status checked = CheckInterposers(); !checked.ok()) return Fail(checked);
  if (!arguments.compare.empty()) return Compare(arguments.compare);
  return Run(arguments);
}
