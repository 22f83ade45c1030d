# SPDX-License-Identifier: GPL-3.0-or-later
"""The scale of a field's colours, and the round values where contours are drawn.

In grey, colours that diverge from zero fold over: there the contours with their signs tell the sides apart.
"""

import math

import numpy as np
from matplotlib.colors import LogNorm, Normalize, SymLogNorm
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator, NullLocator

import style
from phase_page import log_ticks

OUTSIDE = 0.005  # share of the values at either end that the colours leave out
ONE_SIGN = 0.05  # share of the range beyond zero from which colours diverge there
WIDE = 30  # times the median: larger ones make a scale of powers of ten on both sides of zero
DECADES = 6  # on either side of zero


class ColourScale:
    """norm: value -> place on the scale. colours: name of the map. extend: at which ends values are left out."""

    def __init__(self, known, log):
        """Of the `known` values, at least one; `log` where all are positive and ratios matter."""
        known = np.sort(known)
        low, high = known[int(OUTSIDE * (known.size - 1))], known[math.ceil((1 - OUTSIDE) * (known.size - 1))]
        self.extend = {(True, True): "both", (True, False): "min", (False, True): "max"}.get(
            (bool(known[0] < low), bool(known[-1] > high)), "neither")
        if low == high:
            self.extend, low, high = "neither", *((low / 2, high * 2) if log else (low - 0.5, high + 0.5))
        self.log, self._linear_to = log, None
        sizes, largest = np.abs(known[known != 0]), max(-low, high)
        if not log and sizes.size and largest > WIDE * np.median(sizes):
            least = max(np.quantile(sizes, 0.25), largest / 10.0 ** DECADES)
            self._linear_to = 10.0 ** math.ceil(math.log10(least))
        both = -low > self._linear_to < high if self._linear_to else min(-low, high) > ONE_SIGN * (high - low)
        diverging = both and not log
        if diverging:
            low, high = -largest, largest
        self.colours = style.DIVERGING_MAP if diverging else style.FIELD_MAP
        self.norm = (LogNorm(low, high) if log else Normalize(low, high) if self._linear_to is None else
                     SymLogNorm(self._linear_to, vmin=low, vmax=high, base=10))

    def place(self, field):
        """The `field` on the scale, 0 to 1 within it, NaN where it has no value: contours are straight in it."""
        return np.ma.filled(self.norm(np.ma.masked_invalid(field)), np.nan)

    def round_values(self):
        """(value, label) of what deserves a contour or a tick, ascending."""
        low, high = self.norm.vmin, self.norm.vmax
        if self.log:
            return [(10.0 ** power, f"$10^{{{power}}}$") for power in _powers(low, high)]
        if self._linear_to is None:
            values = MaxNLocator(9, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
            named = [(float(value), f"{value:.6g}".replace("-", "\N{MINUS SIGN}")) for value in values]
        else:
            above = [(10.0 ** power, f"10^{{{power}}}") for power in _powers(self._linear_to, max(-low, high))]
            named = [(-value, f"$-{name}$") for value, name in reversed(above)]
            named += [(0.0, "0")] + [(value, f"${name}$") for value, name in above]
        return [(value, name) for value, name in named if low <= value <= high]

    def ticks(self, axis):
        """Gives `axis` of a colour bar ticks that suit the scale."""
        if self.log:
            log_ticks(axis, self.norm.vmin, self.norm.vmax)
        elif self._linear_to is not None:
            values, names = zip(*self.round_values())
            axis.set_major_locator(FixedLocator(values))
            axis.set_major_formatter(FixedFormatter(names))
            axis.set_minor_locator(NullLocator())


def _powers(low, high):
    """Powers of ten from `low` to `high`, at most nine or so."""
    low, high = math.log10(low), math.log10(high)
    step = max(1, math.ceil((high - low) / 8))
    return [power for power in range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1) if power % step == 0]
