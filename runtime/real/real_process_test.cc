#include "runtime/real/real_process.h"

#include <doctest/doctest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "runtime/clock.h"
#include "runtime/disk.h"
#include "runtime/fiber/domain.h"
#include "runtime/fiber/scheduler.h"
#include "runtime/log.h"
#include "runtime/offload.h"
#include "runtime/process.h"
#include "runtime/real/test_folder.h"
#include "runtime/real/test_process.h"

namespace orrery {
namespace {

RealOptions Options() {
  RealOptions options{.cluster = ClusterId(1), .node = NodeId(1)};
  options.log.level = LogLevel::kError;
  return options;
}

std::unique_ptr<RealProcess> Make(const RealOptions& options) {
  return std::move(RealProcess::Create(options)).value();
}

TEST_CASE("RealProcess: a fiber sleeps, works on the disk through a lane, and ends the process with its status") {
  const TestFolder folder;
  RealOptions options = Options();
  options.data_directory = folder.path();
  const Status ended = Make(options)->RunFiber([](Runtime& runtime) {
    const Instant before = runtime.clock.Now();
    runtime.scheduler.SleepFor(milliseconds(5));
    CHECK(runtime.clock.Now() - before >= milliseconds(5));
    Status written;
    runtime.offload.Run(Lane::kCommit, [&] { written = runtime.disk.WriteFileDurably("a", "content"); });
    CHECK(written.ok());
    return Status(StatusCode::kConflict, "for the test");
  });
  CHECK(ended == Status(StatusCode::kConflict, "for the test"));
  CHECK(std::filesystem::file_size(folder.path() + "/a") == 7);
}

TEST_CASE("RealProcess: bad options and resources in use are named") {
  RealOptions options = Options();
  options.cluster = ClusterId();
  CHECK(RealProcess::Create(options).status().message() == "the cluster id is missing");
  options = Options();
  options.listen_address = "nonsense";
  CHECK(RealProcess::Create(options).code() == StatusCode::kInvalidArgument);
  options.listen_address = "127.0.0.1:0";
  const auto first = Make(options);
  options.listen_address = first->listen_address();
  CHECK(RealProcess::Create(options).status().message() ==
        "listen on " + first->listen_address() + ": Address already in use");
}

TEST_CASE("RealProcess: SIGTERM asks the node to stop, and a node that never ran ends without a trace") {
  struct StoppableNode final : Node {
    explicit StoppableNode(Runtime& runtime) : process(runtime.process) {}
    void RequestStop() override { process.Exit(Status::Ok()); }
    Process& process;
  };
  RealOptions options = Options();
  options.handle_signals = true;
  const auto process = Make(options);
  const Status ended = process->Run([](Runtime& runtime) {
    ::raise(SIGTERM);
    return std::make_unique<StoppableNode>(runtime);
  });
  CHECK(ended.ok());
  Make(Options());
}

TEST_CASE("RealProcess: a kill unwinds fibers wherever they wait, also one whose job still runs") {
  for (int round = 0; round < 5; ++round) {
    TestProcess test(Options());
    struct Guard {
      explicit Guard(std::atomic<int>& alive) : count(alive) { ++count; }
      ~Guard() { --count; }
      std::atomic<int>& count;
    };
    struct WaitingNode final : Node {
      WaitingNode(Runtime& runtime, std::atomic<int>& alive) {
        sleeper = runtime.domain.Spawn("sleeper", [&] {
          const Guard guard(alive);
          runtime.scheduler.SleepFor(hours(1));
        });
        worker = runtime.domain.Spawn("worker", [&] {
          const Guard guard(alive);
          runtime.offload.Run(Lane::kRead, [] { std::this_thread::sleep_for(milliseconds(20)); });
          runtime.scheduler.SleepFor(hours(1));
        });
      }
      void RequestStop() override {}
      Task sleeper;
      Task worker;
    };
    std::atomic<int> alive = 0;
    test.Start([&](Runtime& runtime) { return std::make_unique<WaitingNode>(runtime, alive); });
    while (alive < 2) std::this_thread::yield();
    test.Stop();
    CHECK(alive == 0);
  }
}

TEST_CASE("RealProcess: many fibers in all lanes get their own answers") {
  const Status ended = Make(Options())->RunFiber([](Runtime& runtime) {
    std::vector<Task> tasks;
    std::vector<uint64_t> answers(300);
    for (uint64_t i = 0; i < answers.size(); ++i) {
      tasks.push_back(runtime.domain.Spawn({"worker", i}, [&, i] {
        for (int turn = 0; turn < 20; ++turn) {
          runtime.offload.Run(static_cast<Lane>(i % kLaneCount), [&] { answers[i] += i; });
        }
      }));
    }
    for (Task& task : tasks) task.Join();
    for (uint64_t i = 0; i < answers.size(); ++i) CHECK(answers[i] == 20 * i);
    return Status::Ok();
  });
  CHECK(ended.ok());
}

TEST_CASE("RealLog: lines carry time, level, component and the name of the process") {
  const TestFolder folder;
  RealOptions options = Options();
  options.log = {.level = LogLevel::kInfo, .path = folder.path() + "/log", .name = "store 1"};
  CHECK(Make(options)
            ->RunFiber([](Runtime& runtime) {
              ORRERY_LOG(runtime.log, LogLevel::kDebug, "raft", "too fine");
              ORRERY_LOG(runtime.log, LogLevel::kWarn, "raft", "term {}", 7);
              return Status::Ok();
            })
            .ok());
  std::ifstream file(folder.path() + "/log");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  CHECK(text.find("too fine") == std::string::npos);
  CHECK(text.find("Z warning store 1 [raft] term 7\n") != std::string::npos);
  options.log.path = "/dev/null/log";
  CHECK(RealProcess::Create(options).code() == StatusCode::kIoError);
}

}  // namespace
}  // namespace orrery
