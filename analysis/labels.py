# SPDX-License-Identifier: GPL-3.0-or-later
"""What figures and pages write: labels of axes, symbols, equations and captions, from what a results file says of itself.

A label is the variable's long_name up to its first comma or colon, its symbol, and its unit. A symbol is the variable's name
as mathematics: nu_prime is nu', N_E_star is N_E^*.
"""

import math
import os
import re

import opening

GREEK = {"alpha": "α", "gamma": "γ", "delta": "δ", "kappa": "κ", "lambda": "λ", "nu": "ν", "rho": "ρ", "sigma": "σ", "tau": "τ"}
SYMBOLS = {"loss": "L_1", "excess_loss": r"\mathrm{excess}"}  # where the name does not spell the symbol
MARKS = {"star": ("^*", "*"), "prime": ("'", "′")}  # as TeX and as plain text
NAME = r"[A-Za-z]\w*"
PARAMETERS = ("gamma", "P", "tau_I")  # root attributes that captions show


def tex(name):
    """The symbol of a variable or parameter as TeX, without dollar signs."""
    if name in SYMBOLS:
        return SYMBOLS[name]
    base, *more = name.split("_")
    below = ",".join(part for part in more if part not in MARKS)
    below = f"_{below}" if len(below) == 1 else f"_{{{below}}}" if below else ""
    base = f"\\{base}" if base in GREEK else base if len(base) == 1 else rf"\mathrm{{{base}}}"
    return base + below + "".join(MARKS[part][0] for part in more if part in MARKS)


def plain(name):
    """The symbol of a variable or parameter as plain text: τ_E, N_E*."""
    base, *more = name.split("_")
    below = "".join(f"_{part}" for part in more if part not in MARKS)
    return GREEK.get(base, base) + below + "".join(MARKS[part][1] for part in more if part in MARKS)


def symbol(name):
    """The symbol of a variable or parameter, as figures write it."""
    return f"${tex(name)}$"


def words(results, name):
    """What a variable or axis is, in words."""
    text = results.about[name].long_name or name
    return re.sub(r"\bL([12])\b", r"$L_\1$", re.split("[,:]", text)[0])


def label(results, name):
    """The label of a figure's axis that shows a variable or coordinate."""
    text, unit = words(results, name), results.about[name].units
    text += f"  {symbol(name)}" if len(name.split("_")[0]) == 1 or name.split("_")[0] in GREEK else ""
    text += rf" / ${tex('L_star')}$" if in_l_star(results, name) else ""
    return text if unit == "1" or unit in text else f"{text}  ({unit})"


def short_label(results, name):
    """A label for a narrow panel: symbol and unit alone."""
    unit = results.about[name].units
    return symbol(name) if unit == "1" else f"{symbol(name)}  ({unit})"


def formula(text):
    """A derivative such as `d ln N_E_star / d ln Q` as mathematics."""
    upper, _, lower = text.partition(" / ")
    parts = [re.sub(NAME, lambda found: tex(found[0]), re.sub("^-? ?d ln ", "", part)) for part in (upper, lower)]
    sign = r"-\," if text.startswith("-") else ""
    return rf"${sign}\mathrm{{d}}\,\ln {parts[0]}\,/\,\mathrm{{d}}\,\ln {parts[1]}$"


def derivative(results, name):
    """The derivative that the variable `name` holds, as the file writes it. Also for an elasticity that the file lacks."""
    if name not in results.about:
        return f"d ln N_E_star / d ln {name.removeprefix('elasticity_')}"
    return re.split("[,:]", results.about[name].long_name)[0]


def in_l_star(results, name):
    """Whether the axis or parameter `name` is a safety threshold in units of L*."""
    if name in results.axes:
        return results.about[name].tau_unit == "L_star"
    return name == "tau_I" and results.attributes.get("tau_unit") == "L_star"


def number(value, digits=6):
    """A number as labels show it, rounded to `digits` significant digits."""
    if math.isinf(value):
        return r"$\infty$" if value > 0 else r"$-\infty$"
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{float(f'{value:.{digits}g}'):.6g}"
    factor, power = f"{value:.{digits - 1}e}".split("e")
    factor = factor.rstrip("0").rstrip(".") if "." in factor else factor
    return f"$10^{{{int(power)}}}$" if factor == "1" else f"${factor}\\times 10^{{{int(power)}}}$"


def equation(results, name, value, digits=6):
    """`name = value`, with the symbol of the axis or parameter `name`, and its unit if it is a safety threshold."""
    unit = rf"$\,{tex('L_star')}$" if in_l_star(results, name) and math.isfinite(value) else ""
    return f"{symbol(name)} = {number(value, digits)}{unit}"


def parameters(results):
    """The caption's items of the whole sweep: the spectrum, the incumbent's threshold, and what is scrutinised if that is
    not the trained model."""
    items = [equation(results, name, results.attributes[name]) for name in PARAMETERS if name in results.attributes]
    return [*spectrum(results), *items, *scrutiny(results)]


def spectrum(results):
    """The caption's item of a measured spectrum: its title, or the name of its file."""
    if not results.measured:
        return []
    path = results.attributes["spectrum"]
    text = opening.one_line(results.attributes.get("spectrum_title") or os.path.basename(str(path)))
    return [f"measured spectrum: {text}".replace("$", r"\$")]


def scrutiny(results):
    """The caption's item of what is scrutinised: none if it is the trained model, as it is by default."""
    found = results.attributes.get("scrutiny", "trained_model")
    return [] if found == "trained_model" else [f"scrutiny of the {found.replace('_', ' ')}"]


def solver(results):
    """The caption's item of the solver."""
    return f"{results.attributes.get('solver', 'unknown')} solver"
