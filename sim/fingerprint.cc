#include "sim/fingerprint.h"

#include <fmt/core.h>

namespace orrery::sim {

std::string_view EventKindName(EventKind kind) {
  switch (kind) {
    case EventKind::kBoot: return "boot";
    case EventKind::kCrash: return "crash";
    case EventKind::kExit: return "exit";
    case EventKind::kDelivery: return "delivery";
    case EventKind::kDisconnect: return "disconnect";
    case EventKind::kTimer: return "timer";
    case EventKind::kDisk: return "disk";
    case EventKind::kJobEffect: return "job";
    case EventKind::kJobDone: return "job_done";
    case EventKind::kBackground: return "background";
    case EventKind::kFault: return "fault";
    case EventKind::kClient: return "client";
    case EventKind::kStream: return "stream";
    case EventKind::kNote: return "note";
  }
  return "unknown";
}

std::string Fingerprint::ToString() const {
  return fmt::format("{:016x}{:016x}", high, low);
}

}  // namespace orrery::sim
