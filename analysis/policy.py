#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws how tightening the incumbent's safety threshold tau_I helps entrants: N_E* against tau_I, for several tau_E.

A strip says why there is no threshold where there is none. The lower panel shows the elasticity: by how many per cent N_E* falls
if tau_I is lowered by one per cent.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

import curves as families
import hatching
import labels
import naming
import output
import regions
import style
import wording
from family import command
from moatfile import Refused
from phase_page import axis_label
from scales import log_limits, log_ticks, zeroed
from sheet import Sheet

PROGRAM = output.name("policy.py")  # in messages
NEEDS = ["N_E_star", "status", "elasticity_tau_I", "L_star"]
MAIN, LOWER, GAP, ROW = 3.5, 1.9, 0.08, 0.26  # inches
SUBTITLE = (r"Least data with which the newcomer wins the users, $N_E^*$ (data points), against the safety loss that the incumbent is "
            r"allowed; below it, by how many per cent $N_E^*$ rises if that rises by one")


class Curve:
    """The curve of one member of a family: its label, and along tau_I the thresholds, their elasticities and the statuses."""

    def __init__(self, results, label, at):
        self.label = label
        self.y, self.slope, self.status = (results.take(name, ("tau_I",), at) for name in ("N_E_star", "elasticity_tau_I", "status"))
        self.slope = zeroed(self.slope)


def finding(tau_I, curves, unit):
    """The title: by what factor N_E* falls between two values of tau_I at which all curves have thresholds."""
    known = np.flatnonzero(np.all([np.isfinite(curve.y) for curve in curves], axis=0))
    if known.size < 3:
        return "A stricter rule for the incumbent makes entry easier"
    low, high = known[0], known[int(0.75 * (known.size - 1))]
    factors = [curve.y[high] / curve.y[low] for curve in curves]
    if max(factors) < 1.05:
        return "The incumbent's rule makes no difference to the newcomer"
    ends = f"{labels.number(tau_I[high], 3)} to {labels.number(tau_I[low], 3)}{unit}"
    return (f"Tightening the incumbent's rule from {ends} cuts the data a newcomer needs by a factor of "
            f"{wording.spans(factors, wording.factor)}")


def draw(family):
    """The figure of a family of curves along tau_I."""
    results, tau_I = family.results, family.results.axes["tau_I"]
    if tau_I.size < 2:
        raise Refused(f"{results.path}: tau_I has one value, {tau_I[0]:.6g}; expected an axis grid.tau_I with several, as in "
                      "jobs/policy.yaml")
    curves = [Curve(results, label, at) for label, at in family.members()]
    if not any(np.isfinite(curve.y).any() for curve in curves):
        raise Refused(f"{results.path}: no curve along tau_I has a threshold, as it takes to draw one; phase_diagram.py shows why")
    groups = families.merged([([curve.y for curve in curves], True), ([curve.slope for curve in curves], True)])
    names = families.names(groups, [curve.label for curve in curves])
    drawn = [curves[group[0]] for group in groups]
    unit = rf" ${labels.tex('L_star')}$" if labels.in_l_star(results, "tau_I") else ""
    status = np.concatenate([curve.status for curve in curves])
    texts = (finding(tau_I, drawn, unit), SUBTITLE, [family.caption(*wording.pending(status)), wording.glossary(results)])
    with plt.rc_context(Sheet(family.width).parameters):
        return naming.twice(lambda legend: _draw(results, family.width, drawn, names, texts, legend))


def _draw(results, width, curves, names, texts, legend):
    sheet, tau_I = Sheet(width), results.axes["tau_I"]
    right, broken = sheet.margin(names)
    rows = [(max(sheet.tall(MAIN), sheet.names_height(broken)), 0), (ROW * sheet.letter * len(curves), GAP), (sheet.tall(LOWER), GAP)]
    main, strip, lower = (row[0] for row in sheet.lay_out(texts, rows, right, legend=legend,
                                                          below=[axis_label(results, "tau_I")]))
    edges = hatching.cell_edges(tau_I, False)
    for axes in (main, strip, lower):
        axes.set_xlim(edges[0], edges[-1])
    known = np.concatenate([curve.y[np.isfinite(curve.y)] for curve in curves])
    limits = log_limits(known)
    main.set(yscale="log", ylim=limits)
    log_ticks(main.yaxis, *limits)
    slopes = np.concatenate([curve.slope[np.isfinite(curve.slope) & (curve.slope > 0)] for curve in curves])
    if slopes.size:
        lower.set(yscale="log", ylim=log_limits(slopes))
        log_ticks(lower.yaxis, *log_limits(slopes))
    entries = []
    for order, (curve, name) in enumerate(zip(curves, broken)):
        look, where = style.look(families.look(order)), style.markers(tau_I.size, order, len(curves))
        main.plot(tau_I, curve.y, markevery=where, zorder=3 + order, **look)
        lower.plot(tau_I, curve.slope, markevery=where, zorder=3 + order, **look)
        entries.append((*families.end(tau_I, curve.y), name, families.look(order)))
    sheet.label_y(main, r"newcomer's least data  $N_E^*$  (data points)")
    sheet.label_y(lower, labels.formula(labels.derivative(results, "elasticity_tau_I")))
    sheet.name_curves(main, entries)
    return sheet.figure, _draw_strip(sheet, strip, edges, tau_I, curves)


def _draw_strip(sheet, axes, edges, tau_I, curves):
    """Draws why there is no threshold; returns handles of the reasons that have no room for their names."""
    axes.set(ylim=(len(curves), 0), yticks=[])
    axes.tick_params(axis="x", which="both", top=False, bottom=False)
    shorts = {kind: (region.name, region.ink, region.colour) for kind, region in regions.STATUSES.items()}
    named, left = set(), sheet.box(axes)[0]
    for row, curve in enumerate(curves):
        hatching.hatch(axes, edges, [row, row + 1], curve.status[None, :])
        axes.axhline(row, color="black", linewidth=0.6, zorder=3)
        named |= naming.name_runs(sheet, axes, edges, row + 1, row, curve.status, shorts)
        middle = sheet.place(axes, tau_I[0], row + 0.5)[1]
        sheet.draw_line([left - 0.4, left - 0.23, left - 0.06], [middle] * 3, markevery=[1], **style.look(families.look(row)))
    shown = hatching.shown(np.concatenate([curve.status for curve in curves]))
    return hatching.legend_handles([kind for kind in shown if kind not in named], {})


def main(argv=None):
    """Runs the command line; returns the exit code."""
    return command(argv, PROGRAM, __doc__, "market_entry", [*NEEDS, "tau_I_absolute"], lambda results: "tau_I", draw,
                   axes=["tau_I"])


if __name__ == "__main__":
    sys.exit(main())
