#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws how the loss of a model, or its excess over the loss of infinite data, falls with its data N (scaling laws).

Each value of a second axis gives one curve, at the best ridge level. A strip below shows which of theory's exponents the
local exponent is near. Its ticks mark theory's break points, which hold up to constant factors. Losses from sampled data
have error bars; the lines are then the deterministic equivalent.
"""

import sys

import power_laws
import theory
from family import command

LOSS = ("loss", "exponent_loss", "regime", "performance loss  $L_1$")
EXCESS = ("excess_loss", "exponent_excess", "regime_excess", "excess loss  $L_1 - (1-\\alpha)^2 L^*$")
NEEDS = [*LOSS[:3], *EXCESS[:3], "nu_prime", "lambda_loss"]
OPTIONAL = ["loss_stderr", "loss_deterministic", "excess_loss_deterministic"]


def curve(results, label, at, quantity):
    """The curve along N of a `quantity`, LOSS or EXCESS, at the indices `at` of all other axes."""
    value, exponent, regime, _ = quantity
    nu, nu_prime = float(results.axes["nu"][at["nu"]]), float(results.take("nu_prime", (), at))
    safety_share, misalignment = 1 - float(results.axes["alpha"][at["alpha"]]), float(results.axes["Q"][at["Q"]])
    take = lambda name: results.take(name, ("N",), at) if name in results.variables else None
    breaks = (theory.loss_breaks(safety_share, misalignment, nu) if quantity is LOSS
              else theory.excess_breaks(safety_share, misalignment, nu, nu_prime))
    return power_laws.Curve(label, results.axes["N"], take(value), take(exponent), take(regime),
                            theory.law(results, exponent, at["nu"], breaks), take("loss_stderr"),
                            take(f"{value}_deterministic"))


def draw(family):
    """The figure of a family of curves along N."""
    quantity = EXCESS if "--excess" in family.flags else LOSS
    curves = [curve(family.results, label, at, quantity) for label, at in family.members()]
    symbol = "L_1" if quantity is LOSS else r"\mathrm{excess}"
    labels = ("data  $N$  (data points)", quantity[3], rf"$-\,\mathrm{{d}}\,\ln {symbol}\,/\,\mathrm{{d}}\,\ln N$")
    return power_laws.draw(curves, labels, family.caption("ticks: theory's break points"), falling=True)


def main(argv=None):
    """Runs the command line; returns the exit code."""
    return command(argv, "scaling_law.py", __doc__, "scaling_law", NEEDS, lambda results: "N", draw, OPTIONAL,
                   [("--excess", "draw the excess over the loss of infinite data")])


if __name__ == "__main__":
    sys.exit(main())
