# SPDX-License-Identifier: GPL-3.0-or-later
"""The look of the figures: colours, fonts and the layout of texts. Also saves a figure."""

import functools
import os

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.textpath import TextPath

import output
from opening import Refused

SIZE = 11  # points; legible when a figure is printed at half its width
CORNER = 6  # points between the horizontal axis and its numbers; keeps them apart from the vertical axis's in the corner
PARAMETERS = {
    "font.size": SIZE,
    "axes.labelsize": SIZE,
    "axes.linewidth": 0.8,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "hatch.linewidth": 0.7,
    "pdf.fonttype": 42,
    "svg.hashsalt": "moat",  # drawing a figure again gives the same file
    "savefig.dpi": 200,
}
FIELD_MAP = "cividis"
DIVERGING_MAP = "PuOr"  # both ends are distinct to colour-blind readers

# Okabe and Ito's colours, ordered so that lightness changes too. In grey, dashes and markers tell the curves apart.
CURVES = [
    {"color": "#0072B2", "dashes": (), "marker": "o"},
    {"color": "#D55E00", "dashes": (6, 2), "marker": "s"},
    {"color": "#009E73", "dashes": (2, 1.5), "marker": "^"},
    {"color": "#000000", "dashes": (8, 2, 2, 2), "marker": "D"},
    {"color": "#E69F00", "dashes": (4, 1, 1, 1), "marker": "v"},
    {"color": "#CC79A7", "dashes": (10, 3), "marker": "P"},
    {"color": "#56B4E9", "dashes": (1, 1), "marker": "X"},
]

REFERENCE = {"color": "#555555", "dashes": (1, 1.5), "marker": None}  # lines that are not data

def look(curve):
    """Line2D's arguments for a curve of CURVES."""
    return {"color": curve["color"], "linewidth": 1.8, "linestyle": (0, curve["dashes"]) if curve["dashes"] else "-",
            "marker": curve["marker"], "markersize": 6.5 if curve["marker"] in ("P", "X") else 5.5,
            "markeredgecolor": "white", "markeredgewidth": 0.5}


def markers(count, order, curves):
    """Line2D's markevery for a curve of `count` points: about eight markers. order: which curve of how many `curves`; the
    markers of different curves are staggered."""
    step = max(1, count // 8)
    return (step * order // curves, step)


@functools.lru_cache(maxsize=4096)
def text_width(text, size):
    """Width in inches of one line of text, mathematics included."""
    across = TextPath((0, 0), text, size=size).vertices[:, 0]
    return (across.max() - across.min()) / 72


def wrap(items, size, width, separator=",  "):
    """Lines of `items`, joined by `separator`, that fit `width` inches; an item is never split."""
    lines = []
    for item in items:
        longer = f"{lines[-1]}{separator}{item}" if lines else item
        if lines and text_width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(item)
    return lines


def spread(heights, gap, low, high):
    """The `heights` in the same order, moved apart, and within [low, high] if they fit. gap: the height of each, or of all."""
    order = sorted(range(len(heights)), key=lambda i: heights[i])
    gaps = [gap] * len(heights) if isinstance(gap, (int, float)) else gap
    apart = [(gaps[i] + gaps[j]) / 2 for i, j in zip(order, order[1:])]
    inset = (0.0, 0.0) if isinstance(gap, (int, float)) or not order else (gaps[order[0]] / 2, gaps[order[-1]] / 2)
    low, high = low + inset[0], high - inset[1]
    placed = [min(max(heights[i], low), high) for i in order]
    for k in range(1, len(placed)):
        placed[k] = max(placed[k], placed[k - 1] + apart[k - 1])
    if placed and placed[-1] > high:
        placed[-1] = high
        for k in range(len(placed) - 2, -1, -1):
            placed[k] = min(placed[k], placed[k + 1] - apart[k])
    result = [0.0] * len(heights)
    for k, i in enumerate(order):
        result[i] = placed[k]
    return result


def check_target(path):
    """Checks before any work that a figure can be written to `path`. Raises Refused."""
    if os.path.splitext(path)[1].lower() not in (".png", ".pdf", ".svg"):
        raise Refused(f"{path}: expected a figure ending in .png, .pdf or .svg")
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise Refused(f"{path}: there is no folder {folder}; create it first")
    if os.path.isdir(path):
        raise Refused(f"{path}: is a folder; expected the name of a figure")


def save(figure, path, results, title):
    """Writes the figure in the format that the suffix of `path` names. Its metadata say where its numbers come from.
    Raises Refused."""
    version = results.attributes.get("moat_version", "unknown")
    revision = results.attributes.get("git_revision", "unknown")
    origin = f"moat_version={version}; git_revision={revision}; source={results.path}"
    suffix = os.path.splitext(path)[1].lower()
    metadata = {
        ".png": {"Title": title, "Description": origin, "moat_version": version, "git_revision": revision,
                 "Source": results.path},
        ".pdf": {"Title": title, "Subject": origin, "Creator": f"moat {version}", "CreationDate": None},
        ".svg": {"Title": title, "Description": origin, "Source": results.path, "Creator": f"moat {version}",
                 "Date": None},
    }[suffix]
    try:
        with plt.rc_context(PARAMETERS), output.whole_file(path, "wb") as target:
            figure.savefig(target, format=suffix[1:], metadata=metadata)
    except OSError as error:
        raise Refused(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        plt.close(figure)
