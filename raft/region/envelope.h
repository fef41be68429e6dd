#pragma once

#include <vector>

#include "runtime/base/bytes.h"
#include "runtime/base/ids.h"

namespace orrery {

/// One life of a store, as messages between stores name it.
struct StoreLife {
  StoreId store;
  Incarnation incarnation;
  friend bool operator==(const StoreLife&, const StoreLife&) = default;
};

/// What a Raft member's context holds: which store it lives on, under which life, and where that listens.
struct PeerAddress {
  StoreLife life;
  std::string address;
  friend bool operator==(const PeerAddress&, const PeerAddress&) = default;
};
Bytes EncodePeerAddress(const PeerAddress& address);
/// kCorruption if malformed.
Result<PeerAddress> DecodePeerAddress(ByteView bytes);

/// Everything that goes to one store in one turn: a message of Channel::kRaft.
///
///   frame := version(1) cluster:fixed64 from to { item }     life := store:varint incarnation:fixed64
///   item  := kind:u8 region:varint body                      ("from" and "to" are lives)
enum class EnvelopeItemKind : uint8_t {
  kRaft = 1,     ///< A message of raft/core, length-prefixed; it names both peers.
  kRemoved = 2,  ///< peer:varint; the receiver's peer is no member any more, by a committed entry.
};

struct EnvelopeItem {
  EnvelopeItemKind kind = EnvelopeItemKind::kRaft;
  RegionId region;
  ByteView message;  ///< kRaft; points into the frame.
  PeerId removed;    ///< kRemoved

  friend bool operator==(const EnvelopeItem&, const EnvelopeItem&) = default;
};

struct Envelope {
  ClusterId cluster;
  StoreLife from;
  StoreLife to;
  std::vector<EnvelopeItem> items;
};

/// Collects items for one store.
class EnvelopeWriter {
 public:
  EnvelopeWriter(ClusterId cluster, StoreLife from, StoreLife to);

  /// `message` as encoded by raft/core's codec.
  void AddRaft(RegionId region, ByteView message);
  void AddRemoved(RegionId region, PeerId removed);

  bool empty() const { return items_ == 0; }
  size_t size_bytes() const { return frame_.size(); }
  /// The frame; the writer is as new afterwards.
  Bytes Take();

 private:
  void Begin();

  ClusterId cluster_;
  StoreLife from_;
  StoreLife to_;
  Bytes frame_;
  size_t items_ = 0;
};

/// kCorruption if malformed, kVersionMismatch for another version. Views point into `frame`.
Result<Envelope> DecodeEnvelope(ByteView frame);

// Shared with the other messages between stores.
void EncodeLife(const StoreLife& life, Encoder& encoder);
StoreLife DecodeLife(Decoder& decoder);

}  // namespace orrery
