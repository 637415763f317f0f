# A calibration record is brought up to date, not made anew: whatever kills a run, the next one goes
# on; what is fresh is kept and said to be; what was replaced comes back.

import os
import random
import shutil
import signal
import unittest

from opal_program import ProgramTest

FAILURE_VERDICT = 3


class Refresh(ProgramTest):
    def run_calibration(self, name, *more):
        return self.opal("calibrate", *self.bench, "--region", "64x64", "--calibration", name,
                         *more)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def whole(self):
        """An undisturbed calibration, and how many events it has."""
        if not os.path.exists(self.path("undisturbed.h5")):
            done = self.run_calibration("undisturbed.h5", "--events", "undisturbed.jsonl")
            self.assertEqual(done.returncode, 0, done.stderr)
        return len(self.events("undisturbed.jsonl"))

    def test_kill_at_random_moments(self):
        total = self.whole()
        moments = random.Random(5)
        for number in range(6):
            events = f"killed-{number}.jsonl"
            process = self.start("calibrate", *self.bench, "--region", "64x64", "--calibration",
                                 "killed.h5", "--events", events)
            # Later runs have less left to do: the moment is a share of what is there.
            self.wait_for_events(process, events, 2 + moments.random() * 0.15 * total)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            self.assertFalse(os.path.exists(self.path("killed.h5")))
            if os.path.exists(self.path("killed.h5.partial")):
                shown = self.opal("record", "show", "killed.h5.partial")
                self.assertEqual(shown.returncode, FAILURE_VERDICT, shown.stderr)
        done = self.run_calibration("killed.h5")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertFalse(os.path.exists(self.path("killed.h5.partial")))
        # Other frames, the same bench: equal within the stated uncertainty.
        diff = self.opal("calibrate", "--diff", "undisturbed.h5", "killed.h5")
        self.assertEqual(diff.returncode, 0, diff.stdout)
        self.assertIn("nothing has changed", diff.stdout)

    def test_what_is_fresh_is_kept(self):
        self.whole()
        shutil.copy(self.path("undisturbed.h5"), self.path("kept.h5"))
        before = self.read("kept.h5")
        done = self.run_calibration("kept.h5", "--events", "kept.jsonl")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.count("(kept: "), 10)
        self.assertNotIn("redone", done.stdout)
        self.assertEqual(self.read("kept.h5"), before)
        self.assertFalse(os.path.exists(self.path("kept.h5.previous")))
        # No light was needed.
        self.assertEqual(set(self.check_laser_off("kept.jsonl")), {"off"})
        self.assertIn("armed", self.check_laser_off("undisturbed.jsonl"))

        status = self.opal("calibrate", *self.bench, "--region", "64x64", "--calibration",
                           "kept.h5", "--status")
        self.assertEqual(status.returncode, 0, status.stdout + status.stderr)
        self.assertIn("wanted at least 0.99", status.stdout)

        done = self.run_calibration("kept.h5", "--redo", "validation")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.count("(kept: "), 9)
        self.assertIn("(redone: asked for)", done.stdout)
        self.assertEqual(self.read("kept.h5.previous"), before)
        back = self.opal("record", "restore", "kept.h5")
        self.assertEqual(back.returncode, 0, back.stderr)
        diff = self.opal("calibrate", "--diff", "undisturbed.h5", "kept.h5")
        self.assertEqual(diff.returncode, 0)
        self.assertEqual(diff.stdout.count("the same measurement"), 10)

    def test_bad_wishes(self):
        for wish in (("--max-age", "soon"), ("--max-age", "laser=2h"), ("--max-age", "-1h"),
                     ("--redo", "everything")):
            self.check_error(self.run_calibration("wish.h5", *wish), 2, wish[1].split("=")[0])

    def test_another_bench_is_told(self):
        self.whole()
        done = self.run_calibration("weaker.h5", "--set", "reference.ratio=10")
        self.assertEqual(done.returncode, 0, done.stderr)
        diff = self.opal("calibrate", "--diff", "undisturbed.h5", "weaker.h5")
        self.assertEqual(diff.returncode, FAILURE_VERDICT)
        self.assertIn("different benches", diff.stdout)
        self.assertRegex(diff.stdout, r"reference : signal fell by \d+ %")


if __name__ == "__main__":
    unittest.main()
