#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""moat measure: its file against NumPy's singular value decomposition of the same data, on any number of ranks; what it
prints; what it refuses, and leaves."""

import json
import os
import unittest

import h5py
import numpy as np
import xarray

from program import ProgramTest, read

PAIRS = {"performance": (0, 0), "safety": (1, 1), "joint": (0, 1)}
REQUIRED = ("eigenvalue", "alignment_performance", "alignment_safety", "alignment_joint")
SWEEP = """
name: measured
sweep: market_entry
solver: deterministic
output: sweep.h5
model: {spectrum: spectrum.h5}
incumbent: {tau: 0.9}
grid: {N_I: {values: [240]}, tau_E: {values: [.inf]}}
"""


def draw(n=240, P=30, seed=1):
    """Features with a decaying spectrum in a random basis, and two labels with noise that grows with a feature."""
    random = np.random.default_rng(seed)
    sigma = np.arange(1, P + 1) ** -1.4
    z = random.normal(size=(n, P)) * np.sqrt(sigma)
    beta = random.normal(size=(2, P)) * np.arange(1, P + 1) ** -.2
    noise = random.normal(size=(2, n)) * np.array([[.5], [.4]]) * (1 + np.abs(z[:, 0]))
    turned, _ = np.linalg.qr(random.normal(size=(P, P)))
    return z @ turned * 3 + 10, beta @ z.T + noise + np.array([[2], [-1]])


def reference(features, labels, directions=None, population=False):
    """What the file must hold, from an SVD in NumPy."""
    n = len(features)
    x, y = features - features.mean(0), (labels - labels.mean(1, keepdims=True)).T
    x[:, (features == features[0]).all(0)] = 0  # whatever rounding leaves
    u, s, _ = np.linalg.svd(x, full_matrices=False)
    rank = int((s > s[0] * max(x.shape) * np.finfo(float).eps).sum())
    kept = min(directions or rank, rank)
    u, s = u[:, :kept], s[:kept]
    p = u.T @ y
    e = y - u @ p
    weight = 1 / (1 - 1 / n - (u ** 2).sum(1))
    sigma = s ** 2 / s[0] ** 2
    noise = e.T @ e / (n if population else n - 1 - kept)
    found = {"eigenvalue": sigma, "rank": rank, "eigenvalue_scale": s[0] ** 2 / n,
             "eigenvalue_stderr": sigma * np.sqrt((n * (u ** 4).sum(0) - 1) / n) * (not population),
             "R2_performance": 1 - (e[:, 0] ** 2).sum() / (y[:, 0] ** 2).sum(), "noise_performance": noise[0, 0],
             "noise_safety": noise[1, 1], "noise_joint": noise[0, 1], "variance_safety": y[:, 1].var()}
    for name, (i, j) in PAIRS.items():
        variance = 0 if population else (u ** 2).T @ (e[:, i] * e[:, j] * weight)
        found[f"alignment_{name}_unbiased"] = (p[:, i] * p[:, j] - variance) / (n * sigma)
    return found


class MeasuringTest(ProgramTest):
    def put(self, features, performance, safety, **attributes):
        """Writes data.h5."""
        with h5py.File(self.folder / "data.h5", "w") as file:
            file.update({"features": features, "performance": performance, "safety": safety})
            file.attrs.update(attributes)

    def measure(self, *arguments, ranks=None):
        """Runs `moat measure` into spectrum.h5, which may be there: (variables, attributes)."""
        self.run_moat(0, "measure", "data.h5", "-o", "spectrum.h5", "-q", "-f", *arguments, ranks=ranks)
        with h5py.File(self.folder / "spectrum.h5") as file:
            return read(self.folder / "spectrum.h5"), dict(file.attrs)

    def refused(self, says, *arguments, ranks=None):
        out, err = self.run_moat(2, "measure", "data.h5", "-o", "spectrum.h5", *arguments, ranks=ranks)
        self.assertEqual(err.count(says), 1, err)
        self.assertEqual(out, "")
        self.assertEqual(sorted(path.name for path in self.folder.iterdir() if path.suffix != ""), ["data.h5"])

    def compare(self, found, attributes, expected):
        for name, value in expected.items():
            got = found[name] if name in found else attributes[name]
            np.testing.assert_allclose(got, value, rtol=0, atol=1e-10 * np.abs(value).max(), err_msg=name)
        weight = found["eigenvalue"]
        b = [found[name] for name in REQUIRED[1:]]
        self.assertTrue((b[0] >= 0).all() and (b[1] >= 0).all() and (b[2] ** 2 <= b[0] * b[1]).all())
        for name, alignment in zip(PAIRS, b):
            unbiased = (weight * found[f"alignment_{name}_unbiased"]).sum()
            if len(weight) > 1 or name != "joint":  # a single direction may have more of that than the squares allow
                self.assertAlmostEqual((weight * alignment).sum(), unbiased, delta=1e-12 * (weight * (b[0] + b[1])).sum())

    def test_against_numpy(self):
        """Each kind of data, alone and on three ranks: of full rank, of lower rank, more features than rows; and options."""
        x, y = draw()
        redundant = np.hstack([x[:, 7:9], x, np.full((len(x), 2), 1e9 / 3), x[:, :4] * 1e-3])
        cases = [(x, {}), (redundant, {}), (redundant, {"directions": 9}), (x[:25], {"directions": 6}), (x[:, :1], {}),
                 (x, {"population": True}), ((x * 8).astype("i2"), {})]
        for features, options in cases:
            labels = y[:, :len(features)]
            expected = reference(features.astype(float), labels, **options)
            self.put(features, *labels)
            words = ([f"--directions={options['directions']}"] if "directions" in options else []) + \
                ["--whole-population"] * ("population" in options)
            for ranks in (None, 3):
                with self.subTest(shape=features.shape, options=options, ranks=ranks):
                    self.compare(*self.measure(*words, ranks=ranks), expected)

    def test_ranks(self):
        """A matrix that is spread over the ranks: one to four write the same file."""
        x, y = draw(500, 220)
        self.put(x, *y)
        alone, about = self.measure()
        for ranks in (2, 3, 4):
            found, attributes = self.measure(ranks=ranks)
            self.assertEqual(set(found), set(alone))
            for name, value in alone.items():
                np.testing.assert_allclose(found[name], value, rtol=0, atol=1e-9 * np.abs(value).max(), err_msg=name)
            for name in about:
                if isinstance(about[name], float) and np.isfinite(about[name]):
                    self.assertAlmostEqual(attributes[name], about[name], delta=1e-8 * abs(about[name]) + 1e-12, msg=name)

    def test_file(self):
        """xarray opens it; it says where it comes from; booleans are labels; a sweep takes it."""
        x, y = draw()
        self.put(x, y[0], y[1] > -1, title=np.bytes_("Queries"), history=np.bytes_("made by hand"))
        self.measure()
        with xarray.open_dataset(self.folder / "spectrum.h5", engine="h5netcdf") as file:
            self.assertEqual(dict(file.sizes), {"feature": 30})
            self.assertEqual(file.eigenvalue.dims, ("feature",))
            self.assertEqual(list(file.feature), list(range(1, 31)))
            self.assertTrue(all(file[name].attrs["long_name"] for name in file))
            self.assertEqual(file.attrs["title"], "Queries")
            command, made = file.attrs["history"].splitlines()
            self.assertIn("moat measure data.h5 -o spectrum.h5", command)
            self.assertEqual((made, file.attrs["n"]), ("made by hand", 240))
        line, _ = self.run_moat(0, "measure", "data.h5", "-o", "spectrum.h5", "-q", "-f", "--json")
        self.write("sweep.yaml", SWEEP)
        self.run_moat(0, "run", "sweep.yaml", "-q")
        self.assertAlmostEqual(read(self.folder / "sweep.h5")["N_E_star"].item() / json.loads(line)["N_E_star"], 1, 12)

    def test_prints(self):
        """The text and JSON have the file's numbers."""
        x, y = draw()
        self.put(np.hstack([x, x[:, :2], np.ones((len(x), 1))]), *y)
        out, err = self.run_moat(0, "measure", "data.h5", "-o", "spectrum.h5", ranks=2)
        self.assertIn("240 rows of 33 features, of rank 30: 1 constant, 2 determined by others\n", out)
        self.assertRegex(err, "240 rows of 33 features take [0-9.]+ GB on each of 2 ranks")
        line, err = self.run_moat(0, "measure", "data.h5", "-o", "spectrum.h5", "-q", "--force", "--json")
        self.assertEqual(err, "")
        found = json.loads(line)
        with h5py.File(self.folder / "spectrum.h5") as file:
            about = dict(file.attrs)
        common = set(about) & set(found)
        self.assertGreater(len(common), 20)
        for name in common:
            self.assertAlmostEqual(found[name], about[name], msg=name)
        for name, form in (("R2_safety", "R^2                    {:.4f}"), ("noise_performance", "label noise            {:.6g}"),
                           ("gamma", "gamma                  {:.4f}"), ("L_star", "L*                     {:.6g}"),
                           ("N_E_star", "this spectrum          {:.6g}"), ("trusted_safety", "trusted directions     {} of 30")):
            self.assertIn(form.format(found[name]), out)

    def test_refused(self):
        x, y = draw()
        bad, worse = x.copy(), y.copy()
        bad[200, 7], worse[1, 5] = np.nan, -np.inf
        same = np.full(len(x), 4.)
        cases = [((bad, *y), "`features` has nan in row 200, column 7"), ((x, *worse), "`safety` has -inf in row 5"),
                 ((x, y[0], same), "`safety` is 4 in all 240 rows"), ((x * 0 + 3, *y), "no feature varies"),
                 ((x[:25], *y[:, :25]), "25 rows of 30 features: least squares fits any labels exactly"),
                 ((x[:1], *y[:, :1]), "found 1 row, expected at least 3"), ((x * 1e200, *y), "whose square is no number"),
                 ((x, y[0], y[0]), "predict the same of `performance` and `safety`"),
                 ((x, y[0], y[1][:-1]), "`safety` has 239 numbers and `features` 240 rows"),
                 ((x[:, :, None], *y), "`features` has 3 dimensions")]
        for data, says in cases:
            with self.subTest(says):
                self.put(*data)
                self.refused(says)
        for data, says in cases[:2] + cases[3:4]:  # found by the last rank, the first, and all
            with self.subTest(says, ranks=3):
                self.put(*data)
                self.refused(says, ranks=3)
        self.put(x, *y)
        self.refused("--directions: found 31, expected at most 30", "--directions=31")
        none = [np.random.default_rng(seed).normal(size=len(x)) for seed in range(8)]
        signal = [(found["eigenvalue"] * found["alignment_safety_unbiased"]).sum()
                  for found in (reference(x, np.array([y[0], label])) for label in none)]
        self.put(x, y[0], none[np.argmin(signal)])
        self.assertLess(min(signal), 0)
        self.refused("the features predict nothing of `safety` beyond chance")
        self.put(x, y[0], none[np.argmax(signal)])
        _, err = self.run_moat(0, "measure", "data.h5", "-o", "spectrum.h5")
        self.assertGreater(max(signal), 0)
        self.assertIn("no signal of `safety` that is beyond doubt", err)

    def test_output(self):
        """Nothing but a spectrum of moat's own is replaced, and that only if asked; links stay; nothing else is left."""
        self.put(*(lambda x, y: (x, *y))(*draw()))
        command = "measure", "data.h5", "-q", "-o"
        data = (self.folder / "data.h5").read_bytes()
        self.write("notes.h5", "mine")
        for name in ("data.h5", "notes.h5", "missing/spectrum.h5", ".", "/dev/full"):
            for force in ([], ["--force"]):
                _, err = self.run_moat(2, *command, name, *force)
                self.assertIn(name.split("/")[0], err)
        self.assertEqual((self.folder / "data.h5").read_bytes(), data)
        self.assertEqual((self.folder / "notes.h5").read_text(), "mine")
        os.symlink("real.h5", self.folder / "link.h5")
        self.run_moat(0, *command, "link.h5")
        self.assertTrue((self.folder / "link.h5").is_symlink())
        self.assertIn("eigenvalue", read(self.folder / "real.h5"))
        _, err = self.run_moat(2, *command, "link.h5")
        self.assertIn("holds a spectrum already: use --force", err)
        self.run_moat(0, *command, "link.h5", "--force")
        self.assertEqual(sorted(path.name for path in self.folder.glob("*.h5*")), ["data.h5", "link.h5", "notes.h5", "real.h5"])

    def test_usage(self):
        for arguments, says in ((("measure",), "expected a data file"), (("measure", "a.h5"), "--output is missing"),
                                (("measure", "a.h5", "-o", "s.h5", "--directions=0"), "--directions: found `0`"),
                                (("measure", "a.h5", "-o", "s.h5"), "a.h5: No such file or directory")):
            _, err = self.run_moat(2, *arguments)
            self.assertIn(says, err)


if __name__ == "__main__":
    unittest.main()
