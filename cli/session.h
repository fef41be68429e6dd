#pragma once

#include <functional>
#include <string>

#include "client/admin_client.h"
#include "client/kv_client.h"
#include "runtime/base/time.h"
#include "runtime/real/real_options.h"

namespace orrery {
struct ClusterConfig;
}

namespace orrery::cli {

/// How a command finds its cluster. Filled from the command line.
struct SessionOptions {
  std::string config_path = "cluster.toml";
  double timeout_seconds = 10;
  bool json = false;

  Duration timeout() const { return Duration(static_cast<int64_t>(timeout_seconds * 1e9)); }
};

/// What a command works with, on a fiber.
struct Session {
  const ClusterConfig& cluster;
  Runtime& runtime;
  RpcClient& rpc;
  KvClient& kv;
  AdminClient& admin;
  Duration timeout;

  /// One command's deadline, from now.
  Deadline deadline() const;
};

/// Reads the cluster's file, starts a client process without a disk and runs `body` on a fiber of it.
/// Prints an error, with why stores could not be reached, to standard error. Returns the exit code.
int RunSession(const SessionOptions& options, const std::function<Status(Session&)>& body);

}  // namespace orrery::cli
