#pragma once

#include <memory>

#include "runtime/node.h"
#include "server/store_config.h"

namespace orrery {

/// Puts a store together on a runtime: opens its disk, its engine and its Raft groups, and serves. Returns at once;
/// what goes wrong later is told through Process::Exit:
///
///   ok                a graceful stop is finished
///   kInvalidArgument  the configuration
///   kNotFound         empty data directory without StartMode::kNew
///   kWrongTarget      the directory belongs to another cluster or store
///   kCorruption       rotten bytes; the store must be replaced
///   others            the disk
///
/// The only entry into node code: see docs/tour.md.
std::unique_ptr<Node> CreateNode(Runtime& runtime, const StoreConfig& config);

}  // namespace orrery
