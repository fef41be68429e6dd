#include "client/options.h"

#include "runtime/base/check_range.h"

namespace orrery {
namespace {

Status CheckSpan(std::string_view field, Duration value, Duration low, Duration high) {
  return CheckRange<int64_t>(field, value.count(), low.count(), high.count(), " ns");
}

}  // namespace
Status ClientOptions::Validate() const {
  if (stores.empty()) return Status(StatusCode::kInvalidArgument, "stores: at least one is needed");
  if (!region.valid()) return Status(StatusCode::kInvalidArgument, "region is missing");
  ORRERY_RETURN_IF_ERROR(CheckSpan("attempt_timeout", attempt_timeout, milliseconds(10), seconds(60)));
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("session_window", session_window, 1, kSessionWindow, ""));
  ORRERY_RETURN_IF_ERROR(CheckSpan("backoff_min", backoff_min, milliseconds(1), seconds(10)));
  return CheckSpan("backoff_max", backoff_max, backoff_min, seconds(10));
}

}  // namespace orrery
