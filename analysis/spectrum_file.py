# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a spectrum file, such as `moat measure` writes, and finds the power law nearest to it."""

import math

import numpy as np

import opening
from description import describe
from opening import Refused

KIND = "a spectrum file, such as `moat measure` writes"
MOMENTS = ("alignment_performance", "alignment_safety", "alignment_joint")
NEEDS = ("eigenvalue", *MOMENTS)
OPTIONAL = (*(f"{name}_stderr" for name in NEEDS), "pool")
ALL = slice(None)  # directions


class Spectrum:
    """A spectrum file in memory, directions by falling eigenvalue.

    path, attributes: as in moatfile.Results. number: of each direction, from 1. values: name -> array over the directions, of
    NEEDS and of those of OPTIONAL that the file has; standard errors are only there if one is not 0. difference: second
    moment of the difference of the targets. trusted: how many directions stand out from the noise of the labels, or None if
    the file does not say.
    """

    def __init__(self, path, attributes, values):
        self.path, self.attributes = path, attributes
        order = np.argsort(-values["eigenvalue"], kind="stable")
        self.values = {name: each[order] for name, each in values.items() if not name.endswith("_stderr") or each.any()}
        self.number = np.arange(1, order.size + 1)
        performance, safety, joint = (self.values[name] for name in MOMENTS)
        self.difference = np.maximum(performance + safety - 2 * joint, 0)
        trusted = attributes.get("trusted")
        self.trusted = int(min(trusted, order.size)) if isinstance(trusted, (int, float)) and trusted >= 1 else None

    @property
    def title(self):
        return str(self.attributes.get("title") or self.path)

    def signal(self, moment):
        """Variance of a target, from its second moments."""
        return float(np.sum(self.values["eigenvalue"] * moment))

    def exponent(self, name):
        """(value, standard error) of an exponent that the file states; NaN where it does not."""
        return tuple(float(each) if isinstance(each, (int, float)) else math.nan
                     for each in (self.attributes.get(name), self.attributes.get(f"{name}_stderr")))

    def bins(self):
        """Slices of neighbouring directions, half an octave each."""
        edges = np.unique(np.round(2 ** (np.arange(2 * math.log2(self.number.size + 1) + 1) / 2)).astype(int))
        edges = np.append(edges[edges <= self.number.size], self.number.size + 1)
        return [slice(low - 1, high - 1) for low, high in zip(edges, edges[1:])]

    def mean_error(self, name, weights, at):
        """Standard error of the weighted sum of a variable over the directions `at`; 0 if the file has none. Directions of
        one pool share one estimate."""
        if f"{name}_stderr" not in self.values:
            return 0.0
        each = weights * self.values[f"{name}_stderr"][at]
        pool = self.values.get("pool", self.number)[at]
        return math.sqrt(sum(each[pool == number].sum() ** 2 for number in np.unique(pool)))


def size_of_targets(spectrum, at=ALL):
    """Geometric mean of the variances of both targets in the directions `at`."""
    sigma = spectrum.values["eigenvalue"][at]
    performance, safety = (np.sum(sigma * spectrum.values[name][at]) for name in MOMENTS[:2])
    return math.sqrt(performance * safety)


def misalignment(spectrum, at=ALL):
    """Q in the directions `at`: 1 less the correlation of the targets, as moat measure says; NaN where one is 0."""
    size = size_of_targets(spectrum, at)
    return 1 - float(np.sum((spectrum.values["eigenvalue"] * spectrum.values[MOMENTS[2]])[at])) / size if size > 0 else math.nan


def fit(spectrum):
    """(gamma, delta): the file's, or where it has none, slopes of lines on logarithmic scales through the means of half
    octaves; NaN with fewer than 4 of these."""
    gamma, delta = spectrum.exponent("gamma")[0], spectrum.exponent("delta")[0]
    bins, total = spectrum.bins(), sum(spectrum.values[name] / spectrum.signal(spectrum.values[name]) for name in MOMENTS[:2]
                                       if spectrum.signal(spectrum.values[name]) > 0)
    middle = np.array([np.log(spectrum.number[at]).mean() for at in bins])
    if math.isnan(gamma) and len(bins) >= 4:
        gamma = -np.polyfit(middle, [np.log(spectrum.values["eigenvalue"][at]).mean() for at in bins], 1)[0] - 1
    if math.isnan(delta) and len(bins) >= 4:
        mean = np.array([total[at].mean() for at in bins])
        delta = -np.polyfit(middle[mean > 0], np.log(mean[mean > 0]), 1)[0] if np.count_nonzero(mean) >= 4 else math.nan
    return gamma, delta


def read(path):
    """Reads the spectrum file `path`. Raises Refused."""
    about = describe(path, KIND)
    missing = [name for name in NEEDS if name not in about.variables]
    if missing:
        raise Refused(f"{path}: has no {', '.join(missing)}; expected {KIND}, with {', '.join(NEEDS)}")
    names = [name for name in (*NEEDS, *OPTIONAL) if name in about.variables]
    shape = about.variables["eigenvalue"].shape
    for name in names:
        if about.variables[name].shape != shape or len(shape) != 1 or not shape[0]:
            raise Refused(f"{path}: {name} has the shape {about.variables[name].shape}; expected one number for each direction, as "
                          f"many as eigenvalue has, and that is {shape}")
    with opening.open_file(path, KIND) as file:
        try:
            values = {name: np.asarray(file[name][...], dtype=float) for name in names}
        except opening.UNREADABLE as error:
            raise Refused(f"{path}: damaged: {opening.one_line(error)}") from error
    _check(path, values)
    return Spectrum(path, about.attributes, values)


def _check(path, values):
    rules = {"eigenvalue": (lambda x: x > 0, "more than 0"), **{name: (lambda x: x >= 0, "0 or more") for name in MOMENTS[:2]}}
    for name in NEEDS:
        holds, expected = rules.get(name, (lambda x: np.isfinite(x), "a finite number"))
        wrong = np.flatnonzero(~(np.isfinite(values[name]) & holds(values[name])))
        if wrong.size:
            raise Refused(f"{path}: {name}[{wrong[0]}] is {values[name][wrong[0]]}; expected {expected}")
    if not values[MOMENTS[0]].any():
        raise Refused(f"{path}: {MOMENTS[0]} is 0 in all directions; expected a target that the features predict")
