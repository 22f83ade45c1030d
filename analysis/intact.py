# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds blocks of a results file whose values have changed since `moat run` wrote them.

Group /run has the state of each block of grid points and the CRC-32 of its values, variable by variable in the order in which
the variables were created. This is the check with which `moat run` finds the blocks that it recomputes.
"""

import zlib

import h5py
import numpy as np

from opening import Refused

DONE = 1  # of /run/block_state
FASTEST = (("tau_E", "alpha"), ("N_I", "N"), ("tau_I", "lambda"), ("Q",), ("nu",))  # axes in the order that blocks follow each other


def root_datasets(file):
    """The datasets at the root in the order of their creation: name -> h5py.Dataset."""
    names = [file.id.get_objname_by_idx(k) for k in range(file.id.get_num_objs())]
    order = sorted((file.id.links.get_info(name).corder, name) for name in names)
    found = {name.decode(): file[name.decode()] for _, name in order}
    return {name: item for name, item in found.items() if isinstance(item, h5py.Dataset)}


def scales(dataset):
    """The names of a dataset's dimensions; None for one that has no name."""
    return [dimension[0].name.lstrip("/") if len(dimension) else None for dimension in dataset.dims]


class Blocks:
    """The partition of a file's grid into blocks.

    axes: names of the grid's axes. size, shape: number of points of the grid and of a full block along each. order: the
    axes' numbers, that along which the block number moves fastest first.
    """

    def __init__(self, status, shape):
        self.axes, self.size, self.shape = scales(status), status.shape, tuple(int(edge) for edge in shape)
        self.order = [self.axes.index(name) for names in FASTEST for name in names if name in self.axes]

    def start(self, block):
        """The indices of the block's first point."""
        start = [0] * len(self.axes)
        for axis in self.order:
            block, part = divmod(block, -(-self.size[axis] // self.shape[axis]))
            start[axis] = part * self.shape[axis]
        return start

    def place(self, block, coordinates):
        """Where the block lies, in words. coordinates: name -> values of each axis."""
        words = []
        for axis, start, edge in zip(self.axes, self.start(block), self.shape):
            low, high = coordinates[axis][start], coordinates[axis][min(start + edge, coordinates[axis].size) - 1]
            words.append(f"{axis} = {low:.6g}" if low == high else f"{axis} = {low:.6g} to {high:.6g}")
        return ", ".join(words)


def _values(dataset, start, edge):
    """The bytes of a box of a dataset that is one chunk."""
    counts = [min(first + extent, size) - first for first, extent, size in zip(start, edge, dataset.shape)]
    if dataset.chunks != tuple(edge) or dataset.id.get_create_plist().get_nfilters():
        return dataset[tuple(slice(first, first + count) for first, count in zip(start, counts))].tobytes()
    _, data = dataset.id.read_direct_chunk(tuple(start))
    if counts == list(edge):
        return data
    whole = np.frombuffer(data, dataset.dtype).reshape(edge)
    return whole[tuple(slice(count) for count in counts)].tobytes()


def checksums(file, blocks, chosen):
    """Yields the CRC-32 of the values of each of the `chosen` blocks."""
    fields = []
    for dataset in root_datasets(file).values():
        if not h5py.h5ds.is_scale(dataset.id) and dataset.chunks and "long_name" in dataset.attrs:
            axes = [blocks.axes.index(name) for name in scales(dataset)]
            fields.append((dataset, axes, [blocks.shape[axis] for axis in axes]))
    for block in chosen:
        start, total = blocks.start(block), 0
        for dataset, axes, edge in fields:
            total = zlib.crc32(_values(dataset, [start[axis] for axis in axes], edge), total)
        yield total


def check_blocks(path, file, coordinates):
    """Compares the values of each block that is done with their checksum. Raises Refused if some differ.

    coordinates: name -> values of each axis. A file without /run, which another program has rewritten, has no checksums. A
    gigabyte takes 2.5 seconds.
    """
    if "run" not in file:
        return
    run = file["run"]
    done = np.flatnonzero(run["block_state"][...] == DONE)
    blocks = Blocks(file["status"], run.attrs["block_shape"])
    stored = run["block_checksum"][...]
    if stored.size != np.prod([-(-size // edge) for size, edge in zip(blocks.size, blocks.shape)]):
        raise Refused(f"{path}: not a moat results file: /run does not fit its grid")
    damaged = [block for block, found in zip(done, checksums(file, blocks, done)) if found != stored[block]]
    if damaged:
        more = f" and {len(damaged) - 1} more" if len(damaged) > 1 else ""
        raise Refused(f"{path}: damaged values in block {damaged[0]} of {stored.size} ({blocks.place(damaged[0], coordinates)})"
                      f"{more}; run `moat run` with its config again, which recomputes what is damaged")
