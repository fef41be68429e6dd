#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/latencies.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "runtime/clock.h"
#include "runtime/fiber/scheduler.h"
#include "runtime/fiber/task_group.h"
#include "runtime/runtime.h"
#include "workloads/values.h"

namespace orrery::cli {
namespace {

struct BenchArguments {
  SessionOptions session;
  std::string mix = "put";
  uint32_t clients = 64;
  uint32_t keys = 100000;
  uint32_t value_bytes = 256;
  double seconds = 10;
  double warmup_seconds = 1;
  double rate = 0;
};

/// What one run counted; only operations that began after the warm-up.
struct BenchCounts {
  Latencies puts;
  Latencies gets;
  uint64_t errors = 0;
  std::string first_error;
};

class BenchClient {
 public:
  BenchClient(Session& session, const BenchArguments& arguments, BenchCounts& counts, uint32_t index)
      : session_(session),
        arguments_(arguments),
        counts_(counts),
        kv_(session.runtime, session.rpc, ClientOptions{.stores = session.kv.router().stores()}),
        random_(session.runtime.random.Split("bench").Split(index)),
        value_(MakeValue(index, arguments.value_bytes)) {}

  /// At a given rate, latencies count from when the operation was due, so that a stall is not hidden.
  void Run(Instant start, Instant measured_from, Instant end) {
    const auto gap =
        arguments_.rate > 0 ? Duration(static_cast<int64_t>(1e9 * arguments_.clients / arguments_.rate)) : Duration(0);
    Instant due = start + Duration(gap.count() > 0 ? random_.Between(0, gap.count()) : 0);
    while (session_.runtime.clock.Now() < end) {
      if (gap.count() > 0) {
        if (due > session_.runtime.clock.Now()) session_.runtime.scheduler.SleepUntil(due);
      } else {
        due = session_.runtime.clock.FreshNow();
      }
      One(due, due >= measured_from);
      due += gap;
    }
  }

 private:
  void One(Instant due, bool measured) {
    const bool put = arguments_.mix == "put" || (arguments_.mix == "mixed" && random_.Chance(0.5));
    const Bytes key = NumberedKey("bench", random_.Below(arguments_.keys));
    const Status status = put ? kv_.Put(key, value_, session_.deadline()) : kv_.Get(key, session_.deadline()).status();
    if (!status.ok()) {
      if (counts_.errors++ == 0) counts_.first_error = status.ToString();
    } else if (measured) {
      (put ? counts_.puts : counts_.gets).Add(session_.runtime.clock.FreshNow() - due);
    }
  }

  Session& session_;
  const BenchArguments& arguments_;
  BenchCounts& counts_;
  KvClient kv_;
  Random random_;
  Bytes value_;
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
  BenchCounts counts;
  const Instant start = session.runtime.clock.Now();
  const Instant measured_from = start + Duration(static_cast<int64_t>(arguments.warmup_seconds * 1e9));
  const Instant end = measured_from + Duration(static_cast<int64_t>(arguments.seconds * 1e9));
  TaskGroup clients(session.runtime.domain, "bench", arguments.clients);
  for (uint32_t i = 0; i < arguments.clients; ++i) {
    clients.Spawn({"client", i}, [&, i] { BenchClient(session, arguments, counts, i).Run(start, measured_from, end); });
  }
  clients.JoinAll();
  if (arguments.session.json) {
    fmt::print("{}\n", nlohmann::json({{"mix", arguments.mix},
                                       {"clients", arguments.clients},
                                       {"value_bytes", arguments.value_bytes},
                                       {"seconds", arguments.seconds},
                                       {"rate", arguments.rate},
                                       {"errors", counts.errors},
                                       {"put", LatencyJson(counts.puts, arguments.seconds)},
                                       {"get", LatencyJson(counts.gets, arguments.seconds)}})
                           .dump());
  } else {
    PrintLatency("put", counts.puts, arguments.seconds);
    PrintLatency("get", counts.gets, arguments.seconds);
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
  bench->add_option("mix", arguments->mix, "put, get or mixed (half of each)")
      ->check(CLI::IsMember({"put", "get", "mixed"}))
      ->capture_default_str();
  bench->add_option("--clients", arguments->clients, "Operations under way at once")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  bench->add_option("--keys", arguments->keys, "Different keys")->check(CLI::PositiveNumber)->capture_default_str();
  bench->add_option("--value-bytes", arguments->value_bytes, "Size of values")
      ->check(CLI::Range(16, 1 << 20))
      ->capture_default_str();
  bench->add_option("--seconds", arguments->seconds, "Measured time")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  bench->add_option("--warmup", arguments->warmup_seconds, "Time before it")->capture_default_str();
  bench->add_option("--rate", arguments->rate, "Operations per second offered by all clients; 0: as fast as they can")
      ->capture_default_str();
  bench->callback([arguments, &action] {
    action = [arguments] {
      return RunSession(arguments->session, [&](Session& session) { return RunBench(session, *arguments); });
    };
  });
}

}  // namespace orrery::cli
