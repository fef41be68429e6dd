// A small share of what orrery-check-agreement does at length.
#include "workloads/check/proof/agreement.h"

#include <doctest/doctest.h>

namespace orrery::check {
namespace {

void CheckEqual(const std::string& name, const Agreement& agreement) {
  INFO(name << "\n" << agreement.first_difference);
  CHECK(agreement.differences == 0);
  // Both answers must occur, or the comparison says nothing.
  CHECK(agreement.holds > agreement.histories / 10);
  CHECK(agreement.holds < agreement.histories);
  CHECK(agreement.compared_one_way < agreement.histories / 50);
}

TEST_CASE("Agreement: checkers and brute force give one answer on random small histories") {
  for (const std::string& name : AgreementNames()) CheckEqual(name, CompareRandom(name, 42, 4000));
}

TEST_CASE("Agreement: checkers and brute force give one answer on all smallest histories") {
  CheckEqual("registers of 3 operations", CompareAllRegisters(3, false));
  CheckEqual("cas registers of 2 operations", CompareAllRegisters(2, true));
  CheckEqual("lists of 2 transactions", CompareAllLists(2, true));
}

}  // namespace
}  // namespace orrery::check
