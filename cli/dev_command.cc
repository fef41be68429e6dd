#include <fmt/core.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>

#include "cli/cluster_file.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "runtime/base/status.h"
#include "runtime/real/real_disk.h"

namespace orrery::cli {
namespace {

struct DevArguments {
  uint32_t stores = 3;
  std::string directory = "orrery-dev";
  uint16_t port = 7701;
  bool restart = true;
};

constexpr auto kStopPatience = std::chrono::seconds(10);
constexpr auto kRestartPause = std::chrono::seconds(1);
constexpr int kInitSeconds = 30;

using SteadyClock = std::chrono::steady_clock;

/// One `orrery store` process.
struct Child {
  uint64_t id = 0;
  pid_t pid = -1;
  SteadyClock::time_point restart_at;  ///< While it is down.
};

/// A local cluster: one process per store, restarted when it dies, stopped together. Signals are blocked
/// and taken one at a time, so there are no handlers.
class DevCluster {
 public:
  explicit DevCluster(DevArguments arguments) : arguments_(std::move(arguments)) {}

  int Run() {
    const Status prepared = Prepare();
    if (!prepared.ok()) {
      fmt::print(stderr, "orrery: {}\n", prepared.ToString());
      return ExitCodeOf(prepared);
    }
    BlockSignals();
    for (const ClusterStore& store : cluster_.stores) children_.push_back(Child{.id = store.id.value()});
    for (Child& child : children_) Start(child);
    init_ = Spawn({"ctl", "init", "--config", ConfigPath(), "--timeout", std::to_string(kInitSeconds)});
    const int code = Supervise();
    const int stopped = StopAll();
    return code != kExitOk ? code : stopped;
  }

 private:
  std::string Path(const std::string& name) const { return arguments_.directory + "/" + name; }
  std::string ConfigPath() const { return Path("cluster.toml"); }
  std::string DataDirectory(uint64_t id) const { return Path("store-" + std::to_string(id)); }

  Status Prepare() {
    std::error_code error;
    std::filesystem::create_directories(arguments_.directory, error);
    if (error) return Status(StatusCode::kIoError, arguments_.directory + ": " + error.message());
    arguments_.directory = std::filesystem::absolute(arguments_.directory).string();
    ORRERY_ASSIGN_OR_RETURN(lock_, DirectoryLock::Take(arguments_.directory));
    if (!std::filesystem::exists(ConfigPath())) ORRERY_RETURN_IF_ERROR(WriteConfig());
    ORRERY_ASSIGN_OR_RETURN(cluster_, LoadClusterFile(ConfigPath()));
    return Status::Ok();
  }

  Status WriteConfig() const {
    std::ofstream config(ConfigPath());
    config << "# A local cluster made by `orrery dev`.\ncluster_id = "
           << (uint64_t{0xd0000000} | static_cast<uint64_t>(getpid())) << "\nname = \"dev\"\n";
    for (uint32_t id = 1; id <= arguments_.stores; ++id) {
      config << "\n[[store]]\nid = " << id << "\naddress = \"127.0.0.1:" << arguments_.port + id - 1 << "\"\n";
    }
    config.close();
    return config ? Status::Ok() : Status(StatusCode::kIoError, "cannot write " + ConfigPath());
  }

  void BlockSignals() {
    sigemptyset(&signals_);
    for (const int signal : {SIGCHLD, SIGINT, SIGTERM}) sigaddset(&signals_, signal);
    sigprocmask(SIG_BLOCK, &signals_, nullptr);
  }

  void Start(Child& child) {
    std::vector<std::string> words = {"store",
                                      "--config",
                                      ConfigPath(),
                                      "--id",
                                      std::to_string(child.id),
                                      "--data-dir",
                                      DataDirectory(child.id),
                                      "--log-file",
                                      Path("store-" + std::to_string(child.id) + ".log")};
    if (!std::filesystem::exists(DataDirectory(child.id))) words.emplace_back("--new");
    child.pid = Spawn(std::move(words));
    std::ofstream(Path("store-" + std::to_string(child.id) + ".pid")) << child.pid << "\n";
  }

  /// This program with other words, as a child that ends with us.
  pid_t Spawn(std::vector<std::string> words) {
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid != 0) return pid;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(kExitUnavailable);  // The parent died before we asked to be told.
    sigprocmask(SIG_UNBLOCK, &signals_, nullptr);
    words.insert(words.begin(), "orrery");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    execv("/proc/self/exe", argv.data());
    fmt::print(stderr, "orrery: cannot start {}: {}\n", words[1], std::strerror(errno));
    _exit(kExitUnavailable);
  }

  void Announce() const {
    fmt::print("cluster of {} stores in {}\n", children_.size(), arguments_.directory);
    for (const Child& child : children_) {
      fmt::print("  store {}  {}  pid {}  {}\n", child.id, cluster_.Find(StoreId(child.id))->address, child.pid,
                 Path("store-" + std::to_string(child.id) + ".log"));
    }
    fmt::print("try: orrery kv put hello world --config {}\nstop with Ctrl-C\n", ConfigPath());
    std::fflush(stdout);
  }

  /// Until a signal ends it (kExitOk) or something that does not heal by trying again.
  int Supervise() {
    while (true) {
      const int signal = AwaitSignal();
      if (signal == SIGINT || signal == SIGTERM) return kExitOk;
      if (const int code = Reap(); code != kExitOk) return code;
      for (Child& child : children_) {
        if (child.pid > 0 || SteadyClock::now() < child.restart_at) continue;
        Start(child);
        fmt::print("store {} started again, pid {}\n", child.id, child.pid);
        std::fflush(stdout);
      }
    }
  }

  /// The next signal; 0 if a store is due to be started before one comes.
  int AwaitSignal() const {
    auto until = SteadyClock::now() + std::chrono::hours(1);
    for (const Child& child : children_) {
      if (child.pid < 0) until = std::min(until, child.restart_at);
    }
    const auto nanos = std::max<int64_t>(0, std::chrono::nanoseconds(until - SteadyClock::now()).count());
    const timespec span{.tv_sec = static_cast<time_t>(nanos / 1'000'000'000), .tv_nsec = nanos % 1'000'000'000};
    return std::max(0, sigtimedwait(&signals_, nullptr, &span));
  }

  /// Takes note of all that ended. Not kExitOk: the cluster cannot go on.
  int Reap() {
    int status = 0;
    for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
      if (pid == init_) {
        init_ = -1;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != kExitOk)
          return WIFEXITED(status) ? WEXITSTATUS(status) : kExitUnavailable;
        Announce();
      }
      for (Child& child : children_) {
        if (child.pid != pid) continue;
        child.pid = -1;
        child.restart_at = SteadyClock::now() + kRestartPause;
        fmt::print("store {} ended ({})\n", child.id, Describe(status));
        std::fflush(stdout);
        // Wrong configuration, a port or a directory in use: somebody has to hear of it at once while the cluster
        // starts. A store that ran has had all of that, so whatever it lacks now may come back.
        const int code = WIFEXITED(status) ? WEXITSTATUS(status) : kExitUnavailable;
        if (init_ > 0 && (code == kExitUsage || code == kExitRefused)) return code;
        if (!arguments_.restart) return kExitUnavailable;
      }
    }
    return kExitOk;
  }

  static std::string Describe(int status) {
    if (WIFSIGNALED(status)) return fmt::format("signal {}", WTERMSIG(status));
    return fmt::format("exit code {}", WEXITSTATUS(status));
  }

  /// Somebody's SIGKILL, or ours to stop before the store could catch it, is no failure of the stop: nothing it
  /// promised is lost.
  static bool StoppedWell(int status) {
    if (WIFSIGNALED(status)) return WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGTERM;
    return WEXITSTATUS(status) == 0;
  }

  int StopAll() {
    if (init_ > 0) kill(init_, SIGKILL);
    Signal(SIGTERM);
    int worst = kExitOk;
    const timespec second{.tv_sec = 1, .tv_nsec = 0};
    const auto patience_ends = SteadyClock::now() + kStopPatience;
    bool killed = false;
    while (true) {
      int status = 0;
      for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        if (pid != init_ && (killed || !StoppedWell(status))) worst = kExitUnavailable;
        for (Child& child : children_) child.pid = child.pid == pid ? -1 : child.pid;
      }
      if (!AnyAlive()) return worst;
      if (!killed && SteadyClock::now() >= patience_ends) {
        killed = true;
        fmt::print(stderr, "orrery: stores did not stop in {} s; killing them\n", kStopPatience.count());
        Signal(SIGKILL);
      }
      sigset_t children_only;
      sigemptyset(&children_only);
      sigaddset(&children_only, SIGCHLD);
      sigtimedwait(&children_only, nullptr, &second);
    }
  }

  void Signal(int number) const {
    for (const Child& child : children_) {
      if (child.pid > 0) kill(child.pid, number);
    }
  }

  bool AnyAlive() const {
    for (const Child& child : children_) {
      if (child.pid > 0) return true;
    }
    return false;
  }

  DevArguments arguments_;
  ClusterConfig cluster_;
  std::optional<DirectoryLock> lock_;
  std::vector<Child> children_;
  pid_t init_ = -1;  ///< `ctl init`, while it runs.
  sigset_t signals_{};
};

}  // namespace

void AddDevCommand(CLI::App& app, Action& action) {
  const auto arguments = std::make_shared<DevArguments>();
  CLI::App* dev = app.add_subcommand("dev", "Run a local cluster of real processes");
  dev->add_option("--stores", arguments->stores, "How many; a cluster that stands in --dir keeps its own")
      ->check(CLI::Range(1, 9))
      ->capture_default_str();
  dev->add_option("--dir", arguments->directory, "Where data, logs and cluster.toml go")->capture_default_str();
  dev->add_option("--port", arguments->port, "Port of the first store; the others follow")
      ->check(CLI::Range(1, 65000))
      ->capture_default_str();
  dev->add_flag("!--no-restart", arguments->restart, "Stop when a store dies instead of restarting it");
  dev->callback([arguments, &action] { action = [arguments] { return DevCluster(*arguments).Run(); }; });
}

}  // namespace orrery::cli
