#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""No process of a run starts another: MPI libraries forbid a fork, and one that fails must not be taken for a damaged file.

faults/fork_ledger.c notes each call that makes a process, and who made it.
"""

import os
import subprocess
import unittest
from unittest import mock

import h5py

from program import ALONE, ProgramTest, moat, preload, ranks_script, temporary_folder
from sweeps import TINY_GRID, TINY_RIDGE


class ForksTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        folder = temporary_folder(cls.addClassCleanup)
        cls.ledger, cls.no_locks = preload(folder, "fork_ledger"), preload(folder, "no_locks")

    def calls(self, log, *arguments, ranks=None, shims=()):
        """What the ledger has of a command that succeeds."""
        log.unlink(missing_ok=True)
        line = f'FORK_LOG={log} LD_PRELOAD={":".join((self.ledger, *shims))} exec $MOAT "$@"'
        with ranks_script(self.folder, line), mock.patch.dict(os.environ, ALONE):
            code, out, err = moat(self.folder, *arguments, ranks=ranks)
        self.assertEqual(code, 0, out + err)
        return log.read_text().splitlines() if log.exists() else []

    def test_ledger(self):
        log = self.folder / "log"
        environment = {**os.environ, "FORK_LOG": str(log), "LD_PRELOAD": self.ledger}
        subprocess.run(["sh", "-c", "(exit 0); exit 0"], env=environment, check=True)
        self.assertRegex(log.read_text(), r"^v?fork \S+$")

    def test_no_forks(self):
        log = self.folder / "log"
        for shims in ((), (self.no_locks,)):
            for ranks in (None, 3):
                for name, text in (("grid", TINY_GRID), ("ridge", TINY_RIDGE)):
                    self.write(f"{name}.yaml", text)
                    path = self.folder / f"{name}.h5"
                    path.unlink(missing_ok=True)
                    for number, what in enumerate(("new", "resumed", "complete")):
                        if what == "resumed":
                            with h5py.File(path, "r+") as file:
                                file["run/block_state"][-1] = 0
                        with self.subTest(f"{name}, {what}, {ranks} ranks, {len(shims)} shims"):
                            self.assertEqual(self.calls(log, "run", f"{name}.yaml", "-q", ranks=ranks, shims=shims), [])
                            self.assertEqual(self.calls(log, "status", path, shims=shims), [])
                            with h5py.File(path) as file:
                                self.assertTrue(file["run/block_state"][()].all())
                                self.assertEqual(file["run/history_number"][()].max(), number + 1)


if __name__ == "__main__":
    unittest.main()
