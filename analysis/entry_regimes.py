#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws N_E* against the incumbent's data N_I, and the regimes it passes through (result 1 of the paper).

Each value of a second axis gives one curve. A strip below shows which of theory's exponents the local exponent is near, and why
there is no threshold where there is none. Its ticks mark theory's break points, which hold up to constant factors. Thresholds
from sampled data have error bars; the lines are then the deterministic equivalent.
"""

import sys

import numpy as np

import labels
import output
import power_laws
import theory
import wording
from family import command
from moatfile import Refused

PROGRAM = output.name("entry_regimes.py")  # in messages
NEEDS = ["N_E_star", "status", "elasticity_N_I", "regime", "L_star", "tau_E_absolute", *theory.breaks("elasticity_N_I")]
LABELS = ("incumbent's data  $N_I$  (data points)", "newcomer's least data  $N_E^*$  (data points)")
SUBTITLE = ("Least data with which the newcomer wins the users, $N_E^*$, against the incumbent's data $N_I$ (both in data points); below "
            "it, by how many per cent it rises if $N_I$ rises by one")
OPTIONAL = ["N_E_star_stderr", "N_E_star_deterministic"]


def curve(results, label, at):
    """The curve along N_I, without N_I = inf, at the indices `at` of all other axes."""
    n_incumbent = results.axes["N_I"]
    keep = np.isfinite(n_incumbent)
    take = lambda name: results.take(name, ("N_I",), at)[keep] if name in results.variables else None
    # Theory's regimes are those of an entrant without scrutiny.
    unscrutinised = results.take("tau_E_absolute", (), at) >= results.take("L_star", (), at)
    return power_laws.Curve(label, n_incumbent[keep], take("N_E_star"), take("elasticity_N_I"), take("regime"),
                            theory.law(results, "elasticity_N_I", {**at, "N_I": 0}, unscrutinised), take("N_E_star_stderr"),
                            take("N_E_star_deterministic"), take("status"))


def finding(curves):
    """The title: how far N_E* grows while N_I does."""
    grown = []
    for each in curves:
        known = np.flatnonzero(np.isfinite(each.y) & (each.y > 0))
        if known.size > 1:
            grown.append((each.x[known[-1]] / each.x[known[0]], each.y[known[-1]] / each.y[known[0]]))
    incumbent = max(part for part, _ in grown)
    times = wording.spans([own for part, own in grown if part > 0.5 * incumbent], wording.factor)
    return (f"While the incumbent's data grow by a factor of {wording.factor(incumbent)}, the newcomer's least data grow by a factor of "
            f"{times}")


def draw(family):
    """The figure of a family of curves along N_I."""
    results = family.results
    curves = [curve(results, label, at) for label, at in family.members()]
    if all(np.isfinite(each.y).sum() < 2 for each in curves):
        raise Refused(f"{results.path}: no curve along N_I has the two thresholds it takes to draw one")
    shown = (*LABELS, labels.formula(labels.derivative(results, "elasticity_N_I")))
    caption = [family.caption(*power_laws.unsolved(curves)),
               " ".join([*power_laws.notes(curves), *power_laws.bars(curves), wording.glossary(results, "elasticity_N_I")])]
    return power_laws.draw(curves, shown, (finding(curves), SUBTITLE, caption), family.width)


def main(argv=None):
    """Runs the command line; returns the exit code."""
    return command(argv, PROGRAM, __doc__, "market_entry", NEEDS, lambda results: "N_I", draw, OPTIONAL)


if __name__ == "__main__":
    sys.exit(main())
