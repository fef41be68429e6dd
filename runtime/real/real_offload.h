#pragma once

#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/offload.h"

namespace orrery {

/// One helper thread per lane; answers come back through the loop's io_context.
class RealOffload final : public Offload {
 public:
  explicit RealOffload(boost::asio::io_context& io);
  /// Requires: stopped.
  ~RealOffload() override;

  void Run(Lane lane, FunctionRef<void()> job) override;

  /// The fence: jobs that have not begun never will, those under way run to their end. Fibers in Run() stay there
  /// until their domain is killed. From the loop's thread, once; joins the threads.
  void Stop();

 private:
  struct Job;
  struct LaneState;

  void Work(LaneState& lane);
  /// On the loop: wakes the fibers whose jobs have run.
  void DeliverFinished();
  void Withdraw(LaneState& lane, Job& job);

  boost::asio::io_context& io_;
  std::mutex finished_mutex_;
  std::vector<Job*> finished_;
  std::vector<std::unique_ptr<LaneState>> lanes_;
  bool stopped_ = false;
};

}  // namespace orrery
