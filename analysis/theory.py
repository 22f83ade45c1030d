# SPDX-License-Identifier: GPL-3.0-or-later
"""Theory's laws (MODEL.md section 11), as a results file has them: the regimes of each result in the order they are met, their
exponents, and where they end. Break points hold up to constant factors."""

import math
from typing import NamedTuple

from moatfile import Refused

PLATEAU = "over_regularised"  # of result 1 under trained_model where nu' < nu
ORDER = ("first", PLATEAU, "second", "third")  # in which a curve meets the regimes
SYMBOLS = {  # variable -> regime -> its exponent
    "elasticity_N_I": {"first": "1", PLATEAU: "0", "second": r"1/(\nu+1)", "third": "0"},
    "exponent_D": {"first": r"1/\nu", "second": r"(\nu+1)/\nu", "third": r"(\nu'+1)/\nu'"},
    "exponent_loss": {"first": r"\nu", "second": r"\nu/(\nu+1)", "third": "0"},
    "exponent_excess": {"first": r"\nu", "second": r"\nu/(\nu+1)", "third": r"\nu'/(\nu'+1)"},
}
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


def breaks(name):
    """The variables of a file with the break points of the exponent `name`."""
    return [f"break_{name}_{regime}" for regime in ORDER[:-1] if regime in SYMBOLS[name]]


def exponents(results, name, index):
    """regime -> theory's value of the exponent `name` at the index of nu. Raises Refused where the file has none."""
    if name not in results.theory:
        raise Refused(f"{results.path}: {name} has no attribute theory_exponents; expected a file of `moat run` for a power-law "
                      "spectrum")
    found = dict(zip(results.about[name].regimes, results.theory[name][index].tolist()))
    return {regime: found[regime] for regime in ORDER if not math.isnan(found.get(regime, math.nan))}


def law(results, name, at, has_regimes=True):
    """The Law of the exponent `name` at the indices `at` of all axes but the one along which it is met: without regimes on a
    measured spectrum. has_regimes: whether theory has regimes there."""
    if results.measured:
        return Law((), ())
    found, ends, kept = exponents(results, name, at["nu"]), [], []
    for regime, exponent in found.items():
        end = float(results.take(f"break_{name}_{regime}", (), at)) if regime != ORDER[-1] and has_regimes else math.inf
        if regime == PLATEAU and has_regimes and end <= ends[-1]:
            continue  # it ends before it begins: it is not met
        kept.append(Regime(regime, SYMBOLS[name][regime], exponent))
        ends.append(end)
    return Law(tuple(kept), tuple(ends[:-1]) if has_regimes else ())
