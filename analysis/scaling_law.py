#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws how the loss of a model, or its excess over the loss of infinite data, falls with its data N (scaling laws).

Each value of a second axis gives one curve, at the best ridge level. A strip below shows which of theory's exponents the
local exponent is near. Its ticks mark theory's break points, which hold up to constant factors. Losses from sampled data
have error bars; the lines are then the deterministic equivalent.
"""

import sys

import labels
import power_laws
import theory
from family import command
from moatfile import Refused

LOSS = ("loss", "exponent_loss", "regime")
EXCESS = ("excess_loss", "exponent_excess", "regime_excess")
NEEDS = [*LOSS, *EXCESS, *theory.breaks("exponent_loss"), *theory.breaks("exponent_excess")]
OPTIONAL = ["loss_stderr", "loss_deterministic", "excess_loss_deterministic"]


def curve(results, label, at, quantity):
    """The curve along N of a `quantity`, LOSS or EXCESS, at the indices `at` of all other axes."""
    if "lambda" in results.axes:
        raise Refused(f"{results.path}: has an axis lambda; expected the best ridge level at each point, as in "
                      "jobs/scaling-law.yaml")
    value, exponent, regime = quantity
    take = lambda name: results.take(name, ("N",), at) if name in results.variables else None
    return power_laws.Curve(label, results.axes["N"], take(value), take(exponent), take(regime),
                            theory.law(results, exponent, {**at, "N": 0}), take("loss_stderr"), take(f"{value}_deterministic"))


def draw(family):
    """The figure of a family of curves along N."""
    quantity = EXCESS if "--excess" in family.flags else LOSS
    results, (value, exponent, _) = family.results, quantity
    curves = [curve(results, label, at, quantity) for label, at in family.members()]
    if not any((each.y > 0).any() for each in curves):
        raise Refused(f"{results.path}: {value} is nowhere above 0, as it takes to draw it on a logarithmic scale")
    shown = (labels.label(results, "N"), labels.label(results, value), labels.formula(labels.derivative(results, exponent)))
    return power_laws.draw(curves, shown, family.caption(*power_laws.ticks(curves)), falling=True)


def main(argv=None):
    """Runs the command line; returns the exit code."""
    return command(argv, "scaling_law.py", __doc__, "scaling_law", NEEDS, lambda results: "N", draw, OPTIONAL,
                   [("--excess", "draw the excess over the loss of infinite data")])


if __name__ == "__main__":
    sys.exit(main())
