#include "workloads/check/version_order.h"

#include <algorithm>

namespace orrery::check {

void AddRealTimeOrders(const History& history, std::span<const KeyTouch> touches, std::vector<VersionOrder>& orders) {
  std::vector<const KeyTouch*> by_return;
  for (const KeyTouch& touch : touches) by_return.push_back(&touch);
  const auto ret = [&](const KeyTouch* touch) { return history.operation(touch->txn).ret; };
  std::sort(by_return.begin(), by_return.end(), [&](const KeyTouch* a, const KeyTouch* b) { return ret(a) < ret(b); });
  std::vector<const KeyTouch*> frontier;  // returned; none of them before the invocation of another
  size_t next = 0;
  for (const KeyTouch& touch : touches) {
    const Operation& operation = history.operation(touch.txn);
    // Ends at this touch itself, if not before: it returned after its invocation, or never.
    for (; ret(by_return[next]) < operation.invoke; ++next) {
      const Operation& returned = history.operation(by_return[next]->txn);
      // Stale reads take no order from earlier operations, so they stand for none of them.
      if (!returned.stale_read) {
        std::erase_if(frontier, [&](const KeyTouch* earlier) { return ret(earlier) < returned.invoke; });
      }
      frontier.push_back(by_return[next]);
    }
    if (operation.stale_read) continue;
    for (const KeyTouch* earlier : frontier) {
      if (earlier->last != touch.first) orders.push_back({earlier->last, touch.first});
    }
  }
}

uint32_t VersionSorter::FindCyclic(uint32_t version_count, std::span<const VersionOrder> orders) {
  waiting_.assign(version_count, 0);
  begin_.assign(version_count + 1, 0);
  for (const VersionOrder& order : orders) {
    if (order.later == 0) return order.earlier;
    ++waiting_[order.later];
    ++begin_[order.earlier + 1];
  }
  for (size_t i = 1; i < begin_.size(); ++i) begin_[i] += begin_[i - 1];
  ready_.clear();
  for (uint32_t v = 0; v < version_count; ++v) {
    if (waiting_[v] == 0) ready_.push_back(v);
  }
  for (size_t done = 0; done < ready_.size(); ++done) {
    const uint32_t version = ready_[done];
    for (uint32_t i = begin_[version]; i < begin_[version + 1]; ++i) {
      if (--waiting_[orders[i].later] == 0) ready_.push_back(orders[i].later);
    }
  }
  for (uint32_t v = 0; v < version_count; ++v) {
    if (waiting_[v] != 0) return v;
  }
  return kAcyclic;
}

}  // namespace orrery::check
