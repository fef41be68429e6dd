#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/checks.h"
#include "cli/cluster_file.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "runtime/real/real_process.h"
#include "server/node.h"

namespace orrery::cli {
namespace {

struct StoreArguments {
  std::string config_path = "cluster.toml";
  uint64_t id = 0;
  bool is_new = false;
  std::string address;
  std::string data_directory;
  std::string log_path;
  std::string log_level = "info";
};

LogLevel LevelOf(const std::string& name) {
  if (name == "debug") return LogLevel::kDebug;
  if (name == "warn") return LogLevel::kWarn;
  return name == "error" ? LogLevel::kError : LogLevel::kInfo;
}

/// The store's own configuration; a store that is not in the file may still join with --address.
Result<StoreConfig> ConfigOf(const ClusterConfig& cluster, const StoreArguments& arguments) {
  const StartMode mode = arguments.is_new ? StartMode::kNew : StartMode::kExisting;
  Result<StoreConfig> config = cluster.ForStore(StoreId(arguments.id), mode);
  if (config.ok()) {
    if (!arguments.address.empty()) config->address = arguments.address;
    return config;
  }
  if (config.code() != StatusCode::kNotFound || arguments.address.empty()) {
    return Status(StatusCode::kInvalidArgument,
                  fmt::format("{} lists no store {}; one that joins needs --address and --data-dir",
                              arguments.config_path, arguments.id));
  }
  return StoreConfig{.cluster = cluster.cluster,
                     .store = StoreId(arguments.id),
                     .address = arguments.address,
                     .start = mode,
                     .options = cluster.options};
}

Result<RealOptions> ProcessOptions(const ClusterConfig& cluster, const StoreConfig& config,
                                   const StoreArguments& arguments) {
  RealOptions options{.cluster = config.cluster, .node = NodeIdOf(config.store), .listen_address = config.address};
  options.data_directory = arguments.data_directory;
  if (const ClusterStore* store = cluster.Find(config.store); store != nullptr && options.data_directory.empty()) {
    options.data_directory = store->data_directory;
  }
  if (options.data_directory.empty()) {
    return Status(StatusCode::kInvalidArgument, "store " + ToString(config.store) +
                                                    " has no data directory: give --data-dir, or data_dir in " +
                                                    arguments.config_path);
  }
  for (const ClusterStore& store : cluster.stores) options.addresses[NodeIdOf(store.id)] = store.address;
  options.log = LogOptions{
      .level = LevelOf(arguments.log_level), .path = arguments.log_path, .name = "store " + ToString(config.store)};
  options.handle_signals = true;
  return options;
}

Status RunStore(const StoreArguments& arguments) {
  ORRERY_ASSIGN_OR_RETURN(const ClusterConfig cluster, LoadClusterFile(arguments.config_path));
  ORRERY_ASSIGN_OR_RETURN(const StoreConfig config, ConfigOf(cluster, arguments));
  ORRERY_ASSIGN_OR_RETURN(const RealOptions options, ProcessOptions(cluster, config, arguments));
  ORRERY_ASSIGN_OR_RETURN(const std::unique_ptr<RealProcess> process, RealProcess::Create(options));
  return process->Run([&](Runtime& runtime) { return CreateNode(runtime, config); })
      .Wrap("data directory " + options.data_directory);
}

}  // namespace

void AddStoreCommand(CLI::App& app, Action& action) {
  const auto arguments = std::make_shared<StoreArguments>();
  CLI::App* store = app.add_subcommand("store", "Run one store process");
  store->add_option("-c,--config", arguments->config_path, "The cluster's file")->capture_default_str();
  store->add_option("--id", arguments->id, "Which store this is")->required()->check(StoreIdCheck());
  store->add_flag("--new", arguments->is_new, "Create the data directory; without it an empty one is refused");
  store->add_option("--address", arguments->address, "host:port, for a store that is not in the file or moved")
      ->check(AddressCheck());
  store->add_option("--data-dir", arguments->data_directory, "Instead of data_dir in the file");
  store->add_option("--log-file", arguments->log_path, "Instead of standard error");
  store->add_option("--log-level", arguments->log_level, "How much to say")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
  store->callback([arguments, &action] {
    action = [arguments] {
      const Status status = RunStore(*arguments);
      if (!status.ok()) fmt::print(stderr, "orrery: store {}: {}\n", arguments->id, status.ToString());
      // What is not found here is a store's data: the start is refused.
      return status.code() == StatusCode::kNotFound ? kExitRefused : ExitCodeOf(status);
    };
  });
}

}  // namespace orrery::cli
