#include "faults/stranger.h"

#include "faults/garbage.h"
#include "runtime/base/probe.h"
#include "runtime/clock.h"
#include "runtime/fiber/scheduler.h"
#include "runtime/runtime.h"

namespace orrery::faults {
namespace {

constexpr Duration kIdentifyPatience = milliseconds(500);
constexpr int64_t kMessagesMin = 5;
constexpr int64_t kMessagesMax = 40;
/// A store of which nobody ever heard.
constexpr StoreId kNobody{999};

}  // namespace

void Babble(ClientHost& host, const FaultEntry& fault, const std::function<bool()>& stopped) {
  Runtime& runtime = host.runtime();
  const NodeId target = fault.targets.at(0);
  const Random draw(static_cast<uint64_t>(fault.amount));
  const bool reachable = draw.Split("self").Chance(0.5);
  // Answers come back here, or go to an address that there is not.
  const StoreId self = reachable ? StoreId(kStrangerNode.value()) : kNobody;
  StrangersView view{.store = {}, .self = {.store = self, .incarnation = Incarnation(draw.Split("life").NextU64())}};
  const Deadline patience = Deadline::After(runtime.clock.Now(), kIdentifyPatience);
  if (Result<IdentifyResponse> told = host.admin().Identify(StoreOf(target), patience); told.ok()) {
    view.store = *std::move(told);
  }
  const int64_t count = draw.Split("count").Between(kMessagesMin, kMessagesMax);
  for (int64_t i = 0; i < count && !stopped(); ++i) {
    Garbage garbage = DrawGarbage(fault.how, view, draw.Split(static_cast<uint64_t>(i)));
    ORRERY_PROBE(runtime.probes, "faults.stranger.garbage_sent");
    runtime.network.Send(Endpoint{target}, garbage.channel, std::move(garbage.bytes));
    runtime.scheduler.SleepFor(fault.lasts / count);
  }
}

}  // namespace orrery::faults
