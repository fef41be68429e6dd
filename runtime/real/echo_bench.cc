// Echo over RealNetwork: a server on one RealProcess, and a bare load generator that keeps `depth` messages in
// flight on each of 64 connections. Prints frames per second and the CPU time of the server's loop per frame.
//
//   orrery_echo_bench [connections [message_bytes [seconds]]]

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <thread>
#include <vector>

#include "runtime/log.h"
#include "runtime/network.h"
#include "runtime/process.h"
#include "runtime/real/address.h"
#include "runtime/real/file_descriptor.h"
#include "runtime/real/frame.h"
#include "runtime/real/real_process.h"

namespace orrery {
namespace {

constexpr ClusterId kCluster(1);
constexpr NodeId kServer(1);

class EchoNode final : public Node, public Receiver {
 public:
  explicit EchoNode(Runtime& runtime) : runtime_(runtime) { runtime_.network.Listen(Channel::kRpc, this); }
  void RequestStop() override { runtime_.process.Exit(Status::Ok()); }
  void OnMessage(Endpoint from, Bytes message) override {
    runtime_.network.Send(from, Channel::kRpc, std::move(message));
  }
  void OnDisconnect(Endpoint) override {}

 private:
  Runtime& runtime_;
};

/// One connection of the load generator.
class Caller {
 public:
  Caller(const sockaddr_in& server, uint64_t number, const Bytes& frame, int depth) : frame_(frame) {
    fd_ = FileDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ORRERY_ASSERT(::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&server), sizeof(server)) == 0);
    const int on = 1;
    ORRERY_ASSERT(::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0);
    ORRERY_ASSERT(::fcntl(fd_.get(), F_SETFL, O_NONBLOCK) == 0);
    out_ = EncodeHello(Hello{.cluster = kCluster, .node = NodeId(kClientNodeBit | number), .boot = number});
    for (int i = 0; i < depth; ++i) out_ += frame_;
    Write();
  }

  int fd() const { return fd_.get(); }

  /// Reads what has come and answers each complete frame with a new one. Returns how many came.
  uint64_t Turn(std::vector<char>& buffer) {
    const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (got <= 0) return 0;
    received_ += static_cast<size_t>(got);
    const size_t frames = received_ <= kHelloSizeBytes ? 0 : (received_ - kHelloSizeBytes) / frame_.size();
    const size_t fresh = frames - frames_;
    frames_ = frames;
    for (size_t i = 0; i < fresh; ++i) out_ += frame_;
    Write();
    return fresh;
  }

 private:
  void Write() {
    const ssize_t put = ::send(fd_.get(), out_.data(), out_.size(), MSG_NOSIGNAL);
    if (put > 0) out_.erase(0, static_cast<size_t>(put));
  }

  FileDescriptor fd_;
  const Bytes& frame_;
  Bytes out_;
  size_t received_ = 0;
  size_t frames_ = 0;
};

int64_t CpuNanos(clockid_t clock) {
  timespec at{};
  ORRERY_ASSERT(::clock_gettime(clock, &at) == 0);
  return int64_t{at.tv_sec} * 1'000'000'000 + at.tv_nsec;
}

void Measure(const std::string& address, clockid_t server_cpu, int connections, size_t message_bytes, int depth,
             double duration_seconds) {
  Bytes frame(kFrameHeaderSizeBytes, '\0');
  const Bytes payload(message_bytes, 'x');
  EncodeFrameHeader(Channel::kRpc, payload, frame.data());
  frame += payload;
  const auto endpoint = ParseNumericAddress(address).value();
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(endpoint.port());
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

  const FileDescriptor poll(::epoll_create1(EPOLL_CLOEXEC));
  std::vector<std::unique_ptr<Caller>> callers;
  for (int i = 0; i < connections; ++i) {
    callers.push_back(std::make_unique<Caller>(server, static_cast<uint64_t>(i + 1), frame, depth));
    epoll_event event{.events = EPOLLIN, .data = {.u32 = static_cast<uint32_t>(i)}};
    ORRERY_ASSERT(::epoll_ctl(poll.get(), EPOLL_CTL_ADD, callers.back()->fd(), &event) == 0);
  }
  std::vector<char> buffer(size_t{1} << 20);
  std::vector<epoll_event> events(static_cast<size_t>(connections));
  const auto run = [&](double span) {
    uint64_t frames = 0;
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(span);
    while (std::chrono::steady_clock::now() < end) {
      const int ready = ::epoll_wait(poll.get(), events.data(), connections, 100);
      for (int i = 0; i < ready; ++i) frames += callers[events[static_cast<size_t>(i)].data.u32]->Turn(buffer);
    }
    return frames;
  };
  run(0.3);
  const int64_t cpu_before = CpuNanos(server_cpu);
  const uint64_t frames = run(duration_seconds);
  const double cpu_seconds = static_cast<double>(CpuNanos(server_cpu) - cpu_before) / 1e9;
  const double count = static_cast<double>(frames);
  fmt::print(
      "connections {:3}  bytes {:5}  depth {:3}: {:9.0f} echoes/s, server loop {:5.2f} us/echo, {:9.0f} "
      "echoes/s/core\n",
      connections, message_bytes, depth, count / duration_seconds, cpu_seconds * 1e6 / count, count / cpu_seconds);
}

int Main(int argc, char** argv) {
  const int connections = argc > 1 ? std::atoi(argv[1]) : 64;
  const size_t message_bytes = argc > 2 ? static_cast<size_t>(std::atoi(argv[2])) : 200;
  const double duration_seconds = argc > 3 ? std::atof(argv[3]) : 2;
  RealOptions options{.cluster = kCluster, .node = kServer, .listen_address = "127.0.0.1:0"};
  options.log.level = LogLevel::kWarn;
  auto server = RealProcess::Create(options);
  if (!server.ok()) {
    fmt::print(stderr, "{}\n", server.status().ToString());
    return 1;
  }
  std::thread loop(
      [&] { server.value()->Run([](Runtime& runtime) { return std::make_unique<EchoNode>(runtime); }).IgnoreError(); });
  clockid_t server_cpu{};
  ORRERY_ASSERT(::pthread_getcpuclockid(loop.native_handle(), &server_cpu) == 0);
  for (const int depth : {1, 16, 128}) {
    Measure(server.value()->listen_address(), server_cpu, connections, message_bytes, depth, duration_seconds);
  }
  server.value()->RequestStop();
  loop.join();
  return 0;
}

}  // namespace
}  // namespace orrery

int main(int argc, char** argv) {
  return orrery::Main(argc, argv);
}
