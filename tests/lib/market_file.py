# SPDX-License-Identifier: GPL-3.0-or-later
"""Small results files of market sweeps, written by h5py in the form in which moat writes them."""

import itertools
import math
import sys
from pathlib import Path

import h5py
import numpy as np

ANALYSIS = Path(__file__).resolve().parents[2] / "analysis"
sys.path.insert(0, str(ANALYSIS))

import moatfile

AXES = ("N_I", "tau_E", "Q", "nu")
CONFIG = """# gamma: 9 in a comment is not the setting
name: synthetic
sweep: market_entry
solver: deterministic
model: {gamma: 0.5, P: .inf}
incumbent:
  tau: 0.9   # multiples of L*
tau_unit: L_star
ridge: {P: 2048}
"""


def threshold(n_incumbent, tau_entrant, misalignment, nu, tau_incumbent):
    """A stand-in for N_E* and its status with the three regimes of the theory; thresholds are multiples of L*."""
    def gap(tau):
        return (1 - math.sqrt(min(tau, 1.0))) ** 2

    def excess(log_n, tau):
        mixture = (gap(tau) * misalignment) ** (nu / (2 * (nu + 1)))
        return np.exp(-nu * log_n) + 0.3 * mixture * np.exp(-nu / (nu + 1) * log_n)

    if tau_incumbent < 0.25 + float(excess(math.log(n_incumbent), 0.5)) ** 0.5 / 4:
        return math.nan, moatfile.INCUMBENT_INFEASIBLE
    if tau_entrant < 0.25:
        return math.nan, moatfile.ENTRANT_INFEASIBLE
    target = gap(tau_incumbent) + float(excess(math.log(n_incumbent), tau_incumbent))
    if gap(tau_entrant) >= target:
        return math.nan, moatfile.NO_ENTRY
    grid = np.linspace(0, math.log(1e30), 601)
    losses = gap(tau_entrant) + excess(grid, tau_entrant)
    if losses[0] <= target:
        return 1.0, moatfile.ENTRANT_ALWAYS
    if losses[-1] > target:
        return math.nan, moatfile.FAILED
    return math.exp(np.interp(-target, -losses, grid)), moatfile.OK


def write_results(path, axes, n_entrant, status, config=CONFIG, **more):
    """A results file with the variables the figures read, and `more` of them, on the `axes` in their order."""
    with h5py.File(path, "w", libver="latest") as file:
        file.attrs.update({"moat_version": "0.1.0", "git_revision": "deadbeef", "solver": "deterministic",
                           "config": config})
        for name, values in axes.items():
            file[name] = np.asarray(values, dtype=float)
            file[name].make_scale(name)
        for name, values in {"N_E_star": n_entrant, "status": np.asarray(status, dtype=np.uint8), **more}.items():
            file.create_dataset(name, data=values, chunks=True)
            for dimension, axis in zip(file[name].dims, axes if np.ndim(values) > 1 else ["nu"]):
                dimension.attach_scale(file[axis])


def write_theory(path):
    """Theory's exponents at the variables that have some, as `moat run` writes them."""
    with h5py.File(path, "r+") as file:
        nu = file["nu"][...]
        prime = np.minimum(1.5, nu)
        for name, exponents in {"elasticity_N_I": (nu ** 0, 1 / (nu + 1), 0 * nu),
                                "exponent_D": (1 / nu, (nu + 1) / nu, (prime + 1) / prime)}.items():
            if name in file:
                file[name].attrs["theory_exponents"] = np.stack(exponents, 1).ravel()


def write_market(path, axes, tau_incumbent=0.9, config=CONFIG, spoil=None, **more):
    """A results file filled by threshold(), and `more` variables; `spoil` may change N_E* and status in place."""
    shape = [len(axes[name]) for name in AXES]
    n_entrant, status = np.full(shape, np.nan), np.zeros(shape, dtype=np.uint8)
    for index in itertools.product(*map(range, shape)):
        point = [axes[name][k] for name, k in zip(AXES, index)]
        if math.isfinite(point[0]):
            n_entrant[index], status[index] = threshold(*point, tau_incumbent)
        else:
            n_entrant[index], status[index] = threshold(1e40, *point[1:], tau_incumbent)
    if spoil:
        spoil(n_entrant, status)
    n_entrant[~np.isin(status, (1, 2))] = np.nan
    write_results(path, axes, n_entrant, status, config, **more)
    write_theory(path)


POWERS = {"tau_I": 3.0, "N_I": 0.25, "tau_E": -1.5, "Q": -0.75, "nu": -2.0}


def write_powers(path, axes, regime=None, **more):
    """A file with N_E* = the product of every axis to its power of POWERS, infinity counted as 1e15, and its exponents:
    d ln N_E*/d ln N_I as is, that of Q off by 1, so that the file's is told from finite differences; D ~ N_E*^-1/4."""
    n_entrant = np.ones(())
    for name, values in axes.items():
        n_entrant = np.multiply.outer(n_entrant, np.minimum(values, 1e15) ** POWERS[name])
    shape = n_entrant.shape
    write_results(path, axes, n_entrant, np.ones(shape), elasticity_N_I=np.full(shape, POWERS["N_I"]),
                  elasticity_Q=np.full(shape, POWERS["Q"] + 1), exponent_D=np.full(shape, 4.0),
                  nu_prime=np.minimum(1.5, axes["nu"]),
                  regime=np.ones(shape, dtype=np.uint8) if regime is None else regime, **more)
    write_theory(path)
    return n_entrant


def five_axes(**changes):
    return {"tau_I": np.linspace(0.3, 0.9, 7), "N_I": np.array([1e2, 1e4, 1e6, math.inf]),
            "tau_E": np.array([0.5, 0.8, math.inf]), "Q": np.geomspace(1e-3, 1, 9), "nu": np.array([0.34, 1.0]),
            **changes}


def curves_axes(**changes):
    return {"N_I": np.geomspace(10, 1e12, 111), "tau_E": [0.95, math.inf], "Q": [0.1, 0.4], "nu": [0.34, 1.0],
            **changes}


def field_axes(**changes):
    return {"N_I": np.geomspace(10, 1e12, 60), "tau_E": np.geomspace(0.15, 1.0, 40), "Q": [0.1], "nu": [0.34],
            **changes}


def known_status(n_entrant, status):
    """Failed and pending cells in a field of 60 x 40."""
    status[25:28, 20:23] = moatfile.FAILED
    status[50:, 32:] = moatfile.PENDING
