#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sweeps as jobs of a real SLURM, started here: time limits, requeues, lost nodes, arrays, several nodes.

Each job must end as it says, and its file must be, to the bit, that of a run that nothing interrupted.
"""

import contextlib
import os
import re
import signal
import subprocess
import time
import unittest
from pathlib import Path
from unittest import mock

from cluster import Cluster, Unavailable, wait_for
from program import MOAT, MPI_ENVIRONMENT, ROOT, Launch, ProgramTest, differing, done_mask, history, preload, read, solve, temporary_folder
from ridge_tables import table_difference
from sweeps import LONG, LONG_POINTS, SMALL_RIDGE

JOBS = ROOT / "jobs"
SRUN = "srun --mpi=pmix"
SETTLING = 4  # seconds
# Nodes that are one machine: MPI must not share memory between them.
ENVIRONMENT = {**MPI_ENVIRONMENT, "MOAT": MOAT, "OMPI_MCA_btl": "self,tcp"}


class SlurmTest(ProgramTest):
    """A cluster of three nodes for all tests, and the data that every sweep here must end in."""

    @classmethod
    def setUpClass(cls):
        stack = contextlib.ExitStack()
        cls.addClassCleanup(stack.close)
        try:
            cls.cluster = stack.enter_context(Cluster(nodes=3))
        except Unavailable as reason:
            raise unittest.SkipTest(str(reason)) from reason
        cls.cluster.environment.update(ENVIRONMENT, TMPDIR=str(cls.cluster.folder))
        folder = temporary_folder(stack.callback)
        cls.reference = read(solve(folder, LONG, ranks=3))
        cls.slow = {"LD_PRELOAD": preload(folder, "slow_network"), "NETWORK_DELAY": "0.04"}  # at least seven seconds

    def setUp(self):
        super().setUp()
        self.write("long.yaml", LONG)
        self.path = self.folder / "long.h5"
        self.settled = {}  # (job, restart) -> when it may start

    # --- Jobs

    def sbatch(self, *arguments, script="sweep.sbatch", options=(), **environment):
        """Submits a script of jobs/; the job's id."""
        command = ("env", *(f"{name}={value}" for name, value in environment.items()), "sbatch", "--parsable",
                   *options, JOBS / script)
        return self.cluster.command(*command, *arguments, cwd=self.folder)

    def wait_for(self, condition, what):
        """Waits until `condition` holds; its value. Says what the jobs say when it does not."""
        try:
            return wait_for(condition, what)
        except TimeoutError as error:
            paths = [*sorted(self.folder.glob("moat-*.log")), *sorted(self.cluster.folder.glob("*.log"))]
            logs = "".join(f"{path.name}:\n{path.read_text(errors='replace')[-3000:]}" for path in paths)
            raise AssertionError(f"{error}\n{self.cluster.command('scontrol', 'show', 'job', '-o')}\n{logs}") from None

    def log(self, job):
        path = self.folder / f"moat-{job}.log"
        return path.read_text() if path.exists() else ""

    def hurry(self, job):
        """The fields of the job, which does not wait for the whole two minutes SLURM puts between a requeue and the next start.
        They are there for a reason: what still runs of the attempt before would be taken for the next one's end, and a
        node refuses ("job credential revoked") a start dated within a second of the requeue."""
        fields = self.cluster.show(job)
        if fields["JobState"] == "PENDING" and fields["Reason"] == "BeginTime" and not self.cluster.running(job):
            settled = self.settled.setdefault((job, fields["Restarts"]), time.monotonic() + SETTLING)
            if time.monotonic() > settled:
                self.cluster.command("scontrol", "update", f"job={job}", "StartTime=now")
        return fields

    def finish(self, job, state="COMPLETED"):
        """Waits until the job has ended; its fields."""
        fields = self.wait_for(lambda: self.cluster.ended(self.hurry(job)), f"the end of job {job}")
        self.assertEqual(fields["JobState"], state, self.log(job))
        return fields

    def check_complete(self, job):
        self.finish(job)
        self.assertRegex(self.log(job).splitlines()[-1], rf"^moat: job {job}: \S+ is complete$")
        self.assertEqual(differing(read(self.path), self.reference), [])

    def history(self, path=None):
        return history(path or self.path)

    def points(self):
        """Points that the file reports done; 0 while there is none or a run is just opening it."""
        try:
            return int(done_mask(self.path).sum())
        except OSError:
            return 0

    def wait_for_points(self, job, more_than=0):
        self.wait_for(lambda: self.hurry(job) and self.points() > more_than, f"more than {more_than} points")

    def ranks(self, job):
        """Process ids of the ranks of a job, on whatever node."""
        found = []
        for process in self.cluster.marked():
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
                variables = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
                if words[:2] == [MOAT.encode(), b"run"] and f"SLURM_JOB_ID={job}".encode() in variables:
                    found.append(process)
        return found

    def freeze(self, job, more_than=0):
        """Stops the ranks of a job once the file has so many points: it then lasts as long as a test wants."""
        self.wait_for_points(job, more_than)
        self.kill(job, signal.SIGSTOP)
        self.assertLess(self.points(), self.reference["status"].size, "it has ended")

    def kill(self, job, number):
        for process in self.ranks(job):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)

    # --- Tests

    def test_submit_follow_and_a_second_job(self):
        script = self.run_moat(0, "submit", "long.yaml", "--dry-run", "-n", "3", "--fsync")[0]
        self.assertIn("#SBATCH --ntasks=3\n", script)
        with mock.patch.dict(self.cluster.environment, self.slow):
            job = self.cluster.command(MOAT, "submit", "long.yaml", "-n", "3", "--fsync", "--", "--comment=test", cwd=self.folder)
        self.assertTrue(script.startswith((self.folder / "long.h5.sbatch").read_text().split("predicted")[0]))
        with Launch(self.folder, "status", "long.h5", "--follow", "--wait", "60") as follow:
            self.freeze(job)
            second = self.sbatch("long.yaml")
            self.finish(second, "FAILED")
            self.assertRegex(self.log(second), rf"another process is writing it \(job {job}, host \S+, pid \d+, 1 node, 3 ranks\)")
            self.assertRegex(self.log(second).splitlines()[-1], rf"^moat: job {second} failed: the run ended with code 2")
            self.kill(job, signal.SIGCONT)
            self.check_complete(job)
            code, out, err = follow.finish()
        self.assertEqual(code, 0, err)
        self.assertRegex(err, rf"moat: +\d+\.\d %, \d+ of {LONG_POINTS} points, \S+ points/s, \S+ left\n")
        self.assertRegex(out, r"(\d+) of \1 blocks done, complete")
        line, = self.history()
        self.assertRegex(line, rf" --fsync \[job {job}, host \S+, pid \d+, 1 node, 3 ranks, \S+ core-hours\]$")

    def test_srun(self):
        job = self.sbatch("long.yaml", MOAT_LAUNCHER=SRUN, options=["--nodes=2", "--ntasks=3"])
        self.check_complete(job)
        line, = self.history()
        self.assertRegex(line, rf"\[job {job}, host \S+, pid \d+, 2 nodes, 3 ranks, \S+ core-hours\]$")

    def test_time_limit_twice(self):
        # SLURM looks every 30 s, and ahead for as long: the signal comes 30 to 60 s after the start of an attempt, which has
        # that long to get going, and 60 to 90 s before the limit, of which the run has all but the last 20 s to stop.
        job = self.sbatch("long.yaml", options=["--time=2", "--signal=B:USR1@60"], **self.slow)
        self.freeze(job)
        self.wait_for(lambda: "before the time limit" in self.log(job), "the signal before the limit")
        self.kill(job, signal.SIGCONT)  # in time: they stop and close the file
        self.wait_for(lambda: self.cluster.show(job).get("Restarts") == "1", "the first requeue")
        self.assertNotIn("does not stop in time", self.log(job))
        self.freeze(job, self.points())  # for good: as in a factorisation that outlasts the notice
        self.wait_for(lambda: self.cluster.show(job).get("Restarts") == "2", "the second requeue")
        self.assertIn("does not stop in time", self.log(job))
        self.check_complete(job)
        lines = self.history()
        self.assertGreaterEqual(len(lines), 3)
        self.assertEqual(len(lines), 1 + int(self.cluster.show(job)["Restarts"]))
        for number, line in enumerate(lines):
            restart = f"restart {number}, " if number else ""
            self.assertRegex(line, rf"\[job {job}, {restart}host .* 4 ranks{'' if number == 1 else ', .* core-hours]$'}")

    def test_cancel_and_resubmit(self):
        job = self.sbatch("long.yaml", **self.slow)
        self.wait_for_points(job)
        self.cluster.command("scancel", job)
        self.finish(job, "CANCELLED")
        self.check_complete(self.sbatch("long.yaml"))
        self.assertEqual(len(self.history()), 2)

    def test_requeue_by_hand(self):
        job = self.sbatch("long.yaml", MOAT_LAUNCHER=SRUN, **self.slow)
        self.wait_for_points(job)
        self.cluster.command("scontrol", "requeue", job)
        self.check_complete(job)
        self.assertEqual(len(self.history()), 2)
        self.assertEqual(self.cluster.show(job)["Restarts"], "1")

    def test_node_lost(self):
        job = self.sbatch("long.yaml", options=["--nodelist=n2,n3", "--ntasks-per-node=2"], **self.slow)
        self.wait_for_points(job)
        self.cluster.command("scontrol", "update", "node=n3", "state=down", "reason=test")
        try:
            self.wait_for(lambda: self.cluster.show(job).get("Restarts") == "1", "the requeue of a job without its node")
        finally:
            with contextlib.suppress(subprocess.SubprocessError):  # it may have registered, and be up, by itself
                self.cluster.command("scontrol", "update", "node=n3", "state=resume")
        self.check_complete(job)

    def test_no_progress(self):
        job = self.sbatch("long.yaml", MOAT_LAUNCHER="sh -c 'exit 75'")
        self.finish(job, "FAILED")
        self.assertRegex(self.log(job).splitlines()[-1], rf"^moat: job {job} failed: this run added nothing to long\.h5")
        self.assertEqual(self.cluster.show(job)["Restarts"], "0")

    def test_bad_config(self):
        self.write("bad.yaml", LONG.replace("gamma:", "gama:"))
        job = self.sbatch("bad.yaml")
        self.finish(job, "FAILED")
        self.assertIn("bad.yaml:5: model.gama", self.log(job).splitlines()[-1])

    def test_array(self):
        nus = "0.6", "1.5"
        text = re.sub(r"N_I:.*", "N_I:   {log: [10, 1e9], points: 20}", LONG)
        self.write("long.yaml", re.sub(r"nu:.*", f"nu:    {{values: [{', '.join(nus)}]}}", text))
        job = self.sbatch("long.yaml", *(f"long.yaml:{nu}" for nu in nus), script="array.sbatch",
                          options=["--array=1-4", "--ntasks=2"])
        elements = [self.finish(f"{job}_{number}") for number in (1, 2, 3)]
        self.finish(f"{job}_4", "FAILED")
        self.assertIn("element 4 of --array, but 3 configs", self.log(f"{job}_4"))
        whole = read(self.path)
        for number, nu in enumerate(nus):
            part = read(self.folder / f"long-nu-{nu}.h5")
            for name in ("N_E_star", "status", "entrant_lambda"):
                self.assertEqual(part[name][..., 0].tobytes(), whole[name][..., number].tobytes(), f"{name}, nu {nu}")
        self.assertIn(f"[job {elements[1]['JobId']}, host", self.history(self.folder / "long-nu-0.6.h5")[0])

    def test_ridge_across_nodes(self):
        self.write("small.yaml", SMALL_RIDGE.replace("seed: 1", "seed: 1, ranks_per_group: 3"))
        job = self.sbatch("small.yaml", script="ridge.sbatch", options=["--nodes=2", "--ntasks-per-node=2"])
        self.finish(job)
        self.assertRegex(self.history(self.folder / "small.h5")[0], rf"\[job {job}, .* 2 nodes, 4 ranks, ")
        found = read(self.folder / "small.h5")
        self.assertTrue((found["run/task_rank"] == 1).all(), "one group of the three workers")
        (self.folder / "alone").mkdir()
        self.assertLess(table_difference(found, read(solve(self.folder / "alone", SMALL_RIDGE))), 1e-9)


if __name__ == "__main__":
    unittest.main()
