#!/usr/bin/env python3
"""What ci/shrink-mutants makes of its rows, without building anything."""
import pathlib
import tempfile
import types
import unittest
from unittest import mock

import mutants
import shrink_mutants


def row(mutant, signature="safety/x", hint="anywhere", **more):
    return {"mutant": mutant, "signature": signature, "cause_hint": hint, "faults": 1, "operations": 2, "bytes": 900,
            "cpu_seconds": 10, "reproduces": True, **more}


class Grouping(unittest.TestCase):
    def test_one_mutant_in_one_group_is_right(self):
        verdict = shrink_mutants.grouping([row("01-a"), row("01-a"), row("02-b", signature="safety/y")])
        self.assertEqual((verdict["precision"], verdict["recall"]), (1, 1))

    def test_two_mutants_in_one_group_cost_precision(self):
        verdict = shrink_mutants.grouping([row("01-a"), row("01-a"), row("02-b")])
        self.assertEqual((verdict["pairs_grouped"], verdict["pairs_right"]), (3, 1))
        self.assertEqual(verdict["recall"], 1)

    def test_one_mutant_in_two_groups_costs_recall(self):
        for other in ({"signature": "liveness/y"}, {"hint": "disks"}):
            verdict = shrink_mutants.grouping([row("01-a"), row("01-a"), row("01-a", **other)])
            self.assertEqual((verdict["pairs_together"], verdict["pairs_right"]), (3, 1))
            self.assertEqual(verdict["precision"], 1)

    def test_declared_alike_may_share_a_group(self):
        alike = sorted(shrink_mutants.declared_alike()[0])
        self.assertEqual(shrink_mutants.grouping([row(alike[0]), row(alike[1])])["precision"], 1)

    def test_without_pairs_nothing_is_claimed(self):
        verdict = shrink_mutants.grouping([row("01-a"), row("02-b", signature="safety/y")])
        self.assertEqual((verdict["precision"], verdict["recall"]), (None, None))


class Rows(unittest.TestCase):
    def test_declared_mutants_exist(self):
        names = {mutant.name for mutant in mutants.load_mutants("")}
        for one in shrink_mutants.declared_alike():
            self.assertGreaterEqual(len(one), 2)
            self.assertLessEqual(one, names)

    def test_figures_count_what_is_small_and_in_time(self):
        rows = [row("a"), row("b", cpu_seconds=400), row("c", operations=21), row("d", faults=11, reproduces=False)]
        figures = shrink_mutants.figures([[one] for one in rows])
        self.assertEqual((figures["small_within_5_minutes"], figures["small_within_15_minutes"]), (0.25, 0.5))
        self.assertEqual((figures["median_faults"], figures["median_operations"], figures["reproduce"]), (1, 2, 3))

    def test_a_failed_shrink_is_none_that_became_small(self):
        figures = shrink_mutants.figures([[row("a")], [{"mutant": "b", "error": "exit 14: no space"}]])
        self.assertEqual((figures["shrunk"], figures["failed"], figures["median_faults"]), (1, 1, 1))
        self.assertEqual((figures["small_within_5_minutes"], figures["small_within_15_minutes"]), (0.5, 0.5))

    def test_of_a_mutant_the_smaller_result_counts_and_any_that_is_small_in_time(self):
        failed = {"mutant": "a", "error": "exit 14: no space"}
        rows = [failed, row("a", operations=3, cpu_seconds=400), row("b"), row("a", operations=9, cpu_seconds=250), row("a", operations=34)]
        groups = shrink_mutants.by_mutant(rows)
        self.assertEqual([len(group) for group in groups], [4, 1])
        figures = shrink_mutants.figures(groups)
        self.assertEqual((figures["small_within_5_minutes"], figures["median_operations"], figures["failed"]), (1, 2.5, 0))
        # Eleven faults are not small, whatever their sum with the operations.
        many = [[row("c", faults=11, operations=0, cpu_seconds=1), row("c", faults=5, operations=10)]]
        self.assertEqual(shrink_mutants.figures(many)["median_faults"], 5)
        self.assertEqual(shrink_mutants.figures([[failed], [row("b")]])["failed"], 1)

    def test_the_summary_of_a_shrink_is_read(self):
        text = "story\n2 faults (of 18), 3 operations (of 3739), 2212 bytes, 794 runs in 40 s, 33 CPU s\nrepro: x\n"
        self.assertEqual(shrink_mutants.SUMMARY.search(text).groups(),
                         ("2", "18", "3", "3739", "2212", "794", "40", "33", None))
        self.assertIsNotNone(shrink_mutants.SUMMARY.search(text.replace("CPU s", "CPU s; the time is over: ...")).group(9))


class Shrinking(unittest.TestCase):
    """One failure, with a simulator that is none."""

    SHRUNK = """while [ $# -gt 1 ]; do shift; done  # --out is the last.
printf '[expected]\\nsignature = "safety/x"\\n' > $1
echo '2 faults (of 18), 3 operations (of 3739), 2212 bytes, 794 runs in 40 s, 33 CPU s'"""
    REPORT = """echo '{"signature": "safety/x", "kinds": ["pause"], "cause_hint": "anywhere"}'"""

    def shrink(self, shrinks, replays):
        with tempfile.TemporaryDirectory() as folder:
            simulator = pathlib.Path(folder) / "simulator"
            simulator.write_text(f'#!/bin/sh\nif [ $1 = replay ]; then {replays}; exit; fi\n{shrinks}\n')
            simulator.chmod(0o755)
            found = {"scenario": "disks", "seed": 7, "signature": "safety/x"}
            with mock.patch.object(mutants, "WORK", pathlib.Path(folder)), \
                    mock.patch.object(mutants, "simulator_of", lambda *_: simulator):
                row = shrink_mutants.shrink(types.SimpleNamespace(name="01-a", hash="h"), found, "tree", 1)
                kept = (pathlib.Path(folder) / "small" / "tree" / "h" / "disks-7.json").exists()
        self.assertEqual((row["mutant"], row["scenario"], row["seed"]), ("01-a", "disks", 7))
        self.assertEqual(kept, "error" not in row)
        return row

    def test_a_small_failure_is_a_row(self):
        row = self.shrink(self.SHRUNK, self.REPORT)
        self.assertEqual((row["faults"], row["operations"], row["kinds"], row["reproduces"]), (2, 3, ["pause"], True))

    def test_what_fails_is_a_row_that_is_tried_again(self):
        self.assertEqual(self.shrink("echo 'no space' >&2; exit 14", self.REPORT)["error"], "exit 14: no space")
        self.assertEqual(self.shrink(self.SHRUNK, "echo 'no capsule' >&2; exit 1")["error"],
                         "disks-7: the replay gave no report (exit 1): no capsule")


if __name__ == "__main__":
    unittest.main()
