#pragma once

#include <string_view>

#include "runtime/base/status.h"

namespace orrery {

/// The Status of a failed system call: "open a/b: No such file or directory". ENOENT is kNotFound, EEXIST
/// kAlreadyExists, ENOSPC and EDQUOT kNoSpace, all else kIoError.
Status PosixError(std::string_view operation, std::string_view subject, int error_number);

}  // namespace orrery
