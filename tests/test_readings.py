#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""readings.py and trade_off.py on the results of their jobs."""

import contextlib
import io
import math
import re
import sys
import unittest

import h5py
import numpy as np

from program import ROOT, moat, temporary_folder

sys.path.insert(0, str(ROOT / "analysis"))
import family  # noqa: E402
import moatfile  # noqa: E402
import readings  # noqa: E402
import trade_off  # noqa: E402

from drawn import faults  # noqa: E402

JOBS = ("result-2-wide", "result-2-mixture", "result-1-plateau", "result-1-mixture", "trade-off")
SLICES = ["nu=2", "tau_E=.9999", "tau_I=0.99999980000001"]


class FiguresTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = temporary_folder(cls.addClassCleanup)
        for job in JOBS:
            code, _, error = moat(cls.folder, "run", ROOT / "jobs" / f"{job}.yaml", "-q")
            assert code == 0, error

    def path(self, job):
        return str(self.folder / f"{job}.h5")

    def said(self, script, *arguments):
        """(exit code, messages) of a script."""
        with contextlib.redirect_stderr(io.StringIO()) as error:
            code = script.main([*arguments, "-o", str(self.folder / "figure.png")])
        return code, error.getvalue()

    def panels(self, jobs, slices):
        """The figure of readings.py, and its panels from the upper left, row by row."""
        figure = readings.draw([readings.Result(pair, slices) for pair in readings.pairs([self.path(job) for job in jobs])])
        return figure, sorted(figure.axes, key=lambda axes: (-axes.get_position().y0, axes.get_position().x0))

    def test_local_exponents_beside_theory(self):
        """Each panel has the file's local exponents, and theory's as bars that end at its break points."""
        figure, panels = self.panels(JOBS[:4], SLICES)
        self.assertEqual(faults(figure), [])
        narrow = readings.draw([readings.Result(pair, SLICES) for pair in readings.pairs([self.path(job) for job in JOBS[:4]])], 3.4)
        self.assertEqual(faults(narrow), [])
        a_E, a_I = 1 - math.sqrt(0.9999), 1e-7
        with h5py.File(self.path("result-2-wide")) as file:
            gap = file["D"][:, 1, 0, 1]
            self.assertEqual((file["tau_E"][1], file["nu"][1]), (0.9999, 2.0))
        known = np.flatnonzero(gap > 0)
        bars = {"result-2-wide": [(1 / 2, a_E ** (-2 / 1.1)), (3 / 2, math.inf)],
                "result-2-mixture": [(1 / 2, 1 / (0.1 * a_E)), (3 / 2, (0.1 * a_E) ** (-2 / 0.9)), (21 / 11, math.inf)],
                "result-1-plateau": [(1, a_I ** (-1 / 1.3)), (0, a_I ** (1 - 3 / 1.3)), (1 / 3, a_I ** -2), (0, math.inf)],
                "result-1-mixture": [(1, a_I ** -0.5), (1 / 3, a_I ** -2), (0, math.inf)]}
        for job, axes in zip(JOBS[:4], panels, strict=True):
            with h5py.File(self.path(job)) as file:
                if "result-2" in job:
                    expected = np.c_[1 / gap[known], file["exponent_D"][:, 0, 1, 0, 1][known]]
                else:
                    expected = np.c_[file["N_I"][...], file["elasticity_N_I"][2, :, 0, 0, 0]]
            lines = [line.get_xydata() for line in axes.get_lines()]
            curve = max(lines, key=len)
            np.testing.assert_array_equal(curve, expected, job)
            drawn = sorted((line for line in lines if len(line) == 2), key=lambda line: line[0, 0])
            for (exponent, end), (low, high) in zip(bars[job], drawn, strict=True):
                self.assertAlmostEqual(low[1], exponent, places=9, msg=job)
                self.assertEqual(low[1], high[1])
                self.assertAlmostEqual(high[0] / min(end, axes.get_xlim()[1]), 1, delta=1e-6, msg=job)
            names = [text.get_text() for text in axes.texts]
            for name in ("first", "second"):
                self.assertIn(name, names)
            self.assertEqual("over-regularised" in names, job == "result-1-plateau")
            self.assertEqual("third" in names, job != "result-2-wide")

    def test_the_title_is_what_the_curves_show(self):
        """At nu' < nu what is audited changes the exponents, at nu' = nu it does not."""
        for nu, finding in (("2", True), ("1", False)):
            figure, _ = self.panels(JOBS[:2], [f"nu={nu}", "tau_E=.9999"])
            words = " ".join(text.get_text() for text in figure.texts)
            self.assertEqual("changes how entry barriers grow" in words, finding)
            self.assertEqual("hardly matters" in words, not finding)
            self.assertEqual("passes into a third regime" in words, finding)

    def test_readings_refusals(self):
        wide, mixture, plateau, trade = (self.path(job) for job in (*JOBS[:3], "trade-off"))
        for arguments, message in (
                ([wide], "no file of the same market with scrutiny training_mixture; expected files in pairs"),
                ([wide, wide], "scrutiny is trained_model, as in"),
                ([plateau, trade], "scrutiny is trained_model, as in"),
                ([trade, self.path("result-1-mixture")], "its grid differs from that of"),
                ([wide, mixture, "--slice", "gamma=1"], "--slice: found gamma=1; expected AXIS=VALUE with an axis"),
                ([wide, mixture, "--slice", "nu=3"], "nu has no value 3; it has 1, 2")):
            code, error = self.said(readings, *arguments)
            self.assertEqual(code, 2, arguments)
            self.assertEqual(error.count("\n"), 1, error)
            self.assertIn(message, error)
        code, error = self.said(readings, wide, mixture)
        self.assertEqual(code, 0)
        self.assertIn("result 2: nu is held at 1; --slice nu=VALUE chooses another", error)

    def test_trade_off_is_the_files(self):
        """Entry against safety as in the file, from the same threshold for both on, and the title's numbers."""
        results = moatfile.read(self.path("trade-off"), trade_off.NEEDS, "market_entry")
        figure = trade_off.draw(family.Family(results, "tau_E", "tau_I", ["nu=.34"]))
        self.assertEqual(faults(figure), [])
        narrow = family.Family(results, "tau_E", "tau_I", ["nu=.34"])
        narrow.width = 3.4
        self.assertEqual(faults(trade_off.draw(narrow)), [])
        times = []
        with h5py.File(self.path("trade-off")) as file:
            for axes, i in zip(sorted(figure.axes, key=lambda axes: axes.get_position().x0), range(2), strict=True):
                curves = [line.get_xydata() for line in axes.get_lines() if len(line.get_xdata()) > 2]
                for t, (tau_I, curve) in enumerate(zip(file["tau_I"][...], curves, strict=True)):
                    laxer = file["tau_E"][...] >= tau_I
                    safety = file["entrant_loss_safety"][t, i, laxer, 0, 0] / file["incumbent_loss_safety"][t, i, 0, 0]
                    entry = file["N_E_star"][t, i, laxer, 0, 0] / file["N_I"][i]
                    np.testing.assert_allclose(curve, np.c_[safety, entry], rtol=1e-14)
                    np.testing.assert_allclose(curve[0], 1, rtol=1e-9)
                    self.assertTrue((np.diff(np.log(curve[:, 1])) <= 1e-9).all() and (np.diff(curve[:, 0]) >= -1e-9).all())
                    times.append(1 / np.exp(np.interp(1.1, safety, np.log(entry))))
        title = next(text.get_text() for text in figure.texts if "times less data" in text.get_text())
        numbers = [float(number) for number in re.findall(r"(\d[\d.]*) to (\d[\d.]*) times", title)[0]]
        np.testing.assert_allclose(numbers, (min(times), max(times)), rtol=0.05)
        self.assertTrue(any("better" in text.get_text() for axes in figure.axes for text in axes.texts))

    def test_trade_off_refusals(self):
        for arguments, message in (
                ([self.path("result-2-wide")], "N_I = inf; expected finite data"),
                ([self.path("result-1-plateau"), "--slice", "tau_E=.9"], "tau_E is an axis of the figure"),
                ([self.path("trade-off"), "--over", "nu"], "--over: found nu; expected tau_I"),
                ([self.path("trade-off"), "--slice", "tau_I=.3"], "tau_I is an axis of the figure"),
                ([self.path("result-1-plateau")], "no tau_I has the two thresholds")):
            code, error = self.said(trade_off, *arguments)
            self.assertEqual(code, 2, arguments)
            self.assertIn(message, error.splitlines()[-1])


if __name__ == "__main__":
    unittest.main()
