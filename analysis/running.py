# SPDX-License-Identifier: GPL-3.0-or-later
"""moat.run: runs a sweep with the program moat, from a dictionary or a config file, and returns its results."""

import collections
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from . import config_text, snapshot
from .opening import Refused

FILES = (("model", "spectrum"), ("ridge", "data"))  # keys whose values are files, relative to the folder of the config
REFUSED = 2  # exit code of `moat run` for a config that it does not take
PATIENCE = 30  # seconds for a run to stop; it takes a fraction of one
LINES_MAX = 200  # of what a run prints, kept for its message


class RunFailed(RuntimeError):
    """A run that did not complete. code: moat's exit code, 75 if it was stopped and can be resumed."""

    def __init__(self, message, code):
        super().__init__(message)
        self.code = code


def run(config, file=None, *, ranks=None, options=(), variables=None, progress=False, program=None):
    """Runs a sweep; returns its results as moat.open does.

    config: a dictionary with the keys of jobs/reference.yaml, whose files are relative to the working directory, or the path of a
    YAML file. file: the results file to write, or to resume if it is there; without it, the dictionary's `output`, or else a
    temporary file that is removed again. ranks: starts so many under mpirun; default: one process. options:
    further words of `moat run`, such as "--force". variables: those to read, as moat.open has it. progress: whether to print what
    the run says, on sys.stderr. program: the program moat; default: that of the environment's MOAT, the one installed or built
    beside this package, or that on the PATH.

    Raises Refused for a config that moat refuses and a program that is not there, RunFailed for a run that ends early. An
    interrupt (KeyboardInterrupt) stops the run, which then is as a run that was stopped by a signal: the same call resumes it.
    """
    program = program or find_program()
    with tempfile.TemporaryDirectory(prefix="moat-") as folder:
        if isinstance(config, (str, os.PathLike)):
            path = os.fspath(config)
        else:
            path, config = os.path.join(folder, "config.yaml"), _complete(config, os.path.join(folder, "results.h5"))
            Path(path).write_text(config_text.write(config), encoding="utf-8")
            if file is None and isinstance(config["output"], (str, os.PathLike)):
                file = config["output"]
        target = os.fspath(file) if file is not None else os.path.join(folder, "results.h5")
        words = [program, "run", path, "-o", target, *map(os.fspath, options)]
        words += ["-n", str(ranks)] if ranks is not None else []
        code, said = _finish(words if progress else [*words, "-q"], progress)
        if code == REFUSED:
            raise Refused(said.replace(os.path.join(folder, "config.yaml"), "config"))
        if code:
            raise RunFailed(said or f"{program} ended with code {code}", code)
        return snapshot.open(target, variables)


def _complete(config, output):
    """The config with absolute paths, and with an `output` if it has none. Raises Refused."""
    if not hasattr(config, "items"):
        raise Refused(f"config: found the type {type(config).__name__}, expected a dictionary, or the path of a YAML file")
    config = dict(config)
    for key, name in FILES:
        part = config.get(key)
        if hasattr(part, "items") and isinstance(part.get(name), (str, os.PathLike)):
            config[key] = {**part, name: os.path.abspath(part[name])}
    return {**config, "output": config.get("output") or output}


def _finish(words, progress):
    """Runs the program to its end; returns its exit code, and moat's messages as one text."""
    # In a session of its own, it is not interrupted with this process, but stopped by it.
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", start_new_session=True) as process:
        said = collections.deque(maxlen=LINES_MAX)
        try:
            for line in process.stdout:
                said.append(line.strip())
                if progress:
                    print(line, end="", file=sys.stderr)
            process.wait()
        except BaseException:
            _stop(process)
            raise
    messages = [line.removeprefix("moat: ") for line in said if line.startswith("moat: ")]
    return process.returncode, "; ".join(messages or filter(None, said))


def _stop(process):
    """Stops a run as a signal does; kills it if it has not ended in time, or at a second interrupt."""
    try:
        process.send_signal(signal.SIGUSR1)  # mpirun passes it to the ranks, and waits for them
        process.communicate(timeout=PATIENCE)
    except (KeyboardInterrupt, subprocess.TimeoutExpired):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def find_program():
    """The path of the program moat. Raises Refused."""
    folder = Path(__file__).resolve().parent
    named = os.environ.get("MOAT")
    beside = [folder.parents[2] / "bin" / "moat"] if folder.parent.name == "moat" and folder.parents[1].name == "share" else []
    places = [named] if named else [*beside, folder.parent / "build" / "moat", shutil.which("moat")]
    for place in places:
        if place and os.path.isfile(place) and os.access(place, os.X_OK):
            return str(place)
    raise Refused(f"{named}: no program; the environment's MOAT names it" if named else
                  "found no program moat on the PATH: build and install it, or name it in the environment's MOAT")
