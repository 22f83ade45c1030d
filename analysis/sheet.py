# SPDX-License-Identifier: GPL-3.0-or-later
"""The sheet that a figure is drawn on: its width and letters, panels in rows, a legend, and names beside the panels.

Positions are in inches from the lower left corner, so that no two texts can overlap. A narrow sheet, one column of a journal, has
smaller letters: the smallest, those of exponents and indices, stay at 6 points.
"""

import argparse
import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Patch, Rectangle

import style
import wording
from titled import EDGE, Texts, words

WIDE, COLUMN = 7.6, 3.4  # inches
LETTERS = 8.6  # points of all letters in one column; matplotlib's indices are 0.7 of it
LEADER, SAMPLE = 0.1, 0.4  # inches from a panel's right edge to a name, and of the sample of a curve before it
NAMES = 0.29  # of the sheet's width: the most that names beside a panel take


class Sheet:
    """width: in inches. size, small: of the letters, in points. label_size: of the labels of axes. line: height of a line of small
    text. letter: factor of lengths that go with the letters. columns: of a legend. figure, height: once it is laid out."""

    def __init__(self, width=WIDE):
        part = min(max((width - COLUMN) / (WIDE - COLUMN), 0.0), 1.0)
        self.width, self.size, self.small = width, LETTERS + part * (style.SIZE - LETTERS), LETTERS + part * (10 - LETTERS)
        self.line, self.letter, self.part = 0.0208 * self.small, self.size / style.SIZE, part
        self.columns = 2 if part > 0.5 else 1
        self.parameters = {**style.PARAMETERS, "font.size": self.size, "axes.labelsize": self.size,
                           "xtick.labelsize": self.size, "ytick.labelsize": self.size, "mathtext.default": "it"}
        self.label_size = self.small if part < 1 else self.size
        self.figure = self.height = self.texts = None
        self.named, self.heading = [], ""  # the texts of the legend; above the names of curves

    def tall(self, height):
        """The height of a panel that is `height` inches tall on a wide sheet."""
        return height * (0.62 + 0.38 * self.part)

    @property
    def left(self):
        """Inches left of the panels, for numbers and a label."""
        return 1.0 - 0.08 * (1 - self.part)

    def margin(self, names):
        """(inches right of the panels, the names broken into lines) for `names` of curves. In one column they are shorter, and a
        heading says what they have in common."""
        self.heading = ""
        if self.part < 0.5:
            names, self.heading = wording.shortened(names)
        room = NAMES * self.width
        broken = ["\n".join(style.wrap(words(name), self.small, room, " ")) for name in names]
        self.heading = "\n".join(style.wrap(words(self.heading), self.small, room, " "))
        widest = max((style.text_width(line, self.small) for text in [*broken, self.heading] for line in text.split("\n") if line),
                     default=0.0)
        return (LEADER + self.sample + widest + 0.14 if widest else 0.15), broken

    @property
    def sample(self):
        """Inches of the sample of a curve before its name; one column has no room for it."""
        return SAMPLE * self.letter if self.part >= 0.5 else 0.0

    def names_height(self, broken):
        """Inches that the names take, one above the other, and the heading."""
        return sum(self._tall(text) for text in [*broken, *([self.heading] if self.heading else [])])

    def _tall(self, text):
        return self.line * (text.count("\n") + 1) * 1.08 + 0.02

    def lay_out(self, texts, rows, right=0.15, columns=1, legend=(), gutter=0.15, below=("",), head=0.0, wider=0.0):
        """Makes the figure. texts: (title, subtitle, caption). rows: (height, gap above) of each row of panels from the top. legend:
        handles. below: the label of the horizontal axis of each column. head, wider: inches
        above and left of the panels, beside what they always have. Returns the panels, a list
        for each row."""
        self.texts, left, self.named = Texts(self, *texts), self.left + wider, []
        handles, tall_legend = self._legend(legend)
        across = (self.width - left - right - gutter * (columns - 1)) / columns
        reach = 2 * min(left + across / 2, right + across / 2) - 0.1 if columns == 1 else across + 0.1 * self.letter
        below = ["\n".join(style.wrap(words(text), self.label_size, reach, " ")) for text in below]
        foot = self.letter * (0.3 + 0.22 * max(text.count("\n") + 1 for text in below)) + 0.04
        bottom = self.texts.below + tall_legend + foot
        self.height = bottom + sum(tall + gap for tall, gap in rows) + head + self.texts.above + 0.06
        self.figure = plt.figure(figsize=(self.width, self.height))
        panels, top = [], self.height - self.texts.above - 0.06 - head
        for tall, gap in rows:
            top -= tall + gap
            panels.append([self.figure.add_axes([(left + k * (across + gutter)) / self.width, top / self.height,
                                                 across / self.width, tall / self.height]) for k in range(columns)])
        for x, y, handle in handles:
            self._draw_handle(EDGE + x, self.texts.below + y, handle)
        self.texts.write(self.figure)
        for axes in self.figure.axes:
            axes.tick_params(which="both", top=True, right=True)
            axes.tick_params(axis="x", pad=style.CORNER)
        for axes, text in zip(panels[-1], below):
            axes.set_xlabel(text, fontsize=self.label_size)
        for row in panels[:-1] if below[0] else ():
            for axes in row:
                axes.tick_params(axis="x", which="both", labelbottom=False)
        return panels

    def _legend(self, handles):
        """((x, y, handle) of each handle from the lower left corner of the legend, its height)."""
        room = (self.width - 2 * EDGE) / self.columns - 0.62 * self.letter
        for handle in handles:
            handle.set_label("\n".join(style.wrap(words(handle.get_label().replace("\n", " ")), self.small, room, " ")))
        rows = [handles[k:k + self.columns] for k in range(0, len(handles), self.columns)]
        sizes = [max(self._tall(handle.get_label()) for handle in row) for row in rows]
        height, placed = sum(sizes) + 0.12 if rows else 0.04, []
        for row, top in zip(rows, height - 0.04 - np.cumsum([0, *sizes])):
            tall = max(self._tall(handle.get_label()) for handle in row)
            placed += [(k * (self.width - 2 * EDGE) / self.columns, top - tall / 2, handle) for k, handle in enumerate(row)]
        return placed, height

    def _draw_handle(self, x, y, handle):
        """Draws a sample and its text in the legend; y is their middle."""
        wide, tall = 0.36 * self.letter, 0.14 * self.letter
        if isinstance(handle, Patch):
            self.figure.add_artist(Rectangle((x / self.width, (y - tall / 2) / self.height), wide / self.width, tall / self.height,
                                             transform=self.figure.transFigure, facecolor=handle.get_facecolor(), linewidth=0.7,
                                             hatch=handle.get_hatch(), edgecolor=handle.get_edgecolor()))
        else:
            copy = plt.Line2D([], [])
            copy.update_from(handle)
            copy.set(markevery=[1], transform=self.figure.transFigure)
            copy.set_data(np.array([x, x + wide / 2, x + wide]) / self.width, np.array([y] * 3) / self.height)
            self.figure.add_artist(copy)
        self.text(x + wide + 0.1, y, handle.get_label(), va="center", linespacing=1.08)
        self.named.append(handle.get_label().replace("\n", " "))

    def label_y(self, axes, text):
        """Labels a panel's vertical axis, in as many lines as it takes."""
        _, low, _, high = self.box(axes)
        axes.set_ylabel("\n".join(style.wrap(words(text), self.label_size, max(high - low, 0.5), " ")), fontsize=self.label_size)

    def text(self, x, y, text, **how):
        """Writes at a place in inches."""
        return self.figure.text(x / self.width, y / self.height, text, **{"fontsize": self.small, **how})

    def draw_line(self, xs, ys, **how):
        """Draws a line through places in inches."""
        self.figure.add_artist(plt.Line2D(np.array(xs) / self.width, np.array(ys) / self.height,
                                          transform=self.figure.transFigure, **how))

    def place_all(self, axes, xs, ys):
        """The places in inches of points in the data of `axes`, (points, 2)."""
        return self.figure.dpi_scale_trans.inverted().transform(axes.transData.transform(np.column_stack([xs, ys])))

    def place(self, axes, x, y):
        """The place in inches of one point."""
        return self.place_all(axes, [x], [y])[0]

    def box(self, axes):
        """(left, bottom, right, top) of a panel in inches."""
        at = axes.get_position()
        return at.x0 * self.width, at.y0 * self.height, at.x1 * self.width, at.y1 * self.height

    def name_curves(self, axes, entries):
        """Writes names right of a panel, in the order of the heights of the curves' ends.

        entries: (x, y, name broken into lines, look of style.CURVES) of each end, y NaN for a curve without one; they come last.
        """
        if not entries:
            return
        _, low, right, high = self.box(axes)
        top = high
        if self.heading:
            self.text(right + LEADER + 0.06, high, self.heading, va="top", linespacing=1.08, color="#333333", style="italic")
            high -= self._tall(self.heading)
        ends = [self.place(axes, x, y) if math.isfinite(y) else (right, low - 1e-6 * k) for k, (x, y, _, _) in enumerate(entries)]
        ends = [(x, min(max(y, low), top) + 1e-4 * (right - x)) for x, y in ends]  # of two at the top the one that is there first
        sizes, sample = [self._tall(text) for _, _, text, _ in entries], self.sample
        for height, (x, y), (_, known, text, look) in zip(style.spread([y for _, y in ends], sizes, low, high), ends, entries):
            if math.isfinite(known):
                self.draw_line([right, right + LEADER], [min(y, top), height], color=look["color"], linewidth=0.9)
            if sample:
                self.draw_line([right + LEADER, right + LEADER + sample / 2, right + LEADER + sample], [height] * 3, markevery=[1],
                               **style.look(look))
            self.text(right + LEADER + sample + 0.06, height, text, va="center", linespacing=1.08,
                      color="black" if sample else look["color"])


def add_option(parser):
    """Adds the option --width to the command line of a script that draws a figure."""
    parser.add_argument("--width", metavar="INCHES", type=_width, default=WIDE,
                        help=f"width of the figure; {COLUMN} is one column of a journal, with letters of 6 points or more; default: "
                             f"{WIDE}")


def _width(text):
    try:
        width = float(text)
    except ValueError:
        width = math.nan
    if not COLUMN - 0.2 <= width <= 20:
        raise argparse.ArgumentTypeError(f"found {text}; expected inches from {COLUMN - 0.2:g} to 20")
    return width
