"""ci/nightly [MINUTES]: everything that takes long, within a budget of minutes (default 360; building comes on top).

Steps, each with its share of the time: a campaign (docs/campaigns.md) of all scenarios, every seed run twice; the tests;
fuzz targets; mutants, and how small their failures become; the regression capsules on the clean and the broken build;
checkers; the explorer of raft/core; coverage; sanitizers; the comparison with etcd. A step that fails does not stop the
next ones. One whose share is less than it needs at least is left out, and the summary says so. Writes
build/nightly/summary.md and everything it quotes beside it; what was there goes to build/nightly.previous.
build/ledger/ledger.json remembers all nights. Exit code 1 if any step failed.
"""

import argparse
import collections
import contextlib
import json
import re
import shutil
import subprocess
import sys
import time
import traceback

from common import (BUILD, CPUS, ROOT, Failure, build, choose, commit, machine, program, run_main, say, scenario_names, section,
                    simulate, start, stop, table)

FOLDER = BUILD / "nightly"
LEDGER = BUILD / "ledger"
# Seeds without a result: as SeedResult::finished() has it.
NO_RESULT = ("cpu-limit", "wall-limit", "out-of-memory", "killed", "no-report", "harness-crashed", "not-reproduced")
WEIGHTS = {"everything": 3, "demo": 0.25, "quiet": 0}  # Shares of the campaign's CPU time; the others have 1.


class Night:
    def __init__(self, minutes):
        self.began = time.monotonic()
        self.seconds = minutes * 60
        self.rows = []
        self.notes = []

    def left(self):
        return max(0, self.seconds - (time.monotonic() - self.began))

    def step(self, title, fraction, least_seconds, function):
        """Runs function(seconds) with its part of the budget, or of what is left when that is less."""
        section(title)
        began = time.monotonic()
        seconds = min(fraction * self.seconds, self.left())
        if seconds < least_seconds:
            self.rows.append([title, f"left out: its share is {seconds:.0f} s, it needs {least_seconds} s", "0.0"])
            say(self.rows[-1][1])
            return
        try:
            verdict = function(seconds) or "ok"
        except Failure as failure:
            verdict = self.note_failure(title, str(failure))
        # A boundary at which everything is reported: whatever a step ends with, a full disk or a report that nobody can read,
        # is that step's failure and told with its traceback; the next ones go on. ^C and SIGTERM are no Exception.
        except Exception as error:
            words = f"{type(error).__name__}: {error}"
            verdict = self.note_failure(title, f"{words}\n\n{traceback.format_exc()}")
        say(f"{title}: {verdict}")
        self.rows.append([title, verdict, f"{(time.monotonic() - began) / 60:.1f}"])

    def note_failure(self, title, words):
        """Its first line is the verdict, all of it stands in the notes."""
        self.notes.append(f"## {title}: what failed\n\n```\n{words.rstrip()}\n```\n")
        return f"FAILED: {words.splitlines()[0]}"

    def failed(self):
        return any(row[1].startswith("FAILED") for row in self.rows)


def read(name):
    """A file of the report, nothing if it is not there."""
    path = FOLDER / name
    return path.read_text(errors="replace") if path.exists() else ""


def full_lines(name):
    return [line for line in read(name).splitlines() if line.strip()]


def run(command, log, timeout, errors=None):
    """Runs with the output in a file of the report, standard error too or in one of its own. Returns the exit code."""
    path = FOLDER / log
    apart = open(FOLDER / errors, "w") if errors else contextlib.nullcontext(subprocess.STDOUT)
    with open(path, "w") as out, apart as err:
        process = start(command, stdout=out, stderr=err)
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            raise Failure(f"{command[0]} did not end within {timeout:.0f} s; see {path.relative_to(ROOT)}") from error
        finally:
            stop(process)


def run_logged(command, log, timeout, quoted=25):
    """Runs with the output in a file of the report; the last line is the verdict, a failure quotes the end of it."""
    code = run(command, log, timeout)
    lines = full_lines(log)
    last = lines[-1] if lines else "no output"
    if code != 0:
        raise Failure(f"{last} (exit {code})\n" + "\n".join(lines[max(0, len(lines) - quoted):]))
    return last


def campaign(night, seconds):
    """Other seeds every day, said in the report; every seed in two processes with different memory."""
    first = 1 + int(time.time()) // 86400 * 100000
    out = FOLDER / "campaign"
    mix = ",".join(f"{name}:{WEIGHTS.get(name, 1)}" for name in scenario_names() if WEIGHTS.get(name, 1))
    command = [program("orrery-sim"), "campaign", "--scenarios", mix, "--first-seed", first, "--minutes",
               f"{seconds / 60:.2f}", "--shrink-minutes", f"{seconds / 240:.2f}", "--double-run", "--jobs", CPUS, "--out", out,
               "--known-failures", ROOT / "faults" / "known_failures.toml", "--ledger", LEDGER, "--label", commit(),
               "--scenarios-dir", ROOT / "workloads" / "scenarios"]
    log, errors = "campaign.log", "campaign.errors"
    try:
        code = run(command, log, seconds * 1.3 + 900, errors)
    finally:
        text = "\n" + read(log)
        report = text[text.rfind("\nscenario "):] if "\nscenario " in text else text[-4000:]
        night.notes.append(f"## Campaign\n\n```\n{(read(errors) + report).strip()}\n```\n")
    if code != 0:
        raise Failure(f"{why_red(code, full_lines(log), full_lines(errors))} (exit {code})")
    with open(out / "results.jsonl", encoding="utf-8", errors="replace") as results:
        return green_words(map(json.loads, results), first)


def why_red(code, lines, errors):
    """In a line: a campaign's verdict if that is how it ended; else what it complained of; else its last words."""
    if lines and lines[-1].startswith("verdict: ") and lines[-1].endswith(f"({code})"):
        return lines[-1]
    complaints = [line for line in lines + errors if line.startswith("orrery-sim: ")]
    return (complaints or errors or lines or ["no output"])[-1]


def green_words(results, first):
    """What became of the seeds of a campaign without a failure that is not excused."""
    def fate(result):
        if result["outcome"] in NO_RESULT:
            return "without a result"
        if result["exit_code"] != 0:
            return "excused as known failures"
        return "green" if result["double_run"] == "equal" else "run once"

    counts = collections.Counter(map(fate, results))
    others = "".join(f", {counts[kind]} {kind}" for kind in ("excused as known failures", "without a result", "run once") if counts[kind])
    return f"{counts['green']} seeds green, each run twice, from seed {first}{others}"


def fuzzing(seconds):
    targets = len(list(ROOT.glob("**/*_fuzz.cc")))
    each = max(2, int(seconds * CPUS / max(1, targets)))
    return run_logged(["./ci/fuzz", min(each, 1200)], "fuzz.log", seconds * 2 + 3600)


def mutants(seconds):
    return run_logged(["./ci/mutants", "--cpu-seconds", min(1200, max(10, seconds / 10)), "--minutes", f"{seconds / 60:.1f}"],
                      "mutants.log", seconds + 5400)


def shrinking(seconds):
    """What the step before has caught."""
    minutes = seconds / 60
    return run_logged(["./ci/shrink-mutants", "--minutes", f"{minutes:.1f}", "--cpu-minutes", f"{min(5, minutes):.1f}"],
                      "shrinking.log", seconds + 1800)


def checkers(seconds):
    """Other histories every night; of the checkers' mutants a twelfth."""
    command = ["./ci/checkers", "--count", min(1000000, max(1000, int(seconds * 2000)))]
    if seconds < 300:
        command.append("--quick")
    if seconds >= 600:
        command += ["--mutants", f"{int(time.time()) // 86400 % 12}/12"]
    return run_logged(command, "checkers.log", seconds + 7200)


def explorer(seconds):
    """All orders of messages, losses and crashes within bounds that grow until 20 minutes or 8 GiB are spent."""
    build("release", "raft_explore")
    minutes = min(20.0, seconds / 60)
    memory = min(8.0, machine()["memory_gib"] / 2)
    return run_logged([program("raft_explore"), "--minutes", f"{minutes:.1f}", "--memory-gib", f"{memory:.1f}"],
                      "explorer.log", minutes * 60 + 1800)


def sanitizers(seconds):
    verdicts = []
    for preset in ("asan", "tsan"):
        build(preset)
        log = f"{preset}-tests.log"
        run_logged(["ctest", "--test-dir", BUILD / preset, "--output-on-failure", "-j", CPUS], log, seconds + 1800)
        text = (FOLDER / log).read_text(errors="replace")
        verdicts.append(f"{preset}: " + "; ".join(re.findall(r"^\d+% tests passed.*$", text, re.MULTILINE)))
        simulator = BUILD / preset / "orrery-sim"
        if preset == "asan" and simulator.exists():
            compare_builds(simulator, seeds=10)
            verdicts.append("asan and release: 10 fingerprints equal")
    return "; ".join(verdicts)


def compare_builds(other, seeds):
    """One seed, one fingerprint, whatever the build."""
    for seed in range(1, seeds + 1):
        mine = simulate(program("orrery-sim"), "everything", seed, 600)[1].get("fingerprint")
        theirs = simulate(other, "everything", seed, 1800)[1].get("fingerprint")
        if mine is None or mine != theirs:
            raise Failure(f"everything seed {seed}: release says {mine}, {other.parent.name} {theirs}")


def keep_last_night():
    """Makes the report's folder. What is there is kept for one more start, with --only too."""
    if FOLDER.exists():
        previous = FOLDER.with_name(FOLDER.name + ".previous")
        if previous.exists():
            shutil.rmtree(previous)
        FOLDER.rename(previous)
        say(f"the last report is kept: {previous.relative_to(ROOT)}")
    FOLDER.mkdir(parents=True)


def write_summary(night):
    lines = ["# Nightly run", "", f"Commit {commit()}, {time.strftime('%Y-%m-%d', time.gmtime())}, "
             f"{(time.monotonic() - night.began) / 60:.0f} minutes, {json.dumps(machine())}", "",
             "| step | verdict | minutes |", "|---|---|---:|",
             *[f"| {title} | {verdict.replace('|', '/')} | {minutes} |" for title, verdict, minutes in night.rows], "",
             *night.notes]
    section("summary")
    say(table(["step", "verdict", "minutes"], night.rows))  # First: the disk may be full.
    path = FOLDER / "summary.md"
    path.write_text("\n".join(lines))
    say(f"written: {path.relative_to(ROOT)}")


def main():
    parser = argparse.ArgumentParser(prog="ci/nightly", description=__doc__,
                                     formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("minutes", type=float, nargs="?", default=360)
    parser.add_argument("--only", default="", help="steps whose names contain one of these words, comma-separated")
    arguments = parser.parse_args()
    # Title, part of the budget, seconds it needs at least, what it does with its seconds.
    steps = [
        ("regressions", 0.05, 10, lambda seconds: run_logged(["./ci/regressions"], "regressions.log", seconds + 3600)),
        ("campaign", 0.35, 20, lambda seconds: campaign(night, seconds)),
        ("checkers", 0.05, 15, checkers),
        ("fuzzing", 0.15, 20, fuzzing),
        ("explorer", 0.1, 30, explorer),
        ("mutants", 0.2, 120, mutants),
        ("shrinking", 0.1, 300, shrinking),
        ("tests", 0.1, 60, lambda seconds: run_logged(["./ci/test", "--seed-seconds", f"{min(420, seconds):.0f}"], "test.log",
                                                      seconds + 3600)),
        ("coverage", 0.1, 600, lambda seconds: run_logged(["./ci/coverage"], "coverage.log", seconds + 3600)),
        ("sanitizers", 0.2, 900, sanitizers),
        ("etcd", 0.1, 300, lambda seconds: run_logged(["./ci/bench"], "bench.log", 2400)),
    ]
    chosen = choose(steps, lambda step: step[0], arguments.only, "step")
    build("release")
    keep_last_night()
    night = Night(arguments.minutes)  # Building comes on top.
    for title, fraction, least, function in chosen:
        night.step(title, fraction, least, function)
    write_summary(night)
    for page in ("docs/mutants.md",):
        if (ROOT / page).exists():
            shutil.copy(ROOT / page, FOLDER)
    return 1 if night.failed() else 0


if __name__ == "__main__":
    sys.exit(run_main("ci/nightly", main))
