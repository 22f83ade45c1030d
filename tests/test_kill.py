#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that are watched, killed in every phase, stopped by signals, frozen or slowed, and then resumed.

MOAT_KILLS in the environment is the number of kills, MOAT_SEED makes their moments those of an earlier run.
"""

import os
import random
import re
import signal
import time
import unittest

import h5py
import numpy as np

from interrupted import Sweep, wait_for
from pace import Limit
from program import Launch, ProgramTest, moat, open_mpi, temporary_folder
from sweeps import LONG, LONG_POINTS, market

KILLS = int(os.environ.get("MOAT_KILLS", 9))
SEED = os.environ.get("MOAT_SEED", str(random.randrange(10**6)))
SANITIZED = "MOAT_SANITIZED" in os.environ
SOON = 15  # seconds within which a run must end after a signal, see pace.py; some 2 s on an idle machine

# Three seconds of data sets on two cores, then a grid that takes next to nothing.
RIDGE = market("ridge", N_I="{log: [100, 400], points: 5}", tau_E="{values: [1.2, .inf]}", Q="{values: [0.3]}", nu="{values: [0.75, 1.5]}",
               P=640, ridge="{P: 640, N: {log: [64, 640], points: 10}, trials: 12, seed: 1}")

# What the kills hit, in turn: (sweep, phase), and the seconds after the beginning of the phase within which they fall.
# Each victim has had each of them after 27 kills.
PHASES = {("grid", "start"): 0.5, ("grid", "create"): 0.06, ("grid", "tables"): 0.1, ("grid", "blocks"): 0.4,
          ("ridge", "tasks"): 0.3, ("grid", "resume"): 0.8, ("grid", "close"): 0.05, ("ridge", "tables"): 0.1,
          ("ridge", "close"): 0.05}
VICTIMS = ("rank 0", "a worker", "mpirun")


def watch(folder, launch):
    """Follows a run through one open file: counts of points with a status, and what other commands say meanwhile."""
    path, counts, said = folder / "long.h5", [], []
    wait_for(path.exists)
    with h5py.File(path, "r", swmr=True) as file:
        status = file["status"]
        while launch.process.poll() is None:
            status.refresh()
            counts.append(int(np.count_nonzero(status[...])))
            if counts[-1] and not said:
                said = [moat(folder, *command.split()) for command in
                        ("status long.h5", "run long.yaml -o long.h5", "run other.yaml -o long.h5 --force")]
            time.sleep(0.02)
    return counts, said


def setUpModule():
    """Both sweeps once without interruption; the grid is watched meanwhile."""
    folder = temporary_folder(unittest.addModuleCleanup)
    (folder / "other.yaml").write_text(LONG.replace("0.95", "0.96"))

    def watched(folder, *arguments, ranks):
        with Launch(folder, *arguments, ranks=ranks) as launch:
            WatchTest.counts, WatchTest.said = watch(folder, launch)
            return launch.finish()

    InterruptedTest.sweeps = {"grid": Sweep(folder, LONG, 0, watched), "ridge": Sweep(folder, RIDGE, 1e-12)}


class InterruptedTest(ProgramTest):
    sweeps = {}

    def choose(self, name):
        """Turns to that sweep, which has a folder of its own."""
        self.sweep = self.sweeps[name]
        self.assertEqual(self.sweep.ended, (0, "", ""))
        self.place = self.folder / name
        self.place.mkdir(exist_ok=True)
        (self.place / self.sweep.config).write_text(self.sweep.text)
        self.path = self.place / self.sweep.name

    def launch(self, ranks):
        return Launch(self.place, "run", self.sweep.config, ranks=ranks)

    def look(self):
        """Notes what the file reports done; how much that is."""
        self.seen = self.sweep.reported(self.path)
        return sum(int(mask.sum()) for mask in self.seen)

    def wait_for_progress(self, launch, least=1, pause=0.03):
        """Waits until the file reports that much more than it does now. A run reports what it has done once a second."""
        before = self.look()
        wait_for(lambda: self.look() >= before + least or launch.process.poll() is not None, pause=pause)

    def check_interrupted(self):
        """What the file reports done is right and no less than was seen; how much that is."""
        self.seen = self.sweep.check(self, self.path, self.seen)
        return self.look()

    def check_resumed(self):
        self.sweep.check_resumed(self, self.path)


class WatchTest(InterruptedTest):
    counts, said = [], []

    def test_watched_run(self):
        sweep = self.sweeps["grid"]
        self.assertEqual(sweep.ended, (0, "", ""))
        self.assertTrue(sweep.reference["status"].all() and sweep.reference["run/block_state"].all())
        partial = set(self.counts) - {0, LONG_POINTS}
        self.assertGreaterEqual(len(partial), 3, "results grow before a reader's eyes")
        self.assertEqual(self.counts, sorted(self.counts))
        status, same, forced = self.said
        self.assertEqual(status[0], 0, status)
        self.assertRegex(status[1], r"^long\.h5: \d+ of \d+ blocks done, not complete")
        self.assertEqual(sum(map(int, re.findall(r"^ +(\d+)  \w+$", status[1], re.M))), LONG_POINTS)
        for code, _, err in (same, forced):
            self.assertEqual(code, 2, err)
            self.assertRegex(err, r"another process is writing it \(host \S+, pid \d+, 1 node, 3 ranks\)")


class KillTest(InterruptedTest):
    """kill -9 of rank 0, of a worker, or of mpirun, in every phase of a run."""

    def test_killed_in_every_phase(self):
        for number in range(KILLS):
            name, phase = list(PHASES)[number % len(PHASES)]
            victim = VICTIMS[(number % len(PHASES) + number // len(PHASES)) % len(VICTIMS)]
            moments = random.Random(f"{SEED} {number}")
            with self.subTest(f"MOAT_SEED={SEED}, kill {number}: {victim}, {name}, {phase}"):
                self.choose(name)
                for _ in range(20):  # on a busy machine a short phase is often over before the kill
                    self.prepare(phase)
                    if self.kill(phase, victim, moments.choice((2, 3)), moments.uniform(0, PHASES[name, phase])):
                        break
                else:
                    self.fail("every run ended before it was killed: the sweep is too short, or the wait too long")
        for name in self.sweeps:
            self.choose(name)
            self.check_resumed()

    def prepare(self, phase):
        """Brings the file to where a run soon gets into that phase."""
        left = self.sweep.points + self.sweep.tasks - self.look()
        if phase in ("close", "tables") and self.sweep.tasks or phase == "close":
            if left > 0 or not self.is_closed():
                self.check_resumed()
            self.sweep.rewind(self.path, blocks=1, tasks=2 if self.sweep.tasks else 0)
        elif phase in ("start", "create", "tables") or left == 0:
            self.path.unlink(missing_ok=True)
        self.look()

    def is_closed(self):
        """Whether HDF5 opens the file plainly: a kill after the last mark leaves a complete file that is not."""
        try:
            with h5py.File(self.path, "r"):
                return True
        except OSError:
            return False

    def wait_for_phase(self, phase, launch):
        points, tasks = (int(mask.sum()) for mask in self.seen)
        if phase == "create" or phase == "tables" and not tasks:
            awaited = self.path if phase == "tables" else self.path.with_name(f"{self.path.name}.moat-new")
            wait_for(lambda: awaited.exists() or launch.process.poll() is not None, pause=0.0005)
        elif phase == "tables":
            self.wait_for_progress(launch, least=self.sweep.tasks - tasks, pause=0.005)
        elif phase == "close":
            self.wait_for_progress(launch, least=self.sweep.tasks - tasks + self.sweep.points - points, pause=0.005)
        elif phase in ("blocks", "tasks"):
            self.wait_for_progress(launch)

    def kill(self, phase, victim, ranks, delay):
        """Runs until the kill; whether it found anything alive."""
        with self.launch(ranks) as launch:
            number = {"rank 0": 0, "a worker": ranks - 1}.get(victim)
            pid = launch.process.pid if number is None else wait_for(lambda: self.find(launch, number), pause=0.002)
            self.wait_for_phase(phase, launch)
            time.sleep(delay)
            self.look()
            alive = launch.process.poll() is None
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                alive = False
            code, _, err = launch.finish(SOON)
            wait_for(lambda: not launch.members(), SOON)
        complete = False
        if self.path.exists():
            complete = self.check_interrupted() == self.sweep.points + self.sweep.tasks
        self.assertTrue(code != 0 or complete, f"a run that was killed ends with 0: {err}")
        print(f"{self.sweep.name} {phase}: {victim} of {ranks} ranks, {delay:.3f} s, {'hit' if alive else 'missed'}:",
              *(f"{mask.sum()}/{mask.size}" for mask in self.seen))  # shown when the test fails
        return alive

    @staticmethod
    def find(launch, number):
        """Process id of a rank, None before it has started; mpirun's once that has ended."""
        try:
            return launch.process.pid if launch.process.poll() is not None else launch.rank(number)
        except (LookupError, OSError):
            return None


class SignalTest(InterruptedTest):
    def stop(self, ranks, number, each_rank=False):
        """(exit code, stdout, stderr) of a run that gets a signal, or each of whose ranks does, once it has done something."""
        with self.launch(ranks) as launch:
            self.wait_for_progress(launch)
            for process in map(launch.rank, range(ranks)) if each_rank else (launch.process.pid,):
                os.kill(process, number)
            return launch.finish(SOON)

    def check_signal(self, ranks, number, codes, each_rank=False):
        before = self.look()
        code, out, err = self.stop(ranks, number, each_rank)
        self.assertIn(code, codes, f"{number.name}: {out}{err}")
        said = f"{number.name}, exit {code}: {out}{err}"
        self.assertEqual(err.count("stopped by a signal; the same command resumes the sweep"), 1, said)
        with h5py.File(self.path) as file:  # opens without SWMR only if it was closed properly
            pending = np.count_nonzero(file["status"][...] == 0)
        self.assertLess(before, self.check_interrupted())
        self.assertTrue(0 < pending == np.count_nonzero(~self.seen[0]), "points in flight are reported done")
        if not self.sweep.tasks and (out or codes == (75,)):  # a mpirun that ends by itself may drop what is printed last
            self.assertEqual(int(re.search(r"(\d+)  pending", out)[1]), pending)

    def test_signals(self):
        # On TERM and INT mpirun itself ends with 1 whatever its ranks say; a USR1 it hands on, and returns rank 0's 75.
        # From Open MPI 5 on it drops what they say, and kills them a quarter of a second later, too soon on a busy machine;
        # Open MPI 4 gives them a second, too little for a program with sanitizers.
        self.choose("grid")
        for number, codes in ((signal.SIGTERM, (1, 75)), (signal.SIGINT, (1, 75)), (signal.SIGUSR1, (75,))):
            if (open_mpi() >= 5 or SANITIZED) and number != signal.SIGUSR1:
                code, out, err = self.stop(3, number)
                self.assertIn(code, codes, f"{number.name}: {out}{err}")
                self.check_interrupted()
                self.check_signal(3, number, (75,), each_rank=True)
            else:
                self.check_signal(3, number, codes)
        self.check_resumed()
        self.path.unlink()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
            self.check_signal(None, number, (75,))

    def test_signals_between_data_sets(self):
        self.choose("ridge")
        for ranks in (3, None):
            self.check_signal(ranks, signal.SIGUSR1, (75,))
        self.check_resumed()


class SlowTest(InterruptedTest):
    """A rank that stands still for a while, or all the while gets a fifth of a processor: slower, never wrong."""

    def stand_still(self, launch, number, seconds):
        """Stops a rank for that time at most, until the file has gained something, but for what was on its way: how much."""
        pid, gained = launch.rank(number), 0
        os.kill(pid, signal.SIGSTOP)
        time.sleep(0.5)
        before, limit = self.look(), Limit(seconds)
        while gained == 0 and not limit.over():
            time.sleep(0.1)
            gained = self.look() - before
        os.kill(pid, signal.SIGCONT)
        return gained

    def test_stopped_ranks(self):
        self.choose("grid")
        with self.launch(3) as launch:
            self.wait_for_progress(launch)
            self.assertGreater(self.stand_still(launch, 2, SOON), 0, "one stopped worker holds up all")
            self.assertEqual(self.stand_still(launch, 0, 1), 0)
            code, out, err = launch.finish()
        self.assertEqual(code, 0, out + err)
        self.check_resumed()

    def test_slow_worker(self):
        self.choose("ridge")
        with self.launch(3) as launch:
            self.wait_for_progress(launch)
            pid = launch.rank(1)
            while launch.process.poll() is None:
                try:
                    os.kill(pid, signal.SIGSTOP)
                    time.sleep(0.08)
                    os.kill(pid, signal.SIGCONT)
                except ProcessLookupError:
                    break
                time.sleep(0.02)
            code, out, err = launch.finish()
        self.assertEqual(code, 0, out + err)
        self.check_resumed()


if __name__ == "__main__":
    unittest.main()
