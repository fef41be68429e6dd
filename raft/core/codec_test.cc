#include "raft/core/codec.h"

#include <doctest/doctest.h>

#include "runtime/base/random.h"

namespace orrery::raft {
namespace {

ConfState SomeConf() {
  ConfState conf;
  conf.members = {Member{PeerId(1), MemberRole::kVoter, Payload("store 1")},
                  Member{PeerId(300), MemberRole::kIncomingVoter, {}},
                  Member{PeerId(301), MemberRole::kDemotingVoter, Payload("c")},
                  Member{PeerId(UINT64_MAX), MemberRole::kLearner, {}}};
  conf.auto_leave = true;
  return conf;
}

std::vector<Message> OneOfEach() {
  const Entry command{Term(3), LogIndex(400), EntryKind::kCommand, Payload("value")};
  const Entry empty{Term(4), LogIndex(401), EntryKind::kCommand, {}};
  const Entry change{Term(4), LogIndex(402), EntryKind::kConfChange, Payload("change")};
  const std::vector<MessageBody> bodies{
      VoteRequest{true, false, Term(5), LogIndex(7), Term(4), KnownCommit{LogIndex(6), Term(3)}},
      VoteRequest{false, true, Term(UINT64_MAX), LogIndex(UINT64_MAX), Term(1), {}},
      VoteResponse{true, true, Term(5), KnownCommit{LogIndex(300), Term(4)}},
      AppendRequest{LogIndex(399), Term(2), LogIndex(390), {command, empty, change}},
      AppendRequest{},
      AppendResponse{true, LogIndex(9), LogIndex(5), Term(2)},
      HeartbeatRequest{LogIndex(7), 12345678901},
      HeartbeatResponse{77},
      InstallSnapshot{SnapshotMeta{LogIndex(500), Term(6), SomeConf()}},
      TimeoutNow{},
      ReadIndexRequest{UINT64_MAX},
      ReadIndexResponse{1, LogIndex(2)},
  };
  std::vector<Message> messages;
  for (const MessageBody& body : bodies) messages.push_back(Message{PeerId(1), PeerId(200), Term(9), body});
  return messages;
}

ConfChange SomeChange() {
  return ConfChange{
      .transition = ConfChange::Transition::kJointManual,
      .steps = {ConfChangeStep{ConfChangeStep::Kind::kAddLearner, PeerId(7), Payload("here")},
                ConfChangeStep{ConfChangeStep::Kind::kRemove, PeerId(1), {}}},
      .context = Payload("why"),
  };
}

/// Encode, decode, equal; every cut and every extra byte refused by name; an unknown version told apart; every flip of
/// one bit gives an error or a value that spells back to the flipped bytes.
template <class T, class EncodeT, class DecodeT>
void CheckForm(const T& value, EncodeT encode, DecodeT decode) {
  Bytes bytes;
  encode(value, bytes);
  const Result<T> back = decode(bytes);
  REQUIRE(back.ok());
  CHECK(*back == value);
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    CAPTURE(cut);
    CHECK(decode(ByteView(bytes).substr(0, cut)).code() == StatusCode::kCorruption);
  }
  CHECK(decode(bytes + '\0').code() == StatusCode::kCorruption);
  Bytes versioned = bytes;
  versioned[0] = static_cast<char>(0x7f);
  CHECK(decode(versioned).code() == StatusCode::kVersionMismatch);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    Bytes flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const Result<T> read = decode(flipped);
    if (!read.ok()) continue;
    Bytes again;
    encode(*read, again);
    CHECK(again == flipped);
  }
}

TEST_CASE("Raft codec: every kind of message survives, and no cut or flip passes for something else") {
  for (const Message& message : OneOfEach()) {
    CAPTURE(ToString(message));
    CheckForm(message, EncodeMessage, DecodeMessage);
  }
}

TEST_CASE("Raft codec: so do all stored forms") {
  CheckForm(Entry{Term(3), LogIndex(400), EntryKind::kConfChange, Payload("value")}, EncodeEntry, DecodeEntry);
  CheckForm(HardState{Term(3), PeerId(4), LogIndex(5000)}, EncodeHardState, DecodeHardState);
  CheckForm(SomeConf(), EncodeConfState, DecodeConfState);
  CheckForm(SnapshotMeta{LogIndex(500), Term(6), SomeConf()}, EncodeSnapshotMeta, DecodeSnapshotMeta);
  CheckForm(SomeChange(), EncodeConfChange, DecodeConfChange);
}

TEST_CASE("Raft codec: random bytes are refused or are the one spelling of what they decode to") {
  Random random(7);
  std::vector<Bytes> seeds;
  for (const Message& message : OneOfEach()) EncodeMessage(message, seeds.emplace_back());
  size_t accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    Bytes bytes = seeds[random.Below(seeds.size())];
    for (uint64_t flips = 1 + random.Below(4); flips > 0; --flips) {
      const size_t at = random.Below(bytes.size());
      bytes[at] = static_cast<char>(random.NextU64());
    }
    if (random.Chance(0.2)) bytes.resize(random.Below(bytes.size()));
    const Result<Message> message = DecodeMessage(bytes);
    if (!message.ok()) continue;
    ++accepted;
    Bytes again;
    EncodeMessage(*message, again);
    CHECK(again == bytes);
  }
  CHECK(accepted > 100);  // Else this test looks at refusals only.
}

TEST_CASE("Raft codec: a count that the bytes cannot hold is refused before anything is reserved") {
  Bytes bytes;
  Encoder e(bytes);
  e.Fixed8(kMessageVersion).Varint(1).Varint(2).Varint(3).Fixed8(2);  // An append.
  e.Varint(1).Varint(1).Varint(1).Varint(UINT64_MAX);
  CHECK(DecodeMessage(bytes).code() == StatusCode::kCorruption);
}

TEST_CASE("Raft codec: padded numbers and flags beyond one are refused") {
  Bytes bytes;
  EncodeHardState(HardState{Term(3), PeerId(4), LogIndex(5)}, bytes);
  Bytes padded;
  padded.push_back(bytes[0]);
  padded += std::string("\x83\x00", 2);
  padded += bytes.substr(2);
  CHECK(DecodeHardState(padded).code() == StatusCode::kCorruption);
  Bytes vote;
  EncodeMessage(Message{PeerId(1), PeerId(2), Term(3), VoteResponse{}}, vote);
  vote[5] = 2;
  CHECK(DecodeMessage(vote).code() == StatusCode::kCorruption);
}

TEST_CASE("Raft codec: a snapshot's configuration is checked where it comes in") {
  Bytes bytes;
  ConfState unsorted;
  unsorted.members = {Member{PeerId(2), MemberRole::kVoter, {}}, Member{PeerId(1), MemberRole::kVoter, {}}};
  EncodeSnapshotMeta(SnapshotMeta{LogIndex(5), Term(2), unsorted}, bytes);
  CHECK(DecodeSnapshotMeta(bytes).code() == StatusCode::kCorruption);
}

}  // namespace
}  // namespace orrery::raft
