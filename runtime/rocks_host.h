#pragma once

#include <memory>
#include <string>

namespace rocksdb {
class Env;
class Logger;
}  // namespace rocksdb

namespace orrery {

/// What one node's RocksDB instances stand on. Only storage/ uses it.
///
/// Every call into RocksDB (also Open, Close, iterator moves and deletions) happens inside a
/// RocksScope, on the event loop's main stack or in an Offload job, never on a fiber's stack
/// (Scheduler::CallOnMainStack does it): RocksDB needs more stack than a fiber has and must not switch.
class RocksHost {
 public:
  virtual ~RocksHost() = default;

  /// File system, clock and background threads for RocksDB. Lives as long as this host; close every DB first.
  virtual rocksdb::Env* env() = 0;
  virtual std::shared_ptr<rocksdb::Logger> logger() = 0;
  /// Turns a path of the node's Disk into the path RocksDB knows it by.
  virtual std::string PathOf(const std::string& disk_path) = 0;

 private:
  friend class RocksScope;
  virtual void Enter() = 0;
  virtual void Leave() = 0;
};

/// Marks a stretch of RocksDB calls of one node. Not nested, not across a suspension.
class RocksScope {
 public:
  explicit RocksScope(RocksHost& host) : host_(host) { host_.Enter(); }
  ~RocksScope() { host_.Leave(); }
  RocksScope(const RocksScope&) = delete;
  RocksScope& operator=(const RocksScope&) = delete;

 private:
  RocksHost& host_;
};

}  // namespace orrery
