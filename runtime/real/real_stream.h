#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>

#include "runtime/stream.h"

namespace orrery {

/// Streams on TCP: each call tries the system call first and waits for readiness only when it must.
class RealStreamTransport final : public StreamTransport {
 public:
  /// Once `ended` is true every call fails with kClosed. Both outlive the streams.
  RealStreamTransport(boost::asio::io_context& io, const std::atomic<bool>& ended) : io_(io), ended_(ended) {}

  Result<std::unique_ptr<StreamListener>> Listen(std::string_view address) override;
  /// A host that is a name is looked up first, without blocking the loop.
  Result<std::unique_ptr<Stream>> Connect(std::string_view address, Deadline deadline) override;

 private:
  boost::asio::io_context& io_;
  const std::atomic<bool>& ended_;
};

}  // namespace orrery
