#include "workloads/register_workload.h"

#include "client/kv_client.h"
#include "runtime/clock.h"
#include "runtime/runtime.h"
#include "workloads/judge.h"
#include "workloads/values.h"

namespace orrery {
namespace {

constexpr std::string_view kPrefix = "register";

}  // namespace

RegisterWorkload::RegisterWorkload(const WorkloadOptions& options)
    : options_(options), recorder_(options.clients), known_(options.clients) {}

Deadline RegisterWorkload::OperationDeadline(WorkloadClient& client) const {
  return Deadline::After(client.runtime.clock.Now(), options_.operation_timeout);
}

check::Value RegisterWorkload::NumberValue(const std::optional<uint64_t>& number) {
  return number ? recorder_.history().Int(static_cast<int64_t>(*number)) : check::kNil;
}

void RegisterWorkload::Step(WorkloadClient& client) {
  const uint64_t key = client.random.Skewed(options_.keys);
  const uint64_t dice = client.random.Below(100);
  // Every third client nearly only reads: it stays with a deposed leader as long as that one answers.
  const uint64_t reads = client.index % 3 == 2 ? 97 : 45;
  if (dice < reads) {
    Get(client, key, OperationDeadline(client)).IgnoreError();  // Recorded either way.
  } else if (dice < 75) {
    Put(client, key);
  } else if (dice < 98) {
    Swap(client, key);
  } else {
    Delete(client, key);
  }
}

Status RegisterWorkload::Get(WorkloadClient& client, uint64_t key, Deadline deadline) {
  const check::MicroOp read = check::Read(KeyValue(key));
  Recorder::Pending pending(recorder_, client, std::span(&read, 1));
  Result<std::optional<Bytes>> value = client.kv.Get(NumberedKey(kPrefix, key), deadline);
  if (!value.ok()) {
    pending.Failed(value.status(), stats_);
    return value.status();
  }
  std::optional<uint64_t> number;
  if (value->has_value()) {
    number = ParseValue(**value);
    if (!number) damage_ = "key " + NumberedKey(kPrefix, key) + " holds " + Printable(**value);
  }
  ++stats_.acknowledged;
  known_[client.index][key] = number;
  const check::MicroOp answer = check::Read(KeyValue(key), NumberValue(number));
  pending.Ok(std::span(&answer, 1));
  return Status::Ok();
}

void RegisterWorkload::Put(WorkloadClient& client, uint64_t key) {
  const uint64_t number = next_number_++;
  const check::MicroOp write = check::Write(KeyValue(key), NumberValue(number));
  Recorder::Pending pending(recorder_, client, std::span(&write, 1));
  const Status status =
      client.kv.Put(NumberedKey(kPrefix, key), MakeValue(number, options_.value_bytes), OperationDeadline(client));
  if (!status.ok()) return pending.Failed(status, stats_);
  ++stats_.acknowledged;
  known_[client.index][key] = number;
  pending.Ok(std::span(&write, 1));
}

void RegisterWorkload::Delete(WorkloadClient& client, uint64_t key) {
  const check::MicroOp write = check::Write(KeyValue(key), check::kNil);
  Recorder::Pending pending(recorder_, client, std::span(&write, 1));
  const Status status = client.kv.Delete(NumberedKey(kPrefix, key), OperationDeadline(client));
  if (!status.ok()) return pending.Failed(status, stats_);
  ++stats_.acknowledged;
  known_[client.index][key] = std::nullopt;
  pending.Ok(std::span(&write, 1));
}

void RegisterWorkload::Swap(WorkloadClient& client, uint64_t key) {
  const auto remembered = known_[client.index].find(key);
  const std::optional<uint64_t> expected = remembered == known_[client.index].end() ? std::nullopt : remembered->second;
  const uint64_t desired = next_number_++;
  check::MicroOp swap = check::Cas(KeyValue(key), NumberValue(expected), NumberValue(desired));
  Recorder::Pending pending(recorder_, client, std::span(&swap, 1));
  const auto expected_bytes =
      expected ? std::optional(MakeValue(*expected, options_.value_bytes)) : std::optional<Bytes>();
  const Result<KvClient::SwapOutcome> outcome = client.kv.CompareAndSwap(
      NumberedKey(kPrefix, key), expected_bytes, MakeValue(desired, options_.value_bytes), OperationDeadline(client));
  if (!outcome.ok()) return pending.Failed(outcome.status(), stats_);
  ++stats_.acknowledged;
  swap.success = outcome->swapped;
  if (outcome->swapped) {
    known_[client.index][key] = desired;
  } else {
    known_[client.index][key] = outcome->current ? ParseValue(*outcome->current) : std::nullopt;
  }
  pending.Ok(std::span(&swap, 1));
}

Status RegisterWorkload::Finish(WorkloadClient& client, Deadline deadline) {
  for (uint64_t key = 0; key < options_.keys; ++key) {
    ORRERY_RETURN_IF_ERROR(Get(client, key, deadline).Wrap("final read of " + NumberedKey(kPrefix, key)));
  }
  return Status::Ok();
}

LawReport RegisterWorkload::Judge() {
  if (!damage_.empty()) return LawReport::Broken("damaged-value", damage_);
  return JudgeRegisters(recorder_.history());
}

std::string RegisterWorkload::HistoryText() const {
  return HistoryAsText(recorder_.history());
}

}  // namespace orrery
