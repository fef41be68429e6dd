#include "runtime/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace orrery {
namespace {

AssertionHook assertion_hook = nullptr;

}  // namespace

void SetAssertionHook(AssertionHook hook) {
  assertion_hook = hook;
}

void AssertionFailed(std::string_view condition, std::string_view detail, std::string_view file, int line) {
  std::fprintf(stderr, "%.*s:%d: assertion failed: %.*s%s%.*s\n", static_cast<int>(file.size()), file.data(), line,
               static_cast<int>(condition.size()), condition.data(), detail.empty() ? "" : ": ",
               static_cast<int>(detail.size()), detail.data());
  std::fflush(stderr);
  if (AssertionHook hook = assertion_hook; hook != nullptr) {
    assertion_hook = nullptr;  // A hook that fails itself must not recurse.
    hook(condition, detail, file, line);
  }
  std::abort();
}

}  // namespace orrery
