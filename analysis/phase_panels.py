# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the phase diagram: as a field, or if y has few values as curves or as bands of regimes, with a strip of the points that
have no threshold."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator, MultipleLocator

import curves
import hatching
import naming
import phase_field
import phase_page
import regimes
import regions
import style
import theory
from phase_page import ENTRANT_EQUALS, Cells, quantity_label
from room import Room
from scales import log_limits, log_ticks
from sheet import WIDE, Sheet

MAIN, ROW, BAND, GAP = 3.9, 0.26, 0.46, 0.08  # inches
LOG = ("ratio", "N_E_star")
OUTSIDE = 0.02  # fraction of an exponent's values, at either end, that may lie outside its panel


def draw(diagram, width=WIDE):
    """The figure of a phase_diagram.Diagram."""
    with plt.rc_context(Sheet(width).parameters):
        if diagram.is_field:
            return phase_field.draw(diagram, width)
        return naming.twice(lambda legend: _draw(diagram, width, legend))


def _draw(diagram, width, legend):
    """Draws curves or bands with the handles `legend`; returns (figure, handles of what has no name on it)."""
    sheet, values, columns = Sheet(width), diagram.values, diagram.columns()
    is_regimes = diagram.quantity == "regime"
    log = diagram.quantity in LOG
    groups = [[k] for k in range(len(columns))] if is_regimes else curves.merged([([values[:, k] for k in columns], log)])
    names = curves.names(groups, [diagram.label(k) for k in columns])
    right, broken = sheet.margin(names)
    kinds = [diagram.kinds[:, columns[group[0]]] for group in groups]
    has_strip = is_regimes or any(hatching.shown(each) for each in kinds)
    if not is_regimes and all((each == kinds[0]).all() for each in kinds):
        kinds = kinds[:1]  # one row for all curves
    band = BAND if is_regimes else ROW
    tall = max(band * sheet.letter, max(map(sheet.names_height, [[each] for each in broken])) if is_regimes else 0)
    rows = [] if is_regimes else [(max(sheet.tall(MAIN), sheet.names_height(broken)), 0)]
    rows += [(tall * len(kinds), GAP if rows else 0)] if has_strip else []
    x = Cells(diagram, diagram.plane.x, diagram.plane.x_values)
    panels = [row[0] for row in sheet.lay_out(phase_page.texts(diagram), rows, right, legend=legend, below=[x.label])]
    for axes in panels:
        x.scale(axes, "x")
    if not is_regimes:
        _draw_curves(diagram, sheet, panels[0], groups, columns, broken)
    return sheet.figure, _draw_strip(diagram, sheet, panels[-1], x, kinds, broken if is_regimes else ()) if has_strip else []


def _draw_curves(diagram, sheet, axes, groups, columns, broken):
    x, entries, drawn = diagram.plane.x_values, [], []
    limits = _scale(diagram, sheet, axes, columns)
    for order, (group, name) in enumerate(zip(groups, broken)):
        curve, y = curves.look(order), diagram.values[:, columns[group[0]]]
        axes.plot(x, y, markevery=style.markers(x.size, order, len(groups)), zorder=3, **style.look(curve))
        if diagram.limit is not None and np.isfinite(diagram.limit[-1, columns[group[0]]]):
            axes.plot(x, diagram.limit[:, columns[group[0]]], color=curve["color"], linewidth=0.8, linestyle=(0, (5, 3)), zorder=2)
        entries.append((*curves.end(x, y, limits), name, curve))
        drawn.append((x, y))
    sheet.name_curves(axes, entries)
    room = Room(sheet, axes, drawn)
    reference = diagram.reference()
    if reference is not None and (reference == reference[:, :1]).all():
        line = reference[:, 0]
        axes.plot(x, line, zorder=1, **_guide(style.REFERENCE))
        if line[0] == line[-1]:
            room.name_level(line[0], ENTRANT_EQUALS)
        else:
            where = [(a, b + 0.02) for a, b in sheet.place_all(axes, x, line)]
            room.name_point(where[len(where) // 20:-1:max(1, len(where) // 40)], ENTRANT_EQUALS)
    elif diagram.quantity not in LOG:
        for value, text, color in _guides(diagram, columns):
            if limits[0] <= value <= limits[1]:
                axes.axhline(value, zorder=1, **_guide({"color": color}))
                room.name_level(value, text, color)


def _scale(diagram, sheet, axes, columns):
    """Sets the scale of the vertical axis; returns its limits."""
    values, reference = diagram.values[:, columns], diagram.reference()
    known = values[np.isfinite(values)]
    sheet.label_y(axes, quantity_label(diagram.results, diagram.quantity))
    if diagram.quantity in LOG:
        if reference is not None and (reference == reference[:, :1]).all():
            known = np.append(known, reference[:, 0])
        axes.set_yscale("log")
        limits = log_limits(known) if known.size else (0.1, 10.0)
        axes.set_ylim(*limits)
        log_ticks(axes.yaxis, *limits)
        return limits
    low, high = limits = _exponent_limits(known, diagram.quantity)
    axes.set_ylim(low, high)
    by_quarters = MultipleLocator(0.25 if high - low < 1.5 else 0.5)
    axes.yaxis.set_major_locator(by_quarters if diagram.quantity == "elasticity_N_I" else MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    return limits


def _guide(curve):
    return {"linewidth": 1.0, "color": curve["color"], "linestyle": (0, style.REFERENCE["dashes"])}


def _exponent_limits(values, name):
    """Limits of an axis that shows the exponent `name`. Zero lies inside; the outermost values may lie outside."""
    if name == "elasticity_N_I":
        return (max(min(-0.12, values.min(initial=0) - 0.05), -0.95),
                min(max(1.12, values.max(initial=0) + 0.05), 2.4))
    low, high = np.quantile(values, [OUTSIDE, 1 - OUTSIDE]) if values.size else (0.0, 1.0)
    low, high = min(low, 0.0), max(high, 0.0)
    pad = 0.08 * (high - low) or 0.5
    return low - pad, high + pad


def _guides(diagram, columns):
    """Theory's values of the exponent, ascending: (value, text, colour). If y is nu, each nu has its own; zero is always among
    them."""
    guides = {0.0: ("0", style.REFERENCE["color"])}
    by_nu = diagram.plane.y == "nu"
    for order, column in enumerate(columns) if by_nu else [(None, None)]:
        for regime, value in (diagram.theory(diagram.quantity, column) or {}).items():
            symbol = theory.SYMBOLS[diagram.quantity][regime]
            constant = symbol in ("0", "1")
            text = symbol if constant else f"${symbol}$ = {value:.3g}"
            guides.setdefault(value, (text, style.REFERENCE["color"] if constant or order is None else curves.look(order)["color"]))
    return [(value, *guides[value]) for value in sorted(guides)]


def _draw_strip(diagram, sheet, axes, x, kinds, broken):
    """Draws a row for each curve: the points without a threshold, or all regimes if there are names `broken`, those of the rows.
    Returns handles of what has no room for its name."""
    rows = len(kinds)
    axes.set_ylim(rows, 0)
    axes.set_yticks([])
    axes.tick_params(axis="x", which="both", top=bool(broken))
    governing = regimes.governing(diagram.n_incumbent)
    texts = regimes.names(governing, diagram.theory(governing))
    shorts = {kind: (region.name, region.ink, region.colour) for kind, region in regions.STATUSES.items()}
    symbols = regimes.region_labels(governing)
    shorts |= {kind: (symbols.get(kind, regimes.words(regimes.WORDS[kind])), regimes.INKS[kind], hatching.colour(kind)) for kind in texts}
    hatching.hatch(axes, x.edges, np.arange(rows + 1.0), np.array(kinds))
    left, _, right, _ = sheet.box(axes)
    named = set()
    for row, each in enumerate(kinds):
        axes.axhline(row, color="black", linewidth=0.6, zorder=3)
        middle = sheet.place(axes, x.values[0], row + 0.5)[1]
        named |= naming.name_runs(sheet, axes, x.edges, row + 1, row, each, shorts)
        if not broken and rows > 1:
            sheet.draw_line([left - 0.4, left - 0.23, left - 0.06], [middle] * 3, markevery=[1], **style.look(curves.look(row)))
    sheet.name_curves(axes, [(x.edges[-1], row + 0.5, text, curves.look(row)) for row, text in enumerate(broken)])
    shown = hatching.shown(np.array(kinds))
    return hatching.legend_handles([kind for kind in shown if kind in texts or kind not in named], texts)
