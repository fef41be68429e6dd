#include "bench/orrery_load.h"

#include "cli/session.h"
#include "runtime/clock.h"
#include "runtime/fiber/scheduler.h"
#include "runtime/fiber/task_group.h"
#include "runtime/runtime.h"

namespace orrery::bench {
namespace {

constexpr Duration kCallTimeout = seconds(10);

Duration Span(double seconds) {
  return Duration(static_cast<int64_t>(seconds * 1e9));
}

class OrreryLoad {
 public:
  OrreryLoad(cli::Session& session, const LoadOptions& options)
      : session_(session), options_(options), random_(7), value_(options.value_bytes, 'v') {}

  LoadResult Run() {
    start_ = session_.runtime.clock.Now();
    measured_from_ = start_ + Span(options_.warmup_seconds);
    end_ = measured_from_ + Span(options_.seconds);
    TaskGroup clients(session_.runtime.domain, "load", options_.clients);
    for (uint32_t i = 0; i < options_.clients; ++i) {
      clients.Spawn({"client", i}, [this, i] { RunClient(i); });
    }
    clients.JoinAll();
    result_.seconds = options_.seconds;
    return std::move(result_);
  }

 private:
  void RunClient(uint32_t index) {
    KvClient kv(session_.runtime, session_.rpc, ClientOptions{.stores = session_.kv.router().stores()});
    const Duration gap = options_.rate > 0 ? Span(options_.clients / options_.rate) : Duration(0);
    Instant due = start_ + gap * index / options_.clients;
    while (session_.runtime.clock.Now() < end_) {
      if (gap.count() == 0) due = session_.runtime.clock.FreshNow();
      if (due > session_.runtime.clock.Now()) session_.runtime.scheduler.SleepUntil(due);
      One(kv, due);
      due += gap;
    }
  }

  void One(KvClient& kv, Instant due) {
    const Bytes key = LoadKey(random_.Below(options_.keys));
    const Deadline deadline = Deadline::After(session_.runtime.clock.Now(), kCallTimeout);
    const Status status = options_.operation == "put" ? kv.Put(key, value_, deadline) : kv.Get(key, deadline).status();
    if (!status.ok()) {
      if (result_.errors++ == 0) result_.first_error = status.ToString();
    } else if (due >= measured_from_) {
      ++result_.operations;
      const Duration latency = session_.runtime.clock.FreshNow() - due;
      result_.latencies_us.push_back(static_cast<uint32_t>(latency.count() / 1000));
    }
  }

  cli::Session& session_;
  LoadOptions options_;
  Random random_;
  Bytes value_;
  Instant start_;
  Instant measured_from_;
  Instant end_;
  LoadResult result_;
};

}  // namespace

Result<LoadResult> LoadOrrery(const std::string& config_path, const LoadOptions& options) {
  LoadResult result;
  const int code = cli::RunSession(cli::SessionOptions{.config_path = config_path}, [&](cli::Session& session) {
    result = OrreryLoad(session, options).Run();
    return Status::Ok();
  });
  if (code != 0) return Status(StatusCode::kUnavailable, "the cluster could not be driven");
  return result;
}

}  // namespace orrery::bench
