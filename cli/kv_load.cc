#include "cli/kv_load.h"

#include <fmt/core.h>

#include "cli/progress.h"
#include "runtime/clock.h"
#include "runtime/fiber/scheduler.h"
#include "runtime/fiber/task_group.h"
#include "runtime/runtime.h"

namespace orrery::cli {
namespace {

Duration Span(double seconds) {
  return Duration(static_cast<int64_t>(seconds * 1e9));
}

class KvLoad {
 public:
  KvLoad(Session& session, const KvLoadOptions& options)
      : session_(session),
        options_(options),
        random_(session.runtime.random.Split("load")),
        value_(options.value_bytes, 'v'),
        gap_(options.rate > 0 ? Span(options.clients / options.rate) : Duration(0)),
        start_(session.runtime.clock.Now()),
        measured_from_(start_ + Span(options.warmup_seconds)),
        end_(measured_from_ + Span(options.seconds)) {}

  KvLoadCounts Run() {
    TaskGroup clients(session_.runtime.domain, "load", options_.clients);
    for (uint32_t i = 0; i < options_.clients; ++i) {
      clients.Spawn({"client", i}, [this, i] { RunClient(i); });
    }
    clients.JoinAll();
    return std::move(counts_);
  }

 private:
  void RunClient(uint32_t index) {
    KvClient kv(session_.runtime, session_.rpc, ClientOptions{.stores = session_.kv.router().stores()});
    Instant due = start_ + gap_ * index / options_.clients;
    while (session_.runtime.clock.Now() < end_) {
      if (gap_.count() == 0) due = session_.runtime.clock.FreshNow();
      if (due > session_.runtime.clock.Now()) session_.runtime.scheduler.SleepUntil(due);
      One(kv, due);
      due += gap_;
    }
  }

  void One(KvClient& kv, Instant due) {
    const bool put = options_.mix == "put" || (options_.mix == "mixed" && random_.Chance(0.5));
    const Bytes key = BenchKey(random_.Below(options_.keys));
    const Deadline deadline = Deadline::After(session_.runtime.clock.Now(), options_.call_timeout);
    const Status status = put ? kv.Put(key, value_, deadline) : kv.Get(key, deadline).status();
    if (!status.ok()) {
      if (counts_.errors++ == 0) counts_.first_error = status.ToString();
    } else {
      progress_.Update(++done_, session_.runtime.clock.Now());
    }
    if (status.ok() && due >= measured_from_) {
      (put ? counts_.puts : counts_.gets).Add(session_.runtime.clock.FreshNow() - due);
    }
  }

  Session& session_;
  const KvLoadOptions& options_;
  Random random_;
  const Bytes value_;
  const Duration gap_;
  const Instant start_;
  const Instant measured_from_;
  const Instant end_;
  KvLoadCounts counts_;
  Progress progress_{"load", 0};
  uint64_t done_ = 0;
};

}  // namespace

KvLoadCounts RunKvLoad(Session& session, const KvLoadOptions& options) {
  return KvLoad(session, options).Run();
}

Bytes BenchKey(uint64_t number) {
  return fmt::format("bench/{:08}", number);
}

}  // namespace orrery::cli
