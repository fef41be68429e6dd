#include <fmt/core.h>

#include <array>
#include <utility>

#include "faults/capsule/fault_entry.h"
#include "faults/capsule/plain_text.h"
#include "runtime/base/assert.h"

namespace orrery::faults {
namespace {

constexpr std::array<std::pair<AnchorEvent, std::string_view>, 4> kEvents = {{
    {AnchorEvent::kBoot, "boot"},
    {AnchorEvent::kLogSync, "log_sync"},
    {AnchorEvent::kLogWrite, "log_write"},
    {AnchorEvent::kLeader, "leader"},
}};

std::string_view EventName(AnchorEvent event) {
  const auto& [known, name] = kEvents.at(static_cast<size_t>(event));
  ORRERY_ASSERT(known == event);
  return name;
}

}  // namespace

std::string ToString(const Anchor& anchor) {
  const std::string boot = anchor.boot == 0 ? "" : fmt::format("boot{} ", anchor.boot);
  return fmt::format("store{} {}{}#{}", anchor.store.value(), boot, EventName(anchor.event), anchor.count);
}

Result<Anchor> ParseAnchor(std::string_view text) {
  const Status wrong(StatusCode::kInvalidArgument,
                     fmt::format("\"{}\" is no anchor such as \"store1 boot2 log_sync#3\" or \"store1 leader#1\"; "
                                 "events are boot, log_sync, log_write, leader",
                                 text));
  const std::vector<std::string_view> words = SplitWords(text);
  if (words.size() != 2 && words.size() != 3) return wrong;
  Anchor anchor;
  const std::optional<uint64_t> store = NumberBehind("store", words[0]);
  if (!store || *store == 0) return wrong;
  anchor.store = StoreId(*store);
  if (words.size() == 3) {
    const std::optional<uint64_t> boot = NumberBehind("boot", words[1]);
    if (!boot || *boot == 0) return wrong;
    anchor.boot = *boot;
  }
  const std::string_view last = words.back();
  const size_t sign = last.find('#');
  if (sign == std::string_view::npos) return wrong;
  const std::optional<uint64_t> count = ParseDigits<uint64_t>(last.substr(sign + 1));
  if (!count || *count == 0) return wrong;
  anchor.count = *count;
  for (const auto& [event, name] : kEvents) {
    if (name != last.substr(0, sign)) continue;
    anchor.event = event;
    return anchor;
  }
  return wrong;
}

}  // namespace orrery::faults
