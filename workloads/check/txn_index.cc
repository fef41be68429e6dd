#include "workloads/check/txn_index.h"

#include <algorithm>

#include "workloads/check/flat_index.h"

namespace orrery::check {

namespace {

bool Writes(MicroKind kind) {
  return kind == MicroKind::kWrite || kind == MicroKind::kAppend;
}

}  // namespace

TxnIndex::TxnIndex(const History& history) : history_(history) {
  fate_.reserve(history.size());
  for (const Operation& operation : history.operations()) {
    switch (operation.outcome) {
      case Outcome::kOk: fate_.push_back(Fate::kCommitted); break;
      case Outcome::kFail: fate_.push_back(Fate::kAborted); break;
      case Outcome::kUnknown: fate_.push_back(Fate::kUnseen); break;
    }
  }
  NumberKeys();
  SortByKey();
  FlagRepeats();
}

void TxnIndex::NumberKeys() {
  const auto& micros = history_.all_micros();
  key_of_.resize(micros.size());
  txn_of_.resize(micros.size());
  FlatIndex keys;
  for (OpIndex txn = 0; txn < history_.size(); ++txn) {
    const Operation& operation = history_.operation(txn);
    const uint32_t end = operation.micro_begin + operation.micro_count;
    for (uint32_t m = operation.micro_begin; m < end; ++m) {
      const uint32_t key = keys.FindOrAdd(micros[m].key.code());
      if (key == key_values_.size()) key_values_.push_back(micros[m].key);
      key_of_[m] = key;
      txn_of_[m] = txn;
    }
  }
}

void TxnIndex::SortByKey() {
  key_begin_.assign(key_values_.size() + 1, 0);
  for (uint32_t key : key_of_) ++key_begin_[key + 1];
  for (size_t i = 1; i < key_begin_.size(); ++i) key_begin_[i] += key_begin_[i - 1];
  key_micros_.resize(key_of_.size());
  std::vector<uint32_t> next(key_begin_.begin(), key_begin_.end() - 1);
  for (uint32_t m = 0; m < key_of_.size(); ++m) key_micros_[next[key_of_[m]]++] = m;
}

void TxnIndex::FlagRepeats() {
  flags_.assign(key_of_.size(), 0);
  for (size_t key = 0; key + 1 < key_begin_.size(); ++key) {
    // Touches of one transaction stand together, in its order.
    const auto all = micros_of_key(static_cast<uint32_t>(key));
    for (size_t i = 1; i < all.size(); ++i) {
      const uint32_t m = all[i];
      const uint32_t before = all[i - 1];
      if (txn_of_[m] != txn_of_[before]) continue;
      flags_[m] |= kRepeated;
      if (Writes(micro(before).kind) || after_own_write(before)) flags_[m] |= kAfterOwnWrite;
    }
    for (size_t i = all.size(); i-- > 1;) {
      const uint32_t m = all[i];
      const uint32_t before = all[i - 1];
      if (txn_of_[m] != txn_of_[before]) continue;
      if (Writes(micro(m).kind) || overwritten(m)) flags_[before] |= kOverwritten;
    }
  }
}

bool TxnIndex::Promote(OpIndex txn) {
  if (fate_[txn] != Fate::kUnseen) return false;
  fate_[txn] = Fate::kCommitted;
  return true;
}

size_t TxnIndex::MemoryBytes() const {
  return 4 * (key_of_.capacity() + txn_of_.capacity() + key_values_.capacity() + key_begin_.capacity() +
              key_micros_.capacity()) +
         flags_.capacity() + fate_.capacity();
}

void AnomalyList::Add(const std::string& name, const std::string& words, std::vector<OpIndex> ops) {
  Anomaly anomaly;
  anomaly.name = name;
  anomaly.words = "  " + words + "\n";
  for (OpIndex op : ops) anomaly.words += "  " + TxnIndex::Name(op) + " = " + history_.Describe(op) + "\n";
  anomaly.ops = std::move(ops);
  AddWhole(std::move(anomaly));
}

void AnomalyList::AddWhole(Anomaly anomaly) {
  if (++count_[anomaly.name] <= kKeepPerName) anomalies_.push_back(std::move(anomaly));
}

std::vector<Anomaly> AnomalyList::Take() {
  for (const auto& entry : count_) {
    if (entry.second <= kKeepPerName) continue;
    const auto last = std::find_if(anomalies_.rbegin(), anomalies_.rend(),
                                   [&](const Anomaly& anomaly) { return anomaly.name == entry.first; });
    last->words += "  (and " + std::to_string(entry.second - kKeepPerName) + " more of this name)\n";
  }
  return std::move(anomalies_);
}

}  // namespace orrery::check
