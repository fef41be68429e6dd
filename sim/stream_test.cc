#include <doctest/doctest.h>

#include "runtime/clock.h"
#include "runtime/fiber/domain.h"
#include "runtime/stream.h"
#include "sim/recorder_node.h"

namespace orrery::sim {
namespace {

const NodeId kServer(1);
const NodeId kClient(2);

/// Two nodes; fibers are spawned into them by the test and owned here.
class StreamWorld : public RecorderWorld {
 public:
  explicit StreamWorld(uint64_t seed = 1) : RecorderWorld(2, Seeded(seed)) {}
  static WorldOptions Seeded(uint64_t seed) {
    WorldOptions options;
    options.choices.seed = seed;
    return options;
  }
  template <class F>
  void Spawn(NodeId node, F body) {
    world.RunInNode(node, [&](Runtime& r) {
      tasks_.push_back(r.domain.Spawn({"test", tasks_.size()}, [&r, body] { body(r); }));
    });
  }
  ~StreamWorld() {
    for (const NodeId node : {kServer, kClient}) world.Crash(node, CrashKind::kProcessKill);
  }

 private:
  std::vector<Task> tasks_;
};

Deadline In(Runtime& r, Duration span) {
  return Deadline::After(r.clock.Now(), span);
}

std::string ReadAll(Stream& stream, Runtime& r) {
  std::string all;
  char piece[3000];
  for (;;) {
    const size_t got = stream.Read(piece, In(r, seconds(60))).value_or(0);
    if (got == 0) return all;
    all.append(piece, got);
  }
}

TEST_CASE("Stream: bytes arrive whole and in order; the end of writing is seen; the other way stays open") {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    StreamWorld test(seed);
    std::string sent;
    Random random(seed);
    random.Fill(sent, 300'000);
    std::string received;
    std::string answer;
    test.Spawn(kServer, [&](Runtime& r) {
      auto listener = std::move(r.streams.Listen("0.0.0.0:80")).value();
      auto stream = std::move(listener->Accept(Deadline::Never())).value();
      received = ReadAll(*stream, r);
      CHECK(stream->WriteAll("thanks", In(r, seconds(10))).ok());
      CHECK(stream->FinishWriting().ok());
      answer += ReadAll(*stream, r);
    });
    test.Spawn(kClient, [&](Runtime& r) {
      auto stream = std::move(r.streams.Connect("node1:80", In(r, seconds(10)))).value();
      CHECK(stream->WriteAll(sent, In(r, seconds(60))).ok());
      CHECK(stream->FinishWriting().ok());
      answer += ReadAll(*stream, r);
    });
    test.world.RunFor(seconds(20));
    CHECK(received == sent);
    CHECK(answer == "thanks");
  }
}

TEST_CASE("Stream: nobody listening is refused, a dead machine is no answer, bad addresses are named") {
  StreamWorld test;
  std::vector<StatusCode> codes;
  test.Spawn(kClient, [&](Runtime& r) {
    codes.push_back(r.streams.Connect("node1:81", In(r, seconds(10))).code());
    codes.push_back(r.streams.Connect("nowhere:81", In(r, seconds(10))).code());
    codes.push_back(r.streams.Connect("node1", In(r, seconds(10))).code());
    codes.push_back(r.streams.Listen("node1:80").code());
    auto first = r.streams.Listen(":80");
    codes.push_back(r.streams.Listen(":80").code());
  });
  test.world.RunFor(seconds(1));
  CHECK(codes == std::vector<StatusCode>{StatusCode::kUnavailable, StatusCode::kUnavailable,
                                         StatusCode::kInvalidArgument, StatusCode::kIoError,
                                         StatusCode::kAlreadyExists});
  test.world.Crash(kServer, CrashKind::kPowerLoss);
  StatusCode code = StatusCode::kOk;
  test.Spawn(kClient, [&](Runtime& r) { code = r.streams.Connect("node1:81", In(r, milliseconds(500))).code(); });
  test.world.RunFor(seconds(1));
  CHECK(code == StatusCode::kTimeout);
}

/// A client that reads until its stream ends; how it ended.
Status EndOf(StreamWorld& test, const std::function<void()>& trouble) {
  Status ended;
  test.Spawn(kServer, [&](Runtime& r) {
    auto listener = std::move(r.streams.Listen(":80")).value();
    auto stream = std::move(listener->Accept(Deadline::Never())).value();
    r.scheduler.SleepFor(hours(1));
  });
  test.Spawn(kClient, [&](Runtime& r) {
    auto stream = std::move(r.streams.Connect("node1:80", In(r, seconds(10)))).value();
    char byte = 0;
    ended = stream->Read({&byte, 1}, In(r, minutes(1))).status();
  });
  test.world.RunFor(seconds(1));
  CHECK(ended.ok());
  trouble();
  test.world.RunFor(seconds(30));
  return ended;
}

TEST_CASE("Stream: a reset, a crash and a partition end it with kClosed") {
  StreamWorld reset;
  CHECK(EndOf(reset, [&] { reset.world.ResetConnection(kServer, kClient); }).code() == StatusCode::kClosed);
  StreamWorld killed;
  CHECK(EndOf(killed, [&] { killed.world.Crash(kServer, CrashKind::kProcessKill); }).code() == StatusCode::kClosed);
  StreamWorld dark;
  CHECK(EndOf(dark, [&] { dark.world.Crash(kServer, CrashKind::kPowerLoss); }).code() == StatusCode::kClosed);
  StreamWorld cut;
  CHECK(EndOf(cut, [&] { cut.world.Partition({kServer}, {kClient}); }).code() == StatusCode::kClosed);
  StreamWorld healthy;
  CHECK(EndOf(healthy, [] {}).ok());
}

TEST_CASE("Stream: a writer waits for a reader, and no longer than its deadline") {
  StreamWorld test;
  StatusCode code = StatusCode::kOk;
  test.Spawn(kServer, [&](Runtime& r) {
    auto listener = std::move(r.streams.Listen(":80")).value();
    auto stream = std::move(listener->Accept(Deadline::Never())).value();
    r.scheduler.SleepFor(hours(1));
  });
  test.Spawn(kClient, [&](Runtime& r) {
    auto stream = std::move(r.streams.Connect("node1:80", In(r, seconds(10)))).value();
    code = stream->WriteAll(std::string(1 << 20, 'x'), In(r, seconds(2))).code();
  });
  test.world.RunFor(seconds(10));
  CHECK(code == StatusCode::kTimeout);
}

}  // namespace
}  // namespace orrery::sim
