#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sweeps of both solvers under both kinds of scrutiny, killed at random moments in random ways until each is complete, for an hour.

A reader follows each file while it is written. Nothing that it saw done may be gone or different after the kill, and the file in
the end is that of a run that nothing interrupted: to the bit, or to 1e-9 where groups of ranks share a factorisation. Prints the
kills, the files completed and the results lost; ends with 1 if anything was lost, wrong or stuck, and keeps the files in question.

SOAK_SECONDS (3600) is how long it goes on, MOAT_SEED makes its choices those of an earlier run.
"""

import collections
import os
import random
import shutil
import signal
import sys
import time
import traceback
import unittest
from pathlib import Path

import numpy as np

from interrupted import Sweep, wait_for
from program import Launch, temporary_folder
from sweeps import market

SECONDS = float(os.environ.get("SOAK_SECONDS", 3600))
SEED = os.environ.get("MOAT_SEED", str(random.randrange(10**6)))
SOON = 30  # seconds within which all ranks must be gone, see pace.py
KILLS_PER_FILE = 10  # at most
RANKS = (None, 1, 2, 3, "-n 2", "-n 3")  # alone, under mpirun, and starting its ranks itself

GRID = {"N_I": "{log: [10, 1e9], points: 40}", "tau_E": "{values: [0.5, 0.95, 1.2, .inf]}", "Q": "{linear: [0.1, 1.0], points: 5}"}
DATA = {"N_I": "{log: [100, 400], points: 5}", "tau_E": "{values: [1.2, .inf]}", "Q": "{values: [0.3]}", "nu": "{values: [0.75, 1.5]}",
        "P": 640, "ridge": "{P: 640, N: {log: [64, 640], points: 10}, trials: 5, seed: 1}"}


def kinds():
    """Name -> (config, tolerance); two seconds of work each."""
    for scrutiny, last in (("trained_model", 2.9), ("training_mixture", 2.1)):
        yield f"grid-{scrutiny}", (market("grid", **GRID, nu=f"{{linear: [0.6, {last}], points: 120}}", scrutiny=scrutiny), 0)
        yield f"ridge-{scrutiny}", (market("ridge", **DATA, scrutiny=scrutiny), 1e-9)


class Lost(AssertionError):
    """Results that a reader saw done are gone or different."""

    def __init__(self, number, what):
        super().__init__(what)
        self.number = number


class File(unittest.TestCase):
    """One results file from nothing to complete. `choose` makes its choices, `counts` has a number for each way of a kill."""

    def __init__(self, sweep, choose, counts):
        super().__init__()
        self.sweep, self.choose, self.counts = sweep, choose, counts
        self.said = []  # the kills of this file

    def __enter__(self):
        self.folder = temporary_folder(lambda *_, **__: None)
        (self.folder / self.sweep.config).write_text(self.sweep.text)
        self.path = self.folder / self.sweep.name
        self.seen = self.sweep.reported(self.path)
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            shutil.rmtree(self.folder)

    def look(self):
        """Notes what the file reports done, which never shrinks; how much that is."""
        now = self.sweep.reported(self.path)
        if self.path.exists():
            self.check_kept(now, "while it is written")
        self.seen = now
        return sum(int(mask.sum()) for mask in now)

    def check_kept(self, now, when):
        lost = sum(np.count_nonzero(before & ~after) for before, after in zip(self.seen, now))
        if lost:
            raise Lost(lost, f"{lost} points or data sets that were done are gone {when}")

    # --- A kill

    def attack(self):
        """Starts the sweep, or resumes it, and kills it in a random way; whether the kill found it alive."""
        ranks, moment = self.choose.choice(RANKS), self.choose.choice(("start", "creation", "work", "work", "end"))
        own = isinstance(ranks, str)
        with Launch(self.folder, "run", self.sweep.config, *(ranks.split() if own else ()), ranks=None if own else ranks) as launch:
            self.wait_for_moment(moment, launch)
            alive = launch.process.poll() is None
            way = self.strike(launch)
            if alive and self.choose.random() < 0.2:
                time.sleep(self.choose.uniform(0, 0.5))
                way += " and " + self.strike(launch)
            code, out, err = launch.finish(SOON)
            wait_for(lambda: not launch.members(), SOON)
        done, said = self.check_interrupted(), f"{moment}, {ranks} ranks: {way}, exit {code}"
        self.said.append(said)
        self.assertIn(code == 0, (False, done), f"a run that was killed ends with 0\n{out}{err}")
        self.assertNotEqual(code, 2, f"{said}: refused\n{err}")
        self.counts[way if alive else "too late"] += 1

    def wait_for_moment(self, moment, launch):
        """Waits until then, and for a random while; looks at the file meanwhile."""
        ended = lambda: launch.process.poll() is not None  # noqa: E731
        all_of_it, before = self.sweep.points + self.sweep.tasks, self.look()
        if moment == "start":
            time.sleep(self.choose.uniform(0, 1.2))
        elif moment == "creation":
            new = self.path.with_name(f"{self.path.name}.moat-new")
            wait_for(lambda: ended() or new.exists() or self.path.exists(), pause=0.0005)
            time.sleep(self.choose.uniform(0, 0.06))
        else:
            least = before + 1 if moment == "work" else all_of_it
            wait_for(lambda: ended() or self.look() >= least, pause=0.005)
            time.sleep(self.choose.uniform(0, 1.0 if moment == "work" else 0.05))
        self.look()

    def strike(self, launch):
        """Sends a random signal to a random part of the run; their names."""
        number = self.choose.choice([signal.SIGKILL] * 4 + [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGHUP])
        whom = self.choose.choice(("rank 0", "a rank", "all", "the command"))
        members = launch.members()
        ranks = [pid for pid in members if self.rank_of(pid) is not None]
        victims = {"rank 0": [pid for pid in ranks if self.rank_of(pid) == 0], "a rank": self.choose.sample(ranks, min(1, len(ranks))),
                   "all": members, "the command": []}[whom]
        for pid in victims or [launch.process.pid] * (launch.process.poll() is None):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
        return f"{number.name} to {whom if victims else 'the command'}"

    @staticmethod
    def rank_of(pid):
        """Its rank in a run of several processes, None for mpirun's own and others."""
        try:
            variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            return None
        return next((int(word.partition(b"=")[2]) for word in variables if word.startswith(b"OMPI_COMM_WORLD_RANK=")), None)

    # --- What must hold

    def check_interrupted(self):
        """Nothing that was seen is gone, all that the file reports is right; whether that is everything."""
        if not self.path.exists():
            self.check_kept([np.zeros_like(mask) for mask in self.seen], "with the file")
            return False
        self.check_kept(self.sweep.reported(self.path), "after the kill")
        try:
            self.seen = self.sweep.check(self, self.path, self.seen)
        except AssertionError as error:
            raise Lost(sum(int(mask.sum()) for mask in self.seen), str(error)) from error
        return all(mask.all() for mask in self.seen)

    def complete(self):
        for _ in range(self.choose.randint(1, KILLS_PER_FILE)):
            self.attack()
        self.sweep.check_resumed(self, self.path, ranks=self.choose.choice((None, 1, 2, 3)))


def report(counts, files, lost, wrong, start):
    kills = sum(number for way, number in counts.items() if way != "too late")
    print(f"{time.monotonic() - start:.0f} s: {kills} kills, {sum(files.values())} files completed, {lost} results lost, "
          f"{wrong} files gone wrong", flush=True)
    return kills


def main():
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGUSR1):  # a shell's & or nohup would have them ignored
        signal.signal(number, signal.SIG_DFL if number != signal.SIGINT else signal.default_int_handler)
    start, said = time.monotonic(), time.monotonic()
    counts, files, lost, wrong = collections.Counter(), collections.Counter(), 0, 0
    print(f"soak of {SECONDS:.0f} s, MOAT_SEED={SEED}", flush=True)
    sweeps = {}
    for name, (text, tolerance) in kinds():
        folder = Path(temporary_folder(lambda *_, **__: None))
        sweeps[name] = Sweep(folder, text, tolerance)
        if sweeps[name].ended != (0, "", ""):
            sys.exit(f"{name}, undisturbed: {sweeps[name].ended}")
    number = 0
    while time.monotonic() - start < SECONDS:
        name = list(sweeps)[number % len(sweeps)]
        try:
            with File(sweeps[name], random.Random(f"{SEED} {number}"), counts) as file:
                file.complete()
            files[name] += 1
        except (AssertionError, TimeoutError, OSError) as error:
            lost += getattr(error, "number", 0)
            wrong += 1
            print(f"file {number}, {name}, kept in {file.folder}, after {'; '.join(file.said)}:\n{traceback.format_exc()}", flush=True)
        number += 1
        if time.monotonic() - said > 300:
            said = time.monotonic()
            report(counts, files, lost, wrong, start)
    for way, times in sorted(counts.items()):
        print(f"{times:6}  {way}")
    for name, times in files.items():
        print(f"{times:6}  files, {name}")
    for sweep in sweeps.values():
        shutil.rmtree(sweep.folder)
    kills = report(counts, files, lost, wrong, start)
    sys.exit(0 if kills and files and not lost and not wrong else 1)


if __name__ == "__main__":
    main()
