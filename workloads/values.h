#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/base/bytes.h"

namespace orrery {

/// Values of workloads: a number that no other write of the run uses, padded to a size and sealed with a
/// checksum, so that a damaged or mixed-up value is told from a stale one.
Bytes MakeValue(uint64_t number, uint32_t size_bytes);

/// The number of a value made by MakeValue; nullopt if it was not or is damaged.
std::optional<uint64_t> ParseValue(ByteView value);

/// "prefix/000042": keys of one prefix sort by number.
Bytes NumberedKey(std::string_view prefix, uint64_t number);

}  // namespace orrery
