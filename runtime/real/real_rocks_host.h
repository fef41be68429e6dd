#pragma once

#include <memory>
#include <string>

#include "runtime/log.h"
#include "runtime/rocks_host.h"

namespace orrery {

/// RocksDB's own environment, its messages in our log (component "rocksdb").
class RealRocksHost final : public RocksHost {
 public:
  /// Both outlive every DB. `root` is the root of the node's Disk.
  RealRocksHost(std::string root, Log& log);
  ~RealRocksHost() override;

  rocksdb::Env* env() override;
  std::shared_ptr<rocksdb::Logger> logger() override { return logger_; }
  std::string PathOf(const std::string& disk_path) override { return root_ + "/" + disk_path; }

 private:
  void Enter() override {}
  void Leave() override {}

  std::string root_;
  std::shared_ptr<rocksdb::Logger> logger_;
};

}  // namespace orrery
