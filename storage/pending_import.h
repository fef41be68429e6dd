#pragma once

#include <string>
#include <vector>

#include "runtime/base/bytes.h"
#include "storage/key_range.h"

namespace orrery {

/// The durable record of an import past its point of no return.
struct PendingImport {
  struct File {
    KeyRange range;  ///< What it holds is replaced by the rows of the file.
    std::string name;
    bool has_rows = false;  ///< If not, there is no file: the range is emptied.
    Bytes first_key;        ///< Meaningful if has_rows.
    Bytes last_key;
    friend bool operator==(const File&, const File&) = default;
  };
  std::vector<File> files;
  Bytes final_batch;  ///< WriteBatch::Encoded.
  friend bool operator==(const PendingImport&, const PendingImport&) = default;
};

Bytes EncodePendingImport(const PendingImport& pending);
/// kCorruption, kVersionMismatch. File names are plain: no folder in them.
Result<PendingImport> DecodePendingImport(ByteView bytes);

}  // namespace orrery
