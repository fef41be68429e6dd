#include <fmt/core.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>

#include "cli/commands.h"
#include "cli/control.h"
#include "cli/exit_code.h"
#include "cli/session.h"

namespace orrery::cli {
namespace {

struct DevArguments {
  uint32_t stores = 3;
  std::string directory = "orrery-dev";
  uint16_t port = 7701;
  bool restart = true;
};

constexpr int kStopPatienceSeconds = 10;
constexpr int kRestartPauseSeconds = 1;

/// One `orrery store` process.
struct Child {
  uint32_t id = 0;
  pid_t pid = -1;
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
    for (uint32_t id = 1; id <= arguments_.stores; ++id) children_.push_back(Child{.id = id});
    for (Child& child : children_) Start(child);
    const int initialised = Initialise();
    if (initialised != kExitOk) {
      StopAll();
      return initialised;
    }
    Announce();
    return Supervise();
  }

 private:
  std::string Path(const std::string& name) const { return arguments_.directory + "/" + name; }
  std::string ConfigPath() const { return Path("cluster.toml"); }
  std::string DataDirectory(uint32_t id) const { return Path("store-" + std::to_string(id)); }

  Status Prepare() {
    std::error_code error;
    std::filesystem::create_directories(arguments_.directory, error);
    if (error) return Status(StatusCode::kIoError, arguments_.directory + ": " + error.message());
    arguments_.directory = std::filesystem::absolute(arguments_.directory).string();
    if (std::filesystem::exists(ConfigPath())) return Status::Ok();
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
    const bool is_new = !std::filesystem::exists(DataDirectory(child.id));
    const pid_t parent = getpid();
    child.pid = fork();
    if (child.pid == 0) BecomeStore(child.id, is_new, parent);
    std::ofstream(Path("store-" + std::to_string(child.id) + ".pid")) << child.pid << "\n";
  }

  [[noreturn]] void BecomeStore(uint32_t id, bool is_new, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(kExitUnavailable);  // The parent died before we asked to be told.
    sigprocmask(SIG_UNBLOCK, &signals_, nullptr);
    std::vector<std::string> words = {"orrery",     "store",
                                      "--config",   ConfigPath(),
                                      "--id",       std::to_string(id),
                                      "--data-dir", DataDirectory(id),
                                      "--log-file", Path("store-" + std::to_string(id) + ".log")};
    if (is_new) words.emplace_back("--new");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    execv("/proc/self/exe", argv.data());
    fmt::print(stderr, "orrery: cannot start a store: {}\n", std::strerror(errno));
    _exit(kExitUnavailable);
  }

  int Initialise() {
    const SessionOptions options{.config_path = ConfigPath(), .timeout_seconds = 30};
    return RunInit(options);
  }

  void Announce() const {
    fmt::print("cluster of {} stores in {}\n", arguments_.stores, arguments_.directory);
    for (const Child& child : children_) {
      fmt::print("  store {}  127.0.0.1:{}  pid {}  {}\n", child.id, arguments_.port + child.id - 1, child.pid,
                 Path("store-" + std::to_string(child.id) + ".log"));
    }
    fmt::print("try: orrery kv put hello world --config {}\nstop with Ctrl-C\n", ConfigPath());
    std::fflush(stdout);
  }

  int Supervise() {
    while (true) {
      const int signal = sigwaitinfo(&signals_, nullptr);
      if (signal == SIGINT || signal == SIGTERM) return StopAll();
      if (signal == SIGCHLD && !ReapAndRestart()) return StopAll();
    }
  }

  /// False if a store died that is not to be restarted.
  bool ReapAndRestart() {
    int status = 0;
    for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
      for (Child& child : children_) {
        if (child.pid != pid) continue;
        fmt::print("store {} ended ({})\n", child.id, Describe(status));
        std::fflush(stdout);
        child.pid = -1;
        // Wrong configuration does not heal by trying again.
        if (!arguments_.restart || (WIFEXITED(status) && WEXITSTATUS(status) == kExitUsage)) return false;
        sleep(kRestartPauseSeconds);
        Start(child);
        fmt::print("store {} started again, pid {}\n", child.id, child.pid);
        std::fflush(stdout);
      }
    }
    return true;
  }

  static std::string Describe(int status) {
    if (WIFSIGNALED(status)) return fmt::format("signal {}", WTERMSIG(status));
    return fmt::format("exit code {}", WEXITSTATUS(status));
  }

  int StopAll() {
    for (const Child& child : children_) {
      if (child.pid > 0) kill(child.pid, SIGTERM);
    }
    int worst = kExitOk;
    const timespec second{.tv_sec = 1, .tv_nsec = 0};
    for (int waited = 0; AnyAlive(); ++waited) {
      int status = 0;
      for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) worst = kExitUnavailable;
        for (Child& child : children_) child.pid = child.pid == pid ? -1 : child.pid;
      }
      if (!AnyAlive()) break;
      if (waited == kStopPatienceSeconds) {
        fmt::print(stderr, "orrery: stores did not stop in {} s; killing them\n", kStopPatienceSeconds);
        for (const Child& child : children_) {
          if (child.pid > 0) kill(child.pid, SIGKILL);
        }
      }
      sigset_t children_only;
      sigemptyset(&children_only);
      sigaddset(&children_only, SIGCHLD);
      sigtimedwait(&children_only, nullptr, &second);
    }
    return worst;
  }

  bool AnyAlive() const {
    for (const Child& child : children_) {
      if (child.pid > 0) return true;
    }
    return false;
  }

  DevArguments arguments_;
  std::vector<Child> children_;
  sigset_t signals_{};
};

}  // namespace

void AddDevCommand(CLI::App& app, Action& action) {
  const auto arguments = std::make_shared<DevArguments>();
  CLI::App* dev = app.add_subcommand("dev", "Run a local cluster of real processes");
  dev->add_option("--stores", arguments->stores, "How many")->check(CLI::Range(1, 9))->capture_default_str();
  dev->add_option("--dir", arguments->directory, "Where data, logs and cluster.toml go")->capture_default_str();
  dev->add_option("--port", arguments->port, "Port of the first store; the others follow")->capture_default_str();
  dev->add_flag("!--no-restart", arguments->restart, "Stop when a store dies instead of restarting it");
  dev->callback([arguments, &action] { action = [arguments] { return DevCluster(*arguments).Run(); }; });
}

}  // namespace orrery::cli
