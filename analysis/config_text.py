# SPDX-License-Identifier: GPL-3.0-or-later
"""A sweep's config, given as Python's dictionaries, lists and numbers, as the YAML text that `moat run` reads."""

import json
import math
import numbers
import os

from .opening import Refused


def write(config):
    """The text of a config, a dictionary. Keys are those of jobs/reference.yaml. Values may be texts, numbers and truth values of
    Python and NumPy, infinity, None, and lists, tuples, ranges, arrays (of NumPy, pandas or xarray) and dictionaries of them.
    Raises Refused for anything else."""
    lines = []
    for name, value in config.items():
        if hasattr(value, "items") and value:
            lines.append(f"{_key(name, '')}:")
            lines += [f"  {_key(inner, name)}: {_value(item, f'{name}.{inner}')}" for inner, item in value.items()]
        else:
            lines.append(f"{_key(name, '')}: {_value(value, name)}")
    return "".join(f"{line}\n" for line in lines)


def _key(name, place):
    if not isinstance(name, str):
        raise Refused(f"config: found the key {_shown(name)} in {place or 'the config'}, expected a text")
    return _text(name)


def _text(text):
    return text if text.isascii() and text.isidentifier() else json.dumps(text, ensure_ascii=False)


def _value(value, place):
    """A value in YAML's flow style, on one line. place: its key, for messages."""
    if hasattr(value, "tolist"):  # arrays and numbers of NumPy and its kin
        value = value.tolist()
    elif hasattr(value, "values") and not hasattr(value, "items"):
        value = value.values.tolist()
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, numbers.Integral):
        return str(int(value))
    if isinstance(value, numbers.Real):
        return _number(float(value))
    if isinstance(value, (str, os.PathLike)):
        return json.dumps(os.fspath(value), ensure_ascii=False)
    if hasattr(value, "items"):
        return "{" + ", ".join(f"{_key(name, place)}: {_value(item, f'{place}.{name}')}" for name, item in value.items()) + "}"
    if isinstance(value, (list, tuple, range)):
        return "[" + ", ".join(_value(item, place) for item in value) + "]"
    raise Refused(f"config: found {_kind(value)} at {place}, expected a text, number, list, array or dictionary")


def _number(value):
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    return ".nan" if math.isnan(value) else repr(value)


def _kind(value):
    return f"{_shown(value)}, of the type {type(value).__name__}"


def _shown(value):
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
