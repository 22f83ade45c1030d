#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answer of `moat point` in words: each kind of it, its numbers against the JSON, closed forms and markets nearby."""

import json
import math
import re
import unittest

from program import ROOT, ProgramTest

RULE = {0.9: "a safety threshold of 0.9 L*", math.inf: "no safety threshold"}


class SentenceTest(ProgramTest):
    def point(self, N_I, tau_I, tau_E, **more):
        """(the sentence, the members of the JSON) of a market."""
        options = {"gamma": 0.5, "nu": 1, "Q": 0.1, "N-I": N_I, "tau-I": tau_I, "tau-E": tau_E, **more}
        words = [f"--{name}={value}" for name, value in options.items()]
        found = json.loads(self.run_moat(0, "point", *words, "--json")[0])
        printed, _ = self.run_moat(0, "point", *words)
        self.assertEqual(printed.splitlines()[:2], [found["sentence"], ""])
        self.assertRegex(printed.splitlines()[2], rf"^market entry threshold N_E\* = \S+  \({found['status']}\)$")
        return found["sentence"], found

    def test_enough(self):
        for N_I, tau_I, tau_E, data in ((1e3, 0.9, math.inf, "1,000 data points"), (3.2e6, 0.9, 0.95, "3.2 million data points"),
                                        (math.inf, 0.9, 0.95, "unlimited data"), (1e3, 0.9, 0.85, "1,000 data points")):
            said, found = self.point(N_I, tau_I, tau_E)
            N_E = found["N_E_star"]
            rule = RULE.get(tau_E, f"a safety threshold of {tau_E} L*")
            start = (f"With {data} and {RULE[tau_I]}, the incumbent can be beaten with {math.ceil(N_E):,} by a newcomer with {rule}")
            share = N_E / N_I
            end = "" if share == 0 else f": {100 * share:.3g} % of its data" if share < 1 else f": {share:.3g} times its data"
            self.assertEqual(said, f"{start}{end}.")
        readme = (ROOT / "README.md").read_text()
        said, found = self.point(1e6, 0.9, math.inf)
        self.assertIn(f"\n    {said}\n", readme)
        self.assertIn(f"labels {100 * (1 - found['incumbent_alpha']):.0f} % of its million points for safety", readme)
        more, ruled = (math.ceil(self.point(N_I, 0.9, tau_E)[1]["N_E_star"]) for N_I, tau_E in ((1e7, math.inf), (1e6, 0.95)))
        self.assertRegex(readme, rf"N_E\\\* would be\s{more:,}\. .*0\.95 L\\\* one needs {ruled:,} points")
        self.assertIn("can be beaten with 1 billion by", self.point(1e9, 0.9, 0.8999999)[0])
        self.assertIn("about as much as its own.", self.point(1e9, 0.9, 0.8999999)[0])
        self.assertIn("threshold of 0.3,", self.point(1e3, 0.3, "inf", **{"tau-unit": "absolute"})[0])
        self.assertIn("0.95 L* on its mixture of labels:", self.point(1e6, 0.9, 0.95, scrutiny="training_mixture")[0])

    def test_one_point(self):
        said, found = self.point(1, 5, 5)
        self.assertEqual(found["status"], "entrant_always")
        self.assertRegex(said, r"^One data point is enough: ")
        self.check_losses(said, found["entrant_loss_performance"] / found["L_star"], found["incumbent_loss_performance"] / found["L_star"])

    def check_losses(self, said, *expected):
        """The losses in the sentence, in multiples of L*, after the thresholds."""
        found = [float(number) for number in re.findall(r"(?:loss (?:of|is)|has) (\S+?) L\*", said)]
        for number, value in zip(found, expected, strict=True):
            self.assertAlmostEqual(number, value, delta=0.005 * value)

    def test_no_entry(self):
        said, found = self.point("inf", 0.9, 0.8)
        self.assertEqual(found["status"], "no_entry")
        self.assertRegex(said, r"^No amount of data is enough: ")
        self.check_losses(said, (1 - math.sqrt(0.8)) ** 2, (1 - math.sqrt(0.9)) ** 2)
        said, _ = self.point("inf", 0.9, 0.9)
        self.assertRegex(said, r"has the same, which finite data only approach\.$")
        said, _ = self.point("inf", 0.9000001, 0.9)  # enough digits to tell the losses apart
        left, right = re.findall(r"(?:loss of|has) (\S+) L\*", said)
        self.assertGreater(float(left), float(right))

    def test_infeasible(self):
        """The least safety loss that is named can be met, and a little less cannot."""
        said, found = self.point(10, 0.3, 0.8)
        self.assertEqual(found["status"], "incumbent_infeasible")
        least = float(re.search(r"with 10 data points it cannot meet .* of 0\.3 L\*; the least safety loss that it can reach is (\S+) L\*\.$", said)[1])
        for factor, status in ((1 - 1e-5, "incumbent_infeasible"), (1 + 1e-5, "ok")):
            self.assertEqual(self.point(10, least * factor, "inf")[1]["status"], status)
        said, found = self.point(1000, 0.2, 0.8)
        self.assertRegex(said, r"^There is no incumbent to beat: .* for performance stays above 0\.25 L\*\.$")
        said, found = self.point(1000, 0.9, 0.2)
        self.assertEqual(found["status"], "entrant_infeasible")
        self.assertRegex(said, r"^No amount of data is enough: the newcomer cannot meet .* of 0\.2 L\*; .* stays above 0\.25 L\*\.$")

    def test_not_solved(self):
        said, found = self.point("inf", 0.9, 0.9 + 1e-13)
        self.assertEqual(found["status"], "failed")
        self.assertRegex(said, r"^Not solved: ")


if __name__ == "__main__":
    unittest.main()
