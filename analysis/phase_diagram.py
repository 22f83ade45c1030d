#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the market entry threshold N_E* of a moat results file over any two of its axes, with the others held fixed.

N_E*/N_I over two axes of many values is a map of named regions; another quantity is a field of colours. If y has few values, or
with --curves, there are curves against x. A run may still be writing the file.
"""

import argparse
import math
import sys

import numpy as np

import labels
import moatfile
import output
import phase_panels
import regimes
import sheet
import style
import theory
import wording
from moatfile import Refused
from phase_plane import Plane
from scales import zeroed

PROGRAM = output.name("phase_diagram.py")  # in messages
ELASTICITIES = ("elasticity_N_I", "elasticity_tau_E", "elasticity_tau_I", "elasticity_Q")
EXPONENTS = (*ELASTICITIES, "exponent_D")
QUANTITIES = ("N_E_star", "ratio", "regime", *EXPONENTS)
FIELD_FROM = 8  # values of y that make a field; fewer make curves
ROWS_SHOWN = 5  # of a grid with many values of y: the curves of --curves


class Diagram:
    """The numbers of one figure, on a phase_plane.Plane.

    quantity: one of QUANTITIES. n_entrant: N_E* over (x, y), NaN where there is no threshold. values: the quantity,
    likewise. kinds: over (x, y), the status, or regimes.kind() where there is a threshold and the quantity is regime.
    limit: the value at x = inf, repeated over (x, y), or None. is_field: drawn as a field rather than as curves.
    """

    def __init__(self, results, x=None, y=None, slices=(), quantity=None, as_curves=False):
        self.results, self.plane = results, Plane(results, x, y, slices)
        self.quantity = quantity or self._default_quantity()
        if self.quantity in ("ratio", "regime") and self.plane.y == "N_I":
            self.plane.leave_out_infinity()
        if self.quantity == "ratio" and not np.isfinite(self.n_incumbent).all():
            raise Refused(f"{results.path}: N_E*/N_I is 0 at N_I = inf; --quantity N_E_star draws N_E*")
        n_entrant, status = self.plane.take("N_E_star"), self.plane.take("status")
        claimed = np.isin(status, (moatfile.OK, moatfile.ENTRANT_ALWAYS))
        solved = claimed & np.isfinite(n_entrant) & (n_entrant > 0)
        self.kinds = np.where(claimed & ~solved, moatfile.PENDING, status)  # the run has written the status, not yet N_E*
        self.n_entrant = np.where(solved, n_entrant, np.nan)
        self.values, self.limit = self._values(solved)
        self.is_field = self.plane.y_values.size >= FIELD_FROM and np.isfinite(self.plane.y_values).sum() > 1 and not as_curves

    def _default_quantity(self):
        return "ratio" if self.plane.x == "N_I" or np.isfinite(self.n_incumbent).all() else "N_E_star"

    @property
    def n_incumbent(self):
        """N_I, shaped to go with (x, y)."""
        return self.plane.values("N_I")

    def _values(self, solved):
        if self.quantity == "regime":
            regime = self.plane.take("regime")
            self.kinds = np.where(solved, regimes.kind(regime), self.kinds)
            return np.where(solved, regime, np.nan), None
        if self.quantity in EXPONENTS:
            return np.where(solved, zeroed(self.plane.take(self.quantity)), np.nan), None
        per = self.n_incumbent if self.quantity == "ratio" else np.ones((1, 1))
        limit = self.plane.take_at_infinity("N_E_star")
        return self.n_entrant / per, None if limit is None else np.broadcast_to(limit / per, self.n_entrant.shape)

    def reference(self):
        """The value of the quantity at which N_E* = N_I: (x, y), or None if there is none."""
        if self.quantity == "ratio":
            return np.ones(self.n_entrant.shape)
        if self.quantity == "N_E_star" and np.isfinite(self.n_incumbent).any():
            return np.broadcast_to(self.n_incumbent, self.n_entrant.shape)
        return None

    def columns(self):
        """The columns, or values of y, that get a curve: all, or if they are many a few, evenly spaced among the columns with
        the most thresholds."""
        if self.plane.y_values.size < FIELD_FROM:
            return list(range(self.plane.y_values.size))
        steps = np.isfinite(np.diff(self.n_entrant, axis=0)).sum(axis=0)
        drawable = np.flatnonzero(steps >= max(1, steps.max() // 2))
        drawable = drawable if drawable.size else np.arange(self.plane.y_values.size)
        chosen = np.linspace(0, drawable.size - 1, min(ROWS_SHOWN, drawable.size)).round().astype(int)
        return [int(column) for column in drawable[chosen]]

    def label(self, column):
        """The name of the curve at `column`."""
        return wording.value(self.results, self.plane.y, self.plane.y_values[column])

    def theory(self, name, column=None):
        """Theory's values of the exponent `name`, or None if the file has none. column: which nu, if y is nu; without it,
        or if x is nu, nu has no single value and the result is None."""
        plane = self.plane
        if name not in self.results.theory or plane.x == "nu" or (plane.y == "nu" and column is None):
            return None
        index = plane.rows[column] if plane.y == "nu" else plane.at["nu"]
        return theory.exponents(self.results, name, index)

    def caption(self):
        """The parameters of the figure, one item each."""
        plane = self.plane
        at = dict(plane.at) | ({plane.y: plane.rows[0]} if plane.y_values.size == 1 else {})
        items = [*wording.parameters(self.results, at), *wording.pending(self.kinds)]
        if (np.isfinite(self.n_entrant) & ~np.isfinite(self.values)).any():
            items.append("blank: not defined")
        for axis in plane.left_out:
            infinite = labels.equation(self.results, axis, math.inf)
            dashed = axis == plane.x and self.limit is not None and not self.is_field
            items.append(f"thin dashes: {infinite}" if dashed else f"{infinite} left out")
        return items


def read(path, quantity=None):
    """Reads N_E*, the status, and the variables that a figure of `quantity` uses if the file has them. Raises Refused."""
    drawn = {quantity} - {None, "N_E_star", "ratio"}
    return moatfile.read(path, ["N_E_star", "status", *drawn], "market_entry", ["N_I"], set(ELASTICITIES) - drawn)


def _arguments(argv):
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__.split("\n\n")[0])
    parser.add_argument("file", metavar="FILE", help="results file of `moat run` (sweep: market_entry)")
    parser.add_argument("-o", "--output", metavar="FIG", required=True, help="figure to write: .png, .pdf or .svg")
    parser.add_argument("--x", metavar="AXIS", help="horizontal axis; default: N_I, or the longest free axis if N_I has a "
                                                  "slice or is --y")
    parser.add_argument("--y", metavar="AXIS", help="second axis; default: the longest free axis")
    parser.add_argument("--slice", metavar="AXIS=VALUE", nargs="+", action="extend", default=[],
                        help="values at which the other axes are held, written as in the config; default: the first of each")
    parser.add_argument("--quantity", choices=QUANTITIES,
                        help="quantity to draw; ratio is N_E*/N_I, the default if N_I is finite; regime and the "
                             "exponents need a file that has them")
    parser.add_argument("--curves", action="store_true", help="draw curves against x even where y has many values: a few of them")
    sheet.add_option(parser)
    return parser.parse_args(argv)


def main(argv=None):
    """Runs the command line; returns the exit code."""
    arguments = _arguments(argv)
    try:
        style.check_target(arguments.output)
        results = read(arguments.file, arguments.quantity)
        diagram = Diagram(results, arguments.x, arguments.y, arguments.slice, arguments.quantity, arguments.curves)
        for axis in diagram.plane.assumed:
            values = results.axes[axis]
            print(f"{PROGRAM}: {axis} is held at {values[0]:.6g}, the first of its {values.size} values; "
                  f"--slice {axis}=VALUE chooses another", file=sys.stderr)
        title = "Market entry threshold: " + results.title
        style.save(phase_panels.draw(diagram, arguments.width), arguments.output, results, title)
    except Refused as refusal:
        print(f"{PROGRAM}: {refusal}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
