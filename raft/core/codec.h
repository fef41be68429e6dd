#pragma once

#include "raft/core/types.h"
#include "runtime/base/bytes.h"
#include "runtime/base/status.h"

/// Bytes of everything that Raft stores or sends. Canonical: equal values give equal bytes, and a decoder refuses every
/// other spelling (padded varints, unsorted members, flags beyond 0 and 1), so decode(x) = v implies encode(v) = x.
/// Each top-level form starts with its version; kVersionMismatch names an unknown one, kCorruption anything else wrong.
/// No decoder trusts a length before it has checked it against the bytes that are there.
namespace orrery::raft {

/// Of what is stored.
inline constexpr uint8_t kCodecVersion = 1;
/// Of what is sent. 2: votes carry the sender's commit (KnownCommit).
inline constexpr uint8_t kMessageVersion = 2;

void EncodeMessage(const Message& message, Bytes& out);
Result<Message> DecodeMessage(ByteView in);

void EncodeEntry(const Entry& entry, Bytes& out);
Result<Entry> DecodeEntry(ByteView in);

void EncodeHardState(const HardState& hard_state, Bytes& out);
Result<HardState> DecodeHardState(ByteView in);

void EncodeConfState(const ConfState& conf, Bytes& out);
Result<ConfState> DecodeConfState(ByteView in);

void EncodeSnapshotMeta(const SnapshotMeta& meta, Bytes& out);
Result<SnapshotMeta> DecodeSnapshotMeta(ByteView in);

/// The payload of an entry of kind kConfChange.
void EncodeConfChange(const ConfChange& change, Bytes& out);
Result<ConfChange> DecodeConfChange(ByteView in);

}  // namespace orrery::raft
