#pragma once

#include <string>
#include <string_view>

namespace orrery::faults {

/// Text for HTML and XML, between tags or in quoted attributes. Bytes that XML 1.0 cannot hold, and bytes that are no
/// UTF-8, become U+FFFD.
std::string Escape(std::string_view text);

}  // namespace orrery::faults
