#pragma once

#include <iosfwd>
#include <string>

#include "runtime/base/status.h"

namespace orrery::cli {

/// The content of a file. kInvalidArgument names it, and says why it cannot be read.
Result<std::string> ReadWholeFile(const std::string& path);
/// All that is left of a stream; `name` is for the message.
Result<std::string> ReadStream(std::istream& stream, const std::string& name);

}  // namespace orrery::cli
