#include "raft/region/envelope.h"

namespace orrery {
namespace {

constexpr uint8_t kEnvelopeVersion = 1;
constexpr uint8_t kAddressVersion = 1;

}  // namespace

void EncodeLife(const StoreLife& life, Encoder& encoder) {
  encoder.Varint(life.store.value()).Fixed64(life.incarnation.value());
}

StoreLife DecodeLife(Decoder& decoder) {
  StoreLife life;
  life.store = StoreId(decoder.Varint());
  life.incarnation = Incarnation(decoder.Fixed64());
  return life;
}

Bytes EncodePeerAddress(const PeerAddress& address) {
  Bytes bytes;
  Encoder encoder(bytes);
  encoder.Fixed8(kAddressVersion);
  EncodeLife(address.life, encoder);
  encoder.LengthPrefixed(address.address);
  return bytes;
}

Result<PeerAddress> DecodePeerAddress(ByteView bytes) {
  Decoder decoder(bytes);
  if (decoder.Fixed8() != kAddressVersion) return Status(StatusCode::kCorruption, "member context: unknown format");
  PeerAddress address;
  address.life = DecodeLife(decoder);
  address.address = std::string(decoder.LengthPrefixed());
  ORRERY_RETURN_IF_ERROR(decoder.Finish("member context"));
  return address;
}

EnvelopeWriter::EnvelopeWriter(ClusterId cluster, StoreLife from, StoreLife to)
    : cluster_(cluster), from_(from), to_(to) {}

void EnvelopeWriter::Begin() {
  if (items_++ > 0) return;
  Encoder encoder(frame_);
  encoder.Fixed8(kEnvelopeVersion).Fixed64(cluster_.value());
  EncodeLife(from_, encoder);
  EncodeLife(to_, encoder);
}

void EnvelopeWriter::AddRaft(RegionId region, ByteView message) {
  Begin();
  Encoder(frame_).Fixed8(static_cast<uint8_t>(EnvelopeItemKind::kRaft)).Varint(region.value()).LengthPrefixed(message);
}

void EnvelopeWriter::AddRemoved(RegionId region, PeerId removed) {
  Begin();
  Encoder(frame_)
      .Fixed8(static_cast<uint8_t>(EnvelopeItemKind::kRemoved))
      .Varint(region.value())
      .Varint(removed.value());
}

Bytes EnvelopeWriter::Take() {
  Bytes frame;
  frame.swap(frame_);
  items_ = 0;
  return frame;
}

Result<Envelope> DecodeEnvelope(ByteView frame) {
  Decoder decoder(frame);
  const uint8_t version = decoder.Fixed8();
  if (decoder.ok() && version != kEnvelopeVersion) {
    return Status(StatusCode::kVersionMismatch, "raft envelope has format " + std::to_string(version) + ", known is 1");
  }
  Envelope envelope;
  envelope.cluster = ClusterId(decoder.Fixed64());
  envelope.from = DecodeLife(decoder);
  envelope.to = DecodeLife(decoder);
  while (decoder.ok() && !decoder.AtEnd()) {
    EnvelopeItem item;
    item.kind = static_cast<EnvelopeItemKind>(decoder.Fixed8());
    item.region = RegionId(decoder.Varint());
    switch (item.kind) {
      case EnvelopeItemKind::kRaft: item.message = decoder.LengthPrefixed(); break;
      case EnvelopeItemKind::kRemoved: item.removed = PeerId(decoder.Varint()); break;
      default: return Status(StatusCode::kCorruption, "raft envelope: unknown item");
    }
    envelope.items.push_back(item);
  }
  ORRERY_RETURN_IF_ERROR(decoder.Finish("raft envelope"));
  return envelope;
}

}  // namespace orrery
