# `opal bench scale` at sizes that take milliseconds: the table, the JSON beside it, the drawing,
# and what it says to sizes that cannot be.

import json
import os
import shutil
import time
import unittest

from opal_program import PATIENCE_S, ProgramTest


class BenchScaleTest(ProgramTest):
    def test_measures_both_media(self):
        done = self.opal("bench", "scale", "--size", "64x128", "--size", "1000x300", "--json",
                         "scale.json", "--svg", "scale.svg", "--repeat-for", "0.01")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.splitlines()
        self.assertIn("GB/s", lines[0])
        self.assertEqual([line.split()[0] for line in lines[2:]],
                         ["layered", "layered", "dense", "dense"])
        self.assertIn("1,000 x 300", lines[3])
        with open(self.path("scale.json")) as file:
            measured = json.load(file)
        self.assertGreater(measured["machine"]["memory_bytes_per_s"], 1e8)
        rows = measured["rows"]
        self.assertEqual([(row["medium"], row["inputs"], row["modes"]) for row in rows],
                         [("layered", 64, 128), ("layered", 1000, 300), ("dense", 64, 128),
                          ("dense", 1000, 300)])
        for row in rows:
            self.assertEqual(row["pixels"], row["modes"] * 8)
            self.assertGreater(row["grid_modes"], row["modes"])
            self.assertGreaterEqual(row["repeats"], 3)
            # The parts of a projection are less than the whole is at its slowest.
            self.assertGreater(row["first_s"], 0)
            self.assertGreater(row["projection_s"], 0)
            self.assertGreater(row["medium_s"], 0)
            self.assertGreater(row["bound"]["bytes"], 30 * row["pixels"])
            # A process that renders frames holds some megabytes, and no small bench hundreds.
            self.assertTrue(2 < row["peak_mib"] < 600, row["peak_mib"])
            # Few modes, 8 bits, bands that overlap, and edges within reach: not perfect, but the
            # right field. 96 unrelated modes would correlate by 0.1.
            self.assertGreater(row["correlation"], 0.9)
        if shutil.which("gnuplot") is None:
            self.assertIn("gnuplot", done.stderr)
            return
        with open(self.path("scale.svg")) as file:
            drawing = file.read()
        self.assertTrue(drawing.startswith("<svg"))
        self.assertIn("layered, bound", drawing)

    def test_leaves_out_what_takes_too_long(self):
        done = self.opal("bench", "scale", "--medium", "dense", "--size", "64x128", "--limit",
                         "1e-9")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("left out", done.stderr)
        self.assertIn("--full", done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), 2)

    def test_stops_at_once(self):
        # Half a minute of two cores and more, in one projection that nothing looks into.
        process = self.start("bench", "scale", "--medium", "dense", "--size", "262144x524288",
                             "--full")
        self.assertIn("GB/s", process.stdout.readline())
        self.assertIn("inputs x modes", process.stdout.readline())
        children = f"/proc/{process.pid}/task/{process.pid}/children"
        end = time.monotonic() + PATIENCE_S
        child = ""
        while time.monotonic() < end and not child:
            with open(children) as file:
                child = file.read().strip()
            time.sleep(0.005)
        begin = time.monotonic()
        self.check_error(self.interrupt(process), 130, "Ctrl-C")
        self.assertLess(time.monotonic() - begin, 20)
        self.assertFalse(os.path.exists(f"/proc/{child}"), "the row's process lives on")

    def test_refuses_sizes_that_cannot_be(self):
        for size, word in (("12", "1024x2048"), ("0x5", "1024x2048"), ("1024xbig", "1024x2048"),
                           ("1000003x2048", "factors")):
            self.check_error(self.opal("bench", "scale", "--size", size), 2, size, word)

    def test_teaches(self):
        done = self.opal("bench", "scale", "--help")
        self.assertEqual(done.returncode, 0)
        for word in ("--full", "--json", "--svg", "bound", "Examples"):
            self.assertIn(word, done.stdout)


if __name__ == "__main__":
    unittest.main()
