#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every script of analysis that takes a file, on every kind of file: it writes what it is asked for, or says in one line why not.

`tests/test_every_script.py` writes the table of both, analysis/FILES.md, which the test compares with what it finds.
"""

import contextlib
import importlib
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import warnings
from pathlib import Path

import h5py
import numpy as np

from market_file import field_axes, known_status, write_market
from program import ROOT, solve
from sealed import seal
from spectra import irregular
from sweeps import law, market, on_spectrum

ANALYSIS = ROOT / "analysis"
sys.path.insert(0, str(ANALYSIS))
import style  # noqa: E402
from test_opening import left_open  # noqa: E402

TABLE = ANALYSIS / "FILES.md"
GRID = {"N_I": "{values: [1e2, 3e2, 1e3, 3e3, 1e4, 1e5, 1e6, .inf]}",
        "tau_E": "{values: [0.95, 1.2, .inf]}", "Q": "{values: [0.1, 0.4]}", "nu": "{values: [1.0, 2.0]}"}
LAW = {"N": "{log: [1, 1e6], points: 7}", "alpha": "{values: [0.75, 0.99]}", "Q": "{values: [0.1]}", "nu": "{values: [1.0]}"}
RIDGE = "{P: 64, N: {log: [8, 128], points: 9}, trials: 4, seed: 1}"
ROWS = "{N: {log: [100, 400], points: 5}, trials: 3, seed: 1}"
SPECTRUM = {"spectrum": "spectrum.h5", "N_I": "{values: [150, 200, 300, .inf]}", "tau_E": "{values: [0.8, .inf]}", "tau_I": "0.7"}
SWEEPS = {  # kind of file -> (what it is, its config)
    "market": ("`market_entry`", market("market", **GRID)),
    "tau_I": ("`market_entry` with an axis tau_I", market("tau_I", tau_I="{values: [0.6, 0.7, 0.8, 0.9]}", **GRID)),
    "mixture": ("`market_entry`, `scrutiny: training_mixture`", market("mixture", scrutiny="training_mixture", **GRID)),
    "one": ("axes of one point each",
            market("one", N_I="{values: [1e4]}", tau_E="{values: [.inf]}", Q="{values: [0.1]}", nu="{values: [1.0]}")),
    "none": ("no market has a threshold", market("none", tau_I=2, N_I="{values: [.inf]}", tau_E="{linear: [0.3, 0.9], points: 9}",
                                                 Q="{linear: [0.1, 1], points: 9}", nu="{values: [1.0]}")),
    "equal": ("N_E\\* = N_I everywhere", market("equal", N_I="{log: [10, 1e6], points: 20}", tau_E="{values: [0.9]}",
                                                Q="{linear: [0.1, 1], points: 9}", nu="{values: [1.0]}")),
    "ridge": ("`market_entry`, `solver: ridge`", market("ridge", N_I="{log: [16, 64], points: 4}", tau_E="{values: [1.2, .inf]}",
                                                        Q="{values: [0.3]}", nu="{values: [0.75]}", ridge=RIDGE)),
    "measured": ("`market_entry` on a measured spectrum", on_spectrum("measured", **SPECTRUM)),
    "sampled": ("the same, `solver: ridge`", on_spectrum("sampled", **SPECTRUM, ridge=ROWS)),
    "law": ("`scaling_law`", law("law", **LAW)),
    "levels": ("`scaling_law` with an axis lambda", law("levels", ridge_levels="{log: [1e-4, 1], points: 5}", **LAW)),
    "ridge_law": ("`scaling_law`, `solver: ridge`", law("ridge_law", **{**LAW, "N": "{log: [16, 64], points: 4}"}, P=64, ridge=RIDGE)),
}
OTHERS = {
    "statuses": "every status, pending and failed among them", "pending": "nothing is computed yet",
    "killed": "half finished, of a run that was killed", "damaged": "values changed since they were written",
    "spectrum": "a spectrum file", "data": "a data file for `moat measure`", "foreign": "HDF5 of another program",
    "text": "a text file", "absent": "no file",
}
KINDS = {**{kind: about for kind, (about, _) in SWEEPS.items()}, **OTHERS}
SCRIPTS = {  # script -> further words, and the suffix of what it writes; none writes to standard output
    "agreement": ((), ".png"),
    "dataset": (("--performance", "one", "--safety", "two", "--force"), ".h5"), "entry_regimes": ((), ".png"),
    "explore": ((), ".html"), "export": ((), ".csv"), "gap": (("--slice", "N_I=inf"), ".png"), "lemma": ((), ".png"), "phase_diagram": ((), ".png"),
    "policy": ((), ".png"), "readings": ((), ".png"), "scaling_law": ((), ".png"), "spectrum": ((), ".png"), "summary": ((), ""),
    "trade_off": ((), ".png"), "validation": ((), ".png"),
}
# What a script may say beside what it writes.
NOTES = (r"\w+\.py: (.*\w+ is held at .*; --slice .*|Unfinished: .*|[\d,]+ of [\d,]+ (markets|points) have no answer.*|"
         r".*: no exponent to check: .*|\d+ of \d+ exponents disagree with theory)")
AS_PROCESSES = (("entry_regimes", "none"), ("phase_diagram", "killed"), ("gap", "text"))


def make_files(folder):
    """Writes a file KIND.h5 of every kind but `absent` into the folder."""
    irregular(1).write(folder / "spectrum.h5", "irregular")
    for _, text in SWEEPS.values():
        solve(folder, text)
    write_market(folder / "statuses.h5", field_axes(), spoil=known_status)
    for kind, first in (("pending", 0), ("killed", 1)):
        path = folder / f"{kind}.h5"
        shutil.copy(folder / "market.h5", path)
        with h5py.File(path, "r+") as file:
            axes = [scales[0].name for scales in file["status"].dims]
            for item in file.values():
                if isinstance(item, h5py.Dataset) and [scales[0].name for scales in item.dims if len(scales)] == axes:
                    item[first * len(item) // 2:] = 0 if item.dtype.kind == "u" else np.nan
            file["run/block_state"][...] = first
        seal(path)
    (folder / "killed.h5").write_bytes(left_open((folder / "killed.h5").read_bytes()))
    shutil.copy(folder / "market.h5", folder / "damaged.h5")
    with h5py.File(folder / "damaged.h5", "r+") as file:
        file["N_E_star"][1, 1, 1, 1] *= 2
    (folder / "table.csv").write_text("x,one,two\n" + "".join(f"{k % 7},{k % 5},{k % 3}\n" for k in range(40)))
    with contextlib.redirect_stdout(io.StringIO()):
        importlib.import_module("dataset").main([str(folder / "table.csv"), *SCRIPTS["dataset"][0], "-o", str(folder / "data.h5")])
    with h5py.File(folder / "foreign.h5", "w") as file:
        file["x"] = [1.0]
    (folder / "text.h5").write_text("no results\n")


def words_of(script, kind, folder):
    """The command line of a script on a kind of file; readings.py needs a pair."""
    words, suffix = SCRIPTS[script]
    files = [folder / f"{kind}.h5", *([folder / ("market.h5" if kind == "mixture" else "mixture.h5")] if script == "readings" else [])]
    target = folder / f"written{suffix}"
    return [*map(str, files), *words, *(["-o", str(target)] if suffix else [])], target if suffix else None


def judge(script, code, said, printed, target):
    """What became of it: "" if it wrote what it was asked for, or the line that says why not. Raises AssertionError."""
    said_last = said.splitlines()[-1:] if code else []
    lines = [line for line in said.splitlines()[:-1 if code else None] if not re.fullmatch(NOTES, line)] + said_last
    written = target.is_file() and target.stat().st_size > 100 if target else bool(printed.strip())
    if code == 0:
        assert not lines, f"it says\n{said}"
        assert written, "it writes nothing"
        return ""
    assert len(lines) == 1 and lines[0].startswith(f"{script}.py: "), f"code {code}, it says\n{said}"
    assert not (target and target.exists()), "it refuses, and writes"
    return lines[0].partition(": ")[2]


def call(script, kind, folder):
    """judge() of a script's main in this process. A warning is a line on standard error too."""
    words, target = words_of(script, kind, folder)
    if target:
        target.unlink(missing_ok=True)
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err, warnings.catch_warnings():
        warnings.simplefilter("always")
        code = importlib.import_module(script).main(words)
    return judge(script, code, err.getvalue(), out.getvalue(), target)


def try_all(folder):
    """({(script, kind): "" or why not}, [what went wrong])."""
    found, faults = {}, []
    make_files(folder)
    style.PARAMETERS["savefig.dpi"] = 20
    for script in SCRIPTS:
        for kind in KINDS:
            try:
                found[script, kind] = call(script, kind, folder).replace(f"{folder}/", "")
            except (Exception, SystemExit) as error:  # noqa: BLE001: whatever it is, it is the script's fault
                faults.append(f"{script}.py on {kind}.h5: {type(error).__name__}: {error}")
    return found, faults


def table(found):
    """The text of analysis/FILES.md."""
    reasons, rows = {}, []
    for kind, about in KINDS.items():
        cells = []
        for script in SCRIPTS:
            why = found.get((script, kind), "fails")
            why = re.sub(rf"^\S*{kind}\.h5: ", "", why)
            cells.append(str(reasons.setdefault(why, len(reasons) + 1)) if why else "✓")
        rows.append(f"| {about} | {' | '.join(cells)} |")
    return "\n".join((
        "<!-- SPDX-License-Identifier: GPL-3.0-or-later -->", "# Which script takes which file", "",
        "Written by `tests/test_every_script.py`, which tries every script on small files of every kind, with the options it cannot do",
        "without (`gap.py`: `--slice N_I=inf`). `readings.py` takes pairs; the other one here is the `training_mixture` of the first row.",
        "✓: it writes what it is asked for. A number: it refuses, with that line below and exit code 2.", "",
        f"| file | {' | '.join(f'`{script}`' for script in SCRIPTS)} |", f"|---|{'---|' * len(SCRIPTS)}", *rows, "",
        *(f"{number}. {why}".replace("*", r"\*") for why, number in reasons.items()), ""))


class EveryScriptTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="moat-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.found, cls.faults = try_all(cls.folder)

    def test_all_are_named(self):
        self.assertEqual({path.stem for path in ANALYSIS.glob("*.py") if os.access(path, os.X_OK)}, set(SCRIPTS))

    def test_written_or_refused_in_a_line(self):
        self.assertEqual(self.faults, [])

    def test_unusable_files(self):
        """No script takes a file that is damaged, foreign or not there. Every other kind is taken by some script, and every script
        takes some, but dataset.py, which takes none of moat's."""
        taken = [pair for pair, why in self.found.items() if not why]
        self.assertEqual(set(KINDS) - {kind for _, kind in taken}, {"damaged", "data", "foreign", "text", "absent"})
        self.assertEqual(set(SCRIPTS) - {script for script, _ in taken}, {"dataset"})

    def test_table(self):
        self.assertEqual(TABLE.read_text(), table(self.found), "run tests/test_every_script.py, which writes it")

    def test_as_processes(self):
        """What a process adds: warnings at its end, its exit code."""
        for script, kind in AS_PROCESSES:
            words, target = words_of(script, kind, self.folder)
            target.unlink(missing_ok=True)
            done = subprocess.run([ANALYSIS / f"{script}.py", *words], capture_output=True, text=True)
            self.assertEqual(judge(script, done.returncode, done.stderr, done.stdout, target).replace(f"{self.folder}/", ""),
                             self.found[script, kind])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="moat-") as name:
        results, wrong = try_all(Path(name))
    print("\n".join(wrong), file=sys.stderr)
    TABLE.write_text(table(results))
    sys.exit(bool(wrong))
