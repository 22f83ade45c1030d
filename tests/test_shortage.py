#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory, file descriptors or processes that run out, on one rank or on all, at any moment: what it hit stays pending, the run
ends with 1, and the same command completes the sweep with the data of a run that never lacked anything.

MOAT_MOMENTS in the environment is the number of moments tried in each sweep (0: all), MOAT_SEED repeats those of an earlier run.
"""

import os
import random
import shutil
import unittest
from unittest import mock

import numpy as np

from program import ProgramTest, differing, moat, preload, ranks_script, read, temporary_folder
from sweeps import TINY_GRID, TINY_RIDGE, law

MOMENTS = int(os.environ.get("MOAT_MOMENTS", 2))
CALLS = 0 if MOMENTS == 0 or MOMENTS >= 40 else 6 * MOMENTS  # calls that are tried of a command, 0 for all: `make test-faults` tries all
SEED = os.environ.get("MOAT_SEED", str(random.randrange(10**6)))
FAILED, DONE_TASK, FAILED_TASK = 6, 1, 2
EVER = 10**9

# Several blocks, each with data efficiencies of its own, so that workers have something to give back.
GRID = TINY_GRID.replace("{values: [0.6, 1.0, 2.0, 3.0]}", "{linear: [0.6, 2.9], points: 24}")
GROUPS = TINY_RIDGE.replace("seed: 1}", "seed: 1, ranks_per_group: 2}").replace("ridge.h5", "groups.h5")
LAW = law("law", N="{values: [10, 20, 30]}", alpha="{values: [0.7, 1]}", Q="{values: [0.3]}", nu="{values: [0.75, 1.5]}", P=32,
          ridge="{P: 32, N: {values: [4, 8, 16, 32, 48]}, trials: 3, seed: 2}")
SWEEPS = {"grid": GRID, "ridge": TINY_RIDGE, "groups": GROUPS, "law": LAW}


def tables_close(left, right):
    """Names of the datasets that differ by more than groups of other sizes may make them differ."""
    return [name for name in differing(left, right)
            if left[name].dtype.kind != "f" or not np.allclose(left[name], right[name], rtol=1e-9, atol=0, equal_nan=True)]


class ShortageTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        folder = temporary_folder(cls.addClassCleanup)
        cls.shims = {"MEMORY": preload(folder, "failing_memory"), "CALLS": preload(folder, "failing_calls")}
        cls.no_buffer = preload(folder, "no_buffer")
        cls.whole = {}
        for name, text in SWEEPS.items():
            (folder / f"{name}.yaml").write_text(text)
            code, out, err = moat(folder, "run", f"{name}.yaml", "-q", "-o", f"{name}.h5", ranks=3)
            if (code, out, err) != (0, "", ""):
                raise AssertionError(f"{name}: {code} {out}{err}")
            cls.whole[name] = read(folder / f"{name}.h5")
        cls.complete = folder

    def setUp(self):
        super().setUp()
        for name, text in SWEEPS.items():
            self.write(f"{name}.yaml", text)

    def run_short(self, name, ranks, rank, first, last=EVER):
        """(exit code, stderr) of a run one of whose ranks, or all with -1, lacks memory for those allocations."""
        return self.call_short("MEMORY", rank, first, last, "run", f"{name}.yaml", "-q", "-o", f"{name}.h5", ranks=ranks)

    def call_short(self, of, rank, first, last, *words, ranks=None):
        """(exit code, stderr) of a command that lacks memory for those allocations, or descriptors or processes for those calls."""
        setting = {"LD_PRELOAD": self.shims[of], f"{of}_RANK": str(rank), f"{of}_FROM": str(first), f"{of}_TO": str(last),
                   f"{of}_COUNT": str(self.folder / "count")}
        with mock.patch.dict(os.environ, setting):
            code, _, err = moat(self.folder, *words, ranks=ranks)
        return code, err

    def moments(self, of, number, *words):
        """Allocations or calls of a command at which it may fail, as (first, last) that do: `number` of them, all with 0."""
        self.assertEqual(self.call_short(of, 0, 0, 0, *words)[0], 0, words)
        total = int((self.folder / "count").read_text())
        every = [(first, last) for first in range(1, total + 1) for last in (first, EVER)]
        return every if number == 0 else random.Random(f"{SEED} {words}").sample(every, min(number, len(every)))

    def allocations(self, name, ranks, rank):
        """How many allocations that rank asks for in a whole run."""
        self.assertEqual(self.run_short(name, ranks, rank, 0, 0), (0, ""))
        (self.folder / f"{name}.h5").unlink()
        return int((self.folder / "count").read_text())

    def check_nothing_failed(self, name):
        """No point and no data set of the file is marked as failed; what is there is right. Returns it."""
        values = read(self.folder / f"{name}.h5", live=True)
        whole = self.whole[name]
        self.assertFalse(((values["status"] == FAILED) & (whole["status"] != FAILED)).any(), "points are stored as failed")
        state = values.get("run/task_state", np.zeros(0))
        self.assertFalse((state == FAILED_TASK).any(), "data sets are stored as failed")
        return values

    def check_resumed(self, name, ranks):
        code, out, err = moat(self.folder, "run", f"{name}.yaml", "-q", "-o", f"{name}.h5", ranks=ranks)
        self.assertEqual((code, out, err), (0, "", ""))
        found = read(self.folder / f"{name}.h5")
        different = differing if name == "grid" else tables_close
        self.assertEqual(different(found, self.whole[name]), [])
        (self.folder / f"{name}.h5").unlink()

    def try_moment(self, name, ranks, rank, first, last):
        code, err = self.run_short(name, ranks, rank, first, last)
        self.assertIn(code, (0, 1), err)
        if (self.folder / f"{name}.h5").exists():
            values = self.check_nothing_failed(name)
            complete = values["run/block_state"].all()
            at_close = code == 1 and "cannot be written (finished blocks are safe" in err  # all that is left may be to close it
            self.assertEqual(code == 0, complete and not at_close, f"{err}exit {code}, {values['run/block_state']}")
        else:
            self.assertEqual(code, 1, err)
        if code == 1:
            self.assertRegex(err, "memory")
        self.check_resumed(name, ranks)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir() if ".h5" in path.name), [])

    def test_every_moment(self):
        """One allocation that fails, and all from one on, on the coordinator, on a worker, on every rank."""
        for name, ranks, rank in (("grid", None, 0), ("grid", 3, 0), ("grid", 3, 1), ("grid", 4, -1), ("ridge", None, 0),
                                  ("ridge", 3, 2), ("ridge", 3, -1), ("groups", 4, 1), ("groups", 4, 3), ("law", 3, 1)):
            total = self.allocations(name, ranks, max(rank, 0))
            self.assertGreater(total, 20)
            moments = range(1, total + 1)
            if 0 < MOMENTS < total:
                moments = sorted(random.Random(f"{SEED} {name} {ranks} {rank}").sample(moments, MOMENTS))
            for number, first in enumerate(moments):
                for last in (first, EVER) if MOMENTS == 0 else (first if number % 2 else EVER,):
                    with self.subTest(f"MOAT_SEED={SEED}, {name}, {ranks} ranks, rank {rank}, {first} of {total} to {last}"):
                        self.try_moment(name, ranks, rank, first, last)

    def test_complete_files(self):
        """What could not be read for lack of something is no other sweep and no damage: --force does not replace it."""
        for of, name, number in (("MEMORY", "ridge", 3 * MOMENTS), ("MEMORY", "grid", 2 * MOMENTS), ("CALLS", "ridge", CALLS)):
            path = self.folder / f"{name}.h5"
            shutil.copy(self.complete / path.name, path)
            before = path.stat().st_ino
            words = ("run", f"{name}.yaml", "-q", "--force")
            for first, last in self.moments(of, number, *words):
                with self.subTest(f"MOAT_SEED={SEED}, {of}, {name}, {first} to {last}"):
                    code, err = self.call_short(of, 0, first, last, *words)
                    self.assertIn(code, (0, 1), err)
                    self.assertEqual(code, len(err.splitlines()), err)
                    if code and of == "MEMORY":
                        self.assertRegex(err, "give each rank more memory|finished blocks are safe.*memory")
                    self.assertEqual(path.stat().st_ino, before, "a complete file was replaced")
            self.assertEqual(differing(read(path), self.whole[name]), [])

    def test_descriptors_and_processes(self):
        """While a file is made, and in the sweep."""
        for name in ("grid", "ridge"):
            for first, last in self.moments("CALLS", CALLS, "run", f"{name}.yaml", "-q", "-o", f"first-{name}.h5"):
                with self.subTest(f"{name}, {first} to {last}"):
                    code, err = self.call_short("CALLS", 0, first, last, "run", f"{name}.yaml", "-q", "-o", f"{name}.h5")
                    self.assertIn(code, (0, 1), err)
                    if code == 1:
                        self.assertRegex(err, "Too many open files|no thread can be started")
                    self.check_resumed(name, None)

    def test_commands(self):
        """They end with 1 and a message where they cannot do without, and do not mistake a file for another or a damaged one."""
        shutil.copy(self.complete / "ridge.h5", self.folder)
        commands = self.folder / "commands"
        commands.mkdir()
        for name, answer in (("sbatch", "echo 12"), ("squeue", "echo 'PENDING|None'"), ("sinfo", "echo 'a*|1:00:00|8'")):
            (commands / name).write_text(f"#!/bin/sh\n{answer}\n")
            (commands / name).chmod(0o755)
        with mock.patch.dict(os.environ, PATH=f"{commands}:{os.environ['PATH']}"):
            for words in (("submit", "ridge.yaml", "-n", "2"), ("status", "ridge.h5", "--job", "12"), ("status", "ridge.h5", "--json"),
                          ("show", "ridge.h5"), ("plan", "ridge.yaml")):
                for of, number in (("CALLS", CALLS), ("MEMORY", 2 * MOMENTS)):
                    for first, last in self.moments(of, number, *words):
                        code, err = self.call_short(of, 0, first, last, *words)
                        self.assertIn(code, (0, 1), f"MOAT_SEED={SEED}, {of}, {words}, {first} to {last}: {err}")
                        self.assertTrue(code == 0 or err.startswith("moat: "), err)

    def test_limited_address_space(self):
        """Real limits, from too small for MPI to enough for all: never a wait without end, never a failed point."""
        enough, step = 500_000, 50_000
        for name, ranks in (("grid", None), ("grid", 3), ("ridge", None), ("ridge", 3)):
            enough, step = self.least_enough(name, ranks, enough, step), 4000
            moments = random.Random(f"{SEED} {name} {ranks}")
            for number in range(max(2 * MOMENTS, 2)):
                limit = int(enough * (moments.uniform(0.5, 1.0) if number % 2 else moments.uniform(0.96, 1.0)))
                with self.subTest(f"MOAT_SEED={SEED}, {name}, {ranks} ranks, {limit} of {enough} kB"):
                    code, err = self.run_limited(name, ranks, limit)
                    if (self.folder / f"{name}.h5").exists():
                        complete = self.check_nothing_failed(name)["run/block_state"].all()
                        self.assertTrue(code != 0 or complete, err)
                    else:
                        self.assertNotEqual(code, 0, err)
                    for left in self.folder.glob("*.moat-new"):  # of a run that the MPI library ended
                        left.unlink()
                    self.check_resumed(name, ranks)

    def run_limited(self, name, ranks, kilobytes):
        """(exit code, stderr) of a run each of whose processes has that much room for addresses."""
        with ranks_script(self.folder, f'ulimit -v {kilobytes}; exec "$MOAT" "$@"'):
            code, _, err = moat(self.folder, "run", f"{name}.yaml", "-q", "-o", f"{name}.h5", ranks=ranks)
        return code, err

    def least_enough(self, name, ranks, guess, step):
        """kB of address space with which the run completes, to a megabyte. The search begins at the guess, with growing steps."""
        low, high = 50_000, 2_000_000
        while high - low > 1000:
            code, _ = self.run_limited(name, ranks, guess)
            low, high, further = (low, guess, guess - step) if code == 0 else (guess, high, guess + step)
            guess, step = further if low < further < high else (low + high) // 2, 3 * step
            (self.folder / f"{name}.h5").unlink(missing_ok=True)
        return high

    def test_blas_without_its_buffer(self):
        """OpenBLAS asks for 128 MB at its first call, for ever. Said before the first data set, by the ranks that lack them."""
        for ranks, rank in ((None, 0), (3, 2)):
            limited = f'[ "${{OMPI_COMM_WORLD_RANK:-${{PMI_RANK:-0}}}}" != {rank} ] || export NO_BUFFER=1; exec "$MOAT" "$@"'
            with ranks_script(self.folder, limited), mock.patch.dict(os.environ, LD_PRELOAD=self.no_buffer):
                code, _, err = moat(self.folder, "run", "ridge.yaml", "-q", ranks=ranks)
            self.assertEqual(code, 1, err)
            said = f"moat: rank {rank}, host {os.uname().nodename}: out of memory for the 128 MB that BLAS needs for itself"
            self.assertEqual(err.count(said), 1, err)
            self.assertFalse(self.check_nothing_failed("ridge")["run/task_state"].any())
            self.check_resumed("ridge", ranks)


if __name__ == "__main__":
    unittest.main()
