#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "runtime/base/bytes.h"
#include "runtime/base/time.h"

namespace orrery {

/// A byte stream, for front doors that speak somebody else's protocol. One fiber reads and one writes.
class Stream {
 public:
  /// Closes at once; unsent bytes are lost.
  virtual ~Stream() = default;

  /// Reads at least one byte into `out`; 0 means the other side has finished writing. Suspends.
  /// kTimeout after `deadline`, kClosed after Close() or a reset.
  virtual Result<size_t> Read(std::span<char> out, Deadline deadline) = 0;
  /// Writes everything. Suspends while the other side does not read. On an error some prefix may have
  /// been delivered.
  virtual Status WriteAll(ByteView data, Deadline deadline) = 0;
  /// Tells the other side that no more bytes follow. Does not suspend.
  virtual Status FinishWriting() = 0;
  /// Ends both directions; pending calls return kClosed. Does not suspend. Idempotent.
  virtual void Close() = 0;
  /// For logs.
  virtual std::string PeerName() const = 0;
};

/// Accepts streams on one address.
class StreamListener {
 public:
  virtual ~StreamListener() = default;

  /// Suspends. kTimeout, or kClosed after Close().
  virtual Result<std::unique_ptr<Stream>> Accept(Deadline deadline) = 0;
  virtual void Close() = 0;
  /// The address actually bound, "host:port".
  virtual std::string address() const = 0;
};

class StreamTransport {
 public:
  virtual ~StreamTransport() = default;

  /// `address` is "host:port"; port 0 chooses one. kAlreadyExists (somebody listens there) and kIoError name the
  /// address.
  virtual Result<std::unique_ptr<StreamListener>> Listen(std::string_view address) = 0;
  /// Suspends. kUnavailable (refused, unreachable) or kTimeout.
  virtual Result<std::unique_ptr<Stream>> Connect(std::string_view address, Deadline deadline) = 0;
};

}  // namespace orrery
