# A training run that is killed at any moment ends, when it is started again, in the weights of one
# that was never killed: byte for byte, with digital feedback and through the light.

import json
import os
import random
import signal
import struct
import unittest

from opal_program import ProgramTest, write_images

PICTURES = 5400


def arrays(path):
    """Header and array bytes of a checkpoint, by its description in cli/training_checkpoint.h."""
    with open(path, "rb") as file:
        content = file.read()
    assert content[:8] == b"OPALRUN1"
    size, = struct.unpack("<I", content[8:12])
    return json.loads(content[12:12 + size]), content[12 + size:-4]


class Resumes(ProgramTest):
    def command(self, method, folder, *more):
        return ("train", "mnist", "--data", self.path("pictures"), "--method", method,
                "--recipe", "epochs=4", "--recipe", "batch=12", "--recipe", "validation=200",
                "--checkpoints", self.path(folder), "--json", self.path(folder + ".json"), *more)

    def kill_until_done(self, method, seed, *more):
        """Starts the run again and again, each time killed a little later; returns the kills."""
        dice = random.Random(seed)
        kills = 0
        patience = 0.2
        while True:
            process = self.start(*self.command(method, "killed", *more))
            try:
                process.wait(timeout=dice.uniform(0, patience))
            except Exception:
                process.send_signal(signal.SIGKILL)
                process.wait()
                kills += 1
                patience *= 1.2
                continue
            finally:
                process.stdout.close()
                process.stderr.close()
            self.assertEqual(process.returncode, 0)
            return kills

    def check(self, method, seed, *more):
        write_images(self.path("pictures"), train=PICTURES)
        done = self.opal(*self.command(method, "whole", *more))
        self.assertEqual(done.returncode, 0, done.stderr)
        kills = self.kill_until_done(method, seed, *more)
        self.assertGreater(kills, 2)
        name = f"mnist-{method}-0.checkpoint"
        whole, whole_bytes = arrays(self.path("whole/" + name))
        killed, killed_bytes = arrays(self.path("killed/" + name))
        # 2 weight matrices and more, with Adam's two moments each: 12 bytes per weight.
        self.assertGreater(len(whole_bytes), 12 * 1024 * 1024)
        self.assertEqual(whole_bytes, killed_bytes)
        self.assertEqual(whole["settings"], killed["settings"])
        self.assertEqual(whole["projections"], killed["projections"])
        with open(self.path("whole.json")) as a, open(self.path("killed.json")) as b:
            whole, killed = json.load(a)["runs"][0], json.load(b)["runs"][0]
        for run in (whole, killed):
            del run["seconds"], run["projection_time"]
            for epoch in run["epochs"]:
                del epoch["elapsed_s"]
        self.assertEqual(whole, killed)
        self.assertEqual(len(killed["epochs"]), 4)

    def test_digital(self):
        self.check("ternary", 1)

    def test_optical(self):
        record = self.calibrate_for_learning()
        self.check("optical", 2, *self.bench, "--calibration", record)

    def calibrate_for_learning(self):
        """1024 modes for the 2048 outputs that two hidden layers take."""
        record = self.path("learning.h5")
        done = self.opal("calibrate", *self.bench, "--region", "128x128", "--calibration", record)
        self.assertEqual(done.returncode, 0, done.stderr)
        return record

    def test_a_checkpoint_of_another_run_is_refused(self):
        write_images(self.path("pictures"), train=PICTURES)
        first = self.command("shallow", "other", "--recipe", "epochs=1")
        self.assertEqual(self.opal(*first).returncode, 0)
        done = self.opal(*first, "--recipe", "learning_rate=0.5")
        self.check_error(done, 2, "of another run", "learning_rate", "remove it")


if __name__ == "__main__":
    unittest.main()
