#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`solver: ridge` end to end: tables that depend on no rank, thresholds, refusals, failed tasks."""

import os
import re
import unittest
from pathlib import Path
from unittest import mock

import numpy as np
import xarray
from scipy.interpolate import CubicSpline

import pace
import program
from pace import Limit
from program import AXES, MOAT, ROOT, ProgramTest, differing, ranks_script, read, solve, temporary_folder
from ridge_tables import TABLES, between_levels, jackknife, means, quadratic, table_difference
from sweeps import SMALL_RIDGE, market

OK, INCUMBENT_INFEASIBLE, FAILED = 1, 4, 6
DONE_TASK, FAILED_TASK = 1, 2
TABLE_AXES = ("N", "trial", "nu", "lambda")
TAU_I = 0.9


def theory(seed, **more):
    """Incumbents on rungs of a dense ladder, so that the tables alone say what the thresholds are."""
    ladder = "[8, 10, 12, 15, 18, 22, 27, 33, 40, 49, 60, 74, 90, 110, 135, 160, 192]"
    return market("-".join(("theory", str(seed), *more.values())), N_I="{values: [33, 49, 74, 110]}", tau_E="{values: [0.95, 1.2, .inf]}", tau_I=TAU_I,
                  Q="{values: [0.1, 0.5]}", nu="{values: [0.75, 1.5]}", P=256,
                  ridge=f"{{P: 256, N: {{values: {ladder}}}, trials: 10, seed: {seed}}}", **more)


class RanksTest(ProgramTest):
    """The tables and the thresholds from any number of ranks and groups of any size."""

    @classmethod
    def setUpClass(cls):
        cls.path = solve(temporary_folder(cls.addClassCleanup), SMALL_RIDGE)
        cls.alone = read(cls.path)

    def run_groups(self, ranks, group, output):
        """The file of a run with that ranks_per_group."""
        self.write(f"{group}.yaml", SMALL_RIDGE.replace("seed: 1}", f"seed: 1, ranks_per_group: {group}}}"))
        _, err = self.run_moat(0, "run", f"{group}.yaml", "-q", "-o", output, ranks=ranks)
        self.assertEqual(err, "")
        return read(self.folder / output)

    def test_identical_tables(self):
        self.assertTrue((self.alone["run/task_state"] == DONE_TASK).all())
        for ranks, group in ((1, "auto"), (2, 3), (3, 1), (3, 2), (4, 1), (4, 2), (4, 3), (5, 1), (5, 2),
                             (5, 3), (5, "auto")):
            with self.subTest(ranks=ranks, group=group):
                found = self.run_groups(ranks, group, f"{ranks}-{group}.h5")
                self.assertTrue((found["run/task_state"] == DONE_TASK).all())
                self.assertFalse(any(found["run/task_message"].ravel()))
                self.assertLess(table_difference(found, self.alone), 1e-9)
                np.testing.assert_array_equal(found["status"], self.alone["status"])
                np.testing.assert_allclose(found["N_E_star"], self.alone["N_E_star"], rtol=1e-8)
                self.check_leaders(found["run/task_rank"], ranks, group)

    def check_leaders(self, leaders, ranks, group):
        """Rank 0 solves when it is alone; else groups begin at ranks 1, 1 + size, .., and every group gets tasks."""
        workers = ranks - 1
        if workers == 0:
            expected = {0}
        elif group == "auto":
            return
        else:
            size = min(group, workers)
            expected = {1 + size * number for number in range(workers // size)}
        self.assertEqual(set(leaders.ravel()), expected)

    def test_repeated_to_the_bit(self):
        # Groups of equal size: which of two unequal groups gets a task is a matter of timing.
        for ranks, group in ((3, 1), (3, 2), (5, "auto")):
            first, second = (self.run_groups(ranks, group, f"{name}.h5") for name in ("first", "second"))
            self.assertEqual(differing(first, second), [], f"{ranks} ranks, groups of {group}")
            (self.folder / "first.h5").unlink()
            (self.folder / "second.h5").unlink()

    def test_layout(self):
        with xarray.open_dataset(self.path, engine="h5netcdf") as data:
            self.assertEqual(set(data.coords), set(AXES))
            self.assertEqual(data.attrs["solver"], "ridge")
            for name in ("N_E_star", "N_E_star_stderr", "N_E_star_deterministic"):
                self.assertEqual(data[name].dims, AXES)
                self.assertEqual(data[name].attrs["units"], "data points")
            names = [variable.attrs["long_name"] for variable in data.variables.values()]
            self.assertEqual(len(set(names)), len(names))
            ok = data.status.values == OK
            for name in ("N_E_star", "N_E_star_stderr", "N_E_star_deterministic", "entrant_loss_performance"):
                self.assertTrue(np.isfinite(data[name].values[ok]).all(), name)
            self.assertTrue((data.N_E_star_stderr.values[ok] > 0).all())
        with xarray.open_dataset(self.path, group="/ridge", engine="h5netcdf") as data:
            self.assertEqual(set(data.coords), set(TABLE_AXES))
            self.assertEqual({name: data[name].dims for name in data.data_vars},
                             {"A0": ("nu",), **dict.fromkeys(TABLES, TABLE_AXES)})
            for name, variable in data.variables.items():
                self.assertEqual(variable.attrs["units"], "data points" if name == "N" else "1")
                self.assertIn("long_name", variable.attrs)
            np.testing.assert_array_equal(data.N, [8, 16, 32, 64, 96, 128, 180, 256])
            np.testing.assert_array_equal(data.trial, range(4))
            self.assertEqual((data["lambda"].values[0], data["lambda"].values[-1]), (0, 1))
            self.assertTrue((np.diff(data["lambda"]) > 0).all())
            i = np.arange(1, 129)
            np.testing.assert_allclose(data.A0, [np.sum(i ** -(1 + nu)) for nu in (0.75, 1.5)], rtol=1e-13)
        with xarray.open_dataset(self.path, group="/run", engine="h5netcdf") as data:
            self.assertEqual(data.task_state.dims, ("N", "trial"))

    def test_statuses(self):
        """Outside the ladder a point has no threshold: neither an incumbent's nor an entrant's data is extrapolated."""
        status, N_E, N_I = (self.alone[name] for name in ("status", "N_E_star", "N_I"))
        np.testing.assert_array_equal(np.isfinite(N_E), status == OK)
        self.assertLessEqual(set(np.unique(status)), {OK, INCUMBENT_INFEASIBLE, FAILED})
        outside = np.isin(N_I, (7, 257))
        self.assertTrue((status[outside] == FAILED).all())
        self.assertTrue(np.isnan(self.alone["incumbent_loss_performance"][outside]).all())
        inside = N_E[status == OK]
        self.assertTrue(((inside >= 8) & (inside <= 256)).all())
        self.assertTrue((status[np.isinf(N_I)] == OK).any())
        # The deterministic equivalent says where to expect what; a factor 1.25 leaves room for the noise of sampling.
        expected = self.alone["N_E_star_deterministic"][~outside]
        feasible = np.broadcast_to(np.isfinite(self.alone["incumbent_alpha"])[:, None], status.shape)[~outside]
        below, above = feasible & (expected < 8 / 1.25), feasible & (expected > 256 * 1.25)
        within = feasible & (expected > 8 * 1.25) & (expected < 256 / 1.25)
        for part, least, expected_status in ((below, 1, FAILED), (above, 2, FAILED), (within, 30, OK)):
            self.assertGreaterEqual(part.sum(), least)
            self.assertTrue((status[~outside][part] == expected_status).all())

    def test_rung_with_as_many_points_as_features(self):
        """Without regularisation N = P is singular; thresholds far from there must not feel it."""
        status, expected = self.alone["status"], self.alone["N_E_star_deterministic"]
        N_I = np.broadcast_to(self.alone["N_I"][:, None, None, None], status.shape)
        far = (status == OK) & (N_I <= 64) & (expected > 8)
        self.assertGreaterEqual(far.sum(), 25)
        np.testing.assert_allclose(self.alone["N_E_star"][far], expected[far], rtol=0.2)

    def test_deterministic_equivalent_beside(self):
        text = re.sub(r"^ridge:.*\n", "", SMALL_RIDGE, flags=re.M)
        exact = read(solve(self.folder, text.replace("solver: ridge", "solver: deterministic").replace("P: .inf", "P: 128")))
        np.testing.assert_allclose(self.alone["N_E_star_deterministic"], exact["N_E_star"], rtol=1e-9)
        for name in ("L_star", "tau_I", "tau_E_absolute"):
            np.testing.assert_allclose(self.alone[name], exact[name], rtol=1e-14)


def least_loss(tables, A0, Q, tau, mixture):
    """The least L1 with L2 <= tau over alpha and lambda, for tables over [.., lambda]: MODEL.md section 2. With `mixture` the
    least over lambda at alpha^2 L* = tau."""
    c0, c1, c2 = quadratic(between_levels(tables), A0, Q)
    if mixture:
        a = 1 - np.sqrt(min(1, tau / (2 * Q * A0)))
        return (c0 + c1 * a + c2 * a ** 2).min(axis=-1)
    with np.errstate(invalid="ignore"):
        alpha = np.where(c0 + c1 + c2 <= tau, 1, (-c1 + np.sqrt(c1 ** 2 - 4 * c2 * (c0 - tau))) / (2 * c2))
    L1 = np.where((alpha >= 0.5) & (alpha <= 1), c0 + c1 * (1 - alpha) + c2 * (1 - alpha) ** 2, np.inf)
    return L1.min(axis=-1)


def threshold(tables, N, A0, Q, N_I, tau_I, tau_E, mixture):
    """N_E* from trial-averaged tables over [rung, lambda] alone, with N_I a rung: ln L1* is a cubic spline in ln N."""
    incumbent = least_loss({name: table[N == N_I] for name, table in tables.items()}, A0, Q, tau_I, mixture)[0]
    entrant = np.log(least_loss(tables, A0, Q, tau_E, mixture) / incumbent)
    has = np.isfinite(entrant)
    roots = CubicSpline(np.log(N[has]), entrant[has]).roots(extrapolate=False)
    return np.exp(roots[-1]) if roots.size else np.nan



class SumsTest(unittest.TestCase):
    """A ladder whose data sets share the sums of their trial, which is made in one pass over the features (MODEL.md section 8)."""

    RUNGS = [16, 32, 64, 96, 400]

    @staticmethod
    def sweep(name, rungs, group="auto"):
        return market(name, N_I="{values: [32, 64]}", tau_E="{values: [1.2, .inf]}", Q="{values: [0.3]}", nu="{values: [0.75, 1.2]}", P=20000,
                      ridge=f"{{P: 20000, N: {{values: {rungs}}}, trials: 2, seed: 5, ranks_per_group: {group}}}")

    def test_tables(self):
        """Those of data sets that are solved by themselves, as a ladder is that is too small for sums; on any ranks."""
        folder = temporary_folder(self.addCleanup)
        apart = read(solve(folder, self.sweep("apart", self.RUNGS[:-1])))
        for ranks, group in ((None, "auto"), (3, 1), (4, 3)):
            with self.subTest(ranks=ranks, group=group):
                found = read(solve(folder, self.sweep(f"sums-{ranks}-{group}", self.RUNGS, group), ranks))
                self.assertTrue((found["run/task_state"] == DONE_TASK).all())
                shared = {f"ridge/{name}": found[f"ridge/{name}"][:-1] for name in TABLES} | {"ridge/A0": found["ridge/A0"]}
                self.assertLess(table_difference(shared, apart), 1e-9)
                self.assertTrue((shared["ridge/A1"] != apart["ridge/A1"]).any(), "not solved through sums")
                self.assertTrue(np.isfinite(found["ridge/A1"]).all())


class TheoryTest(ProgramTest):
    """Thresholds and standard errors against the tables, the deterministic equivalent, and other seeds."""

    @classmethod
    def setUpClass(cls):
        folder = temporary_folder(cls.addClassCleanup)
        cls.runs = [read(solve(folder, theory(seed))) for seed in range(1, 7)]
        cls.mixture = read(solve(folder, theory(1, scrutiny="training_mixture")))

    def test_against_the_tables(self):
        """The market solved once more, in another way, on the tables of the file: N_E* and its jackknife."""
        self.check_tables(self.runs[0], False)

    def test_against_the_tables_under_training_mixture(self):
        self.check_tables(self.mixture, True)
        np.testing.assert_array_equal(self.mixture["ridge/A1"], self.runs[0]["ridge/A1"])
        tau_E = np.minimum(1, self.mixture["tau_E"])[None, :, None, None]
        alpha = np.where(self.mixture["status"] == OK, self.mixture["entrant_alpha"], np.sqrt(tau_E))
        np.testing.assert_allclose(alpha, np.sqrt(tau_E) + 0 * alpha, rtol=1e-14)

    def check_tables(self, found, mixture):
        N = found["ridge/N"]
        differences = []
        for at in np.argwhere(found["status"] == OK):
            N_I, tau_E, Q, nu = (found[name][index] for name, index in zip(AXES, at))
            A0 = found["ridge/A0"][at[3]]
            tau_I, tau_E = TAU_I * 2 * Q * A0, tau_E * 2 * Q * A0
            values = [threshold(tables, N, A0, Q, N_I, tau_I, tau_E, mixture) for tables in means(found, at[3])]
            differences.append((found["N_E_star"][tuple(at)] / values[0] - 1,
                                found["N_E_star_stderr"][tuple(at)] / jackknife(values[1:]) - 1))
        differences = abs(np.array(differences))
        self.assertGreaterEqual(len(differences), 40)
        # A few points are looser: L1* has a kink where the constraint begins to bind, which a spline smooths.
        np.testing.assert_array_less(np.median(differences, axis=0), (2e-4, 0.01))
        np.testing.assert_array_less(differences.max(axis=0), (0.01, 0.3))

    def test_against_the_deterministic_equivalent(self):
        for found in self.runs:
            ok = found["status"] == OK
            self.assertGreater(ok.mean(), 0.8)
            ratio = found["N_E_star"][ok] / found["N_E_star_deterministic"][ok]
            self.assertLess(np.median(abs(ratio - 1)), 0.03)

    def test_spread_over_seeds(self):
        ok = np.all([found["status"] == OK for found in self.runs], axis=0)
        values = np.array([found["N_E_star"][ok] for found in self.runs])
        errors = np.array([found["N_E_star_stderr"][ok] for found in self.runs])
        ratio = values.std(axis=0, ddof=1) / np.sqrt((errors ** 2).mean(axis=0))
        self.assertTrue(0.5 < np.median(ratio) < 2, ratio)
        self.assertTrue((ratio > 0.2).all() and (ratio < 5).all(), ratio)


class RefusedTest(ProgramTest):
    """What cannot be run is refused at once, and nothing is written or replaced."""

    def refused(self, text, *arguments):
        """The config must be refused, by one process and by three; what it says."""
        def content():
            return {path.name: path.read_bytes() for path in self.folder.iterdir() if path.is_file()}
        self.write("refused.yaml", text)
        before, said = content(), []
        for ranks in (None, 3):
            limit = Limit(20)
            out, err = self.run_moat(2, "run", "refused.yaml", *arguments, ranks=ranks)
            self.assertFalse(limit.over())
            self.assertEqual(out, "")
            said.append(err)
            with self.subTest("files", ranks=ranks):
                after = content()
                self.assertEqual(sorted(after), sorted(before), "a refused command left a file")
                self.assertTrue(after == before, "a refused command changed a file")
            for name in content().keys() - before.keys():
                (self.folder / name).unlink()
        return said

    def test_too_large_for_the_memory(self):
        for P, N in ((10**7, "{log: [16, 32766], points: 9}"), (10**6, "{values: [8, 16, 32, 32766]}")):
            text = re.sub(r"^ridge:.*", f"ridge: {{P: {P}, N: {N}, trials: 4, seed: 1}}", SMALL_RIDGE, flags=re.M)
            for err in self.refused(text):
                found = re.findall(r"ridge\.N = \d+ at P = 1e\+0[67]: .* GB .* there are .* GB", err)
                self.assertEqual(len(found), 1, err)

    def test_other_sweep_survives(self):
        """--force with a sweep that does not fit must not cost the file that is there."""
        self.write("small.yaml", SMALL_RIDGE)
        self.run_moat(0, "run", "small.yaml")
        text = re.sub(r"^ridge:.*", "ridge: {P: 10000000, N: {values: [8, 16, 32, 32766]}, trials: 4, seed: 1}", SMALL_RIDGE,
                      flags=re.M)
        self.refused(text, "--force")

    def test_without_ridge(self):
        for err in self.refused(re.sub(r"^ridge:.*\n", "", SMALL_RIDGE, flags=re.M)):
            self.assertEqual(err.count("ridge: missing, expected a mapping with the keys P, N, trials, seed"), 1, err)


class FailureTest(ProgramTest):
    """A task that fails, by a build with fault points (MOAT_FAULT, src/ridge/internal.h)."""

    @classmethod
    def setUpClass(cls):
        build = Path(MOAT).parent / "faults"
        environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS")}
        pace.run(["make", "-s", f"CC={program.MPICC}", f"BUILD={build}", "EXTRA=-DMOAT_FAULTS", build / "moat"], 300, cwd=ROOT, env=environment).check_returncode()
        cls.enterClassContext(mock.patch.object(program, "MOAT", str(build / "moat")))

    def setUp(self):
        super().setUp()
        self.write("small.yaml", SMALL_RIDGE.replace("trials: 4", "trials: 10"))
        self.path = self.folder / "small.h5"

    def check_failed(self, values, message):
        """Failed tasks have their message and no tables; the others have tables and no message."""
        state, messages = values["run/task_state"], values["run/task_message"]
        self.assertLessEqual(set(np.unique(state)), {DONE_TASK, FAILED_TASK})
        for name in TABLES:
            np.testing.assert_array_equal(np.isfinite(values[f"ridge/{name}"]).all(axis=(2, 3)), state == DONE_TASK)
            np.testing.assert_array_equal(np.isnan(values[f"ridge/{name}"]).all(axis=(2, 3)), state == FAILED_TASK)
        for at in np.ndindex(state.shape):
            failed = state[at] == FAILED_TASK
            self.assertEqual(message.encode() in messages[at], failed, messages[at])
            self.assertEqual(f"N = {values['ridge/N'][at[0]]:.0f}, trial {at[1]}".encode() in messages[at], failed)

    def test_one_rank_that_fails(self):
        """Every odd trial that one worker takes fails: the means are over the others, and the errors are wider, not absent."""
        fault = '[ "${OMPI_COMM_WORLD_RANK:-$PMI_RANK}" != 3 ] || export MOAT_FAULT=ridge:half; exec "$MOAT" "$@"'
        with ranks_script(self.folder, fault):
            _, err = self.run_moat(0, "run", "small.yaml", ranks=4)
        values = read(self.path)
        state = values["run/task_state"]
        odd = np.arange(state.shape[1]) % 2 == 1
        np.testing.assert_array_equal(state == FAILED_TASK, (values["run/task_rank"] == 3) & odd)
        self.assertTrue(0 < (state == FAILED_TASK).sum() < state.size)
        self.assertEqual(err.count("the sweep continues without this data set"), (state == FAILED_TASK).sum())
        self.check_failed(values, "not finite")
        ok = values["status"] == OK
        self.assertGreaterEqual(ok.sum(), 40)
        self.assertTrue(np.isfinite(values["N_E_star_stderr"][ok]).all())
        ratio = values["N_E_star"][ok] / values["N_E_star_deterministic"][ok]
        self.assertLess(np.median(abs(ratio - 1)), 0.06)
        out, _ = self.run_moat(0, "status", "small.h5")
        self.assertIn(f"{(state == FAILED_TASK).sum()} failed", out)

    def test_failed_data_sets_are_tried_again(self):
        """The next command tries them again; once they succeed, so are the points that were solved without them."""
        whole = read(solve(temporary_folder(self.addCleanup), (self.folder / "small.yaml").read_text(), ranks=4))
        fault = '[ "${OMPI_COMM_WORLD_RANK:-$PMI_RANK}" != 3 ] || export MOAT_FAULT=ridge:nan; exec "$MOAT" "$@"'
        with ranks_script(self.folder, fault):
            self.run_moat(0, "run", "small.yaml", ranks=4)
        first = read(self.path)
        self.assertGreater(len(differing(first, whole)), 10)
        with mock.patch.dict(os.environ, MOAT_FAULT="ridge:nan"):
            _, err = self.run_moat(0, "run", "small.yaml", ranks=3)
        self.assertEqual(err.count("the sweep continues without this data set"), (first["run/task_state"] == FAILED_TASK).sum())
        self.assertEqual(differing(read(self.path), first), [], "nothing has succeeded: no point changes")
        self.run_moat(0, "run", "small.yaml", ranks=3)
        last = read(self.path)
        self.assertTrue((last["run/task_state"] == DONE_TASK).all() and last["run/block_state"].all())
        self.assertFalse((last["run/task_message"] != b"").any(), "a data set that is done keeps the message of its failure")
        self.assertEqual(differing(last, whole), [])

    def test_one_rank_of_each_group_fails(self):
        """No task succeeds, hence no point; each is told to all ranks of the group, and the run ends."""
        self.write("groups.yaml", SMALL_RIDGE.replace("seed: 1}", "seed: 1, ranks_per_group: 2}"))
        for fault, message in (("info:rank0", "info = 1"),
                               ("residual", "residual of 1"), ("nan:rank1", "not finite")):
            with self.subTest(fault), mock.patch.dict(os.environ, MOAT_FAULT=f"ridge:{fault}"):
                _, err = self.run_moat(0, "run", "groups.yaml", "--force", ranks=5)
                values = read(self.path)
                self.assertTrue((values["run/task_state"] == FAILED_TASK).all())
                self.check_failed(values, message)
                self.assertTrue((values["status"] == FAILED).all() and np.isnan(values["N_E_star"]).all())
                self.assertEqual(err.count("the sweep continues without this data set"), 32)
                self.assertIn("no trial succeeded at N = 8", err)
            self.path.unlink()

    def test_groups_without_memory(self):
        """A rank of each group cannot allocate: no data set fails, each is tried by two groups at most, and the run ends with 1."""
        self.write("groups.yaml", SMALL_RIDGE.replace("seed: 1}", "seed: 1, ranks_per_group: 2}"))
        for fault in ("alloc:rank1", "alloc:rank1:call12"):
            with self.subTest(fault), mock.patch.dict(os.environ, MOAT_FAULT=f"ridge:{fault}"):
                _, err = self.run_moat(1, "run", "groups.yaml", ranks=5)
                self.assertEqual(len(re.findall(r"rank \d, host \S+: N = \d+, trial \d: rank 1 of 2 cannot allocate", err)), 3, err)
                self.assertRegex(err, "moat: 32 of 32 data sets are left, since memory was short on 2 ranks, first on rank [13], host")
                self.assertFalse(read(self.path)["run/task_state"].any())
        whole = read(solve(temporary_folder(self.addCleanup), (self.folder / "groups.yaml").read_text(), ranks=5))
        self.run_moat(0, "run", "groups.yaml", ranks=5)
        self.assertEqual(differing(read(self.path), whole), [])


if __name__ == "__main__":
    unittest.main()
