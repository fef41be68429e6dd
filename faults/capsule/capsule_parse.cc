#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "faults/capsule/capsule.h"
#include "faults/capsule/capsule_check.h"
#include "faults/knobs.h"
#include "faults/table_reader.h"

namespace orrery::faults {
namespace {

constexpr double kHour = 3600;
constexpr std::string_view kEnd = "[end]";

Status Wrong(std::string_view file, size_t line, std::string_view what) {
  return Status(StatusCode::kInvalidArgument, fmt::format("{}:{}: {}", file, line, what));
}

/// Says what may be wrong with the file as a whole, before its syntax is looked at.
Status CheckWhole(std::string_view text, std::string_view file) {
  if (text.size() > Capsule::kBytesMax) {
    return Wrong(file, 1, fmt::format("has {} bytes, a capsule has at most {}", text.size(), Capsule::kBytesMax));
  }
  const size_t last = text.find_last_not_of(" \t\r\n");
  const std::string_view trimmed = last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
  if (trimmed.ends_with("\n" + std::string(kEnd))) return Status::Ok();
  const auto lines = static_cast<size_t>(std::count(trimmed.begin(), trimmed.end(), '\n')) + 1;
  return Wrong(file, lines, "end: the capsule is cut short: its last line must be [end]");
}

/// One section after the other; the first error ends it.
class CapsuleParser {
 public:
  CapsuleParser(const toml::table& table, std::string_view file) : root_(table, file, ""), file_(file) {}

  Result<Capsule> Parse() {
    ORRERY_RETURN_IF_ERROR(ReadHead());
    ORRERY_RETURN_IF_ERROR(ReadBuild());
    ORRERY_RETURN_IF_ERROR(ReadExpected());
    ORRERY_RETURN_IF_ERROR(ReadChoices());
    ORRERY_RETURN_IF_ERROR(ReadRun());
    ORRERY_RETURN_IF_ERROR(ReadCluster());
    for (const toml::table* table : root_.Tables("workload")) ORRERY_RETURN_IF_ERROR(ReadWorkload(*table));
    for (const toml::table* table : root_.Tables("fault")) ORRERY_RETURN_IF_ERROR(ReadFault(*table));
    ORRERY_RETURN_IF_ERROR(root_.Finish());
    return std::move(capsule_);
  }

 private:
  /// A table that must be there.
  Result<TableReader> Section(std::string_view key) {
    root_.Require(key);
    const toml::table* table = root_.Table(key);
    if (table == nullptr) return root_.Finish();
    return TableReader(*table, file_, std::string(key) + ".");
  }

  Status ReadHead() {
    root_.Require("version");
    const auto version = root_.Number<int64_t>("version", Capsule::kVersion, INT64_MIN, INT64_MAX);
    if (version != Capsule::kVersion) {
      root_.Complain(root_.NodeOf("version"), "version",
                     fmt::format("is {}, this program reads version {}", version, Capsule::kVersion));
      return root_.status();
    }
    root_.Require("scenario");
    capsule_.scenario = root_.Text("scenario", "");
    capsule_.story = root_.Text("story", "");
    const toml::table* end = root_.Table("end");
    if (end != nullptr && !end->empty()) root_.Complain(*end, "end", "must be empty");
    return root_.status();
  }

  Status ReadBuild() {
    ORRERY_ASSIGN_OR_RETURN(TableReader reader, Section("build"));
    for (const std::string_view key : {"commit", "patch", "rocksdb"}) reader.Require(key);
    capsule_.build.commit = reader.Text("commit", "");
    capsule_.build.patch = reader.Text("patch", "");
    capsule_.build.rocksdb = reader.Text("rocksdb", "");
    return reader.Finish();
  }

  Status ReadExpected() {
    ORRERY_ASSIGN_OR_RETURN(TableReader reader, Section("expected"));
    for (const std::string_view key : {"exit_code", "outcome", "signature"}) reader.Require(key);
    const auto code = static_cast<sim::ExitCode>(reader.Number<int>("exit_code", 0, 0, 255));
    if (sim::ExitCodeName(code) == "unknown") {
      reader.Complain(reader.NodeOf("exit_code"), "exit_code", "is no exit code of orrery-sim");
    }
    capsule_.expected.exit_code = code;
    capsule_.expected.outcome = reader.Text("outcome", "");
    capsule_.expected.signature = reader.Text("signature", "");
    const std::string_view name = sim::ExitCodeName(code);
    const std::string& signature = capsule_.expected.signature;
    if (signature != name && !signature.starts_with(std::string(name) + "/")) {
      reader.Complain(
          reader.NodeOf("signature"), "signature",
          fmt::format("is \"{}\", which exit code {} ({}) does not end with", signature, static_cast<int>(code), name));
    }
    capsule_.expected.fingerprint = reader.Text("fingerprint", "");
    return reader.Finish();
  }

  Status ReadChoices() {
    ORRERY_ASSIGN_OR_RETURN(TableReader reader, Section("choices"));
    reader.Require("seed");
    sim::ChoiceOptions& choices = capsule_.choices;
    choices.seed = reader.Unsigned("seed", 0);
    choices.buggify_active = reader.Share("buggify_active", choices.buggify_active);
    for (const auto& [name, node] : reader.Texts("calm")) {
      const std::optional<size_t> stream = StreamByName(name);
      if (stream) choices.calm[*stream] = true;
      if (!stream) reader.Complain(*node, "calm", "there is no stream \"" + name + "\"");
    }
    if (const toml::table* salts = reader.Table("salts")) ORRERY_RETURN_IF_ERROR(ReadSalts(*salts));
    if (const toml::table* sites = reader.Table("buggify")) ORRERY_RETURN_IF_ERROR(ReadSites(*sites));
    if (const toml::table* latencies = reader.Table("latency_seconds")) {
      ORRERY_RETURN_IF_ERROR(ReadLatencies(*latencies));
    }
    return reader.Finish();
  }

  Status ReadSites(const toml::table& table) {
    TableReader reader(table, file_, "choices.buggify.");
    for (const auto& [site, node] : table) {
      capsule_.choices.buggify_sites[std::string(site.str())] = reader.Flag(site.str(), false);
    }
    return reader.Finish();
  }

  Status ReadLatencies(const toml::table& table) {
    TableReader reader(table, file_, "choices.latency_seconds.");
    for (const auto& [name, node] : table) {
      capsule_.choices.latencies[std::string(name.str())] = reader.Seconds(name.str(), Duration(0), 0, kHour);
      if (!sim::IsLatencyName(name.str())) {
        reader.Complain(node, name.str(), "is no name such as \"node1>node2 channel2 slot55\"");
      }
    }
    return reader.Finish();
  }

  static std::optional<size_t> StreamByName(std::string_view name) {
    for (int i = 0; i < sim::kChoiceStreamCount; ++i) {
      if (sim::ChoiceStreamName(static_cast<sim::ChoiceStream>(i)) == name) return static_cast<size_t>(i);
    }
    return std::nullopt;
  }

  Status ReadSalts(const toml::table& table) {
    TableReader reader(table, file_, "choices.salts.");
    for (int i = 0; i < sim::kChoiceStreamCount; ++i) {
      const auto stream = static_cast<sim::ChoiceStream>(i);
      capsule_.choices.salts[static_cast<size_t>(i)] = reader.Unsigned(sim::ChoiceStreamName(stream), 0);
    }
    return reader.Finish();
  }

  Status ReadRun() {
    ORRERY_ASSIGN_OR_RETURN(TableReader reader, Section("run"));
    for (const std::string_view key : {"safety_seconds", "liveness_limit_seconds", "events_max"}) reader.Require(key);
    capsule_.safety = reader.Seconds("safety_seconds", capsule_.safety, 0, 24 * kHour);
    capsule_.liveness_limit = reader.Seconds("liveness_limit_seconds", capsule_.liveness_limit, 1, kHour);
    capsule_.events_max = reader.Number<uint64_t>("events_max", capsule_.events_max, 1000, uint64_t{1} << 40);
    return reader.Finish();
  }

  Status ReadCluster() {
    ORRERY_ASSIGN_OR_RETURN(TableReader reader, Section("cluster"));
    reader.Require("stores");
    CapsuleCluster& cluster = capsule_.cluster;
    cluster.stores = reader.Number<uint32_t>("stores", cluster.stores, 1, 9);
    cluster.spares = reader.Number<uint32_t>("spares", 0, 0, 3);
    cluster.clients_together = reader.Flag("clients_together", false);
    cluster.lying_fsync = reader.Flag("lying_fsync", false);
    cluster.slow_founder = StoreId(reader.Number<uint64_t>("slow_founder", 0, 0, cluster.stores));
    cluster.slow_founder_factor = reader.Number<uint32_t>("slow_founder_factor", 1, 1, 10000);
    if (const toml::table* knobs = reader.Table("knobs")) {
      TableReader knob_reader(*knobs, file_, "cluster.knobs.");
      for (const auto& [name, node] : *knobs) {
        cluster.knobs[std::string(name.str())] = knob_reader.Number<int64_t>(name.str(), 0, 0, INT64_MAX);
      }
      ORRERY_RETURN_IF_ERROR(knob_reader.Finish());
      const Status usable = OptionsOfKnobs(cluster.knobs).status();
      if (!usable.ok()) reader.Complain(*knobs, "knobs", std::string(usable.message()));
    }
    return reader.Finish();
  }

  Status ReadWorkload(const toml::table& table) {
    TableReader reader(table, file_, "workload.");
    CapsuleWorkload workload;
    reader.Require("name");
    workload.name = reader.Text("name", "");
    WorkloadOptions& options = workload.options;
    options.clients = reader.Number<uint32_t>("clients", options.clients, 1, 1000);
    options.keys = reader.Number<uint32_t>("keys", options.keys, 1, 10000);
    options.value_bytes = reader.Number<uint32_t>("value_bytes", options.value_bytes, 16, 1u << 20);
    options.operation_timeout = reader.Seconds("operation_timeout_seconds", options.operation_timeout, 0.001, kHour);
    const Status known = MakeWorkload(workload.name, options).status();
    if (!known.ok()) reader.Complain(reader.NodeOf("name"), "name", std::string(known.message()));
    const auto lines = reader.Texts("operations");
    workload.operations.reserve(lines.size());
    for (const auto& [text, node] : lines) {
      Result<OperationEntry> entry = ParseOperation(text);
      Status fits = entry.status();
      const OperationEntry* before = workload.operations.empty() ? nullptr : &workload.operations.back();
      if (fits.ok()) fits = CheckOperation(*entry, before, workload);
      if (!fits.ok()) {
        reader.Complain(*node, "operations", std::string(fits.message()));
        break;
      }
      workload.operations.push_back(*entry);
    }
    capsule_.workloads.push_back(std::move(workload));
    return reader.Finish();
  }

  Status ReadFault(const toml::table& table) {
    TableReader reader(table, file_, "fault.");
    for (const std::string_view key : {"id", "kind", "at_seconds"}) reader.Require(key);
    FaultEntry fault;
    fault.id = reader.Text("id", "");
    const std::string kind = reader.Text("kind", "");
    const std::optional<FaultKind> known = FaultByName(kind);
    if (!known) {
      reader.Complain(reader.NodeOf("kind"), "kind", "\"" + kind + "\" is not known");
      return reader.status();
    }
    fault.kind = *known;
    ReadFaultFields(reader, fault);
    ORRERY_RETURN_IF_ERROR(reader.Finish());
    if (const Status fits = CheckFault(fault, capsule_); !fits.ok()) {
      reader.Complain(table, fault.id, std::string(fits.message()));
    } else if (!fault_ids_.insert(fault.id).second) {
      reader.Complain(table, fault.id, "is there twice");
    }
    capsule_.faults.push_back(std::move(fault));
    return reader.status();
  }

  static void ReadFaultFields(TableReader& reader, FaultEntry& fault) {
    const FaultFields& fields = FaultFieldsOf(fault.kind);
    fault.at = reader.Seconds("at_seconds", fault.at, 0, 24 * kHour);
    if (const std::string text = reader.Text("anchor", ""); !text.empty()) {
      const Result<Anchor> anchor = ParseAnchor(text);
      if (anchor.ok()) fault.anchor = *anchor;
      if (!anchor.ok()) reader.Complain(reader.NodeOf("anchor"), "anchor", std::string(anchor.status().message()));
    }
    if (fields.lasts) {
      reader.Require("lasts_seconds");
      fault.lasts = reader.Seconds("lasts_seconds", fault.lasts, 0, kHour);
    }
    fault.targets = ReadNodes(reader, "targets");
    fault.others = ReadNodes(reader, "others");
    if (!fields.amount.name.empty()) {
      reader.Require(fields.amount.name);
      fault.amount =
          reader.Number<int64_t>(fields.amount.name, fields.amount.min, fields.amount.min, fields.amount.max);
    }
    if (fields.has_how()) fault.how = reader.Text("how", "");
    if (fields.steps == FaultFields::Steps::kNone) return;
    for (const auto& [text, node] : reader.Texts("steps")) {
      const Result<FaultStep> step = ParseFaultStep(text, fields.steps);
      if (step.ok()) fault.steps.push_back(*step);
      if (!step.ok()) reader.Complain(*node, "steps", std::string(step.status().message()));
    }
  }

  static std::vector<NodeId> ReadNodes(TableReader& reader, std::string_view key) {
    std::vector<NodeId> nodes;
    for (const auto& [text, node] : reader.Texts(key)) {
      const std::optional<NodeId> id = NodeByText(text);
      if (id) nodes.push_back(*id);
      if (!id) reader.Complain(*node, key, "\"" + text + "\" is no node such as store1, client0, operator");
    }
    return nodes;
  }

  TableReader root_;
  std::string_view file_;
  std::set<std::string> fault_ids_;
  Capsule capsule_;
};

}  // namespace

Result<Capsule> ParseCapsule(std::string_view text, std::string_view file) {
  ORRERY_RETURN_IF_ERROR(CheckWhole(text, file));
  ORRERY_ASSIGN_OR_RETURN(const toml::table table, ParseToml(text, file));
  return CapsuleParser(table, file).Parse();
}

}  // namespace orrery::faults
