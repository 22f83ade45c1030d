# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts moat, alone or under mpirun, in a folder of its own, and reads the results file it writes.

Variables of the environment: MOAT is the program (default: build/moat), MPIRUN starts its ranks, and MPICC compiles the
libraries that are loaded into it (defaults: Open MPI's). Every wait is bounded, and a program that a test leaves behind is
killed with all its children.
"""

import contextlib
import functools
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

import h5py
import numpy as np

from pace import communicate

ROOT = Path(__file__).resolve().parents[2]
MOAT = str(Path(os.environ.get("MOAT", ROOT / "build" / "moat")).resolve())
MPIRUN = shlex.split(os.environ.get("MPIRUN", "mpirun --oversubscribe"))
MPICC = os.environ.get("MPICC", "mpicc")
MPICH = "libmpich" in subprocess.run(["ldd", MOAT], capture_output=True, text=True).stdout  # else Open MPI
AXES = ("N_I", "tau_E", "Q", "nu")
MPI_ENVIRONMENT = dict(line.split("=", 1) for line in Path(__file__).with_name("mpi_environment").read_text().splitlines()
                       if not line.startswith("#"))
SECONDS = 120  # the longest wait for anything, see pace.py; nothing here takes a tenth of it on an idle machine

# Open MPI 4 starts a daemon for a process without mpirun, unless it is told to stay alone. That costs as much as a small sweep.
ALONE = {"OMPI_MCA_ess_singleton_isolated": "1"}

signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that a test that is stopped still kills the programs it started


class Launch:
    """A running moat, alone (`ranks` None) or under mpirun; a context manager that leaves no process behind.

    It gets a session of its own: mpirun gives each rank a process group of its own, and the session holds them all.
    """

    def __init__(self, folder, *arguments, ranks=None, **popen):
        launcher = [] if ranks is None else [*MPIRUN, "-n", str(ranks)]
        scratch = folder / ".scratch"  # what killed ranks leave behind must not stay in /dev/shm and /tmp
        scratch.mkdir(exist_ok=True)
        environment = {**MPI_ENVIRONMENT, **os.environ, "TMPDIR": str(scratch),
                       **{f"OMPI_MCA_btl_{name}_backing_directory": str(scratch) for name in ("vader", "sm")}}
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        self.process = subprocess.Popen([*launcher, MOAT, *map(str, arguments)], cwd=folder, env=environment,
                                        start_new_session=True, **{**streams, **popen})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()

    def members(self):
        """Process ids of the session, mpirun's and every rank's; no zombies."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                state, _, _, session = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            except OSError:
                continue
            if int(session) == self.process.pid and state not in "ZX":
                found.append(int(entry.name))
        return found

    def rank(self, number):
        """Process id of a rank of mpirun, Open MPI's or MPICH's."""
        marks = {f"OMPI_COMM_WORLD_RANK={number}".encode(), f"PMI_RANK={number}".encode()}
        for member in self.members():
            with contextlib.suppress(OSError):  # one that has just ended
                if marks & set(Path(f"/proc/{member}/environ").read_bytes().split(b"\0")):
                    return member
        raise LookupError(f"no rank {number} in session {self.process.pid}")

    def kill(self):
        """kill -9 of the whole session, until it is empty."""
        for _ in range(100):
            members = self.members()
            for member in members:
                try:
                    os.kill(member, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            if not members:
                break
            time.sleep(0.02)
        self.process.wait(SECONDS)

    def finish(self, seconds=SECONDS):
        """(exit code, stdout, stderr) once it has ended by itself."""
        out, err = communicate(self.process, seconds)
        return self.process.returncode, out.decode(), err.decode()


def ranks_script(folder, line):
    """Makes a program of a line of shell, which each rank runs with moat's arguments and in which $MOAT is moat: the `with`
    in which it takes moat's place. (`mpirun A : B` would do for ranks that differ, but Open MPI 5.0.7 dies of it.)"""
    script = folder / "script"
    script.write_text(f"#!/bin/sh\nMOAT={shlex.quote(MOAT)}\n{line}\n")
    script.chmod(0o755)
    return mock.patch(f"{__name__}.MOAT", str(script))


@functools.cache
def open_mpi():
    """The major version of Open MPI, 0 when mpirun is another MPI's."""
    shown = subprocess.run(["mpirun", "--version"], capture_output=True, text=True, timeout=SECONDS).stdout
    version = re.search(r"Open MPI\) (\d+)", shown)
    return int(version[1]) if version else 0


def preload(folder, name):
    """Builds faults/NAME.c in the folder, for LD_PRELOAD: its path. What does not call MPI is not linked to it."""
    library = folder / f"{name}.so"
    subprocess.run([MPICC, "-shared", "-fPIC", "-D_GNU_SOURCE", "-Wl,--as-needed", "-o", library,
                    ROOT / "tests" / "faults" / f"{name}.c"], check=True)
    return str(library)


def moat(folder, *arguments, ranks=None, seconds=SECONDS):
    """Runs moat to its end: (exit code, stdout, stderr)."""
    with Launch(folder, *arguments, ranks=ranks) as launch:
        return launch.finish(seconds)


def read(path, live=False):
    """Every dataset of the file, those of /run too: name -> array. `live`: also while it is written or after a kill."""
    values = {}

    def take(name, item):
        if isinstance(item, h5py.Dataset):
            values[name] = item[()]

    with h5py.File(path, "r", swmr=live) as file:
        file.visititems(take)
    return values


def differing(left, right):
    """Names of the datasets of two files that are not the same to the bit, those of /run left out: they hold times."""
    names = {name for name in (*left, *right) if not name.startswith("run/")}
    return sorted(name for name in names if name not in left or name not in right or
                  left[name].shape != right[name].shape or left[name].tobytes() != right[name].tobytes())


def done_mask(path):
    """Which grid points lie in blocks that a file, of a live or killed run, reports done: array over AXES.

    Blocks are numbered with tau_E fastest, then N_I, Q, nu (moat/grid.h).
    """
    with h5py.File(path, "r", swmr=True) as file:
        state = file["run/block_state"][()]
        block = dict(zip(AXES, file["run"].attrs["block_shape"]))
        size = dict(zip(AXES, file["status"].shape))
    order = ("nu", "Q", "N_I", "tau_E")
    parts = state.reshape([-(-size[axis] // block[axis]) for axis in order])
    for number, axis in enumerate(order):
        parts = np.take(parts, np.arange(size[axis]) // block[axis], axis=number)
    return parts.transpose([order.index(axis) for axis in AXES]) == 1


def history(path):
    """The lines of a closed file's history, one for each run."""
    with h5py.File(path) as file:
        return file.attrs["history"].decode().splitlines()


def temporary_folder(add_cleanup):
    """A new folder, which that addCleanup, addClassCleanup or addModuleCleanup removes."""
    folder = Path(tempfile.mkdtemp(prefix="moat-"))
    add_cleanup(shutil.rmtree, folder, ignore_errors=True)
    return folder


def stay_alone():
    """For tests of files, not of processes, which run moat without mpirun hundreds of times: it then starts no daemon."""
    os.environ.update(ALONE)


def solve(folder, text, ranks=None):
    """Runs a config, which must succeed, in a folder, and leaves it there; the path of its results file."""
    path = folder / re.search(r"^output: (\S+)$", text, re.M)[1]
    config = path.with_suffix(".yaml")
    config.write_text(text)
    with mock.patch.dict(os.environ, ALONE):
        code, out, err = moat(folder, "run", config.name, "-q", ranks=ranks)
    if code != 0:
        raise AssertionError(f"moat run {config.name}, ranks {ranks}: exit code {code}\n{out}{err}")
    return path


class ProgramTest(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        self.folder = temporary_folder(self.addCleanup)

    def write(self, name, text):
        """A file in the folder; its path."""
        path = self.folder / name
        path.write_text(text)
        return path

    def run_moat(self, code, *arguments, ranks=None):
        """Runs moat in the folder to the exit code `code`: (stdout, stderr)."""
        found, out, err = moat(self.folder, *arguments, ranks=ranks)
        self.assertEqual(found, code, f"moat {' '.join(map(str, arguments))}, ranks {ranks}: {out}{err}")
        return out, err
