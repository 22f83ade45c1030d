#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sweeps as jobs of a real SLURM, started here: time limits, requeues, lost nodes, arrays, several nodes, preemption, a
controller that is away; and what `moat submit` gives to SLURM.

Each job must end as it says, and its file must be, to the bit, that of a run that nothing interrupted. The time limits, of
minutes, pass in a second cluster while the other tests run.
"""

import contextlib
import os
import re
import shlex
import signal
import subprocess
import threading
import time
import unittest
from pathlib import Path
from unittest import mock

from cluster import Cluster, Unavailable, wait_for
from program import MOAT, MPI_ENVIRONMENT, ROOT, Launch, ProgramTest, differing, done_mask, history, preload, read, solve, temporary_folder
from ridge_tables import table_difference
from sweeps import LONG, SMALL_RIDGE, TINY_GRID

JOBS = ROOT / "jobs"
SRUN = "srun --mpi=pmix"
SETTLING = 4  # seconds
SWEEP = LONG.replace("points: 500", "points: 100")
POINTS = 50 * 4 * 5 * 100
# Nodes that are one machine: MPI must not share memory between them. How ranks and srun share what they know is for srun to say.
ENVIRONMENT = {**MPI_ENVIRONMENT, "MOAT": MOAT, "OMPI_MCA_btl": "self,tcp"}
ENVIRONMENT.pop("PMIX_MCA_gds")


class Jobs(ProgramTest):
    """What a test of jobs needs, on `cluster`. `reference`: the data that every long sweep here must end in. `slow`:
    variables of a job on a slow network, where a long sweep takes at least seven seconds."""

    cluster = reference = slow = None

    @staticmethod
    def start(add_cleanup):
        """A cluster, of three nodes; raises Unavailable."""
        stack = contextlib.ExitStack()
        add_cleanup(stack.close)
        cluster = stack.enter_context(Cluster(nodes=3))
        cluster.environment.update(ENVIRONMENT, TMPDIR=str(cluster.folder))
        for node in (os.uname().nodename, *cluster.nodes):  # two mpiruns of Open MPI 4 that both make this folder: one fails
            kept = cluster.folder / f"ompi.{node}.{os.geteuid()}" / "kept"
            kept.mkdir(0o700, parents=True)
        return cluster

    def setUp(self):
        super().setUp()
        self.write("long.yaml", SWEEP)
        self.path = self.folder / "long.h5"
        self.settled = {}  # (job, restart) -> when it may start

    # --- Jobs

    def sbatch(self, *arguments, script="sweep.sbatch", options=(), **environment):
        """Submits a script of jobs/; the job's id."""
        command = ("env", *(f"{name}={value}" for name, value in environment.items()), "sbatch", "--parsable",
                   *options, JOBS / script)
        return self.cluster.command(*command, *arguments, cwd=self.folder)

    def submit(self, code, *arguments, before=(), **environment):
        """(stdout, stderr) of `moat submit` in the folder, of the exit code `code`. before: words in front of it."""
        done = subprocess.run([*before, MOAT, "submit", *map(str, arguments)], cwd=self.folder, capture_output=True, text=True,
                              env={**self.cluster.environment, **environment}, timeout=120)
        self.assertEqual(done.returncode, code, f"submit {arguments}: {done.stdout}{done.stderr}")
        return done.stdout.strip(), done.stderr

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

    def last_line(self, job):
        return self.log(job).splitlines()[-1]

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

    def check_complete(self, job, path=None):
        self.finish(job)
        self.assertRegex(self.last_line(job), rf"^moat: job {job}: \S+ is complete$")
        self.assertEqual(differing(read(path or self.path), self.reference), [])

    def restarts(self, job):
        return int(self.cluster.show(job).get("Restarts", -1))

    def wait_for_restart(self, job, number=1):
        """Waits until SLURM has requeued the job so often; fails when it has ended instead."""
        def requeued():
            try:
                fields = self.cluster.show(job)
            except subprocess.SubprocessError:
                return False  # the controller is just starting
            self.assertFalse(self.cluster.ended(fields) and fields["Restarts"] != str(number), self.log(job))
            return fields.get("Restarts") == str(number)
        self.wait_for(requeued, f"requeue {number} of job {job}")

    def history(self, path=None):
        return history(path or self.path)

    def points(self, path=None):
        """Points that the file reports done; 0 while there is none or a run is just opening it."""
        try:
            return int(done_mask(path or self.path).sum())
        except OSError:
            return 0

    def wait_for_points(self, job, more_than=0, path=None):
        self.wait_for(lambda: self.hurry(job) and self.points(path) > more_than, f"more than {more_than} points")

    def processes(self, job, command):
        """Process ids of `moat COMMAND` in a job, on whatever node."""
        found = []
        for process in self.cluster.marked():
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
                variables = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
                if words[:2] == [MOAT.encode(), command] and f"SLURM_JOB_ID={job}".encode() in variables:
                    found.append(process)
        return found

    def freeze(self, job, more_than=0):
        """Stops the ranks of a job once the file has so many points: it then lasts as long as a test wants."""
        self.wait_for_points(job, more_than)
        self.kill(job, signal.SIGSTOP)
        self.assertLess(self.points(), self.reference["status"].size, "it has ended")

    def kill(self, job, number, command=b"run"):
        for process in self.processes(job, command):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)


class Meanwhile(Jobs):
    """Tests that mostly wait, each in a cluster of its own and a thread of its own while the others run."""

    starting = threading.Lock()

    def setUp(self):
        super().setUp()
        with self.starting:  # one looks for free ports at a time
            self.cluster = self.start(self.addCleanup)

    def time_limit_twice(self):
        # SLURM looks every 30 s, and ahead for as long: the signal comes 30 to 60 s after the start of an attempt, which has
        # that long to get going, and 60 to 90 s before the limit, of which the run has all but the last 20 s to stop.
        job = self.sbatch("long.yaml", options=["--time=2", "--signal=B:USR1@60"], **self.slow)
        self.freeze(job)
        self.wait_for(lambda: "before the time limit" in self.log(job), "the signal before the limit")
        self.kill(job, signal.SIGCONT)  # in time: they stop and close the file
        self.wait_for_restart(job)
        self.assertNotIn("does not stop in time", self.log(job))
        self.freeze(job, self.points())  # for good: as in a factorisation that outlasts the notice
        self.wait_for_restart(job, 2)
        self.assertIn("does not stop in time", self.log(job))
        self.check_complete(job)
        lines = self.history()
        self.assertGreaterEqual(len(lines), 3)
        self.assertEqual(len(lines), 1 + self.restarts(job))
        for number, line in enumerate(lines):
            restart = f"restart {number}, " if number else ""
            self.assertRegex(line, rf"\[job {job}, {restart}host .* 4 ranks{'' if number == 1 else ', .* core-hours]$'}")

    def controller_away(self):
        """Killed and started again, and too busy to answer: the job is requeued once, within its time limit."""
        for busy in (False, True):
            path = self.folder / f"{busy}.h5"
            job = self.sbatch("long.yaml", "-o", path.name, **{**self.slow, "NETWORK_DELAY": "0.2"})
            self.wait_for_points(job, path=path)
            # A controller that never saved the job's start would start it again.
            before = time.time()
            self.cluster.command("scontrol", "update", f"job={job}", "Comment=save")
            self.wait_for(lambda: (self.cluster.folder / "state" / "job_state").stat().st_mtime > before, "the saved state")
            controller = self.cluster.daemons["slurmctld"].pid
            os.kill(controller, signal.SIGSTOP) if busy else self.cluster.stop_controller()
            self.kill(job, signal.SIGUSR1, b"batch")
            # scontrol has given up; a controller that was only busy does later what it was asked for
            self.wait_for(lambda: re.search(r"requeueing it.*\n." if busy else "does not answer|could not be", self.log(job)),
                          "a controller that does not answer")
            os.kill(controller, signal.SIGCONT) if busy else self.cluster.start_controller()
            self.wait_for_restart(job)
            self.assertNotIn("could not be requeued", self.log(job))
            self.check_complete(job, path)
            self.assertEqual((self.restarts(job), len(self.history(path))), (1, 2))


class SlurmTest(Jobs):
    whole = False  # all tests of this file are run, not some by their names

    @classmethod
    def setUpClass(cls):
        try:
            cls.cluster = cls.start(cls.addClassCleanup)
        except Unavailable as reason:
            raise unittest.SkipTest(str(reason)) from reason
        folder = temporary_folder(cls.addClassCleanup)
        Jobs.reference = read(solve(folder, SWEEP, ranks=3))
        Jobs.slow = {"LD_PRELOAD": preload(folder, "slow_network"), "NETWORK_DELAY": "0.05"}
        cls.meanwhile = {}
        if cls.whole:
            cls.start_meanwhile()

    @classmethod
    def start_meanwhile(cls):
        for name in ("time_limit_twice", "controller_away"):
            result = unittest.TestResult()
            thread = threading.Thread(target=Meanwhile(name).run, args=(result,))
            thread.start()
            cls.addClassCleanup(thread.join)
            cls.meanwhile[name] = thread, result

    # --- Jobs of the batch scripts

    def test_srun(self):
        job = self.sbatch("long.yaml", MOAT_LAUNCHER=SRUN, options=["--nodes=2", "--ntasks=3"])
        self.check_complete(job)
        line, = self.history()
        self.assertRegex(line, rf"\[job {job}, host \S+, pid \d+, 2 nodes, 3 ranks, \S+ core-hours\]$")

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
        self.assertEqual(self.restarts(job), 1)

    def test_node_lost(self):
        job = self.sbatch("long.yaml", options=["--nodelist=n2,n3", "--ntasks-per-node=2"], **self.slow)
        self.wait_for_points(job)
        self.cluster.command("scontrol", "update", "node=n3", "state=down", "reason=test")
        try:
            self.wait_for_restart(job)
        finally:
            with contextlib.suppress(subprocess.SubprocessError):  # it may have registered, and be up, by itself
                self.cluster.command("scontrol", "update", "node=n3", "state=resume")
        self.check_complete(job)

    def test_preempted_with_grace(self):
        """SLURM ends the steps at once, the job a minute later: the job goes back into the queue by itself."""
        jobs = {}
        for name, launcher in (("direct", ""), ("srun", SRUN)):
            path = self.folder / f"{name}.h5"
            job = self.sbatch("long.yaml", "-o", path.name, options=["-p", "low", "--nodes=2", "--ntasks=3"],
                              MOAT_LAUNCHER=launcher, **self.slow)
            jobs[job] = path
        for job, path in jobs.items():
            self.wait_for_points(job, path=path)
        other = self.cluster.command("sbatch", "--parsable", "-p", "high", "--nodes=3", "--exclusive", "--output=/dev/null",
                                     "--wrap=sleep 1")
        for job in jobs:
            self.wait_for_restart(job)
            self.assertIn("takes its nodes for a job of higher priority" if jobs[job].stem == "direct" else "requeueing it",
                          self.log(job))
        self.finish(other)
        self.wait_for(lambda: all([self.cluster.ended(self.hurry(job)) for job in jobs]), "the end of both")
        for job, path in jobs.items():
            self.check_complete(job, path)
            # One that is back before the other has given its nodes away may be preempted again, as SLURM 24 does.
            self.assertIn((self.restarts(job), len(self.history(path))), ((1, 2), (2, 3)))

    def test_no_progress(self):
        job = self.sbatch("long.yaml", MOAT_LAUNCHER="sh -c 'exit 75'")
        self.finish(job, "FAILED")
        self.assertRegex(self.last_line(job), rf"^moat: job {job} failed: this run added nothing to long\.h5")
        self.assertEqual(self.restarts(job), 0)

    def test_bad_config(self):
        self.write("bad.yaml", SWEEP.replace("gamma:", "gama:"))
        job = self.sbatch("bad.yaml")
        self.finish(job, "FAILED")
        self.assertIn("bad.yaml:5: model.gama", self.last_line(job))

    def test_ridge_across_nodes(self):
        self.write("small.yaml", SMALL_RIDGE.replace("seed: 1", "seed: 1, ranks_per_group: 3"))
        job = self.sbatch("small.yaml", script="ridge.sbatch", options=["--nodes=2", "--ntasks-per-node=2"])
        self.finish(job)
        self.assertRegex(self.history(self.folder / "small.h5")[0], rf"\[job {job}, .* 2 nodes, 4 ranks, ")
        found = read(self.folder / "small.h5")
        self.assertTrue((found["run/task_rank"] == 1).all(), "one group of the three workers")
        (self.folder / "alone").mkdir()
        self.assertLess(table_difference(found, read(solve(self.folder / "alone", SMALL_RIDGE))), 1e-9)

    # --- Job arrays

    def test_array(self):
        nus = "0.6", "1.5"
        self.write("long.yaml", re.sub(r"nu:.*", f"nu:    {{values: [{', '.join(nus)}]}}", SWEEP))
        job = self.sbatch("long.yaml", *(f"long.yaml:{nu}" for nu in nus), script="array.sbatch",
                          options=["--array=0-4", "--ntasks=2"])
        for number in (1, 2, 3):
            self.finish(f"{job}_{number}")
        for number, message in ((0, "--array counts from 1"), (4, "element 4 of --array, but 3 configs")):
            self.finish(f"{job}_{number}", "FAILED")
            self.assertIn(message, self.log(f"{job}_{number}"))
        whole = read(self.path)
        for number, nu in enumerate(nus):
            part = read(self.folder / f"long-nu-{nu}.h5")
            for name in ("N_E_star", "status", "entrant_lambda"):
                self.assertEqual(part[name][..., 0].tobytes(), whole[name][..., number].tobytes(), f"{name}, nu {nu}")
        self.assertIn(f"[job {job}_2, host", self.history(self.folder / "long-nu-0.6.h5")[0])

    def test_last_element_of_an_array(self):
        """It has the array's own number: its requeue is its own, and so is the time that it has left."""
        names = {f"{name}.yaml": text for name, text in (("a", SWEEP), ("b", TINY_GRID), ("c", SWEEP))}
        for name, text in names.items():
            self.write(name, re.sub(r"^output:.*", f"output: {name[0]}.h5", text, flags=re.M))
        job = self.sbatch(*names, script="array.sbatch", options=["--array=1-3", "--ntasks=3"], **self.slow)
        first, second, last = (f"{job}_{number}" for number in (1, 2, 3))
        self.finish(second)
        self.assertEqual(self.cluster.show(last)["JobId"], job)
        for element, path in ((first, "a.h5"), (last, "c.h5")):
            self.wait_for_points(element, path=self.folder / path)
        self.cluster.command("scontrol", "update", f"job={last}", "TimeLimit=9")
        self.cluster.command("scancel", "--batch", "--signal=USR1", last)  # as SLURM does before its time limit
        self.wait_for_restart(last)
        self.assertEqual([self.restarts(element) for element in (first, second)], [0, 0])
        self.assertIn(self.cluster.show(first)["JobState"], ("RUNNING", "COMPLETED"))
        left, = re.findall(r"signal \d+, (\d+) s before the time limit", self.log(last))
        self.assertTrue(400 < int(left) <= 540, left)
        self.assertIn(f"moat: job {last}: requeueing it", self.log(last))
        self.wait_for(lambda: all([self.cluster.ended(self.hurry(job)) for job in (first, last)]), "the end of both")
        for element, path in ((first, "a.h5"), (last, "c.h5")):
            self.check_complete(element, self.folder / path)
        self.assertIn(f"[job {last}, restart 1, host", self.history(self.folder / "c.h5")[1])

    # --- moat submit

    def test_submit_follow_and_a_second_job(self):
        script = self.run_moat(0, "submit", "long.yaml", "--dry-run", "-n", "3", "--fsync")[0]
        self.assertIn("#SBATCH --ntasks=3\n", script)
        job, _ = self.submit(0, "long.yaml", "-n", "3", "--fsync", "--", "--comment=test", **self.slow)
        self.assertTrue(script.startswith((self.folder / "long.h5.sbatch").read_text().split("predicted")[0]))
        with Launch(self.folder, "status", "long.h5", "--follow", "--wait", "60") as follow:
            self.freeze(job)
            writer = rf"another process is writing it \(job {job}, host \S+, pid \d+, 1 node, 3 ranks\)"
            self.assertRegex(self.submit(2, "long.yaml", "-n", "3")[1], writer)
            second = self.sbatch("long.yaml")
            self.finish(second, "FAILED")
            self.assertRegex(self.log(second), writer)
            self.assertRegex(self.last_line(second), rf"^moat: job {second} failed: the run ended with code 2")
            self.kill(job, signal.SIGCONT)
            self.check_complete(job)
            code, out, err = follow.finish()
        self.assertEqual(code, 0, err)
        self.assertRegex(err, rf"moat: +\d+\.\d %, \d+ of {POINTS} points, \S+ points/s, \S+ left\n")
        self.assertRegex(out, r"(\d+) of \1 blocks done, complete")
        line, = self.history()
        self.assertRegex(line, rf" --fsync \[job {job}, host \S+, pid \d+, 1 node, 3 ranks, \S+ core-hours\]$")

    def test_status_of_a_job(self):
        """What it says of a job that is held and of one that is cancelled, and that --follow ends then."""
        job, _ = self.submit(0, "long.yaml", "-n", "3", "--", "--hold", **self.slow)
        follow = ("status", "long.h5", "--follow", "--wait", "86400", "--job", job)
        with mock.patch.dict(os.environ, SLURM_CONF=str(self.cluster.config)):
            _, err = self.run_moat(75, *follow)
            self.assertEqual(err.splitlines()[-1], f"moat: long.h5: no such file: job {job} cannot start (PENDING, JobHeldUser)")
            self.cluster.command("scontrol", "release", job)
            with Launch(self.folder, *follow) as launch:
                self.wait_for_points(job)
                shown = self.run_moat(0, "status", "long.h5")[0]
                self.assertRegex(shown, rf"\nwritten by job {job}, host \S+, pid \d+, 1 node, 3 ranks, since \S+ \(\S+\)\n")
                self.cluster.command("scancel", job)
                code, _, err = launch.finish()
        self.assertEqual(code, 75, err)
        self.assertRegex(err, rf"\nmoat: long\.h5: not complete: job {job} has ended \(CANCELLED[^)]*\); the last run .*\(job {job}, host")

    def test_submit_inside_a_job(self):
        """The new job has nothing of the one it is submitted from, a step under srun: no sizes, no restart, no rank."""
        self.write("grid.yaml", TINY_GRID)
        outer = {"SLURM_RESTART_COUNT": "2", "SLURM_ARRAY_JOB_ID": "1", "SLURM_ARRAY_TASK_ID": "5", "PMIX_NAMESPACE": "outer",
                 "SLURM_EXPORT_ENV": "NONE", "OMPI_COMM_WORLD_SIZE": "7"}
        inside = ["-n1", "--mem=700", "env", *(f"{name}={value}" for name, value in outer.items())]
        shown = self.folder / "variables"
        # The launcher is a command of the shell: this one first shows what the job has.
        launcher = f"sh -c 'env >{shown}; exec \"$@\"' sh {SRUN}"
        for step, options in (("--mpi=none", []), ("--mpi=pmix", ["--export=NONE"]), ("--mpi=pmix", ["--export=ALL,EXTRA=1"])):
            shown.unlink(missing_ok=True)
            job, _ = self.submit(0, "grid.yaml", "-n", "3", "-l", launcher, "--force", "--", *options,
                                 before=["srun", step, *inside])
            self.finish(job)
            found = dict(line.split("=", 1) for line in shown.read_text().splitlines() if "=" in line)
            self.assertEqual([name for name in found if name in outer or name.startswith("PMI")], [], options)
            self.assertNotIn("SLURM_MEM_PER_NODE", found)
            self.assertEqual(found["SLURM_CONF"], str(self.cluster.config))
            self.assertEqual(found["SLURM_JOB_ID"], job)
            self.assertRegex(self.history(self.folder / "grid.h5")[-1], rf"\[job {job}, host")
            (self.folder / "grid.h5").unlink()

    def test_batch_script_inside_a_job(self):
        """sbatch by hand from an element of an array hands that array's variables on."""
        self.write("grid.yaml", TINY_GRID)
        element = {"SLURM_ARRAY_JOB_ID": "1", "SLURM_ARRAY_TASK_ID": "5", "SLURM_MEM_PER_NODE": "700"}
        job = self.sbatch("grid.yaml", MOAT_LAUNCHER=SRUN, **element)
        self.finish(job)
        self.assertEqual(self.last_line(job), f"moat: job {job}: grid.h5 is complete")

    def test_script_from_elsewhere(self):
        """Whatever the job's working directory and the name of the folder: config, results and log are found."""
        name = "a b'\"c%j#$d\u00fc"
        (self.folder / name).mkdir()
        self.write("grid.yaml", TINY_GRID)
        job, said = self.submit(0, "grid.yaml", "-n", "2", "-o", f"{name}/grid.h5", "--", "--chdir=/")
        self.finish(job)
        path = self.folder / name / "grid.h5"
        log = path.with_name(f"moat-{job}.log")
        self.assertEqual(log.read_text().splitlines()[-1], f"moat: job {job}: {path} is complete")
        suggested = shlex.split(re.search("follow it with: (.*)", said)[1])
        self.assertEqual(suggested, [MOAT, "status", str(path), "--follow", "--wait", "86400", "--job", job])
        again = self.cluster.command("sbatch", "--parsable", f"{path}.sbatch", cwd="/")
        self.finish(again)
        self.assertTrue(path.with_name(f"moat-{again}.log").exists())

    def test_submit_refuses(self):
        """What would make the run fail: before there is a job."""
        self.write("grid.yaml", TINY_GRID)
        self.write("other.yaml", TINY_GRID.replace("0.95", "0.96"))
        self.write("large.yaml", LONG.replace("points: 50}", "points: 1000000}"))
        self.write("foreign.h5", "not a results file, and no HDF5")
        (self.folder / "file").write_text("")
        self.run_moat(0, "run", "grid.yaml", "-q")
        jobs = self.cluster.command("squeue", "--noheader", "--states=all", "--format=%A")
        for arguments, message in (
                (["other.yaml"], "holds another sweep than grid: use --force"),
                (["large.yaml"], "GB free: make the grid smaller"),
                (["grid.yaml", "-o", "foreign.h5"], "not an HDF5 file"),
                (["grid.yaml", "-o", "absent/x.h5"], "the output folder .*/absent cannot be found"),
                (["grid.yaml", "-o", "file/x.h5"], "file"),
                (["grid.yaml", "-o", "a\nb.h5"], "found the character 10 in the path"),
                (["grid.yaml", "-o", "x.h5", "--", "-o", "absent/%j.log"], "--output=absent/%j.log: the folder absent")):
            _, said = self.submit(2, *arguments[:1], "-n", "2", *arguments[1:])
            self.assertRegex(said, message)
            self.assertEqual(said.count("\n"), 1)
        self.assertEqual(list(self.folder.glob("*.sbatch")), [])
        self.assertEqual(self.cluster.command("squeue", "--noheader", "--states=all", "--format=%A"), jobs)
        job, _ = self.submit(0, "other.yaml", "-n", "2", "--force")
        self.finish(job)
        self.assertEqual(read(self.folder / "grid.h5")["tau_E"][1], 0.96)

    def test_read_only_folder(self):
        self.write("grid.yaml", TINY_GRID)
        disk = self.folder / "disk"
        disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,ro", "moat-test", disk], capture_output=True).returncode:
            self.skipTest("no disk can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", disk], check=True)
        self.assertRegex(self.submit(2, "grid.yaml", "-n", "2", "-o", "disk/x.h5")[1], "disk cannot be written: Read-only")
        self.finish(self.cluster.command(MOAT, "submit", "../grid.yaml", "-n", "2", "-o", "../x.h5", cwd=disk))

    def test_jobs_that_cannot_start(self):
        """A warning says so, once. What a job asks for by itself fits the work and the partition."""
        self.write("grid.yaml", TINY_GRID)
        many = "SLURM has no nodes for 300 ranks"
        for arguments, message in (
                (["-n", "3", "--", "-p", "short"], None), (["-n", "3", "--", "-p", "short", "--time=9"], None),
                (["-n", "3", "--", "-p", "short", "-t", "20"], "the time 20 is beyond the limit of the partition, 10 minutes"),
                (["-n", "300"], many), (["-n", "3", "--", "--mem-per-cpu=9000"], "SLURM has no nodes for 3 ranks")):
            said = self.submit(0, "grid.yaml", "--dry-run", *arguments)[1]
            self.assertEqual(said.count("\n"), 1 if message else 0, said)
            self.assertIn(message or "", said)
        try:
            self.cluster.command("scancel", self.cluster.command("sbatch", "--parsable", "-n", "300", "--wrap=true"))
            refused = 0
        except subprocess.SubprocessError:  # SLURM 24 refuses a job that can never start
            refused = 2
        job, said = self.submit(refused, "grid.yaml", "-n", "300")
        self.assertIn(many, said)
        if not refused:
            self.cluster.command("scancel", job)
        job, said = self.submit(0, "grid.yaml", "-n", "3", "--", "-p", "short")
        self.assertNotIn("warning", said)
        self.finish(job)
        self.assertLessEqual(int(re.search("--time=(.*)", (self.folder / "grid.h5.sbatch").read_text())[1]), 6)
        script = self.submit(0, "long.yaml", "--dry-run", "-n", "3", "--", "--time=4")[0]
        time_asked, notice = (int(number) for number in re.search(r"--time=(\d+)\n.*USR1@(\d+)", script).groups())
        self.assertEqual(time_asked, 4)
        self.assertTrue(30 <= notice <= 60, notice)

    def test_hostile_output(self):
        """A config's output is a file's name, whatever it looks like, and never an option or a line of sbatch."""
        for output in ("--wrap=touch PWNED; #", "-x.h5", "$(touch PWNED).h5", "';touch PWNED;'", "a\n#SBATCH --wrap=x"):
            quoted = '"' + output.replace("\n", "\\n") + '"'
            self.write("grid.yaml", re.sub("^output:.*", lambda _: f"output: {quoted}", TINY_GRID, flags=re.M))
            if "\n" in output:
                self.submit(2, "grid.yaml", "-n", "2")
                continue
            shown, _ = self.submit(0, "grid.yaml", "-n", "2", "--dry-run")
            last = shown.splitlines()[-1].removeprefix("# ")
            self.assertEqual(shlex.split(last), ["sbatch", "--parsable", f"{self.folder / output}.sbatch"])
            job, said = self.submit(0, "grid.yaml", "-n", "2")
            suggested = shlex.split(re.search("follow it with: (.*)", said)[1])
            self.assertEqual(suggested[2], str(self.folder / output))
            self.finish(job)
            self.assertTrue((self.folder / output).exists())
            self.assertFalse((self.folder / "PWNED").exists())

    def test_foreign_script(self):
        """A link, or a file that moat did not write, stands where the script belongs: it stays as it is."""
        self.write("grid.yaml", TINY_GRID)
        target = self.write("precious", "as it was\n")
        script = self.folder / "grid.h5.sbatch"
        dangling = self.folder / "nothing"
        for make in (lambda: script.symlink_to(target), lambda: script.symlink_to(dangling), lambda: os.link(target, script),
                     lambda: script.write_text("#!/bin/sh\n# mine\n"), lambda: os.mkfifo(script)):
            make()
            before = script.read_text() if script.is_file() else None
            self.assertIn("it is left unchanged", self.submit(2, "grid.yaml", "-n", "2")[1])
            self.assertEqual(target.read_text(), "as it was\n")
            self.assertFalse(dangling.exists())
            self.assertEqual(script.read_text() if script.is_file() else None, before)
            script.unlink()
        for _ in range(2):  # its own earlier one is replaced
            self.finish(self.submit(0, "grid.yaml", "-n", "2")[0])

    def test_what_ran_meanwhile(self):
        """The last one by its name."""
        if not self.meanwhile:
            self.start_meanwhile()
        for name, (thread, result) in self.meanwhile.items():
            with self.subTest(name):
                thread.join()
                for _, message in (*result.errors, *result.failures):
                    self.fail(message)
                self.assertEqual(result.testsRun, 1)


def load_tests(_, tests, __):
    """unittest calls this when it loads the file as a whole."""
    SlurmTest.whole = True
    return tests


if __name__ == "__main__":
    unittest.main()
