# SPDX-License-Identifier: GPL-3.0-or-later
"""Markets in words: the names of curves, the parameters of a figure, and what its symbols mean."""

import math
import os

import labels
import moatfile

DATA = r"data efficiency $\nu$"
# Symbol -> what it means. A figure explains those that it shows.
MEANINGS = {
    "L_star": "$L^*$: the safety loss of a model trained for performance alone on unlimited data.",
    "Q": "$Q$: how far safety and performance disagree, from 0 (the same goal) to 1 (unrelated goals).",
    "nu": r"$\nu$: how fast the loss of a model with a single goal falls with its data, as $N^{-\nu}$.",
    "alpha": r"$\alpha$: the share of data labelled for performance; the rest is labelled for safety.",
}
REGIMES = {
    "elasticity_N_I": "Regimes: $N_E^*$ grows in proportion to $N_I$ in the first, as its power $1/(\\nu+1)$ in the second, and not at "
                      "all in the third.",
    "exponent_D": "Regimes: theory's powers of $1/D$ with which $N_E^*$ grows, smallest in the first.",
    "exponent_loss": "Regimes: theory's powers of $1/N$ with which the loss falls; it stays the same in the third.",
    "exponent_excess": "Regimes: theory's powers of $1/N$ with which the excess falls, largest in the first.",
}


def value(results, axis, number, digits=6):
    """The value of an axis or parameter in words, as names of curves have it."""
    shown = labels.number(number, digits)
    unit = f" ${labels.tex('L_star')}$" if labels.in_l_star(results, axis) else ""
    if axis in ("tau_E", "tau_I"):
        who = "newcomer" if axis == "tau_E" else "incumbent"
        return f"{who} allowed {_below(number, shown, unit)}" if math.isfinite(number) else f"no rule for the {who}"
    if axis == "N_I":
        return f"incumbent with {shown} data points" if math.isfinite(number) else "incumbent with unlimited data"
    if axis == "alpha" and 0 < 1 - number < 0.01:  # alpha itself would be shown as 1
        return f"$1-\\alpha$ = {labels.number(1 - number, 3)}"
    return f"{labels.symbol(axis)} = {shown}"


def _below(number, shown, unit):
    """The value of a threshold; its distance from L* where that is short."""
    if unit and 0 < 1 - number < 1e-3:
        return rf"$(1-{labels.number(1 - number, 3).strip('$')})\,L^*$"
    return shown + unit


def together(names):
    """One name for several curves that coincide: `newcomer allowed 1 L* or 2 L*`."""
    if len(names) < 2:
        return "".join(names)
    alike = [name for name in names if name.rpartition(" allowed ")[1]]
    start = os.path.commonprefix([name.rpartition(" allowed ")[0] + " allowed " for name in alike]) if len(alike) > 1 else ""
    parts = [name.removeprefix(start) if start and k else name for k, name in enumerate(alike)]
    parts += [name for name in names if name not in alike]
    return parts[0] + (f", {', '.join(parts[1:-1])}" if parts[1:-1] else "") + f" or {parts[-1]}"


def shortened(names):
    """(names without what they have in common, that as a heading): for `newcomer allowed 1 L*`, ..., the values alone."""
    heads = {name.partition(" allowed ")[0] for name in names if " allowed " in name}
    rules = [name for name in names if name.startswith("no rule for the ")]
    if len(heads) != 1 or len(rules) + sum(" allowed " in name for name in names) != len(names):
        return names, ""
    head = heads.pop()
    return [name.replace(f"{head} allowed ", "").replace(f" for the {head}", "") for name in names], f"{head} allowed"


def parameters(results, at):
    """The caption's items: the values of the axes held at the indices `at`, and the sweep's parameters."""
    attributes, items = results.attributes, labels.spectrum(results)
    found = {axis: results.axes[axis][k] for axis, k in at.items()}
    if "tau_I" in attributes and "tau_I" not in results.axes:
        found["tau_I"] = attributes["tau_I"]
    order = ("tau_I", "tau_E", "N_I", "N", "alpha", "lambda", "Q", "nu")
    for axis in sorted(found, key=lambda each: order.index(each) if each in order else len(order)):
        items.append(value(results, axis, found[axis]))
    if "gamma" in attributes:
        items.append(rf"variances $i^{{-(1+\gamma)}}$ with $\gamma$ = {labels.number(attributes['gamma'])}")
    if "P" in attributes:
        shown = labels.number(attributes["P"])
        items.append(f"{shown} features" if math.isfinite(attributes["P"]) else "infinitely many features")
    return [*items, *labels.scrutiny(results), labels.solver(results)]


def glossary(results, regimes=None):
    """The caption's paragraph that explains the symbols of a file. regimes: the exponent whose regimes are shown."""
    names = [name for name in ("Q", "nu", "alpha") if name in results.axes]
    if any(labels.in_l_star(results, axis) for axis in ("tau_I", "tau_E")):
        names.insert(0, "L_star")
    said = [MEANINGS[name] for name in names]
    if regimes in REGIMES and not results.measured:
        said.append(REGIMES[regimes])
    return " ".join(said)


def pending(status):
    """The caption's items on points that the run has not come to, or has failed at."""
    items = []
    for kind, word in ((moatfile.PENDING, "not computed yet"), (moatfile.FAILED, "without an answer: outside what could be computed")):
        count = int((status == kind).sum())
        items += [f"{count} of {status.size} points {word}"] if count else []
    return items


def count(number, digits=1):
    """A number of data points, or a factor of them, in words: `60,000`, `2 million`."""
    number = float(f"{number:.{digits}g}")
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if size <= number < 1e15:
            return f"{number / size:,.6g} {word}"
    return f"{number:,.6g}" if 1e-3 < number < 1e6 else labels.number(number, digits)


def share(ratio):
    """A share of the incumbent's data in words: `0.34 % of its data`, `12 times its data`."""
    return f"{factor(ratio)} times its data" if ratio >= 2 else f"{factor(100 * ratio)} % of its data"


def factor(number):
    """A positive number with two digits."""
    return count(number, 2)


def power(number):
    """An exponent with two digits; 0 where it is too small to see."""
    return f"{float(f'{number:.2g}'):g}" if abs(number) >= 0.005 else "0"


def spans(numbers, write):
    """`2` or `2 to 30`: the least and the largest of some numbers as `write` has them."""
    low, high = write(min(numbers)), write(max(numbers))
    return low if low == high else f"{low} to {high}"
