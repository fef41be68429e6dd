#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>

namespace orrery {

/// A number that means one thing. Two ids of different tags do not mix; zero is "none" for every tag.
template <class Tag>
class StrongId {
 public:
  constexpr StrongId() = default;
  constexpr explicit StrongId(uint64_t value) : value_(value) {}

  constexpr uint64_t value() const { return value_; }
  constexpr bool valid() const { return value_ != 0; }

  constexpr auto operator<=>(const StrongId&) const = default;

 private:
  uint64_t value_ = 0;
};

/// A StrongId that is also a position: it has successors and distances.
template <class Tag>
class StrongNumber {
 public:
  constexpr StrongNumber() = default;
  constexpr explicit StrongNumber(uint64_t value) : value_(value) {}

  constexpr uint64_t value() const { return value_; }
  constexpr StrongNumber Next() const { return StrongNumber(value_ + 1); }
  /// Requires: value() > 0.
  constexpr StrongNumber Previous() const { return StrongNumber(value_ - 1); }

  constexpr auto operator<=>(const StrongNumber&) const = default;

  friend constexpr StrongNumber operator+(StrongNumber a, uint64_t n) { return StrongNumber(a.value_ + n); }
  /// Requires: a >= b.
  friend constexpr uint64_t operator-(StrongNumber a, StrongNumber b) { return a.value_ - b.value_; }
  constexpr StrongNumber& operator++() {
    ++value_;
    return *this;
  }

 private:
  uint64_t value_ = 0;
};

/// One cluster; every message and data directory is stamped with it.
using ClusterId = StrongId<struct ClusterIdTag>;
/// An endpoint of the Network: a store process or a client process. See NodeIdOf below.
using NodeId = StrongId<struct NodeIdTag>;
/// A store as operators know it. It survives restarts; what it has promised belongs to an Incarnation.
using StoreId = StrongId<struct StoreIdTag>;
/// One life of a store's data directory. A store whose disk was lost comes back with a larger one.
using Incarnation = StrongId<struct IncarnationTag>;
/// One Raft group.
using RegionId = StrongId<struct RegionIdTag>;
/// One member of one Raft group. Never reused: a store that lost its data returns under a new PeerId.
using PeerId = StrongId<struct PeerIdTag>;
/// A client session: the scope in which request numbers are unique.
using SessionId = StrongId<struct SessionIdTag>;

/// Raft term. Zero is before the first election.
using Term = StrongNumber<struct TermTag>;
/// Raft log position. Zero is before the first entry.
using LogIndex = StrongNumber<struct LogIndexTag>;

/// Stores and clients share the address space of the Network: store N is node N, clients have the top
/// bit set.
constexpr uint64_t kClientNodeBit = uint64_t{1} << 63;
constexpr NodeId NodeIdOf(StoreId store) {
  return NodeId(store.value());
}
constexpr bool IsClientNode(NodeId node) {
  return (node.value() & kClientNodeBit) != 0;
}

template <class Tag>
std::string ToString(StrongId<Tag> id) {
  return std::to_string(id.value());
}
template <class Tag>
std::string ToString(StrongNumber<Tag> number) {
  return std::to_string(number.value());
}

}  // namespace orrery

template <class Tag>
struct std::hash<orrery::StrongId<Tag>> {
  size_t operator()(orrery::StrongId<Tag> id) const noexcept { return std::hash<uint64_t>()(id.value()); }
};
template <class Tag>
struct std::hash<orrery::StrongNumber<Tag>> {
  size_t operator()(orrery::StrongNumber<Tag> n) const noexcept { return std::hash<uint64_t>()(n.value()); }
};
