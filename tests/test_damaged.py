#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results files that were cut, changed by a bit, or made to harm: moat refuses them untouched or ends in right data.

MOAT_CUTS and MOAT_FLIPS are how many places of the complete file and of an interrupted one are tried (10 and 20), from
MOAT_SEED (1). MOAT_SANITIZED is set for a program built with sanitizers, whose memory cannot be bounded.
"""

import io
import os
import random
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import h5py
import numpy as np

from faults import hostile
from program import Launch, differing, done_mask, moat, read, stay_alone, temporary_folder
from sweeps import market

CUTS, FLIPS = int(os.environ.get("MOAT_CUTS", 10)), int(os.environ.get("MOAT_FLIPS", 20))
SEED = int(os.environ.get("MOAT_SEED", 1))
SECONDS = int(os.environ.get("MOAT_SECONDS", 10))  # the longest that any command may take, see pace.py
BYTES = 4 << 30  # of address space
SANITIZED = "MOAT_SANITIZED" in os.environ

# A third of a second of work: 40 data efficiencies, each with tables of its own.
SWEEP = market("small", N_I="{log: [10, 1e9], points: 6}", tau_E="{values: [0.5, 0.95, .inf]}", Q="{linear: [0.1, 1.0], points: 2}",
               nu="{linear: [0.6, 2.9], points: 40}")
RIDGE = market("ridge", N_I="{values: [20, 50]}", tau_E="{values: [.inf]}", Q="{values: [0.5]}", nu="{values: [0.8, 1.0]}",
               ridge="{P: 32, N: {values: [8, 16, 32, 64]}, trials: 2, seed: 1}")
COMMANDS = (("status", "small.h5"), ("run", "small.yaml", "-q"), ("run", "small.yaml", "-q", "--force"))


setUpModule = stay_alone


def bound():
    if not SANITIZED:
        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))


def contents(folder):
    """name -> bytes of the regular files of a folder, links and devices left out; those of 1 GB by their size."""
    return {path.name: path.read_bytes() if path.stat().st_size < 1 << 30 else path.stat().st_size
            for path in folder.iterdir() if path.is_file() and not path.is_symlink()}


def judge_command(folder, command, reference):
    """What is wrong with the command's end: list of sentences; and whether it ended well."""
    before, wrong = contents(folder), []
    with Launch(folder, *command, preexec_fn=bound) as launch:
        try:
            code, out, err = launch.finish(SECONDS)
        except subprocess.TimeoutExpired:
            return [f"goes on for more than {SECONDS} s"], False
    after = contents(folder)
    if code not in (0, 1, 2):
        wrong.append(f"exit code {code}: {out}{err}")
    if code != 0 and not (err.startswith("moat: ") and len(err.splitlines()) == 1):
        wrong.append(f"no clear message: {err!r}")
    if code != 0 or command[0] == "status":
        wrong += ["a file was changed"] * (after != before)
    else:
        wrong += ["another file was changed"] * ({**before, "small.h5": 0} != {**after, "small.h5": 0})
        try:
            different = differing(read(folder / "small.h5"), reference)
        except (OSError, RuntimeError) as error:
            different = error
        wrong += [f"wrong data, exit code 0: {different}"] * bool(different)
    return wrong, code == 0


def judge(label, make, reference):
    """A file made by `make` at its path, then every command until one completes it: (label, what is wrong, ended well)."""
    folder = Path(tempfile.mkdtemp(prefix="moat-"))
    wrong, well = [], False
    try:
        (folder / "small.yaml").write_text(SWEEP)
        make(folder / "small.h5")
        for command in COMMANDS:
            if not (well and command[0] == "run"):
                found, well = judge_command(folder, command, reference)
                wrong += [f"{label}: {' '.join(command)}: {sentence}" for sentence in found]
            if command[0] == "status":
                well = False
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return label, wrong, well


class Written:
    """Makes a file of given bytes."""

    def __init__(self, data):
        self.data = data

    def __call__(self, path):
        path.write_bytes(self.data)


class Hostile:
    """Makes a hostile file from a good one."""

    def __init__(self, data, wrong):
        self.data, self.wrong = data, wrong

    def __call__(self, path):
        path.write_bytes(self.data)
        shutil.copy(path, path.with_name("victim.h5"))
        hostile.make(path, self.wrong)


def interrupt(folder):
    """A run that was killed after its first flush, which comes when a second is over: the program is stopped for it."""
    path = folder / "small.h5"
    for _ in range(100):
        path.unlink(missing_ok=True)
        with Launch(folder, "run", "small.yaml", "-q") as launch:
            while not path.exists() and launch.process.poll() is None:
                time.sleep(0.005)
            time.sleep(0.05)
            os.kill(launch.process.pid, signal.SIGSTOP)
            time.sleep(1.05)
            os.kill(launch.process.pid, signal.SIGCONT)
            while launch.process.poll() is None and not done_mask(path).any():
                time.sleep(0.002)
            launch.kill()
        if 0 < np.count_nonzero(done_mask(path)) < done_mask(path).size:
            return path.read_bytes()
    raise TimeoutError("no run was interrupted")


def structure(path):
    """Offsets of all bytes that are not values of some dataset."""
    values = np.zeros(path.stat().st_size, bool)
    with h5py.File(path, "r") as file:
        def mark(_, item):
            if isinstance(item, h5py.Dataset):
                low = item.id
                pieces = ([(low.get_chunk_info(i).byte_offset, low.get_chunk_info(i).size)
                           for i in range(low.get_num_chunks())] if item.chunks else
                          [(low.get_offset(), low.get_storage_size())])
                for start, size in pieces:
                    values[start:start + size] = True
        file.visititems(mark)
    return np.flatnonzero(~values)


class DamagedTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = folder = temporary_folder(cls.addClassCleanup)
        (folder / "small.yaml").write_text(SWEEP)
        if SANITIZED:  # HDF5 loses memory of its own where it meets damage; what moat allocates itself is still looked for
            suppressions = (Path(__file__).parent / "lsan.supp").read_text() + "leak:libhdf5\n"
            (folder / "lsan.supp").write_text(suppressions)
            os.environ["LSAN_OPTIONS"] = f"suppressions={folder / 'lsan.supp'}:print_suppressions=0"
        interrupted = interrupt(folder)
        (folder / "small.h5").unlink()
        cls.ended = moat(folder, "run", "small.yaml", "-q")
        cls.reference = read(folder / "small.h5")
        cls.structure = structure(folder / "small.h5")
        cls.files = {"complete": (folder / "small.h5").read_bytes(), "interrupted": interrupted}

    def judge_all(self, cases):
        """Judges (label, make) in processes of their own, as h5py reads what a run accepted: labels that ended well."""
        with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            judged = [one.result() for one in [pool.submit(judge, *case, self.reference) for case in cases]]
        wrong = [sentence for _, sentences, _ in judged for sentence in sentences]
        self.assertEqual(wrong, [], f"seed {SEED}: " + "\n".join(wrong))
        return [label for label, _, well in judged if well]

    def test_whole_files(self):
        self.assertEqual(self.ended, (0, "", ""))
        cases = [(name, Written(data)) for name, data in self.files.items()]
        self.assertEqual(self.judge_all(cases), ["complete", "interrupted"])

    def test_cuts(self):
        places, cases = random.Random(SEED), []
        for name, data in self.files.items():
            for size in (1, 8, 48, len(data) - 1, *(places.randrange(len(data)) for _ in range(CUTS))):
                cases.append((f"{name}, cut at {size}", Written(data[:size])))
        self.judge_all(cases)

    def test_flips(self):
        """Every second place is in the structure, which is the smaller part of a file."""
        places, cases = random.Random(SEED), []
        for name, data in self.files.items():
            for number in range(FLIPS):
                byte = int(places.choice(self.structure[self.structure < len(data)])) if number % 2 else places.randrange(len(data))
                changed = bytearray(data)
                changed[byte] ^= 1 << places.randrange(8)
                cases.append((f"{name}, flipped at {byte}", Written(bytes(changed))))
        self.judge_all(cases)

    def test_texts(self):
        """The config is found to be damaged, its copy for people is not read, and nor is that of the title or the history. HDF5
        keeps the copy of the config without a checksum, behind its number (2 bytes), uses (2) and size (the last 8 of 16)."""
        data = self.files["complete"]
        with h5py.File(io.BytesIO(data)) as file:
            text, config = file.attrs["config"].encode(), file["run/config"].id.get_offset()
            texts = {name: data.index(file.attrs[name]) for name in ("history", "title")}
        copy = data.index(text) if data.index(text) != config else data.index(text, config + 1)
        ends_well, cases = [], []
        for place, byte, bit in ((copy, -16, 0), (copy, -15, 7), (copy, -8, 3), (copy, -7, 0), (copy, -7, 7), (copy, -1, 0), (copy, 0, 5),
                                 (config, 0, 5), (config, len(text) - 1, 0), *((at, 0, 3) for at in texts.values())):
            changed = bytearray(data)
            changed[place + byte] ^= 1 << bit
            cases.append((f"{place}, byte {byte}, bit {bit}", Written(bytes(changed))))
            ends_well += [cases[-1][0]] * (place == copy)
        self.assertEqual(self.judge_all(cases), ends_well)

    def test_repairs(self):
        """A value, a state or a table that was changed is found by name and worked out again."""
        (self.folder / "ridge.yaml").write_text(RIDGE)
        for sweep, name, said in (("small", "status", "damaged values in 1 of"),
                                  ("ridge", "ridge/A2", "damaged tables of 1 of"),
                                  ("ridge", "run/task_state", "damaged tables of 8 of")):
            path = self.folder / f"{sweep}.h5"
            path.unlink(missing_ok=True)
            moat(self.folder, "run", f"{sweep}.yaml", "-q")
            reference = read(path)
            with h5py.File(path, "r+") as file:
                if name == "run/task_state":
                    file[name][...] = 2  # failed
                else:
                    file[name][(0,) * file[name].ndim] += 1
            code, _, err = moat(self.folder, "run", f"{sweep}.yaml", "-q")
            self.assertEqual(code, 0, err)
            self.assertIn(said, err)
            self.assertEqual(differing(read(path), reference), [], name)

    def test_hostile_files(self):
        data = self.files["complete"]
        self.judge_all([(wrong, Hostile(data, wrong)) for wrong in hostile.HOSTILE])


if __name__ == "__main__":
    unittest.main()
