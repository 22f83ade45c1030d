#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the four terms of the key lemma, which sum to the performance loss, against the data and the ridge level.

The upper panels show the terms and, as thin lines, the lemma's approximate formulas. The lower panels show each term as a
fraction of the loss. If the file has no axis lambda, there is one column, against the data at the best ridge level.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

import labels
import moatfile
import style
from family import caption, indices, parser
from moatfile import AXES, Refused
from phase_page import log_ticks

TERMS = {"finite_data_error": "finite data", "overfitting_error": "overfitting", "mixture_error": "mixture",
         "mixture_finite_data_error": "mixture finite data"}
HATCHES = ("", "///", "...", "\\\\")
WIDTH, LEFT, RIGHT, TOP, MAIN, SHARES, GAP, GUTTER = 7.6, 0.95, 0.3, 0.15, 3.0, 1.7, 0.1, 0.55
LINE, SMALL = 0.24, style.SIZE - 1


def approximate(n, lam, alpha, misalignment, nu, nu_prime, gamma):
    """The lemma's approximate terms, in the order of TERMS.

    Overfitting has two causes: the mixture, and the part of the target that the ridge leaves unlearned. Both are counted
    here. The lemma counts the second under the finite-data error, which is never smaller.
    """
    # scale: 1/(number of directions learnt), which the ridge level limits, or the N data points.
    a, scale = 1 - alpha, np.maximum(np.power(lam, 1 / (1 + gamma)), 1 / n)
    return (scale ** nu, (a * misalignment + scale ** nu) / (scale * n), a ** 2 * misalignment * scale ** 0,
            a * misalignment * scale ** nu_prime)


class Column:
    """One column of panels: the terms along the axis `name`, whose values are x, and their approximate formulas.

    label: the axis's. at: indices of all the other axes.
    """

    def __init__(self, results, x, at):
        self.x, self.name, self.label = results.axes[x], x, labels.label(results, x)
        self.terms = [results.take(term, (x,), at) for term in TERMS]
        coordinate = lambda axis: results.axes[axis] if axis == x else results.axes[axis][at[axis]]
        lam = coordinate("lambda") if "lambda" in results.axes else results.take("lambda_loss", (x,), at)
        self.approximate = approximate(coordinate("N"), lam, coordinate("alpha"), coordinate("Q"), coordinate("nu"),
                                       float(results.take("nu_prime", (), at)), results.attributes["gamma"])
        fixed = [axis for axis in ("N", "lambda") if axis in results.axes and axis != x]
        self.title = ",  ".join(labels.equation(results, axis, results.axes[axis][at[axis]], digits=3) for axis in fixed)
        self.title = self.title or "at the best ridge level"


def columns(results, at):
    """The columns of the figure: one against N, and one against lambda if the file has that axis.

    at: index of each axis held fixed. If N or lambda is not among them, it is held at its middle value in the other's
    column.
    """
    middle = {axis: results.axes[axis].size // 2 for axis in results.axes if axis in ("N", "lambda")}
    return [Column(results, x, {**middle, **at}) for x in ("N", "lambda") if x in results.axes and x not in at]


def draw(drawn, items):
    """The figure of the columns `drawn`. items: of the caption."""
    lines = style.wrap(items, SMALL, WIDTH - 0.3)
    with plt.rc_context(style.PARAMETERS):
        legend = 0.13 + LINE * len(lines) + 0.08
        bottom = legend + 0.3 + 0.65
        height = bottom + SHARES + GAP + MAIN + 0.3 + TOP
        figure = plt.figure(figsize=(WIDTH, height))
        width = (WIDTH - LEFT - RIGHT - GUTTER * (len(drawn) - 1)) / len(drawn)
        values = np.concatenate([np.sum(column.terms, axis=0) for column in drawn])
        for k, column in enumerate(drawn):
            left = (LEFT + k * (width + GUTTER)) / WIDTH
            shares, main = (figure.add_axes([left, low / height, width / WIDTH, tall / height])
                            for low, tall in ((bottom, SHARES), (bottom + SHARES + GAP, MAIN)))
            handles = _draw_terms(column, main, (values.min() * 1e-4, values.max() * 4))
            _draw_shares(column, shares)
            for axes in (main, shares) if k else ():
                axes.tick_params(axis="y", labelleft=False)
            if k == 0:
                main.set_ylabel("terms of the loss  $L_1$")
                shares.set_ylabel("share of $L_1$")
        figure.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.15 / WIDTH, legend / height), ncol=5,
                      fontsize=SMALL, frameon=False, borderaxespad=0, borderpad=0, columnspacing=1.1, handlelength=2.4)
        for k, line in enumerate(reversed(lines)):
            figure.text(0.15 / WIDTH, (0.13 + k * LINE) / height, line, fontsize=SMALL, va="bottom")
    return figure


def _draw_terms(column, axes, limits):
    low, high = column.x[0], column.x[-1]
    axes.set(xscale="log", yscale="log", xlim=(low, high), ylim=limits)
    log_ticks(axes.xaxis, low, high)
    log_ticks(axes.yaxis, *limits)
    axes.tick_params(which="both", top=True, right=True, labelbottom=False)
    axes.set_title(column.title, fontsize=SMALL)
    handles = []
    for order, (name, term, thin) in enumerate(zip(TERMS.values(), column.terms, column.approximate)):
        look = style.look(style.CURVES[order])
        axes.plot(column.x, thin, color=look["color"], linewidth=0.8, linestyle=(0, style.REFERENCE["dashes"]), zorder=2)
        handles += axes.plot(column.x, term, label=name, zorder=4, markevery=style.markers(column.x.size, order, 5), **look)
    handles += axes.plot(column.x, np.sum(column.terms, axis=0), label="$L_1$", color="#777777", linewidth=4, alpha=0.5,
                         zorder=3)
    return handles


def _draw_shares(column, axes):
    low, high = column.x[0], column.x[-1]
    shares = np.maximum(column.terms, 0)  # the last term can be negative (MODEL.md section 10)
    colours = [curve["color"] for curve in style.CURVES[:len(TERMS)]]
    for area, hatch in zip(axes.stackplot(column.x, shares / shares.sum(axis=0), colors=colours), HATCHES):
        area.set(hatch=hatch, edgecolor="white", linewidth=0.8)
    axes.set(xscale="log", xlim=(low, high), ylim=(0, 1))
    log_ticks(axes.xaxis, low, high)
    axes.tick_params(which="both", top=True, right=True)
    axes.tick_params(axis="x", pad=style.CORNER)
    axes.set_xlabel(column.label)


def main(argv=None):
    """Runs the command line; returns the exit code."""
    arguments = parser("lemma.py", __doc__, "scaling_law").parse_args(argv)
    try:
        style.check_target(arguments.output)
        results = moatfile.read(arguments.file, [*TERMS, "nu_prime"], "scaling_law", AXES["scaling_law"], ["lambda_loss"])
        at = {axis: 0 for axis in results.axes if axis not in ("N", "lambda")}
        at |= indices(results, (), arguments.slice)
        items = caption(results, {axis: k for axis, k in at.items() if axis not in ("N", "lambda")},
                        "dotted: approximate formula")
        drawn = columns(results, at)
        style.save(draw(drawn, items), arguments.output, results, f"The key lemma: {results.title}")
    except Refused as refusal:
        print(f"lemma.py: {refusal}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
