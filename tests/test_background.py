#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that outlive the terminal they were started from, or the reader of what they print."""

import os
import signal
import subprocess
import unittest

import h5py

from interrupted import wait_for
from program import MPICH, SECONDS, Launch, ProgramTest, differing, read, solve, temporary_folder
from sweeps import LONG

SWEEP = LONG.replace("points: 500", "points: 300")  # it still takes longer than a second, when it first reports blocks
RUNS = {"a run alone": (), "a run that starts its ranks": ("-n", "3")}


class BackgroundTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.reference = read(solve(temporary_folder(cls.addClassCleanup), SWEEP, ranks=3))

    def setUp(self):
        super().setUp()
        self.write("long.yaml", SWEEP)
        self.path = self.folder / "long.h5"

    def has_a_block(self):
        try:
            with h5py.File(self.path, "r", swmr=True) as file:
                return file["run/block_state"][()].any()
        except OSError:
            return False

    def start(self, *arguments, **popen):
        return Launch(self.folder, "run", "long.yaml", *arguments, **popen)

    def check_complete(self):
        self.assertEqual(differing(read(self.path), self.reference), [])
        self.path.unlink()

    def test_terminal_that_goes_away(self):
        """SIGHUP is ignored, as under nohup: its whole process group gets one, as from a shell that ends, and goes on."""
        for what, arguments in RUNS.items():
            with self.subTest(what), self.start("-q", *arguments, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) as run:
                wait_for(self.has_a_block)
                os.killpg(run.process.pid, signal.SIGHUP)
                self.assertEqual(run.finish(), (0, "", ""))
                self.check_complete()

    def test_hangup_that_is_not_ignored(self):
        with self.start("-q") as run:
            wait_for(self.has_a_block)
            os.killpg(run.process.pid, signal.SIGHUP)
            code, _, err = run.finish()
        self.assertEqual(code, 75, err)

    def test_notices_that_a_script_ignores(self):
        """`trap '' USR1 TERM` in a job's script is for the script."""
        def ignore():
            for number in (signal.SIGUSR1, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)

        for number in (signal.SIGUSR1, signal.SIGTERM):
            with self.start("-q", preexec_fn=ignore) as run:
                wait_for(self.has_a_block)
                run.process.send_signal(number)
                code, _, err = run.finish()
                self.assertEqual(code, 75, err)
            self.path.unlink()

    @unittest.skipIf(MPICH, "its mpiexec passes no signal on")
    def test_stop_under_nohup(self):
        """A run under nohup still stops when it is told to, and its ranks with it, however it ends."""
        for number, codes in ((signal.SIGUSR1, (75,)), (signal.SIGTERM, (1, 75)), (signal.SIGKILL, (-9,))):
            with self.subTest(number.name), \
                    self.start("-q", "-n", "3", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) as run:
                wait_for(self.has_a_block)
                ranks = [pid for pid in self.running() if pid != run.process.pid]
                self.assertGreaterEqual(len(ranks), 3)
                os.kill(run.process.pid, number)
                code, out, err = run.finish()
                self.assertIn(code, codes, out + err)
                wait_for(lambda: not self.running())
                self.path.unlink()

    def running(self):
        """Processes whose folder is the test's."""
        found = []
        for entry in os.listdir("/proc"):
            try:
                if entry.isdigit() and os.readlink(f"/proc/{entry}/cwd") == str(self.folder):
                    found.append(int(entry))
            except OSError:
                continue
        return found

    def test_reader_that_goes_away(self):
        """`moat run | head`: neither the sweep nor its exit code depends on who reads."""
        with self.start(stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as run:
            wait_for(self.has_a_block)
            run.process.stdout.close()
            self.assertEqual(run.process.wait(SECONDS), 0)
        self.check_complete()


if __name__ == "__main__":
    unittest.main()
