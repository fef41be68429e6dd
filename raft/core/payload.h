#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "runtime/base/bytes.h"

namespace orrery::raft {

/// Immutable bytes shared by reference count: one command is stored once, however many followers, Readies
/// and caches hold its entry. One pointer in size; the empty payload allocates nothing. Copies may live on
/// different threads.
class Payload {
 public:
  Payload() = default;
  /// Copies `data` once, here.
  explicit Payload(ByteView data);
  /// A payload of `size` bytes written by `fill(char* destination)`, for callers that would otherwise copy twice.
  template <class Fill>
  static Payload Build(size_t size, Fill fill) {
    Payload payload;
    if (size == 0) return payload;
    payload.block_ = Allocate(size);
    fill(payload.block_->data());
    return payload;
  }

  Payload(const Payload& other) : block_(other.block_) { Retain(); }
  Payload(Payload&& other) noexcept : block_(other.block_) { other.block_ = nullptr; }
  Payload& operator=(const Payload& other) {
    Payload copy(other);
    return *this = static_cast<Payload&&>(copy);
  }
  Payload& operator=(Payload&& other) noexcept {
    Block* const mine = block_;
    block_ = other.block_;
    other.block_ = mine;
    return *this;
  }
  ~Payload() {
    if (block_ != nullptr) Release(block_);
  }

  /// Lives as long as any copy of this payload.
  ByteView view() const { return block_ == nullptr ? ByteView() : ByteView(block_->data(), block_->size); }
  size_t size() const { return block_ == nullptr ? 0 : block_->size; }
  bool empty() const { return block_ == nullptr; }

  friend bool operator==(const Payload& a, const Payload& b) { return a.block_ == b.block_ || a.view() == b.view(); }

 private:
  struct Block {
    std::atomic<uint32_t> references;
    uint32_t size;
    char* data() { return reinterpret_cast<char*>(this + 1); }
    const char* data() const { return reinterpret_cast<const char*>(this + 1); }
  };

  static Block* Allocate(size_t size);
  static void Release(Block* block);
  void Retain() const {
    if (block_ != nullptr) block_->references.fetch_add(1, std::memory_order_relaxed);
  }

  Block* block_ = nullptr;
};

}  // namespace orrery::raft
