# SPDX-License-Identifier: GPL-3.0-or-later
"""A figure's texts: a title with the finding, a subtitle with quantities and units, and a caption, broken into lines."""

import re

import style

BOLD = 0.86  # width of a text over that of the same text in bold
EDGE = 0.15  # inches from the edges of the figure


def words(text):
    """The words of a text. Mathematics between dollar signs is one word, with what it touches; so are a few words in parentheses, a
    number with its unit $L^*$, and an equation."""
    return re.findall(r"(?:(?<=\d) (?=\$L)| (?== )|(?<= =) |\$[^$]*\$|\([^()$]{1,11}\)|\\\$|[^\s$])+", text)


class Texts:
    """The texts of a figure on a sheet.Sheet. caption: its paragraphs, each a text or a list of items that are never split. bold: size
    of the title. above, below: the height in inches that the title with the subtitle, and the caption, take from the edges of the figure."""

    def __init__(self, sheet, title, subtitle, caption):
        self.sheet, room = sheet, sheet.width - 2 * EDGE
        self.bold = max(sheet.size - 0.5, sheet.small)
        self.title = _balanced(words(title), self.bold, BOLD * room)
        self.subtitle = style.wrap(words(subtitle), sheet.small, room, " ")
        self.caption = [line for each in caption for line in
                        (style.wrap(words(each), sheet.small, room, " ") if isinstance(each, str) else
                         style.wrap(self._fitting(each, room), sheet.small, room))]
        self.above = 0.2 * sheet.letter + sum(map(self._tall, [*self.title, *self.subtitle]))
        self.below = 0.13 + sum(map(self._tall, self.caption))

    def _fitting(self, items, room):
        """The items, those that are longer than a line broken into lines."""
        return [line for item in items for line in
                ([item] if style.text_width(item, self.sheet.small) <= room else style.wrap(words(item), self.sheet.small, room, " "))]

    def write(self, figure):
        """Writes them into the figure."""
        height = figure.get_size_inches()[1]
        self._write(figure, self.title, height - 0.1, {"fontsize": self.bold, "weight": "bold"})
        self._write(figure, self.subtitle, height - 0.1 - sum(map(self._tall, self.title)), {"fontsize": self.sheet.small})
        self._write(figure, self.caption, self.below, {"fontsize": self.sheet.small})

    def _tall(self, line):
        """The height of a line: indices and exponents need more."""
        return self.sheet.line * (1.2 if re.search(r"\$[^$]*[_^]", line) else 1.0)

    def _write(self, figure, lines, top, look):
        """Writes lines from the height `top` down."""
        width, height = figure.get_size_inches()
        for line in lines:
            top -= self._tall(line)
            figure.text(EDGE / width, (top + (0.27 if self._tall(line) == self.sheet.line else 0.38) * self.sheet.line) / height, line,
                        va="baseline", **look)


def _balanced(parts, size, room):
    """Lines of words, as few as fit `room` inches and of nearly one length: no word stands alone in the last."""
    lines = style.wrap(parts, size, room, " ")
    for part in (0.6, 0.7, 0.8, 0.9):
        found = style.wrap(parts, size, part * room, " ")
        if len(found) == len(lines):
            return found
    return lines
