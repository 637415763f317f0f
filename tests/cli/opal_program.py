# What tests of the program `opal` share: a folder of their own, a small bench that calibrates in
# seconds, and what every failure must look like.

import json
import os
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import unittest

PROGRAM = os.environ["OPAL"]
PATIENCE_S = 600  # of a sanitizer build on a busy machine; ctest has a deadline of its own

SMALL_BENCH = """\
base: lab
name: small
dmd:
  rows: 240
  columns: 320
  macro_pixel_px: 10
  illumination_waist_px: 300
sensor:
  rows: 128
  columns: 128
laser:
  warm_up_s: 0.1
"""


def npy(rows, columns, value=None, descr="<f4", shape=None):
    """The bytes of a .npy file, typed out from numpy.lib.format."""
    shape = shape or f"({rows}, {columns})"
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    value = value or (lambda i: (i * 7919 % 2000 - 1000) / 1000)
    numbers = [value(i) for i in range(rows * columns)]
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + struct.pack(
        f"<{len(numbers)}f", *numbers)


def read_npy(path):
    """(rows, columns, numbers) of a float32 file in C order."""
    with open(path, "rb") as file:
        content = file.read()
    size = struct.unpack("<H", content[8:10])[0]
    header = eval(content[10:10 + size])  # a Python literal, written by the program under test
    rows, columns = header["shape"]
    return rows, columns, struct.unpack(f"<{rows * columns}f", content[10 + size:])


def idx(magic, sizes, data):
    return struct.pack(f">{1 + len(sizes)}I", magic, *sizes) + data


def write_images(folder, train=5400, test=200, side=8):
    """Pictures of ten classes: class k lights row k % side more than the others."""
    os.makedirs(folder, exist_ok=True)
    for name, count in (("train", train), ("t10k", test)):
        labels = bytes(i % 10 for i in range(count))
        pixels = bytearray()
        for i in range(count):
            for r in range(side):
                lit = 200 if r == i % 10 % side else 30
                pixels += bytes((lit + (i * 31 + r * 17 + c * 7) % 50) for c in range(side))
        with open(f"{folder}/{name}-images-idx3-ubyte", "wb") as file:
            file.write(idx(2051, (count, side, side), bytes(pixels)))
        with open(f"{folder}/{name}-labels-idx1-ubyte", "wb") as file:
            file.write(idx(2049, (count,), labels))


class ProgramTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="opal-test-")
        cls.environment = {**os.environ, "XDG_STATE_HOME": f"{cls.folder}/state",
                           "HOME": cls.folder}
        with open(f"{cls.folder}/small.yaml", "w") as file:
            file.write(SMALL_BENCH)
        cls.bench = ("--bench", f"sim:{cls.folder}/small.yaml")
        cls.record = f"{cls.folder}/small.h5"

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder, ignore_errors=True)

    def path(self, name):
        return f"{self.folder}/{name}"

    def write(self, name, content):
        mode = "wb" if isinstance(content, bytes) else "w"
        with open(self.path(name), mode) as file:
            file.write(content)
        return self.path(name)

    def opal(self, *arguments, **options):
        return subprocess.run([PROGRAM, *arguments], env=self.environment, cwd=self.folder,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=PATIENCE_S, **options)

    @staticmethod
    def own_address():
        """A loopback address of this process alone; process ids have 22 bits."""
        pid = os.getpid()
        return f"127.{64 + (pid >> 16 & 63)}.{pid >> 8 & 255}.{pid & 255}"

    def start(self, *arguments):
        return subprocess.Popen([PROGRAM, *arguments], env=self.environment, cwd=self.folder,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def calibrate(self):
        """The small bench's record, made once per test program."""
        if not os.path.exists(self.record):
            done = self.opal("calibrate", *self.bench, "--region", "64x64",
                             "--calibration", self.record)
            self.assertEqual(done.returncode, 0, done.stderr)
        return ("--calibration", self.record)

    def check_error(self, done, code, *words):
        """One line that says what is wrong, and the exit code."""
        lines = [line for line in done.stderr.splitlines() if line.startswith("opal: error: ")]
        self.assertEqual(len(lines), 1, done.stderr)
        self.assertEqual(done.returncode, code, done.stderr)
        for word in words:
            self.assertIn(word, lines[0])
        self.assertNotIn("terminate called", done.stderr)
        self.assertNotIn("\033", done.stderr + done.stdout)

    def events(self, name):
        with open(self.path(name)) as file:
            return [json.loads(line) for line in file]

    def check_laser_off(self, name):
        """The last thing the laser's log says is that it is off."""
        states = [event["event"] for event in self.events(name) if event["device"] == "laser"]
        self.assertEqual(states[-1], "off")
        return states

    def wait_for_events(self, process, name, count):
        """Until the bench has written so many events: a moment in its life, not in time."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end and process.poll() is None:
            try:
                with open(self.path(name)) as file:
                    if sum(1 for _ in file) >= count:
                        return
            except FileNotFoundError:
                pass
            time.sleep(0.005)
        self.fail(f"the program ended or idled before event {count}: {process.communicate()}")

    def interrupt(self, process, signal_number=signal.SIGINT):
        process.send_signal(signal_number)
        out, err = process.communicate(timeout=PATIENCE_S)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)
