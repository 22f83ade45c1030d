#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""analysis/spectrum.py, on spectrum files whose power laws, errors and trusted range are known."""

import contextlib
import io
import math
import sys
import tempfile
import unittest
from pathlib import Path

import h5py
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "analysis"))
import spectrum  # noqa: E402
import spectrum_file  # noqa: E402

import matplotlib.pyplot as plt  # noqa: E402  after spectrum, which chooses the backend

from drawn import faults, texts  # noqa: E402


def power_law(size, gamma=0.5, delta=0.8, rho=0.4):
    number = np.arange(1.0, size + 1)
    b = number ** -delta
    return {"eigenvalue": number ** -(1 + gamma), "alignment_performance": b, "alignment_safety": b.copy(), "alignment_joint": rho * b}


class SpectrumFigure(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(plt.close, "all")
        self.folder = Path(folder.name)
        self.file, self.figure = self.folder / "spectrum.h5", self.folder / "figure.png"

    def write(self, values, **attributes):
        with h5py.File(self.file, "w") as file:
            for name, each in values.items():
                if each is not None:
                    file[name] = each
            file.attrs.update(attributes)

    def run_command(self):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = spectrum.main([str(self.file), "-o", str(self.figure)])
        return code, out.getvalue(), err.getvalue()

    def shown(self):
        return spectrum.Shown(spectrum_file.read(str(self.file)))

    def test_power_law(self):
        """The exponents of a file that states none; directions may come in any order."""
        values = power_law(1000)
        order = np.random.default_rng(1).permutation(1000)
        self.write({name: each[order] for name, each in values.items()})
        code, out, err = self.run_command()
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"1000 directions\nnearest power law: gamma = 0\.50\d, delta = 0\.80\d, Q = 0\.600; .* up to 1\.0\d ")
        shown = self.shown()
        self.assertEqual(shown.headline(), "The spectrum follows a power law")
        np.testing.assert_allclose(shown.misalignment[0], 0.6, rtol=1e-12)
        np.testing.assert_allclose(shown.spectrum.values["eigenvalue"], values["eigenvalue"])
        for target in spectrum.TARGETS:
            self.assertAlmostEqual(shown.spectrum.signal(shown.laws[target]), np.sum(values["eigenvalue"] * values["alignment_safety"]))

    def test_no_power_law(self):
        values = power_law(64)
        values["eigenvalue"][40:] /= 50
        self.write(values)
        shown = self.shown()
        name, factor = shown.departure()
        self.assertEqual(name, "eigenvalue")
        self.assertGreater(factor, spectrum.NEAR)
        self.assertRegex(shown.headline(), "No power law holds: the eigenvalues are off by factors up to ")

    def test_stated_exponents_win(self):
        self.write(power_law(100), gamma=0.7, gamma_stderr=0.05, delta=-0.2, nu=0.5)
        shown = self.shown()
        self.assertEqual((shown.gamma, shown.delta), (0.7, -0.2))
        caption = ",".join(shown.caption())
        for item in (r"$\gamma$ = $0.70$ $\pm$ 0.05", r"$\delta$ = $-0.20$", r"$\nu$ = $0.50$"):
            self.assertIn(item, caption)
        np.testing.assert_allclose(shown.laws["eigenvalue"][1:] / shown.laws["eigenvalue"][:-1],
                                   (np.arange(1, 100) / np.arange(2, 101)) ** 1.7)

    def test_errors_of_means(self):
        """Directions of one pool share their estimate, so that a mean over them is no better; others are independent."""
        values, size = power_law(16), 16
        values |= {f"{name}_stderr": np.full(size, 0.1) for name in values}
        self.write(values)
        np.testing.assert_allclose(self.shown().alignment["safety"][1], [0.1 / math.sqrt(at.stop - at.start) for at in self.shown().bins])
        self.write({**values, "pool": np.zeros(size)})
        np.testing.assert_allclose(self.shown().alignment["safety"][1], 0.1)
        self.assertIn("bars: standard errors", self.shown().caption())

    def test_every_text_is_on_the_page_and_apart(self):
        files = [power_law(size) for size in (1, 3, 3000)]
        files.append({name: each * (1 if name == "eigenvalue" else 0 if name == "alignment_safety" else 1e-9)
                      for name, each in power_law(30, rho=0).items()})
        for values in files:
            self.write(values)
            for width in (7.6, 3.4):
                self.assertEqual(faults(spectrum.draw(self.shown(), width)), [])
        self.write({**power_law(90), "eigenvalue_stderr": np.full(90, 1e-3)}, title="A title of many words, such as people give to data sets "
                   "of theirs", n=1e6, gamma=-0.3, delta=-0.25, nu=1.2345, nu_prime=1.2, noise_performance=1e-9, noise_safety=2.5, trusted=30.0)
        figure = spectrum.draw(self.shown())
        self.assertEqual(faults(figure), [])
        written = " ".join(text for text, _ in texts(figure)).replace("\n", " ")
        for words in ("A title of many words", "1000000 rows", "beyond direction 30 alignments do not stand out", "label noise 2.5"):
            self.assertIn(words, written)

    def test_formats_and_origin(self):
        self.write(power_law(10), title="mine")
        for suffix, start in ((".svg", b"<?xml"), (".png", b"\x89PNG")):
            self.figure = self.folder / f"figure{suffix}"
            self.assertEqual(self.run_command()[0], 0)
            self.assertEqual(self.figure.read_bytes()[:len(start)], start)

    def test_refusals(self):
        def refused(pattern):
            code, out, err = self.run_command()
            self.assertEqual((code, out, err.count("\n")), (2, "", 1))
            self.assertRegex(err, r"\Aspectrum\.py: " + pattern)
            self.assertFalse(self.figure.exists())

        refused(r".*no such file; expected a spectrum file, such as `moat measure` writes")
        self.file.write_text("eigenvalue")
        refused(r".*cannot be read as HDF5")
        self.write({**power_law(5), "alignment_joint": None, "eigenvalue": None})
        refused(r".*has no eigenvalue, alignment_joint; expected a spectrum file")
        self.write({**power_law(5), "alignment_safety": np.ones(4)})
        refused(r".*alignment_safety has the shape \(4,\); expected one number for each direction")
        for name, value, expected in (("eigenvalue", 0, "more than 0"), ("alignment_safety", -1, "0 or more"), ("alignment_joint", math.nan, "a finite")):
            values = power_law(5)
            values[name][2] = value
            self.write(values)
            refused(rf".*{name}\[2\] is .*; expected {expected}")
        self.write({**power_law(5), "alignment_performance": np.zeros(5)})
        refused(r".*alignment_performance is 0 in all directions")
        self.write(power_law(5))
        self.figure = self.folder / "figure.gif"
        refused(r".*expected a figure ending in")


if __name__ == "__main__":
    unittest.main()
