#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints the exponents fitted to the curves of results files beside theory's.

Each curve has a line for every regime that theory expects over at least two decades. The line gives the range, the exponent
fitted there, theory's exponent, their difference, and the tolerance, which shrinks as the range grows. The last column is
the point where the local exponent passes into the next regime, divided by theory's break point. A measured curve also has a
line for its whole range; its "theory" is the exponent of the deterministic equivalent.
"""

import argparse
import csv
import math
import os
import sys

import exponents
import output
from moatfile import Refused

COLUMNS = ("file", "curve", "quantity", "along", "regime", "from", "to", "fitted", "stderr", "theory", "difference",
           "tolerance", "agrees", "crossover")
REGIMES = {0: "first", 1: "second", 2: "third", None: "all"}


def rows(path):
    """Yields the rows of a file's table, as texts. Raises Refused."""
    number = lambda value, form: "" if math.isnan(value) else format(value, form)
    for fit in exponents.of_file(path):
        yield (os.path.basename(path), fit.curve, fit.quantity, fit.along, REGIMES[fit.regime], f"{fit.low:.2g}",
               f"{fit.high:.2g}", f"{fit.fitted:.4f}", number(fit.stderr, ".4f"), f"{fit.theory:.4f}",
               f"{fit.fitted - fit.theory:+.4f}", f"{fit.tolerance:.4f}", "yes" if fit.agrees else "NO",
               number(fit.crossover, ".2g"))


def table(found):
    """The rows `found` as aligned text. Columns that are empty in every row are left out."""
    shown = [k for k in range(len(COLUMNS)) if any(row[k] for row in found)]
    lines = [[line[k] for k in shown] for line in (COLUMNS, *found)]
    widths = [max(len(line[k]) for line in lines) for k in range(len(shown))]
    left = {k for k, column in enumerate(shown) if COLUMNS[column] in ("file", "curve", "quantity", "along", "regime")}
    return "\n".join("  ".join(text.ljust(width) if k in left else text.rjust(width)
                               for k, (text, width) in enumerate(zip(line, widths))).rstrip() for line in lines)


def main(argv=None):
    """Runs the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="summary.py", description=__doc__.split("\n\n")[0])
    parser.add_argument("files", metavar="FILE", nargs="+", help="results file of `moat run`")
    parser.add_argument("--csv", action="store_true", help="print comma-separated values in place of aligned text")
    parser.add_argument("--check", action="store_true", help="end with exit code 1 if an exponent is outside its tolerance")
    arguments = parser.parse_args(argv)
    try:
        found = [row for path in arguments.files for row in rows(path)]
    except Refused as refusal:
        print(f"summary.py: {refusal}", file=sys.stderr)
        return 2
    if arguments.csv:
        csv.writer(sys.stdout, lineterminator="\n").writerows([COLUMNS, *found])
    else:
        print(table(found))
    disagree = sum(row[COLUMNS.index("agrees")] == "NO" for row in found)
    if disagree:
        print(f"summary.py: {disagree} of {len(found)} exponents are outside their tolerance", file=sys.stderr)
    return 1 if disagree and arguments.check else 0


if __name__ == "__main__":
    sys.exit(output.run("summary.py", main))
