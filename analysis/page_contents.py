# SPDX-License-Identifier: GPL-3.0-or-later
"""What a page shows of each kind of sweep: its question, the quantities of its map and curves, and its tables.

Everything is named by variables of the file. What the file lacks is left out.
"""

import math
import re

import labels
from moatfile import AXES

COMPANIES, CHOICES = ("incumbent", "entrant"), ("alpha", "lambda", "loss_performance", "loss_safety")
TERMS = ("finite_data_error", "overfitting_error", "mixture_error", "mixture_finite_data_error")
NEEDS = {"market_entry": "N_E_star", "scaling_law": "loss"}  # the variable that a page is about
DATA = {"market_entry": "N_I", "scaling_law": "N"}  # the axis of data
FLAGS = {"market_entry": ("status", "regime"), "scaling_law": ("status", "regime", "regime_excess")}
EXPONENTS = {"market_entry": ("elasticity_N_I", "elasticity_tau_E", "elasticity_tau_I", "elasticity_Q", "exponent_D"),
             "scaling_law": ("exponent_loss", "exponent_excess")}
VALUES = {"market_entry": ("N_E_star", "N_E_star_stderr", "N_E_star_deterministic"),
          "scaling_law": ("loss", "excess_loss", "loss_stderr", "loss_deterministic", "excess_loss_deterministic", "lambda_loss",
                          *TERMS)}
SHOWN = {"market_entry": (*VALUES["market_entry"], *EXPONENTS["market_entry"],
                          *(f"{company}_{choice}" for company in COMPANIES for choice in CHOICES)),
         "scaling_law": (*VALUES["scaling_law"], *EXPONENTS["scaling_law"])}
ROWS = {"N_E_star": "N_E*, data points", "N_E_star_stderr": "its standard error, from data sets sampled anew",
        "N_E_star_deterministic": "by theory's deterministic equivalent", "loss": "performance loss L_1",
        "excess_loss": "of it, what more data would remove", "loss_stderr": "standard error of both",
        "loss_deterministic": "loss by theory's deterministic equivalent",
        "excess_loss_deterministic": "removable, by the deterministic equivalent", "lambda_loss": "best ridge level λ",
        "finite_data_error": "finite data", "overfitting_error": "overfitting", "mixture_error": "mixture, at any amount of data",
        "mixture_finite_data_error": "mixture, with finite data"}


def of(results):
    """What the page of `results` shows, as a dictionary."""
    market, found = results.sweep == "market_entry", results.variables
    have = lambda names: [name for name in names if name in found]
    row = lambda names, text: {"text": text, "names": have(names)}
    values = [row([name], ROWS[name]) for name in VALUES[results.sweep] if name not in TERMS]
    exponents = {name: _derivative(results, name) for name in have(EXPONENTS[results.sweep])}
    slopes = {"caption": "Local exponents", "rows": [row([name], text) for name, text in exponents.items()],
              "flags": have(FLAGS[results.sweep][1:])}
    if market:
        choices = [row([f"{company}_{choice}" for company in COMPANIES], _choice(results, choice)) for choice in CHOICES]
        tables = [{"caption": "The threshold", "rows": values}, slopes,
                  {"caption": "What they choose, the newcomer at N_E*", "columns": ["incumbent", "newcomer"], "rows": choices}]
        quantities = [{"key": "share", "name": "N_E_star", "text": "share of the incumbent's data that is needed"},
                      {"key": "data", "name": "N_E_star", "text": "data points needed"}]
        if not any(map(math.isfinite, results.axes["N_I"])):  # of unlimited data there is no share
            del quantities[0]
        shares = {"incumbent": "incumbent_alpha", "newcomer": "entrant_alpha"}
        panels = [_panel(results, _choice(results, "alpha"), shares, [0.5, 1])]
    else:
        tables = [{"caption": "The loss", "rows": values},
                  {"caption": "What the loss is made of", "rows": [row([name], ROWS[name]) for name in TERMS]}, slopes]
        quantities = [{"key": name, "name": name, "text": text} for name, text in
                      (("loss", "performance loss"), ("excess_loss", "loss that more data would remove")) if name in found]
        panels = [_panel(results, "what the loss is made of", {ROWS[name]: name for name in TERMS}, None)]
    for table in tables:
        table["rows"] = [each for each in table["rows"] if each["names"]]
    along = {axis: f"elasticity_{axis}" for axis in results.axes} if market else {"N": "exponent_loss"}
    return {
        "sweep": results.sweep, "data_axis": DATA[results.sweep],
        "question": "How much data does a newcomer need?" if market else "How does a model's loss fall with its data?",
        "quantities": quantities, "exponents": exponents,
        "tables": [table for table in tables if table["rows"] or table.get("flags")],
        "panels": [panel for panel in panels if panel["curves"]],
        "slopes": {axis: name for axis, name in along.items() if name in found},
        "map": _map(results),
    }


def _map(results):
    """The two axes of the map at first, [x, y]; none if fewer than two have several values."""
    order = (DATA[results.sweep], "tau_E", "tau_I", "lambda", "alpha", *AXES[results.sweep])
    several = [axis for axis, values in results.axes.items() if values.size > 1]
    several.sort(key=lambda axis: order.index(axis) if axis in order else len(order))
    if len(several) < 2:
        return []
    first, *others = several
    return [first, max(others, key=lambda axis: results.axes[axis].size)]


def _panel(results, title, curves, limits):
    return {"title": title, "range": limits,
            "curves": {text: name for text, name in curves.items() if name in results.variables}}


def _choice(results, choice):
    """What the companies choose, as the file words it for either of them."""
    for company in COMPANIES:
        if f"{company}_{choice}" in results.variables:
            text = re.split("[,:]", results.about[f"{company}_{choice}"].long_name)[0].removeprefix(f"{company}'s ")
            return re.sub(r"\bL([12])\b", r"L_\1", text)
    return choice


def _derivative(results, name):
    text = re.sub(labels.NAME, lambda found: labels.plain(found[0]), labels.derivative(results, name))
    return re.sub("^- ", "\N{MINUS SIGN}", text.replace("excess_loss", "excess loss"))
