#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a results file as a table: .csv, .tsv or .txt with tabs, or .parquet, which needs pyarrow.

Each grid point has a row with its coordinates and every variable. Status and regime are written as words, numbers with
enough digits to read the same number back. The first line has the names of the columns, axes first. A text that a spreadsheet
would run as a formula has an apostrophe in front. Where the numbers come from, and the columns' units and meanings, stand in
TABLE-metadata.json beside the table (table_about.py), in a Parquet file itself, or with --header in lines above the table that
begin with #.
"""

import argparse
import csv
import itertools
import json
import os
import sys

import numpy as np

import moatfile
import opening
import output
import table_about
from cells import cell, comment
from family import indices
from moatfile import Refused

PROGRAM = output.name("export.py")  # in messages
PARQUET = ".parquet"
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


def pieces(results, chosen, at):
    """Yields the table in pieces, in C order of the axes: an array for each column, all of one length. at: index of each axis
    held fixed."""
    axes = results.axes
    names, ranges = list(axes), [[at[axis]] if axis in at else range(axes[axis].size) for axis in axes]
    outer = next((k for k in range(len(ranges)) if np.prod([len(r) for r in ranges[k:]]) <= CHUNK), len(ranges))
    for leading in itertools.product(*ranges[:outer]):
        inner = [np.array(list(r)) for r in ranges[outer:]]
        shape = tuple(index.size for index in inner)
        fixed = dict(zip(names, leading))
        found = []
        for axis, values in axes.items():
            index = fixed[axis] if axis in fixed else inner[names.index(axis) - outer]
            found.append(_spread(values[index], [axis] if axis not in fixed else [], names[outer:], shape))
        for _, along, dataset, _ in chosen:
            key = tuple(fixed[axis] if axis in fixed else slice(ranges[names.index(axis)][0], ranges[names.index(axis)][-1] + 1)
                        for axis in along)
            found.append(_spread(dataset[key], [axis for axis in along if axis not in fixed], names[outer:], shape))
        yield found


def _spread(values, along, names, shape):
    """`values`, an array over the axes `along`, as a flat array over all the axes `names`, of the `shape`."""
    values = np.asarray(values)
    values = values.reshape([values.shape[along.index(axis)] if axis in along else 1 for axis in names])
    return np.broadcast_to(values, shape).reshape(-1)


def texts(values, words):
    """The values of a column as texts."""
    return [words.get(value, str(value)) for value in values.tolist()] if words else [repr(float(v)) for v in values]


def _as_text(target, about, found, separator, header):
    """Writes the table to the open file `target`."""
    if header:
        target.writelines(f"# {name}: {comment(str(value))}\n" for name, value in about.provenance.items())
    writer = csv.writer(target, delimiter=separator, lineterminator="\n")
    writer.writerow(column.name for column in about.columns)
    for arrays in found:
        writer.writerows(zip(*(texts(values, column.words) for values, column in zip(arrays, about.columns))))


def _as_parquet(place, about, found, arrow, parquet):
    """Writes the table to the path `place`. arrow, parquet: the modules of pyarrow."""
    fields = [arrow.field(column.name, arrow.string() if column.words else arrow.float64(),
                          metadata={"long_name": column.long_name, "units": column.units}) for column in about.columns]
    schema = arrow.schema(fields, metadata={name: str(value) for name, value in about.provenance.items()})
    with parquet.ParquetWriter(place, schema) as writer:
        for arrays in found:
            data = [arrow.array(texts(values, column.words), field.type) if column.words else arrow.array(values.astype(float))
                    for values, column, field in zip(arrays, about.columns, fields)]
            writer.write_table(arrow.Table.from_arrays(data, schema=schema))


def _arrow(target):
    """The modules of pyarrow. Raises Refused."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise Refused(f"{target}: Parquet needs the module pyarrow, which {sys.executable} has not: `pip install pyarrow` (Debian sid "
                      "has it as python3-pyarrow), or write .csv") from error
    return pyarrow, pyarrow.parquet


def write(path, target, variables=None, slices=(), header=False, quiet=True):
    """Writes the table of the file `path` to the path `target`, or to standard output if that is None; returns the number of
    rows. Raises Refused."""
    arrow = _arrow(target) if target and target.lower().endswith(PARQUET) else ()
    results = moatfile.read(path, [])
    at = indices(results, (), slices)
    count = int(np.prod([values.size for axis, values in results.axes.items() if axis not in at]))
    with opening.open_file(path) as file:
        chosen = columns(file, results, variables)
        about = table_about.About(results, [(name, words) for name, _, _, words in chosen])
        found = output.watched(PROGRAM, pieces(results, chosen, at), count, "points", lambda arrays: arrays[0].size, quiet)
        if not target:
            _as_text(sys.stdout, about, found, ",", header)
        elif arrow:
            with output.whole_path(target) as place:
                _as_parquet(place, about, found, *arrow)
        else:
            separator = "\t" if target.lower().endswith((".tsv", ".txt")) else ","
            with output.whole_file(target) as opened:
                _as_text(opened, about, found, separator, header)
                if not header and (os.path.isfile(target) or not os.path.exists(target)):  # beside a pipe or device is nothing
                    with output.whole_file(f"{target}-metadata.json") as beside:
                        json.dump(about.document(os.path.basename(target), separator), beside, indent=1, ensure_ascii=False)
                        beside.write("\n")
    return count


def main(argv=None):
    """Runs the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__.split("\n\n")[0])
    parser.add_argument("file", metavar="FILE", help="results file of `moat run`")
    parser.add_argument("-o", "--output", metavar="TABLE", help="table to write: .csv, .tsv or .parquet; default: standard output")
    parser.add_argument("--variables", metavar="NAME", nargs="+", help="variables to write; default: all")
    parser.add_argument("--slice", metavar="AXIS=VALUE", nargs="+", action="extend", default=[],
                        help="write only the points with these values, written as in the config")
    parser.add_argument("--header", action="store_true", help="say where the numbers come from in lines that begin with #, above "
                        "the table, and not in TABLE-metadata.json")
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")
    arguments = parser.parse_args(argv)
    try:
        count = write(arguments.file, arguments.output, arguments.variables, arguments.slice, arguments.header, arguments.quiet)
    except Refused as refusal:
        print(f"{PROGRAM}: {refusal}", file=sys.stderr)
        return 2
    except OSError as error:
        if not arguments.output:
            raise
        print(f"{PROGRAM}: {arguments.output}: cannot be written: {error.strerror or error}", file=sys.stderr)
        return 2 if error.filename else 1  # a name that cannot be opened, or a disk that is full
    if arguments.output and not arguments.quiet:
        print(f"{arguments.output}: {count} points")
    return 0


if __name__ == "__main__":
    sys.exit(output.run(PROGRAM, main))
