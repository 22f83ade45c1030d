# SPDX-License-Identifier: GPL-3.0-or-later
"""What a script writes: files that are whole or not there, its name in messages, and whether all that it prints is written."""

import contextlib
import os
import shutil
import stat
import sys
import tempfile
import time

typed = None  # the command that runs a script, such as `moat export`; None where the script is called by its name
FIRST, PAUSE = 1, 0.2  # seconds before there is a bar, and between two changes of it


def name(script):
    """How messages call the `script`: by the command that was typed."""
    return typed or script


@contextlib.contextmanager
def whole_file(path, mode="w"):
    """Opens a file of text ("w") or bytes ("wb") in place of `path`. A file that stands there stays until the new one is
    complete, and for good if anything fails. Behind a link the file is replaced, not the link; a device is written to."""
    encoding = None if "b" in mode else "utf-8"
    with whole_path(path) as place, open(place, mode, encoding=encoding) as file:
        yield file


@contextlib.contextmanager
def whole_path(path):
    """The path of an empty file, to be written by its name, that takes the place of `path` as whole_file's does."""
    target = os.path.realpath(path)
    about = os.stat(target) if os.path.exists(target) else None
    if about and not stat.S_ISREG(about.st_mode):
        yield target
        return
    mask = os.umask(0)
    os.umask(mask)
    descriptor, temporary = tempfile.mkstemp(".part", os.path.basename(target) + ".", os.path.dirname(target))
    os.close(descriptor)
    try:
        yield temporary
        os.chmod(temporary, stat.S_IMODE(about.st_mode) if about else 0o666 & ~mask)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def watched(program, items, total, noun, size, quiet=False):
    """Yields the `items`, and shows how many of all the `total` things are done, on a terminal, if it takes more than a second.
    noun: what they are. size(item): how many an item is."""
    stream = sys.stderr
    if quiet or os.environ.get("TERM", "dumb") == "dumb" or not stream.isatty():
        yield from items
        return
    start = shown = time.monotonic()
    done = 0
    try:
        for item in items:
            yield item
            done, now = done + size(item), time.monotonic()
            if now - start >= FIRST and now - shown >= PAUSE:
                shown, left = now, (now - start) * (total - done) / done
                _show(stream, f"{program}: {done:,} of {total:,} {noun}, {100 * done // total} %, {left:.0f} s left")
    finally:
        if shown > start:
            _show(stream, "")


def _show(stream, text):
    """Writes the text in place of the line that stands there, on one row."""
    width = shutil.get_terminal_size().columns - 1
    stream.write(f"\r{text[:width]}\x1b[K")
    stream.flush()


def run(program, main):
    """Runs `main`, and returns the exit code: main's, or 1 with a message if standard output cannot be written. A reader
    that has closed the pipe, such as `head`, has read enough: that is no failure."""
    code = 0
    sys.stdout.reconfigure(write_through=False)  # argparse, from Python 3.12 on, ignores what a write of its help says
    try:
        try:
            code = main()
        except SystemExit as end:  # from argparse, which prints its help before
            code = end.code
        sys.stdout.flush()
    except OSError as error:
        if error.filename is not None:  # that of another file
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more when it ends
        if not isinstance(error, BrokenPipeError):
            print(f"{program}: standard output cannot be written: {error.strerror or error}", file=sys.stderr)
            code = code or 1
    return code
