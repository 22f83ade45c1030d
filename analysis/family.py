# SPDX-License-Identifier: GPL-3.0-or-later
"""Families of curves from a results file, and the command line shared by the scripts that draw one.

The curves of a family run along one axis. There is one for each value of a second axis; the other axes are held fixed.
"""

import argparse
import sys

import numpy as np

import moatfile
import sheet
import style
import wording
from moatfile import GRID, Refused


class Family:
    """One family of curves.

    along: the axis the curves run along. over: the axis whose values have one curve each, or None. at: index of each axis
    held fixed. assumed: those of them that have several values and no --slice; they are held at the first value. flags: the
    script's own options that were given.
    """

    def __init__(self, results, along, over=None, slices=()):
        self.results, self.along = results, along
        self.at = indices(results, (along, over), slices)
        free = [axis for axis in results.axes if axis not in self.at and axis != along]
        if over and over not in free:
            choice = f"expected one of {', '.join(free)}" if free else "every other axis has a slice; drop one of them"
            raise Refused(f"--over: found {over}; {choice}")
        self.over = over or (max(free, key=lambda axis: results.axes[axis].size) if free else None)
        held = [axis for axis in free if axis != self.over]
        self.at.update(dict.fromkeys(held, 0))
        self.assumed = [axis for axis in held if results.axes[axis].size > 1]
        self.flags, self.width = [], sheet.WIDE

    def members(self):
        """(label, indices of all axes but `along`) of each curve.

        If `over` has more values than style.CURVES has looks, as many as that are chosen, evenly spaced.
        """
        if self.over is None:
            return [("", dict(self.at))]
        size = self.results.axes[self.over].size
        count = min(size, len(style.CURVES))
        return [(self._label(self.results.axes[self.over][k]), {**self.at, self.over: k})
                for k in np.linspace(0, size - 1, count).round().astype(int)]

    def _label(self, value):
        return wording.value(self.results, self.over, value)

    def caption(self, *more):
        """The parameters of the figure, one item each."""
        return [*wording.parameters(self.results, self.at), *more]


def indices(results, drawn, slices):
    """Index of each axis that `slices` hold fixed, AXIS=VALUE each. drawn: axes that cannot be held. Raises Refused."""
    at = {}
    for item in slices:
        axis, equals, text = item.partition("=")
        if not equals or axis not in results.axes:
            raise Refused(f"--slice: found {item}; expected AXIS=VALUE with AXIS one of {', '.join(results.axes)}")
        if axis in drawn or axis in at:
            raise Refused(f"--slice: found {item}, but {axis} is an axis of the figure or has a slice already; "
                          "drop one of the two")
        at[axis] = moatfile.find(results, axis, text)
    return at


def parser(program, description, sweep):
    """The command line of a script that draws one figure from a results file of the sweep `sweep`."""
    options = argparse.ArgumentParser(prog=program, description=description.split("\n\n")[0])
    options.set_defaults(flags=[])
    options.add_argument("file", metavar="FILE", help=f"results file of `moat run` (sweep: {sweep})")
    options.add_argument("-o", "--output", metavar="FIG", required=True, help="figure to write: .png, .pdf or .svg")
    options.add_argument("--over", metavar="AXIS", help="axis with a curve for each value; default: the longest free axis")
    options.add_argument("--slice", metavar="AXIS=VALUE", nargs="+", action="extend", default=[],
                         help="values at which the other axes are held, written as in the config; default: the first of "
                              "each")
    sheet.add_option(options)
    return options


def command(argv, program, description, sweep, needs, along, draw, optional=(), flags=(), axes=()):
    """Runs a script that draws one figure from a results file of the sweep `sweep`; returns the exit code.

    needs, optional: the variables to read; the file may lack the optional ones. along(results): the axis the curves run
    along. draw(family): makes the figure. flags: (option, help) of the script's own options; family.flags lists those given.
    axes: axes that the file must have besides those of GRID.
    """
    options = parser(program, description, sweep)
    for flag, meaning in flags:
        options.add_argument(flag, action="append_const", dest="flags", const=flag, help=meaning)
    arguments = options.parse_args(argv)
    try:
        style.check_target(arguments.output)
        results = moatfile.read(arguments.file, needs, sweep, [*axes, *GRID[sweep]], optional)
        family = Family(results, along(results), arguments.over, arguments.slice)
        family.flags, family.width = arguments.flags, arguments.width
        for axis in family.assumed:
            values = results.axes[axis]
            print(f"{program}: {axis} is held at {values[0]:.6g}, the first of its {values.size} values; "
                  f"--slice {axis}=VALUE chooses another", file=sys.stderr)
        style.save(draw(family), arguments.output, results, results.title)
    except Refused as refusal:
        print(f"{program}: {refusal}", file=sys.stderr)
        return 2
    return 0
