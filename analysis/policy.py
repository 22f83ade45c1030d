#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws how tightening the incumbent's safety threshold tau_I helps entrants: N_E* against tau_I, for several tau_E.

The lower panel shows the elasticity: by how many per cent N_E* falls if tau_I is lowered by one per cent. A cross marks
where tau_I equals the entrant's own threshold.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D

import labels
import style
from family import command
from phase_page import log_ticks

NEEDS = ["N_E_star", "elasticity_tau_I", "L_star"]
WIDTH, LEFT, TOP, MAIN, LOWER, GAP = 7.6, 0.95, 0.15, 3.5, 2.0, 0.1
LINE, SMALL = 0.24, style.SIZE - 1


def draw(family):
    """The figure of a family of curves along tau_I."""
    lines = style.wrap(family.caption(), SMALL, WIDTH - 0.3)
    members = family.members()
    margin = 0.75 + max(style.text_width(label, SMALL) for label, _ in members)
    with plt.rc_context(style.PARAMETERS):
        bottom = 0.13 + LINE * len(lines) + 0.6
        height = bottom + LOWER + GAP + MAIN + TOP
        figure = plt.figure(figsize=(WIDTH, height))
        lower, main = (figure.add_axes([LEFT / WIDTH, low / height, (WIDTH - LEFT - margin) / WIDTH, tall / height])
                       for low, tall in ((bottom, LOWER), (bottom + LOWER + GAP, MAIN)))
        _draw_panels(family, members, main, lower)
        for k, line in enumerate(reversed(lines)):
            figure.text(0.15 / WIDTH, (0.13 + k * LINE) / height, line, fontsize=SMALL, va="bottom")
    return figure


def _draw_panels(family, members, main, lower):
    results, handles, known = family.results, [], []
    tau_I = results.axes["tau_I"]
    for order, (label, at) in enumerate(members):
        look = style.look(style.CURVES[order])
        where = style.markers(tau_I.size, order, len(members))
        threshold, elasticity = (results.take(name, ("tau_I",), at) for name in ("N_E_star", "elasticity_tau_I"))
        known.append(threshold[np.isfinite(threshold)])
        main.plot(tau_I, threshold, markevery=where, zorder=3, **look)
        lower.plot(tau_I, elasticity, markevery=where, zorder=3, **look)
        handles.append(Line2D([], [], label=label, **look))
        tau_E = float(results.axes["tau_E"][at["tau_E"]])
        if tau_I[0] < tau_E <= tau_I[-1]:
            for axes in (main, lower):
                axes.axvline(tau_E, color=look["color"], linewidth=0.9, linestyle=(0, style.REFERENCE["dashes"]), zorder=1)
            main.plot([tau_E], [0.97], transform=main.get_xaxis_transform(), marker="X", markersize=7, color=look["color"],
                      markeredgecolor="white", zorder=6)
    known = np.concatenate(known)
    low, high = known.min() / 2, known.max() * 3
    main.set(yscale="log", ylim=(low, high), ylabel=labels.label(results, "N_E_star"))
    log_ticks(main.yaxis, low, high)
    lower.set(yscale="log", ylabel=labels.formula(labels.derivative(results, "elasticity_tau_I")),
              xlabel=f"{labels.label(results, 'tau_I')}   (tighter to the left)")
    for axes in (main, lower):
        axes.set_xlim(tau_I[0], tau_I[-1])
        axes.tick_params(which="both", top=True, right=True)
    main.tick_params(axis="x", labelbottom=False)
    lower.tick_params(axis="x", pad=style.CORNER)
    main.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.02, 1), fontsize=SMALL, frameon=False,
                handlelength=2.2, borderaxespad=0)


def main(argv=None):
    """Runs the command line; returns the exit code."""
    return command(argv, "policy.py", __doc__, "market_entry", [*NEEDS, "tau_I_absolute"], lambda results: "tau_I", draw,
                   axes=["tau_I"])


if __name__ == "__main__":
    sys.exit(main())
