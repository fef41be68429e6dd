#include "faults/client_host.h"

#include "runtime/process.h"
#include "runtime/runtime.h"

namespace orrery::faults {
namespace {

constexpr size_t kTasksMax = 1000;

ClientOptions OptionsFor(std::vector<StoreId> stores, Duration attempt_timeout) {
  ClientOptions options;
  options.stores = std::move(stores);
  options.attempt_timeout = attempt_timeout;
  return options;
}

}  // namespace

ClientHost::ClientHost(Runtime& runtime, std::vector<StoreId> stores, Duration attempt_timeout)
    : runtime_(runtime),
      transport_(RpcEnvironment::Of(runtime)),
      rpc_(transport_),
      kv_(runtime, rpc_, OptionsFor(std::move(stores), attempt_timeout)),
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
