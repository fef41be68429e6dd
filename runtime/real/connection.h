#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "runtime/base/status.h"
#include "runtime/base/time.h"
#include "runtime/real/frame.h"
#include "runtime/real/out_queue.h"

namespace orrery {

class Connection;

/// Who made a Connection. Connections speak to it only from ProcessInput, except OnActivity and OnWritable,
/// which come from I/O handlers and must only take a note.
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;

  /// Something happened: call ProcessInput in the next turn.
  virtual void OnActivity(Connection& connection) = 0;
  /// A blocked Write may go on.
  virtual void OnWritable(Connection& connection) = 0;
  /// The other side introduced itself: call Establish or Reject.
  virtual void OnHello(Connection& connection, const Hello& hello) = 0;
  virtual void OnFrame(Connection& connection, Channel channel, ByteView payload) = 0;
  /// It ended by itself: refused, closed, reset, or the other side sent something wrong (kInvalidArgument,
  /// kVersionMismatch, kCorruption, kTooLarge). Called once; call Close or Reject.
  virtual void OnEnd(Connection& connection, const Status& why) = 0;
};

/// One TCP connection of RealNetwork: connects, greets, reads into one buffer that holds many frames, and writes
/// from an OutQueue. Held by shared_ptr: an I/O operation under way keeps it alive after Close().
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  enum class State { kConnecting, kGreeting, kEstablished, kRejected, kClosed };

  Connection(boost::asio::io_context& io, ConnectionOwner& owner, const Hello& our_hello, Duration silence_max);

  /// Begins as the side that was called.
  void StartAccepted(boost::asio::ip::tcp::socket socket);
  /// Begins as the caller. `address` is "host:port".
  void StartDial(const std::string& address);

  /// The turn's share of work: greeting, frames, the end.
  void ProcessInput();
  /// Asks the kernel for more. No effect when that has been done, or the connection has ended.
  void StartRead();
  /// Writes as much of the queue as the kernel takes; OnWritable tells when there is room again.
  Status Write(OutQueue& queue);

  void Establish() { state_ = State::kEstablished; }
  /// Says nothing more, drops what comes, so that the other side can still read our Hello and see why.
  void Reject();
  void Close();

  State state() const { return state_; }
  bool established() const { return state_ == State::kEstablished; }
  bool inbound() const { return inbound_; }
  /// "10.0.0.7:4000", for logs.
  const std::string& address() const { return address_; }

  // Notes of the owner.
  Endpoint peer;              ///< Expected (dialled) or introduced.
  Instant give_up_at;         ///< For states before kEstablished, and kRejected.
  bool active_noted = false;  ///< In the owner's list.

 private:
  void Connect(const boost::asio::ip::tcp::endpoint& endpoint);
  void Greet();
  void Fail(Status why);
  void FailWith(const char* what, const boost::system::error_code& error);
  void ProcessGreeting();
  void ProcessFrames();
  void MakeRoom();
  void WaitWritable();
  ByteView unread() const { return ByteView(buffer_.get() + begin_, end_ - begin_); }

  boost::asio::ip::tcp::socket socket_;
  std::optional<boost::asio::ip::tcp::resolver> resolver_;
  ConnectionOwner& owner_;
  Hello our_hello_;
  Duration silence_max_;
  State state_ = State::kConnecting;
  bool inbound_ = false;
  bool reading_ = false;
  bool write_blocked_ = false;
  bool filled_ = false;  ///< The last read filled the buffer.
  std::optional<Status> failure_;
  std::string address_;

  std::unique_ptr<char[]> buffer_;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace orrery
