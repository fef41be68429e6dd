#pragma once

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "server/store_config.h"

namespace orrery {

/// A number or flag of a StoreOptions that cluster.toml may set. Durations are whole milliseconds there.
class KnobTarget {
 public:
  // NOLINTBEGIN(google-explicit-constructor): a knob is its place.
  KnobTarget(bool* flag) : place_(flag) {}
  KnobTarget(int* number) : place_(number) {}
  KnobTarget(uint32_t* number) : place_(number) {}
  KnobTarget(uint64_t* number) : place_(number) {}
  KnobTarget(Duration* duration) : place_(duration) {}
  // NOLINTEND(google-explicit-constructor)

  bool is_flag() const { return std::holds_alternative<bool*>(place_); }
  /// In the file's unit; a flag is 0 or 1.
  uint64_t Get() const;
  /// Requires: the value fits its type.
  void Set(uint64_t value) const;

 private:
  std::variant<bool*, int*, uint32_t*, uint64_t*, Duration*> place_;
};

/// One key of a section of cluster.toml.
struct ConfigKnob {
  std::string_view key;  ///< "raft.tick_ms".
  KnobTarget target;
  std::string_view unit;  ///< "ms", "bytes", ...; empty for a flag or a plain number.
  // Allowed are low to high. Of flags they mean nothing.
  uint64_t low = 0;
  uint64_t high = 1;

  /// The value is also bound by another key: at least its value plus `offset`, or, if `is_limit`, at most that.
  struct Bound {
    std::string_view key;  ///< Empty: none.
    int64_t offset = 0;
    bool is_limit = false;
  };
  Bound bound;
};

/// Every key below [raft], [storage] and [limits], each with its place in `options`, which outlives the list.
/// docs/operations.md explains the same list; a test compares them.
std::vector<ConfigKnob> ConfigKnobs(StoreOptions& options);

/// The other keys of the file.
inline constexpr std::string_view kConfigRootKeys[] = {"cluster_id", "name", "store.id", "store.address",
                                                       "store.data_dir"};

}  // namespace orrery
