#include "raft/region/sessions.h"

#include <algorithm>

namespace orrery {
namespace {

constexpr uint8_t kTableVersion = 1;

constexpr uint8_t kApplied = 1;
constexpr uint8_t kHasCurrent = 2;

enum class JournalKind : uint8_t { kOpen = 1, kUse = 2, kUseWithOutcome = 3, kSweep = 4 };

Status Malformed(std::string_view what) {
  return Status(StatusCode::kCorruption, std::string(what) + " is malformed");
}

}  // namespace

void EncodeOutcome(const CommandOutcome& outcome, Encoder& encoder) {
  encoder.Fixed8(static_cast<uint8_t>(outcome.code));
  encoder.Fixed8(static_cast<uint8_t>((outcome.applied ? kApplied : 0) | (outcome.current ? kHasCurrent : 0)));
  encoder.Varint(outcome.index.value()).Varint(outcome.session.value());
  if (outcome.current) encoder.LengthPrefixed(*outcome.current);
}

CommandOutcome DecodeOutcome(Decoder& decoder) {
  CommandOutcome outcome;
  outcome.code = static_cast<StatusCode>(decoder.Fixed8());
  const uint8_t flags = decoder.Fixed8();
  outcome.applied = (flags & kApplied) != 0;
  outcome.index = LogIndex(decoder.Varint());
  outcome.session = SessionId(decoder.Varint());
  if ((flags & kHasCurrent) != 0) outcome.current = Bytes(decoder.LengthPrefixed());
  return outcome;
}

bool SessionTable::Expired(const Session& session, LogIndex index) {
  return session.last_used + session.expires_after_entries < index;
}

CommandOutcome SessionTable::Open(LogIndex index, size_t ordinal, uint64_t expires_after_entries) {
  ORRERY_ASSERT(ordinal < (size_t{1} << kOrdinalBits));
  CommandOutcome outcome{.index = index};
  if (sessions_.size() >= kSessionsMax) {
    outcome.code = StatusCode::kBusy;
    return outcome;
  }
  outcome.applied = true;
  outcome.session = SessionId((index.value() << kOrdinalBits) | ordinal);
  sessions_[outcome.session] = Session{.last_used = index, .expires_after_entries = expires_after_entries};
  Encoder(journal_)
      .Fixed8(static_cast<uint8_t>(JournalKind::kOpen))
      .Varint(index.value())
      .Varint(outcome.session.value())
      .Varint(expires_after_entries);
  return outcome;
}

std::vector<SessionTable::Stored>::iterator SessionTable::Session::FirstNotBelow(uint64_t sequence) {
  return std::lower_bound(results.begin(), results.end(), sequence,
                          [](const Stored& stored, uint64_t wanted) { return stored.sequence < wanted; });
}

void SessionTable::ForgetBelow(Session& session, uint64_t sequence) {
  if (sequence <= session.forgotten_below) return;
  const auto end = session.FirstNotBelow(sequence);
  ForgetOldest(session, static_cast<size_t>(end - session.results.begin()));
  session.forgotten_below = sequence;
}

void SessionTable::ForgetOldest(Session& session, size_t count) {
  const auto end = session.results.begin() + static_cast<std::ptrdiff_t>(count);
  for (auto stored = session.results.begin(); stored != end; ++stored) {
    session.value_bytes -= stored->outcome.current ? stored->outcome.current->size() : 0;
    const uint64_t next = stored->sequence + (stored->sequence < UINT64_MAX ? 1 : 0);
    session.forgotten_below = std::max(session.forgotten_below, next);
  }
  session.results.erase(session.results.begin(), end);
}

SessionTable::Lookup SessionTable::Check(LogIndex index, SessionId id, uint64_t sequence, uint64_t lowest_unanswered,
                                         const CommandOutcome** remembered) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || Expired(found->second, index)) return Lookup::kExpired;
  Session& session = found->second;
  session.last_used = index;
  ForgetBelow(session, lowest_unanswered);
  Lookup lookup = Lookup::kNew;
  if (sequence < session.forgotten_below) {
    lookup = Lookup::kDropped;
  } else {
    const auto at = session.FirstNotBelow(sequence);
    if (at != session.results.end() && at->sequence == sequence) {
      *remembered = &at->outcome;
      lookup = Lookup::kRepeated;
    }
  }
  if (lookup != Lookup::kNew) JournalUse(index, id, sequence, lowest_unanswered, nullptr);
  return lookup;
}

void SessionTable::Remember(LogIndex index, SessionId id, uint64_t sequence, uint64_t lowest_unanswered,
                            CommandOutcome outcome) {
  const auto found = sessions_.find(id);
  ORRERY_ASSERT(found != sessions_.end());
  JournalUse(index, id, sequence, lowest_unanswered, &outcome);
  Store(found->second, sequence, std::move(outcome));
}

void SessionTable::Store(Session& session, uint64_t sequence, CommandOutcome outcome) {
  session.value_bytes += outcome.current ? outcome.current->size() : 0;
  const auto at = session.FirstNotBelow(sequence);
  session.results.insert(at, Stored{sequence, std::move(outcome)});
  while (session.results.size() > kResultsMax ||
         (session.value_bytes > kResultBytesMax && session.results.size() > 1)) {
    ForgetOldest(session, 1);  // Also where a damaged journal says that it is forgotten already.
  }
}

bool SessionTable::OnEntryApplied(LogIndex index) {
  if (index.value() % kSweepEntries != 0) return false;
  Sweep(index);
  Encoder(journal_).Fixed8(static_cast<uint8_t>(JournalKind::kSweep)).Varint(index.value());
  return true;
}

void SessionTable::Sweep(LogIndex index) {
  std::erase_if(sessions_, [index](const auto& entry) { return Expired(entry.second, index); });
}

void SessionTable::EncodeTo(Bytes& out) const {
  Encoder encoder(out);
  encoder.Fixed8(kTableVersion).Varint(sessions_.size());
  for (const auto& [id, session] : sessions_) {
    encoder.Varint(id.value()).Varint(session.last_used.value()).Varint(session.expires_after_entries);
    encoder.Varint(session.forgotten_below).Varint(session.results.size());
    for (const Stored& stored : session.results) {
      encoder.Varint(stored.sequence);
      EncodeOutcome(stored.outcome, encoder);
    }
  }
}

Status SessionTable::DecodeFrom(ByteView bytes) {
  sessions_.clear();
  journal_.clear();
  Decoder decoder(bytes);
  const uint8_t version = decoder.Fixed8();
  if (version != kTableVersion) return Status(StatusCode::kVersionMismatch, "session table has an unknown format");
  const uint64_t count = decoder.Varint();
  for (uint64_t i = 0; i < count && decoder.ok(); ++i) {
    const SessionId id(decoder.Varint());
    Session session{.last_used = LogIndex(decoder.Varint())};
    session.expires_after_entries = decoder.Varint();
    session.forgotten_below = decoder.Varint();
    const uint64_t results = decoder.Varint();
    for (uint64_t k = 0; k < results && decoder.ok(); ++k) {
      const uint64_t sequence = decoder.Varint();
      if (!session.results.empty() && session.results.back().sequence >= sequence) return Malformed("session table");
      session.results.push_back(Stored{sequence, DecodeOutcome(decoder)});
      const CommandOutcome& outcome = session.results.back().outcome;
      session.value_bytes += outcome.current ? outcome.current->size() : 0;
    }
    if (!sessions_.empty() && sessions_.rbegin()->first >= id) return Malformed("session table");
    sessions_.emplace_hint(sessions_.end(), id, std::move(session));
  }
  return decoder.Finish("session table");
}

void SessionTable::JournalUse(LogIndex index, SessionId id, uint64_t sequence, uint64_t lowest,
                              const CommandOutcome* outcome) {
  Encoder encoder(journal_);
  encoder.Fixed8(static_cast<uint8_t>(outcome == nullptr ? JournalKind::kUse : JournalKind::kUseWithOutcome));
  encoder.Varint(index.value()).Varint(id.value()).Varint(sequence).Varint(lowest);
  if (outcome != nullptr) EncodeOutcome(*outcome, encoder);
}

Bytes SessionTable::TakeJournal() {
  Bytes taken;
  taken.swap(journal_);
  return taken;
}

Status SessionTable::ReplayOpen(Decoder& decoder) {
  const LogIndex index(decoder.Varint());
  const SessionId id(decoder.Varint());
  const uint64_t expires = decoder.Varint();
  if (!decoder.ok()) return Malformed("session journal");
  sessions_[id] = Session{.last_used = index, .expires_after_entries = expires};
  return Status::Ok();
}

Status SessionTable::ReplayUse(Decoder& decoder, bool with_outcome) {
  const LogIndex index(decoder.Varint());
  const SessionId id(decoder.Varint());
  const uint64_t sequence = decoder.Varint();
  const uint64_t lowest = decoder.Varint();
  std::optional<CommandOutcome> outcome;
  if (with_outcome) outcome = DecodeOutcome(decoder);
  const auto found = sessions_.find(id);
  if (!decoder.ok() || found == sessions_.end()) return Malformed("session journal");
  found->second.last_used = index;
  ForgetBelow(found->second, lowest);
  if (outcome) Store(found->second, sequence, *std::move(outcome));
  return Status::Ok();
}

Status SessionTable::Replay(ByteView journal) {
  Decoder decoder(journal);
  while (decoder.ok() && !decoder.AtEnd()) {
    switch (static_cast<JournalKind>(decoder.Fixed8())) {
      case JournalKind::kOpen: ORRERY_RETURN_IF_ERROR(ReplayOpen(decoder)); break;
      case JournalKind::kUse: ORRERY_RETURN_IF_ERROR(ReplayUse(decoder, false)); break;
      case JournalKind::kUseWithOutcome: ORRERY_RETURN_IF_ERROR(ReplayUse(decoder, true)); break;
      case JournalKind::kSweep: Sweep(LogIndex(decoder.Varint())); break;
      default: return Malformed("session journal");
    }
  }
  return decoder.Finish("session journal");
}

}  // namespace orrery
