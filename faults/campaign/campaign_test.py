#!/usr/bin/env python3
"""Runs `orrery-sim campaign` itself on small scenarios, and checks what only whole processes can show.

usage: campaign_test.py ORRERY_SIM WORK_DIR
"""
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree

SCENARIOS = {
    # A cluster and a little load: a tenth of a CPU second.
    "tiny": 'title = "t"\n[run]\nsafety_seconds = 2\n[[workload]]\nname = "set"\nclients = 1\n'
            '[[fault]]\nkind = "kill"\nevery_seconds = 1\nlasts_seconds = 0.1\n',
    # Long enough to be interrupted and killed.
    "long": 'title = "t"\n[run]\nsafety_seconds = 120\n[[workload]]\nname = "set"\nclients = 4\n',
    # Runs out of its events, always.
    "fails": 'title = "t"\n[run]\nsafety_seconds = 2\nevents_max = 1000\n[[workload]]\nname = "set"\nclients = 1\n',
    # The same after a second or so: time to kill it.
    "slow-fails": 'title = "t"\n[run]\nsafety_seconds = 120\nevents_max = 300000\n[[workload]]\nname = "set"\nclients = 4\n',
    "canary": 'title = "t"\n[cluster]\nlying_fsync = true\n[run]\nsafety_seconds = 10\n[[workload]]\nname = "set"\n'
              '[[fault]]\nkind = "power_loss_all"\nevery_seconds = 1\nlasts_seconds = 0.1\n',
}
failures = []


def check(claim, holds, detail=""):
    print(("ok    " if holds else "FAILED"), claim, flush=True)
    if not holds:
        failures.append(claim)
        print(detail)


class Lab:
    def __init__(self, program, folder):
        self.program = program
        self.folder = pathlib.Path(folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.scenarios = self.folder / "scenarios"
        self.scenarios.mkdir(parents=True)
        for name, text in SCENARIOS.items():
            (self.scenarios / f"{name}.toml").write_text(text)

    def command(self, *arguments):
        return [self.program, "campaign", "--scenarios-dir", str(self.scenarios), *map(str, arguments)]

    def run(self, *arguments, **options):
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=240, **options)
        return done.returncode, done.stdout + done.stderr

    def start(self, *arguments):
        return subprocess.Popen(self.command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def results(self, out):
        path = self.folder / out / "results.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()]

    def write(self, name, text):
        (self.folder / name).write_text(text)
        return self.folder / name


def ordinary(lab):
    out = lab.folder / "ordinary"
    code, text = lab.run("--scenarios", "tiny", "--seeds", 3, "--double-run", "--out", out, "--canary-seeds", 2)
    check("a clean campaign is green", code == 0 and "canaries: 2 of 2 caught" in text, text)
    results = lab.results("ordinary")
    check("a line for every seed, each run twice", sorted(r["seed"] for r in results) == [1, 2, 3] and
          all(r["double_run"] == "equal" and r["signature"] == "ok" for r in results), results)
    cases = xml.etree.ElementTree.parse(out / "junit.xml").getroot().findall(".//testcase")
    check("the JUnit file is XML, a case for every seed and the pipeline", len(cases) == 4)
    check("the report is there and names nothing outside", "http" not in (out / "report.html").read_text())
    code, text = lab.run("--scenarios", "tiny", "--seeds", 3, "--out", out)
    check("a folder with results is not overwritten", code == 1 and "--resume" in text, text)
    code, text = lab.run("--scenarios", "tiny", "--seeds", 5, "--double-run", "--out", out, "--resume")
    seeds = sorted(r["seed"] for r in lab.results("ordinary"))
    check("--resume goes on where it ended", code == 0 and seeds == [1, 2, 3, 4, 5], text)
    with open(lab.scenarios / "tiny.toml", "a") as scenario:
        scenario.write("# changed\n")
    code, text = lab.run("--scenarios", "tiny", "--seeds", 6, "--double-run", "--out", out, "--resume")
    check("another scenario does not add up", code == 1 and "do not add up" in text, text)


def interrupted(lab):
    process = lab.start("--scenarios", "tiny,long", "--seeds", 1000, "--out", lab.folder / "cut", "--jobs", 2)
    deadline = time.monotonic() + 60
    path = lab.folder / "cut" / "results.jsonl"
    while time.monotonic() < deadline and (not path.exists() or path.stat().st_size == 0):
        time.sleep(0.1)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    text = process.communicate(timeout=60)[0]
    results = lab.results("cut")
    check("SIGINT: finished seeds are kept and reported, the exit code says incomplete",
          process.returncode == 15 and len(results) > 0 and all(r["outcome"] == "ok" for r in results) and
          (lab.folder / "cut" / "report.html").exists() and "interrupted" in text, text)
    check("SIGINT: nobody is left behind", not running_commands(lab))
    with open(path, "a") as cut:
        cut.write(json.dumps(results[0])[:50])  # As if the machine had died while it wrote.
    more = len(results) + 2
    code, text = lab.run("--scenarios", "tiny,long", "--seeds", more, "--minutes", 0.02, "--out", lab.folder / "cut",
                         "--resume", "--wall-limit", 200)
    seeds = [(r["scenario"], r["seed"]) for r in lab.results("cut")]
    check("a cut line is dropped, no seed stands twice", code == 0 and len(seeds) == len(set(seeds)), text)


def cut_off_then_resumed(lab):
    out = lab.folder / "again"
    base = ["--scenarios", "tiny,long", "--seeds", 1, "--canary-seeds", 0, "--out", out]
    ledger = lab.folder / "again-nights"
    code, text = lab.run(*base, "--wall-limit", 0.6, "--label", "first", "--ledger", ledger)
    check("one of two seeds is cut off", code == 15 and "undecided/wall-limit" in text, text)
    pipeline = xml.etree.ElementTree.parse(out / "junit.xml").getroot()
    check("JUnit: a seed that was cut off is a failure", pipeline.find(".//testcase[@classname='long']/failure") is not None)
    code, text = lab.run(*base, "--resume", "--label", "second", "--ledger", ledger)
    results = lab.results("again")
    nights = json.loads((ledger / "ledger.json").read_text())["nights"]
    check("the ledger has one night of it, without what was cut off",
          [(night["seeds"], night["failures"]) for night in nights] == [(2, {})], nights)
    check("--resume runs it again, and its second line stands", code == 0 and "1 were cut off and are run again" in text and
          "2 seeds are finished" not in text and [r["scenario"] for r in results].count("long") == 2, text)
    folder = lab.folder / "all-in-one"
    code, text = lab.run("--scenarios", "tiny", "--seeds", 2, "--canary-seeds", 0, "--out", folder, "--ledger", folder)
    check("results and ledger may share a folder", code == 0 and (folder / "ledger.json").exists(), text)
    code, text = lab.run(*base, "--resume")
    check("then it is finished, and still the night it was begun as",
          code == 0 and "first: 2 seeds are finished already" in text, text)


def one_at_a_time(lab):
    out = lab.folder / "busy"
    process = lab.start("--scenarios", "long", "--seeds", 1000, "--out", out, "--canary-seeds", 0, "--jobs", 1)
    await_worker(process)
    code, text = lab.run("--scenarios", "long", "--seeds", 1000, "--out", out, "--resume")
    check("two campaigns do not write into one folder", code == 1 and "another campaign writes into" in text, text)
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=60)
    junit = xml.etree.ElementTree.parse(out / "junit.xml").getroot()
    check("a terminal that goes away ends it as ^C does, and JUnit is red", process.returncode == 15 and
          junit.find(".//testcase[@classname='pipeline']/failure[@type='undecided']") is not None and
          not running_commands(lab))
    process = subprocess.Popen(["nohup", *lab.command("--scenarios", "tiny", "--seeds", 15, "--canary-seeds", 0, "--jobs", 1)],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    await_worker(process)
    process.send_signal(signal.SIGHUP)
    text = process.communicate(timeout=60)[0]
    check("under nohup it goes on", process.returncode == 0, text)


def replaced_program(lab):
    """What a campaign was started as is what it runs to its end."""
    mine = lab.folder / "orrery-sim"
    shutil.copy(lab.program, mine)
    command = [str(mine), *lab.command("--scenarios", "tiny", "--seeds", 10, "--canary-seeds", 0, "--jobs", 1)[1:]]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    await_worker(process)
    lab.write("other", "#!/bin/sh\nexit 3\n").chmod(0o755)
    os.replace(lab.folder / "other", mine)
    text = process.communicate(timeout=120)[0]
    check("who replaces the program does not change the campaign", process.returncode == 0, text)


def changed_scenario(lab):
    before = (lab.scenarios / "long.toml").read_text()
    process = lab.start("--scenarios", "tiny,long", "--seeds", 4, "--canary-seeds", 0, "--jobs", 1, "--ledger", lab.folder / "mixed")
    await_worker(process)
    with open(lab.scenarios / "long.toml", "a") as scenario:
        scenario.write("# changed\n")
    text = process.communicate(timeout=120)[0]
    check("scenarios that change under a campaign make it red, and no night of the ledger", process.returncode == 14 and
          "RED: scenarios changed while the campaign ran" in text and not (lab.folder / "mixed" / "ledger.json").exists(), text)
    (lab.scenarios / "long.toml").write_text(before)


def killed_confirmation(lab):
    process = lab.start("--scenarios", "slow-fails", "--seeds", 1, "--canary-seeds", 0, "--jobs", 1)
    seen = []
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None and len(seen) < 2:
        seen += [pid for pid in workers_of(process.pid) if pid not in seen]
        time.sleep(0.002)
    if len(seen) < 2:
        return check("the replay of a failure was seen", False)
    os.kill(seen[1], signal.SIGKILL)
    text = process.communicate(timeout=60)[0]
    check("a failure stands, unconfirmed, when its replay is killed", process.returncode == 11 and
          "FAILED slow-fails seed 1: exit 11 liveness" in text and "not confirmed: the second run ended with killed" in text,
          text)


def odd_numbers(lab):
    for words in (("--seeds", -1), ("--seeds", 1, "--first-seed", -1), ("--minutes", "nan"), ("--seeds", 1, "--cpu-limit", 1e30),
                  ("--seeds", 1, "--max-failures", 0), ("--seeds", 3, "--first-seed", 2**64 - 2)):
        code, text = lab.run("--scenarios", "tiny", *words)
        check(f"{' '.join(map(str, words))}: refused", code == 1 and words[-2] in text, text)
    (lab.scenarios / "canary.toml").unlink()
    code, text = lab.run("--scenarios", "tiny", "--seeds", 1)
    check("a folder without a canary is refused", code == 1 and "holds no canary" in text, text)
    (lab.scenarios / "canary.toml").write_text(SCENARIOS["canary"])


def workers_of(pid):
    listing = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return [int(word) for word in listing.stdout.split()]


def await_worker(process):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not workers_of(process.pid):
        time.sleep(0.02)


def running_commands(lab):
    listing = subprocess.run(["ps", "-eo", "args="], capture_output=True, text=True).stdout
    return [line for line in listing.splitlines() if str(lab.scenarios) in line and " run " in line]


def failing(lab):
    out = lab.folder / "failing"
    ledger = lab.folder / "nights"
    base = ["--scenarios", "tiny,fails", "--seeds", 2, "--ledger", ledger]
    code, text = lab.run(*base, "--out", out, "--label", "one")
    results = [r for r in lab.results("failing") if r["scenario"] == "fails"]
    signature = results[0]["signature"]
    check("failures are confirmed, grouped and repeated by a line", code == 11 and
          all(r["confirmed"] and r["exit_code"] == 11 for r in results) and f"2 x {signature} (new)" in text and
          "orrery-sim run --scenario fails --seed " in text, text)
    own = [line for line in text.splitlines() if line.startswith("repro: orrery-sim run --scenario fails --seed ")]
    summary = [line for line in text.splitlines() if line.startswith("  orrery-sim run --scenario fails --seed ")]
    check("a run and the summary say how to repeat it", own and summary, text)
    for pasted in (line.split("orrery-sim ")[1] for line in (own + summary)):
        done = subprocess.run([lab.program, *pasted.split(), "--json"], capture_output=True, text=True, timeout=60)
        check("such a line works where it is pasted", done.returncode == 11 and
              json.loads(done.stdout)["signature"] == signature, (pasted, done.stdout, done.stderr))
    code, text = lab.run(*base, "--label", "two")
    check("the next night it is known", code == 11 and f"2 x {signature} (known)" in text, text)
    code, text = lab.run("--scenarios", "tiny", "--seeds", 2, "--ledger", ledger, "--label", "three")
    check("when it stays away it is gone", code == 0 and f"gone: {signature}" in text, text)
    code, text = lab.run(*base, "--label", "four")
    check("when it comes back it has regressed", code == 11 and f"2 x {signature} (regressed)" in text, text)
    code, text = lab.run("--scenarios", "fails", "--seeds", 1, "--baseline", out)
    check("an earlier campaign can be compared with", code == 11 and f"1 x {signature} (known)" in text, text)
    entry = f'[[failure]]\nsignature = "{signature}"\nreason = "planted"\nexpires = '
    code, text = lab.run("--scenarios", "tiny,fails", "--seeds", 1, "--known-failures",
                         lab.write("known.toml", entry + "2999-01-01\n"))
    check("a known failure is no red night", code == 0 and "excused until 2999-01-01" in text, text)
    code, text = lab.run("--scenarios", "tiny", "--seeds", 1, "--known-failures",
                         lab.write("expired.toml", entry + "2020-01-01\n"))
    check("an expired one is, even unseen", code == 14 and "has expired on 2020-01-01" in text, text)
    code, text = lab.run("--scenarios", "tiny", "--seeds", 1, "--known-failures", lab.write("bad.toml", "[[failure]]\n"))
    check("a bad list is refused with its line", code == 1 and "bad.toml:1: failure.signature: is missing" in text, text)


def blind(lab):
    (lab.scenarios / "canary.toml").write_text(SCENARIOS["canary"].split("[[fault]]")[0])
    code, text = lab.run("--scenarios", "tiny", "--seeds", 1)
    check("a canary that lives is red", code == 14 and "RED: canary canary seed 1 was not caught: exit 0 ok" in text, text)
    (lab.scenarios / "canary.toml").write_text(SCENARIOS["canary"])
    ledger = lab.folder / "blind-nights"
    code, text = lab.run("--scenarios", "tiny", "--seeds", 6, "--ledger", ledger, "--label", "one", "--canary-seeds", 0)
    check("a ledger is begun", code == 0 and (ledger / "ledger.json").exists(), text)
    tiny = (lab.scenarios / "tiny.toml").read_text()
    (lab.scenarios / "tiny.toml").write_text(tiny.split("[[fault]]")[0])
    code, text = lab.run("--scenarios", "tiny", "--seeds", 6, "--ledger", ledger, "--label", "two", "--canary-seeds", 0)
    check("a fault that does not happen any more is red", code == 14 and "RED: plan kill was not seen" in text, text)
    (ledger / "ledger.json").write_text((ledger / "ledger.json").read_text()[:100])
    code, text = lab.run("--scenarios", "tiny", "--seeds", 1, "--ledger", ledger)
    check("a cut ledger is refused by name", code == 1 and "ledger.json: is cut" in text, text)
    (lab.scenarios / "tiny.toml").write_text(tiny)


def limits(lab):
    code, text = lab.run("--scenarios", "long", "--seeds", 1, "--wall-limit", 1, "--canary-seeds", 0)
    check("a run beyond its wall time is incomplete", code == 15 and "undecided/wall-limit" in text and
          "0 seeds in" in text, text)
    code, text = lab.run("--scenarios", "long", "--seeds", 1, "--memory-mib", 5, "--canary-seeds", 0)
    check("a run beyond its memory is incomplete", code == 15 and "undecided/out-of-memory" in text, text)
    process = lab.start("--scenarios", "long", "--seeds", 1, "--canary-seeds", 0, "--jobs", 1, "--wall-limit", 200)
    await_worker(process)
    os.kill(workers_of(process.pid)[0], signal.SIGKILL)
    text = process.communicate(timeout=240)[0]
    check("a killed worker whose replay is well is not reproduced", process.returncode == 16 and
          "not_reproduced/undecided/killed" in text, text)


def small_files():
    """As on a disk that is full after 9 kB."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (9000, resource.RLIM_INFINITY))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def full_disk(lab):
    out = lab.folder / "full"
    code, text = lab.run("--scenarios", "tiny", "--seeds", 50, "--out", out, preexec_fn=small_files, restore_signals=False)
    results = lab.results("full")
    check("a full output disk ends it with a name and 14, whole lines stay",
          code == 14 and f"{out}/results.jsonl: " in text and len(results) > 0, text)
    run = [lab.program, "run", "--scenarios-dir", str(lab.scenarios), "--scenario", "tiny"]
    for option in ("--trace", "--events"):
        done = subprocess.run([*run, option, str(lab.folder / "cut.txt")], capture_output=True, text=True, timeout=60,
                              preexec_fn=small_files, restore_signals=False)
        check(f"{option} that is not whole is said, with 14", done.returncode == 14 and "cut.txt" in done.stderr, done.stderr)
    code, text = lab.run("--scenarios", "tiny", "--seeds", 1, "--out", "/proc/no/place")
    check("a folder that cannot be made is named", code == 14 and "/proc/no/place" in text, text)


def main():
    lab = Lab(sys.argv[1], sys.argv[2])
    for part in (ordinary, failing, blind, limits, full_disk, interrupted, cut_off_then_resumed, one_at_a_time,
                 replaced_program, changed_scenario, killed_confirmation, odd_numbers):
        part(lab)
    shutil.rmtree(lab.folder, ignore_errors=True)
    print(f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
