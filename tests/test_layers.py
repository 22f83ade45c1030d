# SPDX-License-Identifier: GPL-3.0-or-later
"""tests/layers: the tree keeps its layers, and each way of breaking them is named."""

import shutil
import subprocess
import unittest
from pathlib import Path

from program import MOAT, ROOT, ProgramTest

LAYERS = ROOT / "tests" / "layers"
VIOLATIONS = {  # rule -> (file, a line put before it, what must be said of the file)
    "an include points up": ("src/sweep/grid.c", '#include "run/plan.h"', "run/plan.h points up: sweep stands below run"),
    "by one layer": ("src/base/shell.h", '#include "model/root.h"', "model/root.h points up: base stands below model"),
    "MPI in the model": ("src/model/root.c", "#include <mpi.h>", "MPI belongs to ridge, run and program"),
    "MPI in results": ("src/results/fit.c", "#include <mpi.h>", "MPI belongs to ridge, run and program"),
    "HDF5 outside of results": ("src/run/plan.c", "#include <hdf5.h>", "HDF5 belongs to results"),
    "its high level outside": ("src/run/plan.h", "#include <hdf5_hl.h>", "HDF5 belongs to results"),
    "a private header in a public one": ("include/moat/market.h", '#include "model/root.h"',
                                         "model/root.h: a public header includes public headers only"),
    "MPI in a public header": ("include/moat/market.h", "#include <mpi.h>", "libmoat needs neither MPI nor HDF5"),
    "a public header that is not there": ("src/run/plan.c", '#include "moat/none.h"', "include/moat/none.h is not there"),
    "an include without its layer": ("src/run/plan.c", '#include "plan.h"', "plan.h: an include begins with its layer"),
    "an unknown folder": ("src/tools/tool.c", "int tool;", "src/tools is none of the layers"),
    "a folder in a layer": ("src/run/more/tool.c", "int tool;", "a source file stands in the folder of its layer"),
    "no folder": ("src/tool.c", "int tool;", "a source file stands in the folder of its layer"),
}


class LayersTest(ProgramTest):
    def setUp(self):
        super().setUp()
        for name in ("src", "include"):
            shutil.copytree(ROOT / name, self.folder / name)

    def check(self, *arguments):
        """(exit code, what it says) of the script on the copy."""
        done = subprocess.run([LAYERS, self.folder, *arguments], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.stdout, "")
        return done.returncode, done.stderr

    def test_the_tree_as_it_is(self):
        self.assertEqual(self.check(Path(MOAT).parent / "libmoat.a"), (0, ""))

    def test_each_violation_is_named(self):
        for rule, (name, line, said) in VIOLATIONS.items():
            path = self.folder / name
            before = path.read_text() if path.exists() else ""
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"{line}\n{before}")
            with self.subTest(rule):
                code, err = self.check()
                self.assertEqual((code, len(err.splitlines())), (1, 1), err)
                self.assertTrue(err.startswith(f"{name}: ") and said in err, err)
            path.write_text(before) if before else path.unlink()

    def test_a_name_that_is_not_ours(self):
        library = shutil.copy(Path(MOAT).parent / "libmoat.a", self.folder)
        (self.folder / "stray.c").write_text("int stray = 1; static int mine = 2; int *moat_of_mine(void) { return &mine; }\n")
        subprocess.run(["cc", "-c", "stray.c"], cwd=self.folder, check=True)
        subprocess.run(["ar", "r", library, "stray.o"], cwd=self.folder, check=True, capture_output=True)
        self.assertEqual(self.check("libmoat.a"), (1, "libmoat.a: stray: a name that libmoat exports begins with moat_\n"))


if __name__ == "__main__":
    unittest.main()
