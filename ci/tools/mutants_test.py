#!/usr/bin/env python3
"""What ci/mutants makes of its hunts, without building anything."""
import argparse
import contextlib
import io
import math
import pathlib
import tempfile
import unittest
from unittest import mock

import mutants


def hunted(detections, runs, enough):
    return {"detections": detections, "runs": runs, "enough": enough}


class Rates(unittest.TestCase):
    def test_the_end_of_a_hunt_decides_how_its_rate_is_reckoned(self):
        self.assertEqual(mutants.rate_of(hunted(5, 5, True)), 1)
        self.assertEqual(mutants.rate_of(hunted(5, 41, True)), 0.1)
        self.assertEqual(mutants.rate_of(hunted(4, 40, False)), 0.1)
        self.assertEqual(mutants.rate_of(hunted(0, 40, False)), 0)
        self.assertEqual(mutants.rate_of(hunted(0, 0, False)), 0)
        self.assertEqual(mutants.rate_of(hunted(1, 10, True)), 0.1)  # Too high, as the page says.

    def test_on_average_it_is_the_true_rate(self):
        """Over all hunts that end with the third hit or the 30th run, weighed by how likely they are."""
        for true_rate in (0.02, 0.1, 0.5):
            def chance(hits, runs, of):
                return of * true_rate**hits * (1 - true_rate)**(runs - hits)

            average = sum(chance(3, runs, math.comb(runs - 1, 2)) * mutants.rate_of(hunted(3, runs, True))
                          for runs in range(3, 31))
            average += sum(chance(hits, 30, math.comb(30, hits)) * mutants.rate_of(hunted(hits, 30, False))
                           for hits in range(3))
            self.assertAlmostEqual(average, true_rate)


def caught(**more):
    return {"caught": True, "scenario": "disks", "seed": 1, "law": "durable-quorum", "marker": 1, "seeds": 3, "cpu_seconds": 1.2,
            "detections": 5, "runs": 24, "enough": True, "cpu_spent": 9.0, "odd": [], **more}


def survived(**more):
    return caught(**{"caught": False, "story": "laws silent", "detections": 0, "enough": False, "cpu_spent": 1201.0, **more})


class Page(unittest.TestCase):
    """What a run leaves behind of the project's mutants, in a folder that is not the project's."""

    def setUp(self):
        self.mutants = mutants.load_mutants("")
        self.temporary = tempfile.TemporaryDirectory()
        (pathlib.Path(self.temporary.name) / "docs").mkdir()
        self.page = pathlib.Path(self.temporary.name) / "docs" / "mutants.md"
        self.arguments = argparse.Namespace(cpu_seconds=1200, detections=5, seeds=100000)

    def tearDown(self):
        self.temporary.cleanup()

    def report(self, kept):
        before = self.page.read_text() if self.page.exists() else None

        def unchanged(*_):  # A page written before would be a change that the result's name tells of.
            self.assertEqual(self.page.read_text() if self.page.exists() else None, before)

        with mock.patch.object(mutants, "ROOT", pathlib.Path(self.temporary.name)), \
                mock.patch.object(mutants, "write_result", side_effect=unchanged) as written, \
                contextlib.redirect_stdout(io.StringIO()) as said:
            mutants.report({"01-x": caught()}, kept, self.arguments)
        written.assert_called_once()
        return said.getvalue()

    def test_with_a_result_of_each_it_is_written(self):
        kept = {mutant.hash: caught() for mutant in self.mutants}
        kept[self.mutants[3].hash] = survived()
        self.assertEqual(self.report(kept), "")
        text = self.page.read_text()
        self.assertIn(f": {len(self.mutants) - 1} of {len(self.mutants)} caught; median 3 seeds and 1 CPU seconds.\n", text)
        self.assertIn("up to\n5 times or 1200 CPU seconds", text)
        self.assertIn("| 5 of 24 | 17.4 % (9.2 to 40.5) | yes |\n", text)
        self.assertIn(f"| {self.mutants[3].name} | **survived**: laws silent |", text)
        self.assertEqual(text.count("\n| "), len(self.mutants) + 1)

    def test_if_one_is_missing_or_was_cut_short_it_stays(self):
        self.page.write_text("as it was")
        kept = {mutant.hash: caught() for mutant in self.mutants[2:]}
        kept[self.mutants[0].hash] = survived(cpu_spent=60)  # An earlier run had less to spend.
        there, of = len(self.mutants) - 2, len(self.mutants)
        self.assertEqual(self.report(kept), f"docs/mutants.md stays as it is: {there} of {of} mutants have results on this tree\n")
        self.assertEqual(self.page.read_text(), "as it was")


class Time(unittest.TestCase):
    def hunt_all(self, kept, minutes):
        arguments = argparse.Namespace(cpu_seconds=1200, detections=5, seeds=100000, minutes=minutes)
        self.mutants = mutants.load_mutants("")[:4]
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(mutants, "WORK", pathlib.Path(folder)), \
                mock.patch.object(mutants, "build_mutant"), mock.patch.object(mutants, "hunt", lambda *_: caught()), \
                mock.patch.object(mutants.time, "monotonic", iter(range(0, 1000, 60)).__next__), \
                contextlib.redirect_stdout(io.StringIO()) as said:
            return mutants.hunt_all(self.mutants, None, "tree", kept, arguments), said.getvalue()

    def test_when_it_is_over_none_is_begun_and_the_last_line_says_so(self):
        results, said = self.hunt_all({}, minutes=1.5)  # Every look at the clock is a minute later.
        self.assertEqual(list(results), [mutant.name for mutant in self.mutants[:1]])
        self.assertEqual(said.count("not begun, the time is over"), 3)
        self.assertEqual(mutants.judge(self.mutants, results), ("1 of 1 caught, 3 not begun in time", 0))

    def test_what_is_known_takes_none(self):
        known = mutants.load_mutants("")[3]
        results, _ = self.hunt_all({known.hash: survived()}, minutes=1.5)
        self.assertEqual(list(results), [self.mutants[0].name, known.name])
        self.assertEqual(mutants.judge(self.mutants, results), ("1 of 2 caught, 2 not begun in time", 1))

    def test_without_a_limit_all_are_hunted(self):
        results, _ = self.hunt_all({}, minutes=0)
        self.assertEqual(mutants.judge(self.mutants, results), ("4 of 4 caught", 0))


if __name__ == "__main__":
    unittest.main()
