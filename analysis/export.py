#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a results file as a text table: comma-separated, or tab-separated if the table's name ends in .tsv or .txt.

Each grid point has a row with its coordinates and every variable. Status and regime are written as words, numbers with
enough digits to read the same number back. Lines before the table, which begin with #, say where the numbers come from:
`# NAME: VALUE` for each root attribute in PROVENANCE that the file has. Then comes the line with the names of the columns,
axes first. A text that a spreadsheet would run as a formula has an apostrophe in front.
"""

import argparse
import csv
import itertools
import sys

import numpy as np

import moatfile
import opening
import output
from cells import cell, comment
from family import indices
from moatfile import Refused

PROVENANCE = ("title", "moat_version", "git_revision", "sweep", "solver", "scrutiny", "gamma", "P", "spectrum", "spectrum_title",
              "spectrum_checksum", "noise_performance", "noise_safety", "tau_I", "tau_unit", "trials", "seed", "date_created",
              "references")
CHUNK = 65536  # points held in memory at a time


def columns(file, results, wanted):
    """(name, its axes, dataset, words) of every variable, or of those `wanted`. Raises Refused.

    words: what the values of a flag mean; empty for a number.
    """
    found = [(name, about.scales, file[name], {value: cell(word) for value, word in about.words.items()})
             for name, about in sorted(results.about.items()) if about.is_field]
    missing = set(wanted or ()) - {name for name, *_ in found}
    if missing:
        raise Refused(f"--variables: found {', '.join(sorted(missing))}; expected some of "
                      f"{', '.join(name for name, *_ in found)}; `store:` of the config leaves out the others")
    return [column for column in found if not wanted or column[0] in wanted]


def rows(results, chosen, at):
    """Yields the rows of the table, in C order of the axes. at: index of each axis held fixed."""
    axes = results.axes
    ranges = [[at[axis]] if axis in at else range(axes[axis].size) for axis in axes]
    outer = next((k for k in range(len(ranges)) if np.prod([len(r) for r in ranges[k:]]) <= CHUNK), len(ranges))
    for leading in itertools.product(*ranges[:outer]):
        inner = [np.array(list(r)) for r in ranges[outer:]]
        shape = tuple(index.size for index in inner)
        names = list(axes)
        fixed = dict(zip(names, leading))
        texts = []
        for axis, values in axes.items():
            index = fixed[axis] if axis in fixed else inner[names.index(axis) - outer]
            texts.append(_spread(np.asarray(values[index]), [axis] if axis not in fixed else [], names[outer:], shape, {}))
        for _, along, dataset, words in chosen:
            key = tuple(fixed[axis] if axis in fixed else slice(ranges[names.index(axis)][0], ranges[names.index(axis)][-1] + 1)
                        for axis in along)
            texts.append(_spread(dataset[key], [axis for axis in along if axis not in fixed], names[outer:], shape, words))
        yield from zip(*texts)


def _spread(values, along, names, shape, words):
    """`values`, an array over the axes `along`, as a flat list of texts over all the axes `names`, of the `shape`."""
    values = np.asarray(values)
    values = values.reshape([values.shape[along.index(axis)] if axis in along else 1 for axis in names])
    flat = np.broadcast_to(values, shape).reshape(-1)
    return [words.get(value, str(value)) for value in flat.tolist()] if words else [repr(float(v)) for v in flat]


def write(path, target, separator, variables, slices):
    """Writes the table of the file `path` to the open file `target`; returns the number of rows. Raises Refused."""
    results = moatfile.read(path, [])
    at = indices(results, (), slices)
    writer = csv.writer(target, delimiter=separator, lineterminator="\n")
    with opening.open_file(path) as file:
        chosen = columns(file, results, variables)
        for name in PROVENANCE:
            if name in results.attributes:
                target.write(f"# {name}: {comment(str(results.attributes[name]))}\n")
        writer.writerow([*results.axes, *(cell(name) for name, *_ in chosen)])
        count = 0
        for row in rows(results, chosen, at):
            writer.writerow(row)
            count += 1
    return count


def main(argv=None):
    """Runs the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="export.py", description=__doc__.split("\n\n")[0])
    parser.add_argument("file", metavar="FILE", help="results file of `moat run`")
    parser.add_argument("-o", "--output", metavar="TABLE", help="file to write; default: standard output")
    parser.add_argument("--variables", metavar="NAME", nargs="+", help="variables to write; default: all")
    parser.add_argument("--slice", metavar="AXIS=VALUE", nargs="+", action="extend", default=[],
                        help="write only the points with these values, written as in the config")
    arguments = parser.parse_args(argv)
    try:
        if arguments.output:
            separator = "\t" if arguments.output.endswith((".tsv", ".txt")) else ","
            with output.whole_file(arguments.output) as target:
                count = write(arguments.file, target, separator, arguments.variables, arguments.slice)
        else:
            write(arguments.file, sys.stdout, ",", arguments.variables, arguments.slice)
    except Refused as refusal:
        print(f"export.py: {refusal}", file=sys.stderr)
        return 2
    except OSError as error:
        if not arguments.output:
            raise
        print(f"export.py: {arguments.output}: cannot be written: {error.strerror or error}", file=sys.stderr)
        return 2 if error.filename else 1  # a name that cannot be opened, or a disk that is full
    if arguments.output:
        print(f"{arguments.output}: {count} points")
    return 0


if __name__ == "__main__":
    sys.exit(output.run("export.py", main))
