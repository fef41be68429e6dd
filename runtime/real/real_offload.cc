#include "runtime/real/real_offload.h"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "runtime/base/assert.h"
#include "runtime/fiber/completion.h"

namespace orrery {

/// Lives in the frame of Run().
struct RealOffload::Job {
  enum class State { kQueued, kRunning, kFinished };

  FunctionRef<void()> function;
  Completion* done;
  State state = State::kQueued;  ///< Guarded by its lane's mutex.
};

struct RealOffload::LaneState {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Job*> queue;
  bool stopping = false;
  std::thread thread;
};

RealOffload::RealOffload(boost::asio::io_context& io) : io_(io) {
  for (int i = 0; i < kLaneCount; ++i) {
    lanes_.push_back(std::make_unique<LaneState>());
    LaneState* lane = lanes_.back().get();
    lane->thread = std::thread([this, lane] { Work(*lane); });
  }
}

RealOffload::~RealOffload() {
  ORRERY_ASSERT(stopped_);
}

void RealOffload::Run(Lane lane_name, FunctionRef<void()> function) {
  LaneState& lane = *lanes_[static_cast<size_t>(lane_name)];
  Job job{.function = function, .done = nullptr};
  Completion done([&] { Withdraw(lane, job); });
  job.done = &done;
  {
    const std::lock_guard lock(lane.mutex);
    if (!lane.stopping) {
      lane.queue.push_back(&job);
      lane.changed.notify_all();
    }
  }
  done.Wait();
}

void RealOffload::Work(LaneState& lane) {
  std::unique_lock lock(lane.mutex);
  while (true) {
    lane.changed.wait(lock, [&] { return lane.stopping || !lane.queue.empty(); });
    if (lane.stopping) return;
    Job* job = lane.queue.front();
    lane.queue.pop_front();
    job->state = Job::State::kRunning;
    lock.unlock();
    job->function();
    lock.lock();
    job->state = Job::State::kFinished;
    bool first = false;
    {
      // From here on the loop may wake the fiber, whose frame holds the job.
      const std::lock_guard finished_lock(finished_mutex_);
      first = finished_.empty();
      finished_.push_back(job);
    }
    lane.changed.notify_all();
    if (first) boost::asio::post(io_, [this] { DeliverFinished(); });
  }
}

void RealOffload::DeliverFinished() {
  std::vector<Job*> finished;
  {
    const std::lock_guard lock(finished_mutex_);
    finished.swap(finished_);
  }
  for (Job* job : finished) job->done->Complete();
}

void RealOffload::Withdraw(LaneState& lane, Job& job) {
  {
    std::unique_lock lock(lane.mutex);
    std::erase(lane.queue, &job);
    lane.changed.wait(lock, [&] { return job.state != Job::State::kRunning; });
  }
  const std::lock_guard lock(finished_mutex_);
  std::erase(finished_, &job);
}

void RealOffload::Stop() {
  stopped_ = true;
  for (const auto& lane : lanes_) {
    const std::lock_guard lock(lane->mutex);
    lane->stopping = true;
    lane->queue.clear();
    lane->changed.notify_all();
  }
  for (const auto& lane : lanes_) lane->thread.join();
}

}  // namespace orrery
