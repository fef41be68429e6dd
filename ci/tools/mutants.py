"""ci/mutants: how many seeds and how much CPU time the simulator takes to find each planted bug.

For each faults/mutants/*.patch: applies it in a worktree of its own (build/mutants/tree), builds orrery-sim, and runs the
ordinary mix of scenarios, the same for all, seed by seed, until a law fires or the budget ends. A detection counts only if
the clean build passes the same seed. Results are kept per patch and tree: a run that was interrupted goes on where it
stopped. Writes docs/mutants.md once every mutant has a result on this tree, and docs/results/mutants/COMMIT.json.
"""

import argparse
import concurrent.futures
import hashlib
import json
import math
import pathlib
import re
import sys
import time

from common import (BUILD, CPUS, EXIT_CODES, ROOT, Failure, Worktree, capture, choose, commit, must, run_main, say, section,
                    simulate, table, write_result)

FOLDER = ROOT / "faults" / "mutants"
WORK = BUILD / "mutants"
TREE = Worktree(WORK / "tree")
# In turn, seed by seed. Never tailored to a mutant.
MIX = ["everything", "registers", "disks", "membership", "leases", "power", "duplicates"]
CAUGHT_BY = (10, 11, 12)
MARKER = "mutant.reached"
FIELDS = ("Mutant", "Breaks", "Re-creates", "Marker")


def shown(path):
    """For messages: relative where the file is ours."""
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


class Mutant:
    def __init__(self, path):
        self.path = path
        self.name = path.stem
        text = path.read_text()
        self.hash = hashlib.sha256(text.encode()).hexdigest()[:12]
        header = text.split("\ndiff --git", 1)[0]
        self.fields = dict(re.findall(r"^([A-Z][\w-]*): (.+)$", header, re.MULTILINE))
        missing = [field for field in FIELDS if field not in self.fields]
        if missing:
            raise Failure(f"{shown(path)}: the header lacks {', '.join(missing)}")
        if self.fields["Mutant"] not in (self.name, self.name.split("-", 1)[-1]):
            raise Failure(f"{shown(path)}: the header names another mutant: {self.fields['Mutant']}")


def load_mutants(only, folder=FOLDER):
    if not folder.is_dir():
        raise Failure(f"{folder}: no such folder")
    mutants = [Mutant(path) for path in sorted(folder.glob("*.patch"))]
    if not mutants:
        raise Failure(f"{shown(folder)} holds no patches")
    if folder == FOLDER:
        listed = set(re.findall(r"^\| (\d\d-[\w-]+) \|", (FOLDER / "README.md").read_text(), re.MULTILINE))
        present = {mutant.name for mutant in mutants}
        if listed != present:
            raise Failure("faults/mutants/README.md and the patches differ: " + ", ".join(sorted(listed ^ present)))
    return choose(mutants, lambda mutant: mutant.name, only, "mutant")


def check(mutants):
    """Every patch applies to the source as it stands."""
    bad = []
    for mutant in mutants:
        done = capture(["git", "apply", "--check", mutant.path], timeout=30)
        if done.exit_code != 0:
            bad.append(f"{mutant.name}: {done.errors.strip().splitlines()[0]}")
    if bad:
        raise Failure("patches that do not apply any more:\n  " + "\n  ".join(bad))
    say(f"{len(mutants)} mutants, every patch applies")


# --- Building ---------------------------------------------------------------------------------------------------------

def prepare_tree():
    """The worktree at our commit. Its name for the cache: the hash of the source without the patches."""
    head = must(["git", "rev-parse", "HEAD"], "git rev-parse").strip()
    if capture(["git", "diff", "--quiet", "HEAD"]).exit_code != 0:
        say("note: uncommitted changes are left out; mutants are built from the last commit")
    TREE.check_out(head)
    listing = "\n".join(line for line in TREE.git("ls-tree", "-r", "HEAD").splitlines()
                        if re.search(r"\.(cc|h|fbs|c|txt|cmake|toml|py)$|\tCMakePresets\.json$", line)
                        and "\tci/" not in line and "\tdocs/" not in line)
    return hashlib.sha256(listing.encode()).hexdigest()[:12]


def build_simulator(tree_hash, name):
    """Builds what stands in the tree; the program is kept."""
    kept = simulator_of(tree_hash, name)
    if kept.exists():
        return kept
    return TREE.build_simulator(kept)


def build_mutant(mutant, tree_hash):
    if not simulator_of(tree_hash, mutant.hash).exists():
        complaint = TREE.apply(mutant.path)
        if complaint:
            raise Failure(f"{shown(mutant.path)} does not apply: {complaint}")
    try:
        return build_simulator(tree_hash, mutant.hash)
    except Failure as failure:
        raise Failure(f"{shown(mutant.path)} does not compile: {failure}") from failure
    finally:
        TREE.clean()


# --- Running ----------------------------------------------------------------------------------------------------------

def runs_in_order(simulator, stop_at, jobs, scenarios):
    """(scenario, seed, code, report) for the mix, in order, `jobs` at a time, until stop_at() says so."""
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        waiting = []
        number = 0
        try:
            while not stop_at():
                while len(waiting) < jobs:
                    scenario, seed = MIX[number % len(MIX)], 1 + number // len(MIX)
                    number += 1
                    waiting.append((scenario, seed, pool.submit(simulate, simulator, scenario, seed, 180, scenarios)))
                scenario, seed, future = waiting.pop(0)
                code, report = future.result()
                yield scenario, seed, code, report
        finally:
            for _, _, future in waiting:
                future.cancel()


def law_of(report):
    """The name of the law; behind it the class within it, such as the site of an assertion (faults/signature.h)."""
    return report.get("signature", report["outcome"]).split("/", 1)[-1]


def hunt(simulator, clean, arguments, scenarios=ROOT / "workloads" / "scenarios"):
    """Runs until a law has fired `detections` times that the clean build keeps. Times and laws are those of the first;
    the rate (rate_of) is that of the runs in which a detection was looked for."""
    result = {"caught": False, "seeds": 0, "cpu_seconds": 0.0, "marker_seeds": 0, "runs": 0, "detections": 0,
              "enough": False, "cpu_spent": 0.0, "found": [], "odd": []}
    stop = [False]
    for scenario, seed, code, report in runs_in_order(simulator, lambda: stop[0], arguments.jobs, scenarios):
        result["runs"] += 1
        result["cpu_spent"] = round(result["cpu_spent"] + report.get("cpu_seconds", 0), 2)
        marker = report.get("probes", {}).get(MARKER, 0)
        result["marker_seeds"] += 1 if marker else 0
        if code in CAUGHT_BY:
            clean_code, _ = simulate(clean, scenario, seed, 180, scenarios)
            if clean_code != 0:
                result["odd"].append(f"{scenario} {seed}: the clean build fails too ({EXIT_CODES.get(clean_code)})")
            else:
                result["detections"] += 1
                result["found"].append({"scenario": scenario, "seed": seed, "signature": report.get("signature", ""),
                                        "cpu_seconds": report.get("cpu_seconds", 0)})
                if not result["caught"]:
                    result.update(caught=True, scenario=scenario, seed=seed, exit_code=code, law=law_of(report),
                                  marker=marker, seeds=result["runs"], cpu_seconds=result["cpu_spent"])
        elif code != 0:
            result["odd"].append(f"{scenario} {seed}: {EXIT_CODES.get(code, code)}: {report['outcome']}")
        result["enough"] = result["detections"] >= arguments.detections
        stop[0] = (result["enough"] or result["cpu_spent"] >= arguments.cpu_seconds
                   or result["runs"] >= arguments.seeds)
    if not result["caught"]:
        result.update(seeds=result["runs"], cpu_seconds=result["cpu_spent"])
        result["story"] = survivor_story(simulator, clean, result)
    return result


def wilson(hits, runs, z=1.96):
    """The 95 % interval of a rate (Wilson 1927)."""
    if runs == 0:
        return 0.0, 1.0
    middle = (hits + z * z / 2) / (runs + z * z)
    reach = z * math.sqrt(hits * (runs - hits) / runs + z * z / 4) / (runs + z * z)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def rate_of(result):
    """How often a run shows the bug. Without bias for hunts that end with the last detection wanted or after so many runs,
    whichever comes first (Girshick, Mosteller and Savage 1946); nearly so for a budget of CPU time. If one detection was
    wanted there is no such figure, and this is too high on average."""
    hits, runs = result["detections"], result["runs"]
    if result["enough"] and hits > 1:
        return (hits - 1) / (runs - 1)
    return hits / max(1, runs)


def rate_words(result):
    low, high = wilson(result["detections"], result["runs"])
    return f"{100 * rate_of(result):.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def found_words(result):
    return f"{result['detections']} of {result['runs']}"


def survivor_story(simulator, clean, result):
    """Why nobody noticed, from the same seeds on the clean build."""
    if result["marker_seeds"] == 0:
        return "marker never hit: workloads or faults do not get there"
    same = 0
    looked = 0
    for scenario in MIX:
        code, mine = simulate(simulator, scenario, 1, 180)
        clean_code, other = simulate(clean, scenario, 1, 180)
        if code == 0 and clean_code == 0 and mine.get("probes", {}).get(MARKER, 0):
            looked += 1
            same += mine["fingerprint"] == other["fingerprint"]
    where = f"marker hit in {result['marker_seeds']} of {result['seeds']} seeds"
    if looked and same == looked:
        return f"{where}, fingerprints as on the clean build: no effect seen"
    return f"{where}, runs differ from the clean build's, laws silent: masked, or checkers blind"


# --- Reporting --------------------------------------------------------------------------------------------------------

def rows_of(mutants, results):
    """What the page's table says of those that have a result."""
    rows = []
    for mutant in mutants:
        result = results.get(mutant.name)
        if result is None:
            continue
        if result["caught"]:
            where = f"`--scenario {result['scenario']} --seed {result['seed']}`"
            rows.append([mutant.name, result["law"], where, result["seeds"], f"{result['cpu_seconds']:.0f}", found_words(result),
                         rate_words(result), "yes" if result["marker"] else "none"])
        else:
            rows.append([mutant.name, f"**survived**: {result['story']}", "", f"> {result['seeds']}",
                         f"> {result['cpu_seconds']:.0f}", found_words(result), rate_words(result), ""])
    return rows


def write_page(mutants, results, arguments):
    """docs/mutants.md. Requires: a result of each."""
    rows = rows_of(mutants, results)
    caught = [r for r in results.values() if r["caught"]]
    seeds = sorted(r["seeds"] for r in caught)
    cpu = sorted(r["cpu_seconds"] for r in caught)
    most = max((result["detections"] for result in results.values()), default=0)
    lines = [
        "# Mutants: what the simulator finds, and how fast", "",
        "Made by `ci/mutants`; what each mutant re-creates stands in [faults/mutants](../faults/mutants/README.md). Every mutant",
        f"is hunted by the same mix of scenarios ({', '.join(MIX)} in turn, seeds from 1) until a law has fired up to",
        f"{most} times or {arguments.cpu_seconds:.0f} CPU seconds are spent. A detection counts only if the clean build passes the",
        "same seed. Seeds are runs of the mix up to and including the first that found it, CPU s what these took; found: k detections",
        "in n runs; marker: whether the failing run reached the changed code.", "",
        "The rate is (k-1)/(n-1) for a hunt that ended with the last detection it wanted: it always ends on a hit, and k/n would",
        "be too high on average (Haldane 1945). It is k/n for one whose budget ended and, too high, where a single detection was",
        "wanted. Behind it stands the 95 % interval of k of n (Wilson), which takes n as given beforehand: for a hunt that ended on a",
        "hit it lies a little high.", "",
        f"Commit {commit()}: {len(caught)} of {len(rows)} caught"
        + (f"; median {seeds[len(seeds) // 2]} seeds and {cpu[len(cpu) // 2]:.0f} CPU seconds." if caught else "."), "",
        "| mutant | law that fired | by | seeds | CPU s | found | rate | marker |", "|---|---|---|---:|---:|---|---|---|",
        *["| " + " | ".join(str(cell).replace("|", "/") for cell in row) + " |" for row in rows], ""]
    (ROOT / "docs" / "mutants.md").write_text("\n".join(lines))


def results_path(tree_hash):
    return WORK / f"results-{tree_hash}.json"


def load_results(tree_hash):
    """By hash of the patch: what hunt() has found in this tree so far."""
    try:
        return json.loads(results_path(tree_hash).read_text())
    except (OSError, json.JSONDecodeError):
        return {}


def simulator_of(tree_hash, name):
    """Where the build of a mutant (by its hash), or "clean", is kept."""
    return WORK / "bin" / f"{tree_hash}-{name}" / "orrery-sim"


def is_whole(result, arguments):
    """Whether a hunt ended as this run's would."""
    return (result["detections"] >= arguments.detections or result["cpu_spent"] >= arguments.cpu_seconds
            or result["runs"] >= arguments.seeds)


def hunt_all(mutants, clean, tree_hash, kept, arguments):
    """By name: what is known of each already, or is found now; nothing of those for which the time was over. `kept` grows
    with what is found, on disk too."""
    results = {}
    began = time.monotonic()
    for mutant in mutants:
        known = kept.get(mutant.hash)
        if known and is_whole(known, arguments):
            results[mutant.name] = known
            continue
        if arguments.minutes and time.monotonic() - began > arguments.minutes * 60:
            say(f"{mutant.name}: not begun, the time is over")
            continue
        result = hunt(build_mutant(mutant, tree_hash), clean, arguments)
        if not result["caught"] and mutant.fields["Marker"].startswith("none"):
            result["story"] = "laws silent; it has no marker, so that nobody knows whether runs get there"
        results[mutant.name] = kept[mutant.hash] = result
        results_path(tree_hash).write_text(json.dumps(kept, indent=1, sort_keys=True))
        if result["caught"]:
            say(f"{mutant.name}: caught by {result['law']} after {result['seeds']} seeds, {result['cpu_seconds']:.0f} CPU s"
                f" ({result['scenario']} {result['seed']})")
        else:
            say(f"{mutant.name}: SURVIVED {result['seeds']} seeds, {result['cpu_seconds']:.0f} CPU s: {result['story']}")
        for odd in result["odd"][:3]:
            say(f"  odd: {odd}")
    return results


def report(results, kept, arguments):
    """Writes the results of this run, and the page if nobody is missing in it."""
    # Before the page, which is a change of what the result is named after.
    write_result("mutants", {"command": f"ci/mutants --cpu-seconds {arguments.cpu_seconds:.0f}", "results": results})
    everybody = load_mutants("")
    there = {mutant.name: kept[mutant.hash] for mutant in everybody
             if mutant.hash in kept and is_whole(kept[mutant.hash], arguments)}
    if len(there) == len(everybody):
        write_page(everybody, there, arguments)
    else:
        say(f"docs/mutants.md stays as it is: {len(there)} of {len(everybody)} mutants have results on this tree")


def judge(mutants, results):
    """The last line, and the exit code. A budget of time that ends is told, and no failure."""
    caught = sum(1 for result in results.values() if result["caught"])
    left = len(mutants) - len(results)
    return (f"{caught} of {len(results)} caught" + (f", {left} not begun in time" if left else ""),
            0 if caught == len(results) else 1)


def main():
    parser = argparse.ArgumentParser(prog="ci/mutants", description=__doc__,
                                     formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only look whether every patch applies")
    parser.add_argument("--only", default="", help="mutants whose names contain one of these words, comma-separated")
    parser.add_argument("--dir", type=pathlib.Path, default=FOLDER, help="a folder of patches (default faults/mutants)")
    parser.add_argument("--jobs", type=int, default=CPUS, help="runs at a time (default: one for each CPU)")
    parser.add_argument("--cpu-seconds", type=float, default=1200, help="budget for each mutant (default 1200)")
    parser.add_argument("--detections", type=int, default=5, help="stop a mutant after so many (default 5)")
    parser.add_argument("--seeds", type=int, default=100000, help="at most so many runs for each")
    parser.add_argument("--minutes", type=float, default=0, help="begin no further mutant after this; 0: no limit")
    parser.add_argument("--again", action="store_true", help="forget earlier results for this tree")
    arguments = parser.parse_args()
    arguments.dir = arguments.dir.resolve()
    if arguments.jobs < 1 or arguments.detections < 1:
        raise Failure("--jobs and --detections must be at least 1")
    mutants = load_mutants(arguments.only, arguments.dir)
    check(mutants)
    if arguments.check:
        return 0

    section("the clean build")
    tree_hash = prepare_tree()
    clean = build_simulator(tree_hash, "clean")
    kept = {} if arguments.again else load_results(tree_hash)
    section(f"{len(mutants)} mutants, {arguments.cpu_seconds:.0f} CPU s each, {arguments.jobs} runs at a time")
    results = hunt_all(mutants, clean, tree_hash, kept, arguments)

    section("summary")
    say(table(["mutant", "law that fired", "seeds", "CPU s"],
              [[row[0], row[1][:70], row[3], row[4]] for row in rows_of(mutants, results)]))
    if arguments.dir == FOLDER:  # Of somebody else's patches nothing is written.
        report(results, kept, arguments)
    verdict, code = judge(mutants, results)
    say(verdict)
    return code


if __name__ == "__main__":
    sys.exit(run_main("ci/mutants", main))
