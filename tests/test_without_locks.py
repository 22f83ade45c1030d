#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks of networks without file locks, or with locks that each host grants by itself: two runs still keep out of each other's
way, killed ones are resumed."""

import json
import os
import signal
import time
import unittest
import zlib
from unittest import mock

import h5py
import numpy as np

from interrupted import wait_for
from program import Launch, ProgramTest, differing, history, preload, read, solve, temporary_folder
from sweeps import LONG


SHORTER = LONG.replace("points: 500", "points: 150")  # alone, it still takes seconds
LOST = 120  # seconds without a sign of life (PULSE_LOST)


def change_runs(path, **changes):
    """Changes members of every run in the history of a file that was left open."""
    with h5py.File(path, "r", swmr=True) as file:
        members = {name: data[()] for name, data in file["run"].items() if name.startswith("history_")}
        offset = {name: file["run"][name].id.get_offset() for name in members}
    for name, value in changes.items():
        members[name][members["history_number"] > 0] = value
    sums = members.pop("history_checksum")
    for at in np.ndindex(sums.shape):
        sums[at] = zlib.crc32(b"".join(values[at].tobytes().ljust(values.itemsize, b"\0") for values in members.values()))
    data = bytearray(path.read_bytes())
    for name, values in (*((name, members[name]) for name in changes), ("history_checksum", sums)):
        data[offset[name]:offset[name] + values.nbytes] = values.tobytes()
    path.write_bytes(data)


def setUpModule():
    WithoutLocks.reference = read(solve(temporary_folder(unittest.addModuleCleanup), SHORTER, ranks=3))


class WithoutLocks:
    """Tests on a disk whose locks tell nothing; `shim` makes it one."""
    reference = {}

    @classmethod
    def setUpClass(cls):
        cls.library = preload(temporary_folder(cls.addClassCleanup), cls.shim)

    def setUp(self):
        super().setUp()
        self.write("long.yaml", SHORTER)
        self.path = self.folder / "long.h5"
        patch = mock.patch.dict(os.environ, LD_PRELOAD=self.library)
        patch.start()
        self.addCleanup(patch.stop)

    def has_a_block(self):
        try:
            with h5py.File(self.path, "r", swmr=True, locking=False) as file:
                return file["run/block_state"][()].any()
        except OSError:
            return False

    def check_whole(self):
        self.assertEqual(differing(read(self.path), self.reference), [])

    def test_second_run_is_refused_and_a_killed_one_resumed(self):
        self.write("other.yaml", SHORTER.replace("0.95", "0.96"))
        with Launch(self.folder, "run", "long.yaml") as first:
            wait_for(self.has_a_block)
            first.process.send_signal(signal.SIGSTOP)
            before = self.path.read_bytes()
            for arguments in (["long.yaml"], ["long.yaml", "--force"], ["other.yaml", "-o", "long.h5", "--force"]):
                _, error = self.run_moat(2, "run", *arguments)
                self.assertRegex(error, rf"another process is writing it \(host \S+, pid {first.process.pid}, 1 node, 1 rank\): wait")
            self.assertTrue(self.path.read_bytes() == before, "a file was changed that another process writes")
            self.assertTrue(json.loads(self.run_moat(0, "status", "long.h5", "--json")[0])["written_now"])
        said, _ = self.run_moat(0, "status", "long.h5")  # the first is killed by now
        self.assertIn("not complete", said)
        self.run_moat(0, "run", "long.yaml", ranks=3)
        self.check_whole()
        killed, whole = history(self.path)
        self.assertRegex(killed, r"1 rank(, at least \S+ core-hours)?\]$")
        self.assertRegex(whole, r"3 ranks, [\d.e-]+ core-hours\]$")

    def test_writer_of_another_host(self):
        """It cannot be asked. As long as it may be alive by the age of the file, only the user can say that it is gone."""
        with Launch(self.folder, "run", "long.yaml") as first:
            wait_for(self.has_a_block)
        change_runs(self.path, history_host=b"xxx")
        killed = self.path.read_bytes()
        for way, arguments in (("waiting", ()), ("--force", ("--force",))):
            with self.subTest(way):
                self.path.write_bytes(killed)
                writer = rf"its last writer \(host xxx, pid {first.process.pid}, 1 node, 1 rank\) did not close it and may be writing"
                _, error = self.run_moat(2, "run", "long.yaml")
                self.assertRegex(error, rf"{writer}: the file was changed \d+ s ago. .* repeat this command in 1\d\d s, or now with --force")
                if way == "waiting":
                    last = time.time() - LOST
                    os.utime(self.path, (last + 10, last + 10))
                    _, error = self.run_moat(2, "run", "long.yaml")
                    self.assertRegex(error, r"changed 1[12]\d s ago. .* in 1?\d s, ")
                    os.utime(self.path, (last, last))
                self.run_moat(0, "run", "long.yaml", *arguments, ranks=3)
                self.check_whole()

    def test_job_that_runs_on_another_host(self):
        """Its writer gives signs of life; without one for long, the user may say that the job does something else by now."""
        with Launch(self.folder, "run", "long.yaml") as first:
            wait_for(self.has_a_block)
        change_runs(self.path, history_host=b"xxx", history_job=12)
        squeue = self.write("squeue", "#!/bin/sh\necho 'RUNNING|None'\n")
        squeue.chmod(0o755)
        last = time.time() - 2 * LOST
        with mock.patch.dict(os.environ, PATH=f"{self.folder}:{os.environ['PATH']}"):
            for arguments in ((), ("--force",)):
                self.assertIn("another process is writing it (job 12", self.run_moat(2, "run", "long.yaml", *arguments)[1])
            os.utime(self.path, (last, last))
            _, error = self.run_moat(2, "run", "long.yaml")
            self.assertRegex(error, rf"\(job 12, host xxx, pid {first.process.pid}, .*\) did not close it and its job runs.* with --force")
            self.run_moat(0, "run", "long.yaml", "--force", ranks=3)
        self.check_whole()

    def test_process_that_has_the_same_number(self):
        """A killed writer whose process id a later run of moat has by now."""
        with Launch(self.folder, "run", "long.yaml"):
            wait_for(self.has_a_block)
        later = self.folder / "later"
        later.mkdir()
        (later / "long.yaml").write_text(SHORTER)
        with Launch(later, "run", "long.yaml") as second:
            wait_for((later / "long.h5").exists)
            second.process.send_signal(signal.SIGSTOP)
            now = time.time()
            for began, code in ((now, 2), (now - 3600, 0)):
                change_runs(self.path, history_pid=second.process.pid, history_started=began)
                self.run_moat(code, "run", "long.yaml", ranks=3)
        self.check_whole()


class NoLocksTest(WithoutLocks, ProgramTest):
    shim = "no_locks"


class LocalLocksTest(WithoutLocks, ProgramTest):
    """Each host grants every lock."""
    shim = "local_locks"

    def test_sign_of_life(self):
        """A run gives one while it waits for a worker for long and writes nothing."""
        slow = preload(self.folder, "slow_network")
        with mock.patch.dict(os.environ, LD_PRELOAD=f"{self.library}:{slow}", NETWORK_DELAY="40"), \
                Launch(self.folder, "run", "long.yaml", ranks=2):
            wait_for(self.path.exists)
            first = self.path.stat().st_mtime_ns
            before = self.path.read_bytes()
            wait_for(lambda: self.path.stat().st_mtime_ns > first + 5 * 10**9, seconds=30)
            self.assertTrue(self.path.read_bytes() == before, "the file has changed: this shows nothing")


if __name__ == "__main__":
    unittest.main()
