#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time limits, stated in seconds of an idle machine and longer where the machine is slow or busy; `pace.py SECONDS` prints the
length of one here and now.

The speed is measured with a fixed piece of work: once in a process, and again when a limit is reached, as other programs may
have started meanwhile.
"""

import functools
import subprocess
import sys
import time

REFERENCE = 0.06  # seconds of the work on the idle machine that the limits are meant for


def slowness(clock=time.monotonic):
    """How many times longer than there the work takes here and now, at least 1; by time.process_time, without what others do."""
    start, value = clock(), 0
    for i in range(1_500_000):
        value ^= i * i
    return max(1.0, (clock() - start) / REFERENCE)


first_slowness = functools.cache(slowness)


class Limit:
    """So many seconds from now."""

    def __init__(self, seconds):
        self.seconds, self.start, self.slowness = seconds, time.monotonic(), first_slowness()

    def left(self):
        """Seconds that are left, 0 when it is over."""
        def remaining():
            return self.start + self.seconds * self.slowness - time.monotonic()
        if remaining() <= 0:
            self.slowness = max(self.slowness, slowness())
        return max(remaining(), 0)

    def over(self):
        return self.left() == 0


def communicate(process, seconds):
    """`process.communicate()` within a limit; subprocess.TimeoutExpired when that is over."""
    limit = Limit(seconds)
    while True:
        try:
            return process.communicate(timeout=limit.left())
        except subprocess.TimeoutExpired:
            if limit.over():
                raise


def run(command, seconds, **options):
    """`subprocess.run` within a limit, its output captured."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options) as process:
        try:
            out, err = communicate(process, seconds)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


if __name__ == "__main__":
    print(round(float(sys.argv[1]) * slowness()))
