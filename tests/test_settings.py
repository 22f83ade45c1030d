#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configs and `--set KEY=VALUE` through the program: the same data as of an edited file, resumed and submitted with the
options; spellings that give the same file; the variables that `store` names; values of linear axes found by their decimals."""

import json
import os
import shlex
import subprocess
import unittest

import h5py
import numpy as np
import xarray

from program import MPI_ENVIRONMENT, ProgramTest, differing, read, solve
from sweeps import TINY_GRID, TINY_RIDGE, law, market

SET = ("--set", "model.gamma=0.55", "--set=grid.Q.values=[0.5, 0.1]", "--set", "grid.N_I={log: [10, 1e6], points: 7}")
SET_GRID = TINY_GRID.replace("gamma: 0.5", "gamma: 0.55").replace("{values: [1, 10, 1e3, .inf]}", "{log: [10, 1e6], points: 7}")
NAME = "it's \"so\" $HOME `id` \\ #1"


def attribute(path, name):
    with h5py.File(path) as file:
        value = file.attrs[name]
        return value.decode() if isinstance(value, bytes) else value


class SettingsTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.write("grid.yaml", TINY_GRID)

    def test_run_and_resume(self):
        self.write("edited.yaml", SET_GRID)
        self.run_moat(0, "run", "edited.yaml", "-o", "edited.h5")
        expected = read(self.folder / "edited.h5")
        for name, ranks, more in (("alone.h5", None, ()), ("mpirun.h5", 3, ()), ("started.h5", None, ("-n", "2"))):
            self.run_moat(0, "run", "grid.yaml", "-o", name, *SET, *more, ranks=ranks)
            self.assertEqual(differing(expected, read(self.folder / name)), [], name)
        out, _ = self.run_moat(0, "run", "grid.yaml", "-o", "alone.h5", *SET)
        self.assertIn("\nalready complete, ", out)
        kept = attribute(self.folder / "alone.h5", "config")
        for setting in ("model.gamma=0.55", "grid.Q.values=[0.5, 0.1]", "grid.N_I={log: [10, 1e6], points: 7}"):
            self.assertIn(f"--set {setting}\n", kept)
        self.write("kept.yaml", kept)
        for config in ("edited.yaml", "kept.yaml"):
            out, _ = self.run_moat(0, "run", config, "-o", "alone.h5")
            self.assertIn("\nalready complete, ", out, config)
        before = (self.folder / "alone.h5").read_bytes()
        for other in ((), SET[:2], (*SET, "--set", "grid.nu.values=[1]")):
            _, err = self.run_moat(2, "run", "grid.yaml", "-o", "alone.h5", *other)
            self.assertIn("another sweep", err)
        self.assertEqual((self.folder / "alone.h5").read_bytes(), before)
        self.assertEqual(attribute(self.folder / "edited.h5", "config"), SET_GRID)  # no setting, not a byte changed

    def test_refused(self):
        for setting, said in (("model.gamma=9", "--set model.gamma=9: model.gamma: found 9, expected 0.01 <= gamma <= 2"),
                              ("model.gama=1", "--set model.gama=1: model.gama: found an unknown key"),
                              ("model.gamma", "--set model.gamma: expected KEY=VALUE")):
            for command in (("run",), ("plan",), ("submit", "--dry-run"), ("batch",)):
                with self.subTest(setting, command=command):
                    _, err = self.run_moat(2, *command, "grid.yaml", "--set", setting)
                    self.assertIn(f"moat: {said}", err)
        self.assertEqual([path.name for path in self.folder.glob("*.h5*")], [])

    def test_plan(self):
        out, _ = self.run_moat(0, "plan", "grid.yaml", "--json", "--set=grid.Q.values=[0.1, 0.2, 0.3]", "--set=name=more")
        found = json.loads(out)
        self.assertEqual((found["points"], found["name"]), (4 * 3 * 3 * 4, "more"))

    def test_submitted_script(self):
        """The script gives the job's `moat batch` the settings as they are, whatever the shell makes of their letters."""
        settings = (*SET, "--set", f"name='{NAME.replace(chr(39), 2 * chr(39))}'")
        script, _ = self.run_moat(0, "submit", "--dry-run", "grid.yaml", "-o", "job.h5", *settings)
        line, = (line for line in script.splitlines() if line.startswith("exec "))
        words = shlex.split(line)  # exec, moat, batch, the config, -o and the file, whose paths are absolute
        self.assertEqual(words[2], "batch")
        self.assertEqual(words[6:], ["--set", "model.gamma=0.55", "--set", "grid.Q.values=[0.5, 0.1]", *settings[3:]])
        self.write("job.sh", script)
        job = subprocess.run(["sh", "job.sh"], cwd=self.folder, env={**os.environ, **MPI_ENVIRONMENT}, capture_output=True,
                             text=True, timeout=300)
        self.assertEqual(job.returncode, 0, job.stderr)
        self.assertEqual(attribute(self.folder / "job.h5", "title"), NAME)
        self.write("edited.yaml", SET_GRID)
        self.run_moat(0, "run", "edited.yaml", "-o", "edited.h5")
        self.assertEqual(differing(read(self.folder / "edited.h5"), read(self.folder / "job.h5")), [])


class ConfigTest(ProgramTest):
    def test_stored_variables(self):
        """The values that are stored are those of the whole file."""
        for name, text in (("grid", TINY_GRID), ("ridge", TINY_RIDGE)):
            self.write("all.yaml", text)
            self.write("some.yaml", text.replace("grid:", "store: [D, N_E_star]\ngrid:"))
            self.run_moat(0, "run", "all.yaml", "-o", f"{name}-all.h5")
            self.run_moat(0, "run", "some.yaml", "-o", f"{name}-some.h5", ranks=3)
            whole, part = read(self.folder / f"{name}-all.h5"), read(self.folder / f"{name}-some.h5")
            self.assertEqual({field for field in part if "/" not in field}, {"status", "D", "N_E_star", "N_I", "tau_E", "Q", "nu"})
            for field in ("status", "D", "N_E_star"):
                np.testing.assert_array_equal(whole[field], part[field])
            _, err = self.run_moat(2, "run", "all.yaml", "-o", f"{name}-some.h5")
            self.assertIn("another sweep", err)
            out, _ = self.run_moat(0, "run", "some.yaml", "-o", f"{name}-some.h5")
            self.assertIn("\nalready complete, ", out)

    def test_stored_alone(self):
        """Values that cost a solution of their own, each without the others; those that nobody stores are not worked out."""
        ridge = "{P: 32, N: {values: [4, 8, 16, 32, 48]}, trials: 2, seed: 1}"
        laws = law("laws", N="{values: [8, 24]}", alpha="{values: [0.75]}", Q="{values: [0.1]}", nu="{values: [0.75]}", P=32, ridge=ridge)
        for text, fields in ((TINY_RIDGE, ("N_E_star_stderr", "N_E_star_deterministic", "regime", "exponent_D")),
                             (laws, ("loss_stderr", "loss_deterministic", "regime_excess"))):
            whole = read(solve(self.folder, text))
            for field in fields:
                part = read(solve(self.folder, text.replace("grid:", f"store: [{field}]\ngrid:").replace(".h5", f"-{field}.h5")))
                np.testing.assert_array_equal(part[field], whole[field], field)
                self.assertTrue(np.isfinite(whole[field]).any(), field)

    def test_decimals_are_found(self):
        text = market("linear", N_I="{values: [1e3]}", tau_E="{linear: [1.2, 0.3], points: 10}", Q="{linear: [0.1, 1], points: 10}",
                      nu="{linear: [0.6, 3.0], points: 25}")
        self.write("linear.yaml", text)
        self.run_moat(0, "run", "linear.yaml")
        with xarray.open_dataset(self.folder / "linear.h5", engine="h5netcdf") as data:
            for axis, low, count in (("tau_E", 3, 10), ("Q", 1, 10), ("nu", 6, 25)):
                for tenths in range(low, low + count):
                    self.assertEqual(data.N_E_star.sel({axis: float(f"{tenths // 10}.{tenths % 10}")}).sizes["N_I"], 1)

    def test_seed_between_doubles(self):
        self.write("seed.yaml", TINY_RIDGE.replace("seed: 1", "seed: 9007199254740993"))
        _, err = self.run_moat(2, "run", "seed.yaml")
        self.assertIn("ridge.seed: found 9007199254740993, expected an integer from 0 to 2^53", err)

    def test_spellings(self):
        """Quotes, indentation, JSON and a byte order mark change nothing but the text that is kept."""
        keys = [line.split(": ", 1) for line in TINY_GRID.splitlines()[:6]]
        axes = [line.strip().split(": ", 1) for line in TINY_GRID.splitlines()[7:]]
        spellings = {"plain": TINY_GRID, "indented": "".join(f"  {line}\n" for line in TINY_GRID.splitlines()),
                     "quoted": "".join(f'"{key}": {value}\n' for key, value in keys) + TINY_GRID[TINY_GRID.index("grid:"):],
                     "explicit": "".join(f"? {key}\n: {value}\n" for key, value in keys) + TINY_GRID[TINY_GRID.index("grid:"):],
                     "flow": "{" + ", ".join(f"{key}: {value}" for key, value in keys) +
                             ", grid: {" + ", ".join(f"{axis}: {value}" for axis, value in axes) + "}}",
                     "marked": "\ufeff" + TINY_GRID.replace("\n", "\r\n")}
        for name, text in spellings.items():
            (self.folder / f"{name}.yaml").write_bytes(text.encode())
            out, _ = self.run_moat(0, "run", f"{name}.yaml", "-o", "one.h5")
            self.assertEqual("\nalready complete, " in out, name != "plain", name)


if __name__ == "__main__":
    unittest.main()
