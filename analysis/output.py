# SPDX-License-Identifier: GPL-3.0-or-later
"""Standard output of a script: whether all that it prints is written."""

import os
import sys


def run(program, main):
    """Runs `main`, and returns the exit code: main's, or 1 with a message if standard output cannot be written. A reader
    that has closed the pipe, such as `head`, has read enough: that is no failure."""
    code = 0
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
