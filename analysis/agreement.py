#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws N_E* on a measured spectrum against N_I, with infinite data at the right end: theory as lines, sampled data as points.

The file is a sweep with `model: {spectrum: FILE}`. One of `solver: ridge` has the points, of Gaussian features or of the rows
of `ridge: {data: FILE}`; the lower panel then shows their relative difference from theory, and a summary is printed. One of
`solver: deterministic` has the lines alone. A run may still be writing the file.
"""

import argparse
import math
import sys

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import FixedLocator

import curves as families
import family
import finite_n
import hatching
import labels
import moatfile
import output
import sheet as sheets
import style
import wording
from moatfile import Refused
from scales import log_ticks
from sheet import WIDE, Sheet

PROGRAM = output.name("agreement.py")  # in messages
NEEDS, OPTIONAL = ("N_E_star", "status"), ("N_E_star_stderr", "N_E_star_deterministic", "L_star")
UPPER, LOWER, GAP, ROW = 3.6, 2.0, 0.08, 0.2  # inches
MOST = 5  # curves
BEYOND, PART = 2.0, 0.2  # infinite data stand at this factor beyond the most finite data, or this part of the axis if that is more


class Agreement:
    """The numbers of one file. Arrays over (N_I, tau_E), N_I ascending: theory; and n_entrant, stderr and drawable (True where
    all three are there), which are None with the deterministic solver. x: where each N_I is drawn. shown: indices of tau_E.
    points: the distinct drawable points as finite_n.Points, or None."""

    def __init__(self, results, slices=()):
        if "spectrum_checksum" not in results.attributes:
            raise Refused(f"{results.path}: is of a power-law spectrum; expected a sweep with `model: {{spectrum: FILE}}`, such as "
                          "jobs/words.yaml; validation.py draws the others")
        self.results, self.at = results, family.indices(results, ("N_I", "tau_E"), slices)
        self.assumed = [axis for axis in results.axes if axis not in ("N_I", "tau_E", *self.at) and results.axes[axis].size > 1]
        self.at |= {axis: 0 for axis in results.axes if axis not in ("N_I", "tau_E", *self.at)}
        n_incumbent, tau = results.axes["N_I"], results.axes["tau_E"]
        self.order = np.argsort(n_incumbent)
        self.n_incumbent = n_incumbent[self.order]
        self.shown = np.unique(np.linspace(0, tau.size - 1, min(tau.size, MOST)).round().astype(int))
        finite = self.n_incumbent[np.isfinite(self.n_incumbent)]
        self.beyond = max(BEYOND, (finite.max() / finite.min()) ** PART) if finite.size else BEYOND
        self.end = self.beyond * finite.max() if finite.size else 1.0  # where infinite data stand
        self.x = np.where(np.isfinite(self.n_incumbent), self.n_incumbent, self.end)
        self.is_sampled = results.attributes.get("solver") == "ridge"
        self.theory = self._take("N_E_star_deterministic" if self.is_sampled else "N_E_star")
        self.status = self._take("status")
        self.n_entrant = self.stderr = self.drawable = self.points = None
        if self.is_sampled:
            self.n_entrant, self.stderr = self._take("N_E_star"), self._take("N_E_star_stderr")
            known = np.isfinite(self.theory) & np.isfinite(self.n_entrant) & np.isfinite(self.stderr) & (self.stderr > 0)
            self.drawable = known & (self.status == moatfile.OK)
        if not (self.drawable if self.is_sampled else np.isfinite(self.theory)).any():
            raise Refused(f"{results.path}: none of its {self.theory.size} points has a finite N_E_star"
                          f"{' with its standard error' if self.is_sampled else ''}; wait until the run has done more, or widen "
                          f"{'ridge.N' if self.is_sampled else 'the grid'}")
        if self.is_sampled:
            at, base = np.nonzero(self.drawable), self.theory[self.drawable]
            self.points = finite_n.Points(base, self.n_entrant[self.drawable] / base - 1, self.stderr[self.drawable] / base, at[1],
                                          np.zeros(base.size, dtype=int)).distinct()

    def _take(self, name):
        if name not in self.results.variables:
            raise Refused(f"{self.results.path}: has no {name}: `store:` of its config leaves it out; add it there and run the "
                          "sweep into a new file")
        return self.results.take(name, ("N_I", "tau_E"), self.at)[self.order]

    @property
    def within(self):
        """Share of the distinct points within two standard errors of theory, in per cent."""
        return 100 * np.mean(np.abs(self.points.z) <= 2)

    @property
    def sample(self):
        """What was sampled, in words."""
        rows = self.results.attributes.get("data_rows")
        return f"the {rows:.0f} rows" if rows else "Gaussian features"

    def headline(self):
        """The title: the finding."""
        if self.is_sampled:
            size = 100 * np.median(np.abs(self.points.difference))
            return f"Theory predicts ridge regression on {self.sample} to {size:.2g} % in the median"
        ratio = (self.theory / self.n_incumbent[:, None])[np.isfinite(self.n_incumbent)]
        ratio = 100 * ratio[np.isfinite(ratio)]
        if not ratio.size:
            return "What a newcomer needs against an incumbent with unlimited data"
        low, high = f"{ratio.min():.2g}", f"{ratio.max():.2g}"
        return f"A newcomer needs {low if low == high else f'{low} to {high}'} % of the incumbent's data"

    def under(self):
        """The subtitle: data, quantities and units."""
        title = self.results.attributes.get("spectrum_title") or self.results.title
        difference = ", its difference from theory (%)" if self.is_sampled else ""
        return f"{title}: the newcomer's least data $N_E^*$ (data points){difference}, against the incumbent's data $N_I$ (data points)"

    def caption(self):
        """The items of the caption."""
        named = labels.spectrum(self.results)  # by the subtitle
        items = [item for item in wording.parameters(self.results, self.at) if item not in named]
        if self.is_sampled:
            items += [f"points: {self.results.attributes['trials']} trials, samples of {self.sample}",
                      "bars: jackknife standard errors"]
        return [*items, "lines: deterministic equivalent", *wording.pending(self.status)]


def draw(agreement, width=WIDE):
    """The figure."""
    sheet, results = Sheet(width), agreement.results
    shown = agreement.shown
    kinds = [agreement.status[:, tau] for tau in shown]
    handles = hatching.legend_handles([kind for kind in hatching.shown(np.array(kinds)) if kind != moatfile.PENDING], {})
    with plt.rc_context(sheet.parameters):
        right, broken = sheet.margin([wording.value(results, "tau_E", results.axes["tau_E"][tau]) for tau in shown])
        rows = [(max(sheet.tall(UPPER), sheet.names_height(broken)), 0)] + ([(sheet.tall(LOWER), GAP)] if agreement.is_sampled else [])
        has_strip = bool(handles)
        rows += [(ROW * sheet.letter * len(shown), GAP)] if has_strip else []
        texts = (agreement.headline(), agreement.under(), [agreement.caption(), wording.glossary(results)])
        panels = [row[0] for row in sheet.lay_out(texts, rows, right, legend=handles, below=["incumbent's data  $N_I$  (data points)"])]
        _frame(agreement, panels)
        _draw_thresholds(agreement, sheet, panels[0], broken)
        if agreement.is_sampled:
            _draw_differences(agreement, panels[1])
            sheet.label_y(panels[1], r"$N_E^*/N_{E,\mathrm{theory}}^* - 1$  (%)")
        if has_strip:
            _draw_strip(agreement, sheet, panels[-1], kinds)
    return sheet.figure


def _draw_strip(agreement, sheet, axes, kinds):
    """Draws in a row for each curve why there is no threshold, where there is none."""
    edges = hatching.cell_edges(agreement.x, True)
    axes.set(ylim=(len(kinds), 0), yticks=[])
    hatching.hatch(axes, edges, np.arange(len(kinds) + 1.0), np.array(kinds))
    left = sheet.box(axes)[0]
    for row, (_, curve) in enumerate(_curves(agreement)):
        axes.axhline(row, color="black", linewidth=0.6, zorder=3)
        middle = sheet.place(axes, agreement.x[0], row + 0.5)[1]
        sheet.draw_line([left - 0.4, left - 0.23, left - 0.06], [middle] * 3, markevery=[1], **style.look(curve))


def _frame(agreement, panels):
    """Scales of the horizontal axis: numbers for finite data, and the infinite at the right end behind a gap."""
    finite = np.isfinite(agreement.n_incumbent)
    low, high = agreement.x[0] / 1.15, agreement.x[-1] * 1.15
    for axes in panels:
        axes.set(xscale="log", xlim=(low, high))
        log_ticks(axes.xaxis, low, agreement.x[finite].max() if finite.any() else high)
        if not finite.all():
            ticks = [(at, label.get_text()) for at, label in zip(axes.get_xticks(), axes.get_xticklabels())
                     if finite.any() and low <= at <= agreement.x[finite].max()]
            ticks = ticks or ([(agreement.x[0], labels.number(agreement.x[0]))] if finite.any() else [])
            minor = [at for at in axes.get_xticks(minor=True) if finite.any() and at < agreement.x[finite].max()]
            axes.set_xticks([*(at for at, _ in ticks), agreement.end],
                            [*(text or labels.number(at) for at, text in ticks), r"$\infty$"])
            axes.xaxis.set_minor_locator(FixedLocator(minor))
            if finite.any():
                axes.axvline(agreement.end / math.sqrt(agreement.beyond), color=style.REFERENCE["color"], linewidth=0.9, zorder=1,
                             linestyle=(0, style.REFERENCE["dashes"]))


def _curves(agreement):
    return [(tau, style.CURVES[k]) for k, tau in enumerate(agreement.shown)]


def _line(curve):
    return {"color": curve["color"], "linewidth": 1.4, "linestyle": (0, curve["dashes"]) if curve["dashes"] else "-"}


def _bars(curve, order):
    """errorbar's arguments: open markers, smaller for later curves, so that coinciding ones all show."""
    return {"fmt": curve["marker"], "color": curve["color"], "markersize": 7.0 - order, "markerfacecolor": "white",
            "markeredgewidth": 1.2, "elinewidth": 1.1, "capsize": 2, "zorder": 4 + order}


def _draw_thresholds(agreement, sheet, axes, broken):
    finite, seen, entries = np.isfinite(agreement.n_incumbent), [], []
    for order, ((tau, curve), name) in enumerate(zip(_curves(agreement), broken)):
        theory = np.where(agreement.theory[:, tau] > 0, agreement.theory[:, tau], np.nan)
        axes.plot(agreement.x[finite], theory[finite], zorder=3, **_line(curve))
        seen.append(theory)
        for x, each in zip(agreement.x[~finite], theory[~finite]):  # a dash, as nothing leads up to infinity
            axes.plot([x / 1.13, x * 1.13], [each, each], zorder=3, **{**_line(curve), "linestyle": "-"})
        if agreement.is_sampled:
            at = agreement.drawable[:, tau]
            axes.errorbar(agreement.x[at], agreement.n_entrant[at, tau], agreement.stderr[at, tau], **_bars(curve, order))
            seen.append(agreement.n_entrant[at, tau])
        entries.append((*families.end(agreement.x, theory), name, curve))
    seen = np.concatenate(seen)
    low, high = np.nanmin(seen) / 1.4, np.nanmax(seen) * 1.4
    axes.set(yscale="log", ylim=(low, high))
    log_ticks(axes.yaxis, low, high)
    sheet.label_y(axes, r"newcomer's least data  $N_E^*$  (data points)")
    sheet.name_curves(axes, entries)


def _draw_differences(agreement, axes):
    axes.axhline(0, linewidth=1.0, color="black", zorder=1)
    for order, (tau, curve) in enumerate(_curves(agreement)):
        at = agreement.drawable[:, tau]
        base = agreement.theory[at, tau] / 100
        axes.errorbar(agreement.x[at], agreement.n_entrant[at, tau] / base - 100, agreement.stderr[at, tau] / base,
                      **_bars(curve, order))


def summary(agreement):
    """The lines printed: how well data and theory agree."""
    if not agreement.is_sampled:
        known = np.count_nonzero(np.isfinite(agreement.theory))
        return [f"{agreement.results.path}: {known} of {agreement.theory.size} thresholds, in theory"]
    points, trials = agreement.points, agreement.results.attributes["trials"]
    noise_z, noise_share = finite_n.noise_alone(trials)
    lines = [f"{agreement.results.path}: N_E* from {trials} trials, samples of {agreement.sample}, against theory: "
             f"{points.size} distinct of {agreement.theory.size} points",
             f"  median difference {100 * np.median(points.difference):+.2f} %, median of its size "
             f"{100 * np.median(np.abs(points.difference)):.2f} %, at most {100 * np.abs(points.difference).max():.2f} %",
             f"  within 2 standard errors {agreement.within:.1f} % ({100 * noise_share:.1f} % if noise alone made the difference); "
             f"median |z| {np.median(np.abs(points.z)):.2f} ({noise_z:.2f})",
             "  all points share the data sets, so that their differences go together"]
    return lines


def main(argv=None):
    """Runs the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__.split("\n\n")[0])
    parser.add_argument("file", metavar="FILE", help="results file of `moat run` (model: {spectrum: FILE})")
    parser.add_argument("-o", "--output", metavar="FIG", required=True, help="figure to write: .png, .pdf or .svg")
    parser.add_argument("--slice", metavar="AXIS=VALUE", nargs="+", action="extend", default=[],
                        help="value at which an axis tau_I is held; default: its first")
    sheets.add_option(parser)
    arguments = parser.parse_args(argv)
    try:
        style.check_target(arguments.output)
        results = moatfile.read(arguments.file, NEEDS, "market_entry", ("N_I", "tau_E"), OPTIONAL)
        agreement = Agreement(results, arguments.slice)
        for axis in agreement.assumed:
            values = results.axes[axis]
            print(f"{PROGRAM}: {axis} is held at {values[0]:.6g}, the first of its {values.size} values; "
                  f"--slice {axis}=VALUE chooses another", file=sys.stderr)
        style.save(draw(agreement, arguments.width), arguments.output, results, f"Theory and data: {results.title}")
        print("\n".join(summary(agreement)))
    except Refused as refusal:
        print(f"{PROGRAM}: {refusal}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(output.run(PROGRAM, main))
