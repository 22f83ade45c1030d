# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of power laws: curves on logarithmic scales, the regimes they pass through, and their local exponents.

From the top: the curves with guides (lines of theory's slopes), a strip with the regimes of each curve and the points without a
threshold, and the local exponents with theory's values.
"""

import matplotlib.pyplot as plt
import numpy as np

import curves as families
import hatching
import moatfile
import naming
import regimes
import regions
import style
import theory
import wording
from room import Room
from scales import log_ticks, zeroed
from sheet import WIDE, Sheet

MAIN, EXPONENTS, GAP, BAND = 3.5, 2.1, 0.08, 0.26  # heights of the panels, the gap between neighbours, and a row of the strip
OFFSETS = (1.8, 1 / 2.2, 3.5, 1 / 4.5, 10, 0.1, 100, 0.01, 1e3, 1e-3)  # factors from curve to guide, the preferred first
POSITIONS = (0.5, 0.35, 0.65, 0.2, 0.8)  # of the label along the guide, as fractions of its length, the preferred first
ENOUGH = 0.08  # inches from all lines that are enough for a guide's label
BREAKS = "Ticks in the strip: theory's break points, which hold up to constant factors."


class Curve:
    """One curve.

    x: ascending. y: NaN where there is none. exponent, regime: the local ones, as stored in the file; regime None on a measured
    spectrum, for which theory has none. law: theory.Law, with break points in x. stderr: standard errors of a measured y, or None.
    expected: the deterministic equivalent of a measured y, or None. status: of each point, or None. kinds: what the strip shows of
    each point: its status, or regimes.kind() of its regime.
    """

    def __init__(self, label, x, y, exponent, regime, law, stderr=None, expected=None, status=None):
        self.label, self.x, self.y = label, np.asarray(x), np.asarray(y)
        self.exponent, self.law = zeroed(exponent), law
        self.regime = None if regime is None else np.asarray(regime)
        self.stderr, self.expected = stderr, expected
        known = np.isfinite(self.y)
        status = np.where(known, moatfile.OK, moatfile.PENDING) if status is None else np.asarray(status).astype(int)
        claimed = ~known & np.isin(status, (moatfile.OK, moatfile.ENTRANT_ALWAYS))
        self.kinds = np.where(claimed, moatfile.PENDING, status)
        if self.regime is not None:
            self.kinds = np.where(known, regimes.kind(self.regime.astype(int)), self.kinds)
            if self.x.size > 1:
                self.kinds = regimes.settled(self.kinds, self.edges)

    @property
    def edges(self):
        """Edges of the cells around x that end where x does."""
        return np.concatenate([self.x[:1], np.sqrt(self.x[:-1] * self.x[1:]), self.x[-1:]])


def notes(curves):
    """The caption's sentence on the strip's ticks, if there are any."""
    return [BREAKS] if any(np.isfinite(curve.law.breaks).any() for curve in curves) else []


def bars(curves):
    """The caption's sentence on points from sampled data, if there are any."""
    sampled = any(curve.stderr is not None for curve in curves)
    return ["Points: sampled data with standard errors; lines: theory's deterministic equivalent."] if sampled else []


def unsolved(curves):
    """The caption's items on points without an answer, or not computed yet."""
    return wording.pending(np.concatenate([curve.kinds for curve in curves]))


def draw(curves, shown, texts, width=WIDE, falling=False):
    """The figure of `curves`.

    shown: labels of x, y and the exponent. texts: title, subtitle, caption. falling: y falls with x, and the exponent is that of 1/y.
    """
    with plt.rc_context(Sheet(width).parameters):
        return naming.twice(lambda legend: _Page(curves, shown, texts, width).draw(-1 if falling else 1, legend))


class _Page:
    """The figure, its panels, and the curves drawn: of several that coincide the first."""

    def __init__(self, curves, shown, texts, width):
        self.sheet, self.shown, self.texts = Sheet(width), shown, texts
        alike = all(curve.x.size == curves[0].x.size and np.allclose(curve.x, curves[0].x) and curve.stderr is None for curve in curves)
        groups = [[k] for k in range(len(curves))]
        if alike:
            groups = families.merged([([curve.y for curve in curves], True), ([curve.exponent for curve in curves], False)])
        self.names = families.names(groups, [curve.label for curve in curves])
        self.all, self.curves = curves, [curves[group[0]] for group in groups]

    def draw(self, sign, legend):
        """Draws it with the handles `legend`; returns (figure, handles of what has no name on it)."""
        sheet, curves = self.sheet, self.curves
        right, broken = sheet.margin(self.names)
        has_strip = any(curve.regime is not None or hatching.shown(curve.kinds) for curve in curves)
        rows = [(max(sheet.tall(MAIN), sheet.names_height(broken)), 0)]
        rows += [(BAND * sheet.letter * len(curves), GAP)] if has_strip else []
        rows.append((sheet.tall(EXPONENTS), GAP))
        panels = [row[0] for row in sheet.lay_out(self.texts, rows, max(right, 0.25), legend=legend, below=[self.shown[0]])]
        low, high = min(curve.x.min() for curve in curves), max(curve.x.max() for curve in curves)
        for axes in panels:
            axes.set(xscale="log", xlim=(low, high))
            log_ticks(axes.xaxis, low, high)
        self._draw_curves(panels[0], sign, broken)
        left = self._draw_strip(panels[1]) if has_strip else []
        self._draw_exponents(panels[-1])
        return sheet.figure, left

    def _draw_curves(self, axes, sign, broken):
        known = np.concatenate([curve.y[np.isfinite(curve.y) & (curve.y > 0)] for curve in self.curves])
        limits = known.min() / 2, known.max() * 3
        axes.set(yscale="log", ylim=limits)
        log_ticks(axes.yaxis, *limits)
        self.sheet.label_y(axes, self.shown[1])
        entries = []
        for order, (curve, name) in enumerate(zip(self.curves, broken)):
            look = style.look(families.look(order))
            if curve.stderr is None:
                axes.plot(curve.x, np.where(curve.y > 0, curve.y, np.nan), zorder=3 + order,
                          markevery=style.markers(curve.x.size, order, len(self.curves)), **look)
            else:
                if curve.expected is not None:
                    axes.plot(curve.x, curve.expected, color=look["color"], linewidth=1.2, linestyle=look["linestyle"], zorder=3)
                axes.errorbar(curve.x, curve.y, curve.stderr, fmt=look["marker"], color=look["color"], markersize=4.5,
                              markerfacecolor="white", elinewidth=1, capsize=2, zorder=4 + order)
            entries.append((*families.end(curve.x, np.where(curve.y > 0, curve.y, np.nan)), name, families.look(order)))
        self.sheet.name_curves(axes, [entry for entry in entries if entry[2]])
        _draw_guides(self.sheet, axes, self.curves, sign)

    def _draw_strip(self, axes):
        """Draws a row for each curve, the first on top, with theory's break points as ticks. Returns handles of the kinds that have
        no room for their names."""
        sheet, rows, named = self.sheet, len(self.curves), set()
        axes.set(ylim=(rows, 0), yticks=[])
        shorts = {kind: (region.name, region.ink, region.colour) for kind, region in regions.STATUSES.items()}
        words = {kind: regimes.words(word) for kind, word in regimes.WORDS.items()}
        shorts |= {kind: (word, regimes.INKS[kind], hatching.colour(kind)) for kind, word in words.items()}
        left = sheet.box(axes)[0]
        for row, curve in enumerate(self.curves):
            hatching.hatch(axes, curve.edges, [row, row + 1], curve.kinds[None, :])
            ticks = [x for x in curve.law.breaks if axes.get_xlim()[0] < x < axes.get_xlim()[1]]
            for x in ticks:
                for color, width in (("black", 3.5), ("white", 1.5)):
                    axes.plot([x, x], [row + 0.05, row + 0.95], color=color, linewidth=width, solid_capstyle="butt", zorder=5)
            axes.axhline(row, color="black", linewidth=0.6, zorder=4)
            named |= naming.name_runs(sheet, axes, curve.edges, row + 1, row, curve.kinds, shorts, ticks)
            middle = sheet.place(axes, curve.x[0], row + 0.5)[1]
            sheet.draw_line([left - 0.4, left - 0.23, left - 0.06], [middle] * 3, markevery=[1], **style.look(families.look(row)))
        shown = hatching.shown(np.concatenate([curve.kinds for curve in self.curves]))
        texts = {kind: word if "regime" in word else f"{word} regime" for kind, word in words.items()}
        return hatching.legend_handles([kind for kind in shown if kind not in named], texts)

    def _draw_exponents(self, axes):
        for order, curve in enumerate(self.curves):
            look = style.look(families.look(order))
            if curve.stderr is not None:  # a line through sampled exponents would show corners that are noise
                look |= {"linestyle": "none", "markersize": 4.5, "markeredgecolor": look["color"], "markerfacecolor": "white"}
            every = None if curve.stderr is not None else style.markers(curve.x.size, order, len(self.curves))
            axes.plot(curve.x, curve.exponent, zorder=3 + order, markevery=every, **look)
        seen = {}
        for curve in self.all:
            for _, symbol, value in curve.law.met:
                seen.setdefault(round(value, 9), symbol)
        known = np.concatenate([curve.exponent[np.isfinite(curve.exponent)] for curve in self.curves])
        low, high = (min(seen), max(seen)) if seen else (known.min(), known.max()) if known.size else (0, 1)
        pad = 0.25 * (high - low or 1)
        axes.set_ylim(low - pad, high + pad)
        self.sheet.label_y(axes, self.shown[2])
        room = Room(self.sheet, axes, [(curve.x, curve.exponent) for curve in self.curves])
        for value, symbol in seen.items():
            axes.axhline(value, color=style.REFERENCE["color"], linewidth=1, zorder=1, linestyle=(0, style.REFERENCE["dashes"]))
            room.name_level(value, symbol if symbol in ("0", "1") else f"${symbol}$ = {value:.3g}")


def _longest_run(chosen):
    """Indices of the longest run of true values."""
    runs = np.split(np.arange(chosen.size), np.flatnonzero(np.diff(chosen)) + 1)
    return max((run for run in runs if chosen[run[0]]), key=len, default=np.array([], dtype=int))


def _draw_guides(sheet, axes, curves, sign):
    """Draws a guide for each regime: a line of theory's slope beside the longest stretch that a curve spends in it."""
    room = Room(sheet, axes, [(curve.x, curve.y) for curve in curves])
    for regime in theory.ORDER:
        found = {each for curve in curves for each in curve.law.regimes if each.name == regime}
        if len(found) != 1:
            continue
        stretches = [(_longest_run(curve.kinds == regimes.kind(regimes.VALUES[regime])), curve) for curve in curves]
        at, curve = max(stretches, key=lambda stretch: stretch[0].size)
        if at.size < 3:
            continue
        _, symbol, slope = found.pop()
        ends = curve.x[[at[0], at[-1]]]
        middle = at[at.size // 2]
        beside = curve.y[middle] * (ends / curve.x[middle]) ** (sign * slope)
        text = f"${'-' if sign < 0 and symbol != '0' else ''}{symbol}$"
        heights, position = max(((beside * factor, position) for factor in OFFSETS for position in POSITIONS),
                                key=lambda choice: _clearance(room, ends, *choice, text))
        if room.clearance(_box(room, ends, heights, position, text)) <= 0:
            continue
        axes.plot(ends, heights, zorder=2, color=style.REFERENCE["color"], linewidth=1, linestyle=(0, style.REFERENCE["dashes"]))
        left, low, right, high = _box(room, ends, heights, position, text)
        room.lines.append(room.points(ends, heights))
        room.boxes.append((left, low, right, high))
        sheet.text((left + right) / 2, (low + high) / 2, text, ha="center", va="center", color="#333333", zorder=9)


def _box(room, ends, heights, position, text):
    """The box of a guide's label, above the point at `position`, a fraction of the guide's length."""
    at = [values[0] ** (1 - position) * values[1] ** position for values in (ends, heights)]
    x, y = room.sheet.place(room.axes, *at)
    wide, tall = style.text_width(text, room.sheet.small) + 0.08, room.sheet.line
    rise = room.sheet.place_all(room.axes, ends, heights)
    lift = 0.03 + abs(rise[1, 1] - rise[0, 1]) / max(rise[1, 0] - rise[0, 0], 1e-9) * wide / 2
    return x - wide / 2, y + min(lift, 0.25), x + wide / 2, y + min(lift, 0.25) + tall


def _clearance(room, ends, heights, position, text):
    """Distance in inches between the label of a guide and the nearest line.

    It is capped at ENOUGH, so that of several choices with enough room the first wins. It is negative if the guide or its label
    leaves the panel or meets a line.
    """
    guide = room.sheet.place_all(room.axes, ends, heights)
    _, low, _, high = room.sheet.box(room.axes)
    return min(ENOUGH, room.clearance(_box(room, ends, heights, position, text)), *(guide[:, 1] - low), *(high - guide[:, 1]))
