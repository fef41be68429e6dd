#pragma once

#include "sim/rocks/hooks.h"

namespace orrery::sim {

/// What the hooks count and obey. Process-wide, as the symbols they replace are. Kept out of hooks.cc, so
/// that the library links and the self-check can complain when the hooks are missing.
struct HookState {
  HookCounters counters;
  bool threads_forbidden = false;
};
HookState& hook_state();

}  // namespace orrery::sim
