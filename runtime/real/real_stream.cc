#include "runtime/real/real_stream.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <optional>

#include "runtime/fiber/wait_queue.h"
#include "runtime/real/address.h"
#include "runtime/real/posix_error.h"

namespace orrery {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

/// One direction of readiness. At most one wait of the kernel is under way; it outlives the fiber that began it.
struct Readiness {
  explicit Readiness(const char* name) : waiters(name) {}
  WaitQueue waiters;
  bool asked = false;
};

/// Shared by a stream and the I/O operations under way.
struct Socket {
  Socket(tcp::socket tcp_socket, const std::atomic<bool>& node_ended)
      : socket(std::move(tcp_socket)), ended(node_ended) {}

  bool Closed() const { return closed || ended.load(std::memory_order_relaxed); }
  void Close() {
    if (closed) return;
    closed = true;
    error_code ignored;
    socket.close(ignored);
    readable.waiters.NotifyAll();
    writable.waiters.NotifyAll();
  }

  tcp::socket socket;
  const std::atomic<bool>& ended;
  Readiness readable{"stream read"};
  Readiness writable{"stream write"};
  bool closed = false;
};

/// Waits until the kernel says ready; false when `deadline` passed. Suspends.
template <class Holder, class AsioObject, class WaitType>
bool AwaitReady(const std::shared_ptr<Holder>& holder, AsioObject& object, WaitType type, Readiness& readiness,
                Deadline deadline) {
  if (!readiness.asked) {
    readiness.asked = true;
    object.async_wait(type, [holder, &readiness](const error_code&) {
      readiness.asked = false;
      readiness.waiters.NotifyAll();
    });
  }
  return readiness.waiters.WaitUntil(deadline);
}

class RealStream final : public Stream {
 public:
  RealStream(std::shared_ptr<Socket> socket, std::string peer) : shared_(std::move(socket)), peer_(std::move(peer)) {
    error_code ignored;
    shared_->socket.non_blocking(true, ignored);
    shared_->socket.set_option(tcp::no_delay(true), ignored);
  }
  ~RealStream() override { Close(); }

  Result<size_t> Read(std::span<char> out, Deadline deadline) override {
    ORRERY_ASSERT(!out.empty());
    while (true) {
      if (shared_->Closed()) return Gone();
      const ssize_t got = ::recv(shared_->socket.native_handle(), out.data(), out.size(), MSG_DONTWAIT);
      if (got >= 0) return static_cast<size_t>(got);
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return Reset("read", errno);
      if (!AwaitReady(shared_, shared_->socket, tcp::socket::wait_read, shared_->readable, deadline)) {
        return Status(StatusCode::kTimeout, "read from " + peer_);
      }
    }
  }

  Status WriteAll(ByteView data, Deadline deadline) override {
    while (!data.empty()) {
      if (shared_->Closed()) return Gone();
      const int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
      const ssize_t put = ::send(shared_->socket.native_handle(), data.data(), data.size(), flags);
      if (put >= 0) {
        data.remove_prefix(static_cast<size_t>(put));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        if (!AwaitReady(shared_, shared_->socket, tcp::socket::wait_write, shared_->writable, deadline)) {
          return Status(StatusCode::kTimeout, "write to " + peer_);
        }
      } else if (errno != EINTR) {
        return Reset("write", errno);
      }
    }
    return Status::Ok();
  }

  Status FinishWriting() override {
    if (shared_->Closed()) return Gone();
    if (::shutdown(shared_->socket.native_handle(), SHUT_WR) != 0) return Reset("shutdown", errno);
    return Status::Ok();
  }

  void Close() override { shared_->Close(); }
  std::string PeerName() const override { return peer_; }

 private:
  Status Gone() const { return Status(StatusCode::kClosed, "stream to " + peer_ + " is closed"); }
  Status Reset(const char* what, int error_number) const {
    return Status(StatusCode::kClosed, std::string(PosixError(what, peer_, error_number).message()));
  }

  std::shared_ptr<Socket> shared_;
  std::string peer_;
};

struct Acceptor {
  Acceptor(tcp::acceptor tcp_acceptor, const std::atomic<bool>& node_ended)
      : acceptor(std::move(tcp_acceptor)), ended(node_ended) {}
  tcp::acceptor acceptor;
  const std::atomic<bool>& ended;
  Readiness readable{"stream accept"};
  bool closed = false;
};

class RealListener final : public StreamListener {
 public:
  RealListener(boost::asio::io_context& io, std::shared_ptr<Acceptor> acceptor)
      : io_(io), shared_(std::move(acceptor)), address_(ToString(shared_->acceptor.local_endpoint())) {}
  ~RealListener() override { Close(); }

  Result<std::unique_ptr<Stream>> Accept(Deadline deadline) override {
    while (true) {
      if (shared_->closed || shared_->ended.load(std::memory_order_relaxed)) {
        return Status(StatusCode::kClosed, "listener on " + address_ + " is closed");
      }
      error_code error;
      tcp::endpoint remote;
      tcp::socket socket = shared_->acceptor.accept(io_, remote, error);
      if (!error) {
        auto state = std::make_shared<Socket>(std::move(socket), shared_->ended);
        return std::unique_ptr<Stream>(std::make_unique<RealStream>(std::move(state), ToString(remote)));
      }
      if (error == boost::asio::error::connection_aborted) continue;
      if (error != boost::asio::error::would_block) {
        return Status(StatusCode::kIoError, "accept on " + address_ + ": " + error.message());
      }
      if (!AwaitReady(shared_, shared_->acceptor, tcp::acceptor::wait_read, shared_->readable, deadline)) {
        return Status(StatusCode::kTimeout, "accept on " + address_);
      }
    }
  }

  void Close() override {
    if (shared_->closed) return;
    shared_->closed = true;
    error_code ignored;
    shared_->acceptor.close(ignored);
    shared_->readable.waiters.NotifyAll();
  }
  std::string address() const override { return address_; }

 private:
  boost::asio::io_context& io_;
  std::shared_ptr<Acceptor> shared_;
  std::string address_;
};

/// A connection attempt; outlives the fiber that waits for it.
struct Attempt {
  Attempt(boost::asio::io_context& io, const std::atomic<bool>& ended)
      : socket(std::make_shared<Socket>(tcp::socket(io), ended)), resolver(io) {}
  void Finish(const error_code& outcome) {
    error = outcome;
    done.NotifyAll();
  }

  std::shared_ptr<Socket> socket;
  tcp::resolver resolver;
  std::optional<error_code> error;
  WaitQueue done{"stream connect"};
};

void ConnectTo(const std::shared_ptr<Attempt>& attempt, const tcp::endpoint& endpoint) {
  attempt->socket->socket.async_connect(endpoint, [attempt](const error_code& error) { attempt->Finish(error); });
}

/// Ends the attempt when its fiber leaves before success.
class AttemptGuard {
 public:
  explicit AttemptGuard(std::shared_ptr<Attempt> attempt) : attempt_(std::move(attempt)) {}
  ~AttemptGuard() {
    if (attempt_ == nullptr) return;
    attempt_->resolver.cancel();
    attempt_->socket->Close();
  }
  AttemptGuard(const AttemptGuard&) = delete;
  AttemptGuard& operator=(const AttemptGuard&) = delete;
  void Dismiss() { attempt_ = nullptr; }

 private:
  std::shared_ptr<Attempt> attempt_;
};

}  // namespace

Result<std::unique_ptr<StreamListener>> RealStreamTransport::Listen(std::string_view address) {
  ORRERY_ASSIGN_OR_RETURN(tcp::acceptor acceptor, BindAndListen(io_, address));
  auto shared = std::make_shared<Acceptor>(std::move(acceptor), ended_);
  return std::unique_ptr<StreamListener>(std::make_unique<RealListener>(io_, std::move(shared)));
}

Result<std::unique_ptr<Stream>> RealStreamTransport::Connect(std::string_view address, Deadline deadline) {
  ORRERY_ASSIGN_OR_RETURN(const HostPort parts, ParseAddress(address));
  const auto attempt = std::make_shared<Attempt>(io_, ended_);
  AttemptGuard guard(attempt);
  const Result<tcp::endpoint> numeric = ParseNumericAddress(address);
  if (numeric.ok()) {
    ConnectTo(attempt, numeric.value());
  } else {
    attempt->resolver.async_resolve(parts.host, parts.port, [attempt](const error_code& error, const auto& found) {
      if (error || found.empty()) return attempt->Finish(error ? error : boost::asio::error::host_not_found);
      ConnectTo(attempt, found.begin()->endpoint());
    });
  }
  while (!attempt->error.has_value()) {
    if (!attempt->done.WaitUntil(deadline) && !attempt->error.has_value()) {
      return Status(StatusCode::kTimeout, "connect to " + std::string(address));
    }
  }
  if (*attempt->error) {
    return Status(StatusCode::kUnavailable, "connect to " + std::string(address) + ": " + attempt->error->message());
  }
  if (ended_.load(std::memory_order_relaxed)) return Status(StatusCode::kClosed, "the node has ended");
  guard.Dismiss();
  return std::unique_ptr<Stream>(std::make_unique<RealStream>(attempt->socket, std::string(address)));
}

}  // namespace orrery
