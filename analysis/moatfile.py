# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a moat results file (src/results/README.md). Its run may be finished, still writing, or killed.

All that a script says about the numbers comes from the file: its axes, their names and units, the words of its flags, theory's
exponents, and the parameters of the sweep. The config's text, a copy for people, is never read for them.
"""

import math
import os

import numpy as np

if __package__:  # as a part of the package moat
    from . import opening
    from .description import describe
    from .intact import check_blocks
    from .opening import Refused
else:
    import opening
    from description import describe
    from intact import check_blocks
    from opening import Refused

FORMAT = 2  # version of the file's format, its attribute format_version
STATUSES = ("pending", "ok", "entrant_always", "no_entry", "incumbent_infeasible", "entrant_infeasible", "failed")
REGIMES = ("none", "first", "second", "third", "transitional", "over_regularised")
WORDS = {"status": STATUSES, "regime": REGIMES, "regime_excess": REGIMES}  # the flags that scripts understand
PENDING, OK, ENTRANT_ALWAYS, NO_ENTRY, INCUMBENT_INFEASIBLE, ENTRANT_INFEASIBLE, FAILED = range(len(STATUSES))
GRID = {"market_entry": ("N_I", "tau_E"), "scaling_law": ("N", "alpha")}  # the axes of every file of a sweep
POWER_LAWS = ("Q", "nu")  # those that it has too unless it is on a measured spectrum
AXES = {sweep: (*axes, *POWER_LAWS) for sweep, axes in GRID.items()}


class Results:
    """A results file in memory.

    path: as given. attributes: the root attributes that are not texts for people, as str, float or int. sweep: market_entry
    or scaling_law. axes: name -> 1-D float64 coordinates, in the order of the grid. variables: name -> (names of its axes,
    array), for the variables requested; one of WORDS holds indices of its words there, whatever numbers the file has for
    them. about: name -> description.Variable, of all variables and axes of the file. theory: name -> (nu, regimes) array,
    theory's exponents of every variable that has some; about[name].regimes names the regimes.
    """

    def __init__(self, path, attributes, axes, variables, about):
        self.path, self.attributes, self.axes, self.variables, self.about = path, attributes, axes, variables, about
        self.theory = {name: variable.theory for name, variable in about.items() if variable.theory is not None}
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
    def measured(self):
        """Whether the sweep is on a measured spectrum, for which theory has no regimes."""
        return on_measured(self.attributes)

    @property
    def title(self):
        """The sweep's name, or the file's if it has none."""
        return self.attributes.get("name") or self.attributes.get("title") or os.path.basename(self.path)


def on_measured(attributes):
    """Whether a file with these root attributes is on a measured spectrum. It has no Q, no nu, and nothing of theory's."""
    return "spectrum" in attributes


def of_theory(name):
    """Whether the variable `name` is one that only files on power laws have."""
    return name in ("regime", "regime_excess", "nu_prime", "elasticity_Q") or name.startswith("break_")


def to_number(text):
    """`text` as a float, or None if it is no number. Accepts both YAML's .inf and Python's inf."""
    try:
        return float(text.replace(".inf", "inf"))
    except ValueError:
        return None


def read(path, names, sweep=None, axes=(), optional=()):
    """Reads the file `path`. Returns Results; raises Refused.

    names: variables that the file must have, those of_theory unless it is on a measured spectrum. sweep: the sweep it must be
    of; None for any. axes: axes that its grid must have; others are read too. optional: further variables, read if the file
    has them.
    """
    about = _describe(path)
    grid = _grid(path, about, sweep, axes)
    names = [name for name in names if not (on_measured(about.attributes) and of_theory(name))]
    missing = [name for name in names if name not in about.variables]
    if missing:
        raise _left_out(path, missing)
    chosen = [*names, *(name for name in optional if name in about.variables and name not in grid)]
    with opening.open_file(path) as file:
        try:
            coordinates = {axis: np.asarray(file[axis][...], dtype=float) for axis in grid}
            check_blocks(path, file, about, coordinates)
            variables = {name: _variable(path, file, name, about.variables[name], coordinates) for name in chosen}
        except opening.UNREADABLE as error:
            raise Refused(f"{path}: damaged: {opening.one_line(error)}") from error
    return Results(path, about.attributes, coordinates, variables, about.variables)


def read_attributes(path):
    """The root attributes of the file `path`, as in Results. Raises Refused."""
    return _describe(path).attributes


def _describe(path):
    """The file's Description, if it is a moat results file of this format. Raises Refused."""
    about = describe(path)
    version, written = about.attributes.get("format_version", 1), about.attributes.get("moat_version")
    if written is None:
        raise Refused(f"{path}: not a moat results file: it has no attribute moat_version")
    if version != FORMAT:
        todo = "run the sweep again with this version of moat" if version < FORMAT else f"use the scripts of moat {written}"
        raise Refused(f"{path}: has format {version}, written by moat {written}; expected format {FORMAT}: {todo}")
    if "status" not in about.variables:
        raise Refused(f"{path}: not a moat results file: it has no variable status")
    return about


def _grid(path, about, sweep, axes):
    """The names of the grid's axes. Raises Refused."""
    found, grid = about.attributes.get("sweep", "unknown"), about.variables["status"].scales
    if sweep and found != sweep:
        raise Refused(f"{path}: its sweep is {found}; expected {sweep}")
    if on_measured(about.attributes) and set(POWER_LAWS) & set(axes):
        raise Refused(f"{path}: is on a measured spectrum, {opening.one_line(about.attributes['spectrum'])}, without Q, nu and "
                      "theory's regimes; expected a file on power laws")
    if not set(axes) <= set(grid):
        raise Refused(f"{path}: its axes are {', '.join(grid)}; expected {', '.join(axes)}")
    for name, variable in about.variables.items():
        sizes = tuple(about.variables[axis].shape[0] if axis in about.variables else None for axis in variable.scales)
        if variable.is_field and (not set(variable.scales) <= set(grid) or sizes != variable.shape):
            raise Refused(f"{path}: not a moat results file: {name} has {' x '.join(map(str, variable.shape))} values over the "
                          f"dimensions {', '.join(scale or 'unnamed' for scale in variable.scales)}")
    return grid


def _left_out(path, missing):
    several = len(missing) > 1
    return Refused(f"{path}: has no {', '.join(missing)}: `store:` of its config leaves {'them' if several else 'it'} out; add "
                   f"{'them' if several else 'it'} there and run the sweep into a new file")


def _variable(path, file, name, about, coordinates):
    """(names of its axes, values) of a variable."""
    if not set(about.scales) <= set(coordinates):
        raise Refused(f"{path}: {name} has the dimensions {', '.join(scale or 'unnamed' for scale in about.scales)}; expected "
                      f"only dimensions among {', '.join(coordinates)}")
    values = file[name][...]
    return about.scales, _by_word(path, name, values, about.words) if name in WORDS else values


def _by_word(path, name, values, words):
    """Flags as indices of WORDS[name]. words: what the file's values mean."""
    index = np.full(256, -1, dtype=np.int8)
    for value, word in words.items():
        index[value] = WORDS[name].index(word) if word in WORDS[name] else -1
    found = index[values]
    if (found < 0).any():
        value = int(values[found < 0].flat[0])
        raise Refused(f"{path}: {name} has the value {value} ({ascii(words.get(value, 'no word'))[1:-1]}); expected "
                      f"{', '.join(WORDS[name])}")
    return found.astype(np.uint8)


def find(results, axis, text):
    """Index of the value nearest to `text` on `axis`, if it agrees to the six digits that the scripts print. Raises Refused."""
    values = results.axes[axis]
    wanted = to_number(text)
    if wanted is not None and not math.isnan(wanted):
        close = [k for k, value in enumerate(values) if value == wanted or math.isclose(value, wanted, rel_tol=5e-6)]
        if close:
            return min(close, key=lambda k: 0 if values[k] == wanted else abs(values[k] - wanted))
    raise Refused(f"{results.path}: {axis} has no value {text}; it has {_listing(values)}")


def _listing(values):
    shown = [f"{value:.6g}" for value in values]
    if len(shown) > 60:
        return f"{len(shown)} values: {', '.join(shown[:5])}, ..., {', '.join(shown[-5:])}"
    return ", ".join(shown)
