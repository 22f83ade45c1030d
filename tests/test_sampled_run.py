#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`solver: ridge` on a measured spectrum end to end: rows of a data file and Gaussian features, against NumPy and theory."""

import unittest

import h5py
import numpy as np
import xarray
from scipy.interpolate import CubicSpline

from interrupted import wait_for
from program import Launch, ProgramTest, differing, moat, read, solve, temporary_folder
from sweeps import on_spectrum

ROWS, FEATURES, TAU_I = 300, 12, 0.7
RUNGS = "[6, 8, 10, 12, 15, 19, 24, 30, 40, 55, 75, 100, 140, 200, 300]"
ALPHA = np.array([0.5, 0.75, 1])
OK = 1


def make_data(path):
    """Correlated Gaussian features with means that are not 0, and two labels that follow them in part."""
    random = np.random.default_rng(7)
    turn, _ = np.linalg.qr(random.normal(size=(FEATURES, FEATURES)))
    hidden = random.normal(size=(ROWS, FEATURES)) * (1 + np.arange(FEATURES)) ** -0.7
    performance = hidden @ random.normal(size=FEATURES) + 0.5 * random.normal(size=ROWS) + 4
    safety = hidden @ random.normal(size=FEATURES) + 0.4 * random.normal(size=ROWS)
    with h5py.File(path, "w") as file:
        file["features"] = 5 * hidden @ turn + random.normal(size=FEATURES)
        file["performance"] = performance
        file["safety"] = safety


def ridge(trials=16, seed=1, rungs=RUNGS, **more):
    entries = {"N": f"{{values: {rungs}}}", "trials": trials, "seed": seed, **more}
    return "{" + ", ".join(f"{key}: {value}" for key, value in entries.items()) + "}"


def market(name, **more):
    return on_spectrum(name, "s.h5", tau_I=str(TAU_I), N_I="{values: [75, 200, .inf]}", tau_E="{values: [0.8, .inf]}",
                       ridge=ridge(**more))


def draws(seed, trial, N, rows):
    """The rows of a trial: Philox4x64-10 of the counter (0, row, 1, 0) and the key (seed, trial), scaled."""
    found = []
    for row in range(N):
        before = (1 << 128) + (row << 64) - 1  # NumPy counts up before it makes numbers
        word = int(np.random.Philox(counter=before, key=seed + (trial << 64)).random_raw(1)[0])
        found.append(word * rows >> 64)
    return np.array(found)


class Population:
    """The rows as the program takes them: centred, scaled to a largest variance of 1, with least-squares fits."""

    def __init__(self, path):
        with h5py.File(path) as file:
            X, y = file["features"][()], np.array([file["performance"][()], file["safety"][()]])
        self.X, self.y = X - X.mean(0), y - y.mean(1, keepdims=True)
        self.X /= np.sqrt(np.linalg.eigvalsh(self.X.T @ self.X / ROWS)[-1])
        self.covariance = self.X.T @ self.X / ROWS
        self.beta = np.linalg.lstsq(self.X, self.y.T, rcond=None)[0].T
        self.L_star = self.square(self.beta[0] - self.beta[1])

    def square(self, vector):
        return vector @ self.covariance @ vector

    def losses(self, rows, level):
        """Both losses at each ALPHA, expected over labels, of the rows drawn."""
        X, y, N = self.X[rows], self.y[:, rows], len(rows)
        R = np.linalg.inv(X.T @ X / N + level * np.eye(FEATURES))
        fits = (R @ X.T @ y.T / N).T
        spread = np.einsum("ij,jk,ik->i", X @ R, self.covariance, X @ R)
        noise = np.sum((y[0] - y[1]) ** 2 * spread) / N ** 2
        return np.array([[self.square(alpha * fits[0] + (1 - alpha) * fits[1] - beta) + alpha * (1 - alpha) * noise
                          for alpha in ALPHA] for beta in self.beta])


def least_loss(performance, safety, level, tau):
    """L1* of the means of one rung: [lambda][alpha] tables, lambda by cubic splines, alpha on a fine grid."""
    y = np.linspace(0, 1, len(level))  # the levels are uniform in asinh
    fine, alpha = np.linspace(0, 1, 1500), np.linspace(0.5, 1, 1001)
    u = 4 * alpha - 2
    basis = np.array([(u - 1) * (u - 2) / 2, -u * (u - 2), u * (u - 1) / 2])
    L1, L2 = (np.exp(CubicSpline(y, np.log(table))(fine)) @ basis for table in (performance, safety))
    return np.min(L1[L2 <= tau], initial=np.inf)


class SampledTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.home = temporary_folder(cls.addClassCleanup)
        make_data(cls.home / "data.h5")
        code, out, err = moat(cls.home, "measure", "data.h5", "-o", "s.h5", "--whole-population", "-q")
        assert code == 0, out + err
        cls.population = Population(cls.home / "data.h5")
        cls.paths = {"rows": solve(cls.home, market("rows", data="data.h5")), "gaussian": solve(cls.home, market("gaussian"))}

    def test_tables_of_rows(self):
        """Against dense algebra on the rows that Philox names, below, at and above as many as features."""
        with xarray.open_dataset(self.paths["rows"], group="/ridge", engine="h5netcdf") as file:
            self.assertEqual(file["loss_safety"].dims, ("N", "trial", "lambda", "alpha"))
            np.testing.assert_array_equal(file["alpha"], ALPHA)
            for N in (6, 12, 19, 300):
                for trial in (0, 15):
                    rows = draws(1, trial, N, ROWS)
                    for at in (12, 40, 63):
                        cell = {"N": N, "trial": trial}
                        found = [file[f"loss_{name}"].sel(cell).isel({"lambda": at}) for name in ("performance", "safety")]
                        wanted = self.population.losses(rows, float(file["lambda"][at]))
                        np.testing.assert_allclose(found, wanted, rtol=1e-9)

    def test_thresholds_from_the_tables(self):
        """N_E* lies between the rungs between which the loss passes the incumbent's, whose N_I are rungs."""
        for name, path in self.paths.items():
            values = read(path)
            level, rungs = values["ridge/lambda"], values["ridge/N"]
            means = [values[f"ridge/loss_{kind}"].mean(1) for kind in ("performance", "safety")]
            L_star = float(values["L_star"])
            for j, tau_E in enumerate(values["tau_E"]):
                loss = [least_loss(means[0][k], means[1][k], level, tau_E * L_star) for k in range(len(rungs))]
                for i, N_I in enumerate(values["N_I"]):
                    rung = np.searchsorted(rungs, N_I)
                    target = (1 - np.sqrt(TAU_I)) ** 2 * L_star if np.isinf(N_I) else \
                        least_loss(means[0][rung], means[1][rung], level, TAU_I * L_star)
                    with self.subTest(name=name, N_I=N_I, tau_E=tau_E):
                        self.assertLess(abs(values["incumbent_loss_performance"][i] / target - 1), 1e-3)
                        self.assertEqual(values["status"][i, j], OK)
                        above = np.searchsorted(rungs, values["N_E_star"][i, j])
                        self.assertLess(loss[above], target * 1.002)
                        self.assertGreater(loss[above - 1], target * 0.998)

    def test_theory(self):
        """The deterministic equivalent within four standard errors and what few features leave of it, 6 %."""
        for name, path in self.paths.items():
            values = read(path)
            self.assertAlmostEqual(float(values["L_star"]) / self.population.L_star, 1, delta=1e-9)
            deviation = np.abs(values["N_E_star"] - values["N_E_star_deterministic"])
            allowed = 4 * values["N_E_star_stderr"] + 0.06 * values["N_E_star_deterministic"]
            self.assertTrue((deviation < allowed).all(), f"{name}: {deviation / allowed}")
            share = values["N_E_star_stderr"] / values["N_E_star"]
            self.assertTrue(((share > 1e-4) & (share < 0.3)).all(), f"{name}: {share}")

    def test_spread_over_seeds(self):
        """The spread of N_E* over seeds is what the jackknife says of one."""
        found, errors = [], []
        for seed in range(2, 7):
            text = on_spectrum("seed", "s.h5", tau_I=str(TAU_I), N_I="{values: [75]}", tau_E="{values: [0.8]}",
                               store="[N_E_star, N_E_star_stderr]", ridge=ridge(data="data.h5", seed=seed))
            values = read(solve(self.home, text.replace("seed.h5", f"seed-{seed}.h5")))
            found.append(float(values["N_E_star"]))
            errors.append(float(values["N_E_star_stderr"]))
        ratio = np.std(found, ddof=1) / np.sqrt(np.mean(np.square(errors)))
        self.assertTrue(0.3 < ratio < 2.5, f"{found} +- {errors}")

    def test_any_number_of_ranks(self):
        for name, more in (("rows", {"data": "data.h5"}), ("gaussian", {})):
            for ranks, group in ((2, 1), (4, 3)):
                text = market(name, **more, ranks_per_group=group).replace(f"{name}.h5", f"{name}-{ranks}-{group}.h5")
                found, alone = read(solve(self.home, text, ranks=ranks)), read(self.paths[name])
                for table in ("ridge/loss_performance", "ridge/loss_safety"):
                    np.testing.assert_allclose(found[table], alone[table], rtol=1e-9)
                np.testing.assert_allclose(found["N_E_star"], alone["N_E_star"], rtol=1e-8)

    def test_killed(self):
        """Killed while data sets are solved, then completed with the bits of a run that nothing interrupted."""
        text = market("killed", data="data.h5", trials=80)
        whole = read(solve(self.home, text))
        for name in ("data.h5", "s.h5"):
            (self.folder / name).write_bytes((self.home / name).read_bytes())
        self.write("killed.yaml", text)

        def done():
            try:
                return np.sum(read(self.folder / "killed.h5", live=True)["run/task_state"] == 1)
            except (OSError, KeyError):
                return 0

        with Launch(self.folder, "run", "killed.yaml", "-q", ranks=2) as launch:
            wait_for(lambda: done() > 20)
            launch.kill()
        self.assertTrue(20 < done() < 15 * 80, "killed too early or too late")
        self.run_moat(0, "run", "killed.yaml", "-q")
        self.assertEqual(differing(whole, read(self.folder / "killed.h5")), [])

    def test_scaling_law(self):
        axes = {"N": "{values: [20, 100]}", "alpha": "{values: [0.7, 1]}"}
        path = solve(self.home, on_spectrum("law", "s.h5", "scaling_law", **axes, ridge=ridge(data="data.h5")))
        values = read(path)
        deviation = np.abs(values["loss"] - values["loss_deterministic"])
        self.assertTrue((deviation < 4 * values["loss_stderr"] + 0.06 * values["loss"]).all(), deviation / values["loss"])


class RefusedTest(ProgramTest):
    def setUp(self):
        super().setUp()
        make_data(self.folder / "data.h5")
        self.run_moat(0, "measure", "data.h5", "-o", "s.h5", "--whole-population", "-q")
        self.write("rows.yaml", market("rows", data="data.h5", trials=2))

    def refused(self, fragment, ranks=None):
        before = (self.folder / "rows.h5").read_bytes() if (self.folder / "rows.h5").exists() else None
        out, err = self.run_moat(2, "run", "rows.yaml", "-q", ranks=ranks)
        lines = [line for line in err.splitlines() if line.startswith("moat: ")]
        self.assertEqual(len(lines), 1, err)
        self.assertIn(fragment, lines[0])
        after = (self.folder / "rows.h5").read_bytes() if (self.folder / "rows.h5").exists() else None
        self.assertEqual(before, after)

    def test_other_data(self):
        """The numbers of the rows are part of the sweep."""
        self.run_moat(0, "run", "rows.yaml", "-q")
        with h5py.File(self.folder / "data.h5", "a") as file:
            file["safety"][17] += 1e-9
        self.refused("on other data than those of data.h5")
        self.run_moat(0, "run", "rows.yaml", "-q", "--force")
        out, _ = self.run_moat(0, "plan", "rows.yaml")
        self.assertIn("300 of 12 features from data.h5", out)

    def test_other_labels(self):
        """Labels that are none, or not those of the spectrum, end the run before any work."""
        with h5py.File(self.folder / "data.h5", "a") as file:
            labels = file["performance"][()]
            file["performance"][...] = 3 * labels
        self.refused("expected the spectrum of the same labels in the same units")
        with h5py.File(self.folder / "data.h5", "a") as file:
            file["performance"][...] = file["safety"][()]
        self.refused("the two targets are the same in every direction")
        with h5py.File(self.folder / "data.h5", "a") as file:
            file["performance"][...] = 1e200 * labels
        self.refused("ridge.data: ")

    def test_bad_data(self):
        (self.folder / "data.h5").rename(self.folder / "kept.h5")
        self.refused("ridge.data: data.h5: ", ranks=2)
        make_data(self.folder / "data.h5")
        with h5py.File(self.folder / "data.h5", "a") as file:
            file["features"][5, 3] = np.nan
        self.refused("ridge.data: ")
        with h5py.File(self.folder / "data.h5", "a") as file:
            file["features"][...] = np.random.default_rng(1).normal(size=(ROWS, FEATURES))
        self.refused("expected the spectrum of the same data")

    def test_data_too_large(self):
        """What is known from the file's header ends the run before its numbers are read: these were never written."""
        for rows, features, code, message in ((10**6, 30000, 2, "1000000 rows of 30000 features: expected 2 rows or more"),
                                              (10**7, 20000, 1, "10000000 rows of 20000 features take 4.* GB")):
            with h5py.File(self.folder / "data.h5", "w") as file:
                file.create_dataset("features", (rows, features), "f8", chunks=(1000, 1000))
                for label in ("performance", "safety"):
                    file.create_dataset(label, (rows,), "f8", chunks=(1000,))
            _, err = self.run_moat(code, "run", "rows.yaml", "-q")
            self.assertRegex(err, f"ridge.data: .*{message}" if code == 2 else message)


if __name__ == "__main__":
    unittest.main()
