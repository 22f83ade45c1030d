# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a moat results file (see "Read the file" in README.md). Its run may be finished, still writing, or killed."""

import math
import os
import re

import h5py
import numpy as np

PENDING, OK, ENTRANT_ALWAYS, NO_ENTRY, INCUMBENT_INFEASIBLE, ENTRANT_INFEASIBLE, FAILED = range(7)


class Refused(Exception):
    """An input that a script cannot use. The message is one line: what was found, what was expected, what to do."""


class Results:
    """A results file in memory.

    path: as given. attributes: the root attributes, text as str. sweep: market_entry or scaling_law.
    axes: name -> 1-D float64 coordinates. variables: name -> (names of its axes, array), for the variables requested.
    theory: name -> (nu, 3) array, theory's exponents of every variable that has some.
    """

    def __init__(self, path, attributes, axes, variables, theory=None):
        self.path = path
        self.attributes = attributes
        self.axes = axes
        self.variables = variables
        self.theory = theory or {}
        self.sweep = attributes.get("sweep", "market_entry")

    def take(self, name, order, at):
        """Variable `name` as an array over the axes in `order`, every other axis held at the index `at[axis]`."""
        names, values = self.variables[name]
        for axis in reversed(range(len(names))):
            if names[axis] not in order:
                values = np.take(values, at[names[axis]], axis=axis)
        left = [axis for axis in names if axis in order]
        return np.transpose(values, [left.index(axis) for axis in order])

    def setting(self, key, section=None):
        """The config's value of `key` as text, or None if it has none. section: the mapping that contains the key; None
        for the top level.

        The program that wrote the file has checked the config, so a plain text search finds the key.
        """
        text = re.sub(r"(^|\s)#.*$", r"\1", self.attributes.get("config", ""), flags=re.M)
        if section is None:
            found = re.search(rf"^{key}[ \t]*:[ \t]*[\"']?([^\n\"']*[^\s\"'])", text, re.M)
            return found and found[1]
        body = re.search(rf"^{section}[ \t]*:(.*(?:\n[ \t]+.*|\n[ \t]*$)*)", text, re.M)
        found = body and re.search(rf"(?:^|[\s{{,])[\"']?{key}[\"']?[ \t]*:[ \t]*[\"']?([^\s,}}\"']+)", body[1])
        return found and found[1]

    def number(self, key, section=None):
        """The config's value of `key` as a float, or None if it is missing or no number."""
        text = self.setting(key, section)
        return to_number(text) if text else None


def to_number(text):
    """`text` as a float, or None if it is no number. Accepts both YAML's .inf and Python's inf."""
    try:
        return float(text.replace(".inf", "inf"))
    except ValueError:
        return None


def read(path, names, axes, optional=()):
    """Reads the file `path`. Returns Results; raises Refused.

    names, axes: variables and dimension scales that the file must have. optional: further variables and dimension scales,
    read if the file has them. Every dimension of a variable must be among the axes read.
    """
    if not os.path.exists(path):
        raise Refused(f"{path}: no such file; expected a results file written by `moat run`")
    if os.path.isdir(path):
        raise Refused(f"{path}: is a folder; expected a results file written by `moat run`")
    if not os.access(path, os.R_OK):
        raise Refused(f"{path}: cannot be read: permission denied")
    try:
        with open_file(path) as file:
            return _read(path, file, names, axes, optional)
    except (OSError, RuntimeError, KeyError) as error:
        raise Refused(f"{path}: cannot be read as HDF5: {' '.join(str(error).split())}") from error


def open_file(path):
    """Opens a results file to read it.

    SWMR mode (HDF5's single writer, multiple readers) opens a file that a run is writing, or was writing when it died. A
    file that another tool has rewritten may open only without it.
    """
    try:
        return h5py.File(path, "r", libver="latest", swmr=True)
    except (OSError, ValueError):
        return h5py.File(path, "r")


def _read(path, file, names, axes, optional):
    attributes = {name: _text(value) for name, value in file.attrs.items()}
    if "moat_version" not in attributes:
        raise Refused(f"{path}: not a moat results file: it has no attribute moat_version")
    missing = [name for name in [*axes, *names] if name not in file]
    if missing:
        sweep = Results(path, attributes, {}, {}).sweep
        raise Refused(f"{path}: has no {', '.join(missing)}: its sweep is {sweep}; "
                      f"expected one with {', '.join(names)}")
    more = [name for name in optional if name in file]
    axes = [*(name for name in more if h5py.h5ds.is_scale(file[name].id)), *axes]
    coordinates = {axis: np.asarray(file[axis][...], dtype=float) for axis in axes}
    variables = {}
    for name in [*names, *(name for name in more if name not in axes)]:
        scales = [_scale(dimension) for dimension in file[name].dims]
        if not set(scales) <= set(axes):
            found = ", ".join(scale or "an unnamed one" for scale in scales)
            raise Refused(f"{path}: {name} has the dimensions {found}; expected only dimensions among {', '.join(axes)}")
        if file[name].shape != tuple(coordinates[scale].size for scale in scales):
            raise Refused(f"{path}: not a moat results file: {name} and its dimension scales differ in size")
        variables[name] = (scales, file[name][...])
    theory = {name: np.reshape(item.attrs["theory_exponents"], (-1, 3))
              for name, item in file.items() if "theory_exponents" in item.attrs}
    return Results(path, attributes, coordinates, variables, theory)


def _scale(dimension):
    return dimension[0].name.lstrip("/") if len(dimension) else None


def _text(value):
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(-1)[0]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def find(results, axis, text):
    """Index of the value `text` on `axis`, compared to the six digits that the scripts print. Raises Refused."""
    values = results.axes[axis]
    wanted = to_number(text)
    if wanted is not None and not math.isnan(wanted):
        for index, value in enumerate(values):
            if value == wanted or math.isclose(value, wanted, rel_tol=5e-6):
                return index
    raise Refused(f"{results.path}: {axis} has no value {text}; it has {_listing(values)}")


def _listing(values):
    shown = [f"{value:.6g}" for value in values]
    if len(shown) > 60:
        return f"{len(shown)} values: {', '.join(shown[:5])}, ..., {', '.join(shown[-5:])}"
    return ", ".join(shown)
