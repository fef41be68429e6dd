#include "runtime/real/connection.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <cstring>

#include "runtime/real/address.h"
#include "runtime/real/posix_error.h"

namespace orrery {
namespace {

using boost::asio::ip::tcp;

constexpr size_t kBufferBytesMin = size_t{16} << 10;
/// Of a buffer between frames; one large frame may need more for a while.
constexpr size_t kBufferBytesUsual = size_t{256} << 10;
constexpr size_t kGatherMax = 64;

void SetOption(int fd, int level, int name, int value) {
  // Refusal of an option costs speed or patience, never correctness.
  static_cast<void>(::setsockopt(fd, level, name, &value, sizeof(value)));
}

void SetOptions(int fd, Duration silence_max) {
  const auto milliseconds = static_cast<int>(silence_max / std::chrono::milliseconds(1));
  const int seconds = std::max(1, milliseconds / 3000);
  SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, seconds);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, seconds);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPCNT, 2);
  SetOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, milliseconds);
}

}  // namespace

Connection::Connection(boost::asio::io_context& io, ConnectionOwner& owner, const Hello& our_hello,
                       Duration silence_max)
    : socket_(io), owner_(owner), our_hello_(our_hello), silence_max_(silence_max) {}

void Connection::StartAccepted(tcp::socket socket) {
  inbound_ = true;
  socket_ = std::move(socket);
  boost::system::error_code error;
  const auto remote = socket_.remote_endpoint(error);
  address_ = error ? "(gone)" : ToString(remote);
  Greet();
}

void Connection::StartDial(const std::string& address) {
  address_ = address;
  const Result<tcp::endpoint> numeric = ParseNumericAddress(address);
  if (numeric.ok()) return Connect(numeric.value());
  const Result<HostPort> parts = ParseAddress(address);
  if (!parts.ok()) return Fail(parts.status());
  resolver_.emplace(socket_.get_executor());
  resolver_->async_resolve(parts.value().host, parts.value().port,
                           [self = shared_from_this()](const auto& error, const auto& found) {
                             if (self->state_ == State::kClosed) return;
                             if (error || found.empty()) return self->FailWith("resolve", error);
                             self->Connect(found.begin()->endpoint());
                           });
}

void Connection::Connect(const tcp::endpoint& endpoint) {
  socket_.async_connect(endpoint, [self = shared_from_this()](const boost::system::error_code& error) {
    if (self->state_ == State::kClosed) return;
    if (error) return self->FailWith("connect", error);
    self->Greet();
  });
}

void Connection::Greet() {
  state_ = State::kGreeting;
  boost::system::error_code error;
  socket_.non_blocking(true, error);
  if (error) return FailWith("greet", error);
  SetOptions(socket_.native_handle(), silence_max_);
  const Bytes hello = EncodeHello(our_hello_);
  const ssize_t sent = ::send(socket_.native_handle(), hello.data(), hello.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent != static_cast<ssize_t>(hello.size())) return Fail(PosixError("greet", address_, sent < 0 ? errno : EIO));
  StartRead();
}

void Connection::Fail(Status why) {
  failure_ = std::move(why);
  owner_.OnActivity(*this);
}

void Connection::FailWith(const char* what, const boost::system::error_code& error) {
  if (error == boost::asio::error::eof) return Fail(Status(StatusCode::kClosed, address_ + " closed the connection"));
  Fail(Status(StatusCode::kUnavailable, std::string(what) + " " + address_ + ": " + error.message()));
}

void Connection::MakeRoom() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
    if (capacity_ > kBufferBytesUsual) capacity_ = 0;
  }
  const bool too_small = capacity_ < kBufferBytesMin || (filled_ && (begin_ == 0 && end_ == capacity_)) ||
                         (filled_ && capacity_ < kBufferBytesUsual);
  if (too_small) {
    const size_t larger = std::max(capacity_ * 2, kBufferBytesMin);
    std::unique_ptr<char[]> fresh(new char[larger]);
    if (end_ > begin_) std::memcpy(fresh.get(), buffer_.get() + begin_, end_ - begin_);
    buffer_ = std::move(fresh);
    capacity_ = larger;
  } else if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
  }
  end_ -= begin_;
  begin_ = 0;
  filled_ = false;
}

void Connection::StartRead() {
  if (reading_ || state_ == State::kClosed || failure_.has_value()) return;
  MakeRoom();
  ORRERY_ASSERT(end_ < capacity_);
  reading_ = true;
  socket_.async_read_some(boost::asio::buffer(buffer_.get() + end_, capacity_ - end_),
                          [self = shared_from_this()](const boost::system::error_code& error, size_t size) {
                            self->reading_ = false;
                            if (self->state_ == State::kClosed) return;
                            if (error) return self->FailWith("read from", error);
                            self->end_ += size;
                            self->filled_ = self->end_ == self->capacity_;
                            self->owner_.OnActivity(*self);
                          });
}

void Connection::ProcessInput() {
  if (state_ == State::kGreeting) ProcessGreeting();
  if (state_ == State::kEstablished) ProcessFrames();
  if (state_ == State::kRejected) begin_ = end_;
  if (!failure_.has_value() || state_ == State::kClosed) return;
  const Status why = *failure_;  // Reject() drops it while the owner still speaks of it.
  owner_.OnEnd(*this, why);
}

void Connection::ProcessGreeting() {
  if (failure_.has_value() && unread().empty()) return;
  const Result<std::optional<Hello>> hello = DecodeHello(unread());
  if (!hello.ok()) {
    failure_ = hello.status();
    return;
  }
  if (!hello.value().has_value()) return;
  begin_ += kHelloSizeBytes;
  owner_.OnHello(*this, *hello.value());
}

void Connection::ProcessFrames() {
  while (state_ == State::kEstablished) {
    Result<FrameView> frame = DecodeFrame(unread());
    if (!frame.ok()) {
      failure_ = frame.status();
      return;
    }
    if (frame->size_bytes == 0) return;
    begin_ += frame->size_bytes;
    owner_.OnFrame(*this, frame->channel, frame->payload);
  }
}

Status Connection::Write(OutQueue& queue) {
  if (write_blocked_) return Status::Ok();
  iovec parts[kGatherMax];
  while (!queue.empty()) {
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = queue.Gather(parts);
    const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      queue.Consume(static_cast<size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      WaitWritable();
      return Status::Ok();
    } else if (errno != EINTR) {
      const int error_number = errno;
      return Status(StatusCode::kUnavailable,
                    "write to " + address_ + ": " + std::generic_category().message(error_number));
    }
  }
  return Status::Ok();
}

void Connection::WaitWritable() {
  write_blocked_ = true;
  socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](const boost::system::error_code&) {
    self->write_blocked_ = false;
    if (self->state_ != State::kClosed) self->owner_.OnWritable(*self);
  });
}

void Connection::Reject() {
  if (state_ == State::kClosed) return;
  state_ = State::kRejected;
  failure_.reset();
  begin_ = end_;
  boost::system::error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

void Connection::Close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  if (resolver_.has_value()) resolver_->cancel();
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace orrery
