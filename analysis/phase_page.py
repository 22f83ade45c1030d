# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of the phase diagram: where its panels, names of curves, legend and caption stand.

Everything is placed in inches from the lower left corner, so that no text can meet another.
"""

import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

import hatching
import style

WIDTH, LEFT, TOP = 7.6, 0.95, 0.15
MAIN, COMPANION, ROW, GAP = 3.6, 1.9, 0.18, 0.11  # heights: the panels, a row of statuses, between joined panels
LINE = 0.2  # of text in the margins
LEADER, SAMPLE = 0.12, 0.46  # from a panel's right edge: where leaders end, and samples of lines
SMALL = style.SIZE - 1
ENTRANT_EQUALS = r"$N_E^* = N_I$"


class Page:
    """The figure and its panels; from the bottom: caption, legend, companion, strip, main, row of infinity, scale."""

    def __init__(self, diagram):
        self.diagram = diagram
        self.columns = diagram.columns()
        self.curves = {column: style.CURVES[k] for k, column in enumerate(self.columns)}
        self.unsolved = [status for status in hatching.HATCHES if (diagram.status == status).any()]
        self.finite = np.isfinite(diagram.values)

        names = [diagram.label(column) for column in self.columns] + [ENTRANT_EQUALS]
        margin = SAMPLE + 0.2 + max(style.text_width(name, SMALL) for name in names)
        self.width = WIDTH - LEFT - max(margin, 1.5)
        self.caption = style.wrap(diagram.caption(), SMALL, WIDTH - 0.3)
        self.legend_rows = math.ceil(len(self.unsolved) / 2)

        has_strip = self.unsolved and not diagram.is_field
        strip_height = ROW * diagram.values.size if has_strip else 0
        self.legend_bottom = 0.13 + LINE * len(self.caption) + 0.1
        companion_bottom = self.legend_bottom + 0.25 * self.legend_rows + 0.54
        strip_bottom = companion_bottom + COMPANION + GAP
        self.main_bottom = strip_bottom + (strip_height + GAP if has_strip else 0)
        infinity_bottom = self.main_bottom + MAIN + GAP
        has_infinity = diagram.is_field and not self.finite.all()
        self.top = infinity_bottom + ROW if has_infinity else self.main_bottom + MAIN
        self.height = self.top + (0.8 if diagram.is_field else 0) + TOP

        self.figure = plt.figure(figsize=(WIDTH, self.height))
        self.companion = self.panel(companion_bottom, COMPANION)
        self.main = self.panel(self.main_bottom, MAIN)
        self.strip = self.panel(strip_bottom, strip_height) if has_strip else None
        self.infinity = self.panel(infinity_bottom, ROW) if has_infinity else None
        edges = hatching.cell_edges(diagram.n_incumbent, log=True)
        for axes in filter(None, (self.companion, self.main, self.strip, self.infinity)):
            axes.set_xscale("log")
            axes.set_xlim(edges[0], edges[-1])
            axes.tick_params(which="both", top=True, right=True)
            log_ticks(axes.xaxis, edges[0], edges[-1])
            if axes is not self.companion:
                axes.tick_params(axis="x", which="both", labelbottom=False)
        self.companion.set_xlabel(r"incumbent's data  $N_I$  (data points)")

    def panel(self, bottom, height):
        return self.figure.add_axes([LEFT / WIDTH, bottom / self.height, self.width / WIDTH, height / self.height])

    def text(self, x, y, text, **how):
        return self.figure.text(x / WIDTH, y / self.height, text, **how)

    def line(self, xs, ys, **how):
        line = plt.Line2D(np.array(xs) / WIDTH, np.array(ys) / self.height, transform=self.figure.transFigure, **how)
        self.figure.add_artist(line)

    def margin(self, bottom, top, entries):
        """Names beside a panel that reaches from `bottom` to `top`: (height it belongs to or None, text, curve, whether
        with a sample of its line)."""
        wanted = [top - 1e-6 * k if entry[0] is None else entry[0] for k, entry in enumerate(entries)]
        gap = min(1.15 * LINE, (top - bottom - LINE) / max(1, len(entries) - 1))
        heights = style.spread(wanted, gap, bottom + LINE / 2, top - LINE / 2)
        edge = LEFT + self.width
        for height, (origin, text, curve, sample) in zip(heights, entries):
            if origin is not None:
                self.line([edge, edge + LEADER], [origin, height], color=curve["color"], linewidth=0.8)
            if sample:
                self.line([edge + LEADER, edge + (LEADER + SAMPLE) / 2, edge + SAMPLE], [height] * 3, markevery=[1],
                          **style.look(curve))
            self.text(edge + (SAMPLE if sample else LEADER) + 0.05, height, text, fontsize=SMALL, va="center_baseline")

    def finish(self):
        """The legend of the hatches, and the caption."""
        if self.unsolved:
            corner = (0.15 / WIDTH, self.legend_bottom / self.height)
            self.figure.legend(handles=hatching.legend_handles(self.unsolved), loc="lower left", bbox_to_anchor=corner,
                               ncol=2, fontsize=SMALL, frameon=False, handleheight=1.1, handlelength=2.2,
                               labelspacing=0.35, columnspacing=1.2, borderaxespad=0, borderpad=0)
        for k, line in enumerate(reversed(self.caption)):
            self.text(0.15, 0.13 + k * LINE, line, fontsize=SMALL, va="bottom")


def log_ticks(axis, low, high):
    """Ticks of a log axis: powers of ten, each or every few; plain numbers when it spans less than two of them."""
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
        axis.set_ticks(shown, [style.number(tick) for tick in shown])
        axis.set_minor_locator(LogLocator(subs=range(2, 10)))
    axis.set_minor_formatter(NullFormatter())
