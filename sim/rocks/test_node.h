#pragma once

#include <rocksdb/db.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/disk/sim_disk.h"
#include "sim/rocks/required_options.h"
#include "sim/rocks/sim_rocks_host.h"

namespace orrery::sim {

/// One RocksDB on one simulated disk through many boots, without a world around it: for tests of the disk
/// and of the engine's crash behaviour. Time stands still but for the disk's debt.
class TestNode {
 public:
  static constexpr int kFamilies = 4;

  explicit TestNode(const SimDiskOptions& options) : TestNode(std::make_unique<SimDisk>(options), options.random) {}
  TestNode(std::unique_ptr<SimDisk> disk, Random random) : random_(random), disk_(std::move(disk)) {}
  ~TestNode() { Close(); }

  SimDisk& disk() { return *disk_; }
  SimRocksHost& host() { return *host_; }
  rocksdb::DB& db() { return *db_; }
  bool is_open() const { return db_ != nullptr; }
  rocksdb::ColumnFamilyHandle* family(int i) { return families_[static_cast<size_t>(i)]; }
  uint64_t boots() const { return boots_; }
  uint64_t fallback_pumps() const { return fallback_pumps_ + (host_ ? host_->fallback_pumps() : 0); }

  /// A new boot: host, DB, families. `adjust` may change the options. What goes wrong is returned; the node is
  /// closed then, and the disk as the failed open left it.
  rocksdb::Status Open(const std::function<void(rocksdb::Options&)>& adjust = {}) {
    host_ =
        std::make_unique<SimRocksHost>(SimRocksOptions{.disk = *disk_,
                                                       .random = random_.Split("boot").Split(++boots_),
                                                       .now = [] { return Instant::FromNanos(1'000'000'000); },
                                                       .wall_now = [] { return WallTime{1'700'000'000'000'000'000}; }});
    rocksdb::Status status;
    {
      RocksScope scope(*host_);
      rocksdb::Options options;
      SetRequiredOptions(options, *host_);
      options.create_if_missing = true;
      options.create_missing_column_families = true;
      if (adjust) adjust(options);
      std::vector<rocksdb::ColumnFamilyDescriptor> descriptors = {{"default", options}};
      for (int i = 1; i < kFamilies; ++i) descriptors.emplace_back("family" + std::to_string(i), options);
      rocksdb::DB* raw = nullptr;
      status = rocksdb::DB::Open(options, host_->PathOf("db"), descriptors, &families_, &raw);
      db_.reset(raw);
    }
    if (!status.ok()) Close();
    return status;
  }

  /// Closes the DB and its host, in whatever state the disk is.
  void Close() {
    if (host_ == nullptr) return;
    {
      RocksScope scope(*host_);
      if (db_ != nullptr) {
        for (rocksdb::ColumnFamilyHandle* handle : families_)
          db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
      }
      families_.clear();
      db_.reset();
    }
    fallback_pumps_ += host_->fallback_pumps();
    host_.reset();
  }

  /// Fence, delete the DB, delete its environment, and what the death does to the disk; then the disk is booted.
  void Crash(bool power_loss) {
    disk_->Freeze();
    Close();
    if (power_loss) {
      disk_->LosePower();
    } else {
      disk_->KillProcess();
    }
    disk_->Boot();
  }

 private:
  const Random random_;
  std::unique_ptr<SimDisk> disk_;
  std::unique_ptr<SimRocksHost> host_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
  uint64_t boots_ = 0;
  uint64_t fallback_pumps_ = 0;
};

}  // namespace orrery::sim
