# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds blocks of a results file whose values have changed since `moat run` wrote them.

Group /run has the state of each block of grid points and the CRC-32 of its values, variable by variable in the order in which
the variables were created. This is the check with which `moat run` finds the blocks that it recomputes.
"""

import zlib

import numpy as np

if __package__:  # as a part of the package moat
    from .opening import Refused
else:
    from opening import Refused

DONE = 1  # of /run/block_state
FASTEST = ("tau_E", "alpha", "N_I", "N", "tau_I", "lambda", "Q", "nu")  # axes in the order in which the block number moves on


class Blocks:
    """The partition of a file's grid into blocks.

    axes: names of the grid's axes. size, shape: number of points of the grid and of a full block along each.
    """

    def __init__(self, description):
        status = description.variables["status"]
        self.axes, self.size, self.shape = status.scales, status.shape, description.block_shape
        self.parts = [-(-size // edge) for size, edge in zip(self.size, self.shape, strict=True)]
        self._order = [self.axes.index(axis) for axis in FASTEST if axis in self.axes]

    def start(self, block):
        """The indices of the block's first point."""
        start = [0] * len(self.axes)
        for axis in self._order:
            block, part = divmod(block, self.parts[axis])
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
    """The bytes of a box of a dataset. Reads a chunk as it is, which is ten times as fast, where the box is one."""
    counts = [min(extent, size - first) for first, extent, size in zip(start, edge, dataset.shape)]
    if dataset.chunks != tuple(edge) or dataset.id.get_create_plist().get_nfilters():
        return dataset[tuple(slice(first, first + count) for first, count in zip(start, counts))].tobytes()
    _, data = dataset.id.read_direct_chunk(tuple(start))
    if counts == list(edge):
        return data
    return np.frombuffer(data, dataset.dtype).reshape(edge)[tuple(slice(count) for count in counts)].tobytes()


def checksums(file, description, chosen):
    """Yields the CRC-32 of the values of each of the `chosen` blocks."""
    blocks, fields = Blocks(description), []
    for name, variable in description.variables.items():
        if variable.is_field and (file[name].chunks or not variable.scales):
            axes = [blocks.axes.index(axis) for axis in variable.scales]
            fields.append((file[name], axes, [blocks.shape[axis] for axis in axes]))
    for block in chosen:
        start, total = blocks.start(block), 0
        for dataset, axes, edge in fields:
            total = zlib.crc32(_values(dataset, [start[axis] for axis in axes], edge), total)
        yield total


def check_blocks(path, file, description, coordinates):
    """Compares the values of each block that is done with their checksum. Raises Refused if some differ.

    coordinates: name -> values of each axis. A file without /run, which another program has rewritten, has no checksums. A
    gigabyte takes 2.5 seconds.
    """
    if not description.block_shape:
        return
    blocks = Blocks(description)
    done = np.flatnonzero(file["run/block_state"][...] == DONE)
    stored = file["run/block_checksum"][...]
    if stored.size != np.prod(blocks.parts):
        raise Refused(f"{path}: not a moat results file: /run does not fit its grid")
    damaged = [block for block, found in zip(done, checksums(file, description, done)) if found != stored[block]]
    if damaged:
        more = f" and {len(damaged) - 1} more" if len(damaged) > 1 else ""
        raise Refused(f"{path}: damaged values in block {damaged[0]} of {stored.size} ({blocks.place(damaged[0], coordinates)})"
                      f"{more}; run `moat run` with its config again, which recomputes what is damaged")
