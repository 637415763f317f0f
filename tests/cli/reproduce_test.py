# `opal reproduce`: what it writes, that it goes on where it was, and that it says what it did.

import json
import os
import unittest

from opal_program import ProgramTest, write_images


class Reproduces(ProgramTest):
    def table(self, folder, *more):
        write_images(self.path("pictures"), train=1200)
        return self.opal("reproduce", "table1", "--task", "mnist", "--quick", "--mnist",
                         self.path("pictures"), "-o", self.path(folder), *more)

    def test_a_table_is_written_and_not_made_twice(self):
        done = self.table("table", "--columns", "bp,shallow")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("| MNIST, published | 98.4 | 97.9 | 98.1 | 97.5 | 92.4 |", done.stdout)
        self.assertIn("left", done.stderr)  # how long it will take
        runs = sorted(os.listdir(self.path("table/runs")))
        self.assertEqual(runs, ["mnist-plain-bp-0.json", "mnist-plain-shallow-0.json",
                                "mnist-shifts-bp-0.json"])
        self.assertEqual(os.listdir(self.path("table/states")), [])
        with open(self.path("table/table1.json")) as file:
            study = json.load(file)
        self.assertEqual(len(study["cells"]), 3)
        with open(self.path("table/runs/mnist-shifts-bp-0.json")) as file:
            run = json.load(file)["runs"][0]
        self.assertEqual(run["recipe"]["shift_px"], "1")
        self.assertEqual(run["recipe"]["validation"], "0")
        # The table shows what the run found.
        percent = f"{100 * run['test']['accuracy']:.2f} (1)"
        self.assertIn(percent, done.stdout)
        with open(self.path("table/table1.html")) as file:
            self.assertIn(percent, file.read())

        again = self.table("table", "--columns", "bp,shallow")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn("3 of 3 runs were there already", again.stderr)
        self.assertEqual(again.stdout, done.stdout)
        # More seeds: only what is missing is run.
        more = self.table("table", "--columns", "bp", "--seeds", "2")
        self.assertIn("2 of 4 runs were there already", more.stderr)

    def test_runs_side_by_side_find_the_same(self):
        def results(folder, *more):
            done = self.table(folder, "--columns", "dfa,ternary,optical", *more, *self.bench)
            self.assertEqual(done.returncode, 0, done.stderr)
            found = {}
            for name in sorted(os.listdir(self.path(folder + "/runs"))):
                with open(self.path(f"{folder}/runs/{name}")) as file:
                    run = json.load(file)["runs"][0]
                # The record is measured once per folder; what was trained on it must agree.
                found[name] = [run["test"], [e["training"] for e in run["epochs"]],
                               run["projections"]]
            return found, done.stdout.split("All runs together")[0].split("| cell |")[0]

        alone = results("alone")
        self.assertEqual(len(alone[0]), 6)
        self.assertEqual(results("together", "--jobs", "3"), alone)

    def test_a_run_with_other_settings_is_made_again(self):
        self.assertEqual(self.table("other", "--columns", "shallow").returncode, 0)
        name = self.path("other/runs/mnist-plain-shallow-0.json")
        with open(name) as file:
            text = file.read()
        with open(name, "w") as file:
            file.write(text.replace('"epochs": "2"', '"epochs": "3"'))
        done = self.table("other", "--columns", "shallow")
        self.assertIn("made with other settings", done.stderr)
        self.assertNotIn("were there already", done.stderr)

    def test_through_the_light(self):
        done = self.table("light", "--columns", "optical", *self.bench)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(os.listdir(self.path("light/records"))), 1)
        with open(self.path("light/runs/mnist-plain-optical-0.json")) as file:
            run = json.load(file)["runs"][0]
        self.assertEqual(run["quantiser"]["kind"], "stochastic")
        self.assertEqual(len(run["bench"]["record_sha256"]), 64)
        self.assertGreater(run["projections"]["acquisitions"], 0)

    def test_nothing_to_do_is_an_error(self):
        self.check_error(self.opal("reproduce", "select", "--task", "cora", "--columns", "optical"),
                         2, "no cell of select")


if __name__ == "__main__":
    unittest.main()
