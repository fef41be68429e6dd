#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/base/probe.h"
#include "sim/choices.h"

namespace orrery::sim {

/// Counts of one run, over all nodes.
class ProbeCounts {
 public:
  void Add(std::string_view name) { ++counts_[name]; }
  /// By name.
  std::map<std::string, uint64_t> All() const;
  uint64_t Count(std::string_view name) const;

 private:
  // Keys are literals: they outlive everything. Never iterated unsorted.
  std::unordered_map<std::string_view, uint64_t> counts_;
};

/// What one actor sees as its Probes. Hits are counted per run; Buggify is a function of
/// (seed, site) for whether the site is active, then of (site, actor, how often this actor came here).
class SimProbes final : public Probes {
 public:
  SimProbes(const Choices& choices, uint64_t actor_hash, ProbeCounts& hits, ProbeCounts& bends)
      : choices_(choices), actor_hash_(actor_hash), hits_(hits), bends_(bends) {}

  void Hit(const char* name) override { hits_.Add(name); }
  bool Buggify(const char* site, double probability) override;

 private:
  struct Site {
    bool active = false;
    uint64_t hash = 0;
    uint64_t visits = 0;
  };

  const Choices& choices_;
  uint64_t actor_hash_;
  ProbeCounts& hits_;
  ProbeCounts& bends_;
  std::unordered_map<std::string_view, Site> sites_;
};

/// All names of ORRERY_PROBE and Buggify that stand in the sources, sorted; collected by the build.
const std::vector<std::string_view>& AllProbeNames();
const std::vector<std::string_view>& AllBuggifySites();

}  // namespace orrery::sim
