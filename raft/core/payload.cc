#include "raft/core/payload.h"

#include <cstring>
#include <limits>
#include <new>

namespace orrery::raft {

Payload::Payload(ByteView data) {
  if (data.empty()) return;
  block_ = Allocate(data.size());
  std::memcpy(block_->data(), data.data(), data.size());
}

Payload::Block* Payload::Allocate(size_t size) {
  ORRERY_ASSERT(size <= std::numeric_limits<uint32_t>::max());
  Block* const block = new (::operator new(sizeof(Block) + size)) Block;
  block->references.store(1, std::memory_order_relaxed);
  block->size = static_cast<uint32_t>(size);
  return block;
}

void Payload::Release(Block* block) {
  if (block->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  block->~Block();
  ::operator delete(block);
}

}  // namespace orrery::raft
