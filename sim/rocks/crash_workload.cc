#include "sim/rocks/crash_workload.h"

#include <algorithm>

namespace orrery::sim {
namespace {

constexpr std::string_view kNumberKey = "!number";

std::string Key(uint64_t i) {
  std::string key = std::to_string(i);
  return "k" + std::string(4 - std::min<size_t>(4, key.size()), '0') + key;
}

}  // namespace

CrashWorkload::CrashWorkload(CrashWorkloadOptions options)
    : options_(std::move(options)),
      random_(Random(options_.seed).Split("crash workload")),
      node_({.random = random_.Split("disk"), .manifest_holes = options_.manifest_holes}) {}

CrashWorkloadResult CrashWorkload::Run() {
  for (int cycle = 0; cycle < options_.cycles && result_.violations.empty(); ++cycle) {
    ++result_.cycles;
    const Random random = random_.Split("cycle").Split(static_cast<uint64_t>(cycle));
    if (!OpenUntilUp(cycle)) break;
    Verify("after reopen");
    if (options_.faults && random.Split("faulty?").Chance(0.6)) ArmFaults(random.Split("faults"));
    if (random.Split("mid?").Chance(options_.frozen_mid_operation)) {
      node_.disk().FreezeAtMutation(1 + random.Split("mid").Below(static_cast<uint64_t>(options_.steps_per_cycle) * 2));
    }
    RunSteps(random.Split("steps"), cycle);
    node_.disk().ClearFaults();
    last_was_power_loss_ = !random.Split("kill?").Chance(options_.process_kill);
    node_.Crash(last_was_power_loss_);
  }
  result_.fallback_pumps = node_.fallback_pumps();
  result_.fingerprint = node_.disk().fingerprint();
  result_.faults = node_.disk().fault_counts();
  return std::move(result_);
}

void CrashWorkload::Violation(const std::string& what) {
  result_.violations.push_back("seed " + std::to_string(options_.seed) + " cycle " + std::to_string(result_.cycles) +
                               ": " + what);
}

/// Opens; a crash may fall into the open itself. A refused open after damage costs the node its disk.
bool CrashWorkload::OpenUntilUp(int cycle) {
  for (int attempt = 0; attempt < 20; ++attempt) {
    Random random = random_.Split("open").Split(static_cast<uint64_t>(cycle)).Split(static_cast<uint64_t>(attempt));
    if (options_.before_open) {
      if (const Status checked = options_.before_open(node_); !checked.ok()) {
        ++result_.refused_by_check;
        if (!node_.disk().was_damaged()) Violation("log check refused an undamaged disk: " + checked.ToString());
        LoseDisk();
      }
    }
    const bool crash_inside = attempt == 0 && random.Chance(0.15);
    if (crash_inside) node_.disk().FreezeAtMutation(1 + random.Below(60));
    if (options_.faults && attempt == 0 && random.Chance(0.1)) ArmFaults(random.Split("faults"));
    const rocksdb::Status status = node_.Open(options_.adjust);
    const bool froze = node_.disk().frozen();
    const bool with_faults = options_.faults && attempt == 0;
    node_.disk().ClearFaults();
    if (status.ok() && !froze) {
      RocksScope scope(node_.host());
      if (options_.after_open) options_.after_open(node_);
      return true;
    }
    if (froze || with_faults) {
      ++result_.crashes_in_open;
      last_was_power_loss_ = last_was_power_loss_ || random.Chance(0.5);
      node_.Crash(last_was_power_loss_);
      continue;
    }
    ++result_.refused_opens;
    if (!node_.disk().was_damaged()) {
      Violation("open refused on an undamaged disk: " + status.ToString());
      return false;
    }
    LoseDisk();
  }
  Violation("does not come up");
  return false;
}

/// The node cannot be opened again: it starts over, as a new replica would.
void CrashWorkload::LoseDisk() {
  node_.disk().Wipe();
  node_.disk().Boot();
  base_ = {};
  base_number_ = acknowledged_ = synced_ = 0;
  since_.clear();
}

void CrashWorkload::ArmFaults(Random random) {
  static constexpr std::array kKinds = {DiskFault::kSyncError,          DiskFault::kWriteError, DiskFault::kShortWrite,
                                        DiskFault::kDirectorySyncError, DiskFault::kNoSpace,    DiskFault::kReadError};
  const uint64_t kinds = options_.read_faults ? kKinds.size() : kKinds.size() - 1;
  const DiskFault kind = kKinds[random.Below(kinds)];
  const uint64_t target = random.Below(kPathClassCount + 2);
  const FaultRate rate = {.probability = 0.02, .times_max = 1 + random.Below(3)};
  if (target < kPathClassCount) {
    node_.disk().SetFault(kind, static_cast<PathClass>(target), rate);
  } else {
    node_.disk().SetFaultEverywhere(kind, rate);
  }
}

void CrashWorkload::RunSteps(Random random, int cycle) {
  const bool short_cycle = cycle % 7 == 6;  // Now and then a boot that writes next to nothing.
  const uint64_t steps = random.Below(short_cycle ? 4 : static_cast<uint64_t>(options_.steps_per_cycle)) + 1;
  for (uint64_t step = 0; step < steps; ++step) {
    const Random draw = random.Split(step);
    if (draw.Split("job?").Chance(0.125)) node_.host().RunOneBackgroundJob();
    bool ok = true;
    const uint64_t what = draw.Split("what").Below(100);
    if (what < 85) {
      ok = WriteOne(draw);
    } else if (what < 95) {
      ok = CheckRead(draw);
    } else {
      RocksScope scope(node_.host());
      rocksdb::FlushOptions flush;
      flush.wait = what >= 97;
      flush.allow_write_stall = true;
      const int family = static_cast<int>(draw.Split("family").Below(TestNode::kFamilies));
      ok = node_.db().Flush(flush, node_.family(family)).ok();
      if (ok && what == 99) {
        ok = node_.db().CompactRange(rocksdb::CompactRangeOptions(), node_.family(family), nullptr, nullptr).ok();
      }
    }
    if (!ok) return;  // Any error ends the process: it is reopened.
  }
}

CrashWorkload::Batch CrashWorkload::MakeBatch(Random random) {
  Batch batch;
  const uint64_t edits = 1 + random.Skewed(12);
  for (uint64_t i = 0; i < edits; ++i) {
    const int family = static_cast<int>(random.Below(TestNode::kFamilies));
    const uint64_t key = random.Below(300);
    const uint64_t kind = random.Below(20);
    if (kind == 0) {
      const uint64_t span = random.Below(20);
      batch.push_back({Edit::Kind::kDeleteRange, family, Key(key), Key(key + span)});
    } else if (kind < 4) {
      batch.push_back({Edit::Kind::kDelete, family, Key(key), ""});
    } else {
      const uint64_t length = random.Chance(0.05) ? random.Below(20000) : random.Below(300);
      std::string value;
      random.Split("value").Split(i).Fill(value, length);
      batch.push_back({Edit::Kind::kPut, family, Key(key), value});
    }
  }
  const uint64_t number = base_number_ + since_.size() + 1;
  batch.push_back({Edit::Kind::kPut, 0, std::string(kNumberKey), std::to_string(number)});
  return batch;
}

bool CrashWorkload::WriteOne(Random random) {
  since_.push_back(MakeBatch(random.Split("batch")));
  rocksdb::WriteBatch batch;
  for (const Edit& edit : since_.back()) {
    rocksdb::ColumnFamilyHandle* const family = node_.family(edit.family);
    switch (edit.kind) {
      case Edit::Kind::kPut: batch.Put(family, edit.key, edit.value).PermitUncheckedError(); break;
      case Edit::Kind::kDelete: batch.Delete(family, edit.key).PermitUncheckedError(); break;
      case Edit::Kind::kDeleteRange: batch.DeleteRange(family, edit.key, edit.value).PermitUncheckedError(); break;
    }
  }
  const bool sync = random.Split("sync?").Chance(options_.sync);
  rocksdb::WriteOptions write;
  write.sync = sync && !options_.sync_by_wal;
  RocksScope scope(node_.host());
  if (options_.on_batch) options_.on_batch(node_, batch);
  if (!node_.db().Write(write, &batch).ok()) return false;
  ++result_.writes;
  acknowledged_ = base_number_ + since_.size();
  if (!sync) return true;
  if (options_.before_sync) options_.before_sync(node_);
  if (options_.sync_by_wal && !node_.db().SyncWAL().ok()) return false;
  if (options_.on_synced) options_.on_synced(node_);
  ++result_.synced_writes;
  synced_ = acknowledged_;
  return true;
}

bool CrashWorkload::CheckRead(Random random) {
  Content content = base_;
  for (const Batch& batch : since_) Apply(batch, content);
  RocksScope scope(node_.host());
  for (uint64_t i = 0; i < 20; ++i) {
    const int family = static_cast<int>(random.Below(TestNode::kFamilies));
    const std::string key = Key(random.Below(300));
    std::string value;
    const rocksdb::Status status = node_.db().Get(rocksdb::ReadOptions(), node_.family(family), key, &value);
    const auto expected = content[static_cast<size_t>(family)].find(key);
    const bool present = expected != content[static_cast<size_t>(family)].end();
    if (!status.ok() && !status.IsNotFound()) return false;
    if (status.ok() != present || (present && value != expected->second)) {
      Violation("wrong answer for " + key + " of family " + std::to_string(family));
    }
  }
  return true;
}

void CrashWorkload::Apply(const Batch& batch, Content& content) {
  for (const Edit& edit : batch) {
    Family& family = content[static_cast<size_t>(edit.family)];
    switch (edit.kind) {
      case Edit::Kind::kPut: family[edit.key] = edit.value; break;
      case Edit::Kind::kDelete: family.erase(edit.key); break;
      case Edit::Kind::kDeleteRange:
        if (edit.key < edit.value) family.erase(family.lower_bound(edit.key), family.lower_bound(edit.value));
        break;
    }
  }
}

CrashWorkload::Content CrashWorkload::ReadAll() {
  Content content;
  RocksScope scope(node_.host());
  for (int i = 0; i < TestNode::kFamilies; ++i) {
    const std::unique_ptr<rocksdb::Iterator> iterator(node_.db().NewIterator(rocksdb::ReadOptions(), node_.family(i)));
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
      content[static_cast<size_t>(i)].emplace(iterator->key().ToString(), iterator->value().ToString());
    }
    if (!iterator->status().ok()) Violation("scan fails: " + iterator->status().ToString());
  }
  return content;
}

void CrashWorkload::Verify(const char* when) {
  const Content found = ReadAll();
  const auto number_at = found[0].find(kNumberKey.data());
  const uint64_t number = number_at == found[0].end() ? 0 : std::stoull(number_at->second);
  const uint64_t floor = last_was_power_loss_ ? synced_ : acknowledged_;
  const uint64_t issued = base_number_ + since_.size();
  if (number < std::max(floor, base_number_) || number > issued) {
    Violation(std::string(when) + ": batch " + std::to_string(number) + " is the last, but " + std::to_string(floor) +
              " was acknowledged and " + std::to_string(issued) + " issued");
    return;
  }
  for (uint64_t i = base_number_; i < number; ++i) Apply(since_[i - base_number_], base_);
  if (found != base_) Violation(std::string(when) + ": the content is not that of batch " + std::to_string(number));
  if (acknowledged_ > number) result_.lost_unsynced += acknowledged_ - number;
  since_.clear();
  // What a successful open shows is durable: recovery has written it out.
  base_number_ = acknowledged_ = synced_ = number;
  last_was_power_loss_ = false;
}

}  // namespace orrery::sim
