#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`moat status` of files that a run writes, has left or is to write: its numbers against the file's records, its reasons against
what happened. Scripts stand in for SLURM (test_slurm.py has the real one)."""

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import time
import unittest
import zlib
from datetime import datetime, timezone
from pathlib import Path
from unittest import mock

import h5py
import numpy as np

from interrupted import wait_for
from program import AXES, MOAT, Launch, ProgramTest, done_mask, solve, temporary_folder
from sweeps import LONG, LONG_POINTS, SMALL_RIDGE, TINY_GRID

HOST = os.uname().nodename


def change_run(path, **changes):
    """Changes members of the run's record, in a file that is closed and has one run."""
    with h5py.File(path, "r+") as file:
        members = {name: data[()] for name, data in file["run"].items() if name.startswith("history_")}
        for name, value in changes.items():
            members[f"history_{name}"][members["history_number"] > 0] = value
        sums = members.pop("history_checksum")
        for at in np.ndindex(sums.shape):
            sums[at] = zlib.crc32(b"".join(values[at].tobytes().ljust(values.itemsize, b"\0") for values in members.values()))
        for name, values in (*members.items(), ("history_checksum", sums)):
            file[f"run/{name}"][...] = values


def rewind(path, blocks, tasks=0):
    """Makes so many of the last blocks and of the first tasks, those of the smallest N, pending."""
    with h5py.File(path, "r+") as file:
        file["run/block_state"][-blocks:] = 0
        if tasks:
            state = file["run/task_state"][...]
            state.ravel()[:tasks] = 0
            file["run/task_state"][...] = state


@contextlib.contextmanager
def writer_of(path):
    """Holds the writer's lock on a file, as a run that writes it does."""
    with open(path, "r+b") as file:
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
        yield


def when(seconds):
    """A time as the program writes it."""
    return datetime.fromtimestamp(int(seconds), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def duration(seconds):
    """A time in seconds of "2:03:10" or "3:10"."""
    return sum(60**place * int(part) for place, part in enumerate(reversed(seconds.split(":"))))


def block_points(file):
    """The grid points of each block, of which those at the end of an axis have fewer; numbered as in done_mask."""
    shape = dict(zip(AXES, file["run"].attrs["block_shape"]))
    size = dict(zip(AXES, file["status"].shape))
    points = np.ones(1, int)
    for axis in ("nu", "Q", "N_I", "tau_E"):
        starts = np.arange(0, size[axis], shape[axis])
        points = np.multiply.outer(points, np.minimum(shape[axis], size[axis] - starts))
    return points.ravel()


def rate(work, state, seconds, rank, ranks):
    """The sum over workers of what each has done by the time it took, as records along blocks or tasks have it."""
    own = [(state == 1) & (rank == worker) for worker in range(1, ranks)]
    return sum(work[done].sum() / seconds[done].sum() for done in own if done.any())


class Status(ProgramTest):
    """What the tests share."""

    def status(self, *arguments, code=0):
        """What `moat status` prints: (the object, the text, stderr of the text). Both must end with the same reason."""
        line, said = self.run_moat(code, "status", *arguments, "--json")
        text, err = self.run_moat(code, "status", *arguments)
        self.assertEqual(said.splitlines()[-1:], err.splitlines()[-1:])
        return json.loads(line), text, err

    def check_stage(self, found, text, name, unit, scale):
        """The text has the numbers of the object."""
        self.assertEqual(found["stage"], name)
        self.assertAlmostEqual(found["share"], found["work_done"] / found["work"])
        line = rf"^(\S+) % of the work on {name} done, (\S+) (\S+)/s, (\S+) left for them$"
        share, shown, per, left = re.search(line, text, re.M).groups()
        self.assertEqual(share, f"{100 * found['share']:.1f}")
        self.assertEqual((float(shown), per), (float(f"{found['rate'] / scale:.3g}"), unit))
        self.assertAlmostEqual(found["seconds_left"], (found["work"] - found["work_done"]) / found["rate"])
        self.assertAlmostEqual(duration(left), found["seconds_left"], delta=0.51)

    def check_run(self, found, text, *, pid, ranks, started):
        run = found["run"]
        for name, value in (("host", HOST), ("pid", pid), ("job", None), ("nodes", 1), ("ranks", ranks), ("closed", False),
                            ("started", started)):
            self.assertEqual(run[name], value, name)
        where = re.escape(f"host {HOST}, pid {pid}, 1 node, {ranks} rank{'s' * (ranks > 1)}")
        age, = re.findall(rf"^written by {where}, since {when(started)} \((\S+)\)$", text, re.M)
        self.assertTrue(0 <= duration(age) <= time.time() - started + 1, age)


class RunTest(Status):
    def test_live_run(self):
        """All of it against the file, while the run stands still; then it is killed."""
        self.write("long.yaml", LONG)
        path = self.folder / "long.h5"
        with Launch(self.folder, "run", "long.yaml", ranks=3) as launch:
            def workers():
                with contextlib.suppress(OSError, KeyError), h5py.File(path, "r", swmr=True) as file:
                    return set(file["run/block_rank"][()]) >= {1, 2} and np.any(file["run/block_state"][()] == 0)
            wait_for(workers)
            for member in launch.members():
                os.kill(member, signal.SIGSTOP)
            found, text, _ = self.status(path.name)
            pid = launch.rank(0)
            with h5py.File(path, "r", swmr=True) as file:
                state, seconds, rank = (file[f"run/block_{name}"][()] for name in ("state", "seconds", "rank"))
                points = block_points(file)
                started, seen = (file[f"run/history_{name}"][0].max() for name in ("started", "seen"))
            done = done_mask(path).sum()
        self.assertEqual((found["complete"], found["written_now"], found["reason"], found["job"]), (False, True, None, None))
        self.assertEqual((found["work"], found["work_done"]), (LONG_POINTS, done))
        self.assertGreater(np.ptp(points), 0, "all blocks are alike: blocks would do instead of points")
        np.testing.assert_allclose(found["rate"], rate(points, state, seconds, rank, 3), rtol=1e-12)
        self.check_stage(found, text, "points", "points", 1)
        self.check_run(found, text, pid=pid, ranks=3, started=started)
        self.assertEqual(found["run"]["seen"], seen)
        self.assertIn("blocks done, not complete: a run is writing it\n", text)

        with h5py.File(path, "r", swmr=True) as file:  # a run that is killed may have gone on for a moment
            seen = file["run/history_seen"][0].max()
        reason = f"the last run was killed (host {HOST}, pid {pid}, 1 node, 3 ranks); it last wrote the file at {when(seen)}"
        found, text, _ = self.status(path.name)
        self.assertEqual((found["written_now"], found["reason"], found["rate"], found["seconds_left"]), (False, reason, None, None))
        self.assertIn(f" % of the work on points done\n{reason}\n", text)
        found, _, err = self.status(path.name, "--follow", "-w", "0", code=75)
        self.assertEqual(found["error"], f"long.h5: not complete, and no process has written it for 0 s: {reason}")
        self.assertEqual(err.splitlines()[-1], f"moat: {found['error']}")

    def test_data_sets(self):
        """They count by what they cost: N from 8 to 256. And what --follow shows of them."""
        path = solve(self.folder, SMALL_RIDGE, ranks=3)
        rewind(path, 4, tasks=18)
        with h5py.File(path, "r+") as file:
            file["run/task_state"][5, 0] = 2  # one that failed counts as done, but tells nothing about the rate
        change_run(path, state=0, pid=os.getpid())
        plan = json.loads(self.run_moat(0, "plan", "small.yaml", "--json")[0])
        with h5py.File(path) as file:
            state, seconds, rank = (file[f"run/task_{name}"][()] for name in ("state", "seconds", "rank"))
            started = file["run/history_started"][0].max()
        cost = np.broadcast_to(np.array([rung["flops"] for rung in plan["rungs"]])[:, None], state.shape)
        with writer_of(path):
            found, text, _ = self.status(path.name)
            np.testing.assert_allclose((found["work"], found["work_done"]), (cost.sum(), cost[state > 0].sum()), rtol=1e-12)
            self.assertGreater(found["share"] - (state > 0).mean(), 0.2, "by cost and by number: this shows nothing")
            np.testing.assert_allclose(found["rate"], rate(cost, state, seconds, rank, 3), rtol=1e-12)
            self.check_stage(found, text, "data sets", "Mflop", 1e6)
            self.check_run(found, text, pid=os.getpid(), ranks=3, started=started)
            self.assertIn("\n13 of 32 data sets done, 1 failed\n", text)
            with Launch(self.folder, "status", path.name, "--follow", "--wait", "0") as follow:
                line = follow.process.stderr.readline().decode()
        shown = re.match(r"moat: +(\S+) %, (\d+) of (\d+) Mflop, (\S+) Mflop/s, \S+ left, 1 failed\n$", line)
        share, done, total, per = shown.groups()
        self.assertEqual((int(done), int(total)), (int(found["work_done"] / 1e6), int(found["work"] / 1e6)))
        self.assertAlmostEqual(float(share), 100 * found["share"], delta=0.2)
        self.assertEqual(float(per), float(f"{found['rate'] / 1e6:.3g}"))

    def test_run_that_was_stopped(self):
        path = solve(self.folder, TINY_GRID)
        rewind(path, 1)
        found, text, _ = self.status(path.name)
        run = found["run"]
        where = f"host {HOST}, pid {run['pid']}, 1 node, 1 rank"
        self.assertEqual(found["reason"], f"the last run ended at {when(run['seen'])} ({where})")
        self.assertIn(f"\n{found['reason']}\n", text)
        self.assertEqual((run["closed"], found["writer"]), (True, None))

    def test_zombie(self):
        """A run that has ended, whose parent has not asked for its exit code: it has the process id, but writes nothing."""
        path = solve(self.folder, TINY_GRID)
        rewind(path, 1)
        with subprocess.Popen([MOAT, "--version"], stdout=subprocess.DEVNULL) as run:
            wait_for(lambda: Path(f"/proc/{run.pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z")
            change_run(path, state=0, pid=run.pid, started=time.time())
            found, _, _ = self.status(path.name)
        self.assertRegex(found["reason"], rf"^the last run was killed \(host {re.escape(HOST)}, pid {run.pid}, ")

    def test_run_on_another_host(self):
        """It cannot be asked: it writes as long as it gives signs of life, which are the file's time of modification. Its name
        reaches no terminal with a control character."""
        path = solve(self.folder, TINY_GRID)
        rewind(path, 1)
        long_ago = int(time.time()) - 3600
        change_run(path, state=0, host=b"x\x1bx", seen=long_ago - 600)
        found, text, _ = self.status(path.name)
        self.assertEqual((found["written_now"], found["reason"]), (True, None))
        self.assertIn(f"\nwritten by host x?x, pid {found['run']['pid']}, 1 node, 1 rank, since ", text)
        os.utime(path, (long_ago, long_ago))
        found, text, _ = self.status(path.name)
        where = f"host x?x, pid {found['run']['pid']}, 1 node, 1 rank"
        self.assertEqual(found["reason"], f"the last run is gone ({where}); its last sign of life was at {when(long_ago)}")
        self.assertIn(f"\n{found['reason']}\n", text)
        found, _, _ = self.status(path.name, "-f", "-w", "0", code=75)
        self.assertIn(found["reason"], found["error"])


class JobTest(Status):
    """A script for squeue gives one answer after the other, the last one again and again."""

    @classmethod
    def setUpClass(cls):
        cls.complete = solve(temporary_folder(cls.addClassCleanup), TINY_GRID)

    def setUp(self):
        super().setUp()
        self.path = self.folder / "grid.h5"
        self.calls = self.folder / "calls"
        patch = mock.patch.dict(os.environ, PATH=f"{self.folder}:{os.environ['PATH']}")
        patch.start()
        self.addCleanup(patch.stop)

    def answer(self, *lines):
        """Each answer is a line of shell."""
        cases = "".join(f"{number}) {line} ;;\n" for number, line in enumerate(lines[:-1], 1))
        count = f'#!/bin/sh\necho "$*" >>{self.calls}\ncase $(wc -l <{self.calls}) in\n'
        self.write("squeue", f"{count}{cases}*) {lines[-1]} ;;\nesac\n").chmod(0o755)
        self.calls.write_text("")

    def interrupt(self, **changes):
        """Puts the file of a run of job 12 here, which was killed on another host an hour ago."""
        shutil.copy(self.complete, self.path)
        rewind(self.path, 1)
        long_ago = time.time() - 3600
        change_run(self.path, **{"state": 0, "host": b"xxx", "seen": long_ago, "job": 12, **changes})
        os.utime(self.path, (long_ago, long_ago))

    def test_job_of_the_latest_run(self):
        """Its state and why it waits, in text and object; an element of an array has its own."""
        self.interrupt()
        for answer, state, reason, said in (
                ("PENDING|Resources", "PENDING", "Resources", "job 12 waits in the queue (PENDING, Resources)"),
                ("PENDING|None", "PENDING", None, "job 12 waits in the queue (PENDING)"),
                ("PENDING|JobHeldUser", "PENDING", "JobHeldUser", "job 12 cannot start (PENDING, JobHeldUser)"),
                ("CANCELLED|None", "CANCELLED", None, "job 12 has ended (CANCELLED)"),
                ("", None, None, "job 12 has ended, or SLURM does not know it")):
            self.answer(f"printf %s '{answer}'")
            found, text, err = self.status("grid.h5")
            self.assertEqual(found["job"], {"name": "12", "state": state, "reason": reason})
            self.assertRegex(found["reason"], "^" + re.escape(said) + r"; the last run is gone \(job 12, host xxx, ")
            self.assertIn(f"\n{found['reason']}\n", text)
            self.assertEqual(err, "")
        self.answer("exit 1")
        self.assertRegex(self.status("grid.h5")[1], r"\nSLURM does not answer about job 12; ")
        self.interrupt(task=3)
        self.answer("echo 'FAILED|NonZeroExitCode'")
        self.assertEqual(self.status("grid.h5")[0]["job"], {"name": "12_3", "state": "FAILED", "reason": "NonZeroExitCode"})
        self.assertIn("--jobs=12_3\n", self.calls.read_text())

    def test_no_question_without_need(self):
        """A file that is written, or complete, or of a run without a job."""
        self.answer("echo 'PENDING|Resources'")
        shutil.copy(self.complete, self.path)
        self.run_moat(0, "status", "grid.h5", "--job", "12")
        self.interrupt(job=0)
        self.assertIsNone(self.status("grid.h5")[0]["job"])
        self.interrupt(host=HOST.encode())
        with writer_of(self.path):
            self.run_moat(0, "status", "grid.h5")
        self.assertEqual(self.calls.read_text(), "")

    def test_follow_a_job_that_is_held(self):
        """While it can start, --wait does not count."""
        self.interrupt(host=HOST.encode())  # on another host, the lock asks SLURM too
        self.answer("echo 'PENDING|Priority'", "echo 'PENDING|JobHeldAdmin'")
        line, err = self.run_moat(75, "status", "grid.h5", "-f", "-w", "0", "--json")
        found = json.loads(line)
        said = "job 12 cannot start (PENDING, JobHeldAdmin)"
        self.assertTrue(found["error"].startswith(f"grid.h5: not complete: {said}; the last run was killed "), found["error"])
        said = re.findall(r"^moat: grid\.h5 is not complete, and no process writes it: job 12 (.*?);", err, re.M)
        self.assertEqual(said, ["waits in the queue (PENDING, Priority)", "cannot start (PENDING, JobHeldAdmin)"])

    def test_follow_a_job_that_has_ended(self):
        """Another may come in place of the latest run's: --wait counts. The one that was named is the one to wait for."""
        self.interrupt()
        self.answer("echo 'FAILED|NonZeroExitCode'")
        _, err = self.run_moat(75, "status", "grid.h5", "-f", "-w", "0")
        self.assertRegex(err, r"no process has written it for \d s: job 12 has ended \(FAILED, NonZeroExitCode\); ")
        _, err = self.run_moat(75, "status", "grid.h5", "-f", "-w", "86400", "--job", "14")
        self.assertRegex(err, r"\nmoat: grid\.h5: not complete: job 14 has ended \(FAILED, NonZeroExitCode\); ")
        self.assertIn("--jobs=14\n", self.calls.read_text())

    def test_follow_from_submission_on(self):
        """No file yet: the job waits, runs, and fails, or completes its file just before SLURM says so."""
        waits, runs = "echo 'PENDING|Resources'", "echo 'RUNNING|None'"
        self.answer(waits, runs, "echo 'TIMEOUT|TimeLimit'")
        _, err = self.run_moat(75, "status", "grid.h5", "-f", "-w", "0", "-j", "12")
        self.assertEqual(err.splitlines(), ["moat: grid.h5 does not exist yet: job 12 waits in the queue (PENDING, Resources)",
                                            "moat: grid.h5 does not exist yet: job 12 runs (RUNNING)",
                                            "moat: grid.h5 does not exist yet: job 12 has ended (TIMEOUT, TimeLimit)",
                                            "moat: grid.h5: no such file: job 12 has ended (TIMEOUT, TimeLimit)"])
        self.answer(waits, f"cp {self.complete} {self.path}; echo 'COMPLETED|None'")
        out, err = self.run_moat(0, "status", "grid.h5", "-f", "-w", "0", "-j", "12")
        self.assertRegex(out, r"^grid\.h5: (\d+) of \1 blocks done, complete\n")

    def test_job_without_a_file(self):
        self.answer("echo 'PENDING|Dependency'")
        found, text, err = self.status("no.h5", "--job=12_3", code=2)
        said = "no.h5: no such file, expected a moat results file: job 12_3 waits in the queue (PENDING, Dependency)"
        job = {"name": "12_3", "state": "PENDING", "reason": "Dependency"}
        self.assertEqual(found, {"file": "no.h5", "error": said, "job": job})
        self.assertEqual((text, err), ("", f"moat: {said}\n"))
        for bad in ("x", "0", "12.batch", "12_"):
            _, err = self.run_moat(2, "status", "no.h5", "--job", bad)
            self.assertIn(f"--job: found `{bad}`, expected the number of a SLURM job", err)


if __name__ == "__main__":
    unittest.main()
