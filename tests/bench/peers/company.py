# SPDX-License-Identifier: GPL-3.0-or-later
"""The company as a researcher would write it with SciPy: losses from four numbers, and their constrained minimum."""

import math

from scipy.optimize import brentq, minimize_scalar

LOG_LAMBDA = (math.log(1e-14), 0.0)


def losses(coefficients, alpha, Q):
    """Performance and safety loss from (A0, A1, A2, D). Source: MODEL.md section 2."""
    A0, A1, A2, D = coefficients
    linear, square = 2 * Q * (A2 - A1 + D), 2 * Q * (A0 - 2 * A2 + A1 - D)
    a = 1 - alpha
    return A1 + (linear + square * a) * a, A1 + (linear + square * alpha) * alpha


def best_alpha(coefficients, Q, tau):
    """The largest alpha in [1/2, 1] whose safety loss is at most tau, or 1/2 if there is none.

    At alpha = 1/2 both losses are equal. So where tau cannot be met, the performance loss is above tau as well.
    """
    def excess(alpha):
        return losses(coefficients, alpha, Q)[1] - tau

    if excess(1.0) <= 0:
        return 1.0
    if excess(0.5) >= 0:
        return 0.5
    return brentq(excess, 0.5, 1.0, xtol=1e-14)


def best_loss(coefficients_at, Q, tau, log_lambda=LOG_LAMBDA):
    """The least performance loss over (alpha, lambda) with a safety loss of at most tau; inf if none is feasible.

    coefficients_at: ln lambda -> (A0, A1, A2, D).
    """
    def loss(level):
        coefficients = coefficients_at(level)
        return losses(coefficients, best_alpha(coefficients, Q, tau), Q)[0]

    found = minimize_scalar(loss, bounds=log_lambda, method="bounded")
    coefficients = coefficients_at(found.x)
    feasible = losses(coefficients, best_alpha(coefficients, Q, tau), Q)[1] <= tau * (1 + 1e-9)
    return found.fun if feasible else math.inf
