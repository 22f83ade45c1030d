#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the four terms of the key lemma, which sum to the performance loss, against the data and the ridge level.

The upper panels show the terms and, as thin lines, the lemma's approximate formulas. The lower panels show each term as a
fraction of the loss. If the file has no axis lambda, there is one column, against the data at the best ridge level.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D

import labels
import moatfile
import output
import style
import wording
from family import indices, parser
from moatfile import AXES, Refused
from scales import log_ticks
from sheet import WIDE, Sheet

PROGRAM = output.name("lemma.py")  # in messages
TERMS = {"finite_data_error": "finite data", "overfitting_error": "overfitting", "mixture_error": "mixture",
         "mixture_finite_data_error": "mixture finite data"}
HATCHES = ("", "///", "...", "\\\\")
MAIN, SHARES, GAP, GUTTER = 3.0, 1.7, 0.2, 0.45  # inches
SUBTITLE = "The four terms of the performance loss $L_1$ (no unit), and below them the share of each (dotted: the lemma's formulas)"
MEANING = ("finite data: what too few data leave unlearnt; overfitting: label noise that is learnt; mixture: labels for safety, with "
           "any data; mixture finite data: what these leave unlearnt.")


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


def finding(drawn):
    """The title: which term is largest with the least and with the most data."""
    column = drawn[0]
    shares = np.maximum(column.terms, 0)
    shares = (shares / shares.sum(axis=0))[:, np.isfinite(column.terms).all(axis=0)]
    names, at = list(TERMS.values()), [int(np.argmax(shares[:, k])) for k in (0, -1)]
    said = [f"{_term(names[term])} makes {100 * shares[term, k]:.0f} % of the loss" for term, k in zip(at, (0, -1))]
    small, large = ("few data", "much data") if column.name == "N" else ("a small ridge level", "a large one")
    if at[0] == at[1]:
        return f"With {small} {said[0]}, with {large} {100 * shares[at[0], -1]:.0f} %"
    return f"With {small} {said[0]}, with {large} {said[1].removesuffix(' of the loss')}"


def _term(name):
    return f"the {name.replace('finite data', 'finite-data')} term"


def draw(drawn, items, results, width=WIDE):
    """The figure of the columns `drawn`. items: of the caption."""
    sheet = Sheet(width)
    with plt.rc_context(sheet.parameters):
        handles = [Line2D([], [], label=name, **style.look(style.CURVES[k])) for k, name in enumerate(TERMS.values())]
        handles.append(Line2D([], [], label="$L_1$, their sum", color="#777777", linewidth=4, alpha=0.5))
        columns = len(drawn) if sheet.columns > 1 else 1  # in one column the panels stand one above the other
        texts = (finding(drawn), SUBTITLE, [items, MEANING, wording.glossary(results)])
        rows = []
        for _ in range(len(drawn) // columns):
            rows += [(sheet.tall(MAIN), 0.3 * sheet.letter + (0.6 * sheet.letter if rows else 0)), (sheet.tall(SHARES), GAP)]
        grid = sheet.lay_out(texts, rows, 0.3, columns, handles, GUTTER, [column.label for column in drawn[-columns:]])
        values = np.concatenate([np.sum(column.terms, axis=0) for column in drawn])
        values = values[np.isfinite(values)]
        for k, column in enumerate(drawn):
            main, shares = (grid[2 * (k // columns) + row][k % columns] for row in (0, 1))
            _draw_terms(sheet, column, main, (values.min() * 1e-4, values.max() * 4))
            _draw_shares(column, shares)
            shares.tick_params(axis="x", labelbottom=True)
            if shares not in grid[-1]:
                shares.set_xlabel(column.label, fontsize=sheet.label_size)
            for axes, label in ((main, "terms of the loss"), (shares, "share of the loss")):
                axes.tick_params(axis="y", labelleft=k % columns == 0)
                if k % columns == 0:
                    sheet.label_y(axes, label)
    return sheet.figure


def _draw_terms(sheet, column, axes, limits):
    low, high = column.x[0], column.x[-1]
    axes.set(xscale="log", yscale="log", xlim=(low, high), ylim=limits)
    log_ticks(axes.xaxis, low, high)
    log_ticks(axes.yaxis, *limits)
    axes.tick_params(labelbottom=False)
    axes.set_title(column.title, fontsize=sheet.small, pad=4)
    for order, (name, term, thin) in enumerate(zip(TERMS.values(), column.terms, column.approximate)):
        look = style.look(style.CURVES[order])
        axes.plot(column.x, thin, color=look["color"], linewidth=0.8, linestyle=(0, style.REFERENCE["dashes"]), zorder=2)
        axes.plot(column.x, term, label=name, zorder=4, markevery=style.markers(column.x.size, order, 5), **look)
    axes.plot(column.x, np.sum(column.terms, axis=0), label="$L_1$", color="#777777", linewidth=4, alpha=0.5,
              zorder=3)


def _draw_shares(column, axes):
    low, high = column.x[0], column.x[-1]
    shares = np.maximum(column.terms, 0)  # the last term can be negative (MODEL.md section 10)
    colours = [curve["color"] for curve in style.CURVES[:len(TERMS)]]
    for area, hatch in zip(axes.stackplot(column.x, shares / shares.sum(axis=0), colors=colours), HATCHES):
        area.set(hatch=hatch, edgecolor="white", linewidth=0.8)
    axes.set(xscale="log", xlim=(low, high), ylim=(0, 1))
    log_ticks(axes.xaxis, low, high)


def _check(results, drawn):
    """Raises Refused where there is nothing to draw."""
    if not drawn:
        raise Refused(f"{results.path}: every axis has a slice; drop that of N or lambda")
    for column in drawn:
        if column.x.size < 2:
            raise Refused(f"{results.path}: {column.name} has one value, {column.x[0]:.6g}; expected several to draw the terms against")
        if not np.isfinite(column.terms).all(axis=0).any():
            raise Refused(f"{results.path}: has no loss along {column.name} yet; wait until the run has done more, or choose another "
                          "--slice")


def main(argv=None):
    """Runs the command line; returns the exit code."""
    arguments = parser(PROGRAM, __doc__, "scaling_law").parse_args(argv)
    try:
        style.check_target(arguments.output)
        results = moatfile.read(arguments.file, [*TERMS, "nu_prime"], "scaling_law", AXES["scaling_law"], ["lambda_loss"])
        at = {axis: 0 for axis in results.axes if axis not in ("N", "lambda")}
        at |= indices(results, (), arguments.slice)
        items = wording.parameters(results, {axis: k for axis, k in at.items() if axis not in ("N", "lambda")})
        drawn = columns(results, at)
        _check(results, drawn)
        style.save(draw(drawn, items, results, arguments.width), arguments.output, results, f"The key lemma: {results.title}")
    except Refused as refusal:
        print(f"{PROGRAM}: {refusal}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
