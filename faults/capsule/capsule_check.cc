#include "faults/capsule/capsule_check.h"

#include <fmt/core.h>

#include <algorithm>

#include "faults/capsule/plain_text.h"

namespace orrery::faults {
namespace {

using Nodes = FaultFields::Nodes;

constexpr size_t kIdBytesMax = 64;
constexpr uint64_t kOrdinalMax = uint64_t{1} << 40;
constexpr Duration kSpanMax = hours(1);

Status Wrong(std::string what) {
  return Status(StatusCode::kInvalidArgument, std::move(what));
}

std::string KindNames(const std::vector<OperationKind>& kinds) {
  std::string names;
  for (const OperationKind kind : kinds) names += (names.empty() ? "" : ", ") + std::string(OperationKindName(kind));
  return names;
}

/// Keys that an operation may name: sets have none.
uint64_t KeysOf(OperationKind kind, const WorkloadOptions& options) {
  return kind == OperationKind::kAdd || kind == OperationKind::kReadAll ? 1 : options.keys;
}

Status CheckNode(NodeId node, const Capsule& capsule) {
  const bool always = node == kOperatorNode || node == kStrangerNode;
  const bool exists = IsClientNode(node) ? always || node < ClientNodeOf(capsule.client_count())
                                         : node.value() <= capsule.cluster.stores + capsule.cluster.spares;
  return exists && node.valid() ? Status::Ok() : Wrong("there is no " + NodeText(node));
}

/// A store's number has no bit that makes a node a client.
Status CheckStore(StoreId store, const Capsule& capsule) {
  const NodeId node = NodeIdOf(store);
  if (IsClientNode(node)) return Wrong(fmt::format("there is no store {}", store.value()));
  return CheckNode(node, capsule);
}

Status CheckNodes(std::string_view name, const std::vector<NodeId>& nodes, Nodes wanted, const Capsule& capsule) {
  if (wanted == Nodes::kNone && !nodes.empty()) return Wrong(fmt::format("{}: this kind has none", name));
  if (wanted == Nodes::kSomeNodes && nodes.empty()) return Wrong(fmt::format("{}: must name nodes", name));
  if (wanted == Nodes::kOneStore && (nodes.size() != 1 || IsClientNode(nodes[0]))) {
    return Wrong(fmt::format("{}: must name one store", name));
  }
  for (const NodeId node : nodes) ORRERY_RETURN_IF_ERROR(CheckNode(node, capsule).Wrap(name));
  return Status::Ok();
}

Status CheckHow(const std::string& how, bool wanted, const FaultFields& fields) {
  if (!wanted) return how.empty() ? Status::Ok() : Wrong("how: this kind has none");
  if (std::find(fields.how.begin(), fields.how.end(), how) != fields.how.end()) return Status::Ok();
  std::string words;
  for (const std::string_view word : fields.how) words += (words.empty() ? "" : ", ") + std::string(word);
  return Wrong(fmt::format("how: is \"{}\", must be one of {}", how, words));
}

Status CheckStep(const FaultStep& step, const FaultFields& fields, const Capsule& capsule) {
  if (step.after < Duration(0) || step.after > kSpanMax) return Wrong("steps: after must be between 0 and 3600 s");
  if (fields.steps == FaultFields::Steps::kHow) return CheckHow(step.how, true, fields);
  ORRERY_RETURN_IF_ERROR(CheckStore(step.store, capsule).Wrap("steps"));
  if (fields.steps == FaultFields::Steps::kStorePeer) {
    ORRERY_RETURN_IF_ERROR(CheckStore(step.peer, capsule).Wrap("steps"));
    if (step.peer == step.store) return Wrong("steps: a connection has two ends");
  }
  if (fields.steps == FaultFields::Steps::kStoreUntil && (step.until < step.after || step.until > kSpanMax)) {
    return Wrong("steps: a clog must end after it began");
  }
  return Status::Ok();
}

Status CheckSteps(const FaultEntry& fault, const FaultFields& fields, const Capsule& capsule) {
  if (fields.steps == FaultFields::Steps::kNone && !fault.steps.empty()) return Wrong("steps: this kind has none");
  for (const FaultStep& step : fault.steps) ORRERY_RETURN_IF_ERROR(CheckStep(step, fields, capsule));
  return Status::Ok();
}

Status CheckMoment(const FaultEntry& fault, const Capsule& capsule) {
  if (fault.at < Duration(0) || fault.at > capsule.safety) {
    return Wrong(
        fmt::format("at: is {} s, the safety phase has {} s", SecondsText(fault.at), SecondsText(capsule.safety)));
  }
  if (!fault.anchor) return Status::Ok();
  if (fault.anchor->count == 0) return Wrong("anchor: counts from 1");
  return CheckStore(fault.anchor->store, capsule).Wrap("anchor");
}

/// What Raft promises to survive is the damage of a minority of the members. How many are damaged at once is checked
/// when it runs: that depends on how fast they are replaced.
Status CheckBudget(const FaultEntry& fault, const Capsule& capsule) {
  if (!TakesDurableState(fault) || capsule.cluster.stores >= 3) return Status::Ok();
  return Wrong(
      fmt::format("outside of the budget: it takes durable state from a cluster of {} members, which may lose "
                  "none",
                  capsule.cluster.stores));
}

}  // namespace

std::string OperationText(const OperationEntry& entry) {
  const Operation& operation = entry.operation;
  std::string text = fmt::format("{} {} {} {}", entry.client, operation.ordinal, SecondsText(entry.start),
                                 OperationKindName(operation.kind));
  if (operation.key != 0 || operation.detail != 0) text += fmt::format(" {}", operation.key);
  if (operation.detail != 0) text += fmt::format(" {}", operation.detail);
  return text;
}

Result<OperationEntry> ParseOperation(std::string_view text) {
  const std::vector<std::string_view> words = SplitWords(text);
  const Status wrong =
      Wrong(fmt::format("\"{}\" is no operation such as \"0 17 1.25 put 3\": client, ordinal, seconds, "
                        "kind, key, detail",
                        text));
  if (words.size() < 4 || words.size() > 6) return wrong;
  const auto client = ParseDigits<uint32_t>(words[0]);
  const auto ordinal = ParseDigits<uint64_t>(words[1]);
  const auto start = ParseSecondsText(words[2]);
  const auto key = ParseDigits<uint64_t>(words.size() > 4 ? words[4] : "0");
  const auto detail = ParseDigits<uint64_t>(words.size() > 5 ? words[5] : "0");
  if (!client || !ordinal || !start || !key || !detail) return wrong;
  const std::optional<OperationKind> kind = OperationKindByName(words[3]);
  if (!kind) return Wrong(fmt::format("\"{}\": there is no operation \"{}\"", text, words[3]));
  return OperationEntry{.client = *client,
                        .start = *start,
                        .operation = {.ordinal = *ordinal, .kind = *kind, .key = *key, .detail = *detail}};
}

Status CheckOperation(const OperationEntry& entry, const OperationEntry* before, const CapsuleWorkload& workload) {
  const Operation& operation = entry.operation;
  if (entry.client >= workload.options.clients) {
    return Wrong(fmt::format("client {} is beyond the {} clients", entry.client, workload.options.clients));
  }
  const std::vector<OperationKind> kinds = OperationKindsOf(workload.name);
  if (std::find(kinds.begin(), kinds.end(), operation.kind) == kinds.end()) {
    return Wrong(
        fmt::format("{} has no {}, only {}", workload.name, OperationKindName(operation.kind), KindNames(kinds)));
  }
  const uint64_t keys = KeysOf(operation.kind, workload.options);
  if (operation.key >= keys) return Wrong(fmt::format("key {} is beyond the {} keys", operation.key, keys));
  if (operation.ordinal == 0 || operation.ordinal > kOrdinalMax) return Wrong("ordinals count from 1");
  const bool follows = before == nullptr || before->client < entry.client ||
                       (before->client == entry.client && before->operation.ordinal < operation.ordinal);
  return follows ? Status::Ok() : Wrong("must stand by client, then by ordinal, each once");
}

Status CheckFault(const FaultEntry& fault, const Capsule& capsule) {
  const FaultFields& fields = FaultFieldsOf(fault.kind);
  if (fault.id.empty() || fault.id.size() > kIdBytesMax) return Wrong("id: must have 1 to 64 characters");
  ORRERY_RETURN_IF_ERROR(CheckMoment(fault, capsule));
  if (fault.lasts < Duration(0) || fault.lasts > kSpanMax) return Wrong("lasts: must be between 0 and 3600 s");
  if (!fields.lasts && fault.lasts != Duration(0)) return Wrong("lasts: this kind has none");
  ORRERY_RETURN_IF_ERROR(CheckNodes("targets", fault.targets, fields.targets, capsule));
  ORRERY_RETURN_IF_ERROR(CheckNodes("others", fault.others, fields.others, capsule));
  for (const NodeId node : fault.targets) {
    if (std::find(fault.others.begin(), fault.others.end(), node) != fault.others.end()) {
      return Wrong("others: " + NodeText(node) + " is a target too");
    }
  }
  if (fields.amount.name.empty() ? fault.amount != 0
                                 : fault.amount < fields.amount.min || fault.amount > fields.amount.max) {
    return Wrong(fmt::format("{}: is {}, must be between {} and {}",
                             fields.amount.name.empty() ? "amount" : fields.amount.name, fault.amount,
                             fields.amount.min, fields.amount.max));
  }
  ORRERY_RETURN_IF_ERROR(CheckHow(fault.how, fields.has_how(), fields));
  ORRERY_RETURN_IF_ERROR(CheckSteps(fault, fields, capsule));
  return CheckBudget(fault, capsule);
}

}  // namespace orrery::faults
