#pragma once

#include <map>
#include <optional>
#include <string>

#include "runtime/base/ids.h"

namespace orrery {

/// Where nodes listen: NodeId to "host:port". Filled from configuration and from membership; read by the
/// real Network when it connects. Owned by the process; not persistent. Never suspends.
class AddressBook {
 public:
  /// Adds or replaces. Connections that stand are not touched.
  void Set(NodeId node, std::string address) { addresses_[node] = std::move(address); }
  void Remove(NodeId node) { addresses_.erase(node); }
  std::optional<std::string> Find(NodeId node) const {
    const auto found = addresses_.find(node);
    return found == addresses_.end() ? std::nullopt : std::optional(found->second);
  }
  /// Ordered by NodeId.
  const std::map<NodeId, std::string>& all() const { return addresses_; }

 private:
  std::map<NodeId, std::string> addresses_;
};

}  // namespace orrery
