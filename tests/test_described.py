#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that the scripts of analysis say comes from the file: one config in six spellings, and files that lack variables."""

import contextlib
import importlib
import io
import os
import shutil
import sys
import unittest
from pathlib import Path
from unittest import mock

import h5py

from program import ROOT, moat, solve, temporary_folder
from sealed import seal
from sweeps import law, market

sys.path.insert(0, str(ROOT / "analysis"))
import explore  # noqa: E402
import moatfile  # noqa: E402
import phase_diagram  # noqa: E402
import style  # noqa: E402

from drawn import texts  # noqa: E402

# One config with thresholds in absolute units, in spellings that YAML has for it.
PLAIN = """name: tau in absolute units
sweep: market_entry
solver: deterministic
output: market.h5
model: {gamma: 0.5, P: .inf}
incumbent: {tau: 1.1}
tau_unit: absolute
grid:
  N_I:   {log: [10, 1e6], points: 12}
  tau_E: {values: [1.2, 1.5, 2.5, .inf]}
  Q:     {values: [0.5]}
  nu:    {values: [1.0]}
"""
SPELLINGS = {
    "plain": PLAIN,
    "quoted": PLAIN.replace("tau_unit:", '"tau_unit":'),
    "two lines": PLAIN.replace("tau_unit: absolute", "tau_unit:\n  absolute"),
    "explicit": PLAIN.replace("tau_unit: absolute", "? tau_unit\n: absolute"),
    "indented": "".join(f"  {line}\n" for line in PLAIN.splitlines()),
    "json": """{"name": "tau in absolute units", "sweep": "market_entry", "solver": "deterministic", "output": "market.h5",
 "model": {"gamma": 0.5, "P": ".inf"}, "incumbent": {"tau": 1.1}, "tau_unit": "absolute",
 "grid": {"N_I": {"log": [10, 1e6], "points": 12}, "tau_E": {"values": [1.2, 1.5, 2.5, ".inf"]}, "Q": {"values": [0.5]},
          "nu": {"values": [1.0]}}}
""",
}
SMALL = {
    "market": market("market", tau_I="{values: [0.7, 0.9]}", N_I="{values: [1e2, 1e3, 1e4, .inf]}", tau_E="{values: [0.95, 1.2, .inf]}",
                     Q="{values: [0.1]}", nu="{values: [1.0]}"),
    "law": law("law", N="{log: [1, 1e6], points: 7}", alpha="{values: [0.75, 0.99]}", Q="{values: [0.1]}", nu="{values: [1.0]}"),
    "ridge": market("ridge", N_I="{log: [16, 64], points: 4}", tau_E="{values: [1.2, .inf]}", Q="{values: [0.3]}", nu="{values: [0.75]}",
                    ridge="{P: 64, N: {log: [8, 128], points: 9}, trials: 4, seed: 1}"),
}
# Each script, the file it reads, and further options.
SCRIPTS = (
    ("entry_regimes", "market", ("--slice", "tau_I=0.9")), ("gap", "market", ("--slice", "N_I=inf")), ("policy", "market", ()),
    ("phase_diagram", "market", ()), ("phase_diagram", "market", ("--quantity", "regime", "--slice", "N_I=1e3")),
    ("phase_diagram", "market", ("--quantity", "exponent_D", "--x", "tau_I")), ("explore", "market", ()), ("export", "market", ()),
    ("explore", "ridge", ()), ("explore", "law", ()),
    ("summary", "market", ()), ("entry_regimes", "ridge", ()), ("validation", "ridge", ()), ("scaling_law", "law", ()),
    ("scaling_law", "law", ("--excess",)), ("lemma", "law", ()), ("summary", "law", ()), ("export", "law", ()),
)


def run(script, *arguments):
    """(exit code, standard error) of a script's main."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as said:
        code = importlib.import_module(script).main([str(argument) for argument in arguments])
    return code, said.getvalue()


class SpellingsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = temporary_folder(cls.addClassCleanup)
        for name, text in SPELLINGS.items():
            folder = cls.folder / name
            folder.mkdir()
            (folder / "market.yaml").write_text(text)
            code, _, error = moat(folder, "run", "market.yaml", "-q")
            assert code == 0, f"{name}: {error}"

    def drawn(self, name, *arguments):
        """The bytes of a figure of that spelling, and every text in it."""
        shown, save = [], style.save

        def keep(figure, *rest):
            shown.extend(text for text, _ in texts(figure))
            save(figure, *rest)

        home = os.getcwd()
        os.chdir(self.folder / name)  # the figure has the file's path
        try:
            with mock.patch.object(style, "save", keep):
                code, error = run(*arguments[:1], "market.h5", "-o", "figure.svg", *arguments[1:])
            self.assertEqual(code, 0, error)
            return Path("figure.svg").read_bytes(), shown
        finally:
            os.chdir(home)

    def test_figures_are_the_same_to_the_byte(self):
        for arguments in (("phase_diagram",), ("phase_diagram", "--x", "tau_E", "--y", "N_I"), ("entry_regimes",)):
            expected, shown = self.drawn("plain", *arguments)
            said = " ".join(shown)
            for item in (r"$\gamma$ = 0.5", "infinitely many features", "incumbent allowed 1.1"):
                self.assertIn(item, said)
            self.assertNotIn("L^*", said)
            for name in set(SPELLINGS) - {"plain"}:
                self.assertEqual(self.drawn(name, *arguments), (expected, shown), f"{name}: {arguments}")

    def test_pages_and_tables_say_the_same(self):
        pages, tables = {}, {}
        for name in SPELLINGS:
            path = str(self.folder / name / "market.h5")
            about, data = explore.manifest(explore.read(path))
            del about["origin"]  # the time, and the checksum of the config's text
            pages[name] = about, data
            with contextlib.redirect_stdout(io.StringIO()) as table:
                self.assertEqual(importlib.import_module("export").main([path]), 0)
            tables[name] = [line for line in table.getvalue().splitlines() if "date_created" not in line]
        for name in SPELLINGS:
            self.assertEqual(pages[name], pages["plain"], name)
            self.assertEqual(tables[name], tables["plain"], name)
        about, _ = pages["plain"]
        self.assertEqual(about["caption"], "γ = 0.5, P = ∞, τ_I = 1.1, deterministic solver")
        self.assertEqual(about["units"], dict.fromkeys(("N_I", "tau_E", "Q", "nu"), ""))
        self.assertEqual(about["title"], "tau in absolute units")

    def test_multiples_of_l_star_are_labelled(self):
        folder = self.folder / "multiples"
        folder.mkdir()
        path = str(solve(folder, PLAIN.replace("absolute\n", "L_star\n", 2)))
        diagram = phase_diagram.Diagram(phase_diagram.read(path), x="tau_E", y="N_I")
        self.assertIn("incumbent allowed 1.1 $L^*$", diagram.caption())
        self.assertEqual(self.drawn("multiples", "phase_diagram", "--x", "tau_E", "--y", "N_I")[1].count(
            r"safety loss that the newcomer is allowed $\tau_E$ ($L^*$)"), 1)


class LackingTest(unittest.TestCase):
    """Files of `store:`, which leaves out variables: what a script needs is named in one line, and the rest is not needed."""

    @classmethod
    def setUpClass(cls):
        cls.folder = temporary_folder(cls.addClassCleanup)
        for text in SMALL.values():
            solve(cls.folder, text)

    def watch(self, script, path, options):
        """What run() gives, the last line of it, and the variables that the script has read."""
        taken, read = set(), moatfile.read

        def record(*arguments):
            results = read(*arguments)
            taken.update(results.variables)
            return results

        output = {"summary": [], "export": [], "explore": ["-o", self.folder / "x.html"]}.get(script, ["-o", self.folder / "x.svg"])
        with mock.patch.object(moatfile, "read", record):
            code, said = run(script, path, *output, *options)
        return code, said.splitlines()[-1] if said else "", taken - {"status"}

    def test_each_script_without_each_variable(self):
        path, refused = self.folder / "lacking.h5", set()
        for script, source, options in SCRIPTS:
            code, said, taken = self.watch(script, self.folder / f"{source}.h5", options)
            self.assertIn(code, (0, 1) if script == "summary" else (0,), said)
            for lacking in taken:
                shutil.copy(self.folder / f"{source}.h5", path)
                with h5py.File(path, "r+") as file:
                    del file[lacking]
                seal(path)
                code, said, _ = self.watch(script, path, options)
                with self.subTest(f"{script} {options} without {lacking}: {said}"):
                    self.assertIn(code, (0, 1, 2) if script == "summary" else (0, 2))
                    if code == 2:
                        self.assertRegex(said, rf"^{script}\.py: .* has no {lacking}: `store:` of its config leaves it out")
                        refused.add(script)
        self.assertEqual(refused, {script for script, *_ in SCRIPTS} - {"export"})

    def test_store_itself(self):
        text = SMALL["market"].replace("grid:", "store: [N_E_star]\ngrid:").replace("market.h5", "stored.h5")
        path = solve(self.folder, text)
        self.assertEqual(run("phase_diagram", path, "-o", self.folder / "x.png")[0], 0)
        code, said = run("phase_diagram", path, "-o", self.folder / "x.png", "--quantity", "regime")
        self.assertEqual((code, said.count("\n")), (2, 1))
        self.assertIn("has no regime: `store:` of its config leaves it out; add it there", said)
        code, said = run("export", path, "--variables", "D")
        self.assertEqual((code, said.count("\n")), (2, 1))
        self.assertIn("found D; expected some of N_E_star, status; `store:` of the config leaves out the others", said)


if __name__ == "__main__":
    unittest.main()
