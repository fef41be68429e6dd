#include "workloads/set_workload.h"

#include <charconv>

#include "client/kv_client.h"
#include "runtime/clock.h"
#include "runtime/runtime.h"
#include "workloads/values.h"

namespace orrery {
namespace {

constexpr std::string_view kPrefix = "set";
constexpr std::string_view kAfterPrefix = "set0";  // '0' follows '/'.
constexpr uint64_t kReadEvery = 50;

std::optional<uint64_t> ElementOf(ByteView key) {
  const ByteView digits = key.substr(kPrefix.size() + 1);
  uint64_t element = 0;
  const auto parsed = std::from_chars(digits.begin(), digits.end(), element);
  return parsed.ec == std::errc() && parsed.ptr == digits.end() ? std::optional(element) : std::nullopt;
}

}  // namespace

void SetWorkload::Step(WorkloadClient& client) {
  if (client.random.Below(kReadEvery) == 0) {
    const Deadline deadline = Deadline::After(client.runtime.clock.Now(), options_.operation_timeout);
    ReadAll(client, deadline).IgnoreError();  // A read that failed says nothing about the set.
  } else {
    Add(client);
  }
}

void SetWorkload::Add(WorkloadClient& client) {
  const uint64_t element = next_element_++;
  const Status status = client.kv.Put(NumberedKey(kPrefix, element), MakeValue(element, options_.value_bytes),
                                      Deadline::After(client.runtime.clock.Now(), options_.operation_timeout));
  if (status.ok()) {
    ++stats_.acknowledged;
    required_.insert(element);
  } else {
    ++(status.code() == StatusCode::kUnknownOutcome ? stats_.unknown : stats_.failed);
  }
}

Status SetWorkload::ReadAll(WorkloadClient& client, Deadline deadline) {
  const std::set<uint64_t> required = required_;
  std::map<uint64_t, std::optional<uint64_t>> seen;
  ScanRequest request{.start = Bytes(kPrefix) + "/", .end = Bytes(kAfterPrefix)};
  request.limit = static_cast<uint32_t>(1 + client.random.Below(2000));
  while (true) {
    ORRERY_ASSIGN_OR_RETURN(const ScanResponse page, client.kv.Scan(request, deadline));
    for (const KeyValue& pair : page.pairs) {
      const std::optional<uint64_t> element = ElementOf(pair.key);
      if (!element) {
        Break("strange-key", "the set holds key " + Printable(pair.key));
        continue;
      }
      seen[*element] = ParseValue(pair.value);
    }
    if (!page.more || page.pairs.empty()) break;
    request.start = page.pairs.back().key + Bytes(1, '\0');
  }
  ++stats_.acknowledged;
  Compare(required, seen);
  return Status::Ok();
}

void SetWorkload::Compare(const std::set<uint64_t>& required, const std::map<uint64_t, std::optional<uint64_t>>& seen) {
  for (const uint64_t element : required) {
    if (!seen.contains(element)) {
      Break("lost-write", "element " + std::to_string(element) +
                              " was acknowledged or seen, then missing from a read of " + std::to_string(seen.size()) +
                              " elements");
    }
  }
  for (const auto& [element, content] : seen) {
    if (element >= next_element_) Break("invented-write", "element " + std::to_string(element) + " was never added");
    if (content != element) Break("damaged-value", "element " + std::to_string(element) + " holds another value");
    required_.insert(element);
  }
}

void SetWorkload::Break(std::string law, std::string words) {
  if (first_break_.verdict == LawReport::Verdict::kHolds) {
    first_break_ = LawReport::Broken(std::move(law), std::move(words));
  }
}

Status SetWorkload::Finish(WorkloadClient& client, Deadline deadline) {
  return ReadAll(client, deadline).Wrap("final read of the set");
}

LawReport SetWorkload::Judge() {
  return first_break_;
}

}  // namespace orrery
