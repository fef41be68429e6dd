#include "workloads/recorder.h"

#include "workloads/values.h"

namespace orrery {

Recorder::Recorder(uint32_t clients, WorkloadStats& stats) : stats_(stats), next_process_(clients) {
  for (uint32_t i = 0; i < clients; ++i) process_of_client_.push_back(i);
}

Recorder::Pending::Pending(Recorder& recorder, const WorkloadClient& client, std::span<const check::MicroOp> micros)
    : recorder_(recorder),
      client_(client.index),
      op_(recorder.history_.Invoke(recorder.process_of_client_.at(client.index), micros)) {}

Recorder::Pending::~Pending() {
  if (!ended_) End(check::Outcome::kUnknown, {});
}

void Recorder::Pending::End(check::Outcome outcome, std::span<const check::MicroOp> results) {
  ORRERY_ASSERT(!ended_);
  ended_ = true;
  recorder_.history_.Complete(op_, outcome, results);
  if (outcome == check::Outcome::kUnknown) recorder_.process_of_client_[client_] = recorder_.next_process_++;
}

void Recorder::Pending::Ok(std::span<const check::MicroOp> results) {
  ++recorder_.stats_.acknowledged;
  End(check::Outcome::kOk, results);
}

void Recorder::Pending::Failed(const Status& status) {
  ORRERY_ASSERT(!status.ok());
  const bool unknown = status.code() == StatusCode::kUnknownOutcome;
  ++(unknown ? recorder_.stats_.unknown : recorder_.stats_.failed);
  End(unknown ? check::Outcome::kUnknown : check::Outcome::kFail, {});
}

void Recorder::Pending::Refused() {
  ++recorder_.stats_.acknowledged;
  End(check::Outcome::kFail, {});
}

check::Value Recorder::Stored(const std::optional<Bytes>& bytes) {
  if (!bytes) return check::kNil;
  const std::optional<uint64_t> number = ParseValue(*bytes);
  return number ? Int(*number) : Text("damaged value " + Printable(*bytes));
}

}  // namespace orrery
