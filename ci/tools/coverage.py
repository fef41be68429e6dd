"""ci/coverage: line coverage of raft/, storage/ and runtime/rpc/ by simulation alone.

Builds orrery-sim with coverage, runs SEEDS seeds in all of the ordinary scenarios in turn (default 200), and prints a
table per folder and per file. One seed in twenty is run as somebody looks for a bug: with trace and debug log. Fails
below the threshold (default 90 %) or when a seed fails.
"""

import argparse
import concurrent.futures
import json
import sys
import time

from common import (BUILD, CPUS, EXIT_CODES, ROOT, Failure, build, must, run_main, say, section, simulate, table,
                    write_result)

SCENARIOS = ["everything", "membership", "disks", "everything", "registers", "duplicates", "leases", "power"]
LOOKED_AT = 20  # One seed in so many is traced.
FOLDERS = ["raft/core", "raft/region", "storage", "runtime/rpc"]
LEFT_OUT = [r".*_test\.cc", r".*_fuzz\.cc", r".*/testing/.*", r".*/test_.*", r".*/fuzz/.*", r".*/fake_network\.h",
            r".*/property_test\.cc", r"raft/core/(explorer|model|scripts)/.*",
            # No store runs these: the oracle of the model's tests (simulation has its own), and the canonical form of a
            # peer's state, by which the explorer compares.
            r"raft/core/oracles\.(cc|h)", r"raft/core/canonical\.cc"]


def run_seeds(simulator, scenarios, seeds, jobs):
    def run(seed):
        scenario = scenarios[seed % len(scenarios)]
        more = ["--trace", "/dev/null", "--debug"] if seed % LOOKED_AT == 0 else []
        return scenario, seed, simulate(simulator, scenario, seed, more=more, timeout=900)

    complaints = []
    next_line = time.monotonic() + 15
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for scenario, seed, (code, report) in pool.map(run, range(1, seeds + 1)):
            if code != 0:
                complaints.append(f"{scenario} seed {seed}: {EXIT_CODES.get(code, code)}: {report['outcome']}")
                say(f"FAILED {complaints[-1]}")
            if time.monotonic() > next_line:
                next_line = time.monotonic() + 15
                say(f"{seed} of {seeds} seeds")
    return complaints


def measure(out):
    filters = [word for folder in FOLDERS for word in ("--filter", f"{folder}/")]
    excludes = [word for pattern in LEFT_OUT for word in ("--exclude", pattern)]
    must(["gcovr", "--root", ROOT, "--object-directory", BUILD / "coverage", *filters, *excludes,
          "--exclude-unreachable-branches", "--gcov-ignore-parse-errors", "-j", CPUS, "--json-summary", out],
         "gcovr", timeout=900)
    return json.loads(out.read_text())["files"]


def folder_of(name):
    return next((folder for folder in FOLDERS if name.startswith(folder + "/")), None)


def percent(covered, total):
    return 100.0 * covered / total if total else 100.0


def summarise(files):
    sums = {folder: [0, 0] for folder in FOLDERS}
    for entry in files:
        folder = folder_of(entry["filename"])
        if folder is not None:
            sums[folder][0] += entry["line_covered"]
            sums[folder][1] += entry["line_total"]
    return sums


def main():
    parser = argparse.ArgumentParser(prog="ci/coverage", description=__doc__,
                                     formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--scenarios", default=",".join(SCENARIOS), help="in turn; one may stand twice")
    parser.add_argument("--jobs", type=int, default=CPUS, help="seeds at a time")
    parser.add_argument("--threshold", type=float, default=90.0, help="percent of lines")
    arguments = parser.parse_args()

    section("building with coverage")
    folder = build("coverage", "orrery-sim")
    for old in folder.rglob("*.gcda"):
        old.unlink()
    section(f"{arguments.seeds} seeds of {arguments.scenarios}")
    complaints = run_seeds(folder / "orrery-sim", arguments.scenarios.split(","), arguments.seeds, arguments.jobs)
    section("lines")
    files = measure(folder / "coverage.json")
    rows = [[f"{percent(e['line_covered'], e['line_total']):.1f}", e["line_covered"], e["line_total"], e["filename"]]
            for e in sorted(files, key=lambda e: percent(e["line_covered"], e["line_total"]))]
    say(table(["percent", "covered", "lines", "file"], rows))
    sums = summarise(files)
    covered, total = (sum(pair[i] for pair in sums.values()) for i in (0, 1))
    if total == 0:
        raise Failure("gcovr saw no lines of " + ", ".join(FOLDERS))
    say()
    say(table(["percent", "covered", "lines", "folder"],
              [[f"{percent(*pair):.1f}", *pair, name] for name, pair in [*sums.items(), ("all", (covered, total))]]))
    write_result("coverage", {
        "command": f"ci/coverage --seeds {arguments.seeds} --scenarios {arguments.scenarios}",
        "percent": round(percent(covered, total), 2), "failed_seeds": complaints,
        "folders": {name: round(percent(*pair), 2) for name, pair in sums.items()}})
    reached = percent(covered, total) >= arguments.threshold
    say(f"{percent(covered, total):.1f} % of lines, threshold {arguments.threshold:.0f} %"
        + ("" if reached else ": NOT reached") + (f"; {len(complaints)} seeds failed" if complaints else ""))
    return 0 if reached and not complaints else 1


if __name__ == "__main__":
    sys.exit(run_main("ci/coverage", main))
