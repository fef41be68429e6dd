// libFuzzer target: every message between clients and stores. What decodes must encode to something that decodes again.

#include <cstddef>
#include <cstdint>

#include "server/kv_api.h"

namespace orrery {
namespace {

template <class Message>
void FuzzOne(ByteView bytes) {
  const Result<Message> message = Decode<Message>(bytes);
  if (message.ok()) ORRERY_ASSERT(Decode<Message>(Encode(message.value())).ok());
}

template <class... Messages>
void FuzzAll(ByteView bytes) {
  (FuzzOne<Messages>(bytes), ...);
}

}  // namespace
}  // namespace orrery

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace orrery;
  FuzzAll<WriteRequest, WriteResponse, OpenSessionRequest, OpenSessionResponse, GetRequest, GetResponse, ScanRequest,
          ScanResponse, ErrorDetail, IdentifyResponse, InitialiseRequest, MembersResponse, ChangeMembersRequest,
          TransferLeaderRequest, ChecksumRequest, ChecksumResponse, StatusResponse>(
      ByteView(reinterpret_cast<const char*>(data), size));
  return 0;
}
