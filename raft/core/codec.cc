#include "raft/core/codec.h"

#include <string>
#include <utility>

namespace orrery::raft {
namespace {

/// Reads fields and remembers the first thing that is wrong beyond truncation.
class Reader {
 public:
  explicit Reader(ByteView in) : in_(in) {}

  uint64_t Number() {
    const size_t before = in_.remaining();
    const uint64_t value = in_.Varint();
    size_t canonical = 1;
    for (uint64_t rest = value >> 7; rest != 0; rest >>= 7) ++canonical;
    if (in_.ok() && before - in_.remaining() != canonical) wrong_ = "padded number";
    return value;
  }
  template <class Strong>
  Strong Id() {
    return Strong(Number());
  }
  bool Flag() { return Choice(1) != 0; }
  /// A byte in [0, last].
  uint8_t Choice(uint8_t last) {
    const uint8_t value = in_.Fixed8();
    if (value > last) wrong_ = "unknown kind or flag";
    return value;
  }
  Payload Blob() {
    const uint64_t size = Number();
    return Payload(in_.Raw(size));
  }
  /// A count of things that take at least one byte each.
  size_t Count() {
    const uint64_t count = Number();
    if (count <= in_.remaining()) return count;
    wrong_ = "count beyond the end";
    return 0;
  }
  bool good() const { return in_.ok() && wrong_ == nullptr; }

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
  Decoder in_;
  const char* wrong_ = nullptr;
};

class Writer {
 public:
  explicit Writer(Bytes& out) : out_(out) {}

  template <class Strong>
  Writer& Id(Strong id) {
    return Number(id.value());
  }
  Writer& Number(uint64_t value) {
    out_.Varint(value);
    return *this;
  }
  Writer& Byte(uint8_t value) {
    out_.Fixed8(value);
    return *this;
  }
  Writer& Blob(const Payload& payload) {
    out_.LengthPrefixed(payload.view());
    return *this;
  }

 private:
  Encoder out_;
};

// --- Parts -------------------------------------------------------------------------------------------------------

void Put(Writer& out, const Entry& entry) {
  out.Id(entry.term).Id(entry.index).Byte(static_cast<uint8_t>(entry.kind)).Blob(entry.payload);
}

void Get(Reader& in, Entry& entry) {
  entry.term = in.Id<Term>();
  entry.index = in.Id<LogIndex>();
  entry.kind = EntryKind(in.Choice(static_cast<uint8_t>(EntryKind::kConfChange)));
  entry.payload = in.Blob();
}

void Put(Writer& out, const ConfState& conf) {
  out.Byte(conf.auto_leave).Number(conf.members.size());
  for (const Member& member : conf.members) {
    out.Id(member.peer).Byte(static_cast<uint8_t>(member.role)).Blob(member.context);
  }
}

void Get(Reader& in, ConfState& conf) {
  conf.auto_leave = in.Flag();
  const size_t count = in.Count();
  for (size_t i = 0; i < count && in.good(); ++i) {
    Member& member = conf.members.emplace_back();
    member.peer = in.Id<PeerId>();
    member.role = MemberRole(in.Choice(static_cast<uint8_t>(MemberRole::kDemotingVoter)));
    member.context = in.Blob();
  }
}

void Put(Writer& out, const SnapshotMeta& meta) {
  out.Id(meta.index).Id(meta.term);
  Put(out, meta.conf);
}

void Get(Reader& in, SnapshotMeta& meta) {
  meta.index = in.Id<LogIndex>();
  meta.term = in.Id<Term>();
  Get(in, meta.conf);
}

// --- Message bodies ----------------------------------------------------------------------------------------------

void Put(Writer& out, const VoteRequest& m) {
  out.Byte(m.pre_vote).Byte(m.transfer).Id(m.campaign_term).Id(m.last_index).Id(m.last_term);
}
void Get(Reader& in, VoteRequest& m) {
  m.pre_vote = in.Flag();
  m.transfer = in.Flag();
  m.campaign_term = in.Id<Term>();
  m.last_index = in.Id<LogIndex>();
  m.last_term = in.Id<Term>();
}

void Put(Writer& out, const VoteResponse& m) {
  out.Byte(m.pre_vote).Byte(m.granted).Id(m.campaign_term);
}
void Get(Reader& in, VoteResponse& m) {
  m.pre_vote = in.Flag();
  m.granted = in.Flag();
  m.campaign_term = in.Id<Term>();
}

void Put(Writer& out, const AppendRequest& m) {
  out.Id(m.prev_index).Id(m.prev_term).Id(m.commit).Number(m.entries.size());
  for (const Entry& entry : m.entries) Put(out, entry);
}
void Get(Reader& in, AppendRequest& m) {
  m.prev_index = in.Id<LogIndex>();
  m.prev_term = in.Id<Term>();
  m.commit = in.Id<LogIndex>();
  const size_t count = in.Count();
  for (size_t i = 0; i < count && in.good(); ++i) Get(in, m.entries.emplace_back());
}

void Put(Writer& out, const AppendResponse& m) {
  out.Byte(m.rejected).Id(m.index).Id(m.hint_index).Id(m.hint_term);
}
void Get(Reader& in, AppendResponse& m) {
  m.rejected = in.Flag();
  m.index = in.Id<LogIndex>();
  m.hint_index = in.Id<LogIndex>();
  m.hint_term = in.Id<Term>();
}

void Put(Writer& out, const HeartbeatRequest& m) {
  out.Id(m.commit).Number(m.round);
}
void Get(Reader& in, HeartbeatRequest& m) {
  m.commit = in.Id<LogIndex>();
  m.round = in.Number();
}

void Put(Writer& out, const HeartbeatResponse& m) {
  out.Number(m.round);
}
void Get(Reader& in, HeartbeatResponse& m) {
  m.round = in.Number();
}

void Put(Writer& out, const InstallSnapshot& m) {
  Put(out, m.meta);
}
void Get(Reader& in, InstallSnapshot& m) {
  Get(in, m.meta);
}

void Put(Writer&, const TimeoutNow&) {}
void Get(Reader&, TimeoutNow&) {}

void Put(Writer& out, const ReadIndexRequest& m) {
  out.Number(m.context);
}
void Get(Reader& in, ReadIndexRequest& m) {
  m.context = in.Number();
}

void Put(Writer& out, const ReadIndexResponse& m) {
  out.Number(m.context).Id(m.index);
}
void Get(Reader& in, ReadIndexResponse& m) {
  m.context = in.Number();
  m.index = in.Id<LogIndex>();
}

/// Makes `body` hold the alternative number `kind`.
template <size_t... kKinds>
void Emplace(MessageBody& body, size_t kind, std::index_sequence<kKinds...>) {
  ((kKinds == kind ? static_cast<void>(body.emplace<kKinds>()) : static_cast<void>(0)), ...);
}
constexpr size_t kKindCount = std::variant_size_v<MessageBody>;

Status CheckConf(const ConfState& conf, std::string_view what) {
  return conf.Check().Wrap(what);
}

}  // namespace

void EncodeMessage(const Message& message, Bytes& out) {
  Writer writer(out);
  writer.Byte(kCodecVersion).Id(message.from).Id(message.to).Id(message.term);
  writer.Byte(static_cast<uint8_t>(message.body.index()));
  std::visit([&writer](const auto& body) { Put(writer, body); }, message.body);
}

Result<Message> DecodeMessage(ByteView in) {
  Reader reader(in);
  ORRERY_RETURN_IF_ERROR(reader.Version("raft message"));
  Message message;
  message.from = reader.Id<PeerId>();
  message.to = reader.Id<PeerId>();
  message.term = reader.Id<Term>();
  Emplace(message.body, reader.Choice(kKindCount - 1), std::make_index_sequence<kKindCount>());
  std::visit([&reader](auto& body) { Get(reader, body); }, message.body);
  ORRERY_RETURN_IF_ERROR(reader.Finish("raft message"));
  if (const auto* install = std::get_if<InstallSnapshot>(&message.body)) {
    ORRERY_RETURN_IF_ERROR(CheckConf(install->meta.conf, "raft message"));
  }
  return message;
}

void EncodeEntry(const Entry& entry, Bytes& out) {
  Writer writer(out);
  writer.Byte(kCodecVersion);
  Put(writer, entry);
}

Result<Entry> DecodeEntry(ByteView in) {
  Reader reader(in);
  ORRERY_RETURN_IF_ERROR(reader.Version("raft entry"));
  Entry entry;
  Get(reader, entry);
  ORRERY_RETURN_IF_ERROR(reader.Finish("raft entry"));
  return entry;
}

void EncodeHardState(const HardState& hard_state, Bytes& out) {
  Writer(out).Byte(kCodecVersion).Id(hard_state.term).Id(hard_state.vote).Id(hard_state.commit);
}

Result<HardState> DecodeHardState(ByteView in) {
  Reader reader(in);
  ORRERY_RETURN_IF_ERROR(reader.Version("raft hard state"));
  HardState hard_state;
  hard_state.term = reader.Id<Term>();
  hard_state.vote = reader.Id<PeerId>();
  hard_state.commit = reader.Id<LogIndex>();
  ORRERY_RETURN_IF_ERROR(reader.Finish("raft hard state"));
  return hard_state;
}

void EncodeConfState(const ConfState& conf, Bytes& out) {
  Writer writer(out);
  writer.Byte(kCodecVersion);
  Put(writer, conf);
}

Result<ConfState> DecodeConfState(ByteView in) {
  Reader reader(in);
  ORRERY_RETURN_IF_ERROR(reader.Version("raft configuration"));
  ConfState conf;
  Get(reader, conf);
  ORRERY_RETURN_IF_ERROR(reader.Finish("raft configuration"));
  ORRERY_RETURN_IF_ERROR(CheckConf(conf, "raft configuration"));
  return conf;
}

void EncodeSnapshotMeta(const SnapshotMeta& meta, Bytes& out) {
  Writer writer(out);
  writer.Byte(kCodecVersion);
  Put(writer, meta);
}

Result<SnapshotMeta> DecodeSnapshotMeta(ByteView in) {
  Reader reader(in);
  ORRERY_RETURN_IF_ERROR(reader.Version("raft snapshot"));
  SnapshotMeta meta;
  Get(reader, meta);
  ORRERY_RETURN_IF_ERROR(reader.Finish("raft snapshot"));
  ORRERY_RETURN_IF_ERROR(CheckConf(meta.conf, "raft snapshot"));
  return meta;
}

void EncodeConfChange(const ConfChange& change, Bytes& out) {
  Writer writer(out);
  writer.Byte(kCodecVersion).Byte(static_cast<uint8_t>(change.transition)).Number(change.steps.size());
  for (const ConfChangeStep& step : change.steps) {
    writer.Byte(static_cast<uint8_t>(step.kind)).Id(step.peer).Blob(step.context);
  }
  writer.Blob(change.context);
}

Result<ConfChange> DecodeConfChange(ByteView in) {
  Reader reader(in);
  ORRERY_RETURN_IF_ERROR(reader.Version("raft configuration change"));
  ConfChange change;
  change.transition = ConfChange::Transition(reader.Choice(static_cast<uint8_t>(ConfChange::Transition::kLeave)));
  const size_t count = reader.Count();
  for (size_t i = 0; i < count && reader.good(); ++i) {
    ConfChangeStep& step = change.steps.emplace_back();
    step.kind = ConfChangeStep::Kind(reader.Choice(static_cast<uint8_t>(ConfChangeStep::Kind::kRemove)));
    step.peer = reader.Id<PeerId>();
    step.context = reader.Blob();
  }
  change.context = reader.Blob();
  ORRERY_RETURN_IF_ERROR(reader.Finish("raft configuration change"));
  return change;
}

}  // namespace orrery::raft
