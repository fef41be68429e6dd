#include <fmt/core.h>

#include <iterator>

#include "faults/capsule/capsule.h"
#include "faults/capsule/capsule_check.h"
#include "faults/capsule/plain_text.h"
#include "runtime/base/assert.h"

namespace orrery::faults {
namespace {

/// A TOML text: quotes, backslashes and what cannot be seen are escaped.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      quoted += fmt::format("\\u{:04x}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

/// A TOML number, or its digits as a text beyond 2^63 - 1.
std::string Unsigned(uint64_t number) {
  return number <= uint64_t{INT64_MAX} ? std::to_string(number) : Quoted(std::to_string(number));
}

class Writer {
 public:
  template <class... Arguments>
  void Line(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Arguments>(arguments)...);
    text_ += '\n';
  }

  /// `key = ["a", "b"]` on one line, or one text a line if there are more than a few.
  void Texts(std::string_view key, const std::vector<std::string>& texts) {
    constexpr size_t kOnOneLine = 6;
    const bool one_line = texts.size() <= kOnOneLine;
    text_ += std::string(key) + " = [";
    for (size_t i = 0; i < texts.size(); ++i) {
      text_ += one_line ? (i == 0 ? "" : ", ") : "\n  ";
      text_ += Quoted(texts[i]);
      if (!one_line) text_ += ",";
    }
    text_ += one_line ? "]\n" : "\n]\n";
  }

  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

void WriteHead(Writer& out, const Capsule& capsule) {
  out.Line("version = {}", Capsule::kVersion);
  out.Line("scenario = {}", Quoted(capsule.scenario));
  if (!capsule.story.empty()) out.Line("story = {}", Quoted(capsule.story));
  out.Line("\n[build]");
  out.Line("commit = {}", Quoted(capsule.build.commit));
  out.Line("patch = {}", Quoted(capsule.build.patch));
  out.Line("rocksdb = {}", Quoted(capsule.build.rocksdb));
  out.Line("\n[expected]");
  out.Line("exit_code = {}", static_cast<int>(capsule.expected.exit_code));
  out.Line("outcome = {}", Quoted(capsule.expected.outcome));
  out.Line("signature = {}", Quoted(capsule.expected.signature));
  out.Line("fingerprint = {}", Quoted(capsule.expected.fingerprint));
}

void WriteChoices(Writer& out, const sim::ChoiceOptions& choices) {
  const auto& [seed, calm_streams, stream_salts, buggify_sites, latencies, buggify_active] = choices;
  out.Line("\n[choices]");
  out.Line("seed = {}", Unsigned(seed));
  out.Line("buggify_active = {}", buggify_active);
  std::vector<std::string> calm;
  std::string salts;
  for (int i = 0; i < sim::kChoiceStreamCount; ++i) {
    const auto index = static_cast<size_t>(i);
    const std::string name(sim::ChoiceStreamName(static_cast<sim::ChoiceStream>(i)));
    if (calm_streams[index]) calm.push_back(name);
    if (stream_salts[index] == 0) continue;
    salts += fmt::format("{}{} = {}", salts.empty() ? "" : ", ", name, Unsigned(stream_salts[index]));
  }
  if (!calm.empty()) out.Texts("calm", calm);
  if (!salts.empty()) out.Line("salts = {{ {} }}", salts);
  if (!latencies.empty()) out.Line("\n[choices.latency_seconds]");
  for (const auto& [name, latency] : latencies) out.Line("{} = {}", Quoted(name), SecondsText(latency));
  if (!buggify_sites.empty()) out.Line("\n[choices.buggify]");
  for (const auto& [site, active] : buggify_sites) out.Line("{} = {}", Quoted(site), active);
}

void WriteRun(Writer& out, const Capsule& capsule) {
  out.Line("\n[run]");
  out.Line("safety_seconds = {}", SecondsText(capsule.safety));
  out.Line("liveness_limit_seconds = {}", SecondsText(capsule.liveness_limit));
  out.Line("events_max = {}", capsule.events_max);
  out.Line("\n[cluster]");
  out.Line("stores = {}", capsule.cluster.stores);
  out.Line("spares = {}", capsule.cluster.spares);
  out.Line("clients_together = {}", capsule.cluster.clients_together);
  out.Line("lying_fsync = {}", capsule.cluster.lying_fsync);
  if (capsule.cluster.slow_founder.valid()) {
    out.Line("slow_founder = {}", capsule.cluster.slow_founder.value());
    out.Line("slow_founder_factor = {}", capsule.cluster.slow_founder_factor);
  }
  if (capsule.cluster.knobs.empty()) return;
  out.Line("\n[cluster.knobs]");
  for (const auto& [name, number] : capsule.cluster.knobs) out.Line("{} = {}", Quoted(name), number);
}

void WriteWorkload(Writer& out, const CapsuleWorkload& workload) {
  out.Line("\n[[workload]]");
  out.Line("name = {}", Quoted(workload.name));
  // Taken apart, so that a new field that is not written does not compile.
  const auto& [clients, keys, value_bytes, operation_timeout, key_prefix] = workload.options;
  ORRERY_ASSERT(key_prefix.empty());  // The simulation gives it, by the workload's place.
  out.Line("clients = {}", clients);
  out.Line("keys = {}", keys);
  out.Line("value_bytes = {}", value_bytes);
  out.Line("operation_timeout_seconds = {}", SecondsText(operation_timeout));
  std::vector<std::string> operations;
  operations.reserve(workload.operations.size());
  for (const OperationEntry& entry : workload.operations) operations.push_back(OperationText(entry));
  out.Texts("operations", operations);
}

std::vector<std::string> NodeTexts(const std::vector<NodeId>& nodes) {
  std::vector<std::string> texts;
  for (const NodeId node : nodes) texts.push_back(NodeText(node));
  return texts;
}

void WriteFault(Writer& out, const FaultEntry& fault) {
  const FaultFields& fields = FaultFieldsOf(fault.kind);
  out.Line("\n[[fault]]");
  out.Line("id = {}", Quoted(fault.id));
  out.Line("kind = {}", Quoted(FaultName(fault.kind)));
  if (fault.anchor) out.Line("anchor = {}", Quoted(ToString(*fault.anchor)));
  out.Line("at_seconds = {}", SecondsText(fault.at));
  if (fields.lasts) out.Line("lasts_seconds = {}", SecondsText(fault.lasts));
  if (!fault.targets.empty()) out.Texts("targets", NodeTexts(fault.targets));
  if (!fault.others.empty()) out.Texts("others", NodeTexts(fault.others));
  if (!fields.amount.name.empty()) out.Line("{} = {}", fields.amount.name, fault.amount);
  if (fields.has_how()) out.Line("how = {}", Quoted(fault.how));
  if (fault.steps.empty()) return;
  std::vector<std::string> steps;
  for (const FaultStep& step : fault.steps) steps.push_back(ToString(step, fields.steps));
  out.Texts("steps", steps);
}

}  // namespace

std::string FormatCapsule(const Capsule& capsule) {
  Writer out;
  WriteHead(out, capsule);
  WriteChoices(out, capsule.choices);
  WriteRun(out, capsule);
  for (const FaultEntry& fault : capsule.faults) WriteFault(out, fault);
  for (const CapsuleWorkload& workload : capsule.workloads) WriteWorkload(out, workload);
  out.Line("\n[end]");
  return out.Take();
}

}  // namespace orrery::faults
