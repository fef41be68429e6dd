#include "runtime/real/real_network.h"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <condition_variable>
#include <mutex>

#include "runtime/address_book.h"
#include "runtime/process.h"
#include "runtime/real/address.h"
#include "runtime/real/test_process.h"

namespace orrery {
namespace {

using boost::asio::ip::tcp;

/// Notes what it gets; echoes what begins with "echo".
class NotingNode final : public Node, public Receiver {
 public:
  struct Notes {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::string> lines;

    void Add(std::string line) {
      const std::lock_guard lock(mutex);
      lines.push_back(std::move(line));
      changed.notify_all();
    }
    bool Await(const std::string& line) {
      std::unique_lock lock(mutex);
      return changed.wait_for(lock, seconds(20),
                              [&] { return std::find(lines.begin(), lines.end(), line) != lines.end(); });
    }
  };

  NotingNode(Runtime& runtime, Notes& notes) : runtime_(runtime), notes_(notes) {
    runtime.network.Listen(Channel::kRpc, this);
    runtime.network.Listen(Channel::kRaft, this);
  }
  void RequestStop() override { runtime_.process.Exit(Status::Ok()); }
  void OnMessage(Endpoint from, Bytes message) override {
    if (message.starts_with("echo")) runtime_.network.Send(from, Channel::kRaft, "answer" + message.substr(4));
    notes_.Add(ToString(from.node) + " " + message);
  }
  void OnDisconnect(Endpoint peer) override { notes_.Add(ToString(peer.node) + " gone"); }
  void OnConnectFailed(Endpoint peer) override { notes_.Add(ToString(peer.node) + " not reached"); }

 private:
  Runtime& runtime_;
  Notes& notes_;
};

struct TestNode {
  explicit TestNode(uint64_t id, uint64_t cluster = 1, NetworkOptions network = {}, std::string address = "127.0.0.1:0")
      : process({.cluster = ClusterId(cluster),
                 .node = NodeId(id),
                 .listen_address = std::move(address),
                 .log = {.level = LogLevel::kError},
                 .network = network}) {
    process.Start([this](Runtime& runtime) { return std::make_unique<NotingNode>(runtime, notes); });
  }
  std::string address() { return process.process().listen_address(); }
  void Knows(uint64_t id, const std::string& where) {
    process.Call([&](Runtime& runtime) { runtime.addresses.Set(NodeId(id), where); });
  }
  void Send(uint64_t to, const std::string& message) {
    process.Call([&](Runtime& runtime) { runtime.network.Send({NodeId(to)}, Channel::kRpc, message); });
  }
  NetworkCounters Counters() {
    NetworkCounters counters;
    process.Call([&](Runtime&) { counters = process.process().network_counters(); });
    return counters;
  }
  Status LastError(uint64_t to) {
    Status error;
    process.Call([&](Runtime&) { error = process.process().LastConnectError(NodeId(to)); });
    return error;
  }

  NotingNode::Notes notes;
  TestProcess process;
};

/// A bare TCP client.
struct Stranger {
  explicit Stranger(const std::string& address) : socket(io) { socket.connect(*ParseNumericAddress(address)); }
  void Write(const Bytes& bytes) { boost::asio::write(socket, boost::asio::buffer(bytes)); }
  /// Everything until the other side closes.
  Bytes ReadAll() {
    Bytes all;
    boost::system::error_code error;
    boost::asio::read(socket, boost::asio::dynamic_buffer(all), error);
    return all;
  }
  boost::asio::io_context io;
  tcp::socket socket;
};

TEST_CASE("RealNetwork: a client that has no address is answered on its own connection") {
  TestNode server(1);
  TestNode client(kClientNodeBit | 5, 1, {}, "");
  client.Knows(1, server.address());
  client.Send(1, "echo hello");
  CHECK(client.notes.Await("1 answer hello"));
  client.process.Stop();
  CHECK(server.notes.Await(std::to_string(kClientNodeBit | 5) + " gone"));
}

TEST_CASE("RealNetwork: another cluster is refused, and both sides are told who is who") {
  TestNode ours(1, 7);
  TestNode theirs(2, 8);
  ours.Knows(2, theirs.address());
  ours.Send(2, "hello");
  CHECK(ours.notes.Await("2 not reached"));
  const Status error = ours.LastError(2);
  CHECK(error.code() == StatusCode::kWrongTarget);
  CHECK(error.message() ==
        theirs.address() + ": another cluster: it is node 2 of cluster 8, we are node 1 of cluster 7");
  CHECK(ours.Counters().hellos_refused == 1);
}

TEST_CASE("RealNetwork: a stale address book is noticed: another node, ourselves, nobody") {
  TestNode one(1);
  TestNode two(2);
  one.Knows(3, two.address());
  one.Send(3, "hello");
  CHECK(one.notes.Await("3 not reached"));
  CHECK(one.LastError(3).message() == two.address() + ": it is node 2 of cluster 1, we expected node 3");
  one.Knows(4, one.address());
  one.Send(4, "hello");
  CHECK(one.notes.Await("4 not reached"));
  CHECK(one.LastError(4).code() == StatusCode::kWrongTarget);
  one.Send(5, "hello");
  CHECK(one.notes.Await("5 not reached"));
  one.Knows(6, "127.0.0.1:1");
  one.Send(6, "hello");
  CHECK(one.notes.Await("6 not reached"));
  CHECK(one.LastError(6).message() == "connect 127.0.0.1:1: Connection refused");
}

TEST_CASE("RealNetwork: garbage, another version and damaged frames end the connection and nothing else") {
  TestNode server(1);
  TestNode peer(2);
  peer.Knows(1, server.address());
  Stranger web(server.address());
  web.Write("GET / HTTP/1.1\r\n\r\n");
  web.ReadAll();
  Stranger newer(server.address());
  newer.Write(EncodeHello({.version = 9, .cluster = ClusterId(1), .node = NodeId(3)}));
  // It can read our Hello and tell its own operator.
  CHECK(newer.ReadAll().size() == kHelloSizeBytes);
  Stranger damaged(server.address());
  Bytes frame(kFrameHeaderSizeBytes, '\0');
  EncodeFrameHeader(Channel::kRpc, "payload", frame.data());
  damaged.Write(EncodeHello({.cluster = ClusterId(1), .node = NodeId(4)}) + frame + "pAyload");
  damaged.ReadAll();
  CHECK(server.notes.Await("4 gone"));
  Stranger silent(server.address());
  peer.Send(1, "still there?");
  CHECK(server.notes.Await("2 still there?"));
  const NetworkCounters counters = server.Counters();
  CHECK(counters.strangers == 1);
  CHECK(counters.hellos_refused == 1);
  CHECK(counters.connections_damaged == 1);
}

TEST_CASE("RealNetwork: a node of another version is not reached, and the reason outlives the run") {
  boost::asio::io_context io;
  tcp::acceptor acceptor(io, *ParseNumericAddress("127.0.0.1:0"));
  const std::string address = ToString(acceptor.local_endpoint());
  std::thread greeter([&] {
    tcp::socket socket = acceptor.accept();
    boost::asio::write(socket,
                       boost::asio::buffer(EncodeHello({.version = 9, .cluster = ClusterId(1), .node = NodeId(2)})));
    Bytes all;
    boost::system::error_code error;
    boost::asio::read(socket, boost::asio::dynamic_buffer(all), error);
  });
  TestNode node(1);
  node.Knows(2, address);
  node.Send(2, "hello");
  CHECK(node.notes.Await("2 not reached"));
  const Status error = node.LastError(2);
  CHECK(error.code() == StatusCode::kVersionMismatch);
  CHECK(error.message() == address + ": it speaks protocol version 9, we speak version 1");
  node.process.Stop();
  CHECK(node.process.process().LastConnectError(NodeId(2)) == error);
  greeter.join();
}

TEST_CASE("RealNetwork: who does not introduce himself is shown the door") {
  TestNode server(1, 1, {.hello_timeout = milliseconds(50)});
  Stranger silent(server.address());
  CHECK(silent.ReadAll().size() == kHelloSizeBytes);
}

TEST_CASE("RealNetwork: a peer that does not read fills its queue, the epoch ends, and the sender is told") {
  TestNode server(1, 1, {.queue_bytes_max = size_t{1} << 20});
  Stranger deaf(server.address());
  deaf.Write(EncodeHello({.cluster = ClusterId(1), .node = NodeId(9)}));
  while (server.Counters().connections_established == 0) std::this_thread::yield();
  for (int i = 0; i < 1000 && server.Counters().queue_overflows == 0; ++i) server.Send(9, Bytes(100'000, 'x'));
  CHECK(server.notes.Await("9 gone"));
  CHECK(server.Counters().queue_overflows == 1);
  size_t queued = 1;
  server.process.Call([&](Runtime& runtime) { queued = runtime.network.QueuedBytes({NodeId(9)}); });
  CHECK(queued == 0);
}

TEST_CASE("RealNetwork: a restarted peer ends the old epoch even if the old connection looks alive") {
  TestNode server(1);
  const Hello first_boot{.cluster = ClusterId(1), .node = NodeId(9), .boot = 1};
  Hello second_boot = first_boot;
  second_boot.boot = 2;
  Stranger old_life(server.address());
  old_life.Write(EncodeHello(first_boot));
  while (server.Counters().connections_established == 0) std::this_thread::yield();
  Stranger new_life(server.address());
  new_life.Write(EncodeHello(second_boot));
  CHECK(server.notes.Await("9 gone"));
  CHECK(old_life.ReadAll().size() == kHelloSizeBytes);
  server.Send(9, "welcome back");
  Bytes got(kHelloSizeBytes + kFrameHeaderSizeBytes + 12, '\0');
  boost::asio::read(new_life.socket, boost::asio::buffer(got));
  CHECK(got.ends_with("welcome back"));
}

TEST_CASE("RealNetwork: a message of the largest size arrives whole, between small ones") {
  TestNode one(1, 1, {.queue_bytes_max = 2 * kMessageBytesMax});
  TestNode two(2);
  one.Knows(2, two.address());
  const Bytes large(kMessageBytesMax, 'x');
  one.process.Call([&](Runtime& runtime) {
    runtime.network.Send({NodeId(2)}, Channel::kRpc, "before");
    runtime.network.Send({NodeId(2)}, Channel::kSnapshot, "nobody listens");
    runtime.network.Send({NodeId(2)}, Channel::kRpc, large);
  });
  REQUIRE(two.notes.Await("1 " + large));
  CHECK(two.notes.lines.front() == "1 before");
}

}  // namespace
}  // namespace orrery
