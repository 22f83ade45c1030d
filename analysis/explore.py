#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a web page on which the results of a file are explored: a map to click in, sliders, curves and tables.

For a market the page says in a sentence how much data a newcomer needs, draws that over any two axes and along any one, and
compares two markets. For a scaling law it shows the loss in the same way. It is one file, needs no network, and holds the
results rounded to single precision. The run may be unfinished. The parts of the page are the files in explore/.
"""

import argparse
import hashlib
import html
import json
import math
import os
import re
import sys
from pathlib import Path

import labels
import moatfile
import opening
import output
import packing
import page_contents
import regions
import theory
from moatfile import Refused, WORDS

PROGRAM = output.name("explore.py")  # in messages
PAGE = Path(__file__).resolve().parent / "explore"
STYLES = ("page.css", "print.css")
SCRIPTS = ("numbers.js", "view.js", "answer.js", "tables.js", "compare.js", "controls.js", "scale.js", "curves.js", "contour.js",
           "names.js", "legend.js", "map.js", "save.js", "open.js")  # in the order in which they are run


def read(path):
    """The Results of what a page shows of the file `path`. Raises Refused."""
    sweep = moatfile.read_attributes(path).get("sweep")
    if sweep not in page_contents.NEEDS:
        raise Refused(f"{path}: its sweep is {sweep}; expected {' or '.join(page_contents.NEEDS)}")
    return moatfile.read(path, [page_contents.NEEDS[sweep], "status"], sweep, [page_contents.DATA[sweep]],
                         [*page_contents.SHOWN[sweep][1:], *page_contents.FLAGS[sweep][1:]])


def texts(results):
    """What the page calls the axes: name -> text."""
    return {"names": {axis: labels.words(results, axis) for axis in results.axes},
            "symbols": {axis: labels.plain(axis) for axis in results.axes},
            "units": {axis: labels.plain("L_star") if labels.in_l_star(results, axis) else "" for axis in results.axes}}


def fingerprint(path):
    """The first digits of the checksum of the config's text. Raises Refused."""
    with opening.open_file(path) as file:
        try:
            return hashlib.sha256(bytes(file["run/config"][()])).hexdigest()[:12] if "run/config" in file else "unknown"
        except opening.UNREADABLE as error:
            raise Refused(f"{path}: damaged at run/config: {opening.one_line(error)}") from error


def fixed(results):
    """The incumbent's threshold, if the whole sweep has one: what a reader looks for among the controls."""
    if "tau_I" in results.axes or "tau_I" not in results.attributes:
        return {}
    unit = labels.plain("L_star") if labels.in_l_star(results, "tau_I") else ""
    return {"tau_I": {"text": "incumbent's safety threshold", "symbol": labels.plain("tau_I"), "unit": unit,
                      "value": results.attributes["tau_I"]}}


def notes(results, thinned=()):
    """Sentences that a reader must know: what is not computed yet, what has no answer, what is left out."""
    status, things = results.variables["status"][1], "markets" if results.sweep == "market_entry" else "points"
    pending, failed = int((status == moatfile.PENDING).sum()), int((status == moatfile.FAILED).sum())
    said = []
    if pending:
        said.append(f"Unfinished: {status.size - pending:,} of {status.size:,} {things} were computed when this page was made. "
                    "Make the page again to see the rest.")
    if failed:
        beyond = "; their data lie beyond the data sets that were sampled" if results.attributes.get("solver") == "ridge" else ""
        said.append(f"{failed:,} of {status.size:,} {things} have no answer: they lie outside what could be computed{beyond}.")
    return [*said, *thinned]


def plain(value):
    """`value` with every number as JSON can hold it: those that are not finite as the texts inf, -inf and nan."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def manifest(results, thinned=()):
    """(about, data): parameters, axes and texts of the page as a dictionary, and its numbers as text. Raises Refused."""
    attributes = {"moat_version": "unknown", "git_revision": "unknown", "date_created": "undated", **results.attributes}
    number = lambda value: "∞" if math.isinf(value) else f"{value:.6g}"
    caption = [f"{labels.plain(name)} = {number(attributes[name])}"
               + (f" {labels.plain('L_star')}" if labels.in_l_star(results, name) else "")
               for name in labels.PARAMETERS if name in attributes]
    described, data = packing.pack(results)
    nus = results.axes["nu"].size if "nu" in results.axes else 1
    about = {
        "title": results.title,
        "caption": ", ".join([*labels.spectrum(results), *caption, *labels.scrutiny(results), labels.solver(results)]),
        "origin": "moat {moat_version} ({git_revision}), ".format(**attributes)
                  + f"{os.path.basename(results.path)}, {attributes['date_created']}, config sha256 {fingerprint(results.path)}",
        "references": attributes.get("references", ""), "solver": attributes.get("solver", ""),
        "notes": notes(results, thinned), "fixed": fixed(results),
        "words": {name: WORDS[name] for name in results.variables if name in WORDS}, **texts(results),
        **page_contents.of(results),
        "regions": {moatfile.STATUSES[status]: region._asdict() for status, region in regions.STATUSES.items()},
        "shares": [{"above": above, **region._asdict()} for above, region in regions.SHARES],
        "same": regions.SAME, "steps": regions.STEPS,
        "theory": {name: [theory.exponents(results, name, k) for k in range(nus)] if name in results.theory else None
                   for name in page_contents.EXPONENTS[results.sweep]},
        "axes": {axis: values.tolist() for axis, values in results.axes.items()},
        **described}
    return plain(about), data


def page(about, data):
    """The page as one HTML text."""
    part = lambda name: (PAGE / name).read_text(encoding="utf-8")
    parts = {"title": html.escape(about["title"]), "origin": html.escape(about["origin"]),
             "question": html.escape(about["question"]), "css": "".join(map(part, STYLES)), "figures": part("figures.css"),
             "start": part("start.js"), "js": "".join(map(part, SCRIPTS)), "data": data,
             "about": json.dumps(about, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")}
    return re.sub("@([a-z]+)@", lambda mark: parts[mark[1]], part("page.html"))


def main(argv=None):
    """Runs the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__.split("\n\n")[0])
    parser.add_argument("file", metavar="FILE", help="results file of `moat run`, finished or not")
    parser.add_argument("-o", "--output", metavar="PAGE.html", required=True, help="the page to write")
    parser.add_argument("--slice", metavar="AXIS=VALUE", nargs="+", action="extend", default=[],
                        help="keep only the points with these values, written as in the config")
    arguments = parser.parse_args(argv)
    try:
        if not arguments.output.lower().endswith(".html"):
            raise Refused(f"{arguments.output}: expected a page ending in .html")
        results = read(arguments.file)
        packing.keep(results, arguments.slice)
        thinned = packing.thin(results)
        about, data = manifest(results, thinned)
        text = page(about, data)
        with output.whole_file(arguments.output) as target:
            target.write(text)
    except Refused as refusal:
        print(f"{PROGRAM}: {refusal}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{PROGRAM}: {arguments.output}: cannot be written: {error.strerror or error}", file=sys.stderr)
        return 2 if error.filename else 1  # a name that cannot be opened, or a disk that is full
    except MemoryError:
        print(f"{PROGRAM}: {arguments.file}: out of memory; --slice AXIS=VALUE keeps only the points with this value",
              file=sys.stderr)
        return 1
    print(f"{arguments.output}: {results.variables['status'][1].size} points, {len(text) / 1e6:.1f} MB")
    for note in about["notes"]:
        print(f"{PROGRAM}: {note}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(output.run(PROGRAM, main))
