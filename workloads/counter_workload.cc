#include "workloads/counter_workload.h"

#include "client/kv_client.h"
#include "workloads/check/laws.h"
#include "workloads/judge.h"
#include "workloads/values.h"

namespace orrery {
namespace {

constexpr std::string_view kPrefix = "counter";

}  // namespace

Operation CounterWorkload::Draw(uint32_t, Random random) const {
  return Operation{.kind = OperationKind::kIncrement, .key = random.Skewed(options().keys)};
}

void CounterWorkload::Run(WorkloadClient& client, const Operation& operation) {
  ORRERY_ASSERT(operation.kind == OperationKind::kIncrement);
  const uint64_t key = operation.key;
  const Deadline deadline = OperationDeadline(client);
  const Result<std::optional<Bytes>> current = Read(client, key, deadline);
  if (!current.ok()) return;
  const std::optional<uint64_t> value = *current ? ParseValue(**current) : 0;
  if (value) Increment(client, key, *current, *value + 1, deadline);  // Else damaged: nothing to build on.
}

Result<std::optional<Bytes>> CounterWorkload::Read(WorkloadClient& client, uint64_t key, Deadline deadline) {
  Recorder::Pending pending(recorder(), client, check::Read(recorder().Int(key)));
  Result<std::optional<Bytes>> current = client.kv.Get(Key(kPrefix, key), deadline);
  if (current.ok()) {
    pending.Ok(check::Read(recorder().Int(key), recorder().Stored(*current)));
  } else {
    pending.Failed(current.status());
  }
  return current;
}

void CounterWorkload::Increment(WorkloadClient& client, uint64_t key, const std::optional<Bytes>& current,
                                uint64_t next, Deadline deadline) {
  const check::MicroOp increment = check::Increment(recorder().Int(key), recorder().Int(1), recorder().Int(next));
  Recorder::Pending pending(recorder(), client, increment);
  const Result<KvClient::SwapOutcome> outcome =
      client.kv.CompareAndSwap(Key(kPrefix, key), current, MakeValue(next, options().value_bytes), deadline);
  if (!outcome.ok()) return pending.Failed(outcome.status());
  if (!outcome->swapped) return pending.Refused();
  pending.Ok(increment);
}

Status CounterWorkload::Finish(WorkloadClient& client, Deadline deadline) {
  for (uint64_t key = 0; key < options().keys; ++key) {
    ORRERY_RETURN_IF_ERROR(Read(client, key, deadline).status().Wrap("final read of " + Key(kPrefix, key)));
  }
  return Status::Ok();
}

LawReport CounterWorkload::Judge() {
  return ToLawReport(check::CheckCounterLaw(history()));
}

}  // namespace orrery
