#include "workloads/check/history_builder.h"

namespace orrery::check {

namespace {

bool IsRegisterOrListRead(MicroKind kind) {
  return kind == MicroKind::kRead || kind == MicroKind::kReadList;
}

/// `answer` answers `question`: the same thing done to the same key with the same input.
bool Answers(const MicroOp& question, const MicroOp& answer) {
  if (question.key != answer.key) return false;
  if (IsRegisterOrListRead(question.kind)) return IsRegisterOrListRead(answer.kind);
  if (question.kind != answer.kind) return false;
  if (question.kind == MicroKind::kDequeue || question.kind == MicroKind::kTake) return true;
  if (question.kind == MicroKind::kIncrement) return question.value == answer.value;
  return question.value == answer.value && question.expected == answer.expected;
}

}  // namespace

Status HistoryBuilder::CheckTime(const Event& event) {
  ++events_;
  if (!event.time) return Status::Ok();
  if (last_time_ && *event.time < *last_time_) {
    return Bad(event.line, "time " + std::to_string(*event.time) + " is before the event above it (" +
                               std::to_string(*last_time_) + "): events are out of order");
  }
  last_time_ = event.time;
  return Status::Ok();
}

Status HistoryBuilder::Invoke(const Event& event) {
  ORRERY_RETURN_IF_ERROR(CheckTime(event));
  const auto [at, idle] = running_.try_emplace(event.process, static_cast<OpIndex>(history_.size()));
  if (!idle) {
    return Bad(event.line, "process " + std::to_string(event.process) + " is still busy with the invocation of line " +
                               std::to_string(history_.operation(at->second).invoke_line));
  }
  const OpIndex op = history_.Invoke(event.process, event.micros, event.time.value_or(0), event.line);
  if (event.stale) history_.SetStaleRead(op);
  return Status::Ok();
}

Status HistoryBuilder::CheckAnswers(const Event& event, OpIndex op, Outcome outcome) const {
  const auto questions = history_.micros(op);
  if (!event.has_micros) {
    for (const MicroOp& question : questions) {
      if (outcome == Outcome::kOk && HasAnswer(question.kind)) {
        return Bad(event.line, "the answer to " + history_.DescribeMicro(question) + " is missing");
      }
    }
    return Status::Ok();
  }
  const std::string asked = "line " + std::to_string(history_.operation(op).invoke_line) + " asked";
  if (event.micros.size() != questions.size()) {
    return Bad(event.line, std::to_string(event.micros.size()) + " answers, but " + asked + " " +
                               std::to_string(questions.size()) + " questions");
  }
  for (size_t i = 0; i < questions.size(); ++i) {
    if (Answers(questions[i], event.micros[i])) continue;
    return Bad(event.line, "\"" + history_.DescribeMicro(event.micros[i]) + "\" does not answer what " + asked +
                               ": \"" + history_.DescribeMicro(questions[i]) + "\"");
  }
  return Status::Ok();
}

Status HistoryBuilder::Complete(const Event& event, Outcome outcome) {
  ORRERY_RETURN_IF_ERROR(CheckTime(event));
  const auto at = running_.find(event.process);
  if (at == running_.end()) {
    return Bad(event.line, "a response without an invocation: process " + std::to_string(event.process) +
                               " has no operation running");
  }
  const OpIndex op = at->second;
  running_.erase(at);
  ORRERY_RETURN_IF_ERROR(CheckAnswers(event, op, outcome));
  // What a failed operation answered is worth nothing.
  const auto answers = outcome == Outcome::kFail ? std::span<const MicroOp>() : event.micros;
  history_.Complete(op, outcome, answers, event.time.value_or(0), event.line);
  return Status::Ok();
}

}  // namespace orrery::check
