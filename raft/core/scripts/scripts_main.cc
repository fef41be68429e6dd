// Golden interaction scripts: runs every block of every script and compares the transcript with the one written down.
//
//   orrery_raft_scripts [--rewrite] FILE...
//
// A block is one or more commands, a line "----", and the whole transcript up to a blank line. Lines that start with #
// before the commands explain. --rewrite replaces the transcripts by what happens now: read the diff as you would code.
// Exit codes: 0 all as written, 1 a difference, 2 bad usage.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "raft/core/scripts/script_group.h"

namespace orrery::raft {
namespace {

constexpr char kSeparator[] = "----";

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// The script with its transcripts replaced by what happens now.
std::string Replay(const std::string& text) {
  ScriptGroup group;
  std::string replayed;
  std::vector<std::string> commands;
  bool in_transcript = false;
  for (const std::string& line : Lines(text)) {
    if (in_transcript) {
      if (!line.empty()) continue;
      in_transcript = false;
    }
    replayed += line + "\n";
    if (line == kSeparator) {
      std::string transcript;
      for (const std::string& command : commands) transcript += group.Run(command);
      replayed += transcript.empty() ? "ok\n" : transcript;
      commands.clear();
      in_transcript = true;
    } else if (!line.empty() && line[0] != '#') {
      commands.push_back(line);
    }
  }
  return replayed;
}

void PrintFirstDifference(const std::string& path, const std::string& written, const std::string& now) {
  const std::vector<std::string> a = Lines(written);
  const std::vector<std::string> b = Lines(now);
  size_t at = 0;
  while (at < a.size() && at < b.size() && a[at] == b[at]) ++at;
  std::printf("%s:%zu: the transcript differs\n  written: %s\n  now:     %s\n", path.c_str(), at + 1,
              at < a.size() ? a[at].c_str() : "(end)", at < b.size() ? b[at].c_str() : "(end)");
}

/// False if the script differs, breaks a law or cannot be read.
bool RunFile(const std::string& path, bool rewrite) {
  std::ifstream in(path);
  if (!in) {
    std::printf("%s: cannot be read\n", path.c_str());
    return false;
  }
  const std::string written{std::istreambuf_iterator<char>(in), {}};
  const std::string now = Replay(written);
  const bool broken = now.find("\nBROKEN ") != std::string::npos || now.find("\nunknown ") != std::string::npos;
  if (broken) std::printf("%s: the transcript says BROKEN or unknown\n", path.c_str());
  if (now.find(kSeparator) == std::string::npos) {
    std::printf("%s: has no block\n", path.c_str());
    return false;
  }
  if (now == written) return !broken;
  if (!rewrite) {
    PrintFirstDifference(path, written, now);
    std::printf("  to accept: build/release/orrery_raft_scripts --rewrite %s\n", path.c_str());
    return false;
  }
  std::ofstream(path) << now;
  std::printf("%s: rewritten\n", path.c_str());
  return !broken;
}

int Main(int argc, char** argv) {
  bool rewrite = false;
  std::vector<std::string> paths;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--rewrite") {
      rewrite = true;
    } else {
      paths.push_back(argument);
    }
  }
  if (paths.empty()) {
    std::fprintf(stderr, "usage: orrery_raft_scripts [--rewrite] FILE...\n");
    return 2;
  }
  size_t failed = 0;
  for (const std::string& path : paths) failed += !RunFile(path, rewrite);
  std::printf("%zu scripts, %zu failed\n", paths.size(), failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace orrery::raft

int main(int argc, char** argv) {
  return orrery::raft::Main(argc, argv);
}
