# SPDX-License-Identifier: GPL-3.0-or-later
"""The regimes of a results file. A point's regime says which of theory's exponents its local exponent is near."""

import math

import numpy as np

import theory
from moatfile import REGIMES

VALUES = {name: value for value, name in enumerate(REGIMES)}  # of the variable regime, as moatfile.read gives it
NONE, FIRST, SECOND, THIRD, TRANSITIONAL, PLATEAU = VALUES.values()

LEAST = 0.4  # decades that a regime lasts, at least, where figures show one
_KIND = 16  # a figure's cell is of a kind: a status, or this number plus a regime


def kind(regime):
    """The kind of a cell in the given `regime`; unlike any status."""
    return regime + _KIND


# Lightness steps from regime to regime, so that they differ in grey too. Points in none of the three have lines.
HATCHES = {
    kind(FIRST): ("", "#10386e"),
    kind(PLATEAU): ("..", "#a8d0b0"),
    kind(SECOND): ("", "#6aa5c9"),
    kind(THIRD): ("", "#f4dd8c"),
    kind(TRANSITIONAL): ("----", "#ffffff"),
    kind(NONE): ("||||", "#ffffff"),
}
WORDS = {kind(value): name for name, value in VALUES.items()}
MET = [kind(each) for each in (FIRST, SECOND, THIRD, PLATEAU)]
INKS = {each: "#ffffff" if each == kind(FIRST) else "#1a1a1a" for each in HATCHES}


def settled(kinds, edges):
    """Kinds along an axis with positive `edges` of its cells, with regimes that last less than LEAST decades as transitional: there
    the local exponent only passes by theory's."""
    kinds = np.array(kinds)
    starts = np.flatnonzero(np.diff(kinds, prepend=-1))
    for start, end in zip(starts, np.append(starts[1:], kinds.size)):
        if kinds[start] in MET and edges[end] < edges[start] * 10 ** LEAST:
            kinds[start:end] = kind(TRANSITIONAL)
    return kinds


def governing(n_incumbent):
    """The exponent that defines the regimes: that of N_I, or if N_I is infinite that of the gap D."""
    return "exponent_D" if math.isinf(n_incumbent.max()) else "elasticity_N_I"


def names(name, values):
    """Legend texts: kind -> text. name: the exponent that defines the regimes. values: regime -> theory's value of it, or None
    if nu varies."""
    texts = {}
    for regime, symbol in theory.SYMBOLS[name].items():
        value = values and values.get(regime)
        equal = "" if value is None or symbol in ("0", "1") else f" = {value:.3g}"
        texts[kind(VALUES[regime])] = f"{words(regime)} regime: exponent near ${symbol}${equal}"
    texts[kind(TRANSITIONAL)] = "transitional: near none of theory's exponents"
    texts[kind(NONE)] = "no regime"
    return texts


def words(regime):
    """The name of a regime as figures write it."""
    return {"transitional": "between regimes", "none": "no regime"}.get(regime, regime.replace("_", "-"))


def region_labels(name):
    """Texts to write into the regions of the regimes: kind -> symbol of the exponent `name` there."""
    return {kind(VALUES[regime]): f"${symbol}$" for regime, symbol in theory.SYMBOLS[name].items()}
