// libFuzzer target: messages of Channel::kSnapshot.

#include "raft/core/codec.h"
#include "raft/region/snapshot_message.h"
#include "storage/snapshot_chunk.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const orrery::ByteView bytes(reinterpret_cast<const char*>(data), size);
  const orrery::Result<orrery::SnapshotMessage> message = orrery::DecodeSnapshotMessage(bytes);
  if (!message.ok()) return 0;
  orrery::raft::DecodeMessage(message.value().install).status().IgnoreError();
  orrery::DecodeSnapshotChunk(message.value().chunk).status().IgnoreError();
  const orrery::Bytes again = orrery::EncodeSnapshotMessage(message.value());
  ORRERY_ASSERT(orrery::DecodeSnapshotMessage(again).ok());
  return 0;
}
