#include "storage/testing/test_world.h"

#include <algorithm>
#include <vector>

#include "runtime/fiber/task.h"

namespace orrery::testing {

void TestOffload::Run(Lane lane, FunctionRef<void()> job) {
  auto& queue = lanes_[static_cast<size_t>(lane)];
  auto entry = std::make_shared<Job>(Job{job, nullptr});
  // Killed while waiting: a crash drops the job.
  Completion done([&queue, entry] { std::erase(queue, entry); });
  entry->done = &done;
  queue.push_back(entry);
  done.Wait();
}

bool TestOffload::Step(Random& random) {
  std::vector<size_t> busy;
  for (size_t i = 0; i < lanes_.size(); ++i) {
    if (!lanes_[i].empty()) busy.push_back(i);
  }
  if (busy.empty()) return false;
  auto& queue = lanes_[busy[random.Below(busy.size())]];
  const std::shared_ptr<Job> job = queue.front();
  if (!job->ran) {
    job->job();
    job->ran = true;
    return true;
  }
  queue.pop_front();
  job->done->Complete();
  return true;
}

class TestWorld::NoNetwork final : public Network {
 public:
  Endpoint self() const override { return {NodeId(1), 0}; }
  void Send(Endpoint, Channel, Bytes) override {}
  void Listen(Channel, Receiver*) override {}
  size_t QueuedBytes(Endpoint) const override { return 0; }
};

class TestWorld::NoStreams final : public StreamTransport {
 public:
  Result<std::unique_ptr<StreamListener>> Listen(std::string_view) override { return None(); }
  Result<std::unique_ptr<Stream>> Connect(std::string_view, Deadline) override { return None(); }

 private:
  static Status None() { return Status(StatusCode::kUnavailable, "no streams here"); }
};

class TestWorld::WorldClock final : public Clock {
 public:
  explicit WorldClock(const Instant& now) : now_(now) {}
  Instant Now() override { return now_; }
  Instant FreshNow() override { return now_; }
  WallTime WallNow() override { return {now_.nanos()}; }

 private:
  const Instant& now_;
};

TestWorld::TestWorld(Random random, Disk& disk, RocksHost& rocks, TestProbes& probes)
    : random_(random.Split("world")),
      scheduler_(stacks_),
      domain_(scheduler_, "test node"),
      clock_(std::make_unique<WorldClock>(now_)),
      network_(std::make_unique<NoNetwork>()),
      streams_(std::make_unique<NoStreams>()) {
  scheduler_.FireTimers(now_);
  runtime_.reset(new Runtime{scheduler_, domain_, *clock_, random.Split("node"), *network_, *streams_, disk, offload_,
                             rocks, addresses_, probes, log_, process_});
}

TestWorld::~TestWorld() {
  domain_.Kill();
}

bool TestWorld::Turn() {
  scheduler_.FireTimers(now_);
  if (scheduler_.RunReady() > 0) return true;
  const uint64_t choice = random_.Below(4);
  if (choice == 0 && idle_work_ && idle_work_()) return true;
  if (offload_.Step(random_)) return true;
  if (scheduler_.NextTimer() == Instant::Max()) return scheduler_.HasReady() || (idle_work_ && idle_work_());
  now_ = std::max(now_, scheduler_.NextTimer());
  if (idle_work_) idle_work_();
  return true;
}

bool TestWorld::Run(std::function<void()> body, const std::function<bool()>& stop) {
  Task task = domain_.Spawn("test", std::move(body));
  while (task.running()) {
    if (stop && stop()) return false;
    ORRERY_ASSERT_THAT(Turn(), scheduler_.DumpFibers());
  }
  return true;
}

}  // namespace orrery::testing
