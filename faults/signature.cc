#include "faults/signature.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "faults/simulation.h"

namespace orrery::faults {
namespace {

/// Folders of the sources: what stands before them in a path is where somebody keeps them.
constexpr std::array<std::string_view, 9> kTopFolders = {"runtime/", "raft/",      "storage/", "server/", "client/",
                                                         "sim/",     "workloads/", "faults/",  "cli/"};

constexpr size_t kMessageFormBytesMax = 100;

/// From the innermost folder that has one of these names: no folder of ours lies in another one of them. A library's
/// file as its build names it.
std::string_view FromRoot(std::string_view file) {
  if (file.starts_with("./")) file.remove_prefix(2);
  size_t start = 0;
  for (const std::string_view folder : kTopFolders) {
    for (size_t at = file.find(folder); at != std::string_view::npos; at = file.find(folder, at + 1)) {
      if (at == 0 || file[at - 1] == '/') start = std::max(start, at);
    }
  }
  return file.substr(start);
}

std::string_view Trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

}  // namespace

std::string AssertionSite(std::string_view file, std::string_view condition) {
  return std::string(FromRoot(Trimmed(file))) + ": " + std::string(Trimmed(condition));
}

std::string MessageForm(std::string_view message) {
  const auto of_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  std::string form;
  for (auto at = message.begin(); at != message.end() && form.size() < kMessageFormBytesMax;) {
    const auto end = std::find_if_not(at, message.end(), of_word);
    if (std::any_of(at, end, digit)) {
      form += '#';
    } else {
      form.append(at, end);
    }
    at = end;
    if (at == message.end()) break;
    form += std::isprint(static_cast<unsigned char>(*at)) != 0 ? *at : '?';
    ++at;
  }
  form.resize(std::min(form.size(), kMessageFormBytesMax));
  return std::string(Trimmed(form));
}

std::string Signature(const SimulationReport& report) {
  std::string signature(sim::ExitCodeName(report.exit_code));
  if (report.exit_code == sim::ExitCode::kOk) return signature;
  // The name of a crash is its site alone.
  const bool crashed = report.outcome == "node-crashed" || report.outcome == "harness-crashed";
  if (!report.outcome.empty() && !crashed) signature += "/" + report.outcome;
  if (!report.symptom.empty()) signature += "/" + report.symptom;
  return signature;
}

}  // namespace orrery::faults
