#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "runtime/base/ids.h"
#include "runtime/base/time.h"
#include "runtime/log.h"

namespace orrery {

/// Limits and patience of RealNetwork.
struct NetworkOptions {
  /// Messages waiting for one peer; beyond it the connection ends (OnDisconnect tells). One message always fits.
  size_t queue_bytes_max = size_t{64} << 20;
  /// Connections held at once; further ones are closed on arrival.
  size_t connections_max = 20'000;
  Duration connect_timeout = seconds(2);
  /// From the start of a connection to the other side's complete Hello.
  Duration hello_timeout = seconds(5);
  /// Pause after a failed attempt; doubles up to the maximum, with jitter.
  Duration backoff_min = milliseconds(20);
  Duration backoff_max = seconds(1);
  /// A peer that acknowledges nothing for this long is gone (TCP_USER_TIMEOUT and keep-alive).
  Duration silence_max = seconds(10);
};

struct LogOptions {
  LogLevel level = LogLevel::kInfo;
  /// Empty: standard error. Else a file, kept in `files_max` pieces of at most `file_bytes_max`.
  std::string path;
  size_t file_bytes_max = size_t{64} << 20;
  size_t files_max = 4;
  /// In front of every line's message, to tell processes apart on one terminal; may be empty.
  std::string name;
};

/// One node process in the real world. Every field is checked by RealProcess::Create.
struct RealOptions {
  ClusterId cluster;
  NodeId node;
  uint32_t shard = 0;
  /// "host:port" where other nodes reach the Network; port 0 chooses one. Empty: connects, never listens (a client).
  std::string listen_address;
  /// Root of the node's Disk, created if missing, locked against other processes. Empty: no disk (a client);
  /// then every disk operation fails with kIoError.
  std::string data_directory;
  std::map<NodeId, std::string> addresses;
  LogOptions log;
  NetworkOptions network;
  /// SIGTERM and SIGINT ask the node to stop; a second one ends the process at once with status 130 or 143.
  bool handle_signals = false;
  /// Key of Runtime::random; taken from the operating system when absent.
  std::optional<uint64_t> random_key;
};

}  // namespace orrery
