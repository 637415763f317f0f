"""`--record` and `--bench replay:FILE` as a user meets them: the same command gives the same bytes,
another one is refused with what was recorded and what was asked, Ctrl-C loses nothing, and the file
is what docs/replay.md says it is."""

import json
import os
import re
import unittest

from opal_program import ProgramTest, npy, write_images

try:
    import h5py
except ImportError:
    h5py = None

FAILURE, BAD_INPUT = 1, 2


class Replay(ProgramTest):
    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def record_projection(self):
        if os.path.exists(self.path("run.h5")):
            return
        self.write("in.npy", npy(6, 10))
        done = self.opal("project", "in.npy", "out.npy", *self.bench, *self.calibrate(),
                         "--record", "run.h5")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_same_projection_gives_the_same_bytes(self):
        self.record_projection()
        # The calibration record comes out of the recording: none is named here.
        done = self.opal("project", "in.npy", "again.npy", "--bench", "replay:run.h5")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("goes on", done.stderr)
        self.assertEqual(self.read("out.npy"), self.read("again.npy"))
        done = self.opal("project", "in.npy", "third.npy", "--bench", "sim:replay:run.h5")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.read("out.npy"), self.read("third.npy"))

    def test_another_projection_is_refused_in_one_line(self):
        self.record_projection()
        self.write("other.npy", npy(6, 10, lambda i: (i * 104729 % 2000 - 1000) / 1000))
        done = self.opal("project", "other.npy", "no.npy", "--bench", "replay:run.h5")
        self.check_error(done, FAILURE, "departs from the recording", "was asked for; recorded is")
        self.assertFalse(os.path.exists(self.path("no.npy")))
        self.write("fewer.npy", npy(3, 10))
        done = self.opal("project", "fewer.npy", "no.npy", "--bench", "replay:run.h5")
        self.check_error(done, FAILURE, "departs from the recording")
        self.check_error(self.opal("project", "in.npy", "no.npy", "--bench", "replay:nowhere.h5"),
                         BAD_INPUT, "no such recording")
        self.check_error(self.opal("report", "--bench", "replay:run.h5"), BAD_INPUT, "replayed")

    def test_a_calibration_is_replayed_to_the_same_record(self):
        arguments = ("calibrate", "--region", "64x64", "--calibration")
        done = self.opal(*arguments, "recorded.h5", *self.bench, "--record", "calibration_run.h5")
        self.assertEqual(done.returncode, 0, done.stderr)
        again = self.opal(*arguments, "replayed.h5", "--bench", "replay:calibration_run.h5")
        self.assertEqual(again.returncode, 0, again.stderr)
        verdicts = [re.findall(r"^  ok  .*$", d.stdout, re.M) for d in (done, again)]
        self.assertEqual(verdicts[0], verdicts[1])
        self.assertEqual(self.read("recorded.h5"), self.read("replayed.h5"))
        # In the replay's own place too, where looking at it leaves it.
        looking = ("calibrate", "--region", "64x64", "--bench", "replay:calibration_run.h5")
        self.check_error(self.opal(*looking, "--status"), BAD_INPUT, "no such calibration record")
        done = self.opal(*looking)
        self.assertEqual(done.returncode, 0, done.stderr)
        for _ in range(2):
            done = self.opal(*looking, "--status")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(len(re.findall(r"^  fresh ", done.stdout, re.M)), 10)
            self.assertNotIn("goes on", done.stderr)
        # With another seed other patterns are shown: that is another run.
        done = self.opal(*arguments, "no.h5", "--seed", "2", "--bench", "replay:calibration_run.h5")
        self.check_error(done, FAILURE, "departs from the recording", "pattern")

    def test_a_selftest_is_replayed_to_its_end(self):
        done = self.opal("selftest", "--checks-only", *self.bench, "--record", "checks.h5")
        self.assertEqual(done.returncode, 0, done.stdout)
        again = self.opal("selftest", "--checks-only", "--bench", "replay:checks.h5")
        self.assertEqual(again.returncode, 0, again.stdout)
        # One check turns the laser off from a second thread, at a moment of the host's choice.
        self.assertIn("  ok  Laser: off() may come from any thread", again.stdout)
        self.assertEqual(again.stdout, done.stdout)

    def test_a_training_is_replayed(self):
        write_images(self.path("images"))
        done = self.opal("calibrate", *self.bench, "--calibration", self.path("wide.h5"))
        self.assertEqual(done.returncode, 0, done.stderr)
        arguments = ("train", "mnist", "--data", self.path("images"), "--epochs", "1",
                     "--recipe", "batch=100", "--no-test", "--json")
        done = self.opal(*arguments, "recorded.json", *self.bench,
                         "--calibration", self.path("wide.h5"), "--record", "training.h5")
        self.assertEqual(done.returncode, 0, done.stderr)
        again = self.opal(*arguments, "replayed.json", "--bench", "replay:training.h5")
        self.assertEqual(again.returncode, 0, again.stderr)
        epochs = []
        for name in ("recorded.json", "replayed.json"):
            run = json.loads(self.read(name))["runs"][0]
            self.assertGreater(run["projections"]["acquisitions"], 0)
            epochs.append([{k: v for k, v in epoch.items() if k != "elapsed_s"}
                           for epoch in run["epochs"]] + [run["projections"]])
        self.assertEqual(epochs[0], epochs[1])

    def test_ctrl_c_loses_nothing(self):
        process = self.start("calibrate", *self.bench, "--region", "64x64", "--calibration",
                             "stopped.h5", "--events", "stopped.jsonl", "--record",
                             "stopped_run.h5")
        self.wait_for_events(process, "stopped.jsonl", 40)
        self.assertEqual(self.interrupt(process).returncode, 130)
        done = self.opal("calibrate", "--region", "64x64", "--calibration", "again.h5", "--bench",
                         "replay:stopped_run.h5")
        # As far as it goes, and then it says so: the recorded run went to the laser's off().
        self.check_error(done, FAILURE, "departs from the recording")

    @unittest.skipUnless(h5py, "h5py is not installed")
    def test_h5py_reads_what_the_page_describes(self):
        self.record_projection()
        with h5py.File(self.path("run.h5"), "r") as run:
            self.assertEqual(run.attrs["format"], b"opal run recording")
            self.assertIn(b"project in.npy out.npy", run["about"].attrs["command"])
            self.assertIn(b"seed", run["about"].attrs["scene"])
            self.assertEqual(run["bench/dmd"].attrs["columns"], 320)
            self.assertTrue(run["events"].fletcher32)
            self.assertTrue(run["frames/bytes"].fletcher32)
            self.assertIn("calibration", run["files"])
            with open(self.record, "rb") as file:
                self.assertEqual(run["files/calibration"][:].tobytes(), file.read())
            events = run["events"][:]
            self.assertTrue((events["end_ns"] >= events["begin_ns"]).all())
            # A frame: the shape its row says, counts that fit its bits, light on it.
            row = run["frames/index"][-1]
            pixels = int(row["rows"]) * int(row["columns"]) * (2 if row["bits"] > 8 else 1)
            first = int(row["first_byte"])
            self.assertEqual(first + pixels, run["frames/bytes"].shape[0])
            kind = "<u2" if row["bits"] > 8 else "u1"
            frame = run["frames/bytes"][first:first + pixels].view(kind)
            self.assertLess(int(frame.max()), 1 << int(row["bits"]))
            self.assertGreater(int(frame.max()), int(frame.min()))
            # The first two patterns every acquisition loads are black and white [docs/pairing.md].
            loads = events[events["what"] == 4]
            numbers = run["patterns/loaded"][:]
            seen = []
            for load in loads:
                begin = int(load["first"])
                for number in numbers[begin:begin + int(load["count"])][:2]:
                    pattern = run["patterns/index"][int(number)]
                    begin, count = int(pattern["first_run"]), int(pattern["runs"])
                    lines = run["patterns/lines"][begin:begin + count]
                    ends = run["patterns/runs"][begin:begin + count]
                    if count == 1:
                        self.assertEqual(int(ends[0]), 240)
                        seen.append(sum(bin(int(word)).count("1") for word in lines[0]))
            self.assertEqual(seen[:2], [0, 320])


if __name__ == "__main__":
    unittest.main()
