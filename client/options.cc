#include "client/options.h"

namespace orrery {
namespace {

Status CheckRange(std::string_view field, Duration value, Duration low, Duration high) {
  if (value >= low && value <= high) return Status::Ok();
  return Status(StatusCode::kInvalidArgument, std::string(field) + " is " + std::to_string(value.count()) +
                                                  " ns, must be between " + std::to_string(low.count()) + " and " +
                                                  std::to_string(high.count()));
}

}  // namespace

Status ClientOptions::Validate() const {
  if (stores.empty()) return Status(StatusCode::kInvalidArgument, "stores: at least one is needed");
  if (!region.valid()) return Status(StatusCode::kInvalidArgument, "region is missing");
  ORRERY_RETURN_IF_ERROR(CheckRange("attempt_timeout", attempt_timeout, milliseconds(10), seconds(60)));
  ORRERY_RETURN_IF_ERROR(CheckRange("backoff_min", backoff_min, milliseconds(1), seconds(10)));
  return CheckRange("backoff_max", backoff_max, backoff_min, seconds(10));
}

}  // namespace orrery
