// libFuzzer target: frames of Raft messages between stores.

#include "raft/core/codec.h"
#include "raft/region/envelope.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const orrery::ByteView bytes(reinterpret_cast<const char*>(data), size);
  const orrery::Result<orrery::Envelope> envelope = orrery::DecodeEnvelope(bytes);
  if (envelope.ok()) {
    for (const orrery::EnvelopeItem& item : envelope.value().items) {
      orrery::raft::DecodeMessage(item.message).status().IgnoreError();
    }
  }
  orrery::DecodePeerAddress(bytes).status().IgnoreError();
  return 0;
}
