#include "runtime/real/out_queue.h"

#include <algorithm>

#include "runtime/real/frame.h"

namespace orrery {
namespace {

constexpr size_t kBatchBytes = size_t{64} << 10;   ///< Of one buffer of small frames.
constexpr size_t kCopyBytesMax = size_t{4} << 10;  ///< Messages up to here are copied rather than moved.
constexpr size_t kSpareBuffersMax = 256;

}  // namespace

Bytes BufferPool::Take() {
  if (spare_.empty()) {
    Bytes fresh;
    fresh.reserve(kBatchBytes);
    return fresh;
  }
  Bytes buffer = std::move(spare_.back());
  spare_.pop_back();
  return buffer;
}

void BufferPool::GiveBack(Bytes buffer) {
  if (spare_.size() >= kSpareBuffersMax) return;
  buffer.clear();
  spare_.push_back(std::move(buffer));
}

OutQueue::Chunk& OutQueue::OpenChunk() {
  const size_t room = kFrameHeaderSizeBytes + kCopyBytesMax;
  if (chunks_.empty() || !chunks_.back().open || chunks_.back().data.size() + room > kBatchBytes) {
    chunks_.push_back(Chunk{.data = pool_.Take(), .open = true});
  }
  return chunks_.back();
}

void OutQueue::Push(Channel channel, Bytes message) {
  char header[kFrameHeaderSizeBytes];
  EncodeFrameHeader(channel, message, header);
  Bytes& batch = OpenChunk().data;
  batch.append(header, sizeof(header));
  size_bytes_ += sizeof(header) + message.size();
  if (message.size() <= kCopyBytesMax) {
    batch.append(message);
  } else {
    chunks_.push_back(Chunk{.data = std::move(message)});
  }
}

size_t OutQueue::Gather(std::span<iovec> out) const {
  size_t offset = front_offset_;
  size_t count = 0;
  for (const Chunk& chunk : chunks_) {
    if (count == out.size()) break;
    out[count++] = {.iov_base = const_cast<char*>(chunk.data.data()) + offset, .iov_len = chunk.data.size() - offset};
    offset = 0;
  }
  return count;
}

void OutQueue::Consume(size_t size) {
  ORRERY_ASSERT(size <= size_bytes_);
  size_bytes_ -= size;
  front_offset_ += size;
  while (!chunks_.empty() && front_offset_ >= chunks_.front().data.size()) {
    front_offset_ -= chunks_.front().data.size();
    if (chunks_.front().open) pool_.GiveBack(std::move(chunks_.front().data));
    chunks_.pop_front();
  }
}

void OutQueue::Clear() {
  Consume(size_bytes_);
}

}  // namespace orrery
