"""ci/regressions: bugs once found stay found.

faults/regressions/NAME.capsule is a run that showed a bug, NAME.patch puts the bug back. On the clean build the run must
pass and hit the probes that the patch's header names: else it shows nothing any more. With the patch it must fail as the
capsule says. Builds with patches are made in a worktree of its own, build/regressions, and kept by tree and patch.
"""

import argparse
import hashlib
import json
import re
import sys

from bisect_capsule import expected_signature
from common import BUILD, ROOT, Failure, Worktree, build, capture, choose, must, program, run_main, say, section, table

FOLDER = ROOT / "faults" / "regressions"
WORK = BUILD / "regressions"
TREE = Worktree(WORK / "tree")
FIELDS = ("Regression", "Bug", "Found", "Probes")
REPLAY_TIMEOUT = 300


class Regression:
    def __init__(self, capsule):
        self.capsule = capsule
        self.name = capsule.stem
        self.patch = capsule.with_suffix(".patch")
        if not self.patch.exists():
            raise Failure(f"{self.patch.relative_to(ROOT)} is missing: what puts the bug of {capsule.name} back")
        text = self.patch.read_text()
        header = re.split(r"^diff --git ", text, maxsplit=1, flags=re.MULTILINE)[0]
        fields = dict(re.findall(r"^([A-Z]\w+): (.+)$", header, re.MULTILINE))
        missing = [field for field in FIELDS if field not in fields]
        if missing:
            raise Failure(f"{self.patch.relative_to(ROOT)}: the header lacks {', '.join(missing)}")
        if fields["Regression"] != self.name:
            raise Failure(f"{self.patch.relative_to(ROOT)}: the header names another one: {fields['Regression']}")
        self.probes = [word for word in re.split(r"[,\s]+", fields["Probes"]) if word != "none"]
        self.signature = expected_signature(capsule)
        self.hash = hashlib.sha256(text.encode()).hexdigest()[:12]


def load(only=""):
    lonely = [path.name for path in sorted(FOLDER.glob("*.patch")) if not path.with_suffix(".capsule").exists()]
    if lonely:
        raise Failure(f"faults/regressions: patches without a capsule: {', '.join(lonely)}")
    regressions = [Regression(path) for path in sorted(FOLDER.glob("*.capsule"))]
    return choose(regressions, lambda one: one.name, only, "regression")


def replay(simulator, capsule):
    """The report of a replay."""
    done = capture([simulator, "replay", capsule, "--json"], REPLAY_TIMEOUT)
    for line in reversed(done.output.splitlines()):
        if line.startswith("{"):
            try:
                return json.loads(line)
            except json.JSONDecodeError:
                break
    words = (done.errors.strip() or done.output.strip() or "no words").splitlines()[-3:]
    raise Failure(f"{capsule.stem}: the replay gave no report (exit {done.exit_code}): {' / '.join(words)}")


def complaint_of_clean(report, probes):
    """What is wrong with a replay on the clean build, or None."""
    if report.get("signature") != "ok":
        return f"fails on the clean build: {report.get('signature')}"
    missed = [probe for probe in probes if not report.get("probes", {}).get(probe)]
    if missed:
        return f"passes, but does not hit {', '.join(missed)}: it shows nothing any more"
    return None


def complaint_of_patched(report, signature):
    if report.get("signature") == signature:
        return None
    return f"with the bug put back it shows {report.get('signature')}, not {signature}"


def check_clean(score_add, simulator=None):
    """For ci/test: score_add(good, complaint) for every capsule."""
    for regression in load():
        try:
            complaint = complaint_of_clean(replay(simulator or program("orrery-sim"), regression.capsule), regression.probes)
        except Failure as failure:
            complaint = str(failure)
        score_add(complaint is None, f"regression {regression.name}: {complaint}")


def prepare_tree():
    head = must(["git", "rev-parse", "HEAD"], "git rev-parse").strip()
    TREE.check_out(head)
    return TREE.git("rev-parse", "HEAD^{tree}").strip()[:12]


def build_patched(regression, tree):
    kept = WORK / "bin" / f"{tree}-{regression.hash}" / "orrery-sim"
    if kept.exists():
        return kept
    complaint = TREE.apply(regression.patch)
    if complaint:
        raise Failure(f"{regression.patch.relative_to(ROOT)} does not apply: {complaint}")
    try:
        return TREE.build_simulator(kept)
    finally:
        TREE.clean()


def main():
    parser = argparse.ArgumentParser(prog="ci/regressions", description=__doc__,
                                     formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", default="", help="those whose names contain one of these words, comma-separated")
    parser.add_argument("--clean-only", action="store_true", help="do not build with the bugs put back")
    arguments = parser.parse_args()
    regressions = load(arguments.only)
    section("building")
    clean = build("release", "orrery-sim", quiet=True) / "orrery-sim"
    rows, bad = [], 0
    tree = None if arguments.clean_only or not regressions else prepare_tree()
    for regression in regressions:
        verdicts = []
        for patched in (False,) if arguments.clean_only else (False, True):
            try:
                if patched:
                    complaint = complaint_of_patched(replay(build_patched(regression, tree), regression.capsule),
                                                     regression.signature)
                else:
                    complaint = complaint_of_clean(replay(clean, regression.capsule), regression.probes)
            except Failure as failure:
                complaint = str(failure).splitlines()[0]
            bad += complaint is not None
            verdicts.append("ok" if complaint is None else f"FAILED: {complaint}")
        rows.append([regression.name, *verdicts])
    if rows:
        say(table(["regression", "clean build", "with the bug"][:len(rows[0])], rows))
    say(f"{len(regressions)} regressions, {bad} complaints")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(run_main("ci/regressions", main))
