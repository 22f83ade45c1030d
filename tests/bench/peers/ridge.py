# SPDX-License-Identifier: GPL-3.0-or-later
"""The market from sampled data as a researcher would write it, in one of two ways:

slsqp: at every rung of the ladder (its values of N), SLSQP over (alpha, ln lambda) with a scikit-learn Ridge for each
       data set and lambda;
svd:   one SVD for each data set, the losses on a grid of lambda, splines between them, and a bounded minimisation.

The losses of a data set are exact expectations over targets and labels, as moat's are, and are then averaged over the
data sets. N_E* is where the entrant's ln loss, a spline over ln N, meets the incumbent's. Prints one line of JSON: the
seconds it took without imports, N_E* for each N_I and, with --jackknife, its standard error.
Usage: ridge.py slsqp|svd TRIALS [--jackknife]. Source: MODEL.md sections 1, 2, 8 and 9.
"""

import functools
import json
import math
import sys
import time

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.optimize import brentq, minimize

import tables
from company import best_loss, losses

GAMMA, NU, Q, TAU_I, P = 0.5, 1.0, 0.1, 0.9, 1024
LADDER = [16, 32, 64, 128, 256, 512]
N_I = [128, 256, 512]
LEVELS = np.linspace(math.log(1e-8), 0.0, 64)

index = np.arange(1, P + 1)
sigma = index ** -(1 + GAMMA)
b = index ** (GAMMA - NU)
A0 = b @ sigma
TAU = (TAU_I * 2 * Q * A0, math.inf)


@functools.lru_cache(maxsize=None)
def sample(N, trial):
    """The first N rows of a trial's data. A smaller N takes fewer of the same rows."""
    return np.random.default_rng([1, trial]).standard_normal((N, P)) * np.sqrt(sigma)


@functools.lru_cache(maxsize=8)
def refit(N, trial, level):
    """(A0, A1, A2, D) at ln lambda = level."""
    return tables.by_ridge(sample(N, trial), sigma, [b], [math.exp(level)])[0][0]


@functools.lru_cache(maxsize=None)
def path(N, trial):
    """(A0, A1, A2, D) at all LEVELS, as splines of their logarithms over ln lambda."""
    return CubicSpline(LEVELS, np.log(tables.by_svd(sample(N, trial), sigma, [b], np.exp(LEVELS))[0]))


def best_by_slsqp(N, tau, trials):
    """The company's least mean loss over `trials` at N data points; inf if SLSQP finds none that meets tau."""
    def both(choice):
        mean = np.mean([refit(N, trial, float(choice[1])) for trial in trials], axis=0)
        return losses(mean, choice[0], Q)

    constraint = {"type": "ineq", "fun": lambda choice: tau - both(choice)[1]}
    found = minimize(lambda choice: both(choice)[0], (0.9, math.log(1e-2)), method="SLSQP",
                     bounds=((0.5, 1.0), (LEVELS[0], 0.0)), constraints=[constraint] if tau < math.inf else [],
                     options={"ftol": 1e-8})
    return found.fun if found.success else math.inf


def best_by_path(N, tau, trials):
    splines = [path(N, trial) for trial in trials]
    mean = lambda level: np.mean([np.exp(spline(level)) for spline in splines], axis=0)
    return best_loss(mean, Q, tau, (LEVELS[0], LEVELS[-1]))


def thresholds(best, trials):
    """N_E* for each N_I. It is below N_I, so the entrant does not need the top rung."""
    rungs = LADDER[:-1]
    entrant = CubicSpline(np.log(rungs), np.log([best(N, TAU[1], trials) for N in rungs]))
    targets = [math.log(best(N, TAU[0], trials)) for N in N_I]
    ends = math.log(rungs[0]), math.log(rungs[-1])
    return np.exp([brentq(lambda log_N: entrant(log_N) - target, *ends) for target in targets])


def main():
    best = {"slsqp": best_by_slsqp, "svd": best_by_path}[sys.argv[1]]
    trials = range(int(sys.argv[2]))
    start = time.perf_counter()
    found = thresholds(best, trials)
    result = {"seconds": time.perf_counter() - start, "N_E_star": list(found)}
    if "--jackknife" in sys.argv:
        without = [thresholds(best, [trial for trial in trials if trial != left]) for left in trials]
        result["stderr"] = list(np.sqrt((len(trials) - 1) * np.var(without, axis=0)))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
