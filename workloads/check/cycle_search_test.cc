// The search for cycles, compared with one that tries every walk, on random small graphs.
#include "workloads/check/cycle_search.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "runtime/base/random.h"

namespace orrery::check {
namespace {

constexpr uint32_t kNever = 1000;
constexpr uint64_t kEnough = 1'000'000;

struct Step {
  uint32_t from;
  uint32_t to;
  Dependency kind;
  auto operator<=>(const Step&) const = default;
};
constexpr uint8_t kWw = EdgeBit(Dependency::kWriteWrite);
constexpr uint8_t kWr = EdgeBit(Dependency::kWriteRead);
constexpr uint8_t kRw = EdgeBit(Dependency::kReadWrite);

/// A graph for the search and the same one between transactions only.
struct Case {
  explicit Case(uint32_t count) : txns(count), edges(count) {}
  void Add(uint32_t from, uint32_t to, Dependency kind) {
    edges.Add(from, to, kind);
    if (from != to) steps.insert({from, to, kind});
  }
  /// Every reader comes before every writer, by way of a helper node.
  void AddCrowd(const std::vector<uint32_t>& readers, const std::vector<uint32_t>& writers) {
    const uint32_t helper = edges.AddNode();
    for (uint32_t reader : readers) {
      edges.Add(reader, helper, Dependency::kReadWrite);
      for (uint32_t writer : writers) steps.insert({reader, writer, Dependency::kReadWrite});
    }
    for (uint32_t writer : writers) edges.AddRest(helper, writer);
  }
  /// Transactions before `end` return before those from `begin` on are invoked, by way of two instants.
  void AddInstants(uint32_t end, uint32_t begin) {
    const uint32_t first = edges.AddNode();
    const uint32_t second = edges.AddNode();
    edges.Add(first, second, Dependency::kRealTime);
    for (uint32_t txn = 0; txn < end; ++txn) edges.Add(txn, first, Dependency::kRealTime);
    for (uint32_t txn = begin; txn < txns; ++txn) edges.Add(second, txn, Dependency::kRealTime);
    for (uint32_t a = 0; a < end; ++a) {
      for (uint32_t b = begin; b < txns; ++b) steps.insert({a, b, Dependency::kRealTime});
    }
  }
  CycleAnswer Find(CycleRequest request) const {
    request.txn_count = txns;
    return FindCycles(Graph(edges), request);
  }

  uint32_t txns;
  EdgeList edges;
  std::set<Step> steps;
};

bool In(Dependency kind, uint8_t mask) {
  return (EdgeBit(kind) & mask) != 0;
}

/// Length of the shortest closed walk that starts with a step of `first` and goes on over steps of `mask`; `apart`:
/// with no two rw steps in a row, also around the end. By relaxation until nothing changes.
uint32_t ShortestWalk(const Case& c, uint8_t first, uint8_t mask, bool apart) {
  uint32_t best = kNever;
  for (const Step& start : c.steps) {
    if (!In(start.kind, first)) continue;
    std::map<std::pair<uint32_t, bool>, uint32_t> length{{{start.to, start.kind == Dependency::kReadWrite}, 1}};
    for (bool news = true; news;) {
      news = false;
      for (const Step& step : c.steps) {
        const bool rw = step.kind == Dependency::kReadWrite;
        for (const bool after_rw : {false, true}) {
          const auto at = length.find({step.from, after_rw});
          if (at == length.end() || !In(step.kind, mask) || (apart && rw && after_rw)) continue;
          auto [to, fresh] = length.try_emplace({step.to, rw}, kNever);
          if (at->second + 1 >= to->second) continue;
          to->second = at->second + 1;
          news = true;
        }
      }
    }
    for (const bool by_rw : {false, true}) {
      const auto at = length.find({start.from, by_rw});
      if (at != length.end() && !(apart && by_rw)) best = std::min(best, at->second);
    }
  }
  return best;
}

std::string Base(const std::string& name) {
  for (const char* suffix : {"-session", "-real-time"}) {
    if (name.ends_with(suffix)) return name.substr(0, name.size() - std::string_view(suffix).size());
  }
  return name;
}

/// Lengths of the cycles found, by name; each is closed, simple, there, and of the kinds that are asked for.
std::map<std::string, uint32_t> Lengths(const Case& c, const CycleAnswer& answer, uint8_t mask) {
  std::map<std::string, uint32_t> lengths;
  for (const Cycle& cycle : answer.cycles) {
    std::set<OpIndex> seen;
    for (size_t i = 0; i < cycle.size(); ++i) {
      CHECK(cycle[i].target == cycle[(i + 1) % cycle.size()].source);
      CHECK(c.steps.contains({cycle[i].source, cycle[i].target, cycle[i].dependency}));
      CHECK(In(cycle[i].dependency, mask));
      CHECK(seen.insert(cycle[i].source).second);
    }
    CHECK(lengths.emplace(CycleName(cycle), static_cast<uint32_t>(cycle.size())).second);
  }
  return lengths;
}

/// One pattern: its shortest walk without steps of order is named as such; if there is none, the one with.
void CheckPattern(const Case& c, const std::map<std::string, uint32_t>& lengths, uint8_t order, uint8_t first,
                  uint8_t mask, const std::string& name) {
  CAPTURE(name);
  const uint32_t plain = ShortestWalk(c, first, mask, false);
  const uint32_t ordered = ShortestWalk(c, first, static_cast<uint8_t>(mask | order), false);
  if (plain != kNever) {
    REQUIRE(lengths.contains(name));
    CHECK(lengths.at(name) == plain);
  } else if (ordered != kNever) {
    const auto at = std::find_if(lengths.begin(), lengths.end(),
                                 [&](const auto& e) { return e.first != name && Base(e.first) == name; });
    REQUIRE(at != lengths.end());
    CHECK(at->second == ordered);
  } else {
    CHECK(std::none_of(lengths.begin(), lengths.end(), [&](const auto& e) { return Base(e.first) == name; }));
  }
}

uint32_t ShortestOf(const std::map<std::string, uint32_t>& lengths, const std::set<std::string>& names) {
  uint32_t best = kNever;
  for (const auto& [name, length] : lengths) {
    if (names.contains(Base(name))) best = std::min(best, length);
  }
  return best;
}

void CheckCase(const Case& c, CycleRequest request) {
  const uint8_t order = request.order_mask;
  const auto all = static_cast<uint8_t>(kWw | kWr | (request.anti_dependencies ? kRw : 0) | order);
  const auto non_rw = static_cast<uint8_t>(kWw | kWr | order);
  uint32_t apart = kNever;
  uint32_t any = kNever;
  if (request.anti_dependencies) {
    apart = ShortestWalk(c, kRw, all, true);
    if (!request.adjacent_allowed) any = ShortestWalk(c, kRw, all, false);
  }
  const bool broken = ShortestWalk(c, kWw | kWr, non_rw, false) != kNever || apart != kNever || any != kNever;
  const CycleAnswer answer = c.Find(request);
  CHECK(answer.broken == broken);
  CHECK(answer.minimal);
  const auto lengths = Lengths(c, answer, all);
  CHECK(lengths.empty() != broken);
  CheckPattern(c, lengths, order, kWw, kWw, "G0");
  CheckPattern(c, lengths, order, kWr, kWw | kWr, "G1c");
  if (request.anti_dependencies) {
    CheckPattern(c, lengths, order, kRw, kWw | kWr, "G-single");
    // A shortest walk without adjacent rw that is not simple holds a cycle of dependencies, which is named instead.
    const uint32_t named = ShortestOf(lengths, {"G-single", "G-nonadjacent"});
    const uint32_t plain = ShortestWalk(c, kRw, kWw | kWr | kRw, true);
    const uint32_t expected = plain != kNever ? plain : apart;
    CHECK(std::min(named, ShortestOf(lengths, {"G0", "G1c"})) <= expected);
    const uint32_t plain_any = ShortestWalk(c, kRw, kWw | kWr | kRw, false);
    const uint32_t loosest = ShortestOf(lengths, {"G-single", "G-nonadjacent", "G2"});
    if (!request.adjacent_allowed) CHECK(loosest <= (plain_any != kNever ? plain_any : any));
    CHECK(std::none_of(lengths.begin(), lengths.end(),
                       [&](const auto& e) { return request.adjacent_allowed && e.first.starts_with("G2"); }));
  } else {
    CHECK(ShortestOf(lengths, {"G-single", "G-nonadjacent", "G2"}) == kNever);
  }
  for (const uint64_t budget : {0, 1, 2, 3, 5, 8, 13}) {
    request.edges_max = budget;
    const CycleAnswer hasty = c.Find(request);
    CHECK(hasty.broken == broken);
    CHECK(Lengths(c, hasty, all).empty() != broken);
    if (hasty.minimal) CHECK(Lengths(c, hasty, all) == lengths);
    if (budget == 0 && broken) CHECK_FALSE(hasty.minimal);
    if (budget == 0) CHECK(hasty.cycles.size() == (broken ? 1 : 0));
  }
}

Case RandomCase(Random& random, Dependency order) {
  Case c(2 + static_cast<uint32_t>(random.Below(5)));
  const auto any = [&] { return static_cast<uint32_t>(random.Below(c.txns)); };
  const uint64_t rw_share = random.Below(4);
  const uint64_t steps = random.Below(3 * c.txns);
  for (uint64_t i = 0; i < steps; ++i) {
    const uint32_t from = any();
    const uint32_t to = any();
    const uint64_t dice = random.Below(4);
    const Dependency dependency = random.Chance(0.5) ? Dependency::kWriteWrite : Dependency::kWriteRead;
    c.Add(from, to, dice < rw_share ? Dependency::kReadWrite : dependency);
  }
  if (random.Chance(0.3)) {
    const std::vector<uint32_t> readers{0, 1};
    std::vector<uint32_t> writers;
    for (uint32_t txn = 2; txn < c.txns; ++txn) writers.push_back(txn);
    c.AddCrowd(readers, writers);
  }
  if (order == Dependency::kRealTime) {
    const uint32_t end = any();
    c.AddInstants(end, end + static_cast<uint32_t>(random.Below(2)));
  }
  if (order == Dependency::kSession) {
    const uint32_t from = any();
    if (from + 1 < c.txns) c.Add(from, from + 1, Dependency::kSession);
  }
  return c;
}

TEST_CASE("Cycles: the search and one that tries every walk agree on random graphs") {
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const uint64_t which = random.Below(3);
    const Dependency order = which == 0 ? Dependency::kRealTime : Dependency::kSession;
    const Case c = RandomCase(random, which == 2 ? Dependency::kWriteWrite : order);
    CycleRequest request{.edges_max = kEnough};
    request.order_mask = which == 2 ? 0 : EdgeBit(order);
    request.anti_dependencies = random.Chance(0.8);
    request.adjacent_allowed = random.Chance(0.5);
    CheckCase(c, request);
  }
}

TEST_CASE("Cycles: a budget that suffices to the last edge leaves the answer minimal") {
  // The one cycle: T0 ww T1 wr T0. It starts with the wr edge; then one more edge is looked at.
  Case c(2);
  c.Add(0, 1, Dependency::kWriteWrite);
  c.Add(1, 0, Dependency::kWriteRead);
  const CycleAnswer enough = c.Find({.edges_max = 1});
  CHECK(enough.minimal);
  CHECK(enough.broken);
  REQUIRE(enough.cycles.size() == 1);
  CHECK(CycleName(enough.cycles[0]) == "G1c");
  const CycleAnswer short_of = c.Find({.edges_max = 0});
  CHECK_FALSE(short_of.minimal);
  CHECK(short_of.cycles.size() == 1);
}

TEST_CASE("Cycles: once two transactions are found, no more edges are looked at; longer walks are cut") {
  // T0 and T1 read from each other; behind T1 a long ring leads back to it, with many chords.
  Case c(12);
  c.Add(0, 1, Dependency::kWriteRead);
  c.Add(1, 0, Dependency::kWriteRead);
  for (uint32_t txn = 1; txn + 1 < 12; ++txn) c.Add(txn, txn + 1, Dependency::kWriteRead);
  c.Add(11, 1, Dependency::kWriteRead);
  const CycleAnswer answer = c.Find({.anti_dependencies = false, .edges_max = 2});
  CHECK(answer.minimal);  // from T0 over both edges of T1
  REQUIRE(answer.cycles.size() == 1);
  CHECK(answer.cycles[0].size() == 2);
  // A ring of three by wr with a long way round beside it: from T1 on, walks of three or more are given up.
  Case ring(12);
  for (uint32_t txn = 0; txn < 3; ++txn) ring.Add(txn, (txn + 1) % 3, Dependency::kWriteRead);
  for (uint32_t txn = 2; txn + 1 < 12; ++txn) ring.Add(txn, txn + 1, Dependency::kWriteRead);
  ring.Add(11, 1, Dependency::kWriteRead);
  uint64_t least = 0;
  while (!ring.Find({.anti_dependencies = false, .edges_max = least}).minimal) ++least;
  CHECK(least == 30);
}

TEST_CASE("Cycles: out of budget, one witness is enough, and patterns without certainty are left alone") {
  // T0 and T1: G-single. T2, T3, T4, T5: a long fork, tried first where rw edges may be several.
  Case c(6);
  c.Add(0, 1, Dependency::kReadWrite);
  c.Add(1, 2, Dependency::kWriteRead);
  c.Add(2, 3, Dependency::kReadWrite);
  c.Add(3, 0, Dependency::kWriteRead);
  c.Add(4, 3, Dependency::kReadWrite);
  c.Add(3, 4, Dependency::kWriteRead);
  const CycleAnswer whole = c.Find({.adjacent_allowed = true, .edges_max = kEnough});
  CHECK(whole.minimal);
  REQUIRE(whole.cycles.size() == 2);
  const CycleAnswer hasty = c.Find({.adjacent_allowed = true, .edges_max = 0});
  REQUIRE(hasty.cycles.size() == 1);
  CHECK(CycleName(hasty.cycles[0]) == "G-nonadjacent");
}

TEST_CASE("Cycles: the smallest of a pattern over all components, plain ones before those with order") {
  Case c(7);
  for (uint32_t txn = 0; txn < 3; ++txn) c.Add(txn, (txn + 1) % 3, Dependency::kWriteRead);
  for (uint32_t txn = 3; txn < 7; ++txn) c.Add(txn, txn == 6 ? 3 : txn + 1, Dependency::kWriteRead);
  c.Add(4, 3, Dependency::kWriteRead);
  const CycleAnswer answer = c.Find({.order_mask = EdgeBit(Dependency::kRealTime), .edges_max = kEnough});
  REQUIRE(answer.cycles.size() == 1);
  CHECK(answer.cycles[0].size() == 2);
}

TEST_CASE("Cycles: a loose pattern does not take the place of what a tight one found") {
  // Three rings through T5: a G-single of six, a G-nonadjacent of four, a G-single of five.
  Case c(13);
  using enum Dependency;
  for (const std::vector<uint32_t>& ring :
       {std::vector<uint32_t>{0, 1, 2, 3, 4, 5}, {6, 7, 8, 5}, {9, 10, 11, 12, 5}}) {
    for (size_t i = 0; i < ring.size(); ++i) {
      const bool rw = i == 0 || (ring.size() == 4 && i == 2);
      c.Add(ring[i], ring[(i + 1) % ring.size()], rw ? kReadWrite : kWriteWrite);
    }
  }
  const CycleAnswer answer = c.Find({.adjacent_allowed = true, .edges_max = kEnough});
  std::map<std::string, size_t> lengths;
  for (const Cycle& cycle : answer.cycles) lengths[CycleName(cycle)] = cycle.size();
  CHECK(lengths == std::map<std::string, size_t>{{"G-nonadjacent", 4}, {"G-single", 5}});
}

TEST_CASE("Cycles: a long fork is one from whichever step it is told") {
  Cycle fork{{0, 1, Dependency::kReadWrite},
             {1, 2, Dependency::kWriteRead},
             {2, 3, Dependency::kReadWrite},
             {3, 0, Dependency::kWriteRead}};
  for (int i = 0; i < 4; ++i) {
    CHECK(IsLongFork(fork));
    std::rotate(fork.begin(), fork.begin() + 1, fork.end());
  }
  fork[2].dependency = Dependency::kWriteWrite;
  CHECK_FALSE(IsLongFork(fork));
  fork.pop_back();
  CHECK_FALSE(IsLongFork(fork));
}

TEST_CASE("Cycles: components of one node are none") {
  const std::vector<uint32_t> component{0, 1, 1, 2, 0, 3};
  CHECK(CyclicComponents(component, 4) == std::vector<std::vector<uint32_t>>{{0, 4}, {1, 2}});
}

}  // namespace
}  // namespace orrery::check
