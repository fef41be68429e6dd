#pragma once

#include <cstdint>
#include <optional>

#include "runtime/base/bytes.h"
#include "runtime/base/ids.h"

/// Where things stand in the engine, and the stored form of Raft records. Byte order of keys is the order of
/// (region, record, index). Layouts are frozen by golden tests; a change needs a new kStorageFormat.
///
/// kRaft:  region (8, big-endian) | tag (1) | index (8, big-endian; entries only)
/// kMeta:  names in kMetaPrefix... below; the rest is free for the server and raft/region under 'u'.
/// kData:  belongs to raft/region.
namespace orrery {

/// Version of everything storage/ writes. The engine refuses to open a newer one.
constexpr uint32_t kStorageFormat = 1;

// kMeta. Keys that begin with 's' belong to storage/.
constexpr ByteView kFormatKey = "s/format";
constexpr ByteView kBootKey = "s/boot";
constexpr ByteView kImportPrefix = "s/import/";
constexpr ByteView kImportEnd = "s/import0";  // '0' follows '/'.

/// Tags of kRaft. Entries come last so that the small records of a region are read first.
enum class RaftTag : uint8_t {
  kHardState = 1,
  kLogState = 2,
  kApplyState = 3,
  kRegionState = 4,
  kExtra = 5,
  kEntry = 16
};

Bytes RaftRecordKey(RegionId region, RaftTag tag);
Bytes RaftEntryKey(RegionId region, LogIndex index);
/// [RaftRegionBegin(r), RaftRegionEnd(r)) holds all records of r and nothing else.
Bytes RaftRegionBegin(RegionId region);
Bytes RaftRegionEnd(RegionId region);

struct RaftKey {
  RegionId region;
  RaftTag tag;
  LogIndex index;  ///< Entries only.
};
/// kCorruption unless `key` is one of the above.
Result<RaftKey> DecodeRaftKey(ByteView key);

/// The stored value of an entry: CRC-32C (over region, index and the rest) | kind | term (varint) | payload.
struct StoredEntry {
  uint8_t kind = 0;
  Term term;
  ByteView payload;
};
void EncodeEntry(RegionId region, LogIndex index, const StoredEntry& entry, Bytes* out);
/// kCorruption naming region and index.
Result<StoredEntry> DecodeEntry(RegionId region, LogIndex index, ByteView value);

/// The stored value of a small record: CRC-32C (over region, tag and the rest) | version | content.
Bytes EncodeGroupRecord(RegionId region, RaftTag tag, ByteView content);
/// The content, a view into `value`. kCorruption naming region and tag.
Result<ByteView> DecodeGroupRecord(RegionId region, RaftTag tag, ByteView value);

/// Content of RaftTag::kLogState: where the log begins.
struct LogState {
  LogIndex base;
  Term base_term;
};
Bytes EncodeLogState(const LogState& state);
Result<LogState> DecodeLogState(ByteView content);

}  // namespace orrery
