#include "workloads/set_workload.h"

#include <algorithm>
#include <charconv>

#include "client/kv_client.h"
#include "workloads/check/laws.h"
#include "workloads/judge.h"
#include "workloads/values.h"

namespace orrery {
namespace {

constexpr std::string_view kPrefix = "set";
constexpr uint64_t kReadEvery = 50;
constexpr uint64_t kPageRowsMax = 2000;

/// The number of a key: what follows the last slash.
std::optional<uint64_t> ElementOf(ByteView key) {
  const ByteView digits = key.substr(key.rfind('/') + 1);
  uint64_t element = 0;
  const auto parsed = std::from_chars(digits.begin(), digits.end(), element);
  return parsed.ec == std::errc() && parsed.ptr == digits.end() ? std::optional(element) : std::nullopt;
}

/// The element that a key and its value stand for; if they fit no element, a text, which nobody added.
check::Value ElementOf(Recorder& recorder, const KeyValue& pair) {
  const std::optional<uint64_t> element = ElementOf(pair.key);
  if (element && ParseValue(pair.value) == element) return recorder.Int(*element);
  return recorder.Text("key " + Printable(pair.key) + " with value " + Printable(pair.value));
}

}  // namespace

Operation SetWorkload::Draw(uint32_t, Random random) const {
  if (random.Below(kReadEvery) != 0) return Operation{.kind = OperationKind::kAdd};
  return Operation{.kind = OperationKind::kReadAll, .detail = 1 + random.Below(kPageRowsMax)};
}

void SetWorkload::Run(WorkloadClient& client, const Operation& operation) {
  if (operation.kind == OperationKind::kAdd) return Add(client, ValueNumber(client.index, operation.ordinal));
  ORRERY_ASSERT(operation.kind == OperationKind::kReadAll);
  const auto page_rows = static_cast<uint32_t>(std::clamp<uint64_t>(operation.detail, 1, kPageRowsMax));
  ReadAll(client, page_rows, OperationDeadline(client))
      .IgnoreError();  // A read that failed says nothing about the set.
}

void SetWorkload::Add(WorkloadClient& client, uint64_t element) {
  const check::MicroOp add = check::AddToSet(recorder().Text(kPrefix), recorder().Int(element));
  Recorder::Pending pending(recorder(), client, add);
  const Status status =
      client.kv.Put(Key(kPrefix, element), MakeValue(element, options().value_bytes), OperationDeadline(client));
  if (!status.ok()) return pending.Failed(status);
  pending.Ok(add);
}

Status SetWorkload::ReadAll(WorkloadClient& client, uint32_t page_rows, Deadline deadline) {
  const check::Value key = recorder().Text(kPrefix);
  Recorder::Pending pending(recorder(), client, check::Read(key));
  const Result<std::vector<check::Value>> elements = Walk(client, page_rows, deadline);
  if (!elements.ok()) {
    pending.Failed(elements.status());
    return elements.status();
  }
  pending.Ok(recorder().history().ListRead(key, *elements));
  return Status::Ok();
}

Result<std::vector<check::Value>> SetWorkload::Walk(WorkloadClient& client, uint32_t page_rows, Deadline deadline) {
  std::vector<check::Value> elements;
  ScanRequest request{.start = options().key_prefix + Bytes(kPrefix) + "/",
                      .end = options().key_prefix + Bytes(kPrefix) + "0"};
  request.limit = page_rows;
  while (true) {
    ORRERY_ASSIGN_OR_RETURN(const ScanResponse page, client.kv.Scan(request, deadline));
    for (const KeyValue& pair : page.pairs) elements.push_back(ElementOf(recorder(), pair));
    if (!page.more || page.pairs.empty()) return elements;
    request.start = page.pairs.back().key + Bytes(1, '\0');
  }
}

Status SetWorkload::Finish(WorkloadClient& client, Deadline deadline) {
  const auto page_rows = static_cast<uint32_t>(1 + client.random.Below(kPageRowsMax));
  return ReadAll(client, page_rows, deadline).Wrap("final read of the set");
}

LawReport SetWorkload::Judge() {
  return ToLawReport(check::CheckSetLaw(history()));
}

}  // namespace orrery
