# SPDX-License-Identifier: GPL-3.0-or-later
"""The texts of a figure with their boxes, and those that overlap or leave the page."""

import itertools
from unittest import mock

from matplotlib.text import Text


def texts(figure):
    """Every text that is drawn, with its box."""
    drawn, draw = [], Text.draw

    def record(text, renderer, *rest):
        if text.get_visible() and text.get_text().strip():
            drawn.append((text.get_text(), text.get_window_extent(renderer)))
        draw(text, renderer, *rest)

    with mock.patch.object(Text, "draw", record):
        figure.canvas.draw()
    return drawn


def faults(figure):
    """The faults of a figure: one sentence for each text that leaves the page and each pair that overlaps."""
    boxes, page = texts(figure), figure.bbox
    found = [f"{text} leaves the page" for text, box in boxes
             if box.x0 < page.x0 or box.x1 > page.x1 or box.y0 < page.y0 or box.y1 > page.y1]
    for (one, first), (other, second) in itertools.combinations(boxes, 2):
        across = min(first.x1, second.x1) - max(first.x0, second.x0)
        up = min(first.y1, second.y1) - max(first.y0, second.y0)
        if across > 1 and up > 1:
            found.append(f"{one} meets {other}")
    return found
