#include "raft/region/region_keys.h"

namespace orrery {
namespace {

constexpr char kDataPrefix = 'd';
constexpr char kDataEnd = 'e';
constexpr char kTable = 'c';
constexpr char kJournal = 'j';
constexpr char kSessionEnd = 'k';

Bytes RegionKey(ByteView prefix, RegionId region) {
  Bytes key;
  Encoder(key).Raw(prefix).BigEndian64(region.value());
  return key;
}

}  // namespace

Bytes DataKey(ByteView user_key) {
  Bytes key;
  key.reserve(user_key.size() + 1);
  key.push_back(kDataPrefix);
  key.append(user_key);
  return key;
}

ByteView UserKey(ByteView data_key) {
  ORRERY_ASSERT(!data_key.empty());
  ORRERY_ASSERT(data_key.front() == kDataPrefix);
  return data_key.substr(1);
}

KeyRange DataRange(ByteView start, const Bytes* end) {
  return KeyRange{.family = ColumnFamily::kData,
                  .begin = DataKey(start),
                  .end = end == nullptr ? Bytes(1, kDataEnd) : DataKey(*end)};
}

Bytes TombstoneKey(RegionId region) {
  return RegionKey("u/tomb/", region);
}

Bytes SessionTableKey(RegionId region) {
  return RegionKey("u/session/", region) + kTable;
}

Bytes SessionJournalKey(RegionId region, LogIndex index) {
  Bytes key = RegionKey("u/session/", region) + kJournal;
  Encoder(key).BigEndian64(index.value());
  return key;
}

KeyRange SessionRange(RegionId region) {
  const Bytes prefix = RegionKey("u/session/", region);
  return KeyRange{.family = ColumnFamily::kMeta, .begin = prefix + kTable, .end = prefix + kSessionEnd};
}

}  // namespace orrery
