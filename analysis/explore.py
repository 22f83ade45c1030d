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
import json
import math
import os
import sys
import zlib
from pathlib import Path

import numpy as np

import moatfile
import output
from family import AXES, indices
from moatfile import Refused

PAGE = Path(__file__).resolve().parent / "explore"
SHOWN = ("N_E_star", "elasticity_N_I", "elasticity_tau_E", "elasticity_tau_I", "elasticity_Q", "exponent_D",
         *(f"{company}_{choice}" for company in ("entrant", "incumbent")
           for choice in ("alpha", "lambda", "loss_performance", "loss_safety")))
WORDS = {"status": ("pending", "ok", "entrant_always", "no_entry", "incumbent_infeasible", "entrant_infeasible", "failed"),
         "regime": ("none", "first", "second", "third", "transitional")}
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
    for name in (*floats, *WORDS):
        scales, values = results.variables[name]
        to = flags if name in WORDS else numbers
        described[name] = {"axes": scales, "offset": sum(part.size for part in to)}
        to.append(values.astype(np.uint8 if name in WORDS else "<f4").ravel())
    numbers, flags = np.concatenate(numbers), np.concatenate(flags)
    planes = numbers.view(np.uint8).reshape(-1, 4).T
    packed = zlib.compress(planes.tobytes() + flags.tobytes(), 6)
    return {"variables": described, "numbers": numbers.size}, base64.b64encode(packed).decode()


def exponents(results):
    """Theory's values of the exponents that define the regimes: name -> three for each nu, empty where the file has none."""
    return {name: results.theory[name].tolist() if name in results.theory else [[]] * results.axes["nu"].size
            for name in ("elasticity_N_I", "exponent_D")}


def manifest(results):
    """(about, data): settings, axes and texts of the page as a dictionary, and its numbers as text. Raises Refused."""
    parameters = [("gamma", "model", "γ"), ("P", "model", "P"), ("tau", "incumbent", "τ_I")]
    shown = [(symbol, results.number(key, section)) for key, section, symbol in parameters]
    unit = "L*" if results.setting("tau_unit") != "absolute" else ""
    text = lambda value: "∞" if math.isinf(value) else f"{value:.6g}"
    caption = [f"{symbol} = {text(value)}{' L*' if unit and symbol == 'τ_I' else ''}" for symbol, value in shown
               if value is not None]
    described, data = pack(results)
    config = hashlib.sha256(results.attributes.get("config", "").encode()).hexdigest()[:12]
    about = {
        "title": results.setting("name") or os.path.basename(results.path),
        "caption": ", ".join([*caption, f"{results.attributes.get('solver', 'unknown')} solver"]),
        "origin": "moat {moat_version} ({git_revision}), ".format(
            **{"moat_version": "unknown", "git_revision": "unknown", **results.attributes})
                  + f"{os.path.basename(results.path)}, {results.attributes.get('date_created', 'undated')}, "
                  f"config sha256 {config}",
        "references": results.attributes.get("references", ""),
        "unit": unit, "words": WORDS, "theory": exponents(results),
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
        results = moatfile.read(arguments.file, ["N_E_star", "status", "regime"], AXES["market_entry"],
                                ["tau_I", *SHOWN, *MEASURED])
        keep(results, arguments.slice)
        text = page(*manifest(results))
        with open(arguments.output, "w", encoding="utf-8") as target:
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
