#!/usr/bin/env python3
"""What ci/aging makes of replays, without building anything."""
import contextlib
import io
import pathlib
import tempfile
import unittest

import aging


def row(recorded, later, **more):
    """A mutant whose two capsules fail alike."""
    return {"recorded": recorded, "shrunk": recorded, "later": {"c": later and {"recorded": later, "shrunk": later}}, **more}


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
                "04-d": {"skipped": "does not apply"}}
        verdict = aging.summary(rows, "c")
        self.assertEqual(verdict["mutants"], 2)
        self.assertEqual(verdict["touched"], ["03-c"])
        for form in aging.FORMS:
            self.assertEqual(verdict[form], {"same_law": 1, "lost": ["02-b"]})


if __name__ == "__main__":
    unittest.main()
