# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers of a page: which points it keeps of a results file, and how they are packed into text."""

import base64
import zlib

import numpy as np

import labels
from family import indices
from moatfile import WORDS
from opening import Refused

BYTES_MAX = 150e6  # of numbers, some 35 MB of page; a browser opens these in a few seconds


def keep(results, slices):
    """Reduces `results` to the points with the values in `slices`, AXIS=VALUE each. Raises Refused."""
    for axis, k in indices(results, (), slices).items():
        _take(results, axis, [k])


def thin(results):
    """Leaves out every other value of the longest axis until the page's numbers fit in BYTES_MAX. Returns a sentence for each
    axis that has lost values. Raises Refused if nothing is left to leave out."""
    before = {axis: values.size for axis, values in results.axes.items()}
    while (size := _bytes(results)) > BYTES_MAX:
        axis = max(results.axes, key=lambda each: results.axes[each].size)
        count = results.axes[axis].size
        if count < 3:
            raise Refused(f"{results.path}: the page would hold {size / 1e6:.3g} MB of numbers; the limit is "
                          f"{BYTES_MAX / 1e6:.3g} MB; --slice AXIS=VALUE keeps one value of an axis")
        _take(results, axis, sorted({*range(0, count, 2), count - 1}))
    return [f"Thinned: this page has {values.size} of the file's {before[axis]} values of {labels.plain(axis)}."
            for axis, values in results.axes.items() if values.size < before[axis]]


def pack(results):
    """Packs the variables into text. Returns (layout, text).

    layout: where each variable lies in the data. text: base64 of the deflated bytes, numbers in single precision first, then
    flags. The first bytes of all numbers precede their second bytes, and so on; the text is a third smaller that way.
    """
    described, numbers, flags = {}, [np.empty(0, "<f4")], [np.empty(0, np.uint8)]
    for name, (scales, values) in results.variables.items():
        to = flags if name in WORDS else numbers
        described[name] = {"axes": list(scales), "offset": sum(part.size for part in to)}
        with np.errstate(over="ignore"):  # beyond the largest single is infinite to a reader too
            to.append(values.astype(np.uint8 if name in WORDS else "<f4").ravel())
    numbers, flags = np.concatenate(numbers), np.concatenate(flags)
    planes = numbers.view(np.uint8).reshape(-1, 4).T
    packed = zlib.compress(planes.tobytes() + flags.tobytes(), 6)
    return {"variables": described, "numbers": numbers.size}, base64.b64encode(packed).decode()


def _take(results, axis, kept):
    """Keeps only the values of `axis` at the indices `kept`."""
    results.axes[axis] = results.axes[axis][kept]
    for name, (scales, values) in results.variables.items():
        if axis in scales:
            results.variables[name] = (scales, np.take(values, kept, axis=scales.index(axis)))
    if axis == "nu":
        results.theory = {name: values[kept] for name, values in results.theory.items()}


def _bytes(results):
    return sum(values.size * (1 if name in WORDS else 4) for name, (_, values) in results.variables.items())
