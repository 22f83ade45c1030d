# SPDX-License-Identifier: GPL-3.0-or-later
"""`make install` into a folder of its own: what lands there, and that it works away from the source tree."""

import os
import re
import tempfile
import unittest
from pathlib import Path

import pace

ROOT = Path(__file__).resolve().parent.parent

# Only the headers the README calls free of MPI. The market is jobs/result-1.yaml's at N_I = 1e3.
CONSUMER = """
#include <math.h>
#include <stdio.h>
#include <moat/deterministic.h>
#include <moat/market.h>

int main(void)
{
    struct deterministic *table = NULL;
    if (deterministic_create(0.5, 1.0, INFINITY, &table) != STATUS_OK) {
        return 1;
    }
    struct solver solver = deterministic_solver(table);
    double Q = 0.1, tau = 0.9 * 2 * Q * solver.A0;
    struct company incumbent;
    struct threshold threshold;
    company_solve(&solver, 1e3, Q, tau, &incumbent);
    market_threshold(&solver, Q, &incumbent, tau, INFINITY, &threshold);
    printf("%.3f\\n", threshold.N_E_star);
    deterministic_destroy(&table);
    return 0;
}
"""


def output(*command, **options):
    """Standard output of `command`; the test fails with its standard error when it does."""
    result = pace.run(command, 120, text=True, **options)
    if result.returncode != 0:
        raise AssertionError(f"{command}: exit {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.prefix = cls.folder / "opt" / "moat"
        output("make", "install", f"DESTDIR={cls.folder}", "PREFIX=/opt/moat", cwd=ROOT)

    def test_files(self):
        found = {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()}
        expected = {"opt/moat/bin/moat", "opt/moat/lib/libmoat.a"}
        expected |= {f"opt/moat/include/moat/{path.name}" for path in (ROOT / "include" / "moat").glob("*.h")}
        expected |= {f"opt/moat/share/moat/jobs/{path.name}" for path in (ROOT / "jobs").iterdir() if path.suffix != ".png"}
        self.assertEqual(found, expected)
        self.assertTrue(os.access(self.prefix / "bin" / "moat", os.X_OK))

    def test_program(self):
        version = re.search(r"^VERSION := (\S+)", (ROOT / "Makefile").read_text(), re.M)[1]
        self.assertIn(version, output(self.prefix / "bin" / "moat", "--version", cwd="/"))

    def test_library_without_mpi(self):
        source = self.folder / "consumer.c"
        source.write_text(CONSUMER)
        output("cc", "-std=c11", f"-I{self.prefix}/include", source, "-o", self.folder / "consumer",
               f"-L{self.prefix}/lib", "-lmoat", "-lgsl", "-lblas", "-lm")
        self.assertEqual(output(self.folder / "consumer").strip(), "298.868")


if __name__ == "__main__":
    unittest.main()
