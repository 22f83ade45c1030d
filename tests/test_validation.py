#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""analysis/validation.py, on small results files whose statistics and finite-N effect are known."""

import contextlib
import io
import math
import re
import tempfile
import unittest
from pathlib import Path

import numpy as np

from market_file import AXES, write_file

import finite_n
import validation
import validation_panels

import matplotlib.pyplot as plt  # after validation, which chooses the backend
from matplotlib.container import ErrorbarContainer
from PIL import Image
from scipy.optimize import curve_fit

from drawn import faults

GRID = {"N_I": np.geomspace(30, 3000, 25), "tau_E": [0.95, 1.2, math.inf], "Q": [0.1, 0.3], "nu": [0.75, 1.5]}


def theory(axes):
    """Distinct thresholds on the whole grid, powers of N_I."""
    n_incumbent, tau, misalignment, nu = np.meshgrid(*(axes[name] for name in AXES), indexing="ij")
    return n_incumbent ** (1 / nu ** 0.3 - 0.1) * (1 + 0.3 / tau) * (1 - 0.2 * misalignment)


def write_ridge(path, difference, error, axes=None, solver="ridge", status=1, base=None):
    """A file with the relative `difference` and its standard `error` on the grid `axes`; scalars are broadcast."""
    axes = axes or GRID
    base = theory(axes) if base is None else base
    values = {"N_E_star": base * (1 + difference), "N_E_star_stderr": base * error, "N_E_star_deterministic": base,
              "status": np.broadcast_to(status, base.shape).astype(np.uint8)}
    if solver != "ridge":
        values = {name: values[name] for name in ("N_E_star", "status")}
    write_file(path, axes, {name: (AXES, array) for name, array in values.items()}, solver=solver, P=512.0, trials=12, seed=7)


def noise(shape, seed=1):
    return np.random.default_rng(seed).standard_normal(shape)


class ValidationTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(plt.close, "all")
        self.folder = Path(folder.name)
        self.file, self.figure = self.folder / "ridge.h5", self.folder / "figure.png"

    def run_command(self, *arguments):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = validation.main([str(self.file), "-o", str(self.figure), *arguments])
        return code, out.getvalue(), err.getvalue()

    def load(self, *slices):
        return validation.Validation(validation.read(str(self.file)), slices)


class Summary(ValidationTest):
    def test_z_statistics(self):
        """z cycles through 0.5, -1, 1.5, -2.5: the median of |z| is 1.25, and three in four are within 2."""
        base = theory(GRID)
        z = np.resize([0.5, -1.0, 1.5, -2.5], base.size).reshape(base.shape)
        write_ridge(self.file, 0.004 * z, 0.004)
        code, out, _ = self.run_command()
        self.assertEqual(code, 0)
        self.assertRegex(out, r"300 of 300 grid points, 300 of them distinct")
        self.assertRegex(out, r"median \|z\| +1\.25 +1\.25 +0\.70\n")  # Student's t, 11 degrees: tables have 0.697
        self.assertRegex(out, r"within 2 standard errors +75\.0% +75\.0% +92\.9%\n")  # and 2 * 0.9646 - 1
        self.assertRegex(out, r"beyond 2 standard errors: 75 distinct .* median 1\.00 %, at most 1\.00 %")

    def test_octaves(self):
        """Three octaves with differences, errors and numbers of points of their own."""
        base = np.array([16.0, 20, 31, 40, 70, 100, 127]).reshape(7, 1, 1, 1)
        difference = np.array([-0.03, -0.05, -0.04, 0.019, 0.001, 0.003, 0.002]).reshape(base.shape)
        axes = {"N_I": np.geomspace(20, 200, 7), "tau_E": [math.inf], "Q": [0.1], "nu": [1.0]}
        write_ridge(self.file, difference, 0.01, axes, base=base)
        _, out, _ = self.run_command()
        self.assertRegex(out, r" 16 to 32 +3 +-4\.00% +1\.00% +4\.00 +0\.0%\n")
        self.assertRegex(out, r" 32 to 64 +1 +\+1\.90% +1\.00% +1\.90 +100\.0%\n")
        self.assertRegex(out, r" 64 to 128 +3 +\+0\.20% +1\.00% +0\.20 +100\.0%\n")

    def test_points_that_do_not_count(self):
        """Only status 1 with finite numbers and an error above 0 counts; repeated markets count once."""
        base = theory(GRID)
        base[:, 2] = base[:, 1] * (1 + 1e-11 * noise(base[:, 1].shape))  # to rounding, as from the solver
        error = np.full(base.shape, 0.01)
        error[0, 0, 0, 0], error[1, 0, 0, 0] = 0, np.nan
        base[2, 0, 0, 0] = np.nan
        status = np.ones(base.shape)
        status[3, 0, 0, 0], status[4, 0, 0, 0] = 0, 6
        write_ridge(self.file, -0.01, error, status=status, base=base)
        _, out, _ = self.run_command()
        self.assertIn("295 of 300 grid points, 195 of them distinct", out)

    def test_one_point(self):
        axes = {"N_I": [100.0], "tau_E": [math.inf], "Q": [0.1], "nu": [1.0]}
        write_ridge(self.file, -0.01, 0.01, axes)
        code, out, _ = self.run_command()
        self.assertEqual(code, 0)
        self.assertRegex(out, r"all +1  do not determine p")


class Exponent(ValidationTest):
    def fit(self, power, amount, seed):
        """The fit of c N^-power, c of either sign and another for each curve, and noise of 0.4 %."""
        base = theory(GRID)
        amplitude = np.array([1.0, -0.6, 0.8])[:, None, None] * np.array([1.0, 0.5])[:, None] * np.array([1.0, 1.4])
        difference = amplitude * (base / 30) ** -power * 0.05 + amount * 0.004 * noise(base.shape, seed)
        write_ridge(self.file, difference, 0.004 * (1 + difference))
        return self.load().decay

    def test_without_noise(self):
        for power in (0.5, 1.0, 1.7):
            decay = self.fit(power, 0, 0)
            self.assertAlmostEqual(decay.power, power, delta=1e-4)
            self.assertLess(decay.error, 0.2)
            self.assertLess(np.abs(decay.residual_z).max(), 1e-3)

    def test_standard_error_is_the_scatter(self):
        """Over 60 noises the powers scatter about the true one as much as their standard errors say."""
        fits = [self.fit(1.0, 1, seed) for seed in range(60)]
        powers, errors = np.array([fit.power for fit in fits]), np.array([fit.error for fit in fits])
        scatter = powers.std(ddof=1)
        self.assertLess(abs(powers.mean() - 1), 4 * scatter / math.sqrt(60))
        self.assertGreater(np.mean(errors) / scatter, 0.8)  # the larger of two estimates: on the wide side
        self.assertLess(np.mean(errors) / scatter, 1.8)
        self.assertAlmostEqual(np.mean([fit.chi_squared / fit.freedom for fit in fits]), 1, delta=0.05)

    def test_printed(self):
        fit = self.fit(1.0, 1, 3)
        _, out, _ = self.run_command()
        found = re.search(r"\n +all +300 +([\d.]+) +([\d.]+) +[\d.]+ +287 ", out)
        self.assertAlmostEqual(float(found[1]), fit.power, delta=6e-4)
        self.assertAlmostEqual(float(found[2]), fit.error, delta=6e-4)
        self.assertEqual(len(re.findall(r"\n +(?:0\.95|1\.2|inf) +100 ", out)), 3)

    def test_against_another_least_squares(self):
        """The power and its error against scipy's fit of all 13 parameters; one group, so nothing can be left out."""
        self.fit(1.0, 2, 4)
        points = self.load().points
        points.group = np.zeros_like(points.group)
        decay = finite_n.fit_decay(points)
        start = [1.0] + [finite_n.amplitude(points[points.curve == k], 1.0) for k in range(12)]
        found, covariance = curve_fit(lambda n, power, *each: np.array(each)[points.curve] * n ** -power,
                                      points.n_theory, points.difference, start, points.error, absolute_sigma=False)
        self.assertAlmostEqual(decay.power, found[0], delta=1e-4)
        self.assertGreater(decay.chi_squared, 2 * decay.freedom)  # the noise is twice the stated
        self.assertAlmostEqual(decay.error / math.sqrt(covariance[0, 0]), 1, delta=0.05)

    def test_groups_that_differ(self):
        """Groups with powers of their own: the error is the jackknife's, done here by hand."""
        base = theory(GRID)
        slope = np.array([[-0.2, 0.1], [0.3, 0.0]])
        write_ridge(self.file, -2 * base ** (-1 + slope), 0.02)
        points = self.load().points
        powers = np.array([finite_n.fit_decay(points[points.group != k]).power for k in range(4)])
        expected = math.sqrt(3 / 4 * np.sum((powers - powers.mean()) ** 2))
        self.assertAlmostEqual(self.load().decay.error, expected, delta=1e-4)


class Figure(ValidationTest):
    def test_bars_are_those_of_the_file(self):
        base = theory(GRID)
        difference = 0.01 * noise(base.shape)
        write_ridge(self.file, difference, 0.02 * (1 + np.arange(25.0).reshape(-1, 1, 1, 1) / 25))
        figure = validation_panels.draw(self.load("Q=0.3"))
        panels = figure.axes
        self.assertEqual(len(panels), 4)  # two nu, above and below
        for nu in range(2):
            above, below = (bars(panels[k]) for k in (nu, nu + 2))
            self.assertEqual((len(above), len(below)), (3, 3))
            for tau in range(3):
                at = (slice(None), tau, 1, nu)
                error = 0.02 * (1 + np.arange(25) / 25)
                np.testing.assert_allclose(above[tau][0], np.c_[GRID["N_I"], base[at] * (1 + difference[at])])
                np.testing.assert_allclose(above[tau][1], 2 * base[at] * error)
                np.testing.assert_allclose(below[tau][0], np.c_[base[at], 100 * difference[at]], atol=1e-10)
                np.testing.assert_allclose(below[tau][1], 200 * error)
                curve = panels[nu].get_lines()
                self.assertTrue(any(np.array_equal(line.get_ydata(), base[at]) for line in curve))

    def test_every_text_is_on_the_page_and_apart(self):
        axes = {"N_I": np.geomspace(64, 1e6, 90), "tau_E": [0.95, 1.0, 1.05, 1.2, 1.5, 2.0, math.inf], "Q": [0.1, 0.3],
                "nu": [0.5, 0.75, 1.0, 1.5]}
        for grid, slices in ((GRID, []), (axes, []), (axes, ["nu=1", "tau_E=inf", "tau_E=0.95"])):
            write_ridge(self.file, -1 / theory(grid), 0.01, grid)
            for width in (7.6, 3.4):
                self.assertEqual(faults(validation_panels.draw(self.load(*slices), width)), [])

    def test_caption_and_origin(self):
        write_ridge(self.file, -1 / theory(GRID), 0.01)
        code, _, err = self.run_command("--slice", "Q=0.3")
        self.assertEqual((code, err), (0, ""))
        with Image.open(self.figure) as image:
            self.assertEqual((image.info["moat_version"], image.info["git_revision"], image.info["Source"]),
                             ("0.1.0", "deadbeef", str(self.file)))
        caption = ",".join(self.load("Q=0.3").caption())
        for item in (r"$\gamma$ = 0.5", "512 features", "incumbent allowed 0.9 $L^*$", "$Q$ = 0.3", "12 trials", "seed 7"):
            self.assertIn(item, caption)

    def test_formats(self):
        write_ridge(self.file, -1 / theory(GRID), 0.01)
        for suffix, start in ((".pdf", b"%PDF"), (".svg", b"<?xml")):
            self.figure = self.folder / f"figure{suffix}"
            self.assertEqual(self.run_command()[0], 0)
            self.assertEqual(self.figure.read_bytes()[:len(start)], start)


def bars(axes):
    """(points, lengths of their bars) of each set of error bars."""
    found = []
    for container in axes.containers:
        assert isinstance(container, ErrorbarContainer)
        ends = np.array(container.lines[2][0].get_segments())
        found.append((np.array(container.lines[0].get_data()).T, ends[:, 1, 1] - ends[:, 0, 1]))
    return found


def visible_texts(figure):
    """The texts of the page: of ticks only those within their axes' limits."""
    texts = [text for text in figure.texts if text.get_text()] + list(figure.legends[0].get_texts())
    for axes in figure.axes:
        texts += [axes.title, axes.xaxis.label, axes.yaxis.label]
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            texts += [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high
                      and tick.label1.get_visible()]
    return [text for text in texts if text.get_text() and text.get_visible()]


class Refusals(ValidationTest):
    def refused(self, pattern, *arguments):
        code, out, err = self.run_command(*arguments)
        self.assertEqual((code, out), (2, ""))
        self.assertEqual(err.count("\n"), 1)
        self.assertRegex(err, r"\Avalidation\.py: " + pattern)
        self.assertFalse(self.figure.exists())

    def test_files(self):
        self.refused(r".*ridge\.h5: no such file")
        self.file.write_bytes(b"not HDF5")
        self.refused(r".*cannot be read as HDF5")
        write_ridge(self.file, 0.01, 0.01, solver="deterministic")
        self.refused(r".*its sweep is market_entry and its solver deterministic; expected .*`solver: ridge`")
        for status, error in ((0, 0.01), (6, 0.01), (1, 0.0), (1, math.nan)):
            write_ridge(self.file, 0.01, error, status=status)
            self.refused(r".*none of its 300 points has a finite N_E_star with N_E_star_stderr")

    def test_slices(self):
        status = np.ones(theory(GRID).shape)
        status[:, :, 1] = 6
        write_ridge(self.file, 0.01, 0.01, status=status)
        self.refused(r".*no finite N_E_star .* at .*Q = 0\.3", "--slice", "Q=0.3")
        self.refused(r".*Q has no value 0\.2; it has 0\.1, 0\.3", "--slice", "Q=0.2")
        self.refused(r"--slice: found 2 values of Q; expected at most 1", "--slice", "Q=0.1", "Q=0.3")
        self.refused(r"--slice: found N_I=64; expected AXIS=VALUE", "--slice", "N_I=64")

    def test_target(self):
        write_ridge(self.file, 0.01, 0.01)
        self.figure = self.folder / "figure.jpeg"
        self.refused(r".*expected a figure ending in \.png, \.pdf or \.svg")

    def test_default_slice_is_told(self):
        write_ridge(self.file, 0.01, 0.01)
        self.assertEqual(self.run_command()[2], "validation.py: draws Q = 0.1 out of 2 values; "
                                                "--slice Q=VALUE chooses another\n")


if __name__ == "__main__":
    unittest.main()
