#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/kv_load.h"
#include "cli/session.h"

namespace orrery::cli {
namespace {

struct BenchArguments {
  SessionOptions session;
  KvLoadOptions load;
};

nlohmann::json LatencyJson(Latencies& latencies, double seconds) {
  return {{"count", latencies.count()},
          {"per_second", static_cast<double>(latencies.count()) / seconds},
          {"mean_us", latencies.MeanMicros()},
          {"p50_us", latencies.QuantileMicros(0.5)},
          {"p99_us", latencies.QuantileMicros(0.99)},
          {"p999_us", latencies.QuantileMicros(0.999)},
          {"max_us", latencies.QuantileMicros(1.0)}};
}

void PrintLatency(const char* name, Latencies& latencies, double seconds) {
  if (latencies.count() == 0) return;
  fmt::print("{}: {:.0f}/s  mean {:.0f} us  p50 {} us  p99 {} us  p99.9 {} us  max {} us\n", name,
             static_cast<double>(latencies.count()) / seconds, latencies.MeanMicros(), latencies.QuantileMicros(0.5),
             latencies.QuantileMicros(0.99), latencies.QuantileMicros(0.999), latencies.QuantileMicros(1.0));
}

Status RunBench(Session& session, const BenchArguments& arguments) {
  const KvLoadOptions& load = arguments.load;
  KvLoadCounts counts = RunKvLoad(session, load);
  if (arguments.session.json) {
    fmt::print("{}\n", nlohmann::json({{"mix", load.mix},
                                       {"clients", load.clients},
                                       {"value_bytes", load.value_bytes},
                                       {"seconds", load.seconds},
                                       {"rate", load.rate},
                                       {"errors", counts.errors},
                                       {"put", LatencyJson(counts.puts, load.seconds)},
                                       {"get", LatencyJson(counts.gets, load.seconds)}})
                           .dump());
  } else {
    PrintLatency("put", counts.puts, load.seconds);
    PrintLatency("get", counts.gets, load.seconds);
    if (counts.errors > 0) fmt::print("{} errors, the first: {}\n", counts.errors, counts.first_error);
  }
  if (counts.puts.count() + counts.gets.count() == 0) {
    return Status(StatusCode::kUnavailable, "no operation succeeded; first error: " + counts.first_error);
  }
  return Status::Ok();
}

}  // namespace

void AddBenchCommand(CLI::App& app, Action& action) {
  const auto arguments = std::make_shared<BenchArguments>();
  CLI::App* bench = app.add_subcommand("bench", "Measure throughput and latency of a cluster");
  AddSessionOptions(*bench, arguments->session);
  bench->add_option("mix", arguments->load.mix, "put, get or mixed (half of each)")
      ->check(CLI::IsMember({"put", "get", "mixed"}))
      ->capture_default_str();
  bench->add_option("--clients", arguments->load.clients, "Operations under way at once")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  bench->add_option("--keys", arguments->load.keys, "Different keys")
      ->check(CLI::Range(1u, 1000000000u))
      ->capture_default_str();
  bench->add_option("--value-bytes", arguments->load.value_bytes, "Size of values")
      ->check(CLI::Range(16, 1 << 20))
      ->capture_default_str();
  bench->add_option("--seconds", arguments->load.seconds, "Measured time")
      ->check(CLI::Range(0.1, 86400.0))
      ->capture_default_str();
  bench->add_option("--warmup", arguments->load.warmup_seconds, "Time before it")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  bench
      ->add_option("--rate", arguments->load.rate,
                   "Operations per second offered by all clients; 0: as fast as they can")
      ->check(CLI::Range(0.0, 1e9))
      ->capture_default_str();
  bench->callback([arguments, &action] {
    action = [arguments] {
      arguments->load.call_timeout = arguments->session.timeout();
      return RunSession(arguments->session, [&](Session& session) { return RunBench(session, *arguments); });
    };
  });
}

}  // namespace orrery::cli
