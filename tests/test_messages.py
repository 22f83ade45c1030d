#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages, communicators and collectives of whole runs, counted by a library in front of MPI: nothing is left over."""

import os
import signal
import unittest
from unittest import mock

import h5py

from interrupted import wait_for
from program import MPICH, Launch, ProgramTest, preload, temporary_folder
from sweeps import LONG, SMALL_RIDGE

SHORT = LONG.replace("long", "short").replace("points: 500", "points: 50")
GROUPS = SMALL_RIDGE.replace("name: small", "name: groups").replace("small.h5", "groups.h5").replace("P: 128", "P: 256")
GROUPS = GROUPS.replace("256]}, trials: 4", "256, 300]}, trials: 2").replace("seed: 1}", "seed: 1, ranks_per_group: 3}")


class MessagesTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.library = preload(temporary_folder(cls.addClassCleanup), "mpi_ledger")

    def setUp(self):
        super().setUp()
        self.path = self.folder / "ledger"
        patch = mock.patch.dict(os.environ, LD_PRELOAD=self.library, MPI_LEDGER=str(self.path))
        patch.start()
        self.addCleanup(patch.stop)
        for name, text in (("long", LONG), ("short", SHORT), ("small", SMALL_RIDGE), ("groups", GROUPS)):
            self.write(f"{name}.yaml", text)

    def check_ledger(self):
        """One run has reached MPI_Finalize and left nothing over; returns how many messages it sent."""
        words = self.path.read_text().split()
        self.path.unlink()
        ledger = dict(zip(words[::2], map(int, words[1::2])))
        self.assertEqual(len(words), 2 * len(ledger), "more than one run")
        sent = ledger.pop("sent")
        self.assertEqual(sent, ledger.pop("received"))
        self.assertEqual({name: number for name, number in ledger.items() if number}, {})
        return sent

    def test_sweeps(self):
        for config, ranks in (("short", 1), ("short", 3), ("small", 4), ("groups", 5)):
            with self.subTest(config, ranks=ranks):
                (self.folder / f"{config}.h5").unlink(missing_ok=True)
                self.run_moat(0, "run", f"{config}.yaml", ranks=ranks)
                self.assertEqual(self.check_ledger() > ranks, ranks > 1)
                self.run_moat(0, "run", f"{config}.yaml", ranks=ranks)  # complete: there is nothing to do
                self.assertLess(self.check_ledger(), ranks)

    def test_failures_before_any_work(self):
        self.write("bad.yaml", LONG.replace("gamma: 0.5", "gamma: -1"))
        self.write("foreign.h5", "not a results file")
        for arguments, code in ((("bad.yaml",), 2), (("absent.yaml",), 2), (("long.yaml", "-o", "foreign.h5"), 2),
                                (("small.yaml", "-o", "absent/small.h5"), 2)):
            with self.subTest(arguments):
                self.run_moat(code, "run", *arguments, ranks=3)
                self.assertEqual(self.check_ledger(), 0)

    def test_stopped(self):
        for config in ("long", "groups"):
            with self.subTest(config), Launch(self.folder, "run", f"{config}.yaml", ranks=4) as launch:
                wait_for(lambda: self.has_a_result(config))
                launch.process.send_signal(signal.SIGUSR1)
                code, out, err = launch.finish()
                self.assertIn(code, (0, 75) if MPICH else (75,), out + err)  # MPICH's mpiexec may return 0 after a USR1
                self.assertGreater(self.check_ledger(), 0)

    def has_a_result(self, config):
        try:
            with h5py.File(self.folder / f"{config}.h5", "r", swmr=True) as file:
                return any(file["run"][name][()].any() for name in ("block_state", "task_state") if name in file["run"])
        except OSError:
            return False


if __name__ == "__main__":
    unittest.main()
