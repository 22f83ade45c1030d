# SPDX-License-Identifier: GPL-3.0-or-later
"""The panels of the phase diagram: N_E*/N_I as curves or as a field, and the local exponent."""

import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.ticker import MultipleLocator

import contours
import style
from hatching import cell_edges, hatch, is_log_spaced
from phase_page import COMPANION, ENTRANT_EQUALS, LEFT, MAIN, ROW, LINE, Page, log_ticks

AXIS_LABELS = {
    "tau_E": r"entrant's safety threshold  $\tau_E$",
    "Q": r"misalignment of safety and performance  $Q$",
    "nu": r"data efficiency  $\nu$",
}
RATIO = r"entry threshold per incumbent's data  $N_E^*/N_I$"


def draw(diagram, middles, exponents):
    """The figure of a phase_diagram.Diagram, given its local exponents at the `middles` of the steps of N_I."""
    with plt.rc_context(style.PARAMETERS):
        page = Page(diagram)
        if diagram.is_field:
            _draw_field(page)
        else:
            _draw_curves(page)
        _draw_exponents(page, middles, exponents)
        page.finish()
    return page.figure


def _draw_curves(page):
    diagram, axes = page.diagram, page.main
    ratio = diagram.ratio()
    axes.set_yscale("log")
    low, high = _limits(np.append(ratio[np.isfinite(ratio)], 1.0))
    axes.set_ylim(low, high)
    log_ticks(axes.yaxis, low, high)
    axes.set_ylabel(RATIO)
    _guide(axes, 1.0, style.REFERENCE)

    def height(value):
        return page.main_bottom + MAIN * math.log(value / low) / math.log(high / low)

    names = [(height(1.0), ENTRANT_EQUALS, style.REFERENCE, True)]
    for order, (column, curve) in enumerate(page.curves.items()):
        values = ratio[:, column]
        axes.plot(diagram.n_incumbent, values, markevery=style.markers(values.size, order, len(page.curves)), zorder=3,
                  **style.look(curve))
        if diagram.limit is not None and np.isfinite(diagram.limit[column]):
            axes.plot(diagram.n_incumbent, diagram.limit[column] / diagram.n_incumbent, color=curve["color"],
                      linewidth=0.8, linestyle=(0, (5, 3)), zorder=2)
        end = values[-1]
        names.append((height(end) if np.isfinite(end) else None, diagram.label(column), curve, True))
    page.margin(page.main_bottom, page.main_bottom + MAIN, names)
    if page.strip:
        _draw_strip(page)


def _guide(axes, value, curve):
    axes.axhline(value, linewidth=1.0, color=curve["color"], linestyle=(0, style.REFERENCE["dashes"]), zorder=1)


def _limits(values):
    """Limits of a log axis that leave a margin around positive `values`."""
    low, high = np.log(values.min()), np.log(values.max())
    pad = max(0.04 * (high - low), 0.2)
    return math.exp(low - pad), math.exp(high + pad)


def _draw_strip(page):
    """What is not solved, a row for each curve."""
    diagram, axes, rows = page.diagram, page.strip, page.diagram.values.size
    axes.set_ylim(rows, 0)
    axes.set_yticks([])
    axes.tick_params(which="both", top=False, bottom=False)
    for row in range(1, rows):
        axes.axhline(row, color="black", linewidth=0.5)
    hatch(axes, cell_edges(diagram.n_incumbent, log=True), np.arange(rows + 1.0), diagram.status.T)
    top = axes.get_position().y1 * page.height
    for row, curve in enumerate(page.curves.values()):
        page.line([LEFT - 0.4, LEFT - 0.23, LEFT - 0.06], [top - (row + 0.5) * ROW] * 3, markevery=[1],
                  **style.look(curve))


def _draw_field(page):
    diagram, axes = page.diagram, page.main
    values, ratio = diagram.values[page.finite], diagram.ratio().T
    log = is_log_spaced(values)
    x_edges, y_edges = cell_edges(diagram.n_incumbent, log=True), cell_edges(values, log)
    axes.set_yscale("log" if log else "linear")
    axes.set_ylim(y_edges[0], y_edges[-1])
    unit = r" / $L^*$" if diagram.second == "tau_E" and diagram.in_l_star else ""
    axes.set_ylabel(AXIS_LABELS[diagram.second] + unit)
    if log:
        log_ticks(axes.yaxis, y_edges[0], y_edges[-1])

    hatch(axes, x_edges, y_edges, diagram.status.T[page.finite])
    norm, extend = _norm(ratio)
    look = {"norm": norm, "cmap": style.FIELD_MAP, "rasterized": True, "zorder": 1}
    if norm:
        image = axes.pcolormesh(x_edges, y_edges, np.ma.masked_invalid(ratio[page.finite]), **look)
        _draw_contours(axes, diagram.n_incumbent, values, ratio[page.finite], norm)
        _draw_scale(page, image, extend)
    if page.infinity:
        page.infinity.set_ylim(0, 1)
        page.infinity.set_yticks([0.5], [style.number(math.inf)], fontsize=style.SIZE + 3)
        page.infinity.tick_params(axis="y", length=0)
        if norm:
            page.infinity.pcolormesh(x_edges, [0, 1], np.ma.masked_invalid(ratio[~page.finite]), **look)
        hatch(page.infinity, x_edges, [0, 1], diagram.status.T[~page.finite])
    _name_rows(page)


def _norm(ratio):
    """Colour scale of the ratios, and at which ends it leaves out the outermost half per cent."""
    known = np.sort(ratio[np.isfinite(ratio)])
    if known.size == 0:
        return None, "neither"
    low, high = known[int(0.005 * (known.size - 1))], known[math.ceil(0.995 * (known.size - 1))]
    if low == high:
        return LogNorm(low / 2, high * 2), "neither"
    below, above = known[0] < low, known[-1] > high
    return LogNorm(low, high), ("both" if above else "min") if below else ("max" if above else "neither")


def _draw_contours(axes, n_incumbent, values, ratio, norm):
    """Labelled contours at powers of ten, and N_E* = N_I as a heavier one."""
    low, high = math.log10(norm.vmin), math.log10(norm.vmax)
    step = max(1, math.ceil((high - low) / 8))
    powers = [power for power in range(math.ceil(low), math.floor(high) + 1) if power % step == 0 and power != 0]
    # At tau_E = tau_I the ratio is 1 to rounding: a level just below follows the row instead of the rounding.
    levels = [(-1e-6, ENTRANT_EQUALS, 1.9)] + [(power, f"$10^{{{power}}}$", 0.8) for power in powers]
    contours.draw(axes, n_incumbent, values, np.log10(ratio), levels)


def _draw_scale(page, image, extend):
    axes = page.panel(page.top + 0.12, 0.15)
    bar = page.figure.colorbar(image, cax=axes, orientation="horizontal", extend=extend)
    axes.xaxis.set_ticks_position("top")
    axes.xaxis.set_label_position("top")
    log_ticks(axes.xaxis, image.norm.vmin, image.norm.vmax)
    bar.set_label(RATIO, labelpad=7)


def _name_rows(page):
    """In the right margin, the rows whose local exponent is drawn."""
    names = []
    for column, curve in page.curves.items():
        value, height = page.diagram.values[column], page.top - ROW / 2
        if math.isfinite(value):
            place = page.main.transAxes.inverted().transform(page.main.transData.transform((1.0, value)))
            height = page.main_bottom + MAIN * place[1]
        names.append((height, page.diagram.label(column), curve, True))
    page.margin(page.main_bottom, page.top + LINE / 4, names)


def _draw_exponents(page, middles, exponents):
    """The local exponent of every curve, and the exponents of theory (DESIGN.md section 3, result 1)."""
    diagram, axes = page.diagram, page.companion
    shown = exponents[:, page.columns]
    shown = shown[np.isfinite(shown)]
    low = max(min(-0.12, shown.min(initial=0) - 0.05), -0.95)
    high = min(max(1.12, shown.max(initial=0) + 0.05), 2.4)
    axes.set_ylim(low, high)
    axes.yaxis.set_major_locator(MultipleLocator(0.25 if high - low < 1.5 else 0.5))
    axes.set_ylabel(r"$\mathrm{d}\,\ln N_E^*\,/\,\mathrm{d}\,\ln N_I$")
    for order, (column, curve) in enumerate(page.curves.items()):
        axes.plot(middles, exponents[:, column], markevery=style.markers(middles.size, order, len(page.curves)),
                  zorder=3, **style.look(curve))

    guides = [(1.0, "1", style.REFERENCE), (0.0, "0", style.REFERENCE)]
    for column, curve in page.curves.items() if diagram.second == "nu" else [(0, style.REFERENCE)]:
        exponent = 1 / (diagram.nu(column) + 1)
        guides.append((exponent, rf"$1/(\nu+1)$ = {exponent:.3g}", curve))
    bottom = axes.get_position().y0 * page.height
    names = []
    for exponent, name, curve in guides:
        _guide(axes, exponent, curve)
        names.append((bottom + COMPANION * (exponent - low) / (high - low), name, curve, False))
    page.margin(bottom, bottom + COMPANION, names)
