"""`opal bench wall-time`: what a training run would take on real devices, from the virtual clock of
a bench of their drivers. Old firmware has to be sent everything again and again; a slower board
costs what its rate says."""

import json
import os
import unittest

from opal_program import ProgramTest

FASHION = "/usr/share/datasets/fashion-mnist"


@unittest.skipUnless(os.path.exists(FASHION), f"no Fashion-MNIST in {FASHION!r}")
class WallTime(ProgramTest):
    def measured(self, *more):
        done = self.opal("bench", "wall-time", "fashion-mnist", "--steps", "12", "--scene", "ideal",
                         "--threads", "1", "--json", "time.json", *more)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("pictures to the DMD", done.stdout)
        with open(self.path("time.json")) as file:
            return json.load(file)

    def test_terms_add_up_and_reuse_saves_pictures(self):
        new = self.measured()
        again = self.measured()
        for name in ("frames_s", "patterns_s", "camera_commands_s", "picture_bytes", "bench_s"):
            self.assertEqual(new[name], again[name])  # of the virtual clock: no host in it
        self.assertEqual(new["steps"], 12)
        terms = sum(new[name] for name in ("frames_s", "patterns_s", "dmd_commands_s",
                                           "camera_commands_s"))
        self.assertLessEqual(terms, new["bench_s"] + 1e-9)
        self.assertGreater(terms, 0.9 * new["bench_s"])
        # No frame comes faster than the period.
        self.assertGreater(new["frames_s"], 1e-6 * new["period_us"] * (new["exposures"] - 12))
        old = self.measured("--firmware", "4.3")
        self.assertGreater(old["picture_bytes"], new["picture_bytes"])
        slow = self.measured("--upload", "125000")
        self.assertAlmostEqual(slow["pictures_s"], 2 * new["pictures_s"], places=6)
        self.assertGreater(slow["patterns_s"], slow["pictures_s"])

    def test_what_cannot_be_is_refused(self):
        for words, says in ((("--firmware", "six"), "MAJOR.MINOR"),
                            (("--region", "64"), "outputs")):
            done = self.opal("bench", "wall-time", "fashion-mnist", "--scene", "ideal", *words)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(says, done.stderr)


if __name__ == "__main__":
    unittest.main()
