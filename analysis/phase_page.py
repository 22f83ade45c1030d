# SPDX-License-Identifier: GPL-3.0-or-later
"""What a phase diagram says and how its axes run: title, subtitle, caption, labels, and the cells around the grid's values."""

import math

import numpy as np

import hatching
import labels
import moatfile
import regimes
import wording
from scales import log_ticks

ENTRANT_EQUALS = r"$N_E^* = N_I$"
RATIO = "newcomer's data over the incumbent's  $N_E^*/N_I$"
RULES = {"tau_E": "safety loss that the newcomer is allowed", "tau_I": "safety loss that the incumbent is allowed"}
START = "of the incumbent's data where those are"
SHARES = ((1e-1, "a tenth"), (1e-2, "a hundredth"), (1e-3, "a thousandth"))


def quantity_label(results, quantity):
    """The label of an axis that shows `quantity`: ratio, N_E_star, or an exponent."""
    if quantity == "ratio":
        return RATIO
    if quantity == "N_E_star":
        return r"newcomer's least data  $N_E^*$  (data points)"
    return labels.formula(labels.derivative(results, quantity))


def axis_label(results, name):
    """The label of an axis, in words."""
    if name not in RULES:
        return labels.label(results, name)
    unit = rf"  ({labels.symbol('L_star')})" if labels.in_l_star(results, name) else ""
    return f"{RULES[name]}  {labels.symbol(name)}{unit}"


class Cells:
    """One axis of the grid on the page. log: its scale is logarithmic, as the spacing of its values suggests. edges: of
    the cells around its values. label: the axis label."""

    def __init__(self, diagram, name, values):
        self.values = values
        self.log = name == "N_I" or hatching.is_log_spaced(values)
        self.edges = hatching.cell_edges(values, self.log)
        self.label = axis_label(diagram.results, name)

    def scale(self, axes, which):
        """Sets the scale, limits and ticks of `axes` in one direction, `which`: x or y."""
        axes.set(**{f"{which}scale": "log" if self.log else "linear", f"{which}lim": (self.edges[0], self.edges[-1])})
        if self.log:
            log_ticks(getattr(axes, f"{which}axis"), self.edges[0], self.edges[-1])


def texts(diagram):
    """(title, subtitle, caption) of a phase_diagram.Diagram."""
    results = diagram.results
    items = diagram.caption()
    paragraphs = [items]
    if diagram.quantity == "regime":
        exponent = labels.formula(labels.derivative(results, regimes.governing(diagram.n_incumbent)))
        paragraphs.insert(0, f"A point is in a regime where its local exponent {exponent} is near theory's. Break points hold up to "
                             "constant factors.")
    return finding(diagram), _subtitle(diagram), [*paragraphs, wording.glossary(results)]


def _subtitle(diagram):
    results, quantity, plane = diagram.results, diagram.quantity, diagram.plane
    what = {"ratio": "Least data with which the newcomer wins the users, $N_E^*$, per incumbent's data $N_I$",
            "N_E_star": "Least data with which the newcomer wins the users, $N_E^*$ (data points)",
            "regime": "Theory's regimes of the newcomer's least data $N_E^*$"}.get(quantity)
    if what is None:
        about = results.about[quantity].long_name if quantity in results.about else quantity
        axis = quantity.removeprefix("elasticity_")
        per = r"the inverse gap $1/D$" if quantity == "exponent_D" else labels.words(results, axis) if axis in results.axes else about
        what = f"Per cent by which the newcomer's least data $N_E^*$ rise if {_article(per)} rises by one per cent"
    over = " and ".join(f"{labels.symbol(axis)}" for axis in (plane.x, plane.y)[:1 if plane.y_values.size == 1 else 2])
    return f"{what}, over {over}"


def _article(text):
    return text if text.startswith("the ") else f"the {text}"


def finding(diagram):
    """The title: what the figure shows, from its numbers."""
    known = diagram.values[np.isfinite(diagram.values)]
    if not known.size:
        return _empty(diagram.kinds)
    if diagram.quantity == "regime":
        return _of_regimes(diagram)
    if diagram.quantity not in ("ratio", "N_E_star"):
        return _of_slopes(diagram, known)
    if diagram.quantity == "N_E_star":
        low, high = labels.number(known.min(), 2), labels.number(known.max(), 2)
        return f"A newcomer needs {low} to {high} data points" if low != high else f"A newcomer needs {low} data points everywhere"
    return _of_shares(diagram, known)


def _of_slopes(diagram, known):
    plane, last = diagram.plane, diagram.values[:, -1][np.isfinite(diagram.values[:, -1])]
    if diagram.quantity == f"elasticity_{plane.x}" and last.size > 1 and plane.x == "N_I":
        first, final = _signed(last[0]), _signed(last[-1])
        who = _who(diagram)
        return f"Against one per cent more data {who[0].lower()}{who[1:]} needs {first} % more at first, {final} % in the end"
    low, high = (_signed(value) for value in np.quantile(known, [0.05, 0.95]))
    most = "" if known.min() == known.max() else " in most of these markets"
    return f"One per cent more moves the newcomer's least data by {low if low == high else f'{low} to {high}'} %{most}"


def _signed(number):
    return wording.power(number).replace("-", "\N{MINUS SIGN}")


def _of_shares(diagram, known):
    if abs(np.log(known)).max() < 1e-6:
        return "A newcomer needs as much data as the incumbent, whatever the market"
    if diagram.plane.x == "N_I":
        x, last = diagram.plane.x_values, diagram.values[:, -1]
        found = [(word, x[k]) for share, word in SHARES if (k := _from(last < share)) is not None]
        if found:
            said = ", ".join(f"{word} {'at' if k else START} {wording.count(at)}"
                             for k, (word, at) in enumerate(found))
            return f"{_who(diagram)} needs {said}"
    low, high = wording.share(known.min()), wording.share(known.max())
    return f"To beat the incumbent takes {low} to {high}" if low != high else f"To beat the incumbent takes {low}"


def _who(diagram):
    """The newcomer of the last value of y."""
    name = wording.value(diagram.results, diagram.plane.y, diagram.plane.y_values[-1])
    return f"A {name}" if name.startswith("newcomer") else "A newcomer without a rule" if diagram.plane.y == "tau_E" else "A newcomer"


def _from(below):
    """The index from which on all are true, if some come before; None without one."""
    if not below[-1] or below.all():
        return None
    return int(np.flatnonzero(~below)[-1]) + 1


def _empty(kinds):
    """The title of a figure without a single threshold: why."""
    reasons = {moatfile.NO_ENTRY: "No amount of data is enough for the newcomer, anywhere in this figure",
               moatfile.INCUMBENT_INFEASIBLE: "The incumbent cannot meet its own rule, anywhere in this figure",
               moatfile.ENTRANT_INFEASIBLE: "The newcomer cannot meet its rule with any data, anywhere in this figure",
               moatfile.FAILED: "No answer could be computed for any market of this figure",
               moatfile.PENDING: "Nothing is computed yet"}
    found = np.unique(kinds)
    return reasons[int(found[0])] if found.size == 1 and int(found[0]) in reasons else "None of these markets has an entry threshold"


def _of_regimes(diagram):
    found = hatching.shown(diagram.kinds)
    count = sum(kind in regimes.MET for kind in found)
    if not count:
        return "None of theory's regimes is met here"
    part = np.isin(diagram.kinds, [regimes.kind(value) for value in (regimes.TRANSITIONAL, regimes.NONE)])
    solved = np.isfinite(diagram.values)
    share = 100 * np.count_nonzero(part & solved) / np.count_nonzero(solved)
    numbers = {1: "One", 2: "Two", 3: "Three", 4: "Four"}
    return (f"{numbers[count]} of theory's regimes {'is' if count == 1 else 'are'} met; {share:.0f} % of the markets lie between "
            "regimes" if share >= 1 else f"{numbers[count]} of theory's regimes {'is' if count == 1 else 'are'} met")


def infinity_label(name):
    """The tick of the row for the infinite value of an axis."""
    return {"tau_E": "no rule", "tau_I": "no rule", "N_I": "unlimited"}.get(name, labels.number(math.inf))
