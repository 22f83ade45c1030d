# SPDX-License-Identifier: GPL-3.0-or-later
"""The market entry threshold as a researcher would write it.

NumPy sums over the features, brentq finds kappa and N_E*, and between them a bounded minimisation finds the best ridge
level. With --pool an MPIPoolExecutor takes the rows of the grid. Prints one line of JSON: the seconds it took without
imports, and N_E* in the order of GRID, null where it does not lie between 1 and N_I. Source: MODEL.md sections 1 to 3.
"""

import itertools
import json
import math
import sys
import time

import numpy as np
from scipy.optimize import brentq

from company import best_loss

GAMMA, NU, P, TAU_I = 0.5, 1.0, 10_000, 0.9
GRID = {"N_I": [30.0, 100.0, 300.0, 1e3, 3e3, 1e4], "tau_E": [0.95, 1.2, math.inf], "Q": [0.1, 0.5]}

index = np.arange(1, P + 1)
sigma = index ** -(1 + GAMMA)
b = index ** (GAMMA - NU)
b_sigma = b * sigma
trace, A0 = sigma.sum(), b_sigma.sum()


def coefficients(N, level):
    """(A0, A1, A2, D) of the deterministic equivalent at N data points and ln lambda = level."""
    ridge = math.exp(level)

    def excess(log_kappa):
        kappa = math.exp(log_kappa)
        return kappa - kappa / N * np.sum(sigma / (sigma + kappa)) - ridge

    kappa = math.exp(brentq(excess, level, math.log(ridge + trace / N), xtol=1e-13))
    t = sigma / (sigma + kappa)
    left = b_sigma * (1 - t)
    E = t @ t / N
    return A0, left @ (1 - t) / (1 - E), left.sum(), A0 * E / (1 - E)


def loss(N, Q, tau):
    return best_loss(lambda level: coefficients(N, level), Q, tau)


def thresholds(N_I, Q):
    """N_E* for every tau_E against one incumbent. It is at most N_I, because the entrant's threshold is laxer."""
    L_star = 2 * Q * A0
    target = loss(N_I, Q, TAU_I * L_star)
    found = []
    for tau_E in GRID["tau_E"]:
        def gap(log_N):
            reached = loss(math.exp(log_N), Q, tau_E * L_star)
            return math.log(min(reached, 1e3) / target)

        bracketed = math.isfinite(target) and gap(0.0) > 0 >= gap(math.log(N_I))
        found.append(math.exp(brentq(gap, 0.0, math.log(N_I), xtol=1e-10)) if bracketed else None)
    return found


def main():
    rows = list(itertools.product(GRID["N_I"], GRID["Q"]))
    start = time.perf_counter()
    if "--pool" in sys.argv:
        from mpi4py.futures import MPIPoolExecutor

        with MPIPoolExecutor() as pool:
            found = list(pool.map(thresholds, *zip(*rows)))
    else:
        found = [thresholds(*row) for row in rows]
    seconds = time.perf_counter() - start
    shape = (len(GRID["N_I"]), len(GRID["Q"]), len(GRID["tau_E"]))
    in_order = np.array(found, dtype=float).reshape(shape).transpose(0, 2, 1)
    values = [None if math.isnan(value) else value for value in in_order.ravel()]
    print(json.dumps({"seconds": seconds, "N_E_star": values}))


if __name__ == "__main__":
    main()
