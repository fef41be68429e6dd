#include "raft/region/log_sizes.h"

#include <doctest/doctest.h>

namespace orrery {
namespace {

/// A log that begins behind 100 and has `entries` of `bytes` each, written one by one.
LogSizes Even(uint64_t entries, uint64_t bytes) {
  LogSizes sizes;
  sizes.Reset(LogIndex(100), LogIndex(100), 0);
  for (uint64_t i = 1; i <= entries; ++i) sizes.Append(LogIndex(100 + i), LogIndex(100 + i), bytes);
  return sizes;
}

TEST_CASE("LogSizes: a cut leaves as many bytes as it may, however few these are") {
  for (const uint64_t entries : {50, 1000, 30'000}) {
    CAPTURE(entries);
    const LogSizes sizes = Even(entries, 100);
    CHECK(sizes.bytes() == entries * 100);
    CHECK(sizes.CutFor(entries * 100) == LogIndex(100));
    CHECK(sizes.CutFor(4096) == LogIndex(100 + entries - 40));
    CHECK(sizes.CutFor(100) == LogIndex(100 + entries - 1));
    CHECK(sizes.CutFor(99) == LogIndex(100 + entries));
  }
}

TEST_CASE("LogSizes: what was cut off no longer counts") {
  LogSizes sizes = Even(1000, 100);
  sizes.CompactTo(LogIndex(1090));
  CHECK(sizes.bytes() == 1000);
  CHECK(sizes.CutFor(4096) == LogIndex(1090));
  sizes.Append(LogIndex(1101), LogIndex(1101), 4000);
  CHECK(sizes.CutFor(4096) >= LogIndex(1091));
  CHECK(sizes.CutFor(4096) < LogIndex(1101));
  sizes.CompactTo(LogIndex(1101));
  CHECK(sizes.bytes() == 0);
  CHECK(sizes.CutFor(0) == LogIndex(1101));
}

TEST_CASE("LogSizes: entries that replace others") {
  LogSizes sizes = Even(10, 100);
  sizes.Append(LogIndex(106), LogIndex(107), 20);
  CHECK(sizes.bytes() == 5 * 100 + 20);
  CHECK(sizes.CutFor(1'000'000) == LogIndex(100));
  CHECK(sizes.CutFor(0) == LogIndex(107));
}

}  // namespace
}  // namespace orrery
