#include "faults/failed_write_law.h"

#include <doctest/doctest.h>

namespace orrery::faults {
namespace {

constexpr StoreId kStore{2};
constexpr FailedWriteLaw::View kWell{.up = true, .life = 4};

/// It has failed a write, and the store has heard of it at 10 s.
constexpr FailedWriteLaw::View kFailed{.up = true, .life = 4, .failed_writes = 1, .told = seconds(10)};

TEST_CASE("FailedWriteLaw: a store may go on for three seconds after a failed write") {
  FailedWriteLaw law;
  CHECK(law.Look(kStore, kWell, seconds(9)).empty());
  CHECK(law.Look(kStore, kFailed, seconds(10)).empty());
  CHECK(law.Look(kStore, kFailed, seconds(13)).empty());
  CHECK(law.Look(StoreId(3), kWell, seconds(14)).empty());
  CHECK(law.Look(kStore, kFailed, milliseconds(13'100)) ==
        "store 2 goes on 3.1 s after 1 of its engine's writes or syncs failed");
}

TEST_CASE("FailedWriteLaw: it has ended if it is down, or in its next life") {
  FailedWriteLaw law;
  CHECK(law.Look(kStore, kFailed, seconds(10)).empty());
  SUBCASE("down") {
    CHECK(law.Look(kStore, {.up = false, .life = 5, .failed_writes = 1}, seconds(12)).empty());
    CHECK(law.Look(kStore, kWell, seconds(20)).empty());
  }
  SUBCASE("back, and hit again") {
    FailedWriteLaw::View again = kFailed;
    again.life = 5;
    again.told = seconds(12);
    CHECK(law.Look(kStore, again, seconds(12)).empty());
    CHECK(law.Look(kStore, again, seconds(14)).empty());
    CHECK_FALSE(law.Look(kStore, again, seconds(16)).empty());
  }
}

TEST_CASE("FailedWriteLaw: time in which the store or its disk stands still is not counted") {
  FailedWriteLaw law;
  FailedWriteLaw::View hindered = kFailed;
  hindered.hindered = true;
  CHECK(law.Look(kStore, kFailed, seconds(10)).empty());
  CHECK(law.Look(kStore, hindered, seconds(20)).empty());
  CHECK(law.Look(kStore, kFailed, seconds(22)).empty());
  CHECK_FALSE(law.Look(kStore, kFailed, seconds(24)).empty());
}

TEST_CASE("FailedWriteLaw: the three seconds begin once, when the store is told") {
  FailedWriteLaw law;
  CHECK(law.Look(kStore, kFailed, seconds(2)).empty());
  CHECK(law.Look(kStore, kFailed, seconds(12)).empty());
  FailedWriteLaw::View later = kFailed;
  later.told = seconds(14);
  later.failed_writes = 2;
  CHECK_FALSE(law.Look(kStore, later, seconds(14)).empty());
}

}  // namespace
}  // namespace orrery::faults
