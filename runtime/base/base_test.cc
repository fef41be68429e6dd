#include <doctest/doctest.h>

#include <limits>
#include <set>

#include "runtime/base/bytes.h"
#include "runtime/base/function_ref.h"
#include "runtime/base/ids.h"
#include "runtime/base/random.h"
#include "runtime/base/status.h"
#include "runtime/base/time.h"

namespace orrery {
namespace {

Result<int> Half(int n) {
  if (n % 2 != 0) return Status(StatusCode::kInvalidArgument, "odd");
  return n / 2;
}

Result<int> Quarter(int n) {
  ORRERY_ASSIGN_OR_RETURN(const int half, Half(n));
  return Half(half);
}

TEST_CASE("Status: context is added in front and the code stays") {
  const Status status = Status(StatusCode::kNotLeader, "peer 3 leads").Wrap("put");
  CHECK(status.code() == StatusCode::kNotLeader);
  CHECK(status.ToString() == "NOT_LEADER: put: peer 3 leads");
  CHECK(Status::Ok().Wrap("put").ok());
}

TEST_CASE("Result: errors travel through ASSIGN_OR_RETURN") {
  CHECK(*Quarter(8) == 2);
  CHECK(Quarter(6).code() == StatusCode::kInvalidArgument);
}

TEST_CASE("Instant: never stays never") {
  CHECK(Instant::Max() + seconds(-5) == Instant::Max());
  CHECK(Deadline::After(Instant::FromNanos(std::numeric_limits<int64_t>::max() - 1), seconds(1)).never());
  CHECK_FALSE(Deadline::Never().PassedAt(Instant::FromNanos(1)));
}

TEST_CASE("Crc32c: the check value of the Castagnoli polynomial, whole and in pieces") {
  CHECK(Crc32c("123456789") == 0xe3069283u);
  CHECK(Crc32c("6789", Crc32c("12345")) == 0xe3069283u);
}

TEST_CASE("Decoder: every cut of a record is refused, the whole is read back") {
  Bytes record;
  Encoder(record).Fixed8(7).Varint(300).LengthPrefixed("key").Fixed32(9).BigEndian64(11).Varint(UINT64_MAX);
  for (size_t cut = 0; cut < record.size(); ++cut) {
    Decoder in(ByteView(record).substr(0, cut));
    in.Fixed8();
    in.Varint();
    in.LengthPrefixed();
    in.Fixed32();
    in.BigEndian64();
    in.Varint();
    CHECK(in.Finish("record").code() == StatusCode::kCorruption);
  }
  Decoder in(record);
  CHECK(in.Fixed8() == 7);
  CHECK(in.Varint() == 300);
  CHECK(in.LengthPrefixed() == "key");
  CHECK(in.Fixed32() == 9);
  CHECK(in.BigEndian64() == 11);
  CHECK(in.Varint() == UINT64_MAX);
  CHECK(in.Finish("record").ok());
}

TEST_CASE("Decoder: a varint of more than 64 bits is refused") {
  Decoder in("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02");
  in.Varint();
  CHECK_FALSE(in.ok());
}

TEST_CASE("Random: a split depends on names, not on draws") {
  Random a(42);
  Random b(42);
  b.NextU64();
  CHECK(a.Split("disk").NextU64() == b.Split("disk").NextU64());
  CHECK(a.Split("disk").NextU64() != a.Split("network").NextU64());
}

TEST_CASE("Random: Below covers its range and Chance keeps its rate") {
  Random random(7);
  std::set<uint64_t> seen;
  for (int i = 0; i < 200; ++i) seen.insert(random.Below(10));
  CHECK(seen.size() == 10);
  int hits = 0;
  for (int i = 0; i < 10000; ++i) hits += random.Chance(0.25) ? 1 : 0;
  CHECK(hits > 2300);
  CHECK(hits < 2700);
  CHECK_FALSE(random.Chance(0.0));
  CHECK(random.Chance(1.0));
  CHECK(random.Between(-3, -3) == -3);
}

TEST_CASE("Printable: zero bytes and long values stay readable") {
  CHECK(Printable(ByteView("a\0b", 3)) == "a\\x00b");
  CHECK(Printable(std::string(100, 'x'), 3) == "xxx...(100 bytes)");
}

}  // namespace
}  // namespace orrery
