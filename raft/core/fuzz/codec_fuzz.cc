// libFuzzer target: any bytes are refused by every decoder of raft/core, or are the one spelling of what they decode
// to.
#include <cstddef>
#include <cstdint>

#include "raft/core/codec.h"
#include "runtime/base/assert.h"

using namespace orrery;
using namespace orrery::raft;

namespace {

template <class T>
void CheckSpelling(const Result<T>& value, void (*encode)(const T&, Bytes&), ByteView bytes) {
  if (!value.ok()) return;
  Bytes again;
  encode(*value, again);
  ORRERY_ASSERT(again == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteView bytes(reinterpret_cast<const char*>(data), size);
  const Result<Message> message = DecodeMessage(bytes);
  CheckSpelling(message, EncodeMessage, bytes);
  if (message.ok()) ORRERY_ASSERT(!ToString(*message).empty());
  CheckSpelling(DecodeEntry(bytes), EncodeEntry, bytes);
  CheckSpelling(DecodeHardState(bytes), EncodeHardState, bytes);
  CheckSpelling(DecodeConfState(bytes), EncodeConfState, bytes);
  CheckSpelling(DecodeSnapshotMeta(bytes), EncodeSnapshotMeta, bytes);
  CheckSpelling(DecodeConfChange(bytes), EncodeConfChange, bytes);
  return 0;
}
