#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workers that put their blocks into the file themselves: the bytes of one writer, told failures, and rank 0 in their place on
file systems, and nodes, where they must not."""

import os
import re
import shutil
import signal
import unittest
from unittest import mock

import h5py
import numpy as np

import program
from failing_disk import DiskTest, prepare_sweeps
from interrupted import wait_for
from program import AXES, Launch, ProgramTest, differing, done_mask, preload, ranks_script, read, temporary_folder
from sweeps import LONG, MIXED, law, market

# Axes of which blocks are no divisors: chunks that are larger than the blocks in them.
UNEVEN = {"uneven": market("uneven", N_I="{log: [10, 1e9], points: 67}", tau_E="{linear: [0.6, 1.3], points: 31}",
                           Q="{linear: [0.1, 1], points: 3}", nu="{values: [0.6, 1, 2]}", tau_I="{values: [0.7, 0.9, 1]}"),
          "laws": law("laws", N="{log: [1, 1e9], points: 53}", alpha="{linear: [0.5, 1], points: 11}", Q="{values: [0.1, 0.5, 1]}",
                      nu="{values: [0.6, 1, 2]}", ridge_levels="{log: [1e-6, 1e-1], points: 5}"),
          "two": market("two", N_I="{log: [10, 1e9], points: 67}", tau_E="{linear: [0.6, 1.3], points: 31}", Q="{values: [0.5]}",
                        nu="{values: [0.6, 1, 2]}", store="[N_E_star, status]")}
OF_A_RUN = re.compile(r"run/(block_seconds|block_rank|history_.*)$")  # not the same in two runs
METADATA_OF_A_RUN = 1000  # bytes of the history and the date among the attributes, with checksums
ONE = "${OMPI_COMM_WORLD_RANK:-$PMI_RANK}"
LUSTRE, NFS, EXT4 = "0x0BD00BD0", "0x6969", "0xEF53"


def spans(path):
    """name -> [(offset, bytes)] of the values of every dataset in the file, chunks with what is beyond the end of an axis."""
    found = {}

    def look(name, item):
        if isinstance(item, h5py.Dataset) and item.chunks:
            chunks = map(item.id.get_chunk_info, range(item.id.get_num_chunks()))
            found[name] = [(chunk.byte_offset, chunk.size) for chunk in chunks]
        elif isinstance(item, h5py.Dataset):
            found[name] = [(item.id.get_offset(), item.id.get_storage_size())]
    with h5py.File(path) as file:
        file.visititems(look)
    return found


class SameBytesTest(ProgramTest):
    def check_same(self, left, right):
        """All bytes of two files are the same but for what says when and by whom they were made."""
        bytes_of = [np.frombuffer(path.read_bytes(), np.uint8) for path in (left, right)]
        self.assertEqual(bytes_of[0].size, bytes_of[1].size)
        differs = bytes_of[0] != bytes_of[1]
        for name, pieces in spans(left).items():
            for offset, size in pieces:
                if not OF_A_RUN.match(name):
                    self.assertFalse(differs[offset:offset + size].any(), f"{name}, {left.name}, {right.name}")
                differs[offset:offset + size] = False
        self.assertLess(np.count_nonzero(differs), METADATA_OF_A_RUN)

    def test_any_number_of_writers(self):
        for name, text in UNEVEN.items():
            self.write(f"{name}.yaml", text)
            alone = self.folder / f"{name}-alone.h5"
            self.run_moat(0, "run", f"{name}.yaml", "-q", "-o", alone)
            for ranks, who in ((2, "workers"), (3, "workers"), (4, "rank-0")) if name == "uneven" else ((4, "workers"),):
                path = self.folder / f"{name}-{ranks}-{who}.h5"
                self.run_moat(0, "run", f"{name}.yaml", "-q", "-o", path, "--writers", who, ranks=ranks)
                self.check_same(alone, path)
                self.assertEqual(differing(read(alone), read(path)), [])

    def test_unknown_writer(self):
        self.write("mixed.yaml", MIXED)
        for command in ("run", "submit", "batch"):
            _, err = self.run_moat(2, command, "mixed.yaml", "--writers=all")
            self.assertIn("--writers: found `all`, expected `workers` or `rank-0`", err)


def setUpModule():
    prepare_sweeps()
    folder = temporary_folder(unittest.addModuleCleanup)
    WritersTest.other_disk = preload(folder, "other_disk")


class WritersTest(DiskTest):
    """Runs of three ranks; `distinct` is the environment of rank 2 alone."""
    other_disk = None

    def setUp(self):
        super().setUp()
        self.choose("grid")

    def run_three(self, *arguments, distinct=None, config="grid.yaml", **common):
        """Runs on three ranks: (exit code, stdout, stderr)."""
        export = " ".join(f"{name}={value}" for name, value in (distinct or {}).items())
        line = f'[ {ONE} = 2 ] && export {export or "SAME=1"}; exec "$MOAT" "$@"'
        environment = {**common, "LD_PRELOAD": f"{self.shim}:{self.other_disk}"}
        with mock.patch.dict(os.environ, environment), ranks_script(self.folder / ".scratch", line):
            return program.moat(self.folder, "run", config, "-o", self.path, *arguments, ranks=3)

    def start_anew(self):
        self.path.unlink(missing_ok=True)
        (self.folder / ".scratch").mkdir(exist_ok=True)
        self.look()

    def check_complete(self, path=None):
        self.assertEqual(differing(read(path or self.path), self.sweep.reference), [])

    def test_failing_worker(self):
        """A worker that cannot write ends the run with the reason; the others' blocks are kept, its own is never called done."""
        for fault, reason in (("EIO:3", 5), ("ENOSPC:1", 28)):
            with self.subTest(fault):
                self.start_anew()
                code, _, err = self.run_three("-q", "--writers", "workers", distinct={"DISK_FAULT": fault})
                self.check_told(code, err, os.strerror(reason))
                self.assertIn("cannot be written by rank 2 (", err)
                self.check_left()
                self.assertFalse(self.seen[0].all())
                self.check_resumed()

    def test_worker_that_leaves_it_to_rank_0(self):
        """The same fault hits nothing where rank 0 writes. Else the test above proved nothing."""
        self.start_anew()
        self.assertEqual(self.run_three("-q", "--writers", "rank-0", distinct={"DISK_FAULT": "EIO:1"}), (0, "", ""))
        self.check_complete()

    def test_filling(self):
        """The workers fill a large new file: one that fails leaves none, and what is not solved yet is empty everywhere."""
        self.write("long.yaml", LONG)
        path = self.folder / "long.h5"
        (self.folder / ".scratch").mkdir()
        self.path = path
        late = {"DISK_CALLS": "fsync", "DISK_KERNEL": "another"}  # a disk of another node, that fails once all is written
        for fault, arguments, environment in (({"DISK_FAULT": "EIO:2"}, ["--writers=workers"], {}),
                                              ({**late, "DISK_FAULT": "ENOSPC:1"}, [], {"DISK_TYPE": LUSTRE})):
            code, _, err = self.run_three("-q", *arguments, config="long.yaml", distinct=fault, **environment)
            self.check_told(code, err, os.strerror(28 if "ENOSPC:1" in fault.values() else 5))
            self.assertIn("cannot be created: rank 2: ", err)
            self.assertEqual({file.name for file in self.folder.iterdir()}, {"long.yaml", "grid.yaml", ".scratch"})
        with Launch(self.folder, "run", "long.yaml", "-q", "--writers=workers", ranks=3) as launch:
            wait_for(path.exists, pause=0.001)
            os.kill(launch.process.pid, signal.SIGUSR1)
            self.assertEqual(launch.finish()[0], 75)
        pending, values = ~done_mask(path), read(path)
        self.assertTrue(pending.any())
        for name, axes in (("N_E_star", AXES), ("elasticity_Q", AXES), ("status", AXES), ("D", AXES[1:])):
            empty = values[name][pending if axes == AXES else pending.all(axis=0)]
            self.assertTrue(np.isnan(empty).all() if empty.dtype.kind == "f" else not empty.any(), name)

    def test_short_writes(self):
        self.start_anew()
        self.assertEqual(self.run_three("-q", "--writers", "workers", distinct={"DISK_FAULT": "short:1"}), (0, "", ""))
        self.check_complete()

    def check_who(self, why, *arguments, fault="EIO:1", **environment):
        """Rank 0 writes, and says so with the reason unless that is None; with "" the workers do, which shows by the fault."""
        self.start_anew()
        distinct = {**environment.pop("distinct", {}), "DISK_FAULT": fault}
        code, out, err = self.run_three(*arguments, distinct=distinct, **environment)
        if why == "":
            self.assertEqual(code, 1, out + err)
            self.assertIn("by rank 2", err)
        else:
            self.assertEqual((code, err), (0, ""), out)
            self.check_complete()
        said = re.findall(r"^rank 0 writes the blocks of all workers into the file: (.*)$", out, re.M)
        self.assertEqual(len(said), 1 if why else 0, out)
        if why:
            self.assertRegex(said[0], why)

    def test_file_systems(self):
        self.check_who("", DISK_TYPE=EXT4)
        self.check_who(None, "--writers=rank-0", DISK_TYPE=EXT4)
        self.check_who(r"rank 1 on \S+: NFS is not known to keep the writes of several processes apart", DISK_TYPE=NFS)
        self.check_who(r"rank 2 on \S+: FUSE is not known", DISK_TYPE=EXT4, distinct={"DISK_TYPE": "0x65735546"})
        self.check_who("", "--writers=workers", DISK_TYPE=NFS)

    def test_other_nodes(self):
        elsewhere = {"DISK_KERNEL": "another"}
        self.check_who(r"rank 2 on \S+: it is on another node, and ext4 is a file system of one node",
                       DISK_TYPE=EXT4, distinct=elsewhere)
        self.check_who("", DISK_TYPE=LUSTRE, distinct=elsewhere)

    def test_file_that_is_not_there(self):
        """A worker that finds no file, a copy of it or an old one never writes it, whatever the user says."""
        self.check_who(r"rank 2 on \S+: it cannot open the file: " + os.strerror(2), "--writers=workers",
                       distinct={"DISK_SHOWS": self.folder / "absent" / "grid.h5"})
        other = self.folder / "other"
        other.mkdir()
        shutil.copy(self.path, other / "grid.h5")
        before = (other / "grid.h5").read_bytes()
        self.check_who(r"rank 2 on \S+: its file of that name is another one", "--writers=workers",
                       distinct={"DISK_SHOWS": other / "grid.h5"})
        self.assertTrue((other / "grid.h5").read_bytes() == before)

    def test_syncs_of_workers(self):
        """With --fsync rank 0 brings to disk what was written on its node; on another a worker does, before each report."""
        fails = {"DISK_CALLS": "fsync", "DISK_FAULT": "EIO:2"}
        elsewhere = {"DISK_KERNEL": "another", **fails}
        late = "rank 2: {}: cannot be brought to disk (blocks "
        for environment, arguments, told in ((fails, ["--fsync"], ""), (elsewhere, ["--fsync"], "cannot be written by rank 2 ("),
                                             (elsewhere, [], ""),
                                             ({**elsewhere, "DISK_FAULT": "EIO:1"}, [], late)):
            with self.subTest(f"{environment} {arguments}"):
                self.start_anew()
                code, _, err = self.run_three("-q", *arguments, DISK_TYPE=LUSTRE, distinct=environment)
                self.assertEqual(code, 1 if told else 0, err)
                self.assertEqual(err.count(os.strerror(5)), 1 if told else 0, err)
                self.assertIn(told.format(self.path), err)
                self.check_left()
        self.check_resumed()


if __name__ == "__main__":
    unittest.main()
