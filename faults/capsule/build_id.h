#pragma once

#include <string_view>

namespace orrery::faults {

/// Written by build_id.py whenever this program is built. See BuildId for what they mean.
std::string_view BuildCommit();
std::string_view BuildPatch();

}  // namespace orrery::faults
