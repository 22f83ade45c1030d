#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk without file locks, as some networks have: two runs still keep out of each other's way, killed ones are resumed."""

import os
import re
import signal
import subprocess
import unittest
import zlib
from unittest import mock

import h5py
import numpy as np

from interrupted import wait_for
from program import Launch, ProgramTest, differing, history, preload, read, solve, temporary_folder
from sweeps import LONG


def move_to_host(path, host):
    """Makes every run in the history of a file that was left open one of that host."""
    with h5py.File(path, "r", swmr=True) as file:
        members = {name: data[()] for name, data in file["run"].items() if name.startswith("history_")}
        offset = {name: file["run"][name].id.get_offset() for name in members}
    members["history_host"][members["history_number"] > 0] = host
    sums = members.pop("history_checksum")
    for at in np.ndindex(sums.shape):
        sums[at] = zlib.crc32(b"".join(values[at].tobytes().ljust(values.itemsize, b"\0") for values in members.values()))
    data = bytearray(path.read_bytes())
    for name, values in (("history_host", members["history_host"]), ("history_checksum", sums)):
        data[offset[name]:offset[name] + values.nbytes] = values.tobytes()
    path.write_bytes(data)


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
        killed, whole = history(self.folder / "long.h5")
        self.assertRegex(killed, r"1 rank(, at least \S+ core-hours)?\]$")
        self.assertRegex(whole, r"3 ranks, [\d.e-]+ core-hours\]$")

    def test_writer_of_another_host_needs_the_user(self):
        """A killed writer of a host that cannot be asked: what to do is said, and works."""
        with Launch(self.folder, "run", "long.yaml") as first:
            wait_for(self.has_a_block)
        pid = first.process.pid
        path = self.folder / "long.h5"
        move_to_host(path, b"xxx")
        _, error = self.run_moat(2, "run", "long.yaml")
        self.assertRegex(error, rf"its last writer \(host xxx, pid {pid}, 1 node, 1 rank\) did not close it")
        suggested = re.search(r"run `([^`]+)`, then this command again", error)[1]
        cleared = subprocess.run(suggested, shell=True, cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(cleared.returncode, 0, cleared.stdout + cleared.stderr)
        self.run_moat(0, "run", "long.yaml")
        self.assertEqual(differing(read(path), self.reference), [])


if __name__ == "__main__":
    unittest.main()
