#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results of the talk from their jobs: exponents, crossovers, and the local exponents in the file."""

import contextlib
import importlib
import io
import math
import shutil
import sys
import unittest
from unittest import mock

import h5py
import numpy as np

from program import ROOT, ProgramTest, moat, temporary_folder
from sealed import seal

sys.path.insert(0, str(ROOT / "analysis"))
import exponents  # noqa: E402
import power_laws  # noqa: E402
import style  # noqa: E402
import summary  # noqa: E402
import theory  # noqa: E402

import matplotlib.pyplot as plt  # noqa: E402

TRAINED = ("result-1", "result-1-wide", "result-1-plateau", "result-2", "result-2-wide", "warm-up", "llm-calibration", "policy")
MIXTURE = ("result-1-mixture", "result-2-mixture")
LAWS = ("scaling-law", "excess-loss")
JOBS = (*TRAINED, *MIXTURE, *LAWS)
PLATEAU = theory.PLATEAU
CROSSOVERS = (  # job, quantity, regime that ends, least and largest crossover, decades that the break points span
    ("result-1-wide", "N_E_star", "first", 1.0, 1.2, 1), ("result-1-wide", "N_E_star", "second", 0.8, 1.0, 6),
    ("result-1-plateau", "N_E_star", "first", 2, 4, 2), ("result-2-mixture", "N_E_star", "first", 0.7, 2.5, 1.9),
    ("scaling-law", "loss", "first", 1.0, 19, 4), ("scaling-law", "loss", "second", 0.3, 2.0, 4),
    ("excess-loss", "excess_loss", "second", 0.6, 1.1, 10))
FIGURES = {  # job -> (script, its options), of `make figures`
    "result-1": ("entry_regimes", []), "result-1-wide": ("entry_regimes", []), "result-1-plateau": ("entry_regimes", []),
    "llm-calibration": ("entry_regimes", ["--slice", "Q=0.1"]), "result-2": ("gap", []), "result-2-wide": ("gap", ["--slice", "nu=2"]),
    "result-2-mixture": ("gap", ["--slice", "nu=2"]), "warm-up": ("gap", ["--over", "nu"]),
    "scaling-law": ("scaling_law", ["--slice", "nu=1"]), "excess-loss": ("scaling_law", ["--excess"])}
BEND, SHORT = 9, 3  # degrees, points on the page: where a curve bends more, one of the two sides of the corner is no longer
STEP = 0.004  # of ln of each axis, for differences


def check(*paths):
    """(exit code, what is printed, the messages) of summary.py --check."""
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as error:
        code = summary.main([*map(str, paths), "--check"])
    return code, out.getvalue(), error.getvalue()


class JobsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = temporary_folder(cls.addClassCleanup)
        cls.rows = {}
        for job in JOBS:
            code, _, error = moat(cls.folder, "run", ROOT / "jobs" / f"{job}.yaml", "-q")
            assert code == 0, error
            cls.rows[job] = exponents.of_file(str(cls.folder / f"{job}.h5"))

    def test_curves_have_no_corners(self):
        """The jobs have points enough where curves bend: a corner with two long sides would be one of the polygon, not of the curve."""
        for job, (script, options) in FIGURES.items():
            with self.subTest(job), mock.patch.object(style, "save") as save:
                words = [str(self.folder / f"{job}.h5"), *options, "-o", "none.png"]
                with contextlib.redirect_stderr(io.StringIO()):
                    self.assertEqual(importlib.import_module(script).main(words), 0)
                figure = save.call_args[0][0]
                curves = [(axes, line.get_xydata()) for axes in figure.axes for line in axes.get_lines() if len(line.get_xdata()) > 8]
                self.assertGreater(len(curves), 1)
                for axes, curve in curves:
                    sides = np.diff(axes.transData.transform(curve), axis=0) * 72 / figure.dpi
                    lengths = np.hypot(*sides.T)
                    bends = np.abs(np.degrees(np.diff(np.arctan2(sides[:, 1], sides[:, 0]))))
                    is_long = (np.minimum(lengths[1:], lengths[:-1]) > SHORT) & (curve[1:-1, 1] < axes.get_ylim()[1])
                    self.assertLess(bends[is_long & np.isfinite(bends)].max(initial=0), BEND)
                plt.close(figure)

    def pick(self, job, quantity, regime):
        return [row for row in self.rows[job] if row.quantity == quantity and row.regime == regime and not row.unreached]

    def copy(self, job):
        path = self.folder / "planted.h5"
        shutil.copy(self.folder / f"{job}.h5", path)
        return path

    def test_exponents_are_theirs(self):
        for job, rows in self.rows.items():
            reached = [row for row in rows if not row.unreached]
            self.assertTrue(reached, job)
            for row in reached:
                self.assertEqual(row.verdict, "yes", f"{job}: {row}, {row.faults}")
                self.assertLessEqual(row.tolerance, row.distance / 3)

    def test_every_regime_is_met(self):
        """Of each result, how many curves reach each of its regimes."""
        def met(job, quantity="N_E_star"):
            return {regime: len(self.pick(job, quantity, regime)) for regime in ("first", PLATEAU, "second", "third")}

        self.assertEqual(met("result-1-wide"), {"first": 3, PLATEAU: 0, "second": 4, "third": 3})
        self.assertEqual(met("result-1-plateau"), {"first": 3, PLATEAU: 1, "second": 1, "third": 2})
        self.assertEqual(met("warm-up"), {"first": 3, PLATEAU: 0, "second": 0, "third": 0})
        for job, quantity, regimes in (("result-1-mixture", "N_E_star", ("first", "second", "third")),
                                       ("result-2-mixture", "N_E_star", ("first", "second", "third")),
                                       ("result-2-wide", "N_E_star", ("first", "second")),
                                       ("scaling-law", "loss", ("first", "second", "third")),
                                       ("excess-loss", "excess_loss", ("first", "second", "third"))):
            found = met(job, quantity)
            self.assertEqual(tuple(regime for regime in found if found[regime]), regimes, f"{job}: {quantity}: {found}")

    def test_one_curve_meets_all_three_exponents_of_result_2(self):
        reached = [{row.regime for row in self.rows["result-2-mixture"] if row.curve == curve and not row.unreached}
                   for curve in {row.curve for row in self.rows["result-2-mixture"]}]
        self.assertIn({"first", "second", "third"}, reached)

    def test_wrong_exponents_are_caught(self):
        """In each result the exponent of each regime that is met is moved half-way to a neighbour's, and to the neighbour's: the
        check fails. Half-way the plateau's would be so close to the second's that its decades could not tell them apart."""
        for job, name in (("result-1-wide", "elasticity_N_I"), ("result-1-plateau", "elasticity_N_I"),
                          ("result-1-mixture", "elasticity_N_I"), ("result-2-wide", "exponent_D"),
                          ("result-2-mixture", "exponent_D"), ("warm-up", "exponent_D"), ("scaling-law", "exponent_loss"),
                          ("excess-loss", "exponent_excess")):
            quantity = {"exponent_loss": "loss", "exponent_excess": "excess_loss"}.get(name, "N_E_star")
            for regime, neighbour in (("first", "second"), (PLATEAU, "second"), ("second", "first"), ("third", "second")):
                for part in ((1,) if regime == PLATEAU else (0.5, 1)) if self.pick(job, quantity, regime) else ():
                    path = self.copy(job)
                    with h5py.File(path, "r+") as file:
                        about = file[name].attrs
                        order = about["theory_regimes"].split()
                        wrong = about["theory_exponents"].reshape(file["nu"].size, -1)
                        wrong[:, order.index(regime)] += part * (wrong[:, order.index(neighbour)] - wrong[:, order.index(regime)])
                        about.modify("theory_exponents", wrong.reshape(about["theory_exponents"].shape))
                    code, said, error = check(path)
                    self.assertEqual(code, 1, f"{job}: {name}: {regime}, {part}:\n{said}")
                    self.assertRegex(error, r"\d+ of \d+ exponents disagree with theory")

    def test_wrong_break_points_are_caught(self):
        """A break point that is off by a factor 1000, either way, in each result whose curves meet the regimes beside it."""
        for job, name, regimes in (("result-1-wide", "elasticity_N_I", ("first", "second")),
                                   ("result-1-plateau", "elasticity_N_I", ("first", PLATEAU, "second")),
                                   ("result-1-mixture", "elasticity_N_I", ("first", "second")),
                                   ("result-2-wide", "exponent_D", ("first",)),
                                   ("result-2-mixture", "exponent_D", ("first", "second")),
                                   ("scaling-law", "exponent_loss", ("first", "second")),
                                   ("excess-loss", "exponent_excess", ("first", "second"))):
            for regime in regimes:
                # A factor moves the break point between two exponents e and f by its power 1/|e - f|: 7 in the excess loss.
                for factor in (1e-3, 1e3) if (job, regime) != ("excess-loss", "second") else (1e-12, 1e12):
                    path = self.copy(job)
                    with h5py.File(path, "r+") as file:
                        file[f"break_{name}_{regime}"][...] *= factor
                    seal(path)
                    code, said, _ = check(path)
                    self.assertEqual(code, 1, f"{job}: {name}: {regime}, {factor}:\n{said}")

    def test_the_other_kind_of_scrutiny_is_caught(self):
        """Theory for what is not scrutinised in the file, from the job that differs in that alone: above all the exponent
        (nu' + 1)/nu' under trained_model, and three regimes of result 1 where there are four."""
        for job, other, name in (("result-2-wide", "result-2-mixture", "exponent_D"),
                                 ("result-2-mixture", "result-2-wide", "exponent_D"),
                                 ("result-1-plateau", "result-1-mixture", "elasticity_N_I"),
                                 ("result-1-mixture", "result-1-plateau", "elasticity_N_I")):
            path = self.copy(job)
            with h5py.File(path, "r+") as file, h5py.File(self.folder / f"{other}.h5") as source:
                file[name].attrs.modify("theory_exponents", source[name].attrs["theory_exponents"])
                for variable in theory.breaks(name):
                    file[variable][...] = source[variable][...]
            seal(path)
            code, said, error = check(path)
            self.assertEqual(code, 1, f"{job}:\n{said}")
            if job == "result-2-wide":
                third = [row for row in exponents.of_file(str(path)) if row.regime == "third" and not row.unreached]
                self.assertTrue(third)
                for row in third:
                    self.assertEqual(row.verdict, "NO")
                    self.assertEqual(len(row.faults), 2)  # the fit and the local exponents
                    self.assertAlmostEqual(row.theory - row.fitted, 21 / 11 - 1.5, delta=0.02)

    def test_closer_over_wider_ranges(self):
        """The same law with its break points ever further apart: exponent and tolerance both close in."""
        for job, quantity in (("result-1-wide", "N_E_star"), ("excess-loss", "loss")):
            rows = sorted(self.pick(job, quantity, "second"), key=lambda row: row.decades)
            self.assertGreaterEqual(len(rows), 3)
            for narrow, wide in zip(rows, rows[1:]):
                self.assertLess(abs(wide.fitted - wide.theory), abs(narrow.fitted - narrow.theory))
                self.assertLessEqual(wide.tolerance, narrow.tolerance)
            self.assertLess(abs(rows[-1].fitted - rows[-1].theory), 0.004)

    def test_crossovers_at_break_points(self):
        """The local exponent changes over at a constant times theory's break point, of one size over all curves of one nu
        whose break points are decades apart, once they are far enough from the others."""
        for job, quantity, regime, least, most, break_decades in CROSSOVERS:
            found = [(row.crossover, row.high) for row in self.pick(job, quantity, regime) if np.isfinite(row.crossover)]
            ratios, ends = (np.array(values) for values in zip(*found))
            self.assertGreaterEqual(np.log10(ends.max() / ends.min()), break_decades - 0.1, job)
            self.assertTrue(((ratios > least) & (ratios < most)).all(), f"{job}, {quantity}, {regime}: {ratios}")

    def test_summary_prints_and_checks(self):
        paths = [self.folder / f"{job}.h5" for job in ("result-1-wide", "warm-up")]
        code, said, error = check(*paths)
        self.assertEqual((code, error), (0, ""))
        lines = said.splitlines()
        self.assertEqual(len(lines), 1 + sum(len(self.rows[job]) for job in ("result-1-wide", "warm-up")))
        self.assertEqual(lines[0].split(), ["file", "curve", "quantity", "along", "regime", "theory", "fitted", "local_min",
                                            "local_max", "tolerance", "from", "to", "crossover", "verdict", "why"])
        row = self.pick("result-1-wide", "N_E_star", "second")[-1]
        line = next(line for line in lines if f" {row.fitted:.4f} " in line and " second " in line)
        for value in (row.theory, row.local_low, row.local_high, row.tolerance):
            self.assertIn(f" {value:.4f}", line)
        self.assertRegex(said, r"first .* not reached +theory's break points leave 0\.3 decades")
        self.assertEqual(check(self.folder / "absent.h5")[0], 2)
        with mock.patch.object(exponents, "DECADES_MIN", 90):  # a file without anything to check
            code, said, error = check(paths[1])
        self.assertEqual(code, 1)
        self.assertIn("warm-up.h5: no exponent to check", error)


class RowTest(unittest.TestCase):
    """The verdict on made-up curves: break points at 1e4 and 1e8, exponents 1, 1/2 and 0."""
    law = theory.Law(tuple(map(theory.Regime, ("first", "second", "third"), "abc", (1.0, 0.5, 0.0))), (1e4, 1e8))

    def rows(self, exponent, x=np.geomspace(1, 1e12, 241)):
        local = exponent(np.log10(x))
        y = np.exp(np.concatenate([[0], np.cumsum((local[1:] + local[:-1]) / 2 * np.diff(np.log(x)))]))
        curve = power_laws.Curve("", x, y, local, np.zeros(x.size, dtype=int), self.law)
        return {row.regime: row for row in exponents.rows(curve, "", "y", "x", np.ones(x.size, dtype=bool), 10.0)}

    def test_a_curve_that_follows_the_law_agrees(self):
        for row in self.rows(lambda x: np.interp(x, [3.9, 4.1, 7.9, 8.1], [1, 0.5, 0.5, 0])).values():
            self.assertEqual((row.verdict, row.faults), ("yes", []))
            self.assertAlmostEqual(row.fitted, row.theory, delta=1e-3)
            self.assertEqual((row.local_low, row.local_high), (row.theory, row.theory))

    def test_a_fit_alone_is_no_agreement(self):
        """An exponent on its way from 1 to 0 passes the fit of 1/2 without ever staying there."""
        row = self.rows(lambda x: np.interp(x, [4, 5.9, 6.1, 8], [1, 0.95, 0.05, 0]))["second"]
        self.assertLess(abs(row.fitted - 0.5), row.tolerance)
        self.assertEqual((row.verdict, row.faults), ("NO", ["local exponent further than 0.250 from theory's"]))

    def test_an_exponent_beside_theory_disagrees(self):
        row = self.rows(lambda x: np.full(x.size, 0.69))["second"]
        self.assertEqual((row.verdict, row.faults), ("NO", ["fitted exponent outside the tolerance"]))
        self.assertAlmostEqual(row.tolerance, 0.5 / 3, delta=1e-12)

    def test_what_is_too_short_is_not_reached(self):
        rows = self.rows(lambda x: np.full(x.size, 0.5), np.geomspace(1, 10 ** 6.5, 66))
        flat = {name: row.unreached for name, row in rows.items()}
        self.assertEqual(flat["first"], "")
        self.assertRegex(flat["second"], r"^1\d data over 1\.\d decades of its 1e\+05 to 1e\+07$")
        self.assertRegex(flat["third"], r"^0 data over 0\.0 decades of its 1e\+09 to inf$")
        with mock.patch.object(type(self), "law", self.law._replace(breaks=(1e4, math.inf))):
            rows = self.rows(lambda x: np.where(x < 4, 1, 0.5))
        self.assertEqual(rows["second"].verdict, "yes")
        self.assertEqual(rows["third"].unreached, "theory's break point is infinite: the regime before it never ends")


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
