#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws how the loss of a model, or its excess over the loss of infinite data, falls with its data N (scaling laws).

Each value of a second axis gives one curve, at the best ridge level. A strip below shows which of theory's exponents the
local exponent is near. Its ticks mark theory's break points, which hold up to constant factors. Losses from sampled data
have error bars; the lines are then the deterministic equivalent.
"""

import math
import sys

import numpy as np

import labels
import output
import power_laws
import theory
import wording
from family import command
from moatfile import Refused

PROGRAM = output.name("scaling_law.py")  # in messages
LOSS = ("loss", "exponent_loss", "regime")
EXCESS = ("excess_loss", "exponent_excess", "regime_excess")
NAMES = {"loss": "performance loss $L_1$", "excess_loss": "excess of the loss over that of unlimited data"}
NEEDS = ["status", *LOSS, *EXCESS, *theory.breaks("exponent_loss"), *theory.breaks("exponent_excess")]
BEYOND = 1.5  # times theory's largest exponent: what so few features do, which theory takes to be without number
OPTIONAL = ["loss_stderr", "loss_deterministic", "excess_loss_deterministic"]


def curve(results, label, at, quantity):
    """The curve along N of a `quantity`, LOSS or EXCESS, at the indices `at` of all other axes."""
    if "lambda" in results.axes:
        raise Refused(f"{results.path}: has an axis lambda; expected the best ridge level at each point, as in "
                      "jobs/scaling-law.yaml")
    value, exponent, regime = quantity
    take = lambda name: results.take(name, ("N",), at) if name in results.variables else None
    return power_laws.Curve(label, results.axes["N"], take(value), take(exponent), take(regime),
                            theory.law(results, exponent, {**at, "N": 0}), take("loss_stderr"), take(f"{value}_deterministic"),
                            take("status"))


def finding(curves, value):
    """The title: the exponents with which the loss falls at first and in the end."""
    what = "loss" if value == "loss" else "excess loss"
    known = {each: each.exponent[np.isfinite(each.exponent)] for each in curves if np.isfinite(each.exponent).any()}
    theirs = max((abs(regime.exponent) for each in known for regime in each.law.regimes), default=math.inf)
    beyond = [each for each, exponents in known.items() if exponents[-1] > BEYOND * theirs]
    ends = [exponents[-1] for each, exponents in known.items() if each not in beyond]
    if not ends:
        return f"How the {what} of a model falls with its data"
    if beyond:
        return (f"The {what} of a model falls in the end as the power {wording.spans(ends, wording.power)} of $1/N$, with "
                f"{wording.together([each.label for each in beyond])} faster than any power as $N$ nears the features")
    return (f"The {what} of a model falls at best as the power {wording.power(max(map(max, known.values())))} of $1/N$, in the end as "
            f"the power {wording.spans(ends, wording.power)}")


def draw(family):
    """The figure of a family of curves along N."""
    quantity = EXCESS if "--excess" in family.flags else LOSS
    results, (value, exponent, _) = family.results, quantity
    if results.axes["N"].size < 2:
        raise Refused(f"{results.path}: N has one value, {results.axes['N'][0]:.6g}; expected several to draw the loss against")
    curves = [curve(results, label, at, quantity) for label, at in family.members()]
    if not any((each.y > 0).any() for each in curves):
        raise Refused(f"{results.path}: {value} is nowhere above 0, as it takes to draw it on a logarithmic scale")
    shown = ("data of the model  $N$  (data points)", NAMES[value], labels.formula(labels.derivative(results, exponent)))
    subtitle = (f"{NAMES[value][0].upper() + NAMES[value][1:]} (no unit) against the model's data $N$; below it, by how many per cent "
                "it falls if $N$ rises by one")
    caption = [family.caption(*power_laws.unsolved(curves)),
               " ".join([*power_laws.notes(curves), *power_laws.bars(curves), wording.glossary(results, exponent)])]
    return power_laws.draw(curves, shown, (finding(curves, value), subtitle, caption), family.width, falling=True)


def main(argv=None):
    """Runs the command line; returns the exit code."""
    return command(argv, PROGRAM, __doc__, "scaling_law", NEEDS, lambda results: "N", draw, OPTIONAL,
                   [("--excess", "draw the excess over the loss of infinite data")])


if __name__ == "__main__":
    sys.exit(main())
