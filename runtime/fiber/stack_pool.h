#pragma once

#include <cstddef>
#include <vector>

namespace orrery {

struct StackPoolOptions {
  /// Of one stack, guard page included. A multiple of the page size. Sanitizers make frames several times
  /// larger, so their builds get larger stacks.
  size_t stack_size_bytes = kDefaultStackSizeBytes;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  static constexpr size_t kDefaultStackSizeBytes = size_t{256} << 10;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  static constexpr size_t kDefaultStackSizeBytes = size_t{256} << 10;
#else
  static constexpr size_t kDefaultStackSizeBytes = size_t{64} << 10;
#endif
#else
  static constexpr size_t kDefaultStackSizeBytes = size_t{64} << 10;
#endif
};

/// One stack on loan: usable bytes are [low, top), growing down from `top`. Below `low` is a guard page.
struct Stack {
  char* low = nullptr;
  char* top = nullptr;         ///< Coloured: differs between stacks modulo 4 KiB, so that they do not share cache sets.
  size_t number = 0;           ///< Of the stack within its pool.
  void* tsan_fiber = nullptr;  ///< ThreadSanitizer's context; stays with the stack between uses.
};

/// Guarded stacks for the fibers of one thread; every Scheduler of the thread shares it. Stacks come from
/// slabs of the kernel, are reused last-in first-out, and return to the kernel with the pool. The list of
/// free stacks stands outside of them, so a free stack costs no resident memory until it is used.
class StackPool {
 public:
  explicit StackPool(const StackPoolOptions& options = {});
  /// Requires: live() == 0, that is, every fiber has ended.
  ~StackPool();
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;

  /// Never fails; ends the process when the kernel has no more memory or mappings (vm.max_map_count).
  Stack Take();
  void GiveBack(const Stack& stack);

  size_t live() const { return live_; }
  size_t stack_size_bytes() const { return stack_size_bytes_; }
  /// Gives the memory of free stacks back to the kernel; they fault in again when used.
  void Trim();

 private:
  void AddSlab();
  void Guard(char* page);

  size_t stack_size_bytes_;
  size_t page_size_bytes_;
  size_t live_ = 0;
  size_t stacks_made_ = 0;
  bool guard_by_madvise_ = true;
  std::vector<char*> slabs_;
  std::vector<Stack> free_;
  std::vector<unsigned> tsan_uses_;  ///< By stack number; ThreadSanitizer contexts are renewed now and then.
};

}  // namespace orrery
