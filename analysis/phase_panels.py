# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the panels of the phase diagram: a quantity as curves, as a field or as regimes, and the local exponent."""

import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator, MultipleLocator

import phase_field
import style
import theory
from hatching import hatch
from phase_page import COMPANION, ENTRANT_EQUALS, LEFT, ROW, Page, log_ticks, quantity_label

LOG = ("ratio", "N_E_star")
OUTSIDE = 0.02  # fraction of an exponent's values, at either end, that may lie outside its panel


def draw(diagram):
    """The figure of a phase_diagram.Diagram."""
    with plt.rc_context(style.PARAMETERS):
        page = Page(diagram)
        if diagram.is_field:
            phase_field.draw(page, quantity_label(diagram.results, diagram.quantity), diagram.quantity in LOG)
        elif diagram.quantity == "regime":
            phase_field.draw_bands(page)
        else:
            _draw_curves(page)
        if page.companion:
            x, exponents = diagram.local_exponents()
            _draw_exponents(page, page.companion, f"elasticity_{diagram.plane.x}", x, exponents)
        page.finish()
    return page.figure


def _draw_curves(page):
    diagram, axes = page.diagram, page.main
    if diagram.quantity in LOG:
        names = _draw_thresholds(page)
    else:
        names = _draw_exponents(page, axes, diagram.quantity, diagram.plane.x_values, diagram.values)
    low, high = axes.get_ylim()
    for column, curve in page.curves.items():
        end = diagram.values[-1, column]
        inside = np.isfinite(end) and low <= end <= high
        names.append((_height(page, axes, end) if inside else None, diagram.label(column), curve, True))
    page.margin(page.main_bottom, page.main_bottom + page.main_height, names)
    if page.strip:
        _draw_strip(page)


def _draw_thresholds(page):
    """Draws the curves of N_E* or N_E*/N_I. Returns Page.margin's entries for the line N_E* = N_I: one, or none."""
    diagram, axes = page.diagram, page.main
    x, reference = diagram.plane.x_values, diagram.reference()
    if reference is not None:
        reference = reference[:, 0] if (reference == reference[:, :1]).all() else None  # one line for all curves
    known = diagram.values[np.isfinite(diagram.values)]
    known = known if reference is None else np.append(known, reference)
    axes.set_yscale("log")
    low, high = _limits(known) if known.size else (0.1, 10.0)
    axes.set_ylim(low, high)
    log_ticks(axes.yaxis, low, high)
    axes.set_ylabel(quantity_label(diagram.results, diagram.quantity))
    for order, (column, curve) in enumerate(page.curves.items()):
        values = diagram.values[:, column]
        axes.plot(x, values, markevery=style.markers(values.size, order, len(page.curves)), zorder=3,
                  **style.look(curve))
        if diagram.limit is not None and np.isfinite(diagram.limit[-1, column]):
            axes.plot(x, diagram.limit[:, column], color=curve["color"], linewidth=0.8, linestyle=(0, (5, 3)), zorder=2)
    if reference is None:
        return []
    if reference[0] == reference[-1]:
        axes.axhline(reference[0], zorder=1, **_guide(style.REFERENCE))
    else:
        axes.plot(x, reference, zorder=1, **_guide(style.REFERENCE))
    return [(_height(page, axes, reference[-1]), ENTRANT_EQUALS, style.REFERENCE, True)]


def _guide(curve):
    return {"linewidth": 1.0, "color": curve["color"], "linestyle": (0, style.REFERENCE["dashes"])}


def _height(page, axes, value):
    """Height of `value` on the vertical axis of `axes`, in inches from the foot of the page."""
    at = page.figure.transFigure.inverted().transform(axes.transData.transform((page.x.values[0], value)))
    return at[1] * page.height


def _limits(values):
    """Limits of a log axis that leave a margin around positive `values`."""
    low, high = np.log(values.min()), np.log(values.max())
    pad = max(0.04 * (high - low), 0.2)
    return math.exp(low - pad), math.exp(high + pad)


def _draw_strip(page):
    """Draws, in a row for each curve, the statuses of points without a threshold."""
    diagram, axes, rows = page.diagram, page.strip, page.diagram.plane.y_values.size
    axes.set_ylim(rows, 0)
    axes.set_yticks([])
    axes.tick_params(which="both", top=False, bottom=False)
    for row in range(1, rows):
        axes.axhline(row, color="black", linewidth=0.5)
    hatch(axes, page.x.edges, np.arange(rows + 1.0), diagram.kinds.T)
    top = axes.get_position().y1 * page.height
    for row, curve in enumerate(page.curves.values()):
        page.line([LEFT - 0.4, LEFT - 0.23, LEFT - 0.06], [top - (row + 0.5) * ROW] * 3, markevery=[1],
                  **style.look(curve))


def _draw_exponents(page, axes, name, x, values):
    """Draws the exponent `name` of every curve, and theory's values as horizontal lines.

    Returns Page.margin's entries for the lines. The companion's margin has no others, so they are written at once.
    """
    shown = values[:, page.columns]
    low, high = _exponent_limits(shown[np.isfinite(shown)], name)
    axes.set_ylim(low, high)
    by_quarters = MultipleLocator(0.25 if high - low < 1.5 else 0.5)
    axes.yaxis.set_major_locator(by_quarters if name == "elasticity_N_I" else MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.set_ylabel(quantity_label(page.diagram.results, name))
    for order, (column, curve) in enumerate(page.curves.items()):
        axes.plot(x, values[:, column], markevery=style.markers(x.size, order, len(page.curves)), zorder=3,
                  **style.look(curve))
    names = []
    for value, text, curve in _guides(page, name):
        if low <= value <= high:
            axes.axhline(value, zorder=1, **_guide(curve))
            names.append((_height(page, axes, value), text, curve, False))
    if axes is page.companion:
        bottom = axes.get_position().y0 * page.height
        page.margin(bottom, bottom + COMPANION, names)
    return names


def _exponent_limits(values, name):
    """Limits of an axis that shows the exponent `name`. Zero lies inside; the outermost values may lie outside."""
    if name == "elasticity_N_I":
        return (max(min(-0.12, values.min(initial=0) - 0.05), -0.95),
                min(max(1.12, values.max(initial=0) + 0.05), 2.4))
    low, high = np.quantile(values, [OUTSIDE, 1 - OUTSIDE]) if values.size else (0.0, 1.0)
    low, high = min(low, 0.0), max(high, 0.0)
    pad = 0.08 * (high - low) or 0.5
    return low - pad, high + pad


def _guides(page, name):
    """Theory's values of the exponent `name`, ascending: (value, text, look of its curve). If y is nu, each nu has its
    own; zero is always among them."""
    diagram, guides = page.diagram, {0.0: ("0", style.REFERENCE)}
    by_nu = diagram.plane.y == "nu"
    for column, curve in page.curves.items() if by_nu else [(None, style.REFERENCE)]:
        for regime, value in (diagram.theory(name, column) or {}).items():
            symbol = theory.SYMBOLS[name][regime]
            constant = symbol in ("0", "1")
            text = symbol if constant else f"${symbol}$ = {value:.3g}"
            guides.setdefault(value, (text, style.REFERENCE if constant else curve))
    return [(value, *guides[value]) for value in sorted(guides)]
