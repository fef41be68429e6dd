#include "workloads/batch_workload.h"

#include "client/kv_client.h"
#include "runtime/clock.h"
#include "runtime/runtime.h"
#include "workloads/judge.h"
#include "workloads/values.h"

namespace orrery {
namespace {

constexpr uint64_t kGroupSize = 5;

Bytes GroupPrefix(uint64_t group) {
  return NumberedKey("batch", group);
}

}  // namespace

void BatchWorkload::Step(WorkloadClient& client) {
  const uint64_t group = client.random.Skewed(options_.keys);
  if (client.random.Below(2) == 0) {
    Write(client, group);
  } else {
    const Deadline deadline = Deadline::After(client.runtime.clock.Now(), options_.operation_timeout);
    Read(client, group, deadline).IgnoreError();  // Recorded either way.
  }
}

void BatchWorkload::Write(WorkloadClient& client, uint64_t group) {
  const uint64_t number = next_number_++;
  check::History& history = recorder_.history();
  const check::MicroOp write =
      check::Write(history.Int(static_cast<int64_t>(group)), history.Int(static_cast<int64_t>(number)));
  Recorder::Pending pending(recorder_, client, std::span(&write, 1));
  std::vector<Mutation> batch;
  for (uint64_t i = 0; i < kGroupSize; ++i) {
    batch.push_back(
        Mutation{.key = NumberedKey(GroupPrefix(group), i), .value = MakeValue(number, options_.value_bytes)});
  }
  const Status status =
      client.kv.Write(std::move(batch), Deadline::After(client.runtime.clock.Now(), options_.operation_timeout));
  if (!status.ok()) return pending.Failed(status, stats_);
  ++stats_.acknowledged;
  pending.Ok(std::span(&write, 1));
}

Status BatchWorkload::Read(WorkloadClient& client, uint64_t group, Deadline deadline) {
  check::History& history = recorder_.history();
  check::MicroOp read = check::Read(history.Int(static_cast<int64_t>(group)));
  Recorder::Pending pending(recorder_, client, std::span(&read, 1));
  const bool reverse = client.random.Below(2) == 0;
  const Result<ScanResponse> page = client.kv.Scan(
      ScanRequest{.start = GroupPrefix(group) + "/", .end = GroupPrefix(group) + "0", .reverse = reverse}, deadline);
  if (!page.ok()) {
    pending.Failed(page.status(), stats_);
    return page.status();
  }
  ++stats_.acknowledged;
  const std::optional<uint64_t> number = OneNumber(group, page->pairs);
  read.value = number ? history.Int(static_cast<int64_t>(*number)) : check::kNil;
  pending.Ok(std::span(&read, 1));
  return Status::Ok();
}

std::optional<uint64_t> BatchWorkload::OneNumber(uint64_t group, const std::vector<KeyValue>& pairs) {
  if (pairs.empty()) return std::nullopt;
  std::string torn;
  if (pairs.size() != kGroupSize) torn = std::to_string(pairs.size()) + " of " + std::to_string(kGroupSize) + " keys";
  const std::optional<uint64_t> first = ParseValue(pairs.front().value);
  for (const KeyValue& pair : pairs) {
    if (ParseValue(pair.value) != first || !first) torn += " " + Printable(pair.key) + " differs";
  }
  if (!torn.empty() && first_break_.verdict == LawReport::Verdict::kHolds) {
    first_break_ = LawReport::Broken("torn-batch", "a scan of " + GroupPrefix(group) + " saw " + torn);
  }
  return first;
}

Status BatchWorkload::Finish(WorkloadClient& client, Deadline deadline) {
  for (uint64_t group = 0; group < options_.keys; ++group) {
    ORRERY_RETURN_IF_ERROR(Read(client, group, deadline).Wrap("final read of " + GroupPrefix(group)));
  }
  return Status::Ok();
}

LawReport BatchWorkload::Judge() {
  return first_break_.verdict == LawReport::Verdict::kHolds ? JudgeRegisters(recorder_.history()) : first_break_;
}

std::string BatchWorkload::HistoryText() const {
  return HistoryAsText(recorder_.history());
}

}  // namespace orrery
