#include "raft/region/state_machine.h"

#include <doctest/doctest.h>

#include <map>

#include "runtime/base/probe.h"

using namespace orrery;

namespace {

/// Keys in memory; a batch becomes readable when it is written, as with an engine.
class MapView final : public KvView {
 public:
  Result<std::optional<Bytes>> Get(ByteView key) override {
    const auto found = written.find(Bytes(key));
    return found == written.end() ? std::optional<Bytes>() : std::optional(found->second);
  }
  void Put(ByteView key, ByteView value) override { batch_.emplace_back(key, Bytes(value)); }
  void Delete(ByteView key) override { batch_.emplace_back(key, std::nullopt); }
  void Write() {
    for (const auto& [key, value] : batch_) {
      if (value) {
        written[key] = *value;
      } else {
        written.erase(key);
      }
    }
    batch_.clear();
  }

  std::map<Bytes, Bytes> written;

 private:
  std::vector<std::pair<Bytes, std::optional<Bytes>>> batch_;
};

struct Fixture {
  NoProbes probes;
  KvStateMachine machine{probes};
  MapView view;
  uint64_t index = 1;
  std::vector<Bytes> payloads;  // Live until the batch ends.

  /// Applies one entry of these commands within the present batch.
  EntryEffects ApplyInBatch(const std::vector<CommandView>& commands) {
    std::vector<Bytes> encoded;
    for (const CommandView& command : commands) encoded.push_back(EncodeCommand(command));
    payloads.reserve(64);
    payloads.emplace_back(EntrySize(encoded), '\0');
    EncodeEntryTo(encoded, payloads.back().data());
    Result<EntryEffects> effects = machine.Apply(LogIndex(++index), payloads.back());
    REQUIRE(effects.ok());
    return *std::move(effects);
  }
  EntryEffects Apply(const std::vector<CommandView>& commands) {
    machine.BeginBatch(view);
    EntryEffects effects = ApplyInBatch(commands);
    machine.EndBatch();
    view.Write();
    return effects;
  }
};

CommandView Put(ByteView key, ByteView value) {
  return {.op = OpKind::kPut, .key = key, .value = value};
}
CommandView Swap(ByteView key, std::optional<ByteView> expected, std::optional<ByteView> value) {
  return {.op = OpKind::kCompareAndSwap, .key = key, .value = value, .expected = expected};
}

}  // namespace

TEST_CASE("State machine: puts, deletes and batches do what they say") {
  Fixture f;
  f.Apply({Put("a", "1"), Put("b", "2")});
  CommandView batch{.op = OpKind::kBatch};
  batch.batch = {{.key = "c", .value = "3"}, {.key = "a", .is_delete = true}};
  CHECK(f.Apply({batch}).outcomes.front().applied);
  CHECK(f.view.written == std::map<Bytes, Bytes>{{"b", "2"}, {"c", "3"}});
}

TEST_CASE("State machine: compare-and-swap tells what it found") {
  Fixture f;
  CHECK(f.Apply({Swap("k", std::nullopt, "1")}).outcomes.front().applied);
  const EntryEffects refused = f.Apply({Swap("k", std::nullopt, "2")});
  CHECK(!refused.outcomes.front().applied);
  CHECK(refused.outcomes.front().current == "1");
  CHECK(f.Apply({Swap("k", "1", std::nullopt)}).outcomes.front().applied);
  CHECK(f.view.written.empty());
  CHECK(!f.Apply({Swap("k", "1", "3")}).outcomes.front().current.has_value());
}

TEST_CASE("State machine: compare-and-swap sees what its own batch wrote, across entries") {
  Fixture f;
  f.Apply({Put("k", "old")});
  f.machine.BeginBatch(f.view);
  f.ApplyInBatch({Put("k", "new"), Put("other", "x")});
  CHECK(!f.ApplyInBatch({Swap("k", "old", "a")}).outcomes.front().applied);
  CHECK(f.ApplyInBatch({Swap("k", "new", "b"), Swap("k", "b", "c")}).outcomes.back().applied);
  f.machine.EndBatch();
  f.view.Write();
  CHECK(f.view.written["k"] == "c");
}

TEST_CASE("State machine: a retried write of a session takes effect once") {
  Fixture f;
  const SessionId session =
      f.Apply({{.kind = CommandKind::kOpenSession, .expires_after_entries = 10}}).outcomes.front().session;
  CommandView write = Put("k", "1");
  write.session = session;
  write.sequence = 1;
  write.lowest_unanswered = 1;
  const CommandOutcome first = f.Apply({write}).outcomes.front();
  f.Apply({Put("k", "2")});
  CHECK(f.Apply({write, write}).outcomes == std::vector<CommandOutcome>{first, first});
  CHECK(f.view.written["k"] == "2");
}

TEST_CASE("State machine: a write of an expired session says so and has no effect") {
  Fixture f;
  const SessionId session =
      f.Apply({{.kind = CommandKind::kOpenSession, .expires_after_entries = 3}}).outcomes.front().session;
  for (int i = 0; i < 4; ++i) f.Apply({Put("other", "x")});
  CommandView write = Put("k", "1");
  write.session = session;
  write.sequence = 1;
  CHECK(f.Apply({write}).outcomes.front().code == StatusCode::kNotFound);
  CHECK(f.view.written.count("k") == 0);
}

TEST_CASE("State machine: bytes that are no entry are corruption") {
  Fixture f;
  f.machine.BeginBatch(f.view);
  CHECK(f.machine.Apply(LogIndex(2), "\x01\x01\x05").code() == StatusCode::kCorruption);
  f.machine.EndBatch();
}
