#!/usr/bin/env python3
"""Every workload leaves a history, and `orrery-sim check` says of the file what the run said of its law.

histories_test.py ORRERY ORRERY-SIM
"""
import glob
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "bad_input"))
import harness  # noqa: E402  (found through the path above)

# docs/checkers.md, "Histories of workloads"
MODELS = {"register": "cas-register", "set": "set-law", "counter": "counter", "batch": "register"}
HOLDS, BAD_HISTORY, BROKEN = 0, 1, 10

SCENARIO = """
title = "Every workload, no fault"
[cluster]
stores = 3
[run]
safety_seconds = 4
""" + "".join(f"""
[[workload]]
name = "{name}"
clients = 2
keys = 3
pause_seconds = [0.001, 0.01]
""" for name in [*MODELS, "set"])  # The last one: two of a kind do not meet.


def check(path, model):
    return harness.run("check", path, "--model", model, program=harness.SIMULATOR)


def events(path):
    with open(path) as file:
        return [json.loads(line) for line in file]


class Histories(harness.Case):
    def assert_equal_verdicts(self, path, model):
        """The file holds; with one answer forged, it is broken; cut, it is refused."""
        code, out, err = check(path, model)
        self.assertEqual(code, HOLDS, out + err)
        rows = events(path)
        answer = next(event["ops"][0] for event in reversed(rows)
                      if event.get("type") == "ok" and event["ops"][0][0] == "r")
        if isinstance(answer[2], list):
            answer[2].append("damaged value")
        else:
            answer[2] = "damaged value"
        forged = self.write("forged.jsonl", "".join(json.dumps(event) + "\n" for event in rows))
        code, out, err = check(forged, model)
        self.assertEqual(code, BROKEN, out + err)
        self.assertIn("damaged value", out)
        cut = self.write("cut.jsonl", "".join(json.dumps(event) + "\n" for event in rows[:-1]))
        code, out, err = check(cut, model)
        self.assertEqual(code, BAD_HISTORY, out + err)
        self.assertIn(f"line {len(rows) - 1}: the file is cut", err)

    def test_simulator(self):
        scenario = self.write("all.toml", SCENARIO)
        code, out, err = harness.run("run", "--scenario", scenario, "--seed", 7, "--histories", self.dir,
                                     program=harness.SIMULATOR, timeout=60)
        self.assertEqual(code, HOLDS, out + err)
        paths = sorted(glob.glob(self.path("*[0-9].jsonl")))
        names = [os.path.basename(path).split(".")[0][:-1] for path in paths]
        self.assertEqual(names, sorted([*MODELS, "set"]))
        for name, path in zip(names, paths):
            self.assert_equal_verdicts(path, MODELS[name])


class RealCluster(harness.Cluster, Histories):
    test_simulator = None

    def test_every_workload_twice(self):
        """Twice: what an earlier run left behind is not held against a later one."""
        self.boot()
        path = self.path("history.jsonl")
        for name in [*MODELS, *MODELS]:
            code, out, err = harness.run("workload", "run", name, "-c", self.config, "--seconds", 0.5, "--clients", 3,
                                         "--keys", 3, "--history", path, "-o", "json", timeout=60)
            self.assertEqual(code, HOLDS, out + err)
            self.assertEqual(json.loads(out)["verdict"], "held")
            self.assertGreater(len(events(path)), 10)
            self.assert_equal_verdicts(path, MODELS[name])

    def test_a_history_that_cannot_be_written_is_said_at_once(self):
        self.boot()
        code, out, err = harness.run("workload", "run", "set", "-c", self.config, "--seconds", 60, "--history",
                                     self.path("nowhere/history.jsonl"))
        self.assertEqual(code, harness.STORAGE, out + err)
        self.assertIn("cannot write", err)


if __name__ == "__main__":
    harness.main("__main__")
