# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the panels of the validation: N_E* against N_I above, its relative difference from theory against N_E* below that, and
at the bottom what explains the difference."""

import math

import matplotlib.pyplot as plt
import numpy as np

import curves
import finite_n
import label_noise
import style
import wording
from room import Room
from scales import log_ticks
from sheet import WIDE, Sheet

UPPER, LOWER, BETWEEN, GUTTER = 3.0, 2.4, 0.72, 0.14  # heights of the panels, and the gaps between rows and columns
THEORY = "$N_E^*$  (theory)"
SUBTITLE = ("Newcomer's least data $N_E^*$ (data points) from sampled data against the incumbent's data $N_I$, and below by how much it "
            "differs from theory (%)")
BARS = 30  # error bars drawn on a curve, at most
EFFECTS = {  # kind -> (name, look) of what explains the difference
    label_noise.NOISE: ("label noise as measured", {"color": "#000000", "dashes": (), "marker": None}),
    label_noise.FIRST_ORDER: ("label noise to first order", {"color": "#882255", "dashes": (5, 2), "marker": None}),
    label_noise.LEARNT: ("learnt part as measured", {"color": "#999999", "dashes": (), "marker": None}),
}


def draw(validation, width=WIDE):
    """The figure of a validation.Validation. One column of a journal has room for one nu, the first; the caption says so."""
    sheet, results, caption = Sheet(width), validation.results, validation.caption()
    if sheet.columns == 1 and len(validation.shown["nu"]) > 1:
        first, *others = (validation.equation("nu", nu) for nu in validation.shown["nu"])
        caption.append(f"shown: {first}; the wide figure has {', '.join(others)} too")
        validation.shown["nu"] = validation.shown["nu"][:1]
    paragraphs = [caption, " ".join(each for each in (validation.reasons(), wording.glossary(results)) if each)]
    with plt.rc_context(sheet.parameters):
        names = [wording.value(results, "tau_E", results.axes["tau_E"][tau]) for tau, _ in _curves(validation)]
        right, names = sheet.margin(names)
        heading = sheet.heading
        wider, effects = sheet.margin([name for name, _ in EFFECTS.values()]) if validation.explained else (0.0, [])
        rows = [(max(sheet.tall(UPPER), sheet.names_height(names)), 0.3 * sheet.letter), (sheet.tall(LOWER), BETWEEN * sheet.letter)]
        rows += [(sheet.tall(LOWER), (BETWEEN + 0.3) * sheet.letter)] if validation.explained else []
        columns = len(validation.shown["nu"])
        grid = sheet.lay_out((validation.headline(), SUBTITLE, paragraphs), rows, max(right, wider), columns, (), GUTTER,
                             [THEORY] * columns)
        for row in grid:
            for axes in row:
                axes.tick_params(axis="x", which="both", labelbottom=True)
        ends = _draw_thresholds(validation, sheet, grid[0])
        sheet.heading = heading
        sheet.name_curves(grid[0][-1], [(*end, name, look) for end, name, (_, look) in zip(ends, names, _curves(validation))])
        _draw_differences(validation, sheet, grid[1])
        if validation.explained:
            ends, sheet.heading = _draw_reasons(validation, sheet, grid[2]), ""
            sheet.name_curves(grid[2][-1], [(*end, name, look) for end, name, (_, look) in zip(ends, effects, EFFECTS.values())])
    return sheet.figure


def _curves(validation):
    """(index of tau_E, look) of every curve of a panel."""
    return [(tau, style.CURVES[k]) for k, tau in enumerate(validation.shown["tau_E"])]


def _bars(curve, order):
    """errorbar's arguments for a curve: open markers, smaller for later curves, so that coinciding ones all show."""
    size = {"D": 5.0, "^": 5.5}.get(curve["marker"], 5.5) + (1.5 - order if order < 3 else -1.0)
    return {"fmt": curve["marker"], "color": curve["color"], "markersize": size, "markerfacecolor": "white",
            "markeredgewidth": 1.2, "elinewidth": 1.1, "capsize": 2, "capthick": 1.1, "zorder": 4 + order}


def _line(curve, width):
    return {"color": curve["color"], "linewidth": width, "linestyle": (0, curve["dashes"]) if curve["dashes"] else "-"}


def _thin(chosen):
    """Indices of the `chosen` points that get an error bar."""
    indices = np.flatnonzero(chosen)
    return indices[::max(1, math.ceil(indices.size / BARS))]


def _draw_thresholds(validation, sheet, panels):
    """Draws N_E*; returns where the curves of the last panel end."""
    seen_x, seen_y, drawn = [], [], []
    for axes, nu in zip(panels, validation.shown["nu"]):
        drawn.append([])
        axes.set_xscale("log")
        axes.set_yscale("log")
        for order, (tau, curve) in enumerate(_curves(validation)):
            n_incumbent, n_entrant, stderr, n_theory, drawable = validation.curve(tau, nu)
            theory = np.where(np.isfinite(n_theory) & (n_theory > 0), n_theory, np.nan)
            axes.plot(n_incumbent, theory, zorder=3, **_line(curve, 1.4))
            drawn[-1].append((n_incumbent, theory))
            at = _thin(drawable)
            axes.errorbar(n_incumbent[at], n_entrant[at], stderr[at], **_bars(curve, order))
            seen_x.append(n_incumbent)
            seen_y += [theory[np.isfinite(theory)], n_entrant[drawable]]
        axes.set_title(validation.equation("nu", nu), fontsize=sheet.small, pad=4)
    x_low, x_high = _log_limits(np.concatenate(seen_x), 0.03)
    y_low, y_high = _log_limits(np.concatenate(seen_y), 0.05)
    for axes in panels:
        axes.plot([x_low, x_high], [x_low, x_high], zorder=1, **_reference())
        _frame(axes, (x_low, x_high))
        axes.set_ylim(y_low, y_high)
        log_ticks(axes.yaxis, y_low, y_high)
        axes.tick_params(axis="y", which="both", labelleft=axes is panels[0])
        axes.set_xlabel("$N_I$  (data points)", fontsize=sheet.label_size)
    sheet.label_y(panels[0], "newcomer's least data  $N_E^*$")
    _name_reference(sheet, panels[0], drawn[0], np.geomspace(x_low, x_high, 41))
    return [curves.end(*curve) for curve in drawn[-1]]


def _draw_differences(validation, sheet, panels):
    decay, seen, reached = validation.decay, [], []
    for axes, nu in zip(panels, validation.shown["nu"]):
        axes.set_xscale("log")
        for order, (tau, curve) in enumerate(_curves(validation)):
            points = validation.curve_points(tau, nu)
            if points.size == 0:
                continue
            points = points[_thin(np.ones(points.size, dtype=bool))]
            axes.errorbar(points.n_theory, 100 * points.difference, 100 * points.error, **_bars(curve, order))
            if decay:
                reach = np.geomspace(points.n_theory.min(), points.n_theory.max(), 100)
                effect = finite_n.amplitude(validation.curve_points(tau, nu), decay.power) * reach ** -decay.power
                axes.plot(reach, 100 * effect, zorder=3, **_line(curve, 1.4))
            seen.append(points.n_theory)
            bars = np.minimum(points.error, 2 * np.abs(points.difference).max())  # a huge error bar may leave the panel
            reached += [*(100 * (points.difference - bars)), *(100 * (points.difference + bars))]
    low, high = min(0.0, *reached), max(0.0, *reached)
    limits = _log_limits(np.concatenate(seen), 0.05)
    for axes in panels:
        axes.axhline(0, linewidth=1.0, color="black", zorder=1)
        _frame(axes, limits)
        axes.set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))
        axes.tick_params(axis="y", labelleft=axes is panels[0])
        axes.set_xlabel(THEORY, fontsize=sheet.label_size)
    sheet.label_y(panels[0], r"$N_E^*/N_{E,\mathrm{theory}}^* - 1$  (%)")


def _draw_reasons(validation, sheet, panels):
    """Draws what explains the difference, at the tau_E shown where it is largest; returns where the effects' curves end in the last
    panel."""
    def size(tau):
        return np.mean([abs(each) for nu in validation.shown["nu"] for each in validation.curve_points(tau, nu).difference] or [0])

    (tau, look), reached = max(_curves(validation), key=lambda curve: size(curve[0])), [0.0]
    ends = [(math.nan, math.nan)] * len(EFFECTS)
    for axes, nu in zip(panels, validation.shown["nu"]):
        axes.set_xscale("log")
        points = validation.curve_points(tau, nu)
        if not points.size:
            continue
        at = _thin(np.ones(points.size, dtype=bool))
        axes.errorbar(points.n_theory[at], 100 * points.difference[at], 100 * points.error[at], **_bars(look, 0))
        order, explained = np.argsort(points.n_theory), validation.explained_curve(tau, nu)
        for kind, (_, effect) in EFFECTS.items():
            axes.plot(points.n_theory[order], 100 * explained[kind][order], zorder=5, **_line(effect, 1.8))
            reached += list(100 * explained[kind][np.isfinite(explained[kind])])
        ends = [curves.end(points.n_theory[order], 100 * explained[kind][order]) for kind in EFFECTS]
        _frame(axes, _log_limits(points.n_theory, 0.05))
        reached += [*(100 * (points.difference - points.error)), *(100 * (points.difference + points.error))]
    low, high = min(reached), max(reached)
    for axes in panels:
        axes.axhline(0, linewidth=1.0, color="black", zorder=1)
        axes.set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))
        axes.tick_params(axis="y", labelleft=axes is panels[0])
        axes.set_xlabel(THEORY, fontsize=sheet.label_size)
    who = wording.value(validation.results, "tau_E", validation.results.axes["tau_E"][tau])
    panels[0].set_title(f"{'what explains it' if sheet.columns > 1 else 'why'}: {who}", fontsize=sheet.small, pad=4, loc="left")
    sheet.label_y(panels[0], r"$N_E^*/N_{E,\mathrm{theory}}^* - 1$  (%)")
    return ends


def _name_reference(sheet, axes, drawn, values):
    """Names the line N_E* = N_I, where there is room above it."""
    room = Room(sheet, axes, [*drawn, (values, values)])
    tall = 0.75 * sheet.line
    room.name_point([(x - 0.3, y + tall) for x, y in sheet.place_all(axes, values, values)], "$N_E^* = N_I$")


def _reference():
    return {"color": style.REFERENCE["color"], "linewidth": 1.0, "linestyle": (0, style.REFERENCE["dashes"])}


def _frame(axes, limits):
    axes.set_xlim(*limits)
    log_ticks(axes.xaxis, *limits)


def _log_limits(values, margin):
    """Limits of a log axis that leave a `margin`, as a fraction of the range, around positive `values`."""
    low, high = math.log(values.min()), math.log(values.max())
    pad = max(margin * (high - low), 0.1)
    return math.exp(low - pad), math.exp(high + pad)
