#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk without file locks, as some networks have: two runs still keep out of each other's way, killed ones are resumed."""

import os
import re
import signal
import subprocess
import unittest
from unittest import mock

import h5py

from interrupted import wait_for
from program import Launch, ProgramTest, differing, preload, read, solve, temporary_folder
from sweeps import LONG


class WithoutLocksTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        folder = temporary_folder(cls.addClassCleanup)
        cls.reference = read(solve(folder, LONG, ranks=3))
        cls.shim = preload(folder, "no_locks")

    def setUp(self):
        super().setUp()
        self.write("long.yaml", LONG)
        patch = mock.patch.dict(os.environ, LD_PRELOAD=self.shim)
        patch.start()
        self.addCleanup(patch.stop)

    def has_a_block(self):
        try:
            with h5py.File(self.folder / "long.h5", "r", swmr=True, locking=False) as file:
                return file["run/block_state"][()].any()
        except OSError:
            return False

    def test_second_run_is_refused_and_a_killed_one_resumed(self):
        with Launch(self.folder, "run", "long.yaml") as first:
            wait_for(self.has_a_block)
            first.process.send_signal(signal.SIGSTOP)
            _, error = self.run_moat(2, "run", "long.yaml")
            self.assertRegex(error, rf"another process is writing it \(host \S+, pid {first.process.pid}, 1 node, 1 rank\): wait")
        said, _ = self.run_moat(0, "status", "long.h5")  # the first is killed by now
        self.assertIn("not complete", said)
        self.run_moat(0, "run", "long.yaml", ranks=3)
        self.assertEqual(differing(read(self.folder / "long.h5"), self.reference), [])
        with h5py.File(self.folder / "long.h5") as file:
            lines = file.attrs["history"].splitlines()
        self.assertEqual(len(lines), 2)
        self.assertNotIn("core-hours", lines[0])
        self.assertIn("core-hours", lines[1])

    def test_writer_of_another_host_needs_the_user(self):
        """A killed writer of a host that cannot be asked: what to do is said, and works."""
        with Launch(self.folder, "run", "long.yaml") as first:
            wait_for(self.has_a_block)
        pid = first.process.pid
        path = self.folder / "long.h5"
        here, there = os.uname().nodename.encode(), b"x" * len(os.uname().nodename)
        data = path.read_bytes()
        self.assertIn(b"host " + here, data)
        path.write_bytes(data.replace(b"host " + here, b"host " + there))
        _, error = self.run_moat(2, "run", "long.yaml")
        self.assertRegex(error, rf"its last writer \(host x+, pid {pid}, 1 node, 1 rank\) did not close it")
        suggested = re.search(r"run `([^`]+)`, then this command again", error)[1]
        cleared = subprocess.run(suggested, shell=True, cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(cleared.returncode, 0, cleared.stdout + cleared.stderr)
        self.run_moat(0, "run", "long.yaml")
        self.assertEqual(differing(read(path), self.reference), [])


if __name__ == "__main__":
    unittest.main()
