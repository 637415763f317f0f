# Guards what every method reaches: on Cora after its whole training, and on Fashion-MNIST after one
# short epoch. Skipped loudly where the data are missing.
#
# Cora: limits are means of 100 runs (docs/results.md) less 5 standard deviations of the mean of
# two. Between runs the deviation is 0.64 % at most, so a limit lies 5 * 0.64 / sqrt(2) = 2.3 below
# the mean: chance alone fails it once in millions, a shallow network's 38 fails it always.
#
# Fashion-MNIST: one epoch of 20,000 images, one seed. Limits are means over seeds less 5 standard
# deviations between them: bp 83.9 +- 0.2, dfa 79.4 +- 0.9, ternary 79.1 +- 0.9 (8 seeds), optical
# like ternary; shallow 71.5 +- 0.5, plus 5. What any feedback has to beat lies below them all.

import json
import os
import unittest

from opal_program import ProgramTest

CORA = os.path.join(os.environ.get("OPAL_DATA_DIR", ""), "cora")
FASHION = "/usr/share/datasets/fashion-mnist"
MARGIN = 5 * 0.64 / 2 ** 0.5


class Accuracy(ProgramTest):
    def mean_percent(self, task, method, seeds, settings, *more):
        recipe = [word for setting in settings for word in ("--recipe", setting)]
        done = self.opal("train", task, "-m", method, "--seeds", str(seeds), "--json",
                         self.path(method + ".json"), *recipe, *more)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(self.path(method + ".json")) as file:
            runs = json.load(file)["runs"]
        return sum(100 * run["test"]["accuracy"] for run in runs) / len(runs)


@unittest.skipUnless(os.path.exists(CORA + "/cora.content"), f"no Cora in {CORA!r}")
class OnCora(Accuracy):
    def cora(self, method, settings, *more):
        return self.mean_percent("cora", method, 2, settings, "--data", CORA, *more)

    def test_backpropagation(self):
        self.assertGreater(self.cora("bp", ["input_dropout=0.9", "dropout=0.3", "l2=0.0002"]),
                           82.06 - MARGIN)

    def test_direct_feedback(self):
        self.assertGreater(self.cora("dfa", ["input_dropout=0.8"]), 82.32 - MARGIN)

    def test_ternary(self):
        self.assertGreater(self.cora("ternary", ["input_dropout=0.8"]), 82.32 - MARGIN)

    def test_light(self):
        # A smaller bench than `lab`, as noisy: the same limit.
        self.assertGreater(
            self.cora("optical", ["input_dropout=0.8"], *self.bench), 82.3 - MARGIN)

    def test_shallow_is_far_below(self):
        # 38 +- 7: above 60 the hidden layer has been taught after all.
        self.assertLess(self.cora("shallow", []), 60)


@unittest.skipUnless(os.path.exists(FASHION), f"no Fashion-MNIST in {FASHION!r}")
class OnFashion(Accuracy):
    def fashion(self, method, *more):
        return self.mean_percent(
            "fashion-mnist", method, 1,
            ["epochs=1", "validation=40000", "pixels=standard", "gain=32"], *more)

    def test_backpropagation(self):
        self.assertGreater(self.fashion("bp"), 82.9)

    def test_direct_feedback(self):
        self.assertGreater(self.fashion("dfa"), 74.9)

    def test_ternary(self):
        self.assertGreater(self.fashion("ternary"), 74.6)

    def test_light(self):
        self.assertGreater(self.fashion("optical", *self.bench), 74.6)

    def test_shallow_is_below(self):
        self.assertLess(self.fashion("shallow"), 74)


if __name__ == "__main__":
    unittest.main()
