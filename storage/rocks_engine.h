#pragma once

#include <memory>

#include "storage/engine.h"
#include "storage/engine_options.h"

namespace orrery {

struct Runtime;

/// The Engine on RocksDB. Opens `options.folder`, creating it when missing, after checking the write-ahead log for
/// rot below what was acknowledged (wal_check.h), removes what unfinished imports left and finishes those that had
/// passed their point of no return. Suspends.
///
/// kInvalidArgument: options. kCorruption: rotten bytes that were acknowledged, or a folder whose families are not
/// ours; the store must be rebuilt from its peers. kVersionMismatch: written by a newer format. Other errors: the
/// disk. None of them calls Process::Exit: the opener decides.
Result<std::unique_ptr<Engine>> OpenRocksEngine(Runtime& runtime, const EngineOptions& options);

}  // namespace orrery
