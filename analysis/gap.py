#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws how N_E* grows as the gap D between the safety thresholds closes, for an incumbent with infinite data (result 2).

D is the incumbent's infinite-data loss less the entrant's. It closes along tau_I if the file has that axis, otherwise along
tau_E. A strip shows which of theory's exponents the local exponent is near. Its ticks mark theory's break points, which hold
up to constant factors.
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

PROGRAM = output.name("gap.py")  # in messages
LABELS = (r"inverse gap between the rules  $1/D$", "newcomer's least data  $N_E^*$  (data points)")
SUBTITLE = ("Least data with which the newcomer wins the users, $N_E^*$ (data points), against one over the gap $D$; below it, by how "
            "many per cent it rises if $1/D$ rises by one")
GAP = "$D$: loss of the incumbent less that of the newcomer, both with unlimited data; it is 0 where their rules are the same."
NEEDS = ["N_E_star", "status", "exponent_D", "regime", "D", *theory.breaks("exponent_D")]


def along(results):
    """The axis along which the gap closes."""
    return "tau_I" if "tau_I" in results.axes else "tau_E"


def curve(results, label, at, axis):
    """The curve along `axis`, in order of 1/D, at the indices `at` of all other axes."""
    gap = results.take("D", (axis,), at)
    order = np.flatnonzero(gap > 0)
    order = order[np.argsort(-gap[order])]
    take = lambda name: results.take(name, (axis,), at)[order] if name in results.variables else None
    closed = order[-1] if order.size else 0  # theory's break points are those of the entrant's threshold there
    return power_laws.Curve(label, 1 / gap[order], take("N_E_star"), take("exponent_D"), take("regime"),
                            theory.law(results, "exponent_D", {**at, axis: closed}), status=take("status"))


def finding(curves):
    """The title: how N_E* grows in the end."""
    last = [each.exponent[np.isfinite(each.exponent)][-1] for each in curves if np.isfinite(each.exponent).any()]
    if not last:
        return "As the gap between the rules closes, the newcomer needs more data"
    power = wording.spans(last, wording.power)
    power = f"powers of {power}" if " " in power else f"the power {power}"
    return f"As the gap between the rules closes, the newcomer's least data end up growing as {power} of its inverse"


def draw(family):
    """The figure of a family of curves along tau_I or tau_E."""
    results = family.results
    curves = []
    for label, at in family.members():
        if np.isfinite(results.axes["N_I"][at["N_I"]]):
            raise Refused(f"{results.path}: N_I = {results.axes['N_I'][at['N_I']]:.6g}; expected infinite data, "
                          "as in jobs/result-2.yaml; use --slice N_I=inf if the file has it")
        curves.append(curve(results, label, at, family.along))
    curves = [each for each in curves if np.isfinite(each.y).sum() >= 2]
    if not curves:
        raise Refused(f"{results.path}: no curve along {family.along} has the two thresholds it takes to draw one")
    shown = (*LABELS, labels.formula(labels.derivative(results, "exponent_D")))
    caption = [family.caption(*power_laws.unsolved(curves)),
               " ".join([GAP, *power_laws.notes(curves), *power_laws.bars(curves), wording.glossary(results, "exponent_D")])]
    return power_laws.draw(curves, shown, (finding(curves), SUBTITLE, caption), family.width)


def main(argv=None):
    """Runs the command line; returns the exit code."""
    return command(argv, PROGRAM, __doc__, "market_entry", NEEDS, along, draw)


if __name__ == "__main__":
    sys.exit(main())
