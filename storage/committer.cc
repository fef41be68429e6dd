#include "storage/committer.h"

#include <memory>
#include <string>
#include <utility>

#include "runtime/base/check_range.h"
#include "runtime/base/probe.h"
#include "runtime/fiber/domain.h"
#include "runtime/fiber/future.h"
#include "runtime/fiber/scheduler.h"
#include "runtime/process.h"
#include "runtime/runtime.h"
#include "storage/commit_observer.h"

namespace orrery {
Status CommitterOptions::Validate() const {
  ORRERY_RETURN_IF_ERROR(CheckRange<uint64_t>("queue_batches_max", queue_batches_max, 1, uint64_t{1} << 20));
  ORRERY_RETURN_IF_ERROR(
      CheckRange<uint64_t>("queue_bytes_max", queue_bytes_max, uint64_t{1} << 10, uint64_t{1} << 30));
  return CheckRange<int64_t>("stall_retry", stall_retry.count(), Duration(microseconds(1)).count(),
                             Duration(seconds(10)).count(), " ns");
}

Committer::Committer(Runtime& runtime, Engine& engine, const CommitterOptions& options, CommitObserver* observer)
    : runtime_(runtime), engine_(engine), options_(options), observer_(observer) {
  ORRERY_ASSERT(options.Validate().ok());
  sync_fiber_ = runtime_.domain.Spawn("committer", [this] { RunSyncs(); });
  buffered_fiber_ = runtime_.domain.Spawn("committer: buffered", [this] { RunBuffered(); });
}

Committer::~Committer() = default;

bool Committer::HasRoom(const WriteBatch& batch) const {
  const size_t waiting = sync_.queue.size() + buffered_.queue.size();
  if (waiting == 0) return true;
  return waiting < options_.queue_batches_max && queue_bytes_ + batch.size_bytes() <= options_.queue_bytes_max;
}

bool Committer::TrySubmit(const WriteBatch& batch, Durability durability, Done done) {
  if (failure_.ok() && !HasRoom(batch)) {
    ORRERY_PROBE(runtime_.probes, "storage.committer.full");
    ++stats_.refused;
    refused_ = true;
    return false;
  }
  const bool synced = durability == Durability::kSync;
  Waiters& waiters = synced ? sync_ : buffered_;
  waiters.queue.push_back({batch.size_bytes(), std::move(done)});
  queue_bytes_ += batch.size_bytes();
  if (failure_.ok()) {
    gathered_.Append(batch);
    // Readers shall see it now; what was handed in before goes along, so the order stays.
    if (!synced) WriteGathered().IgnoreError();  // A stall: the sync fiber tries again. Else: failure_ tells.
  }
  sync_work_.NotifyOne();
  if (!synced) buffered_work_.NotifyOne();
  return true;
}

Status Committer::TryApply(const WriteBatch& batch) {
  if (!failure_.ok()) return failure_;
  if (gathered_.empty()) {
    // Nothing to keep the order with: spare the copy.
    const Status status = engine_.Apply(batch);
    if (status.ok()) {
      ++stats_.writes;
      ++stats_.buffered_batches;
      stats_.bytes += batch.size_bytes();
    } else if (status.code() == StatusCode::kBusy) {
      ++stats_.stalls;
    } else {
      Fail(status);
    }
    return status;
  }
  ORRERY_RETURN_IF_ERROR(WriteGathered());
  return TryApply(batch);
}

Status Committer::Commit(const WriteBatch& batch, Durability durability) {
  if (durability == Durability::kBuffered) {
    for (;;) {
      Status status = TryApply(batch);
      if (status.code() != StatusCode::kBusy) return status;
      runtime_.scheduler.SleepFor(options_.stall_retry);
    }
  }
  while (failure_.ok() && !HasRoom(batch)) room_.Wait();
  // Shared, because this fiber may be killed while it waits.
  auto promise = std::make_shared<Promise<Unit>>();
  Future<Unit> answer = promise->GetFuture();
  const bool taken = TrySubmit(batch, durability, [promise](const Status& status) {
    promise->Set(status.ok() ? Result<Unit>(Unit()) : Result<Unit>(status));
  });
  ORRERY_ASSERT(taken);
  return answer.Get().status();
}

Status Committer::WriteGathered() {
  if (!failure_.ok()) return failure_;
  if (!gathered_.empty()) {
    const Status status = engine_.Apply(gathered_);
    if (status.code() == StatusCode::kBusy) {
      ++stats_.stalls;
      return status;
    }
    if (!status.ok()) {
      Fail(status);
      return status;
    }
    ++stats_.writes;
    stats_.bytes += gathered_.size_bytes();
    gathered_.Clear();
  }
  if (observer_ != nullptr && sync_.written < sync_.queue.size()) {
    observer_->OnWritten(stats_.sync_batches + sync_.queue.size());
  }
  sync_.written = sync_.queue.size();
  buffered_.written = buffered_.queue.size();
  return Status::Ok();
}

void Committer::WriteGatheredOrPause() {
  if (WriteGathered().code() != StatusCode::kBusy) return;
  ORRERY_PROBE(runtime_.probes, "storage.committer.stalled");
  runtime_.scheduler.SleepFor(options_.stall_retry);
}

void Committer::RunSyncs() {
  for (;;) {
    if (!failure_.ok()) {
      Answer(sync_, sync_.queue.size(), failure_);
      buffered_work_.NotifyOne();
    } else if (sync_.written < sync_.queue.size() || buffered_.written < buffered_.queue.size()) {
      WriteGatheredOrPause();
      if (buffered_.written > 0) buffered_work_.NotifyOne();
      continue;
    } else if (sync_.written > 0) {
      SyncWritten();
      continue;
    }
    if (sync_.queue.empty()) sync_work_.Wait();
  }
}

void Committer::SyncWritten() {
  const size_t batches = sync_.written;
  const Status status = engine_.Sync();
  if (!status.ok()) return Fail(status);
  if (!failure_.ok()) return;  // A write failed meanwhile: nothing is acknowledged any more.
  ++stats_.syncs;
  stats_.sync_batches += batches;
  stats_.batches_per_sync_max = std::max<uint64_t>(stats_.batches_per_sync_max, batches);
  sync_.written -= batches;
  if (observer_ != nullptr) observer_->OnPromised(stats_.sync_batches);
  Answer(sync_, batches, Status::Ok());
}

void Committer::RunBuffered() {
  for (;;) {
    if (!failure_.ok()) {
      Answer(buffered_, buffered_.queue.size(), failure_);
    } else if (buffered_.written > 0) {
      const size_t batches = buffered_.written;
      stats_.buffered_batches += batches;
      buffered_.written = 0;
      Answer(buffered_, batches, Status::Ok());
    }
    const bool more = failure_.ok() ? buffered_.written > 0 : !buffered_.queue.empty();
    if (!more) buffered_work_.Wait();
  }
}

void Committer::Answer(Waiters& waiters, size_t count, const Status& status) {
  std::deque<Waiter> answered;
  uint64_t bytes = 0;
  for (size_t i = 0; i < count; ++i) {
    bytes += waiters.queue.front().bytes;
    answered.push_back(std::move(waiters.queue.front()));
    waiters.queue.pop_front();
  }
  queue_bytes_ -= bytes;
  Scheduler::CallOnMainStack([&] {
    for (const Waiter& waiter : answered) {
      if (waiter.done) waiter.done(status);
    }
    if (std::exchange(refused_, false) && on_room_) on_room_();
  });
  room_.NotifyAll();
}

void Committer::Fail(const Status& status) {
  if (!failure_.ok()) return;
  ORRERY_PROBE(runtime_.probes, "storage.committer.failed");
  failure_ = status;
  gathered_.Clear();
  sync_.written = 0;
  buffered_.written = 0;
  runtime_.process.Exit(status);
  sync_work_.NotifyOne();
  buffered_work_.NotifyOne();
  room_.NotifyAll();
}

}  // namespace orrery
