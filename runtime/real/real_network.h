#pragma once

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/base/random.h"
#include "runtime/fiber/timer.h"
#include "runtime/network.h"
#include "runtime/real/connection.h"
#include "runtime/real/network_counters.h"
#include "runtime/real/out_queue.h"
#include "runtime/real/rate_limit.h"
#include "runtime/real/real_options.h"

namespace orrery {

class AddressBook;
class Clock;
class Log;
class Scheduler;

/// Network on TCP.
///
/// A pair of endpoints has at most two connections, one dialled by each side; each side sends on one of them
/// for the whole epoch and receives on both. When one ends, this side ends both: that is the end of the
/// connection epoch, the queue is dropped, OnDisconnect is called. A peer that comes back under another boot
/// number, or calls a second time, has ended the old epoch too. A full queue ends the epoch (only a suffix may
/// be lost). After a failed attempt messages are dropped, and OnDisconnect told, until the back-off has passed.
///
/// I/O handlers only take notes; Deliver and Flush, called by the loop once per turn, do the work.
class RealNetwork final : public Network, private ConnectionOwner {
 public:
  struct Parts {
    boost::asio::io_context& io;
    Scheduler& scheduler;
    Clock& clock;
    AddressBook& addresses;
    Log& log;
    Random random;
    /// Once true, nothing is sent or delivered any more.
    const std::atomic<bool>& ended;
  };
  /// Listens on options.listen_address unless that is empty.
  static Result<std::unique_ptr<RealNetwork>> Open(const RealOptions& options, const Parts& parts);
  ~RealNetwork() override;

  Endpoint self() const override { return hello_.endpoint(); }
  void Send(Endpoint to, Channel channel, Bytes message) override;
  void Listen(Channel channel, Receiver* receiver) override;
  size_t QueuedBytes(Endpoint to) const override;

  /// Hands everything that has arrived to the receivers. Main stack.
  void Deliver();
  /// Writes what was queued, dials, ends overfull epochs, asks for more input. Main stack.
  void Flush();
  /// Whether Deliver or Flush have something to do without waiting for I/O.
  bool HasWork() const { return !ended_ && (!active_.empty() || !dirty_.empty() || !local_.empty()); }
  /// If asked, writes what the kernel takes at once; then closes everything and forgets the receivers.
  void Close(bool flush);

  const std::string& listen_address() const { return listen_address_; }
  const NetworkCounters& counters() const { return counters_; }
  Status LastConnectError(NodeId node) const;

 private:
  struct Peer {
    Peer(Endpoint to, BufferPool& pool) : endpoint(to), queue(pool) {}
    Endpoint endpoint;
    OutQueue queue;
    std::shared_ptr<Connection> outbound;  ///< Dialling or established.
    std::shared_ptr<Connection> inbound;   ///< Established.
    Connection* sender = nullptr;          ///< The one this epoch's messages leave on.
    uint64_t boot = 0;                     ///< Of the established connections.
    Instant retry_at = Instant::Min();
    Duration backoff = Duration::zero();
    Instant established_at;
    Status last_error;
    bool dirty = false;
    bool overflowed = false;
    bool read_paused = false;  ///< A client that does not read its answers is not read either.
  };
  struct EndpointHash {
    size_t operator()(const Endpoint& endpoint) const {
      return static_cast<size_t>(HashCombine(endpoint.node.value(), endpoint.shard));
    }
  };
  struct Local {
    Channel channel;
    Bytes message;
  };

  RealNetwork(const RealOptions& options, const Parts& parts, uint64_t boot);

  void OnActivity(Connection& connection) override;
  void OnWritable(Connection& connection) override;
  void OnHello(Connection& connection, const Hello& hello) override;
  void OnFrame(Connection& connection, Channel channel, ByteView payload) override;
  void OnEnd(Connection& connection, const Status& why) override;

  void Accept();
  void OnAccepted(const boost::system::error_code& error, boost::asio::ip::tcp::socket socket);
  Status CheckHello(const Connection& connection, const Hello& hello) const;
  void Refuse(Connection& connection, const Status& why);
  void Establish(Connection& connection, const Hello& hello);

  Peer& PeerOf(Endpoint endpoint);
  Peer* FindPeer(Endpoint endpoint) const;
  void MarkDirty(Peer& peer);
  void FlushPeer(Peer& peer);
  void ResumeReading(Peer& peer);
  void Dial(Peer& peer);
  void DialFailed(Peer& peer, const Status& why);
  void EndEpoch(Peer& peer, const Status& why);
  void AwaitMore();
  void ForgetIdlePeers();

  /// OnConnectFailed if no message of the epoch has left, else OnDisconnect.
  void TellReceivers(Endpoint endpoint, bool nothing_left);
  void BackOff(Peer& peer);
  std::shared_ptr<Connection> NewConnection();
  void CloseConnection(Connection& connection);
  void Watch(const std::shared_ptr<Connection>& connection, Duration patience);
  void Unwatch(const Connection& connection);
  void ArmTimer(Instant at);
  void OnTimer();
  void WarnLimited(const std::string& line);

  boost::asio::io_context& io_;
  Clock& clock_;
  AddressBook& addresses_;
  Log& log_;
  Random random_;
  const std::atomic<bool>& ended_;
  NetworkOptions options_;
  Hello hello_;
  std::string listen_address_;
  std::optional<boost::asio::ip::tcp::acceptor> acceptor_;
  bool accept_paused_ = false;  ///< Out of file descriptors; the timer tries again.
  bool closed_ = false;
  std::map<NodeId, Status> last_errors_;  ///< As of Close.

  BufferPool pool_;
  std::unordered_map<Endpoint, std::unique_ptr<Peer>, EndpointHash> peers_;
  std::array<Receiver*, 256> receivers_{};
  std::vector<std::shared_ptr<Connection>> active_;
  std::vector<std::shared_ptr<Connection>> await_more_;
  std::vector<Peer*> dirty_;
  std::vector<Endpoint> forget_;
  std::vector<Local> local_;
  std::vector<std::shared_ptr<Connection>> watched_;  ///< Not established, or rejected: they have a time limit.
  size_t connections_ = 0;                            ///< Established and watched.
  Timer timer_;
  Instant timer_at_;
  RateLimit warnings_{seconds(1)};
  NetworkCounters counters_;
};

}  // namespace orrery
