#include "workloads/recording_workload.h"

#include <sstream>

#include "runtime/clock.h"
#include "runtime/runtime.h"
#include "workloads/check/history_json.h"
#include "workloads/values.h"

namespace orrery {

Deadline RecordingWorkload::OperationDeadline(const WorkloadClient& client) const {
  return Deadline::After(client.runtime.clock.Now(), options_.operation_timeout);
}

Bytes RecordingWorkload::Key(std::string_view kind, uint64_t number) const {
  return options_.key_prefix + NumberedKey(kind, number);
}

std::string RecordingWorkload::HistoryText() const {
  std::ostringstream text;
  check::WriteJsonHistory(history(), text);
  return text.str();
}

}  // namespace orrery
