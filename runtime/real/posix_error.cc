#include "runtime/real/posix_error.h"

#include <errno.h>

#include <string>
#include <system_error>

namespace orrery {
namespace {

StatusCode CodeOf(int error_number) {
  switch (error_number) {
    case ENOENT: return StatusCode::kNotFound;
    case EEXIST: return StatusCode::kAlreadyExists;
    case ENOSPC:
    case EDQUOT: return StatusCode::kNoSpace;
    default: return StatusCode::kIoError;
  }
}

}  // namespace

Status PosixError(std::string_view operation, std::string_view subject, int error_number) {
  return Status(CodeOf(error_number), std::string(operation) + " " + std::string(subject) + ": " +
                                          std::generic_category().message(error_number));
}

}  // namespace orrery
