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
# Root attributes, and long_name and units of each variable, as moat writes them; test_readme.py compares with its files.
ROOT = {"format_version": 2, "moat_version": "0.1.0", "git_revision": "deadbeef", "sweep": "market_entry",
        "solver": "deterministic", "scrutiny": "trained_model", "tau_unit": "L_star", "name": "synthetic", "gamma": 0.5,
        "P": math.inf, "tau_I": 0.9}
THRESHOLDS = ("tau_I", "tau_E")
ABOUT = {
    "tau_I": ("incumbent's safety threshold, as in the config (in its tau_unit)", "1"),
    "N_I": ("incumbent's number of data points", "data points"),
    "tau_E": ("entrant's safety threshold, as in the config (in its tau_unit)", "1"),
    "Q": ("misalignment of performance and safety, 1 - rho", "1"),
    "nu": ("data efficiency, min(2 (1 + gamma), gamma + delta)", "1"),
    "N_E_star": ("market entry threshold: the least data with which the entrant wins", "data points"),
    "status": ("outcome at the grid point", "1"),
    "regime": ("theory's regime in whose range the point is and whose exponent the local exponent is near", "1"),
    "exponent_D": ("d ln N_E_star / d ln (1/D), tau_I moving", "1"),
    "elasticity_Q": ("d ln N_E_star / d ln Q, the thresholds held as written in the config", "1"),
    **{f"elasticity_{axis}": (f"d ln N_E_star / d ln {axis}", "1") for axis in ("N_I", "tau_E", "tau_I")},
}


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


def write_file(path, axes, variables, **attributes):
    """A results file. axes: name -> coordinates. variables: name -> (names of its axes, values). attributes: of the root, in
    place of those of ROOT; None leaves one out."""
    with h5py.File(path, "w", libver="latest", track_order=True) as file:
        root = {**ROOT, **attributes}
        for name, value in root.items():
            if value is not None:
                file.attrs[name] = np.bytes_(value.encode()) if isinstance(value, str) else value
        for name, values in axes.items():
            file[name] = np.asarray(values, dtype=float)
            file[name].make_scale(name)
            if name in THRESHOLDS and root["tau_unit"]:
                file[name].attrs["tau_unit"] = root["tau_unit"]
        for name, (names, values) in variables.items():
            file.create_dataset(name, data=values, chunks=True)
            for dimension, axis in zip(file[name].dims, names, strict=True):
                dimension.attach_scale(file[axis])
            if name in moatfile.WORDS:
                file[name].attrs.update({"flag_values": np.arange(len(moatfile.WORDS[name]), dtype=np.uint8),
                                         "flag_meanings": " ".join(moatfile.WORDS[name])})
        for name in {*axes, *variables} & {*ABOUT}:
            file[name].attrs["long_name"], file[name].attrs["units"] = ABOUT[name]


def write_results(path, axes, n_entrant, status, attributes=None, **more):
    """A results file with the variables the figures read, and `more` of them, on the `axes` in their order."""
    values = {"N_E_star": n_entrant, "status": np.asarray(status, dtype=np.uint8), **more}
    write_file(path, axes, {name: (axes if np.ndim(array) > 1 else ["nu"], array) for name, array in values.items()},
               **({"tau_I": None} if "tau_I" in axes else {}), **(attributes or {}))


def write_theory(path):
    """Theory's exponents at the variables that have some, as `moat run` writes them."""
    with h5py.File(path, "r+") as file:
        nu = file["nu"][...]
        prime, none = np.minimum(1.5, nu), nu * np.nan
        for name, exponents in {"elasticity_N_I": (nu ** 0, 1 / (nu + 1), 0 * nu, none),
                                "exponent_D": (1 / nu, (nu + 1) / nu, (prime + 1) / prime, none)}.items():
            if name in file:
                file[name].attrs["theory_exponents"] = np.stack(exponents, 1).ravel()
                file[name].attrs["theory_regimes"] = np.bytes_("first second third over_regularised")


def write_market(path, axes, tau_incumbent=0.9, attributes=None, spoil=None, **more):
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
    write_results(path, axes, n_entrant, status, attributes, **more)
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
