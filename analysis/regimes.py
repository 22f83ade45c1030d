# SPDX-License-Identifier: GPL-3.0-or-later
"""The regimes of a results file: which of theory's exponents a point is near."""

import math

import theory

NONE, FIRST, SECOND, THIRD, TRANSITIONAL = range(5)  # of the variable regime

_KIND = 16  # kinds of cells: a status, or this plus a regime


def kind(regime):
    """The kind of cells, beside their status, of a `regime`."""
    return regime + _KIND


# The lightness steps from regime to regime, for grey; what is in between has lines.
HATCHES = {
    kind(FIRST): ("", "#10386e"),
    kind(SECOND): ("", "#6aa5c9"),
    kind(THIRD): ("", "#f4dd8c"),
    kind(TRANSITIONAL): ("----", "#ffffff"),
    kind(NONE): ("||||", "#ffffff"),
}


def governing(n_incumbent):
    """Which exponent the regimes are regimes of: of N_I, or where that is infinite of the gap D."""
    return "exponent_D" if math.isinf(n_incumbent.max()) else "elasticity_N_I"


def names(name, values):
    """What a legend says of each kind of cells, given the exponent `name` and its `values`, or None where nu varies."""
    said = {}
    for k, symbol in enumerate(theory.SYMBOLS[name]):
        value = values and values[k]
        equal = "" if value is None or symbol in ("0", "1") else f" = {value:.3g}"
        said[kind(FIRST + k)] = f"{('first', 'second', 'third')[k]} regime: exponent near ${symbol}${equal}"
    said[kind(TRANSITIONAL)] = "transitional: near none of theory's exponents"
    said[kind(NONE)] = "no regime"
    return said


def region_labels(name):
    """What stands on the region of each regime."""
    return {kind(FIRST + k): f"${symbol}$" for k, symbol in enumerate(theory.SYMBOLS[name])}
