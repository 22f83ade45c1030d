#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results files hold nothing that HDF5 1.10 cannot read, whatever version of HDF5 wrote them.

Versions of the format's parts are read from the file's bytes (HDF5 File Format Specification, version 3.0), as a library
that is newer reads newer ones without a word.
"""

import re
import struct
import unittest
from collections import Counter

import h5py

from program import ProgramTest
from sweeps import TINY_GRID, TINY_RIDGE

# The newest version of each message of an object header that HDF5 1.10 reads, by the message's type; H5O_*_VERSION_LATEST of
# its source. A type that is not here is newer than 1.10.
NEWEST = {0x01: 2, 0x02: 0, 0x03: 3, 0x05: 3, 0x06: 1, 0x08: 4, 0x0A: 0, 0x0B: 2, 0x0C: 3, 0x12: 1, 0x15: 0, 0x16: 0, 0x17: 1}
NIL, DATATYPE, ATTRIBUTE, CONTINUATION = 0x00, 0x03, 0x0C, 0x10
SUPERBLOCK = 3


def messages(data, at):
    """(type, bytes) of each message of the object header at that offset, version 2: its first block and those it goes on in."""
    flags = data[at + 5]
    begin = at + 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
    width = 1 << (flags & 3)
    size = int.from_bytes(data[begin:begin + width], "little")
    head = 6 if flags & 0x04 else 4
    blocks = [(begin + width, begin + width + size)]
    for at, end in blocks:
        while at + head <= end:
            kind, size = struct.unpack_from("<BH", data, at)
            body = data[at + head:at + head + size]
            at += head + size
            if kind == CONTINUATION:
                offset, length = struct.unpack("<QQ", body)
                assert data[offset:offset + 4] == b"OCHK"
                blocks.append((offset + 4, offset + length - 4))
            elif kind != NIL:
                yield kind, body


def versions(data):
    """(type, version) of every message of every object header, and of the datatype in each message of an attribute."""
    for header in re.finditer(rb"OHDR\x02", data):
        for kind, body in messages(data, header.start()):
            yield kind, body[0] >> 4 if kind == DATATYPE else body[0]
            if kind == ATTRIBUTE:
                yield DATATYPE, body[9 + int.from_bytes(body[2:4], "little")] >> 4


def type_versions(path):
    """Version of the datatype of each dataset and attribute, many attributes being stored outside of object headers."""
    found = Counter()

    def take(item):
        types = [h5py.h5a.open(item.id, name.encode()).get_type() for name in item.attrs]
        found.update(held.encode()[2] >> 4 for held in types + ([item.id.get_type()] if isinstance(item, h5py.Dataset) else []))

    with h5py.File(path) as file:
        take(file)
        file.visititems(lambda _, item: take(item))
    return found


class FormatTest(ProgramTest):
    def check(self, path):
        data = path.read_bytes()
        self.assertEqual(data[:8], b"\x89HDF\r\n\x1a\n")
        self.assertLessEqual(data[8], SUPERBLOCK)
        found = Counter(versions(data))
        with h5py.File(path) as file:
            objects = [file]
            file.visititems(lambda _, item: objects.append(item))
        self.assertGreaterEqual(len(re.findall(rb"OHDR\x02", data)), len(objects))
        datasets = sum(isinstance(item, h5py.Dataset) for item in objects)
        for kind in (0x01, 0x03, 0x05, 0x08):
            self.assertGreaterEqual(sum(count for (of, _), count in found.items() if of == kind), datasets, f"message {kind}")
        for kind, version in found:
            self.assertLessEqual(version, NEWEST.get(kind, -1), f"message {kind:#x} of version {version}")
        types = type_versions(path)
        self.assertGreater(types.total(), 4 * datasets)
        self.assertLessEqual(max(types), NEWEST[DATATYPE])

    def test_whole_and_resumed_files(self):
        for name, text in (("grid", TINY_GRID), ("ridge", TINY_RIDGE)):
            self.write(f"{name}.yaml", text)
            for ranks in (2, None):
                with self.subTest(f"{name}, {ranks} ranks"):
                    self.run_moat(0, "run", f"{name}.yaml", ranks=ranks)
                    self.check(self.folder / f"{name}.h5")


if __name__ == "__main__":
    unittest.main()
