#include "raft/core/scripts/script_group.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "raft/core/invariants.h"
#include "runtime/base/assert.h"

namespace orrery::raft {
namespace {

ScriptCommand Parse(const std::string& line) {
  std::istringstream in(line);
  ScriptCommand command;
  in >> command.name;
  for (std::string word; in >> word;) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos) {
      command.words.push_back(word);
    } else {
      command.options[word.substr(0, equals)] = word.substr(equals + 1);
    }
  }
  return command;
}

bool IsNumber(const std::string& word) {
  return !word.empty() && word.size() < 10 && word.find_first_not_of("0123456789") == std::string::npos;
}

uint64_t Number(const std::string& word) {
  ORRERY_ASSERT(IsNumber(word));
  return std::stoull(word);
}

uint64_t NumberAt(const ScriptCommand& command, size_t at, uint64_t if_absent) {
  return at < command.words.size() ? Number(command.words[at]) : if_absent;
}

template <class T>
std::string Listed(const std::vector<T>& items) {
  std::string text;
  for (const T& item : items) text += (text.empty() ? "" : ", ") + ToString(item);
  return text;
}

}  // namespace

std::string ScriptGroup::Run(const std::string& line) {
  out_.clear();
  constexpr std::string_view kSilently = "silently ";
  silent_ = line.starts_with(kSilently);
  Execute(Parse(silent_ ? line.substr(kSilently.size()) : line));
  for (Peer& peer : peers_) Check(peer);
  if (out_.empty()) out_ = "(nothing)\n";
  return silent_ && out_ == "(nothing)\n" ? std::string() : out_;
}

void ScriptGroup::Say(const std::string& line) {
  if (!silent_) out_ += line + "\n";
}

ScriptGroup::Peer& ScriptGroup::PeerOf(const std::string& word) {
  const uint64_t number = Number(word);
  ORRERY_ASSERT(number >= 1);
  ORRERY_ASSERT(number <= peers_.size());
  return peers_[number - 1];
}

void ScriptGroup::Execute(const ScriptCommand& command) {
  if (ExecuteOnGroup(command) || ExecuteOnWire(command)) return;
  if (ExecuteOnPeer(command)) return;
  out_ += "unknown command: " + command.name + "\n";
}

bool ScriptGroup::ExecuteOnGroup(const ScriptCommand& command) {
  const std::string first = command.words.empty() ? "" : command.words[0];
  if (command.name == "group") {
    Build(command);
  } else if (command.name == "store" && !IsNumber(first)) {
    store_by_command_ = first == "manual";
    Say("storing is " + first);
  } else if (command.name == "apply" && !IsNumber(first)) {
    apply_by_command_ = first == "manual";
    Say("applying is " + first);
  } else if (command.name == "cut" || command.name == "heal") {
    if (command.name == "heal") cut_.clear();
    for (const std::string& word : command.words) cut_.push_back(PeerId(Number(word)));
    Say(cut_.empty() ? "all are connected" : "cut off: " + Listed(cut_));
  } else if (command.name == "view") {
    for (Peer& peer : peers_) {
      const bool wanted = std::count(command.words.begin(), command.words.end(), ToString(peer.id)) > 0;
      if (wanted || command.words.empty()) View(peer);
    }
  } else {
    return false;
  }
  return true;
}

bool ScriptGroup::ExecuteOnWire(const ScriptCommand& command) {
  if (command.name == "settle") return Settle(), true;
  if (command.name == "wire") {
    for (const Message& message : wire_) Say(ToString(message));
    return true;
  }
  const bool delivers = command.name == "deliver" || command.name == "duplicate";
  if (!delivers && command.name != "drop") return false;
  for (const Message& message : Take(FilterOf(command), command.name == "duplicate")) {
    if (delivers) {
      Deliver(message);
    } else {
      Say("lost " + ToString(message));
    }
  }
  return true;
}

bool ScriptGroup::ExecuteOnPeer(const ScriptCommand& command) {
  if (command.words.empty()) return false;
  Peer& peer = PeerOf(command.words[0]);
  if (command.name == "restart") {
    peer.raft.emplace(peer.id, options_, peer.disk, peer.id.value());
    peer.last_view = peer.raft->View();
    oracle_.Started(peer.id, peer.disk.applied());
    View(peer);
    Pump(peer);
    return true;
  }
  if (!peer.raft) {
    Say(peer, "is down");
    return true;
  }
  if (command.name == "crash") {
    peer.raft.reset();
    peer.writes.clear();
    peer.handed.clear();
    Say(peer, "is down");
  } else if (command.name == "store") {
    Store(peer, NumberAt(command, 1, SIZE_MAX));
  } else if (command.name == "apply") {
    Apply(peer, LogIndex(NumberAt(command, 1, UINT64_MAX)));
  } else if (command.name == "compact") {
    peer.disk.Compact(LogIndex(Number(command.words[1])));
    Say(peer, "log starts at " + ToString(peer.disk.FirstIndex()));
  } else if (command.name == "progress") {
    TellProgress(peer);
  } else if (command.name == "log") {
    Say(peer, "stored " + Listed(peer.disk.entries()));
  } else {
    ExecuteOnRaft(command, peer);
    Pump(peer);
  }
  return true;
}

void ScriptGroup::ExecuteOnRaft(const ScriptCommand& command, Peer& peer) {
  const auto tell = [&](const Status& status) {
    if (!status.ok()) Say(peer, "says " + status.ToString());
  };
  if (command.name == "campaign") {
    tell(peer.raft->Campaign());
  } else if (command.name == "tick" || command.name == "timeout") {
    Tick(peer, NumberAt(command, 1, 1), command.name == "timeout");
  } else if (command.name == "propose") {
    const auto size = command.options.find("size");
    const std::string text = size == command.options.end() ? command.words[1] : std::string(Number(size->second), 'x');
    tell(peer.raft->Propose(Payload(text)).status());
  } else if (command.name == "change") {
    Change(peer, command);
  } else if (command.name == "read") {
    tell(peer.raft->ReadIndex(NumberAt(command, 1, 0)));
  } else if (command.name == "transfer") {
    tell(peer.raft->TransferLeader(PeerId(NumberAt(command, 1, 0))));
  } else if (command.name == "unreachable") {
    peer.raft->ReportUnreachable(PeerId(NumberAt(command, 1, 0)));
  } else if (command.name == "snapshot-status") {
    peer.raft->ReportSnapshotStatus(PeerId(NumberAt(command, 1, 0)), command.words[2] == "delivered");
  } else {
    out_ += "unknown command: " + command.name + "\n";
  }
}

// --- Building ------------------------------------------------------------------------------------------------------

void ScriptGroup::Build(const ScriptCommand& command) {
  std::map<std::string, std::string> values = command.options;
  const auto take = [&values](const char* name) {
    const auto at = values.find(name);
    if (at == values.end()) return uint64_t{0};
    const uint64_t value = Number(at->second);
    values.erase(at);
    return value;
  };
  const uint64_t voters = take("voters");
  const uint64_t founders = voters + take("learners");
  const uint64_t all = founders + take("spares");
  SetOptions(values);
  ConfState conf;
  for (uint64_t i = 1; i <= founders; ++i) {
    conf.members.push_back(Member{PeerId(i), i <= voters ? MemberRole::kVoter : MemberRole::kLearner, {}});
  }
  for (uint64_t i = 1; i <= all; ++i) {
    Peer& peer = peers_.emplace_back();
    peer.id = PeerId(i);
    peer.disk = MemoryLog(i <= founders ? BootstrapState(conf) : InitialState{});
    peer.raft.emplace(peer.id, options_, peer.disk, i);
    peer.last_view = peer.raft->View();
    oracle_.Started(peer.id, peer.disk.applied());
    View(peer);
  }
}

void ScriptGroup::SetOptions(const std::map<std::string, std::string>& values) {
  for (const auto& [name, value] : values) {
    if (name == "store" || name == "apply") {
      (name == "store" ? store_by_command_ : apply_by_command_) = value == "manual";
      continue;
    }
    const uint64_t n = Number(value);
    const std::map<std::string, uint32_t RaftOptions::*> counts{
        {"election_ticks", &RaftOptions::election_ticks},
        {"heartbeat_ticks", &RaftOptions::heartbeat_ticks},
        {"inflight_messages_max", &RaftOptions::inflight_messages_max},
        {"pending_reads_max", &RaftOptions::pending_reads_max}};
    const std::map<std::string, bool RaftOptions::*> switches{
        {"pre_vote", &RaftOptions::pre_vote},
        {"check_quorum", &RaftOptions::check_quorum},
        {"no_vote_after_restart", &RaftOptions::no_vote_after_restart}};
    const std::map<std::string, size_t RaftOptions::*> sizes{
        {"append_bytes_max", &RaftOptions::append_bytes_max},
        {"inflight_bytes_max", &RaftOptions::inflight_bytes_max},
        {"uncommitted_bytes_max", &RaftOptions::uncommitted_bytes_max},
        {"apply_bytes_max", &RaftOptions::apply_bytes_max},
        {"cache_bytes_max", &RaftOptions::cache_bytes_max}};
    if (const auto at = counts.find(name); at != counts.end()) {
      options_.*(at->second) = static_cast<uint32_t>(n);
    } else if (const auto flag = switches.find(name); flag != switches.end()) {
      options_.*(flag->second) = n != 0;
    } else if (const auto size = sizes.find(name); size != sizes.end()) {
      options_.*(size->second) = n;
    } else {
      out_ += "unknown option: " + name + "\n";
    }
  }
  if (Status status = options_.Validate(); !status.ok()) out_ += status.ToString() + "\n";
}

// --- Doing ---------------------------------------------------------------------------------------------------------

void ScriptGroup::Store(Peer& peer, size_t count) {
  ReadyNumber number;
  for (; count > 0 && !peer.writes.empty(); --count) {
    if (const auto& snapshot = peer.writes.front().snapshot) {
      if (Status status = oracle_.Installed(peer.id, *snapshot); !status.ok())
        out_ += "BROKEN " + status.ToString() + "\n";
    }
    peer.disk.Store(peer.writes.front());
    number = peer.writes.front().number;
    peer.writes.pop_front();
  }
  if (number.value() == 0) return;
  Say(peer, "has stored " + ToString(number));
  Send(peer.raft->Advance(Persisted(number)));
  Pump(peer);
}

/// Applies what was handed out up to `until`; a page may be applied in parts.
void ScriptGroup::Apply(Peer& peer, LogIndex until) {
  while (!peer.handed.empty()) {
    Ready& page = peer.handed.front();
    std::vector<Entry> entries;
    for (const Entry& entry : page.committed) {
      if (entry.index <= until) entries.push_back(entry);
    }
    if (entries.empty()) break;
    std::vector<ConfAt> confs;
    for (const ConfAt& at : page.conf_changes) {
      if (at.index <= until) confs.push_back(at);
    }
    page.committed.erase(page.committed.begin(), page.committed.begin() + static_cast<ptrdiff_t>(entries.size()));
    page.conf_changes.erase(page.conf_changes.begin(),
                            page.conf_changes.begin() + static_cast<ptrdiff_t>(confs.size()));
    if (page.committed.empty()) peer.handed.pop_front();
    ApplyEntries(peer, entries, confs);
  }
  Pump(peer);
}

void ScriptGroup::ApplyEntries(Peer& peer, const std::vector<Entry>& entries, const std::vector<ConfAt>& confs) {
  for (const Entry& entry : entries) {
    if (Status status = oracle_.Applied(peer.id, entry); !status.ok()) out_ += "BROKEN " + status.ToString() + "\n";
  }
  if (!confs.empty()) peer.disk.StoreConf(confs.back().conf);
  peer.disk.StoreApplied(entries.back().index, entries.back().term);
  Say(peer, "applied " + Listed(entries));
  for (const ConfAt& at : confs) Say(peer, "configuration at " + ToString(at.index) + ": " + at.conf.ToString());
  peer.raft->ReportApplied(entries.back().index);
}

void ScriptGroup::Tick(Peer& peer, size_t count, bool until_campaign) {
  const Role role = peer.raft->role();
  const Term term = peer.raft->term();
  const size_t limit = until_campaign ? 1000 : count;
  for (size_t i = 1; i <= limit; ++i) {
    peer.raft->Tick();
    if (until_campaign && (peer.raft->role() != role || peer.raft->term() != term)) {
      return Say(peer, "timed out after " + std::to_string(i) + " ticks");
    }
    if (!until_campaign) Pump(peer);
  }
}

void ScriptGroup::Change(Peer& peer, const ScriptCommand& command) {
  const std::map<std::string, ConfChange::Transition> transitions{
      {"auto", ConfChange::Transition::kAuto},
      {"joint", ConfChange::Transition::kJoint},
      {"joint-manual", ConfChange::Transition::kJointManual},
      {"leave", ConfChange::Transition::kLeave}};
  const std::map<char, ConfChangeStep::Kind> kinds{{'+', ConfChangeStep::Kind::kAddVoter},
                                                   {'^', ConfChangeStep::Kind::kAddLearner},
                                                   {'-', ConfChangeStep::Kind::kRemove}};
  ConfChange change;
  change.transition = transitions.at(command.words[1]);
  for (size_t i = 2; i < command.words.size(); ++i) {
    const std::string& word = command.words[i];
    change.steps.push_back(ConfChangeStep{kinds.at(word[0]), PeerId(Number(word.substr(1))), {}});
  }
  const Status status = peer.raft->ProposeConfChange(change).status();
  if (!status.ok()) Say(peer, "says " + status.ToString());
}

ScriptGroup::Filter ScriptGroup::FilterOf(const ScriptCommand& command) const {
  Filter filter;
  for (const std::string& word : command.words) {
    const size_t arrow = word.find("->");
    if (arrow == std::string::npos) {
      filter.kind = word;
      continue;
    }
    const std::string from = word.substr(0, arrow);
    const std::string to = word.substr(arrow + 2);
    if (from != "*") filter.from = PeerId(Number(from));
    if (to != "*") filter.to = PeerId(Number(to));
  }
  if (const auto count = command.options.find("count"); count != command.options.end()) {
    filter.count = Number(count->second);
  }
  if (const auto skip = command.options.find("skip"); skip != command.options.end()) filter.skip = Number(skip->second);
  return filter;
}

bool ScriptGroup::Filter::Matches(const Message& message) const {
  return (!from.valid() || from == message.from) && (!to.valid() || to == message.to) &&
         (kind.empty() || kind == MessageName(message.body));
}

std::vector<Message> ScriptGroup::Take(const Filter& filter, bool keep) {
  std::vector<Message> taken;
  std::vector<Message> kept;
  size_t matched = 0;
  for (Message& message : wire_) {
    const bool matches = filter.Matches(message);
    const bool take = matches && matched++ >= filter.skip && taken.size() < filter.count;
    if (!take || keep) kept.push_back(message);
    if (take) taken.push_back(std::move(message));
  }
  wire_ = std::move(kept);
  return taken;
}

void ScriptGroup::Deliver(const Message& message) {
  Peer& peer = PeerOf(ToString(message.to));
  if (!peer.raft) return Say("lost " + ToString(message));
  Say(peer, "receives " + ToString(message));
  const Status status = peer.raft->Step(message);
  if (!status.ok()) Say(peer, "says " + status.ToString());
  Pump(peer);
}

void ScriptGroup::Settle() {
  for (int turn = 0; turn < 100; ++turn) {
    bool moved = false;
    for (Peer& peer : peers_) {
      if (!peer.raft) continue;
      moved = moved || !peer.writes.empty() || !peer.handed.empty();
      Store(peer, SIZE_MAX);
      Apply(peer, LogIndex(UINT64_MAX));
    }
    for (const Message& message : Take(Filter{}, false)) {
      Deliver(message);
      moved = true;
    }
    if (!moved) return;
  }
  out_ += "BROKEN this does not settle\n";
}

// --- Telling -------------------------------------------------------------------------------------------------------

/// Takes Readies until there are none. Automatic storing and applying happen at once.
void ScriptGroup::Pump(Peer& peer) {
  while (peer.raft->HasReady()) {
    Ready ready = peer.raft->TakeReady();
    TellReady(peer, ready);
    Send(std::exchange(ready.send_now, {}));
    if (!ready.committed.empty()) {
      peer.handed.push_back(ready);
      if (!apply_by_command_) Apply(peer, LogIndex(UINT64_MAX));
    }
    if (ready.NeedsPersist()) {
      peer.writes.push_back(std::move(ready));
      if (!store_by_command_) Store(peer, SIZE_MAX);
    }
  }
}

void ScriptGroup::TellReady(Peer& peer, const Ready& ready) {
  if (ready.soft_state) {
    const SoftState& soft = *ready.soft_state;
    std::string text = "is " + std::string(RoleName(soft.role)) + " in term " + ToString(soft.term);
    if (soft.role == Role::kFollower) text += soft.leader.valid() ? " of " + ToString(soft.leader) : " of nobody";
    Say(peer, text);
  }
  if (ready.NeedsPersist()) {
    std::string text = "stores " + ToString(ready.number) + ":";
    if (ready.snapshot) text += " snapshot " + ToString(*ready.snapshot);
    if (!ready.entries.empty()) text += " entries " + Listed(ready.entries);
    if (ready.hard_state) text += " state (" + ToString(*ready.hard_state) + ")";
    Say(peer, text);
  }
  if (!ready.committed.empty() && apply_by_command_) Say(peer, "hands out " + Listed(ready.committed));
  for (const ReadState& read : ready.reads) {
    Say(peer, "may serve read " + std::to_string(read.context) + " at " + ToString(read.index));
  }
  if (ready.quorum_round) Say(peer, "has a quorum for round " + std::to_string(*ready.quorum_round));
}

void ScriptGroup::Send(std::vector<Message> messages) {
  for (Message& message : messages) {
    const auto is_cut = [&message](PeerId peer) { return peer == message.from || peer == message.to; };
    const bool lost = std::any_of(cut_.begin(), cut_.end(), is_cut);
    Say(ToString(message.from) + " sends " + ToString(message) + (lost ? " (lost)" : ""));
    if (!lost) wire_.push_back(std::move(message));
  }
}

void ScriptGroup::Check(Peer& peer) {
  if (!peer.raft) return;
  const RaftView view = peer.raft->View();
  const RaftView before = std::exchange(peer.last_view, view);
  for (const Status& status : {RaftInvariants::CheckState(*peer.raft), RaftInvariants::CheckDelta(before, view),
                               oracle_.Observe(*peer.raft), peer.raft->failure()}) {
    if (!status.ok()) out_ += "BROKEN " + status.ToString() + "\n";
  }
}

void ScriptGroup::View(const Peer& peer) {
  if (!peer.raft) return Say(peer, "is down");
  const RaftView v = peer.raft->View();
  std::string text(RoleName(v.role));
  text += " term " + ToString(v.term);
  if (v.leader.valid()) text += " leader " + ToString(v.leader);
  text += " log " + ToString(v.first_index) + ".." + ToString(v.last_index) + "/" + ToString(v.last_term);
  text += " stored " + ToString(v.persisted) + " commit " + ToString(v.commit) + " applied " + ToString(v.applied);
  if (peer.raft->MayServeLease()) text += " lease";
  Say(peer, text + " members " + peer.raft->conf().ToString());
}

void ScriptGroup::TellProgress(const Peer& peer) {
  for (const Progress& p : peer.raft->progress()) {
    if (p.peer == peer.id) continue;
    std::string text = "sees " + ToString(p.peer) + ": " + std::string(ProgressStateName(p.state)) + " match " +
                       ToString(p.match) + " next " + ToString(p.next);
    if (p.inflights.size() > 0) text += " in flight " + std::to_string(p.inflights.size());
    if (p.probe_sent) text += " waiting";
    if (p.pending_snapshot.value() != 0) text += " snapshot " + ToString(p.pending_snapshot);
    Say(peer, text);
  }
}

}  // namespace orrery::raft
