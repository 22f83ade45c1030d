# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that moat must not trust: each is made from a good results file, by h5py or by hand.

HOSTILE maps what is wrong to a function of the path of a copy of the good file, which it changes or replaces.
A file beside it, victim.h5, is what some of them point at.
"""

import os
import zlib

import h5py
import numpy as np

EDITED, REPLACED = {}, {}


def edited(wrong):
    """Registers a function of the open file."""
    return lambda function: EDITED.setdefault(wrong, function)


def replaced(wrong):
    """Registers a function of the path, where there is no file any more."""
    return lambda function: REPLACED.setdefault(wrong, function)


def exchange(file, name, *shape_and_type, **options):
    """Puts another dataset in the place of `name`."""
    del file[name]
    return file.create_dataset(name, *shape_and_type, **options)


def claim(file, name, dtype, shape, **options):
    """Another dataset in the place of `name`, of any size, with no room in the file."""
    return exchange(file, name, shape, dtype, chunks=(1,) * len(shape), **options)


edited("2^80 points")(lambda file: claim(file, "status", "u1", (1 << 20,) * 4))
edited("2^62 blocks")(lambda file: [claim(file, f"run/{name}", kind, (1 << 62,)) for name, kind in
                                    (("block_state", "u1"), ("block_seconds", "f8"), ("block_rank", "i4"))])
edited("a chunk of 4 GB")(lambda file: exchange(file, "status", (1 << 16, 1 << 16, 1, 1), "u1",
                                                chunks=(1 << 16, (1 << 16) - 1, 1, 1)))
edited("no points")(lambda file: exchange(file, "status", (0, 0, 0, 0), "u1", chunks=(1, 1, 1, 1),
                                          maxshape=(None,) * 4))
edited("no values at all")(lambda file: exchange(file, "status", data=h5py.Empty("u1")))
edited("one axis too few")(lambda file: exchange(file, "status", data=file["status"][0]))
edited("five axes")(lambda file: exchange(file, "N_E_star", data=file["N_E_star"][()][None]))
edited("an axis too long")(lambda file: exchange(file, "N_E_star", data=np.repeat(file["N_E_star"][()], 2, 0)))
edited("states of two axes")(lambda file: exchange(file, "run/block_state", data=file["run/block_state"][()][None]))
edited("fewer times than blocks")(lambda file: exchange(file, "run/block_seconds", data=[1.0]))
edited("texts for numbers")(lambda file: exchange(file, "N_E_star", file["N_E_star"].shape, h5py.string_dtype()))
edited("texts for states")(lambda file: exchange(file, "run/block_state", file["run/block_state"].shape, "S100"))
edited("pairs for numbers")(lambda file: exchange(file, "N_E_star", file["N_E_star"].shape, [("a", "f8"), ("b", "f8")]))
edited("arrays for numbers")(lambda file: exchange(file, "N_E_star", file["N_E_star"].shape, np.dtype(("f8", (1000,)))))
edited("bytes for numbers")(lambda file: exchange(file, "N_E_star", file["N_E_star"].shape, "i1"))
edited("references for states")(lambda file: exchange(file, "run/block_state", file["run/block_state"].shape,
                                                      h5py.ref_dtype))
edited("another coordinate")(lambda file: file["nu"].write_direct(file["nu"][()] * 1.0001))
edited("a variable too few")(lambda file: file.pop("regime"))
edited("a coordinate too few")(lambda file: file.pop("Q"))
edited("no group run")(lambda file: file.pop("run"))
edited("no states")(lambda file: file.pop("run/block_state"))
edited("a dataset for a group")(lambda file: exchange(file, "run", data=1))
edited("a type for a group")(lambda file: (file.pop("run"), file.__setitem__("run", np.dtype("f8"))))


@edited("a group for a dataset")
def _(file):
    del file["status"]
    file.create_group("status")


@edited("groups a thousand deep")
def _(file):
    group = file
    for _ in range(1000):
        group = group.create_group("deeper")


@edited("ten thousand groups")
def _(file):
    for number in range(10000):
        file.create_group(f"group {number}")


@edited("cyclic groups")
def _(file):
    file["run/again"] = file["run"]
    file["run/up"] = file["/"]
    file["self"] = file["/"]


def link(file, name, target):
    del file[name]
    file[name] = target


edited("soft links in a circle")(lambda file: (link(file, "status", h5py.SoftLink("/other")),
                                               link(file, "Q", h5py.SoftLink("/status"))))
edited("a soft link")(lambda file: (file.move("status", "moved"), file.__setitem__("status", h5py.SoftLink("/moved"))))
edited("a soft link to a group")(lambda file: (file.move("run", "moved"),
                                               file.__setitem__("run", h5py.SoftLink("/moved"))))
edited("a link to another file")(lambda file: link(file, "status", h5py.ExternalLink("victim.h5", "/status")))
edited("a group of another file")(lambda file: link(file, "run", h5py.ExternalLink("victim.h5", "/run")))
edited("a link to nowhere")(lambda file: link(file, "N_E_star", h5py.ExternalLink("nowhere.h5", "/x")))
edited("values in another file")(lambda file: exchange(file, "N_E_star", file["N_E_star"].shape, "f8",
                                                       external=[("victim.h5", 0, h5py.h5f.UNLIMITED)]))


@edited("a virtual dataset")
def _(file):
    layout = h5py.VirtualLayout(shape=file["N_E_star"].shape, dtype="f8")
    layout[...] = h5py.VirtualSource("victim.h5", "N_E_star", shape=file["N_E_star"].shape)
    del file["N_E_star"]
    file.create_virtual_dataset("N_E_star", layout)


def filtered(file, **options):
    values = file["N_E_star"][()]
    exchange(file, "N_E_star", data=values, chunks=values.shape, **options)


edited("compressed values")(lambda file: filtered(file, compression="gzip"))
edited("a filter nobody knows")(lambda file: unknown_filter(file))


def unknown_filter(file):
    shape = file["N_E_star"].shape
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk(shape)
    plist.set_filter(40000, h5py.h5z.FLAG_OPTIONAL, (1, 2, 3))
    del file["N_E_star"]
    space = h5py.h5s.create_simple(shape)
    h5py.h5d.create(file.id, b"N_E_star", h5py.h5t.IEEE_F64LE, space, plist)


def attribute(file, name, *value_and_type):
    """Another value of the attribute; without one, none."""
    del file.attrs[name]
    if value_and_type:
        file.attrs.create(name, *value_and_type)


def config(file, change, checked=True):
    """Another text in the place of the config, with its checksum or that of the old one."""
    text = change(file["run/config"][()])
    del file["run/config"]
    kind = h5py.h5t.C_S1.copy()
    kind.set_size(len(text))
    kind.set_cset(h5py.h5t.CSET_UTF8)
    kind.set_strpad(h5py.h5t.STR_NULLPAD)
    dataset = h5py.h5d.create(file.id, b"run/config", kind, h5py.h5s.create(h5py.h5s.SCALAR))
    dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array(text, f"S{len(text)}"), kind)
    if checked:
        file["run/config_checksum"][...] = zlib.crc32(text)


edited("no moat_version")(lambda file: attribute(file, "moat_version"))
edited("no config")(lambda file: file.pop("run/config"))
edited("no checksum of the config")(lambda file: file.pop("run/config_checksum"))
edited("another config's checksum")(lambda file: config(file, lambda text: text + b"#", checked=False))
edited("a number for a config")(lambda file: exchange(file, "run/config", data=1.0))
edited("a list for a config")(lambda file: exchange(file, "run/config", data=[file["run/config"][()]] * 3))
edited("a config of any length")(lambda file: exchange(file, "run/config", data=file["run/config"][()].decode(), dtype=h5py.string_dtype()))
edited("bytes for a config")(lambda file: config(file, lambda _: b"\xff\xfe\x01" * 100))
edited("a config of 100 MB")(lambda file: config(file, lambda text: text + b"#" * 100_000_000))
edited("nested lists for a config")(lambda file: config(file, lambda _: b"[" * 1_000_000))
edited("a config of 10^12 points")(lambda file: config(file, lambda text: text.replace(
    b"points: 2}", b"points: 1e8}").replace(b"points: 6}", b"points: 1e4}")))
edited("a config of 10^10 points")(lambda file: config(file, lambda text: text.replace(
    b"points: 2}", b"points: 1e7}").replace(b"points: 6}", b"points: 10}")))
edited("no format")(lambda file: attribute(file, "format_version"))
edited("a later format")(lambda file: attribute(file, "format_version", 3))
edited("a text for a format")(lambda file: attribute(file, "format_version", "2"))
edited("a list of formats")(lambda file: attribute(file, "format_version", [2, 2]))
edited("a title of 30 kB")(lambda file: attribute(file, "title", np.bytes_("x" * 30_000)))
edited("a history of one place")(lambda file: [exchange(file, f"run/{name}", data=values[:1])
                                               for name, values in history(file).items()])
edited("a history of one copy")(lambda file: [exchange(file, f"run/{name}", data=values[:, :1])
                                              for name, values in history(file).items()])
edited("short texts in the history")(lambda file: exchange(file, "run/history_host", data=np.full((32, 2), b"h", "S1")))
edited("a history of noise")(lambda file: [file[f"run/{name}"].write_direct(np.frombuffer(
    np.random.default_rng(1).bytes(values.nbytes), values.dtype).reshape(values.shape)) for name, values in history(file).items()
    if values.dtype.kind != "S"])


def history(file):
    return {name: data[()] for name, data in file["run"].items() if name.startswith("history_")}


replaced("nothing in it")(lambda path: path.write_bytes(b""))
replaced("a signature alone")(lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n"))
replaced("a signature and zeros")(lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100_000)))
replaced("a signature and noise")(lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n" + np.random.default_rng(
    1).bytes(100_000)))
replaced("a text")(lambda path: path.write_text("Not a results file.\n" * 100))
replaced("a hole of 1 TB")(lambda path: (path.write_bytes(b""), os.truncate(path, 1 << 40)))
replaced("a folder")(lambda path: path.mkdir())
replaced("a pipe")(os.mkfifo)
replaced("/dev/zero")(lambda path: path.symlink_to("/dev/zero"))
replaced("/dev/full")(lambda path: path.symlink_to("/dev/full"))
replaced("a link to itself")(lambda path: path.symlink_to(path))
replaced("a link to a folder")(lambda path: path.symlink_to(path.parent))


def foreign(path, **options):
    with h5py.File(path, "w", **options) as file:
        file["temperature"] = np.arange(100.0)
        file.attrs["title"] = "another program's"


replaced("another program's file")(foreign)
replaced("another program's file of the latest format")(lambda path: foreign(path, libver="latest", track_order=True))
replaced("another program's file with a user block")(lambda path: foreign(path, userblock_size=512))


@replaced("an attribute that claims 1 GB")
def _(path):
    """In the oldest format, which has no checksums, the length can be changed in place."""
    text = "name: long enough to be found"
    with h5py.File(path, "w", libver="earliest", track_order=True) as file:
        file.attrs["config"] = text
        file.attrs["moat_version"] = "0"
        file.create_group("run")
    data, length = path.read_bytes(), len(text).to_bytes(4, "little")
    if length not in data:
        raise ValueError("no length to change")
    path.write_bytes(data.replace(length, (1 << 30).to_bytes(4, "little")))


def make(path, wrong):
    """Makes the file at `path`, where a good one is, `wrong`."""
    if wrong in EDITED:
        with h5py.File(path, "r+", libver="latest") as file:
            EDITED[wrong](file)
    else:
        path.unlink()
        REPLACED[wrong](path)


HOSTILE = (*EDITED, *REPLACED)
