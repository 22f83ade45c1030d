#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the regulator's trade-off: how easy entry is, N_E*/N_I, against the safety of the model that users then get.

That is the newcomer's at N_E*: its safety loss is shown relative to the incumbent's. Each tau_I gives a curve, along which the
newcomer's threshold tau_E is relaxed from tau_I on, until it no longer binds. A panel shows one N_I.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

import curves as families
import family
import labels
import moatfile
import output
import style
import wording
from moatfile import Refused
from scales import log_ticks
from sheet import Sheet

PROGRAM = output.name("trade_off.py")  # in messages
NEEDS = ["N_E_star", "status", "entrant_loss_safety", "incumbent_loss_safety"]
STEP = 1.1  # the safety ratio at which the title reads the curves
PANELS = 2  # values of N_I shown, at most
PANEL, GUTTER = 3.3, 0.18  # inches
SUBTITLE = ("Data with which the newcomer wins the users, per incumbent's data, $N_E^*/N_I$, against the safety loss that users then get, "
            "per incumbent's safety loss")
ALONG = ("Along a curve the newcomer's rule is relaxed from the incumbent's (star: the same rule for both) until it no longer matters "
         "(marker).")


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


def title(curves):
    """What the figure shows, with its numbers."""
    found = [1 / entry for curve in curves if np.isfinite(entry := curve.at(STEP))]
    if not found:
        return "Entry against the safety of the model that users then get"
    return f"Newcomers with {100 * (STEP - 1):.0f} % more safety loss can enter with {wording.spans(found, wording.factor)} times less data"


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
    texts = (title(drawn), SUBTITLE, [ALONG, [*wording.parameters(results, held), *wording.pending(results.variables["status"][1])],
                                      wording.glossary(results)])
    with plt.rc_context(Sheet(chosen.width).parameters):
        return _draw(results, Sheet(chosen.width), shown, panels, drawn, texts)


def _draw(results, sheet, shown, panels, drawn, texts):
    names = [wording.value(results, "tau_I", curve.tau_I) for curve in panels[-1]]
    right, broken = sheet.margin(names)
    below = ["newcomer's safety loss / incumbent's"] * shown.size
    columns = shown.size if sheet.columns > 1 else 1  # in one column the panels stand one above the other
    rows = [(max(sheet.tall(PANEL), sheet.names_height(broken) if columns == 1 else 0), 0.32 * sheet.letter)] * (shown.size // columns)
    grid = sheet.lay_out(texts, rows, right, columns, below=below[:columns], gutter=GUTTER)
    for k, panel in enumerate(axes for row in grid for axes in row):
        _draw_panel(panel, panels[k], drawn)
        panel.set_title(labels.equation(results, "N_I", results.axes["N_I"][shown[k]]), fontsize=sheet.small, pad=4)
        panel.tick_params(axis="y", which="both", labelleft=panel in [row[0] for row in grid])
        if panel in [row[0] for row in grid]:
            sheet.label_y(panel, r"newcomer's data over the incumbent's  $N_E^* / N_I$")
        if panel in [row[-1] for row in grid]:
            ends = [(curve.safety[-1], curve.entry[-1]) if curve.safety.size > 1 else (1.0, np.nan) for curve in panels[k]]
            sheet.name_curves(panel, [(*at, name, families.look(order)) for order, (at, name) in enumerate(zip(ends, broken))
                                      if np.isfinite(at[1])])
    _draw_arrow(sheet, grid[0][0])
    return sheet.figure


def _draw_arrow(sheet, axes):
    axes.annotate("better: safer,\neasier to enter", (0.03, 0.03), xytext=(0.2, 0.14), xycoords="axes fraction", textcoords="axes fraction",
                  fontsize=sheet.small, ha="left", va="center", color="#333333",
                  arrowprops={"arrowstyle": "-|>", "color": "#333333", "linewidth": 1.4, "relpos": (0, 0.3)})


def _draw_panel(axes, curves, drawn):
    far = max(curve.safety.max() for curve in drawn)
    low = min(curve.entry.min() for curve in drawn) ** 1.3 / 3  # the arrow stands below the curves
    axes.set(yscale="log", xlim=(1 - 0.06 * (far - 1), 1 + 1.06 * (far - 1)), ylim=(low, 3))
    log_ticks(axes.yaxis, low, 3)
    for order, curve in enumerate(curves):
        look = style.look(families.look(order))
        if curve.safety.size > 1:
            axes.plot(curve.safety, curve.entry, zorder=3 + order, markevery=[curve.safety.size - 1], **look)
    axes.plot([1], [1], marker="*", markersize=12, color="black", zorder=12)
    axes.axvline(STEP, zorder=1, color=style.REFERENCE["color"], linewidth=1, linestyle=(0, style.REFERENCE["dashes"]))


def main(argv=None):
    """Runs the command line; returns the exit code."""
    arguments = family.parser(PROGRAM, __doc__, "market_entry").parse_args(argv)
    try:
        style.check_target(arguments.output)
        results = moatfile.read(arguments.file, NEEDS, "market_entry", [*moatfile.GRID["market_entry"], "tau_I"])
        if arguments.over not in (None, "tau_I"):
            raise Refused(f"--over: found {arguments.over}; expected tau_I: each tau_I gives a curve")
        curves = family.Family(results, "tau_E", "tau_I", arguments.slice)
        curves.width = arguments.width
        for axis in curves.assumed:
            if axis != "N_I":
                values = results.axes[axis]
                print(f"{PROGRAM}: {axis} is held at {values[0]:.6g}, the first of its {values.size} values; "
                      f"--slice {axis}=VALUE chooses another", file=sys.stderr)
        style.save(draw(curves), arguments.output, results, results.title)
    except Refused as refusal:
        print(f"{PROGRAM}: {refusal}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
