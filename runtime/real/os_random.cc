#include "runtime/real/os_random.h"

#include <errno.h>
#include <sys/random.h>

#include "runtime/base/assert.h"

namespace orrery {

uint64_t OsRandomU64() {
  uint64_t value = 0;
  while (::getrandom(&value, sizeof(value), 0) != static_cast<ssize_t>(sizeof(value))) {
    ORRERY_ASSERT(errno == EINTR);
  }
  return value;
}

}  // namespace orrery
