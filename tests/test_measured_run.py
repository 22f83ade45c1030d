# SPDX-License-Identifier: GPL-3.0-or-later
"""`model: {spectrum: FILE}`: thresholds against brute force, power laws written as a file, the layout, refusals, `moat point`,
and the scripts of analysis/ on such files."""

import contextlib
import importlib
import io
import json
import math
import shutil
import sys
import unittest

import h5py
import numpy as np
import xarray

from program import ROOT, ProgramTest, differing, moat, read, solve, temporary_folder
from spectra import VARIABLES, Brute, Spectrum, irregular, power_law, two_scales
from sweeps import law, market, on_spectrum

sys.path.insert(0, str(ROOT / "analysis"))

STATUS = ("pending", "ok", "entrant_always", "no_entry", "incumbent_infeasible", "entrant_infeasible", "failed")
READINGS = ("trained_model", "training_mixture")

# Of two_scales() at tau_I = .7 L*, by another program: (N_I, tau_E/L*, reading) -> N_E*; the incumbent has no choice otherwise.
KNOWN = {(math.inf, 0.9, 0): 7068.286426604998, (math.inf, 0.9, 1): 5915.938611114406, (math.inf, 1.2, 0): 1955.7941895624901,
         (math.inf, 1.2, 1): 1955.7941895624901, (166, 0.9, 1): 165.99301577159446, (166, 1.2, 1): 165.989945279918,
         (1000, 0.9, 1): 999.2132383320686, (1000, 1.2, 1): 998.8187600223313}


def numbers(values):
    """A list of values as an axis."""
    return "{values: [" + ", ".join(".inf" if math.isinf(v) else repr(v) for v in values) + "]}"


class ThresholdTest(ProgramTest):
    def sweep(self, spectrum, reading, **more):
        spectrum.write(self.folder / "s.h5")
        config = self.write("market.yaml", on_spectrum("market", "s.h5", scrutiny=READINGS[reading], **more))
        self.run_moat(0, "run", config, "-q", "-f")
        return read(self.folder / "market.h5")

    def test_known_values(self):
        N_I, tau_E = (166, 1000, math.inf), (0.9, 1.2)
        for reading in (0, 1):
            found = self.sweep(two_scales(), reading, tau_I="0.7", N_I=numbers(N_I), tau_E=numbers(tau_E))
            self.assertAlmostEqual(found["L_star"] / 23.778903693055604, 1, delta=1e-12)
            for (i, N), (k, tau) in ((i, k) for i in enumerate(N_I) for k in enumerate(tau_E)):
                expected = KNOWN.get((N, tau, reading))
                self.assertEqual(STATUS[found["status"][i, k]], "ok" if expected else "incumbent_infeasible", (N, tau, reading))
                if expected:
                    self.assertAlmostEqual(found["N_E_star"][i, k] / expected, 1, delta=1e-9)
                if (N, reading) == (166, 1):
                    self.assertAlmostEqual(found["incumbent_loss_performance"][i] / 6064.390540609846, 1, delta=1e-10)
                    self.assertEqual(found["incumbent_lambda"][i], 1)

    def check(self, spectrum, reading, tau_I, N_I, tau_E):
        """N_E* and status of every market against brute force."""
        found = self.sweep(spectrum, reading, tau_I=numbers(tau_I), N_I=numbers(N_I), tau_E=numbers(tau_E))
        brute, L = Brute(spectrum, bool(reading)), spectrum.L_star
        statuses = set()
        for (i, at), (j, N), (k, tau) in ((i, j, k) for i in enumerate(tau_I) for j in enumerate(N_I) for k in enumerate(tau_E)):
            expected, name = brute.threshold(N, at * L, tau * L), STATUS[found["status"][i, j, k]]
            if isinstance(expected, str):
                self.assertEqual(name, expected)
            elif math.isinf(expected):
                self.assertEqual(name, "no_entry")
            else:
                self.assertEqual(name, "ok" if expected > 1 else "entrant_always")
                self.assertAlmostEqual(found["N_E_star"][i, j, k] / expected, 1, delta=1e-7, msg=(at, N, tau))
            statuses.add(name)
        return statuses

    def test_irregular_spectra(self):
        """Eigenvalues and alignments without order, with and without label noise."""
        for seed, noise, reading in ((0, (0.3, 2.0), 0), (1, (0, 0), 1), (2, (0.0, 1.0), 1)):
            seen = self.check(irregular(seed, noise), reading, (0.8,), (30, 1000, math.inf), (0.6, math.inf))
            self.assertEqual(seen, {"ok", "no_entry"})

    def test_two_minima(self):
        """Of the losses in kappa, with label noise and without."""
        spectrum = two_scales()
        self.check(spectrum, 1, (0.7,), (166, 300), (0.9,))
        spectrum.noise = (400.0, 100.0)
        self.check(spectrum, 1, (0.7,), (166, 2e4), (0.9, math.inf))

    def test_below_a_quarter_of_L_star(self):
        """A small safety target: its loss can be below L*/4, for a model that is regularised heavily."""
        sigma = np.repeat([1, 0.3, 0.05, 0.01], [1, 3, 9, 27])
        spectrum = Spectrum(sigma, np.ones(40), np.full(40, 0.01), np.full(40, -0.05), (0.02, 0.0))
        self.assertIn("ok", self.check(spectrum, 0, (0.1,), (50, 1000, math.inf), (0.12, 0.3)))


class PowerLawTest(ProgramTest):
    """A power law as a spectrum file has the numbers of the power-law sweep."""

    gamma, nu, Q, P = 0.5, 1.2, 0.35, 300

    def pair(self, ours, theirs):
        """The files of both configs, the second one made with the axes and numbers of the power law."""
        folder = temporary_folder(self.addCleanup)
        power_law(self.gamma, self.nu, self.Q, self.P).write(folder / "s.h5")
        common = {"Q": numbers([self.Q]), "nu": numbers([self.nu]), "P": self.P}
        return [read(solve(folder, text)) for text in (ours, theirs(**common))]

    def compare(self, ours, theirs, names):
        for name in names:
            np.testing.assert_allclose(ours[name], theirs[name].reshape(ours[name].shape), rtol=1e-10, atol=1e-300, err_msg=name)
        self.assertEqual(ours["status"].tobytes(), theirs["status"].tobytes())

    def test_markets(self):
        axes = {"tau_I": numbers([0.6, 0.9]), "N_I": numbers([3, 50, 1e4, math.inf]), "tau_E": numbers([0.5, 0.95, math.inf])}
        for scrutiny in READINGS:
            ours, theirs = self.pair(on_spectrum("ours", "s.h5", scrutiny=scrutiny, **axes),
                                     lambda **more: market("theirs", scrutiny=scrutiny, **axes, **more))
            self.assertGreater(np.sum(ours["status"] == 1), 12)
            names = [name for name in ours if "/" not in name and "alpha" not in name and "lambda" not in name]
            self.assertLessEqual({"L_star", "N_E_star", "elasticity_N_I", "elasticity_tau_E", "elasticity_tau_I", "exponent_D",
                                  "tau_I_absolute", "tau_E_absolute", "D", "entrant_loss_safety"}, set(names))
            self.compare(ours, theirs, names)
            for name in ("entrant_alpha", "incumbent_alpha", "entrant_lambda", "incumbent_lambda"):  # where a minimum is flat
                np.testing.assert_allclose(ours[name], theirs[name].reshape(ours[name].shape), rtol=1e-5, atol=1e-10, err_msg=name)

    def test_absolute_thresholds(self):
        axes = {"tau_I": "0.7", "N_I": numbers([50, math.inf]), "tau_E": numbers([0.8, math.inf]), "tau_unit": "absolute"}
        ours, theirs = self.pair(on_spectrum("ours", "s.h5", **axes), lambda **more: market("theirs", **axes, **more))
        self.compare(ours, theirs, ("N_E_star", "tau_I", "tau_E_absolute", "L_star"))

    def test_scaling_laws(self):
        axes = {"N": numbers([1, 20, 1e4, 1e9]), "alpha": numbers([0.5, 0.8, 0.99])}
        levels = numbers([1e-6, 1e-2, 1])
        terms = ("finite_data_error", "overfitting_error", "mixture_error", "mixture_finite_data_error")
        for extra, theirs_extra in (({}, {}), ({"lambda": levels}, {"ridge_levels": levels})):
            ours, theirs = self.pair(on_spectrum("ours", "s.h5", "scaling_law", **axes, **extra),
                                     lambda **more: law("theirs", **axes, **theirs_extra, **more))
            self.compare(ours, theirs, ("loss", "excess_loss", "exponent_loss", "exponent_excess", "L_star"))
            if extra:  # elsewhere the best level moves them to first order in its own error
                for name in terms:
                    np.testing.assert_allclose(ours[name], theirs[name].reshape(ours[name].shape), rtol=1e-9, atol=1e-14)
            np.testing.assert_allclose(sum(ours[name] for name in terms), ours["loss"], rtol=1e-10)


class FileTest(ProgramTest):
    AXES = {"tau_I": "0.8", "N_I": "{log: [10, 1e5], points: 13}", "tau_E": "{values: [0.5, 0.9, .inf]}"}

    @classmethod
    def setUpClass(cls):
        cls.home = temporary_folder(cls.addClassCleanup)
        cls.spectrum = irregular(5, (0.1, 0.2))
        cls.spectrum.write(cls.home / "s.h5", "words of a test")
        cls.path = solve(cls.home, on_spectrum("one", "s.h5", **cls.AXES))

    def setUp(self):
        super().setUp()
        shutil.copy(self.home / "s.h5", self.folder)

    def test_any_number_of_ranks(self):
        three = solve(self.folder, on_spectrum("one", "s.h5", **self.AXES), ranks=3)
        self.assertEqual(differing(read(self.path), read(three)), [])

    def test_layout(self):
        """No dimension, variable or attribute of power laws, and what says which spectrum it was."""
        with xarray.open_dataset(self.path, engine="h5netcdf") as file:
            self.assertEqual(dict(file.sizes), {"N_I": 13, "tau_E": 3})
            self.assertEqual(file["L_star"].dims + file["tau_I"].dims, ())
            self.assertAlmostEqual(float(file["L_star"]), self.spectrum.L_star, delta=1e-12 * self.spectrum.L_star)
            self.assertAlmostEqual(float(file["tau_I"]), 0.8 * self.spectrum.L_star, delta=1e-12 * self.spectrum.L_star)
            names = set(file.variables)
            self.assertFalse([name for name in names if "break" in name or "regime" in name or "Q" in name or "nu" in name])
            self.assertNotIn("theory_exponents", file["elasticity_N_I"].attrs)
            about = dict(file.attrs)
        self.assertNotIn("gamma", about)
        expected = {"P": len(self.spectrum.sigma), "spectrum": "s.h5", "spectrum_title": "words of a test", "tau_I": 0.8,
                    "noise_performance": 0.1, "noise_safety": 0.2}
        self.assertEqual({name: about[name] for name in expected}, expected)
        out, _ = self.run_moat(0, "show", self.path)
        self.assertIn(f"  s.h5 (words of a test), {len(self.spectrum.sigma)} directions, label noise of variance 0.1 (performance) "
                      f"and 0.2 (safety), checksum of the numbers {about['spectrum_checksum']}\n", out)

    def test_axis_of_incumbents_thresholds(self):
        path = solve(self.folder, on_spectrum("axis", "s.h5", **{**self.AXES, "tau_I": "{values: [0.8, 1.1]}"}))
        one, two = read(self.path), read(path)
        np.testing.assert_array_equal(one["N_E_star"], two["N_E_star"][0])
        self.assertEqual(two["D"].shape, (2, 3))

    def test_point(self):
        """`moat point --spectrum` has the numbers of the file, under their names."""
        found = read(self.path)
        at = (7, 1)
        market = ["--spectrum", "s.h5", "--tau-I=0.8", *(f"--{option}={float(found[name][k])!r}"
                                                         for option, name, k in (("N-I", "N_I", 7), ("tau-E", "tau_E", 1)))]
        point = json.loads(self.run_moat(0, "point", *market, "--json")[0])
        self.assertEqual(point["spectrum"], "s.h5")
        for name, value in found.items():
            if name in point and name not in ("status", "tau_I", "N_I", "tau_E"):
                expected = value[tuple(k for k, size in zip(at, (13, 3)) if size in value.shape)]
                self.assertEqual(point[name], expected, name)
        self.assertLessEqual({"N_E_star", "L_star", "entrant_alpha", "elasticity_tau_I", "D", "exponent_D"}, set(point))
        terms = [point[f"entrant_{name}"] for name in ("finite_data_error", "overfitting_error", "mixture_error",
                                                       "mixture_finite_data_error")]
        self.assertAlmostEqual(sum(terms) / point["entrant_loss_performance"], 1, delta=1e-10)
        self.assertFalse({"gamma", "nu", "Q", "delta", "regime", "nu_prime", "elasticity_Q"} & set(point))
        text, _ = self.run_moat(0, "point", *market)
        self.assertNotIn("nan", text)
        self.assertIn(f"N_E* = {point['N_E_star']:.10g}", text)
        for extra, said in ((["--Q=0.5"], "--Q: found it beside --spectrum"), (["--P=9"], "--P: found it beside --spectrum")):
            _, err = self.run_moat(2, "point", *market, *extra)
            self.assertIn(said, err)
        _, err = self.run_moat(2, "point", *market[2:])
        self.assertIn("--gamma is missing", err)
        _, err = self.run_moat(2, "point", *market, "--spectrum=no.h5")
        self.assertEqual(err, "moat: no.h5: no such file, expected a spectrum file\n")

    def draw(self, script, *arguments):
        """Runs a script of analysis/ here: (exit code, the last line of what it says)."""
        said = io.StringIO()
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            code = importlib.import_module(script).main([str(argument) for argument in arguments])
        return code, said.getvalue().strip().rpartition("\n")[2]

    def test_analysis(self):
        """Each script draws the file, or says in one line that it expects power laws."""
        law = solve(self.folder, on_spectrum("law", "s.h5", "scaling_law", N=numbers([10, 100, 1e4]), alpha=numbers([0.5, 0.9])))
        entry = solve(self.folder, on_spectrum("entry", "s.h5", tau_I="{values: [0.6, 0.7, 0.8]}", N_I=numbers([100, math.inf]),
                                               tau_E=numbers([0.9, math.inf])))
        for script, path, *options in (
                ("entry_regimes", self.path), ("phase_diagram", self.path), ("phase_diagram", entry, "--x", "tau_I"),
                ("policy", entry), ("trade_off", entry), ("gap", entry, "--slice", "N_I=inf"), ("scaling_law", law),
                ("scaling_law", law, "--excess"), ("export", self.path), ("export", law), ("explore", self.path),
                ("explore", law)):
            figure = self.folder / (script + {'export': '.csv', 'explore': '.html'}.get(script, '.png'))
            code, said = self.draw(script, path, *options, "-o", figure)
            self.assertEqual(code, 0, (script, said))
            self.assertGreater(figure.stat().st_size, 500)
            figure.unlink()
        for script, path, *target in (("summary", self.path), ("summary", law), ("lemma", law, "-o", "a.png"),
                                      ("readings", self.path, "-o", "a.png")):
            code, said = self.draw(script, path, *target)
            self.assertEqual(code, 2, script)
            self.assertIn("is on a measured spectrum, s.h5, without Q, nu and theory's regimes; expected a file on power laws", said)

    def test_damage_in_a_single_value(self):
        """L_star counts in a block's checksum though it has no dimension."""
        path = shutil.copy(self.path, self.folder)
        with h5py.File(path, "a") as file:
            file["L_star"][()] *= 1 + 1e-15
        code, said = self.draw("export", path, "-o", self.folder / "a.csv")
        self.assertEqual(code, 2)
        self.assertIn("damaged values in block 0", said)
        self.config()
        self.run_moat(0, "run", "one.yaml", "-q")
        self.assertEqual(differing(read(self.path), read(path)), [])

    def config(self, **more):
        return self.write("one.yaml", on_spectrum("one", "s.h5", **{**self.AXES, **more}))

    def refused(self, *fragments, settings=(), code=2, ranks=None):
        """One line with the fragments, and no file, or none that has changed."""
        before = (self.folder / "one.h5").read_bytes() if (self.folder / "one.h5").exists() else None
        out, err = self.run_moat(code, "run", "one.yaml", "-q", *(f"--set={one}" for one in settings), ranks=ranks)
        lines = [line for line in err.splitlines() if line.startswith("moat: ")]
        self.assertEqual((out, len(lines)), ("", 1), err)
        for fragment in fragments:
            self.assertIn(fragment, lines[0])
        after = (self.folder / "one.h5").read_bytes() if (self.folder / "one.h5").exists() else None
        self.assertEqual(before, after)
        self.assertFalse((self.folder / "one.h5.moat-new").exists())

    def test_identity(self):
        """Numbers, not paths, make the sweep: another path or type of number resumes, another number does not."""
        self.config()
        shutil.copy(self.path, self.folder)
        (self.folder / "s.h5").rename(self.folder / "t.h5")
        self.refused("model.spectrum: s.h5: no such file")
        with h5py.File(self.folder / "t.h5", "a") as file:
            values = file["eigenvalue"][()]
            del file["eigenvalue"]
            file["eigenvalue"] = values.astype(">f8")
        self.run_moat(0, "run", "one.yaml", "-q", "--set=model.spectrum=t.h5")
        self.assertEqual(differing(read(self.path), read(self.folder / "one.h5")), [])
        with h5py.File(self.folder / "t.h5", "a") as file:
            file["alignment_joint"][3] *= 1 - 1e-15
        self.refused("holds the sweep one on another spectrum than that of t.h5", "--force",
                     settings=["model.spectrum=t.h5"])
        with h5py.File(self.folder / "t.h5", "a") as file:
            file["alignment_joint"][3] = read(self.home / "s.h5")["alignment_joint"][3]
            file.attrs["noise_safety"] = 0.25
        self.refused("on another spectrum", settings=["model.spectrum=t.h5"])
        self.run_moat(0, "run", "one.yaml", "-q", "--force", "--set=model.spectrum=t.h5")
        self.assertNotEqual(differing(read(self.path), read(self.folder / "one.h5")), [])

    def test_relative_path(self):
        """From the folder of the config, whatever the working directory is."""
        home = self.folder / "jobs"
        home.mkdir()
        (self.folder / "s.h5").rename(home / "s.h5")
        self.config().rename(home / "one.yaml")
        self.run_moat(0, "run", "jobs/one.yaml", "-q")
        self.assertEqual(differing(read(self.path), read(self.folder / "one.h5")), [])
        self.run_moat(0, "plan", "jobs/one.yaml")
        script, _ = self.run_moat(0, "submit", "-d", "jobs/one.yaml")
        line = next(line for line in script.splitlines() if line.startswith("exec "))
        config = line.split(" batch ")[1].split(" -o ")[0]
        code, out, err = moat(temporary_folder(self.addCleanup), "run", config, "-q", "-o", self.folder / "two.h5")
        self.assertEqual((code, out + err), (0, ""))
        self.assertEqual(differing(read(self.path), read(self.folder / "two.h5")), [])

    def test_no_spectrum_file(self):
        """One line and no results, from any number of ranks, and from plan and submit."""
        self.config()
        (self.folder / "empty.h5").write_bytes(b"")
        (self.folder / "pipe").mkdir()
        cut = (self.folder / "s.h5").read_bytes()
        (self.folder / "cut.h5").write_bytes(cut[:len(cut) // 3])
        for name, said in (("no.h5", "no such file"), ("pipe", "found a folder"), ("one.yaml", "not an HDF5 file"),
                           ("empty.h5", "found an empty file"), ("cut.h5", "cannot be read"),
                           (str(self.path), "has no variable `eigenvalue`")):
            self.refused("model.spectrum: ", name, said, settings=[f"model.spectrum={name}"])
        self.refused("no.h5", "expected a spectrum file", settings=["model.spectrum=no.h5"], ranks=3)
        for command in (("plan",), ("submit", "-d"), ("run", "-n", "3")):
            _, err = self.run_moat(2, *command, "one.yaml", "--set=model.spectrum=no.h5")
            self.assertEqual(err, "moat: model.spectrum: no.h5: no such file, expected a spectrum file\n")

    def test_wrong_numbers(self):
        self.config()
        rows = {name: values[()] for name, values in zip(VARIABLES, (self.spectrum.sigma, self.spectrum.b11, self.spectrum.b22,
                                                                     self.spectrum.b12))}
        shorter = rows["alignment_safety"][:-1]

        def change(name, at, value):
            values = rows[name].copy()
            values[at] = value
            return {name: values}
        far = 1.001 * math.sqrt(rows["alignment_performance"][5] * rows["alignment_safety"][5])
        for changed, said in (
                (change("eigenvalue", 2, math.nan), "eigenvalue 2 of the spectrum is nan"),
                (change("eigenvalue", 2, 0), "leave directions without variance out"),
                (change("eigenvalue", 0, -1), "eigenvalue 0 of the spectrum is -1"),
                (change("alignment_performance", 4, -1e-3), "direction 4"),
                (change("alignment_joint", 5, far), "joint alignment of direction 5"),
                (change("alignment_joint", 5, math.inf), "joint alignment of direction 5"),
                ({"alignment_safety": shorter}, "`alignment_safety` has"),
                ({"alignment_safety": None}, "has no variable `alignment_safety`"),
                ({"alignment_safety": rows["alignment_performance"], "alignment_joint": rows["alignment_performance"]},
                 "the same in every direction")):
            with h5py.File(self.folder / "s.h5", "w") as file:
                for name, values in {**rows, **changed}.items():
                    if values is not None:
                        file[name] = values
            self.refused("model.spectrum: s.h5: ", said)
        self.spectrum.write(self.folder / "s.h5")
        with h5py.File(self.folder / "s.h5", "a") as file:
            file.attrs["noise_safety"] = -1.0
        self.refused("the variances of label noise are 0.1 (performance) and -1 (safety)")


if __name__ == "__main__":
    unittest.main()
