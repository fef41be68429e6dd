#pragma once

#include <map>
#include <string>

#include "runtime/base/ids.h"
#include "runtime/base/time.h"

namespace orrery::faults {

/// The law of failed writes: a store whose disk has refused to write, or to sync, one of the engine's files ends soon,
/// whether or not anybody asks it for something meanwhile. What is in its memory may never reach the disk any more, and
/// no later success proves otherwise (docs/decisions/0002).
class FailedWriteLaw {
 public:
  /// What the world shows of a store.
  struct View {
    bool up = false;
    /// It stands still, or its disk does, or is slow: time that the store cannot use is not counted.
    bool hindered = false;
    uint64_t life = 0;           ///< Of its disk.
    uint64_t failed_writes = 0;  ///< In this life.
    Duration told{0};            ///< When the process will have heard of all that its disk has done so far.
  };

  /// Looks at one store, after every event or so. Empty while it may be as it is, else what is wrong.
  std::string Look(StoreId store, const View& view, Duration now);

 private:
  struct Failed {
    uint64_t life = 0;
    Duration since{0};  ///< It could have ended from then on.
  };

  std::map<StoreId, Failed> failed_;
};

}  // namespace orrery::faults
