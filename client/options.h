#pragma once

#include <vector>

#include "runtime/base/ids.h"
#include "runtime/base/session_window.h"
#include "runtime/base/time.h"
#include "server/kv_api.h"

namespace orrery {

/// How a client talks to its cluster.
struct ClientOptions {
  /// Stores to ask first; others are learnt from their answers. Their addresses stand in the AddressBook.
  /// At least one.
  std::vector<StoreId> stores;
  RegionId region = kFirstRegion;
  /// How long one store is given to answer before the next is asked. 10 ms to 60 s.
  Duration attempt_timeout = milliseconds(1000);
  /// Writes that may await their answers at a time; more wait. 1 to kSessionWindow.
  size_t session_window = kSessionWindow;
  /// Waiting between attempts, doubling. 1 ms to 10 s.
  Duration backoff_min = milliseconds(5);
  Duration backoff_max = milliseconds(500);

  /// kInvalidArgument naming the field that is out of its range.
  Status Validate() const;
};

}  // namespace orrery
