# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a table of the handwritten digits that come with scikit-learn, with two questions about each, for dataset.py.

The digits are 1,797 images of 8 x 8 pixels (test set of UCI's Optical Recognition of Handwritten Digits), a line each, 16
levels of grey a pixel. The questions: how large is the number, 0 to 9, and has the digit a loop, 1 for 0, 6, 8 and 9, else 0.
They are about the value and about the shape, and agree in part: larger digits have loops more often. `make words` calls this.
"""

import argparse
import csv
import gzip
import importlib.util
import os
import sys

import output
from opening import Refused, one_line

WITH_LOOP = (0, 6, 8, 9)
SIDE = 8  # pixels


def find():
    """The path of scikit-learn's file of digits. Raises Refused."""
    package = importlib.util.find_spec("sklearn")
    path = os.path.join(package.submodule_search_locations[0], "datasets", "data", "digits.csv.gz") if package else ""
    if not os.path.isfile(path):
        raise Refused(f"{sys.executable} has no scikit-learn with its digits; expected Debian's package python3-sklearn: apt-get "
                      "install python3-sklearn")
    return path


def rows(path):
    """The header, and a row for each digit: its pixels, how large it is, and whether it has a loop. Raises Refused."""
    yield [*(f"pixel_{row}_{column}" for row in range(SIDE) for column in range(SIDE)), "size", "loop"]
    try:
        with gzip.open(path, "rt", newline="") as file:
            for cells in csv.reader(file):
                *pixels, digit = (int(float(cell)) for cell in cells)
                if len(pixels) != SIDE * SIDE:
                    raise ValueError(f"a line of {len(cells)} numbers; expected {SIDE * SIDE + 1}")
                yield [*pixels, digit, int(digit in WITH_LOOP)]
    except (OSError, EOFError, ValueError) as error:
        raise Refused(f"{path}: cannot be read as scikit-learn's digits: {one_line(error)}") from error


def main(argv=None):
    """Runs the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="digits.py", description=__doc__.split("\n\n")[0])
    parser.add_argument("table", metavar="TABLE", help="table to write: .csv")
    parser.add_argument("--digits", metavar="FILE", help="digits.csv.gz of scikit-learn; default: that of python3-sklearn")
    arguments = parser.parse_args(argv)
    try:
        lines = list(rows(arguments.digits or find()))
        with output.whole_file(arguments.table) as file:
            csv.writer(file, lineterminator="\n").writerows(lines)
        print(f"{len(lines) - 1} digits of {SIDE * SIDE} pixels: {arguments.table}")
    except Refused as refusal:
        print(f"digits.py: {refusal}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"digits.py: {arguments.table}: cannot be written: {error.strerror or error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(output.run("digits.py", main))
