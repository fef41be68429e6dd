#include "server/node.h"

#include <optional>

#include "raft/region/store.h"
#include "runtime/base/probe.h"
#include "runtime/clock.h"
#include "runtime/disk.h"
#include "runtime/fiber/domain.h"
#include "runtime/fiber/scheduler.h"
#include "runtime/log.h"
#include "runtime/offload.h"
#include "runtime/process.h"
#include "runtime/rpc/rpc_server.h"
#include "runtime/rpc/rpc_transport.h"
#include "runtime/runtime.h"
#include "server/admin_service.h"
#include "server/kv_service.h"
#include "storage/rocks_engine.h"
#include "storage/store_ident.h"

namespace orrery {
namespace {

/// Whose directory this is, made if that is wanted and nothing is there. Blocking.
Result<StoreIdent> OpenIdent(Runtime& runtime, const StoreConfig& config) {
  StoreIdent wanted{.cluster = ToString(config.cluster), .store = config.store};
  ORRERY_ASSIGN_OR_RETURN(const std::optional<StoreIdent> found, ReadStoreIdent(runtime.disk));
  if (found) {
    ORRERY_RETURN_IF_ERROR(CheckStoreIdent(*found, wanted));
    return *found;
  }
  ORRERY_ASSIGN_OR_RETURN(const bool has_engine, runtime.disk.Exists(config.options.engine.folder));
  if (has_engine) {
    return Status(StatusCode::kCorruption, "the data directory holds data but no " + std::string(kStoreIdentFile));
  }
  if (config.start != StartMode::kNew) {
    return Status(StatusCode::kNotFound,
                  "the data directory is empty: if its disk is merely not mounted, mount it; "
                  "if store " +
                      ToString(config.store) +
                      " is new or its disk is lost, start it as new and add it to the cluster");
  }
  Random random = runtime.random.Split("incarnation");
  do wanted.incarnation = Incarnation(random.NextU64());
  while (!wanted.incarnation.valid());
  ORRERY_RETURN_IF_ERROR(WriteStoreIdent(runtime.disk, wanted));
  ORRERY_PROBE(runtime.probes, "server.node.new_incarnation");
  return wanted;
}

class StoreNode final : public Node {
 public:
  StoreNode(Runtime& runtime, const StoreConfig& config) : runtime_(runtime), config_(config) {
    main_ = runtime_.domain.Spawn("node", [this] { Boot(); });
  }

  void RequestStop() override {
    if (stopping_) return;
    stopping_ = true;
    stopper_ = runtime_.domain.Spawn("stop", [this] { Stop(); });
  }

 private:
  void Boot() {
    const Status opened = Open();
    if (!opened.ok()) {
      ORRERY_LOG(runtime_.log, LogLevel::kError, "node", "cannot start: {}", opened.ToString());
      return runtime_.process.Exit(opened);
    }
    if (stopping_) return;
    Serve();
  }

  /// Suspends.
  Status Open() {
    ORRERY_RETURN_IF_ERROR(config_.Validate());
    std::optional<Result<StoreIdent>> ident;
    runtime_.offload.Run(Lane::kBackground, [&] { ident.emplace(OpenIdent(runtime_, config_)); });
    if (!ident->ok()) return ident->status();
    ORRERY_ASSIGN_OR_RETURN(engine_, OpenRocksEngine(runtime_, config_.options.engine));
    committer_.emplace(runtime_, *engine_, config_.options.committer, config_.commit_observer);
    ORRERY_ASSIGN_OR_RETURN(logs_, LogStore::Open(runtime_, *engine_, config_.options.log));
    store_.emplace(StoreParts{.runtime = runtime_,
                              .engine = *engine_,
                              .committer = *committer_,
                              .logs = *logs_,
                              .options = config_.options.region,
                              .cluster = config_.cluster,
                              .self = {config_.store, ident->value().incarnation},
                              .observer = config_.observer});
    return store_->Load();
  }

  void Serve() {
    kv_.emplace(runtime_, *engine_, *store_,
                KvService::Options{.session_expiry_entries = config_.options.region.session_expiry_entries,
                                   .slow_reads_max = config_.options.slow_reads_max});
    admin_.emplace(config_, *store_);
    rpc_transport_.emplace(RpcEnvironment::Of(runtime_));
    RpcServerOptions options;
    options.deferred_requests_max = config_.options.requests_max;
    rpc_.emplace(*rpc_transport_, options);
    kv_->RegisterAt(*rpc_);
    admin_->RegisterAt(*rpc_);
    store_->Start();
    ORRERY_LOG(runtime_.log, LogLevel::kInfo, "node", "store {} serves, incarnation {:016x}", config_.store.value(),
               store_->parts().self.incarnation.value());
  }

  /// Suspends.
  void Stop() {
    ORRERY_LOG(runtime_.log, LogLevel::kInfo, "node", "stopping");
    main_.Join();
    const Deadline patience = Deadline::After(runtime_.clock.Now(), config_.options.stop_patience);
    if (rpc_) {
      // Leadership first: whoever is under way gets an answer or a hint to the next leader.
      while (!store_->HandOverLeaderships() && !patience.PassedAt(runtime_.clock.Now())) {
        runtime_.scheduler.SleepFor(config_.options.region.tick);
      }
      rpc_->Stop();
      if (!rpc_->Drain(patience)) ORRERY_PROBE(runtime_.probes, "server.node.stop_impatient");
    }
    Status flushed;
    if (engine_) flushed = engine_->Flush();
    runtime_.process.Exit(flushed);
  }

  Runtime& runtime_;
  const StoreConfig config_;
  bool stopping_ = false;

  // In order of construction: each uses those above it.
  std::unique_ptr<Engine> engine_;
  std::optional<Committer> committer_;
  std::unique_ptr<LogStore> logs_;
  std::optional<Store> store_;
  std::optional<KvService> kv_;
  std::optional<AdminService> admin_;
  std::optional<RpcTransport> rpc_transport_;
  std::optional<RpcServer> rpc_;
  Task main_;
  Task stopper_;
};

}  // namespace

std::unique_ptr<Node> CreateNode(Runtime& runtime, const StoreConfig& config) {
  return std::make_unique<StoreNode>(runtime, config);
}

}  // namespace orrery
