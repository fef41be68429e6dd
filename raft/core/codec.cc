#include "raft/core/codec.h"

#include <string>
#include <utility>
#include <vector>

namespace orrery::raft {
namespace {

/// Reads fields and remembers the first thing that is wrong beyond truncation.
class Reader {
 public:
  /// What a function over fields takes: something to fill.
  template <class T>
  using Of = T;

  explicit Reader(ByteView in) : in_(in) {}

  void Number(uint64_t& value) {
    const size_t before = in_.remaining();
    value = in_.Varint();
    size_t canonical = 1;
    for (uint64_t rest = value >> 7; rest != 0; rest >>= 7) ++canonical;
    if (in_.ok() && before - in_.remaining() != canonical) wrong_ = "padded number";
  }
  template <class Strong>
  void Id(Strong& id) {
    uint64_t value = 0;
    Number(value);
    id = Strong(value);
  }
  void Flag(bool& flag) { flag = Byte(1) != 0; }
  template <class Enum>
  void Choice(Enum& value, Enum last) {
    value = Enum(Byte(static_cast<uint8_t>(last)));
  }
  void Blob(Payload& payload) {
    uint64_t size = 0;
    Number(size);
    payload = Payload(in_.Raw(size));
  }
  /// A list of things that take at least one byte each.
  template <class T>
  void List(std::vector<T>& list) {
    uint64_t count = 0;
    Number(count);
    if (count > in_.remaining()) wrong_ = "count beyond the end";
    for (uint64_t i = 0; i < count && good(); ++i) Fields(*this, list.emplace_back());
  }
  /// A byte in [0, last].
  uint8_t Byte(uint8_t last) {
    const uint8_t value = in_.Fixed8();
    if (value > last) wrong_ = "unknown kind or flag";
    return value;
  }

  Status Version(std::string_view what) {
    const uint8_t version = in_.Fixed8();
    if (!in_.ok() || version == kCodecVersion) return Status::Ok();
    return Status(StatusCode::kVersionMismatch,
                  std::string(what) + ": version " + std::to_string(version) + " is unknown");
  }
  Status Finish(std::string_view what) const {
    if (wrong_ != nullptr) return Status(StatusCode::kCorruption, std::string(what) + ": " + wrong_);
    return in_.Finish(what);
  }

 private:
  bool good() const { return in_.ok() && wrong_ == nullptr; }

  Decoder in_;
  const char* wrong_ = nullptr;
};

/// Writes what Reader reads.
class Writer {
 public:
  template <class T>
  using Of = const T;

  explicit Writer(Bytes& out) : out_(out) { out_.Fixed8(kCodecVersion); }

  void Number(uint64_t value) { out_.Varint(value); }
  template <class Strong>
  void Id(Strong id) {
    out_.Varint(id.value());
  }
  void Flag(bool flag) { out_.Fixed8(flag ? 1 : 0); }
  template <class Enum>
  void Choice(Enum value, Enum) {
    out_.Fixed8(static_cast<uint8_t>(value));
  }
  void Blob(const Payload& payload) { out_.LengthPrefixed(payload.view()); }
  template <class T>
  void List(const std::vector<T>& list) {
    out_.Varint(list.size());
    for (const T& element : list) Fields(*this, element);
  }
  void Byte(uint8_t value) { out_.Fixed8(value); }

 private:
  Encoder out_;
};

// What stands on the wire, field by field: read and written by the same list.

// --- Parts -------------------------------------------------------------------------------------------------------

template <class A>
void Fields(A& a, typename A::template Of<Entry>& entry) {
  a.Id(entry.term);
  a.Id(entry.index);
  a.Choice(entry.kind, EntryKind::kConfChange);
  a.Blob(entry.payload);
}

template <class A>
void Fields(A& a, typename A::template Of<Member>& member) {
  a.Id(member.peer);
  a.Choice(member.role, MemberRole::kDemotingVoter);
  a.Blob(member.context);
}

template <class A>
void Fields(A& a, typename A::template Of<ConfState>& conf) {
  a.Flag(conf.auto_leave);
  a.List(conf.members);
}

template <class A>
void Fields(A& a, typename A::template Of<SnapshotMeta>& meta) {
  a.Id(meta.index);
  a.Id(meta.term);
  Fields(a, meta.conf);
}

template <class A>
void Fields(A& a, typename A::template Of<HardState>& hard_state) {
  a.Id(hard_state.term);
  a.Id(hard_state.vote);
  a.Id(hard_state.commit);
}

template <class A>
void Fields(A& a, typename A::template Of<ConfChangeStep>& step) {
  a.Choice(step.kind, ConfChangeStep::Kind::kRemove);
  a.Id(step.peer);
  a.Blob(step.context);
}

template <class A>
void Fields(A& a, typename A::template Of<ConfChange>& change) {
  a.Choice(change.transition, ConfChange::Transition::kLeave);
  a.List(change.steps);
  a.Blob(change.context);
}

// --- Message bodies ----------------------------------------------------------------------------------------------

template <class A>
void Fields(A& a, typename A::template Of<VoteRequest>& m) {
  a.Flag(m.pre_vote);
  a.Flag(m.transfer);
  a.Id(m.campaign_term);
  a.Id(m.last_index);
  a.Id(m.last_term);
}

template <class A>
void Fields(A& a, typename A::template Of<VoteResponse>& m) {
  a.Flag(m.pre_vote);
  a.Flag(m.granted);
  a.Id(m.campaign_term);
}

template <class A>
void Fields(A& a, typename A::template Of<AppendRequest>& m) {
  a.Id(m.prev_index);
  a.Id(m.prev_term);
  a.Id(m.commit);
  a.List(m.entries);
}

template <class A>
void Fields(A& a, typename A::template Of<AppendResponse>& m) {
  a.Flag(m.rejected);
  a.Id(m.index);
  a.Id(m.hint_index);
  a.Id(m.hint_term);
}

template <class A>
void Fields(A& a, typename A::template Of<HeartbeatRequest>& m) {
  a.Id(m.commit);
  a.Number(m.round);
}

template <class A>
void Fields(A& a, typename A::template Of<HeartbeatResponse>& m) {
  a.Number(m.round);
}

template <class A>
void Fields(A& a, typename A::template Of<InstallSnapshot>& m) {
  Fields(a, m.meta);
}

template <class A>
void Fields(A&, typename A::template Of<TimeoutNow>&) {}

template <class A>
void Fields(A& a, typename A::template Of<ReadIndexRequest>& m) {
  a.Number(m.context);
}

template <class A>
void Fields(A& a, typename A::template Of<ReadIndexResponse>& m) {
  a.Number(m.context);
  a.Id(m.index);
}

template <class T>
void EncodeOne(const T& value, Bytes& out) {
  Writer writer(out);
  Fields(writer, value);
}

template <class T>
Result<T> DecodeOne(ByteView in, std::string_view what) {
  Reader reader(in);
  ORRERY_RETURN_IF_ERROR(reader.Version(what));
  T value;
  Fields(reader, value);
  ORRERY_RETURN_IF_ERROR(reader.Finish(what));
  return value;
}

/// Makes `body` hold the alternative number `kind`.
template <size_t... kKinds>
void Emplace(MessageBody& body, size_t kind, std::index_sequence<kKinds...>) {
  ((kKinds == kind ? static_cast<void>(body.emplace<kKinds>()) : static_cast<void>(0)), ...);
}
constexpr size_t kKindCount = std::variant_size_v<MessageBody>;

}  // namespace

void EncodeMessage(const Message& message, Bytes& out) {
  Writer writer(out);
  writer.Id(message.from);
  writer.Id(message.to);
  writer.Id(message.term);
  writer.Byte(static_cast<uint8_t>(message.body.index()));
  std::visit([&writer](const auto& body) { Fields(writer, body); }, message.body);
}

Result<Message> DecodeMessage(ByteView in) {
  constexpr std::string_view kWhat = "raft message";
  Reader reader(in);
  ORRERY_RETURN_IF_ERROR(reader.Version(kWhat));
  Message message;
  reader.Id(message.from);
  reader.Id(message.to);
  reader.Id(message.term);
  Emplace(message.body, reader.Byte(kKindCount - 1), std::make_index_sequence<kKindCount>());
  std::visit([&reader](auto& body) { Fields(reader, body); }, message.body);
  ORRERY_RETURN_IF_ERROR(reader.Finish(kWhat));
  if (const auto* install = std::get_if<InstallSnapshot>(&message.body)) {
    ORRERY_RETURN_IF_ERROR(install->meta.conf.Check().Wrap(kWhat));
  }
  return message;
}

void EncodeEntry(const Entry& entry, Bytes& out) {
  EncodeOne(entry, out);
}

Result<Entry> DecodeEntry(ByteView in) {
  return DecodeOne<Entry>(in, "raft entry");
}

void EncodeHardState(const HardState& hard_state, Bytes& out) {
  EncodeOne(hard_state, out);
}

Result<HardState> DecodeHardState(ByteView in) {
  return DecodeOne<HardState>(in, "raft hard state");
}

void EncodeConfState(const ConfState& conf, Bytes& out) {
  EncodeOne(conf, out);
}

Result<ConfState> DecodeConfState(ByteView in) {
  constexpr std::string_view kWhat = "raft configuration";
  ORRERY_ASSIGN_OR_RETURN(ConfState conf, DecodeOne<ConfState>(in, kWhat));
  ORRERY_RETURN_IF_ERROR(conf.Check().Wrap(kWhat));
  return conf;
}

void EncodeSnapshotMeta(const SnapshotMeta& meta, Bytes& out) {
  EncodeOne(meta, out);
}

Result<SnapshotMeta> DecodeSnapshotMeta(ByteView in) {
  constexpr std::string_view kWhat = "raft snapshot";
  ORRERY_ASSIGN_OR_RETURN(SnapshotMeta meta, DecodeOne<SnapshotMeta>(in, kWhat));
  ORRERY_RETURN_IF_ERROR(meta.conf.Check().Wrap(kWhat));
  return meta;
}

void EncodeConfChange(const ConfChange& change, Bytes& out) {
  EncodeOne(change, out);
}

Result<ConfChange> DecodeConfChange(ByteView in) {
  return DecodeOne<ConfChange>(in, "raft configuration change");
}

}  // namespace orrery::raft
