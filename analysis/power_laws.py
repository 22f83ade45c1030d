# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of power laws: curves on logarithmic scales, the regimes they pass through, and their local exponents.

From the top: the curves with guides (lines of theory's slopes), a strip with the regimes of each curve, and the local
exponents with theory's values. All positions are in inches from the lower left corner.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

import regimes
import style
import theory
from phase_page import log_ticks

WIDTH, LEFT, TOP = 7.6, 0.95, 0.15
MAIN, EXPONENTS, GAP = 3.5, 2.0, 0.1  # heights of the panels, and the gap between neighbours
BAND, LINE, SMALL = 0.24, 0.24, style.SIZE - 1  # heights of a row of regimes and of a line of text; size of small text
OFFSETS = (1.8, 1 / 2.2, 3.5, 1 / 4.5, 10, 0.1, 100, 0.01, 1e3, 1e-3)  # factors from curve to guide, the preferred first
POSITIONS = (0.5, 0.35, 0.65, 0.2, 0.8)  # of the label along the guide, as fractions of its length, the preferred first
LABEL, ENOUGH = np.array([0.35, 0.14]), 0.08  # inches: half the label's size; distance from all lines that is enough


class Curve:
    """One curve.

    x: ascending. y: NaN where there is none. exponent, regime: the local ones, as stored in the file; regime None on a measured
    spectrum, for which theory has none: then there is no strip. law: theory.Law, with
    break points in x. stderr: standard errors of a measured y, or None. expected: the deterministic equivalent of a measured
    y, or None.
    """

    def __init__(self, label, x, y, exponent, regime, law, stderr=None, expected=None):
        self.label, self.x, self.y = label, np.asarray(x), np.asarray(y)
        self.exponent, self.law = np.asarray(exponent), law
        self.regime = None if regime is None else np.asarray(regime)
        self.stderr, self.expected = stderr, expected


def ticks(curves):
    """The caption's item of the strip's ticks, if there are any."""
    return ["ticks: theory's break points"] if any(np.isfinite(curve.law.breaks).any() for curve in curves) else []


def draw(curves, labels, caption, falling=False):
    """The figure of `curves`.

    labels: those of x, y and the exponent. falling: y falls with x, and the exponent is that of 1/y.
    """
    lines = style.wrap(caption, SMALL, WIDTH - 0.3)
    with plt.rc_context(style.PARAMETERS):
        page = _Page(curves, labels, lines)
        _draw_curves(page, curves, -1 if falling else 1)
        if page.rows:
            _draw_strip(page, curves)
        _draw_exponents(page, curves)
        page.finish(lines)
    return page.figure


class _Page:
    """The figure and its panels."""

    def __init__(self, curves, labels, lines):
        names = [curve.label for curve in curves]
        self.margin = 0.75 + max(style.text_width(text, SMALL) for text in [*names, "transitional"])
        self.legend_bottom = 0.13 + LINE * len(lines) + 0.05
        bottom = self.legend_bottom + 0.55
        self.rows = sum(curve.regime is not None for curve in curves)  # of the strip
        strip = bottom + EXPONENTS + GAP
        main = strip + (BAND * self.rows + GAP if self.rows else 0)
        self.height = main + MAIN + TOP
        self.figure = plt.figure(figsize=(WIDTH, self.height))
        self.exponents, self.strip, self.main = (self._panel(*at) for at in (
            (bottom, EXPONENTS), (strip, BAND * self.rows), (main, MAIN)))
        self.strip.set_visible(self.rows > 0)
        known = np.concatenate([curve.x[np.isfinite(curve.y)] for curve in curves])
        low, high = known.min(), known.max()
        for axes in (self.main, self.strip, self.exponents):
            axes.set(xscale="log", xlim=(low, high))
            axes.tick_params(which="both", top=True, right=True)
            log_ticks(axes.xaxis, low, high)
        for axes in (self.main, self.strip):
            axes.tick_params(axis="x", which="both", labelbottom=False)
        self.exponents.tick_params(axis="x", pad=style.CORNER)
        self.exponents.set_xlabel(labels[0])
        self.main.set(yscale="log", ylabel=labels[1])
        self.exponents.set_ylabel(labels[2])

    def _panel(self, bottom, height):
        width = WIDTH - LEFT - self.margin
        return self.figure.add_axes([LEFT / WIDTH, bottom / self.height, width / WIDTH, height / self.height])

    def finish(self, lines):
        for k, line in enumerate(reversed(lines)):
            self.figure.text(0.15 / WIDTH, (0.13 + k * LINE) / self.height, line, fontsize=SMALL, va="bottom")


def _draw_curves(page, curves, sign):
    handles = []
    for order, curve in enumerate(curves):
        look = style.look(style.CURVES[order])
        if curve.stderr is None:
            page.main.plot(curve.x, np.where(curve.y > 0, curve.y, np.nan), zorder=3 + order,
                           markevery=style.markers(curve.x.size, order, len(curves)), **look)
        else:
            if curve.expected is not None:
                page.main.plot(curve.x, curve.expected, color=look["color"], linewidth=1.2, linestyle=look["linestyle"],
                               zorder=3)
            page.main.errorbar(curve.x, curve.y, curve.stderr, fmt=look["marker"], color=look["color"], markersize=4.5,
                               markerfacecolor="white", elinewidth=1, capsize=2, zorder=4 + order)
        handles.append(Line2D([], [], label=curve.label, **look))
    known = np.concatenate([curve.y[np.isfinite(curve.y) & (curve.y > 0)] for curve in curves])
    page.main.set_ylim(known.min() / 2, known.max() * 3)
    log_ticks(page.main.yaxis, known.min() / 2, known.max() * 3)
    _draw_guides(page.main, curves, sign)
    page.main.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.02, 1), fontsize=SMALL, frameon=False,
                     handlelength=2.2, borderaxespad=0)


def _longest_run(chosen):
    """Indices of the longest run of true values."""
    runs = np.split(np.arange(chosen.size), np.flatnonzero(np.diff(chosen)) + 1)
    return max((run for run in runs if chosen[run[0]]), key=len, default=np.array([], dtype=int))


def _draw_guides(axes, curves, sign):
    """Draws a guide for each regime: a line of theory's slope beside the longest stretch that a curve spends in it."""
    lines = [(curve.x, curve.y) for curve in curves]
    for regime in theory.ORDER:
        found = {each for curve in curves for each in curve.law.regimes if each.name == regime}
        if len(found) != 1:
            continue
        stretches = [(_longest_run(curve.regime == regimes.VALUES[regime]), curve) for curve in curves]
        at, curve = max(stretches, key=lambda stretch: stretch[0].size)
        if at.size < 3:
            continue
        _, symbol, slope = found.pop()
        ends = curve.x[[at[0], at[-1]]]
        middle = at[at.size // 2]
        beside = curve.y[middle] * (ends / curve.x[middle]) ** (sign * slope)
        heights, position = max(((beside * factor, position) for factor in OFFSETS for position in POSITIONS),
                                key=lambda choice: _clearance(axes, ends, *choice, lines))
        lines.append((ends, heights))
        axes.plot(ends, heights, zorder=2, color=style.REFERENCE["color"], linewidth=1,
                  linestyle=(0, style.REFERENCE["dashes"]))
        axes.annotate(f"${'-' if sign < 0 and symbol != '0' else ''}{symbol}$", _along(ends, heights, position),
                      xytext=(0, 4), textcoords="offset points", ha="center", va="bottom", fontsize=SMALL, color="#333333",
                      zorder=9, bbox={"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.8})


def _along(ends, heights, position):
    """The point of a guide at a `position`, as a fraction of its length."""
    return tuple(values[0] ** (1 - position) * values[1] ** position for values in (ends, heights))


def _clearance(axes, ends, heights, position, lines):
    """Distance in inches between the label of a guide and the nearest of `lines`, (x, y) each.

    It is capped at ENOUGH, so that of several choices with enough room the first wins. It is negative if the guide or its
    label leaves the panel.
    """
    to_inches = lambda x, y: axes.transData.transform(np.column_stack([x, y])) / axes.figure.dpi
    guide = to_inches(ends, heights)
    centre = to_inches(*_along(ends, heights, position))[0] + (0, LABEL[1])
    box = axes.get_window_extent().transformed(axes.figure.dpi_scale_trans.inverted())
    distances = [ENOUGH, *(centre - LABEL - box.min), *(box.max - centre - LABEL),
                 *(guide[:, 1] - box.y0), *(box.y1 - guide[:, 1])]
    across = np.linspace(centre[0] - LABEL[0], centre[0] + LABEL[0], 9)
    for x, y in lines:
        drawn = np.isfinite(y) & (y > 0)
        heights_there = np.interp(across, *to_inches(x[drawn], y[drawn]).T, left=np.inf, right=np.inf)
        distances.append(np.abs(heights_there - centre[1]).min() - LABEL[1])
    return min(distances)


def _draw_strip(page, curves):
    """Draws the strip: one row in the regimes' colours for each curve, the first on top, with theory's break points as
    ticks across it."""
    rows = len(curves)
    for row, curve in enumerate(curves):
        edges = np.sqrt(curve.x[:-1] * curve.x[1:])
        edges = np.concatenate([curve.x[:1], edges, curve.x[-1:]])
        starts = np.flatnonzero(np.diff(curve.regime, prepend=-1))
        ends = np.append(starts[1:], curve.regime.size)
        for start, end in zip(starts, ends):
            hatch, colour = regimes.HATCHES[regimes.kind(int(curve.regime[start]))]
            page.strip.axvspan(edges[start], edges[end], 1 - (row + 1) / rows, 1 - row / rows, facecolor=colour,
                               hatch=hatch, edgecolor="#777777", linewidth=0)
        for x in curve.law.breaks:
            if page.strip.get_xlim()[0] < x < page.strip.get_xlim()[1]:
                for color, width in (("black", 3.5), ("white", 1.5)):
                    page.strip.plot([x, x], [rows - row - 0.95, rows - row - 0.05], color=color, linewidth=width,
                                    solid_capstyle="butt", zorder=5)
        page.strip.axhline(row, color="white" if row else "black", linewidth=1)
        page.strip.plot([1.03], [(rows - row - 0.5) / rows], transform=page.strip.transAxes, clip_on=False,
                        marker=style.CURVES[row]["marker"], color=style.CURVES[row]["color"], markersize=5)
    page.strip.set(ylim=(0, rows), yticks=[])
    found = {int(value) for curve in curves for value in np.unique(curve.regime[np.isfinite(curve.y)])}
    words = [*theory.ORDER, "transitional", "none"]
    patches = [Patch(facecolor=regimes.HATCHES[kind][1], hatch=regimes.HATCHES[kind][0], edgecolor="#777777", label=regimes.words(word))
               for word in words for kind in [regimes.kind(regimes.VALUES[word])] if regimes.VALUES[word] in found]
    page.main.add_artist(page.main.get_legend())
    page.main.legend(handles=patches, loc="lower left", bbox_to_anchor=(1.02, 0), fontsize=SMALL, frameon=False,
                     title="regime", title_fontsize=SMALL, alignment="left", handlelength=1.5, borderaxespad=0)


def _draw_exponents(page, curves):
    for order, curve in enumerate(curves):
        look = style.look(style.CURVES[order])
        page.exponents.plot(curve.x, curve.exponent, zorder=3 + order,
                            markevery=style.markers(curve.x.size, order, len(curves)), **look)
    seen = {}
    for curve in curves:
        for _, symbol, value in curve.law.met:
            seen.setdefault(round(value, 9), symbol)
    known = np.concatenate([curve.exponent[np.isfinite(curve.exponent)] for curve in curves])
    low, high = (min(seen), max(seen)) if seen else (known.min(), known.max()) if known.size else (0, 1)
    room = 0.25 * (high - low or 1)
    page.exponents.set_ylim(low - room, high + room)
    _, bottom, _, height = page.exponents.get_position().bounds
    inches = height * page.height
    wanted = [inches * (value - low + room) / (high - low + 2 * room) for value in seen]
    for (value, symbol), height in zip(seen.items(), style.spread(wanted, 0.2, 0, inches)):
        page.exponents.axhline(value, color=style.REFERENCE["color"], linewidth=1, zorder=1,
                               linestyle=(0, style.REFERENCE["dashes"]))
        equal = f" = {value:.3g}" if symbol not in ("0", "1") else ""
        page.exponents.annotate(f"${symbol}${equal}", (1.02, height / inches), xycoords="axes fraction", fontsize=SMALL,
                                va="center", annotation_clip=False)
