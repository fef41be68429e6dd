#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "bench/etcd_load.h"
#include "bench/orrery_load.h"
#include "bench/rocks_load.h"

namespace {

struct Arguments {
  std::string target;
  std::vector<std::string> endpoints;
  std::string config = "cluster.toml";
  std::string directory;
  orrery::bench::LoadOptions load;
};

orrery::Result<orrery::bench::LoadResult> Run(const Arguments& arguments) {
  if (arguments.target == "etcd") return orrery::bench::LoadEtcd(arguments.endpoints, arguments.load);
  if (arguments.target == "rocksdb") return orrery::bench::LoadRocks(arguments.directory, arguments.load);
  return orrery::bench::LoadOrrery(arguments.config, arguments.load);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("One load generator for Orrery, etcd and RocksDB alone; ci/bench runs it");
  Arguments arguments;
  app.add_option("target", arguments.target)->required()->check(CLI::IsMember({"etcd", "orrery", "rocksdb"}));
  app.add_option("--endpoints", arguments.endpoints, "etcd: host:port of the members");
  app.add_option("--config", arguments.config, "orrery: the cluster's file");
  app.add_option("--directory", arguments.directory, "rocksdb: where to write");
  app.add_option("--operation", arguments.load.operation)->check(CLI::IsMember({"put", "get"}));
  app.add_option("--clients", arguments.load.clients)->check(CLI::PositiveNumber);
  app.add_option("--keys", arguments.load.keys)->check(CLI::PositiveNumber);
  app.add_option("--value-bytes", arguments.load.value_bytes)->check(CLI::PositiveNumber);
  app.add_option("--seconds", arguments.load.seconds)->check(CLI::PositiveNumber);
  app.add_option("--warmup", arguments.load.warmup_seconds)->check(CLI::NonNegativeNumber);
  app.add_option("--rate", arguments.load.rate)->check(CLI::NonNegativeNumber);
  CLI11_PARSE(app, argc, argv);

  orrery::Result<orrery::bench::LoadResult> result = Run(arguments);
  if (!result.ok()) {
    fmt::print(stderr, "orrery_load: {}\n", result.status().ToString());
    return 1;
  }
  fmt::print("{}\n", result->ToJson(arguments.load));
  return 0;
}
