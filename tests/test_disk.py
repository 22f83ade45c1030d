#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that fail or fill up, files and folders that vanish or turn read-only: the run says so, and loses nothing.

After each fault: a message that names file and reason, an exit code that is not 0, a file that opens with all that it
reports done right, and the same command completes it once the fault is gone. MOAT_STEPS in the environment is the number
of calls at which faults are put into a run, 0 for all of them.
"""

import os
import random
import re
import resource
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

from interrupted import Sweep, wait_for
from program import LONG, Launch, ProgramTest, moat

STEPS = int(os.environ.get("MOAT_STEPS", 12))
SEED = os.environ.get("MOAT_SEED", str(random.randrange(10**6)))
SHIM = Path(__file__).resolve().parent / "faults" / "failing_disk.c"
NOBODY = 65534
FAILS = r"cannot be (created|resumed|repaired[\w ]*|opened for writing|written[^:]*|closed|brought to disk)"

GRID = """name: grid
sweep: market_entry
solver: deterministic
output: grid.h5
model: {gamma: 0.5, P: .inf}
incumbent: {tau: 0.9}
grid:
  N_I:   {values: [1, 10, 1e3, .inf]}
  tau_E: {values: [0.5, 0.95, .inf]}
  Q:     {values: [0.1, 0.5]}
  nu:    {values: [0.6, 1.0, 2.0, 3.0]}
"""
RIDGE = """name: ridge
sweep: market_entry
solver: ridge
output: ridge.h5
model: {gamma: 0.5, P: 32}
incumbent: {tau: 0.9}
grid:
  N_I:   {values: [8, 16, 24]}
  tau_E: {values: [1.2, .inf]}
  Q:     {values: [0.1]}
  nu:    {values: [0.75]}
ridge: {P: 32, N: {values: [4, 8, 16, 32, 48]}, trials: 2, seed: 1}
"""


def disk_log(path):
    """The calls that a file saw: (name, offset, bytes)."""
    data, at, calls = path.read_bytes(), 0, []
    while at < len(data):
        end = data.index(b"\n", at)
        name, offset, size = data[at:end].split()
        at = end + 1 + int(size)
        calls.append((name.decode(), int(offset), data[end + 1:at]))
    return calls


def setUpModule():
    folder = Path(tempfile.mkdtemp(prefix="moat-"))
    unittest.addModuleCleanup(shutil.rmtree, folder, ignore_errors=True)
    DiskTest.shim = str(folder / "failing_disk.so")
    subprocess.run(["gcc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", DiskTest.shim, SHIM], check=True)
    DiskTest.sweeps = {"grid": Sweep(folder, GRID, 0), "ridge": Sweep(folder, RIDGE, 1e-12)}


class DiskTest(ProgramTest):
    shim, sweeps = None, {}

    def choose(self, name, folder=None):
        """Turns to that sweep, in `folder` or one of the test."""
        self.sweep = self.sweeps[name]
        self.assertEqual(self.sweep.ended, (0, "", ""))
        self.place = folder or self.folder
        (self.place / self.sweep.config).write_text(self.sweep.text)
        self.path = self.place / self.sweep.name

    def run_with(self, ranks=None, arguments=(), limit=None, **faults):
        """Runs the sweep on a disk with those faults: (exit code, stderr)."""
        with mock.patch.dict(os.environ, faults, LD_PRELOAD=self.shim if faults else ""):
            popen = {} if limit is None else {
                "preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))}
            with Launch(self.place, "run", self.sweep.config, "-q", *arguments, ranks=ranks, **popen) as launch:
                code, _, err = launch.finish()
        return code, err

    def check_told(self, code, err, reason):
        """A run that failed says once which file, and why."""
        self.assertEqual(code, 1, err)
        self.assertEqual(len(re.findall(rf"^moat: {self.sweep.name}: {FAILS}.*: {reason}$", err, re.M)), 1, err)
        self.assertNotIn("Signal", err)

    def check_left(self):
        """What is left opens and is right; there is no file rather than half a one."""
        self.assertFalse(self.path.with_name(f"{self.path.name}.moat-new").exists())
        if self.path.exists():
            self.seen = self.sweep.check(self, self.path, self.seen)

    def look(self):
        self.seen = self.sweep.reported(self.path)

    def check_resumed(self):
        self.look()
        self.sweep.check_resumed(self, self.path, ranks=None)


class FailingDiskTest(DiskTest):
    """Faults at calls from the first to the last, of new and of resumed runs (faults/failing_disk.c)."""

    def prepare(self, start):
        """What the run finds: no file, one to go on with, or one whose writer was killed."""
        self.path.unlink(missing_ok=True)
        if start != "new":
            shutil.copy(self.sweep.folder / self.sweep.name, self.path)
            self.sweep.rewind(self.path, blocks=1, tasks=2 if self.sweep.tasks else 0)
        if start == "killed":
            code, err = self.run_with(DISK_FAULT=f"kill:{self.calls - 3}")
            self.assertEqual(code, -9, err)
        self.look()

    def count_calls(self, start):
        """Calls that the run makes when nothing fails."""
        self.prepare(start)
        log = self.folder / "log"
        code, err = self.run_with(DISK_LOG=str(log))
        self.assertEqual(code, 0, err)
        calls = [name for name, _, _ in disk_log(log) if name != "rename"]
        log.unlink()
        return len(calls)

    def check_fault(self, start, fault):
        self.prepare(start)
        code, err = self.run_with(DISK_FAULT=fault)
        if fault.startswith("kill"):
            self.assertEqual(code, -9, err)
            if self.path.exists():
                self.seen = self.sweep.check(self, self.path, self.seen)
        else:
            self.check_told(code, err, os.strerror(28 if fault.startswith("ENOSPC") else 5))
            self.check_left()
        self.check_resumed()

    def sweep_faults(self, name):
        self.choose(name)
        for start in ("new", "resumed", "killed"):
            self.calls = self.count_calls(start)
            steps = STEPS if start == "new" else STEPS // 2
            moments = random.Random(f"{SEED} {name} {start}")
            every = range(1, self.calls + 1)
            # A new run fills its file call by call: half of the steps go to the calls after that.
            chosen = every if STEPS == 0 or steps >= self.calls else sorted(
                {1, self.calls, *moments.sample(every, steps // 2), *moments.sample(every[-60:], steps // 2 - 2)})
            for number, call in enumerate(chosen):
                kind = ("EIO:{}", "ENOSPC:{}", "kill:{}", "EIO:{}:1")[number % 4]
                with self.subTest(f"MOAT_SEED={SEED}: {name}, {start}, {kind.format(call)} of {self.calls}"):
                    self.check_fault(start, kind.format(call))

    def test_grid(self):
        self.sweep_faults("grid")

    def test_ridge(self):
        self.sweep_faults("ridge")


if __name__ == "__main__":
    unittest.main()
