#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes spectrum.inc: the spectral sums at 30 digits (Debian package python3-mpmath; 50 digits are carried).

The first 59 terms are summed directly. The rest follows from the Euler-Maclaurin formula at i = 60 with 24 corrections,
its integral in closed form: with w = kappa x^s, s = 1 + gamma, the integrals from x to infinity are

    t          x / ((s - 1) w)     2F1(1, 1 - 1/s; 2 - 1/s; -1/w)
    t^2        x / ((2s - 1) w^2)  2F1(2, 2 - 1/s; 3 - 1/s; -1/w)
    b sigma (1 - t)^k   x^-nu / nu 2F1(k, nu/s; 1 + nu/s; -1/w)

and the derivatives those of the term's Taylor series. At finite P the same from i = P + 1 on is taken away.
The term is analytic in |i - x| < 0.86 x about any x, so the error is below 1e-40.

Usage: python3 spectrum.py > spectrum.inc
"""
import math

from mpmath import mp, mpf, bernoulli, exp, factorial, hyp2f1

mp.dps = 50
FIRST, CORRECTIONS = 60, 24


def series_power(x, p, order):
    """Taylor coefficients of (x + h)^p in h."""
    c = [x**p]
    for k in range(1, order):
        c.append(c[-1] * (p - k + 1) / k / x)
    return c


def series_multiply(a, b):
    return [sum(a[j] * b[k - j] for j in range(k + 1)) for k in range(len(a))]


def series_inverse(a):
    c = [1 / a[0]]
    for k in range(1, len(a)):
        c.append(-sum(a[j] * c[k - j] for j in range(1, k + 1)) / a[0])
    return c


def terms(x, kappa, s, nu, order=1):
    """Taylor coefficients at x of the terms of df1, df2, a1, a2."""
    w = [kappa * c for c in series_power(x, s, order)]
    t = series_inverse([1 + w[0]] + w[1:])
    rest = series_multiply(w, t)
    b_sigma = series_power(x, -1 - nu, order)
    a1 = series_multiply(b_sigma, rest)
    return t, series_multiply(t, t), a1, series_multiply(a1, rest)


def integrals(x, kappa, s, nu):
    """Integrals of the four terms from x to infinity."""
    w = kappa * x**s
    return (x / ((s - 1) * w) * hyp2f1(1, 1 - 1 / s, 2 - 1 / s, -1 / w),
            x / ((2 * s - 1) * w**2) * hyp2f1(2, 2 - 1 / s, 3 - 1 / s, -1 / w),
            x**-nu / nu * hyp2f1(1, nu / s, 1 + nu / s, -1 / w),
            x**-nu / nu * hyp2f1(2, nu / s, 1 + nu / s, -1 / w))


def tail(first, kappa, s, nu):
    """The four sums from i = first to infinity."""
    x = mpf(first)
    sums = []
    for integral, c in zip(integrals(x, kappa, s, nu), terms(x, kappa, s, nu, 2 * CORRECTIONS)):
        total = integral + c[0] / 2
        for k in range(1, CORRECTIONS + 1):
            total -= bernoulli(2 * k) / factorial(2 * k) * c[2 * k - 1] * factorial(2 * k - 1)
        sums.append(total)
    return sums


def spectral_sums(gamma, nu, P, log_kappa):
    kappa, s, nu = exp(mpf(log_kappa)), 1 + mpf(gamma), mpf(nu)
    direct = [terms(mpf(i), kappa, s, nu) for i in range(1, min(FIRST - 1, P) + 1)]
    sums = [sum(term[k][0] for term in direct) for k in range(4)]
    if P >= FIRST:
        sums = [a + b for a, b in zip(sums, tail(FIRST, kappa, s, nu))]
        if P < math.inf:
            sums = [a - b for a, b in zip(sums, tail(P + 1, kappa, s, nu))]
    return sums


def log_kappa_min(gamma):
    """ln kappa where df1 = 1e15 at P = inf, rounded up."""
    s = 1 + gamma
    return math.ceil(100 * s * math.log(math.pi / (s * math.sin(math.pi / s)) / 1e15)) / 100


def cases():
    pairs = ((0.01, 0.011), (0.01, 0.5), (0.01, 2.02), (0.1, 0.34), (0.5, 0.51), (0.5, 1.0), (0.5, 1.5), (0.5, 3.0),
             (1.0, 2.0), (1.3, 1.31), (2.0, 2.001), (2.0, 3.0), (2.0, 6.0))
    for number, (gamma, nu) in enumerate(pairs):
        low = log_kappa_min(gamma)
        for share in (0.0, 0.25 + 0.02 * number, 0.6 + 0.02 * number, 1.0):
            yield gamma, nu, math.inf, round(low + share * (6 - low), 2)
    for gamma, nu in ((0.01, 0.02), (0.5, 1.0), (2.0, 4.0)):
        for P in (100003, 10**9):
            for multiple in (1.1, 0.9, 0.3):
                yield gamma, nu, P, round(-multiple * (1 + gamma) * math.log(P), 2)


def main():
    print("/* SPDX-License-Identifier: GPL-3.0-or-later */")
    print("/* Written by spectrum.py, which says how: gamma, nu, P, ln kappa, then df1, df2, a1, a2. */")
    for gamma, nu, P, log_kappa in cases():
        sums = ", ".join(mp.nstr(value, 20) for value in spectral_sums(gamma, nu, P, log_kappa))
        print(f"{{{gamma!r}, {nu!r}, {'INFINITY' if P == math.inf else P}, {log_kappa!r},\n {{{sums}}}}},")


if __name__ == "__main__":
    main()
