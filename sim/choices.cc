#include "sim/choices.h"

#include <algorithm>

namespace orrery::sim {

std::string_view ChoiceStreamName(ChoiceStream stream) {
  switch (stream) {
    case ChoiceStream::kSchedule: return "schedule";
    case ChoiceStream::kNetwork: return "network";
    case ChoiceStream::kOffload: return "offload";
    case ChoiceStream::kClock: return "clock";
    case ChoiceStream::kBuggify: return "buggify";
    case ChoiceStream::kDisk: return "disk";
    case ChoiceStream::kNode: return "node";
  }
  return "unknown";
}

std::string LatencyName(std::string_view way, int channel, uint64_t slot) {
  return std::string(way) + " channel" + std::to_string(channel) + " slot" + std::to_string(slot);
}

bool IsLatencyName(std::string_view text) {
  const auto take_number_behind = [&text](std::string_view word) {
    if (!text.starts_with(word)) return false;
    text.remove_prefix(word.size());
    const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(digits);
    return digits > 0;
  };
  const size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return false;
  const std::string_view way = text.substr(0, blank);
  const size_t arrow = way.find('>');
  if (arrow == std::string_view::npos || arrow == 0 || arrow + 1 == way.size()) return false;
  text.remove_prefix(blank);
  return take_number_behind(" channel") && take_number_behind(" slot") && text.empty();
}

const std::pair<const std::string, Duration>* Choices::GivenLatency(std::string_view way, int channel,
                                                                    uint64_t slot) const {
  if (options_.latencies.empty()) return nullptr;
  const auto given = options_.latencies.find(LatencyName(way, channel, slot));
  return given == options_.latencies.end() ? nullptr : &*given;
}

Choices::Choices(ChoiceOptions options) : options_(std::move(options)) {
  const Random root(Mix64(options_.seed));
  for (int i = 0; i < kChoiceStreamCount; ++i) {
    const auto index = static_cast<size_t>(i);
    uint64_t key = root.Split(ChoiceStreamName(static_cast<ChoiceStream>(i))).key();
    if (options_.salts[index] != 0) key = HashCombine(key, options_.salts[index]);
    keys_[index] = key;
  }
}

bool Choices::Falls(uint64_t word, double probability) {
  if (probability <= 0) return false;
  if (probability >= 1) return true;
  // Comparison with a double that holds an exact 53-bit number: the same on every compiler.
  return static_cast<double>(word >> 11) < probability * 9007199254740992.0;
}

bool Choices::BuggifyActive(std::string_view site) const {
  const auto pinned = options_.buggify_sites.find(site);
  if (pinned != options_.buggify_sites.end()) return pinned->second;
  if (calm(ChoiceStream::kBuggify)) return false;
  return Falls(Word(ChoiceStream::kBuggify, Hash64(site), 0), options_.buggify_active);
}

}  // namespace orrery::sim
