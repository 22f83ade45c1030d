# SPDX-License-Identifier: GPL-3.0-or-later
"""moat.open: a results file as an xarray Dataset, in whatever state its run is."""

import os

import h5py
import numpy as np
import xarray

from . import moatfile, opening
from .description import Description
from .intact import DONE, Blocks
from .opening import Refused

OF_HDF5 = ("CLASS", "NAME", "REFERENCE_LIST", "DIMENSION_LIST")  # attributes that make dimensions, of no use beyond


def open(path, variables=None):
    """Reads a results file of `moat run` into memory; returns an xarray.Dataset.

    The run may be finished, still writing, or killed: points of blocks that the file does not mark as done have the status 0
    (pending) and NaN. The file is closed again at once, so the Dataset stays as it is, and a second call sees what the run has
    added since. For a finished file it equals xarray.open_dataset(path, engine="h5netcdf").

    path: text or os.PathLike. variables: names of those to read, for files that do not fit in memory; the axes come with them.
    Raises Refused if the file is not there, damaged, or none of moat's, or lacks a variable.
    """
    path = os.fspath(path)
    about = moatfile.read(path, []).about
    wanted = list(about if variables is None else dict.fromkeys(variables))
    missing = [name for name in wanted if name not in about]
    if missing:
        raise Refused(f"{path}: found no {', '.join(missing)}; expected some of {', '.join(sorted(about))}")
    needed = {*wanted, *(axis for name in wanted for axis in about[name].scales)}
    with opening.open_file(path) as file:
        try:
            pending = _pending(file, about)  # read first: what is done then stays as it is
            found = {name: _variable(file[name], [name] if about[name].is_axis else about[name].scales)
                     for name in about if name in needed}
            for name in found:
                if about[name].scales == about["status"].scales:
                    for box in pending:
                        found[name].values[box] = 0 if found[name].dtype.kind == "u" else np.nan
            data = xarray.Dataset({name: found[name] for name in found if not about[name].is_axis},
                                  {name: found[name] for name in found if about[name].is_axis}, _attributes(file))
        except opening.UNREADABLE as error:
            raise Refused(f"{path}: damaged: {opening.one_line(error)}") from error
    return xarray.decode_cf(data).load()


def _pending(file, about):
    """The boxes of grid points that the file does not mark as done. about: its variables, as Results has them."""
    if "run" not in file:
        return []
    blocks = Blocks(Description({}, about, tuple(file["run"].attrs["block_shape"].tolist())))
    starts = map(blocks.start, np.flatnonzero(file["run/block_state"][...] != DONE))
    return [tuple(slice(first, first + edge) for first, edge in zip(start, blocks.shape)) for start in starts]


def _variable(item, axes):
    return xarray.Variable(axes, item[...], _attributes(item))


def _attributes(item):
    return {name: _value(item.attrs[name]) for name in item.attrs if name not in OF_HDF5 and not name.startswith("_Netcdf4")}


def _value(value):
    """An attribute as netCDF has it: a text, a number or an array."""
    if isinstance(value, h5py.Empty):
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.ndarray) and value.size == 1:
        return value.reshape(-1)[0]
    return value
