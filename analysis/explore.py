#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a web page with a slider for each axis of a market's results file.

The page shows N_E* and its exponents at the point the sliders select, what both companies choose there, and curves along
any axis. It is one file, needs no network, and holds the results rounded to single precision. Its template is
explore/page.html.
"""

import argparse
import base64
import hashlib
import html
import itertools
import json
import math
import os
import re
import sys
import zlib
from pathlib import Path

import numpy as np

import labels
import moatfile
import opening
import output
import theory
from family import indices
from moatfile import Refused, WORDS

PAGE = Path(__file__).resolve().parent / "explore"
EXPONENTS = ("elasticity_N_I", "elasticity_tau_E", "elasticity_tau_I", "elasticity_Q", "exponent_D")
COMPANIES, CHOICES = ("incumbent", "entrant"), ("alpha", "lambda", "loss_performance", "loss_safety")
SHOWN = ("N_E_star", *EXPONENTS, *(f"{company}_{choice}" for company in COMPANIES for choice in CHOICES))
FLAGS = ("status", "regime")
MEASURED = ("N_E_star_stderr", "N_E_star_deterministic")  # only in files of `solver: ridge`
BYTES_MAX = 150e6  # of numbers; a browser loads these in a few seconds


def keep(results, slices):
    """Reduces `results` to the points with the values in `slices`, AXIS=VALUE each. Raises Refused."""
    for axis, k in indices(results, (), slices).items():
        results.axes[axis] = results.axes[axis][k:k + 1]
        for name, (scales, values) in results.variables.items():
            if axis in scales:
                results.variables[name] = (scales, np.take(values, [k], axis=scales.index(axis)))
        if axis == "nu":
            results.theory = {name: values[k:k + 1] for name, values in results.theory.items()}


def pack(results):
    """Packs the variables into text. Returns (layout, text), or raises Refused if they are too large for a page.

    layout: where each variable lies in the data. text: base64 of the deflated bytes, numbers first, then flags. The first
    bytes of all numbers precede their second bytes, and so on; the text is a third smaller that way.
    """
    floats = [name for name in (*SHOWN, *MEASURED) if name in results.variables]
    size = sum(results.variables[name][1].size for name in floats) * 4
    if size > BYTES_MAX:
        raise Refused(f"{results.path}: the page would hold {size / 1e6:.0f} MB of numbers; the limit is "
                      f"{BYTES_MAX / 1e6:.0f} MB; --slice AXIS=VALUE keeps one value of an axis")
    described, numbers, flags = {}, [], []
    for name in (*floats, *FLAGS):
        scales, values = results.variables[name]
        to = flags if name in FLAGS else numbers
        described[name] = {"axes": scales, "offset": sum(part.size for part in to)}
        to.append(values.astype(np.uint8 if name in FLAGS else "<f4").ravel())
    numbers, flags = np.concatenate(numbers), np.concatenate(flags)
    planes = numbers.view(np.uint8).reshape(-1, 4).T
    packed = zlib.compress(planes.tobytes() + flags.tobytes(), 6)
    return {"variables": described, "numbers": numbers.size}, base64.b64encode(packed).decode()


def texts(results):
    """What the page calls the axes, the exponents and the rows of the companies' choices: name -> text."""
    choices = {}
    for choice, company in itertools.product(CHOICES, COMPANIES):
        name = f"{company}_{choice}"
        if name in results.variables:
            row = re.split("[,:]", results.about[name].long_name)[0]
            choices.setdefault(choice, row.removeprefix(f"{company}'s "))
    return {"names": {axis: labels.words(results, axis) for axis in results.axes},
            "symbols": {axis: labels.plain(axis) for axis in results.axes},
            "units": {axis: labels.plain("L_star") if labels.in_l_star(results, axis) else "" for axis in results.axes},
            "exponents": {name: re.sub(labels.NAME, lambda found: labels.plain(found[0]), labels.derivative(results, name))
                          for name in EXPONENTS},
            "choices": choices}


def fingerprint(path):
    """The first digits of the checksum of the config's text. Raises Refused."""
    with opening.open_file(path) as file:
        return hashlib.sha256(bytes(file["run/config"][()])).hexdigest()[:12] if "run/config" in file else "unknown"


def manifest(results):
    """(about, data): parameters, axes and texts of the page as a dictionary, and its numbers as text. Raises Refused."""
    attributes = {"moat_version": "unknown", "git_revision": "unknown", "date_created": "undated", **results.attributes}
    number = lambda value: "∞" if math.isinf(value) else f"{value:.6g}"
    caption = [f"{labels.plain(name)} = {number(attributes[name])}"
               + (f" {labels.plain('L_star')}" if labels.in_l_star(results, name) else "")
               for name in labels.PARAMETERS if name in attributes]
    described, data = pack(results)
    about = {
        "title": results.title,
        "caption": ", ".join([*caption, *labels.scrutiny(results), labels.solver(results)]),
        "origin": "moat {moat_version} ({git_revision}), ".format(**attributes)
                  + f"{os.path.basename(results.path)}, {attributes['date_created']}, config sha256 {fingerprint(results.path)}",
        "references": attributes.get("references", ""),
        "words": {name: WORDS[name] for name in FLAGS}, **texts(results),
        "theory": {name: [theory.exponents(results, name, k) for k in range(results.axes["nu"].size)]
                   if name in results.theory else None for name in EXPONENTS},
        "axes": {axis: [value if math.isfinite(value) else "inf" for value in values.tolist()]
                 for axis, values in results.axes.items()},
        **described}
    return about, data


def page(about, data):
    """The page as one HTML text."""
    parts = {name: (PAGE / f"page.{name}").read_text(encoding="utf-8") for name in ("html", "css", "js")}
    inside = json.dumps(about, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    text = parts["html"]
    for mark, part in (("@title@", html.escape(about["title"])), ("@origin@", html.escape(about["origin"])),
                       ("@css@", parts["css"]), ("@js@", parts["js"]), ("@about@", inside), ("@data@", data)):
        text = text.replace(mark, part)
    return text


def main(argv=None):
    """Runs the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="explore.py", description=__doc__.split("\n\n")[0])
    parser.add_argument("file", metavar="FILE", help="results file of `moat run` (sweep: market_entry)")
    parser.add_argument("-o", "--output", metavar="PAGE.html", required=True, help="the page to write")
    parser.add_argument("--slice", metavar="AXIS=VALUE", nargs="+", action="extend", default=[],
                        help="keep only the points with these values, written as in the config")
    arguments = parser.parse_args(argv)
    try:
        if not arguments.output.lower().endswith(".html"):
            raise Refused(f"{arguments.output}: expected a page ending in .html")
        results = moatfile.read(arguments.file, ["N_E_star", *FLAGS], "market_entry", moatfile.AXES["market_entry"], [*SHOWN, *MEASURED])
        keep(results, arguments.slice)
        text = page(*manifest(results))
        with output.whole_file(arguments.output) as target:
            target.write(text)
    except Refused as refusal:
        print(f"explore.py: {refusal}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"explore.py: {arguments.output}: cannot be written: {error.strerror or error}", file=sys.stderr)
        return 2 if error.filename else 1  # a name that cannot be opened, or a disk that is full
    print(f"{arguments.output}: {results.variables['status'][1].size} points, {len(text) / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(output.run("explore.py", main))
