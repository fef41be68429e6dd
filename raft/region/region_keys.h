#pragma once

#include "runtime/base/bytes.h"
#include "runtime/base/ids.h"
#include "storage/engine.h"

/// Where raft/region keeps things in the engine. Layouts are frozen: golden test.
///
/// kData:  'd' user-key
/// kMeta:  "u/cluster"                            what Initialise wrote
///         "u/tomb/"    region (8, big-endian)    the largest peer of the region that this store has given up
///         "u/session/" region 'c'                session table
///         "u/session/" region 'j' index          what changed since, by apply batch
namespace orrery {

constexpr ByteView kClusterRecordKey = "u/cluster";

Bytes DataKey(ByteView user_key);
/// The user's part. Requires: `data_key` is in the data of some region.
ByteView UserKey(ByteView data_key);
/// User keys in [start, end); without `end` to the end of the key space.
KeyRange DataRange(ByteView start, const Bytes* end);

Bytes TombstoneKey(RegionId region);
Bytes SessionTableKey(RegionId region);
Bytes SessionJournalKey(RegionId region, LogIndex index);
/// Table and journal.
KeyRange SessionRange(RegionId region);

}  // namespace orrery
