# SPDX-License-Identifier: GPL-3.0-or-later
"""Room for names inside a panel: on lines, beside curves, and clear of each other. Lengths are in inches on the sheet."""

import numpy as np

import style

STEP, CLEAR = 0.03, 0.05  # between the points of a line; the distance from all lines that is enough
BOX = {"boxstyle": "round,pad=0.08", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}


class Room:
    """What a panel of a sheet.Sheet already has in it: `lines`, points along each curve, and `boxes`, (left, bottom, right, top) of
    each text."""

    def __init__(self, sheet, axes, curves):
        self.sheet, self.axes, self.boxes = sheet, axes, []
        self.lines = [self.points(x, y) for x, y in curves]

    def points(self, x, y):
        """Points along a curve, every STEP; gaps in y interrupt it."""
        x, y = np.asarray(x, float), np.asarray(y, float)
        known = np.isfinite(y) & ((y > 0) | (self.axes.get_yscale() != "log"))
        if not known.any():
            return np.empty((0, 2))
        at = self.sheet.place_all(self.axes, x[known], y[known])
        along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(at, axis=0).T))])
        wanted = np.arange(0, along[-1] + STEP, STEP)
        return np.stack([np.interp(wanted, along, at[:, k]) for k in (0, 1)], axis=1)

    def clearance(self, box):
        """The distance from a box to the nearest line, text or edge of the panel; negative where it meets one."""
        left, bottom, right, top = self.sheet.box(self.axes)
        found = min(box[0] - left, box[1] - bottom, right - box[2], top - box[3])
        for other in self.boxes:
            found = min(found, max(other[0] - box[2], box[0] - other[2], other[1] - box[3], box[1] - other[3]))
        for line in self.lines:
            if len(line):
                out = np.maximum(np.maximum(box[0] - line[:, 0], line[:, 0] - box[2]),
                                 np.maximum(box[1] - line[:, 1], line[:, 1] - box[3]))
                found = min(found, float(out.min()))
        return found

    def name_level(self, value, text, color="#333333"):
        """Writes `text` on a horizontal line at the height `value`, just above or below it, where there is most room."""
        left, _, right, _ = self.sheet.box(self.axes)
        height = self.sheet.place_all(self.axes, [self.axes.get_xlim()[0]], [value])[0, 1]
        wide, tall = style.text_width(text, self.sheet.small) + 0.06, self.sheet.line * 0.92
        spots = [(x, base) for base in (height + 0.02, height - 0.02 - tall)
                 for x in np.linspace(right - 0.08 - wide, left + 0.08, 24)]
        self._write(text, spots, wide, tall, color)

    def name_point(self, spots, text, color="#333333"):
        """Writes `text` with its middle at the best of the places `spots`."""
        wide, tall = style.text_width(text, self.sheet.small) + 0.06, self.sheet.line * 0.95
        self._write(text, [(x - wide / 2, y - tall / 2) for x, y in spots], wide, tall, color)

    def _write(self, text, spots, wide, tall, color):
        """Writes at the first of the lower left corners `spots` with enough room, or else at the one with most; not at all where
        every one meets another text or leaves the panel."""
        best, most = None, -np.inf
        for x, y in spots:
            found = min(self.clearance((x, y, x + wide, y + tall)), CLEAR)
            if found > most + 1e-9:
                best, most = (x, y), found
        if best is None:
            return
        box = (best[0], best[1], best[0] + wide, best[1] + tall)
        lines, self.lines = self.lines, []
        is_free, self.lines = self.clearance(box) > -0.005, lines
        if is_free:
            self.boxes.append(box)
            self.sheet.text(best[0] + wide / 2, best[1] + tall / 2, text, ha="center", va="center", color=color, zorder=9, bbox=BOX)
