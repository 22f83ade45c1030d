#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that fail or fill up, files and folders that vanish or turn read-only: the run says so, and loses nothing.

After each fault: a message that names file and reason, an exit code that is not 0, a file that opens with all that it
reports done right, and the same command completes it once the fault is gone. MOAT_STEPS in the environment is the number
of calls at which faults are put into a run, 0 for all of them.
"""

import os
import random
import re
import resource
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

import program
from interrupted import Sweep, wait_for
from program import LONG, Launch, ProgramTest, moat

STEPS = int(os.environ.get("MOAT_STEPS", 8))
SEED = os.environ.get("MOAT_SEED", str(random.randrange(10**6)))
SHIM = Path(__file__).resolve().parent / "faults" / "failing_disk.c"
NOBODY = 65534
FAILS = r"cannot be (created|resumed|repaired[\w ]*|opened for writing|written[^:]*|closed|brought to disk)"

GRID = """name: grid
sweep: market_entry
solver: deterministic
output: grid.h5
model: {gamma: 0.5, P: .inf}
incumbent: {tau: 0.9}
grid:
  N_I:   {values: [1, 10, 1e3, .inf]}
  tau_E: {values: [0.5, 0.95, .inf]}
  Q:     {values: [0.1, 0.5]}
  nu:    {values: [0.6, 1.0, 2.0, 3.0]}
"""
RIDGE = """name: ridge
sweep: market_entry
solver: ridge
output: ridge.h5
model: {gamma: 0.5, P: 32}
incumbent: {tau: 0.9}
grid:
  N_I:   {values: [8, 16, 24]}
  tau_E: {values: [1.2, .inf]}
  Q:     {values: [0.1]}
  nu:    {values: [0.75]}
ridge: {P: 32, N: {values: [4, 8, 16, 32, 48]}, trials: 2, seed: 1}
"""


def disk_log(path):
    """The calls that a file saw: (name, offset, bytes)."""
    data, at, calls = path.read_bytes(), 0, []
    while at < len(data):
        end = data.index(b"\n", at)
        name, offset, size = data[at:end].split()
        at = end + 1 + int(size)
        calls.append((name.decode(), int(offset), data[end + 1:at]))
    return calls


def setUpModule():
    folder = Path(tempfile.mkdtemp(prefix="moat-"))
    unittest.addModuleCleanup(shutil.rmtree, folder, ignore_errors=True)
    DiskTest.shim = str(folder / "failing_disk.so")
    subprocess.run(["gcc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", DiskTest.shim, SHIM], check=True)
    DiskTest.sweeps = {"grid": Sweep(folder, GRID, 0), "ridge": Sweep(folder, RIDGE, 1e-12)}


class DiskTest(ProgramTest):
    shim, sweeps = None, {}

    def choose(self, name, disk=None):
        """Turns to that sweep, with its file on `disk` or in the test's folder."""
        self.sweep = self.sweeps[name]
        self.assertEqual(self.sweep.ended, (0, "", ""))
        self.write(self.sweep.config, self.sweep.text)
        self.path = (disk or self.folder) / self.sweep.name

    def rewind(self):
        """Makes the file one that lacks the last block, and the last data sets."""
        shutil.copy(self.sweep.folder / self.sweep.name, self.path)
        self.sweep.rewind(self.path, blocks=1, tasks=2 if self.sweep.tasks else 0)
        self.look()

    def run_with(self, ranks=None, arguments=(), **faults):
        """Runs the sweep on a disk with those faults: (exit code, stderr)."""
        with mock.patch.dict(os.environ, faults, LD_PRELOAD=self.shim if faults else ""):
            code, _, err = moat(self.folder, "run", self.sweep.config, "-q", "-o", self.path, *arguments, ranks=ranks)
        return code, err

    def check_told(self, code, err, reason):
        """A run that failed says once which file, and why."""
        self.assertEqual(code, 1, err)
        self.assertEqual(len(re.findall(rf"^moat: {self.path}: {FAILS}.*: {reason}$", err, re.M)), 1, err)
        self.assertNotIn("Signal", err)

    def check_left(self):
        """What is left opens and is right; there is no file rather than half a one."""
        self.assertFalse(self.path.with_name(f"{self.path.name}.moat-new").exists())
        if self.path.exists():
            self.seen = self.sweep.check(self, self.path, self.seen)

    def look(self):
        self.seen = self.sweep.reported(self.path)

    def check_resumed(self, powerless=False):
        self.look()
        self.sweep.check_resumed(self, self.path, ranks=None, folder=self.folder, powerless=powerless)


class FailingDiskTest(DiskTest):
    """Faults at calls from the first to the last, of new and of resumed runs (faults/failing_disk.c)."""

    def prepare(self, start):
        """What the run finds: no file, one to go on with, or one whose writer was killed."""
        self.path.unlink(missing_ok=True)
        if start != "new":
            self.rewind()
        if start == "killed":
            code, err = self.run_with(DISK_FAULT=f"kill:{self.calls - 3}")
            self.assertEqual(code, -9, err)
        self.look()

    def count_calls(self, start):
        """Calls that the run makes when nothing fails."""
        self.prepare(start)
        log = self.folder / "log"
        code, err = self.run_with(DISK_LOG=str(log))
        self.assertEqual(code, 0, err)
        calls = [name for name, _, _ in disk_log(log) if name != "rename"]
        log.unlink()
        return len(calls)

    def check_fault(self, start, fault):
        self.prepare(start)
        code, err = self.run_with(DISK_FAULT=fault)
        if fault.startswith("kill"):
            self.assertEqual(code, -9, err)
            if self.path.exists():
                self.seen = self.sweep.check(self, self.path, self.seen)
        else:
            self.check_told(code, err, os.strerror(28 if fault.startswith("ENOSPC") else 5))
            self.check_left()
        self.check_resumed()

    def sweep_faults(self, name):
        self.choose(name)
        for start in ("new", "resumed", "killed"):
            self.calls = self.count_calls(start)
            steps = STEPS if start == "new" else STEPS // 2
            moments = random.Random(f"{SEED} {name} {start}")
            every = range(1, self.calls + 1)
            # A new run fills its file call by call: half of the steps go to the calls after that.
            chosen = every if STEPS == 0 or steps >= self.calls else sorted(
                {1, self.calls, *moments.sample(every, steps // 2), *moments.sample(every[-60:], steps // 2 - 2)})
            for number, call in enumerate(chosen):
                kind = ("EIO:{}", "ENOSPC:{}", "kill:{}", "EIO:{}:1")[number % 4]
                with self.subTest(f"MOAT_SEED={SEED}: {name}, {start}, {kind.format(call)} of {self.calls}"):
                    self.check_fault(start, kind.format(call))

    def test_under_mpirun(self):
        self.choose("grid")
        calls = self.count_calls("new")
        for call in (1, calls - 30, calls):
            self.prepare("new")
            code, err = self.run_with(ranks=3, DISK_FAULT=f"EIO:{call}")
            self.check_told(code, err, os.strerror(5))
            self.check_left()
        self.check_resumed()

    def test_grid(self):
        self.sweep_faults("grid")

    def test_ridge(self):
        self.sweep_faults("ridge")


class PowerTest(DiskTest):
    """What a loss of power may leave: any page of the file as it was at any time since the last sync that it saw."""

    PAGE = 4096

    def record(self, *arguments):
        """The calls of a run, and the file that it found (None: none)."""
        found, log = self.path.read_bytes() if self.path.exists() else None, self.folder / "log"
        code, err = self.run_with(arguments=arguments, DISK_LOG=str(log))
        self.assertEqual(code, 0, err)
        calls = disk_log(log)
        log.unlink()
        return calls, found

    def lose_power(self, calls, found, moments):
        """The file as an outage at a random call may leave it, and how many syncs it had seen; None before its rename."""
        last = moments.randrange(1, len(calls) + 1)
        names = [name for name, _, _ in calls[:last]]
        if found is None and "rename" not in names:
            return None, 0
        synced = last - names[::-1].index("sync") if "sync" in names else 0
        image, pages = bytearray(found or b""), {}
        sizes = [(number, offset) for number, (name, offset, _) in enumerate(calls[:last]) if name == "truncate"]
        sure = sum(number < synced for number, _ in sizes)
        for _, size in sizes[:moments.randint(sure, len(sizes))]:
            image[size:] = bytes(max(0, size - len(image)))
        for number, (name, offset, data) in enumerate(calls[:last]):
            for at in range(offset, offset + len(data)):
                if at == offset or at % self.PAGE == 0:
                    end = min(offset + len(data), (at // self.PAGE + 1) * self.PAGE)
                    pages.setdefault(at // self.PAGE, []).append((number, at, data[at - offset:end - offset]))
        for writes in pages.values():
            sure = sum(number < synced for number, _, _ in writes)
            for _, at, data in writes[:moments.randint(sure, len(writes))]:
                image.extend(bytes(max(0, at + len(data) - len(image))))
                image[at:at + len(data)] = data
        return bytes(image), names.count("sync")

    def images(self, name, start, count, *arguments):
        disk = self.folder / f"{name}-{start}"
        disk.mkdir()
        self.choose(name, disk)
        if start == "resumed":
            self.rewind()
        calls, found = self.record(*arguments)
        moments = random.Random(f"{SEED} {name} {start}")
        for number in range(count):
            image, syncs = self.lose_power(calls, found, moments)
            if image is not None:
                self.path.write_bytes(image)
                yield number, syncs

    def test_nothing_done_is_lost(self):
        for name in self.sweeps:
            for start in ("new", "resumed"):
                for number, syncs in self.images(name, start, 2 * STEPS or 500, "--fsync"):
                    with self.subTest(f"MOAT_SEED={SEED}: {name}, {start}, {number}"):
                        self.look()
                        _, tasks = self.sweep.check(self, self.path, self.seen)
                        if start == "new":  # one sync when the file is made, then two for each data set
                            self.assertGreaterEqual(tasks.sum(), min(tasks.size, (syncs - 1) // 2))
                        if number % 4 == 0:
                            self.check_resumed(powerless=True)

    def test_something_is_lost_without_it(self):
        """The same without --fsync: files that say done what is not there. Else the test above proved nothing."""
        wrong = 0
        for _ in self.images("ridge", "resumed", 60):
            try:
                self.look()
                self.sweep.check(self, self.path, self.seen)
            except (AssertionError, OSError):
                wrong += 1
        self.assertGreater(wrong, 3)

    def test_syncs(self):
        """Where they are, and that each of them that fails ends the run."""
        self.choose("ridge")
        plain, _ = self.record()
        self.assertEqual([name for name, _, _ in plain].count("sync"), 1)
        self.path.unlink()
        calls, _ = self.record("--fsync")
        names = [name for name, _, _ in calls if name in ("sync", "rename")]
        self.assertEqual(names, ["sync", "rename"] + 2 * (self.sweep.tasks + 1) * ["sync"] + 2 * ["sync"])
        for number in range(1, names.count("sync") + 1):
            with self.subTest(number):
                self.path.unlink(missing_ok=True)
                self.look()
                code, err = self.run_with(arguments=["--fsync"], DISK_CALLS="fsync", DISK_FAULT=f"EIO:{number}")
                self.check_told(code, err, os.strerror(5))
                self.check_left()
                _, tasks = self.seen
                self.assertIn(tasks.sum(), (min((number - 1) // 2, tasks.size), min(number // 2, tasks.size)))
        self.check_resumed()


class FullDiskTest(DiskTest):
    def mounted(self, size):
        """A small disk of its own, the test's folder."""
        if os.geteuid() != 0:
            self.skipTest("only root mounts a disk")
        disk = self.folder / "disk"
        disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "moat-test", disk], capture_output=True).returncode:
            self.skipTest("no disk can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", disk], check=True)
        return disk

    @staticmethod
    def fill(disk):
        """Takes all the room that is left."""
        with open(disk / "filler", "wb", buffering=0) as filler:
            try:
                while filler.write(bytes(4096)):
                    pass
            except OSError:
                pass

    def test_no_room_for_the_file(self):
        """A disk that is too small is refused before any work."""
        self.choose("grid", self.mounted("128k"))
        self.fill(self.path.parent)
        code, err = self.run_with()
        self.assertEqual(code, 2)
        self.assertRegex(err, rf"^moat: {self.path}: .* has 0 GB free: .*choose another folder with -o\n$")
        self.assertFalse(self.path.exists())

    def test_limit_on_the_file_size(self):
        """As `ulimit -f` sets it; 16 MB, as Open MPI has files of its own."""
        self.write("long.yaml", LONG)
        limit = (16 << 20, resource.RLIM_INFINITY)
        with Launch(self.folder, "run", "long.yaml", "-q",
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit)) as launch:
            code, _, err = launch.finish()
        self.assertEqual((code, err), (1, f"moat: long.h5: cannot be created: {os.strerror(27)}\n"))
        self.assertEqual({path.name for path in self.folder.iterdir()}, {"long.yaml", ".scratch"})

    def test_full_while_running(self):
        """The file has its room from the start: a disk that fills up later costs the last line of the history at most."""
        self.write("long.yaml", LONG)
        path = self.mounted("60m") / "long.h5"
        with Launch(self.folder, "run", "long.yaml", "-q", "-o", path) as launch:
            wait_for(path.exists)
            self.fill(path.parent)
            code, _, err = launch.finish()
        if code:
            self.assertEqual(code, 1)
            self.assertRegex(err, rf"^moat: {path}: {FAILS}.*: {os.strerror(28)}\n$")
        (path.parent / "filler").unlink()
        self.run_moat(0, "run", "long.yaml", "-q", "-o", path)
        self.assertRegex(self.run_moat(0, "status", path)[0], "blocks done, complete")

    def test_full_before_a_resume(self):
        disk = self.mounted("4m")
        for name in self.sweeps:
            with self.subTest(name):
                self.choose(name, disk)
                self.rewind()
                self.fill(disk)
                code, err = self.run_with()
                if code:
                    self.check_told(code, err, os.strerror(28))
                self.check_left()
                (disk / "filler").unlink()
                self.check_resumed()
                self.path.unlink()

    def test_read_only_disk(self):
        self.choose("grid", self.mounted("4m"))
        self.rewind()
        subprocess.run(["mount", "-o", "remount,ro", self.path.parent], check=True)
        code, err = self.run_with()
        self.assertIn(code, (1, 2))
        self.assertRegex(err, rf"^moat: {self.path}.*{os.strerror(30)}")
        subprocess.run(["mount", "-o", "remount,rw", self.path.parent], check=True)
        self.check_left()
        self.check_resumed()


class VanishedTest(DiskTest):
    """What happens to the file from outside."""

    def start(self, folder, ranks):
        folder.mkdir()
        (folder / "long.yaml").write_text(LONG)
        launch = Launch(self.folder, "run", folder / "long.yaml", "-q", "-o", folder / "long.h5", ranks=ranks)
        self.addCleanup(launch.__exit__)
        wait_for(lambda: (folder / "long.h5").exists())
        return launch

    def test_folder_removed(self):
        """The run ends soon, and does not make the folder again."""
        for ranks in (None, 3):
            folder = self.folder / f"gone-{ranks}"
            launch = self.start(folder, ranks)
            shutil.rmtree(folder)
            start = time.monotonic()
            code, _, err = launch.finish()
            self.assertEqual(code, 1, err)
            self.assertEqual(len(re.findall(rf"^moat: {folder}/long.h5: was removed or replaced .*start anew", err, re.M)), 1, err)
            self.assertFalse(folder.exists())

    def test_file_replaced(self):
        folder = self.folder / "replaced"
        launch = self.start(folder, None)
        (folder / "long.h5").rename(folder / "aside.h5")
        (folder / "long.h5").write_text("something else")
        code, _, err = launch.finish()
        self.assertEqual(code, 1, err)
        self.assertIn("was removed or replaced", err)
        self.assertEqual((folder / "long.h5").read_text(), "something else")
        (folder / "aside.h5").rename(folder / "long.h5")
        self.assertEqual(moat(folder, "status", "long.h5")[0], 0)

    def test_not_writable(self):
        """A file, or a folder, that the user may not write is refused at once and left as it is."""
        if os.geteuid() != 0:
            self.skipTest("needs another user")
        self.choose("grid")
        self.rewind()
        before = self.path.read_bytes()
        (self.folder / ".scratch").mkdir()
        reachable = shutil.copy(program.MOAT, self.folder / ".scratch")  # the project's folder may be closed to that user
        for folder in (self.folder, self.folder / ".scratch"):
            os.chown(folder, NOBODY, NOBODY)
        for file_mode, folder_mode, name, said in ((0o444, 0o755, "grid.h5", "grid.h5"), (0o644, 0o555, "new.h5", "the output folder")):
            self.path.chmod(file_mode)
            self.folder.chmod(folder_mode)
            with (mock.patch.object(program, "MOAT", reachable),
                  Launch(self.folder, "run", self.sweep.config, "-q", "-o", name, user=NOBODY, group=NOBODY, extra_groups=[]) as launch):
                code, _, err = launch.finish()
            self.assertIn(code, (1, 2), err)
            self.assertRegex(err, rf"^moat: .*{said}.*{os.strerror(13)}")
            self.assertTrue(self.path.read_bytes() == before)
        self.folder.chmod(0o755)
        self.check_resumed()


if __name__ == "__main__":
    unittest.main()
