#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""analysis/moatfile.py, on files written here by h5py with the axes of every kind of sweep."""

import math
import os
import sys
import tempfile
import unittest
from pathlib import Path

import h5py
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "analysis"))

import moatfile

MARKET = ("N_I", "tau_E", "Q", "nu")
SCALING = ("N", "alpha", "Q", "nu")
AXES = {"tau_I": [0.8, 0.9], "N_I": [1e2, 1e3, math.inf], "tau_E": [0.95, math.inf], "Q": [0.1, 0.5], "nu": [0.34],
        "N": [1e2, 1e4, 1e6], "alpha": [0.5, 0.75, 1.0], "lambda": [1e-6, 1e-2]}


def value(point):
    """A number that is different for every point."""
    return sum((k + 1) * 10.0 ** sorted(AXES).index(axis) for axis, k in point.items())


def write(path, variables, **attributes):
    """`variables`: name -> its axes; each is filled by value() of the indices, times the length of its name."""
    with h5py.File(path, "w", libver="latest") as file:
        file.attrs.update({"moat_version": "0.1.0", **attributes})
        for axis in dict.fromkeys(axis for axes in variables.values() for axis in axes):
            file[axis] = AXES[axis]
            file[axis].make_scale(axis)
        for name, axes in variables.items():
            values = np.empty([len(AXES[axis]) for axis in axes])
            for index in np.ndindex(values.shape):
                values[index] = len(name) * value(dict(zip(axes, index)))
            file[name] = values
            for dimension, axis in zip(file[name].dims, axes):
                dimension.attach_scale(file[axis])


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

    def test_market_entry(self):
        write(self.file, {"N_E_star": MARKET, "tau_E_absolute": MARKET[1:]})
        results = moatfile.read(self.file, ["N_E_star"], MARKET, ["tau_I", "regime", "tau_E_absolute"])
        self.assertEqual((results.sweep, list(results.axes), list(results.variables)),
                         ("market_entry", list(MARKET), ["N_E_star", "tau_E_absolute"]))
        self.check(results, "N_E_star", ("nu", "N_I"), {"tau_E": 1, "Q": 0})
        self.check(results, "tau_E_absolute", ("Q", "tau_E"), {"N_I": 2, "nu": 0})

    def test_market_entry_over_the_incumbents_threshold(self):
        axes = ("tau_I", *MARKET)
        write(self.file, {"N_E_star": axes, "regime": axes, "nu_prime": ["nu"]}, sweep="market_entry")
        results = moatfile.read(self.file, ["N_E_star"], MARKET, ["tau_I", "regime"])
        self.assertEqual((list(results.axes), list(results.variables)), (list(axes), ["N_E_star", "regime"]))
        np.testing.assert_array_equal(results.axes["tau_I"], AXES["tau_I"])
        self.check(results, "regime", ("tau_E", "tau_I"), {"N_I": 1, "Q": 1, "nu": 0})
        with self.assertRaisesRegex(moatfile.Refused, "N_E_star has the dimensions tau_I, N_I.* expected .* N_I"):
            moatfile.read(self.file, ["N_E_star"], MARKET)

    def test_scaling_law_with_and_without_lambda(self):
        for axes in (SCALING, ("lambda", *SCALING)):
            write(self.file, {"loss": axes, "L_star": SCALING[2:]}, sweep="scaling_law")
            results = moatfile.read(self.file, ["loss", "L_star"], SCALING, ["lambda"])
            self.assertEqual((results.sweep, list(results.axes)), ("scaling_law", list(axes)))
            at = {"lambda": 1, "Q": 1, "nu": 0} if "lambda" in axes else {"Q": 1, "nu": 0}
            self.check(results, "loss", ("alpha", "N"), at)
        with self.assertRaisesRegex(moatfile.Refused, "its sweep is scaling_law; expected one with N_E_star"):
            moatfile.read(self.file, ["N_E_star"], MARKET)

    def test_settings_of_a_config_in_either_style(self):
        block = ("model:\n  gamma: 0.5\n\n  P: .inf   # features\n"
                 "incumbent: {tau: 0.7}\ntau_unit: absolute\nridge: {P: 64}\n")
        flow = "ridge: {P: 64}\ntau_unit: 'absolute'\nincumbent: {tau: 0.7}\nmodel: {P: .inf,\n  \"gamma\": 5e-1}\n"
        for config in (block, flow):
            results = moatfile.Results("x", {"config": config}, {}, {})
            self.assertEqual([results.number("gamma", "model"), results.number("P", "model"),
                              results.number("tau", "incumbent"), results.setting("tau_unit")],
                             [0.5, math.inf, 0.7, "absolute"])
            self.assertIsNone(results.number("tau", "model"))


if __name__ == "__main__":
    unittest.main()
