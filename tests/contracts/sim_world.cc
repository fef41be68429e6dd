#include <algorithm>
#include <map>

#include "runtime/base/assert.h"
#include "sim/world.h"
#include "tests/contracts/contract_world.h"

namespace orrery {
namespace {

/// No choices but the schedule and latencies of one seed, no faults.
class SimContractWorld final : public ContractWorld {
 public:
  explicit SimContractWorld(int nodes) : world_(Options()) {
    for (int node = 1; node <= nodes; ++node) {
      world_.AddNode(Id(node), [this, node](Runtime& runtime) {
        auto host = std::make_unique<HostNode>(runtime);
        hosts_[node] = host.get();
        return host;
      });
    }
    world_.BootAll();
  }

  void Start(int node, Body body) override {
    Call(node, [&](Runtime&) { hosts_.at(node)->Start(std::move(body)); });
  }
  void Call(int node, const Body& body) override { ORRERY_ASSERT(world_.RunInNode(Id(node), body)); }

  bool Await(int, const std::function<bool()>& condition) override {
    return world_.RunUntil(condition, minutes(10)) == sim::RunOutcome::kConditionMet;
  }

  void Kill(int node) override { world_.Crash(Id(node), sim::CrashKind::kProcessKill); }
  void Boot(int node) override { world_.Boot(Id(node)); }
  void RequestStop(int node) override { world_.RequestStop(Id(node)); }
  Status AwaitExit(int node) override {
    const auto found = [&] {
      return std::find_if(world_.exits().begin(), world_.exits().end(),
                          [&](const sim::NodeExit& exit) { return exit.node == Id(node); });
    };
    const auto outcome = world_.RunUntil([&] { return found() != world_.exits().end(); }, minutes(10));
    ORRERY_ASSERT(outcome == sim::RunOutcome::kConditionMet);
    return found()->reason;
  }
  std::string StreamAddress(int node) const override { return world_.NameOf(Id(node)) + ":0"; }

 private:
  static NodeId Id(int node) { return NodeId(static_cast<uint64_t>(node)); }
  static sim::WorldOptions Options() {
    sim::WorldOptions options;
    options.choices.seed = 20;
    return options;
  }

  std::map<int, HostNode*> hosts_;
  sim::World world_;
};

}  // namespace

std::unique_ptr<ContractWorld> ContractWorld::Make(int nodes) {
  return std::make_unique<SimContractWorld>(nodes);
}

}  // namespace orrery
