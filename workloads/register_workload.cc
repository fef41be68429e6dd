#include "workloads/register_workload.h"

#include "client/kv_client.h"
#include "workloads/judge.h"
#include "workloads/values.h"

namespace orrery {
namespace {

constexpr std::string_view kPrefix = "register";

}  // namespace

RegisterWorkload::RegisterWorkload(const WorkloadOptions& options)
    : RecordingWorkload(options), known_(options.clients) {}

Operation RegisterWorkload::Draw(uint32_t client, Random random) const {
  Operation operation;
  operation.key = random.Skewed(options().keys);
  const uint64_t dice = random.Below(100);
  // Every third client nearly only reads: it stays with a deposed leader as long as that one answers.
  const uint64_t reads = client % 3 == 2 ? 97 : 45;
  if (dice < reads) {
    operation.kind = OperationKind::kGet;
  } else if (dice < 75) {
    operation.kind = OperationKind::kPut;
  } else {
    operation.kind = dice < 98 ? OperationKind::kSwap : OperationKind::kDelete;
  }
  return operation;
}

void RegisterWorkload::Run(WorkloadClient& client, const Operation& operation) {
  switch (operation.kind) {
    case OperationKind::kGet:
      return Get(client, operation.key, OperationDeadline(client)).IgnoreError();  // Recorded either way.
    case OperationKind::kPut: return Put(client, operation);
    case OperationKind::kSwap: return Swap(client, operation);
    case OperationKind::kDelete: return Delete(client, operation.key);
    default: ORRERY_UNREACHABLE(OperationKindName(operation.kind));
  }
}

Status RegisterWorkload::Get(WorkloadClient& client, uint64_t key, Deadline deadline) {
  Recorder::Pending pending(recorder(), client, check::Read(KeyValue(key)));
  const Result<std::optional<Bytes>> value = client.kv.Get(Key(kPrefix, key), deadline);
  if (!value.ok()) {
    pending.Failed(value.status());
    return value.status();
  }
  known_[client.index][key] = *value ? ParseValue(**value) : std::nullopt;
  pending.Ok(check::Read(KeyValue(key), recorder().Stored(*value)));
  return Status::Ok();
}

void RegisterWorkload::Put(WorkloadClient& client, const Operation& operation) {
  const uint64_t key = operation.key;
  const uint64_t number = ValueNumber(client.index, operation.ordinal);
  const check::MicroOp write = check::Write(KeyValue(key), NumberValue(number));
  Recorder::Pending pending(recorder(), client, write);
  const Status status =
      client.kv.Put(Key(kPrefix, key), MakeValue(number, options().value_bytes), OperationDeadline(client));
  if (!status.ok()) return pending.Failed(status);
  known_[client.index][key] = number;
  pending.Ok(write);
}

void RegisterWorkload::Delete(WorkloadClient& client, uint64_t key) {
  const check::MicroOp write = check::Write(KeyValue(key), check::kNil);
  Recorder::Pending pending(recorder(), client, write);
  const Status status = client.kv.Delete(Key(kPrefix, key), OperationDeadline(client));
  if (!status.ok()) return pending.Failed(status);
  known_[client.index][key] = std::nullopt;
  pending.Ok(write);
}

void RegisterWorkload::Swap(WorkloadClient& client, const Operation& operation) {
  const uint64_t key = operation.key;
  const auto remembered = known_[client.index].find(key);
  const std::optional<uint64_t> expected = remembered == known_[client.index].end() ? std::nullopt : remembered->second;
  const uint64_t desired = ValueNumber(client.index, operation.ordinal);
  check::MicroOp swap = check::Cas(KeyValue(key), NumberValue(expected), NumberValue(desired));
  Recorder::Pending pending(recorder(), client, swap);
  const auto expected_bytes =
      expected ? std::optional(MakeValue(*expected, options().value_bytes)) : std::optional<Bytes>();
  const Result<KvClient::SwapOutcome> outcome = client.kv.CompareAndSwap(
      Key(kPrefix, key), expected_bytes, MakeValue(desired, options().value_bytes), OperationDeadline(client));
  if (!outcome.ok()) return pending.Failed(outcome.status());
  swap.success = outcome->swapped;
  if (outcome->swapped) {
    known_[client.index][key] = desired;
  } else {
    known_[client.index][key] = outcome->current ? ParseValue(*outcome->current) : std::nullopt;
  }
  pending.Ok(swap);
}

Status RegisterWorkload::Finish(WorkloadClient& client, Deadline deadline) {
  for (uint64_t key = 0; key < options().keys; ++key) {
    ORRERY_RETURN_IF_ERROR(Get(client, key, deadline).Wrap("final read of " + Key(kPrefix, key)));
  }
  return Status::Ok();
}

LawReport RegisterWorkload::Judge() {
  return JudgeRegisters(history());
}

}  // namespace orrery
