"""ci/shrink-mutants: how small the failures of planted bugs become, and whether campaigns group them rightly.

For each mutant that ci/mutants has caught on this tree: its cheapest detections (--detections each) are shrunk, every candidate against
the clean build too, for --cpu-minutes of CPU time at most. Writes the small capsules to build/mutants/small/TREE/ and
docs/results/shrinking/COMMIT.json; what is there already is not shrunk again.

Grouping is judged over all pairs of shrunk failures: a campaign puts two into one group if signature and hint at the cause
are equal (CauseHint of faults/capsule/cause_hint.h); they belong together if they come of one mutant, or of two that
faults/mutants/README.md declares indistinguishable.
"""

import argparse
import concurrent.futures
import itertools
import json
import math
import re
import statistics
import sys
import time
import tomllib

import mutants
import regressions
from common import CPUS, ROOT, Failure, capture, run_main, say, section, table, write_result

SUMMARY = re.compile(r"^(\d+) faults \(of (\d+)\), (\d+) operations \(of (\d+)\), (\d+) bytes, (\d+) runs in (\d+) s, "
                     r"(\d+) CPU s(; the time is over)?", re.MULTILINE)


def declared_alike():
    """Sets of mutants that nobody could tell apart by their failures."""
    text = (mutants.FOLDER / "README.md").read_text()
    section_text = text.split("\n## Indistinguishable\n", 1)[1].split("\n## ", 1)[0]
    return [set(re.findall(r"\b\d\d-[\w-]+", line)) for line in section_text.splitlines() if line.startswith("* ")]


def shrink(mutant, found, tree_hash, minutes):
    """A row about one failure."""
    row = {"mutant": mutant.name, "scenario": found["scenario"], "seed": found["seed"], "signature": found["signature"]}
    folder = mutants.WORK / "small" / tree_hash / mutant.hash
    folder.mkdir(parents=True, exist_ok=True)
    capsule = folder / f"{found['scenario']}-{found['seed']}.toml"
    kept = capsule.with_suffix(".json")
    if kept.exists():
        return json.loads(kept.read_text())
    program = mutants.simulator_of(tree_hash, mutant.hash)
    done = capture([program, "shrink", "--scenario", found["scenario"], "--seed", found["seed"], "--scenarios-dir",
                    ROOT / "workloads" / "scenarios", "--clean", mutants.simulator_of(tree_hash, "clean"), "--cpu-minutes",
                    minutes, "--jobs", 1, "--out", capsule], timeout=minutes * 600 + 600)
    summary = SUMMARY.search(done.output)
    if done.exit_code != 0 or summary is None:
        words = (done.errors.strip() or done.output.strip() or "no words").splitlines()[-1]
        return {**row, "error": f"exit {done.exit_code}: {words}"}
    faults, faults_before, operations, operations_before, size, runs, wall, cpu = map(int, summary.groups()[:8])
    parsed = tomllib.loads(capsule.read_text())
    try:
        again = regressions.replay(program, capsule)  # In a fresh process.
    except Failure as failure:
        return {**row, "error": str(failure)}
    row.update(faults=faults, faults_before=faults_before, operations=operations, operations_before=operations_before,
               bytes=size, runs=runs, wall_seconds=wall, cpu_seconds=cpu, complete=summary.group(9) is None,
               signature=parsed["expected"]["signature"])
    row.update(kinds=again["kinds"], cause_hint=again["cause_hint"], reproduces=again.get("signature") == row["signature"])
    kept.write_text(json.dumps(row))
    return row


def grouping(rows):
    """Precision and recall over pairs."""
    alike = declared_alike()

    def together(a, b):
        return a["mutant"] == b["mutant"] or any({a["mutant"], b["mutant"]} <= one for one in alike)

    def grouped(a, b):
        return (a["signature"], a["cause_hint"]) == (b["signature"], b["cause_hint"])

    pairs = [(together(a, b), grouped(a, b)) for a, b in itertools.combinations(rows, 2)]
    both = sum(1 for truth, said in pairs if truth and said)
    said = sum(1 for _, said in pairs if said)
    true = sum(1 for truth, _ in pairs if truth)
    return {"failures": len(rows), "pairs_grouped": said, "pairs_together": true, "pairs_right": both,
            "precision": both / said if said else None, "recall": both / true if true else None}


def figures_text(size):
    return (f"median {size['median_faults']:g} faults and {size['median_operations']:g} operations; at most 10 faults and 20 operations "
            f"within 5 CPU minutes: {percent(size['small_within_5_minutes'])}, within 15: {percent(size['small_within_15_minutes'])}")


def shrunk(rows):
    return [row for row in rows if "error" not in row]


def is_small(row):
    return "error" not in row and row["faults"] <= 10 and row["operations"] <= 20


def figures(groups):
    """Of groups of rows, of which the smallest counts, and as small in time any that is. Medians are those of what was shrunk; a
    shrink that failed is none that became small."""
    def size(row):
        return (not is_small(row), row["faults"] + row["operations"], row["cpu_seconds"])

    good = [min(shrunk(rows), key=size) for rows in groups if shrunk(rows)]

    def share(seconds):
        return sum(1 for rows in groups if any(is_small(row) and row["cpu_seconds"] <= seconds for row in rows)) / len(groups)
    return {"shrunk": len(good), "failed": len(groups) - len(good),
            "median_faults": statistics.median(row["faults"] for row in good),
            "median_operations": statistics.median(row["operations"] for row in good),
            "small_within_5_minutes": share(300), "small_within_15_minutes": share(900),
            "largest_bytes": max(row["bytes"] for row in good),
            "reproduce": sum(1 for row in good if row["reproduces"])}


def by_mutant(rows):
    """The rows of each mutant together: a campaign shrinks two failures of a group, and whoever reads it reads the smaller."""
    groups = {}
    for row in rows:
        groups.setdefault(row["mutant"], []).append(row)
    return list(groups.values())


def percent(share):
    return "-" if share is None else f"{100 * share:.0f} %"


def main():
    parser = argparse.ArgumentParser(prog="ci/shrink-mutants", description=__doc__,
                                     formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", default="", help="mutants whose names contain one of these words, comma-separated")
    parser.add_argument("--detections", type=int, default=2, help="failures of each mutant, the cheapest (default 2)")
    parser.add_argument("--cpu-minutes", type=float, default=5, help="for each failure, on one core (default 5)")
    parser.add_argument("--jobs", type=int, default=CPUS, help="failures at a time (default: one for each CPU)")
    parser.add_argument("--minutes", type=float, default=0, help="of wall time; after that none is begun (default: no limit)")
    arguments = parser.parse_args()
    if arguments.jobs < 1 or arguments.detections < 1:
        raise Failure("--jobs and --detections must be at least 1")
    declared_alike()  # Complains before time is spent.
    tree_hash = mutants.prepare_tree()
    known = mutants.load_results(tree_hash)
    wanted = []
    for mutant in mutants.load_mutants(arguments.only):
        found = known.get(mutant.hash, {}).get("found", [])
        if not found or not mutants.simulator_of(tree_hash, mutant.hash).exists():
            say(f"{mutant.name}: not caught on this tree, or its build is gone: run ci/mutants first")
            continue
        cheapest = sorted(found, key=lambda one: one["cpu_seconds"])[:arguments.detections]
        wanted += [(turn, mutant, one) for turn, one in enumerate(cheapest)]
    wanted = [(mutant, one) for _, mutant, one in sorted(wanted, key=lambda turn: turn[0])]  # One of each mutant first.
    if not wanted:
        raise Failure("no mutant has been caught on this tree: run ci/mutants first")

    section(f"{len(wanted)} failures, at most {arguments.cpu_minutes:g} CPU minutes each, {arguments.jobs} at a time")
    rows = []
    ends = time.monotonic() + arguments.minutes * 60 if arguments.minutes else math.inf

    def shrink_in_time(one):
        return shrink(*one, tree_hash, arguments.cpu_minutes) if time.monotonic() < ends else None

    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for row in pool.map(shrink_in_time, wanted):
            if row is None:
                continue
            rows.append(row)
            say(f"{row['mutant']} {row['scenario']} {row['seed']}: " + (row.get("error") or
                f"{row['faults']} faults, {row['operations']} operations, {row['cpu_seconds']} CPU s: {', '.join(row['kinds'])}"))
    good = shrunk(rows)
    if not good:
        raise Failure("nothing was shrunk")

    section("summary")
    say(table(["mutant", "from", "faults", "operations", "bytes", "runs", "CPU s"],
              [[row["mutant"], f"{row['scenario']} {row['seed']}", row["faults"], row["operations"], row["bytes"], row["runs"],
                row["cpu_seconds"]] for row in good]))
    mutant_rows = by_mutant(rows)
    size, smaller, groups = figures([[row] for row in rows]), figures(mutant_rows), grouping(good)
    write_result("shrinking", {"command": "ci/shrink-mutants " + " ".join(sys.argv[1:]), "rows": rows, "figures": size,
                               "figures_by_mutant": smaller, "grouping": groups})
    say(f"each of {len(rows)} failures: {figures_text(size)}")
    say(f"{len(mutant_rows)} mutants, any of their failures: {figures_text(smaller)}")
    say(f"groups: precision {percent(groups['precision'])}, recall {percent(groups['recall'])} over {groups['failures']} failures")
    left = len(wanted) - len(rows)
    say(f"{size['reproduce']} of {len(rows)} reproduce in a fresh process"
        + (f"; {size['failed']} failed" if size["failed"] else "")
        + (f"; {left} not begun in time" if left else ""))
    return 0 if size["reproduce"] == len(rows) else 1


if __name__ == "__main__":
    sys.exit(run_main("ci/shrink-mutants", main))
