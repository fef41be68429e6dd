#pragma once

#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "runtime/real/real_process.h"

namespace orrery {

/// A RealProcess on a thread of its own, as a test needs several in one program. Between Start and the end the node
/// belongs to that thread: reach it through Call.
class TestProcess {
 public:
  /// Requires: the options are good.
  explicit TestProcess(const RealOptions& options) : process_(std::move(RealProcess::Create(options)).value()) {}
  ~TestProcess() { Stop(); }

  void Start(NodeFactory factory) {
    thread_ = std::thread([this, factory = std::move(factory)] { ended_.set_value(process_->Run(factory)); });
  }
  /// Runs `function` on the loop's main stack and waits for it.
  void Call(const std::function<void(Runtime&)>& function) {
    std::promise<void> done;
    process_->Post([&] {
      function(process_->runtime());
      done.set_value();
    });
    done.get_future().wait();
  }
  /// Waits until the node has ended by itself.
  Status Wait() {
    const Status reason = ended_.get_future().get();
    thread_.join();
    return reason;
  }
  /// Ends the node as a crash would, if it still runs.
  void Stop() {
    if (!thread_.joinable()) return;
    process_->Kill();
    thread_.join();
  }
  RealProcess& process() { return *process_; }

 private:
  std::unique_ptr<RealProcess> process_;
  std::promise<Status> ended_;
  std::thread thread_;
};

}  // namespace orrery
