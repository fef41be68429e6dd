#pragma once

#include <cstddef>

// What the sanitizers must be told about stacks that they did not make. Nothing in other builds.

#if defined(__SANITIZE_ADDRESS__)
#define ORRERY_FIBER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ORRERY_FIBER_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define ORRERY_FIBER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ORRERY_FIBER_TSAN 1
#endif
#endif

#ifdef ORRERY_FIBER_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef ORRERY_FIBER_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace orrery::sanitizer {

#ifdef ORRERY_FIBER_ASAN
constexpr bool kAddress = true;
inline void Poison(const void* at, size_t size) {
  __asan_poison_memory_region(at, size);
}
inline void Unpoison(const void* at, size_t size) {
  __asan_unpoison_memory_region(at, size);
}
/// Before leaving a stack for [low, low + size). A null `fake_stack` says that the stack is left for good.
inline void StartSwitch(void** fake_stack, const void* low, size_t size) {
  __sanitizer_start_switch_fiber(fake_stack, low, size);
}
/// First thing on the stack arrived at.
inline void FinishSwitch(void* fake_stack, const void** from_low, size_t* from_size) {
  __sanitizer_finish_switch_fiber(fake_stack, from_low, from_size);
}
#else
constexpr bool kAddress = false;
inline void Poison(const void*, size_t) {}
inline void Unpoison(const void*, size_t) {}
inline void StartSwitch(void**, const void*, size_t) {}
inline void FinishSwitch(void*, const void**, size_t*) {}
#endif

#ifdef ORRERY_FIBER_TSAN
constexpr bool kThread = true;
inline void* CreateFiberContext() {
  return __tsan_create_fiber(0);
}
inline void DestroyFiberContext(void* context) {
  if (context != nullptr) __tsan_destroy_fiber(context);
}
inline void* CurrentFiberContext() {
  return __tsan_get_current_fiber();
}
/// Immediately before the jump. Always inlined: a call of its own would be entered in one context and left in the
/// other.
[[gnu::always_inline]] inline void SwitchFiberContext(void* context) {
  __tsan_switch_to_fiber(context, 0);
}
#else
constexpr bool kThread = false;
inline void* CreateFiberContext() {
  return nullptr;
}
inline void DestroyFiberContext(void*) {}
inline void* CurrentFiberContext() {
  return nullptr;
}
inline void SwitchFiberContext(void*) {}
#endif

}  // namespace orrery::sanitizer
