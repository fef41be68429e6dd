#include "runtime/stream.h"

#include <doctest/doctest.h>

#include "runtime/base/random.h"
#include "runtime/clock.h"
#include "runtime/fiber/domain.h"
#include "runtime/fiber/scheduler.h"
#include "tests/contracts/contract_world.h"

namespace orrery {
namespace {

Deadline In(Runtime& runtime, Duration span) {
  return Deadline::After(runtime.clock.Now(), span);
}

/// Node 2 listens and gives each stream it accepts to `serve`; node 1 connects.
struct Service {
  explicit Service(std::function<void(Runtime&, Stream&)> serve) : world(ContractWorld::Make(2)) {
    const std::string own = world->StreamAddress(2);
    world->Start(2, [this, own, serve = std::move(serve)](Runtime& runtime) {
      auto listener = runtime.streams.Listen(own);
      REQUIRE(listener.ok());
      address = listener.value()->address();
      while (true) {
        auto stream = listener.value()->Accept(Deadline::Never());
        if (!stream.ok()) return;
        serve(runtime, *stream.value());
      }
    });
    REQUIRE(world->Await(2, [this] { return !address.empty(); }));
  }
  void Run(const std::function<void(Runtime&, Stream&)>& call) {
    world->Run(1, [&](Runtime& runtime) {
      auto stream = runtime.streams.Connect(address, In(runtime, seconds(10)));
      REQUIRE(stream.ok());
      call(runtime, *stream.value());
    });
  }

  std::string address;
  std::unique_ptr<ContractWorld> world;
};

Bytes ReadToEnd(Stream& stream) {
  Bytes all;
  char buffer[4096];
  while (true) {
    const auto got = stream.Read(buffer, Deadline::Never());
    if (!got.ok() || *got == 0) return all;
    all.append(buffer, *got);
  }
}

void Echo(Runtime&, Stream& stream) {
  char buffer[1024];
  while (true) {
    const auto got = stream.Read(buffer, Deadline::Never());
    if (!got.ok() || *got == 0) return;
    if (!stream.WriteAll(ByteView(buffer, *got), Deadline::Never()).ok()) return;
  }
}

TEST_CASE("Stream: bytes come back from an echo in order, far more than fit into any buffer") {
  Service service(Echo);
  service.Run([](Runtime& runtime, Stream& stream) {
    Bytes sent;
    Random(3).Fill(sent, size_t{4} << 20);
    Bytes got;
    Task reader = runtime.domain.Spawn("reader", [&] { got = ReadToEnd(stream); });
    CHECK(stream.WriteAll(sent, In(runtime, seconds(60))).ok());
    CHECK(stream.FinishWriting().ok());
    reader.Join();
    CHECK((got == sent));
    CHECK(!stream.PeerName().empty());
  });
}

TEST_CASE("Stream: the end of the other side's writing reads as zero, and one may still answer") {
  Service service([](Runtime&, Stream& stream) {
    const Bytes question = ReadToEnd(stream);
    stream.WriteAll("answer to " + question, Deadline::Never()).IgnoreError();
  });
  service.Run([](Runtime&, Stream& stream) {
    CHECK(stream.WriteAll("question", Deadline::Never()).ok());
    CHECK(stream.FinishWriting().ok());
    CHECK(ReadToEnd(stream) == "answer to question");
  });
}

TEST_CASE("Stream: a silent peer costs a reader no more than its deadline") {
  Service service(Echo);
  service.Run([](Runtime& runtime, Stream& stream) {
    char buffer[8];
    const Instant start = runtime.clock.Now();
    CHECK(stream.Read(buffer, In(runtime, milliseconds(20))).code() == StatusCode::kTimeout);
    CHECK(runtime.clock.Now() - start >= milliseconds(20));
    CHECK(stream.WriteAll("alive", In(runtime, seconds(10))).ok());
    CHECK(*stream.Read(buffer, In(runtime, seconds(10))) > 0);
  });
}

TEST_CASE("Stream: a peer that does not read holds the writer up until its deadline") {
  Service service([](Runtime& runtime, Stream&) { runtime.scheduler.SleepFor(hours(1)); });
  service.Run([](Runtime& runtime, Stream& stream) {
    const Bytes much(size_t{64} << 20, 'x');
    CHECK(stream.WriteAll(much, In(runtime, milliseconds(100))).code() == StatusCode::kTimeout);
  });
}

TEST_CASE("Stream: Close ends a pending read, and everything after it") {
  Service service(Echo);
  service.Run([](Runtime& runtime, Stream& stream) {
    StatusCode outcome = StatusCode::kOk;
    Task reader = runtime.domain.Spawn("reader", [&] {
      char buffer[8];
      outcome = stream.Read(buffer, Deadline::Never()).code();
    });
    runtime.scheduler.SleepFor(milliseconds(5));
    stream.Close();
    stream.Close();
    reader.Join();
    CHECK(outcome == StatusCode::kClosed);
    char buffer[8];
    CHECK(stream.Read(buffer, Deadline::Never()).code() == StatusCode::kClosed);
    CHECK(stream.WriteAll("x", Deadline::Never()).code() == StatusCode::kClosed);
  });
}

TEST_CASE("Stream: the death of the other node ends the stream") {
  Service service(Echo);
  bool connected = false;
  bool ended = false;
  service.world->Start(1, [&](Runtime& runtime) {
    auto stream = runtime.streams.Connect(service.address, In(runtime, seconds(10)));
    REQUIRE(stream.ok());
    connected = true;
    ReadToEnd(*stream.value());
    ended = true;
  });
  REQUIRE(service.world->Await(1, [&] { return connected; }));
  service.world->Kill(2);
  CHECK(service.world->Await(1, [&] { return ended; }));
}

TEST_CASE("Stream: nobody listens, nobody accepts, the address is taken, the address is nonsense") {
  const auto world = ContractWorld::Make(1);
  const std::string own = world->StreamAddress(1);
  world->Run(1, [&](Runtime& runtime) {
    auto listener = runtime.streams.Listen(own);
    REQUIRE(listener.ok());
    const std::string address = listener.value()->address();
    const Status taken = runtime.streams.Listen(address).status();
    CHECK(taken.code() == StatusCode::kAlreadyExists);
    CHECK(taken.message().find(address) != std::string::npos);
    CHECK(listener.value()->Accept(In(runtime, milliseconds(5))).code() == StatusCode::kTimeout);
    StatusCode outcome = StatusCode::kOk;
    Task accepter =
        runtime.domain.Spawn("accepter", [&] { outcome = listener.value()->Accept(Deadline::Never()).code(); });
    runtime.scheduler.SleepFor(milliseconds(5));
    listener.value()->Close();
    accepter.Join();
    CHECK(outcome == StatusCode::kClosed);
    CHECK(runtime.streams.Connect(address, In(runtime, seconds(10))).code() == StatusCode::kUnavailable);
    CHECK(runtime.streams.Connect("nonsense", In(runtime, seconds(10))).code() == StatusCode::kInvalidArgument);
    CHECK(runtime.streams.Listen("nonsense").code() == StatusCode::kInvalidArgument);
  });
}

}  // namespace
}  // namespace orrery
