# SPDX-License-Identifier: GPL-3.0-or-later
"""Theory's laws (MODEL.md section 11): the regimes of each result in the order they are met, and where they end.

The exponents are those of the file, which `moat run` computes. The break points follow from the key lemma, a = 1 - alpha: at
the best ridge level the loss over its infinite-data part is

    N^-nu,  then (a Q / N)^(nu / (nu + 1)),  then a Q N^-(nu' / (nu' + 1)),

and each regime ends where the next term, or the infinite-data part a^2 Q, is as large. They hold up to constant factors.
Results 1 and 2 depend on what is held against the thresholds, the model as trained or its training mixture.
"""

import math
from typing import NamedTuple

from moatfile import Refused

SYMBOLS = {
    "elasticity_N_I": ("1", r"1/(\nu+1)", "0"),
    "exponent_D": (r"1/\nu", r"(\nu+1)/\nu", r"(\nu'+1)/\nu'"),
    "exponent_loss": (r"\nu", r"\nu/(\nu+1)", "0"),
    "exponent_excess": (r"\nu", r"\nu/(\nu+1)", r"\nu'/(\nu'+1)"),
}
NAMES = ("first", "second", "third")
PLATEAU = "over_regularised"  # the regime that result 1 has between the first and the second, under trained_model
MIXTURE = "training_mixture"
SAME = 1e-9  # exponents closer than that are one and the same


def scrutiny(results):
    """What a market's thresholds are held against: trained_model or training_mixture."""
    return results.attributes.get("scrutiny", "trained_model")


class Regime(NamedTuple):
    """One regime of a law: its name, and its exponent as a symbol and as a number."""
    name: str
    symbol: str
    exponent: float


class Law(NamedTuple):
    """The regimes of one curve, in the order they are met. breaks: where each of them but the last ends and the next one
    begins; inf where the next one is never met."""
    regimes: tuple
    breaks: tuple

    @property
    def met(self):
        """The regimes that a curve meets sooner or later: those before the first break point that is infinite."""
        return self.regimes[:next((k + 1 for k, at in enumerate(self.breaks) if not math.isfinite(at)), len(self.regimes))]

    def distance(self, k):
        """The distance from the exponent of regime k to the nearer one of its neighbours', of those that differ."""
        mine = self.regimes[k].exponent
        steps = (abs(regime.exponent - mine) for regime in (*self.regimes[max(k - 1, 0):k], *self.regimes[k + 1:k + 2]))
        return min((step for step in steps if step > SAME), default=math.inf)


def exponents(results, name, index):
    """The three values of the exponent `name` at the index of nu, in the order the regimes are met. Raises Refused where
    the file has none."""
    if name not in results.theory:
        raise Refused(f"{results.path}: {name} has no attribute theory_exponents; expected a file of `moat run` for a power-law "
                      "spectrum")
    return tuple(results.theory[name][index].tolist())


def law(results, name, index, breaks):
    """The Law of the exponent `name` at the index of nu. breaks: as one of the functions below gives them."""
    first, *others = map(Regime, NAMES, SYMBOLS[name], exponents(results, name, index))
    plateau = [Regime(PLATEAU, "0", 0.0)] if len(breaks) == 3 else []
    return Law((first, *plateau, *others), tuple(breaks))


def entry_breaks(share, misalignment, nu, nu_prime, scrutiny):
    """N_I between the regimes of result 1, against an incumbent with the share a = `share` at infinite data.

    There are three break points where an incumbent whose trained model is held against its threshold over-regularises: from
    N_I^-nu' = 2a on it meets the threshold with alpha = 1, because its model misses so much of its target.
    """
    if share == 0:
        return math.inf, math.inf
    mixed = share * misalignment
    first, last = mixed ** (-1 / nu), mixed * (share * mixed) ** (-(nu + 1) / nu)
    if scrutiny != MIXTURE and nu_prime < nu:
        first = max(first, (2 * share) ** (-1 / nu_prime))
        plateau = misalignment * share ** (1 - (nu + 1) / nu_prime)
        if plateau > first:
            return first, plateau, last
    return first, last


def gap_breaks(share, misalignment, nu, nu_prime, scrutiny):
    """1/D between the regimes of result 2 at a fixed threshold of the entrant, whose share for safety is a = `share` with
    infinite data.

    The first regime ends where N^-nu has come down to a Q. If the trained model is held against the threshold, it lasts
    longer, to N^-nu' = 2a, because until then a model trained for performance alone misses so much of its target that it meets
    the threshold; and the second lasts for ever, because the entrant chooses alpha for its data. The third needs an entrant
    whose share a is fixed.
    """
    if share == 0:
        return math.inf, math.inf
    mixed = share * misalignment
    if scrutiny != MIXTURE:
        return max(1 / mixed, (2 * share) ** (-nu / nu_prime)), math.inf
    return 1 / mixed, mixed ** (-nu / (nu - nu_prime)) if nu_prime < nu else math.inf


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
