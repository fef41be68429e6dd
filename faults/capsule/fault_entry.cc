#include "faults/capsule/fault_entry.h"

#include <fmt/core.h>

#include "faults/capsule/plain_text.h"
#include "runtime/base/assert.h"

namespace orrery::faults {
namespace {

using Nodes = FaultFields::Nodes;
using Steps = FaultFields::Steps;

constexpr int64_t kHourNanos = 3'600'000'000'000;

constexpr auto kOne = Nodes::kOneStore;
constexpr auto kSome = Nodes::kSomeNodes;

/// One row per kind, in the order of the enum.
std::vector<FaultFields> NetworkFields() {
  return {
      {.kind = FaultKind::kClogSend, .targets = kOne, .lasts = true},
      {.kind = FaultKind::kClogReceive, .targets = kOne, .lasts = true},
      {.kind = FaultKind::kClogPair, .targets = kOne, .others = kOne, .lasts = true},
      {.kind = FaultKind::kClogOneWay, .targets = kOne, .others = kOne, .lasts = true},
      {.kind = FaultKind::kSwizzleClog, .steps = Steps::kStoreUntil},
      {.kind = FaultKind::kFadingLeader, .targets = kOne, .others = kOne, .steps = Steps::kStoreUntil},
      {.kind = FaultKind::kPartitionHalves, .targets = kSome, .others = kSome, .lasts = true},
      {.kind = FaultKind::kPartitionIsolate, .targets = kOne, .others = kSome, .lasts = true},
      {.kind = FaultKind::kPartitionRing, .lasts = true},
      {.kind = FaultKind::kPartitionOneWay, .targets = kSome, .others = kSome, .lasts = true},
      {.kind = FaultKind::kResetConnections, .targets = kOne},
      {.kind = FaultKind::kSlowLink, .targets = kOne, .others = kOne, .lasts = true, .amount = {"factor", 2, 1000}},
      {.kind = FaultKind::kDelayedDuplicates, .lasts = true, .steps = Steps::kStorePeer},
      {.kind = FaultKind::kQueueFull, .targets = kOne, .others = kOne},
      {.kind = FaultKind::kStranger,
       .targets = kOne,
       .lasts = true,
       .amount = {"draw", 0, INT64_MAX},
       .how = {"bytes", "requests", "envelopes", "snapshots"}},
  };
}

std::vector<FaultFields> NodeFields() {
  return {
      {.kind = FaultKind::kKill, .targets = kOne, .lasts = true},
      {.kind = FaultKind::kPowerLoss, .targets = kOne, .lasts = true},
      {.kind = FaultKind::kPowerLossAll, .steps = Steps::kStore},
      {.kind = FaultKind::kPause, .targets = kOne, .lasts = true},
      {.kind = FaultKind::kCrashLoop, .targets = kOne, .how = {"process_kill", "power_loss"}, .steps = Steps::kHow},
      {.kind = FaultKind::kRestartInLease, .targets = kOne},
      {.kind = FaultKind::kGracefulRestart, .targets = kOne},
      {.kind = FaultKind::kFsyncError, .targets = kOne, .lasts = true, .how = {"wal", "table", "manifest"}},
      {.kind = FaultKind::kWriteError,
       .targets = kOne,
       .how = {"write_error_wal", "write_error_table", "short_write_wal", "short_write_table"}},
      {.kind = FaultKind::kDiskFull, .targets = kOne, .lasts = true, .amount = {"room_bytes", 0, int64_t{1} << 30}},
      {.kind = FaultKind::kSlowDisk, .targets = kOne, .lasts = true, .amount = {"factor", 2, 1000}},
      {.kind = FaultKind::kStuckDisk, .targets = kOne, .lasts = true},
      {.kind = FaultKind::kLateJob, .targets = kOne, .lasts = true, .how = {"commit", "read", "background"}},
      {.kind = FaultKind::kBitFlip,
       .targets = kOne,
       .lasts = true,
       .amount = {"draw", 0, INT64_MAX},
       .how = {"wal", "table", "live_tables"}},
      {.kind = FaultKind::kRottenSectors,
       .targets = kOne,
       .lasts = true,
       .amount = {"draw", 0, INT64_MAX},
       .how = {"table", "live_tables"}},
      {.kind = FaultKind::kLostDisk, .targets = kOne},
      {.kind = FaultKind::kCrashInWrite,
       .targets = kOne,
       .lasts = true,
       .amount = {"operation", 1, 1'000'000},
       .how = {"process_kill", "power_loss"}},
      {.kind = FaultKind::kReadError,
       .targets = kOne,
       .lasts = true,
       .amount = {"percent", 1, 100},
       .how = {"wal", "table", "manifest", "all"}},
      {.kind = FaultKind::kDirectorySyncError, .targets = kOne, .lasts = true},
      {.kind = FaultKind::kWallStep, .targets = kOne, .amount = {"step_nanoseconds", -kHourNanos, kHourNanos}},
      {.kind = FaultKind::kClockDrift, .targets = kOne, .amount = {"drift_ppb", -kDriftPpbMax, kDriftPpbMax}},
      {.kind = FaultKind::kTransferLeader, .targets = kOne},
      {.kind = FaultKind::kReplaceStore, .targets = kOne, .others = kOne},
      {.kind = FaultKind::kCompactLog, .targets = kOne},
      {.kind = FaultKind::kReaddStore, .targets = kOne, .how = {"up", "down"}},
  };
}

std::vector<FaultFields> AllFields() {
  std::vector<FaultFields> all = NetworkFields();
  for (const FaultFields& fields : NodeFields()) all.push_back(fields);
  return all;
}

Status Wrong(std::string what) {
  return Status(StatusCode::kInvalidArgument, std::move(what));
}

Result<StoreId> StoreByText(std::string_view word) {
  const std::optional<uint64_t> number = NumberBehind("store", word);
  if (!number || *number == 0) return Wrong(fmt::format("\"{}\" is no store: stores are store1, store2 ...", word));
  return StoreId(*number);
}

Result<Duration> SpanOf(std::string_view word) {
  const std::optional<Duration> span = ParseSecondsText(word);
  if (!span) return Wrong(fmt::format("\"{}\" is no number of seconds", word));
  return *span;
}

size_t WordsOf(Steps fields) {
  return fields == Steps::kStore || fields == Steps::kHow ? 2 : 3;
}

}  // namespace

const FaultFields& FaultFieldsOf(FaultKind kind) {
  static const std::vector<FaultFields> kAll = AllFields();
  const FaultFields& fields = kAll.at(static_cast<size_t>(kind));
  ORRERY_ASSERT(fields.kind == kind);
  return fields;
}

bool TakesDurableState(const FaultEntry& fault) {
  return fault.kind == FaultKind::kLostDisk || fault.kind == FaultKind::kBitFlip ||
         fault.kind == FaultKind::kRottenSectors || fault.kind == FaultKind::kDirectorySyncError ||
         (fault.kind == FaultKind::kFsyncError && fault.how == "manifest");
}

std::string Describe(const FaultEntry& fault) {
  std::string words = fault.id;
  for (const NodeId node : fault.targets) words += " " + NodeText(node);
  if (!fault.others.empty()) words += " |";
  for (const NodeId node : fault.others) words += " " + NodeText(node);
  const FaultFields& fields = FaultFieldsOf(fault.kind);
  if (fields.lasts) words += fmt::format(", {:.3f} s", static_cast<double>(fault.lasts.count()) / 1e9);
  if (!fields.amount.name.empty()) words += fmt::format(", {} {}", fields.amount.name, fault.amount);
  if (!fault.how.empty()) words += ", " + fault.how;
  for (const FaultStep& step : fault.steps) words += ", " + ToString(step, fields.steps);
  return words;
}

std::string ToString(const FaultStep& step, Steps fields) {
  const std::string after = SecondsText(step.after);
  switch (fields) {
    case Steps::kStore: return fmt::format("{} store{}", after, step.store.value());
    case Steps::kStoreUntil: return fmt::format("{} store{} {}", after, step.store.value(), SecondsText(step.until));
    case Steps::kStorePeer: return fmt::format("{} store{} store{}", after, step.store.value(), step.peer.value());
    case Steps::kHow: return fmt::format("{} {}", after, step.how);
    case Steps::kNone: break;
  }
  ORRERY_UNREACHABLE("a fault without steps has one");
}

Result<FaultStep> ParseFaultStep(std::string_view text, Steps fields) {
  const std::vector<std::string_view> words = SplitWords(text);
  if (words.size() != WordsOf(fields)) {
    return Wrong(fmt::format("\"{}\" has {} words, must have {}", text, words.size(), WordsOf(fields)));
  }
  FaultStep step;
  ORRERY_ASSIGN_OR_RETURN(step.after, SpanOf(words[0]));
  if (fields == Steps::kHow) {
    step.how = std::string(words[1]);
    return step;
  }
  ORRERY_ASSIGN_OR_RETURN(step.store, StoreByText(words[1]));
  if (fields == Steps::kStorePeer) {
    ORRERY_ASSIGN_OR_RETURN(step.peer, StoreByText(words[2]));
  }
  if (fields == Steps::kStoreUntil) {
    ORRERY_ASSIGN_OR_RETURN(step.until, SpanOf(words[2]));
  }
  return step;
}

std::string NodeText(NodeId node) {
  if (node == kOperatorNode) return "operator";
  if (node == kStrangerNode) return "stranger";
  if (IsClientNode(node)) return fmt::format("client{}", (node.value() & ~kClientNodeBit) - 2);
  return fmt::format("store{}", node.value());
}

std::optional<NodeId> NodeByText(std::string_view text) {
  if (text == "operator") return kOperatorNode;
  if (text == "stranger") return kStrangerNode;
  const std::optional<uint64_t> client = NumberBehind("client", text);
  if (client && *client < 1'000'000) return ClientNodeOf(static_cast<uint32_t>(*client));
  const std::optional<uint64_t> store = NumberBehind("store", text);
  if (store && *store > 0 && *store < kClientNodeBit) return NodeId(*store);
  return std::nullopt;
}

}  // namespace orrery::faults
