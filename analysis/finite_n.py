# SPDX-License-Identifier: GPL-3.0-or-later
"""How far thresholds from sampled data lie from the deterministic equivalent, and how the difference decays with N.

The relative differences d = N_E*/N_E*_det - 1 are fitted by d = c N^-p, where N is the deterministic equivalent's N_E*.
All curves share the power p; each has its own amplitude c. The weights are 1/stderr^2. For a given p the best amplitudes
have a closed form, so the fit is a minimum over p alone. N is theory's threshold, not the measured one, so that noise does
not tilt the fit.
"""

import math

import numpy as np
from scipy import optimize, stats

POWERS = (-2.0, 6.0)  # range of p that is searched
STEP = 1e-3  # step in p for the curvature of chi^2
GROUPS = 3  # fewest groups from which leaving out one at a time gives a standard error


class Points:
    """Grid points with a threshold from data, as 1-D arrays over the points.

    n_theory: the deterministic equivalent's N_E*. difference, error: N_E*/n_theory - 1 and its standard error.
    curve: number of the curve over N_I that the point is on. group: number of its (Q, nu); the points of a group come
    from the same measured coefficients.
    """

    def __init__(self, n_theory, difference, error, curve, group):
        self.n_theory, self.difference, self.error = n_theory, difference, error
        self.curve, self.group = curve, group

    def __getitem__(self, chosen):
        return Points(self.n_theory[chosen], self.difference[chosen], self.error[chosen], self.curve[chosen],
                      self.group[chosen])

    @property
    def size(self):
        return self.n_theory.size

    @property
    def z(self):
        return self.difference / self.error

    def distinct(self):
        """The points without repetitions, compared up to the solver's rounding. Points repeat where the entrant's safety
        constraint does not bind, because there every tau_E gives the same market."""
        return self[self.distinct_indices()]

    def distinct_indices(self):
        """The indices of the points that `distinct` keeps, in order."""
        rows = np.round([self.group, np.log(self.n_theory), self.difference, self.error], 7)
        return np.sort(np.unique(rows, axis=1, return_index=True)[1])


class Decay:
    """A fitted decay.

    power, error: p and its standard error. chi_squared, freedom: chi^2 of the fit and its degrees of freedom.
    residual_z: (difference - fit)/error of each point.
    """

    def __init__(self, power, error, chi_squared, freedom, residual_z):
        self.power, self.error = power, error
        self.chi_squared, self.freedom, self.residual_z = chi_squared, freedom, residual_z


def noise_alone(trials):
    """The median |z| and the fraction of |z| <= 2 to expect if data and theory differ by noise alone.

    z then follows Student's t, because its standard error is itself estimated from `trials` trials.
    """
    student = stats.t(trials - 1)
    return student.ppf(0.75), student.cdf(2) - student.cdf(-2)


def octaves(points):
    """The points by octave of N: [(lowest N, points)]. Octaves without points are left out."""
    octave = np.floor(np.log2(points.n_theory)).astype(int)
    return [(2.0 ** k, points[octave == k]) for k in np.unique(octave)]


def amplitude(points, power):
    """The best c of d = c N^-power through the `points` of one curve."""
    shape = points.n_theory ** -power
    return np.sum(shape * points.difference / points.error ** 2) / np.sum((shape / points.error) ** 2)


def _residual_z(points, power):
    """(d - c N^-p)/stderr of each point, with the best c of its curve."""
    scale = np.exp(np.mean(np.log(points.n_theory)))
    shape = (points.n_theory / scale) ** -power / points.error
    curve = np.unique(points.curve, return_inverse=True)[1]
    best = np.bincount(curve, shape * points.z) / np.bincount(curve, shape ** 2)
    return points.z - best[curve] * shape


def _chi_squared(power, points):
    return float(np.sum(_residual_z(points, power) ** 2))


def _best_power(points):
    """The p with the least chi^2, or None if that is an end of the range searched, or there are no points."""
    if not points.size:
        return None
    grid = np.linspace(*POWERS, 81)
    k = int(np.argmin([_chi_squared(power, points) for power in grid]))
    if k in (0, grid.size - 1):
        return None
    return optimize.minimize_scalar(_chi_squared, bounds=(grid[k - 1], grid[k + 1]), args=(points,), method="bounded",
                                    options={"xatol": 1e-8}).x


def fit_decay(points):
    """The Decay fitted to the distinct `points`, or None if they do not determine a power.

    Its standard error is the larger of two estimates. One comes from the curvature of chi^2 and is widened if the fit is
    poor. The other leaves out one group at a time, and so accounts for the noise that the points of a group share.
    """
    freedom = points.size - np.unique(points.curve).size - 1
    power = _best_power(points) if freedom > 0 else None
    if power is None:
        return None
    chi_squared = _chi_squared(power, points)
    around = _chi_squared(power - STEP, points) + _chi_squared(power + STEP, points)
    curvature = (around - 2 * chi_squared) / STEP ** 2
    if curvature <= 0:
        return None
    error = math.sqrt(2 / curvature * max(1.0, chi_squared / freedom))
    groups = np.unique(points.group)
    left_out = [_best_power(points[points.group != group]) for group in groups] if groups.size >= GROUPS else [None]
    if None not in left_out:
        error = max(error, math.sqrt((len(left_out) - 1) * np.var(left_out)))
    return Decay(power, error, chi_squared, freedom, _residual_z(points, power))
