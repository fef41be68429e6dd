"""ci/test: builds the release preset, runs every test, then a bounded number of simulation seeds.

Each scenario runs its first seeds, some of them twice: two runs of one seed must have one fingerprint. Ends with the line
"N passed, N failed", which counts tests and seeds. Bounded by ORRERY_TEST_SEEDS (seeds per scenario, default 20) and
ORRERY_TEST_SEED_SECONDS (no seed begins later than this, default 420; seeds that never began are not counted).
"""

import argparse
import concurrent.futures
import os
import sys
import time
import xml.etree.ElementTree

import regressions
from common import (BUILD, CPUS, EXIT_CODES, Failure, build, capture, program, repro, run_main, say, scenario_names, section,
                    simulate, start, stop)

DOUBLE_RUNS = 2  # Of each scenario.
SEED_TIMEOUT = 180


class Score:
    def __init__(self):
        self.passed = 0
        self.failures = []

    def add(self, good, complaint):
        if good:
            self.passed += 1
        else:
            self.failures.append(complaint)
            say(f"FAILED {complaint}")


def run_ctest(score):
    folder = BUILD / "release"
    junit = folder / "ctest.xml"
    junit.unlink(missing_ok=True)
    process = start(["ctest", "--test-dir", folder, "--output-on-failure", "-j", CPUS, "--output-junit", junit])
    process.wait()
    stop(process)
    if not junit.exists():
        raise Failure(f"ctest wrote no results (exit {process.returncode})")
    cases = xml.etree.ElementTree.parse(junit).getroot().findall("testcase")
    if not cases:
        raise Failure("ctest found no tests")
    for case in cases:
        score.add(case.get("status") in ("run", "pass"), f"test {case.get('name')}: {case.get('status')}")


def check_mutants(score):
    done = capture([sys.executable, "ci/tools/mutants.py", "--check"], timeout=120)
    say(done.output.strip())
    score.add(done.exit_code == 0, "ci/mutants --check: " + done.errors.strip())


def run_seed(simulator, scenario, seed, twice):
    """A complaint, or None."""
    code, report = simulate(simulator, scenario, seed, SEED_TIMEOUT)
    if code != 0:
        return (f"{scenario} seed {seed}: {EXIT_CODES.get(code, code)}: {report['outcome']}\n{report.get('words', '')}\n"
                f"repro: {repro(scenario, seed)}")
    if not twice:
        return None
    _, again = simulate(simulator, scenario, seed, SEED_TIMEOUT)
    if again.get("fingerprint") == report["fingerprint"]:
        return None
    return (f"{scenario} seed {seed}: two runs differ: {report['fingerprint']} and {again.get('fingerprint')}\n"
            f"repro: build/release/orrery-sim check-determinism --scenario {scenario} --seeds {seed}..{seed}")


def run_seeds(score, seeds, budget):
    simulator = program("orrery-sim")
    deadline = time.monotonic() + budget
    jobs = [(scenario, seed) for seed in range(1, seeds + 1) for scenario in scenario_names()]
    skipped = 0

    def one(job):
        scenario, seed = job
        if time.monotonic() > deadline:
            return job, "skipped"
        return job, run_seed(simulator, scenario, seed, twice=seed <= DOUBLE_RUNS)

    next_line = time.monotonic() + 10
    with concurrent.futures.ThreadPoolExecutor(CPUS) as pool:
        for number, (_, complaint) in enumerate(pool.map(one, jobs), start=1):
            if complaint == "skipped":
                skipped += 1
            else:
                score.add(complaint is None, complaint)
            if time.monotonic() > next_line:
                next_line = time.monotonic() + 10
                say(f"{number} of {len(jobs)} seeds")
    say(f"{len(jobs) - skipped} seeds of {len(scenario_names())} scenarios, {DOUBLE_RUNS} of each run twice"
        + (f"; {skipped} did not begin within {budget:.0f} s" if skipped else ""))


def main():
    parser = argparse.ArgumentParser(prog="ci/test", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=int(os.environ.get("ORRERY_TEST_SEEDS", "20")))
    parser.add_argument("--seed-seconds", type=float, default=float(os.environ.get("ORRERY_TEST_SEED_SECONDS", "420")))
    arguments = parser.parse_args()

    section("building")
    build("release")
    score = Score()
    section("tests")
    run_ctest(score)
    section("mutants: every patch still applies")
    check_mutants(score)
    section("regressions: bugs once found stay away")
    regressions.check_clean(score.add)
    section("simulation")
    run_seeds(score, arguments.seeds, arguments.seed_seconds)

    section("summary")
    for complaint in score.failures:
        say(f"FAILED {complaint.splitlines()[0]}")
    say(f"{score.passed} passed, {len(score.failures)} failed")
    return 1 if score.failures else 0


if __name__ == "__main__":
    sys.exit(run_main("ci/test", main))
