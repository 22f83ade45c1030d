#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results files hold nothing that HDF5 1.10 cannot read, whatever version of HDF5 wrote them.

Versions of the format's parts are read from the file's bytes (HDF5 File Format Specification, version 3.0), as a library
that is newer reads newer ones without a word. MOAT_OTHER names a moat that is linked to another version of HDF5, if there is one.
"""

import os
import re
import struct
import unittest
from collections import Counter
from unittest import mock

import h5py
import numpy as np

import program
from interrupted import wait_for
from program import Launch, ProgramTest, done_mask, history, read, solve
from sweeps import LONG, TINY_GRID, TINY_RIDGE

# The newest version of each message of an object header that HDF5 1.10 reads, by the message's type; H5O_*_VERSION_LATEST of
# its source. A type that is not here is newer than 1.10.
NEWEST = {0x01: 2, 0x02: 0, 0x03: 3, 0x05: 3, 0x06: 1, 0x08: 4, 0x0A: 0, 0x0B: 2, 0x0C: 3, 0x12: 1, 0x15: 0, 0x16: 0, 0x17: 1}
NIL, DATATYPE, ATTRIBUTE, CONTINUATION = 0x00, 0x03, 0x0C, 0x10
SUPERBLOCK, PAGE = 3, 4096
OTHER = os.environ.get("MOAT_OTHER")


def pieces(data, at):
    """(begin, end, messages) of each piece of the object header at that offset, version 2; a message is (type, bytes)."""
    flags = data[at + 5]
    begin = at + 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
    width = 1 << (flags & 3)
    size = int.from_bytes(data[begin:begin + width], "little")
    head = 6 if flags & 0x04 else 4
    blocks = [(at, begin + width, begin + width + size)]
    for start, at, end in blocks:
        found = []
        while at + head <= end:
            kind, size = struct.unpack_from("<BH", data, at)
            body = data[at + head:at + head + size]
            at += head + size
            if kind == CONTINUATION:
                offset, length = struct.unpack("<QQ", body)
                assert data[offset:offset + 4] == b"OCHK"
                blocks.append((offset, offset + 4, offset + length - 4))
            elif kind != NIL:
                found.append((kind, body))
        yield start, end + 4, found


def versions(data):
    """(type, version) of every message of every object header, and of the datatype in each message of an attribute."""
    for header in re.finditer(rb"OHDR\x02", data):
        for kind, body in (message for _, _, found in pieces(data, header.start()) for message in found):
            yield kind, body[0] >> 4 if kind == DATATYPE else body[0]
            if kind == ATTRIBUTE:
                yield DATATYPE, body[9 + int.from_bytes(body[2:4], "little")] >> 4


def page_of_history(data):
    """The pages of the piece of the root's header that has the attribute `history`: first, last."""
    root = int.from_bytes(data[36:44], "little")
    (begin, end), = ((begin, end) for begin, end, found in pieces(data, root)
                     if any(kind == ATTRIBUTE and body[9:17] == b"history\0" for kind, body in found))
    return begin // PAGE, (end - 1) // PAGE


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

    def test_history_within_a_page(self):
        """A run that is resumed writes this piece of the header anew: a kill tears no page."""
        for length in (1, 60, 200, 300, 50_000):
            named = TINY_RIDGE.replace("name: ridge", f"name: {'x' * length}")
            path = solve(self.folder, named.replace("ridge.h5", f"{length}.h5"))
            for _ in range(2):
                first, last = page_of_history(path.read_bytes())
                self.assertEqual(first, last, length)
                self.run_moat(0, "run", f"{length}.yaml", "-q")

    @unittest.skipUnless(OTHER, "MOAT_OTHER does not name a program with another HDF5")
    def test_resumed_by_another_hdf5(self):
        """Files that were stopped or killed under one version go on under the other, and back."""
        for first, second in ((program.MOAT, OTHER), (OTHER, program.MOAT)):
            for name, text in (("grid", TINY_GRID), ("ridge", TINY_RIDGE)):
                reference = read(solve(self.folder, text.replace(".h5", "-whole.h5")))
                path = self.folder / f"{name}.h5"
                path.unlink(missing_ok=True)
                for number, each in enumerate((first, second, first)):
                    with mock.patch.object(program, "MOAT", each):
                        solve(self.folder, text)
                        self.assertIn("complete", self.run_moat(0, "status", path)[0])
                    self.check(path)
                    self.assertEqual(len(history(path)), number + 1)
                    self.compare(read(path), reference)
                    with h5py.File(path, "r+") as file:
                        file["run/block_state"][()] = 0
                        file["N_E_star"][...] = np.nan
            path = self.folder / "long.h5"
            path.unlink(missing_ok=True)
            self.write("long.yaml", LONG)
            with mock.patch.object(program, "MOAT", first), Launch(self.folder, "run", "long.yaml", "-q") as launch:
                wait_for(lambda: path.exists() and done_mask(path).any() or launch.process.poll() is not None)
                launch.kill()
            self.assertFalse(done_mask(path).all())
            with mock.patch.object(program, "MOAT", second):
                self.run_moat(0, "run", "long.yaml", "-q")
            self.assertTrue(read(path)["status"].all())
            self.assertEqual(len(history(path)), 2)

    def compare(self, found, expected):
        """The mathematics libraries differ in the last bits."""
        self.assertEqual(found.keys(), expected.keys())
        np.testing.assert_array_equal(found["status"], expected["status"])
        for name in set(found) - {name for name in found if name.startswith("run/")}:
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-9, err_msg=name)


if __name__ == "__main__":
    unittest.main()
