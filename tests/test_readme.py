#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of src/results/README.md, against files of both sweeps, both solvers and both kinds of spectrum: names, dimensions, units, types, flags."""

import os
import re
import sys
import tempfile
import unittest
from pathlib import Path

import h5py
import numpy as np

from market_file import ABOUT, ROOT as SYNTHETIC, THRESHOLDS
import pace
from program import MOAT, MPI_ENVIRONMENT, ROOT, solve, temporary_folder
from spectra import power_law
from sweeps import law, market, on_spectrum

sys.path.insert(0, str(ROOT / "analysis"))
import moatfile  # noqa: E402

README = (ROOT / "README.md").read_text()
FILE = (ROOT / "src" / "results" / "README.md").read_text()  # what it says of a results file
MARKETS = {"N_I": "{values: [20, 50, .inf]}", "tau_E": "{values: [1.2, .inf]}", "Q": "{values: [0.3, 1.0]}", "nu": "{values: [0.75]}"}
LAWS = {"N": "{values: [16, 32, 64]}", "alpha": "{values: [0.75, 1]}", "Q": "{values: [0.3]}", "nu": "{values: [0.75, 1.5]}"}
RIDGE = {"P": 32, "ridge": "{P: 32, N: {values: [8, 16, 32, 64]}, trials: 2, seed: 1}"}
SWEEPS = {"market": market("market", **MARKETS), "axis": market("axis", tau_I="{values: [0.8, 0.9]}", **MARKETS),
          "market-ridge": market("market-ridge", **MARKETS, **RIDGE), "law": law("law", **LAWS),
          "levels": law("levels", ridge_levels="{values: [0.01, 0.1]}", **LAWS), "law-ridge": law("law-ridge", **LAWS, **RIDGE)}
SWEEPS |= {"measured": on_spectrum("measured", "s.h5", tau_I="0.9", N_I=MARKETS["N_I"], tau_E=MARKETS["tau_E"]),
           "measured-ridge": on_spectrum("measured-ridge", "s.h5", tau_I="0.9", N_I=MARKETS["N_I"], tau_E=MARKETS["tau_E"],
                                         ridge="{N: {values: [8, 16, 32, 64]}, trials: 2, seed: 1}"),
           "measured-law": on_spectrum("measured-law", "s.h5", "scaling_law", N=LAWS["N"], alpha=LAWS["alpha"])}
TYPES = {"text": "S", "float64": np.float64, "int64": np.int64}
COORDINATES = {"N_I": "data points", "N": "data points"}  # the rest has the unit 1


def tables(heading):
    """The tables that begin with that column, as lists of rows: the names of the first cell, and the other cells."""
    found = []
    for table in re.findall(rf"^\| {heading} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", FILE, re.M):
        cells = [[cell.strip() for cell in line.strip("|\n ").split(" | ")] for line in table.splitlines()]
        found.append([(re.findall(r"`([^`]+)`", first), rest) for first, *rest in cells])
    return found


def is_axis(item):
    return h5py.h5ds.is_scale(item.id)


def variables(sweep):
    """name -> (dimensions, units, meaning) of the table of a sweep."""
    table = tables("variable")[("market_entry", "scaling_law").index(sweep)]
    return {name.lstrip("/"): (tuple(rest[0].split(", ")), rest[1], rest[2]) for names, rest in table for name in names}


class ReadmeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = temporary_folder(cls.addClassCleanup)
        power_law(0.5, 1.2, 0.4, 50).write(cls.folder / "s.h5", "a title")
        for text in SWEEPS.values():
            solve(cls.folder, text)

    def files(self):
        for name in SWEEPS:
            with h5py.File(self.folder / f"{name}.h5") as file:
                yield name, file

    def test_variables(self):
        for name, file in self.files():
            sweep = file.attrs["sweep"].decode()
            table = variables(sweep)
            found = {path: item for path, item in self.datasets(file).items() if not path.startswith("run/")}
            axes = {path for path, item in found.items() if is_axis(item)}
            expected = {path for path, (*_, meaning) in table.items() if file.attrs["solver"] == b"ridge" or "`solver: ridge` only" not in meaning}
            expected -= {"lambda_loss", "lambda_excess"} if "lambda" in file else set()
            measured_ridge = {path for path, (*_, meaning) in table.items() if "`solver: ridge` on a measured spectrum only" in meaning}
            if name == "measured-ridge":
                expected -= {path for path in table if path.startswith("ridge/")} - measured_ridge
            else:
                expected -= measured_ridge
            if "spectrum" in file.attrs:
                for path in set(expected):
                    dimensions, *rest = table[path]
                    table[path] = (tuple(axis for axis in dimensions if axis not in ("Q", "nu")), *rest)
                none, = re.findall(r"there are no ((?:`\w+\*?`(?:, | and )?)+)", FILE)
                without = [name.replace("*", "\\w+") for name in re.findall(r"`([^`]+)`", none)]
                expected = {path for path in expected if not any(re.fullmatch(name, path) for name in without)}
            if "tau_I" in axes:
                self.assertIn("With an axis tau_I: `tau_I_absolute`, along tau_I, Q, nu", table["tau_I"][2])
                expected = expected - {"tau_I"} | {"tau_I_absolute"}
                table["tau_I_absolute"] = (("tau_I", "Q", "nu"), "1", "")
            self.assertEqual(set(found) - axes, expected, name)
            for path in expected:
                dimensions, units, meaning = table[path]
                item = found[path]
                scales = tuple(dimension[0].name.rpartition("/")[2] for dimension in item.dims)
                self.assertIn(scales, (dimensions, ("tau_I", *dimensions), ("lambda", *dimensions)), f"{name}: {path}")
                self.assertLessEqual(set(scales), axes if "/" not in path else {axis.removeprefix("ridge/") for axis in axes})
                self.assertEqual(item.attrs["units"], "1" if units == "flag" else units, f"{name}: {path}")
                self.assertEqual(item.dtype, np.uint8 if units == "flag" else np.float64, f"{name}: {path}")
                self.assertEqual(units == "flag", "flag_meanings" in item.attrs, f"{name}: {path}")
            for axis in axes - {path for path in axes if "/" in path}:
                self.assertEqual((found[axis].dtype, found[axis].attrs["units"]), (np.float64, COORDINATES.get(axis, "1")), axis)

    @staticmethod
    def datasets(file):
        found = {}
        file.visititems(lambda name, item: found.update({name: item}) if isinstance(item, h5py.Dataset) else None)
        return found

    def test_flags(self):
        """It lists every value of a flag with its word, and scripts know all words of the file."""
        with h5py.File(self.folder / "market.h5") as file:
            for name in ("status", "regime"):
                words = file[name].attrs["flag_meanings"].split()
                numbers = file[name].attrs["flag_values"].tolist()
                listed = re.findall(r"(\d) (\w+)", variables("market_entry")[name][2].split(".")[0])
                self.assertEqual([(int(number), word) for number, word in listed], list(zip(numbers, words)), name)
                self.assertLessEqual(set(words), set(moatfile.WORDS[name]))

    def test_attributes(self):
        table, = tables("attribute")
        rows = {name: rest for names, rest in table for name in names}
        for name, file in self.files():
            lacking = set() if file.attrs["solver"] == b"ridge" else {row for row, (_, meaning) in rows.items() if "`solver: ridge` only" in meaning}
            if file.attrs["sweep"] != b"market_entry":
                lacking |= {row for row, (_, meaning) in rows.items() if "`market_entry`" in meaning}
            lacking |= {"tau_I"} if name == "axis" else set()
            measured = {row for row, (_, meaning) in rows.items() if "on a measured spectrum only" in meaning}
            lacking |= {"gamma"} if name.startswith("measured") else measured
            lacking |= {row for row, (_, meaning) in rows.items() if "with `ridge: {data: FILE.h5}` only" in meaning}
            self.assertEqual(set(file.attrs), set(rows) - lacking, name)
            for attribute, value in file.attrs.items():
                kind = TYPES[rows[attribute][0]]
                self.assertTrue(isinstance(value, (str, bytes)) if kind == "S" else isinstance(value, kind), f"{name}: {attribute}")
        self.assertEqual(rows["format_version"][1].split(";")[0], str(moatfile.FORMAT))

    def test_commands_on_your_own_data(self):
        """The README's commands from embeddings and labels to a figure of N_E*, as they are written but for the folders."""
        section = re.search(r"^## Your own data\n(.*?)^##", README, re.M | re.S)[1]
        commands = re.search(r"^    analysis/dataset\.py(?:.*\n)(?:    .*\n)*", section, re.M)[0]
        commands = commands.replace("analysis/", f"{sys.executable} {ROOT}/analysis/").replace("build/moat", MOAT)
        with tempfile.TemporaryDirectory() as folder:
            generator = np.random.default_rng(1)
            features = generator.standard_normal((400, 12)) / np.arange(1, 13)
            labels = features @ generator.standard_normal((12, 2)) + generator.standard_normal((400, 2))
            np.save(Path(folder, "embeddings.npy"), features)
            np.savetxt(Path(folder, "labels.csv"), labels, delimiter=",", header="helpful,harmless", comments="")
            Path(folder, "jobs").symlink_to(ROOT / "jobs")
            Path(folder, "commands").write_text(commands)
            done = pace.run(["sh", "-e", "commands"], 120, cwd=folder, text=True, env={**MPI_ENVIRONMENT, **os.environ})
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn("written: spectrum.h5", done.stdout)
            for name in ("spectrum.png", "mine.png"):
                self.assertTrue(Path(folder, name).read_bytes().startswith(b"\x89PNG"), name)
            with h5py.File(Path(folder, "mine.h5")) as file:
                self.assertTrue(np.isin(file["status"], (1, 2)).any())

    def test_exit_codes(self):
        """The README's, against the manual's, which other tests meet one by one."""
        sentence = re.search(r"Exit codes:\s(.*?)\.\s", README, re.S)[1]
        manual = re.search(r"\.SH EXIT STATUS\n(.*?)\n\.SH", (ROOT / "src" / "program" / "moat.1").read_text(), re.S)[1]
        self.assertEqual(re.findall(r"(?:^|, )(\d+) ", sentence), re.findall(r"^\.B (\d+)$", manual, re.M))

    def test_files_of_the_tests_say_what_moats_do(self):
        """market_file.py writes long_name, units and root attributes as moat does."""
        with h5py.File(self.folder / "market.h5") as file, h5py.File(self.folder / "axis.h5") as axis:
            for name, about in ABOUT.items():
                item = axis[name] if name in axis and is_axis(axis[name]) else file[name]
                self.assertEqual((item.attrs["long_name"], item.attrs["units"]), about, name)
                self.assertEqual("tau_unit" in item.attrs, name in THRESHOLDS, name)
            for name, value in SYNTHETIC.items():
                found = file.attrs[name]
                self.assertIs(type(found.decode() if isinstance(found, bytes) else found.item()), type(value), name)


if __name__ == "__main__":
    unittest.main()
