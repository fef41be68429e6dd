#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/runtime.h"
#include "storage/engine.h"

namespace orrery::testing {

/// One data directory and a way to open an engine on it, again and again: what the conformance suite runs against.
class EngineHarness {
 public:
  virtual ~EngineHarness() = default;
  virtual std::string name() const = 0;
  /// Opens, runs `body` on a fiber, closes cleanly. What was synced before is there again the next time.
  virtual void Run(const std::function<void(Runtime&, Engine&)>& body) = 0;
};

struct NamedHarness {
  std::string name;
  std::function<std::unique_ptr<EngineHarness>()> make;
};

/// The engines of this test program; each program that links the suite defines it.
std::vector<NamedHarness> Harnesses();

}  // namespace orrery::testing
