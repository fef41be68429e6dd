#include "workloads/counter_workload.h"

#include "client/kv_client.h"
#include "runtime/clock.h"
#include "runtime/runtime.h"
#include "workloads/values.h"

namespace orrery {
namespace {

constexpr std::string_view kPrefix = "counter";

}  // namespace

Result<uint64_t> CounterWorkload::Read(WorkloadClient& client, uint64_t key, Deadline deadline) {
  const uint64_t floor = counters_[key].highest_read;
  ORRERY_ASSIGN_OR_RETURN(const std::optional<Bytes> bytes, client.kv.Get(NumberedKey(kPrefix, key), deadline));
  uint64_t value = 0;
  if (bytes) {
    const std::optional<uint64_t> parsed = ParseValue(*bytes);
    if (!parsed) Break("damaged-value", NumberedKey(kPrefix, key) + " holds " + Printable(*bytes));
    value = parsed.value_or(0);
  }
  if (value < floor) {
    Break("stale-read", NumberedKey(kPrefix, key) + " was " + std::to_string(floor) +
                            " before a read of it began, which returned " + std::to_string(value));
  }
  Counter& counter = counters_[key];
  counter.highest_read = std::max(counter.highest_read, value);
  return value;
}

void CounterWorkload::Step(WorkloadClient& client) {
  const uint64_t key = client.random.Skewed(options_.keys);
  const Deadline deadline = Deadline::After(client.runtime.clock.Now(), options_.operation_timeout);
  const Result<uint64_t> value = Read(client, key, deadline);
  if (!value.ok()) {
    ++stats_.failed;
    return;
  }
  const uint64_t next = *value + 1;
  const auto expected = *value == 0 ? std::optional<Bytes>() : MakeValue(*value, options_.value_bytes);
  const Result<KvClient::SwapOutcome> outcome =
      client.kv.CompareAndSwap(NumberedKey(kPrefix, key), expected, MakeValue(next, options_.value_bytes), deadline);
  Counter& counter = counters_[key];
  if (!outcome.ok()) {
    const bool unknown = outcome.code() == StatusCode::kUnknownOutcome;
    ++(unknown ? stats_.unknown : stats_.failed);
    counter.unknown += unknown ? 1 : 0;
    return;
  }
  ++stats_.acknowledged;
  if (!outcome->swapped) return;
  const auto [claim, first] = counter.claimed_by.emplace(next, client.index);
  if (!first) {
    Break("double-claim", NumberedKey(kPrefix, key) + ": clients " + std::to_string(claim->second) + " and " +
                              std::to_string(client.index) + " both took it to " + std::to_string(next));
  }
  counter.highest_read = std::max(counter.highest_read, next);
}

Status CounterWorkload::Finish(WorkloadClient& client, Deadline deadline) {
  for (uint64_t key = 0; key < counters_.size(); ++key) {
    const Result<uint64_t> value = Read(client, key, deadline);
    ORRERY_RETURN_IF_ERROR(value.status().Wrap("final read of " + NumberedKey(kPrefix, key)));
    counters_[key].final_value = *value;
  }
  return Status::Ok();
}

LawReport CounterWorkload::Judge() {
  for (uint64_t key = 0; key < counters_.size(); ++key) {
    const Counter& counter = counters_[key];
    if (!counter.final_value) continue;  // Never read: what was seen on the way is all there is to judge.
    const uint64_t low = counter.claimed_by.size();
    const uint64_t high = low + counter.unknown;
    if (*counter.final_value < low || *counter.final_value > high) {
      Break(*counter.final_value < low ? "lost-write" : "repeated-write",
            NumberedKey(kPrefix, key) + " ended at " + std::to_string(*counter.final_value) + " after " +
                std::to_string(low) + " acknowledged and " + std::to_string(counter.unknown) + " unknown increments");
    }
  }
  return first_break_;
}

void CounterWorkload::Break(std::string law, std::string words) {
  if (first_break_.verdict == LawReport::Verdict::kHolds) {
    first_break_ = LawReport::Broken(std::move(law), std::move(words));
  }
}

}  // namespace orrery
