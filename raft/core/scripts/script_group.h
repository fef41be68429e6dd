#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "raft/core/model/memory_log.h"
#include "raft/core/oracles.h"
#include "raft/core/raft.h"

namespace orrery::raft {

/// One command of a script in words: "deliver 1->2 append count=1".
struct ScriptCommand {
  std::string name;
  std::vector<std::string> words;              ///< Without the name and the options.
  std::map<std::string, std::string> options;  ///< key=value.
};

/// A group of peers that does only what a script says and writes down everything that happens. Nothing is sent, stored
/// or applied that the transcript does not show. The commands, with N a peer:
///
///   group voters=3 [learners=1] [spares=1] [OPTION=VALUE ...]   peers 1.. in this order; spares know nobody yet;
///                                      OPTION is a field of RaftOptions; store=manual, apply=manual: only by command
///   store N [count] | store manual|auto      the oldest queued writes become durable
///   apply N [index] | apply manual|auto      what was handed out is applied
///   campaign N | tick N [count] | timeout N  timeout: ticks until it campaigns
///   propose N text | propose N size=BYTES | change N TRANSITION [+voter] [^learner] [-member] ...
///   read N context | transfer N target | unreachable N peer | snapshot-status N peer delivered|failed
///   deliver [A->B] [KIND] [count=K]    messages now on the wire, in order; * is anybody
///   drop [A->B] [KIND] [count=K] | duplicate [A->B] [KIND]; skip=K passes over the first ones
///   cut N [...] | heal                 everything that these peers send or are sent is lost, from now on
///   settle                             deliver, store and apply until nothing moves
///   crash N | restart N | compact N index
///   view [N ...] | progress N | wire | log N
///   silently COMMAND                   as COMMAND, without transcript
class ScriptGroup {
 public:
  /// Runs one line; the transcript of what happened, each line ended.
  std::string Run(const std::string& line);

 private:
  struct Peer {
    PeerId id;
    MemoryLog disk;
    std::optional<Raft> raft;
    std::deque<Ready> writes;
    std::deque<Ready> handed;
    RaftView last_view;
  };
  struct Filter {
    PeerId from;
    PeerId to;
    std::string kind;
    size_t skip = 0;
    size_t count = SIZE_MAX;
    bool Matches(const Message& message) const;
  };

  void Execute(const ScriptCommand& command);
  bool ExecuteOnGroup(const ScriptCommand& command);
  bool ExecuteOnWire(const ScriptCommand& command);
  bool ExecuteOnPeer(const ScriptCommand& command);
  void ExecuteOnRaft(const ScriptCommand& command, Peer& peer);

  void Build(const ScriptCommand& command);
  void SetOptions(const std::map<std::string, std::string>& values);
  void Store(Peer& peer, size_t count);
  void Apply(Peer& peer, LogIndex until);
  void ApplyEntries(Peer& peer, const std::vector<Entry>& entries, const std::vector<ConfAt>& confs);
  Filter FilterOf(const ScriptCommand& command) const;
  void Tick(Peer& peer, size_t count, bool until_campaign);
  void Change(Peer& peer, const ScriptCommand& command);
  void Deliver(const Message& message);
  std::vector<Message> Take(const Filter& filter, bool keep);
  void Settle();
  void Pump(Peer& peer);
  void TellReady(Peer& peer, const Ready& ready);
  void Send(std::vector<Message> messages);
  void Check(Peer& peer);
  void View(const Peer& peer);
  void TellProgress(const Peer& peer);
  void Say(const std::string& line);
  void Say(const Peer& peer, const std::string& line) { Say(ToString(peer.id) + " " + line); }
  Peer& PeerOf(const std::string& word);

  RaftOptions options_;
  std::deque<Peer> peers_;
  std::vector<Message> wire_;
  std::vector<PeerId> cut_;
  GroupOracle oracle_;
  bool store_by_command_ = false;
  bool apply_by_command_ = false;
  bool silent_ = false;
  std::string out_;
};

}  // namespace orrery::raft
