#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <deque>
#include <span>
#include <vector>

#include "runtime/base/bytes.h"
#include "runtime/network.h"

namespace orrery {

/// Empty buffers with capacity, shared by the connections of one network, so that a busy connection allocates
/// nothing and an idle one holds nothing.
class BufferPool {
 public:
  Bytes Take();
  void GiveBack(Bytes buffer);

 private:
  std::vector<Bytes> spare_;
};

/// Frames waiting to be written to one peer. Small messages are copied behind one another, large ones are moved
/// in, so that one gathering write carries many frames.
class OutQueue {
 public:
  explicit OutQueue(BufferPool& pool) : pool_(pool) {}

  void Push(Channel channel, Bytes message);
  bool empty() const { return size_bytes_ == 0; }
  /// Framed bytes not yet consumed.
  size_t size_bytes() const { return size_bytes_; }

  /// Fills `out` with the front of the queue; returns how many entries. Valid until the next non-const call.
  size_t Gather(std::span<iovec> out) const;
  /// Removes bytes from the front. Requires: size <= size_bytes().
  void Consume(size_t size);
  void Clear();

 private:
  struct Chunk {
    Bytes data;
    bool open = false;  ///< Takes further small frames.
  };

  Chunk& OpenChunk();

  BufferPool& pool_;
  std::deque<Chunk> chunks_;
  size_t front_offset_ = 0;
  size_t size_bytes_ = 0;
};

}  // namespace orrery
