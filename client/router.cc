#include "client/router.h"

#include <algorithm>

#include "runtime/address_book.h"

namespace orrery {

Router::Router(std::vector<StoreId> stores, AddressBook& addresses)
    : stores_(std::move(stores)), addresses_(addresses) {
  ORRERY_ASSERT(!stores_.empty());
}

StoreId Router::Target() const {
  return leader_ ? *leader_ : stores_[next_ % stores_.size()];
}

void Router::Confirm(StoreId store) {
  leader_ = store;
  following_hint_ = false;
}

void Router::Reject(StoreId store, const std::optional<ErrorDetail>& hint) {
  if (leader_ && *leader_ != store) return;  // A late answer about a store nobody asks any more.
  const bool hinted = hint && hint->leader_store.valid() && hint->leader_store != store;
  if (hinted) LearnStore(hint->leader_store, hint->leader_address);
  if (hinted && !following_hint_) {
    leader_ = hint->leader_store;
    following_hint_ = true;
    return;
  }
  leader_.reset();
  following_hint_ = false;
  ++next_;
}

void Router::Learn(const std::vector<Member>& members) {
  for (const Member& member : members) LearnStore(member.store, member.address);
}

void Router::LearnStore(StoreId store, const std::string& address) {
  if (!address.empty()) addresses_.Set(NodeIdOf(store), address);
  if (std::find(stores_.begin(), stores_.end(), store) == stores_.end()) stores_.push_back(store);
}

}  // namespace orrery
