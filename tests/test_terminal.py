#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person sees: bars on terminals of several widths, lines elsewhere, and what is said first and last."""

import json
import os
import re
import subprocess
import unittest
from unittest import mock

import h5py
import numpy as np

from program import ProgramTest, ranks_script, solve
from screen import Screen, show
from sweeps import LONG, LONG_POINTS, MIXED, SMALL_RIDGE, law, market

TERMINAL = {"TERM": "xterm"}
BAR = r"(\[#*\.*\] +)?\d+\.\d %"
# A second or so, with the costliest of its data sets half of it.
LADDER = market("ladder", N_I="{values: [20, 50]}", tau_E="{values: [.inf]}", Q="{values: [0.5]}", nu="{values: [1.0]}",
                ridge="{P: 1024, N: {values: [8, 64, 256, 384, 512, 768]}, trials: 2, seed: 1}")


class ScreenTest(unittest.TestCase):
    """The emulated screen itself."""

    def test_wraps_clears_and_resizes(self):
        screen = Screen(4)
        screen.feed("abcd")
        self.assertEqual(screen.rows(), ["abcd"])
        screen.feed("e\r\nx")
        self.assertEqual(screen.rows(), ["abcd", "e", "x"])
        screen.feed("\r\x1b[J12\r")
        self.assertEqual(screen.rows(), ["abcd", "e", "12"])
        for reflow, rows in ((True, ["ab", "cd", "e", "12"]), (False, ["ab", "e", "12"])):
            screen = Screen(4, reflow)
            screen.feed("abcde\r\n12\r")
            screen.resize(2)
            self.assertEqual(screen.rows(), rows)
        screen = Screen(8)
        screen.feed("a\r\n12345678\r")
        screen.resize(3)  # the cursor is where the long row begins, above its other parts
        screen.feed("\r\x1b[Jxy")
        self.assertEqual(screen.rows(), ["a", "xy"])
        self.assertRaises(ValueError, screen.feed, "\x1b[1m")


@mock.patch.dict(os.environ, TERMINAL)
class BarTest(ProgramTest):
    def check(self, shown, code=0):
        """Each bar stands on one row, one column short of the window, and is taken off again."""
        self.assertEqual(shown.code, code, shown.text)
        self.assertTrue(shown.bars)
        for text, columns, used in shown.bars:
            self.assertLess(len(text), columns)
            self.assertRegex(text, BAR)
            self.assertEqual(used, 1, "\n".join(shown.screen.rows()))
        return shown.screen.lines()

    def test_one_row_at_every_width(self):
        self.write("mixed.yaml", MIXED)
        for ranks, columns in ((None, 80), (None, 60), (None, 40), (None, 12), (3, 80), (3, 40)):
            with self.subTest(ranks=ranks, columns=columns):
                shown = show(self, "run", "mixed.yaml", "-o", f"{ranks}-{columns}.h5", columns=columns, ranks=ranks)
                self.check(shown)
                last = shown.bars[-1][0]
                self.assertIn("100.0 %", last)
                self.assertEqual("3872/3872 points" in last, columns >= 40, last)
                self.assertEqual("[" in last, columns >= 40, last)

    def test_window_that_is_resized(self):
        self.write("long.yaml", LONG)
        for ranks, reflow in ((None, True), (3, False)):
            shown = show(self, "run", "long.yaml", "-o", f"{ranks}.h5", columns=100, ranks=ranks, reflow=reflow,
                         widths=[60, 40, 120, 30, 80])
            lines = self.check(shown, None)
            self.assertEqual({columns for _, columns, _ in shown.bars}, {100, 60, 40, 120, 30, 80})
            units = [re.match(BAR, line)[0] for line in lines if re.match(BAR, line)]
            self.assertLessEqual(len(units), 2, lines)  # one while the file is made, one since

    def test_interrupt(self):
        self.write("long.yaml", LONG)
        rows = self.check(show(self, "run", "long.yaml", columns=80, until=" points/s"), 75)
        bar, = (row for row in rows if " points " in row and " left" in row)
        self.assertRegex(bar, rf"^\[#*\.+\] +\d+\.\d % +\d+/{LONG_POINTS} points +\S+( points)?/s +\d+:\d\d left$")
        self.assertRegex(rows[-1], "the same command resumes the sweep$")

    def test_lines_where_the_width_or_the_terminal_is_not_known(self):
        """Plain text, and no line at all in a few seconds. The pauses of a log are tested in test_progress.c."""
        self.write("mixed.yaml", MIXED)
        for term, columns, popen in (("dumb", 80, {}), ("", 80, {}), ("xterm", 0, {}), ("xterm", 80, {"stderr": subprocess.DEVNULL})):
            with self.subTest(term=term, columns=columns), mock.patch.dict(os.environ, TERM=term):
                shown = show(self, "run", "mixed.yaml", "-o", f"{term}-{columns}-{len(popen)}.h5", columns=columns, **popen)
                self.assertEqual((shown.code, shown.bars), (0, []))
                self.assertNotRegex(shown.text, r"\x1b|\r(?!\n)|%")
        with mock.patch.dict(os.environ, COLUMNS="50"):
            self.check(show(self, "run", "mixed.yaml", columns=0))

    def test_redirected_from_a_shell(self):
        """A terminal that is not where the output goes: no bar in a file or down a pipe, whoever started the ranks."""
        self.write("mixed.yaml", MIXED)
        for number, line in enumerate(("$MOAT run mixed.yaml 2>&1 | cat", "$MOAT run mixed.yaml -n 3 2>log; cat log")):
            with self.subTest(line), ranks_script(self.folder, f"{line.replace('mixed.yaml', f'mixed.yaml -o {number}.h5')}; true"):
                shown = show(self, columns=80)
                self.assertEqual(shown.bars, [])
                self.assertNotRegex(shown.text, r"\x1b|\r(?!\n)|%")
                self.assertIn(" points in ", shown.text)
        with ranks_script(self.folder, "exec $MOAT run mixed.yaml -o ranks.h5 2>log.$$"):
            shown = show(self, columns=80, ranks=3)
        self.assertEqual((shown.code, shown.bars), (0, []))
        for log in self.folder.glob("log.*"):
            self.assertEqual(log.read_text(), "")

    def test_words_are_kept_whole(self):
        """The sentences of run and point, on a terminal; elsewhere they are lines."""
        self.write("mixed.yaml", MIXED)
        words = "point --gamma=.5 --nu=1 --Q=.1 --N-I=3.2e6 --tau-I=.9 --tau-E=.95".split()
        line = self.run_moat(0, *words)[0].splitlines()[0]
        for columns, ranks in ((80, None), (40, 3)):
            shown = show(self, *words, columns=columns).screen
            first = shown.rows()[:shown.rows().index("")]
            self.assertEqual(" ".join(first), line)
            self.assertTrue(all(len(row) + 1 + len(following.split()[0]) > columns for row, following in zip(first, first[1:])))
            shown = show(self, "run", "mixed.yaml", "-o", f"{columns}.h5", ranks=ranks, columns=columns).screen
            self.assertEqual(shown.lines(), shown.rows())
            self.assertIn(f"into {columns}.h5", " ".join(shown.rows()))

    def test_quiet(self):
        self.write("mixed.yaml", MIXED)
        for ranks in (None, 3):
            self.assertEqual(show(self, "run", "mixed.yaml", "-q", "-o", f"{ranks}.h5", columns=80, ranks=ranks).text, "")

    def test_share_of_data_sets_by_cost(self):
        """Against the operations of `moat plan`, costliest data sets first; earlier runs' count too."""
        self.write("ladder.yaml", LADDER)
        plan = json.loads(self.run_moat(0, "plan", "ladder.yaml", "--json")[0])
        flops = [rung["flops"] for rung in reversed(plan["rungs"]) for _ in range(2)]
        shown = show(self, "run", "ladder.yaml", columns=80)
        self.check(shown)
        seen = set()
        for text, _, _ in shown.bars:
            match = re.search(r"(\d+\.\d) % +(\d+)/12 data sets", text)
            if match:
                seen.add(int(match[2]))
                self.assertAlmostEqual(float(match[1]), 100 * sum(flops[:int(match[2])]) / sum(flops), delta=0.06)
        self.assertGreaterEqual(len(seen), 3)
        self.assertLess(flops[-1], 1e-4 * flops[0], "the case is too easy")


class ReportTest(ProgramTest):
    """What moat run says last, against the file."""

    def test_resumed(self):
        """After a kill: what was there before, what has been added."""
        path = solve(self.folder, SMALL_RIDGE)
        with h5py.File(path, "r+") as file:
            file["run/block_state"][1:] = 0
            file["run/task_state"][:3, :] = 0
            blocks, tasks = file["run/block_state"].size, file["run/task_state"].size
        self.assertGreater(blocks, 1)
        out, _ = self.run_moat(0, "run", "small.yaml", ranks=2)
        self.assertRegex(out, rf"^small: market_entry, solver ridge, {tasks} data sets and \d+ points in {blocks} blocks, on 1 worker at \S+, into "
                              r"small\.h5\n")
        self.assertRegex(out.splitlines()[-1], rf"^12 data sets in \d+\.\d\d s, \d+ points in \d+\.\d\d s, \S+ points/s, {tasks - 12} of {tasks} data sets were "
                                               rf"there already, 1 of {blocks} blocks were there already: small\.h5$")
        self.assertRegex(self.run_moat(0, "run", "small.yaml")[0].splitlines()[-1], rf"^already complete, {blocks} of {blocks} blocks were there already: small\.h5$")

    def test_failed_points(self):
        """One of them by its coordinates, which has that status in the file, and the reason."""
        for N_I, tau_E, reason in (("{values: [7, 20]}", "[.inf]", "N_I is not on the ladder of data sets, 8 to 64 data points"),
                                   ("{values: [60]}", "[0.91, .inf]", "N_E* is not on the ladder of data sets, 8 to 64 data points")):
            self.write("sweep.yaml", market("sweep", N_I=N_I, tau_E=f"{{values: {tau_E}}}", Q="{values: [0.1]}", nu="{values: [0.75]}",
                                            tau_I=0.95, ridge="{P: 64, N: {values: [8, 16, 32, 64]}, trials: 4, seed: 1}"))
            out, _ = self.run_moat(0, "run", "sweep.yaml", "--force")
            count, where, why = re.search(r"^(\d+) points? failed, for example \((.*)\): (.*)$", out, re.M).groups()
            at = {name: float(value) for name, value in re.findall(r"(\w+) = (\S+?)(?:,|$)", where)}
            self.assertEqual(list(at), ["N_I", "tau_E", "Q", "nu"])
            self.assertTrue(why.startswith(reason), why)
            with h5py.File(self.folder / "sweep.h5") as file:
                failed = file["status"][...] == 6
                self.assertEqual(np.count_nonzero(failed), int(count))
                self.assertTrue(failed[tuple(int(np.argmin(abs(file[name][...] - value))) if np.isfinite(value) else -1
                                             for name, value in at.items())])

    def test_failed_markets_and_laws_of_theory(self):
        self.write("sweep.yaml", market("sweep", N_I="{values: [.inf]}", tau_E="{values: [0.9, 0.9000000000001]}", Q="{values: [0.1]}",
                                        nu="{values: [1.0]}"))
        out, _ = self.run_moat(0, "run", "sweep.yaml")
        self.assertIn("\n1 point failed, for example (N_I = inf, tau_E = 0.9000000000001, Q = 0.1, nu = 1): N_E* is beyond the solver's tables", out)
        self.write("law.yaml", law("law", N="{values: [4, 16]}", alpha="{values: [0.75]}", Q="{values: [0.1]}", nu="{values: [0.75]}",
                                   ridge="{P: 32, N: {values: [8, 16, 32, 64]}, trials: 2, seed: 1}"))
        out, _ = self.run_moat(0, "run", "law.yaml")
        self.assertIn("\n1 point failed, for example (N = 4, alpha = 0.75, Q = 0.1, nu = 0.75): N is not on the ladder of data sets, 8 to 64", out)


if __name__ == "__main__":
    unittest.main()
