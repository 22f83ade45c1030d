# SPDX-License-Identifier: GPL-3.0-or-later
"""What a results file says of itself: its root attributes, and of each variable its axes, units, words and exponents.

HDF5 keeps texts and the names of dimensions without a checksum, and may crash or never end where these are damaged. So a
process of its own reads them, and sends back what it has found. Everything else in a file has checksums.
"""

import os
import pickle
import resource
import select
import signal
import time
from dataclasses import dataclass, field

import h5py
import numpy as np

if __package__:  # as a part of the package moat
    from .opening import RESULTS, UNREADABLE, Refused, one_line, open_file
else:
    from opening import RESULTS, UNREADABLE, Refused, one_line, open_file

CPU_SECONDS, SECONDS = 2, 30  # the longest that a description may take; a sound file's takes a hundredth of a second
TEXTS = ("config", "history")  # root attributes for people, which no script reads


@dataclass
class Variable:
    """A dataset at the root. scales: names of its dimensions. shape: their sizes. is_axis: it is a dimension itself. is_field: it
    has a value for each grid point, or for each value of some axes. words: what the values of a flag mean, value -> word;
    empty for numbers. theory: (nu, regimes) array, theory's exponent in each of `regimes`, NaN where theory has no such regime;
    or None. long_name, units: as CF has them.
    tau_unit: of a safety threshold, L_star or absolute; else empty."""

    scales: list
    shape: tuple
    is_axis: bool
    is_field: bool
    long_name: str = ""
    units: str = "1"
    tau_unit: str = ""
    words: dict = field(default_factory=dict)
    theory: object = None
    regimes: tuple = ()


@dataclass
class Description:
    """attributes: those of the root but TEXTS, as str, float or int. variables: name -> Variable, in the order in which they
    were created. block_shape: points of a block of the grid along each of its axes; empty without group /run."""

    attributes: dict
    variables: dict
    block_shape: tuple


def describe(path, kind=RESULTS):
    """The Description of the file `path`, which is to be of that `kind`. Raises Refused."""
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        _send(path, kind, sending)
    os.close(sending)
    try:
        sent = _receive(receiving)
    finally:
        os.close(receiving)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if not sent:
        raise Refused(f"{path}: damaged: HDF5 cannot read its attributes")
    found, refusal = pickle.loads(sent)
    if refusal:
        raise Refused(refusal)
    return found


def _describe(file):
    attributes = {name: _value(file.attrs[name]) for name in file.attrs if name not in TEXTS}
    names = [file.id.get_objname_by_idx(k) for k in range(file.id.get_num_objs())]
    created = sorted((file.id.links.get_info(name).corder, name.decode()) for name in names)
    items = {name: file[name] for _, name in created}
    variables = {name: _variable(item) for name, item in items.items() if isinstance(item, h5py.Dataset)}
    shape = tuple(file["run"].attrs["block_shape"].tolist()) if "run" in file else ()
    return Description(attributes, variables, shape)


def _variable(item):
    about = {name: _value(item.attrs[name]) for name in ("long_name", "units", "tau_unit") if name in item.attrs}
    words = {}
    if "flag_meanings" in item.attrs:
        words = dict(zip(np.atleast_1d(item.attrs["flag_values"]).tolist(), _value(item.attrs["flag_meanings"]).split(),
                         strict=True))
    theory, regimes = None, ()
    if "theory_exponents" in item.attrs and "theory_regimes" in item.attrs:
        regimes = tuple(_value(item.attrs["theory_regimes"]).split())
        theory = np.reshape(item.attrs["theory_exponents"], (-1, len(regimes)))
    is_axis = bool(h5py.h5ds.is_scale(item.id))
    scales = [] if is_axis else [(dimension[0].name or "").lstrip("/") if len(dimension) else "" for dimension in item.dims]
    return Variable(scales, item.shape, is_axis, not is_axis and "long_name" in about,
                    words=words, theory=theory, regimes=regimes, **about)


def _value(value):
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(-1)[0]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value.item() if isinstance(value, np.generic) else value


def _send(path, kind, pipe):
    """Runs in the child: sends (Description, refusal) as a whole or not at all, and ends."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the C library announces some crashes
    try:
        try:
            with open_file(path, kind) as file:
                answer = _describe(file), ""
        except Refused as refusal:
            answer = None, str(refusal)
        except UNREADABLE as error:
            answer = None, f"{path}: damaged: {one_line(error)}"
        with os.fdopen(pipe, "wb") as stream:
            stream.write(pickle.dumps(answer))
    finally:
        os._exit(0)


def _receive(pipe):
    """All that is sent before the pipe is closed; nothing if that takes too long."""
    parts, end = [], time.monotonic() + SECONDS
    while select.select([pipe], [], [], max(0, end - time.monotonic()))[0]:
        parts.append(os.read(pipe, 1 << 16))
        if not parts[-1]:
            return b"".join(parts)
    return b""
