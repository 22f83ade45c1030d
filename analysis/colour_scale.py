# SPDX-License-Identifier: GPL-3.0-or-later
"""Colour scales for fields, and the round values at which contours are drawn.

Printed in grey, both sides of a scale that diverges from zero look alike. There the signs on the contour labels tell
them apart.
"""

import math

import numpy as np
from matplotlib.colors import LogNorm, Normalize, SymLogNorm
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator, NullLocator

import style
from scales import is_constant, log_ticks

OUTSIDE = 0.005  # fraction of the values, at either end, left outside the scale
ONE_SIGN = 0.05  # colours diverge from zero if more than this fraction of the range lies on each side of it
WIDE = 30  # a value this many times the median size makes the scale logarithmic on both sides of zero
DECADES = 6  # of such a scale on either side of zero, at most


class ColourScale:
    """The scale of one field.

    norm: matplotlib's map from a value to its position in [0, 1]. colours: name of the colour map. extend: the ends
    beyond which values lie, as a colour bar calls them. log: the scale is logarithmic. constant: all values are one up to
    rounding.
    """

    def __init__(self, known, log):
        """Chooses a scale for the values `known`, at least one. log: all are positive, and their ratios matter."""
        known = np.sort(known)
        low, high = known[int(OUTSIDE * (known.size - 1))], known[math.ceil((1 - OUTSIDE) * (known.size - 1))]
        self.extend = {(True, True): "both", (True, False): "min", (False, True): "max"}.get(
            (bool(known[0] < low), bool(known[-1] > high)), "neither")
        self.constant = is_constant(known[0], known[-1])
        if is_constant(low, high):
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

    def positions(self, field):
        """Positions of the values of `field` on the scale: 0 to 1 inside it, NaN where a value is missing.

        Contours are interpolated linearly between these, not between the values.
        """
        return np.ma.filled(self.norm(np.ma.masked_invalid(field)), np.nan)

    def round_values(self):
        """The round values inside the scale, for contours and ticks: (value, label) each, ascending."""
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
        """Sets the ticks of a colour bar's `axis` to suit the scale. A linear scale keeps matplotlib's own."""
        if self.log:
            log_ticks(axis, self.norm.vmin, self.norm.vmax)
        elif self._linear_to is not None:
            values, names = zip(*self.round_values())
            axis.set_major_locator(FixedLocator(values))
            axis.set_major_formatter(FixedFormatter(names))
            axis.set_minor_locator(NullLocator())


def _powers(low, high):
    """The powers n with 10^n between `low` and `high`: all of them, or every few so that about nine remain."""
    low, high = math.log10(low), math.log10(high)
    step = max(1, math.ceil((high - low) / 8))
    return [power for power in range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1) if power % step == 0]
