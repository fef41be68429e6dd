// libFuzzer target: what raft/region stores beside its log.

#include "raft/region/group_storage.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const orrery::ByteView bytes(reinterpret_cast<const char*>(data), size);
  orrery::DecodeApplyRecord(bytes).status().IgnoreError();
  orrery::DecodeRegionRecord(bytes).status().IgnoreError();
  return 0;
}
