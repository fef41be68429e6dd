#include "raft/core/explorer/explore_command.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "raft/core/explorer/explorer.h"

namespace orrery::raft {
namespace {

constexpr char kUsage[] =
    "usage: explore [--nodes N] [--timeouts N] [--entries N] [--crashes N] [--beats N]\n"
    "                    [--pre-vote] [--check-quorum] [--forgetful-disk] [--minutes M] [--memory-gib G] [--once]\n"
    "Exit codes: 0 no violation, 10 violation (prints a shortest trace), 1 bad usage.\n";

struct Arguments {
  Bounds bounds;
  double minutes = 1;
  double memory_gib = 2;
  bool once = false;
};

bool ParseNumber(const char* text, double& value) {
  char* end = nullptr;
  value = std::strtod(text, &end);
  return end != text && *end == '\0' && value >= 0;
}

bool ParseOne(const std::string& flag, const char* text, Arguments& arguments) {
  double value = 0;
  if (text == nullptr || !ParseNumber(text, value)) return false;
  Bounds& bounds = arguments.bounds;
  const auto whole = static_cast<uint32_t>(value);
  if (flag == "--nodes") return bounds.nodes = whole, true;
  if (flag == "--timeouts") return bounds.timeouts = whole, true;
  if (flag == "--entries") return bounds.entries = whole, true;
  if (flag == "--crashes") return bounds.crashes = whole, true;
  if (flag == "--beats") return bounds.beats = whole, true;
  if (flag == "--minutes") return arguments.minutes = value, true;
  if (flag == "--memory-gib") return arguments.memory_gib = value, true;
  return false;
}

bool Parse(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (flag == "--pre-vote") {
      arguments.bounds.pre_vote = true;
    } else if (flag == "--check-quorum") {
      arguments.bounds.check_quorum = true;
    } else if (flag == "--forgetful-disk") {
      arguments.bounds.forgetful_disk = true;
    } else if (flag == "--once") {
      arguments.once = true;
    } else if (!ParseOne(flag, i + 1 < argc ? argv[++i] : nullptr, arguments)) {
      std::fprintf(stderr, "explore: bad argument %s\n%s", flag.c_str(), kUsage);
      return false;
    }
  }
  if (Status status = arguments.bounds.Validate(); !status.ok()) {
    std::fprintf(stderr, "explore: %s\n", status.ToString().c_str());
    return false;
  }
  return true;
}

}  // namespace

int RunExploreCommand(int argc, char** argv) {
  Arguments arguments;
  if (!Parse(argc, argv, arguments)) return 1;
  const auto start = std::chrono::steady_clock::now();
  const auto seconds = [start] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  double told = 0;
  const auto progress = [&told, &seconds](const ExplorerResult& so_far) {
    if (seconds() < told + 5) return;
    told = seconds();
    std::printf("  ... %llu states, depth %llu, %.0f states/s, %.2f GiB\n",
                static_cast<unsigned long long>(so_far.states), static_cast<unsigned long long>(so_far.depth),
                static_cast<double>(so_far.states) / so_far.seconds, static_cast<double>(so_far.bytes) / (1 << 30));
    std::fflush(stdout);
  };
  Bounds bounds = arguments.bounds;
  for (uint32_t round = 0;; ++round) {
    const double left = arguments.minutes * 60 - seconds();
    const ExplorerLimits limits{seconds, left, static_cast<uint64_t>(arguments.memory_gib * (1 << 30)), progress};
    const ExplorerResult result = Explorer(bounds).Run(limits);
    std::printf("%s\n", ToString(result).c_str());
    std::fflush(stdout);
    if (!result.violation.ok()) return 10;
    if (!result.complete || arguments.once) return 0;
    bounds = bounds.Grown(round);
  }
}

}  // namespace orrery::raft
