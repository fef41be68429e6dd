#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "storage/engine.h"

namespace orrery {

class Probes;

/// Streams the content of ranges, as one snapshot sees it, in checksummed chunks for RangeImport. Deterministic: the
/// same state and options give the same chunks. Owns the snapshot.
class RangeExport {
 public:
  struct Options {
    /// A chunk is closed when it has this many bytes; a larger row gets a chunk of its own. Default 256 KiB.
    size_t chunk_bytes = size_t{256} << 10;
    Probes* probes = nullptr;  ///< May be null. Outlives the export.
  };

  RangeExport(std::unique_ptr<EngineSnapshot> snapshot, std::vector<KeyRange> ranges, Options options);
  RangeExport(std::unique_ptr<EngineSnapshot> snapshot, std::vector<KeyRange> ranges)
      : RangeExport(std::move(snapshot), std::move(ranges), Options()) {}
  ~RangeExport();

  /// The next chunk; empty after the last one (there is always at least one). Suspends. After an error
  /// the export is of no use any more.
  Result<std::optional<Bytes>> NextChunk();
  uint64_t rows() const { return rows_; }

 private:
  std::unique_ptr<EngineSnapshot> snapshot_;
  std::vector<KeyRange> ranges_;
  Options options_;
  size_t range_ = 0;  ///< The range being read; ranges_.size() at the end.
  std::unique_ptr<EngineIterator> rows_left_;
  uint64_t chunks_ = 0;
  uint64_t rows_ = 0;
  bool done_ = false;
};

}  // namespace orrery
