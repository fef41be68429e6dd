#!/usr/bin/env python3
"""What ci/nightly makes of its steps, without running one."""
import contextlib
import errno
import io
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
