#!/usr/bin/env python3
"""What ci/nightly makes of its steps, without running one."""
import contextlib
import errno
import io
import json
import pathlib
import tempfile
import unittest
from unittest import mock

import nightly
from common import Failure


def quietly():
    return contextlib.redirect_stdout(io.StringIO())


class Steps(unittest.TestCase):
    def night(self, function):
        """One night with a step of that kind and one behind it."""
        night = nightly.Night(minutes=60)
        with quietly():
            night.step("first", 0.5, 1, function)
            night.step("second", 0.5, 1, lambda seconds: "fine")
        self.assertEqual(night.rows[1][:2], ["second", "fine"])
        return night

    def test_a_failure_is_told_and_the_next_go_on(self):
        def fails(_):
            raise Failure("3 seeds failed (exit 10)\nthe log")

        night = self.night(fails)
        self.assertEqual(night.rows[0][1], "FAILED: 3 seeds failed (exit 10)")
        self.assertTrue(night.failed())
        self.assertIn("the log", night.notes[0])

    def test_so_is_what_nobody_thought_of(self):
        def full(_):
            raise OSError(errno.ENOSPC, "No space left on device", "campaign.log")

        night = self.night(full)
        self.assertEqual(night.rows[0][1], "FAILED: OSError: [Errno 28] No space left on device: 'campaign.log'")
        self.assertTrue(night.failed())
        self.assertIn("in full\n", night.notes[0])  # The traceback.
        self.assertEqual(self.night(lambda _: {}["seed"]).rows[0][1], "FAILED: KeyError: 'seed'")

    def test_who_stops_the_night_stops_it(self):
        for stop in (KeyboardInterrupt, SystemExit):
            with self.assertRaises(stop), quietly():
                nightly.Night(minutes=60).step("first", 0.5, 1, mock.Mock(side_effect=stop))

    def test_a_good_night_has_not_failed(self):
        self.assertFalse(self.night(lambda seconds: None).failed())


class Only(unittest.TestCase):
    def test_a_step_that_is_not_there_is_named(self):
        for only in ("typo", "campaign,typo"):
            with mock.patch("sys.argv", ["ci/nightly", "1", "--only", only]), mock.patch.object(nightly, "build") as build:
                with self.assertRaisesRegex(Failure, "no step is called typo; there are: regressions, campaign"):
                    nightly.main()
            build.assert_not_called()


class Folder(unittest.TestCase):
    """With a report folder that is not the project's."""

    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.temporary.name)
        self.folder = self.root / "build" / "nightly"
        for name, value in (("ROOT", self.root), ("FOLDER", self.folder)):
            patch = mock.patch.object(nightly, name, value)
            patch.start()
            self.addCleanup(patch.stop)
        self.addCleanup(self.temporary.cleanup)


class Logs(Folder):
    def setUp(self):
        super().setUp()
        self.folder.mkdir(parents=True)

    def run_logged(self, script, timeout=30):
        return nightly.run_logged(["sh", "-c", script], "x.log", timeout)

    def test_the_last_line_is_the_verdict(self):
        self.assertEqual(self.run_logged("echo one; echo 5 of 5 caught; echo"), "5 of 5 caught")

    def test_a_failure_quotes_the_end(self):
        for count in (3, 20, 30):
            with self.assertRaises(Failure) as failed:
                self.run_logged(f"seq {count}; exit 3")
            first, *quoted = str(failed.exception).splitlines()
            self.assertEqual(first, f"{count} (exit 3)")
            self.assertEqual(quoted, [str(i) for i in range(max(1, count - 24), count + 1)])

    def test_what_does_not_end_is_stopped(self):
        with self.assertRaisesRegex(Failure, "sh did not end within 0 s; see build/nightly/x.log"):
            self.run_logged("sleep 60", timeout=0.2)


TABLE = "scenario  seeds\ndisks  1\n1 seeds in 3.0 s with 1 jobs: 0.33 seeds/s\ncanaries: 3 of 3 caught\nverdict: ok (0)\n"


class Campaign(Folder):
    """The step with a program that is none of ours."""

    def setUp(self):
        super().setUp()
        self.folder.mkdir(parents=True)
        self.night = nightly.Night(minutes=60)

    def campaign(self, script, results=()):
        program = self.root / "orrery-sim"
        program.write_text("#!/bin/sh\n" + script)
        program.chmod(0o755)
        (self.folder / "campaign").mkdir(exist_ok=True)
        (self.folder / "campaign" / "results.jsonl").write_text("".join(json.dumps(one) + "\n" for one in results))
        with mock.patch.object(nightly, "program", lambda name: program):
            return nightly.campaign(self.night, 60)

    def why(self, script):
        with self.assertRaises(Failure) as failed:
            self.campaign(script)
        return str(failed.exception)

    def test_seeds_are_counted_by_what_became_of_them(self):
        green = {"outcome": "ok", "exit_code": 0, "double_run": "equal"}
        known = {"outcome": "no-progress", "exit_code": 11, "double_run": "equal"}
        killed = {"outcome": "killed", "exit_code": 15, "double_run": "none"}
        self.assertRegex(self.campaign("", [green, green]), r"^2 seeds green, each run twice, from seed \d+$")
        self.assertRegex(self.campaign("", [green, known, killed, known, {**green, "double_run": "none"}]),
                         r"^1 seeds green, each run twice, from seed \d+, 2 excused as known failures, 1 without a result, 1 run once$")

    def test_a_red_one_ends_with_its_verdict(self):
        self.assertEqual(self.why("echo 'words of a seed' >&2; echo 'verdict: safety (10)'; exit 10"),
                         "verdict: safety (10) (exit 10)")

    def test_an_error_is_told_wherever_it_stands(self):
        error = "orrery-sim: IO_ERROR: build/ledger/ledger.json: Not a directory"
        table = f"printf '{TABLE}'; "
        for script in (f"echo '{error}' >&2; {table} exit 14", f"{table} echo '{error}' >&2; exit 14",
                       f"{table} echo '{error}'; exit 14", f"echo '{error}'; echo '3 seeds are finished and kept'; exit 14"):
            self.assertEqual(self.why(script), f"{error} (exit 14)")
            self.assertIn(error, self.night.notes[-1])
            if table in script:
                self.assertIn("scenario  seeds", self.night.notes[-1])
                self.assertIn("verdict: ok (0)", self.night.notes[-1])

    def test_so_are_last_words_of_another_kind(self):
        self.assertEqual(self.why("echo 'what(): bad_alloc' >&2; echo '30 s: 2 seeds'; exit 134"), "what(): bad_alloc (exit 134)")
        self.assertEqual(self.why("echo '30 s: 2 seeds'; exit 9"), "30 s: 2 seeds (exit 9)")
        self.assertEqual(self.why("exit 9"), "no output (exit 9)")

    def test_one_that_never_began_has_its_note(self):
        with mock.patch.object(nightly, "start", side_effect=Failure("cannot start")):
            self.assertEqual(self.why(""), "cannot start")
        self.assertIn("## Campaign", self.night.notes[0])


class LastNight(Folder):
    def start(self, content):
        with contextlib.redirect_stdout(io.StringIO()) as said:
            nightly.keep_last_night()
        self.assertEqual(list(self.folder.iterdir()), [])
        (self.folder / "summary.md").write_text(content)
        return said.getvalue()

    def test_one_report_before_this_one_is_kept(self):
        previous = self.root / "build" / "nightly.previous" / "summary.md"
        self.assertEqual(self.start("one"), "")
        self.assertEqual(self.start("two"), "the last report is kept: build/nightly.previous\n")
        self.assertEqual(previous.read_text(), "one")
        self.start("three")
        self.assertEqual(previous.read_text(), "two")


if __name__ == "__main__":
    unittest.main()
