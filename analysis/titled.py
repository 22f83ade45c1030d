# SPDX-License-Identifier: GPL-3.0-or-later
"""A figure's texts: a title with the finding, a subtitle with quantities and units, and a caption, broken into lines."""

import style

LINE, SMALL = 0.22, style.SIZE - 1  # inches from line to line; points
BOLD = 0.86  # width of a text over that of the same text in bold
EDGE = 0.15  # inches from the edges of the figure


class Texts:
    """The texts of a figure that is `width` inches wide. caption: its items. above, below: the height in inches that the title
    with the subtitle, and the caption, take from the edges of the figure."""

    def __init__(self, width, title, subtitle, caption):
        self.title = style.wrap(title.split(" "), style.SIZE - 0.5, BOLD * (width - 2 * EDGE), " ")
        self.subtitle = style.wrap(subtitle.split(" "), SMALL, width - 0.4, " ")
        self.caption = style.wrap(caption, SMALL, width - 2 * EDGE)
        self.above = 0.2 + LINE * (len(self.title) + len(self.subtitle))
        self.below = 0.13 + LINE * len(self.caption)

    def write(self, figure):
        """Writes them into the figure."""
        width, height = figure.get_size_inches()
        for k, line in enumerate([*self.title, *self.subtitle]):
            look = {"fontsize": style.SIZE - 0.5, "weight": "bold"} if k < len(self.title) else {"fontsize": SMALL}
            figure.text(EDGE / width, (height - 0.1 - k * LINE) / height, line, va="top", **look)
        for k, line in enumerate(reversed(self.caption)):
            figure.text(EDGE / width, (0.13 + k * LINE) / height, line, fontsize=SMALL, va="bottom")
