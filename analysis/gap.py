#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws N_E* while the gap D between the companies' standards closes, for an incumbent with infinite data (result 2).

D is the infinite-data loss of the incumbent less that of the entrant; it closes along tau_I where the file has that axis,
else along tau_E. The strips show which exponent of theory the local one is near; ticks in them are theory's break points,
which hold up to constant factors.
"""

import sys

import numpy as np

import power_laws
import theory
from family import command, infinite_data_losses
from moatfile import Refused

NEEDS = ["N_E_star", "exponent_D", "regime", "D", "L_star", "tau_E_absolute", "nu_prime"]
LABELS = (r"inverse gap  $1/D$", r"entry threshold  $N_E^*$  (data points)",
          r"$\mathrm{d}\,\ln N_E^*\,/\,\mathrm{d}\,\ln (1/D)$")


def along(results):
    """The axis the gap closes along."""
    return "tau_I" if "tau_I" in results.axes else "tau_E"


def curve(results, label, at, axis):
    """The curve at the indices `at` of all axes but `axis`, in order of 1/D."""
    gap = results.take("D", (axis,), at)
    order = np.flatnonzero(gap > 0)
    order = order[np.argsort(-gap[order])]
    take = lambda name: results.take(name, (axis,), at)[order]
    nu, nu_prime = float(results.axes["nu"][at["nu"]]), float(results.take("nu_prime", (), at))
    L_star, incumbent, entrant = infinite_data_losses(results, {**at, axis: 0})
    closed = entrant if axis == "tau_I" else incumbent  # G_E, or along tau_E what it comes to
    breaks = theory.gap_breaks(np.sqrt(closed / L_star), float(results.axes["Q"][at["Q"]]), nu, nu_prime)
    return power_laws.Curve(label, 1 / gap[order], take("N_E_star"), take("exponent_D"), take("regime"),
                            theory.exponents(results, "exponent_D", at["nu"]), breaks)


def draw(family):
    """The figure of a family of curves along tau_I or tau_E."""
    results = family.results
    curves = []
    for label, at in family.members():
        if np.isfinite(results.axes["N_I"][at["N_I"]]):
            raise Refused(f"{results.path}: N_I = {results.axes['N_I'][at['N_I']]:.6g}; expected infinite data, "
                          "as in jobs/result-2.yaml: --slice N_I=inf where the file has it")
        curves.append(curve(results, label, at, family.along))
    curves = [found for found in curves if np.isfinite(found.y).sum() >= 2]
    if not curves:
        raise Refused(f"{results.path}: no curve has two thresholds along {family.along}")
    more = ["ticks: theory's break points"] if any(np.isfinite(found.breaks).any() for found in curves) else []
    return power_laws.draw("exponent_D", curves, LABELS, family.caption(*more))


def main(argv=None):
    """The command; returns its exit code."""
    return command(argv, "gap.py", __doc__, "market_entry", NEEDS, along, draw, ["tau_I_absolute", "tau_I"])


if __name__ == "__main__":
    sys.exit(main())
