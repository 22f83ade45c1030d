# SPDX-License-Identifier: GPL-3.0-or-later
"""The scales of axes: ticks of logarithmic ones, limits around values, and numbers that are zero or constant up to rounding."""

import math

import matplotlib
import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

import labels

ZERO = 1e-9  # a slope or exponent of this size is 0 up to rounding
CONSTANT = 1e-6  # values that differ by this part of their size are one value


def zeroed(values):
    """Slopes and exponents with 0 for those that are 0 up to rounding."""
    values = np.asarray(values, dtype=float)
    return np.where(np.abs(values) < ZERO, 0.0, values)


def is_constant(low, high):
    """Whether the extremes of some values are one value up to rounding."""
    return high - low <= CONSTANT * max(abs(low), abs(high)) or high - low < ZERO


def log_limits(values, least=0.2):
    """Limits of a log axis that leave a margin around positive `values`; at least `least` in ln."""
    low, high = np.log(values.min()), np.log(values.max())
    pad = max(0.05 * (high - low), least)
    return math.exp(low - pad), math.exp(high + pad)


def _room(axis):
    """How many labels an axis has room for."""
    box, size = axis.axes.get_window_extent(), axis.axes.figure.dpi
    letters = matplotlib.rcParams["font.size"] / 11
    length, each = (box.width, 0.6) if axis.axis_name == "x" else (box.height, 0.3)
    return max(2, int(length / size / (each * letters)))


def log_ticks(axis, low, high):
    """Sets the ticks of a log axis: powers of ten, all or every few, or plain numbers if it spans less than two decades."""
    decades = math.log10(high / low)
    if decades >= 2:
        step = max(1, math.ceil(decades / min(8, _room(axis))))
        axis.set_major_locator(LogLocator(base=10.0 ** step, numticks=99))
        axis.set_minor_locator(LogLocator(base=10.0, subs=(1.0,) if step > 1 else range(2, 10), numticks=999))
    else:
        digits = (1, 1.5, 2, 3, 5, 7) if decades < 1 else (1, 2, 5)
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        ticks = [digit * 10.0 ** power for power in powers for digit in digits]
        if sum(low <= tick <= high for tick in ticks) < 3:
            ticks = MaxNLocator(5).tick_values(low, high)
        shown = [tick for tick in ticks if low <= tick <= high]
        shown = shown[::max(1, math.ceil(len(shown) / _room(axis)))]
        axis.set_ticks(shown, [labels.number(tick) for tick in shown])
        axis.set_minor_locator(LogLocator(subs=range(2, 10)))
    axis.set_minor_formatter(NullFormatter())
