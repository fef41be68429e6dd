#pragma once

#include <cstdint>

#include "raft/core/types.h"
#include "raft/region/envelope.h"

namespace orrery {

/// A message of Channel::kSnapshot. The sender streams chunks (storage's checksummed format) with a window; the
/// receiver acknowledges each with the number it has taken. Format version 1.
enum class SnapshotMessageKind : uint8_t {
  kChunk = 1,   ///< sequence, install (the Raft message to step when all is there), chunk
  kTaken = 2,   ///< sequence: how many chunks are staged; complete: all of them, and Raft was told.
  kRefuse = 3,  ///< The receiver takes no such snapshot now.
};

struct SnapshotMessage {
  SnapshotMessageKind kind = SnapshotMessageKind::kChunk;
  ClusterId cluster;
  StoreLife from;
  StoreLife to;
  RegionId region;
  uint64_t stream = 0;  ///< Names one attempt of one sender.
  uint64_t sequence = 0;
  bool complete = false;  ///< kTaken
  ByteView install;       ///< kChunk: an encoded raft::Message that holds InstallSnapshot.
  ByteView chunk;         ///< kChunk
};

Bytes EncodeSnapshotMessage(const SnapshotMessage& message);
/// kCorruption, kVersionMismatch. Views point into `bytes`.
Result<SnapshotMessage> DecodeSnapshotMessage(ByteView bytes);

}  // namespace orrery
