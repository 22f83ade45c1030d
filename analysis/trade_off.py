#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the regulator's trade-off: how easy entry is, N_E*/N_I, against the safety of the model that users then get.

That is the newcomer's at N_E*: its safety loss is shown relative to the incumbent's. Each tau_I gives a curve, along which the
newcomer's threshold tau_E is relaxed from tau_I on, until it no longer binds. A panel shows one N_I.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D

import family
import labels
import moatfile
import style
from moatfile import Refused
from phase_page import log_ticks

NEEDS = ["N_E_star", "entrant_loss_safety", "incumbent_loss_safety"]
STEP = 1.1  # the safety ratio at which the title reads the curves
PANELS = 2  # values of N_I shown, at most
WIDTH, LEFT, RIGHT, TOP, PANEL, GUTTER = 7.6, 0.85, 0.15, 0.7, 3.3, 0.18  # inches
LINE, SMALL = 0.22, style.SIZE - 1


class Curve:
    """The curve of one tau_I: safety, the newcomer's safety loss over the incumbent's, and entry, N_E*/N_I, as tau_E rises."""

    def __init__(self, results, at):
        tau_E, tau_I = results.axes["tau_E"], results.axes["tau_I"][at["tau_I"]]
        safety = results.take("entrant_loss_safety", ("tau_E",), at) / results.take("incumbent_loss_safety", (), at)
        entry = results.take("N_E_star", ("tau_E",), at) / results.axes["N_I"][at["N_I"]]
        known = np.isfinite(safety) & np.isfinite(entry) & (tau_E >= tau_I)
        self.tau_I, self.safety, self.entry = tau_I, safety[known], entry[known]

    def at(self, ratio):
        """N_E*/N_I where the newcomer's safety loss is `ratio` times the incumbent's; NaN beyond the curve."""
        if self.safety.size < 2 or not self.safety[0] <= ratio <= self.safety[-1]:
            return np.nan
        return float(np.exp(np.interp(ratio, self.safety, np.log(self.entry))))


def _factor(value):
    """A factor in words' precision: two digits."""
    return f"{float(f'{value:.2g}'):.6g}" if value < 1e4 else labels.number(value, 2)


def title(curves):
    """What the figure shows, with its numbers."""
    found = [1 / entry for curve in curves if np.isfinite(entry := curve.at(STEP))]
    if not found:
        return "Entry against the safety of the model that users then get"
    low, high = _factor(min(found)), _factor(max(found))
    times = low if low == high else f"{low} to {high}"
    return f"Newcomers with {100 * (STEP - 1):.0f} % more safety loss can enter with {times} times less data"


def draw(chosen):
    """The figure of a family.Family of curves along tau_E, one for each tau_I."""
    results = chosen.results
    finite = np.flatnonzero(np.isfinite(results.axes["N_I"]))
    if "N_I" not in chosen.assumed:
        finite = finite[finite == chosen.at["N_I"]]
    if not finite.size:
        raise Refused(f"{results.path}: N_I = inf; expected finite data, as in jobs/trade-off.yaml: N_E*/N_I is shown")
    shown = finite[np.unique(np.linspace(0, finite.size - 1, min(PANELS, finite.size)).round().astype(int))]
    panels = [[Curve(results, {**at, "N_I": k}) for _, at in chosen.members()] for k in shown]
    drawn = [curve for curves in panels for curve in curves if curve.safety.size > 1]
    if not drawn:
        raise Refused(f"{results.path}: no tau_I has the two thresholds with tau_E >= tau_I that it takes to draw a curve")
    held = {axis: index for axis, index in chosen.at.items() if axis != "N_I" or shown.size == 1}
    caption = style.wrap([*labels.parameters(results), *(labels.equation(results, axis, results.axes[axis][index])
                                                         for axis, index in held.items()), labels.solver(results)],
                         SMALL, WIDTH - 0.3)
    caption = [r"Along a curve $\tau_E$ is relaxed from $\tau_I$ (star: the same threshold for both) until it no longer binds "
               "(marker).", *caption]
    with plt.rc_context(style.PARAMETERS):
        foot = 0.13 + LINE * len(caption) + 0.65
        height = foot + PANEL + TOP
        figure = plt.figure(figsize=(WIDTH, height))
        width = (WIDTH - LEFT - RIGHT - GUTTER * (shown.size - 1)) / shown.size
        axes = [figure.add_axes([(LEFT + k * (width + GUTTER)) / WIDTH, foot / height, width / WIDTH, PANEL / height])
                for k in range(shown.size)]
        for panel, curves, k in zip(axes, panels, shown):
            _draw_panel(panel, curves, drawn)
            panel.set_title(labels.equation(results, "N_I", results.axes["N_I"][k]), fontsize=style.SIZE, pad=5)
            panel.tick_params(axis="y", which="both", labelleft=panel is axes[0])
        axes[0].annotate("better: safer, easier to enter", (0.03, 0.03), xytext=(0.17, 0.13), xycoords="axes fraction",
                         textcoords="axes fraction", fontsize=SMALL, ha="left", va="center", color="#333333",
                         arrowprops={"arrowstyle": "-|>", "color": "#333333", "linewidth": 1.4, "relpos": (0, 0.3)})
        axes[0].set_ylabel(r"entry threshold  $N_E^* / N_I$")
        handles = [Line2D([], [], label=labels.equation(results, "tau_I", curve.tau_I), **style.look(style.CURVES[k]))
                   for k, curve in enumerate(panels[0]) if any(curves[k].safety.size > 1 for curves in panels)]
        axes[-1].legend(handles=handles, loc="upper right", fontsize=SMALL, frameon=False, handlelength=2.6, borderaxespad=0.3)
        figure.text(0.15 / WIDTH, (height - 0.12) / height, title(drawn), fontsize=style.SIZE - 0.5, va="top", weight="bold")
        for k, line in enumerate(reversed(caption)):
            figure.text(0.15 / WIDTH, (0.13 + k * LINE) / height, line, fontsize=SMALL, va="baseline")
    return figure


def _draw_panel(axes, curves, drawn):
    far = max(curve.safety.max() for curve in drawn)
    low = min(curve.entry.min() for curve in drawn) ** 1.3 / 3  # the arrow stands below the curves
    axes.set(yscale="log", xlim=(1 - 0.06 * (far - 1), 1 + 1.06 * (far - 1)), ylim=(low, 3))
    axes.tick_params(which="both", top=True, right=True)
    log_ticks(axes.yaxis, low, 3)
    for order, curve in enumerate(curves):
        look = style.look(style.CURVES[order])
        if curve.safety.size > 1:
            axes.plot(curve.safety, curve.entry, zorder=3 + order, markevery=[curve.safety.size - 1], **look)
    axes.plot([1], [1], marker="*", markersize=12, color="black", zorder=12)
    axes.set_xlabel("newcomer's safety loss / incumbent's", fontsize=style.SIZE)
    axes.axvline(STEP, zorder=1, color=style.REFERENCE["color"], linewidth=1, linestyle=(0, style.REFERENCE["dashes"]))


def main(argv=None):
    """Runs the command line; returns the exit code."""
    arguments = family.parser("trade_off.py", __doc__, "market_entry").parse_args(argv)
    try:
        style.check_target(arguments.output)
        results = moatfile.read(arguments.file, NEEDS, "market_entry", [*moatfile.GRID["market_entry"], "tau_I"])
        if arguments.over not in (None, "tau_I"):
            raise Refused(f"--over: found {arguments.over}; expected tau_I: each tau_I gives a curve")
        curves = family.Family(results, "tau_E", "tau_I", arguments.slice)
        for axis in curves.assumed:
            if axis != "N_I":
                values = results.axes[axis]
                print(f"trade_off.py: {axis} is held at {values[0]:.6g}, the first of its {values.size} values; "
                      f"--slice {axis}=VALUE chooses another", file=sys.stderr)
        style.save(draw(curves), arguments.output, results, results.title)
    except Refused as refusal:
        print(f"trade_off.py: {refusal}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
