#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that fail or fill up, files and folders that vanish or turn read-only: the run says so, and loses nothing.

After each fault: a message that names file and reason, an exit code that is not 0, a file that opens with all that it
reports done right, and the same command completes it once the fault is gone. How many faults: see failing_disk.py.
"""

import os
import random
import re
import resource
import shutil
import subprocess
import unittest
from unittest import mock

import program
from failing_disk import FAILS, SEED, STEPS, DiskTest, disk_log, prepare_sweeps
from interrupted import wait_for
from program import Launch, moat
from sweeps import LONG

NOBODY = 65534
setUpModule = prepare_sweeps


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
        """Rank 0 writes everything, so that it makes as many calls as one process; test_writers.py has workers that write."""
        self.choose("grid")
        calls = self.count_calls("new")
        for call in (1, calls - 30, calls):
            self.prepare("new")
            code, err = self.run_with(ranks=3, arguments=["--writers=rank-0"], DISK_FAULT=f"EIO:{call}")
            self.check_told(code, err, os.strerror(5))
            self.check_left()
        self.check_resumed()

    def test_grid(self):
        self.sweep_faults("grid")

    def test_ridge(self):
        self.sweep_faults("ridge")


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
            code, _, err = launch.finish()
            self.assertEqual(code, 1, err)
            self.assertEqual(len(re.findall(rf"^moat: {folder}/long.h5: was removed or replaced .*start anew", err, re.M)), 1, err)
            self.assertFalse(folder.exists())

    def test_file_replaced(self):
        for ranks in (None, 3):
            with self.subTest(ranks):
                self.check_replaced(self.folder / f"replaced-{ranks}", ranks)

    def check_replaced(self, folder, ranks):
        launch = self.start(folder, ranks)
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
