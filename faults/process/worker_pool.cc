#include "faults/process/worker_pool.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>

#include "runtime/base/assert.h"

namespace orrery::faults {
namespace {

constexpr size_t kErrorsMax = size_t{64} << 10;
constexpr rlim_t kGraceSeconds = 5;  // From SIGXCPU to SIGKILL.

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// A pipe whose reading end does not block.
struct Pipe {
  int ends[2] = {-1, -1};

  bool Open() { return pipe2(ends, O_CLOEXEC) == 0 && fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0; }
  void CloseWriting() {
    if (ends[1] >= 0) close(ends[1]);
    ends[1] = -1;
  }
  void CloseBoth() {
    CloseWriting();
    if (ends[0] >= 0) close(ends[0]);
    ends[0] = -1;
  }
};

Result<pid_t> Spawn(std::vector<std::string>& arguments, std::vector<std::string>& environment, int output,
                    int errors) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, arguments.at(0).c_str(), &actions, &attributes, Pointers(arguments).data(),
                                Pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return pid;
  return Status(StatusCode::kIoError, "cannot start " + arguments[0] + ": " + std::strerror(error));
}

void Limit(pid_t pid, const WorkerLimits& limits) {
  if (limits.cpu_seconds > 0) {
    const auto seconds = static_cast<rlim_t>(std::ceil(limits.cpu_seconds));
    const rlimit cpu{seconds, seconds + kGraceSeconds};
    prlimit(pid, RLIMIT_CPU, &cpu, nullptr);
  }
  const rlimit no_core{0, 0};
  prlimit(pid, RLIMIT_CORE, &no_core, nullptr);
}

/// Of a process that has not been waited for; 0 if it has ended.
uint64_t ResidentBytes(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  uint64_t all_pages = 0;
  uint64_t resident_pages = 0;
  file >> all_pages >> resident_pages;
  return resident_pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

/// Appends what is there, at most up to `size_max`; what is beyond is read and dropped. Closes at the end.
void Drain(int& descriptor, std::string& text, size_t size_max) {
  char buffer[65536];
  while (descriptor >= 0) {
    const ssize_t got = read(descriptor, buffer, sizeof(buffer));
    if (got > 0) {
      text.append(buffer, std::min(static_cast<size_t>(got), size_max - std::min(size_max, text.size())));
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    close(descriptor);
    descriptor = -1;
  }
}

}  // namespace

WorkerPool::~WorkerPool() {
  KillAll();
}

Result<WorkerPool::Ticket> WorkerPool::Start(std::vector<std::string> arguments, std::vector<std::string> environment,
                                             const WorkerLimits& limits) {
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  Pipe output;
  Pipe errors;
  if (!output.Open() || !errors.Open()) {
    const Status status(StatusCode::kIoError, std::string("pipe: ") + std::strerror(errno));
    output.CloseBoth();
    errors.CloseBoth();
    return status;
  }
  const Result<pid_t> pid = Spawn(arguments, environment, output.ends[1], errors.ends[1]);
  output.CloseWriting();
  errors.CloseWriting();
  if (!pid.ok()) {
    output.CloseBoth();
    errors.CloseBoth();
    return pid.status();
  }
  Limit(*pid, limits);
  const Ticket ticket = next_ticket_++;
  workers_.emplace(ticket, Worker{.pid = *pid,
                                  .output = output.ends[0],
                                  .errors = errors.ends[0],
                                  .limits = limits,
                                  .began = Clock::now(),
                                  .result = {}});
  return ticket;
}

void WorkerPool::Read(Worker& worker) {
  Drain(worker.output, worker.result.output, SIZE_MAX);
  Drain(worker.errors, worker.result.errors, kErrorsMax);
}

void WorkerPool::KillBeyondLimits(Worker& worker) {
  if (worker.result.wall_limit || worker.result.memory_limit) return;
  const WorkerLimits& limits = worker.limits;
  worker.result.wall_limit = limits.wall_seconds > 0 && Seconds(Clock::now() - worker.began) >= limits.wall_seconds;
  worker.result.memory_limit = limits.memory_bytes > 0 && ResidentBytes(worker.pid) > limits.memory_bytes;
  if (worker.result.wall_limit || worker.result.memory_limit) kill(-worker.pid, SIGKILL);
}

void WorkerPool::Reap(Worker& worker) {
  int status = 0;
  rusage usage{};
  while (wait4(worker.pid, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  worker.result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  worker.result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  worker.result.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  worker.result.memory_bytes = static_cast<uint64_t>(usage.ru_maxrss) << 10;
  worker.result.wall_seconds = Seconds(Clock::now() - worker.began);
}

std::optional<std::pair<WorkerPool::Ticket, WorkerResult>> WorkerPool::WaitAny(std::chrono::milliseconds patience) {
  const Clock::time_point until = Clock::now() + patience;
  while (!workers_.empty()) {
    std::vector<pollfd> waits;
    for (auto& [ticket, worker] : workers_) {
      Read(worker);
      KillBeyondLimits(worker);
      if (worker.output < 0 && worker.errors < 0) {
        Reap(worker);
        auto ended = workers_.extract(ticket);
        return std::pair(ended.key(), std::move(ended.mapped().result));
      }
      for (const int descriptor : {worker.output, worker.errors}) {
        if (descriptor >= 0) waits.push_back({.fd = descriptor, .events = POLLIN, .revents = 0});
      }
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    if (left <= 0) return std::nullopt;
    // Short enough for wall limits to be kept.
    const int ready = poll(waits.data(), waits.size(), static_cast<int>(std::min<int64_t>(left, 200)));
    if (ready < 0 && errno == EINTR) return std::nullopt;
  }
  return std::nullopt;
}

void WorkerPool::End(Worker& worker) {
  kill(-worker.pid, SIGKILL);
  if (worker.output >= 0) close(worker.output);
  if (worker.errors >= 0) close(worker.errors);
  Reap(worker);
}

void WorkerPool::Kill(Ticket ticket) {
  const auto found = workers_.find(ticket);
  ORRERY_ASSERT(found != workers_.end());
  End(found->second);
  workers_.erase(found);
}

void WorkerPool::InterruptAll() {
  for (auto& [ticket, worker] : workers_) kill(-worker.pid, SIGTERM);
}

void WorkerPool::KillAll() {
  for (auto& [ticket, worker] : workers_) kill(-worker.pid, SIGKILL);
  for (auto& [ticket, worker] : workers_) End(worker);
  workers_.clear();
}

std::string OwnProgram() {
  return "/proc/" + std::to_string(getpid()) + "/exe";
}

}  // namespace orrery::faults
