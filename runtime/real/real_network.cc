#include "runtime/real/real_network.h"

#include <algorithm>

#include "runtime/address_book.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/real/address.h"

namespace orrery {
namespace {

using boost::asio::ip::tcp;

/// How long a refused side may take to read our Hello and leave.
constexpr Duration kRefusalPatience = seconds(1);
/// Pause after accept() ran out of file descriptors.
constexpr Duration kAcceptPause = milliseconds(100);
/// An epoch that lasted this long shows that the peer is well.
constexpr Duration kSoundEpoch = seconds(1);

std::string Describe(Endpoint endpoint) {
  const std::string shard = endpoint.shard == 0 ? "" : " shard " + std::to_string(endpoint.shard);
  return (IsClientNode(endpoint.node) ? "client " : "node ") + ToString(endpoint.node) + shard;
}

}  // namespace

Result<std::unique_ptr<RealNetwork>> RealNetwork::Open(const RealOptions& options, const Parts& parts) {
  std::unique_ptr<RealNetwork> network(new RealNetwork(options, parts, parts.random.Split("boot").NextU64()));
  if (!options.listen_address.empty()) {
    ORRERY_ASSIGN_OR_RETURN(network->acceptor_, BindAndListen(parts.io, options.listen_address));
    network->listen_address_ = ToString(network->acceptor_->local_endpoint());
    network->Accept();
  }
  return network;
}

RealNetwork::RealNetwork(const RealOptions& options, const Parts& parts, uint64_t boot)
    : io_(parts.io),
      clock_(parts.clock),
      addresses_(parts.addresses),
      log_(parts.log),
      random_(parts.random.Split("backoff")),
      ended_(parts.ended),
      options_(options.network),
      hello_{.shard = options.shard, .cluster = options.cluster, .node = options.node, .boot = boot},
      timer_(parts.scheduler, [this] { OnTimer(); }) {}

RealNetwork::~RealNetwork() {
  Close(false);
}

void RealNetwork::Send(Endpoint to, Channel channel, Bytes message) {
  ORRERY_ASSERT(message.size() <= kMessageBytesMax);
  if (ended_.load(std::memory_order_relaxed)) return;
  ++counters_.messages_sent;
  if (to == self()) {
    local_.push_back(Local{channel, std::move(message)});
    return;
  }
  Peer& peer = PeerOf(to);
  MarkDirty(peer);
  if (peer.overflowed) return;
  if (!peer.queue.empty() && peer.queue.size_bytes() + message.size() > options_.queue_bytes_max) {
    peer.overflowed = true;
    ++counters_.queue_overflows;
    return;
  }
  peer.queue.Push(channel, std::move(message));
}

void RealNetwork::Listen(Channel channel, Receiver* receiver) {
  receivers_[static_cast<uint8_t>(channel)] = receiver;
}

size_t RealNetwork::QueuedBytes(Endpoint to) const {
  const Peer* peer = FindPeer(to);
  return peer == nullptr ? 0 : peer->queue.size_bytes();
}

Status RealNetwork::LastConnectError(NodeId node) const {
  const auto remembered = last_errors_.find(node);
  if (remembered != last_errors_.end()) return remembered->second;
  const Peer* peer = FindPeer({node, 0});
  return peer == nullptr ? Status::Ok() : peer->last_error;
}

// ---- A turn. ----

void RealNetwork::Deliver() {
  std::vector<std::shared_ptr<Connection>> active;
  active.swap(active_);
  for (const auto& connection : active) {
    connection->active_noted = false;
    if (ended_.load(std::memory_order_relaxed)) return;
    connection->ProcessInput();
    if (connection->state() != Connection::State::kClosed) await_more_.push_back(connection);
  }
  std::vector<Local> local;
  local.swap(local_);
  for (Local& item : local) {
    if (ended_.load(std::memory_order_relaxed)) return;
    Receiver* receiver = receivers_[static_cast<uint8_t>(item.channel)];
    ++counters_.messages_received;
    if (receiver != nullptr) receiver->OnMessage(self(), std::move(item.message));
  }
  active.clear();
  if (active_.empty()) active_.swap(active);  // Keep the capacity.
}

void RealNetwork::Flush() {
  std::vector<Peer*> dirty;
  dirty.swap(dirty_);
  for (Peer* peer : dirty) {
    peer->dirty = false;
    if (!ended_.load(std::memory_order_relaxed)) FlushPeer(*peer);
  }
  AwaitMore();
  ForgetIdlePeers();
}

void RealNetwork::FlushPeer(Peer& peer) {
  if (peer.overflowed) {
    return EndEpoch(
        peer, Status(StatusCode::kBusy, "its queue of " + std::to_string(peer.queue.size_bytes()) + " bytes is full"));
  }
  if (peer.queue.empty()) return;
  if (peer.sender == nullptr) {
    if (peer.outbound != nullptr && peer.outbound->established()) {
      peer.sender = peer.outbound.get();
    } else if (peer.outbound == nullptr && peer.inbound != nullptr) {
      peer.sender = peer.inbound.get();
    } else {
      if (peer.outbound == nullptr) Dial(peer);
      return;
    }
  }
  const Status written = peer.sender->Write(peer.queue);
  if (!written.ok()) return EndEpoch(peer, written);
  if (peer.read_paused && peer.queue.size_bytes() < options_.queue_bytes_max / 4) ResumeReading(peer);
}

void RealNetwork::ResumeReading(Peer& peer) {
  peer.read_paused = false;
  if (peer.inbound != nullptr) peer.inbound->StartRead();
}

void RealNetwork::AwaitMore() {
  for (const auto& connection : await_more_) {
    if (connection->established() && IsClientNode(connection->peer.node)) {
      Peer* peer = FindPeer(connection->peer);
      if (peer != nullptr && peer->queue.size_bytes() > options_.queue_bytes_max / 2) {
        peer->read_paused = true;
        continue;
      }
    }
    connection->StartRead();
  }
  await_more_.clear();
}

void RealNetwork::ForgetIdlePeers() {
  for (const Endpoint endpoint : forget_) {
    const Peer* peer = FindPeer(endpoint);
    if (peer == nullptr || peer->dirty || peer->outbound != nullptr || peer->inbound != nullptr) continue;
    if (IsClientNode(endpoint.node) || !addresses_.Find(endpoint.node).has_value()) peers_.erase(endpoint);
  }
  forget_.clear();
}

void RealNetwork::Close(bool flush) {
  if (closed_) return;
  closed_ = true;
  receivers_.fill(nullptr);
  timer_.Disarm();
  if (acceptor_.has_value()) {
    boost::system::error_code ignored;
    acceptor_->close(ignored);
  }
  for (const auto& [endpoint, peer] : peers_) {
    if (!peer->last_error.ok()) last_errors_.emplace(endpoint.node, peer->last_error);
    if (flush && peer->sender != nullptr) peer->sender->Write(peer->queue).IgnoreError();  // Nobody is left to tell.
    if (peer->outbound != nullptr) peer->outbound->Close();
    if (peer->inbound != nullptr) peer->inbound->Close();
  }
  for (const auto& connection : watched_) connection->Close();
  watched_.clear();
  active_.clear();
  await_more_.clear();
  dirty_.clear();
  peers_.clear();
}

// ---- Peers and epochs. ----

RealNetwork::Peer* RealNetwork::FindPeer(Endpoint endpoint) const {
  const auto found = peers_.find(endpoint);
  return found == peers_.end() ? nullptr : found->second.get();
}

RealNetwork::Peer& RealNetwork::PeerOf(Endpoint endpoint) {
  std::unique_ptr<Peer>& peer = peers_[endpoint];
  if (peer == nullptr) peer = std::make_unique<Peer>(endpoint, pool_);
  return *peer;
}

void RealNetwork::MarkDirty(Peer& peer) {
  if (peer.dirty) return;
  peer.dirty = true;
  dirty_.push_back(&peer);
}

void RealNetwork::Dial(Peer& peer) {
  const std::optional<std::string> address = addresses_.Find(peer.endpoint.node);
  if (!address.has_value()) return EndEpoch(peer, Status(StatusCode::kUnavailable, "its address is not known"));
  if (clock_.Now() < peer.retry_at) return EndEpoch(peer, peer.last_error.Wrap("backing off"));
  peer.outbound = NewConnection();
  peer.outbound->peer = peer.endpoint;
  Watch(peer.outbound, options_.connect_timeout);
  peer.outbound->StartDial(*address);
}

void RealNetwork::BackOff(Peer& peer) {
  peer.backoff = std::clamp(peer.backoff * 2, options_.backoff_min, options_.backoff_max);
  const auto jitter = static_cast<int64_t>(random_.Below(static_cast<uint64_t>(peer.backoff.count() / 2 + 1)));
  peer.retry_at = clock_.Now() + peer.backoff - Duration(jitter);
}

void RealNetwork::DialFailed(Peer& peer, const Status& why) {
  ORRERY_LOG(log_, peer.backoff == Duration::zero() ? LogLevel::kInfo : LogLevel::kDebug, "net", "no way to {}: {}",
             Describe(peer.endpoint), why.message());
  if (peer.outbound != nullptr && peer.outbound->state() != Connection::State::kRejected) {
    CloseConnection(*peer.outbound);
  }
  peer.outbound = nullptr;
  peer.last_error = why;
  BackOff(peer);
  if (peer.inbound != nullptr) return MarkDirty(peer);  // It has called us meanwhile: that way is open.
  EndEpoch(peer, why);
}

void RealNetwork::EndEpoch(Peer& peer, const Status& why) {
  const bool was_established = peer.inbound != nullptr || (peer.outbound != nullptr && peer.outbound->established());
  const Endpoint endpoint = peer.endpoint;
  if (was_established) {
    ORRERY_LOG(log_, IsClientNode(endpoint.node) ? LogLevel::kDebug : LogLevel::kInfo, "net",
               "connection to {} ended: {}", Describe(endpoint), why.message());
    if (clock_.Now() - peer.established_at >= kSoundEpoch) {
      peer.backoff = Duration::zero();
    } else if (why.code() != StatusCode::kBusy) {
      peer.last_error = why;
      BackOff(peer);
    }
  }
  ++counters_.epochs_ended;
  const bool nothing_left = peer.sender == nullptr && !was_established;
  for (std::shared_ptr<Connection>* slot : {&peer.outbound, &peer.inbound}) {
    if (*slot != nullptr) CloseConnection(**slot);
    slot->reset();
  }
  peer.sender = nullptr;
  peer.queue.Clear();
  peer.overflowed = false;
  peer.read_paused = false;
  forget_.push_back(endpoint);
  TellReceivers(endpoint, nothing_left);
}

void RealNetwork::TellReceivers(Endpoint endpoint, bool nothing_left) {
  std::vector<Receiver*> called;
  for (size_t channel = 0; channel < receivers_.size(); ++channel) {
    Receiver* receiver = receivers_[channel];
    if (receiver == nullptr || std::find(called.begin(), called.end(), receiver) != called.end()) continue;
    called.push_back(receiver);
    nothing_left ? receiver->OnConnectFailed(endpoint) : receiver->OnDisconnect(endpoint);
  }
}

// ---- What connections tell. ----

void RealNetwork::OnActivity(Connection& connection) {
  if (connection.active_noted) return;
  connection.active_noted = true;
  active_.push_back(connection.shared_from_this());
}

void RealNetwork::OnWritable(Connection& connection) {
  Peer* peer = FindPeer(connection.peer);
  if (peer != nullptr) MarkDirty(*peer);
}

void RealNetwork::OnFrame(Connection& connection, Channel channel, ByteView payload) {
  ++counters_.messages_received;
  counters_.bytes_received += payload.size();
  Receiver* receiver = receivers_[static_cast<uint8_t>(channel)];
  if (receiver == nullptr || ended_.load(std::memory_order_relaxed)) return;
  receiver->OnMessage(connection.peer, Bytes(payload));
}

void RealNetwork::OnHello(Connection& connection, const Hello& hello) {
  const Status checked = CheckHello(connection, hello);
  if (!checked.ok()) return Refuse(connection, checked);
  Establish(connection, hello);
}

Status RealNetwork::CheckHello(const Connection& connection, const Hello& hello) const {
  const std::string them = Describe(hello.endpoint()) + " of cluster " + ToString(hello.cluster);
  const std::string us = Describe(self()) + " of cluster " + ToString(hello_.cluster);
  if (hello.cluster != hello_.cluster) {
    return Status(StatusCode::kWrongTarget, "another cluster: it is " + them + ", we are " + us);
  }
  if (hello.endpoint() == self()) {
    return Status(StatusCode::kWrongTarget, hello.boot == hello_.boot ? "the address leads back to ourselves, " + us
                                                                      : "it claims to be us, " + us);
  }
  if (!hello.node.valid()) return Status(StatusCode::kWrongTarget, "it has no node id");
  if (!connection.inbound() && hello.endpoint() != connection.peer) {
    return Status(StatusCode::kWrongTarget, "it is " + them + ", we expected " + Describe(connection.peer));
  }
  return Status::Ok();
}

void RealNetwork::Refuse(Connection& connection, const Status& why) {
  ++counters_.hellos_refused;
  WarnLimited("refused the connection " + std::string(connection.inbound() ? "from " : "to ") + connection.address() +
              ": " + std::string(why.message()));
  Unwatch(connection);
  Watch(connection.shared_from_this(), kRefusalPatience);
  connection.Reject();
  if (!connection.inbound()) DialFailed(PeerOf(connection.peer), why.Wrap(connection.address()));
}

void RealNetwork::Establish(Connection& connection, const Hello& hello) {
  const std::shared_ptr<Connection> keep = connection.shared_from_this();
  Peer& peer = PeerOf(hello.endpoint());
  const bool known = peer.inbound != nullptr || (peer.outbound != nullptr && peer.outbound->established());
  if (known && peer.boot != hello.boot) {
    if (!connection.inbound()) peer.outbound = nullptr;
    EndEpoch(peer, Status(StatusCode::kClosed, "it was restarted"));
  } else if (connection.inbound() && peer.inbound != nullptr) {
    EndEpoch(peer, Status(StatusCode::kClosed, "it has called again"));
  }
  Unwatch(connection);
  connection.peer = peer.endpoint;
  connection.Establish();
  (connection.inbound() ? peer.inbound : peer.outbound) = keep;
  peer.boot = hello.boot;
  peer.established_at = clock_.Now();
  peer.last_error = Status::Ok();
  ++counters_.connections_established;
  ORRERY_LOG(log_, IsClientNode(peer.endpoint.node) ? LogLevel::kDebug : LogLevel::kInfo, "net", "connected {} {} ({})",
             connection.inbound() ? "from" : "to", Describe(peer.endpoint), connection.address());
  if (!peer.queue.empty()) MarkDirty(peer);
}

void RealNetwork::OnEnd(Connection& connection, const Status& why) {
  const std::shared_ptr<Connection> keep = connection.shared_from_this();
  const bool damaged = why.code() == StatusCode::kCorruption || why.code() == StatusCode::kTooLarge;
  if (connection.established()) {
    if (damaged) {
      ++counters_.connections_damaged;
      WarnLimited(Describe(connection.peer) + " at " + connection.address() + " sent " + std::string(why.message()));
    }
    return EndEpoch(PeerOf(connection.peer), why);
  }
  if (connection.state() == Connection::State::kRejected) return CloseConnection(connection);
  if (why.code() == StatusCode::kVersionMismatch) return Refuse(connection, why);
  if (damaged || why.code() == StatusCode::kInvalidArgument) {
    ++counters_.strangers;
    WarnLimited(connection.address() + ": " + std::string(why.message()));
  }
  if (connection.inbound()) return CloseConnection(connection);
  DialFailed(PeerOf(connection.peer), why);
}

// ---- Connections that are not established. ----

void RealNetwork::Accept() {
  acceptor_->async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
    if (!closed_) OnAccepted(error, std::move(socket));
  });
}

void RealNetwork::OnAccepted(const boost::system::error_code& error, tcp::socket socket) {
  if (error) {
    WarnLimited("accept on " + listen_address_ + ": " + error.message());
    accept_paused_ = true;
    return ArmTimer(clock_.FreshNow() + kAcceptPause);
  }
  if (connections_ >= options_.connections_max) {
    ++counters_.connections_over_limit;
    WarnLimited("closed a new connection: " + std::to_string(connections_) + " are open");
  } else {
    const auto connection = NewConnection();
    Watch(connection, options_.hello_timeout);
    connection->StartAccepted(std::move(socket));
  }
  Accept();
}

std::shared_ptr<Connection> RealNetwork::NewConnection() {
  ++connections_;
  return std::make_shared<Connection>(io_, static_cast<ConnectionOwner&>(*this), hello_, options_.silence_max);
}

void RealNetwork::Watch(const std::shared_ptr<Connection>& connection, Duration patience) {
  connection->give_up_at = clock_.FreshNow() + patience;
  watched_.push_back(connection);
  ArmTimer(connection->give_up_at);
}

void RealNetwork::Unwatch(const Connection& connection) {
  std::erase_if(watched_, [&](const auto& watched) { return watched.get() == &connection; });
}

void RealNetwork::CloseConnection(Connection& connection) {
  if (connection.state() == Connection::State::kClosed) return;
  if (!connection.established()) Unwatch(connection);
  connection.Close();
  --connections_;
}

void RealNetwork::ArmTimer(Instant at) {
  if (timer_.armed() && timer_at_ <= at) return;
  timer_at_ = at;
  timer_.Arm(at);
}

void RealNetwork::OnTimer() {
  const Instant now = clock_.Now();
  if (accept_paused_) {
    accept_paused_ = false;
    Accept();
  }
  const std::vector<std::shared_ptr<Connection>> watched = watched_;
  for (const auto& connection : watched) {
    if (connection->give_up_at > now || connection->state() == Connection::State::kClosed) continue;
    if (connection->established()) continue;
    const bool rejected = connection->state() == Connection::State::kRejected;
    if (connection->inbound() || rejected) {
      CloseConnection(*connection);
    } else {
      DialFailed(PeerOf(connection->peer),
                 Status(StatusCode::kUnavailable, connection->address() + " does not answer"));
    }
  }
  for (const auto& connection : watched_) ArmTimer(connection->give_up_at);
}

void RealNetwork::WarnLimited(const std::string& line) {
  uint64_t suppressed = 0;
  if (!warnings_.Allow(clock_.FreshNow(), &suppressed)) return;
  ORRERY_LOG(log_, LogLevel::kWarn, "net", "{}{}", line,
             suppressed == 0 ? "" : " (" + std::to_string(suppressed) + " similar lines were left out)");
}

}  // namespace orrery
