#include <cstddef>
#include <cstdint>

#include "storage/key_codec.h"
#include "storage/pending_import.h"
#include "storage/snapshot_chunk.h"
#include "storage/store_ident.h"
#include "storage/wal_check.h"
#include "storage/write_batch.h"

// libFuzzer target for every stored format of storage/: the first byte chooses the decoder. Checksums would keep the
// fuzzer out, so for checksummed formats it fuzzes the content and the checksum is put right.
namespace {

using namespace orrery;

Bytes WithChecksumInFront(ByteView content, uint32_t seed) {
  Bytes out;
  Encoder(out).Fixed32(Crc32c(content, seed)).Raw(content);
  return out;
}

Bytes WithChecksumBehind(ByteView content) {
  Bytes out(content);
  Encoder(out).Fixed32(Crc32c(content));
  return out;
}

/// The seed of key_codec.cc for (region 1, place).
uint32_t PlaceSeed(uint64_t place) {
  Bytes raw;
  Encoder(raw).Fixed64(1).Fixed64(place);
  return Crc32c(raw);
}

void Fuzz(uint8_t which, ByteView data) {
  switch (which % 9) {
    case 0: {
      const Bytes value = WithChecksumInFront(data, PlaceSeed(2));
      const auto entry = DecodeEntry(RegionId(1), LogIndex(2), value);
      if (!entry.ok()) return;
      Bytes again;
      EncodeEntry(RegionId(1), LogIndex(2), *entry, &again);
      ORRERY_ASSERT(DecodeEntry(RegionId(1), LogIndex(2), again).ok());
      return;
    }
    case 1: {
      const Bytes value = WithChecksumInFront(data, PlaceSeed(1));
      DecodeGroupRecord(RegionId(1), RaftTag::kHardState, value).status().IgnoreError();
      return;
    }
    case 2: return DecodeLogState(data).status().IgnoreError();
    case 3: return DecodeStoreIdent(WithChecksumBehind(data)).status().IgnoreError();
    case 4: return DecodeSnapshotChunk(WithChecksumBehind(data)).status().IgnoreError();
    case 5: return DecodePendingImport(WithChecksumInFront(data, 0)).status().IgnoreError();
    case 6: {
      WalMark mark;
      DecodeWalMark(data, &mark);
      return;
    }
    case 7: {
      const auto batch = WriteBatch::Decode(data);
      if (!batch.ok()) return;
      batch->ForEach([](const WriteBatch::Change&) {});
      ORRERY_ASSERT(batch->Encoded() == data);
      return;
    }
    case 8: {
      const auto key = DecodeRaftKey(data);
      if (key.ok() && key->tag == RaftTag::kEntry) ORRERY_ASSERT(RaftEntryKey(key->region, key->index) == data);
      return;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  // Raw bytes as they come, and behind a checksum that is right.
  const ByteView bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  Fuzz(data[0], bytes);
  orrery::DecodeStoreIdent(bytes).status().IgnoreError();
  orrery::DecodeSnapshotChunk(bytes).status().IgnoreError();
  orrery::DecodePendingImport(bytes).status().IgnoreError();
  return 0;
}
