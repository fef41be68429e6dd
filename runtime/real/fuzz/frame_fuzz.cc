// libFuzzer target: Hello and frames from arbitrary bytes. What decodes must encode to the same bytes.

#include <cstddef>
#include <cstdint>

#include "runtime/real/frame.h"

namespace orrery {
namespace {

void FuzzHello(ByteView in) {
  const Result<std::optional<Hello>> hello = DecodeHello(in);
  if (!hello.ok() || !hello.value().has_value()) return;
  ORRERY_ASSERT(EncodeHello(*hello.value()) == in.substr(0, kHelloSizeBytes));
}

void FuzzFrames(ByteView in) {
  while (true) {
    Result<FrameView> frame = DecodeFrame(in);
    if (!frame.ok()) return;
    if (frame->size_bytes == 0) {
      ORRERY_ASSERT(frame->needed_bytes > in.size());
      ORRERY_ASSERT(frame->needed_bytes <= kFrameHeaderSizeBytes + kMessageBytesMax);
      return;
    }
    char header[kFrameHeaderSizeBytes];
    EncodeFrameHeader(frame->channel, frame->payload, header);
    ORRERY_ASSERT(ByteView(header, sizeof(header)) == in.substr(0, kFrameHeaderSizeBytes));
    ORRERY_ASSERT(frame->payload.size() + kFrameHeaderSizeBytes == frame->size_bytes);
    in.remove_prefix(frame->size_bytes);
  }
}

}  // namespace
}  // namespace orrery

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const orrery::ByteView in(reinterpret_cast<const char*>(data), size);
  orrery::FuzzHello(in);
  orrery::FuzzFrames(in);
  return 0;
}
