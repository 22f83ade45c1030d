# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens a results file to read it, in a way that never hangs on a damaged file.

A file whose writer has closed it is opened plainly. One that a run is writing, or was writing when it was killed, opens only
in SWMR mode (HDF5's single writer, multiple readers). In that mode HDF5 takes damaged metadata for half-written ones and
rereads them for hours, so its attempts are bounded here. The superblock, the first 48 bytes, says which of the two a file
is. Its checksum is checked before HDF5 sees the file.
"""

import ctypes
import os
import time

import h5py

RESULTS = "a results file written by `moat run`"
SIGNATURE = b"\x89HDF\r\n\x1a\n"
SUPERBLOCK, FLAGS, CHECKSUM = 48, 11, 44  # size of a superblock of version 2 or 3; offsets of its flags and its checksum
HAS_WRITER, IS_SWMR = 0x01, 0x04  # flags of the superblock: a writer has the file open; it has come to SWMR mode
REREADS = 25  # of metadata that look half-written; HDF5 doubles its pause each time, and these take 0.07 s
ATTEMPTS, PAUSE = 40, 0.05  # to open a file whose writer is just starting or ending; seconds between them
HALF_WRITTEN = 3  # attempts in which a superblock may be half-written rather than damaged
WORD = 0xffffffff
UNREADABLE = (OSError, RuntimeError, LookupError, ValueError, TypeError, MemoryError)  # what h5py raises on a damaged file


class Refused(Exception):
    """An input that a script cannot use. The message is one line: what was found, what was expected, what to do."""


def open_file(path, kind=RESULTS):
    """Opens the file `path`, which is to be of that `kind`, for reading; returns an h5py.File. Raises Refused."""
    _check_kind(path, kind)
    for attempt in range(ATTEMPTS):
        flags = _flags(path)
        if flags is None:
            failure, is_changing = "damaged in its first 48 bytes, the superblock", attempt < HALF_WRITTEN
        else:
            try:
                return _open(path, flags & HAS_WRITER)
            except UNREADABLE as error:
                failure = f"cannot be read as HDF5: {one_line(error)}"
                is_changing = flags & HAS_WRITER and not flags & IS_SWMR or _flags(path) != flags
        if not is_changing:
            break
        time.sleep(PAUSE)
    raise Refused(f"{path}: {failure}")


def one_line(error):
    """The message of an exception, without line breaks."""
    return " ".join(str(error).split())


def _check_kind(path, kind):
    if not os.path.exists(path):
        raise Refused(f"{path}: no such file; expected {kind}")
    if not os.path.isfile(path):
        found = "a folder" if os.path.isdir(path) else "a device or pipe"
        raise Refused(f"{path}: is {found}; expected {kind}")
    if not os.access(path, os.R_OK):
        raise Refused(f"{path}: cannot be read: permission denied")


def _flags(path):
    """The flags of the superblock: 0 if the last writer has closed the file. None if the superblock's checksum is wrong.
    Raises Refused."""
    try:
        with open(path, "rb") as file:
            block = file.read(SUPERBLOCK)
    except OSError as error:
        raise Refused(f"{path}: cannot be read: {error.strerror or error}") from error
    if not block.startswith(SIGNATURE):
        raise Refused(f"{path}: cannot be read as HDF5: {'it does not begin as HDF5 files do' if block else 'it is empty'}")
    if block[len(SIGNATURE)] < 2:  # another program has rewritten the file, in a form without flags and checksum
        return 0
    is_whole = len(block) == SUPERBLOCK and _lookup3(block[:CHECKSUM]) == int.from_bytes(block[CHECKSUM:], "little")
    return block[FLAGS] if is_whole else None


def _open(path, has_writer):
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_libver_bounds(h5py.h5f.LIBVER_LATEST, h5py.h5f.LIBVER_LATEST)
    # h5py does not offer this function, but the library that it has loaded does.
    library = ctypes.CDLL(h5py.h5p.__file__)
    if hasattr(library, "H5Pset_metadata_read_attempts"):
        library.H5Pset_metadata_read_attempts(ctypes.c_int64(access.id), ctypes.c_uint(REREADS if has_writer else 1))
    mode = h5py.h5f.ACC_RDONLY | (h5py.h5f.ACC_SWMR_READ if has_writer else 0)
    try:
        return h5py.File(h5py.h5f.open(os.fsencode(path), mode, access))
    except OSError as error:
        if "lock" not in str(error) or not hasattr(access, "set_file_locking"):
            raise
    access.set_file_locking(False, True)  # the disk has no locks, and a reader needs none
    return h5py.File(h5py.h5f.open(os.fsencode(path), mode, access))


def _lookup3(data):
    """HDF5's checksum of metadata: Bob Jenkins's lookup3 (hashlittle) with the initial value 0."""
    rotate = lambda x, by: (x << by | x >> (32 - by)) & WORD
    x = y = z = 0xdeadbeef + len(data) & WORD
    for start in range(0, len(data), 12):
        x, y, z = (old + int.from_bytes(data[at:at + 4], "little") & WORD
                   for old, at in ((x, start), (y, start + 4), (z, start + 8)))
        if start + 12 < len(data):
            for by in (4, 6, 8, 16, 19, 4):  # the three words take turns
                x, y, z = y, z + y & WORD, (x - z & WORD) ^ rotate(z, by)
    for by in (14, 11, 25, 16, 4, 14, 24):
        x, y, z = y, (z ^ y) - rotate(y, by) & WORD, x
    return y
