#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`--tables OLD.h5`: what another file has measured is taken to the bit, only what it lacks is measured, and NEW says so."""

import fcntl
import json
import os
import re
import shutil
import unittest
import zlib

import h5py
import numpy as np

from interrupted import wait_for
from program import Launch, ProgramTest, differing, read, solve, stay_alone, temporary_folder
from ridge_tables import table_difference
from sweeps import SMALL_RIDGE, law, market, on_spectrum

DONE, FAILED = 1, 2
RUNGS, TRIALS, NUS = [8, 16, 32, 64, 96, 128, 180, 256], 4, [0.75, 1.5]  # of SMALL_RIDGE

# One rank a data set: the bits of a table may depend on the number of ranks that make it.
OLD = SMALL_RIDGE.replace("seed: 1}", "seed: 1, ranks_per_group: 1}")


def ridge(rungs, trials, P=128, seed=1, **more):
    keys = {"P": P, "N": f"{{values: {rungs}}}", "trials": trials, "seed": seed, "ranks_per_group": 1, **more}
    return "{" + ", ".join(f"{key}: {value}" for key, value in keys.items() if value is not None) + "}"


def other_market(name, nus, rungs, trials, **more):
    return market(name, N_I="{values: [33, 70, .inf]}", tau_E="{values: [0.93, .inf]}", Q="{values: [0.2]}", tau_I=0.85,
                  nu=f"{{values: {nus}}}", ridge=ridge(rungs, trials), **more)


def other_law(name, nus, rungs, trials):
    return law(name, N="{values: [20, 64, 200]}", alpha="{values: [0.6, 0.9]}", Q="{values: [0.3]}", nu=f"{{values: {nus}}}",
               ridge=ridge(rungs, trials))


def tables(values):
    return [name for name in values if re.fullmatch("ridge/(A1|A2|D|loss_.*)", name)]


def seal(path):
    """Gives the tasks of a file, whose tables a test has changed, the checksums of their new values."""
    with h5py.File(path, "r+") as file:
        names = [f"ridge/{name}" for name in ("A1", "A2", "D", "loss_performance", "loss_safety") if name in file["ridge"]]
        state, stored = file["run/task_state"][()], file["run/task_checksum"]
        sums = np.zeros(state.shape, np.uint32)
        for at in np.ndindex(state.shape):
            parts = [state[at].tobytes(), *(file[name][at].tobytes() for name in names if state[at] == DONE)]
            sums[at] = zlib.crc32(b"".join(parts))
        stored[...] = sums


class TablesTest(ProgramTest):
    """Each test has a copy of OLD's file, finished, as old.h5 in its folder."""

    @classmethod
    def setUpClass(cls):
        cls.home = temporary_folder(cls.addClassCleanup)
        stay_alone()
        cls.finished = solve(cls.home, OLD)
        cls.made = {}

    def setUp(self):
        super().setUp()
        self.old = self.folder / "old.h5"
        shutil.copy(self.finished, self.old)

    def measured(self, text):
        """The file of a run that measures everything itself."""
        if text not in self.made:
            self.made[text] = solve(self.home, re.sub("output: .*", f"output: own-{len(self.made)}.h5", text))
        return self.made[text]

    def own(self, text):
        """Its values."""
        return read(self.measured(text))

    def take(self, text, *more, ranks=None, old=None):
        """Runs a config with the tables of a file, which must not change: (values, last line, stderr)."""
        name = re.search(r"^name: (\S+)", text)[1]
        self.write(f"{name}.yaml", text)
        before = (old or self.old).read_bytes()
        out, err = self.run_moat(0, "run", f"{name}.yaml", "--tables", old or "old.h5", *more, ranks=ranks)
        self.assertEqual((old or self.old).read_bytes(), before)
        return read(self.folder / f"{name}.h5"), out, err

    def check_origins(self, found, rungs, trials, nus, old="old.h5", name="small"):
        """Each task says what was taken for it, and only what was solved here has a time and a rank."""
        for (k, trial), message in np.ndenumerate(found["run/task_message"]):
            there = len(set(nus) & set(NUS)) if rungs[k] in RUNGS and trial < TRIALS else 0
            expected = "" if not there else "tables " + (f"at {there} of {len(nus)} nu " if there < len(nus) else "") + "from "
            if expected:
                expected += f"{(self.folder / old).resolve()} ({name}, created "
            self.assertTrue(message.decode().startswith(expected) and bool(message) == bool(expected), (message, expected))
            self.assertEqual(np.isnan(found["run/task_seconds"][k, trial]), there == len(nus))
            self.assertEqual(found["run/task_rank"][k, trial] == -1, there == len(nus))

    def check_close(self, found, own):
        """The file of a run that measures everything, but for rounding: BLAS may round the products of several nu another way
        than those of one."""
        self.assertEqual(found.keys(), own.keys())
        self.assertLess(table_difference(found, own), 1e-9)
        np.testing.assert_array_equal(found["status"], own["status"])
        for name in {"N_E_star", "loss", "incumbent_loss_performance"} & found.keys():
            np.testing.assert_allclose(found[name], own[name], rtol=1e-8, err_msg=name)

    def test_nothing_to_measure(self):
        """Other N_I, thresholds and Q, fewer rungs, trials and nu, the other kind of sweep; and back from there."""
        rungs = [16, 32, 64, 128, 256]
        for ranks, text in ((None, other_market("market", [1.5], rungs, 3)), (3, other_law("law", [0.75], rungs, 4))):
            with self.subTest(ranks=ranks):
                nus = [1.5] if "N_I" in text else [0.75]
                trials = 3 if "N_I" in text else 4
                found, out, err = self.take(text, ranks=ranks)
                self.check_close(found, self.own(text))
                self.check_origins(found, rungs, trials, nus)
                self.assertIn(f"{5 * trials} of {5 * trials} data sets taken from old.h5", " ".join(out.split()))
                self.assertNotIn("data sets in", " ".join(out.split()))
                self.assertEqual(err, "")
        back = other_market("back", [0.75], [16, 32, 64, 256], 2)
        found, _, _ = self.take(back, old=self.folder / "law.h5")
        self.check_close(found, self.own(back))
        self.check_origins(found, [16, 32, 64, 256], 2, [0.75], "law.h5", "law")

    def test_more_to_measure(self):
        """New rungs, trials and nu, in the middle and at the ends."""
        rungs, trials, nus = [16, 24, 64, 96, 200, 256], 5, [0.6, 0.75, 1.1, 1.5, 1.9]
        for ranks, text in ((None, other_market("market", nus, rungs, trials)), (3, other_law("law", nus, rungs, trials))):
            with self.subTest(ranks=ranks):
                found, out, _ = self.take(text, ranks=ranks)
                self.check_close(found, self.own(text))
                self.check_origins(found, rungs, trials, nus)
                self.assertIn("16 of 30 data sets taken at some nu from old.h5", " ".join(out.split()))

    def test_tables_are_those_of_the_file(self):
        """Values that no data set has, under checksums that hold, come to NEW as they are: nothing is measured again."""
        with h5py.File(self.old, "r+") as file:
            for name in ("A1", "A2", "D"):
                file[f"ridge/{name}"][...] *= 1 + 2.0 ** -40
        seal(self.old)
        planted = read(self.old)
        for nus in ([0.75, 1.5], [0.6, 1.5, 2.0]):
            text = other_market(f"planted{len(nus)}", nus, RUNGS, TRIALS)
            found, own = self.take(text, ranks=3 if len(nus) > 2 else None)[0], self.own(text)
            for name in tables(found):
                for at, nu in enumerate(nus):
                    if nu in NUS:
                        np.testing.assert_array_equal(found[name][:, :, at], planted[name][:, :, NUS.index(nu)], f"{name} at nu {nu}")
                    else:
                        np.testing.assert_allclose(found[name][:, :, at], own[name][:, :, at], rtol=1e-9, atol=1e-12)

    def test_spectrum(self):
        """Gaussian samples of a measured spectrum, and rows of its data file."""
        random = np.random.default_rng(3)
        with h5py.File(self.folder / "data.h5", "w") as file:
            file["features"] = features = random.normal(size=(80, 6)) * [1, 0.8, 0.6, 0.4, 0.3, 0.2]
            for name in ("performance", "safety"):
                file[name] = features @ random.normal(size=6) + 0.3 * random.normal(size=80)
        self.run_moat(0, "measure", "data.h5", "-o", "s.h5", "--whole-population", "-q")

        def sweep(name, trials, N_I, rungs, data):
            return on_spectrum(name, "s.h5", tau_I="0.8", N_I=N_I, tau_E="{values: [0.9, .inf]}",
                               ridge=ridge(rungs, trials, P=None, **({"data": "data.h5"} if data else {})))

        for data in (False, True):
            with self.subTest(data=data):
                kind = "rows" if data else "gaussian"
                new = sweep(f"new-{kind}", 3, "{values: [20, 60]}", [10, 15, 20, 30, 40, 60], data)
                solve(self.folder, sweep(kind, 2, "{values: [30]}", [10, 20, 30, 60], data))
                own = read(solve(self.folder, new.replace(f"output: new-{kind}", f"output: own-{kind}")))
                found, out, _ = self.take(new, old=self.folder / f"{kind}.h5", ranks=3 if data else None)
                self.assertEqual(differing(found, own), [])
                self.assertIn("8 of 18 data sets taken", " ".join(out.split()))
                self.assertEqual(sum(message != b"" for message in found["run/task_message"].ravel()), 8)
        other = sweep("other", 2, "{values: [30]}", [10, 20, 30, 60], False)
        self.refused("samples of Gaussian features of a measured spectrum, expected power laws", OLD, "gaussian.h5")
        self.refused("samples of the rows of a data file, expected Gaussian features", other, "rows.h5")
        with h5py.File(self.folder / "s.h5", "r+") as file:
            file["alignment_joint"][0] *= 0.99
        self.refused(r"a spectrum with the checksum (\d+), expected (?!\1)\d+, which", other, "gaussian.h5")

    def refused(self, message, text=None, old="old.h5", ranks=None):
        """--tables ends with exit code 2 and a message, before there is a file."""
        self.write("refused.yaml", re.sub("output: .*", "output: refused.h5", text or other_market("refused", NUS, RUNGS, 4)))
        _, err = self.run_moat(2, "run", "refused.yaml", "--tables", old, ranks=ranks)
        self.assertRegex(" ".join(err.split()), "moat: --tables: .*" + message)
        self.assertEqual(err.count("moat:"), 1, err)
        self.assertFalse((self.folder / "refused.h5").exists())

    def test_other_data_sets(self):
        """What tables depend on, each with both values."""
        new = other_market("refused", NUS, RUNGS, 4)
        for change, message in ((("gamma: 0.5", "gamma: 0.4"), "gamma 0.5, expected 0.4"),
                                (("P: 128", "P: 256"), "P 128, expected 256"),
                                (("seed: 1", "seed: 12345678901234"), "seed 1, expected 12345678901234"),
                                (("gamma: 0.5", "gamma: 0.50000000000000011"), "gamma 0.5, expected 0.5000000000000001,")):
            with self.subTest(change=change):
                changed = new.replace(*change)
                self.assertNotEqual(changed, new)
                self.refused(message, changed, ranks=3 if "seed" in change[0] else None)
        deterministic = market("plain", N_I="{values: [10]}", tau_E="{values: [1]}", Q="{values: [0.1]}", nu="{values: [1]}")
        solve(self.folder, deterministic)
        self.refused("found `solver: deterministic` in the config, expected `ridge`", deterministic)
        self.refused("found a sweep of `solver: deterministic`, expected `ridge`", old="plain.h5")

    def test_other_files(self):
        """Files that are not moat's, damaged, of another format or other ridge levels, or NEW itself."""
        self.refused("absent.h5: no such file", old="absent.h5")
        self.write("text.h5", "no results")
        self.refused("text.h5: not an HDF5 file", old="text.h5")
        with h5py.File(self.folder / "foreign.h5", "w") as file:
            file["x"] = 1.0
        self.refused("foreign.h5: an HDF5 file that moat did not write", old="foreign.h5")
        (self.folder / "cut.h5").write_bytes(self.old.read_bytes()[:100000])
        self.refused("cut.h5: ", old="cut.h5")
        shutil.copy(self.old, self.folder / "levels.h5")
        with h5py.File(self.folder / "levels.h5", "r+") as file:
            file["ridge/lambda"][3] *= 1.01
        self.refused("levels.h5: found tables at other ridge levels", old="levels.h5")
        shutil.copy(self.old, self.folder / "format.h5")
        with h5py.File(self.folder / "format.h5", "r+") as file:
            file.attrs["format_version"] = np.int64(3)
        self.refused("format.h5: found format 3 .* expected format 2", old="format.h5")
        os.link(self.old, self.folder / "refused-link.h5")
        before = self.old.read_bytes()
        self.write("new.yaml", other_market("new", NUS, RUNGS, 4))
        for force in ((), ("--force",)):
            _, err = self.run_moat(2, "run", "new.yaml", "-o", "refused-link.h5", "--tables", "old.h5", *force)
            self.assertRegex(" ".join(err.split()), "old.h5: is the results file of this sweep itself")
        self.assertEqual(self.old.read_bytes(), before)

    def test_unfinished_file(self):
        """Tasks that are pending, failed or damaged in OLD are measured; that of a live writer is read as one of a dead one."""
        with h5py.File(self.old, "r+") as file:
            state, tasks = file["run/task_state"][()], file["run/block_state"]
            state[3, 1], state[3, 2] = 0, FAILED
            file["run/task_state"][...] = state
            file["ridge/A1"][3] = np.nan
            tasks[...] = 0
        seal(self.old)
        with h5py.File(self.old, "r+") as file:
            file["ridge/D"][5, 0, 1, 7] *= 1 + 1e-15
        left = {(3, 0), (3, 1), (3, 2), (3, 3), (5, 0)}
        with h5py.File(self.old, "r+") as file:  # done, of values that another kind of damage put there
            file["run/task_checksum"][3, 0], file["run/task_checksum"][3, 3] = 1, 2
        text = other_market("unfinished", NUS, RUNGS, 4)
        with open(self.old, "r+b") as held, h5py.File(self.old, "r+", libver="v110", locking=False) as writer:
            writer.swmr_mode = True
            fcntl.lockf(held, fcntl.LOCK_EX)
            alive, _, err = self.take(text)
        self.assertIn("old.h5: found damaged tables of 3 of 32 data sets; they are left out", err)
        again = text.replace("unfinished", "again")
        finished, _, _ = self.take(again, ranks=3)
        for found in (alive, finished):
            self.assertEqual(differing(found, self.own(text)), [])
            solved = {at for at, message in np.ndenumerate(found["run/task_message"]) if not message}
            self.assertEqual(solved, left)

    def test_interrupted_sweep(self):
        """What was taken survives a kill; the rest is solved, or taken when --tables is there again."""
        rungs = [*RUNGS, 1500, 2000]
        text = other_market("killed", NUS, rungs, 4)
        self.write("killed.yaml", text)
        new = self.folder / "killed.h5"

        def tasks_done():
            try:
                with h5py.File(new, "r", swmr=True, locking=False) as file:
                    return np.sum(file["run/task_state"][()] == DONE)
            except (OSError, KeyError):
                return 0

        for _ in range(10):  # on a busy machine a run may be over before the kill
            new.unlink(missing_ok=True)
            with Launch(self.folder, "run", "killed.yaml", "--tables", "old.h5", ranks=3) as launch:
                wait_for(lambda: tasks_done() >= 32)
                launch.kill()
            if tasks_done() < 40:
                break
        self.assertIn(tasks_done(), range(32, 40))
        self.old.unlink()
        self.run_moat(0, "run", "killed.yaml")
        found = read(new)
        self.assertEqual(differing(found, self.own(text)), [])
        self.check_origins(found, rungs, 4, NUS)

    def test_into_older_sweep(self):
        """A NEW that is there takes what it lacks; where a data set had failed, its points are solved again."""
        text = other_market("older", NUS, RUNGS, 4)
        own = self.own(text)
        shutil.copy(self.measured(text), self.folder / "older.h5")
        with h5py.File(self.folder / "older.h5", "r+") as file:
            state = file["run/task_state"][()]
            state[2, 1], state[4] = FAILED, 0
            file["run/task_state"][...] = state
        seal(self.folder / "older.h5")
        found, out, _ = self.take(text)
        self.assertIn("5 of 32 data sets taken from old.h5", " ".join(out.split()))
        self.assertRegex(" ".join(out.split()), r"\b12 points in \S+ s,")
        self.assertEqual(differing(found, own), [])
        self.assertEqual(sum(message != b"" for message in found["run/task_message"].ravel()), 5)
        _, out, _ = self.take(text)
        self.assertIn("already complete", out)

    def test_what_is_said(self):
        """plan, submit, status and show."""
        nus, rungs = [0.75, 1.5], [8, 16, 24, 32]
        self.write("said.yaml", other_market("said", nus, rungs, 5))
        out, _ = self.run_moat(0, "plan", "said.yaml", "--tables", "old.h5")
        self.assertRegex(out, r"tables +12 data sets, and 0 at some nu, from old.h5; 8 left to solve\n")
        self.assertEqual([row.split()[-1] for row in out.splitlines() if re.match(r" +\d+ +\d+ ", row)], ["1", "1", "5", "1"])
        plan, alone = (json.loads(self.run_moat(0, "plan", "said.yaml", "--json", *more)[0])
                       for more in (("--tables", "old.h5"), ()))
        self.assertEqual((plan["tables_from"], plan["tasks"], plan["tasks_taken"], plan["tasks_partly_taken"]),
                         ("old.h5", 20, 12, 0))
        self.assertEqual([rung["tasks_left"] for rung in plan["rungs"]], [1, 1, 5, 1])
        self.assertAlmostEqual(plan["flops"], sum(rung["tasks_left"] * rung["flops"] for rung in plan["rungs"]))
        self.assertAlmostEqual(alone["flops"], sum(5 * rung["flops"] for rung in alone["rungs"]))
        self.write("partly.yaml", other_market("partly", [0.75, 1.1], [16, 32, 64, 96], 4))
        partly, whole = (json.loads(self.run_moat(0, "plan", "partly.yaml", "--json", *more)[0])
                         for more in (("--tables", "old.h5"), ()))
        self.assertEqual((partly["tasks_taken"], partly["tasks_partly_taken"]), (0, 16))
        self.assertLess(partly["flops"], whole["flops"])
        self.run_moat(2, "plan", "said.yaml", "--tables", "absent.h5")

        script, _ = self.run_moat(0, "submit", "said.yaml", "-n", "2", "--tables", "old.h5", "--dry-run")
        folder = re.escape(str(self.folder))
        self.assertRegex(script, rf"\nexec \S+ batch {folder}/said.yaml -o {folder}/said.h5 --tables {folder}/old.h5\n")
        self.run_moat(2, "submit", "said.yaml", "--tables", "absent.h5", "--dry-run")
        self.run_moat(2, "submit", "said.yaml", "-o", "old.h5", "--force", "--tables", "old.h5", "--dry-run")
        self.run_moat(0, "batch", "said.yaml", "--tables", "old.h5", "-l", "mpirun --oversubscribe -n 2")

        with h5py.File(self.old) as file:
            created = file.attrs["date_created"].decode()
        line = f"tables from {self.old.resolve()} (small, created {created})"
        out, _ = self.run_moat(0, "status", "said.h5")
        self.assertIn(f"\n12 of 20 data sets: {line}\n", out)
        found = json.loads(self.run_moat(0, "status", "said.h5", "--json")[0])
        self.assertEqual(found["tables_from"], [{"tasks": 12, "origin": line}])
        self.assertIn(f"\ntables:\n  12 of 20 data sets: {line}\n", self.run_moat(0, "show", "said.h5")[0])
        self.assertEqual(json.loads(self.run_moat(0, "status", "old.h5", "--json")[0])["tables_from"], [])
        self.assertNotIn("\ntables:\n", self.run_moat(0, "show", "old.h5")[0])

    def test_long_name(self):
        """A path longer than a message keeps its end."""
        deep = self.folder
        for level in range(5):
            deep /= f"{level}" * 80
        deep.mkdir(parents=True)
        shutil.copy(self.old, deep / "old.h5")
        found, _, _ = self.take(other_market("deep", [0.75], [16, 32, 64, 96], 2), old=deep / "old.h5")
        for message in found["run/task_message"].ravel():
            self.assertRegex(message.decode(), r"^tables from \.\.\.[0-9/]+/4{80}/old\.h5 \(small, created \S+\)$")

    def test_long_name_of_any_text(self):
        """It loses whole characters, wherever it is cut, and its control characters: readers decode the message."""
        deep = self.folder / ("\u20ac" * 80)
        deep.mkdir()
        for name in ("d", "ld", "old"):
            shutil.copy(self.old, deep / f"{name}.h5")
            found, _, _ = self.take(other_market(f"of-{name}", [0.75], [16, 32, 64, 96], 2), old=deep / f"{name}.h5")
            for message in found["run/task_message"].ravel():
                self.assertRegex(message.decode(), f"^tables from \\.\\.\\.\u20ac+/{name}\\.h5 \\(small, created \\S+\\)$")
        short = self.folder / "a\nb.h5"
        shutil.copy(self.old, short)
        found, _, _ = self.take(other_market("short", [0.75], [16, 32, 64, 96], 2), old=short)
        self.assertIn("/a?b.h5 (small", found["run/task_message"][0, 0].decode())


if __name__ == "__main__":
    unittest.main()
