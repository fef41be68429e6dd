#include "workloads/batch_workload.h"

#include <algorithm>

#include "client/kv_client.h"
#include "workloads/judge.h"
#include "workloads/values.h"

namespace orrery {
namespace {

constexpr uint64_t kGroupSize = 5;

constexpr std::string_view kPrefix = "batch";

}  // namespace

Operation BatchWorkload::Draw(uint32_t, Random random) const {
  Operation operation;
  operation.key = random.Skewed(options().keys);
  const uint64_t dice = random.Below(4);
  operation.kind = dice < 2 ? OperationKind::kWriteGroup : OperationKind::kReadGroup;
  operation.detail = dice == 3 ? 1 : 0;
  return operation;
}

void BatchWorkload::Run(WorkloadClient& client, const Operation& operation) {
  if (operation.kind == OperationKind::kWriteGroup) return Write(client, operation);
  ORRERY_ASSERT(operation.kind == OperationKind::kReadGroup);
  const bool reverse = operation.detail != 0;
  Read(client, operation.key, reverse, OperationDeadline(client)).IgnoreError();  // Recorded either way.
}

void BatchWorkload::Write(WorkloadClient& client, const Operation& operation) {
  const uint64_t group = operation.key;
  const uint64_t number = ValueNumber(client.index, operation.ordinal);
  std::vector<check::MicroOp> writes;
  std::vector<Mutation> batch;
  for (uint64_t i = 0; i < kGroupSize; ++i) {
    const Bytes key = NumberedKey(Key(kPrefix, group), i);
    writes.push_back(check::Write(recorder().Text(key), recorder().Int(number)));
    batch.push_back(Mutation{.key = key, .value = MakeValue(number, options().value_bytes)});
  }
  Recorder::Pending pending(recorder(), client, writes);
  const Status status = client.kv.Write(std::move(batch), OperationDeadline(client));
  if (!status.ok()) return pending.Failed(status);
  pending.Ok(writes);
}

Status BatchWorkload::Read(WorkloadClient& client, uint64_t group, bool reverse, Deadline deadline) {
  Recorder::Pending pending(recorder(), client, GroupReads(group, {}));
  const Bytes prefix = Key(kPrefix, group);  // '0' follows '/'.
  const Result<ScanResponse> page =
      client.kv.Scan(ScanRequest{.start = prefix + "/", .end = prefix + "0", .reverse = reverse}, deadline);
  if (!page.ok()) {
    pending.Failed(page.status());
    return page.status();
  }
  pending.Ok(GroupReads(group, page->pairs));
  return Status::Ok();
}

std::vector<check::MicroOp> BatchWorkload::GroupReads(uint64_t group, std::span<const KeyValue> pairs) {
  std::vector<Bytes> keys;
  std::vector<check::MicroOp> reads;
  for (uint64_t i = 0; i < kGroupSize; ++i) {
    keys.push_back(NumberedKey(Key(kPrefix, group), i));
    reads.push_back(check::Read(recorder().Text(keys.back())));
  }
  for (const KeyValue& pair : pairs) {
    const size_t i = static_cast<size_t>(std::find(keys.begin(), keys.end(), pair.key) - keys.begin());
    if (i < keys.size() && reads[i].value.is_nil()) {
      reads[i].value = recorder().Stored(pair.value);
    } else {  // A text, which nobody wrote.
      reads.front().value = recorder().Text("beside stray key " + Printable(pair.key));
    }
  }
  return reads;
}

Status BatchWorkload::Finish(WorkloadClient& client, Deadline deadline) {
  for (uint64_t group = 0; group < options().keys; ++group) {
    const bool reverse = client.random.Below(2) == 0;
    ORRERY_RETURN_IF_ERROR(Read(client, group, reverse, deadline).Wrap("final read of " + Key(kPrefix, group)));
  }
  return Status::Ok();
}

LawReport BatchWorkload::Judge() {
  return JudgeRegisters(history());
}

}  // namespace orrery
