// Any bytes: the decoders refuse them or give a frame that encodes to the same bytes.

#include <cstddef>
#include <cstdint>

#include "runtime/rpc/rpc_frame.h"

using namespace orrery;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteView bytes(reinterpret_cast<const char*>(data), size);
  const Result<RpcFrameKind> kind = PeekRpcFrameKind(bytes);
  const Result<RpcRequestFrame> request = DecodeRpcRequest(bytes);
  const Result<RpcResponseFrame> response = DecodeRpcResponse(bytes);
  ORRERY_ASSERT(!request.ok() || !response.ok());
  if (request.ok() || response.ok()) ORRERY_ASSERT(kind.ok());
  if (request.ok()) ORRERY_ASSERT(EncodeRpcRequest(*request) == bytes);
  if (response.ok()) {
    ORRERY_ASSERT(EncodeRpcResponse(*response) == bytes);
    ORRERY_ASSERT(StatusOf(*response).ok() == (response->code == 0));
  }
  return 0;
}
