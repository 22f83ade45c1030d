#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the commands print beside `moat run`: JSON against the text, the file and the config; output that cannot be written;
and no MPI_Init where none is needed."""

import json
import math
import os
import re
import shlex
import unittest
from unittest import mock

import h5py
import numpy as np

from interrupted import wait_for
from program import AXES, MOAT, Launch, ProgramTest, differing, moat, preload, read, solve, temporary_folder
from sweeps import LONG, MIXED, SMALL_RIDGE, TINY_RIDGE, law

GAMMA, TAU_I = 0.5, 0.9  # of MIXED
POINT = ("point", f"--gamma={GAMMA}", "--nu=1", "--Q=0.1", "--N-I=1e3", f"--tau-I={TAU_I}", "--tau-E=inf")
TERMS = ("finite_data_error", "overfitting_error", "mixture_error", "mixture_finite_data_error")
NO_VARIABLE = {"sentence", "gamma", "delta", "P", "tau_I", "tau_unit", "scrutiny", "tau_I_absolute",  # of the question
               *(f"{company}_{term}" for company in ("entrant", "incumbent") for term in TERMS)}


def parse(lines):
    """The objects of JSON lines, as strict JSON: no NaN and no Infinity, which Python's reader would take."""
    def refuse(word):
        raise ValueError(f"{word} is not JSON")
    return [json.loads(line, parse_constant=refuse) for line in lines.splitlines()]


def text(value):
    """A text attribute, which h5py gives as bytes if its size is fixed."""
    return value.decode() if isinstance(value, bytes) else value


def market_options(file, at):
    """The options of `moat point` for the grid point `at` of a file of MIXED."""
    return [f"--gamma={GAMMA}", f"--tau-I={TAU_I}",
            *(f"--{name.replace('_', '-')}={float(file[name][index])!r}" for name, index in zip(AXES, at))]


class JsonTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.shared = temporary_folder(cls.addClassCleanup)
        cls.path = solve(cls.shared, MIXED)
        cls.file = read(cls.path)
        mixture = MIXED.replace("mixed", "mixture") + "scrutiny: training_mixture\n"
        cls.files = {"trained_model": cls.file, "training_mixture": read(solve(cls.shared, mixture))}
        with h5py.File(cls.path) as file:
            cls.axes = {name: [name] if name in AXES else [scale[0].name.lstrip("/") for scale in file[name].dims]
                        for name in cls.file if "/" not in name}
            cls.words = {name: file[name].attrs["flag_meanings"].split() for name in ("status", "regime")}

    def json(self, code, *arguments):
        """The one object that a command prints, and its stderr."""
        out, err = self.run_moat(code, *arguments, "--json")
        found, = parse(out)
        self.assertEqual(out.count("\n"), 1)
        return found, err

    def test_point_is_the_row_of_a_sweep(self):
        """Every variable of the file under its name and to the bit, in each status and regime, under both kinds of scrutiny."""
        for scrutiny, file in self.files.items():
            random = np.random.default_rng(3)
            picks = [np.argwhere(file[flag] == value) for flag in ("status", "regime") for value in np.unique(file[flag])]
            self.assertGreaterEqual(len(picks), 9)
            for pick in picks:
                self.check_point(scrutiny, file, tuple(random.choice(pick)))

    def check_point(self, scrutiny, file, at):
        found, _ = self.json(0, "point", *market_options(file, at), f"--scrutiny={scrutiny}")
        self.assertEqual(set(found) - NO_VARIABLE, set(self.axes) - {"tau_I"})
        index = dict(zip(AXES, at))
        for name in set(self.axes) - {"tau_I"}:
            value = file[name][tuple(index[axis] for axis in self.axes[name])]
            if name in self.words:
                self.assertEqual(found[name], self.words[name][value], f"{name} at {index}")
            elif np.isnan(value):
                self.assertIsNone(found[name], f"{name} at {index}")
            else:
                self.assertEqual(found[name], value, f"{name} at {index}")
        L_star = found["L_star"]
        self.assertEqual((found["tau_I"], found["tau_unit"], found["scrutiny"]), (TAU_I, "L_star", scrutiny))
        np.testing.assert_allclose(found["tau_I_absolute"], TAU_I * L_star, rtol=1e-15)
        np.testing.assert_allclose(found["delta"], found["nu"] - GAMMA, rtol=1e-15)
        for company in ("entrant", "incumbent"):
            terms = [found[f"{company}_{term}"] for term in TERMS]
            if found[f"{company}_alpha"] is None:
                self.assertEqual(terms, [None] * 4)
            else:
                np.testing.assert_allclose(sum(terms), found[f"{company}_loss_performance"], rtol=1e-9)

    def test_point_as_its_text(self):
        """The text has ten digits of the same numbers, the terms of both companies in their order."""
        at = tuple(np.argwhere(self.file["status"] == 1)[100])
        found, _ = self.json(0, "point", *market_options(self.file, at))
        shown_text, _ = self.run_moat(0, "point", *market_options(self.file, at))
        incumbent, entrant = shown_text.split("\nincumbent\n")[1].split("\nentrant\n")
        for company, section in (("incumbent", incumbent), ("entrant", entrant)):
            shown = [float(value) for value in re.findall(r"^ +\S.*?  +(\S+)", section, re.M)]
            names = ("alpha", "lambda", "loss_performance", *TERMS, "loss_safety")
            expected = [found["N_I" if company == "incumbent" else "N_E_star"], *(found[f"{company}_{name}"] for name in names)]
            np.testing.assert_allclose(shown, [math.inf if value is None else value for value in expected], rtol=1e-9)
        self.assertIn(f"N_E* = {found['N_E_star']:.10g}  ({found['status']})", shown_text)

    def test_point_under_training_mixture(self):
        """N_E* in quadruple precision; the model's own safety loss exceeds the threshold, which its mixture meets."""
        options = ("point", "--gamma=0.8", "--nu=3.6", "--Q=0.2", "--N-I=inf", "--tau-I=0.27", "--tau-E=0.2727", "--scrutiny")
        found, _ = self.json(0, *options, "training_mixture")
        self.assertEqual(found["scrutiny"], "training_mixture")
        self.assertAlmostEqual(found["N_E_star"] / 1435.9606307186914, 1, delta=1e-9)
        self.assertGreater(found["entrant_loss_safety"], found["tau_E_absolute"])
        text, _ = self.run_moat(0, *options, "training_mixture")
        self.assertEqual(len(re.findall(r"with infinite data +(\S+)  \(threshold \1\)", text)), 2)
        _, err = self.run_moat(2, *options, "model")
        self.assertIn("--scrutiny: found `model`, expected trained_model or training_mixture", err)

    def test_infinity(self):
        """A number beyond every double, so that readers take it for infinity; the text has no word for it."""
        line, _ = self.run_moat(0, *POINT, "--json")
        found, = parse(line)
        self.assertEqual((found["P"], found["tau_E"], found["tau_E_absolute"]), (math.inf,) * 3)
        self.assertNotRegex(line.lower(), r"\binf|nan")

    def test_plan(self):
        for config in (MIXED, SMALL_RIDGE):
            self.write("sweep.yaml", config)
            found, _ = self.json(0, "plan", "sweep.yaml", "-n", "3")
            shown = self.run_moat(0, "plan", "sweep.yaml", "-n", "3")[0]
            path = solve(self.folder, config)
            ridge = "solver: ridge" in config
            with h5py.File(path) as file:
                self.assertEqual(found["points"], file["status"].size)
                self.assertEqual(found["blocks"], file["run/block_state"].size)
                self.assertEqual(found["tasks"], file["run/task_state"].size if ridge else 0)
                self.assertEqual([rung["N"] for rung in found["rungs"]], list(file["ridge/N"]) if ridge else [])
                self.assertEqual((found["name"], found["sweep"], found["solver"]),
                                 tuple(text(file.attrs[name]) for name in ("title", "sweep", "solver")))
            self.assertEqual((found["output"], found["ranks"], found["workers"]), (path.name, 3, 2))
            self.assertGreater(found["file_bytes"], 0.8 * path.stat().st_size)
            self.assertIn(f"{found['points']} in {found['blocks']} blocks", shown)
            self.assertIn(f"{found['file_bytes'] / 1e6:.4g} MB", shown)
            self.assertAlmostEqual(found["seconds"], found["tables_seconds"] + found["grid_seconds"])
            self.assertAlmostEqual(found["grid_seconds"], found["seconds_per_point"] * found["points"] / 2)
            self.assertEqual(found["flops_per_second"] is None, not ridge)
            self.assertAlmostEqual(found["flops"], found["trials"] * sum(rung["flops"] for rung in found["rungs"]), delta=1)
            rows = re.findall(r"^ +(\d+) +(\d+) +(\S+) +(\S+) +\S+$", shown, re.M)
            self.assertEqual([[f"{rung['N']:.0f}", str(rung["ranks"]), f"{rung['flops'] / 1e9:.4g}",
                               f"{rung['rank_bytes'] / 1e6:.4g}"] for rung in found["rungs"]], [list(row) for row in rows])
            self.assertGreater(found["rank_bytes"], max([5e6, *(rung["rank_bytes"] for rung in found["rungs"])]))

    def test_status(self):
        """Complete, stopped, and with data sets, against the file."""
        pieces = solve(self.folder, TINY_RIDGE)
        with h5py.File(pieces, "r+") as file:
            file["run/block_state"][0] = 0
            file["status"][0] = 0
            file["run/task_state"][0, 1] = 2
        for path in (self.path, pieces):
            found, err = self.json(0, "status", path)
            with h5py.File(path) as file:
                blocks, seconds = file["run/block_state"][()], file["run/block_seconds"][()]
                tasks = file["run/task_state"][()] if "ridge" in file else np.zeros(0)
                words = file["status"].attrs["flag_meanings"].split()
                counts = np.bincount(file["status"][()].ravel(), minlength=len(words))
                title = text(file.attrs["title"])
            self.assertEqual(found["points_by_status"], dict(zip(words, counts)))
            self.assertEqual(found["points"], sum(counts))
            self.assertEqual((found["file"], found["title"], found["error"]), (str(path), title, None))
            self.assertEqual((found["blocks"], found["blocks_done"]), (blocks.size, (blocks == 1).sum()))
            self.assertEqual((found["tasks"], found["tasks_done"], found["tasks_failed"]),
                             (tasks.size, (tasks == 1).sum(), (tasks == 2).sum()))
            self.assertEqual((found["complete"], found["written_now"], found["writer"]), (path == self.path, False, None))
            np.testing.assert_allclose(found["seconds"], seconds[blocks == 1].sum(), rtol=1e-12)
            self.assertEqual(err, "")

    def test_status_without_a_summary(self):
        """Missing, foreign and damaged files: the exit code and message of the text, and the message in the object."""
        self.write("notes.txt", "my notes")
        (self.folder / "cut.h5").write_bytes(self.path.read_bytes()[:5000])
        for name in ("no.h5", "notes.txt", "cut.h5", "."):
            out, err = self.run_moat(2, "status", name)
            self.assertEqual(out, "")
            found, said = self.json(2, "status", name)
            self.assertEqual((found, said), ({"file": name, "error": err.removeprefix("moat: ").rstrip("\n")}, err))
        found, _ = self.json(2, "status", "no.h5", "--follow", "-w", "0")
        self.assertIn("no such file", found["error"])

    def test_status_gives_up(self):
        """--follow on a stopped sweep ends with 75: the summary and the reason."""
        path = solve(self.folder, TINY_RIDGE)
        with h5py.File(path, "r+") as file:
            file["run/block_state"][0] = 0
        found, err = self.json(75, "status", path, "--follow", "-w", "0")
        self.assertEqual((found["complete"], f"moat: {found['error']}\n" in err), (False, True))

    def test_any_file_name(self):
        """JSON is UTF-8: other bytes are replaced, each by U+FFFD; quotes and control characters are escaped."""
        for name, shown in ((b"plain.h5", "plain.h5"), ("κ\U0001f600.h5".encode(), "κ\U0001f600.h5"),
                            (b'"\\\n\t\x01\x7f', '"\\\n\t\x01\x7f'), (b"a\xff\xc3.h5", "a\ufffd\ufffd.h5"),
                            (b"\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80\xf0\x9f\x98", "\ufffd" * 12)):
            with mock.patch("program.MOAT", "sh"):
                line = shlex.join((MOAT, "status", "--json", os.fsdecode(name)))
                code, out, _ = moat(self.folder, "-c", f"{line} 2>/dev/null")
            self.assertEqual((code, parse(out)[0]["file"]), (2, shown))


class ShowTest(ProgramTest):
    """What `moat show` prints against h5py."""

    @staticmethod
    def sections(shown):
        """(config, history, rows of the variables)."""
        config, history, variables = re.fullmatch(r"config:\n(.*)\nhistory:\n(.*)\nvariables:\n(.*)", shown, re.S).groups()
        cut = lambda part: re.sub(r"^  ", "", part, flags=re.M)
        return cut(config), cut(history), [re.split(r"  +", line) for line in cut(variables).splitlines()]

    def test_everything_in_the_file(self):
        scaling_law = law("law", N="{values: [10, 1e4]}", alpha="{values: [0.75]}", Q="{values: [0.1]}", nu="{values: [1]}")
        for given in (MIXED, SMALL_RIDGE, scaling_law):
            path = solve(self.folder, given)
            config, history, rows = self.sections(self.run_moat(0, "show", path)[0])
            self.assertEqual(config, given)
            expected = []

            def take(name, item):
                if isinstance(item, h5py.Dataset):
                    scale = item.attrs.get("CLASS") == b"DIMENSION_SCALE"
                    names = [name] if scale else [dimension[0].name for dimension in item.dims]
                    axes = ", ".join(f"{axis.rpartition('/')[2]}: {size}" for axis, size in zip(names, item.shape))
                    kind = f"text of {item.dtype.itemsize} bytes" if item.dtype.kind == "S" else str(item.dtype)
                    expected.append([name, f"({axes})", kind, text(item.attrs["units"]), text(item.attrs["long_name"])])

            with h5py.File(path) as file:
                file.visititems(take)
                self.assertEqual(history, text(file.attrs["history"]) + "\n")
            self.assertEqual(sorted(rows), sorted(expected))

    def test_parts(self):
        """The config runs again and gives the same file; each run has a line of history."""
        path = solve(self.folder, MIXED)
        self.run_moat(0, "run", "mixed.yaml", "-q")
        config, _ = self.run_moat(0, "show", "--config", path)
        self.assertEqual(config, MIXED)
        again = solve(self.folder, config.replace("output: mixed.h5", "output: again.h5"))
        self.assertEqual(differing(read(path), read(again)), [])
        lines = self.run_moat(0, "show", "--history", path)[0].splitlines()
        self.assertEqual([line.count("moat run mixed.yaml -q") for line in lines], [1, 1])

    def test_without_the_end_of_a_line(self):
        given = MIXED.rstrip("\n") + "  # no newline"
        self.assertEqual(self.run_moat(0, "show", "--config", solve(self.folder, given))[0], given)

    def test_live_and_killed(self):
        self.write("long.yaml", LONG)
        path = self.folder / "long.h5"
        with Launch(self.folder, "run", "long.yaml", ranks=3):
            wait_for(path.exists)
            live = self.run_moat(0, "show", path)[0]
        killed = self.run_moat(0, "show", path)[0]
        cost = re.compile(r", at least \S+ core-hours")  # which a live run brings up to date
        self.assertEqual(cost.sub("", live), cost.sub("", killed))
        config, history, rows = self.sections(killed)
        self.assertEqual((config, history.count("\n"), rows[0][1]), (LONG, 1, "(N_I: 50)"))

    def test_refusals(self):
        path = solve(self.folder, TINY_RIDGE)
        self.write("notes.txt", "my notes")
        (self.folder / "cut.h5").write_bytes(path.read_bytes()[:5000])
        for name in ("no.h5", "notes.txt", "cut.h5", "."):
            for part in ((), ("--config",), ("--history",)):
                self.assertEqual(self.run_moat(2, "show", name, *part), self.run_moat(2, "status", name))
        for variable, kind, command in (("eigenvalue", "a measured spectrum", "moat draw spectrum"),
                                        ("features", "a data file", "moat measure"), ("x", "an HDF5 file that moat did not write", "")):
            with h5py.File(self.folder / "other.h5", "w") as file:
                file[variable] = np.ones(3)
            _, err = self.run_moat(2, "show", "other.h5")
            self.assertIn(f"other.h5: {kind}", err)
            self.assertIn(command, err)

    def test_strangers(self):
        """Variables that moat did not make are listed as such; nothing in the file reaches the terminal as a control character."""
        config = self.write("ridge.yaml", TINY_RIDGE)
        path = self.folder / "a\x1b[2Jb\nc.h5"
        self.run_moat(0, "run", config, "-q", "-o", path)
        with h5py.File(path, "r+") as file:
            file["my\x1b[2Jown"] = np.zeros((2, 3), np.int16)
        out, _ = self.run_moat(0, "show", path)
        self.assertRegex(out, r"\n  my\?\[2Jown +\(\?: 2, \?: 3\) +int16 +\? +not a variable of moat\n")
        self.assertRegex(out, r"moat run .*/a\?\[2Jb.c\.h5.* \[host .*\]\n")


class OutputTest(ProgramTest):
    """Output that cannot be written."""

    def redirected(self, to, *words):
        """(exit code, stderr) of moat under a shell that redirects its streams."""
        with mock.patch("program.MOAT", "sh"):
            code, _, err = moat(self.folder, "-c", f"{shlex.join((MOAT, *words))} {to}")
        return code, err

    def test_full_disk(self):
        path = solve(self.folder, TINY_RIDGE)
        config = path.with_suffix(".yaml").name
        for words in (POINT, (*POINT, "--json"), ("plan", config), ("plan", config, "--json"), ("status", path.name),
                      ("status", path.name, "--json"), ("show", path.name), ("show", path.name, "--config"),
                      ("submit", config, "--dry-run"), ("--version",), ("--help",),
                      ("help", "run"), ("run", "--help"), ("status", "--usage"), ("run", config)):
            self.assertEqual(self.redirected(">/dev/full", *words),
                             (1, "moat: standard output cannot be written: No space left on device\n"), words)

    def test_other_exit_codes_stay(self):
        """A refusal is a refusal, and a sweep that can be resumed must still say so."""
        code, err = self.redirected(">/dev/full", "status", "no.h5", "--json")
        self.assertEqual((code, len(err.splitlines())), (2, 2), err)

    def test_closed_streams(self):
        """Neither the results file nor a socket of MPI is opened in their place, to be printed into."""
        self.write("mixed.yaml", MIXED)
        for closed, expected in ((">&-", 1), ("<&- >&- 2>&-", 1), ("2>&-", 0)):
            self.assertEqual(self.redirected(closed, "run", "mixed.yaml", "-o", f"{len(closed)}.h5")[0], expected, closed)
            self.assertTrue((read(self.folder / f"{len(closed)}.h5")["status"] > 0).all())
        self.write("long.yaml", LONG)
        with mock.patch("program.MOAT", "sh"), \
                Launch(self.folder, "-c", f"exec {shlex.quote(MOAT)} run long.yaml <&- >&- 2>&-") as launch:
            wait_for((self.folder / "long.h5").exists)
            opened = [os.readlink(f"/proc/{launch.process.pid}/fd/{stream}") for stream in range(3)]
        self.assertEqual(opened, ["/dev/null"] * 3)


class WithoutMpiTest(ProgramTest):
    """Inside a step of srun, whose MPI may be another, or wait for ranks that never start theirs."""

    STEP = {"SLURM_JOB_ID": "8", "SLURM_STEP_ID": "0", "SLURM_NTASKS": "2", "SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": "0",
            "PMIX_RANK": "0", "PMIX_NAMESPACE": "slurm.pmix.8.0", "PMIX_SERVER_URI41": "pmix-server.1;tcp4://127.0.0.1:1",
            "PMI_RANK": "0", "PMI_SIZE": "2", "PMI_FD": "99"}

    def test_no_mpi_init(self):
        path = solve(self.folder, TINY_RIDGE)
        config = path.with_suffix(".yaml").name
        with mock.patch.dict(os.environ, self.STEP, LD_PRELOAD=preload(self.folder, "no_mpi_init")):
            for words in (POINT, ("plan", config), ("submit", config, "--dry-run"), ("status", path.name), ("show", path.name),
                          ("--version",), ("help", "plan"), ("draw", "--help"), ("export", path.name)):
                out, err = self.run_moat(0, *words)
                self.assertTrue(out and not err, words)
            self.assertIn("MPI_Init was called", self.run_moat(99, "run", config)[1])
            with mock.patch.dict(os.environ, SLURM_PROCID="1", PMIX_RANK="1", PMI_RANK="1"):
                self.assertEqual(self.run_moat(0, "plan", config), ("", ""))


if __name__ == "__main__":
    unittest.main()
