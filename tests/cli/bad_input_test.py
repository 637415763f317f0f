# Everything that can be wrong with what `opal` is given ends in one clear line, the right exit
# code, and nothing half-written.

import os
import resource
import shutil
import signal
import subprocess
import unittest

from opal_program import ProgramTest, idx, npy, write_images

FAILURE, BAD_INPUT, NEGATIVE = 1, 2, 3


class BadInput(ProgramTest):
    def test_command_lines(self):
        for arguments, word in (
            ((), "command"),
            (("calibrat",), "calibrat"),
            (("calibrate", "--nonsense"), "nonsense"),
            (("calibrate", "--inputs", "0"), "inputs"),
            (("calibrate", "--inputs", "many"), "inputs"),
            (("calibrate", "--region", "12"), "ROWSxCOLUMNS"),
            (("calibrate", "--region", "0x5"), "ROWSxCOLUMNS"),
            (("calibrate", "--region", "128x-128"), "ROWSxCOLUMNS"),
            (("calibrate", "--region", "128x128x"), "ROWSxCOLUMNS"),
            (("calibrate", "--region", "4294967424x128"), "ROWSxCOLUMNS"),
            (("calibrate", "--region", "99999999999999999999x128"), "ROWSxCOLUMNS"),
            (("calibrate", "--format", "mono9"), "mono9"),
            (("calibrate", "--bench", "tcp:0"), "sim:"),
            (("calibrate", "--bench", "usb:0"), "presets"),
            (("calibrate", "--set", "sensor"), "sensor"),
            (("calibrate", "--region", "9999x9999"), "9999"),
            (("project", "in.npy"), "OUT"),
            (("train",), "TASK"),
            (("train", "imagenet"), "imagenet"),
            (("Calibrate",), "did you mean calibrate"),
            (("train", "mnist"), "--data"),
            (("train", "cora"), "--data"),
            (("train", "fashion-mnist", "--method", "magic"), "magic"),
            (("train", "fashion-mnist", "--epochs", "0"), "epochs"),
            (("record",), "subcommand"),
            (("scene", "paint"), "scene"),
        ):
            with self.subTest(arguments):
                self.check_error(self.opal(*arguments), BAD_INPUT, word)

    def test_scenes(self):
        cases = {
            "unknown-key.yaml": "sensor:\n  shutter_us: 5\n",
            "unknown-section.yaml": "telescope:\n  rows: 5\n",
            "wrong-unit.yaml": "dmd:\n  min_exposure_ms: 1\n",
            "impossible.yaml": "dmd:\n  rows: -4\n",
            "not-a-number.yaml": "dmd:\n  rows: many\n",
            "broken.yaml": "dmd: [1, 2\n",
            "list.yaml": "- 1\n- 2\n",
            "binary.yaml": b"\x00\x01\xff\xfe\x00",
            "tab.yaml": "dmd:\n\trows: 5\n",
            "twice.yaml": "dmd:\n  rows: 100\n  rows: 200\n",
            "base.yaml": "base: nowhere\n",
            "huge.yaml": "dmd:\n  rows: 99999999999999999999\n",
        }
        for name, content in cases.items():
            with self.subTest(name):
                file = self.write(name, content)
                self.check_error(self.opal("scene", "check", file), BAD_INPUT, name)
                self.check_error(self.opal("calibrate", "--bench", f"sim:{file}"), BAD_INPUT, name)
        self.check_error(self.opal("scene", "show", "nowhere.yaml"), BAD_INPUT, "nowhere.yaml")
        self.check_error(self.opal("scene", "check", self.folder), BAD_INPUT)
        self.assertFalse(os.path.exists(self.path("state/opal/small.h5")))

    def test_records(self):
        self.calibrate()
        with open(self.record, "rb") as file:
            good = file.read()
        self.write("in.npy", npy(2, 10))
        self.write("text.h5", "this is no record\n")
        self.write("empty.h5", b"")
        self.write("half.h5", good[:len(good) // 2])
        self.write("head.h5", good[:100])
        middle = bytearray(good)
        middle[1000:3000] = bytes(2000)
        self.write("holes.h5", bytes(middle))
        for name in ("text.h5", "empty.h5", "half.h5", "head.h5", "holes.h5", "missing.h5"):
            for command in (("record", "show", name),
                            ("project", "in.npy", "out.npy", *self.bench, "--calibration", name),
                            ("report", *self.bench, "--calibration", name, "-o", "page.html")):
                with self.subTest(command):
                    self.check_error(self.opal(*command), BAD_INPUT, name)
        self.check_error(
            self.opal("project", "in.npy", "out.npy", *self.bench, "--set", "seed=2",
                      "--calibration", self.record), BAD_INPUT, "another bench")
        self.assertFalse(os.path.exists(self.path("out.npy")))
        self.assertFalse(os.path.exists(self.path("page.html")))

    def test_arrays(self):
        record = self.calibrate()
        nan = float("nan")
        cases = {
            "missing.npy": (None, "No such file"),
            "garbage.npy": (b"garbage", "numpy.save"),
            "cut.npy": (npy(2, 10)[:-3], "cut off"),
            "long.npy": (npy(2, 10) + b"!", "after its end"),
            "cube.npy": (npy(2, 10, shape="(2, 5, 2)"), "(vectors, components)"),
            "complex.npy": (npy(2, 10, descr="<c8"), "<c8"),
            "nan.npy": (npy(2, 10, lambda i: nan), "nan"),
            "wide.npy": (npy(2, 11), "11"),
        }
        for name, (content, word) in cases.items():
            with self.subTest(name):
                if content is not None:
                    self.write(name, content)
                done = self.opal("project", name, "out.npy", *self.bench, *record)
                self.check_error(done, BAD_INPUT, word)
                self.assertFalse(os.path.exists(self.path("out.npy")))
        done = self.opal("project", self.folder, "out.npy", *self.bench, *record)
        self.check_error(done, BAD_INPUT, "directory")
        self.write("good.npy", npy(2, 10))
        done = self.opal("project", "good.npy", "out.npy", *self.bench, *record, "--outputs",
                         "100000")
        self.check_error(done, BAD_INPUT, "100000")

    def test_data(self):
        folder = self.path("pictures")
        write_images(folder, train=5100, test=50)

        def broken(name, change):
            copy = self.path(f"pictures-{name}")
            shutil.copytree(folder, copy, dirs_exist_ok=True)
            change(copy)
            done = self.opal("train", "mnist", "--data", copy, "--method", "bp", "--epochs", "1",
                             "--json", "results.json")
            with self.subTest(name):
                self.check_error(done, BAD_INPUT, copy)
            self.assertFalse(os.path.exists(self.path("results.json")))

        def cut(file, size):
            return lambda copy: os.truncate(f"{copy}/{file}", size)

        def put(file, content):
            def change(copy):
                with open(f"{copy}/{file}", "wb") as out:
                    out.write(content)
            return change

        broken("missing", lambda copy: os.remove(f"{copy}/t10k-labels-idx1-ubyte"))
        broken("cut", cut("train-images-idx3-ubyte", 1000))
        broken("header", cut("train-images-idx3-ubyte", 7))
        broken("empty", cut("train-labels-idx1-ubyte", 0))
        broken("magic", put("train-labels-idx1-ubyte", idx(2050, (5100,), bytes(5100))))
        broken("count", put("train-labels-idx1-ubyte", idx(2049, (10,), bytes(10))))
        broken("label", put("t10k-labels-idx1-ubyte", idx(2049, (50,), bytes([77] * 50))))
        self.check_error(self.opal("train", "mnist", "--data", self.path("nowhere")), BAD_INPUT)
        self.check_error(self.opal("train", "cora", "--data", folder), BAD_INPUT, "cora")

    def test_results(self):
        record = self.calibrate()
        for name, content in (("garbage.json", "{"), ("other.json", "{\"schema\": \"x\"}"),
                              ("list.json", "[]"),
                              ("empty.json", "{\"schema\": \"opal-training-1\"}")):
            self.write(name, content)
            with self.subTest(name):
                self.check_error(
                    self.opal("report", *self.bench, *record, "--results", name, "-o", "page.html"),
                    BAD_INPUT, name)
        self.assertFalse(os.path.exists(self.path("page.html")))

    def test_disks_that_are_full_or_not_there(self):
        record = self.calibrate()
        self.write("in.npy", npy(3, 10))
        project = ("project", "in.npy")
        self.check_error(self.opal(*project, "/dev/full", *self.bench, *record), FAILURE,
                         "No space left")
        self.check_error(self.opal(*project, "no/such/folder/out.npy", *self.bench, *record),
                         FAILURE, "No such file")
        self.check_error(self.opal(*project, self.folder, *self.bench, *record), FAILURE)
        self.check_error(self.opal(*project, "out.npy", *self.bench, *record, "--events",
                                   "no/such/folder/events.jsonl"), BAD_INPUT, "events")
        with open("/dev/full", "w") as full:
            done = subprocess.run([os.environ["OPAL"], "scene", "list"], stdout=full,
                                  stderr=subprocess.PIPE, text=True, env=self.environment)
        self.assertEqual(done.returncode, FAILURE)
        self.assertIn("standard output", done.stderr)

    def test_a_record_in_use(self):
        """A second calibration of the same record ends at once; a killed one leaves no lock."""
        command = ("calibrate", *self.bench, "--region", "64x64", "--calibration", "used.h5")
        first = self.start(*command, "--events", self.path("used.jsonl"))
        self.wait_for_events(first, "used.jsonl", 200)
        self.check_error(self.opal(*command), FAILURE, "used.h5", f"process {first.pid}")
        self.assertIsNone(first.poll())
        first.kill()
        first.communicate()
        self.assertTrue(os.path.exists(self.path("used.h5.lock")))
        done = self.opal(*command)
        self.assertEqual(done.returncode, 0, done.stderr)
        beside = {name for name in os.listdir(self.folder) if name.startswith("used.h5")}
        self.assertEqual(beside, {"used.h5"})

    def test_a_record_that_cannot_be_saved(self):
        """A file may grow to 64 KiB: the record does not fit, the partial ones neither."""
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
        done = self.opal("calibrate", *self.bench, "--region", "64x64", "--calibration", "big.h5",
                         preexec_fn=limit)
        self.check_error(done, FAILURE, "big.h5", "was not saved", "File too large")
        for target in ("/dev/full", self.folder, "/proc/opal/big.h5"):
            with self.subTest(target):
                done = self.opal("calibrate", *self.bench, "--calibration", target)
                self.check_error(done, FAILURE, os.path.dirname(target))

    def test_a_small_disk(self):
        record = self.calibrate()
        disk = self.path("disk")
        os.makedirs(disk, exist_ok=True)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "opal-test", disk],
                                 capture_output=True).returncode == 0
        if not mounted:
            self.skipTest("mounting a small disk needs root")
        try:
            self.write("in.npy", npy(200, 10))
            self.write("disk/out.npy", b"old")
            done = self.opal("project", "in.npy", "disk/out.npy", *self.bench, *record)
            self.check_error(done, FAILURE, "No space left")
            with open(f"{disk}/out.npy", "rb") as file:
                self.assertEqual(file.read(), b"old")
            self.check_error(
                self.opal("calibrate", *self.bench, "--region", "64x64", "--calibration",
                          "disk/record.h5", "--events", self.path("small-disk.jsonl")),
                FAILURE, "disk/record.h5", "was not saved", "No space left")
            self.check_laser_off("small-disk.jsonl")
            done = self.opal("report", *self.bench, *record, "-o", "disk/report.html")
            self.check_error(done, FAILURE, "No space left")
            # What was measured before the disk was full is kept for the next attempt.
            self.assertLessEqual(set(os.listdir(disk)), {"out.npy", "record.h5.partial"})
        finally:
            subprocess.run(["umount", disk], check=True)

    def test_a_bench_that_is_no_good(self):
        done = self.opal("calibrate", *self.bench, "--region", "64x64", "--calibration", "weak.h5",
                         "--set", "reference.ratio=0.05", "--events", self.path("weak.jsonl"))
        self.assertEqual(done.returncode, NEGATIVE, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"(?m)^  NO  ")
        self.assertIn("verdict", done.stderr)
        self.assertFalse(os.path.exists(self.path("weak.h5")))
        self.check_laser_off("weak.jsonl")

    def test_an_open_door(self):
        done = self.opal("calibrate", *self.bench, "--calibration", "door.h5", "--set",
                         "laser.interlock_closed=false", "--events", self.path("door.jsonl"))
        self.check_error(done, FAILURE, "interlock")
        states = self.check_laser_off("door.jsonl")
        self.assertNotIn("emitting", states)
        self.assertNotIn("warming_up", states)


if __name__ == "__main__":
    unittest.main()
