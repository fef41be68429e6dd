#include "runtime/real/frame.h"

#include <doctest/doctest.h>

namespace orrery {
namespace {

const Hello kExample{.shard = 2, .cluster = ClusterId(77), .node = NodeId(3), .boot = 0x0123456789abcdef};

Bytes Frame(Channel channel, ByteView payload) {
  Bytes out(kFrameHeaderSizeBytes, '\0');
  EncodeFrameHeader(channel, payload, out.data());
  return out.append(payload);
}

TEST_CASE("Hello: what is written is read, and every prefix asks for more") {
  const Bytes wire = EncodeHello(kExample);
  CHECK(wire.size() == kHelloSizeBytes);
  for (size_t size = 0; size < wire.size(); ++size) {
    const auto part = DecodeHello(ByteView(wire).substr(0, size));
    REQUIRE(part.ok());
    CHECK(!part->has_value());
  }
  const auto whole = DecodeHello(wire + "frames follow");
  REQUIRE(whole.ok());
  CHECK(whole.value() == kExample);
}

TEST_CASE("Hello: every single-bit error is refused") {
  const Bytes wire = EncodeHello(kExample);
  for (size_t bit = 0; bit < wire.size() * 8; ++bit) {
    Bytes damaged = wire;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    CHECK(!DecodeHello(damaged).ok());
  }
}

TEST_CASE("Hello: a stranger is recognised by his first wrong byte, another version by its number") {
  CHECK(DecodeHello("G").code() == StatusCode::kInvalidArgument);
  CHECK(DecodeHello("GET / HTTP/1.1\r\n\r\n").status().message() ==
        "not an Orrery node: it says \"GET / HTTP/1.1\\x0d\\x0a\\x0d\\x0a\"");
  Hello newer = kExample;
  newer.version = 9;
  const Status refused = DecodeHello(ByteView(EncodeHello(newer)).substr(0, 12)).status();
  CHECK(refused.code() == StatusCode::kVersionMismatch);
  CHECK(refused.message() == "it speaks protocol version 9, we speak version 1");
}

TEST_CASE("Frame: the wire form is fixed") {
  // Length 2, CRC-32C of "\x02hi", channel 2, payload. Old and new builds must agree on these bytes.
  Bytes expected("\x02\x00\x00\x00", 4);
  Encoder(expected).Fixed32(Crc32c("\x02hi"));
  CHECK(Frame(Channel::kRaft, "hi") == expected + "\x02hi");
}

TEST_CASE("Frame: frames come out one by one, an incomplete one says how much it needs") {
  const Bytes wire = Frame(Channel::kRpc, "") + Frame(Channel::kSnapshot, Bytes(1000, 'x'));
  auto first = DecodeFrame(wire);
  REQUIRE(first.ok());
  CHECK(first->channel == Channel::kRpc);
  CHECK(first->payload.empty());
  CHECK(first->size_bytes == kFrameHeaderSizeBytes);
  const ByteView rest = ByteView(wire).substr(first->size_bytes);
  CHECK(DecodeFrame(rest.substr(0, 5))->needed_bytes == kFrameHeaderSizeBytes);
  CHECK(DecodeFrame(rest.substr(0, 50))->needed_bytes == rest.size());
  CHECK(DecodeFrame(rest.substr(0, 50))->size_bytes == 0);
  CHECK(DecodeFrame(rest)->payload == Bytes(1000, 'x'));
}

TEST_CASE("Frame: every single-bit error is refused or leaves the frame incomplete") {
  const Bytes wire = Frame(Channel::kRaft, "some payload");
  for (size_t bit = 0; bit < wire.size() * 8; ++bit) {
    Bytes damaged = wire;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    auto frame = DecodeFrame(damaged);
    CHECK((!frame.ok() || frame->size_bytes == 0));
  }
}

TEST_CASE("Frame: a length over the limit is refused before its bytes arrive") {
  Bytes wire;
  Encoder(wire).Fixed32(kMessageBytesMax + 1).Fixed32(0).Fixed8(1);
  CHECK(DecodeFrame(wire).code() == StatusCode::kTooLarge);
}

}  // namespace
}  // namespace orrery
