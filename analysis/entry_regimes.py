#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws N_E* against the incumbent's data N_I, and the regimes it passes through (result 1 of the paper).

Each value of a second axis gives one curve. A strip below shows which of theory's exponents the local exponent is near.
Its ticks mark theory's break points, which hold up to constant factors. Thresholds from sampled data have error bars; the
lines are then the deterministic equivalent.
"""

import sys

import numpy as np

import labels
import power_laws
import theory
from family import command
from moatfile import Refused

NEEDS = ["N_E_star", "elasticity_N_I", "regime", "L_star", "tau_E_absolute", *theory.breaks("elasticity_N_I")]
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
                            take("N_E_star_deterministic"))


def draw(family):
    """The figure of a family of curves along N_I."""
    results = family.results
    curves = [curve(results, label, at) for label, at in family.members()]
    if all(np.isfinite(each.y).sum() < 2 for each in curves):
        raise Refused(f"{results.path}: no curve along N_I has the two thresholds it takes to draw one")
    shown = (labels.label(results, "N_I"), labels.label(results, "N_E_star"),
             labels.formula(labels.derivative(results, "elasticity_N_I")))
    return power_laws.draw(curves, shown, family.caption(*power_laws.ticks(curves)))


def main(argv=None):
    """Runs the command line; returns the exit code."""
    return command(argv, "entry_regimes.py", __doc__, "market_entry", NEEDS, lambda results: "N_I", draw, OPTIONAL)


if __name__ == "__main__":
    sys.exit(main())
