#include "faults/signature.h"

#include <algorithm>
#include <array>

#include "faults/simulation.h"

namespace orrery::faults {
namespace {

/// Folders of the sources: what stands before them in a path is where somebody keeps them.
constexpr std::array<std::string_view, 9> kTopFolders = {"runtime/", "raft/",      "storage/", "server/", "client/",
                                                         "sim/",     "workloads/", "faults/",  "cli/"};
constexpr std::string_view kAssertion = ": assertion failed: ";

/// From the innermost folder that has one of these names: no folder of ours lies in another one of them.
std::string_view FromRoot(std::string_view file) {
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

/// The lines of a text, one after the other.
std::string_view TakeLine(std::string_view& text) {
  const size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return line;
}

/// "path/file.cc:12: assertion failed: condition: detail", whose detail begins at the first ": " that is outside of
/// brackets and quotes.
std::string SiteOfLine(std::string_view line, size_t marker) {
  std::string_view file = line.substr(0, marker);
  file = file.substr(0, file.rfind(':'));
  std::string_view condition = line.substr(marker + kAssertion.size());
  int depth = 0;
  for (size_t i = 0; i + 1 < condition.size(); ++i) {
    const char c = condition[i];
    depth += (c == '(' || c == '[' || c == '{') ? 1 : 0;
    depth -= (c == ')' || c == ']' || c == '}') ? 1 : 0;
    if (depth > 0 || c != ':' || condition[i + 1] != ' ') continue;
    condition = condition.substr(0, i);
    break;
  }
  return AssertionSite(file, condition);
}

}  // namespace

std::string AssertionSite(std::string_view file, std::string_view condition) {
  return std::string(FromRoot(Trimmed(file))) + ": " + std::string(Trimmed(condition));
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

std::string SignatureOfCrash(sim::ExitCode code, std::string_view stderr_text) {
  std::string site;
  for (std::string_view rest = stderr_text; !rest.empty();) {
    const std::string_view line = TakeLine(rest);
    if (const size_t marker = line.find(kAssertion); marker != std::string_view::npos) {
      site = SiteOfLine(line, marker);  // The last one: what came before it was survived.
    } else if (site.empty()) {
      for (const std::string_view head : {std::string_view("node crashed: "), std::string_view("harness failed: ")}) {
        if (line.starts_with(head)) site = std::string(Trimmed(line.substr(head.size())));
      }
    }
  }
  std::string signature(sim::ExitCodeName(code));
  return site.empty() ? signature : signature + "/" + site;
}

}  // namespace orrery::faults
