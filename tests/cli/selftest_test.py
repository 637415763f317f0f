"""`opal selftest` as a user's CI meets it: JUnit XML that a foreign parser reads, exit codes, a
planted defect found by name, and no light before the laser's way out was seen to work."""

import json
import unittest
import xml.etree.ElementTree as ElementTree

from opal_program import ProgramTest

NEGATIVE = 3
BAD_INPUT = 2


class Selftest(ProgramTest):
    def cases(self, name):
        """{title: element} and the root of a JUnit file, its counts checked against its cases."""
        root = ElementTree.parse(self.path(name)).getroot()
        self.assertEqual(root.tag, "testsuites")
        cases = {}
        for suite in root:
            inside = suite.findall("testcase")
            self.assertEqual(int(suite.get("tests")), len(inside))
            self.assertEqual(int(suite.get("failures")),
                             sum(c.find("failure") is not None for c in inside))
            self.assertEqual(int(suite.get("skipped")),
                             sum(c.find("skipped") is not None for c in inside))
            for case in inside:
                self.assertNotIn(case.get("name"), cases)
                float(case.get("time"))
                cases[case.get("name")] = case
        self.assertEqual(int(root.get("tests")), len(cases))
        return root, cases

    def test_a_good_bench_passes_and_the_xml_says_so(self):
        done = self.opal("selftest", *self.bench, "--set", "name=<&\"odd\">", "--junit", "good.xml")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        root, cases = self.cases("good.xml")
        self.assertEqual(root.get("failures"), "0")
        self.assertIn('<&"odd">', root.get("name"))  # escaped on the way, whole at the end
        self.assertIn("0 failed", done.stdout)
        for word in ("Laser: off()", "same identity", "above the limits", "one frame per pattern",
                     "in proportion", "frames without room", "Calibration:", "Projection:"):
            self.assertTrue(any(word in title for title in cases), word)

    def test_a_planted_defect_is_a_named_failure_and_exit_code_3(self):
        # Off mirrors that leak as much as on ones shine: patterns cannot be told apart.
        done = self.opal("selftest", *self.bench, "--set", "dmd.contrast=1.0001", "--checks-only",
                         "--junit", "bad.xml")
        self.assertEqual(done.returncode, NEGATIVE, done.stdout + done.stderr)
        root, cases = self.cases("bad.xml")
        failed = [title for title, case in cases.items() if case.find("failure") is not None]
        self.assertIn("Dmd: patterns stay until overwritten; overwriting shows at the next start",
                      failed)
        for title in failed:
            self.assertTrue(cases[title].find("failure").get("message"))
            self.assertIn(f"NO  {title}", done.stdout)

    def test_light_comes_after_the_dark_checks_and_never_if_they_fail(self):
        done = self.opal("selftest", *self.bench, "--checks-only", "--events", "events.jsonl")
        self.assertEqual(done.returncode, 0, done.stdout)
        titles = [line[6:] for line in done.stdout.splitlines() if line.startswith("  ok")]
        first_off = next(i for i, t in enumerate(titles) if t.startswith("Laser: off() works"))
        first_lit = next(i for i, t in enumerate(titles) if t.startswith("Bench: a whole run"))
        self.assertLess(first_off, first_lit)

        done = self.opal("selftest", *self.bench, "--set", "laser.interlock_closed=false",
                         "--junit", "dark.xml", "--events", "dark.jsonl")
        self.assertEqual(done.returncode, NEGATIVE)
        _, cases = self.cases("dark.xml")
        lit = cases["Light: off is dark, says the camera"].find("skipped")
        self.assertIn("nothing may emit light", lit.get("message"))
        with open(self.path("dark.jsonl"), encoding="utf-8") as lines:
            states = [json.loads(line) for line in lines]
        self.assertFalse([s for s in states if s.get("event") in ("warming_up", "emitting")])

    def test_an_impossible_place_for_the_results_is_said_before_anything_runs(self):
        done = self.opal("selftest", *self.bench, "--junit", "no/such/folder/x.xml")
        self.assertNotEqual(done.returncode, 0)
        self.assertNotIn("ok", done.stdout)
        self.assertEqual(self.opal("selftest", "--bench", "nonsense").returncode, BAD_INPUT)


if __name__ == "__main__":
    unittest.main()
