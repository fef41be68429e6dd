#!/usr/bin/env python3
"""What ci/shrink-mutants makes of its rows, without building anything."""
import unittest

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
        figures = shrink_mutants.figures(rows)
        self.assertEqual((figures["small_within_5_minutes"], figures["small_within_15_minutes"]), (0.25, 0.5))
        self.assertEqual((figures["median_faults"], figures["median_operations"], figures["reproduce"]), (1, 2, 3))

    def test_the_summary_of_a_shrink_is_read(self):
        text = "story\n2 faults (of 18), 3 operations (of 3739), 2212 bytes, 794 runs in 40 s, 33 CPU s\nrepro: x\n"
        self.assertEqual(shrink_mutants.SUMMARY.search(text).groups(),
                         ("2", "18", "3", "3739", "2212", "794", "40", "33", None))
        self.assertIsNotNone(shrink_mutants.SUMMARY.search(text.replace("CPU s", "CPU s; the time is over: ...")).group(9))


if __name__ == "__main__":
    unittest.main()
