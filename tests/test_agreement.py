#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""analysis/agreement.py, on small results files of a measured spectrum whose differences from theory are known."""

import contextlib
import io
import math
import tempfile
import unittest
from pathlib import Path

import numpy as np

from market_file import write_file

import agreement
import moatfile

import matplotlib.pyplot as plt  # after agreement, which chooses the backend

from drawn import faults, texts

AXES = ("N_I", "tau_E")
N_I = [100.0, 300, 1000, 3000, math.inf]
TAU = [0.8, math.inf]
MEASURED = {"gamma": None, "P": 100.0, "spectrum_checksum": 7, "spectrum_title": "Words", "tau_I": 0.7}


def theory(n_incumbent, tau):
    n, t = np.meshgrid(np.minimum(n_incumbent, 1e4), np.minimum(tau, 2), indexing="ij")
    return 0.9 * n ** 0.95 / t ** 0.3


class AgreementTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(plt.close, "all")
        self.folder = Path(folder.name)
        self.file, self.figure = self.folder / "sweep.h5", self.folder / "figure.png"

    def write(self, difference=0.01, error=0.01, status=1, axes=None, rows=500, solver="ridge", **attributes):
        """A file with that relative difference from theory and its standard error; with rows None of Gaussian features."""
        axes = axes or {"N_I": N_I, "tau_E": TAU}
        base = theory(axes["N_I"], axes["tau_E"])
        base = np.broadcast_to(base, [len(values) for values in axes.values()])
        values = {"N_E_star": base * (1 + difference), "N_E_star_stderr": base * error, "N_E_star_deterministic": base,
                  "status": np.broadcast_to(status, base.shape).astype(np.uint8)}
        if solver != "ridge":
            values = {"N_E_star": base, "status": values["status"]}
        more = {"trials": 12, "seed": 1} if solver == "ridge" else {}
        more |= {"data_rows": rows, "data_checksum": 3} if rows else {}
        write_file(self.file, axes, {name: (tuple(axes), each) for name, each in values.items()}, solver=solver,
                   **{**MEASURED, **more, **attributes})

    def run_command(self, *arguments):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = agreement.main([str(self.file), "-o", str(self.figure), *arguments])
        return code, out.getvalue(), err.getvalue()

    def load(self, *slices):
        return agreement.Agreement(moatfile.read(str(self.file), agreement.NEEDS, "market_entry", AXES, agreement.OPTIONAL), slices)

    def test_summary(self):
        """z is 0.5, -1, 1.5, -2.5 and so on: of ten points eight are within 2."""
        self.write(0.02 * np.resize([0.5, -1.0, 1.5, -2.5], 10).reshape(5, 2), 0.02)
        code, out, err = self.run_command()
        self.assertEqual((code, err), (0, ""))
        self.assertIn("12 trials, samples of the 500 rows, against theory: 10 distinct of 10 points", out)
        self.assertRegex(out, r"median difference -0\.50 %, median of its size 2\.00 %, at most 5\.00 %")
        self.assertRegex(out, r"within 2 standard errors 80\.0 % \(92\.9 % if noise alone .*median \|z\| 1\.00 \(0\.70\)")
        self.assertEqual(self.load().headline(), "Theory predicts ridge regression on the 500 rows to 2 % in the median")

    def test_points_are_those_of_the_file(self):
        """Infinite data stand at the right end; N_I may come in any order."""
        order = [4, 2, 0, 1, 3]
        self.write(0.03, 0.02, axes={"N_I": np.array(N_I)[order], "tau_E": TAU})
        found = self.load()
        figure = agreement.draw(found)
        upper, lower = figure.axes
        for tau, (above, below) in enumerate(zip(upper.containers, lower.containers)):
            base = theory(N_I, TAU)[:, tau]
            x, y = above.lines[0].get_data()
            np.testing.assert_allclose(x, [100, 300, 1000, 3000, found.end])
            np.testing.assert_allclose(y, 1.03 * base)
            np.testing.assert_allclose(below.lines[0].get_ydata(), 3)
            ends = np.array(below.lines[2][0].get_segments())[:, :, 1]
            np.testing.assert_allclose(ends, np.tile([1, 5], (5, 1)))
            self.assertTrue(any(np.array_equal(line.get_ydata(), base[:4]) for line in upper.get_lines()))
        self.assertEqual([label.get_text() for label in lower.get_xticklabels()][-1], r"$\infty$")
        self.assertGreater(found.end, 3000)

    def test_half_finished(self):
        status = np.ones((5, 2))
        status[3:], status[0, 0] = 0, 6
        self.write(status=status)
        found = self.load()
        self.assertEqual(found.points.size, 5)
        self.assertIn("4 of 10 points not computed yet", found.caption())
        self.assertEqual(faults(agreement.draw(found)), [])

    def test_theory_alone(self):
        self.write(solver="deterministic", rows=None)
        code, out, err = self.run_command()
        self.assertEqual((code, err), (0, ""))
        self.assertIn("10 of 10 thresholds", out)
        ratio = 100 * theory(N_I, TAU)[:4] / np.array(N_I[:4])[:, None]
        self.assertEqual(self.load().headline(), f"A newcomer needs {ratio.min():.2g} to {ratio.max():.2g} % of the incumbent's data")

    def test_every_text_is_on_the_page_and_apart(self):
        for axes, rows in (({"N_I": N_I, "tau_E": TAU}, None), ({"N_I": [1000.0], "tau_E": [1.2]}, 5), ({"N_I": [math.inf], "tau_E": [0.8]}, 5),
                           ({"N_I": np.geomspace(10, 1e6, 40).tolist() + [math.inf], "tau_E": [0.8, 0.9, 1.0, 1.2, 1.5, 2, math.inf]}, 10 ** 6)):
            self.write(axes=axes, rows=rows, spectrum_title="Helpfulness and harmlessness of the queries of a service, of a year and more")
            found = self.load()
            self.assertEqual(faults(agreement.draw(found, 3.4)), [])
            figure = agreement.draw(found)
            self.assertEqual(faults(figure), [])
            self.assertEqual(any(text == r"$\infty$" for text, _ in texts(figure)), math.isinf(axes["N_I"][-1]))
            self.assertEqual("Gaussian" in found.headline(), rows is None)

    def test_axis_of_thresholds(self):
        axes = {"tau_I": [0.5, 0.7], "N_I": N_I, "tau_E": TAU}
        difference = np.array([0.01, 0.04]).reshape(2, 1, 1)
        self.write(difference, axes=axes, tau_I=None)
        self.assertRegex(self.run_command()[2], r"tau_I is held at 0\.5, the first of its 2 values; --slice")
        self.assertAlmostEqual(np.median(self.load("tau_I=0.7").points.difference), 0.04)
        self.assertIn("incumbent allowed 0.7 $L^*$", self.load("tau_I=0.7").caption())

    def test_refusals(self):
        def refused(pattern, *arguments):
            code, out, err = self.run_command(*arguments)
            self.assertEqual((code, out, err.count("\n")), (2, "", 1))
            self.assertRegex(err, r"\Aagreement\.py: " + pattern)
            self.assertFalse(self.figure.exists())

        refused(r".*no such file")
        self.write(spectrum_checksum=None)
        refused(r".*is of a power-law spectrum; expected a sweep with `model: \{spectrum: FILE\}`")
        self.write(status=0)
        refused(r".*none of its 10 points has a finite N_E_star with its standard error; wait")
        self.write(error=math.nan)
        refused(r".*none of its 10 points")
        self.write()
        refused(r"--slice: found tau_E=0\.8", "--slice", "tau_E=0.8")
        write_file(self.file, {"N_I": N_I, "tau_E": TAU}, {"N_E_star": (AXES, theory(N_I, TAU)), "status": (AXES, np.ones((5, 2), np.uint8))},
                   solver="ridge", trials=3, seed=1, **MEASURED)
        refused(r".*has no N_E_star_deterministic: `store:` of its config leaves it out")


if __name__ == "__main__":
    unittest.main()
