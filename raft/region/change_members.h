#pragma once

#include <vector>

#include "raft/region/envelope.h"
#include "runtime/base/time.h"

namespace orrery {

class Store;

/// What shall be true of a region's membership. A store that stands in both lists gets a new life: what it was is
/// removed, what it is now is added.
struct MembershipWish {
  std::vector<PeerAddress> add;
  std::vector<StoreId> remove;
  /// The wish was made looking at the membership as of this position: see Peer::conf_since().
  LogIndex as_of;
};

/// Makes a wish true, as leader: adds new members as learners, waits until the log has reached them, then promotes
/// them and demotes those that go in one change (joint if it touches several voters), then removes these. Says ok once
/// the new configuration is in force. Asking again continues where an earlier leader stopped; asking for what is true
/// already is ok.
///
/// kNotLeader also after handing leadership away because the leader itself shall go. kConflict: the membership has
/// changed since as_of, by another wish or by this one told to an earlier leader; who asks must look again. Requests
/// can arrive late and twice, so that one whose wish came true may be heard again when the contrary has been wished
/// since (TiKV compares conf_ver of the region's epoch for that). kInvalidArgument (a store would be member under two
/// lives; nobody would be left). kTimeout: nothing was changed. kUnknownOutcome: begun, not
/// finished before the deadline. Suspends.
Status ChangeMembers(Store& store, RegionId region, const MembershipWish& wish, Deadline deadline);

}  // namespace orrery
