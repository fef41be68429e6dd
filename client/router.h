#pragma once

#include <optional>
#include <vector>

#include "runtime/base/ids.h"
#include "server/kv_api.h"

namespace orrery {

class AddressBook;

/// Remembers which store leads, and whom to ask when nobody knows. One per client; never suspends.
class Router {
 public:
  /// Requires: !stores.empty().
  Router(std::vector<StoreId> stores, AddressBook& addresses);

  /// The store to ask next: the believed leader, else the known stores in turn.
  StoreId Target() const;

  /// `store` answered as the leader.
  void Confirm(StoreId store);
  /// `store` did not lead or did not answer. `hint` may name the leader; it is followed once, so that two
  /// stores that point at each other do not keep a client in a circle.
  void Reject(StoreId store, const std::optional<ErrorDetail>& hint);
  /// Learns stores and addresses from a member list; forgets none.
  void Learn(const std::vector<Member>& members);

  const std::vector<StoreId>& stores() const { return stores_; }

 private:
  void LearnStore(StoreId store, const std::string& address);

  std::vector<StoreId> stores_;
  AddressBook& addresses_;
  std::optional<StoreId> leader_;
  bool following_hint_ = false;
  size_t next_ = 0;
};

}  // namespace orrery
