#pragma once

#include <CLI/CLI.hpp>

namespace orrery::faults {

/// For options that hold times and other amounts: a number from 0 to 1e8. As minutes it fits nanoseconds. CLI's own
/// check lets "nan" and "1e300" pass.
inline CLI::Validator Amount() {
  return CLI::Validator(
      [](std::string& text) {
        double value = 0;
        const bool fits = CLI::detail::lexical_cast(text, value) && value >= 0 && value <= 1e8;
        return fits ? std::string() : "\"" + text + "\" is no number from 0 to 1e8";
      },
      "AMOUNT");
}

}  // namespace orrery::faults
