# Ctrl-C, SIGTERM and a lost terminal at many points: one clear line, the signal's exit code,
# nothing half-written, and the laser's last event is off.

import os
import signal
import unittest

from opal_program import ProgramTest, npy, write_images


class Interrupt(ProgramTest):
    def check_stopped(self, done, events, signal_number=signal.SIGINT):
        self.check_error(done, 128 + signal_number, "stopped by", "laser is off")
        self.check_laser_off(events)
        left = [name for name in os.listdir(self.folder) if ".tmp" in name or "XXXX" in name]
        self.assertEqual(left, [])

    def calibration_events(self):
        """How many events a whole calibration has."""
        if not os.path.exists(self.path("whole.jsonl")):
            done = self.opal("calibrate", *self.bench, "--region", "64x64",
                             "--calibration", "whole.h5", "--events", "whole.jsonl")
            self.assertEqual(done.returncode, 0, done.stderr)
        return len(self.events("whole.jsonl"))

    def test_calibrate_at_many_points(self):
        total = self.calibration_events()
        for part in (0.01, 0.2, 0.5, 0.8):
            for number in (signal.SIGINT, signal.SIGTERM):
                with self.subTest((part, number)):
                    name = f"calibrate-{part}-{number}"
                    process = self.start("calibrate", *self.bench, "--region", "64x64",
                                         "--calibration", f"{name}.h5", "--events", f"{name}.jsonl",
                                         "--threads", "1")
                    self.wait_for_events(process, f"{name}.jsonl", 2 + part * total)
                    self.check_stopped(self.interrupt(process, number), f"{name}.jsonl", number)
                    self.assertFalse(os.path.exists(self.path(f"{name}.h5")))

    def test_calibrate_goes_on_where_it_was_stopped(self):
        arguments = ("calibrate", *self.bench, "--region", "64x64", "--calibration", "resumed.h5")
        process = self.start(*arguments, "--events", "resumed.jsonl")
        self.wait_for_events(process, "resumed.jsonl", self.calibration_events() / 2)
        self.check_stopped(self.interrupt(process), "resumed.jsonl")
        self.assertTrue(os.path.exists(self.path("resumed.h5.partial")))
        done = self.opal(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("(kept: ", done.stdout)
        self.assertTrue(os.path.exists(self.path("resumed.h5")))
        self.assertFalse(os.path.exists(self.path("resumed.h5.partial")))

    def test_project(self):
        record = self.calibrate()
        self.write("many.npy", npy(20000, 10))
        self.write("out.npy", b"old")
        for count in (4, 20, 60):
            with self.subTest(count):
                events = f"project-{count}.jsonl"
                process = self.start("project", "many.npy", "out.npy", *self.bench, *record,
                                     "--events", events, "--batch", "32")
                self.wait_for_events(process, events, count)
                self.check_stopped(self.interrupt(process), events)
                with open(self.path("out.npy"), "rb") as file:
                    self.assertEqual(file.read(), b"old")

    def test_train(self):
        record = ("--calibration", "train.h5")
        done = self.opal("calibrate", *self.bench, "--region", "128x128", *record)
        self.assertEqual(done.returncode, 0, done.stderr)
        write_images(self.path("pictures"), train=9000)
        for count in (4, 30, 100):
            with self.subTest(count):
                events = f"train-{count}.jsonl"
                process = self.start("train", "mnist", "--data", "pictures", "--epochs", "1000",
                                     "--json", "results.json", *self.bench, *record, "--events",
                                     events)
                self.wait_for_events(process, events, count)
                self.check_stopped(self.interrupt(process, signal.SIGHUP), events, signal.SIGHUP)
                self.assertFalse(os.path.exists(self.path("results.json")))

    def test_train_without_light(self):
        write_images(self.path("pictures"), train=9000)
        process = self.start("train", "mnist", "--data", "pictures", "--epochs", "1000", "--method",
                             "bp")
        process.stderr.readline()  # the data is read, training begins
        done = self.interrupt(process)
        self.check_error(done, 130, "Ctrl-C")

    def test_a_second_signal_does_not_wait_for_the_first(self):
        events = "twice.jsonl"
        process = self.start("calibrate", *self.bench, "--region", "64x64",
                             "--calibration", "twice.h5", "--events", events)
        self.wait_for_events(process, events, 100)
        process.send_signal(signal.SIGINT)
        done = self.interrupt(process)
        self.assertEqual(done.returncode, 130)
        self.check_laser_off(events)
        self.assertFalse(os.path.exists(self.path("twice.h5")))


if __name__ == "__main__":
    unittest.main()
