#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "runtime/real/address.h"

namespace orrery::cli {

/// For CLI11's check(): an id of a store.
inline CLI::Validator StoreIdCheck() {
  return CLI::Validator(
      [](const std::string& word) {
        const bool digits = !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
        const bool zero = word.find_first_not_of('0') == std::string::npos;
        if (digits && !zero && word.size() <= 18) return std::string();
        return "\"" + word + "\" is no store id: a whole number from 1 on";
      },
      "ID");
}

/// For CLI11's check(): "host:port" with a port others can connect to.
inline CLI::Validator AddressCheck() {
  return CLI::Validator(
      [](const std::string& word) {
        const Result<HostPort> parts = ParseAddress(word);
        if (!parts.ok()) return std::string(parts.status().message());
        return parts->port == "0" ? "address \"" + word + "\": the port must not be 0" : std::string();
      },
      "HOST:PORT");
}

}  // namespace orrery::cli
