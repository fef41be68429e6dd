#include "cli/exit_code.h"

namespace orrery::cli {

int ExitCodeOf(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk: return kExitOk;
    case StatusCode::kInvalidArgument:
    case StatusCode::kTooLarge: return kExitUsage;
    case StatusCode::kNotFound: return kExitAbsent;
    case StatusCode::kUnknownOutcome: return kExitUnknown;
    case StatusCode::kCorruption:
    case StatusCode::kIoError:
    case StatusCode::kNoSpace: return kExitStorage;
    case StatusCode::kWrongTarget:
    case StatusCode::kNotMember:
    case StatusCode::kConflict:
    case StatusCode::kAlreadyExists:
    case StatusCode::kVersionMismatch: return kExitRefused;
    default: return kExitUnavailable;
  }
}

}  // namespace orrery::cli
