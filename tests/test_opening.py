#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the scripts of analysis open a file: of a run that is writing, was killed, or whose file is damaged since.

MOAT_FLIPS is how many places outside the first page are tried of each file (20), from MOAT_SEED (1).
"""

import contextlib
import io
import os
import random
import re
import shutil
import signal
import sys
import time
import unittest
import zlib

import h5py
import numpy as np
import xarray

import pace
from interrupted import wait_for
from pace import Limit
from program import ROOT, Launch, ProgramTest, done_mask, moat, preload, solve, temporary_folder
from sweeps import LONG, market

sys.path.insert(0, str(ROOT / "analysis"))
import description  # noqa: E402
import export  # noqa: E402
import intact  # noqa: E402
import moatfile  # noqa: E402
import opening  # noqa: E402

FLIPS, SEED = int(os.environ.get("MOAT_FLIPS", 20)), int(os.environ.get("MOAT_SEED", 1))
PAGE, STEP = 4096, 64 if FLIPS <= 20 else 8  # of the first page every STEP-th byte is changed, and all bytes of the superblock
SECONDS = 10  # the longest that reading may take, see pace.py; HDF5 alone rereads damaged metadata for hours
NAMES = ["N_E_star", "status", "regime", "elasticity_N_I"]
SMALL = market("small", N_I="{log: [10, 1e6], points: 13}", tau_E="{values: [0.5, 0.95, .inf]}", Q="{linear: [0.1, 1.0], points: 3}",
               nu="{values: [0.6, 1.0, 2.9]}")
DAMAGED, SOUND, BROKEN = 2, 0, 3  # how a process that reads a file ends


def left_open(data):
    """The bytes of a file as its writer leaves them when it is killed: with the marks of a SWMR writer in the superblock."""
    block = bytearray(data[:opening.CHECKSUM])
    block[opening.FLAGS] = opening.HAS_WRITER | opening.IS_SWMR
    return bytes(block) + opening._lookup3(block).to_bytes(4, "little") + data[opening.SUPERBLOCK:]


def read_apart(path, expected):
    """How reading a file ends, in a process of its own: (exit code, message). Killed when it takes too long."""
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        code, said = BROKEN, ""
        try:
            found = moatfile.read(str(path), NAMES).variables
            same = all(found[name][1].tobytes() == expected[name].tobytes() for name in NAMES)
            code, said = (SOUND, "") if same else (BROKEN, "other values")
        except moatfile.Refused as refusal:
            code, said = DAMAGED, str(refusal)
        except BaseException as error:
            said = repr(error)
        finally:
            os.write(sending, ascii(said).encode()[:4000])
            os._exit(code)
    os.close(sending)
    limit = Limit(SECONDS)
    while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0):
        if limit.over():
            os.kill(child, signal.SIGKILL)
        time.sleep(0.002)
    said = os.read(receiving, 4000).decode()
    os.close(receiving)
    return os.waitstatus_to_exitcode(ended[1]), said


class DamageTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.shared = temporary_folder(cls.addClassCleanup)
        cls.whole = solve(cls.shared, SMALL)
        with h5py.File(cls.whole) as file:
            cls.expected = {name: file[name][...] for name in NAMES}

    def refused(self, path, pattern):
        with self.assertRaisesRegex(moatfile.Refused, pattern) as raised:
            moatfile.read(str(path), NAMES)
        self.assertNotIn("\n", str(raised.exception))

    def test_checksums_are_zlibs_and_hdf5s(self):
        """Of every block, from plain slices; and lookup3's published value for a text of more than one round."""
        self.assertEqual(opening._lookup3(b"Four score and seven years ago"), 0x17770551)
        about = description.describe(str(self.whole))
        order = [name for name, variable in about.variables.items() if variable.is_field]
        blocks = intact.Blocks(about)
        covered = np.zeros(self.expected["status"].shape, dtype=int)
        with h5py.File(self.whole) as file:
            stored = file["run/block_checksum"][...]
            self.assertGreater(stored.size, 3)
            for block in range(stored.size):
                box = dict(zip(blocks.axes, (slice(first, first + edge) for first, edge in zip(blocks.start(block), blocks.shape))))
                covered[tuple(box.values())] += 1
                total = 0
                for name in order:
                    total = zlib.crc32(file[name][tuple(box[axis] for axis in about.variables[name].scales)].tobytes(), total)
                self.assertEqual(total, stored[block], block)
        self.assertTrue((covered == 1).all())

    def test_flipped_bits(self):
        """One line within seconds, or the right numbers, wherever the bit is: superblock, metadata, texts, values."""
        data, places = self.whole.read_bytes(), random.Random(SEED)
        chosen = [*range(opening.SUPERBLOCK), *range(opening.SUPERBLOCK, PAGE, STEP),
                  *(places.randrange(PAGE, len(data)) for _ in range(FLIPS))]
        path, ends = self.folder / "flipped.h5", []
        for name, whole in (("complete", data), ("killed", left_open(data))):
            path.write_bytes(whole)
            self.assertEqual(read_apart(path, self.expected), (SOUND, "''"), name)
            for byte in chosen:
                changed = bytearray(whole)
                changed[byte] ^= 1 << places.randrange(8)
                path.write_bytes(changed)
                code, said = read_apart(path, self.expected)
                ends.append(code)
                self.assertIn(code, (SOUND, DAMAGED), f"{name}, flipped at {byte}, seed {SEED}: {said}")
                self.assertNotIn("\\n", said)
                if byte < opening.SUPERBLOCK:
                    self.assertEqual(code, DAMAGED, f"{name}, flipped at {byte}")
        self.assertGreater(ends.count(DAMAGED), len(ends) // 4)

    def test_damaged_texts(self):
        """In the heaps, which have no checksum, HDF5 crashes or never ends: each byte beside a text's, in turn."""
        data = self.whole.read_bytes()
        path, ends = self.folder / "flipped.h5", set()
        start = data.index(b"market entry threshold: the least data") - 16
        for byte in range(start, start + 24):
            changed = bytearray(data)
            changed[byte] ^= 1 << byte % 8
            path.write_bytes(changed)
            code, said = read_apart(path, self.expected)
            self.assertIn(code, (SOUND, DAMAGED), f"flipped at {byte}: {said}")
            ends.add(code)
        self.assertEqual(ends, {SOUND, DAMAGED})

    def test_cut_files(self):
        data = self.whole.read_bytes()
        path = self.folder / "cut.h5"
        for size in (0, 7, 8, 47, 48, 4096, len(data) // 2, len(data) - 1):
            for whole in (data, left_open(data)):
                path.write_bytes(whole[:size])
                code, said = read_apart(path, self.expected)
                self.assertIn(code, (SOUND, DAMAGED) if size == len(data) - 1 else (DAMAGED,), f"cut at {size}: {said}")

    def test_a_damaged_block_is_named_and_mended(self):
        """A value of each variable, one after the other: the block is named, and the same command recomputes it."""
        path = self.folder / "small.h5"
        self.write("small.yaml", SMALL)
        fields = [name for name, variable in description.describe(str(self.whole)).variables.items() if variable.is_field]
        for name in fields:
            shutil.copy(self.whole, path)
            with h5py.File(path, "r+") as file:
                last = tuple(size - 1 for size in file[name].shape)
                file[name][last] = file[name][last] + 1 if name in moatfile.WORDS else 1234.5
            self.refused(path, r"damaged values in block \d+ of \d+ \(N_I = .*, tau_E = .*, Q = .*, nu = 2\.9\).*; run `moat run` "
                               "with its config again")
        self.assertEqual(moat(self.folder, "run", "small.yaml", "-q")[0], 0)
        self.assertEqual(read_apart(path, self.expected), (SOUND, "''"))

    def test_pending_blocks_are_not_damaged(self):
        path = self.folder / "small.h5"
        shutil.copy(self.whole, path)
        with h5py.File(path, "r+") as file:
            file["run/block_state"][...], file["run/block_checksum"][...] = 0, 0
            file["status"][...] = 0
        self.assertTrue((moatfile.read(str(path), NAMES).variables["status"][1] == moatfile.PENDING).all())

    def test_a_file_that_another_program_has_rewritten(self):
        """xarray leaves out /run, so that there is nothing to compare with, and marks no writer."""
        path = self.folder / "copy.nc"
        with xarray.open_dataset(self.whole, engine="h5netcdf") as data:
            data.to_netcdf(path, engine="h5netcdf")
        self.assertEqual(read_apart(path, self.expected), (SOUND, "''"))
        with contextlib.redirect_stdout(io.StringIO()) as table:
            self.assertEqual(export.main([str(path)]), 0)
        self.assertEqual(len(table.getvalue().splitlines()[-1].split(",")), len(description.describe(str(self.whole)).variables))

    def test_a_disk_without_locks(self):
        shim = preload(self.folder, "no_locks")
        done = pace.run([sys.executable, ROOT / "analysis" / "export.py", self.whole, "-o", self.folder / "table.csv"], 60,
                        env={**os.environ, "LD_PRELOAD": shim})
        self.assertEqual((done.returncode, done.stderr), (0, b""))


class RunningTest(ProgramTest):
    """A sweep of seconds, stopped with SIGSTOP once it has written some blocks, then killed."""

    def test_while_a_run_writes_and_after_its_kill(self):
        self.write("long.yaml", LONG)
        path, table = self.folder / "long.h5", self.folder / "table.csv"
        with Launch(self.folder, "run", "long.yaml", "-q") as launch:
            wait_for(lambda: self.blocks(path) or launch.process.poll() is not None, pause=0.005)
            os.kill(launch.process.pid, signal.SIGSTOP)
            self.assertIsNone(launch.process.poll(), "the sweep has ended: make it longer")
            self.check_reading(path)
            os.kill(launch.process.pid, signal.SIGCONT)
            os.kill(launch.process.pid, signal.SIGKILL)
            launch.process.wait()
        self.check_reading(path)
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(export.main([str(path), "-o", str(table), "--slice", "tau_E=inf", "Q=0.1"]), 0)
        self.assertEqual(moat(self.folder, "run", "long.yaml", "-q")[0], 0)
        self.assertEqual(path.read_bytes()[opening.FLAGS], 0)
        self.assertFalse((moatfile.read(str(path), ["status"]).variables["status"][1] == moatfile.PENDING).any())

    @staticmethod
    def blocks(path):
        try:
            return done_mask(path).any()
        except (OSError, KeyError):
            return False

    def check_reading(self, path):
        """The scripts' reader, and the README's ways with xarray and h5py, see what the file reports done."""
        done = done_mask(path)
        self.assertTrue(0 < np.count_nonzero(done) < done.size)
        self.assertEqual(path.read_bytes()[opening.FLAGS], opening.HAS_WRITER | opening.IS_SWMR)
        with self.assertRaises(OSError):
            h5py.File(path, "r")  # case 14: plain opening, as xarray.open_dataset(path) does, is refused by HDF5
        status = moatfile.read(str(path), ["N_E_star", "status"]).variables["status"][1]
        self.assertTrue((status[done] != moatfile.PENDING).all())
        for example in examples():
            names = {}
            exec(example.replace("result-1.h5", str(path)), names)  # pylint: disable=exec-used
            found = names["market"].status.values if "market" in names else names["status"]
            self.assertTrue((found[done] != moatfile.PENDING).all())
            if "market" in names:
                self.assertEqual(names["market"].N_E_star.dims, ("N_I", "tau_E", "Q", "nu"))
                names["market"].close()


def examples():
    """The two ways of src/results/README.md to read a file that a run is writing, or was writing when it was killed."""
    section = re.search(r"^While a run writes.*?^\| variable", (ROOT / "src" / "results" / "README.md").read_text(), re.M | re.S)[0]
    found = [block.replace("\n    ", "\n").removeprefix("    ") for block in re.findall(r"^    import .*?(?=\n\n)", section, re.M | re.S)]
    assert len(found) == 2, found
    return found


if __name__ == "__main__":
    unittest.main()
