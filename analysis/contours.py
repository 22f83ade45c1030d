# SPDX-License-Identifier: GPL-3.0-or-later
"""Labelled contours of a field on axes of any scale.

Lines are traced in inches on the page, so that they appear straight between the centres of cells. A label sits on its
line, as far as possible from everything else, and the line is cut there.
"""

import math

import contourpy
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.patheffects import withStroke

import style

SHORTEST = 0.3  # inches; shorter pieces, as they arise along a border with missing data, are not drawn
ROOM = 0.65  # inches; shorter pieces have no room for a label
STEP = 0.02  # inches between the points of a line
HALO = [withStroke(linewidth=2.2, foreground="white")]


def draw(axes, x, y, levels, size=style.SIZE - 1):
    """Draws labelled contours on `axes`, whose limits must be final.

    x, y: centres of the cells. levels: (field, value, label, line width) of each contour, the most important first; a
    field has the shape (y, x) and is NaN where it is unknown. size: of the labels, in points.
    Returns the texts of the labels that found room.
    """
    if not levels:
        return []
    page = axes.figure.dpi_scale_trans
    to_page = axes.transData + page.inverted()
    across = to_page.transform([(value, y[0]) for value in x])[:, 0]
    up = to_page.transform([(x[0], value) for value in y])[:, 1]
    traced = []
    for field, value, _, _ in levels:
        lines = contourpy.contour_generator(across, up, np.ma.masked_invalid(field)).lines(value)
        traced.append([_resample(piece) for piece in lines if _length(piece) >= SHORTEST])

    known = np.pad(np.isfinite(field), 1, constant_values=False)
    beside = known[:-2, 1:-1] | known[2:, 1:-1] | known[1:-1, :-2] | known[1:-1, 2:]
    blank = [(across[j], up[i]) for i, j in np.argwhere(beside & ~np.isfinite(field))]  # unknown cells beside known ones
    ends = [piece[k] for pieces in traced for piece in pieces for k in (0, -1)]
    low, high = page.inverted().transform(axes.get_window_extent())
    labels, texts = [], []
    for k, (pieces, (_, _, name, width)) in enumerate(zip(traced, levels)):
        half = style.text_width(name, size) / 2 + 0.05
        others = [piece for j, level in enumerate(traced) if j != k for piece in level]
        taken = [(centre, half + other_half) for centre, other_half in labels]
        spot = _roomiest([piece for piece in pieces if _length(piece) >= ROOM], low, high, blank + ends, others, taken)
        if spot is not None:
            piece, index = spot
            labels.append((piece[index], half))
            texts.append(axes.text(*piece[index], name, transform=page, rotation=_slope(piece, index, half),
                                   ha="center", va="center", fontsize=size, path_effects=HALO, zorder=5))
            pieces = [part for each in pieces for part in _without(each, piece[index], half)]
        axes.add_collection(LineCollection(pieces, transform=page, colors="black", linewidths=width, path_effects=HALO,
                                           zorder=4, label=name), autolim=False)
    return texts


def _length(piece):
    """Length of a line in inches."""
    return np.hypot(*np.diff(piece, axis=0).T).sum()


def _resample(piece):
    """The same line with points every STEP."""
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(piece, axis=0).T))])
    wanted = np.linspace(0, along[-1], max(2, math.ceil(along[-1] / STEP)))
    return np.stack([np.interp(wanted, along, piece[:, k]) for k in (0, 1)], axis=1)


def _roomiest(pieces, low, high, avoided, others, taken):
    """The point with the most room around it, as (piece, index of the point).

    Room is the least distance to the borders of the panel [low, high], to the points `avoided` and to the lines
    `others`. Points inside the discs `taken`, (centre, radius) each, are excluded; None if that leaves no point.
    """
    best, most = None, -math.inf
    for piece in pieces:
        room = np.minimum((piece - low).min(axis=1), (high - piece).min(axis=1))
        room = np.minimum(room, _distance(piece, avoided))
        for other in others:
            room = np.minimum(room, _distance(piece, other))
        for centre, radius in taken:
            away = _distance(piece, [centre]) - radius
            room = np.where(away > 0, np.minimum(room, away), -math.inf)
        index = int(np.argmax(room))
        if room[index] > most:
            best, most = (piece, index), room[index]
    return best


def _distance(points, others):
    """Distance from each of `points` to the nearest of `others`; infinite if there are no others."""
    if not len(others):
        return np.full(len(points), math.inf)
    return np.hypot(*(points[:, None, :] - np.asarray(others)[None, :, :]).transpose(2, 0, 1)).min(axis=1)


def _slope(piece, index, half):
    """Angle of a label in degrees: that of the line over the label's width, turned so that the text is upright."""
    reach = max(1, int(half / STEP))
    across, up = piece[min(index + reach, len(piece) - 1)] - piece[max(index - reach, 0)]
    angle = math.degrees(math.atan2(up, across))
    return angle - 180 * round(angle / 180)


def _without(piece, middle, half):
    """The parts of a line outside the disc of radius `half` around `middle`."""
    kept = np.hypot(*(piece - middle).T) > half
    runs = np.split(np.arange(len(piece)), np.flatnonzero(np.diff(kept)) + 1)
    return [piece[run] for run in runs if kept[run[0]] and len(run) > 1]
