#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""analysis/lemma.py: the key lemma's four terms, its approximate formula, and the figure."""

import contextlib
import io
import math
import shutil
import sys
import unittest

import h5py
import numpy as np
from scipy.optimize import brentq
from scipy.special import beta, zeta

from program import ROOT, solve, temporary_folder
from sweeps import law

sys.path.insert(0, str(ROOT / "analysis"))
import lemma  # noqa: E402
import moatfile  # noqa: E402
from moatfile import AXES  # noqa: E402

import matplotlib.pyplot as plt  # noqa: E402
from PIL import Image  # noqa: E402

from drawn import faults, texts  # noqa: E402

LEVELS = law("four terms", output="levels.h5", gamma=0.1, ridge_levels="{log: [1e-12, 1], points: 25}",
             N="{log: [10, 1e10], points: 28}", alpha="{values: [0.75, 0.9, 0.999999]}", Q="{values: [0.1, 0.5]}",
             nu="{values: [0.5, 1.0, 2.0]}")
BEST = law("four terms", output="best.h5", gamma=0.1, N="{log: [1e2, 1e15], points: 27}",
           alpha="{values: [0.75, 0.99, 0.9999, 0.999999]}", Q="{values: [0.5]}", nu="{values: [0.5, 1.0, 2.0]}")
S = 1.1  # 1 + gamma
CRITICAL = math.pi / S / math.sin(math.pi / S)  # kappa^(1/s) N of N points without a ridge
SMALL = 0.03


def constants(nu):
    """(least, greatest) of each term over its approximate formula, for alpha >= 3/4.

    With x = kappa^(1/s) N and y = lambda^(1/s) N, df1 = c kappa^(-1/s) makes the fixed point x^s (1 - c/x) = y^s, and the
    formula's scale is max(y, 1)/N: r = x/max(y, 1) is 1 at strong ridge levels and largest at y = 1. df2 = (1 - 1/s) df1.
    Sums over directions lie between integrals from 1 and from 0:
    a2 = kappa^(nu/s) B(2 - nu/s, nu/s)/s; for nu < s, a1 = kappa^(nu/s) (pi/s)/sin(pi nu/s), a share nu/s of it a1 - a2;
    for nu > s, a1 = kappa zeta(1 + nu - s), less at most kappa^(nu/s) (pi/s)/|sin(pi nu/s)|.
    """
    y = np.geomspace(1e-3, 1e12, 301)
    x = np.array([brentq(lambda x: x ** S * (1 - CRITICAL / x) - level ** S, CRITICAL, 2 * (CRITICAL + level))
                  for level in y])
    r, overfit = x / np.maximum(y, 1), np.maximum(y, 1) / (x / (1 - 1 / S) / CRITICAL - 1)
    all_signal, misfit = zeta(1 + nu), beta(2 - nu / S, nu / S) / S
    least = misfit - SMALL ** (2 * S - nu) / (2 * S - nu)
    learned = math.pi / S / abs(math.sin(math.pi * nu / S))
    if nu < S:
        mixed = (0.5 * (learned - SMALL ** (S - nu) / (S - nu)) - 0.75 * misfit, learned * nu / S)
    else:
        mixed = (0.5 * zeta(1 + nu - S) - (0.5 * learned + 0.75 * misfit) * SMALL ** (nu - S), zeta(1 + nu - S))
    return ((least, misfit * r.max() ** nu),
            ((overfit * np.minimum(least * r ** nu / 2, all_signal)).min(),
             (overfit * np.maximum(misfit * r ** nu, 2 * all_signal)).max()),
            (2 * all_signal, 2 * all_signal),
            (2 * mixed[0], 2 * mixed[1] * r.max() ** min(S, nu)))


class LemmaTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = temporary_folder(cls.addClassCleanup)
        for text in (LEVELS, BEST):
            solve(cls.folder, text)

    def setUp(self):
        self.addCleanup(plt.close, "all")

    def read(self, name):
        return moatfile.read(str(self.folder / f"{name}.h5"), [*lemma.TERMS, "nu_prime", "loss"], "scaling_law",
                             AXES["scaling_law"], ["lambda_loss"])

    def test_terms_sum_to_the_loss(self):
        for name in ("levels", "best"):
            results = self.read(name)
            total = sum(results.variables[term][1] for term in lemma.TERMS)
            np.testing.assert_allclose(total, results.variables["loss"][1], rtol=1e-12)

    def test_approximate_formula_is_off_by_constant_factors(self):
        """Within theory's constants everywhere, which are of one size over each half of the decades. Below, only where
        kappa^(1/s) <= SMALL: at larger levels the sums over directions have hardly begun. The greatest are attained, but for
        overfitting's, of no one market, and near resonance, nu = 1 and s = 1.1, where a1 is slow to come to its limit."""
        for name in ("levels", "best"):
            results = self.read(name)
            grid = dict(zip(results.axes, np.meshgrid(*results.axes.values(), indexing="ij")))
            lam = grid["lambda"] if "lambda" in grid else results.variables["lambda_loss"][1]
            for k, nu in enumerate(results.axes["nu"]):
                at = (..., k)
                N = grid["N"][at]
                small = lam[at] ** (1 / S) + CRITICAL / N <= SMALL  # S - c/N <= lambda^(1/s) once S > lambda^(1/s)
                late = N > np.sqrt(N[small].min() * N.max())
                found = lemma.approximate(N, lam[at], grid["alpha"][at], grid["Q"][at], nu, min(S, nu), S - 1)
                for term, (low, high), formula in zip(lemma.TERMS, constants(nu), found, strict=True):
                    with self.subTest(f"{name}, {term}, nu = {nu}"):
                        ratio = results.variables[term][1][at] / formula
                        self.assertGreater(ratio[small].min(), low * 0.99)
                        self.assertLess(ratio.max(), high * 1.01)  # sums over directions against integrals
                        early, late_half = ratio[small & ~late], ratio[small & late]
                        self.assertGreater(late_half.min(), early.min() / 2)
                        self.assertLess(late_half.max(), early.max() * 2)
                        if name == "levels" and (term == "finite_data_error" or nu != 1 and term != "overfitting_error"):
                            self.assertGreater(ratio.max(), high * 0.9)

    def test_figure_shows_the_terms(self):
        results = self.read("levels")
        at = {"alpha": 1, "Q": 1, "nu": 2}
        drawn = lemma.columns(results, at)
        self.assertEqual([column.name for column in drawn], ["N", "lambda"])
        figure = lemma.draw(drawn, ["nothing to add"], results)
        self.assertEqual(faults(figure), [])
        for column, (main, shares) in zip(drawn, (figure.axes[::2], figure.axes[1::2])):
            other = "lambda" if column.name == "N" else "N"
            index = {**at, other: results.axes[other].size // 2}
            lines = {line.get_label(): line.get_ydata() for line in main.get_lines()}
            total = results.take("loss", (column.name,), index)
            terms = np.array([results.take(term, (column.name,), index) for term in lemma.TERMS])
            for label, term in zip(lemma.TERMS.values(), terms):
                np.testing.assert_array_equal(lines[label], term)
            np.testing.assert_allclose(lines["$L_1$"], total, rtol=1e-12)
            thin = [line.get_ydata() for line in main.get_lines() if line.get_label().startswith("_")]
            at_axes = {axis: results.axes[axis] if axis == column.name else results.axes[axis][index[axis]]
                       for axis in results.axes}
            formula = lemma.approximate(*(at_axes[axis] for axis in ("N", "lambda", "alpha", "Q", "nu")), 1.1, 0.1)
            for line, expected in zip(thin, formula, strict=True):
                np.testing.assert_allclose(line, np.broadcast_to(expected, line.shape), rtol=1e-12)
            stacked = np.cumsum([np.zeros(total.size), *np.maximum(terms, 0)], axis=0)  # the last may be negative
            stacked /= stacked[-1]
            for area, below, above in zip(shares.collections, stacked[:-1], stacked[1:], strict=True):
                corners = area.get_paths()[0].vertices
                for x, bottom, top in zip(at_axes[column.name], below, above, strict=True):
                    reach = corners[corners[:, 0] == x, 1]
                    self.assertAlmostEqual(reach.min(), bottom, places=12)
                    self.assertAlmostEqual(reach.max(), top, places=12)

    def test_columns(self):
        """At the best level against N alone; with a slice of one of the two axes, against the other alone."""
        for name, at, titles in (("best", {"alpha": 0, "Q": 0, "nu": 0}, ["at the best ridge level"]),
                                 ("levels", {"alpha": 0, "Q": 0, "nu": 0, "N": 15}, [r"$N$ = $10^{6}$"])):
            drawn = lemma.columns(self.read(name), at)
            self.assertEqual([column.title for column in drawn], titles)
            for width in (3.4, 7.6):
                figure = lemma.draw(drawn, ["a caption"], self.read(name), width)
                self.assertEqual(faults(figure), [])
            self.assertIn("a caption", [text for text, _ in texts(figure)])

    def test_command(self):
        with contextlib.redirect_stderr(io.StringIO()) as said:
            for name, slices in (("levels", ["nu=2", "alpha=.9"]), ("best", ["nu=.5"])):
                target = self.folder / f"{name}.png"
                self.assertEqual(lemma.main([str(self.folder / f"{name}.h5"), "-o", str(target), "--slice", *slices]), 0)
                with Image.open(target) as image:
                    self.assertIn("four terms", image.info["Title"])
            self.assertEqual(said.getvalue(), "")
            for arguments, message in (
                    (["best.h5", "--slice", "nu=3"], "nu has no value 3; it has 0.5, 1, 2"),
                    (["absent.h5"], "no such file"), (["best.h5", "--slice", "tau_E=1"], "AXIS=VALUE")):
                said.truncate(0)
                self.assertEqual(lemma.main([str(self.folder / arguments[0]), *arguments[1:],
                                             "-o", str(self.folder / "no.png")]), 2)
                self.assertIn(message, said.getvalue())
            self.assertFalse((self.folder / "no.png").exists())

    def test_terms_of_a_file_without_them(self):
        path = self.folder / "without.h5"
        shutil.copy(self.folder / "best.h5", path)
        with h5py.File(path, "r+") as file:
            del file["mixture_error"]
        with contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertEqual(lemma.main([str(path), "-o", str(self.folder / "no.pdf")]), 2)
        self.assertIn("has no mixture_error: `store:` of its config leaves it out", said.getvalue())


if __name__ == "__main__":
    unittest.main()
