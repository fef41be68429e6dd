#include "raft/region/sessions.h"

#include <doctest/doctest.h>

#include "runtime/base/random.h"

using namespace orrery;

namespace {

using Lookup = SessionTable::Lookup;

/// A table with one session, opened by entry 10 and expiring after 100 entries.
struct Fixture {
  SessionTable table;
  SessionId session = table.Open(LogIndex(10), 0, 100).session;
  const CommandOutcome* remembered = nullptr;

  Lookup Check(uint64_t index, uint64_t sequence, uint64_t lowest = 1) {
    return table.Check(LogIndex(index), session, sequence, lowest, &remembered);
  }
  void Apply(uint64_t index, uint64_t sequence, uint64_t lowest = 1) {
    REQUIRE(Check(index, sequence, lowest) == Lookup::kNew);
    table.Remember(LogIndex(index), session, sequence, lowest, {.applied = true, .index = LogIndex(index)});
  }
};

Bytes Encoded(const SessionTable& table) {
  Bytes bytes;
  table.EncodeTo(bytes);
  return bytes;
}

}  // namespace

TEST_CASE("Sessions: a repeated request is answered with what it did the first time") {
  Fixture f;
  f.Apply(11, 1);
  CHECK(f.Check(12, 1) == Lookup::kRepeated);
  CHECK(f.remembered->index == LogIndex(11));
  CHECK(f.Check(13, 2) == Lookup::kNew);
}

TEST_CASE("Sessions: what the client will not ask again is forgotten, and never applied again") {
  Fixture f;
  f.Apply(11, 1);
  f.Apply(12, 2, 2);
  CHECK(f.Check(13, 1) == Lookup::kDropped);
  CHECK(f.Check(13, 2) == Lookup::kRepeated);
}

TEST_CASE("Sessions: a late request below the lowest unanswered number is not applied though it never was") {
  Fixture f;
  f.Apply(11, 5, 5);
  CHECK(f.Check(12, 3) == Lookup::kDropped);
}

TEST_CASE("Sessions: a session expires by entries since its last use") {
  Fixture f;
  f.Apply(100, 1);
  CHECK(f.Check(200, 1) == Lookup::kRepeated);  // Used: the count begins anew.
  CHECK(f.Check(301, 2) == Lookup::kExpired);
  CHECK(f.table.Check(LogIndex(12), SessionId(1), 1, 1, &f.remembered) == Lookup::kExpired);
}

TEST_CASE("Sessions: the sweep removes exactly the expired ones") {
  Fixture f;
  const SessionId other = f.table.Open(LogIndex(1000), 0, 100).session;
  CHECK(!f.table.OnEntryApplied(LogIndex(1023)));
  CHECK(f.table.size() == 2);
  CHECK(f.table.OnEntryApplied(LogIndex(1024)));
  CHECK(f.table.size() == 1);
  CHECK(f.table.Check(LogIndex(1025), other, 1, 1, &f.remembered) == Lookup::kNew);
}

TEST_CASE("Sessions: two sessions opened by one entry differ") {
  SessionTable table;
  CHECK(table.Open(LogIndex(5), 0, 10).session != table.Open(LogIndex(5), 1, 10).session);
}

TEST_CASE("Sessions: results beyond the limit are dropped, oldest first") {
  Fixture f;
  for (uint64_t sequence = 1; sequence <= SessionTable::kResultsMax + 1; ++sequence) f.Apply(11, sequence);
  CHECK(f.Check(12, 1) == Lookup::kDropped);
  CHECK(f.Check(12, 2) == Lookup::kRepeated);
}

TEST_CASE("Sessions: the table can be rebuilt from a checkpoint and the journal behind it") {
  Random random(11);
  SessionTable table;
  SessionTable rebuilt;
  std::vector<SessionId> sessions;
  const CommandOutcome* remembered = nullptr;
  for (uint64_t index = 1; index < 5000; ++index) {
    if (sessions.empty() || random.Chance(0.02)) sessions.push_back(table.Open(LogIndex(index), 0, 400).session);
    const SessionId session = sessions[random.Skewed(sessions.size())];
    const uint64_t sequence = 1 + index / 50 + random.Below(4);
    const uint64_t lowest = 1 + index / 60;
    if (table.Check(LogIndex(index), session, sequence, lowest, &remembered) == Lookup::kNew) {
      CommandOutcome outcome{.applied = random.Chance(0.8), .index = LogIndex(index)};
      if (!outcome.applied) outcome.current = "current value";
      table.Remember(LogIndex(index), session, sequence, lowest, outcome);
    }
    table.OnEntryApplied(LogIndex(index));
    if (random.Chance(0.1)) REQUIRE(rebuilt.Replay(table.TakeJournal()).ok());
    if (random.Chance(0.01)) {
      SessionTable loaded;
      REQUIRE(loaded.DecodeFrom(Encoded(rebuilt)).ok());
      CHECK(Encoded(loaded) == Encoded(rebuilt));
      rebuilt = loaded;
    }
  }
  REQUIRE(rebuilt.Replay(table.TakeJournal()).ok());
  CHECK(Encoded(rebuilt) == Encoded(table));
  CHECK(table.size() < sessions.size());
}

TEST_CASE("Sessions: damaged tables and journals are refused") {
  Fixture f;
  f.Apply(11, 1);
  const Bytes bytes = Encoded(f.table);
  for (size_t size = 0; size < bytes.size(); ++size) {
    SessionTable table;
    CHECK(!table.DecodeFrom(ByteView(bytes).substr(0, size)).ok());
  }
  SessionTable table;
  CHECK(table.Replay("\x09").code() == StatusCode::kCorruption);
}

TEST_CASE("Sessions: a journal that keeps what it has forgotten is no endless loop") {
  for (const uint64_t sequence : {uint64_t{1}, UINT64_MAX}) {
    CAPTURE(sequence);
    Bytes journal;
    Encoder out(journal);
    out.Fixed8(1).Varint(3).Varint(7).Varint(1000);  // Session 7 is opened.
    for (size_t i = 0; i < SessionTable::kResultsMax + 2; ++i) {
      out.Fixed8(3).Varint(4).Varint(7).Varint(sequence).Varint(9);  // Used with an outcome; all below 9 is forgotten.
      out.Fixed8(0).Fixed8(0).Varint(4).Varint(7);
    }
    SessionTable table;
    CHECK(table.Replay(journal).ok());
    CHECK(table.size() == 1);
  }
}
