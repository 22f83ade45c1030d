# SPDX-License-Identifier: GPL-3.0-or-later
"""A plane through the grid of a results file: two of its axes, with the others held fixed."""

import numpy as np

import moatfile
from moatfile import Refused


class Plane:
    """Two axes of a file, and the values at which the others are held.

    x, y: names of the two axes. x_values: finite, ascending. y_values: ascending; the last may be infinite. rows: their
    indices on the axis y. at: index of each axis held fixed. assumed: those of them that have several values and no slice;
    they are held at the first value. left_out: axes whose infinity is not on the plane.
    """

    def __init__(self, results, x=None, y=None, slices=()):
        self.results = results
        self.x, self.y, self.rows, self.at, self.assumed = _choose(results, x, y, slices)
        x_values = results.axes[self.x]
        self._finite = np.isfinite(x_values)
        if self._finite.sum() < 2:
            found = ", ".join(f"{value:.6g}" for value in x_values)
            raise Refused(f"{results.path}: {self.x} has fewer than two finite values ({found}) to draw against; "
                          "--x chooses another axis")
        self.x_values, self.y_values = x_values[self._finite], results.axes[self.y][self.rows]
        self.left_out = [] if self._finite.all() else [self.x]

    def leave_out_infinity(self):
        """Keeps only the finite values of y. Raises Refused if there are none."""
        rows = self.rows[np.isfinite(self.y_values)]
        if rows.size == 0:
            raise Refused(f"{self.results.path}: {self.y} has no finite value to draw")
        if rows.size < self.rows.size:
            self.rows, self.y_values = rows, self.results.axes[self.y][rows]
            self.left_out.append(self.y)

    def take(self, name):
        """Variable `name` on the plane: (x, y)."""
        return self._take(name)[self._finite]

    def take_at_infinity(self, name):
        """Variable `name` at x = inf: (y), or None if the axis has no such value."""
        return None if self._finite.all() else self._take(name)[~self._finite][0]

    def _take(self, name):
        return self.results.take(name, (self.x, self.y), self.at)[:, self.rows]

    def values(self, axis):
        """The values of `axis`, shaped to broadcast over the plane: (x, 1), (1, y) or (1, 1)."""
        if axis == self.x:
            return self.x_values[:, None]
        if axis == self.y:
            return self.y_values[None, :]
        return self.results.axes[axis][self.at[axis]].reshape(1, 1)


def _choose(results, x, y, slices):
    """Chooses the plane: (x, y, indices kept of y, index of each axis held fixed, axes held without a slice).

    By default x is N_I if that is free and has two finite values, or else the longest free axis that has; y is the longest free
    axis. If every axis but x has a slice, y is one of those, with a single value. Raises Refused.
    """
    axes = list(results.axes)
    for option, axis in (("--x", x), ("--y", y)):
        if axis and axis not in axes:
            raise Refused(f"{results.path}: has no axis {axis} ({option} {axis}); its axes are {', '.join(axes)}")
    if x and x == y:
        raise Refused(f"--x and --y are both {x}; expected two different axes")
    at = _slices(results, x, y, slices)
    free = [axis for axis in axes if axis not in at and axis not in (x, y)]
    if not x and not free:
        raise Refused(f"--slice: fixes {', '.join(at)}, which leaves no axis to draw against; drop one of them")
    drawable = [axis for axis in free if np.isfinite(results.axes[axis]).sum() > 1 and axis != y]
    x = x or ("N_I" if "N_I" in (drawable or free) else _longest(results, drawable or free))
    free = [axis for axis in free if axis != x]
    y = y or (_longest(results, free) if free else next(axis for axis in axes if axis != x))
    rows = np.array([at.pop(y)]) if y in at else np.arange(results.axes[y].size)
    held = [axis for axis in free if axis != y]
    at.update(dict.fromkeys(held, 0))
    return x, y, rows, at, [axis for axis in held if results.axes[axis].size > 1]


def _slices(results, x, y, slices):
    """Index of each axis that `slices` hold fixed, AXIS=VALUE each. Raises Refused."""
    at = {}
    for item in slices:
        axis, equals, text = item.partition("=")
        if not equals or axis not in results.axes:
            raise Refused(f"--slice: found {item}; expected AXIS=VALUE with AXIS one of {', '.join(results.axes)}")
        drawn = {x: "--x", y: "--y"}.get(axis)
        if drawn or axis in at:
            why = f"{axis} is an axis of the figure ({drawn} {axis})" if drawn else f"{axis} already has a slice"
            raise Refused(f"--slice: found {item}, but {why}; drop one of the two")
        at[axis] = moatfile.find(results, axis, text)
    return at


def _longest(results, axes):
    return max(axes, key=lambda axis: results.axes[axis].size)
