#include "runtime/fiber/stack_pool.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "runtime/base/assert.h"
#include "runtime/fiber/sanitizer.h"

namespace orrery {
namespace {

constexpr size_t kStacksPerSlab = 64;
constexpr int kMadvGuardInstall = 102;  // Linux 6.13: a guard without a mapping of its own.
constexpr unsigned kTsanUsesMax = 1000;

}  // namespace

StackPool::StackPool(const StackPoolOptions& options)
    : stack_size_bytes_(options.stack_size_bytes), page_size_bytes_(static_cast<size_t>(sysconf(_SC_PAGESIZE))) {
  ORRERY_ASSERT(stack_size_bytes_ % page_size_bytes_ == 0);
  ORRERY_ASSERT(stack_size_bytes_ >= 4 * page_size_bytes_);
}

StackPool::~StackPool() {
  ORRERY_ASSERT_THAT(live_ == 0, "fibers outlive their StackPool: " + std::to_string(live_));
  const size_t slab_size = stack_size_bytes_ * kStacksPerSlab;
  for (const Stack& stack : free_) sanitizer::DestroyFiberContext(stack.tsan_fiber);
  for (char* slab : slabs_) {
    sanitizer::Unpoison(slab, slab_size);
    munmap(slab, slab_size);
  }
}

void StackPool::Guard(char* page) {
  if (guard_by_madvise_) {
    if (madvise(page, page_size_bytes_, kMadvGuardInstall) == 0) return;
    guard_by_madvise_ = false;
  }
  const int failed = mprotect(page, page_size_bytes_, PROT_NONE);
  // NOLINTNEXTLINE(concurrency-mt-unsafe): the process ends with this message.
  ORRERY_ASSERT_THAT(failed == 0, std::string("cannot guard a fiber stack: ") + std::strerror(errno) + " after " +
                                      std::to_string(stacks_made_) +
                                      " stacks (each needs two mappings: raise vm.max_map_count)");
}

void StackPool::AddSlab() {
  const size_t slab_size = stack_size_bytes_ * kStacksPerSlab;
  void* memory = mmap(nullptr, slab_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  // NOLINTNEXTLINE(concurrency-mt-unsafe): the process ends with this message.
  ORRERY_ASSERT_THAT(memory != MAP_FAILED, std::string("no memory for fiber stacks: ") + std::strerror(errno));
  char* slab = static_cast<char*>(memory);
  madvise(slab, slab_size, MADV_NOHUGEPAGE);  // Huge pages would make every stack resident. Refusal is harmless.
  slabs_.push_back(slab);
  free_.reserve(slabs_.size() * kStacksPerSlab);
  for (size_t i = kStacksPerSlab; i-- > 0;) {
    char* base = slab + i * stack_size_bytes_;
    Guard(base);
    const size_t colour = (i % 32) * 128;
    free_.push_back(Stack{base + page_size_bytes_, base + stack_size_bytes_ - colour, stacks_made_ + i, nullptr});
    sanitizer::Poison(base + page_size_bytes_, stack_size_bytes_ - page_size_bytes_);
  }
  stacks_made_ += kStacksPerSlab;
  tsan_uses_.resize(stacks_made_, 0);
}

Stack StackPool::Take() {
  if (free_.empty()) AddSlab();
  Stack stack = free_.back();
  free_.pop_back();
  ++live_;
  sanitizer::Unpoison(stack.low, static_cast<size_t>(stack.top - stack.low));
  if (sanitizer::kThread && (stack.tsan_fiber == nullptr || ++tsan_uses_[stack.number] > kTsanUsesMax)) {
    sanitizer::DestroyFiberContext(stack.tsan_fiber);
    stack.tsan_fiber = sanitizer::CreateFiberContext();
    tsan_uses_[stack.number] = 0;
  }
  return stack;
}

void StackPool::GiveBack(const Stack& stack) {
  ORRERY_ASSERT(live_ > 0);
  --live_;
  sanitizer::Poison(stack.low, static_cast<size_t>(stack.top - stack.low));
  free_.push_back(stack);
}

void StackPool::Trim() {
  for (const Stack& stack : free_) {
    char* end = stack.low - page_size_bytes_ + stack_size_bytes_;
    madvise(stack.low, static_cast<size_t>(end - stack.low), MADV_DONTNEED);
  }
}

}  // namespace orrery
