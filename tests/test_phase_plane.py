#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers of phase diagrams: analysis/phase_plane.py and phase_diagram.Diagram, on files with known power laws."""

import itertools
import os
import tempfile
import unittest

import numpy as np

from market_file import POWERS, five_axes, write_powers

import phase_diagram


def diagram(path, slices=(), **choices):
    return phase_diagram.Diagram(phase_diagram.read(path, choices.get("quantity")), slices=slices, **choices)


class PhasePlaneTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def test_any_two_axes_at_any_slice(self):
        axes, path = five_axes(), self.path("five.h5")
        n_entrant = write_powers(path, axes)
        names, at = list(axes), {"tau_I": 4, "N_I": 1, "tau_E": 1, "Q": 5, "nu": 1}
        for x, y in itertools.permutations(names, 2):
            with self.subTest(f"{x}, {y}"):
                slices = [f"{axis}={float(axes[axis][at[axis]])!r}" for axis in names if axis not in (x, y)]
                finite = np.isfinite(axes[x])
                plane = n_entrant[tuple(slice(None) if axis in (x, y) else at[axis] for axis in names)]
                plane = (plane if names.index(x) < names.index(y) else plane.T)[finite]
                drawn = diagram(path, slices, x=x, y=y, quantity="N_E_star")
                np.testing.assert_allclose(drawn.values, plane, rtol=1e-13)
                np.testing.assert_array_equal(drawn.plane.x_values, axes[x][finite])
                np.testing.assert_array_equal(drawn.plane.y_values, axes[y])
                if x in ("N_I", "Q"):  # those that the file has
                    slopes = diagram(path, slices, x=x, y=y, quantity=f"elasticity_{x}").values
                    np.testing.assert_allclose(slopes, POWERS[x] + (1 if x == "Q" else 0), rtol=1e-11)

    def test_which_axes_and_which_quantity_without_being_told(self):
        five, four = self.path("five.h5"), self.path("four.h5")
        write_powers(five, five_axes())
        axes = five_axes()
        del axes["tau_I"]
        write_powers(four, axes)
        cases = [
            (four, {}, "N_I", "Q", "ratio"),
            (five, {}, "N_I", "Q", "ratio"),
            (five, {"slices": ["Q=1"]}, "N_I", "tau_I", "ratio"),
            (five, {"y": "N_I"}, "Q", "N_I", "N_E_star"),
            (five, {"slices": ["N_I=inf"]}, "Q", "tau_I", "N_E_star"),
            (five, {"slices": ["N_I=100", "Q=1"]}, "tau_I", "tau_E", "ratio"),
            (five, {"x": "tau_E", "slices": ["tau_I=.3", "Q=1", "nu=1"]}, "tau_E", "N_I", "N_E_star"),
        ]
        for path, choices, x, y, quantity in cases:
            drawn = diagram(path, **choices)
            self.assertEqual((drawn.plane.x, drawn.plane.y, drawn.quantity), (x, y, quantity), choices)


if __name__ == "__main__":
    unittest.main()
