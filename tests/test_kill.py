#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of some seconds that is watched, killed at random moments, or stopped by a signal, and then resumed."""

import os
import random
import re
import shutil
import signal
import tempfile
import time
import unittest
from pathlib import Path

import h5py
import numpy as np

from program import AXES, LONG, LONG_POINTS, SECONDS, Launch, ProgramTest, differing, done_mask, moat, read

SOON = 15  # seconds within which a run must end after a signal; some 2 s on an idle machine


def wait_for(condition):
    """Waits until `condition` holds; its value."""
    limit = time.monotonic() + SECONDS
    while not (value := condition()):
        if time.monotonic() > limit:
            raise TimeoutError("nothing happened")
        time.sleep(0.02)
    return value


def points_done(path):
    """Grid points in blocks that the file reports done; 0 when there is no file yet or a run is just opening it."""
    try:
        return int(done_mask(path).sum())
    except OSError:
        return 0


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


class LongTest(ProgramTest):
    """One run that nothing interrupts, watched; the others must end in the same data."""

    @classmethod
    def setUpClass(cls):
        folder = Path(tempfile.mkdtemp(prefix="moat-"))
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        (folder / "long.yaml").write_text(LONG)
        (folder / "other.yaml").write_text(LONG.replace("0.95", "0.96"))
        with Launch(folder, "run", "long.yaml", "-q", ranks=3) as launch:
            cls.counts, cls.said = watch(folder, launch)
            cls.ended = launch.finish()
        cls.reference = read(folder / "long.h5")

    def setUp(self):
        super().setUp()
        self.write("long.yaml", LONG)
        self.path = self.folder / "long.h5"
        self.done = 0

    def launch(self, ranks):
        return Launch(self.folder, "run", "long.yaml", ranks=ranks)

    def wait_for_progress(self, launch):
        """Waits until the file has more points than after the last run."""
        wait_for(lambda: points_done(self.path) > self.done or launch.process.poll() is not None)
        if launch.process.poll() is not None:
            self.fail(f"the run ended before it was interrupted, LONG may be too short: {launch.finish()}")

    def check_interrupted(self):
        """The file of an interrupted run: what is reported done is right to the bit, nothing that was done is lost."""
        mask = done_mask(self.path)  # no two of its axes have the same length, so that lengths stand for axes
        values = read(self.path, live=True)
        for name, value in values.items():
            if name not in AXES and not name.startswith("run/"):
                done = mask.any(axis=tuple(number for number, size in enumerate(mask.shape) if size not in value.shape))
                self.assertEqual(value[done].tobytes(), self.reference[name][done].tobytes(), name)
        self.assertGreaterEqual(mask.sum(), self.done, "points that were done are lost")
        self.done = int(mask.sum())
        self.assertEqual(np.count_nonzero(values["status"][mask]), self.done)
        out, _ = self.run_moat(0, "status", "long.h5")
        self.assertIn("complete" if self.done == LONG_POINTS else "not complete", out)
        pending = re.search(r"(\d+)  pending", out)
        self.assertLessEqual(int(pending[1]) if pending else 0, LONG_POINTS - self.done)

    def check_resumed(self):
        """The same command completes the file: same data as the run that nothing interrupted, no other file left."""
        self.run_moat(0, "run", "long.yaml", ranks=3)
        self.assertEqual(differing(read(self.path), self.reference), [])
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), [".scratch", "long.h5", "long.yaml"])

    def test_watched_run(self):
        self.assertEqual(self.ended, (0, "", ""))
        self.assertTrue(self.reference["status"].all() and self.reference["run/block_state"].all())
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

    def test_killed_at_random_moments(self):
        moments = random.Random(1)
        partial = 0
        for ranks in (3, None, 3, 2, 3):
            with self.launch(ranks) as launch:
                time.sleep(moments.uniform(0.2, 1.6))
                launch.kill()
            if self.path.exists():
                self.check_interrupted()
                partial += 0 < self.done < LONG_POINTS
        self.assertGreaterEqual(partial, 2, "kills came before the first or after the last point: LONG is too short")
        self.check_resumed()

    def test_one_rank_killed(self):
        for rank in (0, 2):
            with self.launch(3) as launch:
                self.wait_for_progress(launch)
                self.kill_rank(launch, rank)
            self.check_interrupted()
        self.check_resumed()

    def kill_rank(self, launch, rank):
        """kill -9 of one rank: mpirun ends by itself, and takes the others along."""
        os.kill(launch.rank(rank), signal.SIGKILL)
        code, _, err = launch.finish(SOON)
        self.assertNotEqual(code, 0, err)
        wait_for(lambda: not launch.members())

    def test_signal_to_mpirun(self):
        # On TERM and INT mpirun itself ends with 1 whatever its ranks say; a USR1 it hands on, and returns rank 0's 75.
        for number, codes in ((signal.SIGTERM, (1, 75)), (signal.SIGINT, (1, 75)), (signal.SIGUSR1, (75,))):
            self.check_signal(3, number, codes)
        self.check_resumed()

    def test_signal_to_a_single_process(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
            self.check_signal(None, number, (75,))
        self.check_resumed()

    def check_signal(self, ranks, number, codes):
        with self.launch(ranks) as launch:
            self.wait_for_progress(launch)
            launch.process.send_signal(number)
            code, out, err = launch.finish(SOON)
        self.assertIn(code, codes, f"{number.name}: {out}{err}")
        self.assertEqual(err.count("stopped by a signal; the same command goes on from there"), 1, err)
        with h5py.File(self.path) as file:  # opens plainly only when it was closed in good order
            if out or codes == (75,):  # a mpirun that ends by itself may drop what its ranks print last
                self.assertIn("pending", out)
                self.assertEqual(int(re.search(r"(\d+)  pending", out)[1]), np.count_nonzero(file["status"][...] == 0))
        before = self.done
        self.check_interrupted()
        self.assertTrue(before < self.done < LONG_POINTS, f"{before} < {self.done} < {LONG_POINTS}: LONG is too short")
        self.assertEqual(np.count_nonzero(read(self.path)["status"]), self.done, "what was in flight is reported done")


if __name__ == "__main__":
    unittest.main()
