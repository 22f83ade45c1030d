# SPDX-License-Identifier: GPL-3.0-or-later
"""Names written into the regions of a field and the runs of a strip, where there is room for them."""

import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patheffects import withStroke

import style

RASTER = 0.02  # inches: step of the raster on which a region's name finds room
LEAST = 6  # points of the smallest letters, among them indices, which are 0.7 of the size
ROOMS = (4.0, 3.0, 2.4, 2.0, 1.7, 1.4, 1.2, 1.0)  # sizes of the box that is sought for a name, over that of the name


def twice(draw):
    """Draws a figure whose legend holds what had no room on it. draw(handles): returns (figure, handles of what has no name)."""
    figure, left = draw(())
    if left:
        plt.close(figure)
        figure, _ = draw(left)
    return figure


def _halo(colour):
    return [withStroke(linewidth=3.5, foreground=colour)]


def _forms(name):
    """The ways to write a name, (text, whether it is turned upright), the preferred first: in one line, broken after its words, or
    upright."""
    words = name.split(" ") if "$" not in name else [name]
    broken = [" ".join(words[:k]) + "\n" + " ".join(words[k:]) for k in range(1, len(words))]
    return [(name, False), *((text, False) for text in broken), (name, True), *((text, True) for text in broken)]


def name_regions(sheet, axes, x_edges, y_edges, kinds, names):
    """Writes names into the regions of `kinds`, (y, x), where there is most room for each. names: kind -> (name, ink, colour of the
    region). Returns the kinds that have their name on the panel."""
    across = sheet.place_all(axes, x_edges, [y_edges[0]] * len(x_edges))[:, 0]
    up = sheet.place_all(axes, [x_edges[0]] * len(y_edges), y_edges)[:, 1]
    columns = np.searchsorted(across, np.arange(across[0] + RASTER / 2, across[-1], RASTER)) - 1
    rows = np.searchsorted(up, np.arange(up[0] + RASTER / 2, up[-1], RASTER)) - 1
    raster, named = kinds[np.ix_(rows, columns)], set()
    for kind, (name, ink, colour) in names.items():
        counts = np.pad((raster == kind).cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
        for text, upright in _forms(name):
            lines = text.split("\n")
            size = np.array([sheet.line * len(lines) * 0.98 + 0.06, max(style.text_width(line, sheet.small) for line in lines) + 0.12])
            at = _roomiest(counts, (size[::-1] if upright else size) / RASTER)
            if at is not None:
                sheet.text(across[0] + RASTER * at[1], up[0] + RASTER * at[0], text, ha="center", va="center", zorder=6, color=ink,
                           linespacing=1.1, path_effects=_halo(colour), rotation=90 if upright else 0)
                named.add(kind)
                break
    return named


def _roomiest(counts, size):
    """The middle, (row, column), of the largest box of the shape of `size` that lies inside a region; None if one of that size does
    not. counts: how many points of the region lie below and left of each corner of the raster."""
    for scale in ROOMS:
        tall, wide = (max(1, math.ceil(scale * each)) for each in size)
        if tall >= counts.shape[0] or wide >= counts.shape[1]:
            continue
        inside = counts[tall:, wide:] - counts[:-tall, wide:] - counts[tall:, :-wide] + counts[:-tall, :-wide]
        found = np.argwhere(inside == tall * wide)
        if len(found):
            return found[len(found) // 2] + np.array([tall, wide]) / 2
    return None


def name_runs(sheet, axes, x_edges, low, high, kinds, names, ticks=()):
    """Writes names into the runs of one row of a strip, between the heights `low` and `high`, clear of the `ticks` at these x.
    names: as name_regions has them. Returns the kinds that are named in one run or more."""
    across = sheet.place_all(axes, x_edges, [low] * len(x_edges))[:, 0]
    bottom, top = sheet.place_all(axes, [x_edges[0]] * 2, [low, high])[:, 1]
    size, named = min(sheet.small, 72 * (top - bottom) * 0.62), set()
    barred = sheet.place_all(axes, ticks, [low] * len(ticks))[:, 0] if len(ticks) else np.array([])
    starts = np.flatnonzero(np.diff(kinds, prepend=-1))
    for start, end in zip(starts, np.append(starts[1:], len(kinds))):
        kind = int(kinds[start])
        if kind not in names:
            continue
        name, ink, colour = names[kind]
        least = (LEAST / 0.7 if "$" in name else LEAST) - 0.01
        left, right = _widest(across[start], across[end], barred)
        if size >= least and right - left > style.text_width(name, size) + 0.08:
            sheet.text((left + right) / 2, (bottom + top) / 2, name, ha="center", va="center", fontsize=size,
                       color=ink, zorder=6, path_effects=_halo(colour))
            named.add(kind)
    return named


def _widest(left, right, barred):
    """(left, right) of the widest stretch of a run between the places `barred` in it."""
    ends = [left, *np.sort(barred[(barred > left) & (barred < right)]), right]
    return max(zip(ends, ends[1:]), key=lambda each: each[1] - each[0])
