#include "cli/session.h"

#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "cli/cluster_file.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "runtime/address_book.h"
#include "runtime/clock.h"
#include "runtime/real/real_process.h"
#include "runtime/rpc/rpc_client.h"
#include "runtime/rpc/rpc_transport.h"

namespace orrery::cli {
namespace {

int Complain(const Status& status) {
  fmt::print(stderr, "orrery: {}\n", status.ToString());
  return ExitCodeOf(status);
}

RealOptions ClientProcessOptions(const ClusterConfig& cluster) {
  RealOptions options{.cluster = cluster.cluster};
  // A client's node id only has to differ from those of other clients: the process id and the time do.
  const auto ticks = static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  options.node = NodeId(kClientNodeBit | (Mix64(HashCombine(ticks, static_cast<uint64_t>(getpid()))) >> 1));
  for (const ClusterStore& store : cluster.stores) options.addresses[NodeIdOf(store.id)] = store.address;
  options.log.level = LogLevel::kError;
  options.handle_signals = true;
  return options;
}

Status RunBody(Runtime& runtime, const ClusterConfig& cluster, const SessionOptions& options,
               const std::function<Status(Session&)>& body) {
  RpcTransport transport(RpcEnvironment::Of(runtime));
  RpcClient rpc(transport);
  ClientOptions client;
  for (const ClusterStore& store : cluster.stores) client.stores.push_back(store.id);
  KvClient kv(runtime, rpc, client);
  AdminClient admin(runtime, rpc, kv);
  Session session{
      .cluster = cluster, .runtime = runtime, .rpc = rpc, .kv = kv, .admin = admin, .timeout = options.timeout()};
  return body(session);
}

/// Prints why stores could not be reached. True if one of them refused to speak with us: waiting does not help.
bool ExplainConnections(RealProcess& process) {
  bool refused = false;
  for (const auto& [node, address] : process.runtime().addresses.all()) {
    const Status why = process.LastConnectError(node);
    if (why.ok()) continue;
    fmt::print(stderr, "  store {} at {}: {}\n", node.value(), address, why.ToString());
    refused |= why.code() == StatusCode::kWrongTarget || why.code() == StatusCode::kVersionMismatch;
  }
  return refused;
}

}  // namespace

Deadline Session::deadline() const {
  return Deadline::After(runtime.clock.Now(), timeout);
}

int RunSession(const SessionOptions& options, const std::function<Status(Session&)>& body) {
  const Result<ClusterConfig> cluster = LoadClusterFile(options.config_path);
  if (!cluster.ok()) return Complain(cluster.status());
  Result<std::unique_ptr<RealProcess>> process = RealProcess::Create(ClientProcessOptions(*cluster));
  if (!process.ok()) return Complain(process.status());
  const Status status =
      (*process)->RunFiber([&](Runtime& runtime) { return RunBody(runtime, *cluster, options, body); });
  if (status.ok()) return kExitOk;
  const int code = Complain(status);
  if (code != kExitUnavailable && code != kExitUnknown && code != kExitRefused) return code;
  const bool refused = ExplainConnections(**process);
  return refused && code == kExitUnavailable ? kExitRefused : code;
}

void AddSessionOptions(CLI::App& command, SessionOptions& options) {
  command.add_option("-c,--config", options.config_path, "The cluster's file")
      ->envname("ORRERY_CONFIG")
      ->capture_default_str();
  command.add_option("--timeout", options.timeout_seconds, "Seconds to wait for an answer")
      ->check(CLI::Range(0.1, 86400.0))
      ->capture_default_str();
  command
      .add_option_function<std::string>(
          "-o,--output", [&options](const std::string& format) { options.json = format == "json"; }, "table or json")
      ->check(CLI::IsMember({"table", "json"}));
}

}  // namespace orrery::cli
