#include "raft/region/command.h"

#include <doctest/doctest.h>

#include "runtime/base/random.h"

using namespace orrery;

namespace {

Bytes Hex(ByteView bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  Bytes text;
  for (const char c : bytes) {
    text += kDigits[static_cast<uint8_t>(c) >> 4];
    text += kDigits[static_cast<uint8_t>(c) & 15];
  }
  return text;
}

Bytes Pack(const std::vector<Bytes>& commands) {
  Bytes entry(EntrySize(commands), '\0');
  EncodeEntryTo(commands, entry.data());
  return entry;
}

CommandView Write(OpKind op, ByteView key) {
  CommandView command;
  command.session = SessionId(0x30001);
  command.sequence = 7;
  command.lowest_unanswered = 5;
  command.op = op;
  command.key = key;
  return command;
}

}  // namespace

// On-disk and wire formats: a difference here needs a new version number, not a new expectation.
TEST_CASE("Command codec: golden bytes") {
  CommandView put = Write(OpKind::kPut, "k");
  put.value = "vv";
  CHECK(Hex(EncodeCommand(put)) ==
        "0181800c07050101"
        "6b"
        "027676");
  CHECK(Hex(EncodeCommand(Write(OpKind::kDelete, "k"))) ==
        "0181800c07050201"
        "6b");
  CommandView swap = Write(OpKind::kCompareAndSwap, "k");
  swap.expected = "e";
  CHECK(Hex(EncodeCommand(swap)) ==
        "0181800c07050301"
        "6b"
        "020165");
  CommandView batch = Write(OpKind::kBatch, "");
  batch.batch = {{.key = "a", .value = "1"}, {.key = "b", .is_delete = true}};
  CHECK(Hex(EncodeCommand(batch)) ==
        "0181800c07050402"
        "00016101"
        "31"
        "010162");
  CHECK(Hex(EncodeCommand({.kind = CommandKind::kOpenSession, .expires_after_entries = 300})) == "02ac02");
  CHECK(Hex(EncodeCommand({.kind = CommandKind::kHashState})) == "03");
  CHECK(Hex(EncodeCommand({.kind = CommandKind::kVerifyHash, .index = LogIndex(9), .hash = 1})) ==
        "04090100000000000000");
  CHECK(Hex(EncodeCommand({.kind = CommandKind::kCompactLog, .index = LogIndex(300)})) == "05ac02");
  CHECK(Hex(Pack({"ab", "c"})) ==
        "010202616201"
        "63");
}

TEST_CASE("Command codec: what is packed is read back") {
  CommandView swap = Write(OpKind::kCompareAndSwap, "key");
  swap.value = "new";
  const Bytes entry = Pack({EncodeCommand(swap), EncodeCommand({.kind = CommandKind::kHashState})});
  EntryReader reader(entry);
  REQUIRE(reader.Next());
  CHECK(reader.count() == 2);
  CHECK(reader.command().session == SessionId(0x30001));
  CHECK(reader.command().key == "key");
  CHECK(reader.command().value == "new");
  CHECK(!reader.command().expected.has_value());
  REQUIRE(reader.Next());
  CHECK(reader.command().kind == CommandKind::kHashState);
  CHECK(!reader.Next());
  CHECK(reader.status().ok());
}

TEST_CASE("Command codec: an empty payload is an entry without commands") {
  EntryReader reader("");
  CHECK(!reader.Next());
  CHECK(reader.status().ok());
}

TEST_CASE("Command codec: damaged entries are refused, never misread beyond their end") {
  CommandView batch = Write(OpKind::kBatch, "");
  batch.batch = {{.key = "a", .value = "1"}, {.key = "b", .is_delete = true}};
  const Bytes entry = Pack({EncodeCommand(batch), EncodeCommand({.kind = CommandKind::kHashState})});
  for (size_t size = 1; size < entry.size(); ++size) {
    EntryReader reader(ByteView(entry).substr(0, size));
    while (reader.Next()) {
    }
    CHECK(reader.status().code() == StatusCode::kCorruption);
  }
  Random random(3);
  for (int round = 0; round < 2000; ++round) {
    Bytes damaged = entry;
    const uint64_t at = random.Below(damaged.size());
    damaged[at] = static_cast<char>(random.NextU64());
    EntryReader reader(damaged);
    while (reader.Next()) {
    }
  }
}
