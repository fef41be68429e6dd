// libc and libstdc++ as the simulator's executable wants them. See interpose.h.

#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <string>

#include "runtime/base/assert.h"
#include "sim/inside_node.h"
#include "sim/interpose/engine_time.h"
#include "sim/interpose/interpose.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ORRERY_NO_INTERPOSE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ORRERY_NO_INTERPOSE 1
#endif
#endif

namespace orrery::sim {

bool TrapTimestampCounter() {
  return prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0) == 0;
}

#ifdef ORRERY_NO_INTERPOSE
Status CheckInterposers() {
  return Status::Ok();
}
#endif

}  // namespace orrery::sim

#ifndef ORRERY_NO_INTERPOSE

namespace {

const char* self_check_last = nullptr;
bool self_check = false;

[[noreturn]] __attribute__((noinline)) void Forbidden(const char* function) {
  orrery_sim_inside_node = 0;  // What follows may use the operating system.
  void* frames[64];
  const int depth = backtrace(frames, 64);
  std::fprintf(stderr, "node code called %s\n", function);
  backtrace_symbols_fd(frames, depth, 2);
  orrery::AssertionFailed("node code stays off the operating system", function, __FILE__, __LINE__);
}

inline void Guard(const char* function) {
  if (self_check) [[unlikely]] {
    self_check_last = function;
    return;
  }
  if (orrery_sim_inside_node > 0) [[unlikely]]
    Forbidden(function);
}

/// libc's own definition.
template <class Function>
Function Next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

void FillRandom(void* out, size_t size) {
  auto* at = static_cast<char*>(out);
  while (size > 0) {
    const long got = syscall(SYS_getrandom, at, size, 0);
    if (got <= 0) std::abort();
    at += got;
    size -= static_cast<size_t>(got);
  }
}

int ReadClock(const char* function, clockid_t id, timespec* out) {
  if (orrery_sim_inside_node > 0 && orrery::sim::ReadEngineTime(id, out)) return 0;
  Guard(function);
  return static_cast<int>(syscall(SYS_clock_gettime, id, out));
}

char* FindVariable(const char* name) {
  const size_t size = std::strlen(name);
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    if (std::strncmp(*entry, name, size) == 0 && (*entry)[size] == '=') return *entry + size + 1;
  }
  return nullptr;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t id, timespec* out) noexcept {
  return ReadClock("clock_gettime", id, out);
}
int gettimeofday(timeval* __restrict out, void* __restrict) noexcept {
  timespec now{};
  ReadClock("gettimeofday", CLOCK_REALTIME, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return 0;
}
time_t time(time_t* out) noexcept {
  timespec now{};
  ReadClock("time", CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}
clock_t clock() noexcept {
  timespec now{};
  ReadClock("clock", CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec * CLOCKS_PER_SEC + now.tv_nsec / (1'000'000'000 / CLOCKS_PER_SEC);
}

int nanosleep(const timespec* span, timespec* left) {
  Guard("nanosleep");
  return static_cast<int>(syscall(SYS_nanosleep, span, left));
}
int clock_nanosleep(clockid_t id, int flags, const timespec* span, timespec* left) {
  Guard("clock_nanosleep");
  return syscall(SYS_clock_nanosleep, id, flags, span, left) == 0 ? 0 : errno;
}
int usleep(useconds_t micros) {
  Guard("usleep");
  const timespec span{static_cast<time_t>(micros / 1'000'000), static_cast<long>(micros % 1'000'000) * 1000};
  return static_cast<int>(syscall(SYS_nanosleep, &span, nullptr));
}
unsigned sleep(unsigned seconds) {
  Guard("sleep");
  const timespec span{static_cast<time_t>(seconds), 0};
  return syscall(SYS_nanosleep, &span, nullptr) == 0 ? 0 : seconds;
}

ssize_t getrandom(void* out, size_t size, unsigned flags) {
  Guard("getrandom");
  return syscall(SYS_getrandom, out, size, flags);
}
int getentropy(void* out, size_t size) {
  Guard("getentropy");
  FillRandom(out, size);
  return 0;
}
uint32_t arc4random() noexcept {
  Guard("arc4random");
  uint32_t word = 0;
  FillRandom(&word, sizeof(word));
  return word;
}
void arc4random_buf(void* out, size_t size) noexcept {
  Guard("arc4random_buf");
  FillRandom(out, size);
}
int rand() noexcept {
  Guard("rand");
  static const auto next = Next<int (*)()>("rand");
  return next();
}
long random() noexcept {
  Guard("random");
  static const auto next = Next<long (*)()>("random");
  return next();
}

char* getenv(const char* name) noexcept {
  Guard("getenv");
  return FindVariable(name);
}
char* secure_getenv(const char* name) noexcept {
  Guard("secure_getenv");
  return FindVariable(name);
}

int poll(pollfd* files, nfds_t count, int timeout_ms) {
  Guard("poll");
  static const auto next = Next<int (*)(pollfd*, nfds_t, int)>("poll");
  return next(files, count, timeout_ms);
}
int ppoll(pollfd* files, nfds_t count, const timespec* timeout, const sigset_t* mask) {
  Guard("ppoll");
  static const auto next = Next<int (*)(pollfd*, nfds_t, const timespec*, const sigset_t*)>("ppoll");
  return next(files, count, timeout, mask);
}
int select(int count, fd_set* __restrict read, fd_set* __restrict write, fd_set* __restrict other,
           timeval* __restrict timeout) {
  Guard("select");
  static const auto next = Next<int (*)(int, fd_set*, fd_set*, fd_set*, timeval*)>("select");
  return next(count, read, write, other, timeout);
}
int epoll_wait(int file, epoll_event* events, int count, int timeout_ms) {
  Guard("epoll_wait");
  static const auto next = Next<int (*)(int, epoll_event*, int, int)>("epoll_wait");
  return next(file, events, count, timeout_ms);
}
int socket(int domain, int type, int protocol) noexcept {
  Guard("socket");
  return static_cast<int>(syscall(SYS_socket, domain, type, protocol));
}

int openat(int folder, const char* path, int flags, ...) {
  Guard("openat");
  va_list arguments;
  va_start(arguments, flags);
  const int mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, int) : 0;
  va_end(arguments);
  return static_cast<int>(syscall(SYS_openat, folder, path, flags, mode));
}
int open(const char* path, int flags, ...) {
  Guard("open");
  va_list arguments;
  va_start(arguments, flags);
  const int mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, int) : 0;
  va_end(arguments);
  return static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}
int open64(const char* path, int flags, ...) {
  Guard("open64");
  va_list arguments;
  va_start(arguments, flags);
  const int mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, int) : 0;
  va_end(arguments);
  return static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}
FILE* fopen(const char* __restrict path, const char* __restrict mode) {
  Guard("fopen");
  static const auto next = Next<FILE* (*)(const char*, const char*)>("fopen");
  return next(path, mode);
}
FILE* fopen64(const char* __restrict path, const char* __restrict mode) {
  Guard("fopen64");
  static const auto next = Next<FILE* (*)(const char*, const char*)>("fopen64");
  return next(path, mode);
}

// A library's assert() fails like one of ours: the report, and the signature of the failure, name its place.
void __assert_fail(const char* condition, const char* file, unsigned line, const char*) noexcept {
  orrery::AssertionFailed(condition, {}, file, static_cast<int>(line));
}

}  // extern "C"

// std::random_device reads the processor's generator by itself; these members are what it does so through.
void std::random_device::_M_init(const std::string&) {
  Guard("std::random_device");
}
void std::random_device::_M_fini() {}
std::random_device::result_type std::random_device::_M_getval() {
  Guard("std::random_device");
  result_type word = 0;
  FillRandom(&word, sizeof(word));
  return word;
}

namespace orrery::sim {
namespace {

/// Calls something and asks whether it came through our definition.
template <class F>
Status Proves(const char* function, F call) {
  self_check_last = nullptr;
  self_check = true;
  call();
  self_check = false;
  if (self_check_last != nullptr && std::strcmp(self_check_last, function) == 0) return Status::Ok();
  return Status(StatusCode::kInvalidArgument, std::string(function) + " does not reach the simulator's interposer");
}

volatile int64_t sink = 0;

}  // namespace

Status CheckInterposers() {
  using std::chrono::steady_clock;
  using std::chrono::system_clock;
  char byte = 0;
  ORRERY_RETURN_IF_ERROR(Proves("clock_gettime", [] { sink = steady_clock::now().time_since_epoch().count(); }));
  ORRERY_RETURN_IF_ERROR(Proves("clock_gettime", [] { sink = system_clock::now().time_since_epoch().count(); }));
  ORRERY_RETURN_IF_ERROR(Proves("time", [] { sink = ::time(nullptr); }));
  ORRERY_RETURN_IF_ERROR(Proves("std::random_device", [] { sink = std::random_device()(); }));
  ORRERY_RETURN_IF_ERROR(Proves("getrandom", [&] { sink = ::getrandom(&byte, 1, 0); }));
  ORRERY_RETURN_IF_ERROR(Proves("rand", [] { sink = ::rand(); }));
  ORRERY_RETURN_IF_ERROR(Proves("getenv", [] { sink = ::getenv("ORRERY_SELF_CHECK") != nullptr; }));
  ORRERY_RETURN_IF_ERROR(Proves("poll", [] { sink = ::poll(nullptr, 0, 0); }));
  ORRERY_RETURN_IF_ERROR(Proves("usleep", [] { sink = ::usleep(0); }));
  ORRERY_RETURN_IF_ERROR(Proves("socket", [] { sink = ::socket(-1, 0, 0); }));
  return Proves("fopen", [] { sink = std::fopen("/nonexistent/orrery", "r") != nullptr; });
}

}  // namespace orrery::sim

#endif
