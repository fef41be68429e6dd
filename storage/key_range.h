#pragma once

#include "runtime/base/bytes.h"
#include "storage/column_family.h"

namespace orrery {

/// Keys in [begin, end) of one family. An empty `end` is "no upper end".
struct KeyRange {
  ColumnFamily family = ColumnFamily::kData;
  Bytes begin;
  Bytes end;

  friend bool operator==(const KeyRange&, const KeyRange&) = default;
};

}  // namespace orrery
