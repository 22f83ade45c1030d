# SPDX-License-Identifier: GPL-3.0-or-later
"""What the market entry threshold would be with other label noise, or with coefficients from data (MODEL.md sections 2, 3, 14).

The deterministic equivalent treats the mixture's label noise as independent of x, D = a0 v. To first order in 1/N it is

    D = v [a0 + 2 sum b sigma t^2 / df2 - 4 sum b sigma t / N].

Thresholds here are solved on a grid of kappa, from the four coefficients A0, A1, A2, D of section 2. Each of A1, A2 and D is
theory's, corrected, or theory's times its measured ratio to theory, which is linear between the tables of the file.
"""

import math

import numpy as np
from scipy.interpolate import CubicSpline, RegularGridInterpolator
from scipy.optimize import brentq

KNOTS, POINTS = 400, 200  # of the table in ln kappa, and of the grid that losses are minimised on
INDEPENDENT, FIRST_ORDER, MEASURED = "independent", "first order", "measured"


class Coefficients:
    """The coefficients of ridge regression at one nu and finite P, on a grid of kappa.

    noise: how D is formed, INDEPENDENT, FIRST_ORDER or MEASURED. learnt: whether A1 and A2 are the measured ones. ratios:
    name -> f(ln N, y), with y = asinh(lambda/lambda0): what is measured, over theory.
    """

    def __init__(self, gamma, nu, P, noise=INDEPENDENT, learnt=False, ratios=None):
        i = np.arange(1.0, P + 1)
        sigma, b = i ** -(1 + gamma), i ** (gamma - nu)
        weighted, x = b * sigma, np.linspace(math.log(1e-3 * sigma[-1]), 3, KNOTS)
        t = sigma / (sigma + np.exp(x)[:, None])
        self.unit, self.a0 = P ** -(1 + gamma) / 100, weighted.sum()  # lambda0
        df1 = t.sum(axis=1)
        # ln of df1, df2, a1, a2, sum b sigma t^2 and sum b sigma t, as functions of x = ln kappa
        self.sums = CubicSpline(x, np.log(np.column_stack([df1, (t ** 2).sum(axis=1), (1 - t) @ weighted,
                                                           (1 - t) ** 2 @ weighted, t ** 2 @ weighted, t @ weighted])))
        self.ridgeless, self.x = CubicSpline(-np.log(df1), x), x  # x as a function of -ln N
        self.noise, self.learnt, self.ratios = noise, learnt, ratios

    def range(self, N):
        """The ln kappa of the ridgeless limit of N data points, and the largest of the table."""
        return max(self.x[0], float(self.ridgeless(-math.log(N)))), self.x[-1]

    def at(self, N, x):
        """(lambda, A1, A2, D) of N data points at the ln kappa in x."""
        df1, df2, a1, a2, second, third = np.exp(self.sums(x)).T
        level = np.maximum(0, np.exp(x) * (1 - df1 / N))
        v = df2 / (N - df2)
        D = v * (self.a0 + (2 * second / df2 - 4 * third / N if self.noise == FIRST_ORDER else 0))
        found = {"A1": a2 * (1 + v), "A2": a1, "D": D}
        for name in (["A1", "A2"] if self.learnt else []) + (["D"] if self.noise == MEASURED else []):
            found[name] = found[name] * self.ratios[name](np.column_stack([np.full(x.size, math.log(N)),
                                                                           np.arcsinh(level / self.unit)]))
        return level, found["A1"], found["A2"], found["D"]

    def losses(self, N, tau, Q, mixture, x):
        """The least L1 at the ln kappa in x that is feasible; inf where nothing is."""
        level, A1, A2, D = self.at(N, x)
        c0, c1, c2 = A1, 2 * Q * (A2 - A1 + D), 2 * Q * (self.a0 - 2 * A2 + A1 - D)
        if mixture:
            alpha = np.full(x.size, math.sqrt(min(1.0, tau / (2 * Q * self.a0))))
        else:
            alpha = largest_alpha(c0, c1, c2, tau)
        return np.where((alpha >= 0.5) & (level <= 1), c0 + c1 * (1 - alpha) + c2 * (1 - alpha) ** 2, np.inf)

    def loss(self, N, tau, Q, mixture=False):
        """L1*(N, tau), tau absolute; inf if no choice is feasible. mixture: tau binds the mixture, not the trained model."""
        low, high = self.range(N)
        for _ in range(2):  # the second time between the neighbours of the minimum
            x = np.linspace(low, high, POINTS)
            values = self.losses(N, tau, Q, mixture, x)
            k = int(np.nanargmin(values))
            low, high = x[max(k - 1, 0)], x[min(k + 1, POINTS - 1)]
        return values[k]

    def threshold(self, N_I, tau_I, tau_E, Q, mixture=False):
        """N_E* between 1 and 2 N_I; NaN if it is not there."""
        goal = self.loss(N_I, tau_I, Q, mixture)

        def excess(log_N):
            return math.log(min(self.loss(math.exp(log_N), tau_E, Q, mixture), 1e9) / goal)

        low, high = math.log(1.5), math.log(2 * N_I)
        if not (math.isfinite(goal) and excess(low) > 0 > excess(high)):
            return math.nan
        return math.exp(brentq(excess, low, high, xtol=1e-9))


def largest_alpha(c0, c1, c2, tau):
    """The largest alpha in [1/2, 1] with c0 + c1 alpha + c2 alpha^2 <= tau, element by element; NaN if there is none."""
    with np.errstate(invalid="ignore", divide="ignore"):
        root = np.sqrt(c1 ** 2 - 4 * c2 * (c0 - tau))
        ends = np.sort([(-c1 - root) / (2 * c2), (-c1 + root) / (2 * c2)], axis=0)
        inside = np.where((ends >= 0.5) & (ends <= 1), ends, np.nan)
        found = np.fmax(inside[0], inside[1])
        return np.where(c0 + c1 + c2 <= tau, 1.0, found)


def measured_ratios(tables, gamma, nu, P):
    """name -> f(ln N, y) for Coefficients: what the tables of a file measure, over theory, below N = P.

    tables: name -> array over (N, lambda) at this nu, the means over trials, with the axes "N" and "lambda" themselves.
    """
    theory = Coefficients(gamma, nu, P)
    below = tables["N"] < P
    N, y = tables["N"][below], np.arcsinh(tables["lambda"] / theory.unit)
    expected = {name: np.empty((N.size, y.size)) for name in ("A1", "A2", "D")}
    for row, points in enumerate(N):
        level, *found = theory.at(points, np.linspace(*theory.range(points), 10 * POINTS))
        for name, values in zip(("A1", "A2", "D"), found):
            expected[name][row] = np.exp(np.interp(y, np.arcsinh(level / theory.unit), np.log(values)))
    return {name: RegularGridInterpolator((np.log(N), y), tables[name][below] / expected[name], bounds_error=False,
                                          fill_value=np.nan) for name in expected}
