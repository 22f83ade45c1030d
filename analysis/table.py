# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads numbers from tables: .csv or .tsv with a header. A message names the line, the header's being 1, and the column."""

import array
import csv
import math
import os

import numpy as np

from opening import Refused, one_line

DELIMITERS = {".csv": ",", ".tsv": "\t"}


def is_table(path):
    """Whether the file's name is that of a table."""
    return os.path.splitext(path)[1].lower() in DELIMITERS


def read_column(path, name):
    """The numbers of the column `name`, as float64. Raises Refused."""
    values = array.array("d")
    rows = _rows(path)
    at = _find(path, next(rows), name)
    for line, cells in rows:
        values.append(_number(path, line, name, cells[at]))
    if not values:
        raise Refused(f"{path}: has a header and no rows; expected a row for each item")
    return np.array(values)


def read_rest(path, without):
    """The numbers of all columns but those `without`, as float64, a row for each line. Raises Refused."""
    values, rows = array.array("d"), _rows(path)
    header = next(rows)
    for name in without:
        _find(path, header, name)
    kept = [k for k, name in enumerate(header) if name not in without]
    if not kept:
        raise Refused(f"{path}: no columns are left; expected features beside {', '.join(header)}")
    for line, cells in rows:
        values.extend([_number(path, line, header[k], cells[k], f"; --ignore {header[k]} leaves the column out") for k in kept])
    if not values:
        raise Refused(f"{path}: has a header and no rows; expected a row for each item")
    return np.array(values).reshape(-1, len(kept))


def _rows(path):
    """The header, and then (line, cells) of each row; lines that are empty are left out."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, delimiter=DELIMITERS[os.path.splitext(path)[1].lower()])
            header = next(rows, None)
            if not header:
                raise Refused(f"{path}: is empty; expected a header and a row for each item")
            header = [name.strip() for name in header]
            for name in header:
                if header.count(name) > 1:
                    raise Refused(f"{path}: has several columns {name or 'without a name'}; expected a name of its own for each")
            yield header
            for cells in rows:
                if cells and len(cells) != len(header):
                    raise Refused(f"{path}: line {rows.line_num} has {len(cells)} cells; expected {len(header)}, as the header has")
                if cells:
                    yield rows.line_num, cells
    except OSError as error:
        raise Refused(f"{path}: cannot be read: {error.strerror or error}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise Refused(f"{path}: is no table of text in UTF-8: {one_line(error)}") from error


def _find(path, header, name):
    """Which column has the `name`."""
    if name not in header:
        shown = ", ".join(header[:8]) + (", ..." if len(header) > 8 else "")
        raise Refused(f"{path}: has no column {name}; it has {shown}")
    return header.index(name)


def _number(path, line, name, cell, todo=""):
    """The finite number of a cell."""
    try:
        value = float(cell)
    except ValueError:
        found = f"'{cell[:40]}'" if cell.strip() else "empty"
        raise Refused(f"{path}: line {line}, column {name} is {found}; expected a number{todo}") from None
    if not math.isfinite(value):
        raise Refused(f"{path}: line {line}, column {name} is {value}; expected finite numbers: leave out such rows")
    return value
