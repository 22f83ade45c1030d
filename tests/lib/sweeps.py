# SPDX-License-Identifier: GPL-3.0-or-later
"""Configs of sweeps: how tests write theirs, and those that several tests run."""


def config(name, sweep, axes, *, output=None, gamma=0.5, P=".inf", ridge=None, **keys):
    """The text of a config whose results go to `output` or NAME.h5, with one key a line, so that tests can edit it.

    `axes`, `ridge` (which makes it the solver) and the further `keys` have their values as YAML.
    """
    lines = {"name": name, "sweep": sweep, "solver": "ridge" if ridge else "deterministic", "output": output or f"{name}.h5",
             "model": f"{{gamma: {gamma}, P: {P}}}", **keys}
    return "".join((*(f"{key}: {value}\n" for key, value in lines.items()), "grid:\n",
                    *(f"  {axis + ':':<6} {values}\n" for axis, values in axes.items()), f"ridge: {ridge}\n" if ridge else ""))


def market(name, *, N_I, tau_E, Q, nu, tau_I=0.9, **more):
    """The config of a sweep over markets; `tau_I` is the incumbent's threshold, or an axis of them."""
    axes = {"N_I": N_I, "tau_E": tau_E, "Q": Q, "nu": nu}
    if str(tau_I).startswith("{"):
        return config(name, "market_entry", {"tau_I": tau_I, **axes}, **more)
    return config(name, "market_entry", axes, incumbent=f"{{tau: {tau_I}}}", **more)


def law(name, *, N, alpha, Q, nu, ridge_levels=None, **more):
    """The config of a sweep over scaling laws, at the best ridge level or along an axis of `ridge_levels`."""
    axes = {"lambda": ridge_levels} if ridge_levels else {}
    return config(name, "scaling_law", {**axes, "N": N, "alpha": alpha, "Q": Q, "nu": nu}, **more)


def on_spectrum(name, spectrum, sweep="market_entry", *, tau_I="", **more):
    """The config of a sweep on the spectrum file of a path; what is not an axis is a key."""
    axes = {axis: more.pop(axis) for axis in ("lambda", "N_I", "N", "tau_E", "alpha") if axis in more}
    if tau_I.startswith("{"):
        axes = {"tau_I": tau_I, **axes}
    elif tau_I:
        more["incumbent"] = f"{{tau: {tau_I}}}"
    return config(name, sweep, axes, model=f"{{spectrum: {spectrum}}}", **more)


# Every status but failed, both ends of every range, thresholds around L*/4 and around the incumbent's.
MIXED = market("mixed", N_I="{values: [1, 2, 5, 10, 100, 1e3, 1e4, 1e6, 1e9, 1e12, .inf]}",
               tau_E="{values: [0.1, 0.24, 0.3, 0.5, 0.8, 0.9, 0.95, 1.0, 1.2, 2, .inf]}",
               Q="{linear: [0.1, 1.0], points: 8}", nu="{values: [0.6, 1.0, 2.0, 3.0]}")

# Three or four seconds of work on two cores: 500 data efficiencies, each with tables of its own. Tests interrupt it
# three times over; when the program has become too fast for that they say so, and the axes should grow.
LONG = market("long", N_I="{log: [10, 1e9], points: 50}", tau_E="{values: [0.5, 0.95, 1.2, .inf]}",
              Q="{linear: [0.1, 1.0], points: 5}", nu="{linear: [0.6, 2.9], points: 500}")
LONG_POINTS = 50 * 4 * 5 * 500

# Data sets of fewer points than features, as many, and more; N_I and N_E* on both sides of the ladder's ends.
SMALL_RIDGE = market("small", N_I="{values: [7, 8, 20, 30, 50, 110, 256, 257, .inf]}", tau_E="{values: [0.95, 1.2, .inf]}",
                     Q="{values: [0.1, 0.5]}", nu="{values: [0.75, 1.5]}",
                     ridge="{P: 128, N: {values: [8, 16, 32, 64, 96, 128, 180, 256]}, trials: 4, seed: 1}")

# A twentieth of a second each, for tests that run them hundreds of times.
TINY_GRID = market("grid", N_I="{values: [1, 10, 1e3, .inf]}", tau_E="{values: [0.5, 0.95, .inf]}", Q="{values: [0.1, 0.5]}",
                   nu="{values: [0.6, 1.0, 2.0, 3.0]}")
TINY_RIDGE = market("ridge", N_I="{values: [8, 16, 24]}", tau_E="{values: [1.2, .inf]}", Q="{values: [0.1]}",
                    nu="{values: [0.75]}", P=32, ridge="{P: 32, N: {values: [4, 8, 16, 32, 48]}, trials: 2, seed: 1}")
