#include "sim/crash_report.h"

#include <execinfo.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

#include "sim/inside_node.h"

namespace orrery::sim {
namespace {

constexpr size_t kSignalStackBytes = size_t{256} << 10;
constexpr int kFrames = 64;

LastWords last_words_of_process;
alignas(16) std::array<char, kSignalStackBytes> signal_stack;
volatile sig_atomic_t reporting = 0;

/// Not async-signal-safe in the letter: the process is lost anyway, and a second fault ends it at once.
void Report(int signal_number) {
  NodeContext* context = InsideNode::Current();
  ExitCode code = context != nullptr ? ExitCode::kNodeCrashed : ExitCode::kHarness;
  if (reporting != 0) _exit(static_cast<int>(code));
  reporting = 1;
  orrery_sim_inside_node = 0;
  std::fflush(stdout);
  std::fprintf(stderr, "\n%s: %s\n", context != nullptr ? "node crashed" : "harness failed", strsignal(signal_number));
  std::array<void*, kFrames> frames{};
  const int depth = backtrace(frames.data(), kFrames);
  backtrace_symbols_fd(frames.data(), depth, STDERR_FILENO);
  if (context != nullptr) {
    const std::string text = context->DescribeForCrash();
    std::fprintf(stderr, "%s\n", text.c_str());
    context->FlushForCrash();
  }
  if (last_words_of_process) code = last_words_of_process(code, strsignal(signal_number));
  std::fflush(stderr);
  _exit(static_cast<int>(code));
}

void Handle(int signal_number) {
  struct sigaction action {};
  action.sa_handler = Report;
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  sigaction(signal_number, &action, nullptr);
}

}  // namespace

void InstallCrashReports(LastWords last_words) {
  last_words_of_process = std::move(last_words);
  stack_t stack{};
  stack.ss_sp = signal_stack.data();
  stack.ss_size = signal_stack.size();
  sigaltstack(&stack, nullptr);
  Handle(SIGABRT);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  for (const int signal_number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) Handle(signal_number);
#endif
}

}  // namespace orrery::sim
