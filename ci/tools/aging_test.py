#!/usr/bin/env python3
"""What ci/aging makes of replays, without building anything."""
import collections
import contextlib
import io
import pathlib
import tempfile
import unittest
from unittest import mock

import aging
from common import Failure


def row(recorded, later, **more):
    """A mutant whose two capsules fail alike."""
    return {"recorded": recorded, "shrunk": recorded, "later": {"c": later and {"recorded": later, "shrunk": later}}, **more}


def fresh():
    """One that was replayed on no later commit yet."""
    return {**row("safety/x", None), "later": {}}


class SameLaw(unittest.TestCase):
    def test_a_later_commit_may_say_more_or_less(self):
        self.assertTrue(aging.same_law("safety/replica-divergence", "safety/replica-divergence/fewer-pairs"))
        self.assertTrue(aging.same_law("liveness/no-progress/settle", "liveness/no-progress/compare"))
        self.assertTrue(aging.same_law("node_crashed/unexplained-exit/CORRUPTION", "node_crashed/unexplained-exit/CORRUPTION: log"))

    def test_another_law_or_another_place_is_another_failure(self):
        self.assertFalse(aging.same_law("safety/replica-divergence", "safety/nonlinearizable"))
        self.assertFalse(aging.same_law("node_crashed/raft/ready.cc: a", "node_crashed/raft/ready.cc: b"))

    def test_a_run_that_passes_is_lost(self):
        self.assertFalse(aging.same_law("safety/replica-divergence", "ok"))
        self.assertFalse(aging.same_law("safety/replica-divergence", ""))


class LaterSignature(unittest.TestCase):
    def answer(self, script):
        with tempfile.TemporaryDirectory() as folder:
            simulator = pathlib.Path(folder) / "simulator"
            simulator.write_text("#!/bin/sh\n" + script)
            simulator.chmod(0o755)
            with contextlib.redirect_stdout(io.StringIO()) as said:
                return aging.later_signature(simulator, pathlib.Path("a.toml")), said.getvalue()

    def test_a_report_has_it(self):
        self.assertEqual(self.answer("""echo '{"signature": "safety/x"}'; exit 10"""), ("safety/x", ""))

    def test_a_refused_capsule_is_a_loss(self):
        signature, said = self.answer("echo 'a.toml: format 1 is too old' >&2; exit 1")
        self.assertEqual(signature, "refused")
        self.assertIn("format 1 is too old", said)
        self.assertFalse(aging.same_law("safety/x", signature))


class Summary(unittest.TestCase):
    def test_lost_touched_and_left_out_are_told_apart(self):
        rows = {"01-a": row("safety/x", "safety/x"), "02-b": row("safety/x", "ok"), "03-c": row("safety/x", None),
                "04-d": {"skipped": "does not apply"}, "05-e": {**row("safety/x", None), "later": {"c": aging.UNBUILT}},
                "06-f": {"failed": "shrinking disks 7: exit 14"}}
        verdict = aging.summary(rows, "c")
        self.assertEqual(verdict["mutants"], 2)
        self.assertEqual(verdict["touched"], ["03-c"])
        self.assertEqual(verdict["unbuilt"], ["05-e"])
        for form in aging.FORMS:
            self.assertEqual(verdict[form], {"same_law": 1, "lost": ["02-b"]})
        self.assertEqual(aging.conclude(rows, {"c": verdict}),
                         ("2 of 4 replays fail for the same law (50 %); 1 builds with a mutant left out: they do not compile; "
                          "1 mutants failed", 1))

    def test_one_failed_mutant_is_enough(self):
        rows = {"01-a": row("safety/x", "safety/x")}
        good = "2 of 2 replays fail for the same law (100 %)"
        self.assertEqual(aging.conclude(rows, {"c": aging.summary(rows, "c")}), (good, 0))
        rows["02-b"] = {"failed": "shrinking disks 7: exit 14"}
        self.assertEqual(aging.conclude(rows, {"c": aging.summary(rows, "c")}), (good + "; 1 mutants failed", 1))
        with self.assertRaisesRegex(Failure, "nothing was replayed"):
            aging.conclude(rows, {})


Mutant = collections.namedtuple("Mutant", "name hash path")


class Tree:
    """A worktree in which what is called 02-b does not compile, 03-c does not apply."""

    def __init__(self):
        self.patched = None

    def check_out(self, commit):
        assert self.patched is None

    def apply(self, patch):
        if patch == "03-c":
            return "error: patch does not apply"
        self.patched = patch
        return None

    def clean(self):
        self.patched = None

    def build_simulator(self, keep_as=None):
        if self.patched == "02-b":
            raise Failure("building release: exit 1: ready.cc:7: error: no such member")
        return "simulator"


class Builds(unittest.TestCase):
    """What goes wrong with one mutant is told, kept, and stops no other."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        for name, value in (("WORK", pathlib.Path(temporary.name)), ("TREE", Tree())):
            patch = mock.patch.object(aging, name, value)
            patch.start()
            self.addCleanup(patch.stop)
        self.kept = aging.Kept("base")
        self.wanted = [Mutant(name, "h", path=name) for name in ("01-a", "02-b", "03-c", "04-d")]

    def rows(self):
        return [self.kept.load(mutant) for mutant in self.wanted]

    def record_all(self, failing=()):
        def record(mutant, *_):
            self.asked.append(mutant.name)
            if mutant.name in failing:
                raise Failure("shrinking disks 7: exit 14: no space")
            return fresh()

        self.asked = []
        with mock.patch.object(aging, "record", record), contextlib.redirect_stdout(io.StringIO()) as said:
            aging.record_all(self.wanted, "base", self.kept, None)
        return said.getvalue()

    def test_where_capsules_are_made(self):
        said = self.record_all(failing=["01-a"])
        self.assertIn("02-b does not compile: building release: exit 1: ready.cc:7: error: no such member", said)
        self.assertIn("01-a: shrinking disks 7: exit 14: no space", said)
        failed = {"failed": "shrinking disks 7: exit 14: no space"}
        self.assertEqual(self.rows(), [failed, aging.UNBUILT, {"skipped": "does not apply"}, fresh()])
        self.record_all()
        self.assertEqual(self.asked, ["01-a"])  # What failed is tried again, and nothing else.
        self.assertEqual(self.rows()[0], fresh())

    def test_where_they_are_replayed(self):
        for mutant in self.wanted:
            self.kept.save(mutant, fresh())
        self.kept.save(self.wanted[3], {"failed": "shrinking disks 7: exit 14"})
        with mock.patch.object(aging, "later_signature", lambda *_: "safety/x"), \
                contextlib.redirect_stdout(io.StringIO()) as said:
            aging.replay_all(self.wanted, "c", self.kept)
        self.assertEqual([one.get("later", {}).get("c") for one in self.rows()],
                         [{"recorded": "safety/x", "shrunk": "safety/x"}, aging.UNBUILT, None, None])
        self.assertIn("02-b does not compile", said.getvalue())
        with mock.patch.object(aging, "build_patched") as build, contextlib.redirect_stdout(io.StringIO()):
            aging.replay_all(self.wanted, "c", self.kept)
        build.assert_not_called()


if __name__ == "__main__":
    unittest.main()
