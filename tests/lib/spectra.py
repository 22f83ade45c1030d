# SPDX-License-Identifier: GPL-3.0-or-later
"""Spectrum files, and N_E* on a measured spectrum by brute force.

The brute force takes the losses of the trained model literally, as second moments of t beta_bar - beta_j in each direction,
and looks for every minimum over kappa and alpha on dense grids that it refines around each of their best points.
"""

import math

import h5py
import numpy as np

VARIABLES = ("eigenvalue", "alignment_performance", "alignment_safety", "alignment_joint")


class Spectrum:
    """Numbers of a spectrum file: four lists and two variances of label noise."""

    def __init__(self, eigenvalue, performance, safety, joint, noise=(0.0, 0.0)):
        self.sigma, self.b11, self.b22, self.b12 = (np.array(v, float) for v in (eigenvalue, performance, safety, joint))
        self.noise = noise
        self.L_star = float(np.sum(self.sigma * (self.b11 + self.b22 - 2 * self.b12)))

    def write(self, path, title=None):
        with h5py.File(path, "w") as file:
            for name, values in zip(VARIABLES, (self.sigma, self.b11, self.b22, self.b12)):
                file[name] = values
            file.attrs["noise_performance"], file.attrs["noise_safety"] = self.noise
            if title:
                file.attrs["title"] = np.bytes_(title)


def power_law(gamma, nu, Q, P):
    """The power-law model as a measured spectrum."""
    i = np.arange(1.0, P + 1)
    b = i ** (gamma - nu)
    return Spectrum(i ** -(1 + gamma), b, b, (1 - Q) * b)


def two_scales():
    """Two minima in kappa at N = 166."""
    b = np.r_[np.ones(20), np.full(1936, 1971.0)]
    return Spectrum(np.r_[np.ones(20), np.full(1936, 1.548e-3)], b, b, (1 - 2.006e-3) * b)


def irregular(seed, noise=(0.0, 0.0)):
    """Eigenvalues over four decades in no order, some of them twice; alignments of any size and angle, some zero."""
    random = np.random.default_rng(seed)
    sigma = np.repeat(10 ** random.uniform(-4, 0, 40), random.integers(1, 4, 40))
    b11, b22 = np.exp(random.normal(0, 1.5, (2, len(sigma))))
    b22[::7] = 0
    return Spectrum(sigma / sigma.max(), b11, b22, random.uniform(-1, 1, len(sigma)) * np.sqrt(b11 * b22), noise)


class Brute:
    """Companies and thresholds on a spectrum; `mixture` for scrutiny: training_mixture. Thresholds are absolute."""

    def __init__(self, spectrum, mixture=False):
        self.spectrum, self.mixture = spectrum, mixture
        rows = np.stack([spectrum.sigma, spectrum.b11, spectrum.b22, spectrum.b12])
        (self.sigma, *self.moments), self.count = np.unique(rows, axis=1, return_counts=True)  # equal directions at once

    def sums(self, x):
        """df1, df2 and, at each kappa = e^x, the quadratics in alpha of both losses without variance and of its factor."""
        s, sigma, (b11, b22, b12) = self.spectrum, self.count * self.sigma, self.moments
        kappa = np.exp(np.atleast_1d(x))[:, None]
        t, r = self.sigma / (self.sigma + kappa), kappa / (self.sigma + kappa)

        def mean(weight):  # sum sigma weight {b11, b22, b12}
            return [np.sum(sigma * weight * b, axis=1) for b in (b11, b22, b12)]

        def squared(b11, b22, b12):  # of alpha beta_1 + (1 - alpha) beta_2: coefficients of 1, alpha, alpha^2
            return np.array([b22, 2 * (b12 - b22), b11 + b22 - 2 * b12])

        # E (t bbar - beta_1)^2 = E ((1 - alpha) t (beta_2 - beta_1) - r beta_1)^2, so that nothing large cancels
        delta = np.sum(sigma * t * t * (b11 + b22 - 2 * b12), axis=1)
        cross1 = np.sum(sigma * t * r * (b12 - b11), axis=1)
        cross2 = np.sum(sigma * t * r * (b12 - b22), axis=1)
        own1, own2, _ = mean(r * r)
        one = np.ones_like(delta)
        L1 = np.array([delta - 2 * cross1 + own1, -2 * delta + 2 * cross1, delta])  # in a = 1 - alpha: delta a^2 - 2 cross1 a
        L2 = np.array([own2, -2 * cross2, delta])
        n = squared(*mean(r * r)) + np.array([s.noise[1] * one, (s.L_star + s.noise[0] - s.noise[1]) * one, -s.L_star * one])
        return t @ self.count, t * t @ self.count, L1, L2, n

    def span(self, tau):
        """The range of alpha that scrutiny of the mixture leaves; None where it leaves nothing."""
        top = min(1, math.sqrt(tau / self.spectrum.L_star)) if self.mixture else 1
        return (0.5, top) if top >= 0.5 else None

    def free(self, tau):
        """The bound on the safety loss."""
        return math.inf if self.mixture else tau

    def grid(self):
        return np.linspace(math.log(self.spectrum.sigma.min()) - 20, math.log1p(self.spectrum.sigma.sum()), 600)

    def lowest(self, value):
        """The least of value(x), refined around each of the grid's minima; NaN stands for infinity."""
        best = math.inf
        x = self.grid()
        y = np.nan_to_num(value(x), nan=math.inf, posinf=math.inf)
        padded = np.r_[math.inf, y, math.inf]
        for k in np.flatnonzero(np.isfinite(y) & (y <= padded[:-2]) & (y <= padded[2:])):
            low, high = x[max(k - 1, 0)], x[min(k + 1, len(x) - 1)]
            for _ in range(12):
                fine = np.linspace(low, high, 21)
                at = np.nan_to_num(value(fine), nan=math.inf, posinf=math.inf)
                i = int(np.argmin(at))
                best = min(best, at[i])
                low, high = fine[max(i - 1, 0)], fine[min(i + 1, 20)]
        return best

    def losses_at(self, x, N, tau):
        """The least L1 at each kappa with N points under tau, by the candidates of a quadratic under a quadratic bound."""
        df1, df2, L1, L2, n = self.sums(x)
        v = 0 if math.isinf(N) else df2 / (N - df2)
        L1, L2 = L1 + v * n, L2 + v * n
        kappa = np.exp(np.atleast_1d(x))
        level = kappa if math.isinf(N) else kappa * (1 - df1 / N)
        low, high = self.span(tau)
        with np.errstate(all="ignore"):
            root = np.sqrt(L2[1] ** 2 - 4 * L2[2] * (L2[0] - self.free(tau)))
            candidates = [np.full_like(kappa, low), np.full_like(kappa, high), -L1[1] / (2 * L1[2]),
                          (-L2[1] + root) / (2 * L2[2]), (-L2[1] - root) / (2 * L2[2])]
            best = np.full_like(kappa, np.inf)
            for alpha in candidates:
                allowed = (alpha >= low - 1e-15) & (alpha <= high + 1e-15)
                allowed &= (L2[0] + alpha * (L2[1] + alpha * L2[2]) <= self.free(tau) * (1 + 1e-14)) | np.isinf(self.free(tau))
                value = L1[0] + alpha * (L1[1] + alpha * L1[2])
                best = np.where(allowed & (value < best), value, best)
        return np.where((level > 0) & (level < 1) & (np.isinf(N) | (df2 < N)), best, np.inf)

    def company(self, N, tau):
        """L1*, or None where no choice meets tau."""
        if self.span(tau) is None:
            return None
        L_star = self.spectrum.L_star
        if math.isinf(N) and not self.mixture and tau >= L_star / 4:
            return (math.sqrt(L_star) - math.sqrt(min(tau, L_star))) ** 2
        best = self.lowest(lambda x: self.losses_at(x, N, tau))
        return best if math.isfinite(best) else None

    def data_at(self, x, target, tau):
        """The least N at each kappa: over alpha on a grid that is refined around its two best places."""
        df1, df2, L1, L2, n = (q[..., None] for q in self.sums(x))
        kappa = np.exp(np.atleast_1d(x))[:, None]
        low, high = self.span(tau)

        def needed(alpha):
            def at(q):
                return q[0] + alpha * (q[1] + alpha * q[2])
            with np.errstate(all="ignore"):
                left = np.minimum(target - at(L1), self.free(tau) - at(L2))
                return np.where(left > 0, np.maximum(df1, df2 * (1 + at(n) / left)), np.inf)

        grid = np.linspace(low, high, 161)
        N = needed(grid[None, :])
        step, best = grid[1] - grid[0], np.full(len(kappa), np.inf)
        inner = np.where((N <= np.c_[N[:, 1:], np.full(len(N), np.inf)]) & (N <= np.c_[np.full(len(N), np.inf), N[:, :-1]]), N,
                         np.inf)
        for i in np.argsort(inner, axis=1)[:, :2].T:
            centre, width = grid[i], step
            for _ in range(8):
                fine = np.clip(centre[:, None] + width * np.linspace(-1, 1, 21), low, high)
                at = needed(fine)
                k = np.argmin(at, axis=1)
                centre, width = fine[np.arange(len(fine)), k], width / 8
                best = np.minimum(best, at[np.arange(len(fine)), k])
        with np.errstate(invalid="ignore"):
            return np.where(best * (1 - 1 / kappa[:, 0]) < df1[:, 0], best, np.inf)  # lambda < 1

    def threshold(self, N_I, tau_I, tau_E):
        """N_E*, or the name of the status of a market that has none."""
        target = self.company(N_I, tau_I)
        if target is None:
            return "incumbent_infeasible"
        if self.span(tau_E) is None:
            return "entrant_infeasible"
        return max(1, self.lowest(lambda x: self.data_at(x, target, tau_E)))
