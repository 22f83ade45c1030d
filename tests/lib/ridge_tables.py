# SPDX-License-Identifier: GPL-3.0-or-later
"""What /ridge of a results file says by itself: means over trials, losses, standard errors, and how far two files differ.

Written from src/MODEL.md, in another way than src does it.
"""

import numpy as np
from scipy.interpolate import CubicSpline

TABLES = ("A1", "A2", "D")


def table_difference(found, expected):
    """The largest difference of two files' tables: A1 and A2 relative to A0, D to itself."""
    scale = {"A1": expected["ridge/A0"][:, None], "A2": expected["ridge/A0"][:, None], "D": expected["ridge/D"]}
    return max(np.max(abs(found[f"ridge/{name}"] - expected[f"ridge/{name}"]) / scale[name]) for name in TABLES)


def means(values, nu):
    """Tables over [rung, lambda > 0] at the index `nu`: the mean over all trials, then those without each trial."""
    tables = {name: values[f"ridge/{name}"][:, :, nu, 1:] for name in TABLES}
    trials = np.arange(values["ridge/trial"].size)
    return [{name: table[:, trials != excluded].mean(axis=1) for name, table in tables.items()} for excluded in (None, *trials)]


def jackknife(without):
    """The standard error of a value, given those without each trial."""
    return np.sqrt((len(without) - 1) * np.var(without, axis=0))


def between_levels(tables):
    """The coefficients at 3001 ridge levels: the nodes of lambda are uniform in some coordinate, in which their logarithms
    are cubic splines."""
    nodes = np.arange(tables["A1"].shape[-1])
    fine = np.linspace(nodes[0], nodes[-1], 3001)
    return {name: np.exp(CubicSpline(nodes, np.log(table), axis=-1)(fine)) for name, table in tables.items()}


def quadratic(tables, A0, Q):
    """c0, c1, c2 of L1 = c0 + c1 a + c2 a^2 with a = 1 - alpha; L2 is the same of alpha. MODEL.md section 2."""
    A1, A2, D = (tables[name] for name in TABLES)
    return A1, 2 * Q * (A2 - A1 + D), 2 * Q * (A0 - 2 * A2 + A1 - D)
