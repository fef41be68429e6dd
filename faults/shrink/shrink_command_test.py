"""orrery-sim shrink itself: a failure that must come (the canary) becomes small, can be interrupted, goes on; bad input."""

import json
import pathlib
import shutil
import signal
import subprocess
import sys
import time

SIMULATOR = pathlib.Path(sys.argv[1]).resolve()
LAB = pathlib.Path(sys.argv[2]).resolve()


def run(*words, code):
    done = subprocess.run([SIMULATOR, *map(str, words)], capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == code, f"{words}: exit {done.returncode}, not {code}\n{done.stdout}\n{done.stderr}"
    return done


def fails(*words):
    """The report of a run that ends by a broken law or a store that refuses to go on, and its exit code."""
    done = subprocess.run([SIMULATOR, *map(str, words), "--json"], capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode in (10, 12), f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return json.loads(done.stdout), done.returncode


def check_small(capsule, signature):
    replayed, _ = fails("replay", capsule)
    assert replayed["signature"] == signature and replayed["reproduced"], replayed
    assert not replayed["stale"], replayed["stale"]
    text = capsule.read_text()
    assert len(text) < 16 * 1024, len(text)
    story = pathlib.Path(f"{capsule}.story.txt").read_text().splitlines()
    assert 3 < len(story) <= 30, story
    assert any("FAULT" in line for line in story), story


AIMED = """title = "Disks whose fsync lies; faults wait for moments and are aimed"
[cluster]
stores = 5
spare_stores = 1
lying_fsync = true
[run]
safety_seconds = 25
[[workload]]
name = "register"
clients = 3
[[workload]]
name = "set"
clients = 2
[[fault]]
kind = "power_loss_all"
every_seconds = 12
lasts_seconds = [0.1, 1]
[[fault]]
kind = "kill"
every_seconds = 1.5
lasts_seconds = [0.1, 1]
[[fault]]
kind = "replace_store"
every_seconds = 4
"""
# Kinds with one target, with a peer, with all others behind it.
for kind, moment, aim in (("clog_pair", "election", "there"), ("partition_isolate", "election", "leader"),
                          ("slow_link", "election", "deposed"), ("clog_one_way", "change", "there"),
                          ("pause", "install", "there")):
    AIMED += f"""[[fault]]
kind = "{kind}"
moment = "{moment}"
aim = "{aim}"
every_seconds = 1
delay_seconds = [0, 0.05]
lasts_seconds = [0.1, 1]
"""


def check_aimed():
    """Faults that waited for moments are ordinary ones in a capsule: they go, and follow stores that get other names."""
    (LAB / "aimed.toml").write_text(AIMED)
    big, small = LAB / "aimed-1.capsule", LAB / "aimed-1.small.capsule"
    report, _ = fails("run", "--scenario", LAB / "aimed.toml", "--seed", 1, "--capsule", big)
    begun = report["plans"]
    assert {"clog_pair", "partition_isolate", "slow_link"} <= set(begun), begun
    run("shrink", big, "--out", small, code=0)
    check_small(small, report["signature"])
    for word in ("stores = 5", "spares = 1", "partition_isolate", "clog_pair"):
        assert word in big.read_text() and word not in small.read_text(), word


def main():
    shutil.rmtree(LAB, ignore_errors=True)
    LAB.mkdir(parents=True)
    big, small = LAB / "big.toml", LAB / "small.toml"
    report, code = fails("run", "--scenario", "canary", "--seed", 1, "--capsule", big)

    # An interrupt leaves what there is; the second start goes on, and what comes out does not depend on it.
    first = subprocess.Popen([SIMULATOR, "shrink", big, "--out", small], stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    tried = pathlib.Path(f"{small}.tried") / "tried.txt"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (tried.exists() and len(tried.read_text().splitlines()) > 8):
        time.sleep(0.02)
    first.send_signal(signal.SIGINT)
    assert first.wait(60) == 15, first.returncode
    run("replay", small, code=code)
    again = run("shrink", big, "--out", small, code=0)
    assert "known from an earlier start" in again.stdout, again.stdout
    check_small(small, report["signature"])
    straight = LAB / "straight.toml"
    run("shrink", big, "--out", straight, "--jobs", 2, code=0)
    assert straight.read_text() == small.read_text(), "who finished first made a difference"
    assert len(small.read_text()) < len(big.read_text()) / 5

    # Bad input, each with the word that says what is wrong.
    cut = LAB / "cut.toml"
    cut.write_text(big.read_text()[:2000])
    assert "cut.toml" in run("shrink", cut, code=1).stderr
    other = LAB / "other.toml"
    other.write_text(big.read_text().replace("version = 1", "version = 99", 1))
    assert "version" in run("shrink", other, code=1).stderr
    assert "nowhere.toml" in run("shrink", LAB / "nowhere.toml", code=1).stderr
    run("shrink", code=1)
    run("shrink", big, "--scenario", "canary", code=1)
    assert "nowhere" in run("shrink", "--scenario", "nowhere", code=1).stderr
    assert "fails too" in run("shrink", small, "--clean", SIMULATOR, "--out", LAB / "x.toml", code=16).stderr
    assert "cannot" in run("shrink", small, "--out", "/dev/full/x.toml", code=14).stderr
    kept, alias = small.read_text(), LAB / "alias.toml"
    alias.symlink_to(small)
    for own in (small, alias):
        assert "the capsule to begin with" in run("shrink", small, "--out", own, code=1).stderr
        assert small.read_text() == kept
    assert "no report" in run("shrink", small, "--program", "/bin/true", "--out", LAB / "y.toml", code=14).stderr
    passing = LAB / "passing.toml"
    run("run", "--scenario", "quiet", "--seed", 1, "--capsule", passing, code=0)
    assert "passes" in run("shrink", passing, code=1).stderr
    check_aimed()
    print("shrink: all good")


main()
