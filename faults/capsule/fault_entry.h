#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faults/fault_kind.h"
#include "runtime/base/ids.h"
#include "runtime/base/status.h"
#include "runtime/base/time.h"

namespace orrery::faults {

/// What an anchor counts.
enum class AnchorEvent : uint8_t {
  kBoot,      ///< The store's process has started.
  kLogSync,   ///< An fsync of the engine's log has succeeded.
  kLogWrite,  ///< A write into the engine's log has succeeded.
  kLeader,    ///< A replica of the store has become leader.
};

/// A moment that is told by what happens: "the third log fsync of store 1 after its boot 2". It stays where it means
/// something when times shift. As text: "store1 boot2 log_sync#3"; without a boot, "store1 leader#2" counts
/// since the safety phase began.
struct Anchor {
  StoreId store;
  uint64_t boot = 0;  ///< Counted from this boot of the store on (the first boot of a run is 1); 0: from the beginning.
  AnchorEvent event = AnchorEvent::kLogSync;
  uint64_t count = 1;  ///< 1 is the next.

  bool operator==(const Anchor&) const = default;
};

std::string ToString(const Anchor& anchor);
/// kInvalidArgument saying what is wrong.
Result<Anchor> ParseAnchor(std::string_view text);

/// One timed part of a fault that has several. Which fields it has depends on the kind (FaultFields::steps).
struct FaultStep {
  Duration after{};  ///< Since the fault began.
  StoreId store;     ///< Whom.
  StoreId peer;      ///< The other end of a connection.
  Duration until{};  ///< When it is undone, since the fault began.
  std::string how;   ///< One of the words of the kind.

  bool operator==(const FaultStep&) const = default;
};

/// One fault, fully resolved: nothing in it is left to chance, and what belongs together is one entry (a kill with its
/// restart, a partition with its healing). What the fields mean to a kind, and which it needs, says
/// FaultFieldsOf(kind).
struct FaultEntry {
  std::string id;  ///< Unique and stable: "kill#3". Other entries keep theirs when this one goes.
  FaultKind kind = FaultKind::kKill;
  Duration at{};                 ///< Virtual time since the safety phase began.
  std::optional<Anchor> anchor;  ///< Then `at` is how long after the anchor.
  Duration lasts{};              ///< Until it is healed, restarted, woken.
  /// Whom: stores, clients ("client0"), "operator" and "stranger". The first side of a partition.
  std::vector<NodeId> targets;
  std::vector<NodeId> others;  ///< The peer, the other side, the spare that comes in.
  int64_t amount = 0;          ///< A factor, bytes, nanoseconds ...
  std::string how;             ///< One of a few words, such as "power_loss" or "wal".
  std::vector<FaultStep> steps;

  bool operator==(const FaultEntry&) const = default;
};

/// Rate a store's clock may be given: two stores differ by less than the 10 % that leases allow for.
constexpr int64_t kDriftPpbMax = 45'000'000;

/// Which fields a kind of fault has; the others keep their defaults.
struct FaultFields {
  enum class Nodes : uint8_t { kNone, kOneStore, kSomeNodes };
  /// What a step holds besides `after`. As text, blanks between: "0.25 store2", "0.25 store2 0.7",
  /// "0.25 store1 store2", "0.25 power_loss".
  enum class Steps : uint8_t { kNone, kStore, kStoreUntil, kStorePeer, kHow };

  struct Amount {
    std::string_view name;  ///< As files write it, with its unit; empty: there is none.
    int64_t min = 0;
    int64_t max = 0;
  };

  FaultKind kind = FaultKind::kKill;
  Nodes targets = Nodes::kNone;
  Nodes others = Nodes::kNone;
  bool lasts = false;
  Amount amount;
  std::vector<std::string_view> how;  ///< Words to choose from, of the entry or, if it has such, of its steps.
  Steps steps = Steps::kNone;

  bool has_how() const { return !how.empty() && steps != Steps::kHow; }
};

const FaultFields& FaultFieldsOf(FaultKind kind);
/// Whether it takes durable state from a store that may be a member: bounded by the budget of the cluster.
bool TakesDurableState(const FaultEntry& fault);

/// One line for people.
std::string Describe(const FaultEntry& fault);

std::string ToString(const FaultStep& step, FaultFields::Steps fields);
/// kInvalidArgument saying what is wrong.
Result<FaultStep> ParseFaultStep(std::string_view text, FaultFields::Steps fields);

/// The index-th client process.
constexpr NodeId ClientNodeOf(uint32_t index) {
  return NodeId(kClientNodeBit | (uint64_t{index} + 2));
}
constexpr NodeId kOperatorNode{kClientNodeBit | 1};
/// A process that belongs to no cluster. Behind every client: it shifts no order by id.
constexpr NodeId kStrangerNode{kClientNodeBit | (uint64_t{1} << 32)};
/// Requires: a store's node.
constexpr StoreId StoreOf(NodeId node) {
  return StoreId(node.value());
}
/// "store2", "client0", "operator", "stranger".
std::string NodeText(NodeId node);
std::optional<NodeId> NodeByText(std::string_view text);

}  // namespace orrery::faults
