#pragma once

#include "storage/testing/harness.h"
#include "storage/testing/model_engine.h"
#include "storage/testing/test_world.h"

namespace orrery::testing {

/// The suite against the model: the suite itself is tested by it.
class ModelHarness final : public EngineHarness {
 public:
  std::string name() const override { return "model"; }
  void Run(const std::function<void(Runtime&, Engine&)>& body) override {
    TestWorld world(Random(1), disk_, rocks_, probes_);
    world.Run([&] { body(world.runtime(), engine_); });
  }

 private:
  NoDisk disk_;
  NoRocks rocks_;
  TestProbes probes_;
  ModelEngine engine_;
};

}  // namespace orrery::testing
