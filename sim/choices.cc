#include "sim/choices.h"

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
