#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""analysis/export.py: tables of real runs, read back."""

import contextlib
import csv
import importlib.util
import io
import itertools
import json
import math
import re
import shutil
import sys
import unittest
from unittest import mock

import h5py
import numpy as np
import pandas

import pace
from program import ROOT, solve, temporary_folder
from sweeps import law, market

sys.path.insert(0, str(ROOT / "analysis"))
import export  # noqa: E402
import moatfile  # noqa: E402
import output  # noqa: E402

JOBS = {
    "market": market("market", N_I="{values: [2, 100, 1e9, .inf]}", tau_E="{values: [0.5, 0.95, .inf]}",
                     Q="{values: [0.1, 0.30000000000000004]}", nu="{values: [1.0, 2.0]}", tau_unit="L_star"),
    "law": law("law", ridge_levels="{values: [0.01, 0.1]}", N="{log: [1, 1000], points: 4}", alpha="{values: [0.75, 1]}",
               Q="{values: [0.1]}", nu="{values: [1.0, 2.0]}"),
}


class ExportTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = temporary_folder(cls.addClassCleanup)
        for text in JOBS.values():
            solve(cls.folder, text)

    def export(self, code, name, *arguments):
        """(stdout, stderr) of the command on a file of the folder."""
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
            self.assertEqual(export.main([str(self.folder / name), *map(str, arguments)]), code)
        return out.getvalue(), err.getvalue()

    @staticmethod
    def table(text, separator=","):
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        return list(csv.DictReader(lines, delimiter=separator))

    def test_every_number_comes_back(self):
        for name in JOBS:
            found = self.table(self.export(0, f"{name}.h5")[0])
            with h5py.File(self.folder / f"{name}.h5") as file:
                axes = [dimension[0].name.lstrip("/") for dimension in file["status"].dims]
                points = list(itertools.product(*(range(size) for size in file["status"].shape)))
                self.assertEqual(len(found), len(points))
                variables = [item for item in file if isinstance(file[item], h5py.Dataset) and item not in axes]
                self.assertEqual(list(found[0])[:len(axes)], axes)
                self.assertEqual(set(found[0]), {*axes, *variables})
                for row, point in zip(found, points):
                    at = dict(zip(axes, point))
                    for axis in axes:
                        self.assertEqual(float(row[axis]), file[axis][at[axis]])
                    for variable in variables:
                        data = file[variable]
                        value = data[tuple(at[dimension[0].name.lstrip("/")] for dimension in data.dims)]
                        words = data.attrs.get("flag_meanings")
                        if words is None:
                            shown = float(row[variable])
                            self.assertTrue(shown == value or math.isnan(shown) and math.isnan(value), variable)
                        else:
                            words = words.decode() if isinstance(words, bytes) else words
                            self.assertEqual(row[variable], words.split()[value])

    def test_numpy_and_pandas_read_it(self):
        """Without an argument. Missing values are NaN and infinity is inf, to both; there is one row of no threshold at least."""
        target = self.folder / "plain.csv"
        self.export(0, "market.h5", "-o", target)
        table, exact = pandas.read_csv(target), pandas.read_csv(target, float_precision="round_trip")
        plain = np.genfromtxt(target, delimiter=",", skip_header=1)
        names = list(table)
        with h5py.File(self.folder / "market.h5") as file:
            threshold = file["N_E_star"][...].ravel()
            n_incumbent = np.broadcast_to(file["N_I"][...][:, None, None, None], file["N_E_star"].shape).ravel()
        self.assertTrue(np.isnan(threshold).any() and np.isinf(n_incumbent).any() and np.isfinite(threshold).any())
        for name, expected in (("N_E_star", threshold), ("N_I", n_incumbent)):
            np.testing.assert_allclose(table[name], expected, rtol=1e-15)
            np.testing.assert_array_equal(exact[name], expected)
            np.testing.assert_array_equal(plain[:, names.index(name)], expected)
        self.assertLessEqual(set(table["regime"]), set(moatfile.REGIMES))

    @unittest.skipUnless(shutil.which("Rscript"), "there is no R")
    def test_r_reads_it(self):
        target = self.folder / "r.csv"
        self.export(0, "market.h5", "-o", target)
        done = pace.run(["Rscript", "-e", f"t <- read.csv('{target}'); cat(class(t$N_E_star), class(t$N_I), sum(is.na(t$N_E_star)), "
                                          "sum(is.infinite(t$N_I)), nrow(t))"], 60, text=True)
        with h5py.File(self.folder / "market.h5") as file:
            threshold = file["N_E_star"][...]
            infinite = np.isinf(file["N_I"][...]).sum() * threshold[0].size
        self.assertEqual(done.stdout.split(), ["numeric", "numeric", str(np.isnan(threshold).sum()), str(infinite), str(threshold.size)])

    @unittest.skipUnless(importlib.util.find_spec("pyarrow"), "there is no pyarrow")
    def test_parquet(self):
        target = self.folder / "table.parquet"
        with mock.patch.object(export, "CHUNK", 5):
            self.export(0, "market.h5", "-o", target)
        self.assertFalse((self.folder / "table.parquet-metadata.json").exists())
        text = self.folder / "parquet.csv"
        self.export(0, "market.h5", "-o", text)
        pandas.testing.assert_frame_equal(pandas.read_parquet(target), pandas.read_csv(text, float_precision="round_trip"))

    @unittest.skipIf(importlib.util.find_spec("pyarrow"), "there is pyarrow")
    def test_parquet_without_pyarrow(self):
        _, error = self.export(2, "market.h5", "-o", self.folder / "none.parquet")
        self.assertIn("Parquet needs the module pyarrow", error)
        self.assertFalse((self.folder / "none.parquet").exists())

    def test_bar(self):
        """On a terminal and for a large table alone, within its width, and away at the end."""
        class Terminal(io.StringIO):
            def isatty(self):
                return True

        def shown(**changes):
            with mock.patch.multiple(output, FIRST=0, PAUSE=0), mock.patch.object(export, "CHUNK", 5), \
                    mock.patch.dict(export.os.environ, {"TERM": "xterm", "COLUMNS": "40", **changes.pop("environment", {})}), \
                    mock.patch.object(output.sys, "stderr", changes.pop("stream", Terminal())) as stream:
                export.write(str(self.folder / "market.h5"), str(self.folder / "bar.csv"), quiet=False, **changes)
            return stream.getvalue()

        said = shown()
        rows = re.split(r"\r|\x1b\[K", said)
        self.assertLess(max(map(len, rows)), 40)
        self.assertIn("export.py: 48 of 48 points, 100 %, 0 s ", rows)
        self.assertTrue(said.endswith("\r\x1b[K"))
        self.assertEqual((shown(stream=io.StringIO()), shown(environment={"TERM": "dumb"})), ("", ""))
        with contextlib.redirect_stderr(Terminal()) as quick:
            export.write(str(self.folder / "market.h5"), str(self.folder / "bar.csv"), quiet=False)
            export.main([str(self.folder / "market.h5"), "-o", str(self.folder / "bar.csv"), "-q"])
        self.assertEqual(quick.getvalue(), "")

    def test_pieces_make_the_whole(self):
        """However few points are held at a time, and with axes held."""
        for name, slices in (("market", []), ("market", ["--slice", "tau_E=.95", "nu=2"]),
                             ("market", ["--slice", "N_I=100"]), ("law", []), ("law", ["--slice", "alpha=1"])):
            whole = self.export(0, f"{name}.h5", *slices)[0]
            for size in (1, 2, 5, 11):
                with mock.patch.object(export, "CHUNK", size):
                    self.assertEqual(self.export(0, f"{name}.h5", *slices)[0], whole, f"{name} {slices}, {size} points")

    def test_slices_variables_and_tabs(self):
        target = self.folder / "table.tsv"
        said, _ = self.export(0, "market.h5", "-o", target, "--variables", "N_E_star", "--slice", "Q=0.3", "tau_E=inf")
        self.assertIn("8 points", said)
        text = target.read_text()
        found = self.table(text, "\t")
        self.assertEqual(len(found), 8)
        self.assertEqual(set(found[0]), {"N_I", "tau_E", "Q", "nu", "N_E_star"})
        self.assertEqual({(row["tau_E"], row["Q"]) for row in found}, {("inf", "0.30000000000000004")})
        self.assertNotIn("#", text)
        self.assertEqual(json.loads((self.folder / "table.tsv-metadata.json").read_text())["dialect"]["delimiter"], "\t")
        self.assertEqual([path.name for path in self.folder.glob("*.part*")], [])

    def test_metadata(self):
        """What the model is, and where the file comes from, from the root attributes: above the table, or beside it with the
        units and meaning of each column from the file."""
        path = self.folder / "typed.h5"
        shutil.copy(self.folder / "market.h5", path)
        given = {"gamma": 0.5, "P": math.inf, "tau_I": 0.9, "tau_unit": "L_star", "scrutiny": "training_mixture", "seed": 7}
        with h5py.File(path, "r+") as file:
            file.attrs.update(given)
        text = self.export(0, path.name, "--header")[0]
        lines = [line[2:].split(": ", 1) for line in text.splitlines() if line.startswith("#")]
        above, target = dict(lines), self.folder / "typed.csv"
        self.assertEqual(len(above), len(lines))
        self.assertTrue(text.endswith(self.export(0, path.name)[0]))
        self.export(0, path.name, "-o", target, "--header")
        self.assertEqual([target.read_text(), *self.folder.glob("typed.csv?*")], [text])
        self.export(0, path.name, "-o", target)
        document = json.loads((self.folder / "typed.csv-metadata.json").read_text())
        for found in (above, document["notes"][0]):
            self.assertLessEqual({"title", "moat_version", "git_revision", "sweep", "solver", "references"}, set(found))
            for name, value in given.items():
                self.assertEqual(type(value)(found[name]), value)
        described = {column["name"]: column for column in document["tableSchema"]["columns"]}
        self.assertEqual((document["url"], list(described)), (target.name, target.read_text().split("\n")[0].split(",")))
        with h5py.File(path) as file:
            for name, column in described.items():
                self.assertEqual(column["dc:description"], file[name].attrs["long_name"])
                if column["datatype"] == "number" and name not in ("tau_E", "tau_I"):
                    self.assertEqual(column["schema:unitText"], file[name].attrs["units"])
        self.assertIn("no_entry", described["status"]["schema:valueReference"])

    def test_hostile_texts(self):
        """A file whose names and words are formulas or several lines: none in a cell of the table or of its header."""
        path = self.folder / "hostile.h5"
        shutil.copy(self.folder / "market.h5", path)
        names = ["=1+1", "+x", "-x", "@x", " =1", "two\nlines", "cut#off", 'a"b,=c', "=cmd|' calc'!A0", "tab\t=1"]
        with h5py.File(path, "r+") as file:
            file.attrs["title"] = 'two\nlines,=1+1\t@x;-y "=2", +3;"=6"\r=4\u2028=5'
            for name in names:
                file.copy("N_E_star", name)
                for number, scale in enumerate(file["N_E_star"].dims):
                    file[name].dims[number].attach_scale(scale[0])
            words = file["regime"].attrs["flag_meanings"].split()
            file["regime"].attrs["flag_meanings"] = " ".join("=" + word for word in words)
            del file["run"]  # and with it the checksums
        plain = self.export(0, "market.h5", "--header")[0].splitlines()
        for suffix, separator in ((".csv", ","), (".tsv", "\t")):
            target = self.folder / f"hostile{suffix}"
            self.export(0, path.name, "-o", target, "--header")
            lines = target.read_text().split("\n")
            self.assertEqual(len(lines), len(plain) + 1)  # each row is one line
            header = next(k for k, line in enumerate(lines) if not line.startswith("#"))
            self.assertEqual(header, next(k for k, line in enumerate(plain) if not line.startswith("#")))
            for line in lines:
                for divider in {separator, ";", ","} if line.startswith("#") else {separator}:
                    for found in next(csv.reader([line], delimiter=divider), []):
                        if found.lstrip()[:1] in tuple("=+-@"):
                            float(found)  # raises what shows the cell, if it is no number
            table = pandas.read_csv(target, sep=separator, comment="#")
            columns = len(next(csv.reader([plain[header]])))
            self.assertEqual(table.shape, (len(plain) - header - 1, columns + len(names)))
            self.assertEqual(set(table["regime"]) - {"'=" + word for word in words}, set())

    def test_refusals(self):
        target = self.folder / "kept.csv"
        target.write_text("as it was")
        with h5py.File(self.folder / "foreign.h5", "w") as file:
            file["N_E_star"] = [1.0]
        for arguments, message in (
                (["absent.h5"], "no such file"), (["foreign.h5"], "not a moat results file"),
                (["market.yaml"], "cannot be read as HDF5"),
                (["market.h5", "--variables", "loss"], "found loss; expected some of"),
                (["market.h5", "--slice", "alpha=1"], "found alpha=1; expected AXIS=VALUE with AXIS one of N_I, tau_E, Q, nu"),
                (["law.h5", "--slice", "nu=5"], "nu has no value 5; it has 1, 2")):
            _, error = self.export(2, *arguments, "-o", target)
            self.assertIn(message, error)
            self.assertEqual(error.count("\n"), 1)
            self.assertEqual(target.read_text(), "as it was")
        self.assertIn("cannot be written", self.export(2, "law.h5", "-o", self.folder / "absent" / "t.csv")[1])

    def test_reader_that_has_enough(self):
        script = ROOT / "analysis" / "export.py"
        piped = pace.run(f"'{script}' market.h5 | head -1; test ${{PIPESTATUS[0]}} = 0", 60, shell=True, cwd=self.folder,
                         executable="/bin/bash")
        self.assertEqual((piped.returncode, piped.stderr), (0, b""))

    def test_disk_that_is_full(self):
        """Found while a long table is written, or when a short one is flushed at the end; in argparse's help; in a table's file."""
        short = ("--slice", "nu=1", "--variables", "status")
        cases = (("export.py", "market.h5"), ("export.py", "market.h5", *short), ("export.py", "--help"), ("summary.py", "--help"),
                 ("validation.py", "--help"), ("explore.py", "market.h5", "-o", "page.html"))
        for unbuffered in ("", "1"):
            for script, *arguments in cases:
                line = f"PYTHONUNBUFFERED={unbuffered} '{ROOT}/analysis/{script}' {' '.join(arguments)} >/dev/full"
                found = pace.run(line, 60, shell=True, text=True, cwd=self.folder)
                self.assertEqual((found.returncode, found.stderr),
                                 (1, f"{script}: standard output cannot be written: No space left on device\n"), line)
        line = f"ulimit -f 1; '{ROOT}/analysis/export.py' market.h5 -o new.csv"
        found = pace.run(line, 60, shell=True, text=True, cwd=self.folder)
        self.assertEqual((found.returncode, found.stderr), (1, "export.py: new.csv: cannot be written: File too large\n"))
        self.assertEqual([path.name for path in self.folder.glob("new*")], [])

    def test_whole_or_not_at_all(self):
        """A table, a page or a figure that cannot be written to its end leaves what stood there, and nothing else; one that is
        complete goes where a link points, never through a link that bears the name of a temporary file."""
        folder = temporary_folder(self.addCleanup)
        victim = folder / "victim"
        victim.write_text("as it was")
        for script, name in (("export.py", "table.csv"), ("explore.py", "page.html"), ("phase_diagram.py", "figure.svg")):
            target, link = folder / name, folder / f"link-{name}"
            target.write_text("as it was")
            target.chmod(0o640)
            link.symlink_to(name)
            (folder / f"{name.replace('.', '.part.')}").symlink_to("victim")
            beside = {folder / f"{link.name}-metadata.json"} if script == "export.py" else set()
            before = sorted(folder.iterdir())
            run = f"'{ROOT}/analysis/{script}' '{self.folder}/market.h5' --slice Q=0.1 nu=1 -o {link.name}"
            found = pace.run(f"ulimit -f 1; {run}", 60, shell=True, text=True, cwd=folder)
            self.assertNotEqual(found.returncode, 0, found.stdout)
            self.assertIn(f"{link.name}: cannot be written: File too large", found.stderr)
            self.assertEqual(target.read_text(), "as it was", script)
            self.assertEqual(sorted(folder.iterdir()), before, script)
            found = pace.run(run, 60, shell=True, text=True, cwd=folder)
            self.assertEqual(found.returncode, 0, found.stderr)
            self.assertGreater(target.stat().st_size, 1024)
            self.assertEqual((link.is_symlink(), target.stat().st_mode & 0o777), (True, 0o640))
            self.assertEqual(set(folder.iterdir()), {*before, *beside}, script)
        self.assertEqual(victim.read_text(), "as it was")


if __name__ == "__main__":
    unittest.main()
