# SPDX-License-Identifier: GPL-3.0-or-later
"""moat under launchers of every kind: what is said is said once, and a launcher of another MPI is refused.

Three processes with a launcher's variables stand for what the launcher of another MPI starts, one after the other; where
Open MPI's and MPICH's are both installed they start the program too.
"""

import os
import shlex
import shutil
import signal
import subprocess
import time
import unittest
from unittest import mock

from program import MOAT, MPICH, MPIRUN, SECONDS, Launch, ProgramTest, read
from sweeps import LONG, MIXED

RANKS = 3
STEP = {"SLURM_JOB_ID": "8", "SLURM_STEP_ID": "0", "SLURM_NTASKS": str(RANKS), "SLURM_STEP_NUM_TASKS": str(RANKS)}
LAUNCHERS = {  # name -> variables of a rank
    "Open MPI's mpirun": lambda rank: {"OMPI_COMM_WORLD_RANK": rank, "OMPI_COMM_WORLD_SIZE": str(RANKS)},
    "MPICH's mpiexec": lambda rank: {"PMI_RANK": rank, "PMI_SIZE": str(RANKS), "HYDI_CONTROL_FD": "7"},
    "srun": lambda rank: {**STEP, "SLURM_PROCID": rank}}
LIBRARY = "MPICH" if MPICH else "Open MPI"
FOREIGN = ["srun", "Open MPI's mpirun" if MPICH else "MPICH's mpiexec"]
POINT = "point", "--gamma=0.5", "--nu=1", "--Q=0.1", "--N-I=1e3", "--tau-I=0.9", "--tau-E=inf"
ALONE = {  # processes that have such variables and are alone
    "a batch script": {"SLURM_JOB_ID": "8", "SLURM_NTASKS": "4", "SLURM_PROCID": "0"},
    "an interactive shell of SLURM": {**STEP, "SLURM_PROCID": "0", "SLURM_STEP_ID": "4294967290"},
    "a batch script submitted from a step": {**STEP, "SLURM_PROCID": "0", "SLURM_NTASKS": "4"},
    "a step of one task": {**STEP, "SLURM_PROCID": "0", "SLURM_NTASKS": "1", "SLURM_STEP_NUM_TASKS": "1"},
    "the only rank of mpirun": {"OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "1"}}
REAL = {"Open MPI": [shutil.which("mpirun.openmpi"), "--oversubscribe"], "MPICH": [shutil.which("mpiexec.mpich")]}


def done(path):
    """The share of the blocks that a results file has, 0 before it can be read."""
    try:
        return (read(path, live=True)["run/block_state"] == 1).mean()
    except (OSError, KeyError):
        return 0


class LaunchersTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.write("mixed.yaml", MIXED)
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith(("OMPI_COMM", "PMI", "SLURM_", "HYDI_"))}
        patch = mock.patch.dict(os.environ, kept, clear=True)
        patch.start()
        self.addCleanup(patch.stop)

    def call(self, variables, *arguments):
        """(exit code, stdout, stderr) of the program with these variables."""
        with mock.patch.dict(os.environ, variables), Launch(self.folder, *arguments) as launch:
            return launch.finish()

    def launch(self, name, *arguments):
        """What each of the ranks that a launcher would start returns."""
        return [self.call(LAUNCHERS[name](str(rank)), *arguments) for rank in range(RANKS)]

    def no_file(self):
        self.assertEqual([path.name for path in self.folder.iterdir() if path.is_file()], ["mixed.yaml"])

    def test_said_once(self):
        calls = [("--version",), ("help",), POINT, ("run", "--help"), ("status", "--help"), ("nonsense",), ("run",),
                 ("run", "--bogus", "mixed.yaml"), ("plan",), ("submit",), ("batch",), ("status",)]
        for arguments in calls:
            alone = self.call({}, *arguments)
            self.assertTrue(alone[1] or alone[2], arguments)
            for name in LAUNCHERS:
                first, *others = self.launch(name, *arguments)
                self.assertEqual(first, alone, f"{name}: {arguments}")
                self.assertEqual(others, [(0, "", "")] * (RANKS - 1), f"{name}: {arguments}")

    def check_refusal(self, err, name):
        line, = err.splitlines()
        self.assertRegex(line, rf"^moat: {name} started {RANKS} processes, but moat is built with {LIBRARY} v?\d")

    def test_another_mpi(self):
        for name in FOREIGN:
            (code, out, err), *others = self.launch(name, "run", "mixed.yaml")
            self.assertEqual((code, out), (2, ""), f"{name}: {err}")
            self.check_refusal(err, name)
            self.assertEqual(others, [(0, "", "")] * (RANKS - 1), name)
            self.no_file()

    def test_as_the_refusal_says(self):
        """Without the variables that the sentence names, the process is alone."""
        for name in FOREIGN:
            variables = {**LAUNCHERS[name]("0"), "PMIX_RANK": "0"}
            _, _, err = self.call(variables, "run", "mixed.yaml")
            words = err.partition("`env ")[2].partition(" moat")[0].split(" ")
            self.assertEqual((len(words), set(words[::2])), (4, {"-u"}), err)
            left = {key: value for key, value in variables.items() if key not in words}
            self.assertEqual(self.call(left, "run", "mixed.yaml", "--force")[0], 0, err)

    def test_batch(self):
        for name in LAUNCHERS:
            (code, out, err), *others = self.launch(name, "batch", "mixed.yaml")
            self.assertEqual((code, out, err.count("\n")), (2, "", 1))
            self.assertIn(f"{name} started {RANKS} processes of `moat batch`", err)
            self.assertEqual(others, [(0, "", "")] * (RANKS - 1))
            self.no_file()

    def test_batch_told_to_stop(self):
        """At the notice of a time limit, whatever exit code the launcher makes of the ranks'."""
        self.write("long.yaml", LONG)
        path = self.folder / "long.h5"
        with Launch(self.folder, "batch", "long.yaml", "--launcher", f"{shlex.join(MPIRUN)} -n 3") as launch:
            limit = time.monotonic() + SECONDS
            while not (path.exists() and done(path)) and time.monotonic() < limit:
                time.sleep(0.01)
            launch.process.send_signal(signal.SIGUSR1)
            code, _, err = launch.finish()
        self.assertEqual(code, 75, err)
        self.assertTrue(0 < done(path) < 1, "the signal came too late or was not handed on")

    def test_alone(self):
        for name, variables in ALONE.items():
            code, _, err = self.call(variables, "run", "mixed.yaml", "--force")
            self.assertEqual(code, 0, f"{name}: {err}")
            self.assertTrue((self.folder / "mixed.h5").exists(), name)
            (self.folder / "mixed.h5").unlink()

    def test_in_a_shell_of_a_rank(self):
        """It may be the only one: it speaks, whatever the rank, and its exit code tells."""
        for name, variables in LAUNCHERS.items():
            environment = {**os.environ, **variables("1")}

            def call(line):
                done = subprocess.run(["sh", "-c", line + "; exit $?", MOAT, *POINT], cwd=self.folder, env=environment,
                                      capture_output=True, text=True, timeout=60)
                return done.returncode, done.stdout + done.stderr

            code, said = call('"$0" "$@"')
            self.assertEqual((code, said.count("N_E* = 298.868")), (0, 1), name)
            code, said = call('"$0" run')
            self.assertEqual((code, said.count("expected a config")), (2, 1), name)

    @unittest.skipUnless(all(command[0] for command in REAL.values()), "Open MPI and MPICH are not both installed")
    def test_real_launchers(self):
        for library, launcher in REAL.items():
            with mock.patch("program.MPIRUN", launcher):
                for arguments in (("--version",), ("run", "--bogus")):
                    with Launch(self.folder, *arguments, ranks=RANKS) as launch:
                        code, out, err = launch.finish(60)
                    self.assertEqual(code, 2 if "run" in arguments else 0, err)
                    self.assertEqual(sum(line.startswith("moat ") for line in (out + err).splitlines()), 1, err)
                with Launch(self.folder, "run", "mixed.yaml", ranks=RANKS) as launch:
                    code, out, err = launch.finish(60)
            if library == LIBRARY:
                self.assertEqual((code, out.count(" points/s")), (0, 1), err)
                (self.folder / "mixed.h5").unlink()
            else:
                self.assertEqual((code, out), (2, ""), err)
                said = [line for line in err.splitlines() if line.startswith("moat:")]
                self.check_refusal("\n".join(said), next(name for name in FOREIGN if name != "srun"))
                self.no_file()


if __name__ == "__main__":
    unittest.main()
