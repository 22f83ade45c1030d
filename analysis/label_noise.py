# SPDX-License-Identifier: GPL-3.0-or-later
"""Why thresholds from data lie off the deterministic equivalent: what each of its two approximations does to N_E*.

The deterministic equivalent approximates the part of a target that a model learns (the coefficients A1 and A2 of MODEL.md
section 2) and the loss that label noise adds (D). It treats the noise of a mixture as independent of x. To first order in 1/N it
is not (MODEL.md section 14):

    D = v [a0 + 2 sum b sigma t^2 / df2 - 4 sum b sigma t / N]   instead of   D = v a0.

Here a market is solved with one of the three in place of theory's: D to first order, D as measured, or A1 and A2 as measured.
Measured coefficients are theory's times the ratio of the file's tables to theory, which is linear between the tables.
"""

import functools
import math

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.optimize import brentq

import opening
import theory

KNOTS, POINTS = 400, 150  # of the table in ln kappa, and of the grid on which losses are minimised, twice
PANEL = 1 << 13  # directions that are summed at a time, however many there are
NAMES = ("A1", "A2", "D")
THEORY, FIRST_ORDER, NOISE, LEARNT, BOTH = "theory", "first order", "noise", "learnt", "both"
MEASURED = {NOISE: ("D",), LEARNT: ("A1", "A2"), BOTH: NAMES}  # which coefficients are the measured ones


class Tables:
    """What a file's tables measure, over theory, at one nu and N < P.

    log_N, y: ln N of the tables and asinh(lambda/lambda0) of their columns. ratio: name -> array over (log_N, y).
    """

    def __init__(self, expected, N, level, measured):
        below = N < expected.P
        self.log_N, self.y = np.log(N[below]), np.arcsinh(level / expected.unit)
        self.ratio = {name: measured[name][below] for name in NAMES}
        for row, points in enumerate(N[below]):
            at, *found = expected.at(points, np.linspace(*expected.range(points), 10 * POINTS))
            for name, values in zip(NAMES, found):
                self.ratio[name][row] /= np.exp(np.interp(self.y, np.arcsinh(at / expected.unit), np.log(values)))

    def at(self, name, N, y):
        """The ratio of `name` at N and each of y; NaN for N outside the tables."""
        k = int(np.searchsorted(self.log_N, math.log(N), side="right")) - 1
        if not 0 <= k < self.log_N.size - 1:
            return np.full(y.size, np.nan)
        part = (math.log(N) - self.log_N[k]) / (self.log_N[k + 1] - self.log_N[k])
        return np.interp(y, self.y, (1 - part) * self.ratio[name][k] + part * self.ratio[name][k + 1])


class Coefficients:
    """The coefficients of ridge regression at one nu and finite P, as functions of N and x = ln kappa.

    kind: THEORY, FIRST_ORDER or a key of MEASURED, which takes `tables`. mixture: tau binds the training mixture, alpha^2 L* <=
    tau, and not the trained model.
    """

    def __init__(self, gamma, nu, P, kind=THEORY, tables=None, mixture=False):
        self.P, self.unit = P, P ** -(1 + gamma) / 100  # unit: lambda0
        self.x, self.a0, self.sums, self.ridgeless = _sums(gamma, nu, P)
        self.kind, self.tables, self.mixture = kind, tables, mixture

    def range(self, N):
        """x in the ridgeless limit of N data points, and the largest x of the table."""
        return max(self.x[0], float(self.ridgeless(-math.log(N)))), self.x[-1]

    def at(self, N, x):
        """(lambda, A1, A2, D) of N data points at each x."""
        df1, df2, a1, a2, second, third = np.exp(self.sums(x)).T
        level = np.maximum(0, np.exp(x) * (1 - df1 / N))
        v = df2 / (N - df2)
        D = v * (self.a0 + (2 * second / df2 - 4 * third / N if self.kind == FIRST_ORDER else 0))
        found = dict(zip(NAMES, (a2 * (1 + v), a1, D)))
        for name in MEASURED.get(self.kind, ()):
            found[name] = found[name] * self.tables.at(name, N, np.arcsinh(level / self.unit))
        return level, *(found[name] for name in NAMES)

    def losses(self, N, tau, Q, x):
        """The least L1 with L2 <= tau at each x; inf where none is feasible."""
        level, A1, A2, D = self.at(N, x)
        c0, c1, c2 = A1, 2 * Q * (A2 - A1 + D), 2 * Q * (self.a0 - 2 * A2 + A1 - D)
        if self.mixture:
            a = np.full(x.size, 1 - math.sqrt(min(1.0, tau / (2 * Q * self.a0))))
        else:
            a = 1 - largest_alpha(c0, c1, c2, tau)
        return np.where((a <= 0.5) & (level <= 1), c0 + c1 * a + c2 * a * a, np.inf)

    def loss(self, N, tau, Q):
        """L1*(N, tau) for an absolute tau; inf if no choice is feasible or the tables do not reach N."""
        low, high = self.range(N)
        for _ in range(2):  # the second time between the neighbours of the minimum
            x = np.linspace(low, high, POINTS)
            values = self.losses(N, tau, Q, x)
            k = int(np.argmin(values))
            low, high = x[max(k - 1, 0)], x[min(k + 1, POINTS - 1)]
        return float(values[k])

    def threshold(self, N_I, tau_I, tau_E, Q, guess):
        """N_E*, which must lie within a factor 2 of `guess`; NaN otherwise. Thresholds tau are absolute."""
        goal = self.loss(N_I, tau_I, Q)

        def excess(log_N):
            return math.log(min(self.loss(math.exp(log_N), tau_E, Q), 1e9) / goal)

        low, high = math.log(max(1.01, guess / 2)), math.log(guess * 2)
        if self.tables:
            low, high = max(low, self.tables.log_N[0]), min(high, self.tables.log_N[-1] - 1e-9)
        if not (math.isfinite(goal) and low < high and excess(low) > 0 > excess(high)):
            return math.nan
        return math.exp(brentq(excess, low, high, xtol=1e-7))


@functools.lru_cache(maxsize=4)
def _sums(gamma, nu, P):
    """(x, a0, spline of the logarithms of df1, df2, a1, a2, sum b sigma t^2 and sum b sigma t over x, and spline of the x where
    df1 = N over -ln N)."""
    x, a0 = np.linspace(math.log(1e-3 * P ** -(1 + gamma)), 3, KNOTS), 0.0
    kappa, found = np.exp(x)[:, None], np.zeros((KNOTS, 6))
    for first in range(1, P + 1, PANEL):
        i = np.arange(first, min(first + PANEL, P + 1), dtype=float)
        sigma = i ** -(1 + gamma)
        weighted = i ** (gamma - nu) * sigma
        t, rest = sigma / (sigma + kappa), kappa / (sigma + kappa)
        found += np.column_stack([t.sum(axis=1), (t ** 2).sum(axis=1), rest @ weighted, rest ** 2 @ weighted,
                                  t ** 2 @ weighted, t @ weighted])
        a0 += weighted.sum()
    return x, a0, CubicSpline(x, np.log(found)), CubicSpline(-np.log(found[:, 0]), x)


def largest_alpha(c0, c1, c2, tau):
    """The largest alpha in [1/2, 1] with c0 + c1 alpha + c2 alpha^2 <= tau, element by element; NaN if there is none."""
    with np.errstate(invalid="ignore", divide="ignore"):
        root = np.sqrt(c1 ** 2 - 4 * c2 * (c0 - tau))
        ends = np.array([(-c1 - root) / (2 * c2), (-c1 + root) / (2 * c2)])
        inside = np.where((ends >= 0.5) & (ends <= 1), ends, np.nan)
        return np.where(c0 + c1 + c2 <= tau, 1.0, np.fmax(*inside))


def read_tables(path):
    """The file's tables: N, lambda, and name -> mean over the trials, (N, nu, lambda). None while any is missing. Raises
    Refused."""
    with opening.open_file(path) as file:
        try:
            if "ridge" not in file or any(name not in file["ridge"] for name in ("N", "lambda", *NAMES)):
                return None
            means = {name: file[f"ridge/{name}"][...].mean(axis=1) for name in NAMES}
            complete = all(np.isfinite(values).all() for values in means.values())
            return (file["ridge/N"][...].astype(float), file["ridge/lambda"][...].astype(float), means) if complete else None
        except opening.UNREADABLE as error:
            raise opening.Refused(f"{path}: damaged: {opening.one_line(error)}") from error


def differences(results, n_theory, chosen, tables):
    """kind -> N_E*/n_theory - 1 of the markets `chosen`, for FIRST_ORDER and the keys of MEASURED; NaN elsewhere.

    n_theory, chosen: over (N_I, tau_E, Q, nu). results: has L_star, tau_E_absolute and tau_I as variables.
    """
    found = {kind: np.full(n_theory.shape, np.nan) for kind in (FIRST_ORDER, *MEASURED)}
    gamma, P = results.attributes["gamma"], int(results.attributes["P"])
    mixture = theory.scrutiny(results) == theory.MIXTURE
    N, level, means = tables
    for n, nu in enumerate(results.axes["nu"]):
        measured = Tables(Coefficients(gamma, nu, P), N, level, {name: values[:, n].copy() for name, values in means.items()})
        for kind, values in found.items():
            solver = Coefficients(gamma, nu, P, kind, measured if kind in MEASURED else None, mixture)
            for i, e, q in np.argwhere(chosen[..., n]):
                at = {"Q": q, "nu": n, "tau_E": e}
                tau_I, tau_E = (float(results.take(name, (), at)) for name in ("tau_I", "tau_E_absolute"))
                guess = n_theory[i, e, q, n]
                values[i, e, q, n] = solver.threshold(results.axes["N_I"][i], tau_I, tau_E, results.axes["Q"][q], guess) / guess - 1
    return found
