#include "faults/capsule/fault_entry.h"

#include <fmt/core.h>

#include "faults/capsule/plain_text.h"
#include "runtime/base/assert.h"

namespace orrery::faults {
namespace {

using Nodes = FaultFields::Nodes;
using Steps = FaultFields::Steps;

constexpr int64_t kHourNanos = 3'600'000'000'000;

/// One row per kind, in the order of the enum.
std::vector<FaultFields> MakeAllFields() {
  const auto one = Nodes::kOneStore;
  const auto some = Nodes::kSomeNodes;
  return {
      {.kind = FaultKind::kClogSend, .targets = one, .lasts = true},
      {.kind = FaultKind::kClogReceive, .targets = one, .lasts = true},
      {.kind = FaultKind::kClogPair, .targets = one, .others = one, .lasts = true},
      {.kind = FaultKind::kClogOneWay, .targets = one, .others = one, .lasts = true},
      {.kind = FaultKind::kSwizzleClog, .steps = Steps::kStoreUntil},
      {.kind = FaultKind::kPartitionHalves, .targets = some, .others = some, .lasts = true},
      {.kind = FaultKind::kPartitionIsolate, .targets = one, .others = some, .lasts = true},
      {.kind = FaultKind::kPartitionRing, .lasts = true},
      {.kind = FaultKind::kPartitionOneWay, .targets = some, .others = some, .lasts = true},
      {.kind = FaultKind::kResetConnections, .targets = one},
      {.kind = FaultKind::kSlowLink,
       .targets = one,
       .others = one,
       .lasts = true,
       .amount_name = "factor",
       .amount_min = 2,
       .amount_max = 1000},
      {.kind = FaultKind::kDelayedDuplicates, .lasts = true, .steps = Steps::kStorePeer},
      {.kind = FaultKind::kQueueFull, .targets = one, .others = one},
      {.kind = FaultKind::kKill, .targets = one, .lasts = true},
      {.kind = FaultKind::kPowerLoss, .targets = one, .lasts = true},
      {.kind = FaultKind::kPowerLossAll, .steps = Steps::kStore},
      {.kind = FaultKind::kPause, .targets = one, .lasts = true},
      {.kind = FaultKind::kCrashLoop, .targets = one, .how = {"process_kill", "power_loss"}, .steps = Steps::kHow},
      {.kind = FaultKind::kRestartInLease, .targets = one},
      {.kind = FaultKind::kGracefulRestart, .targets = one},
      {.kind = FaultKind::kFsyncError, .targets = one, .lasts = true, .how = {"wal", "table", "manifest"}},
      {.kind = FaultKind::kWriteError,
       .targets = one,
       .how = {"write_error_wal", "write_error_table", "short_write_wal", "short_write_table"}},
      {.kind = FaultKind::kDiskFull,
       .targets = one,
       .lasts = true,
       .amount_name = "room_bytes",
       .amount_min = 0,
       .amount_max = int64_t{1} << 30},
      {.kind = FaultKind::kSlowDisk,
       .targets = one,
       .lasts = true,
       .amount_name = "factor",
       .amount_min = 2,
       .amount_max = 1000},
      {.kind = FaultKind::kStuckDisk, .targets = one, .lasts = true},
      {.kind = FaultKind::kBitFlip,
       .targets = one,
       .lasts = true,
       .amount_name = "draw",
       .amount_min = 0,
       .amount_max = INT64_MAX,
       .how = {"wal", "table"}},
      {.kind = FaultKind::kLostDisk, .targets = one},
      {.kind = FaultKind::kCrashInWrite,
       .targets = one,
       .lasts = true,
       .amount_name = "operation",
       .amount_min = 1,
       .amount_max = 1'000'000,
       .how = {"process_kill", "power_loss"}},
      {.kind = FaultKind::kWallStep,
       .targets = one,
       .amount_name = "step_nanoseconds",
       .amount_min = -kHourNanos,
       .amount_max = kHourNanos},
      {.kind = FaultKind::kClockDrift,
       .targets = one,
       .amount_name = "drift_ppb",
       .amount_min = -kDriftPpbMax,
       .amount_max = kDriftPpbMax},
      {.kind = FaultKind::kTransferLeader, .targets = one},
      {.kind = FaultKind::kReplaceStore, .targets = one, .others = one},
      {.kind = FaultKind::kCompactLog, .targets = one},
  };
}

Status Wrong(std::string what) {
  return Status(StatusCode::kInvalidArgument, std::move(what));
}

Result<StoreId> StoreOf(std::string_view word) {
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
  static const std::vector<FaultFields> kAll = MakeAllFields();
  const FaultFields& fields = kAll.at(static_cast<size_t>(kind));
  ORRERY_ASSERT(fields.kind == kind);
  return fields;
}

bool TakesDurableState(const FaultEntry& fault) {
  return fault.kind == FaultKind::kLostDisk || fault.kind == FaultKind::kBitFlip ||
         (fault.kind == FaultKind::kFsyncError && fault.how == "manifest");
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
  ORRERY_ASSIGN_OR_RETURN(step.store, StoreOf(words[1]));
  if (fields == Steps::kStorePeer) {
    ORRERY_ASSIGN_OR_RETURN(step.peer, StoreOf(words[2]));
  }
  if (fields == Steps::kStoreUntil) {
    ORRERY_ASSIGN_OR_RETURN(step.until, SpanOf(words[2]));
  }
  return step;
}

std::string NodeText(NodeId node) {
  if (node == kOperatorNode) return "operator";
  if (IsClientNode(node)) return fmt::format("client{}", (node.value() & ~kClientNodeBit) - 2);
  return fmt::format("store{}", node.value());
}

std::optional<NodeId> NodeByText(std::string_view text) {
  if (text == "operator") return kOperatorNode;
  const std::optional<uint64_t> client = NumberBehind("client", text);
  if (client && *client < 1'000'000) return ClientNodeOf(static_cast<uint32_t>(*client));
  const std::optional<uint64_t> store = NumberBehind("store", text);
  if (store && *store > 0 && *store < kClientNodeBit) return NodeId(*store);
  return std::nullopt;
}

}  // namespace orrery::faults
