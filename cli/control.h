#pragma once

#include "cli/session.h"

namespace orrery::cli {

/// Prints who belongs to the cluster, as the leader knows it.
Status PrintMembers(Session& session, bool json);
/// Prints what each store says of itself; stores that do not answer are listed as such.
Status PrintStatus(Session& session, bool json);

}  // namespace orrery::cli
