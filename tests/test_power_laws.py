#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of curves: entry_regimes.py, gap.py, scaling_law.py and policy.py on real runs, and theory's lines by hand."""

import contextlib
import io
import math
import shutil
import sys
import unittest
from pathlib import Path

import h5py
import numpy as np

from program import ROOT, solve, temporary_folder
from sweeps import law, market

sys.path.insert(0, str(ROOT / "analysis"))
import entry_regimes  # noqa: E402
import family  # noqa: E402
import gap  # noqa: E402
import moatfile  # noqa: E402
import policy  # noqa: E402
import power_laws  # noqa: E402
import regimes  # noqa: E402
import scaling_law  # noqa: E402
import theory  # noqa: E402

import matplotlib.pyplot as plt  # noqa: E402

from drawn import faults, texts  # noqa: E402

RUNS = {
    "entry": market("entry", gamma=0.1, tau_I="{values: [0.6, 0.9, 0.999]}", N_I="{values: [1e2, 1e3, 1e4, 1e5, 1e6, 1e8, 1e10, .inf]}",
                    tau_E="{values: [0.7, 0.95, .inf]}", Q="{values: [0.2]}", nu="{values: [0.5, 2.0]}", tau_unit="L_star"),
    "gap": market("gap", gamma=0.1, tau_I=0.5, N_I="{values: [1e6, .inf]}", tau_E="{values: [0.500001, 0.5001, 0.51, 0.6, 0.9]}",
                  Q="{values: [0.2]}", nu="{values: [1.0, 2.0]}", tau_unit="L_star"),
    "law": law("law", gamma=0.1, N="{log: [10, 1e10], points: 31}", alpha="{values: [0.75, 0.99, 0.99999, 1]}", Q="{values: [0.2]}",
               nu="{values: [1.0, 2.0]}"),
}


class PowerLawsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = temporary_folder(cls.addClassCleanup)
        for text in RUNS.values():
            solve(cls.folder, text)

    def setUp(self):
        self.addCleanup(plt.close, "all")

    def family(self, name, script, along, slices=(), over=None, flags=(), path=None):
        sweep = "scaling_law" if name == "law" else "market_entry"
        optional = {"tau_I", "tau_I_absolute", *getattr(script, "OPTIONAL", ())}
        results = moatfile.read(str(path or self.folder / f"{name}.h5"), script.NEEDS, sweep, moatfile.AXES[sweep], optional)
        found = family.Family(results, along, over, slices)
        found.flags = list(flags)
        return found

    def drawn(self, figure):
        """The data of the curves in the upper panel."""
        return self.curves(self.upper(figure))

    @staticmethod
    def curves(axes):
        """The data of the curves of a panel, which have markers as guides have not."""
        return [line.get_xydata() for line in axes.get_lines() if line.get_marker() != "None" and len(line.get_xdata()) > 1]

    @staticmethod
    def upper(figure):
        return max(figure.axes, key=lambda axes: axes.get_position().y1)

    @staticmethod
    def lower(figure):
        return min(figure.axes, key=lambda axes: axes.get_position().y0)

    @staticmethod
    def strip(figure):
        return next(axes for axes in figure.axes if not len(axes.get_yticks()))

    def ticks(self, figure):
        """The break points drawn across each row of the strip, from the top."""
        strip = self.strip(figure)
        found = [set() for _ in range(round(strip.get_ylim()[0]))]
        for line in strip.get_lines():
            (x, *rest), (top, *_) = line.get_data()
            if rest == [x]:
                found[math.floor(top)].add(float(x))
        return [sorted(row) for row in found]

    def assertTicks(self, figure, expected):
        for row, wanted in zip(self.ticks(figure), expected, strict=True):
            self.assertEqual(len(row), len(wanted), f"{row}, {wanted}")
            np.testing.assert_allclose(row, wanted, rtol=1e-9)

    def test_curves_are_the_files(self):
        with h5py.File(self.folder / "entry.h5") as file:
            threshold = file["N_E_star"][...]
            figure = entry_regimes.draw(self.family("entry", entry_regimes, "N_I", ["tau_I=.9", "nu=2"], "tau_E"))
            for data, k in zip(self.drawn(figure), range(3), strict=True):
                np.testing.assert_array_equal(data, np.c_[file["N_I"][:-1], threshold[1, :-1, k, 0, 1]])
            figure = policy.draw(self.family("entry", policy, "tau_I", ["N_I=inf", "nu=2"], "tau_E"))
            for data, k in zip(self.drawn(figure), range(3), strict=True):
                np.testing.assert_array_equal(data, np.c_[file["tau_I"][...], threshold[:, -1, k, 0, 1]])
        with h5py.File(self.folder / "gap.h5") as file:
            figure = gap.draw(self.family("gap", gap, "tau_E", ["N_I=inf"], "nu"))
            for data, k in zip(self.drawn(figure), range(2), strict=True):
                closing = np.c_[1 / file["D"][:, 0, k], file["N_E_star"][1, :, 0, k]][::-1]
                np.testing.assert_array_equal(data, closing)
                self.assertTrue((np.diff(data[:, 0]) > 0).all())
        with h5py.File(self.folder / "law.h5") as file:
            for flags, name in (((), "loss"), (("--excess",), "excess_loss")):
                figure = scaling_law.draw(self.family("law", scaling_law, "N", ["nu=1"], "alpha", flags))
                named = [text for text, _ in texts(figure)]
                self.assertTrue({r"$1-\alpha$ = $10^{-5}$", r"$\alpha$ = 1"} <= set(named))
                for data, k in zip(self.drawn(figure), range(4), strict=True):
                    np.testing.assert_array_equal(data, np.c_[file["N"][...], file[name][:, k, 0, 0]])

    def test_lower_panels_are_the_files(self):
        with h5py.File(self.folder / "entry.h5") as file:
            for script, along, slices, over, name, part in (
                    (entry_regimes, "N_I", ["tau_I=.9", "nu=2"], "tau_E", "elasticity_N_I", np.s_[1, :-1, :, 0, 1]),
                    (policy, "tau_I", ["N_I=inf", "nu=2"], "tau_E", "elasticity_tau_I", np.s_[:, -1, :, 0, 1])):
                x, expected = file[along][:part[1].stop if along == "N_I" else None], file[name][...][part]
                shown = self.curves(self.lower(script.draw(self.family("entry", script, along, slices, over))))
                for k, data in zip(range(expected.shape[1]), shown, strict=True):
                    np.testing.assert_array_equal(data, np.c_[x, expected[:, k]], name)
        with h5py.File(self.folder / "gap.h5") as file:
            shown = self.curves(self.lower(gap.draw(self.family("gap", gap, "tau_E", ["N_I=inf"], "nu"))))
            for k, data in zip(range(2), shown, strict=True):
                np.testing.assert_array_equal(data, np.c_[1 / file["D"][:, 0, k], file["exponent_D"][1, :, 0, k]][::-1])
        with h5py.File(self.folder / "law.h5") as file:
            for flags, name in (((), "exponent_loss"), (("--excess",), "exponent_excess")):
                figure = scaling_law.draw(self.family("law", scaling_law, "N", ["nu=1"], "alpha", flags))
                for k, data in zip(range(4), self.curves(self.lower(figure)), strict=True):
                    np.testing.assert_array_equal(data, np.c_[file["N"][...], file[name][:, k, 0, 0]])

    def test_lines_of_exponents_are_theorys(self):
        """MODEL.md section 11 at nu = 2, gamma = 0.1: delta = 1.9, nu' = 1.1."""
        for draw, expected in (
                (lambda: entry_regimes.draw(self.family("entry", entry_regimes, "N_I", ["tau_E=inf", "nu=2"], "tau_I")),
                 (0, 1 / 3, 1)),
                (lambda: gap.draw(self.family("gap", gap, "tau_E", ["N_I=inf", "nu=2"])), (1 / 2, 3 / 2)),
                (lambda: scaling_law.draw(self.family("law", scaling_law, "N", ["nu=2"], "alpha")), (0, 2 / 3, 2)),
                (lambda: scaling_law.draw(self.family("law", scaling_law, "N", ["nu=2"], "alpha", ["--excess"])),
                 (11 / 21, 2 / 3, 2))):
            lines = [line.get_ydata() for line in self.lower(draw()).get_lines() if line.get_marker() == "None"]
            self.assertTrue(all(start == end for start, end in lines))
            np.testing.assert_allclose(sorted(start for start, _ in lines), expected, rtol=1e-8)

    def test_ticks_are_at_break_points(self):
        """By hand, Q = 0.2. Of the loss at nu = 1: 1/N = (aQ/N)^(1/2) at 1/(aQ), (aQ/N)^(1/2) = a^2 Q at 1/(a^3 Q). Of the
        excess at nu = 2, nu' = 1.1: (aQ)^(-1/2), (aQ)^(-2.1/0.9). Only those within the axis N of 10 to 1e10."""
        draw = lambda nu, *flags: scaling_law.draw(self.family("law", scaling_law, "N", [f"nu={nu}"], "alpha", flags))
        self.assertTicks(draw(1), [[20, 320], [500, 5e6], [5e5], []])
        self.assertTicks(draw(2, "--excess"), [[20 ** (7 / 3)], [500 ** 0.5, 500 ** (7 / 3)], [5e5 ** 0.5], []])
        # Result 1, a = 1 - sqrt tau_I for tau_I in units of L*: max((aQ)^(-1/2), a^(-1/1.1)), where it is later the end of
        # the plateau, Q a^(1-3/1.1), and aQ (a^2 Q)^(-3/2); only for an entrant without a threshold.
        expected = []
        for a in (1 - math.sqrt(tau) for tau in (0.6, 0.9, 0.999)):
            first, plateau = max((a * 0.2) ** -0.5, a ** (-1 / 1.1)), 0.2 * a ** (1 - 3 / 1.1)
            ends = [first, *([plateau] if plateau > first else []), 0.2 ** -0.5 / a ** 2]
            expected.append([x for x in ends if 1e2 < x < 1e10])
        self.assertEqual([len(row) for row in expected], [0, 1, 3])
        figure = entry_regimes.draw(self.family("entry", entry_regimes, "N_I", ["tau_E=inf", "nu=2"], "tau_I"))
        self.assertTicks(figure, expected)
        figure = entry_regimes.draw(self.family("entry", entry_regimes, "N_I", ["tau_E=.95", "nu=2"], "tau_I"))
        self.assertTicks(figure, [[], [], []])
        # Result 2 towards the entrant's 0.95 L*, where its share for safety is a: the later of 1/(aQ) and a^(-nu/nu').
        a = 1 - math.sqrt(0.95)
        figure = gap.draw(self.family("entry", gap, "tau_I", ["N_I=inf", "tau_E=.95"], "nu"))
        self.assertTicks(figure, [[1 / (a * 0.2)], [a ** (-2 / 1.1)]])
        self.assertLess(1 / (a * 0.2), a ** (-2 / 1.1))

    def test_where_there_is_no_threshold_the_strip_says_why(self):
        """A row for each curve of policy.py, hatched where the file has no threshold and as its status says."""
        figure = policy.draw(self.family("entry", policy, "tau_I", ["N_I=inf", "nu=2"], "tau_E"))
        strip = self.strip(figure)
        with h5py.File(self.folder / "entry.h5") as file:
            tau_I, status = file["tau_I"][...], moatfile.read(str(self.folder / "entry.h5"), ["status"]).variables["status"][1][:, -1, :, 0, 1]
        self.assertTrue((status == moatfile.NO_ENTRY).any())
        for kind in (moatfile.NO_ENTRY, moatfile.INCUMBENT_INFEASIBLE):
            patches = [patch.get_path() for patch in strip.patches if patch.get_gid() == f"kind-{kind}"]
            for row in range(3):
                covered = [any(path.contains_point((x, row + 0.5)) for path in patches) for x in tau_I]
                np.testing.assert_array_equal(covered, status[:, row] == kind)
        self.assertIn("no entry", " ".join(text for text, _ in texts(figure)))

    def test_curves_that_coincide_have_one_name(self):
        x, slopes = np.geomspace(1, 1e6, 30), np.ones(30)
        law = theory.Law((), ())
        names = [r"newcomer allowed 1 $L^*$", "no rule for the newcomer", r"newcomer allowed 0.9 $L^*$"]
        curves = [power_laws.Curve(name, x, x * scale, slopes, None, law) for name, scale in zip(names, (1, 1.001, 9))]
        figure = power_laws.draw(curves, ("x", "y", "z"), ("title", "subtitle", ["caption"]))
        written = " / ".join(text.replace("\n", " ") for text, _ in texts(figure))
        self.assertIn(r"newcomer allowed 1 $L^*$ or no rule for the newcomer", written)
        self.assertEqual(len(self.drawn(figure)), 2)
        heights = {text.replace("\n", " "): box.y0 for text, box in texts(figure)}
        self.assertGreater(heights[names[2]], heights[r"newcomer allowed 1 $L^*$ or no rule for the newcomer"])

    def test_measured_curves_have_error_bars(self):
        """Files with what ridge adds: the measured values and one standard error each way, beside the deterministic ones."""
        for name, script, along, slices, over, value, stderr, part in (
                ("entry", entry_regimes, "N_I", ["tau_I=.9", "nu=2"], "tau_E", "N_E_star", "N_E_star_stderr",
                 np.s_[1, :-1, :, 0, 1]),
                ("law", scaling_law, "N", ["nu=1"], "alpha", "loss", "loss_stderr", np.s_[:, :, 0, 0])):
            path = self.folder / f"measured-{name}.h5"
            shutil.copy(self.folder / f"{name}.h5", path)
            with h5py.File(path, "r+") as file:
                values = file[value][...]
                for more, data in ((stderr, values * 0.1), (f"{value}_deterministic", values * 1.5)):
                    file[more] = data
                    for k, dimension in enumerate(file[value].dims):
                        file[more].dims[k].attach_scale(dimension[0])
                x = file[along][...]
            x, values = x[np.isfinite(x)], values[part]
            main = self.upper(script.draw(self.family(name, script, along, slices, over, path=path)))
            expected = [line.get_ydata() for line in main.get_lines()
                        if line.get_marker() == "None" and line.get_xdata().size == x.size]
            for k, (bars, line) in enumerate(zip(main.containers, expected, strict=True)):
                np.testing.assert_array_equal(bars.lines[0].get_xydata(), np.c_[x, values[:, k]])
                np.testing.assert_array_equal(line, values[:, k] * 1.5)
                ends = [segment[:, 1] for segment in bars.lines[2][0].get_segments() if len(segment)]
                known = values[np.isfinite(values[:, k])][:, [k, k]]
                np.testing.assert_allclose(ends, known * [0.9, 1.1], rtol=1e-12)
            self.assertEqual(len(main.containers), values.shape[1])

    def test_no_text_meets_another_or_leaves_the_page(self):
        for script, draw in (
                (entry_regimes, lambda: self.family("entry", entry_regimes, "N_I", ["tau_I=.9", "nu=.5"], "tau_E")),
                (entry_regimes, lambda: self.family("entry", entry_regimes, "N_I", ["tau_E=inf", "nu=2"], "tau_I")),
                (policy, lambda: self.family("entry", policy, "tau_I", ["N_I=1e6", "nu=.5"], "tau_E")),
                (gap, lambda: self.family("gap", gap, "tau_E", ["N_I=inf"], "nu")),
                (gap, lambda: self.family("entry", gap, "tau_I", ["N_I=inf", "nu=2"], "tau_E")),
                (scaling_law, lambda: self.family("law", scaling_law, "N", ["nu=2"], "alpha")),
                (scaling_law, lambda: self.family("law", scaling_law, "N", ["nu=2"], "alpha", ["--excess"]))):
            for width in (7.6, 3.4):
                found = draw()
                found.width = width
                self.assertEqual(faults(script.draw(found)), [], f"{script.__name__}, {width} inches")

    def test_guides_have_theorys_slopes_and_keep_clear(self):
        """A curve that passes through all three regimes, sharp at its corners: each guide has its slope and the longest
        stretch of its regime, and its label meets no curve."""
        x = np.geomspace(1, 1e12, 121)
        regime = np.digitize(x, [1e4, 1e8]) + 1
        slopes = np.array([1, 0.5, 0.0])[regime - 1]
        y = np.exp(np.concatenate([[0], np.cumsum(slopes[1:] * np.diff(np.log(x)))]))
        law = theory.Law(tuple(theory.Regime(regime, theory.SYMBOLS["elasticity_N_I"][regime], value)
                               for regime, value in (("first", 1.0), ("second", 0.5), ("third", 0.0))), (1e4, 1e8))
        curves = [power_laws.Curve(f"{k}", x, y * 1.7 ** k, slopes, regime, law) for k in range(4)]
        figure = power_laws.draw(curves, ("x", "y", "z"), ("title", "subtitle", ["caption"]))
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
        strip = self.strip(figure)
        with h5py.File(self.folder / "entry.h5") as file:
            regime, n_incumbent = file["regime"][:, :-1, 2, 0, 1].astype(int), file["N_I"][:-1]
        for row, each in enumerate(regime):
            edges = np.concatenate([n_incumbent[:1], np.sqrt(n_incumbent[1:] * n_incumbent[:-1]), n_incumbent[-1:]])
            expected = regimes.settled(regimes.kind(each), edges)
            for kind in np.unique(expected):
                paths = [patch.get_path() for patch in strip.patches if patch.get_gid() == f"kind-{kind}"]
                covered = [any(path.contains_point((x, row + 0.5)) for path in paths) for x in n_incumbent[1:-1]]
                np.testing.assert_array_equal(covered, (expected == kind)[1:-1])
        self.assertEqual(n_incumbent[0], strip.get_xlim()[0])

    def test_a_regime_that_only_passes_by_is_none(self):
        first, between, second = (regimes.kind(each) for each in (regimes.FIRST, regimes.TRANSITIONAL, regimes.SECOND))
        kinds, edges = np.array([first] * 6 + [second] + [between] * 3 + [second] * 10), np.geomspace(1, 1e4, 21)
        np.testing.assert_array_equal(regimes.settled(kinds, edges), [first] * 6 + [between] * 4 + [second] * 10)

    def test_refusals_are_one_line_and_exit_2(self):
        target = str(self.folder / "no.png")
        shutil.copy(self.folder / "law.h5", self.folder / "old.h5")
        with h5py.File(self.folder / "old.h5", "r+") as file:
            del file["exponent_loss"].attrs["theory_exponents"]
        for script, arguments, message in (
                (entry_regimes, ["law.h5"], "its sweep is scaling_law; expected market_entry"),
                (scaling_law, ["gap.h5"], "its sweep is market_entry; expected scaling_law"),
                (policy, ["gap.h5"], "its axes are N_I, tau_E, Q, nu; expected tau_I, N_I, tau_E"),
                (gap, ["gap.h5", "--slice", "N_I=1e6"], "expected infinite data, as in jobs/result-2.yaml"),
                (entry_regimes, ["entry.h5", "--slice", "N_I=100"], "but N_I is an axis of the figure"),
                (entry_regimes, ["entry.h5", "--over", "alpha"], "--over: found alpha; expected one of"),
                (scaling_law, ["law.h5", "--slice", "nu=3"], "nu has no value 3; it has 1, 2"),
                (scaling_law, ["old.h5"], "exponent_loss has no attribute theory_exponents"),
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
        self.assertIn("nu is held at 1, the first of its 2 values; --slice nu=VALUE chooses another", said.getvalue())
        self.assertIn("moat ", (self.folder / "law.svg").read_text())


if __name__ == "__main__":
    unittest.main()
