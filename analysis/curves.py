# SPDX-License-Identifier: GPL-3.0-or-later
"""Curves that coincide: drawn once, under one name."""

import numpy as np

import style
import wording

NEAR = 0.012  # of the range of all curves: closer than that, two curves are one to the eye
ODD, FAR = 0.05, 0.15  # this part of its points may be missing, or as far off as this part of that range


def positions(values, log):
    """Where values lie on an axis that is logarithmic or not; NaN where they have no place on it."""
    values = np.asarray(values, dtype=float)
    if not log:
        return np.where(np.isfinite(values), values, np.nan)
    known = np.isfinite(values) & (values > 0)
    return np.log(np.where(known, values, 1.0)) + np.where(known, 0.0, np.nan)


def merged(panels):
    """Groups of curves that coincide: lists of indices, in the order of each group's first.

    panels: for each panel (the curves' values over one common x, whether its axis is logarithmic). Curves coincide if they do in
    every panel and end where each other ends.
    """
    groups = []
    count = len(panels[0][0])
    places = [[positions(values, log) for values in curves] for curves, log in panels]
    spans = [np.nanmax(known) - np.nanmin(known) if (known := np.concatenate(each))[np.isfinite(known)].size else 1.0 for each in places]
    for k in range(count):
        for group in groups:
            if all(_coincide(each[group[0]], each[k], span) for each, span in zip(places, spans)):
                group.append(k)
                break
        else:
            groups.append([k])
    return groups


def _coincide(one, other, span):
    if one.shape != other.shape:
        return False
    both = np.isfinite(one) & np.isfinite(other)
    alone = np.isfinite(one) != np.isfinite(other)
    if not both.any() or alone.sum() > ODD * one.size:
        return False
    apart = np.sort(np.abs(one[both] - other[both]))
    return bool(apart[int((1 - ODD) * (apart.size - 1))] <= NEAR * span and apart[-1] <= FAR * span)


def names(groups, texts):
    """The name of each group."""
    return [wording.together([texts[k] for k in group]) for group in groups]


def end(x, y, limits=(-np.inf, np.inf)):
    """(x, y) of the last point of a curve that is within the limits of y; y is NaN without one."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    known = np.flatnonzero(np.isfinite(y) & (y >= limits[0]) & (y <= limits[1]))
    return (float(x[known[-1]]), float(y[known[-1]])) if known.size else (float(x[-1]), np.nan)


def look(order):
    """The look of the curve number `order`."""
    return style.CURVES[order % len(style.CURVES)]
