#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program end to end: the file it writes, its commands, its exit codes, what it prints."""

import os
import re
import unittest

import h5py
import numpy as np
import xarray
from scipy.special import zeta

from program import AXES, ROOT, ProgramTest, differing, history, read, solve, temporary_folder
from sweeps import MIXED, law, market

GAMMA, TAU_I = 0.5, 0.9  # of MIXED
STATUSES = ("pending", "ok", "entrant_always", "no_entry", "incumbent_infeasible", "entrant_infeasible", "failed")
OK, ALWAYS, NO_ENTRY, INCUMBENT_INFEASIBLE, ENTRANT_INFEASIBLE = range(1, 6)
COMPANY = ("alpha", "lambda", "loss_performance", "loss_safety")
VARIABLES = {  # name -> dimensions
    "N_E_star": AXES, "status": AXES, **{f"entrant_{name}": AXES for name in COMPANY},
    **{f"incumbent_{name}": ("N_I", "Q", "nu") for name in COMPANY},
    **{f"elasticity_{name}": AXES for name in ("N_I", "tau_E", "tau_I", "Q")}, "exponent_D": AXES, "regime": AXES,
    "L_star": ("Q", "nu"), "tau_I": ("Q", "nu"), "tau_E_absolute": ("tau_E", "Q", "nu"), "D": ("tau_E", "Q", "nu"),
    "nu_prime": ("nu",), **{f"break_exponent_D_{regime}": ("tau_E", "Q", "nu") for regime in ("first", "second")},
    **{f"break_elasticity_N_I_{regime}": ("Q", "nu") for regime in ("first", "over_regularised", "second")}}
LAW_AXES = ("N", "alpha", "Q", "nu")
LAW_VARIABLES = {
    **{name: LAW_AXES for name in ("loss", "excess_loss", "lambda_loss", "lambda_excess", "finite_data_error",
                                   "overfitting_error", "mixture_error", "mixture_finite_data_error", "exponent_loss",
                                   "exponent_excess", "regime", "regime_excess", "status")},
    **{f"break_exponent_{name}_{regime}": ("alpha", "Q", "nu") for name in ("loss", "excess") for regime in ("first", "second")},
    "L_star": ("Q", "nu"), "nu_prime": ("nu",)}
PROVENANCE = {"Conventions", "title", "name", "history", "references", "date_created", "moat_version", "git_revision", "config"}
SETTINGS = {"sweep": "market_entry", "solver": "deterministic", "scrutiny": "trained_model", "tau_unit": "L_star", "gamma": GAMMA,
            "P": np.inf, "tau_I": TAU_I, "format_version": 2}
MARKETS = {"N_I": "{values: [1e3, 1e6, .inf]}", "tau_E": "{values: [0.95, .inf]}", "Q": "{values: [0.1]}",
           "nu": "{values: [1.0]}", "gamma": 0.1}
THRESHOLDS = "{values: [0.5, 0.9]}"
LAWS = {"N": "{values: [10, 1e4, 1e7]}", "alpha": "{values: [0.75, 1]}", "Q": "{values: [0.1, 0.5]}",
        "nu": "{values: [0.6, 1.6]}", "gamma": 0.1}


class SweepTest(ProgramTest):
    """What `moat run` leaves in the file."""

    @classmethod
    def setUpClass(cls):
        cls.shared = temporary_folder(cls.addClassCleanup)
        cls.path = solve(cls.shared, MIXED)

    def test_identical_for_any_number_of_ranks(self):
        alone = read(self.path)
        self.assertEqual(set(np.unique(alone["status"])), {1, 2, 3, 4, 5})
        for ranks in (1, 2, 3, 4):
            self.run_moat(0, "run", self.shared / "mixed.yaml", "-o", f"{ranks}.h5", ranks=ranks)
            found = read(self.folder / f"{ranks}.h5")
            self.assertEqual(differing(alone, found), [], f"{ranks} ranks")
            solvers = set(found["run/block_rank"])
            self.assertLessEqual(solvers, set(range(1, ranks)) or {0})
        self.assertEqual(solvers, {1, 2, 3}, "four ranks: every worker had something to do")

    def test_layout(self):
        with xarray.open_dataset(self.path, engine="h5netcdf") as data:
            self.assertEqual(set(data.coords), set(AXES))
            self.assertEqual({name: data[name].dims for name in data.data_vars}, VARIABLES)
            for name, variable in data.variables.items():
                self.assertEqual(variable.attrs["units"], "data points" if name.startswith(("N_", "break_elasticity_N_I")) else "1", name)
                self.assertEqual(variable.dtype, np.uint8 if name in ("status", "regime") else np.float64, name)
            names = [variable.attrs["long_name"] for variable in data.variables.values()]
            self.assertEqual(len(set(names)), len(names))
            np.testing.assert_array_equal(data.tau_E, [0.1, 0.24, 0.3, 0.5, 0.8, 0.9, 0.95, 1.0, 1.2, 2, np.inf])
            np.testing.assert_array_equal(data.Q, [float(f"{(7 + 9 * i) / 70:.15g}") for i in range(8)])
            np.testing.assert_array_equal(data.status.attrs["flag_values"], range(7))
            self.assertEqual(tuple(data.status.attrs["flag_meanings"].split()), STATUSES)
            self.assertEqual(set(data.attrs), {*PROVENANCE, *SETTINGS})
            self.assertEqual({name: data.attrs[name] for name in SETTINGS}, SETTINGS)
            self.assertEqual(data.attrs["config"], MIXED)
            self.assertEqual((data.attrs["title"], data.attrs["name"]), ("mixed", "mixed"))
            self.assertIn("moat run mixed.yaml", data.attrs["history"])

    def solve(self, text):
        """What xarray reads of the results of a config."""
        with xarray.open_dataset(solve(self.folder, text), engine="h5netcdf") as data:
            return data.load()

    def test_attributes_have_types(self):
        """What plain h5py reads: text of fixed length, 64-bit numbers, and nothing that the sweep does not have."""
        ridge = market("ridge", P=16, ridge="{P: 16, N: {values: [8, 12, 16, 24]}, trials: 3, seed: 9007199254740992}", **MARKETS)
        alone = {"scrutiny", "tau_unit", "tau_I"}
        for text, extra, missing in ((ridge, {"seed": 2**53, "trials": 3, "P": 16.0}, set()),
                                     (law("law", **LAWS), {"gamma": 0.1}, alone),
                                     (market("axis", tau_I=THRESHOLDS, **MARKETS), {}, {"tau_I"})):
            with h5py.File(solve(self.folder, text)) as file:
                found = {**file.attrs}
                self.assertEqual(set(found), {*PROVENANCE, *SETTINGS, *extra} - missing)
                self.assertEqual({name: found[name] for name in extra}, extra)
                for name in set(found) - {"config"}:
                    kind = (np.float64 if name in ("gamma", "P", "tau_I") else
                            np.int64 if name in ("seed", "trials", "format_version") else np.bytes_)
                    self.assertIs(type(found[name]), kind, name)

    def test_theory_is_in_the_file(self):
        """Theory's exponents for each nu and its break points, by the formulas of MODEL.md section 11."""
        nu, gamma = np.array([0.6, 1.6]), 0.1
        prime, none = np.minimum(nu, 1 + gamma), nu * np.nan
        laws = self.solve(law("laws", **LAWS))
        markets = self.solve(market("markets", **{**MARKETS, "nu": "{values: [0.6, 1.6]}"}))
        for data, name, expected in (
                (markets, "elasticity_N_I", (nu / nu, 1 / (nu + 1), 0 * nu, np.where(prime < nu, 0, np.nan))),
                (markets, "exponent_D", (1 / nu, (nu + 1) / nu, (nu + 1) / nu, none)),
                (laws, "exponent_loss", (nu, nu / (nu + 1), 0 * nu, none)),
                (laws, "exponent_excess", (nu, nu / (nu + 1), prime / (prime + 1), none))):
            np.testing.assert_allclose(data[name].attrs["theory_exponents"], np.stack(expected, 1).ravel(), rtol=1e-15)
            self.assertEqual(data[name].attrs["theory_regimes"], "first second third over_regularised")
        Q, a = markets["Q"].values[:, None], 1 - np.sqrt(markets["tau_I"].values / markets["L_star"].values)
        first = np.where(prime < nu, np.maximum((a * Q) ** (-1 / nu), a ** (-1 / prime)), (a * Q) ** (-1 / nu))
        plateau = np.where(prime < nu, np.maximum(first, Q * a ** (1 - (nu + 1) / prime)), np.nan)
        second = a * Q * (a * a * Q) ** (-(nu + 1) / nu)
        for regime, expected in (("first", first), ("over_regularised", plateau), ("second", second)):
            np.testing.assert_allclose(markets[f"break_elasticity_N_I_{regime}"], expected, rtol=1e-12)
        ratio = (markets["tau_E_absolute"] / markets["L_star"]).transpose(*markets["tau_E_absolute"].dims)
        a = 1 - np.sqrt(np.minimum(1, ratio.values))
        with np.errstate(divide="ignore"):
            first = np.maximum(1 / (a * Q), np.where(a < 1e-12, np.inf, a) ** (-nu / prime))
        first = np.where(a < 1e-12, np.inf, first)
        np.testing.assert_allclose(markets["break_exponent_D_first"], first, rtol=1e-9)
        self.assertTrue(np.isinf(markets["break_exponent_D_second"]).all())
        Q, a = laws["Q"].values[:, None], 1 - laws["alpha"].values[:, None, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            excess = np.where(prime < nu, (a * Q) ** (-(prime + 1) / np.where(prime < nu, nu - prime, 1)), np.inf)
            for name, expected in (("loss_first", (a * Q) ** (-1 / nu)), ("loss_second", a ** (-1 - 2 / nu) * Q ** (-1 / nu)),
                                   ("excess_first", (a * Q) ** (-1 / nu)), ("excess_second", excess)):
                np.testing.assert_allclose(laws[f"break_exponent_{name}"], np.broadcast_to(expected, laws[f"break_exponent_{name}"].shape),
                                           rtol=1e-12)
        for data, names in ((markets, {"elasticity_N_I", "exponent_D"}), (laws, {"exponent_loss", "exponent_excess"})):
            self.assertEqual({name for name in data.data_vars if "theory_exponents" in data[name].attrs}, names)

    def test_training_mixture(self):
        """Alpha is that of tau alone, whatever the data, and N_E* is that of quadruple precision. Result 2 has its third regime."""
        data = self.solve(market("mixture", gamma=0.1, scrutiny="training_mixture", N_I="{values: [1e3, 1e8, .inf]}", Q="{values: [0.5]}",
                                 tau_E="{values: [0.901, 0.900001]}", nu="{values: [2.0]}")).isel(Q=0, nu=0)
        self.assertEqual(data.attrs["scrutiny"], "training_mixture")
        np.testing.assert_allclose(data.N_E_star.sel(tau_E=0.901)[:2], [965.800471654017, 1669944.5096912973], rtol=1e-9)
        np.testing.assert_allclose(*xarray.broadcast(data.entrant_alpha, np.sqrt(data.tau_E)), rtol=1e-14)
        np.testing.assert_allclose(data.incumbent_alpha, np.sqrt(0.9), rtol=1e-14)
        words = data.regime.attrs["flag_meanings"].split()
        self.assertEqual([words[value] for value in data.regime.sel(tau_E=0.900001).values], ["none", "none", "third"])
        np.testing.assert_allclose(data.exponent_D.sel(N_I=np.inf, tau_E=0.900001), 21 / 11, atol=0.001)

    def test_axis_of_incumbents_thresholds(self):
        """A leading dimension, whose entries are the sweeps with that scalar."""
        data = self.solve(market("markets", tau_I=THRESHOLDS, **MARKETS))
        wide = {name: ("tau_I", *axes) if name in ("D", "N_E_star") or axes == AXES or name.startswith(("incumbent", "break_elasticity"))
                else axes for name, axes in VARIABLES.items() if name != "tau_I"}
        self.assertEqual({name: data[name].dims for name in data.data_vars},
                         {**wide, "tau_I_absolute": ("tau_I", "Q", "nu")})
        for tau_I in (0.5, 0.9):
            alone, part = self.solve(market(f"alone-{tau_I}", tau_I=tau_I, **MARKETS)), data.sel(tau_I=tau_I)
            for name in wide:
                np.testing.assert_array_equal(part[name], alone[name], name)
            np.testing.assert_array_equal(part.tau_I_absolute, alone.tau_I)

    def test_infinite_data_gap(self):
        """D against the difference of the two closed forms, with L* by zeta."""
        data = self.solve(market("markets", tau_I=THRESHOLDS, **MARKETS))
        L_star = 2 * 0.1 * zeta(2.0)
        loss = lambda tau: (np.sqrt(L_star) - np.sqrt(np.minimum(tau, 1) * L_star)) ** 2
        np.testing.assert_allclose(data.D[:, :, 0, 0],
                                   loss(data.tau_I.values)[:, None] - loss(data.tau_E.values)[None, :], rtol=1e-9)

    def test_scaling_law_layout(self):
        data = self.solve(law("best", **LAWS))
        self.assertEqual({name: data[name].dims for name in data.data_vars}, LAW_VARIABLES)
        self.assertEqual(data.attrs["sweep"], "scaling_law")
        self.assertTrue((data.status == OK).all())
        np.testing.assert_allclose(data.nu_prime, np.minimum(1.1, data.nu))
        mixture = (1 - data.alpha) ** 2 * 2 * data.Q * xarray.DataArray(zeta(1 + data.nu), dims="nu")
        np.testing.assert_allclose(*xarray.broadcast(data.mixture_error, mixture), rtol=1e-12, atol=1e-300)
        np.testing.assert_allclose(data.excess_loss, (data.loss - data.mixture_error), rtol=1e-6)
        self.assertEqual(data.regime.attrs["flag_meanings"], "none first second third transitional over_regularised")

        bound = self.solve(law("bound", ridge_levels="{values: [1e-5, 1e-2]}", **LAWS))
        self.assertEqual(bound.loss.dims, ("lambda", *LAW_AXES))
        self.assertNotIn("lambda_loss", bound)
        self.assertTrue((bound.loss >= data.loss * (1 - 1e-12)).all())
        total = bound.finite_data_error + bound.overfitting_error + bound.mixture_error + bound.mixture_finite_data_error
        np.testing.assert_allclose(total, bound.loss, rtol=1e-12)

    def test_markets_are_consistent(self):
        with xarray.open_dataset(self.path, engine="h5netcdf") as data:
            data = data.broadcast_like(data.status).transpose(*AXES).load()
        N_I, tau_E = np.broadcast_arrays(data.N_I.values[:, None, None, None], data.tau_E.values[:, None, None])
        N_I, tau_E = (np.broadcast_to(values, data.status.shape) for values in (N_I, tau_E))
        L_star = 2 * data.Q * zeta(1 + data.nu)
        np.testing.assert_allclose(data.L_star, L_star.broadcast_like(data.status).transpose(*AXES), rtol=1e-12)
        np.testing.assert_allclose(data.tau_I, TAU_I * data.L_star, rtol=1e-14)
        status, L_star, N_E = data.status.values, data.L_star.values, data.N_E_star.values
        entry = np.isin(status, (OK, ALWAYS))
        np.testing.assert_array_equal(np.isfinite(N_E), entry)
        self.assertTrue((N_E[status == ALWAYS] == 1).all() and (N_E[status == OK] > 1).all())
        for company, has, tau in (("incumbent", status != INCUMBENT_INFEASIBLE, data.tau_I.values),
                                  ("entrant", entry, tau_E * L_star)):
            alpha, ridge, performance, safety = (data[f"{company}_{name}"].values for name in COMPANY)
            np.testing.assert_array_equal(np.isfinite([alpha, ridge, performance, safety]), [has] * 4)
            self.assertTrue(((alpha[has] >= 0.5) & (alpha[has] <= 1)).all(), company)
            self.assertTrue(((ridge[has] >= 0) & (ridge[has] <= 1)).all(), company)
            self.assertTrue((safety[has] <= tau[has] * (1 + 1e-9)).all(), company)
            roots = np.sqrt(performance) + np.sqrt(safety)
            self.assertTrue((roots[has] >= np.sqrt(L_star[has]) * (1 - 1e-9)).all(), company)
        entrant, incumbent = (data[f"{name}_loss_performance"].values for name in ("entrant", "incumbent"))
        self.assertTrue((entrant[entry] <= incumbent[entry] * (1 + 1e-8)).all())
        # With any less data the entrant would lose, or could not meet tau_E: there alpha is 1/2, and L1 = L2 = tau_E.
        least = np.minimum(incumbent, tau_E * L_star)
        np.testing.assert_allclose(entrant[status == OK], least[status == OK], rtol=1e-8)
        self.check_infinite_data(status, N_I, tau_E, incumbent, L_star)

    def check_infinite_data(self, status, N_I, tau_E, incumbent, L_star):
        """An incumbent with infinite data has the loss (1 - sqrt tau_I)^2 L*; who beats it is known from tau alone."""
        infinite = np.isinf(N_I)
        np.testing.assert_allclose(incumbent[infinite], (1 - np.sqrt(TAU_I)) ** 2 * L_star[infinite], rtol=1e-12)
        expected = np.where(tau_E > TAU_I, OK, np.where(tau_E < 0.25, ENTRANT_INFEASIBLE, NO_ENTRY))
        np.testing.assert_array_equal(status[infinite], expected[infinite])
        feasible = status != INCUMBENT_INFEASIBLE
        np.testing.assert_array_equal(status[feasible] == ENTRANT_INFEASIBLE, tau_E[feasible] < 0.25)
        self.assertFalse((status[feasible & (tau_E > TAU_I)] == NO_ENTRY).any())

    def test_result_1(self):
        self.run_moat(0, "run", ROOT / "jobs" / "result-1.yaml", ranks=3)
        found = read(self.folder / "result-1.h5")
        N_I, N_E = found["N_I"], found["N_E_star"].ravel()
        self.assertAlmostEqual(N_E[np.argmin(abs(np.log(N_I / 1e3)))], 298.868, delta=5e-4)
        large = N_E[N_I >= 1e3]
        self.assertTrue((np.diff(large) > 0).all() and large[-1] < 3400)
        slope = np.diff(np.log(N_E[N_I >= 15])) / np.diff(np.log(N_I[N_I >= 15]))
        self.assertTrue((np.diff(slope) < 0).all() and slope[0] > 1 and 0 < slope[-1] < 1e-3, slope)


class FileTest(ProgramTest):
    """Which file `moat run` writes, resumes, replaces, refuses."""

    def refused(self, *arguments, ranks=None):
        """The command must end with 2 and leave the folder as it is; its stderr."""
        def content():
            return {path.name: path.read_bytes() for path in self.folder.iterdir() if path.is_file()}
        before = content()
        out, err = self.run_moat(2, *arguments, ranks=ranks)
        self.assertEqual(out, "")
        self.assertTrue(content() == before, "a refused command changed a file")
        return err

    def test_complete_file(self):
        self.write("mixed.yaml", MIXED)
        self.run_moat(0, "run", "mixed.yaml")
        before = read(self.folder / "mixed.h5")
        self.write("same.yaml", MIXED.replace("name: mixed", "name: again  # same numbers").replace("0.9}", "9e-1}"))
        out, _ = self.run_moat(0, "run", "same.yaml", ranks=2)
        self.assertRegex(out, r"\nalready complete, 192 of 192 blocks were there already: mixed\.h5\n$")
        again = read(self.folder / "mixed.h5")
        self.assertEqual(differing(before, again), [])
        np.testing.assert_array_equal(before["run/block_seconds"], again["run/block_seconds"], "solved again")
        self.assertEqual(len(history(self.folder / "mixed.h5")), 2)

    def test_file_of_another_sweep(self):
        self.write("mixed.yaml", MIXED)
        self.write("other.yaml", MIXED.replace("points: 8", "points: 3"))
        self.run_moat(0, "run", "mixed.yaml")
        self.assertIn("--force", self.refused("run", "other.yaml", ranks=3))
        self.run_moat(0, "run", "other.yaml", "--force", ranks=2)
        found = read(self.folder / "mixed.h5")
        self.assertEqual(found["status"].shape, (11, 11, 3, 4))
        self.assertTrue(found["status"].all())

    def test_file_of_another_format(self):
        """Version 0.1.0 wrote no number of the format. Its files are left alone, but replaced if that is asked for."""
        self.write("mixed.yaml", MIXED)
        path = self.folder / "mixed.h5"
        for version, number in ((b"0.1.0", None), (b"9.9", 3)):
            self.run_moat(0, "run", "mixed.yaml", "--force")
            with h5py.File(path, "r+") as file:
                file.attrs["moat_version"] = np.bytes_(version)
                del file.attrs["format_version"]
                if number:
                    file.attrs["format_version"] = number
            said = (f"moat: mixed.h5: found format {number or 1} of results files, which moat {version.decode()} wrote; "
                    "expected format 2")
            self.assertEqual(self.refused("status", "mixed.h5"), f"{said}\n")
            self.assertIn(f"{said}: use --force to replace it or -o for another file\n", self.refused("run", "mixed.yaml", ranks=2))
        self.run_moat(0, "run", "mixed.yaml", "--force")
        self.assertEqual(len(history(path)), 1)

    def test_file_that_is_not_ours(self):
        self.write("mixed.yaml", MIXED)
        self.write("notes.txt", "my notes")
        with h5py.File(self.folder / "data.h5", "w") as file:
            file["N_I"] = [1.0, 2.0]
        for output in ("notes.txt", "data.h5"):
            for force in ((), ("--force",)):
                self.assertIn(output, self.refused("run", "mixed.yaml", "-o", output, *force))
        for output in ("no/such/folder.h5", "notes.txt/x.h5", "."):
            self.assertIn(output, self.refused("run", "mixed.yaml", "-o", output))

    def test_bad_config(self):
        self.write("bad.yaml", MIXED.replace("gamma:", "gama:"))
        for ranks in (None, 3):
            err = self.refused("run", "bad.yaml", ranks=ranks)
            self.assertEqual(err.count("bad.yaml:5: model.gama"), 1, err)
        self.assertIn("absent.yaml", self.refused("run", "absent.yaml"))

    def test_relative_output(self):
        (self.folder / "configs").mkdir()
        self.write("configs/mixed.yaml", MIXED)
        self.run_moat(0, "run", "configs/mixed.yaml", ranks=2)
        self.assertEqual(sorted(path.name for path in self.folder.rglob("*.h5")), ["mixed.h5"])
        self.assertTrue((self.folder / "mixed.h5").exists(), "output is relative to the working directory")

    def test_output_behind_links(self):
        self.write("mixed.yaml", MIXED)
        (self.folder / "links").mkdir()
        (self.folder / "disk").mkdir()
        (self.folder / "links" / "second.h5").symlink_to("../first.h5")
        (self.folder / "first.h5").symlink_to(self.folder / "disk" / "mixed.h5")
        for _ in range(2):  # the first makes the file, the second finds it
            self.run_moat(0, "run", "mixed.yaml", "-o", "links/second.h5")
            self.assertEqual([path.name for path in (self.folder / "disk").iterdir()], ["mixed.h5"])
            self.assertTrue((self.folder / "links" / "second.h5").is_symlink() and (self.folder / "first.h5").is_symlink())
        (self.folder / "lost.h5").symlink_to("absent/mixed.h5")
        (self.folder / "loop.h5").symlink_to("loop.h5")
        for output, message in (("lost.h5", "lost.h5: the output folder ./absent cannot be found"), ("absent/", "name of a folder"),
                                ("loop.h5", "`loop.h5`: Too many levels"), ("", "``: found no name"), ("disk", "found a folder")):
            self.assertIn(message, self.refused("run", "mixed.yaml", "-o", output))


class OutputTest(ProgramTest):
    """What the commands print."""

    def test_summary(self):
        self.write("mixed.yaml", MIXED)
        for ranks in (None, 3):
            out, err = self.run_moat(0, "run", "mixed.yaml", "-o", f"{ranks}.h5", ranks=ranks)
            counts = np.bincount(read(self.folder / f"{ranks}.h5")["status"].ravel())
            first, *lines = out.splitlines()
            workers = "1 worker" if ranks is None else "2 workers"
            self.assertEqual(first, f"mixed: market_entry, solver deterministic, 3,872 points in 192 blocks, on {workers} at "
                                    f"{os.uname().nodename.split('.')[0]}, into {ranks}.h5")
            self.assertEqual([line.split() for line in lines[:-1]],
                             [[str(count), STATUSES[status]] for status, count in enumerate(counts) if count])
            self.assertRegex(lines[-1], rf"^3,872 points in \d+\.\d+ s, \S+ points/s: {ranks}\.h5$")
            self.assertNotRegex(out + err, r"[^\n\x20-\x7e]", "control characters in a log")
            status, _ = self.run_moat(0, "status", f"{ranks}.h5")
            self.assertRegex(status, rf"^{ranks}\.h5: (\d+) of \1 blocks done, complete\n")
            self.assertEqual(status.splitlines()[1:], lines[:-1])

    def test_quiet(self):
        self.write("mixed.yaml", MIXED)
        for ranks in (None, 3):
            self.assertEqual(self.run_moat(0, "run", "mixed.yaml", "-q", "-o", f"{ranks}.h5", ranks=ranks), ("", ""))

    def test_point_agrees_with_the_file(self):
        self.write("mixed.yaml", MIXED)
        self.run_moat(0, "run", "mixed.yaml", ranks=2)
        file = read(self.folder / "mixed.h5")
        random = np.random.default_rng(2)
        for at in (tuple(random.choice(np.argwhere(file["status"] == status))) for status in (1, 1, 1, 2, 2, 3, 4, 5)):
            market = [f"--{name.replace('_', '-')}={float(file[name][index])!r}" for name, index in zip(AXES, at)]
            out, _ = self.run_moat(0, "point", f"--gamma={GAMMA}", f"--tau-I={TAU_I}", *market)
            threshold, name = re.search(r"N_E\* = (\S+) +\((\w+)\)", out).groups()
            self.assertEqual(name, STATUSES[file["status"][at]])
            np.testing.assert_allclose(float(threshold), file["N_E_star"][at], rtol=1e-9)
            incumbent = [file[f"incumbent_{name}"][at[:1] + at[2:]] for name in COMPANY]
            self.check_company(out, "incumbent", incumbent)
            self.check_company(out, "entrant", [file[f"entrant_{name}"][at] for name in COMPANY])

    def check_company(self, out, name, expected):
        """A company as printed by `moat point`: the file's numbers, and the lemma's four terms, which sum to L1."""
        section = re.search(rf"^{name}(: no choice)?$\n((?: .*\n)*)", out, re.M)
        if section[1]:
            self.assertTrue(np.isnan(expected).all())
            return
        numbers = [float(value) for value in re.findall(r"^ +.*?  +(\S+)", section[2], re.M)]
        _, alpha, ridge, performance, *terms, safety = numbers
        np.testing.assert_allclose([alpha, ridge, performance, safety], expected, rtol=1e-9)
        self.assertEqual(len(terms), 4)
        np.testing.assert_allclose(sum(terms), performance, rtol=1e-9)

    def test_plan_tells_what_the_run_takes(self):
        """The totals first."""
        self.write("mixed.yaml", MIXED)
        out, _ = self.run_moat(0, "plan", "mixed.yaml", "--ranks=3")
        totals, rest = out.split("\n\n")
        plan = dict(re.findall(r"^(\S.*?)  +(.*)$", totals, re.M))
        self.assertEqual(list(plan), ["sweep", "time", "grid points", "memory", "results file"])
        self.assertEqual(plan["sweep"], "mixed: market_entry, solver deterministic")
        self.assertEqual(plan["grid points"].split()[0], "3872")
        time, unit = re.match(r"(\S+) (s|min|h|days) on 3 ranks, of which 2 solve$", plan["time"]).groups()
        self.assertIn(f"grid points, {time} {unit}: ", rest)
        self.assertFalse((self.folder / "mixed.h5").exists())
        self.run_moat(0, "run", "mixed.yaml", ranks=3)
        size = (self.folder / "mixed.h5").stat().st_size
        found, name = re.match(r"(\S+) MB, (\S+)$", plan["results file"]).groups()
        self.assertEqual(name, "mixed.h5")
        self.assertTrue(0.8e6 * float(found) < size < 1.25e6 * float(found), f"{size} bytes, planned {found} MB")
        with h5py.File(self.folder / "mixed.h5") as file:
            solved = file["run/block_seconds"][...].sum()
        wanted = 2 * float(time) * {"s": 1, "min": 60, "h": 3600, "days": 86400}[unit]
        self.assertTrue(wanted / 30 < solved < wanted * 30, f"{solved} s, planned {wanted}")  # a sanity check, no timing

    def test_help(self):
        commands = re.findall(r"^  moat (\w+) (?!\[COMMAND\])", self.run_moat(0, "help")[0], re.M)
        self.assertGreaterEqual(len(commands), 6)
        for command in commands:
            described, _ = self.run_moat(0, "help", command)
            self.assertEqual(described, self.run_moat(0, command, "--help")[0])
            self.assertRegex(described, rf"(?m)^Usage: moat {command} |^usage: (moat {command}|{command}\.py) ")  # argp, argparse
        for unknown, meant in (("rnu", "run"), ("stauts", "status"), ("sbatch", "batch"), ("hlep", "help")):
            for words in ((unknown,), ("help", unknown)):
                _, err = self.run_moat(2, *words)
                self.assertRegex(err, rf"^moat: found command `{unknown}`, expected {', '.join(commands)} or help: "
                                      rf"did you mean `moat {meant}`\?\n$")
        for unknown in ("sweep", "x", "a-very-long-word-that-is-no-command"):
            self.assertNotIn("did you mean", self.run_moat(2, unknown)[1])

    def test_exit_codes_of_commands(self):
        point = "point --gamma=.5 --nu=1 --Q=.1 --N-I=1e3 --tau-I=.9 "
        good = ("help", "--help", "help --help", "help help", "help run", "run --help", point + "--tau-E=.inf")
        bad = ("", "sweep", "help sweep", "run", "run a.yaml b.yaml", "run --bogus a.yaml", "status", "status no.h5", "plan", "plan no.yaml", point,
               *(point + rest for rest in ("--tau-E=x", "--tau-E=nan", "--tau-E=1 --Q=0", "--tau-E=1 --nu=9",
                                           "--tau-E=1 --N-I=0.5", "--tau-E=1 --bogus=1", "--tau-E=1 1")))
        for code, lines in ((0, good), (2, bad)):
            for line in lines:
                out, err = self.run_moat(code, *line.split())
                self.assertEqual((out == "", err == ""), (code == 2, code == 0), line)
        self.assertRegex(self.run_moat(0, "--version")[0], r"^moat \S+ \(\S+\)\n$")
        once, _ = self.run_moat(0, "--version", ranks=2)
        self.assertEqual(once.count("moat"), 1)


if __name__ == "__main__":
    unittest.main()
