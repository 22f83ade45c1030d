# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the panels of the validation: N_E* against N_I above, its relative difference from theory against N_E* below that, and
at the bottom what explains the difference."""

import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D

import finite_n
import label_noise
import labels
import style
from phase_page import log_ticks

WIDTH, LEFT, RIGHT, TOP = 7.6, 0.85, 0.15, 0.35
UPPER, LOWER, BETWEEN, GUTTER = 3.0, 2.4, 0.62, 0.14  # heights of the panels, and the gaps between rows and columns
LINE, SMALL = 0.23, style.SIZE - 1  # height of a line of the caption, which has tall mathematics; size of small text
BARS = 30  # error bars drawn on a curve, at most
NAMES = 4  # entries in a row of the legend
EFFECTS = {  # kind -> (label, look) of what explains the difference
    label_noise.NOISE: ("label noise as measured", {"color": "black", "linestyle": "-", "linewidth": 1.6}),
    label_noise.FIRST_ORDER: ("label noise to first order", {"color": "black", "linestyle": (0, (5, 2)), "linewidth": 1.6}),
    label_noise.LEARNT: ("learnt part as measured", {"color": "#999999", "linestyle": "-", "linewidth": 2.2}),
}


def draw(validation):
    """The figure of a validation.Validation."""
    caption = style.wrap(validation.caption(), SMALL, WIDTH - 0.3)
    caption += style.wrap(validation.reasons().split(), SMALL, WIDTH - 0.3, " ")
    shown = validation.shown
    with plt.rc_context(style.PARAMETERS):
        legend = 0.13 + LINE * len(caption) + 0.08
        reasons = legend + 0.22 * math.ceil((len(shown["tau_E"]) + 1) / NAMES) + 0.62
        lower = reasons + (LOWER + BETWEEN + 0.3 if validation.explained else 0)
        upper = lower + LOWER + BETWEEN
        height = upper + UPPER + TOP
        figure = plt.figure(figsize=(WIDTH, height))
        columns = len(shown["nu"])
        width = (WIDTH - LEFT - RIGHT - GUTTER * (columns - 1)) / columns
        above, below, bottom = [], [], []
        for column in range(columns):
            left = (LEFT + column * (width + GUTTER)) / WIDTH
            above.append(figure.add_axes([left, upper / height, width / WIDTH, UPPER / height]))
            below.append(figure.add_axes([left, lower / height, width / WIDTH, LOWER / height]))
            if validation.explained:
                bottom.append(figure.add_axes([left, reasons / height, width / WIDTH, LOWER / height]))
        _draw_thresholds(validation, above)
        _draw_differences(validation, below)
        _draw_reasons(validation, bottom)
        _draw_legend(validation, figure, legend / height)
        for k, line in enumerate(reversed(caption)):
            figure.text(0.15 / WIDTH, (0.13 + k * LINE) / height, line, fontsize=SMALL, va="bottom")
    return figure


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


def _draw_thresholds(validation, panels):
    seen_x, seen_y = [], []
    for axes, nu in zip(panels, validation.shown["nu"]):
        axes.set_xscale("log")
        axes.set_yscale("log")
        for order, (tau, curve) in enumerate(_curves(validation)):
            n_incumbent, n_entrant, stderr, n_theory, drawable = validation.curve(tau, nu)
            theory = np.where(np.isfinite(n_theory) & (n_theory > 0), n_theory, np.nan)
            axes.plot(n_incumbent, theory, zorder=3, **_line(curve, 1.4))
            at = _thin(drawable)
            axes.errorbar(n_incumbent[at], n_entrant[at], stderr[at], **_bars(curve, order))
            seen_x.append(n_incumbent)
            seen_y += [theory[np.isfinite(theory)], n_entrant[drawable]]
        axes.set_title(validation.equation("nu", nu), fontsize=style.SIZE, pad=5)
    x_low, x_high = _log_limits(np.concatenate(seen_x), 0.03)
    y_low, y_high = _log_limits(np.concatenate(seen_y), 0.05)
    for axes in panels:
        axes.plot([x_low, x_high], [x_low, x_high], zorder=1, **_reference())
        _frame(axes, (x_low, x_high))
        axes.set_ylim(y_low, y_high)
        log_ticks(axes.yaxis, y_low, y_high)
        axes.tick_params(axis="y", which="both", labelleft=axes is panels[0])
        axes.set_xlabel(labels.short_label(validation.results, "N_I"))
    panels[0].set_ylabel(labels.label(validation.results, "N_E_star"))


def _draw_differences(validation, panels):
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
        axes.set_xlabel(r"threshold  $N_E^*$  (theory)")
    panels[0].set_ylabel(r"$N_E^*/N_{E,\mathrm{theory}}^* - 1$  (%)")


def _draw_reasons(validation, panels):
    """Draws what explains the difference, at the tau_E shown where it is largest, if there are panels for it."""
    if not panels:
        return
    def size(tau):
        return np.mean([abs(each) for nu in validation.shown["nu"] for each in validation.curve_points(tau, nu).difference] or [0])

    (tau, look), seen, reached = max(_curves(validation), key=lambda curve: size(curve[0])), [], [0.0]
    for axes, nu in zip(panels, validation.shown["nu"]):
        axes.set_xscale("log")
        points = validation.curve_points(tau, nu)
        if not points.size:
            continue
        at = _thin(np.ones(points.size, dtype=bool))
        axes.errorbar(points.n_theory[at], 100 * points.difference[at], 100 * points.error[at], **_bars(look, 0))
        order = np.argsort(points.n_theory)
        for kind, values in validation.explained_curve(tau, nu).items():
            if kind in EFFECTS:
                axes.plot(points.n_theory[order], 100 * values[order], label=EFFECTS[kind][0], zorder=5, **EFFECTS[kind][1])
                reached += list(100 * values[np.isfinite(values)])
        seen.append(points.n_theory)
        reached += [*(100 * (points.difference - points.error)), *(100 * (points.difference + points.error))]
    low, high = min(reached), max(reached)
    for axes in panels:
        axes.axhline(0, linewidth=1.0, color="black", zorder=1)
        _frame(axes, _log_limits(np.concatenate(seen), 0.05))
        axes.set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))
        axes.tick_params(axis="y", labelleft=axes is panels[0])
        axes.set_xlabel(r"threshold  $N_E^*$  (theory)")
    panels[0].set_title(f"what explains it at {validation.equation('tau_E', tau)}", fontsize=style.SIZE, pad=5, loc="left")
    panels[-1].legend(loc="lower right", fontsize=SMALL - 1, frameon=False, handlelength=2.6, borderaxespad=0.4)
    panels[0].set_ylabel(r"$N_E^*/N_{E,\mathrm{theory}}^* - 1$  (%)")


def _draw_legend(validation, figure, bottom):
    """Draws the legend: a sample of each curve, and of the line N_E* = N_I."""
    handles = [Line2D([], [], label=validation.equation("tau_E", tau), marker=curve["marker"], markersize=6,
                      markerfacecolor="white", markeredgewidth=1.2, **_line(curve, 1.4))
               for tau, curve in _curves(validation)]
    handles.append(Line2D([], [], label=r"$N_E^* = N_I$", **_reference()))
    figure.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.15 / WIDTH, bottom), ncol=NAMES,
                  fontsize=SMALL, frameon=False, handlelength=3.0, labelspacing=0.3, columnspacing=1.4,
                  borderaxespad=0, borderpad=0)


def _reference():
    return {"color": style.REFERENCE["color"], "linewidth": 1.0, "linestyle": (0, style.REFERENCE["dashes"])}


def _frame(axes, limits):
    axes.set_xlim(*limits)
    axes.tick_params(which="both", top=True, right=True)
    log_ticks(axes.xaxis, *limits)


def _log_limits(values, margin):
    """Limits of a log axis that leave a `margin`, as a fraction of the range, around positive `values`."""
    low, high = math.log(values.min()), math.log(values.max())
    pad = max(margin * (high - low), 0.1)
    return math.exp(low - pad), math.exp(high + pad)
