#include <chrono>
#include <thread>

#include "runtime/address_book.h"
#include "runtime/base/assert.h"
#include "runtime/real/test_folder.h"
#include "runtime/real/test_process.h"
#include "tests/contracts/contract_world.h"

namespace orrery {
namespace {

class RealContractWorld final : public ContractWorld {
 public:
  explicit RealContractWorld(int nodes) : nodes_(static_cast<size_t>(nodes)) {
    for (int node = 1; node <= nodes; ++node) Boot(node);
    for (int node = 1; node <= nodes; ++node) TellAddresses(node);
  }
  ~RealContractWorld() override {
    for (RealNode& node : nodes_) node.process.reset();
  }

  void Start(int node, Body body) override {
    Call(node, [&](Runtime&) { At(node).host->Start(std::move(body)); });
  }
  void Call(int node, const Body& body) override { At(node).process->Call(body); }

  bool Await(int node, const std::function<bool()>& condition) override {
    const auto give_up = std::chrono::steady_clock::now() + seconds(30);
    bool holds = false;
    while (true) {
      Call(node, [&](Runtime&) { holds = condition(); });
      if (holds || std::chrono::steady_clock::now() > give_up) return holds;
      std::this_thread::sleep_for(microseconds(200));
    }
  }

  void Kill(int node) override { At(node).process.reset(); }

  void Boot(int number) override {
    RealNode& node = At(number);
    RealOptions options{.cluster = ClusterId(1), .node = NodeId(static_cast<uint64_t>(number))};
    options.listen_address = node.address.empty() ? "127.0.0.1:0" : node.address;
    options.data_directory = node.folder.path();
    options.log.level = LogLevel::kError;
    node.process = std::make_unique<TestProcess>(options);
    node.address = node.process->process().listen_address();
    node.process->Start([&node](Runtime& runtime) {
      auto host = std::make_unique<HostNode>(runtime);
      node.host = host.get();
      return host;
    });
    TellAddresses(number);
  }

  void RequestStop(int node) override { At(node).process->process().RequestStop(); }
  Status AwaitExit(int node) override {
    const Status reason = At(node).process->Wait();
    At(node).process.reset();
    return reason;
  }
  std::string StreamAddress(int) const override { return "127.0.0.1:0"; }

 private:
  struct RealNode {
    TestFolder folder;
    std::string address;
    std::unique_ptr<TestProcess> process;
    HostNode* host = nullptr;
  };

  RealNode& At(int node) { return nodes_[static_cast<size_t>(node) - 1]; }

  void TellAddresses(int number) {
    Call(number, [&](Runtime& runtime) {
      for (size_t i = 0; i < nodes_.size(); ++i) {
        if (!nodes_[i].address.empty()) runtime.addresses.Set(NodeId(i + 1), nodes_[i].address);
      }
    });
  }

  std::vector<RealNode> nodes_;
};

}  // namespace

std::unique_ptr<ContractWorld> ContractWorld::Make(int nodes) {
  return std::make_unique<RealContractWorld>(nodes);
}

}  // namespace orrery
