"""`opal selftest` on a bench behind sockets: GigE Vision, a LightCrafter's TCP port and a DLC
pro's, served by another process. The host may be as busy as it likes: what depends on time is
judged by the bench's times or asked again more slowly (contract/host_time.h). The JUnit XML is
read by a foreign parser; a defect planted behind the wires is a named failure."""

import os
import time
import unittest
import xml.etree.ElementTree as ElementTree

from opal_program import PATIENCE_S, ProgramTest

NEGATIVE = 3

EXACT_BENCH = """\
base: ideal
name: exact
dmd:
  rows: 684
  columns: 608
  macro_pixel_px: 19
sensor:
  rows: 128
  columns: 128
laser:
  warm_up_s: 0.1
"""

# What a bench on these wires cannot show; everything else has to be asked.
NOT_ASKED = {
    "Laser: an opened interlock is a fault that only off() and arm() leave",
    "Pairing: a period inside the dead time loses every k-th edge",
    "Pairing: opened before the mirrors settle, the frame holds what was there before",
    "Pairing: an exposure longer than the pattern mixes it with the next",
}


class WireSelftest(ProgramTest):
    def serve(self, name, *options):
        """A bench on an address of this test process alone; its bench file."""
        self.write("exact.yaml", EXACT_BENCH)
        bench = self.path(name + ".yaml")
        served = self.start("serve", "exact.yaml", "--address", self.own_address(), "--bench-file",
                            bench, *options)
        self.addCleanup(self.interrupt, served)
        end = time.monotonic() + PATIENCE_S
        while not os.path.exists(bench):
            self.assertIsNone(served.poll(), "the bench ended by itself")
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)
        return bench

    def cases(self, name):
        root = ElementTree.parse(self.path(name)).getroot()
        cases = {case.get("name"): case for case in root.iter("testcase")}
        self.assertEqual(int(root.get("tests")), len(cases))
        return root, cases

    def test_everything_that_wires_can_show_passes(self):
        bench = self.serve("good")
        done = self.opal("selftest", "--bench", bench, "--junit", "good.xml")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        root, cases = self.cases("good.xml")
        self.assertEqual(root.get("failures"), "0")
        skipped = {title for title, case in cases.items() if case.find("skipped") is not None}
        self.assertEqual(skipped, NOT_ASKED)
        listed = self.opal("selftest", "--list").stdout.splitlines()
        self.assertEqual(len(cases), len(listed) + 2)  # and a calibration, and a projection
        about = {p.get("name"): p.get("value") for p in root.iter("property")}
        self.assertIn("LightCrafter", about["dmd"])
        self.assertIn("VirtualGigE", about["camera"])
        self.assertIn("DLC", about["laser"])

    def test_a_network_that_loses_pixels_is_found(self):
        bench = self.serve("bad", "--lose", "0.3", "--deny-resend")
        done = self.opal("selftest", "--bench", bench, "--checks-only", "--junit", "bad.xml")
        self.assertEqual(done.returncode, NEGATIVE, done.stdout + done.stderr)
        _, cases = self.cases("bad.xml")
        failed = {title for title, case in cases.items() if case.find("failure") is not None}
        self.assertIn("Camera: frames come in order, ids restart at 0, times are of exposures",
                      failed)
        # Nothing is wrong with the laser, and nothing is said of it.
        self.assertFalse({title for title in failed if title.startswith("Laser")})


if __name__ == "__main__":
    unittest.main()
