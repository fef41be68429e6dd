#pragma once

#include <string_view>

namespace orrery {

/// Reports a broken invariant and ends the process with abort(). `detail` may be empty.
[[noreturn]] void AssertionFailed(std::string_view condition, std::string_view detail, std::string_view file, int line);

/// Called first by AssertionFailed: the place for main() or the simulator to say which node, seed and
/// scenario this was. May not return control to the failed code other than by returning. One process-wide
/// hook, because a broken invariant is the end of the process.
using AssertionHook = void (*)(std::string_view condition, std::string_view detail, std::string_view file, int line);
void SetAssertionHook(AssertionHook hook);

}  // namespace orrery

/// An invariant, checked in every build. Split conjunctions: one fact per line.
#define ORRERY_ASSERT(condition)                     \
  (__builtin_expect(static_cast<bool>(condition), 1) \
       ? static_cast<void>(0)                        \
       : ::orrery::AssertionFailed(#condition, std::string_view(), __FILE__, __LINE__))

/// The same with a detail (a std::string_view or std::string, built only on failure).
#define ORRERY_ASSERT_THAT(condition, detail)        \
  (__builtin_expect(static_cast<bool>(condition), 1) \
       ? static_cast<void>(0)                        \
       : ::orrery::AssertionFailed(#condition, (detail), __FILE__, __LINE__))

/// A place that cannot be reached if the program is right.
#define ORRERY_UNREACHABLE(detail) ::orrery::AssertionFailed("unreachable", (detail), __FILE__, __LINE__)
