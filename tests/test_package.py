#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""analysis as the Python package moat: moat.open and moat.run, the wheel, and the commands that the program hands to Python."""

import ast
import importlib.util
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import unittest
from pathlib import Path
from unittest import mock

import h5py
import numpy as np
import xarray

import pace
from interrupted import wait_for
from program import ALONE, MOAT, ROOT, Launch, ProgramTest, moat as run_program, read, solve, temporary_folder
from sealed import seal
from spectra import power_law
from sweeps import LONG, LONG_POINTS, TINY_GRID, market

ANALYSIS = ROOT / "analysis"
sys.path.insert(0, str(ANALYSIS))
import opening  # noqa: E402
from test_opening import left_open  # noqa: E402


def load_package():
    """The package moat: the folder under the name that pip gives it."""
    about = importlib.util.spec_from_file_location("moat", ANALYSIS / "__init__.py", submodule_search_locations=[str(ANALYSIS)])
    package = importlib.util.module_from_spec(about)
    sys.modules["moat"] = package
    about.loader.exec_module(package)
    return package


moat = load_package()
GRID = {"N_I": {"values": [10, 1e3, math.inf]}, "tau_E": {"values": [0.95, math.inf]}, "Q": {"values": [0.1]}, "nu": {"values": [1.0]}}
CONFIG = {"name": "from a dictionary", "sweep": "market_entry", "solver": "deterministic", "model": {"gamma": 0.5, "P": math.inf},
          "incumbent": {"tau": 0.9}, "grid": GRID}


class OpenTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.shared = temporary_folder(cls.addClassCleanup)
        cls.file = solve(cls.shared, TINY_GRID)

    def test_finished_and_killed(self):
        """Equal to what xarray makes of the finished file, to the last attribute."""
        killed = self.folder / "killed.h5"
        killed.write_bytes(left_open(self.file.read_bytes()))
        with xarray.open_dataset(self.file, engine="h5netcdf") as expected:
            for path in (self.file, str(killed)):
                xarray.testing.assert_identical(moat.open(path), expected)
            some = moat.open(self.file, ["N_E_star", "L_star"])
            xarray.testing.assert_identical(some, expected[["N_E_star", "L_star"]])

    def test_live(self):
        """A second call sees what the run has added, while the first one's Dataset stays as it is."""
        self.write("long.yaml", LONG)
        path = self.folder / "long.h5"
        with mock.patch.dict(os.environ, ALONE), Launch(self.folder, "run", "long.yaml", "-q") as launch:
            def some():
                data = moat.open(path) if path.exists() else None
                return data if data is not None and (data.status != 0).any() else None

            first = wait_for(some)
            self.assertIsNone(launch.process.poll())
            kept = int((first.status != 0).sum())
            self.assertLess(kept, LONG_POINTS)
            wait_for(lambda: int((moat.open(path).status != 0).sum()) > kept)
            self.assertEqual(int((first.status != 0).sum()), kept)
            for data in (first, moat.open(path)):
                np.testing.assert_array_equal(data.N_E_star.notnull(), np.isin(data.status, (1, 2)))

    def test_refused(self):
        changed = self.folder / "changed.h5"
        shutil.copy(self.file, changed)
        with h5py.File(changed, "r+") as file:
            file["N_E_star"][0, 0, 0, 0] = 1.5
        with h5py.File(self.folder / "foreign.h5", "w") as file:
            file["x"] = [1.0]
        self.write("text.h5", "no results\n")
        for name, variables, message in (("changed.h5", None, "damaged values in block"),
                                         ("foreign.h5", None, "not a moat results file"), ("text.h5", None, "cannot be read as HDF5"), ("absent.h5", None, "no such file"),
                                         (self.file, ["loss"], "found no loss; expected some of")):
            with self.assertRaisesRegex(moat.Refused, message):
                moat.open(self.folder / name, variables)
        seal(changed)
        self.assertEqual(moat.open(changed).N_E_star.values[0, 0, 0, 0], 1.5)


class RunTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.enterContext(mock.patch.dict(os.environ, ALONE, MOAT=MOAT))

    def test_a_dictionary_is_the_config(self):
        """On one process and under mpirun, the numbers of the same config as text."""
        text = market("expected", N_I="{values: [10, 1e3, .inf]}", tau_E="{values: [0.95, .inf]}", Q="{values: [0.1]}",
                      nu="{values: [1.0]}")
        expected = read(solve(self.folder, text))["N_E_star"]
        named = self.folder / "named.h5"
        for options in ({}, {"ranks": 3, "file": named}):
            found = moat.run(CONFIG, **options)
            self.assertEqual(found.N_E_star.values.tobytes(), expected.tobytes())
        self.assertEqual(found.attrs["title"], "from a dictionary")
        self.assertEqual(moat.open(named).N_E_star.values.tobytes(), expected.tobytes())
        again = moat.run({**CONFIG, "output": str(named)}, variables=["N_E_star"])
        self.assertEqual((list(again), again.attrs["history"].count("\n")), (["N_E_star"], 1))

    def test_numbers_of_every_kind(self):
        """They reach the file to the bit, wherever they are from."""
        numbers = np.sort(np.random.default_rng(1).uniform(1e-3, 1, 5))
        big = np.float64(1e15) / 3
        grid = {"N_I": {"values": np.array([1.1, big, np.inf])}, "tau_E": {"values": xarray.DataArray(numbers * 4)},
                "Q": {"values": tuple(numbers)}, "nu": {"linear": [np.float32(0.75), 2], "points": np.int64(3)}}
        found = moat.run({**CONFIG, "name": 'quote " and: # ünïcode', "incumbent": {"tau": np.array(0.9)}, "grid": grid,
                          "store": ("N_E_star",), "scrutiny": np.str_("training_mixture")})
        self.assertEqual(found.N_I.values.tolist(), [1.1, big, math.inf])
        self.assertEqual(found.tau_E.values.tobytes(), (numbers * 4).tobytes())
        self.assertEqual(found.Q.values.tobytes(), numbers.tobytes())
        self.assertEqual(found.nu.values.tolist(), [0.75, 1.375, 2])
        self.assertEqual((found.attrs["name"], found.attrs["scrutiny"]), ('quote " and: # ünïcode', "training_mixture"))

    def test_files_are_relative_to_the_working_directory(self):
        power_law(0.5, 1.0, 0.1, 50).write(self.folder / "spectrum.h5", "mine")
        here = os.getcwd()
        self.addCleanup(os.chdir, here)
        os.chdir(self.folder)
        grid = {axis: GRID[axis] for axis in ("N_I", "tau_E")}
        found = moat.run({**CONFIG, "model": {"spectrum": "spectrum.h5"}, "grid": grid, "output": "mine.h5"})
        self.assertEqual((found.attrs["spectrum_title"], Path("mine.h5").is_file()), ("mine", True))

    def test_refused(self):
        for config, message in (({**CONFIG, "sweep": "market"}, "^config:2: sweep: found market, expected market_entry or"),
                                ({**CONFIG, "solver": True}, "^config:3: solver: found true"),
                                ({**CONFIG, "store": {"a"}}, "found {'a'}, of the type set at store, expected"),
                                ({**CONFIG, "grid": {**GRID, "Q": {"values": [math.nan]}}}, "grid.Q"),
                                ({**CONFIG, "grid": {7: 1}}, "found the key 7 in grid"), (7, "found the type int"),
                                (self.folder / "absent.yaml", "absent.yaml")):
            with self.subTest(message), self.assertRaisesRegex(moat.Refused, message):
                moat.run(config)
        with self.assertRaisesRegex(moat.Refused, "absent cannot be found: No such file or directory: create it"):
            moat.run(CONFIG, self.folder / "absent" / "file.h5")
        broken = self.write("broken", "#!/bin/sh\necho 'moat: it broke' >&2\nexit 1\n")
        broken.chmod(0o755)
        with self.assertRaisesRegex(moat.RunFailed, "^it broke$") as raised:
            moat.run(CONFIG, program=broken)
        self.assertEqual(raised.exception.code, 1)
        with mock.patch.dict(os.environ, MOAT="/absent"), self.assertRaisesRegex(moat.Refused, "/absent: no program"):
            moat.run(CONFIG)

    def test_interrupt(self):
        """It stops the run as a signal does: the file is closed, and has what was done; no process is left."""
        self.write("long.yaml", LONG)
        (self.folder / "moat").symlink_to(ANALYSIS)
        code = "import moat, sys; moat.run('long.yaml', sys.argv[1], ranks=int(sys.argv[2]) if sys.argv[2:] else None)"
        for ranks in ((), ("2",)):
            path = self.folder / f"long{len(ranks)}.h5"
            with subprocess.Popen([sys.executable, "-c", code, path.name, *ranks], cwd=self.folder, stderr=subprocess.PIPE, text=True,
                                  env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(self.folder)}) as process:
                try:
                    wait_for(lambda: path.exists() and self.done(path))
                    run, = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
                    process.send_signal(signal.SIGINT)
                    said = pace.communicate(process, 60)[1]
                finally:
                    process.kill()
            self.assertTrue(said.endswith("KeyboardInterrupt\n"), said)
            self.assertEqual(opening._flags(path), 0)
            self.assertTrue(0 < self.done(path) < LONG_POINTS)
            with self.assertRaises(ProcessLookupError):
                os.killpg(int(run), 0)

    @staticmethod
    def done(path):
        return int((moat.open(path, ["status"]).status != 0).sum())


class WheelTest(unittest.TestCase):
    def test_pip(self):
        """pip installs the folder as it is, without a network, and leaves nothing in it."""
        if pace.run([sys.executable, "-m", "pip", "--version"], 60).returncode:
            self.skipTest("this Python has no pip")
        folder = temporary_folder(self.addCleanup)
        listing = lambda place: {str(path.relative_to(place)) for path in place.rglob("*")
                                 if "__pycache__" not in path.parts and path.is_file()}
        before = listing(ANALYSIS)
        done = pace.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-compile", "--no-index",
                         "--disable-pip-version-check", "--root-user-action", "ignore", "--target", folder, ANALYSIS], 120, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(listing(ANALYSIS), before)
        expected = {name for name in before if name.endswith(".py") or name.startswith("explore/")} - {"wheel_build.py"}
        self.assertEqual(listing(folder / "moat"), expected)
        call = lambda *words: pace.run([sys.executable, *words], 60, text=True, cwd=folder,
                                       env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"})
        code = "import moat, sys; print(moat.__version__, moat.open, moat.run.__name__, 'opening' in sys.modules)"
        version = re.search(r"\d\S*", run_program(folder, "--version")[1])[0]
        self.assertRegex(call("-c", code).stdout, rf"^{re.escape(version)} <function open .*> run False\n$")
        done = call("-m", "moat", "draw", "gap", "--help")
        self.assertIn("Draws how N_E* grows as the gap", done.stdout, done.stderr)


class CommandTest(ProgramTest):
    """`moat draw` and its kin, which are the scripts under other names."""

    def test_kinds(self):
        scripts = {path.stem: path.read_text() for path in ANALYSIS.glob("*.py") if os.access(path, os.X_OK)}
        expected = [(name.replace("_", "-"), ast.get_docstring(ast.parse(text)).split("\n")[0])
                    for name, text in sorted(scripts.items()) if name not in ("dataset", "explore", "export", "summary")]
        out, err = self.run_moat(2, "draw")
        self.assertEqual((out, re.findall(r"^  ([a-z-]+) +(.*)$", err, re.M)), ("", expected))
        self.assertEqual(self.run_moat(0, "draw", "--help"), (err, ""))
        self.assertEqual(self.run_moat(0, "help", "draw", ranks=2), (err, ""))

    def test_messages_and_codes(self):
        """They pass through: the script's own, and those where there is none, no Python, or no module."""
        path = solve(self.folder, TINY_GRID)
        direct = subprocess.run([ANALYSIS / "summary.py", path.name, "--check"], cwd=self.folder, capture_output=True, text=True)
        self.assertEqual((direct.returncode, *self.run_moat(1, "summary", path.name, "--check")), (1, direct.stdout, direct.stderr.replace("summary.py", "moat summary")))
        self.assertEqual(self.run_moat(2, "draw", "gap", "absent.h5", "-o", "x.png")[1],
                         "moat draw gap: absent.h5: no such file; expected a results file written by `moat run`\n")
        for words in (("export",), ("draw", "scaling-law")):
            self.assertTrue(self.run_moat(0, *words, "--help")[0].startswith(f"usage: moat {' '.join(words)} [-h] "))
        self.assertRegex(self.run_moat(2, "draw", "phase_diagramm", path.name)[1],
                         r"^moat: found kind of figure `phase_diagramm`, expected .*: did you mean `moat draw phase-diagram`\?\n$")
        script = self.write("bare", f"#!/bin/sh\nexec {sys.executable} -I -S \"$@\"\n")
        script.chmod(0o755)
        for variables, message in (({"MOAT_PYTHON": str(script)},
                                    "has no module numpy, which export.py needs: Debian's package python3-numpy"),
                                   ({"MOAT_PYTHON": "/absent"}, "needs Python, and /absent cannot be started: No such file"),
                                   ({"MOAT_ANALYSIS": "/absent"}, "found `/absent`, expected the folder of moat's scripts")):
            with mock.patch.dict(os.environ, variables):
                out, err = self.run_moat(2, "export", path.name)
            self.assertEqual((out, err.count("\n")), ("", 1))
            self.assertIn(message, err)

    def test_folder_like_an_option(self):
        """Python gets the folder of the scripts as one, whatever its name; what is no folder is refused."""
        (self.folder / "-x").mkdir()
        (self.folder / "-x" / "__main__.py").write_text("import sys\nprint(sys.argv[1:])\n")
        self.write("-V", "")
        with mock.patch.dict(os.environ, MOAT_ANALYSIS="-x"):
            self.assertEqual(self.run_moat(0, "draw", "gap"), ("['draw', 'gap']\n", ""))
        with mock.patch.dict(os.environ, MOAT_ANALYSIS="-V"):
            self.assertIn("MOAT_ANALYSIS: found `-V`, expected the folder", self.run_moat(2, "draw", "gap")[1])

    def test_words(self):
        """Each reaches Python as it is, whatever it is."""
        words = ("a b", "", "--", "*", "-n", "3", "'\"\n", "\N{LATIN SMALL LETTER E WITH ACUTE}")
        shown = self.write("show", '#!/bin/sh\nfor word; do printf "<%s>" "$word"; done\n')
        shown.chmod(0o755)
        with mock.patch.dict(os.environ, MOAT_PYTHON=str(shown)):
            out, _ = self.run_moat(0, "explore", *words)
        self.assertEqual(out, "".join(f"<{word}>" for word in (ANALYSIS, "explore", *words)))


if __name__ == "__main__":
    unittest.main()
