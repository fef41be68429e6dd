#include "workloads/recording_workload.h"

#include <sstream>

#include "runtime/clock.h"
#include "runtime/runtime.h"
#include "workloads/check/history_json.h"

namespace orrery {

Deadline RecordingWorkload::OperationDeadline(const WorkloadClient& client) const {
  return Deadline::After(client.runtime.clock.Now(), options_.operation_timeout);
}

std::string RecordingWorkload::HistoryText() const {
  std::ostringstream text;
  check::WriteJsonHistory(history(), text);
  return text.str();
}

}  // namespace orrery
