#!/usr/bin/env python3
"""What ci/regressions decides, without building anything."""
import pathlib
import sys
import tempfile
import unittest

import regressions
from common import Failure

HEADER = "Regression: {name}\nBug: b\nFound: by a seed\nProbes: {probes}\n\ndiff --git a/x b/x\nProbes: not a header\n"


class Verdicts(unittest.TestCase):
    def test_the_clean_build_must_pass_and_reach_the_place(self):
        report = {"signature": "ok", "probes": {"a.b": 2, "c.d": 0}}
        self.assertIsNone(regressions.complaint_of_clean(report, []))
        self.assertIsNone(regressions.complaint_of_clean(report, ["a.b"]))
        self.assertIn("does not hit c.d, e.f", regressions.complaint_of_clean(report, ["a.b", "c.d", "e.f"]))
        self.assertIn("fails on the clean build", regressions.complaint_of_clean({"signature": "safety/x"}, []))
        self.assertIn("fails on the clean build", regressions.complaint_of_clean({}, []))

    def test_the_bug_must_show_as_it_did(self):
        self.assertIsNone(regressions.complaint_of_patched({"signature": "safety/x"}, "safety/x"))
        for other in ("ok", "safety/y", None):
            self.assertIn("not safety/x", regressions.complaint_of_patched({"signature": other}, "safety/x"))


class Loading(unittest.TestCase):
    def setUp(self):
        self.keep = regressions.FOLDER, regressions.ROOT
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name) / "faults" / "regressions"
        self.folder.mkdir(parents=True)
        regressions.FOLDER, regressions.ROOT = self.folder, pathlib.Path(self.temporary.name)

    def tearDown(self):
        regressions.FOLDER, regressions.ROOT = self.keep
        self.temporary.cleanup()

    def write(self, name, patch=None, capsule='version = 1\n[expected]\nsignature = "safety/x"\n'):
        if capsule is not None:
            (self.folder / f"{name}.capsule").write_text(capsule)
        if patch is not None:
            (self.folder / f"{name}.patch").write_text(patch)

    def test_a_pair_is_read(self):
        self.write("one", HEADER.format(name="one", probes="a.b, c.d"))
        self.write("two", HEADER.format(name="two", probes="none"))
        one, two = regressions.load()
        self.assertEqual((one.name, one.signature, one.probes), ("one", "safety/x", ["a.b", "c.d"]))
        self.assertEqual(two.probes, [])
        self.assertEqual([r.name for r in regressions.load("tw")], ["two"])
        with self.assertRaisesRegex(Failure, "no regression is called typo, three"):
            regressions.load("one,typo,three")

    def test_what_is_missing_is_named(self):
        self.assertEqual(regressions.load(), [])
        self.write("one")
        with self.assertRaisesRegex(Failure, r"one\.patch is missing"):
            regressions.load()
        self.write("one", "Regression: one\nBug: b\n\ndiff --git a/x b/x\nFound: no header\n")
        with self.assertRaisesRegex(Failure, "the header lacks Found, Probes"):
            regressions.load()
        self.write("one", HEADER.format(name="other", probes="none"))
        with self.assertRaisesRegex(Failure, "names another one: other"):
            regressions.load()
        self.write("one", HEADER.format(name="one", probes="none"))
        self.write("alone", HEADER.format(name="alone", probes="none"), capsule=None)
        with self.assertRaisesRegex(Failure, "without a capsule: alone.patch"):
            regressions.load()

    def test_every_regression_of_the_project_can_be_read(self):
        regressions.FOLDER, regressions.ROOT = self.keep
        for regression in regressions.load():
            self.assertTrue(regression.signature and regression.signature != "ok", regression.name)


if __name__ == "__main__":
    sys.exit(unittest.main())
