#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include "runtime/base/status.h"

namespace orrery {

/// Ok if low <= value <= high, else kInvalidArgument: "field is 7, allowed is 1 to 5". `unit` follows the value.
template <class T>
Status CheckRange(std::string_view field, T value, std::type_identity_t<T> low, std::type_identity_t<T> high,
                  std::string_view unit = "") {
  if (value >= low && value <= high) return Status::Ok();
  return Status(StatusCode::kInvalidArgument, std::string(field) + " is " + std::to_string(value) + std::string(unit) +
                                                  ", allowed is " + std::to_string(low) + " to " +
                                                  std::to_string(high));
}

}  // namespace orrery
