#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of analysis/phase_diagram.py, on the small results files of market_file.py."""

import contextlib
import io
import math
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import h5py
import numpy as np

from market_file import (ANALYSIS, curves_axes, field_axes, five_axes, known_status, write_market, write_file,
                         write_powers, write_results)

import hatching
import moatfile
import phase_diagram
import phase_page
import phase_panels
import regimes
import regions
import style
from colour_scale import ColourScale

import matplotlib.pyplot as plt  # after phase_diagram, which chooses the backend
from matplotlib.collections import QuadMesh
from matplotlib.text import Text
from PIL import Image

from drawn import faults, texts


class PhaseDiagramTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def run_main(self, *arguments):
        """Exit code and stderr."""
        stderr = io.StringIO()
        with contextlib.redirect_stderr(stderr):
            try:
                code = phase_diagram.main(list(arguments))
            except SystemExit as stop:
                code = stop.code
        return code, stderr.getvalue()

    def diagram(self, path, slices=(), **choices):
        return phase_diagram.Diagram(phase_diagram.read(path, choices.get("quantity")), slices=slices, **choices)

    def draw(self, path, slices=(), **choices):
        diagram = self.diagram(path, slices, **choices)
        figure = phase_panels.draw(diagram)
        self.addCleanup(plt.close, figure)
        return diagram, figure

    @staticmethod
    def main_panel(figure):
        return max(figure.axes, key=lambda axes: axes.get_position().height)

    @staticmethod
    def written(figure):
        return " ".join(text.replace("\n", " ") for text, _ in texts(figure))

    def test_curves_show_the_chosen_numbers(self):
        axes = curves_axes(N_I=[*np.geomspace(10, 1e12, 23), math.inf])
        path = self.path("curves.h5")
        slopes = np.broadcast_to(np.linspace(1, 0, 24)[:, None, None, None], (24, 2, 2, 2))
        write_market(path, axes, elasticity_N_I=slopes)
        _, figure = self.draw(path, ["Q=.4", "tau_E=.inf"], y="nu")
        drawn = [line.get_ydata() for line in self.main_panel(figure).lines if len(line.get_ydata()) == 23]
        self.assertEqual(len(drawn), 5)  # two curves, for each its N_I = inf, and N_E* = N_I
        with h5py.File(path) as file:
            n_entrant = file["N_E_star"][:, 1, 1, :]
        for k, (ratio, limit) in enumerate(zip(drawn[:4:2], drawn[1:4:2])):
            np.testing.assert_allclose(ratio, n_entrant[:-1, k] / axes["N_I"][:-1], rtol=1e-12)
            np.testing.assert_allclose(limit, n_entrant[-1, k] / axes["N_I"][:-1], rtol=1e-12)
        shown = {text for text, _ in texts(figure)}
        self.assertLessEqual({r"$\nu$ = 0.34", r"$\nu$ = 1", "$N_E^* = N_I$"}, shown)
        caption = self.written(figure)
        for item in (r"$\gamma$ = 0.5", "infinitely many features", "incumbent allowed 0.9 $L^*$", "no rule for the newcomer",
                     "$Q$ = 0.4", "deterministic solver", r"thin dashes: $N_I$ = $\infty$", "$L^*$: the safety loss of"):
            self.assertIn(item, caption)

    def test_field_hatches_exactly_the_cells_without_threshold(self):
        path = self.path("field.h5")
        axes = field_axes()
        write_market(path, axes, tau_incumbent=0.4, spoil=known_status)
        diagram, figure = self.draw(path)
        main = self.main_panel(figure)
        for status in hatching.HATCHES:
            patches = [patch for patch in main.patches if patch.get_gid() == f"kind-{status}"]
            self.assertEqual(len(patches), 1, status)
            inside = patches[0].get_path()
            covered = [[inside.contains_point((x, y)) for y in diagram.plane.y_values] for x in diagram.plane.x_values]
            np.testing.assert_array_equal(covered, diagram.kinds == status)
        written = self.written(figure)
        for region in regions.STATUSES.values():  # each is named, on the map or below it
            self.assertTrue(region.name in written or region.words in written, region)
        mesh = next(each for each in main.collections if isinstance(each, QuadMesh))
        ratio = (diagram.n_entrant / axes["N_I"][:, None]).T
        drawn = mesh.get_array().reshape(40, 60)
        for at in zip(*np.nonzero(np.isfinite(ratio))):
            self.assertEqual(regions.SHARES[int(drawn[at])][1], regions.share(ratio[at]), ratio[at])
        np.testing.assert_array_equal(drawn.mask, np.isnan(ratio))
        self.assertFalse(faults(figure))

    def test_borders_of_regions_follow_the_numbers(self):
        """N_E*/N_I = N_I^-3/4 tau_E^-3/2: the borders are straight lines on a page with logarithmic axes."""
        path = self.path("plane.h5")
        axes = field_axes(tau_E=np.geomspace(0.3, 30, 25))
        n_entrant = (axes["N_I"][:, None] ** 0.25 * axes["tau_E"][None, :] ** -1.5)[:, :, None, None]
        write_results(path, axes, n_entrant, np.ones(n_entrant.shape))
        _, figure = self.draw(path)
        found = {}
        for border in self.main_panel(figure).collections:
            if border.get_label().startswith("border "):
                level = float(border.get_label().split()[1])
                for x, y in (segment.T for segment in border.get_segments()):
                    inside = (x > axes["N_I"][0]) & (x < axes["N_I"][-1]) & (y > 0.3) & (y < 30)
                    off = -0.75 * np.log10(x[inside]) - 1.5 * np.log10(y[inside]) - level
                    found[level] = max(found.get(level, 0), np.abs(off).max(initial=0))
        self.assertLessEqual({-6, -4, -3, -2, -1, 0}, set(found))
        self.assertLess(max(found.values()), 0.03)  # lines are straight between points of the grid
        written = self.written(figure)
        for name in ("less data", "more data", "less than a tenth", "less than a hundredth"):
            self.assertIn(name, written)

    def test_what_is_constant_is_drawn_as_constant(self):
        """The same rule for both: N_E* = N_I up to rounding (case 10); a slope of 1e-12 is 0."""
        path, axes = self.path("same.h5"), field_axes(tau_E=np.linspace(0.9, 0.95, 12))
        noise = 1 + 1e-13 * np.random.default_rng(1).standard_normal((60, 12, 1, 1))
        n_entrant = axes["N_I"][:, None, None, None] * noise
        write_results(path, axes, n_entrant, np.ones(n_entrant.shape), elasticity_N_I=1e-12 * noise)
        _, figure = self.draw(path)
        mesh = next(each for each in self.main_panel(figure).collections if isinstance(each, QuadMesh))
        self.assertEqual({regions.SHARES[int(k)][1].name for k in np.unique(mesh.get_array())}, {"as much data"})
        self.assertIn("as much data as the incumbent, whatever the market", self.written(figure))
        diagram, figure = self.draw(path, quantity="elasticity_N_I")
        self.assertEqual(np.abs(diagram.values).max(), 0)
        self.assertEqual(faults(figure), [])
        self.assertTrue(ColourScale(n_entrant[:1].ravel(), log=True).constant)

    def test_contours_lie_on_their_level(self):
        path = self.path("plane.h5")
        axes = field_axes(tau_E=np.geomspace(0.3, 30, 25))
        n_entrant = (axes["N_I"][:, None] ** 0.25 * axes["tau_E"][None, :] ** -1.5)[:, :, None, None]
        write_results(path, axes, n_entrant, np.ones(n_entrant.shape))
        _, figure = self.draw(path, quantity="N_E_star")
        main, to_inches = self.main_panel(figure), figure.dpi_scale_trans
        found = 0
        for line in main.collections:
            name = line.get_label()
            if name.startswith("$10") or name.startswith("$N_E"):
                level = 0.0 if name.startswith("$N_E") else float(name[5:-2])
                for piece in line.get_segments():
                    x, y = (to_inches + main.transData.inverted()).transform(piece).T
                    np.testing.assert_allclose((-0.75 if level == 0.0 and name.startswith("$N_E") else 0.25) * np.log10(x)
                                               - 1.5 * np.log10(y), level, atol=1e-3)
                    found += 1
        self.assertGreaterEqual(found, 5)

    def test_scales_follow_the_spacing(self):
        path = self.path("five.h5")
        write_powers(path, five_axes(tau_E=np.linspace(0.3, 0.9, 9), nu=np.array([0.34, 0.5, 1.0, 3.4])))
        scales = {"tau_I": "linear", "N_I": "log", "tau_E": "linear", "Q": "log", "nu": "log"}
        for x, y in (("tau_I", "Q"), ("Q", "tau_E"), ("tau_E", "Q"), ("nu", "tau_E"), ("N_I", "Q")):
            _, figure = self.draw(path, x=x, y=y)
            main = self.main_panel(figure)
            self.assertEqual([main.get_xscale(), main.get_yscale()], [scales[x], scales[y]])

    def test_exponents_of_theory_beside_curves(self):
        path = self.path("five.h5")
        write_powers(path, five_axes(N_I=np.array([1e3, math.inf]), nu=np.array([0.34, 2.0])))
        infinite = ["N_I=inf", "nu=2", "Q=1"]
        cases = [
            ({"slices": infinite, "y": "tau_E", "quantity": "exponent_D"},
             {r"$1/\nu$ = 0.5", r"$(\nu+1)/\nu$ = 1.5", r"$(\nu'+1)/\nu'$ = 1.67"}),
            ({"slices": infinite[:1], "y": "nu", "x": "tau_I", "quantity": "exponent_D"},
             {r"$1/\nu$ = 2.94", r"$(\nu+1)/\nu$ = 3.94", r"$1/\nu$ = 0.5", r"$(\nu+1)/\nu$ = 1.5"}),
            ({"slices": ["N_I=1e3", "Q=1", "nu=0.34"], "y": "tau_E", "quantity": "elasticity_N_I"},
             {"1", r"$1/(\nu+1)$ = 0.746", "0"}),
            ({"y": "tau_E", "x": "nu", "quantity": "elasticity_N_I"}, {"0"}),
        ]
        for choices, expected in cases:
            diagram, figure = self.draw(path, **choices)
            shown = {text for text, _ in texts(figure)}
            self.assertLessEqual(expected, shown, choices)
            curves = [line.get_ydata() for line in self.main_panel(figure).lines if line.get_marker() not in (None, "None")]
            for curve in curves:  # one for each value of y; those that coincide are one
                self.assertTrue((curve == diagram.values.T).all(axis=1).any())
            for values in diagram.values.T:
                self.assertTrue(any(np.abs(values - curve).max() <= 0.05 * np.ptp(diagram.values) for curve in curves))

    def test_many_values_of_y_as_curves(self):
        path = self.path("field.h5")
        write_market(path, field_axes(), spoil=known_status)
        _, figure = self.draw(path, as_curves=True)
        curves = [line for line in self.main_panel(figure).lines if line.get_marker() not in (None, "None")]
        self.assertTrue(3 <= len(curves) <= phase_diagram.ROWS_SHOWN)
        self.assertEqual(faults(figure), [])

    def test_regimes_cell_by_cell(self):
        axes, path = five_axes(N_I=np.geomspace(1e2, 1e9, 30)), self.path("regimes.h5")
        columns = np.array([regimes.FIRST, regimes.TRANSITIONAL, regimes.SECOND, regimes.NONE, regimes.THIRD])
        regime = np.broadcast_to(columns[np.arange(30) // 6][None, :, None, None, None], (7, 30, 3, 9, 2))
        write_powers(path, axes, regime.astype(np.uint8))
        with h5py.File(path, "r+") as file:
            file["status"][:, :3] = moatfile.NO_ENTRY
        for y in ("Q", "tau_E"):  # a field, and bands
            diagram, figure = self.draw(path, ["nu=1"], y=y, quantity="regime")
            main = self.main_panel(figure)
            rows = np.asarray(diagram.plane.y_values) if y == "Q" else np.arange(3) + 0.5
            kinds = np.repeat(regimes.kind(columns), 6)
            kinds[:3] = moatfile.NO_ENTRY
            for kind in set(kinds):
                patch, = [patch for patch in main.patches if patch.get_gid() == f"kind-{kind}"]
                covered = [[patch.get_path().contains_point((x, row)) for row in rows] for x in axes["N_I"]]
                np.testing.assert_array_equal(covered, np.broadcast_to((kinds == kind)[:, None], np.shape(covered)))
            written = self.written(figure)
            for text in ("no regime", "first regime: exponent near $1$", "third regime: exponent near $0$",
                         r"second regime: exponent near $1/(\nu+1)$ = 0.5", "transitional: near none of theory's exponents"):
                self.assertIn(text, written)
            to_data = figure.dpi_scale_trans + main.transData.inverted()
            inches = figure.get_size_inches()
            symbols = {text: kind for kind, text in regimes.region_labels("elasticity_N_I").items()}
            named = [(text.get_text(), to_data.transform(text.get_position() * inches)[0]) for text in figure.texts
                     if text.get_text() in symbols]
            self.assertEqual(len(named), 3 if y == "Q" else 9)
            for name, x in named:
                self.assertEqual(kinds[int(np.argmin(np.abs(np.log(axes["N_I"] / x))))], symbols[name])

    def test_colours_of_exponents_diverge_only_from_a_zero_inside(self):
        path, axes = self.path("signs.h5"), five_axes()
        shape = [len(values) for values in axes.values()]
        for least in (-1.0, 0.5):
            slopes = np.linspace(least, 2.0, 9)[:, None]  # of Q
            write_powers(path, axes, elasticity_tau_E=np.broadcast_to(slopes, shape))
            _, figure = self.draw(path, x="N_I", y="Q", quantity="elasticity_tau_E")
            mesh = next(each for each in self.main_panel(figure).collections if isinstance(each, QuadMesh))
            np.testing.assert_allclose(mesh.get_array().reshape(9, 3), np.broadcast_to(slopes, (9, 3)))
            self.assertEqual((mesh.norm.vmin, mesh.norm.vmax), (-2, 2) if least < 0 else (0.5, 2))
            self.assertEqual(mesh.get_cmap().name, style.DIVERGING_MAP if least < 0 else style.FIELD_MAP)

    def test_exponents_over_decades_have_a_scale_of_powers(self):
        one_sign = np.append(np.full(900, 0.02), np.geomspace(1, 1e4, 90))
        for sign, known in ((1, one_sign), (-1, -one_sign), (0, np.append(one_sign, -one_sign))):
            scale = ColourScale(known, log=False)
            powers = [10.0 ** k for k in range(-1, 4)]  # from where they leave most values behind
            expected = {1: powers, -1: [-value for value in reversed(powers)],
                        0: [-value for value in reversed(powers)] + [0] + powers}[sign]
            values = [value for value, _ in scale.round_values()]
            np.testing.assert_allclose(values, expected, rtol=1e-12)
            steps = np.diff(scale.positions(np.array([value for value in values if value * (sign or 1) > 0])))
            np.testing.assert_allclose(steps, steps[0], rtol=1e-9)  # a decade is as long as any other
            self.assertEqual(scale.colours, style.FIELD_MAP if sign else style.DIVERGING_MAP)

    def test_regimes_at_infinite_data(self):
        path = self.path("regimes.h5")
        write_powers(path, five_axes())
        _, figure = self.draw(path, ["N_I=inf", "nu=.34"], y="Q", quantity="regime")
        self.assertIn(r"first regime: exponent near $1/\nu$ = 2.94", self.written(figure))
        _, figure = self.draw(path, ["tau_E=.5", "nu=.34"], x="Q", y="N_I", quantity="regime")
        shown = self.written(figure)
        self.assertIn(r"$N_I$ = $\infty$ left out", shown)
        self.assertIn("exponent near $1$", shown)
        self.assertIn(f"local exponent {phase_page.quantity_label(moatfile.read(path, []), 'elasticity_N_I')}", shown)

    def test_no_text_meets_another_or_leaves_the_page(self):
        def with_gaps(n_entrant, status):
            status[40:45, 1], status[90:, 0] = moatfile.FAILED, moatfile.PENDING
            status[:10, 2], status[60:, 3] = moatfile.INCUMBENT_INFEASIBLE, moatfile.NO_ENTRY

        def nothing_yet(n_entrant, status):
            status[...] = moatfile.PENDING

        def always(n_entrant, status):
            n_entrant[...], status[...] = 1.0, moatfile.ENTRANT_ALWAYS

        many = [0.8, 0.88, 0.9, 0.93, 0.96, 0.99, math.inf]
        with_infinity = [*np.linspace(0.85, 1, 40), math.inf]
        cases = {
            "seven curves": (curves_axes(tau_E=many, N_I=[*np.geomspace(10, 1e12, 111), math.inf]), with_gaps),
            "seven nu": (curves_axes(tau_E=[math.inf], nu=[0.34, 0.36, 0.4, 0.5, 0.6, 0.8, 1.0]), None),
            "close N_I": (curves_axes(N_I=np.geomspace(700, 900, 5)), None),
            "two N_I": (curves_axes(N_I=[10.0, 1e12]), None),
            "curves, none yet": (curves_axes(), nothing_yet),
            "curves, N_E* = 1": (curves_axes(), always),
            "field": (field_axes(), known_status),
            "field, infinity": (field_axes(tau_E=with_infinity), None),
            "field, none yet": (field_axes(tau_E=with_infinity), nothing_yet),
            "field, nu": (field_axes(tau_E=[math.inf], nu=np.linspace(0.2, 2, 30)), None),
            "field, Q": (field_axes(tau_E=[0.91], Q=np.geomspace(1e-3, 1, 30)), None),
        }
        plain = {"x": "N_I"}
        five = {
            "thresholds over tau_E": {"x": "tau_E", "y": "Q", "quantity": "N_E_star"},
            "curves over Q": {"x": "Q", "y": "N_I"},
            "exponents over tau_I": {"x": "tau_I", "y": "tau_E", "quantity": "elasticity_Q"},
            "exponents alone": {"x": "Q", "y": "nu", "quantity": "elasticity_Q"},
            "regimes": {"x": "tau_I", "y": "Q", "quantity": "regime"},
            "bands": {"x": "N_I", "y": "tau_E", "quantity": "regime"},
            "a band": {"x": "Q", "quantity": "regime",
                       "slices": ["tau_I=.3", "N_I=100", "nu=1", "tau_E=inf"]},
        }
        drawn = [(name, market, plain) for name, market in cases.items()]
        drawn += [(name, None, choices) for name, choices in five.items()]
        for k, (name, market, choices) in enumerate(drawn):
            with self.subTest(name):
                path = self.path("case.h5")
                if market:
                    write_market(path, market[0], spoil=market[1])
                else:
                    write_powers(path, five_axes())
                diagram = self.diagram(path, **choices)
                if k % 3 == 0:
                    self.assertEqual(faults(phase_panels.draw(diagram)), [])
                narrow = phase_panels.draw(diagram, 3.4)
                self.assertEqual(faults(narrow), [])
                self.assertGreaterEqual(min(text.get_fontsize() * (0.7 if "$" in text.get_text() else 1)
                                            for text in narrow.findobj(Text)), 6)
                plt.close("all")

    def test_formats_metadata_and_determinism(self):
        path = self.path("field.h5")
        write_market(path, field_axes(N_I=np.geomspace(10, 1e6, 12), tau_E=np.geomspace(0.2, 1, 9)))
        start = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}
        for suffix, magic in start.items():
            figures = [self.path(f"{name}.{suffix}") for name in "ab"]
            for figure in figures:
                self.assertEqual(self.run_main(path, "-o", figure), (0, ""))
            first, second = (Path(figure).read_bytes() for figure in figures)
            self.assertTrue(first.startswith(magic))
            self.assertEqual(first, second)
            said = repr(Image.open(figures[0]).text) if suffix == "png" else first.decode("latin-1")
            for origin in ("moat_version=0.1.0", "git_revision=deadbeef", path):
                self.assertIn(origin, said)

    def test_refusals_are_one_line_and_exit_2(self):
        good, single, scaling = self.path("good.h5"), self.path("single.h5"), self.path("scaling.h5")
        write_market(good, curves_axes(N_I=np.geomspace(10, 1e4, 4)))
        write_market(single, curves_axes(N_I=[100.0, math.inf]))
        write_file(scaling, {"nu": [1.0]}, {"status": (["nu"], np.uint8([1]))}, sweep="scaling_law")
        with h5py.File(self.path("other.h5"), "w") as file:
            file["N_I"] = 1.0
        Path(self.path("text.h5")).write_text("not HDF5")
        figure = self.path("figure.png")
        cases = [
            ([self.path("missing.h5"), "-o", figure], "no such file"),
            ([self.folder.name, "-o", figure], "is a folder"),
            ([self.path("text.h5"), "-o", figure], "cannot be read as HDF5"),
            ([self.path("other.h5"), "-o", figure], "not a moat results file"),
            ([scaling, "-o", figure], "its sweep is scaling_law"),
            ([single, "-o", figure, "--x", "N_I"], "N_I has fewer than two finite values (100, inf)"),
            ([good, "-o", self.path("figure.jpg")], "expected a figure ending in .png, .pdf or .svg"),
            ([good, "-o", self.path("nowhere/figure.png")], "there is no folder"),
            ([good, "-o", figure, "--slice", "Q=0.2"], "Q has no value 0.2; it has 0.1, 0.4"),
            ([good, "-o", figure, "--slice", "tau_E=x"], "tau_E has no value x; it has 0.95, inf"),
            ([good, "-o", figure, "--slice", "P=2"], "expected AXIS=VALUE with AXIS one of N_I, tau_E, Q, nu"),
            ([good, "-o", figure, "--slice", "Q=0.1", "Q=0.4"], "Q already has a slice"),
            ([good, "-o", figure, "--y", "Q", "--slice", "Q=0.1"], "Q is an axis of the figure (--y Q)"),
            ([good, "-o", figure, "--x", "Q", "--slice", "Q=0.1"], "Q is an axis of the figure (--x Q)"),
            ([good, "-o", figure, "--x", "Q", "--y", "Q"], "--x and --y are both Q; expected two different axes"),
            ([good, "-o", figure, "--x", "tau_I"], "has no axis tau_I (--x tau_I); its axes are N_I, tau_E, Q, nu"),
            ([good, "-o", figure, "--x", "tau_E"], "tau_E has fewer than two finite values (0.95, inf)"),
            ([good, "-o", figure, "--slice", "tau_E=inf", "N_I=10", "Q=0.1", "nu=1"], "leaves no axis to draw against"),
            ([good, "-o", figure, "--quantity", "regime"], "has no regime: `store:` of its config leaves it out"),
            ([single, "-o", figure, "--x", "Q", "--slice", "N_I=inf", "--quantity", "ratio"],
             "N_E*/N_I is 0 at N_I = inf; --quantity N_E_star"),
        ]
        for arguments, expected in cases:
            with self.subTest(expected):
                code, stderr = self.run_main(*arguments)
                self.assertEqual((code, stderr.count("\n")), (2, 1), stderr)
                self.assertIn(expected, stderr)
                self.assertFalse(os.path.exists(figure))

    def test_without_a_single_threshold_the_reason_is_drawn(self):
        """Case 08: unlimited data of the incumbent alone, no entry anywhere."""
        path = self.path("none.h5")
        axes = {"N_I": [math.inf], "tau_E": np.linspace(0.3, 0.9, 9), "Q": np.linspace(0.1, 1, 9), "nu": [1.0]}
        write_results(path, axes, np.full((1, 9, 9, 1), math.nan), np.full((1, 9, 9, 1), moatfile.NO_ENTRY))
        for width in (7.6, 3.4):
            figure = phase_panels.draw(self.diagram(path), width)
            self.addCleanup(plt.close, figure)
            written = self.written(figure)
            self.assertIn("No amount of data is enough for the newcomer, anywhere in this figure", written)
            self.assertIn("no entry", written)
            self.assertEqual(faults(figure), [])

    def test_unsliced_axes_are_announced(self):
        path = self.path("curves.h5")
        write_market(path, curves_axes(N_I=np.geomspace(10, 1e4, 4)))
        code, stderr = self.run_main(path, "-o", self.path("figure.png"), "--slice", "nu=1")
        self.assertEqual(code, 0)
        self.assertIn("Q is held at 0.1, the first of its 2 values", stderr)
        self.assertEqual(self.diagram(path, ["nu=1", "Q=.4", "tau_E=inf"]).plane.y_values.tolist(), [math.inf])

    def test_file_of_a_live_and_of_a_killed_run(self):
        path = self.path("live.h5")
        writer = subprocess.Popen([sys.executable, __file__, "--write-live", path], stdout=subprocess.PIPE, text=True)
        try:
            self.assertEqual(writer.stdout.readline(), "half written\n")
            live = self.diagram(path)
            self.assertEqual(np.isfinite(live.n_entrant).sum(), 4)
            self.assertEqual(np.count_nonzero(live.kinds == moatfile.PENDING), 4)
            self.assertEqual(self.run_main(path, "-o", self.path("live.png")), (0, ""))
        finally:
            writer.send_signal(signal.SIGKILL)
            writer.wait()
            writer.stdout.close()
        self.assertEqual(np.isfinite(self.diagram(path).n_entrant).sum(), 4)
        self.assertEqual(self.run_main(path, "-o", self.path("killed.pdf")), (0, ""))

    def test_command_finds_its_modules_from_anywhere(self):
        done = subprocess.run([sys.executable, ANALYSIS / "phase_diagram.py", "none.h5", "-o", "x.png"], cwd="/",
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual(done.stderr.count("\n"), 1)


def write_live(path):
    """The writing side of the live test: half the points are in the file, which stays open until this is killed."""
    axes = curves_axes(N_I=np.geomspace(10, 1e4, 8), tau_E=[math.inf], Q=[0.1], nu=[1.0])
    write_results(path, axes, np.full((8, 1, 1, 1), math.nan), np.zeros((8, 1, 1, 1)))
    with h5py.File(path, "r+", libver="latest") as file:
        file.swmr_mode = True
        file["N_E_star"][:4] = 5.0
        file["status"][:5] = moatfile.OK  # point 4 has a status and no number yet, point 5 the other way round
        file["N_E_star"][5] = 5.0
        file.flush()
        print("half written", flush=True)
        signal.pause()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write-live"]:
        write_live(sys.argv[2])
    else:
        unittest.main()
