#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A results file while it is made, under the name FILE.moat-new: whose it is, what else may bear that name, and signals."""

import os
import signal
import subprocess
import time
import unittest
from unittest import mock

from interrupted import wait_for
from pace import Limit
from program import Launch, ProgramTest, differing, preload, read, solve, temporary_folder
from screen import show
from sweeps import TINY_GRID, market

LOST = 200  # seconds, more than those after which a writer that gives no sign of life is gone (PULSE_LOST)
MAKER = "user.moat.maker"

# 150 MB, which take minutes on the slow disk.
LARGE = market("large", N_I="{log: [10, 1e9], points: 1000}", tau_E="{linear: [0.5, 2], points: 400}", Q="{values: [0.1, 0.5]}",
               nu="{values: [1.0]}")


class NameTest(ProgramTest):
    """What bears the name already stays, unless a run that is gone has left it."""

    def setUp(self):
        super().setUp()
        self.write("grid.yaml", TINY_GRID)
        self.new = self.folder / "grid.h5.moat-new"

    def refused(self, *said):
        _, err = self.run_moat(2, "run", "grid.yaml")
        for text in ("grid.h5.moat-new: found ", *said):
            self.assertIn(text, err)
        self.assertFalse((self.folder / "grid.h5").exists())

    def accepted(self):
        self.run_moat(0, "run", "grid.yaml")
        self.assertFalse(os.path.lexists(self.new))
        self.assertNotIn(MAKER, os.listxattr(self.folder / "grid.h5"))
        (self.folder / "grid.h5").unlink()

    def age(self, seconds=LOST):
        last = time.time() - seconds
        os.utime(self.new, (last, last))

    def test_links_and_folders(self):
        victim = self.write("victim", "as it was")
        self.new.symlink_to(victim)
        self.refused("a symbolic link", "remove it")
        self.new.unlink()
        self.new.symlink_to("nowhere")
        self.refused("a symbolic link")
        self.assertFalse((self.folder / "nowhere").exists())
        self.new.unlink()
        self.new.mkdir()
        self.refused("a folder")
        self.new.rmdir()
        os.mkfifo(self.new)
        self.refused("no file")
        self.assertEqual(victim.read_text(), "as it was")

    def test_files_of_others(self):
        self.new.write_text("somebody's notes")
        self.refused("a file of ", "may be making it")
        self.age()
        self.refused("a file of ", time.strftime("last changed %Y-%m-%dT%H:", time.gmtime(time.time() - LOST)), "move it away")
        self.assertEqual(self.new.read_text(), "somebody's notes")
        if os.geteuid() == 0:
            os.chown(self.new, 65534, -1)
            self.refused("a file of nobody", "ask its owner")

    def test_what_dead_runs_left(self):
        for content in (b"", b"\x89HDF\r\n\x1a\n and so on", bytes(100)):
            self.new.write_bytes(content)
            self.refused("may be making it; if none does, remove it, or repeat this command in ")
            self.age()
            self.accepted()
        dead = subprocess.Popen(["true"])
        dead.wait()
        for host, age in ((os.uname().nodename, 0), ("elsewhere", LOST)):
            self.new.write_text("whatever")
            os.setxattr(self.new, MAKER, f"{dead.pid} 1 3 0 -1 0 {host}".encode())
            self.age(age)
            self.accepted()
        self.new.write_text("whatever")
        os.setxattr(self.new, MAKER, f"{dead.pid} 1 3 0 -1 0 elsewhere".encode())
        self.refused(f"host elsewhere, pid {dead.pid}, 1 node, 3 ranks may be making it")


class LargeTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.library = preload(temporary_folder(cls.addClassCleanup), "slow_disk")

    def setUp(self):
        super().setUp()
        self.write("large.yaml", LARGE)
        self.new = self.folder / "large.h5.moat-new"

    def start(self, *arguments, ranks=None, **popen):
        with mock.patch.dict(os.environ, LD_PRELOAD=self.library, DISK_DELAY="0.3"):
            run = Launch(self.folder, "run", "large.yaml", *arguments, ranks=ranks, **popen)
        wait_for(lambda: self.new.exists() and self.new.stat().st_size > 0)
        return run

    def maker(self):
        try:
            return os.getxattr(self.new, MAKER).decode()
        except OSError:
            return ""

    def test_second_run(self):
        with self.start() as first:
            _, err = self.run_moat(2, "run", "large.yaml")
            self.assertRegex(err, rf"another run \(host \S+, pid {first.process.pid}, 1 node, 1 rank\) is making it: wait")
        self.assertTrue(self.new.exists())
        with self.start() as second:  # the first is killed by now, which is known at once
            wait_for(lambda: self.maker().startswith(f"{second.process.pid} "))

    def test_signals(self):
        """Heard within a second; what there was of the new file is gone, and an older file is as it was."""
        older = solve(self.folder, TINY_GRID)
        before = read(older)
        for number, arguments in ((signal.SIGTERM, ()), (signal.SIGINT, ("-o", "grid.h5", "--force"))):
            self.new = self.folder / ("grid.h5.moat-new" if arguments else "large.h5.moat-new")
            with self.subTest(number.name), self.start("-q", *arguments) as run:
                limit = Limit(1.5)
                run.process.send_signal(number)
                code, out, err = run.finish()
                self.assertFalse(limit.over())
                self.assertEqual((code, out), (75, ""), err)
                self.assertRegex(err, r"^moat: (large|grid)\.h5: stopped by a signal when \d+ % of the new file was there: it is removed and an "
                                 r"older one stays; the same command begins anew\n$")
                self.assertEqual({path.suffix for path in self.folder.iterdir()} & {".moat-new"}, set())
        self.assertEqual(differing(read(older), before), [])
        self.assertFalse((self.folder / "large.h5").exists())

    def test_ranks_end_too(self):
        with self.start("-q", ranks=3) as run:
            for process in [run.rank(rank) for rank in range(3)]:
                os.kill(process, signal.SIGTERM)
            code, _, err = run.finish()
            self.assertEqual((code, err.count("stopped by a signal when ")), (75, 1), err)

    def test_bar(self):
        with mock.patch.dict(os.environ, LD_PRELOAD=self.library, DISK_DELAY="0.3", TERM="xterm"):
            shown = show(self, "run", "large.yaml", columns=60, until="MB of the file")
        self.assertEqual(shown.code, 75, shown.text)
        self.assertEqual({used for _, _, used in shown.bars}, {1})
        self.assertRegex(shown.bars[0][0], r"^\[#*\.+\] +\d+\.\d % .*left$")


if __name__ == "__main__":
    unittest.main()
