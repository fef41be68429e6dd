#include "raft/core/codec.h"

#include <string>
#include <utility>
#include <vector>

namespace orrery::raft {
namespace {

/// The last value of an enum that travels; they all begin with 0.
template <class Enum>
constexpr Enum kLast;
template <>
constexpr EntryKind kLast<EntryKind> = EntryKind::kConfChange;
template <>
constexpr MemberRole kLast<MemberRole> = MemberRole::kDemotingVoter;
template <>
constexpr ConfChangeStep::Kind kLast<ConfChangeStep::Kind> = ConfChangeStep::Kind::kRemove;
template <>
constexpr ConfChange::Transition kLast<ConfChange::Transition> = ConfChange::Transition::kLeave;

/// Reads fields and remembers the first thing that is wrong beyond truncation.
class Reader {
 public:
  /// What a function over fields takes: something to fill.
  template <class T>
  using Of = T;

  explicit Reader(ByteView in) : in_(in) {}

  /// Reads one field after the other.
  template <class... Ts>
  void operator()(Ts&... fields) {
    (One(fields), ...);
  }
  /// A byte in [0, last].
  uint8_t Byte(uint8_t last) {
    const uint8_t value = in_.Fixed8();
    if (value > last) wrong_ = "unknown kind or flag";
    return value;
  }

  Status Version(std::string_view what, uint8_t known = kCodecVersion) {
    const uint8_t version = in_.Fixed8();
    if (!in_.ok() || version == known) return Status::Ok();
    return Status(StatusCode::kVersionMismatch,
                  std::string(what) + ": version " + std::to_string(version) + " is unknown");
  }
  Status Finish(std::string_view what) const {
    if (wrong_ != nullptr) return Status(StatusCode::kCorruption, std::string(what) + ": " + wrong_);
    return in_.Finish(what);
  }

 private:
  bool good() const { return in_.ok() && wrong_ == nullptr; }

  void One(uint64_t& value) {
    const size_t before = in_.remaining();
    value = in_.Varint();
    size_t canonical = 1;
    for (uint64_t rest = value >> 7; rest != 0; rest >>= 7) ++canonical;
    if (in_.ok() && before - in_.remaining() != canonical) wrong_ = "padded number";
  }
  void One(bool& flag) { flag = Byte(1) != 0; }
  void One(Payload& payload) {
    uint64_t size = 0;
    One(size);
    payload = Payload(in_.Raw(size));
  }
  /// A list of things that take at least one byte each.
  template <class T>
  void One(std::vector<T>& list) {
    uint64_t count = 0;
    One(count);
    if (count > in_.remaining()) wrong_ = "count beyond the end";
    for (uint64_t i = 0; i < count && good(); ++i) One(list.emplace_back());
  }
  template <class T>
  void One(T& value) {
    if constexpr (std::is_enum_v<T>) {
      value = T(Byte(static_cast<uint8_t>(kLast<T>)));
    } else if constexpr (requires { value.value(); }) {  // A strong id.
      uint64_t number = 0;
      One(number);
      value = T(number);
    } else {
      Fields(*this, value);
    }
  }

  Decoder in_;
  const char* wrong_ = nullptr;
};

/// Writes what Reader reads.
class Writer {
 public:
  template <class T>
  using Of = const T;

  explicit Writer(Bytes& out, uint8_t version = kCodecVersion) : out_(out) { out_.Fixed8(version); }

  template <class... Ts>
  void operator()(const Ts&... fields) {
    (One(fields), ...);
  }
  void Byte(uint8_t value) { out_.Fixed8(value); }

 private:
  void One(uint64_t value) { out_.Varint(value); }
  void One(bool flag) { out_.Fixed8(flag ? 1 : 0); }
  void One(const Payload& payload) { out_.LengthPrefixed(payload.view()); }
  template <class T>
  void One(const std::vector<T>& list) {
    out_.Varint(list.size());
    for (const T& element : list) One(element);
  }
  template <class T>
  void One(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      out_.Fixed8(static_cast<uint8_t>(value));
    } else if constexpr (requires { value.value(); }) {  // A strong id.
      out_.Varint(value.value());
    } else {
      Fields(*this, value);
    }
  }

  Encoder out_;
};

template <class A, class T>
using Of = typename A::template Of<T>;

// What stands on the wire, field by field: read and written by the same list.

// --- Parts -------------------------------------------------------------------------------------------------------

template <class A>
void Fields(A& a, Of<A, Entry>& entry) {
  a(entry.term, entry.index, entry.kind, entry.payload);
}

template <class A>
void Fields(A& a, Of<A, Member>& member) {
  a(member.peer, member.role, member.context);
}

template <class A>
void Fields(A& a, Of<A, ConfState>& conf) {
  a(conf.auto_leave, conf.members);
}

template <class A>
void Fields(A& a, Of<A, SnapshotMeta>& meta) {
  a(meta.index, meta.term, meta.conf);
}

template <class A>
void Fields(A& a, Of<A, HardState>& hard_state) {
  a(hard_state.term, hard_state.vote, hard_state.commit);
}

template <class A>
void Fields(A& a, Of<A, ConfChangeStep>& step) {
  a(step.kind, step.peer, step.context);
}

template <class A>
void Fields(A& a, Of<A, ConfChange>& change) {
  a(change.transition, change.steps, change.context);
}

// --- Message bodies ----------------------------------------------------------------------------------------------

template <class A>
void Fields(A& a, Of<A, KnownCommit>& commit) {
  a(commit.index, commit.term);
}

template <class A>
void Fields(A& a, Of<A, VoteRequest>& m) {
  a(m.pre_vote, m.transfer, m.campaign_term, m.last_index, m.last_term, m.commit);
}

template <class A>
void Fields(A& a, Of<A, VoteResponse>& m) {
  a(m.pre_vote, m.granted, m.campaign_term, m.commit);
}

template <class A>
void Fields(A& a, Of<A, AppendRequest>& m) {
  a(m.prev_index, m.prev_term, m.commit, m.entries);
}

template <class A>
void Fields(A& a, Of<A, AppendResponse>& m) {
  a(m.rejected, m.index, m.hint_index, m.hint_term);
}

template <class A>
void Fields(A& a, Of<A, HeartbeatRequest>& m) {
  a(m.commit, m.round);
}

template <class A>
void Fields(A& a, Of<A, HeartbeatResponse>& m) {
  a(m.round);
}

template <class A>
void Fields(A& a, Of<A, InstallSnapshot>& m) {
  a(m.meta);
}

template <class A>
void Fields(A&, Of<A, TimeoutNow>&) {}

template <class A>
void Fields(A& a, Of<A, ReadIndexRequest>& m) {
  a(m.context);
}

template <class A>
void Fields(A& a, Of<A, ReadIndexResponse>& m) {
  a(m.context, m.index);
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
  Writer writer(out, kMessageVersion);
  writer(message.from, message.to, message.term);
  writer.Byte(static_cast<uint8_t>(message.body.index()));
  std::visit([&writer](const auto& body) { Fields(writer, body); }, message.body);
}

Result<Message> DecodeMessage(ByteView in) {
  constexpr std::string_view kWhat = "raft message";
  Reader reader(in);
  ORRERY_RETURN_IF_ERROR(reader.Version(kWhat, kMessageVersion));
  Message message;
  reader(message.from, message.to, message.term);
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
