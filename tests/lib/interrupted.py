# SPDX-License-Identifier: GPL-3.0-or-later
"""A sweep that is interrupted, and what must hold of its file afterwards, whatever happened to the run.

All that the file reports done is correct, and nothing that it reported earlier is lost. The same command then completes it
with the data of a run that nothing interrupted: to the bit, or within `tolerance` where groups of ranks share a factorisation.
"""

import re
import time

import h5py
import numpy as np

from pace import Limit
from program import AXES, SECONDS, done_mask, history, moat, read

DONE_TASK = 1


def wait_for(condition, seconds=SECONDS, pause=0.02):
    """Waits until `condition` holds; its value."""
    limit = Limit(seconds)
    while not (value := condition()):
        if limit.over():
            raise TimeoutError("nothing happened")
        time.sleep(pause)
    return value


class Sweep:
    """A config, run once without interruption in `folder`; then copied into the folders of tests, which interrupt it."""

    def __init__(self, folder, text, tolerance, run=moat):
        self.folder, self.text, self.tolerance = folder, text, tolerance
        self.name = re.search(r"^output: (\S+)$", text, re.M)[1]
        self.config = self.name.replace(".h5", ".yaml")
        (folder / self.config).write_text(text)
        self.ended = run(folder, "run", self.config, "-q", ranks=3)
        self.reference = read(folder / self.name)
        with h5py.File(folder / self.name) as file:
            self.axes = {name: [scales[0].name.rsplit("/")[-1] for scales in file[name].dims] for name in self.reference
                         if name.partition("/")[0] not in (*AXES, "run", "ridge")}
        self.points = self.reference["status"].size
        self.tasks = self.reference.get("run/task_state", np.zeros(0)).size

    def reported(self, path):
        """(points, tasks) that the file reports done, as masks; none of either without a file or while a run opens it."""
        try:
            points = done_mask(path)
            with h5py.File(path, "r", swmr=True) as file:
                return points, file["run/task_state"][()] == DONE_TASK if self.tasks else np.zeros(0, bool)
        except (OSError, KeyError):
            return np.zeros(self.reference["status"].shape, bool), np.zeros(
                self.reference["run/task_state"].shape if self.tasks else 0, bool)

    def rewind(self, path, blocks, tasks):
        """Turns a complete file into that of a run that was stopped with its last `blocks` and `tasks` pending."""
        with h5py.File(path, "r+") as file:
            file["run/block_state"][-blocks:] = 0
            if tasks:
                state = file["run/task_state"][...]
                state.ravel()[-tasks:] = 0
                file["run/task_state"][...] = state
        points, done = self.reported(path)
        with h5py.File(path, "r+") as file:
            for name, axes in self.axes.items():
                empty = 0 if file[name].dtype.kind == "u" else np.nan
                file[name][...] = np.where(self.over(axes, points), file[name][...], empty)
            for name in ("A1", "A2", "D") if self.tasks else ():
                file[f"ridge/{name}"][...] = np.where(done[:, :, None, None], file[f"ridge/{name}"][...], np.nan)

    @staticmethod
    def over(axes, points):
        """Which values of a variable over those axes belong to `points`."""
        return points.any(axis=tuple(number for number, axis in enumerate(AXES) if axis not in axes))

    def compare(self, test, name, found, expected):
        if self.tolerance == 0:
            test.assertEqual(found.tobytes(), expected.tobytes(), name)
        else:
            np.testing.assert_allclose(found, expected, rtol=self.tolerance, err_msg=name)

    def check(self, test, path, seen):
        """Checks the file after an interruption, given the masks that a reader had `seen` before it; returns those of now."""
        points, tasks = reported = self.reported(path)
        values = read(path, live=True)
        for name, axes in self.axes.items():
            done = self.over(axes, points)
            self.compare(test, name, values[name][done], self.reference[name][done])
        for name in ("A1", "A2", "D") if self.tasks else ():
            self.compare(test, name, values[f"ridge/{name}"][tasks], self.reference[f"ridge/{name}"][tasks])
        for now, before in zip(reported, seen):
            test.assertTrue(now[before].all(), "a point or task that was reported done is lost")
        test.assertTrue(values["status"][points].all())
        self.check_status(test, path, points, tasks)
        return reported

    def check_status(self, test, path, points, tasks):
        """`moat status` agrees with the masks."""
        code, out, err = moat(test.folder, "status", path)
        test.assertEqual(code, 0, err)
        test.assertIn("complete" if points.all() else "not complete", out)
        pending = re.search(r"(\d+)  pending", out)
        test.assertLessEqual(int(pending[1]) if pending else 0, np.count_nonzero(~points))
        if self.tasks:
            test.assertIn(f"{tasks.sum()} of {tasks.size} data sets done", out)

    def check_resumed(self, test, path, ranks=3, folder=None):
        """The same command, in `folder` or that of the file, completes the file and leaves no other beside it."""
        code, out, err = moat(folder or path.parent, "run", self.config, "-q", "-o", path, ranks=ranks)
        test.assertEqual((code, out, err), (0, "", ""))
        points, tasks = self.check(test, path, self.reported(path))
        test.assertTrue(points.all() and tasks.all())
        for line in history(path):  # opens without SWMR only if it was closed properly
            test.assertRegex(line, rf"^\d{{4}}-\S+Z moat \S+ \(\S+\): moat run (-n \d )?{self.config}.*\[host .*\]$"
                                   r"|^\(\d+ runs? left out\)$")
        test.assertEqual({file.name for file in path.parent.iterdir()} - {".scratch", self.config}, {path.name})
