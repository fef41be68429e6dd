#include "faults/client_host.h"

#include "runtime/process.h"
#include "runtime/runtime.h"

namespace orrery::faults {
namespace {

constexpr size_t kTasksMax = 1000;

/// Small enough that clients who share a process have to wait for each other.
size_t SessionWindowOf(Runtime& runtime) {
  constexpr size_t kWindows[] = {1, 2, kSessionWindow};
  Random draw = runtime.random.Split("session_window");
  return kWindows[draw.Below(std::size(kWindows))];
}

ClientOptions OptionsFor(std::vector<StoreId> stores, Duration attempt_timeout, size_t session_window) {
  ClientOptions options;
  options.stores = std::move(stores);
  options.attempt_timeout = attempt_timeout;
  options.session_window = session_window;
  return options;
}

}  // namespace

ClientHost::ClientHost(Runtime& runtime, std::vector<StoreId> stores, Duration attempt_timeout)
    : runtime_(runtime),
      transport_(RpcEnvironment::Of(runtime)),
      rpc_(transport_),
      kv_(runtime, rpc_, OptionsFor(std::move(stores), attempt_timeout, SessionWindowOf(runtime))),
      admin_(runtime, rpc_, kv_),
      tasks_(runtime.domain, "harness", kTasksMax) {}

void ClientHost::Spawn(FiberName name, std::function<void(ClientHost&)> body) {
  const bool spawned = tasks_.TrySpawn(name, [this, body = std::move(body)] { body(*this); });
  ORRERY_ASSERT(spawned);
}

void ClientHost::RequestStop() {
  runtime_.process.Exit(Status::Ok());
}

}  // namespace orrery::faults
