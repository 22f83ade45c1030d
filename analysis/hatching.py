# SPDX-License-Identifier: GPL-3.0-or-later
"""The cells of a figure's grid, and the hatches that mark a cell's status or regime."""

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path

import moatfile
import regimes
import regions

INK = "#404040"
HATCHES = {status: (region.hatch, region.colour, region.words) for status, region in regions.STATUSES.items()}
_LOOKS = {**{status: look[:2] for status, look in HATCHES.items()}, **regimes.HATCHES}


def cell_edges(centres, log):
    """Edges of the cells around ascending `centres`: midpoints between them, and half a step beyond either end.

    log: take the midpoints and steps in the logarithm.
    """
    position = np.log(centres) if log else np.asarray(centres, dtype=float)
    if position.size == 1:
        half = 0.5 * (1.0 if log else abs(position[0]) or 1.0)
        position, log_of = np.array([position[0] - half, position[0] + half]), np.exp if log else np.array
        return log_of(position)
    middles = (position[:-1] + position[1:]) / 2
    edges = np.concatenate([[2 * position[0] - middles[0]], middles, [2 * position[-1] - middles[-1]]])
    return np.exp(edges) if log else edges


def is_log_spaced(values):
    """Returns true if ascending values have nearly equal ratios rather than equal differences. Two values count as
    log-spaced if they are at least a decade apart."""
    if values.size < 2 or values[0] <= 0:
        return False
    if values.size == 2:
        return bool(values[1] >= 10 * values[0])
    steps, ratios = np.diff(values), np.diff(np.log(values))
    return bool(np.std(ratios) / np.mean(ratios) < np.std(steps) / np.mean(steps) - 1e-9)


def colour(kind):
    """The colour of the cells of a kind, behind their hatch."""
    return _LOOKS[kind][1]


def shown(kinds):
    """The kinds that occur in `kinds` and have a hatch, in the order of the legend."""
    return [kind for kind in _LOOKS if (kinds == kind).any()]


def hatch(axes, x_edges, y_edges, kinds):
    """Hatches the cells and draws the borders between kinds. kinds: (y, x), a status or regimes.kind() of each cell."""
    for value, (pattern, colour) in _LOOKS.items():
        boxes = [_box(x_edges[left], x_edges[right], y_edges[i], y_edges[i + 1])
                 for i, row in enumerate(kinds == value) for left, right in _runs(row)]
        if boxes:
            axes.add_patch(PathPatch(Path.make_compound_path(*boxes), hatch=pattern, facecolor=colour, linewidth=0,
                                     edgecolor=INK, zorder=2, gid=f"kind-{value}"))
    kind = np.where(np.isin(kinds, list(_LOOKS)), kinds, moatfile.OK)
    borders = [[(x_edges[j + 1], y_edges[i]), (x_edges[j + 1], y_edges[i + 1])]
               for i, j in np.argwhere(kind[:, 1:] != kind[:, :-1])]
    borders += [[(x_edges[j], y_edges[i + 1]), (x_edges[j + 1], y_edges[i + 1])]
                for i, j in np.argwhere(kind[1:] != kind[:-1])]
    axes.add_collection(LineCollection(borders, colors="black", linewidths=0.9, capstyle="projecting", zorder=3),
                        autolim=False)


def _runs(row):
    """(first index, last index + 1) of each run of true values."""
    changes = np.flatnonzero(np.diff(row, prepend=False, append=False))
    return changes.reshape(-1, 2)


def _box(left, right, low, high):
    return Path([(left, low), (right, low), (right, high), (left, high), (left, low)], closed=True)


def patch(colour, hatch, text):
    """A legend's handle: a patch of a region."""
    return Patch(hatch=hatch, facecolor=colour, edgecolor=INK, linewidth=0.7, label=text)


def line_handle(text):
    """A legend's handle: the heavy line of a border."""
    return Line2D([], [], color="black", linewidth=2, label=text)


def legend_handles(kinds, names):
    """The legend's handles for the hatches of `kinds`. names: kind -> text for the regimes."""
    texts = {**{status: look[2] for status, look in HATCHES.items()}, **names}
    return [patch(_LOOKS[kind][1], _LOOKS[kind][0], texts[kind]) for kind in kinds]
