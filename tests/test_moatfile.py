#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""analysis/moatfile.py and labels.py, on files written here by h5py with the axes of every kind of sweep."""

import math
import os
import tempfile
import unittest

import h5py
import numpy as np

from market_file import write_file

import labels
import moatfile

MARKET, SCALING = moatfile.AXES["market_entry"], moatfile.AXES["scaling_law"]
AXES = {"tau_I": [0.8, 0.9], "N_I": [1e2, 1e3, math.inf], "tau_E": [0.95, math.inf], "Q": [0.1, 0.5], "nu": [0.34],
        "N": [1e2, 1e4, 1e6], "alpha": [0.5, 0.75, 1.0], "lambda": [1e-6, 1e-2]}


def value(point):
    """A number that is different for every point."""
    return sum((k + 1) * 10.0 ** sorted(AXES).index(axis) for axis, k in point.items())


def write(path, variables, **attributes):
    """`variables`: name -> its axes; each is filled by value() of the indices, times the length of its name."""
    filled = {}
    for name, axes in variables.items():
        values = np.empty([len(AXES[axis]) for axis in axes])
        for index in np.ndindex(values.shape):
            values[index] = len(name) * value(dict(zip(axes, index)))
        filled[name] = (axes, np.ones(values.shape, dtype=np.uint8) if name in moatfile.WORDS else values)
    used = dict.fromkeys(axis for axes in variables.values() for axis in axes)
    write_file(path, {axis: AXES[axis] for axis in used}, filled, **attributes)


class MoatfileTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = os.path.join(folder.name, "file.h5")

    def check(self, results, name, order, at):
        """take() against value() on every point."""
        taken = results.take(name, order, at)
        self.assertEqual(taken.shape, tuple(len(AXES[axis]) for axis in order))
        for index in np.ndindex(taken.shape):
            point = {**at, **dict(zip(order, index))}
            point = {axis: k for axis, k in point.items() if axis in results.variables[name][0]}
            self.assertEqual(taken[index], len(name) * value(point))

    def refused(self, message, *arguments):
        with self.assertRaises(moatfile.Refused) as raised:
            moatfile.read(self.file, *arguments)
        self.assertIn(message, str(raised.exception))
        self.assertNotIn("\n", str(raised.exception))

    def test_market_entry(self):
        write(self.file, {"status": MARKET, "N_E_star": MARKET, "tau_E_absolute": MARKET[1:]})
        results = moatfile.read(self.file, ["N_E_star"], "market_entry", MARKET, ["regime", "tau_E_absolute"])
        self.assertEqual((results.sweep, list(results.axes), list(results.variables)),
                         ("market_entry", list(MARKET), ["N_E_star", "tau_E_absolute"]))
        self.check(results, "N_E_star", ("nu", "N_I"), {"tau_E": 1, "Q": 0})
        self.check(results, "tau_E_absolute", ("Q", "tau_E"), {"N_I": 2, "nu": 0})

    def test_market_entry_over_the_incumbents_threshold(self):
        axes = ("tau_I", *MARKET)
        write(self.file, {"status": axes, "N_E_star": axes, "elasticity_Q": axes, "nu_prime": ["nu"]}, tau_I=None)
        results = moatfile.read(self.file, ["N_E_star"], "market_entry", MARKET, ["tau_I", "elasticity_Q"])
        self.assertEqual((list(results.axes), list(results.variables)), (list(axes), ["N_E_star", "elasticity_Q"]))
        np.testing.assert_array_equal(results.axes["tau_I"], AXES["tau_I"])
        self.check(results, "elasticity_Q", ("tau_E", "tau_I"), {"N_I": 1, "Q": 1, "nu": 0})

    def test_a_grid_of_fewer_axes(self):
        """As a market on a measured spectrum has: read by scripts that need no others, refused by those that do."""
        write(self.file, {"status": MARKET[:2], "N_E_star": MARKET[:2]})
        results = moatfile.read(self.file, ["N_E_star"], "market_entry", ["N_I"])
        self.assertEqual(list(results.axes), ["N_I", "tau_E"])
        self.check(results, "N_E_star", ("tau_E", "N_I"), {})
        self.refused("its axes are N_I, tau_E; expected N_I, tau_E, Q, nu", ["N_E_star"], "market_entry", MARKET)

    def test_scaling_law_with_and_without_lambda(self):
        for axes in (SCALING, ("lambda", *SCALING)):
            write(self.file, {"status": axes, "loss": axes, "L_star": SCALING[2:]}, sweep="scaling_law")
            results = moatfile.read(self.file, ["loss", "L_star"], "scaling_law", SCALING)
            self.assertEqual((results.sweep, list(results.axes)), ("scaling_law", list(axes)))
            at = {"lambda": 1, "Q": 1, "nu": 0} if "lambda" in axes else {"Q": 1, "nu": 0}
            self.check(results, "loss", ("alpha", "N"), at)
        self.refused("its sweep is scaling_law; expected market_entry", ["N_E_star"], "market_entry", MARKET)

    def test_flags_by_their_words(self):
        """A file that numbers its words otherwise says the same; a word that scripts do not know is refused by name."""
        write(self.file, {"status": MARKET, "N_E_star": MARKET})
        words = ["failed", "ok", "no_entry", "pending", "entrant_always", "incumbent_infeasible", "entrant_infeasible"]
        numbers = np.array([9, 40, 3, 200, 7, 8, 0], dtype=np.uint8)
        with h5py.File(self.file, "r+") as file:
            file["status"].attrs["flag_values"], file["status"].attrs["flag_meanings"] = numbers, " ".join(words)
            chosen = np.resize(np.arange(7), file["status"].shape)
            file["status"][...] = numbers[chosen]
        status = moatfile.read(self.file, ["status"]).variables["status"][1]
        self.assertEqual([moatfile.STATUSES[code] for code in status.flat], [words[k] for k in chosen.flat])
        self.assertEqual((moatfile.PENDING, moatfile.OK, moatfile.FAILED), (0, 1, 6))
        with h5py.File(self.file, "r+") as file:
            file["status"].attrs["flag_meanings"] = " ".join(words).replace("no_entry", "monopoly")
        self.refused("status has the value 3 (monopoly); expected pending, ok", ["status"])

    def test_formats(self):
        for version, message in ((None, "has format 1, written by moat 0.1.0; expected format 2: run the sweep again"),
                                 (1, "has format 1, written by moat 0.1.0; expected format 2: run the sweep again"),
                                 (3, "has format 3, written by moat 0.1.0; expected format 2: use the scripts of moat 0.1.0")):
            write(self.file, {"status": MARKET, "N_E_star": MARKET}, format_version=version)
            self.refused(message, ["N_E_star"])
            with self.assertRaisesRegex(moatfile.Refused, message):
                moatfile.read_attributes(self.file)
        write(self.file, {"status": MARKET}, moat_version=None)
        self.refused("not a moat results file: it has no attribute moat_version", [])
        write(self.file, {"N_E_star": MARKET})
        self.refused("not a moat results file: it has no variable status", [])

    def test_attributes_have_types(self):
        write(self.file, {"status": MARKET}, seed=np.int64(2**53 + 1), trials=np.int64(3), P=math.inf, name="ρ & more")
        found = moatfile.read_attributes(self.file)
        self.assertEqual({name: found[name] for name in ("seed", "trials", "P", "gamma", "name")},
                         {"seed": 2**53 + 1, "trials": 3, "P": math.inf, "gamma": 0.5, "name": "ρ & more"})

    def test_labels(self):
        """From the file's long_name, units and tau_unit; an absolute threshold is never in units of L*."""
        variables = {"status": MARKET, "N_E_star": MARKET, "elasticity_tau_E": MARKET, "exponent_D": MARKET}
        for unit, mark in (("L_star", r" / $L^*$"), ("absolute", "")):
            write(self.file, variables, tau_unit=unit, scrutiny="training_mixture")
            results = moatfile.read(self.file, [])
            self.assertEqual([labels.label(results, name) for name in ("N_I", "tau_E", "Q", "N_E_star")],
                             ["incumbent's number of data points  $N_I$", rf"entrant's safety threshold  $\tau_E${mark}",
                              "misalignment of performance and safety  $Q$",
                              "market entry threshold  $N_E^*$  (data points)"])
            self.assertEqual([labels.formula(labels.derivative(results, name))
                              for name in ("elasticity_tau_E", "exponent_D", "elasticity_Q")],
                             [r"$\mathrm{d}\,\ln N_E^*\,/\,\mathrm{d}\,\ln \tau_E$", r"$\mathrm{d}\,\ln N_E^*\,/\,\mathrm{d}\,\ln (1/D)$",
                              r"$\mathrm{d}\,\ln N_E^*\,/\,\mathrm{d}\,\ln Q$"])
            in_l_star = r"$\,L^*$" if unit == "L_star" else ""
            self.assertEqual(labels.parameters(results), [r"$\gamma$ = 0.5", r"$P$ = $\infty$", rf"$\tau_I$ = 0.9{in_l_star}",
                                                          "scrutiny of the training mixture"])
            self.assertEqual(labels.equation(results, "tau_E", 1.2), rf"$\tau_E$ = 1.2{in_l_star}")
        self.assertEqual([labels.plain(name) for name in ("tau_E", "N_E_star", "nu_prime", "gamma", "P")],
                         ["τ_E", "N_E*", "ν′", "γ", "P"])


if __name__ == "__main__":
    unittest.main()
