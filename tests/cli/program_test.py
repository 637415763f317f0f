# The program `opal` from calibration to report, as a user types it.

import fcntl
import math
import os
import pty
import re
import struct
import termios
import unittest

from opal_program import ProgramTest, npy, read_npy, write_images


class Works(ProgramTest):
    def test_help_of_every_command_teaches(self):
        commands = ("calibrate", "project", "train", "report", "demo", "scene")
        for command in commands:
            done = self.opal(command, "--help")
            self.assertEqual(done.returncode, 0)
            self.assertIn("Examples:", done.stdout)
            self.assertIn(f"opal {command}", done.stdout)
        done = self.opal("--help")
        self.assertEqual(done.returncode, 0)
        for command in commands:
            self.assertIn(command, done.stdout)
        self.assertIn("Exit codes", done.stdout)
        self.assertRegex(self.opal("--version").stdout, r"^opal \d+\.\d+\.\d+\n$")
        self.assertIn("opal ", self.opal("version").stdout)

    def test_scenes(self):
        done = self.opal("scene", "list")
        self.assertEqual(done.returncode, 0)
        for preset in ("lab", "ideal", "harsh"):
            self.assertIn(preset, done.stdout)
        shown = self.opal("scene", "show", "harsh")
        self.assertEqual(shown.returncode, 0)
        copy = self.write("copy.yaml", shown.stdout)
        self.assertEqual(self.opal("scene", "check", copy).returncode, 0)
        self.assertEqual(self.opal("scene", "show", copy).stdout, shown.stdout)
        self.assertIn("read_noise_e", self.opal("scene", "explain").stdout)

    def test_calibrate_writes_a_record_that_record_show_reads(self):
        done = self.opal("calibrate", *self.bench, "--region", "64x64", "--calibration",
                         self.path("first.h5"), "--events", self.path("calibrate.jsonl"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(re.findall(r"^  ok  ", done.stdout, re.M)), 10)
        correlation = float(re.search(r"correlation (0\.\d+)", done.stdout).group(1))
        self.assertGreaterEqual(correlation, 0.99)
        self.check_laser_off("calibrate.jsonl")
        self.assertFalse(os.path.exists(self.path("first.h5.partial")))
        shown = self.opal("record", "show", self.path("first.h5"))
        self.assertEqual(shown.returncode, 0)
        self.assertIn("shot noise", shown.stdout)

    def test_project_multiplies_and_repeats_to_the_byte(self):
        record = self.calibrate()
        self.write("in.npy", npy(20, 10))
        self.write("doubled.npy", npy(20, 10, lambda i: 2 * (i * 7919 % 2000 - 1000) / 1000))
        for name, source in (("a.npy", "in.npy"), ("b.npy", "in.npy"), ("c.npy", "doubled.npy")):
            done = self.opal("project", source, name, *self.bench, *record, "--events",
                             self.path("project.jsonl"), "--outputs", "100")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.check_laser_off("project.jsonl")
        rows, columns, a = read_npy(self.path("a.npy"))
        self.assertEqual((rows, columns), (20, 100))
        with open(self.path("a.npy"), "rb") as one, open(self.path("b.npy"), "rb") as two:
            self.assertEqual(one.read(), two.read())  # same bench, same seed: same bytes
        # The same patterns are shown for the doubled vectors; only the scale differs.
        _, _, doubled = read_npy(self.path("c.npy"))
        for x, y in zip(a, doubled):
            self.assertAlmostEqual(2 * x, y, delta=1e-4)
        # E|out|^2 per component is |e|^2 / components: here about 1/3.
        mean_square = sum(x * x for x in a) / len(a)
        self.assertLess(abs(math.log(mean_square * 3)), 0.3)

    def test_train_report_and_the_record_that_makes_itself(self):
        write_images(self.path("pictures"))
        done = self.opal("train", "mnist", "--data", self.path("pictures"), "--method",
                         "optical,shallow", "--epochs", "2", "--seeds", "2", "--json",
                         self.path("results.json"), *self.bench, "--events",
                         self.path("train.jsonl"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("there is no calibration record yet", done.stderr)
        self.check_laser_off("train.jsonl")
        self.assertRegex(done.stdout, r"optical +2 ")
        records = os.listdir(self.path("state/opal"))
        self.assertEqual(len(records), 1, records)
        again = self.opal("train", "mnist", "--data", self.path("pictures"), "--method", "optical",
                          "--epochs", "1", *self.bench)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertNotIn("calibrating", again.stderr)

        report = self.opal("report", *self.bench, "--results", self.path("results.json"), "-o",
                           self.path("page/report.html"))
        self.assertEqual(report.returncode, 0, report.stderr)
        with open(self.path("page/report.html")) as file:
            page = file.read()
        for word in ("Fringes", "Marchenko", "error budget", "optical", "Bad would be"):
            self.assertIn(word, page)
        # Opens offline: nothing is fetched, nothing runs.
        self.assertNotRegex(page, r'(src|href)="(?!data:|#)')
        self.assertNotIn("<script", page)
        self.assertNotIn("@import", page)
        self.assertNotIn("url(", page)

    def test_report_without_gnuplot_has_the_numbers(self):
        record = self.calibrate()
        bin_folder = self.path("empty-bin")
        os.makedirs(bin_folder, exist_ok=True)
        with_path = self.environment["PATH"]
        try:
            self.environment["PATH"] = bin_folder
            done = self.opal("report", *self.bench, *record, "-o", self.path("plain.html"))
        finally:
            self.environment["PATH"] = with_path
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("gnuplot is not installed", done.stderr)
        with open(self.path("plain.html")) as file:
            self.assertIn("the numbers, since gnuplot", file.read())

    def on_terminal(self, *arguments, **environment):
        """Everything the program writes to a terminal of 100 columns."""
        child, terminal = pty.fork()
        if child == 0:
            os.execve(os.environ["OPAL"], ["opal", *arguments],
                      {**self.environment, "TERM": "xterm", **environment})
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 30, 100, 0, 0))
        output = b""
        while True:
            try:
                part = os.read(terminal, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            output += part
        os.close(terminal)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
        return output.decode()

    def test_terminals_get_a_progress_line_and_colours_unless_no_color_is_set(self):
        arguments = ("calibrate", *self.bench, "--region", "64x64", "--calibration",
                     self.path("terminal.h5"))
        shown = self.on_terminal(*arguments)
        self.assertIn("\033[32mok", shown)
        self.assertRegex(shown, r"\r\033\[K  drift +\[#*-+\] +\d+ %  \d+/\d+ frames")
        plain = self.on_terminal(*arguments, NO_COLOR="1")
        self.assertNotRegex(plain, r"\033\[\d*m")
        self.assertIn("  ok  drift", plain)
        piped = self.opal("scene", "list")
        self.assertNotIn("\033", piped.stdout + piped.stderr)


if __name__ == "__main__":
    unittest.main()
