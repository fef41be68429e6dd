#!/usr/bin/env python3
"""What ci/bisect decides, without building anything."""
import pathlib
import sys
import tempfile
import unittest

from bisect_capsule import OTHER, SAME, UNKNOWN, expected_signature, search, verdict_of
from common import Failure, Finished


class Search(unittest.TestCase):
    def test_finds_the_first_that_shows_it_with_few_judgements(self):
        for count in range(2, 40):
            for first in range(1, count):
                asked = []

                def judge(i):
                    asked.append(i)
                    return SAME if i >= first else OTHER

                self.assertEqual(search(count, judge), (first - 1, first))
                self.assertLessEqual(len(asked), count.bit_length())
                self.assertEqual(len(asked), len(set(asked)))

    def test_commits_that_cannot_tell_are_left_out(self):
        for first in range(1, 20):
            for blind in range(1, 19):
                judge = lambda i: UNKNOWN if i == blind else SAME if i >= first else OTHER
                low, high = search(20, judge)
                if blind in (first - 1, first) and 0 < blind < 19:
                    self.assertLessEqual((low, high), (first, first + 1))
                    self.assertTrue(low < first <= high)
                else:
                    self.assertEqual((low, high), (first - 1, first))

    def test_if_nobody_can_tell_it_ends_and_says_all(self):
        self.assertEqual(search(10, lambda i: UNKNOWN), (0, 9))
        self.assertEqual(search(2, lambda i: self.fail("there is nothing to ask")), (0, 1))


class Verdicts(unittest.TestCase):
    @staticmethod
    def verdict(output, exit_code=10, signature="safety/lost-write"):
        return verdict_of(Finished(exit_code, output, "", 1.0), signature)

    def test_the_last_report_counts(self):
        self.assertEqual(self.verdict('noise\n{"signature":"safety/lost-write"}\n'), SAME)
        self.assertEqual(self.verdict('{"signature":"ok"}\n'), OTHER)
        self.assertEqual(self.verdict('{"signature":"liveness/no-progress"}\n'), OTHER)

    def test_no_report_says_nothing(self):
        for output in ("", "orrery-sim: no such command\n", "{cut", '{"exit_code":10}\n', '{"signature":"saf'):
            self.assertEqual(self.verdict(output), UNKNOWN)

    def test_a_harness_that_fails_and_a_run_undecided_say_nothing(self):
        harness = '{"signature":"harness/harness-crashed/runtime/base/heap.h: used_ > 0","exit_code":14}\n'
        undecided = '{"signature":"undecided/undecided","exit_code":15}\n'
        for code in (14, 16):  # A replay that does not show what it promised ends with a code of its own.
            self.assertEqual(self.verdict(harness, code), UNKNOWN)
        self.assertEqual(self.verdict(undecided, 16), UNKNOWN)
        self.assertEqual(self.verdict('{"signature":"ok","exit_code":0}\n', 14), UNKNOWN)
        self.assertEqual(self.verdict('{"signature":"ok","exit_code":0}\n', 16), OTHER)
        self.assertEqual(self.verdict(undecided, 15, "undecided/undecided"), SAME)

    def test_the_signature_is_read_from_the_capsule(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "c.toml"
            path.write_text('version = 1\n[expected]\nsignature = "a/b"\n')
            self.assertEqual(expected_signature(path), "a/b")
            for bad in ("", "[expected", "expected = 3", "\x00"):
                path.write_text(bad)
                with self.assertRaises(Failure):
                    expected_signature(path)
            with self.assertRaises(Failure):
                expected_signature(path.with_name("none"))

    def test_a_capsule_that_expects_no_failure_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "c.toml"
            path.write_text('version = 1\n[expected]\nsignature = "ok"\n')
            with self.assertRaisesRegex(Failure, "expects no failure"):
                expected_signature(path)


if __name__ == "__main__":
    sys.exit(unittest.main())
