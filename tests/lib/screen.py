# SPDX-License-Identifier: GPL-3.0-or-later
"""A terminal of a given size: what a person sees of a program's output, with every row that it has used.

Screen understands what moat writes and no more: printable characters, carriage return, newline, and the sequences that clear the
rest of the row or of the screen. show() runs moat on a pseudo-terminal.
"""

import fcntl
import os
import pty
import re
import select
import struct
import termios

from pace import Limit
from program import SECONDS, Launch

ROWS = 24
TOKEN = re.compile(r"\x1b\[(\d*)([A-Za-z])|([\r\n])|([^\x00-\x1f\x7f])", re.S)


class Screen:
    """Rows without an end, as if nothing ever scrolled away. `reflow`: a window that becomes narrower breaks its rows in two, as
    GNOME's and KDE's terminals do; else it cuts them, as xterm does."""

    def __init__(self, columns, reflow=True):
        self.columns, self.reflow = columns, reflow
        self.cells, self.joined = [""], [False]  # joined: the row goes on in the next, as it was too long
        self.row = self.column = 0
        self.full = False  # the last column has been written, so that the next character begins a row

    def feed(self, text):
        at = 0
        while at < len(text):
            token = TOKEN.match(text, at)
            if not token:
                raise ValueError(f"found {text[at:at + 8]!r}, which no part of moat should write")
            number, command, control, character = token.groups()
            if command:
                self.clear(number, command)
            elif control == "\r":
                self.column, self.full = 0, False
            elif control == "\n":
                self.down(joined=False)
            else:
                self.put(character)
            at = token.end()

    def clear(self, number, command):
        if (number, command) not in (("", "K"), ("", "J")):
            raise ValueError(f"found the sequence ESC [ {number} {command}")
        self.cells[self.row] = self.cells[self.row][:self.column]
        self.joined[self.row] = False
        if command == "J":
            del self.cells[self.row + 1:], self.joined[self.row + 1:]

    def down(self, joined):
        self.joined[self.row] = joined
        self.row, self.full = self.row + 1, False
        if self.row == len(self.cells):
            self.cells.append("")
            self.joined.append(False)

    def put(self, character):
        if self.full:
            self.down(joined=True)
            self.column = 0
        row = self.cells[self.row].ljust(self.column)
        self.cells[self.row] = row[:self.column] + character + row[self.column + 1:]
        self.full = self.column + 1 == self.columns
        self.column = min(self.column + 1, self.columns - 1)

    def resize(self, columns):
        lines, where = [], None  # lines as they were written; the cursor's line, and its place in it
        for number, (cells, joined) in enumerate(zip(self.cells, self.joined)):
            if number == 0 or not self.joined[number - 1]:
                lines.append("")
            if number == self.row:
                where = len(lines) - 1, len(lines[-1]) + self.column
            lines[-1] += cells
        self.columns, self.full = columns, False
        if not self.reflow:
            self.cells = [cells[:columns] for cells in self.cells]
            self.column = min(self.column, columns - 1)
            return
        self.cells, self.joined = [], []
        for number, line in enumerate(lines):
            parts = [line[at:at + columns] for at in range(0, len(line), columns)] or [""]
            if number == where[0]:
                self.row, self.column = len(self.cells) + min(where[1] // columns, len(parts) - 1), where[1] % columns
            self.cells += parts
            self.joined += [True] * (len(parts) - 1) + [False]

    def rows(self):
        """What has been used, without empty rows at the end."""
        rows = [cells.rstrip() for cells in self.cells]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def lines(self):
        """The same, with rows that were broken in two joined again."""
        lines, joined = [], False
        for cells, goes_on in zip(self.rows(), self.joined):
            lines[len(lines) - joined:] = [lines[-1] + cells if joined else cells]
            joined = goes_on
        return lines


class Shown:
    """What moat has written to a terminal: `code`, its exit code, `text`, and `screen`. Of each bar in `bars`: the text, the number
    of columns at that time, and the rows from the cursor's on that were in use when it stood there."""

    def __init__(self, columns, reflow):
        self.code, self.text, self.screen, self.bars, self.pending = None, "", Screen(columns, reflow), [], ""

    def feed(self, text):
        self.text += text
        self.pending += text
        while match := re.search(r"\x1b\[J[^\r\n]+\r(?!\n)|\x1b\[?$|\r$", self.pending):
            if not match[0].startswith("\x1b[J"):
                break  # a sequence whose rest is still to come
            self.screen.feed(self.pending[:match.end()])
            self.bars.append((match[0][3:-1], self.screen.columns, len(self.screen.rows()) - self.screen.row))
            self.pending = self.pending[match.end():]
        if not match and not re.search(r"\x1b\[J[^\r\n]*$", self.pending):
            self.screen.feed(self.pending)
            self.pending = ""


def show(test, *arguments, columns, ranks=None, widths=(), until=None, reflow=True, **popen):
    """Runs moat in the test's folder on a terminal of so many columns (0: it does not say), for Shown.

    After every second bar the window is given the next of `widths`; after the last of them moat is killed, and its code None. ^C is
    typed when `until` has been written.
    """
    def size(descriptor, width):
        fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS if width else 0, width, 0, 0))

    try:
        leader, follower = pty.openpty()
    except OSError as error:  # a chroot without /dev/pts
        test.skipTest(f"no pseudo-terminal here: {error}")
    test.addCleanup(os.close, leader)
    size(follower, columns)
    shown, limit, widths, seen = Shown(columns or 80, reflow), Limit(SECONDS), [*widths, None] if widths else [], 0
    streams = {"stdin": follower, "stdout": follower, "stderr": follower, **popen}
    with Launch(test.folder, *arguments, ranks=ranks, **streams, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)) as launch:
        os.close(follower)
        while not limit.over():
            if select.select([leader], [], [], 0.1)[0]:
                try:
                    shown.feed(os.read(leader, 65536).decode())
                except OSError:  # the last process with the terminal has gone
                    break
            if until and until in shown.text:
                os.write(leader, b"\x03")
                until = None
            if widths and len(shown.bars) >= seen + 2:
                if widths[0] is None:
                    return shown
                seen = len(shown.bars)
                size(leader, widths[0])
                shown.screen.resize(widths.pop(0))
        shown.code = launch.process.wait(SECONDS)
    shown.screen.feed(shown.pending)
    return shown
