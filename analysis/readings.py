#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws results 1 and 2 under both kinds of scrutiny side by side: the local exponents of N_E* beside theory's.

Takes files in pairs that differ only in their scrutiny, the trained model or its training mixture. A pair with finite N_I
shows result 1, one with N_I = inf result 2. Theory's exponents are bars between its break points, with the names of the
regimes; the break points hold up to constant factors.
"""

import argparse
import math
import sys

import matplotlib.pyplot as plt
import numpy as np

import entry_regimes
import family
import gap
import labels
import moatfile
import output
import regimes
import style
import theory
import wording
from moatfile import AXES, Refused
from scales import log_ticks
from sheet import WIDE, Sheet, add_option
from titled import words as titled_words

PROGRAM = output.name("readings.py")  # in messages
NEEDS = sorted({*entry_regimes.NEEDS, *gap.NEEDS})
READINGS = {"trained_model": "the trained model is audited", theory.MIXTURE: "the training mixture is audited"}
OUTSIDE = 0.02  # fraction of the exponents, at the top, that may lie outside their panel
APART = 0.1  # difference of two local exponents that a reader sees
PANEL, GUTTER, BETWEEN = 2.2, 0.15, 1.3  # inches
SUBTITLE = ("Per cent by which the newcomer's least data $N_E^*$ rise if the incumbent's data $N_I$ (result 1), or the inverse gap $1/D$ "
            "between the rules (result 2), rise by one per cent")


class Result:
    """One result under both readings.

    number: 1 or 2. curves: scrutiny -> power_laws.Curve. results, at: one of the files, and the indices at which its other
    axes are held. sliced: the slices that it uses. assumed: those other axes that have several values and no slice.
    """

    def __init__(self, pair, slices):
        first = self.results = pair["trained_model"]
        self.number = 2 if np.isinf(first.axes["N_I"]).all() else 1
        along = gap.along(first) if self.number == 2 else "N_I"
        free = [axis for axis, values in first.axes.items() if axis != along and values.size > 1]
        mine = [item for item in slices if item.partition("=")[0] in free]
        self.sliced = set(mine)
        self.at = family.indices(first, (along,), mine)
        for axis, values in first.axes.items():
            if axis not in self.at and axis != along:
                self.at[axis] = values.size - 1 if axis == "tau_E" and self.number == 1 else 0
        self.assumed = [axis for axis in free if axis not in {item.partition("=")[0] for item in mine}]
        self.curves = {}
        for scrutiny, results in pair.items():
            if any(not np.array_equal(results.axes.get(axis), values) for axis, values in first.axes.items()):
                raise Refused(f"{results.path}: its grid differs from that of {first.path}; expected two files that differ in "
                              "scrutiny alone")
            curve = gap.curve(results, "", self.at, along) if self.number == 2 else entry_regimes.curve(results, "", self.at)
            if np.isfinite(curve.exponent).sum() < 2:
                raise Refused(f"{results.path}: no thresholds along {along} at {self._where()}; choose another --slice")
            if not curve.law.breaks:
                raise Refused(f"{results.path}: theory has no regimes at {self._where()}; expected an entrant without scrutiny, "
                              "tau_E=inf")
            self.curves[scrutiny] = curve

    def _where(self):
        return ", ".join(f"{axis} = {self.results.axes[axis][k]:.6g}" for axis, k in self.at.items())

    @property
    def differs(self):
        """Whether the local exponents differ visibly between the two readings."""
        one, other = self.curves.values()
        return bool(np.nanmax(np.abs(one.exponent - np.interp(np.log(one.x), np.log(other.x), other.exponent))) > APART)

    @property
    def title(self):
        held = [labels.equation(self.results, "gamma", self.results.attributes["gamma"])]
        held += [self._threshold() if axis == "tau_I" else labels.equation(self.results, axis, self.results.axes[axis][k], 12)
                for axis, k in self.at.items()]
        return f"Result {self.number}:  {',  '.join(held)}"

    def _threshold(self):
        """tau_I, as its distance from L* where that is shorter."""
        value = self.results.axes["tau_I"][self.at["tau_I"]]
        if labels.in_l_star(self.results, "tau_I") and 0 < 1 - value < 1e-3:
            return rf"$\tau_I = (1 - a)^2 L^*$, $a$ = {labels.number(1 - math.sqrt(value), 3)}"
        return labels.equation(self.results, "tau_I", value)


def pairs(files):
    """The files as {scrutiny: Results} for each result, in the order of their first file. Raises Refused."""
    found = {}
    for path in files:
        results = moatfile.read(path, NEEDS, "market_entry", AXES["market_entry"])
        kind, scrutiny = np.isinf(results.axes["N_I"]).all(), theory.scrutiny(results)
        if scrutiny in found.setdefault(kind, {}):
            raise Refused(f"{path}: scrutiny is {scrutiny}, as in {found[kind][scrutiny].path}; expected files in pairs, one of "
                          "each scrutiny")
        found[kind][scrutiny] = results
    for pair in found.values():
        for scrutiny in READINGS:
            if scrutiny not in pair:
                raise Refused(f"{next(iter(pair.values())).path}: no file of the same market with scrutiny {scrutiny}; expected "
                              "files in pairs, one of each scrutiny")
    return list(found.values())


def words(results):
    """(title, sentences of the caption): what the figure shows."""
    if not any(result.differs for result in results):
        return "In these markets it hardly matters to the exponents what is audited", []
    said = []
    for result in results:
        model, mixture = (result.curves[scrutiny].law for scrutiny in READINGS)
        if result.number == 2 and math.isfinite(mixture.breaks[-1]) and not math.isfinite(model.breaks[-1]):
            said.append("Result 2: where the mixture is audited, $N_E^*$ passes into a third regime and grows faster still as the "
                        "gap closes; where the model is audited, it never does.")
        if result.number == 1 and len(model.regimes) > len(mixture.regimes):
            said.append("Result 1: where the model is audited, an incumbent can over-regularise to meet its threshold; more data "
                        "then add nothing, and $N_E^*$ stays the same.")
    return "What is audited, the model or its training mixture, changes how entry barriers grow", said


def draw(results, width=WIDE):
    """The figure of several Result."""
    title, said = words(results)
    first = results[0].results
    said += [text for result in results for text in _peaks(result)]
    said += [f"Bars: theory's exponents between its break points, which hold up to constant factors. $P$ = "
             f"{labels.number(first.attributes['P'])}, {labels.solver(first)}.", gap.GAP + " " + wording.glossary(first)]
    sheet = Sheet(width)
    with plt.rc_context(sheet.parameters):
        wide = sheet.columns > 1
        names = [style.wrap(titled_words(result.title), sheet.small, sheet.width - 0.3, " ") for result in results]
        rows = []
        for k, lines in enumerate(names):
            head = sheet.line * len(lines) + 0.32 * sheet.letter
            rows.append((sheet.tall(PANEL), head + (0.62 * sheet.letter if k else 0)))
            if not wide:
                rows.append((sheet.tall(PANEL), 0.32 * sheet.letter))
        below = [_x_label(results[-1])] * (2 if wide else 1)
        grid = sheet.lay_out((title, SUBTITLE, said), rows, 1.3 if wide else 0.2, 2 if wide else 1, gutter=GUTTER, below=below)
        for k, (result, lines) in enumerate(zip(results, names)):
            panels = grid[k] if wide else [grid[2 * k][0], grid[2 * k + 1][0]]
            _draw_result(sheet, result, panels, wide)
            top = sheet.box(panels[0])[3]
            for line, text in enumerate(reversed(lines)):
                sheet.text(0.15, top + 0.3 * sheet.letter + line * sheet.line, text, va="bottom")
    return sheet.figure


def _highest(curve):
    """The largest exponent that a panel shows, and the largest: a leap of N_E* is a narrow peak."""
    return np.nanquantile(curve.exponent, 1 - OUTSIDE), np.nanmax(curve.exponent)


def _peaks(result):
    """What is said of the peaks of a result that leave their panels."""
    inside, peak = (max(each) for each in zip(*map(_highest, result.curves.values())))
    return [f"Result {result.number}: a leap of $N_E^*$ is a narrow peak, up to {labels.number(peak, 2)}, which leaves its panel."] if (
        peak > 1.5 * inside) else []


def _x_label(result):
    return r"inverse gap  $1/D$" if result.number == 2 else "incumbent's data  $N_I$"


def _draw_result(sheet, result, panels, wide):
    exponents = [regime.exponent for curve in result.curves.values() for regime in curve.law.met]
    low, high = min(exponents), max(exponents)
    highest = max(high, *(_highest(curve)[0] for curve in result.curves.values()))
    x = np.concatenate([curve.x[np.isfinite(curve.exponent)] for curve in result.curves.values()])
    name, pad = "exponent_D" if result.number == 2 else "elasticity_N_I", 0.22 if wide else 0.36
    seen = {round(regime.exponent, 9): regime.symbol for curve in result.curves.values() for regime in curve.law.met}
    for column, (scrutiny, axes) in enumerate(zip(READINGS, panels)):
        curve, look = result.curves[scrutiny], style.CURVES[column]
        axes.set(xscale="log", xlim=(x.min(), x.max()), ylim=(low - pad * (high - low), highest + pad * (high - low)))
        log_ticks(axes.xaxis, x.min(), x.max())
        axes.tick_params(labelleft=column == 0 or not wide)
        axes.tick_params(axis="x", labelbottom=wide or column == 1)
        axes.set_title(READINGS[scrutiny], fontsize=sheet.small, pad=4, color=look["color"])
        if wide or column == 1:
            axes.set_xlabel(_x_label(result), fontsize=sheet.label_size)
        _draw_theory(sheet, axes, curve)
        axes.plot(curve.x, curve.exponent, zorder=4, **{**style.look(look), "marker": None})
        if column == 0 or not wide:
            sheet.label_y(axes, labels.formula(labels.derivative(result.results, name)))
    for value, symbol in seen.items() if wide else ():
        equal = f" = {value:.3g}" if symbol not in ("0", "1") else ""
        panels[1].annotate(f"${symbol}${equal}", (1.03, value), xycoords=("axes fraction", "data"), fontsize=sheet.small, va="center",
                           annotation_clip=False)


def _draw_theory(sheet, axes, curve):
    """Draws theory's exponents as bars between its break points, with the names of the regimes above or below them."""
    low, high = axes.get_xlim()
    edges = [low, *(min(max(at, low), high) for at in curve.law.breaks), high]
    for regime, begin, end in zip(curve.law.regimes, edges, edges[1:]):
        if end > begin:
            axes.plot([begin, end], [regime.exponent] * 2, color="#bbbbbb", linewidth=7, solid_capstyle="butt", zorder=2)
            name = regimes.words(regime.name) + ("" if sheet.columns > 1 else f": {regime.exponent:.3g}")
            half = style.text_width(name, sheet.small - 1) / 2 + 0.03
            inches = axes.bbox.width / axes.figure.dpi
            across = np.interp(np.log(np.sqrt(begin * end)), np.log([low, high]), [0, inches])
            across = min(max(across, half + 0.05), inches - half - 0.05)
            drawn = np.interp(np.log(curve.x), np.log([low, high]), [0, inches])
            near = curve.exponent[np.isfinite(curve.exponent) & (np.abs(drawn - across) < half + 0.05)]
            above = near.size == 0 or np.mean(near > regime.exponent + 0.01) <= 0.5
            axes.annotate(name, (across / inches, regime.exponent), xycoords=("axes fraction", "data"),
                          xytext=(0, 6 if above else -6), textcoords="offset points", ha="center",
                          va="bottom" if above else "top", fontsize=sheet.small - 1, color="#333333", zorder=5)


def main(argv=None):
    """Runs the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__.split("\n\n")[0])
    parser.add_argument("files", metavar="FILE", nargs="+", help="results files of `moat run`, in pairs: one of each scrutiny")
    parser.add_argument("-o", "--output", metavar="FIG", required=True, help="figure to write: .png, .pdf or .svg")
    parser.add_argument("--slice", metavar="AXIS=VALUE", nargs="+", action="extend", default=[],
                        help="values at which the axes other than the horizontal one are held, in every file that has them; "
                             "default: tau_E = inf for result 1, else the first of each")
    add_option(parser)
    arguments = parser.parse_args(argv)
    try:
        style.check_target(arguments.output)
        results = [Result(pair, arguments.slice) for pair in pairs(arguments.files)]
        unused = [item for item in arguments.slice if all(item not in result.sliced for result in results)]
        if unused:
            raise Refused(f"--slice: found {unused[0]}; expected AXIS=VALUE with an axis that has several values in one of the files "
                          "and is not the horizontal one")
        for result in results:
            for axis in result.assumed:
                value = result.results.axes[axis][result.at[axis]]
                print(f"{PROGRAM}: result {result.number}: {axis} is held at {value:.10g}; --slice {axis}=VALUE chooses "
                      "another", file=sys.stderr)
        style.save(draw(results, arguments.width), arguments.output, results[0].results, "Both kinds of scrutiny")
    except Refused as refusal:
        print(f"{PROGRAM}: {refusal}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
