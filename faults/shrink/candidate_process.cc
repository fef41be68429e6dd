#include "faults/shrink/candidate_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <utility>

namespace orrery::faults {
namespace {

constexpr int kPollMilliseconds = 100;

volatile sig_atomic_t interrupted = 0;  // lint: allow(global) set by a signal handler

void OnInterrupt(int) {
  interrupted = 1;
}

int Spawn(const std::vector<std::string>& arguments, int output, pid_t* pid) {
  std::vector<std::string> words = arguments;
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  // A group of its own: an interrupt at the terminal is for us, and we end our children.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  const int error = posix_spawnp(pid, words.at(0).c_str(), &actions, &attributes, pointers.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

}  // namespace

double MonotonicSeconds() {
  using Clock = std::chrono::steady_clock;  // lint: allow(clock) the harness measures real time
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

double ChildrenCpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void CatchInterrupts() {
  interrupted = 0;
  struct sigaction action = {};
  action.sa_handler = OnInterrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool Interrupted() {
  return interrupted != 0;
}

Result<CandidateProcess> CandidateProcess::Start(const std::vector<std::string>& arguments,
                                                 const CandidateLimits& limits) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Status(StatusCode::kIoError, std::string("pipe: ") + std::strerror(errno));
  pid_t pid = -1;
  const int error = Spawn(arguments, ends[1], &pid);
  close(ends[1]);
  if (error != 0) {
    close(ends[0]);
    return Status(StatusCode::kIoError, "cannot start " + arguments.at(0) + ": " + std::strerror(error));
  }
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  const auto whole = static_cast<rlim_t>(std::ceil(limits.cpu_seconds));
  const rlimit cpu{.rlim_cur = whole, .rlim_max = whole + 1};
  prlimit(pid, RLIMIT_CPU, &cpu, nullptr);
  const rlimit core{.rlim_cur = 0, .rlim_max = 0};
  prlimit(pid, RLIMIT_CORE, &core, nullptr);
  return CandidateProcess(pid, ends[0], MonotonicSeconds() + limits.seconds);
}

CandidateProcess::CandidateProcess(CandidateProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      output_(std::exchange(other.output_, -1)),
      deadline_(other.deadline_),
      exit_code_(other.exit_code_),
      text_(std::move(other.text_)) {}

CandidateProcess& CandidateProcess::operator=(CandidateProcess&& other) noexcept {
  Kill();
  pid_ = std::exchange(other.pid_, -1);
  output_ = std::exchange(other.output_, -1);
  deadline_ = other.deadline_;
  exit_code_ = other.exit_code_;
  text_ = std::move(other.text_);
  return *this;
}

CandidateProcess::~CandidateProcess() {
  Kill();
}

void CandidateProcess::Kill() {
  if (output_ >= 0) close(std::exchange(output_, -1));
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

bool CandidateProcess::Read() {
  char buffer[65536];
  for (;;) {
    const ssize_t got = read(output_, buffer, sizeof(buffer));
    if (got > 0) {
      text_.append(buffer, static_cast<size_t>(got));
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return false;
    break;
  }
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return true;
}

bool CandidateProcess::AwaitEnd() {
  while (!Read()) {
    if (Overdue() || Interrupted()) return false;
    pollfd descriptor{.fd = output_, .events = POLLIN, .revents = 0};
    poll(&descriptor, 1, kPollMilliseconds);
  }
  return true;
}

bool CandidateProcess::Overdue() const {
  return MonotonicSeconds() > deadline_;
}

}  // namespace orrery::faults
