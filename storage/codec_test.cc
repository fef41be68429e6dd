#include <doctest/doctest.h>

#include <algorithm>

#include "runtime/base/random.h"
#include "storage/committer.h"
#include "storage/engine_options.h"
#include "storage/key_codec.h"
#include "storage/pending_import.h"
#include "storage/snapshot_chunk.h"
#include "storage/store_ident.h"
#include "storage/testing/test_world.h"
#include "storage/write_batch.h"

namespace orrery::testing {
namespace {

std::string Hex(ByteView bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    hex += kDigits[static_cast<uint8_t>(c) >> 4];
    hex += kDigits[static_cast<uint8_t>(c) & 15];
  }
  return hex;
}

/// Every single flipped bit and every cut must be noticed.
void CheckEveryDamageIsFound(const Bytes& good, const std::function<bool(ByteView)>& decodes) {
  REQUIRE(decodes(good));
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    CHECK_FALSE(decodes(bad));
  }
  for (size_t size = 0; size < good.size(); ++size) CHECK_FALSE(decodes(ByteView(good).substr(0, size)));
  CHECK_FALSE(decodes(good + '\0'));
}

// The hexadecimal texts below are what stands on disks. If one changes, kStorageFormat must, too.
TEST_CASE("Keys: layouts are frozen") {
  CHECK(Hex(RaftRecordKey(RegionId(0x0102), RaftTag::kHardState)) == "000000000000010201");
  CHECK(Hex(RaftEntryKey(RegionId(1), LogIndex(0x0a0b))) == "0000000000000001100000000000000a0b");
  CHECK(Hex(RaftRegionEnd(RegionId(1))) == "0000000000000001ff");
}

TEST_CASE("Stored records: layouts are frozen") {
  Bytes entry;
  EncodeEntry(RegionId(1), LogIndex(2), {1, Term(300), "abc"}, &entry);
  CHECK(Hex(entry).substr(8) == "01ac02616263");
  CHECK(Hex(EncodeGroupRecord(RegionId(1), RaftTag::kHardState, "xy")).substr(8) == "017879");
  CHECK(Hex(EncodeLogState({LogIndex(5), Term(3)})) == "05000000000000000300000000000000");
  WriteBatch batch;
  batch.Put(ColumnFamily::kData, "k", "v");
  batch.Delete(ColumnFamily::kRaft, "d");
  batch.DeleteRange(ColumnFamily::kMeta, "a", "b");
  CHECK(Hex(batch.Encoded()) ==
        "000000000000000003000000"
        "0502016b0176"
        "04010164"
        "0e0001610162");
}

TEST_CASE("Keys: order of bytes is order of region, record, index; regions do not touch") {
  std::vector<Bytes> keys;
  for (const uint64_t region : {uint64_t{1}, uint64_t{2}, uint64_t{255}, uint64_t{256}, UINT64_MAX}) {
    keys.push_back(RaftRegionBegin(RegionId(region)));
    for (const RaftTag tag : {RaftTag::kHardState, RaftTag::kLogState, RaftTag::kExtra})
      keys.push_back(RaftRecordKey(RegionId(region), tag));
    for (const uint64_t index : {uint64_t{1}, uint64_t{255}, uint64_t{256}, UINT64_MAX})
      keys.push_back(RaftEntryKey(RegionId(region), LogIndex(index)));
    keys.push_back(RaftRegionEnd(RegionId(region)));
  }
  CHECK(std::is_sorted(keys.begin(), keys.end()));
  CHECK(std::adjacent_find(keys.begin(), keys.end()) == keys.end());
  const RaftKey decoded = DecodeRaftKey(RaftEntryKey(RegionId(256), LogIndex(7))).value();
  CHECK(decoded.region == RegionId(256));
  CHECK(decoded.index == LogIndex(7));
  CHECK(DecodeRaftKey("short").code() == StatusCode::kCorruption);
  CHECK(DecodeRaftKey(RaftRegionBegin(RegionId(1)) + "\x09").code() == StatusCode::kCorruption);
}

TEST_CASE("Stored formats: every flipped bit and every cut is found") {
  Bytes entry;
  EncodeEntry(RegionId(1), LogIndex(2), {1, Term(3), "payload"}, &entry);
  CheckEveryDamageIsFound(entry, [](ByteView b) { return DecodeEntry(RegionId(1), LogIndex(2), b).ok(); });
  CHECK_FALSE(DecodeEntry(RegionId(1), LogIndex(3), entry).ok());
  CHECK_FALSE(DecodeEntry(RegionId(2), LogIndex(2), entry).ok());
  const Bytes record = EncodeGroupRecord(RegionId(1), RaftTag::kHardState, "content");
  CheckEveryDamageIsFound(record,
                          [](ByteView b) { return DecodeGroupRecord(RegionId(1), RaftTag::kHardState, b).ok(); });
  CHECK_FALSE(DecodeGroupRecord(RegionId(1), RaftTag::kExtra, record).ok());
  SnapshotChunkBuilder chunk(3, 10);
  chunk.Add({ColumnFamily::kData, "key", "value"});
  chunk.Add({ColumnFamily::kRaft, "", ""});
  const Bytes encoded = chunk.Finish(true);
  CheckEveryDamageIsFound(encoded, [](ByteView b) { return DecodeSnapshotChunk(b).ok(); });
  const SnapshotChunk back = DecodeSnapshotChunk(encoded).value();
  CHECK(back.sequence == 3);
  CHECK(back.rows_before == 10);
  CHECK(back.last);
  REQUIRE(back.rows.size() == 2);
  CHECK(back.rows[0].value == "value");
  PendingImport pending;
  pending.files.push_back({{ColumnFamily::kData, "a", "b"}, "1-1.sst", true, "a", "az"});
  pending.final_batch = WriteBatch().Encoded();
  CheckEveryDamageIsFound(EncodePendingImport(pending), [](ByteView b) { return DecodePendingImport(b).ok(); });
  CHECK(DecodePendingImport(EncodePendingImport(pending)).value() == pending);
  CheckEveryDamageIsFound(EncodeStoreIdent({"c", StoreId(1), Incarnation(2)}),
                          [](ByteView b) { return DecodeStoreIdent(b).ok(); });
}

TEST_CASE("Store identity: another cluster, store or life is refused with both names") {
  const StoreIdent ident{"blue", StoreId(3), Incarnation(9)};
  CHECK(DecodeStoreIdent(EncodeStoreIdent(ident)).value() == ident);
  CHECK(CheckStoreIdent(ident, ident).ok());
  CHECK(CheckStoreIdent(ident, {"blue", StoreId(3), Incarnation(0)}).ok());
  const Status status = CheckStoreIdent(ident, {"red", StoreId(4), Incarnation(0)});
  CHECK(status.code() == StatusCode::kWrongTarget);
  CHECK(status.message().find("\"blue\" store 3") != std::string_view::npos);
  CHECK(status.message().find("\"red\" store 4") != std::string_view::npos);
  CHECK_FALSE(CheckStoreIdent(ident, {"blue", StoreId(3), Incarnation(8)}).ok());
}

TEST_CASE("Write batch: appending keeps order, decoding refuses what is not a batch") {
  WriteBatch a, b;
  a.Put(ColumnFamily::kData, "1", "x");
  b.DeleteRange(ColumnFamily::kData, "1", "2");
  CHECK_FALSE(a.has_ranges());
  a.Append(b);
  CHECK(a.has_ranges());
  CHECK(a.count() == 2);
  const WriteBatch back = WriteBatch::Decode(a.Encoded()).value();
  CHECK(back.Encoded() == a.Encoded());
  CHECK(back.has_ranges());
  CHECK_FALSE(WriteBatch::Decode("x").ok());
  Bytes wrong_count = a.Encoded();
  wrong_count[8] = 7;
  CHECK_FALSE(WriteBatch::Decode(wrong_count).ok());
}

TEST_CASE("Options: what is out of range is named") {
  CHECK(EngineOptions().Validate().ok());
  EngineOptions options;
  options.write_buffers_max = -1;
  CHECK(options.Validate().message().find("write_buffers_max") != std::string_view::npos);
  options = {};
  options.folder = "../x";
  CHECK(options.Validate().code() == StatusCode::kInvalidArgument);
  CommitterOptions committer;
  committer.queue_batches_max = 0;
  CHECK(committer.Validate().message().find("queue_batches_max") != std::string_view::npos);
}

}  // namespace
}  // namespace orrery::testing
