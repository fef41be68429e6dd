#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "workloads/check/history.h"
#include "workloads/check/report.h"

namespace orrery::check {

/// A history of transactions laid out for the isolation checkers: micro-operations by key, and what is known
/// of each transaction. Borrows the history.
class TxnIndex {
 public:
  /// What became of a transaction, as far as anybody saw.
  enum class Fate : uint8_t { kAborted, kUnseen, kCommitted };

  explicit TxnIndex(const History& history);

  const History& history() const { return history_; }
  size_t txn_count() const { return fate_.size(); }
  size_t key_count() const { return key_begin_.size() - 1; }
  Value key(uint32_t key) const { return key_values_[key]; }
  /// Numbers of the micro-operations on a key, by transaction and place in it.
  std::span<const uint32_t> micros_of_key(uint32_t key) const {
    return {key_micros_.data() + key_begin_[key], key_begin_[key + 1] - key_begin_[key]};
  }
  const MicroOp& micro(uint32_t number) const { return history_.all_micros()[number]; }
  OpIndex txn_of(uint32_t micro) const { return txn_of_[micro]; }
  uint32_t key_of(uint32_t micro) const { return key_of_[micro]; }

  Fate fate(OpIndex txn) const { return fate_[txn]; }
  bool committed(OpIndex txn) const { return fate_[txn] == Fate::kCommitted; }
  /// Somebody saw a write of this unknown transaction: it committed whole. True if that is news.
  bool Promote(OpIndex txn);

  /// The transaction wrote the key before this micro-operation: a read sees its own writes.
  bool after_own_write(uint32_t micro) const { return (flags_[micro] & kAfterOwnWrite) != 0; }
  /// The transaction writes the key again later: nobody else may see this write.
  bool overwritten(uint32_t micro) const { return (flags_[micro] & kOverwritten) != 0; }
  /// The transaction touches this key more than once (here is a later touch).
  bool repeated(uint32_t micro) const { return (flags_[micro] & kRepeated) != 0; }
  size_t MemoryBytes() const;

  /// "T3".
  static std::string Name(OpIndex txn) { return "T" + std::to_string(txn); }

 private:
  static constexpr uint8_t kAfterOwnWrite = 1;
  static constexpr uint8_t kOverwritten = 2;
  static constexpr uint8_t kRepeated = 4;
  void NumberKeys();
  void SortByKey();
  void FlagRepeats();

  const History& history_;
  std::vector<uint32_t> key_of_;
  std::vector<OpIndex> txn_of_;
  std::vector<Value> key_values_;
  std::vector<uint32_t> key_begin_;
  std::vector<uint32_t> key_micros_;
  std::vector<uint8_t> flags_;
  std::vector<Fate> fate_;
};

/// Collects anomalies: the first few of each name, the number of all.
class AnomalyList {
 public:
  explicit AnomalyList(const History& history) : history_(history) {}
  /// `words` is one sentence; the operations are described below it.
  void Add(const std::string& name, const std::string& words, std::vector<OpIndex> ops);
  void AddWhole(Anomaly anomaly);
  /// By gravity as far as names tell, then in order of discovery. Says how many more there were.
  std::vector<Anomaly> Take();
  bool Has(const std::string& name) const { return count_.contains(name); }

 private:
  static constexpr uint32_t kKeepPerName = 3;
  const History& history_;
  std::vector<Anomaly> anomalies_;
  std::map<std::string, uint32_t> count_;
};

}  // namespace orrery::check
