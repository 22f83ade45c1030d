# SPDX-License-Identifier: GPL-3.0-or-later
"""What a script writes: files that are whole or not there, and whether all that it prints is written."""

import contextlib
import os
import stat
import sys
import tempfile


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
