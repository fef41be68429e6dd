#include "workloads/check/proof/reference_store.h"

#include <algorithm>
#include <map>
#include <vector>

#include "runtime/base/assert.h"

namespace orrery::check {

std::string_view StoreBugName(StoreBug bug) {
  switch (bug) {
    case StoreBug::kNone: return "none";
    case StoreBug::kNoWriteCheck: return "no-write-check";
    case StoreBug::kNoReadCheck: return "no-read-check";
    case StoreBug::kDirtyRead: return "dirty-read";
    case StoreBug::kIntermediateRead: return "intermediate-read";
    case StoreBug::kAbortedApplied: return "aborted-applied";
    case StoreBug::kLostWrite: return "lost-write";
    case StoreBug::kTornCommit: return "torn-commit";
    case StoreBug::kLongFork: return "long-fork";
    case StoreBug::kStaleSnapshot: return "stale-snapshot";
    case StoreBug::kForgetsOwnWrites: return "forgets-own-writes";
    case StoreBug::kUnrepeatable: return "unrepeatable";
    case StoreBug::kDoubleApply: return "double-apply";
    case StoreBug::kReorder: return "reorder";
  }
  ORRERY_UNREACHABLE("store bug");
}

namespace {

using Stamp = uint64_t;

/// A committed write: visible to a client from the stamp of its group on.
struct Element {
  int64_t value;
  Stamp visible[2];
};

struct Client {
  enum class Phase : uint8_t { kIdle, kRunning, kCommitting, kReturning };
  Phase phase = Phase::kIdle;
  uint32_t number = 0;
  size_t op = 0;  // in the script
  size_t next_micro = 0;
  Stamp snapshot = 0;
  bool reckless = false;  // commits without any check
  bool committed = false;
  std::vector<uint32_t> torn;  // keys still to install
  int group() const { return static_cast<int>(number % 2); }
};

class Store {
 public:
  Store(const StoreOptions& options, Random& random) : options_(options), random_(random), clients_(options.clients) {
    for (uint32_t i = 0; i < options.clients; ++i) clients_[i].number = i;
    for (uint32_t i = 0; i < options.keys_active; ++i) active_.push_back(i);
    keys_ = options.keys_active;
  }

  Script Run() {
    script_.ops.reserve(options_.txns + 1);
    uint32_t busy = 0;
    while (script_.ops.size() < options_.txns || busy > 0) {
      Client& client = clients_[random_.Below(clients_.size())];
      const bool was_idle = client.phase == Client::Phase::kIdle;
      if (was_idle && script_.ops.size() >= options_.txns) continue;
      Step(client);
      if (was_idle) ++busy;
      if (client.phase == Client::Phase::kIdle) --busy;
    }
    if (options_.final_reads) ReadEverything();
    return std::move(script_);
  }

 private:
  bool lists() const { return options_.model == TxnModel::kListAppend; }
  bool Is(StoreBug bug) const { return options_.bug == bug; }
  ScriptOp& OpOf(const Client& client) { return script_.ops[client.op]; }

  void Step(Client& client) {
    switch (client.phase) {
      case Client::Phase::kIdle: return Begin(client);
      case Client::Phase::kRunning: return RunNext(client);
      case Client::Phase::kCommitting: return InstallNext(client);
      case Client::Phase::kReturning: return Return(client);
    }
  }

  // --- what a transaction does -----------------------------------------------------------------------------

  void AddWrite(ScriptOp& op, uint64_t slot) {
    const uint32_t key = active_[slot];
    const int64_t value = ++written_[key];
    if (static_cast<uint32_t>(value) >= options_.writes_per_key) active_[slot] = keys_++;
    if (options_.read_before_write) AddRead(op, key);
    op.micros.push_back({.kind = lists() ? MicroKind::kAppend : MicroKind::kWrite, .key = key, .value = value});
  }

  void AddRead(ScriptOp& op, uint32_t key) {
    const MicroKind kind = lists() ? MicroKind::kReadList : MicroKind::kRead;
    op.micros.push_back({.kind = kind, .known = false, .key = key});
  }

  void Begin(Client& client) {
    ScriptOp op;
    op.invoke = ++now_;
    op.process = client.number;
    const uint64_t micros = 1 + random_.Below(options_.micros_max);
    for (uint64_t i = 0; i < micros; ++i) {
      const uint64_t slot = random_.Below(active_.size());
      if (random_.Chance(options_.read_share)) {
        AddRead(op, active_[slot]);
      } else {
        AddWrite(op, slot);
      }
    }
    client.op = script_.ops.size();
    client.phase = Client::Phase::kRunning;
    client.next_micro = 0;
    client.committed = false;
    client.reckless = Is(StoreBug::kStaleSnapshot) && random_.Chance(0.1);
    client.snapshot = committed_;
    script_.ops.push_back(std::move(op));
    if (client.reckless || MaySeeThePast(client)) {
      const Stamp age = random_.Below(6);
      client.snapshot -= std::min(client.snapshot, age);
    }
  }

  bool MaySeeThePast(const Client& client) {
    if (options_.promise == StorePromise::kSnapshotIsolation) return true;
    return options_.promise == StorePromise::kSerializable && !Writes(client);
  }

  bool Writes(const Client& client) {
    const auto& micros = OpOf(client).micros;
    return std::any_of(micros.begin(), micros.end(), [](const ScriptMicro& m) { return !IsRead(m.kind); });
  }

  bool Visible(const Client& client, const Element& element) const {
    if (options_.promise == StorePromise::kReadCommitted || Is(StoreBug::kUnrepeatable)) return true;
    return element.visible[Is(StoreBug::kLongFork) ? client.group() : 0] <= client.snapshot;
  }

  void RunNext(Client& client) {
    ScriptOp& op = OpOf(client);
    if (client.next_micro == op.micros.size()) return Decide(client);
    ScriptMicro& m = op.micros[client.next_micro];
    if (IsRead(m.kind)) Read(client, m);
    ++client.next_micro;
  }

  void Read(const Client& client, ScriptMicro& m) {
    std::vector<int64_t> shown;
    for (const Element& element : objects_[m.key]) {
      if (Visible(client, element)) shown.push_back(element.value);
    }
    if (Is(StoreBug::kDirtyRead) || Is(StoreBug::kIntermediateRead)) ShowUncommitted(client, m.key, shown);
    if (!Is(StoreBug::kForgetsOwnWrites)) ShowWrites(client, m.key, shown);
    m.known = true;
    if (lists()) {
      m.list = std::move(shown);
    } else {
      m.value = shown.empty() ? 0 : shown.back();
    }
  }

  /// What `client` has written to `key` so far.
  void ShowWrites(const Client& client, uint32_t key, std::vector<int64_t>& shown) {
    const ScriptOp& op = OpOf(client);
    for (size_t i = 0; i < client.next_micro; ++i) {
      if (!IsRead(op.micros[i].kind) && op.micros[i].key == key) shown.push_back(op.micros[i].value);
    }
  }

  void ShowUncommitted(const Client& reader, uint32_t key, std::vector<int64_t>& shown) {
    for (const Client& other : clients_) {
      if (other.number == reader.number || other.phase != Client::Phase::kRunning || !random_.Chance(0.5)) continue;
      const auto& micros = OpOf(other).micros;
      const bool more = std::any_of(micros.begin() + static_cast<ptrdiff_t>(other.next_micro), micros.end(),
                                    [&](const ScriptMicro& m) { return !IsRead(m.kind) && m.key == key; });
      if (Is(StoreBug::kIntermediateRead) && !more) continue;
      ShowWrites(other, key, shown);
    }
  }

  // --- how it ends -----------------------------------------------------------------------------------------

  bool Conflicts(const Client& client, bool reads, bool writes) {
    for (const ScriptMicro& m : OpOf(client).micros) {
      if (IsRead(m.kind) ? !reads : !writes) continue;
      for (const Element& element : objects_[m.key]) {
        if (!Visible(client, element)) return true;
      }
    }
    return false;
  }

  bool MayCommit(const Client& client) {
    if (client.reckless) return true;
    switch (options_.promise) {
      case StorePromise::kReadCommitted: return true;
      case StorePromise::kSnapshotIsolation:
      case StorePromise::kStrongSnapshotIsolation:
        return Is(StoreBug::kNoWriteCheck) || !Conflicts(client, false, true);
      case StorePromise::kSerializable:
      case StorePromise::kStrictSerializable:
        if (options_.promise == StorePromise::kSerializable && !Writes(client)) return true;
        if (Is(StoreBug::kNoReadCheck)) return !Conflicts(client, false, true);
        if (Is(StoreBug::kLongFork)) return !Conflicts(client, false, true);
        return !Conflicts(client, true, false);
    }
    return false;
  }

  void Decide(Client& client) {
    client.committed = !random_.Chance(options_.fail) && MayCommit(client);
    const bool installs =
        client.committed ? !(Is(StoreBug::kLostWrite) && random_.Chance(0.05)) : Is(StoreBug::kAbortedApplied);
    client.phase = Client::Phase::kReturning;
    if (!installs) return;
    client.torn = KeysWritten(client);
    if (client.torn.empty()) return;
    if (Is(StoreBug::kTornCommit)) {
      client.phase = Client::Phase::kCommitting;
      return;
    }
    ++committed_;
    for (uint32_t key : client.torn) Install(client, key);
  }

  std::vector<uint32_t> KeysWritten(const Client& client) {
    std::vector<uint32_t> keys;
    for (const ScriptMicro& m : OpOf(client).micros) {
      if (!IsRead(m.kind) && std::find(keys.begin(), keys.end(), m.key) == keys.end()) keys.push_back(m.key);
    }
    return keys;
  }

  void InstallNext(Client& client) {
    ++committed_;
    Install(client, client.torn.back());
    client.torn.pop_back();
    if (client.torn.empty()) client.phase = Client::Phase::kReturning;
  }

  void Install(const Client& client, uint32_t key) {
    std::vector<Element>& object = objects_[key];
    for (const ScriptMicro& m : OpOf(client).micros) {
      if (IsRead(m.kind) || m.key != key) continue;
      Element element{m.value, {committed_, committed_}};
      if (Is(StoreBug::kLongFork)) element.visible[1 - client.group()] += 1 + random_.Below(8);
      for (int group : {0, 1}) {
        if (!object.empty()) element.visible[group] = std::max(element.visible[group], object.back().visible[group]);
      }
      object.push_back(element);
      if (Is(StoreBug::kDoubleApply) && random_.Chance(0.05)) object.push_back(element);
    }
    if (!Is(StoreBug::kReorder) || object.size() < 2 || !random_.Chance(0.1)) return;
    std::swap(object[object.size() - 1].value, object[object.size() - 2].value);
  }

  void Return(Client& client) {
    ScriptOp& op = OpOf(client);
    client.phase = Client::Phase::kIdle;
    op.ret = ++now_;
    op.outcome = client.committed ? Outcome::kOk : Outcome::kFail;
    if (random_.Chance(options_.unknown)) op.outcome = Outcome::kUnknown;
    if (op.outcome == Outcome::kOk) return;
    for (ScriptMicro& m : op.micros) {
      if (!IsRead(m.kind)) continue;
      m.known = false;
      m.value = 0;
      m.list.clear();
    }
  }

  void ReadEverything() {
    ScriptOp op;
    op.invoke = ++now_;
    op.ret = ++now_;
    op.process = options_.clients;
    for (const auto& [key, object] : objects_) {
      AddRead(op, key);
      ScriptMicro& m = op.micros.back();
      m.known = true;
      for (const Element& element : object) m.list.push_back(element.value);
      if (lists()) continue;
      m.value = m.list.empty() ? 0 : m.list.back();
      m.list.clear();
    }
    if (!op.micros.empty()) script_.ops.push_back(std::move(op));
  }

  const StoreOptions& options_;
  Random& random_;
  Script script_;
  std::vector<Client> clients_;
  std::vector<uint32_t> active_;
  std::map<uint32_t, int64_t> written_;
  std::map<uint32_t, std::vector<Element>> objects_;
  uint32_t keys_ = 0;
  Stamp committed_ = 0;
  Instant now_ = 0;
};

}  // namespace

Script RunReferenceStore(const StoreOptions& options, Random& random) {
  return Store(options, random).Run();
}

}  // namespace orrery::check
