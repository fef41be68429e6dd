#pragma once

namespace orrery::cli {

inline constexpr char kVersion[] = "0.1.0";

}  // namespace orrery::cli
