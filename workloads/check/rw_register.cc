#include <algorithm>
#include <tuple>

#include "workloads/check/flat_index.h"
#include "workloads/check/inference.h"
#include "workloads/check/version_order.h"

namespace orrery::check {

namespace {

constexpr uint32_t kNone = 0xffffffffu;
constexpr uint32_t kNilVersion = 0;

/// A read names its writer by the value. Which version came next is known only where something tells: nil is
/// the first; a transaction that read u and then wrote v put v after u; with linearizable keys, real time.
class RegisterInference final : public Inference {
 public:
  RegisterInference(TxnIndex& index, const IsolationOptions& options)
      : index_(index),
        history_(index.history()),
        read_committed_(options.level == IsolationLevel::kReadCommitted),
        linearizable_keys_(options.linearizable_keys) {}

  Status Infer(EdgeList& edges, AnomalyList& anomalies) override;
  std::string Because(OpIndex source, OpIndex target, Dependency dependency) const override;
  size_t MemoryBytes() const override {
    return 4 * (version_of_.capacity() + version_begin_.capacity() + write_of_.capacity()) + 8 * orders_.capacity();
  }

 private:
  Status CheckKinds() const;
  Status NumberVersions(uint32_t key);
  bool PromoteSeen();

  void JudgeKey(uint32_t key, EdgeList& edges, AnomalyList& anomalies);
  void JudgeRead(uint32_t key, uint32_t read, EdgeList& edges, AnomalyList& anomalies);
  void JudgeTouches(uint32_t key, std::span<const uint32_t> touches, EdgeList& edges, AnomalyList& anomalies);
  void JudgeRepeats(std::span<const uint32_t> touches, AnomalyList& anomalies) const;
  void AddVersionEdges(uint32_t key, EdgeList& edges);
  void AddReadWriteEdges(uint32_t key, std::span<const VersionOrder> orders, EdgeList& edges);
  void NoteCyclic(uint32_t key, uint32_t version, AnomalyList& anomalies) const;

  bool IsCommittedRead(uint32_t micro) const {
    const MicroOp& m = index_.micro(micro);
    return m.kind == MicroKind::kRead && m.known && index_.committed(index_.txn_of(micro));
  }
  /// The write of a version; kNone for nil and for values nobody wrote.
  uint32_t WriteOf(uint32_t key, uint32_t version) const { return write_of_[version_begin_[key] + version]; }
  uint32_t VersionCount(uint32_t key) const { return version_begin_[key + 1] - version_begin_[key]; }
  /// Who installed a version; kNoOp if nobody, or nobody who committed.
  OpIndex WriterOf(uint32_t key, uint32_t version) const {
    const uint32_t write = WriteOf(key, version);
    return write != kNone && index_.committed(index_.txn_of(write)) ? index_.txn_of(write) : kNoOp;
  }
  std::string KeyName(uint32_t key) const { return history_.values().ToString(index_.key(key)); }
  std::string Name(uint32_t micro) const {
    return KeyName(index_.key_of(micro)) + " = " + history_.values().ToString(index_.micro(micro).value);
  }
  std::span<const VersionOrder> Orders(uint32_t key) const {
    return {orders_.data() + orders_begin_[key], orders_begin_[key + 1] - orders_begin_[key]};
  }
  bool IsNext(uint32_t key, uint32_t version, uint32_t next) const;

  TxnIndex& index_;
  const History& history_;
  bool read_committed_;
  bool linearizable_keys_;
  std::vector<uint32_t> version_of_;                 // per micro: number of the version within its key
  std::vector<uint32_t> version_begin_;              // per key
  std::vector<uint32_t> write_of_;                   // per version
  std::vector<uint32_t> orders_begin_;               // per key
  std::vector<VersionOrder> orders_;                 // earlier version, later version; without nil-before-roots
  FlatIndex values_;                                 // scratch per key
  std::vector<VersionOrder> key_orders_;             // scratch per key
  std::vector<KeyTouch> touches_;                    // scratch per key: committed transactions on it
  std::vector<OpIndex> rmw_of_version_;              // scratch per key
  std::vector<std::pair<uint32_t, OpIndex>> reads_;  // scratch per key: version, reader
  VersionSorter sorter_;
};

Status RegisterInference::CheckKinds() const {
  for (OpIndex txn = 0; txn < history_.size(); ++txn) {
    for (const MicroOp& m : history_.micros(txn)) {
      if (m.kind == MicroKind::kRead) continue;
      if (m.kind != MicroKind::kWrite) return BadTxn(history_, txn, "rw-register knows r and w only");
      if (m.value.is_nil()) return BadTxn(history_, txn, "writes nil, which is the initial value");
    }
  }
  return Status::Ok();
}

Status RegisterInference::NumberVersions(uint32_t key) {
  values_.Clear();
  values_.FindOrAdd(kNil.code());
  const size_t begin = write_of_.size();
  version_begin_.push_back(static_cast<uint32_t>(begin));
  write_of_.push_back(kNone);
  for (uint32_t micro : index_.micros_of_key(key)) {
    const MicroOp& m = index_.micro(micro);
    if (!m.known) continue;
    const uint32_t version = values_.FindOrAdd(m.value.code());
    version_of_[micro] = version;
    write_of_.resize(begin + values_.size(), kNone);
    if (m.kind != MicroKind::kWrite) continue;
    uint32_t& write = write_of_[begin + version];
    if (write != kNone) {
      return BadTxn(history_, index_.txn_of(micro),
                    "writes " + Name(micro) + ", as " + history_.Describe(index_.txn_of(write)) +
                        " does: values must be unique per key");
    }
    write = micro;
  }
  return Status::Ok();
}

bool RegisterInference::PromoteSeen() {
  bool news = false;
  for (uint32_t micro = 0; micro < version_of_.size(); ++micro) {
    if (!IsCommittedRead(micro)) continue;
    const uint32_t write = WriteOf(index_.key_of(micro), version_of_[micro]);
    if (write != kNone && index_.Promote(index_.txn_of(write))) news = true;
  }
  return news;
}

Status RegisterInference::Infer(EdgeList& edges, AnomalyList& anomalies) {
  ORRERY_RETURN_IF_ERROR(CheckKinds());
  version_of_.assign(history_.all_micros().size(), kNone);
  for (uint32_t key = 0; key < index_.key_count(); ++key) ORRERY_RETURN_IF_ERROR(NumberVersions(key));
  version_begin_.push_back(static_cast<uint32_t>(write_of_.size()));
  while (PromoteSeen()) {
  }
  for (uint32_t key = 0; key < index_.key_count(); ++key) JudgeKey(key, edges, anomalies);
  orders_begin_.push_back(static_cast<uint32_t>(orders_.size()));
  return Status::Ok();
}

void RegisterInference::JudgeRead(uint32_t key, uint32_t read, EdgeList& edges, AnomalyList& anomalies) {
  const uint32_t version = version_of_[read];
  if (version == kNilVersion) return;
  const OpIndex txn = index_.txn_of(read);
  const uint32_t write = WriteOf(key, version);
  if (write == kNone) {
    return anomalies.Add("garbage-read", TxnIndex::Name(txn) + " read " + Name(read) + ", which nobody wrote", {txn});
  }
  const OpIndex writer = index_.txn_of(write);
  if (writer == txn) {
    return anomalies.Add("internal", TxnIndex::Name(txn) + " read " + Name(read) + " before it wrote that itself",
                         {txn});
  }
  if (index_.fate(writer) == TxnIndex::Fate::kAborted) {
    anomalies.Add(
        "G1a",
        TxnIndex::Name(txn) + " read " + Name(read) + ", which " + TxnIndex::Name(writer) + " wrote and then aborted",
        {writer, txn});
    return;
  }
  if (index_.overwritten(write)) {
    anomalies.Add("G1b",
                  TxnIndex::Name(txn) + " read " + Name(read) + ", an intermediate write of " + TxnIndex::Name(writer),
                  {writer, txn});
  }
  edges.Add(writer, txn, Dependency::kWriteRead);
}

/// One transaction's touches of one key: values read before its own writes, and what it installed.
void RegisterInference::JudgeTouches(uint32_t key, std::span<const uint32_t> touches, EdgeList& edges,
                                     AnomalyList& anomalies) {
  const OpIndex txn = index_.txn_of(touches[0]);
  if (!index_.committed(txn)) return;
  JudgeRepeats(touches, anomalies);
  uint32_t installed = kNone;
  for (uint32_t micro : touches) {
    if (index_.micro(micro).kind == MicroKind::kWrite) installed = version_of_[micro];
  }
  const bool writes = installed != kNone;
  KeyTouch touch{txn, kNone, installed};
  for (uint32_t micro : touches) {
    if (!IsCommittedRead(micro) || index_.after_own_write(micro)) continue;
    JudgeRead(key, micro, edges, anomalies);
    const uint32_t version = version_of_[micro];
    if (version != kNilVersion && (WriterOf(key, version) == kNoOp || WriterOf(key, version) == txn)) continue;
    if (touch.first == kNone) touch.first = version;
    if (!writes) touch.last = version;
    reads_.push_back({version, txn});
    if (!writes) continue;
    key_orders_.push_back({version, installed});
    OpIndex& other = rmw_of_version_[version];
    if (other != kNoOp && other != txn && !read_committed_) {
      anomalies.Add("lost-update",
                    TxnIndex::Name(other) + " and " + TxnIndex::Name(txn) + " both read " + Name(micro) +
                        " and both overwrote it",
                    {other, txn});
    }
    other = txn;
  }
  if (touch.first == kNone) touch.first = touch.last;
  if (touch.first != kNone) touches_.push_back(touch);
}

void RegisterInference::JudgeRepeats(std::span<const uint32_t> touches, AnomalyList& anomalies) const {
  const OpIndex txn = index_.txn_of(touches[0]);
  uint32_t before = kNone;  // the last write or known read
  for (uint32_t micro : touches) {
    const MicroOp& m = index_.micro(micro);
    if (!m.known) continue;
    if (m.kind == MicroKind::kRead && before != kNone && index_.micro(before).value != m.value) {
      if (index_.after_own_write(micro)) {
        anomalies.Add("internal", TxnIndex::Name(txn) + " read " + Name(micro) + " after it had " + Name(before),
                      {txn});
      } else if (!read_committed_) {
        anomalies.Add("non-repeatable-read", TxnIndex::Name(txn) + " read " + Name(before) + " and then " + Name(micro),
                      {txn});
      }
    }
    before = micro;
  }
}

/// Only versions of committed writers have one before them.
void RegisterInference::NoteCyclic(uint32_t key, uint32_t version, AnomalyList& anomalies) const {
  std::vector<OpIndex> ops{WriterOf(key, version)};
  for (const VersionOrder& order : key_orders_) {
    if (ops.size() < 4 && order.earlier == version && WriterOf(key, order.later) != kNoOp) {
      ops.push_back(WriterOf(key, order.later));
    }
  }
  const std::string value = history_.values().ToString(index_.micro(WriteOf(key, version)).value);
  anomalies.Add("cyclic-versions",
                "no order of the versions of " + KeyName(key) + " fits: " + value + " would have to come before itself",
                ops);
}

void RegisterInference::JudgeKey(uint32_t key, EdgeList& edges, AnomalyList& anomalies) {
  orders_begin_.push_back(static_cast<uint32_t>(orders_.size()));
  key_orders_.clear();
  touches_.clear();
  reads_.clear();
  rmw_of_version_.assign(VersionCount(key), kNoOp);
  const auto micros = index_.micros_of_key(key);
  for (size_t i = 0; i < micros.size();) {
    size_t end = i + 1;
    while (end < micros.size() && index_.repeated(micros[end])) ++end;
    JudgeTouches(key, micros.subspan(i, end - i), edges, anomalies);
    i = end;
  }
  if (linearizable_keys_) AddRealTimeOrders(history_, touches_, key_orders_);
  std::sort(key_orders_.begin(), key_orders_.end());
  key_orders_.erase(std::unique(key_orders_.begin(), key_orders_.end()), key_orders_.end());
  const uint32_t cyclic = sorter_.FindCyclic(VersionCount(key), key_orders_);
  if (cyclic != VersionSorter::kAcyclic) return NoteCyclic(key, cyclic, anomalies);
  orders_.insert(orders_.end(), key_orders_.begin(), key_orders_.end());
  AddVersionEdges(key, edges);
}

void RegisterInference::AddVersionEdges(uint32_t key, EdgeList& edges) {
  for (const VersionOrder& order : key_orders_) {
    const OpIndex earlier = WriterOf(key, order.earlier);
    const OpIndex later = WriterOf(key, order.later);
    if (earlier != kNoOp) edges.Add(earlier, later, Dependency::kWriteWrite);
  }
  if (read_committed_) return;
  // Nil comes before every version that no other is known to precede.
  std::vector<char> has_earlier(VersionCount(key), 0);
  for (const VersionOrder& order : key_orders_) has_earlier[order.later] = 1;
  for (const KeyTouch& touch : touches_) {
    if (!has_earlier[touch.last]) key_orders_.push_back({kNilVersion, touch.last});
  }
  std::sort(key_orders_.begin(), key_orders_.end());
  key_orders_.erase(std::unique(key_orders_.begin(), key_orders_.end()), key_orders_.end());
  AddReadWriteEdges(key, key_orders_, edges);
}

void RegisterInference::AddReadWriteEdges(uint32_t key, std::span<const VersionOrder> orders, EdgeList& edges) {
  std::sort(reads_.begin(), reads_.end());
  reads_.erase(std::unique(reads_.begin(), reads_.end()), reads_.end());
  std::vector<OpIndex> readers;
  std::vector<OpIndex> writers;
  size_t read = 0;
  for (size_t i = 0; i < orders.size();) {
    const uint32_t version = orders[i].earlier;
    readers.clear();
    writers.clear();
    for (; i < orders.size() && orders[i].earlier == version; ++i) {
      const OpIndex writer = WriterOf(key, orders[i].later);
      if (writer != kNoOp) writers.push_back(writer);
    }
    while (read < reads_.size() && reads_[read].first < version) ++read;
    for (; read < reads_.size() && reads_[read].first == version; ++read) readers.push_back(reads_[read].second);
    AddReadersToWriters(readers, writers, edges);
  }
}

bool RegisterInference::IsNext(uint32_t key, uint32_t version, uint32_t next) const {
  const auto orders = Orders(key);
  if (std::binary_search(orders.begin(), orders.end(), VersionOrder{version, next})) return true;
  return version == kNilVersion &&
         std::none_of(orders.begin(), orders.end(), [&](const VersionOrder& o) { return o.later == next; });
}

std::string RegisterInference::Because(OpIndex source, OpIndex target, Dependency dependency) const {
  const Operation& s = history_.operation(source);
  const Operation& t = history_.operation(target);
  for (uint32_t a = s.micro_begin; a < s.micro_begin + s.micro_count; ++a) {
    for (uint32_t b = t.micro_begin; b < t.micro_begin + t.micro_count; ++b) {
      if (index_.key_of(a) != index_.key_of(b)) continue;
      const bool a_writes = index_.micro(a).kind == MicroKind::kWrite;
      const bool b_writes = index_.micro(b).kind == MicroKind::kWrite;
      if (dependency == Dependency::kWriteRead && a_writes && version_of_[a] == version_of_[b]) {
        return TxnIndex::Name(target) + " read " + Name(b) + ", which " + TxnIndex::Name(source) + " wrote";
      }
      if (!b_writes || !IsNext(index_.key_of(a), version_of_[a], version_of_[b])) continue;
      if (dependency == Dependency::kWriteWrite && a_writes) {
        return TxnIndex::Name(target) + " wrote " + Name(b) + " over " + Name(a) + ", which " + TxnIndex::Name(source) +
               " wrote";
      }
      if (dependency == Dependency::kReadWrite && !a_writes) {
        return TxnIndex::Name(source) + " read " + Name(a) + ", which " + TxnIndex::Name(target) + " overwrote with " +
               history_.values().ToString(index_.micro(b).value);
      }
    }
  }
  return "the order of versions";
}

}  // namespace

std::unique_ptr<Inference> InferFromRegisters(TxnIndex& index, const IsolationOptions& options) {
  return std::make_unique<RegisterInference>(index, options);
}

}  // namespace orrery::check
