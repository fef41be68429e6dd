"""ci/nightly [MINUTES]: everything that takes long, within a budget of minutes (default 360).

Steps, each with its share of the time: tests; simulation of all scenarios in parallel processes (results.jsonl); double
runs in two processes with different memory; every fuzz target; mutants; the explorer of raft/core; coverage; the
sanitizer builds; the comparison with etcd. A step that fails does not stop the next ones. Writes
build/nightly/summary.md and everything it quotes beside it. Exit code 1 if any step failed.
"""

import argparse
import collections
import json
import re
import shutil
import sys
import time

from common import (BUILD, CPUS, EXIT_CODES, ROOT, Failure, build, capture, commit, fresh_folder, machine, program, repro,
                    run_main, say, scenario_names, section, simulate, start, stop, table)

FOLDER = BUILD / "nightly"
DOUBLE_RUN_SHARE = {"everything": 0.6}  # Of the seeds of the double runs; the others share the rest.


class Night:
    def __init__(self, minutes):
        self.began = time.monotonic()
        self.seconds = minutes * 60
        self.rows = []
        self.notes = []

    def share(self, fraction):
        """Seconds a step may take: its part of the whole, or of what is left when that is less."""
        left = max(0, self.seconds - (time.monotonic() - self.began))
        return max(30, min(fraction * self.seconds, left))

    def step(self, title, function):
        section(title)
        began = time.monotonic()
        try:
            verdict = function() or "ok"
        except Failure as failure:
            verdict = f"FAILED: {str(failure).splitlines()[0]}"
            self.notes.append(f"## {title}\n\n```\n{failure}\n```\n")
        say(f"{title}: {verdict}")
        self.rows.append([title, verdict, f"{(time.monotonic() - began) / 60:.1f}"])

    def failed(self):
        return any(row[1].startswith("FAILED") for row in self.rows)


def run_logged(command, log, timeout):
    """Runs with the output in a file of the report; the last line is the verdict."""
    path = FOLDER / log
    with open(path, "w") as out:
        process = start(command, stdout=out, stderr=out)
        try:
            code = process.wait(timeout)
        except Exception as error:
            stop(process)
            raise Failure(f"{command[0]} did not end within {timeout:.0f} s; see {path.relative_to(ROOT)}") from error
        stop(process)
    lines = [line for line in path.read_text(errors="replace").splitlines() if line.strip()]
    last = lines[-1] if lines else "no output"
    if code != 0:
        raise Failure(f"{last} (exit {code})\n" + "\n".join(lines[-25:]))
    return last


def campaign(night):
    """Seeds of every scenario, in the same numbers, until the time is over; each failure is one line to paste."""
    simulator = program("orrery-sim")
    minutes = night.share(0.35) / 60
    first = 1 + int(time.time()) // 86400 * 100000  # Other seeds every day, said in the report.
    results = FOLDER / "campaign" / "results.jsonl"
    command = [simulator, "campaign", "--scenarios", ",".join(scenario_names()), "--first-seed", first, "--seeds", 100000,
               "--minutes", f"{minutes:.2f}", "--jobs", CPUS, "--out", results.parent, "--max-failures", 100]
    try:
        run_logged(command, "campaign.log", minutes * 60 + 900)
    finally:
        night.notes.append(campaign_note(results))
    return f"{sum(1 for _ in open(results))} seeds green, from seed {first}"


def campaign_note(results):
    seeds = collections.Counter()
    cpu = collections.Counter()
    broken = []
    probes = collections.Counter()
    if results.exists():
        for line in results.read_text().splitlines():
            run = json.loads(line)
            seeds[run["scenario"]] += 1
            cpu[run["scenario"]] += run["cpu_seconds"]
            probes.update({name: count for name, count in run.get("probes", {}).items() if count})
            if run["exit_code"] != 0:
                broken.append(f"{EXIT_CODES.get(run['exit_code'], run['exit_code'])}: {run['outcome']}: "
                              f"{repro(run['scenario'], run['seed'])}")
    rows = [[name, seeds[name], f"{seeds[name] / cpu[name] * 60 if cpu[name] else 0:.1f}"] for name in sorted(seeds)]
    text = table(["scenario", "seeds", "seeds per CPU-minute"], rows)
    return (f"## Campaign\n\n```\n{text}\n```\n\n{len(probes)} probes hit; those never hit stand in campaign.log.\n\n"
            + ("Failures:\n\n" + "\n".join(f"- {line}" for line in broken) + "\n" if broken else "No failures.\n"))


def double_runs(night):
    simulator = program("orrery-sim")
    deadline = time.monotonic() + night.share(0.12)
    done = collections.Counter()
    seed = 1
    step = 10
    while time.monotonic() < deadline:
        for scenario in scenario_names():
            count = step if DOUBLE_RUN_SHARE.get(scenario) else step // 5
            run_logged([simulator, "check-determinism", "--scenario", scenario, "--seeds", f"{seed}..{seed + count - 1}",
                        "--jobs", CPUS], f"determinism-{scenario}.log", 3600)
            done[scenario] += count
        seed += step
    return "0 differences in " + ", ".join(f"{count} {scenario}" for scenario, count in sorted(done.items()))


def explorer(night):
    """All orders of messages, losses and crashes within bounds that grow until 20 minutes or 8 GiB are spent."""
    build("release", "raft_explore")
    minutes = min(20.0, night.share(0.1) / 60)
    memory = min(8.0, machine()["memory_gib"] / 2)
    return run_logged([program("raft_explore"), "--minutes", f"{minutes:.1f}", "--memory-gib", f"{memory:.1f}"],
                      "explorer.log", minutes * 60 + 1800)


def sanitizers(night):
    verdicts = []
    for preset in ("asan", "tsan"):
        build(preset)
        log = f"{preset}-tests.log"
        run_logged(["ctest", "--test-dir", BUILD / preset, "--output-on-failure", "-j", CPUS], log, night.share(0.3) + 1800)
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


def write_summary(night):
    lines = ["# Nightly run", "", f"Commit {commit()}, {time.strftime('%Y-%m-%d', time.gmtime())}, "
             f"{(time.monotonic() - night.began) / 60:.0f} minutes, {json.dumps(machine())}", "",
             "| step | verdict | minutes |", "|---|---|---:|",
             *[f"| {title} | {verdict.replace('|', '/')} | {minutes} |" for title, verdict, minutes in night.rows], "",
             *night.notes]
    path = FOLDER / "summary.md"
    path.write_text("\n".join(lines))
    section("summary")
    say(table(["step", "verdict", "minutes"], night.rows))
    say(f"written: {path.relative_to(ROOT)}")


def main():
    parser = argparse.ArgumentParser(prog="ci/nightly", description=__doc__,
                                     formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("minutes", type=float, nargs="?", default=360)
    parser.add_argument("--fuzz-seconds", type=int, default=600, help="for each target (default 600)")
    parser.add_argument("--only", default="", help="steps whose names contain one of these words, comma-separated")
    arguments = parser.parse_args()
    fresh_folder(FOLDER)
    night = Night(arguments.minutes)
    steps = [
        ("tests", lambda: run_logged(["./ci/test"], "test.log", 3600)),
        ("campaign", lambda: campaign(night)),
        ("double runs", lambda: double_runs(night)),
        ("fuzzing", lambda: run_logged(["./ci/fuzz", arguments.fuzz_seconds], "fuzz.log",
                                       arguments.fuzz_seconds * 20 + 3600)),
        ("mutants", lambda: run_logged(["./ci/mutants", "--cpu-seconds", "1200", "--minutes",
                                        f"{night.share(0.25) / 60:.0f}"], "mutants.log", night.share(0.25) + 5400)),
        ("explorer", lambda: explorer(night)),
        ("coverage", lambda: run_logged(["./ci/coverage"], "coverage.log", night.share(0.1) + 3600)),
        ("sanitizers", lambda: sanitizers(night)),
        ("etcd", lambda: run_logged(["./ci/bench"], "bench.log", 2400)),
    ]
    wanted = [word for word in arguments.only.split(",") if word]
    chosen = [pair for pair in steps if not wanted or any(word in pair[0] for word in wanted)]
    if not chosen:
        raise Failure(f"no step is called {arguments.only}; there are: {', '.join(title for title, _ in steps)}")
    build("release")
    for title, function in chosen:
        night.step(title, function)
    write_summary(night)
    for page in ("docs/mutants.md",):
        if (ROOT / page).exists():
            shutil.copy(ROOT / page, FOLDER)
    return 1 if night.failed() else 0


if __name__ == "__main__":
    sys.exit(run_main("ci/nightly", main))
