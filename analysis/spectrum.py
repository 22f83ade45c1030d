#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws a measured spectrum: its eigenvalues, the alignments of both targets, and their misalignment, with power laws.

Small dots are directions; large markers are the means of half octaves of them. Bars are standard errors, where the file has
some. The grey range on the right, if there is one, holds the directions that do not stand out from the noise of the labels.
"""

import argparse
import math
import sys

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D

import labels
import output
import spectrum_file
import style
from opening import Refused
from scales import log_ticks
from sheet import WIDE, Sheet, add_option
from spectrum_file import MOMENTS

PROGRAM = output.name("spectrum.py")  # in messages
GAP, HEIGHTS = 0.08, (2.3, 2.7, 1.5)  # inches: between the panels; of eigenvalues, alignments, misalignment
NEAR = 1.5  # factor: a spectrum whose means lie so close to a power law counts as one
TARGETS = {"performance": MOMENTS[0], "safety": MOMENTS[1]}


class Shown:
    """The numbers of the figure: of each bin its middle, and the means in it with their errors.

    eigenvalue, alignment (target -> ), misalignment: (mean, standard error) arrays over the bins. laws: name -> the power law
    over the directions, of eigenvalue and both targets; empty without exponents.
    """

    def __init__(self, spectrum):
        self.spectrum, self.bins = spectrum, spectrum.bins()
        sigma, number = spectrum.values["eigenvalue"], spectrum.number
        self.middle = np.array([np.exp(np.log(number[at]).mean()) for at in self.bins])
        self.eigenvalue = self._means("eigenvalue", sigma)
        self.alignment = {target: self._means(name, spectrum.values[name]) for target, name in TARGETS.items()}
        self.misalignment = self._misalignment(sigma)
        self.gamma, self.delta = spectrum_file.fit(spectrum)
        self.laws = {}
        if math.isfinite(self.gamma):
            law = number ** -(1 + self.gamma)
            weights = 1.0 / number  # every octave counts alike
            self.laws["eigenvalue"] = law * np.exp(np.average(np.log(sigma / law), weights=weights))
        if math.isfinite(self.delta):
            law = number ** -float(self.delta)
            for target, name in TARGETS.items():
                self.laws[target] = law * spectrum.signal(spectrum.values[name]) / spectrum.signal(law)

    def _means(self, name, values):
        mean = np.array([values[at].mean() for at in self.bins])
        ones = [np.full(values[at].size, 1 / values[at].size) for at in self.bins]
        return mean, np.array([self.spectrum.mean_error(name, one, at) for one, at in zip(ones, self.bins)])

    def _misalignment(self, sigma):
        sizes = np.array([spectrum_file.size_of_targets(self.spectrum, at) for at in self.bins])
        error = [self.spectrum.mean_error(MOMENTS[2], sigma[at], at) for at in self.bins]
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.array([spectrum_file.misalignment(self.spectrum, at) for at in self.bins]), np.divide(error, sizes)

    def departure(self):
        """(what, factor): the largest factor between a mean of a half octave and its power law; (None, NaN) without laws."""
        found = [(1.0, None)] if self.laws else [(math.nan, None)]
        for name, law in self.laws.items():
            mean = (self.eigenvalue if name == "eigenvalue" else self.alignment[name])[0]
            for value, at in zip(mean, self.bins):
                size = at.stop - at.start
                if value > 0 and (name == "eigenvalue" or size >= 4):  # a single target's square scatters by itself
                    found.append((math.exp(abs(math.log(value / law[at].mean()))), name))
        factor, name = max(found, key=lambda each: each[0])
        return name, factor

    def headline(self):
        """The title: how close the spectrum is to a power law."""
        size = self.spectrum.number.size
        if not self.laws:
            return f"A spectrum of {size} direction{'s' if size > 1 else ''}, too few for a power law"
        what, factor = self.departure()
        if factor < 1.05:
            return "The spectrum follows a power law"
        if factor <= NEAR:
            return f"The spectrum is close to a power law: half octaves differ from it by factors up to {factor:.2g}"
        subject = "eigenvalues" if what == "eigenvalue" else f"alignments of {what}"
        return f"No power law holds: the {subject} are off by factors up to {factor:.2g}"

    def caption(self):
        """The items of the caption."""
        spectrum, items = self.spectrum, []
        for name in ("gamma", "delta", "nu", "nu_prime"):
            value, stderr = spectrum.exponent(name)
            if math.isfinite(value):
                items.append(f"{labels.symbol(name)} = ${value:.2f}$" + (rf" $\pm$ {stderr:.2f}" if stderr > 0 else ""))
        items.append(rf"$L^*$ = {labels.number(spectrum.signal(spectrum.difference), 4)}")
        for target, name in TARGETS.items():
            noise = spectrum.attributes.get(f"noise_{target}")
            noise = f", label noise {labels.number(noise, 4)}" if isinstance(noise, (int, float)) and noise > 0 else ""
            items.append(f"variance of {target} explained {labels.number(spectrum.signal(spectrum.values[name]), 4)}{noise}")
        if isinstance(spectrum.attributes.get("n"), (int, float)):
            items.append(f"{spectrum.attributes['n']:.0f} rows")
        items.append("misalignment: 0 the same target, 1 unrelated, 2 opposed")
        if any(name.endswith("_stderr") for name in spectrum.values):
            items.append("bars: standard errors")
        if spectrum.trusted and spectrum.trusted < spectrum.number.size:
            items.append(f"grey: beyond direction {spectrum.trusted} alignments do not stand out from label noise")
        return items


def draw(shown, width=WIDE):
    """The figure."""
    spectrum = shown.spectrum
    quantities = ("by direction of the features, variance (largest 1), second moments of the targets' coefficients (labels' units "
                  "squared), misalignment (no unit)")
    sheet = Sheet(width)
    texts = (shown.headline(), f"{spectrum.title}: {quantities}", [shown.caption()])
    with plt.rc_context(sheet.parameters):
        rows = [(sheet.tall(tall), GAP if k else 0) for k, tall in enumerate(HEIGHTS)]
        right = 1.75 if sheet.part > 0.5 else 1.05
        panels = [row[0] for row in sheet.lay_out(texts, rows, right, below=["direction  $i$, by falling variance"], wider=0.15)]
        _frame(panels, spectrum)
        for axes, drawing in zip(panels, (_draw_eigenvalues, _draw_alignments, _draw_misalignment)):
            drawing(sheet, axes, shown)
    return sheet.figure


def _frame(panels, spectrum):
    low, high = 0.85, spectrum.number.size * 1.18
    for axes in panels:
        axes.set(xscale="log", xlim=(low, high))
        log_ticks(axes.xaxis, low, high)
        if spectrum.trusted and spectrum.trusted < spectrum.number.size:
            axes.axvspan(spectrum.trusted + 0.5, high, color="#dddddd", zorder=0, linewidth=0)


def _points(axes, shown, means, curve, size=5.5):
    """Draws the means of the bins, with bars where there are errors. size: of the markers, in points."""
    mean, error = means
    barred = np.isfinite(mean) & (error > 0)
    axes.errorbar(shown.middle[barred], mean[barred], error[barred], fmt="none", ecolor=curve["color"], elinewidth=1.1, capsize=2,
                  zorder=4)
    axes.plot(shown.middle, mean, zorder=5, markeredgecolor="white", markeredgewidth=0.5, **{**_marker(curve), "markersize": size})


def _law(axes, shown, name, curve):
    if name in shown.laws:
        axes.plot(shown.spectrum.number, shown.laws[name], color=curve["color"], linewidth=1.2, zorder=3,
                  linestyle=(0, curve["dashes"]) if curve["dashes"] else "-")


def _name(sheet, axes, items):
    """Names to the right of a panel, from the top: (text, look)."""
    handles = [Line2D([], [], label="\n".join(style.wrap(text.split(" "), sheet.small, 0.75 if sheet.part < 0.5 else 2, " ")), **look)
               for text, look in items]
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1), fontsize=sheet.small, frameon=False,
                handlelength=1.6 if sheet.part > 0.5 else 1.1, borderaxespad=0, labelspacing=0.4, handletextpad=0.5)


def _limits(axes, values, low=None):
    """Limits of a logarithmic axis around the positive `values`."""
    values = values[np.isfinite(values) & (values > 0)]
    low, high = (low or values.min()) / 1.6, values.max() * 1.6
    axes.set(yscale="log", ylim=(low, high))
    log_ticks(axes.yaxis, low, high)


def _marker(curve):
    return {"color": curve["color"], "marker": curve["marker"], "linestyle": "none", "markersize": 5.5}


def _dashes(curve):
    return {"color": curve["color"], "linewidth": 1.2, "linestyle": (0, curve["dashes"]) if curve["dashes"] else "-"}


def _draw_eigenvalues(sheet, axes, shown):
    curve, sigma = style.CURVES[3], shown.spectrum.values["eigenvalue"]
    axes.plot(shown.spectrum.number, sigma, ".", color="#999999", markersize=3, zorder=2)
    _points(axes, shown, shown.eigenvalue, curve)
    _law(axes, shown, "eigenvalue", curve)
    _limits(axes, np.concatenate([sigma, shown.laws.get("eigenvalue", sigma)]))
    sheet.label_y(axes, r"variance  $\sigma_i$")
    law = [(rf"$i^{{-{1 + shown.gamma:.2f}}}$", _dashes(curve))] if "eigenvalue" in shown.laws else []
    _name(sheet, axes, [("eigenvalue", _marker(curve)), *law])


def _draw_alignments(sheet, axes, shown):
    items, seen, means = [], [], []
    for (target, name), curve in zip(TARGETS.items(), style.CURVES):
        value = shown.spectrum.values[name]
        axes.plot(shown.spectrum.number, np.where(value > 0, value, np.nan), ".", color=curve["color"], alpha=0.35, markersize=3,
                  zorder=2)
        _points(axes, shown, shown.alignment[target], curve, 7.5 if target == "performance" else 5.5)  # both show where they meet
        _law(axes, shown, target, curve)
        items.append((target, _marker(curve)))
        if target in shown.laws:
            items.append((rf"$\propto i^{{{-shown.delta:.2f}}}$", _dashes(curve)))
        mean = shown.alignment[target][0]
        means += [mean[mean > 0], shown.laws.get(target, mean[mean > 0])]
        seen.append(value)
    lowest = np.concatenate(means).min()
    _limits(axes, np.concatenate([*seen, *means]), lowest / 4)  # single directions below are left out
    sheet.label_y(axes, r"alignment  $\mathrm{E}\,\beta_i^2$")
    _name(sheet, axes, items)


def _draw_misalignment(sheet, axes, shown):
    curve, whole, found = style.CURVES[2], spectrum_file.misalignment(shown.spectrum), shown.misalignment[0]
    items = [("of half octaves", _marker(curve))]
    if math.isfinite(whole):
        axes.axhline(whole, **_dashes(curve), zorder=2)
        items.append((rf"of all: $Q$ = {whole:.3g}", _dashes(curve)))
    _points(axes, shown, shown.misalignment, curve)
    high = max([1.15, *(1.08 * found[np.isfinite(found)])])
    axes.set_ylim(-0.06 * high, high)  # a marker at 0 shows whole
    sheet.label_y(axes, "misalignment  $Q_i$")
    _name(sheet, axes, items)


def summary(shown):
    """The lines printed: the exponents and how far the spectrum is from them."""
    what, factor = shown.departure()
    lines = [f"{shown.spectrum.path}: {shown.spectrum.number.size} directions"
             + (f", {shown.spectrum.trusted} of them trusted" if shown.spectrum.trusted else "")]
    if shown.laws:
        Q = spectrum_file.misalignment(shown.spectrum)
        lines.append(f"nearest power law: gamma = {shown.gamma:.3f}, delta = {shown.delta:.3f}"
                     + (f", Q = {Q:.3f}" if math.isfinite(Q) else "")
                     + f"; half octaves differ from it by factors up to {factor:.2f} ({what})")
    return lines


def main(argv=None):
    """Runs the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__.split("\n\n")[0])
    parser.add_argument("file", metavar="FILE", help="spectrum file, such as `moat measure` writes")
    parser.add_argument("-o", "--output", metavar="FIG", required=True, help="figure to write: .png, .pdf or .svg")
    add_option(parser)
    arguments = parser.parse_args(argv)
    try:
        style.check_target(arguments.output)
        spectrum = spectrum_file.read(arguments.file)
        shown = Shown(spectrum)
        style.save(draw(shown, arguments.width), arguments.output, spectrum, f"Spectrum: {spectrum.title}")
        print("\n".join(summary(shown)))
    except Refused as refusal:
        print(f"{PROGRAM}: {refusal}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(output.run(PROGRAM, main))
