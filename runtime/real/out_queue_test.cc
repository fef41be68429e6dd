#include "runtime/real/out_queue.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "runtime/base/random.h"
#include "runtime/real/frame.h"

namespace orrery {
namespace {

Bytes Frame(Channel channel, ByteView payload) {
  Bytes out(kFrameHeaderSizeBytes, '\0');
  EncodeFrameHeader(channel, payload, out.data());
  return out.append(payload);
}

TEST_CASE("OutQueue: whatever sizes go in and whatever the kernel takes, the bytes come out in order") {
  BufferPool pool;
  OutQueue queue(pool);
  Random random(7);
  Bytes expected;
  Bytes written;
  for (int step = 0; step < 3000; ++step) {
    if (random.Chance(0.6)) {
      Bytes message;
      random.Fill(message, random.Skewed(20000));
      expected += Frame(Channel::kRaft, message);
      queue.Push(Channel::kRaft, std::move(message));
    }
    iovec parts[5];
    const size_t count = queue.Gather(parts);
    Bytes front;
    for (size_t i = 0; i < count; ++i) front.append(static_cast<char*>(parts[i].iov_base), parts[i].iov_len);
    const size_t taken = random.Below(front.size() + 1);
    written += front.substr(0, taken);
    queue.Consume(taken);
    CHECK(queue.size_bytes() == expected.size() - written.size());
  }
  CHECK(ByteView(expected).substr(0, written.size()) == written);
  CHECK(written.size() > 1'000'000);
  queue.Clear();
  CHECK(queue.empty());
}

TEST_CASE("OutQueue: many small messages leave in one piece") {
  BufferPool pool;
  OutQueue queue(pool);
  for (int i = 0; i < 100; ++i) queue.Push(Channel::kRpc, "small");
  iovec parts[64];
  CHECK(queue.Gather(parts) == 1);
}

}  // namespace
}  // namespace orrery
