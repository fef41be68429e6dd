"""ci/bisect CAPSULE --good REV [--bad REV]: the commit from which on a capsule shows its failure.

Builds orrery-sim at commits between the two (first parents only, in a worktree of its own, build/bisect) and replays
the capsule: a commit is bad if the replay shows the capsule's signature, good if it does not. One that cannot tell is left out
and its neighbours are tried: it does not build, cannot read the capsule, or its harness fails. --bad is HEAD if left out. With
--fixed the other way round: the commit from which on the failure is gone; --good is then the later one.
"""

import argparse
import json
import pathlib
import sys
import tomllib

from common import BUILD, Failure, Worktree, capture, must, run_main, say

WORK = BUILD / "bisect"
TREE = Worktree(WORK / "tree")
SAME, OTHER, UNKNOWN = "shows it", "does not show it", "cannot tell"
NO_VERDICT = (14, 15)  # The harness failed, or nobody could decide: such a replay says nothing of the commit.


def search(count, judge):
    """Commits 0 .. count-1 in order, of which the first is OTHER and the last is SAME. Returns (low, high): the failure came
    with one of low+1 .. high; high - low > 1 only if those between cannot tell."""
    low, high = 0, count - 1
    unknown = set()
    while True:
        left = [i for i in range(low + 1, high) if i not in unknown]
        if not left:
            return low, high
        middle = (low + high) / 2
        chosen = min(left, key=lambda i: (abs(i - middle), i))
        verdict = judge(chosen)
        if verdict == SAME:
            high = chosen
        elif verdict == OTHER:
            low = chosen
        else:
            unknown.add(chosen)


def expected_signature(path):
    """Of a failure: a capsule that expects a run that passes shows no bug, and is refused (as by verify-fix)."""
    try:
        capsule = tomllib.loads(path.read_text())
        signature = capsule["expected"]["signature"]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise Failure(f"{path}: no capsule: {error}") from error
    if signature == "ok":
        raise Failure(f"{path}: expects no failure; there is none to look for")
    return signature


def verdict_of(done, signature):
    """What a replay says of the commit it ran on."""
    for line in reversed(done.output.splitlines()):
        if not line.startswith("{"):
            continue
        try:
            report = json.loads(line)
        except json.JSONDecodeError:
            break
        if report.get("signature") == signature:
            return SAME
        if "signature" in report and not {done.exit_code, report.get("exit_code")} & set(NO_VERDICT):
            return OTHER
        break
    return UNKNOWN


class Bisection:
    def __init__(self, capsule, timeout):
        self.capsule = capsule.resolve()
        self.signature = expected_signature(self.capsule)
        self.timeout = timeout
        self.seen = {}

    def judge(self, revision):
        if revision in self.seen:
            return self.seen[revision]
        TREE.check_out(revision)
        why = ""
        try:
            simulator = TREE.build_simulator()
            done = capture([simulator, "replay", self.capsule, "--json"], self.timeout)
            verdict = verdict_of(done, self.signature)
            if verdict == UNKNOWN:
                why = "; ".join((done.errors.strip() or done.output.strip() or "no answer in time").splitlines()[:1])
        except Failure as failure:
            verdict, why = UNKNOWN, str(failure).splitlines()[0]
        title = must(["git", "log", "-1", "--format=%h %s", revision], "git log").strip()
        say(f"{verdict}: {title}" + (f" ({why})" if why else ""))
        self.seen[revision] = verdict
        return verdict


def commits_between(older, newer):
    """Both ends included, the oldest first."""
    for revision in (older, newer):
        must(["git", "rev-parse", "--verify", "-q", revision + "^{commit}"], f"{revision} is no commit")
    if capture(["git", "merge-base", "--is-ancestor", older, newer]).exit_code != 0:
        raise Failure(f"{older} is no ancestor of {newer}")
    listing = must(["git", "rev-list", "--first-parent", "--reverse", f"{older}..{newer}"], "git rev-list").split()
    return [must(["git", "rev-parse", older], "git rev-parse").strip(), *listing]


def main():
    parser = argparse.ArgumentParser(prog="ci/bisect", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("capsule", type=pathlib.Path)
    parser.add_argument("--good", required=True, help="a commit that does not show the failure")
    parser.add_argument("--bad", default="HEAD", help="one that does")
    parser.add_argument("--fixed", action="store_true", help="look for the commit that ended the failure")
    parser.add_argument("--timeout", type=float, default=600, help="seconds of one replay")
    arguments = parser.parse_args()
    older, newer = (arguments.bad, arguments.good) if arguments.fixed else (arguments.good, arguments.bad)
    bisection = Bisection(arguments.capsule, arguments.timeout)
    commits = commits_between(older, newer)
    turned = {SAME: OTHER, OTHER: SAME, UNKNOWN: UNKNOWN}
    judge = (lambda i: turned[bisection.judge(commits[i])]) if arguments.fixed else (lambda i: bisection.judge(commits[i]))
    for end, revision, wanted in ((0, arguments.bad if arguments.fixed else arguments.good, OTHER),
                                  (len(commits) - 1, arguments.good if arguments.fixed else arguments.bad, SAME)):
        if judge(end) != wanted:
            raise Failure(f"{revision} is not what it is said to be: {bisection.judge(commits[end])}")
    low, high = search(len(commits), judge)
    what = "ended" if arguments.fixed else "came"
    if high - low > 1:
        say(f"the failure {what} with one of these {high - low}; those between cannot tell:")
    else:
        say(f"the failure {what} with:")
    for i in range(low + 1, high + 1):
        say("  " + must(["git", "log", "-1", "--format=%h %s", commits[i]], "git log").strip())
    return 0 if high - low == 1 else 15


if __name__ == "__main__":
    sys.exit(run_main("ci/bisect", main))
