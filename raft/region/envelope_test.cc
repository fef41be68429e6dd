#include "raft/region/envelope.h"

#include <doctest/doctest.h>

using namespace orrery;

namespace {
constexpr StoreLife kFrom{StoreId(3), Incarnation(77)};
constexpr StoreLife kTo{StoreId(1), Incarnation(88)};
}  // namespace

TEST_CASE("Envelope: what is written is read, in order") {
  EnvelopeWriter writer(ClusterId(5), kFrom, kTo);
  CHECK(writer.empty());
  writer.AddRaft(RegionId(1), "hello");
  writer.AddRemoved(RegionId(2), PeerId(300));
  const Bytes frame = writer.Take();
  CHECK(writer.empty());
  const Result<Envelope> envelope = DecodeEnvelope(frame);
  REQUIRE(envelope.ok());
  CHECK(envelope.value().cluster == ClusterId(5));
  CHECK(envelope.value().from == kFrom);
  CHECK(envelope.value().to == kTo);
  REQUIRE(envelope.value().items.size() == 2);
  CHECK(envelope.value().items[0] == EnvelopeItem{.region = RegionId(1), .message = "hello"});
  CHECK(envelope.value().items[1] ==
        EnvelopeItem{.kind = EnvelopeItemKind::kRemoved, .region = RegionId(2), .removed = PeerId(300)});
}

TEST_CASE("Envelope: the writer can be used again and names the same stores") {
  EnvelopeWriter writer(ClusterId(5), kFrom, kTo);
  writer.AddRaft(RegionId(1), "a");
  const Bytes first = writer.Take();
  writer.AddRaft(RegionId(1), "a");
  CHECK(writer.Take() == first);
}

TEST_CASE("Envelope: every truncation and an unknown version are refused") {
  EnvelopeWriter writer(ClusterId(5), kFrom, kTo);
  writer.AddRaft(RegionId(1), "hello");
  Bytes frame = writer.Take();
  const size_t header = 1 + 8 + 2 * 9;
  for (size_t size = 0; size < frame.size(); ++size) {
    // A frame without items is well-formed; every other prefix is not.
    CHECK(DecodeEnvelope(ByteView(frame).substr(0, size)).ok() == (size == header));
  }
  frame[0] = 9;
  CHECK(DecodeEnvelope(frame).code() == StatusCode::kVersionMismatch);
}

TEST_CASE("PeerAddress: survives its encoding") {
  const PeerAddress address{.life = kFrom, .address = "10.0.0.1:7001"};
  const Bytes bytes = EncodePeerAddress(address);
  CHECK(DecodePeerAddress(bytes).value() == address);
  CHECK(DecodePeerAddress(bytes + "x").code() == StatusCode::kCorruption);
  CHECK(DecodePeerAddress("").code() == StatusCode::kCorruption);
}
