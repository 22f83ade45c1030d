#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints the exponents fitted to the curves of results files beside theory's.

Each curve has a line for every regime of theory's: its exponent, the one fitted over the range from .. to, the least and the
largest local exponent in that range, the tolerance of the fitted exponent, and whether the curve agrees with theory. After NO
stands what disagrees; where the curve spends less than two decades in a regime, it is not reached, and the reason follows.
crossover is the point where the local exponent passes into the next regime, divided by theory's break point. A measured curve
also has a line for its whole range; its "theory" is the exponent of the deterministic equivalent. Curves that reach no regime
share a line.
"""

import argparse
import csv
import math
import os
import sys

import exponents
import output
from moatfile import Refused

PROGRAM = output.name("summary.py")  # in messages
TEXTS = ("file", "curve", "quantity", "along", "regime", "verdict", "why")
COLUMNS = ("file", "curve", "quantity", "along", "regime", "theory", "fitted", "stderr", "local_min", "local_max", "tolerance",
           "from", "to", "crossover", "verdict", "why")


def lines(path):
    """The lines of a file's table, as texts. Raises Refused."""
    def number(value, form):
        return "" if math.isnan(value) else format(value, form)

    rows = exponents.of_file(path)
    reached = {(row.curve, row.quantity, row.along) for row in rows if not row.unreached}
    others = {(row.curve, row.quantity, row.along) for row in rows} - reached
    for row in rows:
        if (row.curve, row.quantity, row.along) not in reached:
            continue
        yield (os.path.basename(path), row.curve, row.quantity, row.along, row.regime, f"{row.theory:.4f}",
               number(row.fitted, ".4f"), number(row.stderr, ".4f"), number(row.local_low, ".4f"),
               number(row.local_high, ".4f"), "" if row.unreached else f"{row.tolerance:.4f}", number(row.low, ".2g"),
               number(row.high, ".2g"), number(row.crossover, ".2g"), row.verdict, row.unreached or "; ".join(row.faults))
    if others:
        yield (os.path.basename(path), f"{len(others)} more", *[""] * (len(COLUMNS) - 4), "not reached",
               "no regime over two decades")


def table(found):
    """The lines `found` as aligned text. Columns that are empty in every line are left out."""
    shown = [k for k in range(len(COLUMNS)) if any(line[k] for line in found)]
    texts = [[line[k] for k in shown] for line in (COLUMNS, *found)]
    widths = [max(len(line[k]) for line in texts) for k in range(len(shown))]
    left = {k for k, column in enumerate(shown) if COLUMNS[column] in TEXTS}
    return "\n".join("  ".join(text.ljust(width) if k in left else text.rjust(width)
                               for k, (text, width) in enumerate(zip(line, widths))).rstrip() for line in texts)


def complaints(found):
    """What to say of the lines `found`, file -> [line]; nothing if every exponent agrees and every file has one."""
    verdicts = {path: [line[COLUMNS.index("verdict")] for line in its] for path, its in found.items()}
    wrong, right = (sum(each.count(word) for each in verdicts.values()) for word in ("NO", "yes"))
    said = [f"{wrong} of {wrong + right} exponents disagree with theory"] if wrong else []
    return said + [f"{path}: no exponent to check: no curve spends two decades in one of theory's regimes"
                   for path, each in verdicts.items() if not {"yes", "NO"} & set(each)]


def main(argv=None):
    """Runs the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__.split("\n\n")[0])
    parser.add_argument("files", metavar="FILE", nargs="+", help="results file of `moat run`")
    parser.add_argument("--csv", action="store_true", help="print comma-separated values in place of aligned text")
    parser.add_argument("--check", action="store_true",
                        help="end with exit code 1 if an exponent disagrees with theory, or a file has none to check")
    arguments = parser.parse_args(argv)
    try:
        by_file = {path: list(lines(path)) for path in arguments.files}
    except Refused as refusal:
        print(f"{PROGRAM}: {refusal}", file=sys.stderr)
        return 2
    found = [line for its in by_file.values() for line in its]
    if arguments.csv:
        csv.writer(sys.stdout, lineterminator="\n").writerows([COLUMNS, *found])
    elif found:
        print(table(found))
    said = complaints(by_file)
    for line in said:
        print(f"{PROGRAM}: {line}", file=sys.stderr)
    return 1 if arguments.check and said else 0 if found else 2  # without a curve there is nothing to print


if __name__ == "__main__":
    sys.exit(output.run(PROGRAM, main))
