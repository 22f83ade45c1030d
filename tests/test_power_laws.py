#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of curves: entry_regimes.py, gap.py, scaling_law.py and policy.py on real runs, and theory.py by hand."""

import contextlib
import io
import math
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

import h5py
import numpy as np

from program import ROOT, moat

sys.path.insert(0, str(ROOT / "analysis"))
import entry_regimes  # noqa: E402
import family  # noqa: E402
import gap  # noqa: E402
import moatfile  # noqa: E402
import policy  # noqa: E402
import power_laws  # noqa: E402
import scaling_law  # noqa: E402
import theory  # noqa: E402

import matplotlib.pyplot as plt  # noqa: E402

from drawn import faults, texts  # noqa: E402

HEAD = "name: {0}\nsweep: {1}\nsolver: deterministic\noutput: {0}.h5\nmodel: {{gamma: 0.1, P: .inf}}\n"
RUNS = {
    "entry": ("market_entry", """tau_unit: L_star
grid:
  tau_I: {values: [0.6, 0.9, 0.999]}
  N_I:   {values: [1e2, 1e3, 1e4, 1e5, 1e6, 1e8, 1e10, .inf]}
  tau_E: {values: [0.7, 0.95, .inf]}
  Q:     {values: [0.2]}
  nu:    {values: [0.5, 2.0]}
"""),
    "gap": ("market_entry", """tau_unit: L_star
incumbent: {tau: 0.5}
grid:
  N_I:   {values: [1e6, .inf]}
  tau_E: {values: [0.500001, 0.5001, 0.51, 0.6, 0.9]}
  Q:     {values: [0.2]}
  nu:    {values: [1.0, 2.0]}
"""),
    "law": ("scaling_law", """grid:
  N:     {log: [10, 1e10], points: 31}
  alpha: {values: [0.75, 0.99, 0.99999, 1]}
  Q:     {values: [0.2]}
  nu:    {values: [1.0, 2.0]}
"""),
}


class PowerLawsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="moat-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        for name, (sweep, grid) in RUNS.items():
            (cls.folder / f"{name}.yaml").write_text(HEAD.format(name, sweep) + grid)
            code, _, error = moat(cls.folder, "run", f"{name}.yaml", "-q")
            assert code == 0, error

    def setUp(self):
        self.addCleanup(plt.close, "all")

    def family(self, name, script, along, slices=(), over=None, flags=()):
        sweep = RUNS[name][0]
        optional = ["lambda"] if sweep == "scaling_law" else ["tau_I", "tau_I_absolute"]
        results = moatfile.read(str(self.folder / f"{name}.h5"), script.NEEDS, family.AXES[sweep], optional)
        found = family.Family(results, along, over, slices)
        found.flags = list(flags)
        return found

    def drawn(self, figure):
        """Label of the legend -> the data of the curve above, of figures of power laws."""
        main = max(figure.axes, key=lambda axes: axes.get_position().y1)
        legends = [child for child in main.get_children() if child.__class__.__name__ == "Legend"]
        labels = next(words for words in ([text.get_text() for text in legend.get_texts()] for legend in legends)
                      if "first" not in words and "second" not in words)
        curves = [line for line in main.get_lines() if line.get_marker() != "None" and len(line.get_xdata()) > 1]
        return dict(zip(labels, [line.get_xydata() for line in curves]))

    def test_curves_are_the_files(self):
        with h5py.File(self.folder / "entry.h5") as file:
            threshold = file["N_E_star"][...]
            figure = entry_regimes.draw(self.family("entry", entry_regimes, "N_I", ["tau_I=.9", "nu=2"], "tau_E"))
            for (label, data), k in zip(self.drawn(figure).items(), range(3)):
                expected = np.c_[file["N_I"][:-1], threshold[1, :-1, k, 0, 1]]
                np.testing.assert_array_equal(data, expected, label)
            figure = policy.draw(self.family("entry", policy, "tau_I", ["N_I=inf", "nu=2"], "tau_E"))
            for (label, data), k in zip(self.drawn(figure).items(), range(3)):
                np.testing.assert_array_equal(data, np.c_[file["tau_I"][...], threshold[:, -1, k, 0, 1]], label)
        with h5py.File(self.folder / "gap.h5") as file:
            figure = gap.draw(self.family("gap", gap, "tau_E", ["N_I=inf"], "nu"))
            for (label, data), k in zip(self.drawn(figure).items(), range(2)):
                closing = np.c_[1 / file["D"][:, 0, k], file["N_E_star"][1, :, 0, k]][::-1]
                np.testing.assert_array_equal(data, closing, label)
                self.assertTrue((np.diff(data[:, 0]) > 0).all())
        with h5py.File(self.folder / "law.h5") as file:
            for flags, name in (((), "loss"), (("--excess",), "excess_loss")):
                figure = scaling_law.draw(self.family("law", scaling_law, "N", ["nu=1"], "alpha", flags))
                shown = self.drawn(figure)
                self.assertEqual(list(shown)[2:], ["$1 - \\alpha$ = $10^{-5}$", "$\\alpha$ = 1"])
                for data, k in zip(shown.values(), range(4)):
                    np.testing.assert_array_equal(data, np.c_[file["N"][...], file[name][:, k, 0, 0]])

    def test_no_text_meets_another_or_leaves_the_page(self):
        for script, draw in (
                (entry_regimes, lambda: self.family("entry", entry_regimes, "N_I", ["tau_I=.9", "nu=.5"], "tau_E")),
                (entry_regimes, lambda: self.family("entry", entry_regimes, "N_I", ["tau_E=inf", "nu=2"], "tau_I")),
                (policy, lambda: self.family("entry", policy, "tau_I", ["N_I=1e6", "nu=.5"], "tau_E")),
                (gap, lambda: self.family("gap", gap, "tau_E", ["N_I=inf"], "nu")),
                (gap, lambda: self.family("entry", gap, "tau_I", ["N_I=inf", "nu=2"], "tau_E")),
                (scaling_law, lambda: self.family("law", scaling_law, "N", ["nu=2"], "alpha")),
                (scaling_law, lambda: self.family("law", scaling_law, "N", ["nu=2"], "alpha", ["--excess"]))):
            figure = script.draw(draw())
            self.assertEqual(faults(figure), [], script.__name__)

    def test_guides_have_theorys_slopes_and_keep_clear(self):
        """A curve that passes through all three regimes, sharp at its corners: each guide has its slope and the longest
        stretch of its regime, and its label meets no curve."""
        x = np.geomspace(1, 1e12, 121)
        regime = np.digitize(x, [1e4, 1e8]) + 1
        slopes = np.array([1, 0.5, 0.0])[regime - 1]
        y = np.exp(np.concatenate([[0], np.cumsum(slopes[1:] * np.diff(np.log(x)))]))
        curves = [power_laws.Curve(f"{k}", x, y * 1.7 ** k, slopes, regime, (1.0, 0.5, 0.0), (1e4, 1e8)) for k in range(4)]
        figure = power_laws.draw("elasticity_N_I", curves, ("x", "y", "z"), ["caption"])
        self.assertEqual(faults(figure), [])
        main = next(axes for axes in figure.axes if axes.get_ylabel() == "y")
        guides = [line.get_xydata() for line in main.get_lines() if len(line.get_xdata()) == 2]
        found = sorted((float(np.log(end[1] / start[1]) / np.log(end[0] / start[0])), start[0], end[0])
                       for start, end in guides)
        for (slope, start, end), (expected, low, high) in zip(found, ((0, 1e8, 1e12), (0.5, 1e4, 1e8), (1, 1, 1e4)), strict=True):
            self.assertAlmostEqual(slope, expected, places=9)
            self.assertAlmostEqual(math.log10(start / low), 0, delta=0.11)
            self.assertAlmostEqual(math.log10(end / high), 0, delta=0.11)
        labels = [box for text, box in texts(figure) if text in ("$1$", "$1/(\\nu+1)$", "$0$") and main.bbox.contains(box.x0, box.y0)]
        self.assertEqual(len(labels), 3)
        for box in labels:
            self.assertTrue(main.bbox.y0 <= box.y0 and box.y1 <= main.bbox.y1)
            for curve in curves:
                points = main.transData.transform(np.c_[x, curve.y])
                across = np.linspace(box.x0, box.x1, 20)
                height = np.interp(across, *points.T)
                self.assertFalse(((height > box.y0) & (height < box.y1)).any())

    def test_strips_change_where_the_regime_does(self):
        found = self.family("entry", entry_regimes, "N_I", ["tau_E=inf", "nu=2"], "tau_I")
        figure = entry_regimes.draw(found)
        strip = next(axes for axes in figure.axes if axes.get_yscale() != "log" and len(axes.patches) > 2)
        with h5py.File(self.folder / "entry.h5") as file:
            regime, n_incumbent = file["regime"][:, :-1, 2, 0, 1], file["N_I"][:-1]
        runs = sum(1 + np.count_nonzero(np.diff(row.astype(int))) for row in regime)
        self.assertEqual(len(strip.patches), runs)
        reach = [patch.get_window_extent() for patch in strip.patches]
        self.assertAlmostEqual(sum(box.width * box.height for box in reach), strip.bbox.width * strip.bbox.height, delta=10)
        self.assertEqual(n_incumbent[0], strip.get_xlim()[0])

    def test_break_points_are_where_terms_are_equal(self):
        """The terms of theory.py's docstring, a = 1 - alpha: at a break point two neighbours are of one size."""
        for nu, nu_prime in ((0.34, 0.34), (1.0, 1.0), (2.0, 1.1)):
            for a, Q in ((0.1, 0.5), (1e-4, 0.1), (1e-7, 1.0)):
                terms = [lambda N: N ** -nu, lambda N: (a * Q / N) ** (nu / (nu + 1)),
                         lambda N: a * Q * N ** (-nu_prime / (nu_prime + 1))]
                first, second = theory.loss_breaks(a, Q, nu)
                self.assertAlmostEqual(terms[0](first) / terms[1](first), 1, places=9)
                self.assertAlmostEqual(terms[1](second) / (a * a * Q), 1, places=9)
                first, second = theory.excess_breaks(a, Q, nu, nu_prime)
                self.assertAlmostEqual(terms[0](first) / terms[1](first), 1, places=9)
                if nu_prime < nu:
                    self.assertAlmostEqual(terms[1](second) / terms[2](second), 1, places=9)
                else:
                    self.assertEqual(second, math.inf)
                # Result 1 (DESIGN.md section 3): N_I = G^(-1/2nu) Q^(-1/2nu), then G^(-1/2-1/nu) Q^(1/2).
                G = a * a
                first, second = theory.entry_breaks(G, Q, nu)
                self.assertAlmostEqual(first / (G * Q) ** (-0.5 / nu), 1, places=12)
                self.assertAlmostEqual(second / (G ** (-0.5 - 1 / nu) * Q ** 0.5), 1, places=12)
                self.assertEqual(theory.exponents("exponent_D", nu, nu_prime),
                                 (1 / nu, (nu + 1) / nu, (nu_prime + 1) / nu_prime))
        for breaks in (theory.entry_breaks(0, 0.1, 1), theory.loss_breaks(0, 0.1, 1), theory.excess_breaks(0, 0.1, 2, 1.1),
                       theory.gap_breaks(0, 0.1, 2, 1.1)):
            self.assertEqual(breaks, (math.inf, math.inf))

    def test_refusals_are_one_line_and_exit_2(self):
        target = str(self.folder / "no.png")
        for script, arguments, message in (
                (entry_regimes, ["law.h5"], "its sweep is scaling_law; expected one with"),
                (scaling_law, ["gap.h5"], "its sweep is market_entry; expected one with"),
                (policy, ["gap.h5"], "has no tau_I"),
                (gap, ["gap.h5", "--slice", "N_I=1e6"], "expected infinite data, as in jobs/result-2.yaml"),
                (entry_regimes, ["entry.h5", "--slice", "N_I=100"], "but N_I is drawn along"),
                (entry_regimes, ["entry.h5", "--over", "alpha"], "--over: found alpha; expected one of"),
                (scaling_law, ["law.h5", "--slice", "nu=3"], "nu has no value 3; it has 1, 2"),
                (scaling_law, ["absent.h5"], "no such file")):
            with contextlib.redirect_stderr(io.StringIO()) as said:
                code = script.main([str(self.folder / arguments[0]), *arguments[1:], "-o", target])
            last = said.getvalue().splitlines()[-1]
            self.assertEqual(code, 2, said.getvalue())
            self.assertIn(message, last)
            self.assertFalse(Path(target).exists())

    def test_axes_without_a_slice_are_announced(self):
        with contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertEqual(scaling_law.main([str(self.folder / "law.h5"), "-o", str(self.folder / "law.svg")]), 0)
        self.assertIn("nu = 1, the first of 2; --slice nu=VALUE draws another", said.getvalue())
        self.assertIn("moat ", (self.folder / "law.svg").read_text())


if __name__ == "__main__":
    unittest.main()
