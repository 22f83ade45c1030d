# SPDX-License-Identifier: GPL-3.0-or-later
"""Theory's local exponents (MODEL.md section 11): their values, and where one regime passes into the next.

The values are those of the file, which `moat run` computes. The break points follow from the key lemma, a = 1 - alpha: at
the best ridge level the loss over its infinite-data part is

    N^-nu,  then (a Q / N)^(nu / (nu + 1)),  then a Q N^-(nu' / (nu' + 1)),

and each regime ends where the next term, or the infinite-data part a^2 Q, is as large. They hold up to constant factors.
"""

import math

from moatfile import Refused

SYMBOLS = {
    "elasticity_N_I": ("1", r"1/(\nu+1)", "0"),
    "exponent_D": (r"1/\nu", r"(\nu+1)/\nu", r"(\nu'+1)/\nu'"),
    "exponent_loss": (r"\nu", r"\nu/(\nu+1)", "0"),
    "exponent_excess": (r"\nu", r"\nu/(\nu+1)", r"\nu'/(\nu'+1)"),
}


def exponents(results, name, index):
    """The three values of the exponent `name` at the index of nu, in the order the regimes are met. Raises Refused where
    the file has none."""
    if name not in results.theory:
        raise Refused(f"{results.path}: {name} has no attribute theory_exponents; expected a file of `moat run` for a power-law "
                      "spectrum")
    return tuple(results.theory[name][index].tolist())


def entry_breaks(gap, misalignment, nu):
    """N_I between the regimes of result 1; gap is G_I, the infinite-data loss of the incumbent."""
    if gap == 0:
        return math.inf, math.inf
    return (gap * misalignment) ** (-1 / (2 * nu)), gap ** (-0.5 - 1 / nu) * misalignment ** 0.5


def gap_breaks(share, misalignment, nu, nu_prime):
    """1/D between the regimes of result 2 at a fixed threshold of the entrant, whose share for safety is a = `share` with
    infinite data.

    The first regime ends where N^-nu has come down to a Q. It lasts longer, to N^-nu' = a, where a model trained for
    performance alone misses so much of its target that it meets the threshold. The third regime needs an entrant that keeps
    the share a. An entrant that chooses alpha for its data, as in these sweeps, stays in the second regime (MODEL.md section
    11).
    """
    if share == 0:
        return math.inf, math.inf
    return max(1 / (share * misalignment), share ** (-nu / nu_prime)), math.inf


def loss_breaks(share, misalignment, nu):
    """N between the regimes of the scaling law; share is a."""
    if share == 0:
        return math.inf, math.inf
    mixed = share * misalignment
    return mixed ** (-1 / nu), mixed * (share * mixed) ** (-(nu + 1) / nu)


def excess_breaks(share, misalignment, nu, nu_prime):
    """N between the regimes of the excess loss; share is a."""
    if share == 0:
        return math.inf, math.inf
    mixed = share * misalignment
    return mixed ** (-1 / nu), mixed ** (-(nu_prime + 1) / (nu - nu_prime)) if nu_prime < nu else math.inf
