# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of the phase diagram: the positions of its panels, curve names, legend and caption.

All positions are in inches from the lower left corner, so that no two texts can overlap.
"""

import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

import hatching
import labels
import regimes
import style

WIDTH, LEFT, TOP = 7.6, 0.95, 0.15
MAIN, COMPANION, GAP = 3.6, 1.9, 0.11  # heights of the upper and the lower panel, and the gap between neighbours
ROW, BAND = 0.18, 0.42  # heights of a curve's row of statuses, and of its band of regimes
LINE, TALL = 0.2, 0.24  # heights of a line of text, and of one with tall mathematics
LEADER, SAMPLE = 0.12, 0.46  # distances from a panel's right edge to the end of a leader, and of a sample of a curve
SMALL = style.SIZE - 1
ENTRANT_EQUALS = r"$N_E^* = N_I$"
RATIO = "entry threshold per incumbent's data  $N_E^*/N_I$"


def quantity_label(results, quantity):
    """The label of an axis that shows `quantity`: ratio, N_E_star, or an exponent."""
    if quantity == "ratio":
        return RATIO
    return labels.label(results, quantity) if quantity == "N_E_star" else labels.formula(labels.derivative(results, quantity))


class Cells:
    """One axis of the grid on the page. log: its scale is logarithmic, as the spacing of its values suggests. edges: of
    the cells around its values. label: the axis label."""

    def __init__(self, diagram, name, values):
        self.values = values
        self.log = name == "N_I" or hatching.is_log_spaced(values)
        self.edges = hatching.cell_edges(values, self.log)
        self.label = labels.label(diagram.results, name)

    def scale(self, axes, which):
        """Sets the scale, limits and ticks of `axes` in one direction, `which`: x or y."""
        axes.set(**{f"{which}scale": "log" if self.log else "linear", f"{which}lim": (self.edges[0], self.edges[-1])})
        if self.log:
            log_ticks(getattr(axes, f"{which}axis"), self.edges[0], self.edges[-1])


class Page:
    """The figure and its panels. From the bottom: caption, legend, companion (the local exponents), strip (a row of
    statuses for each curve), main panel, infinity (the row for y = inf), colour bar. Panels not needed are None."""

    def __init__(self, diagram):
        self.diagram = diagram
        self.columns = diagram.columns()
        self.curves = {column: style.CURVES[k] for k, column in enumerate(self.columns)}
        self.kinds = hatching.shown(diagram.kinds)
        values = diagram.plane.y_values
        self.finite = np.isfinite(values)
        self.x = Cells(diagram, diagram.plane.x, diagram.plane.x_values)
        self.y = Cells(diagram, diagram.plane.y, values[self.finite]) if diagram.is_field else None

        names = [diagram.label(column) for column in self.columns] + [ENTRANT_EQUALS]
        margin = SAMPLE + 0.2 + max(style.text_width(name, SMALL) for name in names)
        self.width = WIDTH - LEFT - max(margin, 1.5)
        items, self.line_height = diagram.caption(), LINE
        if diagram.quantity == "regime":
            items.append(f"exponent: {quantity_label(diagram.results, regimes.governing(diagram.n_incumbent))}")
            self.line_height = TALL
        self.caption = style.wrap(items, SMALL, WIDTH - 0.3)
        self._stack()

    def _stack(self):
        """Makes the figure with its panels, one above the other."""
        diagram, is_regime = self.diagram, self.diagram.quantity == "regime"
        rows = diagram.plane.y_values.size
        has_strip = self.kinds and not diagram.is_field and not is_regime
        has_infinity = diagram.is_field and not self.finite.all()
        self.main_height = BAND * rows if is_regime and not diagram.is_field else MAIN
        heights = {"companion": COMPANION if diagram.has_companion else 0, "strip": ROW * rows if has_strip else 0,
                   "main": self.main_height, "infinity": ROW if has_infinity else 0}
        self.legend_bottom = 0.13 + self.line_height * len(self.caption) + 0.1
        self.top = self.legend_bottom + 0.25 * math.ceil(len(self.kinds) / 2) + 0.54 - GAP
        bottoms = {}
        for name, height in heights.items():
            bottoms[name] = self.top + GAP
            self.top += height + GAP if height else 0
        self.main_bottom = bottoms["main"]
        self.height = self.top + (0.8 if diagram.is_field and not is_regime else 0) + TOP

        self.figure = plt.figure(figsize=(WIDTH, self.height))
        panels = {name: self.panel(bottoms[name], height) if height else None for name, height in heights.items()}
        self.companion, self.main = panels["companion"], panels["main"]
        self.strip, self.infinity = panels["strip"], panels["infinity"]
        lowest, *others = [axes for axes in panels.values() if axes]
        for axes in (lowest, *others):
            self.x.scale(axes, "x")
            axes.tick_params(which="both", top=True, right=True)
        for axes in others:
            axes.tick_params(axis="x", which="both", labelbottom=False)
        lowest.set_xlabel(self.x.label)

    def panel(self, bottom, height):
        return self.figure.add_axes([LEFT / WIDTH, bottom / self.height, self.width / WIDTH, height / self.height])

    def text(self, x, y, text, **how):
        return self.figure.text(x / WIDTH, y / self.height, text, **how)

    def line(self, xs, ys, **how):
        line = plt.Line2D(np.array(xs) / WIDTH, np.array(ys) / self.height, transform=self.figure.transFigure, **how)
        self.figure.add_artist(line)

    def margin(self, bottom, top, entries):
        """Writes names to the right of a panel that reaches from `bottom` to `top`.

        entries: (height, text, curve, sampled) of each name. height: where the name belongs, or None for the top. curve:
        its look. sampled: draw a sample of the curve before the name.
        """
        wanted = [top - 1e-6 * k if entry[0] is None else entry[0] for k, entry in enumerate(entries)]
        gap = min(1.15 * LINE, (top - bottom - LINE) / max(1, len(entries) - 1))
        heights = style.spread(wanted, gap, bottom + LINE / 2, top - LINE / 2)
        edge = LEFT + self.width
        for height, (belongs, text, curve, sampled) in zip(heights, entries):
            if belongs is not None:
                self.line([edge, edge + LEADER], [belongs, height], color=curve["color"], linewidth=0.8)
            if sampled:
                self.line([edge + LEADER, edge + (LEADER + SAMPLE) / 2, edge + SAMPLE], [height] * 3, markevery=[1],
                          **style.look(curve))
            self.text(edge + (SAMPLE if sampled else LEADER) + 0.05, height, text, fontsize=SMALL, va="center_baseline")

    def finish(self):
        """Draws the legend of the hatches, and the caption."""
        if self.kinds:
            exponent = regimes.governing(self.diagram.n_incumbent)
            names = regimes.names(exponent, self.diagram.theory(exponent))
            corner = (0.15 / WIDTH, self.legend_bottom / self.height)
            handles = hatching.legend_handles(self.kinds, names)
            self.figure.legend(handles=handles, loc="lower left", bbox_to_anchor=corner, ncol=2, fontsize=SMALL,
                               frameon=False, handleheight=1.1, handlelength=2.2, labelspacing=0.35, columnspacing=1.2,
                               borderaxespad=0, borderpad=0)
        for k, line in enumerate(reversed(self.caption)):
            self.text(0.15, 0.13 + k * self.line_height, line, fontsize=SMALL, va="bottom")


def log_ticks(axis, low, high):
    """Sets the ticks of a log axis: powers of ten, all or every few, or plain numbers if it spans less than two decades."""
    decades = math.log10(high / low)
    if decades >= 2:
        step = max(1, math.ceil(decades / 8))
        axis.set_major_locator(LogLocator(base=10.0 ** step, numticks=99))
        axis.set_minor_locator(LogLocator(base=10.0, subs=(1.0,) if step > 1 else range(2, 10), numticks=999))
    else:
        digits = (1, 1.5, 2, 3, 5, 7) if decades < 1 else (1, 2, 5)
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        ticks = [digit * 10.0 ** power for power in powers for digit in digits]
        if sum(low <= tick <= high for tick in ticks) < 3:
            ticks = MaxNLocator(5).tick_values(low, high)
        shown = [tick for tick in ticks if low <= tick <= high]
        axis.set_ticks(shown, [labels.number(tick) for tick in shown])
        axis.set_minor_locator(LogLocator(subs=range(2, 10)))
    axis.set_minor_formatter(NullFormatter())
