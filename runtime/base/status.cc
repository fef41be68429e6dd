#include "runtime/base/status.h"

namespace orrery {

std::string_view StatusCodeName(StatusCode code) {
  switch (code) {
    case StatusCode::kOk: return "OK";
    case StatusCode::kBusy: return "BUSY";
    case StatusCode::kUnavailable: return "UNAVAILABLE";
    case StatusCode::kTimeout: return "TIMEOUT";
    case StatusCode::kNotLeader: return "NOT_LEADER";
    case StatusCode::kNotMember: return "NOT_MEMBER";
    case StatusCode::kWrongTarget: return "WRONG_TARGET";
    case StatusCode::kInvalidArgument: return "INVALID_ARGUMENT";
    case StatusCode::kNotFound: return "NOT_FOUND";
    case StatusCode::kAlreadyExists: return "ALREADY_EXISTS";
    case StatusCode::kConflict: return "CONFLICT";
    case StatusCode::kTooLarge: return "TOO_LARGE";
    case StatusCode::kVersionMismatch: return "VERSION_MISMATCH";
    case StatusCode::kCancelled: return "CANCELLED";
    case StatusCode::kClosed: return "CLOSED";
    case StatusCode::kStaleTerm: return "STALE_TERM";
    case StatusCode::kCompacted: return "COMPACTED";
    case StatusCode::kCorruption: return "CORRUPTION";
    case StatusCode::kIoError: return "IO_ERROR";
    case StatusCode::kNoSpace: return "NO_SPACE";
    case StatusCode::kUnknownOutcome: return "UNKNOWN_OUTCOME";
  }
  return "UNRECOGNISED_CODE";
}

bool IsRetryable(StatusCode code) {
  switch (code) {
    case StatusCode::kBusy:
    case StatusCode::kUnavailable:
    case StatusCode::kTimeout:
    case StatusCode::kNotLeader:
    case StatusCode::kNotMember:
    case StatusCode::kWrongTarget: return true;
    default: return false;
  }
}

Status::Status(StatusCode code, std::string message)
    : state_(std::make_shared<const State>(State{code, std::move(message)})) {
  ORRERY_ASSERT(code != StatusCode::kOk);
}

Status Status::Wrap(std::string_view context) const {
  if (ok()) return *this;
  std::string message(context);
  message += ": ";
  message += state_->message;
  return Status(state_->code, std::move(message));
}

std::string Status::ToString() const {
  std::string text(StatusCodeName(code()));
  if (!message().empty()) {
    text += ": ";
    text += message();
  }
  return text;
}

}  // namespace orrery
