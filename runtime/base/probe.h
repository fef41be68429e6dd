#pragma once

#include <string_view>

namespace orrery {

/// How code tells its tests what it went through, and lets them bend what the contract leaves free.
/// Production counts nothing and bends nothing. The code cannot tell the difference, and must be right
/// either way.
class Probes {
 public:
  virtual ~Probes() = default;

  /// A rare path was taken. `name` is a string literal, "folder.thing.event".
  virtual void Hit(const char* name) = 0;
  /// Whether to take the awkward but legal branch at this site now. `site` is a string literal. The
  /// simulator first decides per run whether the site is active at all, then draws `probability`.
  virtual bool Buggify(const char* site, double probability) = 0;
};

/// Hits are forgotten, nothing is bent.
class NoProbes final : public Probes {
 public:
  void Hit(const char*) override {}
  bool Buggify(const char*, double) override { return false; }
};

}  // namespace orrery

/// Marks a rare path: ORRERY_PROBE(runtime.probes, "raft.log.truncated_conflict"). The build collects
/// every name from the sources, so that a simulation report can list those that never fired.
#define ORRERY_PROBE(probes, name) (probes).Hit(name)
/// The same where the probes may be absent (a pure core without a runtime).
#define ORRERY_PROBE_IF(probes_pointer, name)                     \
  do {                                                            \
    if ((probes_pointer) != nullptr) (probes_pointer)->Hit(name); \
  } while (false)
