#!/usr/bin/env python3
"""Runs sim-echo in several processes and checks what only several processes can show.

usage: determinism_test.py SIM_ECHO WORK_DIR
"""
import os
import subprocess
import sys

failures = []


def check(claim, holds, detail=""):
    print(("ok    " if holds else "FAILED"), claim)
    if not holds:
        failures.append(claim)
        print(detail)


def run(program, *arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def run_pair(program, folder, name, *arguments):
    """The same run with both allocators: outputs, and the comparison of their events."""
    outputs, files = [], []
    for allocator in ("shuffle", "never-reuse"):
        files.append(os.path.join(folder, f"{name}-{allocator}.events"))
        outputs.append(run(program, "--allocator", allocator, "--events", files[-1], *arguments))
    return outputs, run(program, "--compare", *files)


def main():
    program, folder = sys.argv[1], sys.argv[2]
    os.makedirs(folder, exist_ok=True)
    seen = set()
    for seed in range(1, 6):
        base = ("--seed", seed, "--seconds", 2, "--write-every", 20, "--chaos")
        (first, second), compared = run_pair(program, folder, "clean", *base)
        check(f"seed {seed}: two processes, two allocators, one fingerprint", first[:2] == second[:2] and first[0] == 0,
              f"{first}\n{second}\n{compared}")
        check(f"seed {seed}: the event files are equal", compared[0] == 0, compared)
        plain = run(program, *base)
        check(f"seed {seed}: the plain allocator agrees", plain[1] == first[1], f"{plain}\n{first}")
        seen.add(first[1])
    check("every seed is another run", len(seen) == 5)

    differing, named = 0, 0
    for seed in range(1, 6):
        _, compared = run_pair(program, folder, "planted", "--seed", seed, "--seconds", 1, "--nodes", 9, "--planted")
        differing += compared[0] == 13
        named += "first differing event: number" in compared[1] and "  second " in compared[1]
    sanitized = "--sanitized" in sys.argv
    if not sanitized:
        check("an order by heap address is found", differing >= 4, f"{differing} of 5")
    check("and the first differing event is named", named == differing, compared[1])

    crashes = {"abort": "asked for", "segv": "Segmentation fault", "time": "node code called clock_gettime",
               "getenv": "node code called getenv"}
    for how, words in crashes.items():
        if sanitized and how != "abort":
            continue
        code, _, errors = run(program, "--seed", 3, "--crash", how)
        check(f"a node that does '{how}' ends with code 12", code == 12, f"{code}\n{errors}")
        check("  and the report says what, where and how to repeat it",
              words in errors and "in node node1 boot 1" in errors and "repro: sim-echo --seed 3" in errors, errors)
    check("bad usage ends with code 1", run(program, "--nonsense")[0] == 1 and run(program, "--allocator", "x")[0] == 1)
    check("a missing event file is named", "nothing-here" in run(program, "--compare", "nothing-here", "x")[2])
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
