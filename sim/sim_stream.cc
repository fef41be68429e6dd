#include "sim/sim_stream.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "sim/node_boot.h"
#include "sim/sim_network.h"
#include "sim/sim_node.h"
#include "sim/stream_connection.h"

namespace orrery::sim {
namespace {

constexpr int kFirstFreePort = 49152;

struct HostPort {
  std::string_view host;
  int port = 0;
};

Result<HostPort> ParseAddress(std::string_view address) {
  const size_t colon = address.rfind(':');
  HostPort parsed;
  if (colon != std::string_view::npos) {
    parsed.host = address.substr(0, colon);
    const std::string_view digits = address.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), parsed.port);
    if (error == std::errc() && end == digits.data() + digits.size() && parsed.port >= 0 && parsed.port < 65536)
      return parsed;
  }
  return Status(StatusCode::kInvalidArgument, fmt::format("address '{}' is not host:port", address));
}

bool MeansItself(std::string_view host) {
  return host.empty() || host == "127.0.0.1" || host == "localhost" || host == "0.0.0.0";
}

}  // namespace

/// A listening address.
class StreamPort {
 public:
  StreamPort(SimNode& owner, int number) : node(owner), boot(owner.boots()), port(number) {}
  SimNode& node;
  const uint64_t boot;
  const int port;
  bool closed = false;
  std::deque<std::shared_ptr<StreamConnection>> waiting;
  WaitQueue arrivals{"stream: accept"};
};

namespace {

class SimStream final : public Stream {
 public:
  SimStream(std::shared_ptr<StreamConnection> connection, int side) : connection_(std::move(connection)), side_(side) {}
  ~SimStream() override { connection_->Close(side_); }
  Result<size_t> Read(std::span<char> out, Deadline deadline) override {
    return connection_->Read(side_, out, deadline);
  }
  Status WriteAll(ByteView data, Deadline deadline) override { return connection_->WriteAll(side_, data, deadline); }
  Status FinishWriting() override { return connection_->FinishWriting(side_); }
  void Close() override { connection_->Close(side_); }
  std::string PeerName() const override { return connection_->node(1 - side_).actor().name; }

 private:
  std::shared_ptr<StreamConnection> connection_;
  const int side_;
};

class SimListener final : public StreamListener {
 public:
  SimListener(StreamSwitchboard& switchboard, std::shared_ptr<StreamPort> port)
      : switchboard_(switchboard), port_(std::move(port)) {}
  ~SimListener() override { Close(); }

  Result<std::unique_ptr<Stream>> Accept(Deadline deadline) override {
    const auto port = port_;
    while (!port->closed && port->waiting.empty()) {
      if (!port->arrivals.WaitUntil(deadline) && port->waiting.empty() && !port->closed)
        return Status(StatusCode::kTimeout, "nobody connected before the deadline");
    }
    if (port->closed) return Status(StatusCode::kClosed, "listener closed");
    auto connection = std::move(port->waiting.front());
    port->waiting.pop_front();
    return std::unique_ptr<Stream>(std::make_unique<SimStream>(std::move(connection), 1));
  }
  void Close() override {
    if (port_->closed) return;
    port_->closed = true;
    for (const auto& connection : port_->waiting) connection->Close(1);
    port_->waiting.clear();
    switchboard_.Unlisten(*port_);
    port_->arrivals.NotifyAll();
  }
  std::string address() const override { return fmt::format("{}:{}", port_->node.actor().name, port_->port); }

 private:
  StreamSwitchboard& switchboard_;
  std::shared_ptr<StreamPort> port_;
};

}  // namespace

StreamSwitchboard::~StreamSwitchboard() = default;

void StreamSwitchboard::OnRules() {
  std::erase_if(connections_, [](const auto& connection) { return connection.expired(); });
  for (const auto& weak : connections_) {
    if (const auto connection = weak.lock()) connection->OnRules();
  }
}

void StreamSwitchboard::OnDown(SimNode& node, CrashKind kind) {
  std::erase_if(ports_, [&](const auto& entry) { return entry.first.first == node.id(); });
  for (const auto& weak : connections_) {
    const auto connection = weak.lock();
    if (connection == nullptr) continue;
    for (int side = 0; side < 2; ++side) {
      if (&connection->node(side) == &node) connection->OnDown(side, kind);
    }
  }
}

void StreamSwitchboard::Reset(NodeId a, NodeId b) {
  for (const auto& weak : connections_) {
    const auto connection = weak.lock();
    if (connection == nullptr) continue;
    const NodeId first = connection->node(0).id();
    const NodeId second = connection->node(1).id();
    if ((first == a && second == b) || (first == b && second == a)) connection->Reset();
  }
}

Result<std::shared_ptr<StreamPort>> StreamSwitchboard::Listen(SimNode& node, std::string_view address) {
  ORRERY_ASSIGN_OR_RETURN(const HostPort wanted, ParseAddress(address));
  if (!MeansItself(wanted.host) && wanted.host != node.actor().name)
    return Status(StatusCode::kIoError,
                  fmt::format("cannot bind {}: not an address of {}", address, node.actor().name));
  int port = wanted.port;
  if (port == 0) {
    port = kFirstFreePort;
    while (ports_.contains({node.id(), port})) ++port;
  }
  auto& place = ports_[{node.id(), port}];
  if (place != nullptr)
    return Status(StatusCode::kAlreadyExists, fmt::format("cannot bind {}: address in use", address));
  place = std::make_shared<StreamPort>(node, port);
  return place;
}

void StreamSwitchboard::Unlisten(const StreamPort& port) {
  const auto found = ports_.find({port.node.id(), port.port});
  if (found != ports_.end() && found->second.get() == &port) ports_.erase(found);
}

Result<std::shared_ptr<StreamPort>> StreamSwitchboard::Find(SimNode& from, std::string_view address, SimNode** host) {
  ORRERY_ASSIGN_OR_RETURN(const HostPort wanted, ParseAddress(address));
  *host = MeansItself(wanted.host) ? &from : nullptr;
  for (const auto& [id, node] : core_.nodes) {
    if (node->actor().name == wanted.host) *host = node.get();
  }
  if (*host == nullptr) return Status(StatusCode::kUnavailable, fmt::format("{}: unknown host", address));
  const auto found = ports_.find({(*host)->id(), wanted.port});
  return found == ports_.end() ? std::shared_ptr<StreamPort>() : found->second;
}

std::shared_ptr<StreamConnection> StreamSwitchboard::Connect(SimNode& from, const std::shared_ptr<StreamPort>& port) {
  const uint64_t number = ++opened_[from.id()];
  std::string name = fmt::format("{}/stream{}", from.actor().name, number);
  auto connection = std::make_shared<StreamConnection>(core_, std::move(name), from, port->node);
  connections_.push_back(connection);
  SimNode& server = port->node;
  server.Deliver([port, connection] {
    if (port->closed) return connection->Close(1);
    port->waiting.push_back(connection);
    port->arrivals.NotifyOne();
  });
  return connection;
}

Result<std::unique_ptr<StreamListener>> NodeStreams::Listen(std::string_view address) {
  if (closed_) return Status(StatusCode::kClosed, "the process has ended");
  auto port = core_.streams->Listen(boot_.sim_node(), address);
  if (!port.ok()) return port.status();
  return std::unique_ptr<StreamListener>(std::make_unique<SimListener>(*core_.streams, std::move(*port)));
}

Result<std::unique_ptr<Stream>> NodeStreams::Connect(std::string_view address, Deadline deadline) {
  SimNode& me = boot_.sim_node();
  const std::string target(address);
  const Deadline give_up = deadline.Earlier(Deadline::After(boot_.clock.Now(), core_.options.network.connect_timeout));
  const Duration step = core_.options.network.latency_min * 2;
  for (;;) {
    boot_.scheduler.SleepUntil(boot_.clock.Now() + step);
    if (closed_) return Status(StatusCode::kClosed, "the process has ended");
    SimNode* host = nullptr;
    auto port = core_.streams->Find(me, target, &host);
    if (!port.ok()) return port.status();
    const bool cut = core_.network->Blocked(me.id(), host->id()) || core_.network->Blocked(host->id(), me.id());
    const bool silent = cut || !host->powered();
    if (!silent && *port == nullptr) return Status(StatusCode::kUnavailable, target + ": connection refused");
    if (!silent) return std::unique_ptr<Stream>(std::make_unique<SimStream>(core_.streams->Connect(me, *port), 0));
    if (give_up.PassedAt(boot_.clock.Now()))
      return Status(deadline.PassedAt(boot_.clock.Now()) ? StatusCode::kTimeout : StatusCode::kUnavailable,
                    target + ": no answer");
    const Instant again = boot_.clock.Now() + milliseconds(50);
    boot_.scheduler.SleepUntil(again < give_up.at() ? again : give_up.at());
  }
}

}  // namespace orrery::sim
