#include "raft/core/types.h"

#include <utility>

#include "raft/core/codec.h"
#include "raft/core/ready.h"

namespace orrery::raft {
namespace {

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

std::string Position(LogIndex index, Term term) {
  return ToString(index) + "/" + ToString(term);
}

std::string EntriesText(const std::vector<Entry>& entries) {
  if (entries.empty()) return "";
  std::string text = " entries [";
  for (size_t i = 0; i < entries.size(); ++i) text += (i == 0 ? "" : ", ") + ToString(entries[i]);
  return text + "]";
}

std::string CommitText(const KnownCommit& commit) {
  return " commit " + Position(commit.index, commit.term);
}

std::string BodyText(const MessageBody& body) {
  return std::visit(Overloaded{
                        [](const VoteRequest& m) {
                          return "for " + ToString(m.campaign_term) + " last " + Position(m.last_index, m.last_term) +
                                 CommitText(m.commit) + (m.transfer ? " by transfer" : "");
                        },
                        [](const VoteResponse& m) {
                          return "for " + ToString(m.campaign_term) + (m.granted ? " granted" : " refused") +
                                 CommitText(m.commit);
                        },
                        [](const AppendRequest& m) {
                          return "prev " + Position(m.prev_index, m.prev_term) + " commit " + ToString(m.commit) +
                                 EntriesText(m.entries);
                        },
                        [](const AppendResponse& m) {
                          if (!m.rejected) return "accepted " + ToString(m.index);
                          return "rejected " + ToString(m.index) + " hint " + Position(m.hint_index, m.hint_term);
                        },
                        [](const HeartbeatRequest& m) {
                          return "commit " + ToString(m.commit) + " round " + std::to_string(m.round);
                        },
                        [](const HeartbeatResponse& m) { return "round " + std::to_string(m.round); },
                        [](const InstallSnapshot& m) { return ToString(m.meta); },
                        [](const TimeoutNow&) { return std::string(); },
                        [](const ReadIndexRequest& m) { return "context " + std::to_string(m.context); },
                        [](const ReadIndexResponse& m) {
                          return "context " + std::to_string(m.context) + " index " + ToString(m.index);
                        },
                    },
                    body);
}

std::string_view StepName(ConfChangeStep::Kind kind) {
  switch (kind) {
    case ConfChangeStep::Kind::kAddVoter: return "add-voter";
    case ConfChangeStep::Kind::kAddLearner: return "add-learner";
    case ConfChangeStep::Kind::kRemove: return "remove";
  }
  return "?";
}

std::string_view TransitionName(ConfChange::Transition transition) {
  switch (transition) {
    case ConfChange::Transition::kAuto: return "auto";
    case ConfChange::Transition::kJoint: return "joint";
    case ConfChange::Transition::kJointManual: return "joint-manual";
    case ConfChange::Transition::kLeave: return "leave";
  }
  return "?";
}

}  // namespace

InitialState BootstrapState(ConfState conf) {
  return InitialState{
      .hard_state = HardState{.term = kBootstrapTerm, .vote = PeerId(), .commit = kBootstrapIndex},
      .applied = kBootstrapIndex,
      .conf = std::move(conf),
  };
}

std::string_view RoleName(Role role) {
  switch (role) {
    case Role::kFollower: return "follower";
    case Role::kPreCandidate: return "pre-candidate";
    case Role::kCandidate: return "candidate";
    case Role::kLeader: return "leader";
  }
  return "?";
}

std::string_view MessageName(const MessageBody& body) {
  return std::visit(Overloaded{
                        [](const VoteRequest& m) -> std::string_view { return m.pre_vote ? "pre-vote?" : "vote?"; },
                        [](const VoteResponse& m) -> std::string_view { return m.pre_vote ? "pre-vote" : "vote"; },
                        [](const AppendRequest&) -> std::string_view { return "append"; },
                        [](const AppendResponse&) -> std::string_view { return "append-answer"; },
                        [](const HeartbeatRequest&) -> std::string_view { return "heartbeat"; },
                        [](const HeartbeatResponse&) -> std::string_view { return "heartbeat-answer"; },
                        [](const InstallSnapshot&) -> std::string_view { return "snapshot"; },
                        [](const TimeoutNow&) -> std::string_view { return "timeout-now"; },
                        [](const ReadIndexRequest&) -> std::string_view { return "read-index?"; },
                        [](const ReadIndexResponse&) -> std::string_view { return "read-index"; },
                    },
                    body);
}

std::string ToString(const Entry& entry) {
  std::string text = Position(entry.index, entry.term);
  if (entry.kind == EntryKind::kCommand) {
    return entry.payload.empty() ? text : text + " \"" + Printable(entry.payload.view(), 32) + "\"";
  }
  const Result<ConfChange> change = DecodeConfChange(entry.payload.view());
  return text + (change.ok() ? " conf " + ToString(*change) : " conf (malformed)");
}

std::string ToString(const HardState& hard_state) {
  std::string text = "term " + ToString(hard_state.term);
  if (hard_state.vote.valid()) text += " vote " + ToString(hard_state.vote);
  return text + " commit " + ToString(hard_state.commit);
}

std::string ToString(const SnapshotMeta& meta) {
  return Position(meta.index, meta.term) + " conf " + meta.conf.ToString();
}

std::string ToString(const ConfChange& change) {
  std::string text(TransitionName(change.transition));
  for (const ConfChangeStep& step : change.steps) {
    text += ' ';
    text += StepName(step.kind);
    text += ' ' + ToString(step.peer);
  }
  return text;
}

std::string ToString(const Message& message) {
  std::string text = ToString(message.from) + "->" + ToString(message.to) + " ";
  text += MessageName(message.body);
  text += " term " + ToString(message.term);
  const std::string body = BodyText(message.body);
  return body.empty() ? text : text + " " + body;
}

}  // namespace orrery::raft
