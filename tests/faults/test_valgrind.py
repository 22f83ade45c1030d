#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sweeps of three ranks under valgrind: no invalid access, no use of what was never set, no leak that is ours.

The long form of the tests (`make valgrind`): a minute or two.
"""

import unittest
from pathlib import Path
from unittest import mock

import program
from program import Launch, ProgramTest, read
from sweeps import SMALL_RIDGE

SUPPRESSIONS = ["/usr/share/openmpi/openmpi-valgrind.supp", Path(__file__).resolve().parents[1] / "valgrind.supp"]
VALGRIND = ("valgrind --quiet --error-exitcode=9 --leak-check=full --show-leak-kinds=definite --num-callers=40 "
            "--keep-debuginfo=yes --log-file=log.%p " + " ".join(f"--suppressions={path}" for path in SUPPRESSIONS))
MARKET = SMALL_RIDGE[:SMALL_RIDGE.index("ridge:")].replace("solver: ridge", "solver: deterministic").replace("small", "market")


class ValgrindTest(ProgramTest):
    def setUp(self):
        super().setUp()
        wrapper = self.write("moat", f'#!/bin/sh\nexec {VALGRIND} {Path(program.MOAT).resolve()} "$@"\n')
        wrapper.chmod(0o755)
        self.write("small.yaml", SMALL_RIDGE.replace("trials: 4", "trials: 2"))
        self.write("market.yaml", MARKET)
        self.enterContext(mock.patch.object(program, "MOAT", str(wrapper)))

    def check(self, code, *arguments):
        with Launch(self.folder, *arguments, ranks=3) as launch:
            found, out, err = launch.finish(600)
        logs = sorted(self.folder.glob("log.*"))
        self.assertEqual("".join(log.read_text() for log in logs), "")
        self.assertEqual(found, code, out + err)
        self.assertGreaterEqual(len(logs), 3)  # of each rank, and of rank 0's children that read a text

    def test_market_sweep(self):
        self.check(0, "run", "market.yaml")
        self.assertTrue((read(self.folder / "market.h5")["status"] != 0).all())

    def test_ridge_sweep(self):
        self.check(0, "run", "small.yaml")
        self.assertTrue((read(self.folder / "small.h5")["run/task_state"] == 1).all())

    def test_refused_config(self):
        self.write("market.yaml", MARKET.replace("gamma: 0.5", "gamma: .nan"))
        self.check(2, "run", "market.yaml")


if __name__ == "__main__":
    unittest.main()
