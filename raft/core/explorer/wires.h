#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "raft/core/explorer/local_state.h"

namespace orrery::raft {

/// A set of messages by number.
class MessageSet {
 public:
  static constexpr size_t kSizeMax = 1024;

  bool Has(uint32_t message) const { return (words_[message >> 6] >> (message & 63) & 1) != 0; }
  void Add(uint32_t message) { words_[message >> 6] |= uint64_t{1} << (message & 63); }
  void Remove(uint32_t message) { words_[message >> 6] &= ~(uint64_t{1} << (message & 63)); }
  bool Contains(const MessageSet& other) const {
    for (size_t i = 0; i < words_.size(); ++i) {
      if ((other.words_[i] & ~words_[i]) != 0) return false;
    }
    return true;
  }
  /// Calls visit(number) for each message that is in both sets, in order.
  template <class Visit>
  void ForEachIn(const MessageSet& other, Visit visit) const {
    for (size_t i = 0; i < words_.size(); ++i) {
      for (uint64_t rest = words_[i] & other.words_[i]; rest != 0; rest &= rest - 1) {
        visit(static_cast<uint32_t>(i * 64 + static_cast<size_t>(__builtin_ctzll(rest))));
      }
    }
  }
  friend bool operator==(const MessageSet&, const MessageSet&) = default;

 private:
  std::array<uint64_t, kSizeMax / 64> words_{};
};

/// Everything that can be on the wire at one moment: each such set is stored once and numbered. Far fewer than states
/// of the group.
class Wires {
 public:
  explicit Wires(LocalStates& locals) : locals_(locals) {}

  /// The messages to peer `node` (0-based).
  const MessageSet& To(size_t node) {
    for (; sorted_ < std::min(locals_.message_count(), MessageSet::kSizeMax); ++sorted_) {
      to_[locals_.message(static_cast<uint32_t>(sorted_)).to.value() - 1].Add(static_cast<uint32_t>(sorted_));
    }
    return to_[node];
  }
  uint32_t Number(const MessageSet& messages) {
    Hash128 hash;
    messages.ForEachIn(messages, [&](uint32_t message) { hash += locals_.MessageHash(message, 0); });
    const auto [at, is_new] = numbers_.emplace(hash, static_cast<uint32_t>(sets_.size()));
    if (!is_new) return at->second;
    sets_.push_back(messages);
    renamed_.insert(renamed_.end(), locals_.permutation_count(), kUnknown);
    return at->second;
  }
  const MessageSet& set(uint32_t number) const { return sets_[number]; }
  /// The same set with peers renamed by permutation `p`. Sets too_many() where there is no room for its messages.
  uint32_t Renamed(uint32_t number, size_t p) {
    if (p == 0) return number;
    const size_t place = number * locals_.permutation_count() + p;
    if (renamed_[place] != kUnknown) return renamed_[place];
    MessageSet renamed;
    const MessageSet original = sets_[number];
    original.ForEachIn(original, [&](uint32_t message) {
      const uint32_t other = locals_.Renamed(message, p);
      too_many_ = too_many_ || other >= MessageSet::kSizeMax;
      if (!too_many_) renamed.Add(other);
    });
    const uint32_t result = Number(renamed);
    renamed_[place] = result;
    return result;
  }
  bool too_many() const { return too_many_; }
  size_t size() const { return sets_.size(); }
  uint64_t bytes() const {
    return sets_.capacity() * sizeof(MessageSet) + renamed_.capacity() * sizeof(uint32_t) + numbers_.size() * 48;
  }

 private:
  static constexpr uint32_t kUnknown = ~uint32_t{0};
  struct HashOfHash {
    size_t operator()(const Hash128& hash) const { return hash.low; }
  };

  LocalStates& locals_;
  size_t sorted_ = 0;
  std::array<MessageSet, 5> to_;
  std::vector<MessageSet> sets_;
  std::vector<uint32_t> renamed_;
  std::unordered_map<Hash128, uint32_t, HashOfHash> numbers_;
  bool too_many_ = false;
};

/// The states seen: for the peers' states and what is used up (by hash), the sets of messages with which they were
/// met, of which none contains another. A state whose messages are contained in those of one seen is seen itself.
class SeenStates {
 public:
  explicit SeenStates(const Wires& wires) : wires_(wires) {}

  /// False if it, or one that can do more, was there already.
  bool Insert(const Hash128& peers, uint32_t wire) {
    std::vector<uint32_t>& known = seen_[peers];
    const MessageSet& set = wires_.set(wire);
    for (const uint32_t other : known) {
      if (other == wire || wires_.set(other).Contains(set)) return false;
    }
    const auto smaller = [&](uint32_t other) { return set.Contains(wires_.set(other)); };
    const size_t removed = std::erase_if(known, smaller);
    entries_ += 1 - removed;
    known.push_back(wire);
    ++inserted_;
    return true;
  }
  /// False if one that can do more came since: then there is no need to go on from this one.
  bool Stands(const Hash128& peers, uint32_t wire) const {
    const std::vector<uint32_t>& known = seen_.at(peers);
    return std::find(known.begin(), known.end(), wire) != known.end();
  }
  uint64_t inserted() const { return inserted_; }
  uint64_t bytes() const { return seen_.size() * 96 + entries_ * 8; }

 private:
  struct HashOfHash {
    size_t operator()(const Hash128& hash) const { return hash.low; }
  };
  const Wires& wires_;
  std::unordered_map<Hash128, std::vector<uint32_t>, HashOfHash> seen_;
  uint64_t inserted_ = 0;
  uint64_t entries_ = 0;
};

}  // namespace orrery::raft
