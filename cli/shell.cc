#include "cli/shell.h"

#include <fmt/core.h>
#include <unistd.h>

#include <iostream>

#include "cli/control.h"

namespace orrery::cli {
namespace {

using Words = std::vector<std::string>;

constexpr std::string_view kHelp =
    "get KEY | put KEY VALUE | del KEY | cas KEY OLD NEW (- for absent) | scan [PREFIX [LIMIT]]\n"
    "members | status | help | quit\n";

Status NeedWords(const Words& words, size_t low, size_t high) {
  if (words.size() >= low && words.size() <= high) return Status::Ok();
  return Status(StatusCode::kInvalidArgument, words[0] + ": wrong number of words; try help");
}

std::optional<Bytes> OrAbsent(const std::string& word) {
  return word == "-" ? std::nullopt : std::optional<Bytes>(word);
}

Status ShellGet(Session& session, const Words& words) {
  ORRERY_RETURN_IF_ERROR(NeedWords(words, 2, 2));
  ORRERY_ASSIGN_OR_RETURN(const std::optional<Bytes> value, session.kv.Get(words[1], session.deadline()));
  fmt::print("{}\n", value ? *value : "(absent)");
  return Status::Ok();
}

Status ShellPut(Session& session, const Words& words) {
  ORRERY_RETURN_IF_ERROR(NeedWords(words, 3, 3));
  return session.kv.Put(words[1], words[2], session.deadline());
}

Status ShellDelete(Session& session, const Words& words) {
  ORRERY_RETURN_IF_ERROR(NeedWords(words, 2, 2));
  return session.kv.Delete(words[1], session.deadline());
}

Status ShellSwap(Session& session, const Words& words) {
  ORRERY_RETURN_IF_ERROR(NeedWords(words, 4, 4));
  ORRERY_ASSIGN_OR_RETURN(
      const KvClient::SwapOutcome outcome,
      session.kv.CompareAndSwap(words[1], OrAbsent(words[2]), OrAbsent(words[3]), session.deadline()));
  if (outcome.swapped) {
    fmt::print("swapped\n");
  } else {
    fmt::print("not swapped: {}\n", outcome.current ? *outcome.current : "(absent)");
  }
  return Status::Ok();
}

Status ShellScan(Session& session, const Words& words) {
  ORRERY_RETURN_IF_ERROR(NeedWords(words, 1, 3));
  ScanRequest request{.start = words.size() > 1 ? words[1] : "", .limit = 20};
  if (words.size() > 1) request.end = words[1] + "\xff";
  if (words.size() > 2) {
    char* end = nullptr;
    request.limit = static_cast<uint32_t>(std::strtoul(words[2].c_str(), &end, 10));
    if (*end != '\0') return Status(StatusCode::kInvalidArgument, "limit " + words[2] + " is not a number");
  }
  ORRERY_ASSIGN_OR_RETURN(const ScanResponse page, session.kv.Scan(request, session.deadline()));
  for (const KeyValue& pair : page.pairs) fmt::print("{}\t{}\n", Printable(pair.key), Printable(pair.value));
  return Status::Ok();
}

Status Execute(Session& session, const Words& words) {
  if (words[0] == "get") return ShellGet(session, words);
  if (words[0] == "put") return ShellPut(session, words);
  if (words[0] == "del") return ShellDelete(session, words);
  if (words[0] == "cas") return ShellSwap(session, words);
  if (words[0] == "scan") return ShellScan(session, words);
  if (words[0] == "members") return PrintMembers(session, false);
  if (words[0] == "status") return PrintStatus(session, false);
  if (words[0] == "help") {
    fmt::print("{}", kHelp);
    return Status::Ok();
  }
  return Status(StatusCode::kInvalidArgument, "no command \"" + words[0] + "\"; try help");
}

}  // namespace

Result<std::vector<std::string>> SplitWords(const std::string& line) {
  Words words;
  bool in_word = false;
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    char c = line[i];
    if (!quoted && (c == ' ' || c == '\t' || c == '\r')) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (c == '"') {
      quoted = !quoted;
      continue;
    }
    if (quoted && c == '\\' && i + 1 < line.size()) c = line[++i];
    words.back().push_back(c);
  }
  if (quoted) return Status(StatusCode::kInvalidArgument, "a quotation has no end");
  return words;
}

Status RunShell(Session& session) {
  const bool on_terminal = isatty(STDIN_FILENO) == 1;
  std::string line;
  while (true) {
    if (on_terminal) fmt::print("orrery> ");
    std::fflush(stdout);
    // The loop stands still while a person types; connections survive that.
    if (!std::getline(std::cin, line)) return Status::Ok();
    const Result<Words> words = SplitWords(line);
    if (words.ok() && words->empty()) continue;
    if (words.ok() && ((*words)[0] == "quit" || (*words)[0] == "exit")) return Status::Ok();
    const Status status = words.ok() ? Execute(session, *words) : words.status();
    if (!status.ok()) {
      fmt::print(stderr, "{}\n", status.ToString());
    } else if (on_terminal && (words->front() == "put" || words->front() == "del")) {
      fmt::print("ok\n");  // A script does not want to read it.
    }
  }
}

}  // namespace orrery::cli
