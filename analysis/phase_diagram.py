#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the market entry threshold N_E* of a moat results file.

Above, N_E*/N_I: against N_I as curves when the second axis has few values, as a field over N_I and the second axis when
it has many. Below, the local exponent d ln N_E*/d ln N_I. The file may be one that a run is writing.
"""

import argparse
import math
import sys

import numpy as np

import moatfile
import phase_panels
import style
from moatfile import Refused

SECOND_AXES = ("tau_E", "Q", "nu")
FIELD_FROM = 8  # values on the second axis: fewer are curves
ROWS_SHOWN = 4  # rows of a field whose local exponent is drawn


class Diagram:
    """The numbers of one figure.

    n_incumbent: finite N_I, ascending. second: name of the second axis; values: its coordinates; at: indices of the
    axes held fixed. n_entrant, status: (N_I, second), NaN where there is no threshold. limit: N_E* at N_I = inf, or
    None.
    """

    def __init__(self, results, second=None, slices=()):
        self.results = results
        self.second, kept, self.at, self.assumed = _choose(results, second, slices)
        self.values = results.axes[self.second][kept]
        self.in_l_star = results.setting("tau_unit") != "absolute"
        n_incumbent = results.axes["N_I"]
        finite = np.isfinite(n_incumbent)
        if finite.sum() < 2:
            raise Refused(f"{results.path}: N_I has a single value or none that is finite ({_plain(n_incumbent)}); "
                          "expected at least two to draw against")
        n_entrant = results.take("N_E_star", ("N_I", self.second), self.at)[:, kept]
        status = results.take("status", ("N_I", self.second), self.at)[:, kept]
        claimed = np.isin(status, (moatfile.OK, moatfile.ENTRANT_ALWAYS))
        solved = claimed & np.isfinite(n_entrant) & (n_entrant > 0)
        status = np.where(claimed & ~solved, moatfile.PENDING, status)  # a live file, caught between two writes
        n_entrant = np.where(solved, n_entrant, np.nan)
        self.n_incumbent, self.n_entrant, self.status = n_incumbent[finite], n_entrant[finite], status[finite]
        self.limit = None if finite.all() else n_entrant[~finite][0]
        self.is_field = self.values.size >= FIELD_FROM

    def ratio(self):
        """N_E*/N_I."""
        return self.n_entrant / self.n_incumbent[:, None]

    def columns(self):
        """Columns that get a curve: all, or a few of a field, evenly spaced among those with most thresholds."""
        if not self.is_field:
            return list(range(self.values.size))
        steps = np.isfinite(np.diff(self.n_entrant, axis=0)).sum(axis=0)
        drawable = np.flatnonzero(steps >= max(1, steps.max() // 2))
        chosen = np.linspace(0, drawable.size - 1, min(ROWS_SHOWN, drawable.size)).round().astype(int)
        return [int(column) for column in drawable[chosen]]

    def label(self, column):
        """The value of the second axis at `column`, as an equation."""
        shown = [style.number(self.values[k], 3) for k in self.columns()]
        digits = 3 if len(set(shown)) == len(shown) and self.is_field else 6
        return style.equation(self.second, self.values[column], self.in_l_star, digits)

    def nu(self, column):
        """nu of the curve at `column`."""
        return self.values[column] if self.second == "nu" else self.results.axes["nu"][self.at["nu"]]

    def caption(self):
        """The parameters of the figure, one item each."""
        results, items = self.results, []
        for name, section in (("gamma", "model"), ("P", "model"), ("tau_I", "incumbent")):
            value = results.number(name.split("_")[0], section)
            if value is not None:
                items.append(style.equation(name, value, self.in_l_star))
        for axis in SECOND_AXES:
            if axis != self.second:
                items.append(style.equation(axis, results.axes[axis][self.at[axis]], self.in_l_star))
        if self.values.size == 1:
            items.append(style.equation(self.second, self.values[0], self.in_l_star))
        if "solver" in results.attributes:
            items.append(f"{results.attributes['solver']} solver")
        pending = np.count_nonzero(self.status == moatfile.PENDING)
        if pending:
            items.append(f"{pending} of {self.status.size} points pending")
        if self.limit is not None:
            infinite = style.equation("N_I", math.inf)
            items.append(f"{infinite} left out" if self.is_field else f"thin dashes: {infinite}")
        return items


def _choose(results, second, slices):
    """The second axis (the longest not sliced, unless given), the part of it kept, the indices of the axes held fixed,
    and those of them fixed for want of a slice."""
    at = {}
    for item in slices:
        axis, equals, text = item.partition("=")
        if not equals or axis not in SECOND_AXES:
            raise Refused(f"--slice: found {item}; expected AXIS=VALUE with AXIS one of {', '.join(SECOND_AXES)}")
        if axis in at or axis == second:
            why = f"{axis} is the second axis (--y {axis})" if axis == second else f"{axis} has a slice already"
            raise Refused(f"--slice: found {item}, but {why}; drop one of the two")
        at[axis] = moatfile.find(results, axis, text)
    free = [axis for axis in SECOND_AXES if axis not in at]
    if not free:  # one curve
        only = at.pop(SECOND_AXES[0])
        return SECOND_AXES[0], slice(only, only + 1), at, []
    second = second or max(free, key=lambda axis: results.axes[axis].size)
    assumed = [axis for axis in free if axis != second and results.axes[axis].size > 1]
    at.update({axis: 0 for axis in free if axis != second})
    return second, slice(None), at, assumed


def _plain(values):
    return ", ".join(f"{value:.6g}" for value in values)


def local_exponent(n_incumbent, n_entrant):
    """d ln N_E*/d ln N_I over each step of N_I, and the step's geometric middle. NaN next to a missing threshold."""
    log_incumbent = np.log(n_incumbent)
    steps = np.diff(log_incumbent)
    return np.exp(log_incumbent[:-1] + steps / 2), np.diff(np.log(n_entrant), axis=0) / steps[:, None]


def draw(diagram):
    """The figure of `diagram`."""
    middles, exponents = local_exponent(diagram.n_incumbent, diagram.n_entrant)
    return phase_panels.draw(diagram, middles, exponents)


def _arguments(argv):
    parser = argparse.ArgumentParser(prog="phase_diagram.py", description=__doc__.split("\n\n")[0])
    parser.add_argument("file", metavar="FILE", help="results file of `moat run` (sweep: market_entry)")
    parser.add_argument("-o", "--output", metavar="FIG", required=True, help="figure: .png, .pdf or .svg")
    parser.add_argument("--x", choices=["N_I"], default="N_I", help="horizontal axis: N_I, the only one there is")
    parser.add_argument("--y", choices=SECOND_AXES, help="second axis; default: the longest one without a slice")
    parser.add_argument("--slice", metavar="AXIS=VALUE", nargs="+", action="extend", default=[],
                        help="values of the other axes, as in the config; default: the first of each")
    return parser.parse_args(argv)


def main(argv=None):
    """The command; returns its exit code."""
    arguments = _arguments(argv)
    try:
        style.check_target(arguments.output)
        results = moatfile.read(arguments.file, ["N_E_star", "status"], ["N_I", *SECOND_AXES])
        diagram = Diagram(results, arguments.y, arguments.slice)
        for axis in diagram.assumed:
            values = results.axes[axis]
            print(f"phase_diagram.py: {axis} = {values[0]:.6g}, the first of {values.size}; "
                  f"--slice {axis}=VALUE draws another", file=sys.stderr)
        title = "Market entry threshold: " + (results.setting("name") or results.path)
        style.save(draw(diagram), arguments.output, results, title)
    except Refused as refusal:
        print(f"phase_diagram.py: {refusal}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
