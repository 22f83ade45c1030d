# SPDX-License-Identifier: GPL-3.0-or-later
"""Sweeps on a disk that fails, made by faults/failing_disk.c in front of the program, and the checks that follow.

Variables of the environment: MOAT_STEPS is the number of calls of a run that get a fault, 0 for all of them; MOAT_SEED chooses
the same calls as an earlier run.
"""

import os
import random
import re
import shutil
import unittest
from unittest import mock

from interrupted import Sweep
from program import ProgramTest, moat, preload, stay_alone, temporary_folder
from sweeps import TINY_GRID, TINY_RIDGE

STEPS = int(os.environ.get("MOAT_STEPS", 8))
SEED = os.environ.get("MOAT_SEED", str(random.randrange(10**6)))
FAILS = r"cannot be (created|resumed|repaired[\w ]*|opened for writing|written[^:]*|closed|brought to disk)"


def disk_log(path):
    """The calls that a file saw: (name, offset, bytes)."""
    data, at, calls = path.read_bytes(), 0, []
    while at < len(data):
        end = data.index(b"\n", at)
        name, offset, size = data[at:end].split()
        at = end + 1 + int(size)
        calls.append((name.decode(), int(offset), data[end + 1:at]))
    return calls


def prepare_sweeps():
    """Builds the shim and runs the sweeps undisturbed; for setUpModule."""
    stay_alone()
    folder = temporary_folder(unittest.addModuleCleanup)
    DiskTest.shim = preload(folder, "failing_disk")
    DiskTest.sweeps = {"grid": Sweep(folder, TINY_GRID, 0), "ridge": Sweep(folder, TINY_RIDGE, 1e-12)}


class DiskTest(ProgramTest):
    shim, sweeps = None, {}

    def choose(self, name, disk=None):
        """Turns to that sweep, with its file on `disk` or in the test's folder."""
        self.sweep = self.sweeps[name]
        self.assertEqual(self.sweep.ended, (0, "", ""))
        self.write(self.sweep.config, self.sweep.text)
        self.path = (disk or self.folder) / self.sweep.name

    def rewind(self):
        """Makes the file one that lacks the last block, and the last data sets."""
        shutil.copy(self.sweep.folder / self.sweep.name, self.path)
        self.sweep.rewind(self.path, blocks=1, tasks=2 if self.sweep.tasks else 0)
        self.look()

    def run_with(self, ranks=None, arguments=(), **faults):
        """Runs the sweep on a disk with those faults: (exit code, stderr)."""
        with mock.patch.dict(os.environ, faults, LD_PRELOAD=self.shim if faults else ""):
            code, _, err = moat(self.folder, "run", self.sweep.config, "-q", "-o", self.path, *arguments, ranks=ranks)
        return code, err

    def check_told(self, code, err, reason):
        """A failed run names the file and the reason, once."""
        self.assertEqual(code, 1, err)
        self.assertEqual(len(re.findall(rf"^moat: {self.path}: {FAILS}.*: {reason}$", err, re.M)), 1, err)
        self.assertNotIn("Signal", err)

    def check_left(self):
        """The file that is left opens and is correct. A file is there whole or not at all."""
        self.assertFalse(self.path.with_name(f"{self.path.name}.moat-new").exists())
        if self.path.exists():
            self.seen = self.sweep.check(self, self.path, self.seen)

    def look(self):
        self.seen = self.sweep.reported(self.path)

    def check_resumed(self):
        self.look()
        self.sweep.check_resumed(self, self.path, ranks=None, folder=self.folder)
