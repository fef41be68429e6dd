#include <algorithm>
#include <cstring>

#include "workloads/check/flat_index.h"
#include "workloads/check/inference.h"

namespace orrery::check {

namespace {

constexpr uint32_t kNone = 0xffffffffu;

/// Appends make every version tell its past: a list read is the version order up to itself. The longest
/// committed read of a key is the order; every other read must be a prefix of it.
class ListInference final : public Inference {
 public:
  ListInference(TxnIndex& index, const IsolationOptions& options)
      : index_(index), history_(index.history()), read_committed_(options.level == IsolationLevel::kReadCommitted) {}

  Status Infer(EdgeList& edges, AnomalyList& anomalies) override;
  std::string Because(OpIndex source, OpIndex target, Dependency dependency) const override;
  size_t MemoryBytes() const override {
    return 4 * (longest_.capacity() + order_begin_.capacity() + order_.capacity() + position_.capacity());
  }

 private:
  Status CheckKinds() const;
  Status FindOrders(bool& again);
  Status FindOrder(uint32_t key, bool& again);
  Status IndexAppends(uint32_t key);
  void CountOwnAppends(uint32_t key);

  void JudgeKey(uint32_t key, EdgeList& edges, AnomalyList& anomalies);
  void JudgeOrder(uint32_t key, AnomalyList& anomalies) const;
  uint32_t OwnAppendBefore(uint32_t append) const;
  void JudgeElement(uint32_t key, uint32_t at, OpIndex reader, AnomalyList& anomalies) const;
  void JudgePrefixes(uint32_t key, AnomalyList& anomalies);
  void JudgeRepeats(std::span<const uint32_t> touches, AnomalyList& anomalies) const;
  void AddOrderEdges(uint32_t key, EdgeList& edges) const;
  void AddReadEdges(uint32_t key, uint32_t read, EdgeList& edges, AnomalyList& anomalies);
  void JudgeFuture(uint32_t key, uint32_t read, AnomalyList& anomalies) const;
  void AddUnobserved(uint32_t key, EdgeList& edges);

  /// Empty for what is no list read: a read of nil, too.
  std::span<const Value> WholeList(uint32_t micro) const { return history_.list(index_.micro(micro)); }
  /// What a read shows of others: without the reader's own earlier appends at the end.
  std::span<const Value> ListOf(uint32_t micro) const {
    const auto list = WholeList(micro);
    return list.first(list.size() - position_[micro]);
  }
  /// A known read of a committed transaction that shows at least its own appends.
  bool IsCommittedRead(uint32_t micro) const {
    const MicroOp& m = index_.micro(micro);
    if (m.kind == MicroKind::kAppend || !m.known || !index_.committed(index_.txn_of(micro))) return false;
    return position_[micro] != kNone;
  }
  std::span<const uint32_t> Order(uint32_t key) const {
    return {order_.data() + order_begin_[key], order_begin_[key + 1] - order_begin_[key]};
  }
  /// Who installed the element at `at`; kNoOp for garbage and aborted elements.
  OpIndex WriterAt(uint32_t key, uint32_t at) const {
    const uint32_t append = Order(key)[at];
    if (append == kNone || !index_.committed(index_.txn_of(append))) return kNoOp;
    return index_.txn_of(append);
  }
  OpIndex LastWriterBefore(uint32_t key, uint32_t at) const {
    while (at > 0) {
      if (const OpIndex writer = WriterAt(key, --at); writer != kNoOp) return writer;
    }
    return kNoOp;
  }
  OpIndex FirstWriterFrom(uint32_t key, uint32_t at) const {
    for (; at < Order(key).size(); ++at) {
      if (const OpIndex writer = WriterAt(key, at); writer != kNoOp) return writer;
    }
    return kNoOp;
  }
  std::string KeyName(uint32_t key) const { return history_.values().ToString(index_.key(key)); }
  std::string ReadName(uint32_t micro) const { return history_.DescribeMicro(index_.micro(micro)).substr(2); }
  std::string ValueName(uint32_t micro) const { return history_.values().ToString(index_.micro(micro).value); }

  std::string BecauseWriteWrite(OpIndex source, OpIndex target) const;
  std::string BecauseWriteRead(OpIndex source, OpIndex target) const;
  std::string BecauseReadWrite(OpIndex source, OpIndex target) const;

  TxnIndex& index_;
  const History& history_;
  bool read_committed_;
  std::vector<uint32_t> longest_;      // per key: micro number of the longest committed read
  std::vector<uint32_t> order_begin_;  // per key
  std::vector<uint32_t> order_;        // append micro at each position of the order; kNone: nobody's
  // Per append: its place in the order, kNone if not observed. Per read: how many own appends it shows at its end, as
  // it should; kNone if it does not.
  std::vector<uint32_t> position_;
  FlatIndex appended_;                   // scratch per key: value -> local number
  std::vector<uint32_t> appends_;        // scratch per key: append micros
  std::vector<OpIndex> rmw_of_version_;  // scratch per key: who read this version and appended
  std::vector<OpIndex> tail_readers_;    // scratch per key
  std::vector<uint32_t> incompatible_;   // scratch per key: reads that are no prefix of the order
};

Status ListInference::CheckKinds() const {
  for (OpIndex txn = 0; txn < history_.size(); ++txn) {
    for (const MicroOp& m : history_.micros(txn)) {
      const bool read =
          m.kind == MicroKind::kReadList || (m.kind == MicroKind::kRead && (!m.known || m.value.is_nil()));
      const bool append = m.kind == MicroKind::kAppend && !m.value.is_nil();
      if (!read && !append) return BadTxn(history_, txn, "list-append knows append and r [values] only");
    }
  }
  return Status::Ok();
}

Status ListInference::IndexAppends(uint32_t key) {
  appended_.Clear();
  appends_.clear();
  for (uint32_t micro : index_.micros_of_key(key)) {
    if (index_.micro(micro).kind != MicroKind::kAppend) continue;
    position_[micro] = kNone;
    const uint32_t n = appended_.FindOrAdd(index_.micro(micro).value.code());
    if (n < appends_.size()) {
      return BadTxn(history_, index_.txn_of(micro),
                    "appends " + ValueName(micro) + " to " + KeyName(key) + ", as " +
                        history_.Describe(index_.txn_of(appends_[n])) + " does: values must be unique per key");
    }
    appends_.push_back(micro);
  }
  return Status::Ok();
}

void ListInference::CountOwnAppends(uint32_t key) {
  std::vector<Value> own;
  for (uint32_t micro : index_.micros_of_key(key)) {
    if (!index_.repeated(micro)) own.clear();
    if (index_.micro(micro).kind == MicroKind::kAppend) {
      own.push_back(index_.micro(micro).value);
    } else {
      const auto list = WholeList(micro);
      const bool shown = list.size() >= own.size() &&
                         std::equal(own.begin(), own.end(), list.end() - static_cast<ptrdiff_t>(own.size()));
      position_[micro] = shown ? static_cast<uint32_t>(own.size()) : kNone;
    }
  }
}

Status ListInference::FindOrder(uint32_t key, bool& again) {
  ORRERY_RETURN_IF_ERROR(IndexAppends(key));
  CountOwnAppends(key);
  uint32_t longest = kNone;
  size_t size = 0;
  for (uint32_t micro : index_.micros_of_key(key)) {
    if (!IsCommittedRead(micro)) continue;
    if (ListOf(micro).size() <= size) continue;
    longest = micro;
    size = ListOf(micro).size();
  }
  longest_.push_back(longest);
  for (size_t i = 0; i < size; ++i) {
    const uint32_t n = appended_.Find(ListOf(longest)[i].code());
    order_.push_back(n == FlatIndex::kAbsent ? kNone : appends_[n]);
    if (n == FlatIndex::kAbsent) continue;
    const uint32_t append = appends_[n];
    position_[append] = static_cast<uint32_t>(i);
    again |= index_.Promote(index_.txn_of(append));
  }
  order_begin_.push_back(static_cast<uint32_t>(order_.size()));
  return Status::Ok();
}

/// A promoted transaction may itself have read what promotes others: `again`.
Status ListInference::FindOrders(bool& again) {
  longest_.clear();
  order_.clear();
  order_begin_.assign(1, 0);
  position_.assign(history_.all_micros().size(), kNone);
  for (uint32_t key = 0; key < index_.key_count(); ++key) ORRERY_RETURN_IF_ERROR(FindOrder(key, again));
  return Status::Ok();
}

Status ListInference::Infer(EdgeList& edges, AnomalyList& anomalies) {
  ORRERY_RETURN_IF_ERROR(CheckKinds());
  bool again = true;
  while (again) {
    again = false;
    ORRERY_RETURN_IF_ERROR(FindOrders(again));
  }
  for (uint32_t key = 0; key < index_.key_count(); ++key) JudgeKey(key, edges, anomalies);
  return Status::Ok();
}

void ListInference::JudgeKey(uint32_t key, EdgeList& edges, AnomalyList& anomalies) {
  JudgeOrder(key, anomalies);
  JudgePrefixes(key, anomalies);
  AddOrderEdges(key, edges);
  rmw_of_version_.assign(Order(key).size() + 1, kNoOp);
  tail_readers_.clear();
  const auto micros = index_.micros_of_key(key);
  for (size_t i = 0; i < micros.size();) {
    size_t end = i + 1;
    while (end < micros.size() && index_.repeated(micros[end])) ++end;
    for (size_t at = i; at < end; ++at) {
      if (IsCommittedRead(micros[at])) AddReadEdges(key, micros[at], edges, anomalies);
    }
    if (end - i > 1) JudgeRepeats(micros.subspan(i, end - i), anomalies);
    i = end;
  }
  if (incompatible_.empty()) AddUnobserved(key, edges);
}

void ListInference::JudgeElement(uint32_t key, uint32_t at, OpIndex reader, AnomalyList& anomalies) const {
  const uint32_t append = Order(key)[at];
  const auto element = [&] { return history_.values().ToString(ListOf(longest_[key])[at]) + " of " + KeyName(key); };
  if (append == kNone) {
    return anomalies.Add("garbage-read", TxnIndex::Name(reader) + " read " + element() + ", which nobody appended",
                         {reader});
  }
  const OpIndex writer = index_.txn_of(append);
  if (position_[append] != at) {
    anomalies.Add("duplicate-elements",
                  TxnIndex::Name(reader) + " read " + element() + " twice, which was appended once", {writer, reader});
  }
  if (const uint32_t earlier = OwnAppendBefore(append); earlier != kNone) {
    anomalies.Add("incompatible-order",
                  TxnIndex::Name(reader) + " read " + element() + " without " + ValueName(earlier) +
                      " before it, which " + TxnIndex::Name(writer) + " had appended earlier",
                  {writer, reader});
  }
  if (index_.fate(writer) != TxnIndex::Fate::kAborted) return;
  anomalies.Add("G1a",
                TxnIndex::Name(reader) + " read " + element() + ", which " + TxnIndex::Name(writer) +
                    " appended and then aborted",
                {writer, reader});
  const OpIndex next = FirstWriterFrom(key, at);
  if (next == kNoOp) return;
  anomalies.Add("dirty-update",
                TxnIndex::Name(next) + " committed on top of " + element() + ", which " + TxnIndex::Name(writer) +
                    " appended and then aborted",
                {writer, next});
}

/// An earlier append of the same transaction to the same key that the order does not show before this one.
uint32_t ListInference::OwnAppendBefore(uint32_t append) const {
  const uint32_t begin = history_.operation(index_.txn_of(append)).micro_begin;
  for (uint32_t m = append; m-- > begin;) {
    if (index_.key_of(m) != index_.key_of(append) || index_.micro(m).kind != MicroKind::kAppend) continue;
    return position_[m] < position_[append] ? kNone : m;  // kNone, not shown, is greater than any place
  }
  return kNone;
}

void ListInference::JudgeOrder(uint32_t key, AnomalyList& anomalies) const {
  for (uint32_t at = 0; at < Order(key).size(); ++at) JudgeElement(key, at, index_.txn_of(longest_[key]), anomalies);
}

void ListInference::JudgePrefixes(uint32_t key, AnomalyList& anomalies) {
  incompatible_.clear();
  for (uint32_t micro : index_.micros_of_key(key)) {
    if (!IsCommittedRead(micro)) continue;
    const auto list = ListOf(micro);
    if (list.empty() || std::memcmp(list.data(), ListOf(longest_[key]).data(), list.size_bytes()) == 0) continue;
    incompatible_.push_back(micro);
    const OpIndex a = index_.txn_of(micro);
    const OpIndex b = index_.txn_of(longest_[key]);
    anomalies.Add("incompatible-order",
                  TxnIndex::Name(a) + " read " + ReadName(micro) + ", which is no prefix of what " + TxnIndex::Name(b) +
                      " read: " + ReadName(longest_[key]),
                  {a, b});
  }
}

/// One transaction's touches of one key, in order: each read must show its own appends so far at the end,
/// and, but for read committed, what the read before it showed and the appends since.
void ListInference::JudgeRepeats(std::span<const uint32_t> touches, AnomalyList& anomalies) const {
  const OpIndex txn = index_.txn_of(touches[0]);
  if (!index_.committed(txn)) return;
  std::vector<Value> expected;  // the last read and the appends since
  bool have_read = false;
  for (uint32_t micro : touches) {
    const MicroOp& m = index_.micro(micro);
    if (m.kind == MicroKind::kAppend) expected.push_back(m.value);
    if (m.kind == MicroKind::kAppend || !m.known) continue;
    const auto list = WholeList(micro);
    if (!IsCommittedRead(micro)) {
      anomalies.Add("internal",
                    TxnIndex::Name(txn) + " read " + ReadName(micro) + " without its own appends at the end", {txn});
    } else if (have_read && !read_committed_ &&
               !std::equal(list.begin(), list.end(), expected.begin(), expected.end())) {
      anomalies.Add("non-repeatable-read",
                    TxnIndex::Name(txn) + " read " + ReadName(micro) + ", which differs from what it read before",
                    {txn});
    }
    expected.assign(list.begin(), list.end());
    have_read = true;
  }
}

void ListInference::AddOrderEdges(uint32_t key, EdgeList& edges) const {
  OpIndex last = kNoOp;
  for (uint32_t at = 0; at < Order(key).size(); ++at) {
    const OpIndex writer = WriterAt(key, at);
    if (writer == kNoOp) continue;
    if (last != kNoOp) edges.Add(last, writer, Dependency::kWriteWrite);
    last = writer;
  }
}

/// What a read shows of others cannot hold the reader's own appends.
void ListInference::JudgeFuture(uint32_t key, uint32_t read, AnomalyList& anomalies) const {
  const OpIndex txn = index_.txn_of(read);
  for (uint32_t at = 0; at < ListOf(read).size(); ++at) {
    const uint32_t append = Order(key)[at];
    if (append == kNone || index_.txn_of(append) != txn) continue;
    return anomalies.Add(
        "internal",
        TxnIndex::Name(txn) + " read " + ReadName(read) + " with its own " + ValueName(append) + " in the wrong place",
        {txn});
  }
}

void ListInference::AddReadEdges(uint32_t key, uint32_t read, EdgeList& edges, AnomalyList& anomalies) {
  if (std::find(incompatible_.begin(), incompatible_.end(), read) != incompatible_.end()) return;
  const OpIndex txn = index_.txn_of(read);
  const uint32_t version = static_cast<uint32_t>(ListOf(read).size());
  if (version > 0) {
    const OpIndex source = LastWriterBefore(key, version);
    if (source != kNoOp) edges.Add(source, txn, Dependency::kWriteRead);
    const uint32_t last = Order(key)[version - 1];
    if (last != kNone && index_.overwritten(last) && index_.txn_of(last) != txn &&
        index_.committed(index_.txn_of(last))) {
      anomalies.Add("G1b",
                    TxnIndex::Name(txn) + " read " + ReadName(read) + ", an intermediate state of " +
                        TxnIndex::Name(index_.txn_of(last)),
                    {index_.txn_of(last), txn});
    }
  }
  const bool updates = index_.overwritten(read) || index_.after_own_write(read);
  if (updates) JudgeFuture(key, read, anomalies);
  if (read_committed_) return;
  if (const OpIndex next = FirstWriterFrom(key, version); next != kNoOp) edges.Add(txn, next, Dependency::kReadWrite);
  if (version == Order(key).size()) tail_readers_.push_back(txn);
  if (!updates) return;
  OpIndex& other = rmw_of_version_[version];
  if (other != kNoOp && other != txn) {
    anomalies.Add("lost-update",
                  TxnIndex::Name(other) + " and " + TxnIndex::Name(txn) + " both read " + ReadName(read) +
                      " and both appended to it",
                  {other, txn});
  }
  other = txn;
}

/// Committed appends that the longest read does not show came after it: else it would show them.
void ListInference::AddUnobserved(uint32_t key, EdgeList& edges) {
  std::vector<OpIndex> writers;
  for (uint32_t micro : index_.micros_of_key(key)) {
    if (index_.micro(micro).kind != MicroKind::kAppend || position_[micro] != kNone) continue;
    const OpIndex txn = index_.txn_of(micro);
    if (index_.committed(txn) && (writers.empty() || writers.back() != txn)) writers.push_back(txn);
  }
  const OpIndex last = LastWriterBefore(key, static_cast<uint32_t>(Order(key).size()));
  if (last != kNoOp) {
    for (OpIndex writer : writers) edges.Add(last, writer, Dependency::kWriteWrite);
  }
  AddReadersToWriters(tail_readers_, writers, edges);
}

std::string ListInference::BecauseWriteWrite(OpIndex source, OpIndex target) const {
  const Operation& operation = history_.operation(target);
  for (uint32_t m = operation.micro_begin; m < operation.micro_begin + operation.micro_count; ++m) {
    if (index_.micro(m).kind != MicroKind::kAppend) continue;
    const uint32_t key = index_.key_of(m);
    const bool observed = position_[m] != kNone;
    const uint32_t at = observed ? position_[m] : static_cast<uint32_t>(Order(key).size());
    if (LastWriterBefore(key, at) != source) continue;
    return TxnIndex::Name(target) + " appended " + ValueName(m) + " to " + KeyName(key) + " after " +
           history_.values().ToString(ListOf(longest_[key])[at - 1]) +
           (observed ? "" : " (the longest read does not show it)") + ", and " + TxnIndex::Name(source) +
           " was the last to append before that";
  }
  return "the order of appends";
}

std::string ListInference::BecauseWriteRead(OpIndex source, OpIndex target) const {
  const Operation& operation = history_.operation(target);
  for (uint32_t m = operation.micro_begin; m < operation.micro_begin + operation.micro_count; ++m) {
    if (!IsCommittedRead(m)) continue;
    const uint32_t key = index_.key_of(m);
    if (LastWriterBefore(key, static_cast<uint32_t>(ListOf(m).size())) != source) continue;
    return TxnIndex::Name(target) + " read " + ReadName(m) + ", which " + TxnIndex::Name(source) + " appended to last";
  }
  return "a read of its append";
}

std::string ListInference::BecauseReadWrite(OpIndex source, OpIndex target) const {
  const Operation& operation = history_.operation(source);
  for (uint32_t m = operation.micro_begin; m < operation.micro_begin + operation.micro_count; ++m) {
    if (!IsCommittedRead(m)) continue;
    const uint32_t key = index_.key_of(m);
    const uint32_t version = static_cast<uint32_t>(ListOf(m).size());
    const OpIndex next = FirstWriterFrom(key, version);
    for (uint32_t append : index_.micros_of_key(key)) {
      if (index_.micro(append).kind != MicroKind::kAppend || index_.txn_of(append) != target) continue;
      if (next != target && (position_[append] != kNone || version != Order(key).size())) continue;
      return TxnIndex::Name(source) + " read " + ReadName(m) + " without " + ValueName(append) + ", which " +
             TxnIndex::Name(target) + " appended next";
    }
  }
  return "a read before its append";
}

std::string ListInference::Because(OpIndex source, OpIndex target, Dependency dependency) const {
  switch (dependency) {
    case Dependency::kWriteWrite: return BecauseWriteWrite(source, target);
    case Dependency::kWriteRead: return BecauseWriteRead(source, target);
    case Dependency::kReadWrite: return BecauseReadWrite(source, target);
    default: return "";
  }
}

}  // namespace

std::unique_ptr<Inference> InferFromLists(TxnIndex& index, const IsolationOptions& options) {
  return std::make_unique<ListInference>(index, options);
}

}  // namespace orrery::check
