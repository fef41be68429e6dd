"""ci/aging: whether capsules of planted bugs still fail for the same law on later commits.

At the commit --from each mutant is hunted by the mix of ci/mutants until its first failure, which is recorded as a capsule and shrunk.
Then each of the commits --on is built with the same patch and replays both capsules. A mutant whose patch does not apply there, or
does not compile, is left out and named: the commit touched the mutated code or what it stands on. Results are kept in build/aging
by commit and patch: a run that was interrupted goes on where it stopped. A mutant that could not be recorded or shrunk is named,
makes the exit code 1, and is tried again at the next start. Writes docs/results/aging/COMMIT.json.
"""

import argparse
import json
import sys

import mutants
import regressions
from common import BUILD, Failure, Worktree, capture, must, run_main, say, section, simulate, table, write_result

WORK = BUILD / "aging"
TREE = Worktree(WORK / "tree")
FORMS = ("recorded", "shrunk")
UNBUILT = {"skipped": "does not compile"}


def same_law(before, after):
    """Of two signatures. A later commit may say more behind what an earlier one said; a crash is told by its place alone."""
    if after and (before.startswith(after) or after.startswith(before)):
        return True
    return not before.startswith("node_crashed/") and before.split("/")[:2] == after.split("/")[:2]


def full_hash(commit):
    return must(["git", "rev-parse", "--verify", "--quiet", commit + "^{commit}"], f"{commit} is no commit").strip()[:12]


class DoesNotCompile(Failure):
    """The patch applies, and what comes of it is no program."""


def build_patched(mutant):
    """The simulator of the tree with a mutant; nothing if it does not apply. The tree is clean again behind it."""
    if TREE.apply(mutant.path):
        return None
    try:
        return TREE.build_simulator()
    except Failure as failure:
        TREE.clean()
        TREE.build_simulator()  # What does not build without the patch either says nothing about it, and ends the run.
        raise DoesNotCompile(f"{mutant.name} does not compile: {failure}") from failure
    finally:
        TREE.clean()


class Kept:
    """What is known of each mutant, on disk."""

    def __init__(self, commit):
        self.folder = WORK / commit
        self.folder.mkdir(parents=True, exist_ok=True)

    def path(self, mutant, suffix):
        return self.folder / f"{mutant.name}-{mutant.hash}.{suffix}"

    def load(self, mutant):
        path = self.path(mutant, "json")
        return json.loads(path.read_text()) if path.exists() else None

    def save(self, mutant, row):
        self.path(mutant, "json").write_text(json.dumps(row, indent=1))


def record(mutant, simulator, clean, kept, arguments):
    """A row about its first failure, with a capsule of it in both forms; or why there is none."""
    scenarios = TREE.path / "workloads" / "scenarios"
    found = mutants.hunt(simulator, clean, arguments, scenarios)["found"]
    if not found:
        return {"skipped": f"no failure within {arguments.cpu_seconds:.0f} CPU s"}
    scenario, seed = found[0]["scenario"], found[0]["seed"]
    recorded, shrunk = (kept.path(mutant, form + ".toml") for form in FORMS)
    simulate(simulator, scenario, seed, scenarios_dir=scenarios, more=["--capsule", recorded])
    must([simulator, "shrink", recorded, "--clean", clean, "--cpu-minutes", arguments.cpu_minutes, "--jobs", 1, "--out", shrunk],
         f"shrinking {scenario} {seed}")
    row = {"scenario": scenario, "seed": seed, "later": {}}
    for form in FORMS:
        row[form] = regressions.replay(simulator, kept.path(mutant, form + ".toml"))["signature"]
    return row


def record_patched(mutant, clean, kept, arguments):
    """Like record(), with a build of its own; what went wrong is a row too."""
    try:
        simulator = build_patched(mutant)
        return record(mutant, simulator, clean, kept, arguments) if simulator else {"skipped": "does not apply"}
    except DoesNotCompile as failure:
        say(str(failure))
        return UNBUILT
    except Failure as failure:
        return {"failed": str(failure)}


def is_settled(row):
    """False for a mutant that was never tried, or failed."""
    return row is not None and "failed" not in row


def record_all(wanted, commit, kept, arguments):
    waiting = [mutant for mutant in wanted if not is_settled(kept.load(mutant))]
    if not waiting:
        return
    TREE.check_out(commit)
    clean = kept.folder / "clean"
    if not clean.exists():
        TREE.build_simulator(clean)
    for mutant in waiting:
        row = record_patched(mutant, clean, kept, arguments)
        kept.save(mutant, row)
        say(f"{mutant.name}: {row.get('failed') or row.get('skipped') or row['shrunk']}")


def later_signature(simulator, capsule):
    """What a replay shows; "refused" if the later commit takes the capsule no more, or gives no report: that is a loss."""
    try:
        return regressions.replay(simulator, capsule).get("signature", "")
    except Failure as failure:
        say(f"LOST {failure}")
        return "refused"


def later_signatures(mutant, kept):
    """Of each form on the commit that stands in the tree; UNBUILT, or nothing if the patch does not apply."""
    try:
        simulator = build_patched(mutant)
    except DoesNotCompile as failure:
        say(str(failure))
        return UNBUILT
    return {form: later_signature(simulator, kept.path(mutant, form + ".toml")) for form in FORMS} if simulator else None


def replay_all(wanted, commit, kept):
    rows = {mutant: kept.load(mutant) for mutant in wanted}
    waiting = [mutant for mutant, row in rows.items() if commit not in row.get("later", {commit: None})]
    if not waiting:
        return
    TREE.check_out(commit)
    for mutant in waiting:
        row = rows[mutant]
        row["later"][commit] = later_signatures(mutant, kept)
        kept.save(mutant, row)


def summary(rows, commit):
    """Numbers of one later commit."""
    pairs = {name: row["later"][commit] for name, row in rows.items() if "later" in row}
    there = {name: rows[name] for name, later in pairs.items() if later and "skipped" not in later}
    result = {"touched": sorted(name for name, later in pairs.items() if later is None),
              "unbuilt": sorted(name for name, later in pairs.items() if later == UNBUILT), "mutants": len(there)}
    for form in FORMS:
        lost = sorted(name for name, row in there.items() if not same_law(row[form], row["later"][commit][form]))
        result[form] = {"same_law": len(there) - len(lost), "lost": lost}
    return result


def conclude(rows, results):
    """The last line, and the exit code."""
    shown = sum(one[form]["same_law"] for one in results.values() for form in FORMS)
    of = sum(one["mutants"] for one in results.values()) * len(FORMS)
    if of == 0:
        raise Failure("nothing was replayed")
    unbuilt = sum(len(one["unbuilt"]) for one in results.values())
    failed = sum(1 for row in rows.values() if "failed" in row)
    words = (f"{shown} of {of} replays fail for the same law ({100 * shown / of:.0f} %)"
             + (f"; {unbuilt} builds with a mutant left out: they do not compile" if unbuilt else "")
             + (f"; {failed} mutants failed" if failed else ""))
    return words, 1 if failed or shown < 0.9 * of else 0


def main():
    parser = argparse.ArgumentParser(prog="ci/aging", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--from", dest="base", required=True, help="the commit at which capsules are made")
    parser.add_argument("--on", required=True, help="later commits, comma-separated")
    parser.add_argument("--only", default="", help="mutants whose names contain one of these words, comma-separated")
    parser.add_argument("--cpu-seconds", type=float, default=150, help="to find a mutant's first failure (default 150)")
    parser.add_argument("--cpu-minutes", type=float, default=0.5, help="to shrink it (default 0.5)")
    arguments = parser.parse_args()
    arguments.detections, arguments.seeds, arguments.jobs = 1, 100000, 1  # What mutants.hunt() wants to know.
    base = full_hash(arguments.base)
    later = [full_hash(commit) for commit in arguments.on.split(",") if commit]
    for commit in later:
        if capture(["git", "merge-base", "--is-ancestor", base, commit]).exit_code != 0:
            raise Failure(f"{commit} is not later than {base}")
    wanted = mutants.load_mutants(arguments.only)
    kept = Kept(base)

    section(f"{len(wanted)} mutants at {base}")
    record_all(wanted, base, kept, arguments)
    for commit in later:
        section(f"replays at {commit}")
        replay_all(wanted, commit, kept)
    rows = {mutant.name: kept.load(mutant) for mutant in wanted}
    results = {commit: summary(rows, commit) for commit in later}

    section("summary")
    for name, row in rows.items():
        if "later" not in row:
            say(f"{name}: FAILED: {row['failed']}" if "failed" in row else f"{name}: left out: {row['skipped']}")
    say(table(["commit", "mutants", *(f"{form}: same law" for form in FORMS), "lost", "touched", "does not compile"],
              [[commit, one["mutants"], *(one[form]["same_law"] for form in FORMS),
                ", ".join(sorted({name for form in FORMS for name in one[form]["lost"]})) or "-",
                ", ".join(one["touched"]) or "-", ", ".join(one["unbuilt"]) or "-"] for commit, one in results.items()]))
    write_result("aging", {"command": "ci/aging " + " ".join(sys.argv[1:]), "from": base, "rows": rows, "later": results})
    words, code = conclude(rows, results)
    say(words)
    return code


if __name__ == "__main__":
    sys.exit(run_main("ci/aging", main))
