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
from family import command, infinite_data_losses

NEEDS = ["N_E_star", "elasticity_N_I", "regime", "L_star", "tau_E_absolute"]
OPTIONAL = ["tau_I_absolute", "tau_I", "N_E_star_stderr", "N_E_star_deterministic"]


def curve(results, label, at):
    """The curve along N_I, without N_I = inf, at the indices `at` of all other axes."""
    nu, n_incumbent = float(results.axes["nu"][at["nu"]]), results.axes["N_I"]
    keep = np.isfinite(n_incumbent)
    take = lambda name: results.take(name, ("N_I",), at)[keep] if name in results.variables else None
    _, loss_I, loss_E = infinite_data_losses(results, {**at, "N_I": 0})
    # Theory's break points are those of an entrant without scrutiny, whose infinite-data loss is 0.
    breaks = theory.entry_breaks(loss_I, float(results.axes["Q"][at["Q"]]), nu) if loss_E == 0 else ()
    return power_laws.Curve(label, n_incumbent[keep], take("N_E_star"), take("elasticity_N_I"), take("regime"),
                            theory.exponents(results, "elasticity_N_I", at["nu"]), breaks, take("N_E_star_stderr"),
                            take("N_E_star_deterministic"))


def draw(family):
    """The figure of a family of curves along N_I."""
    results = family.results
    curves = [curve(results, label, at) for label, at in family.members()]
    shown = (labels.label(results, "N_I"), labels.label(results, "N_E_star"),
             labels.formula(labels.derivative(results, "elasticity_N_I")))
    return power_laws.draw("elasticity_N_I", curves, shown, family.caption("ticks: theory's break points"))


def main(argv=None):
    """Runs the command line; returns the exit code."""
    return command(argv, "entry_regimes.py", __doc__, "market_entry", NEEDS, lambda results: "N_I", draw, OPTIONAL)


if __name__ == "__main__":
    sys.exit(main())
