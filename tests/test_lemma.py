#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""analysis/lemma.py: the key lemma's four terms, its approximate formula, and the figure."""

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
import lemma  # noqa: E402
import moatfile  # noqa: E402
from family import AXES  # noqa: E402

import matplotlib.pyplot as plt  # noqa: E402
from PIL import Image  # noqa: E402

from drawn import faults, texts  # noqa: E402

HEAD = "name: four terms\nsweep: scaling_law\nsolver: deterministic\noutput: {}.h5\nmodel: {{gamma: 0.1, P: .inf}}\ngrid:\n"
LEVELS = """  lambda: {log: [1e-12, 1e-2], points: 21}
  N:     {log: [1e2, 1e10], points: 25}
  alpha: {values: [0.75, 0.9, 0.999999]}
  Q:     {values: [0.1, 0.5]}
  nu:    {values: [0.5, 1.0, 2.0]}
"""
BEST = """  N:     {log: [1e2, 1e15], points: 27}
  alpha: {values: [0.75, 0.99, 0.9999, 0.999999]}
  Q:     {values: [0.5]}
  nu:    {values: [0.5, 1.0, 2.0]}
"""


class LemmaTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="moat-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        for name, axes in (("levels", LEVELS), ("best", BEST)):
            (cls.folder / f"{name}.yaml").write_text(HEAD.format(name) + axes)
            code, _, error = moat(cls.folder, "run", f"{name}.yaml", "-q")
            assert code == 0, error

    def setUp(self):
        self.addCleanup(plt.close, "all")

    def read(self, name):
        return moatfile.read(str(self.folder / f"{name}.h5"), [*lemma.TERMS, "nu_prime", "loss"], AXES["scaling_law"],
                             ["lambda", "lambda_loss"])

    def test_terms_sum_to_the_loss(self):
        for name in ("levels", "best"):
            results = self.read(name)
            total = sum(results.variables[term][1] for term in lemma.TERMS)
            np.testing.assert_allclose(total, results.variables["loss"][1], rtol=1e-12)

    def test_approximate_formula_is_off_by_constant_factors(self):
        """The constants are those of kappa against its approximation, the greater of lambda^(1/(1+gamma)) and 1/N: with no
        ridge N points make kappa^(1/(1+gamma)) N = c, c = (pi/s)/sin(pi/s), s = 1+gamma, and overfit by 1/(1-E) = s/gamma.
        Each term has the power of c it has of kappa; near resonance, nu = 1 and s = 1.1, the sum over directions has
        the factor 1/(s - nu) too.
        Over each half of the decades it is the same constant. Levels end where kappa is no longer small."""
        s = 1.1
        c = math.pi / s / math.sin(math.pi / s)
        for name in ("levels", "best"):
            results = self.read(name)
            order = list(results.axes)
            grid = dict(zip(order, np.meshgrid(*results.axes.values(), indexing="ij")))
            lam = grid["lambda"] if "lambda" in grid else results.variables["lambda_loss"][1]
            for k, nu in enumerate(results.axes["nu"]):
                at = (..., k)
                nu_prime = min(s, nu)
                found = lemma.approximate(grid["N"][at], lam[at], grid["alpha"][at], grid["Q"][at], nu, nu_prime, 0.1)
                for (term, powers), formula in zip({
                        "finite_data_error": c ** nu, "overfitting_error": max(1, c ** (nu - 1)),
                        "mixture_error": 1.0, "mixture_finite_data_error": c ** nu_prime * max(1, 1 / abs(s - nu))}.items(), found):
                    with self.subTest(f"{name}, {term}, nu = {nu}"):
                        ratio = results.variables[term][1][at] / formula
                        self.assertGreater(ratio.min(), 1 / 8)
                        self.assertLess(ratio.max(), 6 * powers)
                        N = grid["N"][at]
                        halves = [ratio[half] for half in (N < np.sqrt(N.min() * N.max()), N > np.sqrt(N.min() * N.max()))]
                        self.assertGreater(halves[1].min(), halves[0].min() / 2)
                        self.assertLess(halves[1].max(), halves[0].max() * 2)

    def test_figure_shows_the_terms(self):
        results = self.read("levels")
        at = {"alpha": 1, "Q": 1, "nu": 2}
        drawn = lemma.columns(results, at)
        self.assertEqual([column.name for column in drawn], ["N", "lambda"])
        figure = lemma.draw(drawn, ["nothing to add"])
        self.assertEqual(faults(figure), [])
        for column, (main, shares) in zip(drawn, (figure.axes[1::-1], figure.axes[3:1:-1])):
            other = "lambda" if column.name == "N" else "N"
            index = {**at, other: results.axes[other].size // 2}
            lines = {line.get_label(): line.get_ydata() for line in main.get_lines()}
            total = results.take("loss", (column.name,), index)
            for term, label in lemma.TERMS.items():
                np.testing.assert_array_equal(lines[label], results.take(term, (column.name,), index))
            np.testing.assert_allclose(lines["$L_1$"], total, rtol=1e-12)
            edges = shares.collections[0].get_paths()[0].vertices  # the lowest area is the first term's share
            share = results.take("finite_data_error", (column.name,), index) / total
            self.assertAlmostEqual(edges[:, 1].max(), share.max(), places=6)

    def test_columns(self):
        """At the best level against N alone; with a slice of one of the two axes, against the other alone."""
        for name, at, titles in (("best", {"alpha": 0, "Q": 0, "nu": 0}, ["at the best ridge level"]),
                                 ("levels", {"alpha": 0, "Q": 0, "nu": 0, "N": 12}, [r"$N$ = $10^{6}$"])):
            drawn = lemma.columns(self.read(name), at)
            self.assertEqual([column.title for column in drawn], titles)
            figure = lemma.draw(drawn, ["a caption"])
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
        self.assertIn("has no mixture_error", said.getvalue())


if __name__ == "__main__":
    unittest.main()
