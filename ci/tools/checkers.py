"""ci/checkers: proves and measures workloads/check/, the library that judges histories.

Always: speed and memory on fixed histories, which must reach the goals in docs/checkers.md; comparison with brute force on
random histories (--count for each model and level) and on all small ones (unless --quick). With --mutants every patch of
workloads/check/mutants must make a test fail; --conditions forces every condition of the sources true and false: each must make a
test fail, or be listed with a reason in workloads/check/mutants/equivalent_conditions.txt; --conditions-only does nothing else.
--record writes docs/results/checkers/COMMIT.json.
"""

import argparse
import json
import re
import sys
import time

import checker_conditions
from common import Failure, build, capture, program, run_main, say, section, table, write_result

AGREEMENT_LINE = re.compile(r"(.+): (\d+) histories, (\d+) allowed, (\d+) beyond the promise, (\d+) differences")


def figures(runs, quick):
    command = [program("orrery-check-bench"), "--runs", runs, "--json", "--floors"]
    if quick:
        command += ["--size", 100000, "--no-worst-case"]
    done = capture(command, timeout=1800)
    if done.exit_code not in (0, 10):
        raise Failure(f"orrery-check-bench: exit {done.exit_code}: {done.errors.strip()}")
    measured = json.loads(done.output)
    say(table(["history", "verdict", "per second", "CPU s", "bytes each", "goal"],
              [[row["history"], row["verdict"], f"{row['per_second']:,.0f}", f"{row['cpu_seconds']:.3f}",
                f"{row['bytes_per_operation']:.0f}", "reached" if row["reached"] else "MISSED"] for row in measured["figures"]]))
    missed = [row["history"] for row in measured["figures"] if not row["reached"]]
    if missed:
        raise Failure("goals missed: " + ", ".join(missed))
    return measured


def agreement(arguments, timeout):
    """Rows of comparisons with brute force; any difference is a failure."""
    done = capture([program("orrery-check-agreement"), *arguments], timeout=timeout)
    say(done.output.strip())
    if done.exit_code != 0:
        raise Failure(f"the checkers differ from brute force (exit {done.exit_code}) {done.errors.strip()}")
    rows = [AGREEMENT_LINE.fullmatch(line) for line in done.output.splitlines()]
    return [{"comparison": row[1], "histories": int(row[2]), "allowed": int(row[3]), "beyond_the_promise": int(row[4]),
             "differences": int(row[5])} for row in rows if row]


def mutants(shard):
    done = capture(["workloads/check/mutants/run.sh", "--shard", shard], timeout=6 * 3600)
    rows = [line for line in done.output.splitlines() if line.startswith("| ")]
    if done.exit_code != 0:
        bad = [row for row in rows if re.search(r"SURVIVED|DOES NOT", row)]
        raise Failure("mutants that no test kills:\n" + "\n".join(bad or [done.errors.strip()]))
    say(f"{len(rows)} mutants, all killed")
    return {name.strip(): killer.strip() for _, name, killer, _ in (row.split("|", 3) for row in rows)}


def main():
    parser = argparse.ArgumentParser(prog="ci/checkers", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--count", type=int, default=1000000, help="random histories per comparison (default 1000000)")
    parser.add_argument("--seed", type=int, default=time.time_ns() // 10**9 // 86400, help="default: another every day")
    parser.add_argument("--runs", type=int, default=5, help="runs per figure, the median counts (default 5)")
    parser.add_argument("--quick", action="store_true", help="small histories, no exhaustive comparison: about a minute")
    parser.add_argument("--mutants", nargs="?", const="0/1", metavar="I/N",
                        help="the patches too, or the I-th of N parts of them: about a CPU hour in all")
    parser.add_argument("--conditions", action="store_true", help="every condition too: some CPU minutes")
    parser.add_argument("--conditions-only", nargs="?", const="", metavar="PATTERN",
                        help="every condition (whose name has the pattern, if given), and nothing else")
    parser.add_argument("--record", action="store_true", help="write docs/results/checkers/COMMIT.json")
    arguments = parser.parse_args()
    count = min(arguments.count, 20000) if arguments.quick else arguments.count

    if arguments.conditions_only is not None:
        section("conditions")
        checker_conditions.measure(arguments.conditions_only)
        return 0
    section("building")
    build("release", "orrery_check_test", "orrery-check-bench", "orrery-check-agreement")
    result = {"command": "ci/checkers " + " ".join(sys.argv[1:]), "seed": arguments.seed}
    section("figures")
    result.update(figures(arguments.runs, arguments.quick))
    section("comparison with brute force")
    result["agreement"] = agreement(["--count", count, "--seed", arguments.seed], 4 * 3600)
    if not arguments.quick:
        result["agreement"] += agreement(["--exhaustive"], 4 * 3600)
    verdict = f"{sum(row['histories'] for row in result['agreement'])} histories, 0 differences, goals reached"
    if arguments.mutants:
        section("mutants")
        result["mutants"] = mutants(arguments.mutants)
        verdict += f", {len(result['mutants'])} mutants killed"
    if arguments.conditions:
        section("conditions")
        result["conditions"] = checker_conditions.measure()
        verdict += f", {result['conditions']['killed']} of {result['conditions']['mutants']} forced conditions noticed"
    if arguments.record:
        write_result("checkers", result)
    say(verdict)
    return 0


if __name__ == "__main__":
    sys.exit(run_main("ci/checkers", main))
