#include <memory>
#include <string>

#include "runtime/real/real_process.h"
#include "runtime/real/test_folder.h"
#include "storage/rocks_engine.h"
#include "storage/testing/harness.h"
#include "storage/testing/model_harness.h"

namespace orrery::testing {
namespace {

/// The RocksDB engine on a real folder, with real threads.
class RealHarness final : public EngineHarness {
 public:
  std::string name() const override { return "rocksdb, real disk"; }
  void Run(const std::function<void(Runtime&, Engine&)>& body) override {
    RealOptions options;
    options.cluster = ClusterId(1);
    options.node = NodeId(1);
    options.data_directory = folder_.path();
    Result<std::unique_ptr<RealProcess>> process = RealProcess::Create(options);
    ORRERY_ASSERT_THAT(process.ok(), process.status().ToString());
    const Status ended = process.value()->RunFiber([&](Runtime& runtime) {
      ORRERY_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, OpenRocksEngine(runtime, EngineOptions()));
      body(runtime, *engine);
      return Status::Ok();
    });
    ORRERY_ASSERT_THAT(ended.ok(), ended.ToString());
  }

 private:
  TestFolder folder_;
};

}  // namespace

std::vector<NamedHarness> Harnesses() {
  return {{"model", [] { return std::make_unique<ModelHarness>(); }},
          {"rocksdb, real disk", [] { return std::make_unique<RealHarness>(); }}};
}

}  // namespace orrery::testing
