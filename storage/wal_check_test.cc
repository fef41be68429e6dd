#include "storage/wal_check.h"

#include <doctest/doctest.h>
#include <rocksdb/write_batch.h>

#include "runtime/base/random.h"

namespace orrery {
namespace {

/// Writes RocksDB's log format by its description, apart from the reader under test.
class LogWriter {
 public:
  void Record(ByteView payload) {
    bool first = true;
    do {
      const size_t left = 32768 - content.size() % 32768;
      if (left < 7) {
        content.append(left, '\0');
        continue;
      }
      const ByteView part = payload.substr(0, left - 7);
      payload.remove_prefix(part.size());
      const bool last = payload.empty();
      Fragment(first && last ? 1 : first ? 2 : last ? 4 : 3, part);
      first = false;
    } while (!payload.empty() || first);
  }

  /// A batch with one value and a mark. Returns the offset behind it.
  uint64_t Batch(const WalMark& mark, size_t value_bytes = 10) {
    rocksdb::WriteBatch batch;
    REQUIRE(batch.Put("key", Bytes(value_bytes, 'v')).ok());
    REQUIRE(batch.PutLogData(EncodeWalMark(mark)).ok());
    Record(batch.Data());
    return content.size();
  }

  Bytes content;

 private:
  void Fragment(uint8_t type, ByteView part) {
    Bytes checked;
    Encoder(checked).Fixed8(type).Raw(part);
    const uint32_t crc = Crc32c(checked);
    const uint32_t masked = ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
    Encoder(content).Fixed32(masked).Fixed8(static_cast<uint8_t>(part.size() & 0xff));
    Encoder(content).Fixed8(static_cast<uint8_t>(part.size() >> 8)).Raw(checked);
  }
};

/// A log in which every batch was synced before the next was written.
LogWriter SyncedLog(uint64_t number, int batches, size_t value_bytes) {
  LogWriter log;
  uint64_t synced = 0;
  for (int i = 0; i < batches; ++i) synced = log.Batch({number, i == 0 ? 0 : number, synced}, value_bytes);
  return log;
}

Bytes Flipped(Bytes content, size_t at, int bit) {
  content[at] = static_cast<char>(static_cast<unsigned char>(content[at]) ^ (1u << bit));
  return content;
}

TEST_CASE("Log check: an intact log is read to its end, whatever the size of its records") {
  for (const size_t value_bytes : {1, 100, 5000, 32768, 100000}) {
    const LogWriter log = SyncedLog(4, 8, value_bytes);
    WalCheckReport report;
    CHECK(CheckWal(std::vector<WalFile>{{4, "000004.log", log.content}}, &report).ok());
    CHECK(report.records == 8);
    CHECK(report.marks == 8);
    CHECK(report.damaged_places == 0);
    CHECK(report.newest.synced_log == 4);
  }
}

TEST_CASE("Log check: no file, no mark, nothing to refuse") {
  CHECK(CheckWal({}).ok());
  CHECK(CheckWal(std::vector<WalFile>{{4, "000004.log", Bytes(1000, 'x')}}).ok());
}

TEST_CASE("Log check: any flip below the newest mark is refused and its file named, none above it") {
  for (const size_t value_bytes : {20, 9000}) {
    const LogWriter log = SyncedLog(4, 10, value_bytes);
    WalCheckReport whole;
    REQUIRE(CheckWal(std::vector<WalFile>{{4, "000004.log", log.content}}, &whole).ok());
    const uint64_t vouched = whole.newest.synced_bytes;
    Random random(1);
    for (int trial = 0; trial < 500; ++trial) {
      const uint64_t at = random.Below(log.content.size());
      const int bit = static_cast<int>(random.Below(8));
      const bool in_block_trailer = 32768 - at % 32768 < 7 && log.content[at] == '\0';
      const Status status = CheckWal(std::vector<WalFile>{{4, "000004.log", Flipped(log.content, at, bit)}});
      if (at >= vouched || in_block_trailer) continue;
      REQUIRE(status.code() == StatusCode::kCorruption);
      CHECK(status.message().starts_with("000004.log: damaged at offset "));
    }
    for (uint64_t at = vouched; at < log.content.size(); at += 3) {
      REQUIRE(CheckWal(std::vector<WalFile>{{4, "000004.log", Flipped(log.content, at, 3)}}).ok());
    }
  }
}

TEST_CASE("Log check: a tail cut anywhere above the second newest mark is a torn tail") {
  const LogWriter log = SyncedLog(4, 10, 200);
  for (size_t size = 0; size <= log.content.size(); size += 7) {
    // Cutting removes the marks behind the cut, too: what is left never vouches for more than is left.
    CHECK(CheckWal(std::vector<WalFile>{{4, "000004.log", log.content.substr(0, size)}}).ok());
  }
}

TEST_CASE("Log check: a short older log is refused when a newer one vouches for it") {
  LogWriter old_log = SyncedLog(4, 5, 200);
  const uint64_t synced = old_log.content.size();
  LogWriter new_log;
  new_log.Batch({4, 4, synced});
  const Bytes cut = old_log.content.substr(0, synced - 30);
  CHECK(CheckWal(std::vector<WalFile>{{4, "4.log", old_log.content}, {6, "6.log", new_log.content}}).ok());
  CHECK(CheckWal(std::vector<WalFile>{{4, "4.log", cut}, {6, "6.log", new_log.content}}).code() ==
        StatusCode::kCorruption);
  CHECK(CheckWal(std::vector<WalFile>{{6, "6.log", new_log.content}}).ok());  // Deleted: its content is in tables.
}

TEST_CASE("Log check: logs of older boots are obsolete and may be torn") {
  LogWriter old_log = SyncedLog(4, 5, 200);
  LogWriter new_log;
  new_log.Batch({9, 0, 0});
  const Bytes torn = old_log.content.substr(0, old_log.content.size() - 30);
  const Bytes rotten = Flipped(old_log.content, 20, 0);
  CHECK(CheckWal(std::vector<WalFile>{{4, "4.log", torn}, {9, "9.log", new_log.content}}).ok());
  CHECK(CheckWal(std::vector<WalFile>{{4, "4.log", rotten}, {9, "9.log", new_log.content}}).ok());
  CHECK(CheckWal(std::vector<WalFile>{{4, "4.log", rotten}}).code() == StatusCode::kCorruption);
}

TEST_CASE("Log check: garbage instead of a log is damage, never a crash") {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Bytes garbage;
    Random random(seed);
    random.Split("garbage").Fill(garbage, random.Below(70000));
    const LogWriter tail = SyncedLog(8, 3, 50);
    CHECK(CheckWal(std::vector<WalFile>{{7, "7.log", garbage}, {8, "8.log", tail.content}}).ok());
    CHECK(CheckWal(std::vector<WalFile>{{8, "8.log", garbage + tail.content}}).ok() == garbage.empty());
  }
}

TEST_CASE("Wal mark: is read back, and other blobs are not taken for one") {
  WalMark mark;
  CHECK(DecodeWalMark(EncodeWalMark({1, 2, 300}), &mark));
  CHECK(mark.first_log == 1);
  CHECK(mark.synced_log == 2);
  CHECK(mark.synced_bytes == 300);
  CHECK_FALSE(DecodeWalMark("", &mark));
  CHECK_FALSE(DecodeWalMark("something else", &mark));
  CHECK_FALSE(DecodeWalMark(EncodeWalMark({1, 2, 300}) + "x", &mark));
}

}  // namespace
}  // namespace orrery
