#include "workloads/recorder.h"

namespace orrery {

Recorder::Recorder(uint32_t clients) : next_process_(clients) {
  for (uint32_t i = 0; i < clients; ++i) process_of_client_.push_back(i);
}

Recorder::Pending::Pending(Recorder& recorder, WorkloadClient& client, std::span<const check::MicroOp> micros)
    : recorder_(recorder),
      client_(client.index),
      op_(recorder.history_.Invoke(recorder.process_of_client_.at(client.index), micros)) {}

Recorder::Pending::~Pending() {
  if (!ended_) Unknown();
}

void Recorder::Pending::End(check::Outcome outcome, std::span<const check::MicroOp> results) {
  ORRERY_ASSERT(!ended_);
  ended_ = true;
  recorder_.history_.Complete(op_, outcome, results);
  if (outcome == check::Outcome::kUnknown) recorder_.process_of_client_[client_] = recorder_.next_process_++;
}

void Recorder::Pending::Ok(std::span<const check::MicroOp> results) {
  End(check::Outcome::kOk, results);
}

void Recorder::Pending::Failed(const Status& status, WorkloadStats& stats) {
  ORRERY_ASSERT(!status.ok());
  if (status.code() == StatusCode::kUnknownOutcome) {
    ++stats.unknown;
    Unknown();
  } else {
    ++stats.failed;
    End(check::Outcome::kFail, {});
  }
}

void Recorder::Pending::Unknown() {
  End(check::Outcome::kUnknown, {});
}

}  // namespace orrery
