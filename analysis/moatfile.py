# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a moat results file (see "Read the file" in README.md). Its run may be finished, still writing, or killed.

All that a script says about the numbers comes from the file: its axes, their names and units, the words of its flags, theory's
exponents, and the parameters of the sweep. The config's text, a copy for people, is never read for them.
"""

import math
import os

import numpy as np

import opening
from intact import check_blocks, root_datasets, scales
from opening import Refused

FORMAT = 2  # version of the file's format, its attribute format_version
STATUSES = ("pending", "ok", "entrant_always", "no_entry", "incumbent_infeasible", "entrant_infeasible", "failed")
REGIMES = ("none", "first", "second", "third", "transitional", "over_regularised")
WORDS = {"status": STATUSES, "regime": REGIMES, "regime_excess": REGIMES}  # the flags that scripts understand
PENDING, OK, ENTRANT_ALWAYS, NO_ENTRY, INCUMBENT_INFEASIBLE, ENTRANT_INFEASIBLE, FAILED = range(len(STATUSES))
TEXTS = ("config", "history", "history_before_change")  # root attributes for people, which no script reads
AXES = {"market_entry": ("N_I", "tau_E", "Q", "nu"), "scaling_law": ("N", "alpha", "Q", "nu")}  # of a power-law spectrum


class Results:
    """A results file in memory.

    path: as given. attributes: the root attributes but TEXTS, as str, float or int. sweep: market_entry or scaling_law.
    axes: name -> 1-D float64 coordinates, in the order of the grid. variables: name -> (names of its axes, array), for the
    variables requested; a variable of WORDS holds indices of its words there, whatever numbers the file has for them.
    about: name -> its attributes long_name, units and tau_unit, as far as it has them, for axes and variables. theory: name
    -> (nu, 3) array, theory's exponents of every variable that has some.
    """

    def __init__(self, path, attributes, axes, variables, about=None, theory=None):
        self.path = path
        self.attributes = attributes
        self.axes = axes
        self.variables = variables
        self.about = about or {}
        self.theory = theory or {}
        self.sweep = attributes.get("sweep")

    def take(self, name, order, at):
        """Variable `name` as an array over the axes in `order`, every other axis held at the index `at[axis]`. Raises
        Refused if the file has no such variable."""
        if name not in self.variables:
            raise _left_out(self.path, [name])
        names, values = self.variables[name]
        for axis in reversed(range(len(names))):
            if names[axis] not in order:
                values = np.take(values, at[names[axis]], axis=axis)
        left = [axis for axis in names if axis in order]
        return np.transpose(values, [left.index(axis) for axis in order])

    @property
    def title(self):
        """The sweep's name, or the file's if it has none."""
        return self.attributes.get("name") or self.attributes.get("title") or os.path.basename(self.path)


def to_number(text):
    """`text` as a float, or None if it is no number. Accepts both YAML's .inf and Python's inf."""
    try:
        return float(text.replace(".inf", "inf"))
    except ValueError:
        return None


def read(path, names, sweep=None, axes=(), optional=()):
    """Reads the file `path`. Returns Results; raises Refused.

    names: variables that the file must have. sweep: the sweep it must be of; None for any. axes: axes that its grid must
    have; others are read too. optional: further variables, read if the file has them.
    """
    with opening.open_file(path) as file:
        try:
            return _read(path, file, names, sweep, axes, optional)
        except opening.UNREADABLE as error:
            raise Refused(f"{path}: damaged: {opening.one_line(error)}") from error


def read_attributes(path):
    """The root attributes of the file `path`, as in Results. Raises Refused."""
    with opening.open_file(path) as file:
        try:
            return _attributes(path, file)
        except opening.UNREADABLE as error:
            raise Refused(f"{path}: damaged: {opening.one_line(error)}") from error


def _attributes(path, file):
    if "moat_version" not in file.attrs:
        raise Refused(f"{path}: not a moat results file: it has no attribute moat_version")
    version, written = int(file.attrs.get("format_version", 1)), value_of(file.attrs["moat_version"])
    if version < FORMAT:
        raise Refused(f"{path}: has format {version}, written by moat {written}; expected format {FORMAT}: run the sweep again "
                      "with this version of moat")
    if version > FORMAT:
        raise Refused(f"{path}: has format {version}, written by moat {written}; expected format {FORMAT}: use the scripts of "
                      f"moat {written}")
    return {name: value_of(file.attrs[name]) for name in file.attrs if name not in TEXTS}


def value_of(value):
    """The value of an attribute as str, float, int or array."""
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(-1)[0]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value.item() if isinstance(value, np.generic) else value


def _read(path, file, names, sweep, axes, optional):
    attributes = _attributes(path, file)
    found = attributes.get("sweep", "unknown")
    if sweep and found != sweep:
        raise Refused(f"{path}: its sweep is {found}; expected {sweep}")
    if "status" not in file:
        raise Refused(f"{path}: not a moat results file: it has no variable status")
    grid = scales(file["status"])
    if None in grid or not set(axes) <= set(grid):
        raise Refused(f"{path}: its axes are {', '.join(axis or 'unnamed' for axis in grid)}; expected {', '.join(axes)}")
    missing = [name for name in names if name not in file]
    if missing:
        raise _left_out(path, missing)
    coordinates = {axis: np.asarray(file[axis][...], dtype=float) for axis in grid}
    check_blocks(path, file, coordinates)
    variables, about = {}, {axis: _about(file[axis]) for axis in grid}
    for name in [*names, *(name for name in optional if name in file and name not in grid)]:
        variables[name], about[name] = _variable(path, file[name], name, coordinates), _about(file[name])
    theory = {name: np.reshape(item.attrs["theory_exponents"], (file["nu"].size, -1))[:, :3]
              for name, item in root_datasets(file).items() if "theory_exponents" in item.attrs}
    return Results(path, attributes, coordinates, variables, about, theory)


def _left_out(path, missing):
    several = len(missing) > 1
    return Refused(f"{path}: has no {', '.join(missing)}: `store:` of its config leaves {'them' if several else 'it'} out; add "
                   f"{'them' if several else 'it'} there and run the sweep into a new file")


def _about(dataset):
    return {name: value_of(dataset.attrs[name]) for name in ("long_name", "units", "tau_unit") if name in dataset.attrs}


def _variable(path, dataset, name, coordinates):
    """(names of its axes, values) of a variable."""
    names = scales(dataset)
    if not set(names) <= set(coordinates):
        raise Refused(f"{path}: {name} has the dimensions {', '.join(scale or 'unnamed' for scale in names)}; expected only "
                      f"dimensions among {', '.join(coordinates)}")
    if dataset.shape != tuple(coordinates[scale].size for scale in names):
        raise Refused(f"{path}: not a moat results file: {name} and its dimension scales differ in size")
    values = dataset[...]
    return names, _by_word(path, name, values, flags(dataset)) if name in WORDS else values


def flags(dataset):
    """What the values of a variable of flags mean: value -> word. Empty for numbers."""
    if "flag_meanings" not in dataset.attrs:
        return {}
    words = value_of(dataset.attrs["flag_meanings"]).split()
    return dict(zip(np.atleast_1d(dataset.attrs["flag_values"]).tolist(), words, strict=True))


def _by_word(path, name, values, words):
    """Flags as indices of WORDS[name]. words: what the file's values mean."""
    index = np.full(256, -1, dtype=np.int8)
    for value, word in words.items():
        index[value] = WORDS[name].index(word) if word in WORDS[name] else -1
    found = index[values]
    if (found < 0).any():
        value = values[found < 0].flat[0]
        raise Refused(f"{path}: {name} has the value {value} ({words.get(int(value), 'without a meaning')}); expected "
                      f"{', '.join(WORDS[name])}")
    return found.astype(np.uint8)


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
