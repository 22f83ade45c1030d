#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the data file that `moat measure` reads, from features (embeddings, say) and two labels for each row of them.

Features are a .npy array, a row for each item, or a .csv or .tsv table with a header. A label is a .npy array, or the name of
a column of that table or of the table of --labels. Both labels are targets to reach: the larger, the better. Rows and columns
of arrays count from 0, lines of tables from 1, the header's.
"""

import argparse
import datetime
import os
import shlex
import sys

import h5py
import numpy as np

import output
import random_features
import table
from opening import Refused, one_line

LABELS = ("performance", "safety")
PANEL = 1 << 22  # numbers handled at a time
TITLE, HISTORY = 255, 4095  # bytes that moat reads of the file's title and history


def read_array(path, what):
    """The array of a .npy file, left on disk. what: its name in messages. Raises Refused."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError as error:
        raise Refused(f"{path}: no such file; expected {what} as .npy") from error
    except (OSError, ValueError, EOFError) as error:
        raise Refused(f"{path}: cannot be read as a .npy array of numbers: {one_line(error)}") from error
    if not isinstance(array, np.ndarray):  # a .npz of several arrays
        raise Refused(f"{path}: holds several arrays; expected one, as .npy")
    if array.dtype.kind not in "biuf":
        raise Refused(f"{path}: its numbers have the type {array.dtype}; expected integers or floating-point numbers")
    return array


def read_features(path, without):
    """The features of a .npy array, or of a table without its columns `without`. Raises Refused."""
    if table.is_table(path):
        features = table.read_rest(path, without)
    elif without:
        raise Refused(f"--ignore: found {', '.join(without)}; expected none, as {path} is not a .csv or .tsv table")
    else:
        features = read_array(path, "features")
    if features.ndim != 2:
        raise Refused(f"{path}: has the shape {_shape(features)}; expected n x P, a row of P features for each item")
    if 0 in features.shape:
        raise Refused(f"{path}: has the shape {_shape(features)}; it is empty")
    return features


def is_array(text):
    """Whether a label is the name of an array, and not of a column."""
    return text.lower().endswith(".npy")


def read_label(text, which, source):
    """A label as float64: of the array `text`, or of the column `text` of the table `source`. Raises Refused."""
    if not is_array(text):
        if not source:
            raise Refused(f"--{which}: found {text}; expected a .npy array, or a column with the table of --labels")
        return table.read_column(source, text)
    label = read_array(text, f"{which} labels")
    if label.ndim == 2 and label.shape[1] == 1:
        label = label[:, 0]
    if label.ndim != 1:
        raise Refused(f"{text}: has the shape {_shape(label)}; expected n, one {which} label for each row of the features")
    label = label.astype(float)
    if not np.isfinite(label).all():
        row = int(np.flatnonzero(~np.isfinite(label))[0])
        raise Refused(f"{text}: row {row} is {label[row]}; expected finite numbers: leave out such rows")
    return label


def panels(features, path):
    """(first row, numbers) of one piece after the other. Raises Refused at a number that is not finite."""
    step, kind = max(1, PANEL // features.shape[1]), features.dtype
    if kind.kind == "b" or kind.itemsize > 8:
        kind = np.dtype(np.uint8 if kind.kind == "b" else float)
    for start in range(0, len(features), step):
        piece = np.asarray(features[start:start + step], dtype=kind.newbyteorder("="))
        if kind.kind == "f" and not np.isfinite(piece).all():
            row, column = (int(at[0]) for at in np.nonzero(~np.isfinite(piece)))
            raise Refused(f"{path}: row {start + row}, column {column} is {piece[row, column]}; expected finite numbers: leave "
                          "out such rows or columns")
        yield start, piece


def write(path, pieces, shape, labels, texts):
    """Writes the data file. pieces: (first row, numbers) of the features, of that `shape` as a whole. labels: those of
    performance and safety. texts: name -> root attribute."""
    with output.whole_path(path) as place, h5py.File(place, "w") as file:
        features = None
        for start, piece in pieces:
            if features is None:
                features = file.create_dataset("features", shape, piece.dtype)
                features.attrs["long_name"] = np.bytes_(b"features, a row for each item")
            features[start:start + len(piece)] = piece
        for name, label in zip(LABELS, labels):
            file[name] = label
            file[name].attrs["long_name"] = np.bytes_(f"{name} label of each row".encode())
        for name, text in texts.items():
            file.attrs[name] = np.bytes_(text.encode())  # of fixed length, which every reader of HDF5 understands


def _shape(array):
    return " x ".join(map(str, array.shape)) or "of a single number"


def _standardize(label, name):
    """The label with mean 0 and standard deviation 1. Raises Refused."""
    label = label - label.mean()
    if not label.std() > 0:
        raise Refused(f"{name}: is the same in every row; expected labels that vary")
    return label / label.std()


def _cut(text, most):
    """The text, cut to at most so many bytes of UTF-8."""
    return text.encode()[:most].decode(errors="ignore")


def _texts(arguments, argv):
    title = arguments.title or f"{os.path.basename(arguments.features)}: {arguments.performance} and {arguments.safety}"
    when = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    history = f"{when}: dataset.py {shlex.join(argv)}"
    if arguments.source:
        history = f"{arguments.source}\n{history}"
    return {"title": _cut(title, TITLE), "history": _cut(history, HISTORY)}


def _arguments(argv):
    parser = argparse.ArgumentParser(prog="dataset.py", description=__doc__.split("\n\n")[0], epilog=__doc__.split("\n\n")[1])
    parser.add_argument("features", metavar="FEATURES", help="features: .npy, .csv or .tsv")
    parser.add_argument("--performance", metavar="LABEL", required=True, help="labels of performance: a .npy array, or a column")
    parser.add_argument("--safety", metavar="LABEL", required=True, help="labels of safety, likewise")
    parser.add_argument("--labels", metavar="TABLE", help="the .csv or .tsv table that has the columns; default: FEATURES")
    parser.add_argument("--ignore", metavar="COLUMN", nargs="+", default=[], help="columns of FEATURES that are no features")
    parser.add_argument("--standardize", action="store_true", help="divide each label by its standard deviation; otherwise both "
                        "have to be in units that compare")
    parser.add_argument("--random-features", metavar="P", type=int, help="in place of the features, P random features of them: "
                        "max(0, w x) of the centred x, w Gaussian")
    parser.add_argument("--seed", type=int, default=1, help="of the random features (default: 1)")
    parser.add_argument("--title", help="title of the file; default: its sources")
    parser.add_argument("--source", help="where the data come from, for the history of the file")
    parser.add_argument("-o", "--output", metavar="DATA", required=True, help="data file to write: HDF5")
    parser.add_argument("-f", "--force", action="store_true", help="replace a data file that is there; any other file stays")
    return parser.parse_args(argv)


def _is_data_file(path):
    try:
        with h5py.File(path, "r") as file:
            return set(file) == {"features", *LABELS}
    except OSError:
        return False


def check_target(path, inputs, force):
    """Checks before any work that the file can be written. Raises Refused."""
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise Refused(f"{path}: there is no folder {folder}; create it first")
    if os.path.exists(path) and not os.path.isfile(path):
        raise Refused(f"{path}: is a {'folder' if os.path.isdir(path) else 'device or pipe'}; expected the name of a file")
    if any(os.path.exists(path) and os.path.exists(each) and os.path.samefile(path, each) for each in inputs):
        raise Refused(f"{path}: is an input; expected another name for the data file")
    if os.path.exists(path) and not _is_data_file(path):
        raise Refused(f"{path}: is no data file, and stays; expected another name for the data file")
    if os.path.exists(path) and not force:
        raise Refused(f"{path}: is a data file already; give another name, or --force to replace it")


def make(arguments, argv):
    """Makes the data file; returns a line that says what is in it. Raises Refused."""
    path, names = arguments.features, [arguments.performance, arguments.safety]
    if arguments.labels and not table.is_table(arguments.labels):
        raise Refused(f"{arguments.labels}: expected a table of labels: .csv or .tsv")
    source = arguments.labels or (path if table.is_table(path) else None)
    check_target(arguments.output, [path, source or path, *names], arguments.force)
    labels = [read_label(name, which, source) for name, which in zip(names, LABELS)]
    columns = [name for name in names if source == path and not is_array(name)]
    features = read_features(path, [*arguments.ignore, *columns])
    for name, label in zip(names, labels):
        if len(label) != len(features):
            where = name if is_array(name) else f"{source}, column {name}"
            raise Refused(f"{where}: has {len(label)} labels; expected {len(features)}, one for each row of {path}")
    if arguments.standardize:
        labels = [_standardize(label, name) for label, name in zip(labels, names)]
    pieces, shape = panels(features, path), features.shape
    if arguments.random_features is not None:
        transform = random_features.RandomFeatures(arguments.random_features, arguments.seed, pieces, shape)
        pieces, shape = transform.apply(panels(features, path)), (shape[0], arguments.random_features)
    try:
        write(arguments.output, pieces, shape, labels, _texts(arguments, argv))
    except (OSError, RuntimeError) as error:
        raise Refused(f"{arguments.output}: cannot be written: {one_line(error)}") from error
    return f"{arguments.output}: {shape[0]} rows of {shape[1]} features, labels {arguments.performance} and {arguments.safety}"


def main(argv=None):
    """Runs the command line; returns the exit code."""
    argv = sys.argv[1:] if argv is None else argv
    try:
        print(make(_arguments(argv), argv))
    except Refused as refusal:
        print(f"dataset.py: {refusal}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(output.run("dataset.py", main))
