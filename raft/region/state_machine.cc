#include "raft/region/state_machine.h"

#include <algorithm>

#include "runtime/base/probe.h"

namespace orrery {

void KvStateMachine::BeginBatch(KvView& view) {
  ORRERY_ASSERT(view_ == nullptr);
  view_ = &view;
}

void KvStateMachine::EndBatch() {
  ORRERY_ASSERT(view_ != nullptr);
  WritePending();
  view_ = nullptr;
  pending_.clear();
  pending_by_key_.clear();
  pending_indexed_ = 0;
}

Result<EntryEffects> KvStateMachine::Apply(LogIndex index, ByteView payload) {
  ORRERY_ASSERT(view_ != nullptr);
  EntryReader reader(payload);
  EntryEffects effects;
  effects.outcomes.reserve(reader.count());
  while (reader.Next()) {
    const CommandView& command = reader.command();
    switch (command.kind) {
      case CommandKind::kWrite: {
        ORRERY_ASSIGN_OR_RETURN(CommandOutcome outcome, ApplyWrite(index, command));
        effects.outcomes.push_back(std::move(outcome));
        break;
      }
      case CommandKind::kOpenSession:
        effects.outcomes.push_back(sessions_.Open(index, effects.outcomes.size(), command.expires_after_entries));
        break;
      case CommandKind::kHashState:
        effects.hash_state = true;
        effects.outcomes.push_back(CommandOutcome{.applied = true, .index = index});
        break;
      case CommandKind::kVerifyHash:
        effects.verify = EntryEffects::Verify{.index = command.index, .hash = command.hash};
        effects.outcomes.push_back(CommandOutcome{.applied = true, .index = index});
        break;
      case CommandKind::kCompactLog:
        effects.compact_to = std::max(effects.compact_to, command.index);
        effects.outcomes.push_back(CommandOutcome{.applied = true, .index = index});
        break;
    }
  }
  ORRERY_RETURN_IF_ERROR(reader.status());
  sessions_.OnEntryApplied(index);
  return effects;
}

Result<CommandOutcome> KvStateMachine::ApplyWrite(LogIndex index, const CommandView& command) {
  if (!command.session.valid()) return Execute(index, command);
  const CommandOutcome* remembered = nullptr;
  switch (sessions_.Check(index, command.session, command.sequence, command.lowest_unanswered, &remembered)) {
    case SessionTable::Lookup::kNew: break;
    case SessionTable::Lookup::kRepeated: ORRERY_PROBE(probes_, "region.session.repeated"); return *remembered;
    case SessionTable::Lookup::kExpired:
      ORRERY_PROBE(probes_, "region.session.expired");
      return CommandOutcome{.code = StatusCode::kNotFound, .index = index};
    case SessionTable::Lookup::kDropped:
      ORRERY_PROBE(probes_, "region.session.dropped");
      return CommandOutcome{.code = StatusCode::kUnknownOutcome, .index = index};
  }
  ORRERY_ASSIGN_OR_RETURN(CommandOutcome outcome, Execute(index, command));
  sessions_.Remember(index, command.session, command.sequence, command.lowest_unanswered, outcome);
  return outcome;
}

Result<CommandOutcome> KvStateMachine::Execute(LogIndex index, const CommandView& command) {
  switch (command.op) {
    case OpKind::kPut: Put(command.key, *command.value); break;
    case OpKind::kDelete: Delete(command.key); break;
    case OpKind::kCompareAndSwap: return CompareAndSwap(index, command);
    case OpKind::kBatch:
      for (const MutationView& mutation : command.batch) {
        if (mutation.is_delete) {
          Delete(mutation.key);
        } else {
          Put(mutation.key, mutation.value);
        }
      }
      break;
  }
  return CommandOutcome{.applied = true, .index = index};
}

Result<CommandOutcome> KvStateMachine::CompareAndSwap(LogIndex index, const CommandView& command) {
  ORRERY_ASSIGN_OR_RETURN(std::optional<Bytes> current, Read(command.key));
  const bool matches = current.has_value() ? command.expected.has_value() && *command.expected == *current
                                           : !command.expected.has_value();
  if (!matches) return CommandOutcome{.applied = false, .current = std::move(current), .index = index};
  if (command.value) {
    Put(command.key, *command.value);
  } else {
    Delete(command.key);
  }
  return CommandOutcome{.applied = true, .index = index};
}

Result<std::optional<Bytes>> KvStateMachine::Read(ByteView key) {
  for (; pending_indexed_ < pending_.size(); ++pending_indexed_) {
    const Pending& pending = pending_[pending_indexed_];
    pending_by_key_[pending.key] = pending.value;
  }
  const auto found = pending_by_key_.find(key);
  if (found == pending_by_key_.end()) return view_->Get(key);
  ORRERY_PROBE(probes_, "region.apply.cas_reads_own_batch");
  return found->second ? std::optional<Bytes>(*found->second) : std::nullopt;
}

void KvStateMachine::Put(ByteView key, ByteView value) {
  pending_.push_back(Pending{.key = key, .value = value});
}

void KvStateMachine::Delete(ByteView key) {
  pending_.push_back(Pending{.key = key, .value = std::nullopt});
}

/// In order of key, because the engine inserts neighbours one after the other much faster than keys from everywhere;
/// of several writes to one key only the last, because the batch takes effect as a whole.
void KvStateMachine::WritePending() {
  std::stable_sort(pending_.begin(), pending_.end(), [](const Pending& a, const Pending& b) { return a.key < b.key; });
  for (size_t i = 0; i < pending_.size(); ++i) {
    const Pending& pending = pending_[i];
    if (i + 1 < pending_.size() && pending_[i + 1].key == pending.key) {
      ORRERY_PROBE(probes_, "region.apply.overwritten_in_batch");
      continue;
    }
    if (pending.value) {
      view_->Put(pending.key, *pending.value);
    } else {
      view_->Delete(pending.key);
    }
  }
}

}  // namespace orrery
