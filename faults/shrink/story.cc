#include "faults/shrink/story.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <sstream>

#include "faults/shrink/answers.h"
#include "faults/shrink/capsule_edit.h"

namespace orrery::faults {
namespace {

constexpr size_t kColumnsMax = 118;
constexpr size_t kWitnessLinesMax = 8;
constexpr std::string_view kCrashPrefix = "node_crashed/";

/// How telling a line is: the lowest go first.
enum class Weight : uint8_t { kDetail, kAnswer, kReturn, kLife, kComplaint, kLeader, kOperation, kFault };

struct Line {
  Weight weight = Weight::kDetail;
  std::string text;
};

std::string Shortened(std::string text) {
  if (text.size() <= kColumnsMax) return text;
  text.resize(kColumnsMax - 3);
  // Not within a character of several bytes.
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) text.pop_back();
  if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xC0) text.pop_back();
  return text + "...";
}

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

/// Long lines of a witness go on in the next one: their ends often say what matters.
std::vector<std::string> Wrapped(const std::vector<std::string>& lines) {
  constexpr size_t kWidth = kColumnsMax - 4;
  std::vector<std::string> wrapped;
  for (std::string line : lines) {
    while (line.size() > kWidth && line.rfind(' ', kWidth) != std::string::npos &&
           line.rfind(' ', kWidth) > kWidth / 2) {
      const size_t blank = line.rfind(' ', kWidth);
      wrapped.push_back(line.substr(0, blank));
      line = "  " + line.substr(blank + 1);
    }
    wrapped.push_back(line);
  }
  return wrapped;
}

/// One line of a trace: "seconds number actor kind text".
struct TraceLine {
  std::string seconds;  ///< Three decimals.
  std::string actor;
  std::string kind;
  std::string text;
};

std::optional<TraceLine> ParseTraceLine(const std::string& line) {
  std::istringstream words(line);
  std::string seconds;
  std::string number;
  TraceLine parsed;
  if (!(words >> seconds >> number >> parsed.actor >> parsed.kind)) return std::nullopt;
  std::getline(words >> std::ws, parsed.text);
  const size_t point = seconds.find('.');
  if (point == std::string::npos) return std::nullopt;
  parsed.seconds = seconds.substr(0, point + 4);
  return parsed;
}

/// "node2/boot3" is "store2"; its boot is told when it matters.
std::string StoreName(const std::string& actor) {
  const std::string machine = actor.substr(0, actor.find('/'));
  return machine.starts_with("node") ? "store" + machine.substr(4) : machine;
}

/// Turns the lines of a trace into lines of a story.
class Teller {
 public:
  Teller(const Capsule& capsule, const StorySources& sources) {
    for (size_t i = 0; i < capsule.workloads.size(); ++i) {
      const std::string name = capsule.workloads[i].name + std::to_string(i);
      const auto history = sources.histories.find(name);
      if (history == sources.histories.end()) continue;
      answers_.emplace(name, AnswersInOrder(history->second, capsule.workloads[i].options.clients));
    }
    for (const std::string& line : LinesOf(sources.trace)) {
      if (const auto parsed = ParseTraceLine(line)) Hear(*parsed);
    }
  }

  std::vector<Line> Take() { return std::move(lines_); }

 private:
  void Hear(const TraceLine& line) {
    if (line.kind == "crash" && line.actor.starts_with("node")) {
      const std::string text = StoreName(line.actor) + (line.text == "power_loss" ? " loses power" : " dies");
      ends_.push_back({Weight::kLife, Told(line, text)});
      return;
    }
    if (line.actor == "nemesis") return Tell(line, Weight::kFault, "FAULT " + line.text);
    if (line.kind == "client") return HearClient(line);
    if (!line.actor.starts_with("node")) return;
    if (line.kind == "exit")
      return Tell(line, Weight::kComplaint, StoreName(line.actor) + " ends itself: " + line.text);
    if (line.kind == "boot" && !line.actor.ends_with("/boot1")) {
      return Tell(line, Weight::kReturn, StoreName(line.actor) + " starts again");
    }
    if (line.kind == "log") HearLog(line);
  }

  void HearLog(const TraceLine& line) {
    const size_t blank = line.text.find(' ');
    if (blank == std::string::npos) return;
    const std::string level = line.text.substr(0, blank);
    const std::string words = line.text.substr(blank + 1);
    const std::string who = StoreName(line.actor);
    if (const size_t leads = words.find(" leads in term "); leads != std::string::npos) {
      return Tell(line, Weight::kLeader, fmt::format("{} becomes leader, term {}", who, words.substr(leads + 15)));
    }
    if (level == "warn" || level == "error") return Tell(line, Weight::kComplaint, who + " says: " + words);
    if (words.find("snapshot: ") != std::string::npos) Tell(line, Weight::kDetail, who + ": " + words);
  }

  /// "register0/client3", "put key 3 #17".
  void HearClient(const TraceLine& line) {
    const size_t slash = line.actor.find('/');
    const auto answers = answers_.find(line.actor.substr(0, slash));
    const std::string who = line.actor.substr(slash == std::string::npos ? 0 : slash + 1);
    std::string text = who + ": " + line.text;
    if (answers != answers_.end() && who.starts_with("client")) {
      text += ": " + answers->second.Next(static_cast<uint32_t>(std::strtoul(who.c_str() + 6, nullptr, 10)),
                                          line.text.starts_with("increment"));
    }
    Tell(line, Weight::kOperation, text);
  }

  static std::string Told(const TraceLine& line, const std::string& text) {
    return Shortened(fmt::format("  {:>9} s  {}", line.seconds, text));
  }
  void Tell(const TraceLine& line, Weight weight, const std::string& text) {
    // The end of the run ends all stores, and nothing is told behind that: it is no part of the story.
    lines_.insert(lines_.end(), ends_.begin(), ends_.end());
    ends_.clear();
    lines_.push_back({weight, Told(line, text)});
  }

  std::map<std::string, AnswersInOrder> answers_;
  std::vector<Line> ends_;  ///< Deaths that nothing has followed yet.
  std::vector<Line> lines_;
};

/// The least telling lines go until `room` are left; within a weight those in the middle go first.
size_t Thin(std::vector<Line>& lines, size_t room) {
  size_t gone = 0;
  for (int weight = 0; weight <= static_cast<int>(Weight::kFault) && lines.size() > room; ++weight) {
    std::vector<size_t> places;
    for (size_t i = 0; i < lines.size(); ++i) {
      if (static_cast<int>(lines[i].weight) == weight) places.push_back(i);
    }
    const size_t surplus = std::min(places.size(), lines.size() - room);
    const size_t first = (places.size() - surplus) / 2;
    for (size_t i = surplus; i-- > 0;) lines.erase(lines.begin() + static_cast<ptrdiff_t>(places[first + i]));
    gone += surplus;
  }
  return gone;
}

std::string StreamsText(const Capsule& capsule) {
  const std::vector<sim::ChoiceStream> seeded = StreamsNotCalm(capsule);
  if (seeded.empty()) return "all else calm";
  std::string text = "seeded:";
  for (const sim::ChoiceStream stream : seeded) text += " " + std::string(sim::ChoiceStreamName(stream));
  return text;
}

}  // namespace

std::string TellStory(const Capsule& capsule, const StorySources& sources) {
  std::vector<std::string> told;
  told.push_back(Shortened(fmt::format("{}: {} faults, {} operations", sources.signature, capsule.faults.size(),
                                       capsule.operation_count())));
  told.push_back(Shortened(fmt::format("{} stores, {} spares, {} clients; {}", capsule.cluster.stores,
                                       capsule.cluster.spares, capsule.client_count(), StreamsText(capsule))));
  const std::vector<std::string> changed = ChangedKnobs(capsule);
  if (!changed.empty()) {
    std::string knobs = "unusual knobs:";
    for (const std::string& name : changed) knobs += fmt::format(" {}={}", name, capsule.cluster.knobs.at(name));
    told.push_back(Shortened(knobs));
  }
  told.emplace_back("What happened:");
  std::vector<std::string> witness = Wrapped(LinesOf(sources.words));
  if (witness.size() > kWitnessLinesMax) witness.resize(kWitnessLinesMax);
  // Who aborts says nothing more; the signature knows where it was.
  if (witness.empty() && sources.signature.starts_with(kCrashPrefix))
    witness = {"what stores run ended the process itself, at " + sources.signature.substr(kCrashPrefix.size())};
  std::vector<Line> lines = Teller(capsule, sources).Take();
  // Two for what is said below.
  const size_t room = kStoryLinesMax - told.size() - witness.size() - 2;
  const size_t gone = Thin(lines, room);
  for (const Line& line : lines) told.push_back(line.text);
  if (gone > 0) told.push_back(fmt::format("  ({} less telling lines are left out)", gone));
  told.emplace_back(witness.empty() ? "Nobody said why that is wrong." : "Why that is wrong:");
  for (const std::string& line : witness) told.push_back(Shortened("  " + line));
  std::string text;
  for (const std::string& line : told) text += line + "\n";
  return text;
}

}  // namespace orrery::faults
