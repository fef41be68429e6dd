// operator new and delete that put blocks where no program expects them. See interpose.h.
// Single-threaded use, but a lock guards against helper threads of test programs.

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>

#include "sim/exit_codes.h"
#include "sim/interpose/interpose.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ORRERY_NO_INTERPOSE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ORRERY_NO_INTERPOSE 1
#endif
#endif

namespace orrery::sim {

Result<Placement> ParsePlacement(std::string_view name) {
  if (name == "plain") return Placement::kPlain;
  if (name == "shuffle") return Placement::kShuffle;
  if (name == "never-reuse") return Placement::kNeverReuse;
  return Status(StatusCode::kInvalidArgument,
                "unknown allocator '" + std::string(name) + "': plain, shuffle or never-reuse");
}

unsigned char FillOf(Placement placement) {
  switch (placement) {
    case Placement::kPlain: return 0;
    case Placement::kShuffle: return 0xA5;
    case Placement::kNeverReuse: return 0x5C;
  }
  return 0;
}

#ifdef ORRERY_NO_INTERPOSE

bool SetPlacement(Placement, uint64_t) {
  return false;
}

#else
namespace {

constexpr uint32_t kMagic = 0x0a11'0c8d;
constexpr size_t kHeaderBytes = 16;
constexpr size_t kSmallMax = 16384;
constexpr size_t kClasses = 64 + 10;  // 16-byte steps to 1 KiB, then half powers of two to 16 KiB and some.
constexpr size_t kFreeMin = 32;
constexpr size_t kChunkBytes = size_t{256} << 10;
constexpr uintptr_t kNeverReuseBase = uintptr_t{0x0000'2000'0000'0000};

/// In front of every block.
struct Header {
  uint64_t size;
  uint32_t magic_and_placement;
  uint16_t offset_units;    ///< From the start of the raw block to the user's bytes, in 16 bytes.
  uint16_t alignment_log2;  ///< 0 unless asked for.
};
static_assert(sizeof(Header) == kHeaderBytes);

class SpinLock {
 public:
  explicit SpinLock(std::atomic_flag& flag) : flag_(flag) {
    while (flag_.test_and_set(std::memory_order_acquire)) {
    }
  }
  ~SpinLock() { flag_.clear(std::memory_order_release); }
  SpinLock(const SpinLock&) = delete;
  SpinLock& operator=(const SpinLock&) = delete;

 private:
  std::atomic_flag& flag_;
};

void* Map(void* at, size_t size, int extra) {
  void* got = mmap(at, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | extra, -1, 0);
  if (got == MAP_FAILED) {
    // The lock is held: a crash report, which allocates, would wait for ever.
    constexpr std::string_view kWords = "std::bad_alloc: no more address space\n";
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kWords.data(), kWords.size());
    _exit(static_cast<int>(ExitCode::kHarness));
  }
  return got;
}

/// Free blocks of one size, handed out in random order.
struct SizeClass {
  void** free = nullptr;
  size_t count = 0;
  size_t capacity = 0;

  void Push(void* block) {
    if (count == capacity) Grow();
    free[count++] = block;
  }
  void Grow() {
    const size_t wanted = capacity == 0 ? 4096 : capacity * 2;
    auto** larger = static_cast<void**>(Map(nullptr, wanted * sizeof(void*), 0));
    if (capacity > 0) {
      std::memcpy(larger, free, count * sizeof(void*));
      munmap(free, capacity * sizeof(void*));
    }
    free = larger;
    capacity = wanted;
  }
};

// Zero-initialised before any constructor runs: operator new is called before main.
Placement placement_now = Placement::kPlain;
std::atomic_flag lock_flag = ATOMIC_FLAG_INIT;
SizeClass size_classes[kClasses];
uint64_t shuffle_state = 1;
char* chunk = nullptr;
size_t chunk_used = 0;
uintptr_t next_chunk = kNeverReuseBase;

uint64_t NextShuffle() {
  shuffle_state ^= shuffle_state << 13;
  shuffle_state ^= shuffle_state >> 7;
  shuffle_state ^= shuffle_state << 17;
  return shuffle_state;
}

/// Class of a raw size up to kSmallMax, and the size of its blocks.
size_t ClassOf(size_t raw, size_t* block) {
  if (raw <= 1024) {
    const size_t index = (raw + 15) / 16 - 1;
    *block = (index + 1) * 16;
    return index;
  }
  size_t index = 64;
  size_t size = 1536;
  while (size < raw) {
    size = index % 2 == 0 ? size / 3 * 4 : size / 2 * 3;
    ++index;
  }
  *block = size;
  return index;
}

void* ShuffleTake(size_t raw) {
  if (raw > kSmallMax) return std::malloc(raw);
  size_t block = 0;
  SizeClass& sizes = size_classes[ClassOf(raw, &block)];
  if (sizes.count < kFreeMin) {
    const size_t blocks = block < 1024 ? 128 : 64;
    auto* slab = static_cast<char*>(Map(nullptr, blocks * block, 0));
    for (size_t i = 0; i < blocks; ++i) sizes.Push(slab + i * block);
  }
  const size_t chosen = NextShuffle() % sizes.count;
  void* taken = sizes.free[chosen];
  sizes.free[chosen] = sizes.free[--sizes.count];
  return taken;
}

void ShuffleGive(void* raw_block, size_t raw) {
  if (raw > kSmallMax) return std::free(raw_block);
  size_t block = 0;
  const size_t index = ClassOf(raw, &block);
  size_classes[index].Push(raw_block);
}

/// First bytes of a chunk: how many blocks in it live, plus one while it is being filled.
size_t& LiveOf(char* of_chunk) {
  return *reinterpret_cast<size_t*>(of_chunk);
}

void ReleaseChunk(char* of_chunk, size_t size) {
  if (--LiveOf(of_chunk) > 0) return;
  madvise(of_chunk, size, MADV_DONTNEED);  // The addresses stay taken.
}

char* NewChunk(size_t size) {
  auto* made = static_cast<char*>(Map(reinterpret_cast<void*>(next_chunk), size, MAP_FIXED_NOREPLACE));
  next_chunk += size;
  return made;
}

void* NeverReuseTake(size_t raw) {
  constexpr size_t kRoom = kChunkBytes - kHeaderBytes;
  if (raw > kRoom / 4) {
    const size_t size = (raw + kHeaderBytes + kChunkBytes - 1) / kChunkBytes * kChunkBytes;
    char* own = NewChunk(size);
    LiveOf(own) = 1;
    return own + kHeaderBytes;
  }
  if (chunk == nullptr || chunk_used + raw > kChunkBytes) {
    if (chunk != nullptr) ReleaseChunk(chunk, kChunkBytes);
    chunk = NewChunk(kChunkBytes);
    LiveOf(chunk) = 1;
    chunk_used = kHeaderBytes;
  }
  void* taken = chunk + chunk_used;
  chunk_used += (raw + 15) / 16 * 16;
  ++LiveOf(chunk);
  return taken;
}

void NeverReuseGive(void* raw_block, size_t raw) {
  auto* of_chunk = reinterpret_cast<char*>(reinterpret_cast<uintptr_t>(raw_block) / kChunkBytes * kChunkBytes);
  const size_t size = raw > (kChunkBytes - kHeaderBytes) / 4
                          ? (raw + kHeaderBytes + kChunkBytes - 1) / kChunkBytes * kChunkBytes
                          : kChunkBytes;
  ReleaseChunk(of_chunk, size);
}

void* TakeRaw(Placement placement, size_t raw) {
  switch (placement) {
    case Placement::kPlain: return std::malloc(raw);
    case Placement::kShuffle: return ShuffleTake(raw);
    case Placement::kNeverReuse: return NeverReuseTake(raw);
  }
  return nullptr;
}

void GiveRaw(Placement placement, void* raw_block, size_t raw) {
  switch (placement) {
    case Placement::kPlain: return std::free(raw_block);
    case Placement::kShuffle: return ShuffleGive(raw_block, raw);
    case Placement::kNeverReuse: return NeverReuseGive(raw_block, raw);
  }
}

size_t RawSize(size_t size, size_t alignment) {
  return size + kHeaderBytes + (alignment > kHeaderBytes ? alignment : 0);
}

void* Allocate(size_t size, size_t alignment) noexcept {
  const Placement placement = placement_now;
  if (size > SIZE_MAX / 2) return nullptr;
  char* raw = nullptr;
  if (placement == Placement::kPlain) {
    raw = static_cast<char*>(std::malloc(RawSize(size, alignment)));
  } else {
    const SpinLock lock(lock_flag);
    raw = static_cast<char*>(TakeRaw(placement, RawSize(size, alignment)));
  }
  if (raw == nullptr) return nullptr;
  auto user = reinterpret_cast<uintptr_t>(raw) + kHeaderBytes;
  if (alignment > kHeaderBytes) user = (user + alignment - 1) / alignment * alignment;
  auto* header = reinterpret_cast<Header*>(user - kHeaderBytes);
  header->size = size;
  header->magic_and_placement = kMagic + static_cast<uint32_t>(placement);
  header->offset_units = static_cast<uint16_t>((user - reinterpret_cast<uintptr_t>(raw)) / kHeaderBytes);
  header->alignment_log2 = static_cast<uint16_t>(alignment == 0 ? 0 : __builtin_ctzll(alignment));
  auto* result = reinterpret_cast<void*>(user);
  if (placement != Placement::kPlain) std::memset(result, FillOf(placement), size);
  return result;
}

void Deallocate(void* block) noexcept {
  if (block == nullptr) return;
  auto* header = reinterpret_cast<Header*>(static_cast<char*>(block) - kHeaderBytes);
  const uint32_t kind = header->magic_and_placement - kMagic;
  if (kind > 2) std::abort();  // Not ours, or freed twice, or its header was overwritten.
  const auto placement = static_cast<Placement>(kind);
  const size_t size = header->size;
  char* raw = static_cast<char*>(block) - header->offset_units * kHeaderBytes;
  const size_t raw_size = RawSize(size, size_t{1} << header->alignment_log2);
  header->magic_and_placement = 0;
  if (placement == Placement::kPlain) return std::free(raw);
  std::memset(block, FillOf(placement), size);
  const SpinLock lock(lock_flag);
  GiveRaw(placement, raw, raw_size);
}

void* AllocateOrThrow(size_t size, size_t alignment) {
  void* block = Allocate(size, alignment);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

}  // namespace

bool SetPlacement(Placement placement, uint64_t salt) {
  const SpinLock lock(lock_flag);
  shuffle_state = salt * 2 + 1;
  placement_now = placement;
  return true;
}

#endif

}  // namespace orrery::sim

#ifndef ORRERY_NO_INTERPOSE

extern "C" size_t orrery_sim_requested_size(const void* block) {
  // Blocks of malloc reach this too: they lie at least 16 bytes into the heap, so the header is readable.
  const auto* header = reinterpret_cast<const orrery::sim::Header*>(static_cast<const char*>(block) - 16);
  const uint32_t kind = header->magic_and_placement - orrery::sim::kMagic;
  return kind <= 2 ? header->size : 0;
}

using orrery::sim::Allocate;
using orrery::sim::AllocateOrThrow;
using orrery::sim::Deallocate;

void* operator new(size_t size) {
  return AllocateOrThrow(size, 0);
}
void* operator new[](size_t size) {
  return AllocateOrThrow(size, 0);
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return Allocate(size, 0);
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  return Allocate(size, 0);
}
void* operator new(size_t size, std::align_val_t to) {
  return AllocateOrThrow(size, static_cast<size_t>(to));
}
void* operator new[](size_t size, std::align_val_t to) {
  return AllocateOrThrow(size, static_cast<size_t>(to));
}
void* operator new(size_t size, std::align_val_t to, const std::nothrow_t&) noexcept {
  return Allocate(size, static_cast<size_t>(to));
}
void* operator new[](size_t size, std::align_val_t to, const std::nothrow_t&) noexcept {
  return Allocate(size, static_cast<size_t>(to));
}
void operator delete(void* block) noexcept {
  Deallocate(block);
}
void operator delete[](void* block) noexcept {
  Deallocate(block);
}
void operator delete(void* block, size_t) noexcept {
  Deallocate(block);
}
void operator delete[](void* block, size_t) noexcept {
  Deallocate(block);
}
void operator delete(void* block, const std::nothrow_t&) noexcept {
  Deallocate(block);
}
void operator delete[](void* block, const std::nothrow_t&) noexcept {
  Deallocate(block);
}
void operator delete(void* block, std::align_val_t) noexcept {
  Deallocate(block);
}
void operator delete[](void* block, std::align_val_t) noexcept {
  Deallocate(block);
}
void operator delete(void* block, size_t, std::align_val_t) noexcept {
  Deallocate(block);
}
void operator delete[](void* block, size_t, std::align_val_t) noexcept {
  Deallocate(block);
}
void operator delete(void* block, std::align_val_t, const std::nothrow_t&) noexcept {
  Deallocate(block);
}
void operator delete[](void* block, std::align_val_t, const std::nothrow_t&) noexcept {
  Deallocate(block);
}

#endif
