#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results of the talk from their jobs: exponents, crossovers, and the local exponents in the file."""

import contextlib
import io
import shutil
import sys
import unittest

import h5py
import numpy as np

from program import ROOT, ProgramTest, moat, temporary_folder
from sealed import seal

sys.path.insert(0, str(ROOT / "analysis"))
import exponents  # noqa: E402
import summary  # noqa: E402

JOBS = ("result-1", "result-1-wide", "result-2", "result-2-wide", "warm-up", "scaling-law", "excess-loss",
        "llm-calibration", "policy")
STEP = 0.004  # of ln of each axis, for differences


class JobsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = temporary_folder(cls.addClassCleanup)
        cls.fits = {}
        for job in JOBS:
            code, _, error = moat(cls.folder, "run", ROOT / "jobs" / f"{job}.yaml", "-q")
            assert code == 0, error
            cls.fits[job] = exponents.of_file(str(cls.folder / f"{job}.h5"))

    def pick(self, job, quantity, regime):
        return [fit for fit in self.fits[job] if fit.quantity == quantity and fit.regime == regime]

    def test_exponents_are_theirs(self):
        for job, fits in self.fits.items():
            self.assertTrue(fits, job)
            for fit in fits:
                self.assertTrue(fit.agrees, f"{job}: {fit}, tolerance {fit.tolerance:.4f}")

    def test_every_regime_is_met(self):
        """Of each result, the fits of first, second and third regime."""
        met = lambda job, quantity: [len(self.pick(job, quantity, regime)) for regime in range(3)]
        self.assertEqual(met("result-1-wide", "N_E_star"), [2, 4, 3])
        self.assertEqual(met("result-2-wide", "N_E_star"), [4, 6, 0])  # the third: alpha fixed, below
        self.assertEqual(met("warm-up", "N_E_star"), [3, 0, 0])
        for job, quantity in (("scaling-law", "loss"), ("excess-loss", "excess_loss"), ("excess-loss", "N, alpha fixed")):
            self.assertTrue(all(met(job, quantity)), f"{job}: {quantity}: {met(job, quantity)}")

    def test_closer_over_wider_ranges(self):
        """The same law with its break points ever further apart: exponent and tolerance both close in."""
        for job, quantity, regime in (("result-1-wide", "N_E_star", 1), ("excess-loss", "excess_loss", 1)):
            fits = sorted(self.pick(job, quantity, regime), key=lambda fit: fit.decades)
            self.assertGreaterEqual(len(fits), 4)
            for narrow, wide in zip(fits, fits[1:]):
                self.assertLess(abs(wide.fitted - wide.theory), abs(narrow.fitted - narrow.theory))
                self.assertLess(wide.tolerance, narrow.tolerance)
            self.assertLess(abs(fits[-1].fitted - fits[-1].theory), 0.004)

    def test_crossovers_at_break_points(self):
        """The local exponent changes over at a constant times theory's break point, of one size over all curves of one nu
        whose break points are decades apart, once they are far enough from the others."""
        for job, quantity, regime, least, most, break_decades in (
                ("result-1-wide", "N_E_star", 0, 2.0, 2.1, 1), ("result-1-wide", "N_E_star", 1, 5.2, 5.4, 6),
                ("scaling-law", "loss", 0, 1.0, 18, 5), ("scaling-law", "loss", 1, 0.3, 2.0, 4),
                ("excess-loss", "excess_loss", 1, 0.3, 1.0, 14)):
            found = [(fit.crossover, fit.high) for fit in self.pick(job, quantity, regime) if np.isfinite(fit.crossover)]
            ratios, ends = (np.array(values) for values in zip(*found))
            self.assertGreaterEqual(np.log10(ends.max() / ends.min()), break_decades - 0.1, job)
            self.assertTrue(((ratios > least) & (ratios < most)).all(), f"{job}, {quantity}, {regime}: {ratios}")

    def test_summary_prints_and_checks(self):
        paths = [str(self.folder / f"{job}.h5") for job in ("result-1-wide", "warm-up")]
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            self.assertEqual(summary.main([*paths, "--check"]), 0)
        lines = said.getvalue().splitlines()
        self.assertEqual(len(lines), 1 + sum(len(self.fits[job]) for job in ("result-1-wide", "warm-up")))
        fit = self.pick("result-1-wide", "N_E_star", 1)[-1]
        self.assertTrue(any(f"{fit.fitted:.4f}" in line and "second" in line for line in lines))
        bent = self.folder / "bent.h5"
        shutil.copy(paths[0], bent)
        with h5py.File(bent, "r+") as file:
            file["N_E_star"][...] *= file["N_I"][...][None, :, None, None, None] ** 0.3
        seal(bent)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertEqual(summary.main([str(bent), "--check"]), 1)
            self.assertEqual(summary.main([str(bent)]), 0)
            self.assertEqual(summary.main([str(self.folder / "absent.h5")]), 2)
        self.assertIn("outside their tolerance", said.getvalue())
        self.assertIn("no such file", said.getvalue())


def around(centre):
    """Five values a STEP apart in the logarithm, as the config writes them."""
    return "[" + ", ".join(repr(float(centre * np.exp(STEP * k))) for k in range(-2, 3)) + "]"


def slope(values):
    """d / d ln by the five-point rule, along the last axis."""
    return (values[..., 0] - 8 * values[..., 1] + 8 * values[..., 3] - values[..., 4]) / (12 * STEP)


class LocalExponentsTest(ProgramTest):
    def run_grid(self, head, grid):
        text = f"name: fine\n{head}output: fine.h5\nmodel: {{gamma: 0.3, P: .inf}}\ngrid:\n" + "".join(
            f"  {axis}: {{values: {values}}}\n" for axis, values in grid.items())
        (self.folder / "fine.yaml").write_text(text)
        (self.folder / "fine.h5").unlink(missing_ok=True)
        self.run_moat(0, "run", "fine.yaml")
        return h5py.File(self.folder / "fine.h5", "r")

    def test_elasticities_are_slopes_along_the_axes(self):
        centre = {"tau_I": 0.6, "N_I": 3e4, "tau_E": 0.8, "Q": 0.3}
        grid = {axis: around(value) for axis, value in centre.items()}
        for unit, sweep in (("L_star", "market_entry"), ("absolute", "market_entry")):
            with self.run_grid(f"sweep: {sweep}\nsolver: deterministic\ntau_unit: {unit}\n", {**grid, "nu": "[1.2]"}) as file:
                threshold = np.log(file["N_E_star"][..., 0])
                self.assertTrue(np.isfinite(threshold).all(), unit)
                for k, axis in enumerate(centre):
                    others = tuple(slice(None) if j == k else 2 for j in range(4))
                    stored = file[f"elasticity_{axis}"][2, 2, 2, 2, 0]
                    self.assertAlmostEqual(slope(threshold[others]) / stored, 1, delta=1e-5, msg=f"{unit}: {axis}")
                gap = -np.log(file["D"][:, 2, 2, 0])
                along = slope(threshold[:, 2, 2, 2]) / slope(gap)
                self.assertAlmostEqual(along / file["exponent_D"][2, 2, 2, 2, 0], 1, delta=1e-5, msg=unit)

    def test_exponents_are_slopes_along_N(self):
        grid = {"N": around(3e4), "alpha": "[0.6, 0.95, 1]", "Q": "[0.3]", "nu": "[0.7, 2.0]"}
        for axis in ({}, {"lambda": "[1e-4, 0.1]"}):
            with self.run_grid("sweep: scaling_law\nsolver: deterministic\n", {**grid, **axis}) as file:
                for loss, exponent in (("loss", "exponent_loss"), ("excess_loss", "exponent_excess")):
                    at = file[loss].ndim - 4
                    found = -slope(np.moveaxis(np.log(file[loss][...]), at, -1))
                    np.testing.assert_allclose(np.take(file[exponent][...], 2, axis=at), found, rtol=1e-5, atol=1e-7)


if __name__ == "__main__":
    unittest.main()
