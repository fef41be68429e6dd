#include "faults/shrink/delta_debug.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "runtime/base/random.h"

namespace orrery::faults {
namespace {

/// Judges by a predicate, in order; counts.
struct Oracle {
  std::function<bool(const Kept&)> fails;
  size_t judged = 0;
  size_t judged_max = SIZE_MAX;

  FirstFailing First() {
    return [this](const KeptList& list) -> std::optional<size_t> {
      for (size_t i = 0; i < list.count; ++i) {
        if (judged >= judged_max) return std::nullopt;
        ++judged;
        if (fails(list.at(i))) return i;
      }
      return std::nullopt;
    };
  }
};

bool HasAll(const Kept& kept, const std::set<size_t>& needed) {
  return std::includes(kept.begin(), kept.end(), needed.begin(), needed.end());
}

TEST_CASE("DeltaDebug: finds exactly the units that are needed, wherever they stand") {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Random draw(seed);
    const size_t units = draw.Between(1, 300);
    std::set<size_t> needed;
    for (size_t i = draw.Below(6); i > 0; --i) needed.insert(draw.Below(units));
    Oracle oracle{.fails = [&](const Kept& kept) { return HasAll(kept, needed); }};
    const Kept kept = DeltaDebug(units, oracle.First());
    CHECK(std::set<size_t>(kept.begin(), kept.end()) == needed);
    CHECK(kept.size() == needed.size());
  }
}

TEST_CASE("DeltaDebug: a few units of many cost about logarithmically many judgements") {
  Oracle oracle{.fails = [&](const Kept& kept) { return HasAll(kept, {17, 2900, 2950}); }};
  CHECK(DeltaDebug(4096, oracle.First()) == Kept{17, 2900, 2950});
  CHECK(oracle.judged < 200);
}

TEST_CASE("DeltaDebug: with few parts it ends early, and with as many as there are units it changes nothing") {
  // Five that stand apart: of four parts none can go.
  const auto fails = [](const Kept& kept) { return HasAll(kept, {0, 1000, 2000, 3000, 4000}); };
  Oracle coarse{.fails = fails};
  CHECK(DeltaDebug(4096, coarse.First(), 4).size() == 4096);
  CHECK(coarse.judged < 12);
  Oracle finer{.fails = fails};
  CHECK(DeltaDebug(4096, finer.First(), 8) == Kept{0, 1000, 2000, 3000, 4000});
  Oracle whole{.fails = fails};
  Oracle capped{.fails = fails};
  CHECK(DeltaDebug(4096, whole.First()) == DeltaDebug(4096, capped.First(), 4096));
  CHECK(whole.judged == capped.judged);
}

TEST_CASE("DeltaDebug: nothing is needed: one judgement") {
  Oracle oracle{.fails = [](const Kept&) { return true; }};
  CHECK(DeltaDebug(1000, oracle.First()).empty());
  CHECK(oracle.judged == 1);
  CHECK(DeltaDebug(0, oracle.First()).empty());
}

TEST_CASE("DeltaDebug: not monotone: the result fails, and leaving out any one unit of it does not") {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    // Whether a set fails is a hash of it: supersets of failing sets need not fail.
    const size_t units = 3 + seed % 40;
    auto fails = [&](const Kept& kept) {
      if (kept.size() == units) return true;
      uint64_t hash = seed;
      for (const size_t unit : kept) hash = HashCombine(hash, unit);
      return hash % 100 < 30;
    };
    Oracle oracle{.fails = fails};
    const Kept kept = DeltaDebug(units, oracle.First());
    CHECK(fails(kept));
    CHECK(std::is_sorted(kept.begin(), kept.end()));
    for (size_t i = 0; i < kept.size(); ++i) {
      Kept less = kept;
      less.erase(less.begin() + static_cast<ptrdiff_t>(i));
      CHECK_FALSE(fails(less));
    }
  }
}

TEST_CASE("DeltaDebug: judging that ends early leaves a result that fails") {
  const auto fails = [](const Kept& kept) { return HasAll(kept, {3, 77}); };
  for (size_t most = 0; most < 60; ++most) {
    Oracle oracle{.fails = fails, .judged_max = most};
    CHECK(fails(DeltaDebug(100, oracle.First())));
  }
}

}  // namespace
}  // namespace orrery::faults
