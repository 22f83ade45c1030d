# SPDX-License-Identifier: GPL-3.0-or-later
"""The coefficients of both losses of a data set as a researcher would compute them, in one of two ways.

A0, A1, A2 and D make the expected losses at any mixture of the labels (src/MODEL.md sections 2 and 8). The data set is X, N x P,
with population variances `sigma`; `b` has the mean squares by which the two targets differ in each direction.
"""

import math

import numpy as np
from scipy.linalg import svd
from sklearn.linear_model import Ridge


def by_svd(X, sigma, bs, levels):
    """For each b of `bs` an array [level][A0, A1, A2, D] at the ridge levels lambda, from one SVD."""
    U, s, Vt = svd(X / math.sqrt(len(X)), full_matrices=False)
    f = s / (s**2 + levels[:, None])
    F = f * s
    V_sigma = Vt * sigma
    M = V_sigma @ Vt.T
    found = []
    for b in bs:
        A0, V_b = b @ sigma, Vt * b
        bias, linear = M * (V_b @ Vt.T), np.sum(V_b * V_sigma, axis=1)
        noise = M * ((U.T * (X**2 @ b)) @ U) / len(X)
        A1 = A0 - 2 * F @ linear + np.sum(F @ bias * F, axis=1)
        A2 = A0 - F @ linear
        D = np.sum(f @ noise * f, axis=1)
        found.append(np.column_stack([np.full_like(A1, A0), A1, A2, D]))
    return found


def by_ridge(X, sigma, bs, levels):
    """The same from a scikit-learn Ridge for each level. Labels of all unit vectors give the estimator as a P x N matrix."""
    N = len(X)
    found = [np.empty((len(levels), 4)) for _ in bs]
    products = [((X * b) @ X.T, X**2 @ b) for b in bs]
    for level, at in zip(levels, range(len(levels))):
        estimator = Ridge(alpha=N * level, fit_intercept=False, solver="cholesky").fit(X, np.eye(N)).coef_.T
        weighted = estimator * sigma[:, None]
        square = weighted.T @ estimator
        explained = np.einsum("jn,nj->j", weighted, X)
        for b, (aligned, difference), table in zip(bs, products, found):
            A0, linear = b @ sigma, b @ explained
            table[at] = A0, A0 - 2 * linear + np.sum(square * aligned), A0 - linear, np.diag(square) @ difference
    return found
