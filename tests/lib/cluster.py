# SPDX-License-Identifier: GPL-3.0-or-later
"""A SLURM of its own on this machine: munged, slurmctld and several slurmd, in one folder, gone with the test.

Its partitions: p for most jobs, short with a limit of ten minutes, and low, whose jobs give way to those of high after a
minute of grace.

Every daemon and all that it starts have SLURM_CONF in their environment with the path of this cluster's slurm.conf:
when the test ends, that variable finds the processes that are left, whatever their session and parent are by then.
"""

import contextlib
import ctypes
import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from pace import Limit

SECONDS = 150  # the longest wait for anything, see pace.py; the cluster is up after two, a job's time limit takes two minutes
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scontrol", "squeue", "scancel")
ENDED = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED")
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"

CONFIG = """ClusterName=moat-test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={control}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
TmpFS={folder}/tmp-%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
KillWait=5
MinJobAge=600
SchedulerParameters=sched_interval=1,sched_min_interval=100000,bf_interval=1
SlurmdParameters=config_overrides
NodeName={nodes} NodeHostname={host} NodeAddr=127.0.0.1 Port={ports} CPUs=4 Boards=1 SocketsPerBoard=1 CoresPerSocket=4 ThreadsPerCore=1 RealMemory=5000 State=UNKNOWN
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
PartitionName=p Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:4 PreemptMode=OFF
PartitionName=short Nodes=ALL MaxTime=10:00 State=UP OverSubscribe=FORCE:4 PreemptMode=OFF
PartitionName=low Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=1 GraceTime=60
PartitionName=high Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=10
"""


class Unavailable(Exception):
    """Why no SLURM can be started here."""


def wait_for(condition, what, seconds=SECONDS):
    """Waits until `condition` holds; its value."""
    limit = Limit(seconds)
    while not (value := condition()):
        if limit.over():
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.1)
    return value


def free_ports(number):
    """That many neighbouring ports that nothing listens on."""
    for first in range(21000 + os.getpid() % 100 * 100, 60000, 50):
        with contextlib.ExitStack() as sockets:
            try:
                for port in range(first, first + number):
                    sockets.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise Unavailable("no free ports")


def die_with_parent():
    """In a child: killed when this process ends, however it ends."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Cluster:
    """Nodes n1, n2, .. of four cores each; a context manager. Raises Unavailable where the daemons cannot run."""

    def __init__(self, nodes=3):
        missing = [name for name in PROGRAMS if not shutil.which(name, path=PATH)]
        if missing:
            raise Unavailable(f"SLURM is not installed: no {', '.join(missing)} (apt-get install slurm-wlm munge)")
        self.folder = Path(tempfile.mkdtemp(prefix="moat-slurm-"))
        self.nodes = [f"n{number}" for number in range(1, nodes + 1)]
        self.config = self.folder / "slurm.conf"
        self.daemons = {}
        self.environment = {**{name: value for name, value in os.environ.items() if not name.startswith(("SLURM_", "PMIX_"))},
                            "SLURM_CONF": str(self.config), "PATH": PATH}

    def __enter__(self):
        try:
            self.start()
        except (OSError, TimeoutError, subprocess.SubprocessError) as error:
            logs = "".join(path.read_text(errors="replace")[-2000:] for path in self.folder.glob("*.log"))
            self.stop()
            raise Unavailable(f"SLURM does not start: {error}\n{logs}") from error
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        first = free_ports(1 + len(self.nodes))
        for name in ("state", *(f"tmp-{node}" for node in self.nodes), *(f"spool-{node}" for node in self.nodes)):
            (self.folder / name).mkdir()
        count = len(self.nodes)
        self.config.write_text(CONFIG.format(
            host=socket.gethostname(), user=getpass.getuser(), folder=self.folder, control=first,
            nodes=f"n[1-{count}]", ports=f"[{first + 1}-{first + count}]"))
        (self.folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")  # needs none mounted, as v2 does
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        self.folder.chmod(0o755)  # munged wants its socket reachable
        place = {name: f"--{name}-file={self.folder}/munge.{name}" for name in ("key", "pid", "seed")}
        self.daemon("munged", "--foreground", "--force", f"--socket={self.folder}/munge.socket", *place.values())
        wait_for((self.folder / "munge.socket").exists, "munged", 10)
        self.daemon("slurmctld", "-D")
        for node in self.nodes:
            self.daemon("slurmd", "-D", "-N", node, name=node)
        wait_for(lambda: self.states() == {"IDLE"}, f"nodes {', '.join(self.nodes)} idle", 30)

    def daemon(self, program, *arguments, name=None):
        name = name or program
        with open(self.folder / f"{name}.log", "ab") as log:
            self.daemons[name] = subprocess.Popen(
                [shutil.which(program, path=PATH), *arguments], env=self.environment, cwd=self.folder, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=die_with_parent)

    def stop_controller(self):
        """kill -9 of slurmctld: SLURM's commands then find nobody."""
        controller = self.daemons.pop("slurmctld")
        controller.kill()
        controller.wait(SECONDS)

    def start_controller(self):
        self.daemon("slurmctld", "-D")

    def states(self):
        """The states that the nodes are in."""
        dead = [name for name, daemon in self.daemons.items() if daemon.poll() is not None]
        if dead:
            raise OSError(f"{', '.join(dead)} ended")
        shown = subprocess.run(["scontrol", "show", "node", "-o"], env=self.environment, capture_output=True, text=True,
                               timeout=SECONDS).stdout
        return {field[6:] for field in shown.split() if field.startswith("State=")}

    def marked(self):
        """Processes of this cluster that still run, by SLURM_CONF in their environment."""
        mark = f"SLURM_CONF={self.config}".encode()
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    yield int(entry.name)

    def running(self, job):
        """Whether anything of a job still runs, on whatever node: its processes or SLURM's own beside them."""
        mark = f"SLURM_JOB_ID={job}".encode()
        for process in self.marked():
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{process}/cmdline").read_bytes()
                if words.startswith(f"slurmstepd: [{job}.".encode()) or \
                        mark in Path(f"/proc/{process}/environ").read_bytes().split(b"\0"):
                    return True
        return False

    def stop(self):
        for daemon in self.daemons.values():
            daemon.kill()
        for daemon in self.daemons.values():
            daemon.wait(SECONDS)

        def none_left():
            left = list(self.marked())
            for process in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            return not left

        wait_for(none_left, "the end of every process of the cluster")
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- Its commands

    def command(self, *arguments, **options):
        """Runs a command of the cluster: what it prints on stdout."""
        result = subprocess.run(list(map(str, arguments)), env=self.environment, capture_output=True, text=True, timeout=SECONDS,
                                **options)
        if result.returncode:
            raise subprocess.SubprocessError(f"{arguments}: exit {result.returncode}: {result.stdout}{result.stderr}")
        return result.stdout.strip()

    def show(self, job):
        """The fields of `scontrol show job`, name -> value."""
        shown = self.command("scontrol", "show", "job", "-o", job)
        return dict(field.split("=", 1) for field in shown.split() if "=" in field)

    @staticmethod
    def ended(fields):
        """`fields` when the job has ended and is not on its way back into the queue, else None."""
        return fields if fields["JobState"] in ENDED else None
