// orrery-check-agreement: compares the checkers with brute force, at length. ci/test runs a small share of it
// (proof/agreement_test.cc).
#include <CLI/CLI.hpp>
#include <iostream>

#include "workloads/check/proof/agreement.h"

namespace {

using orrery::check::Agreement;

bool Print(const std::string& name, const Agreement& agreement) {
  std::cout << name << ": " << agreement.histories << " histories, " << agreement.holds << " allowed, "
            << agreement.compared_one_way << " beyond the promise, " << agreement.differences << " differences"
            << std::endl;
  if (agreement.differences > 0) std::cout << agreement.first_difference;
  return agreement.differences == 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> names;
  uint64_t seed = 1;
  uint64_t count = 1'000'000;
  bool exhaustive = false;
  CLI::App app{"Compares the checkers with brute force on random and on all small histories."};
  app.add_option("names", names, "Comparisons (default: all)");
  app.add_option("--seed", seed, "Seed");
  app.add_option("--count", count, "Random histories per comparison");
  app.add_flag("--exhaustive", exhaustive, "All small histories instead of random ones");
  CLI11_PARSE(app, argc, argv);
  bool equal = true;
  if (exhaustive) {
    equal = Print("all registers, 4 operations", orrery::check::CompareAllRegisters(4, false)) && equal;
    equal = Print("all cas registers, 3 operations", orrery::check::CompareAllRegisters(3, true)) && equal;
    equal = Print("all lists, 2 transactions", orrery::check::CompareAllLists(2, true)) && equal;
    equal = Print("all lists, 3 transactions", orrery::check::CompareAllLists(3, true)) && equal;
    return equal ? 0 : 10;
  }
  const std::vector<std::string> known = orrery::check::AgreementNames();
  if (names.empty()) names = known;
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      std::cerr << "unknown comparison " << name << '\n';
      return 1;
    }
    equal = Print(name, orrery::check::CompareRandom(name, seed, count)) && equal;
  }
  return equal ? 0 : 10;
}
