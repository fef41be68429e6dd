#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orrery::check {

/// Counts of one comparison of a checker with brute force.
struct Agreement {
  uint64_t histories = 0;
  uint64_t holds = 0;             ///< As brute force sees it.
  uint64_t compared_one_way = 0;  ///< Histories for which only "broken" is promised to be right.
  uint64_t differences = 0;
  std::string first_difference;  ///< The history and both answers.
};

/// Names of the comparisons: register, cas-register, batch, set, queue; list-append and rw-register at every
/// level ("list-append:serializable").
std::vector<std::string> AgreementNames();

/// Compares on `count` random small histories. Requires: a known name.
Agreement CompareRandom(std::string_view name, uint64_t seed, uint64_t count);

/// Compares on all histories of registers with at most `ops` operations: reads, writes and compare-and-swaps
/// of two values and nil, every outcome, every overlap. `cas`: with compare-and-swap.
Agreement CompareAllRegisters(uint32_t ops, bool cas);
/// On all list-append histories of `txns` transactions of two micro-operations over two keys, every answer
/// of reads, at read committed, snapshot isolation, serializable and strict serializable.
/// `overlaps`: every overlap in time; else all at once and one after the other.
Agreement CompareAllLists(uint32_t txns, bool overlaps);

}  // namespace orrery::check
