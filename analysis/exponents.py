# SPDX-License-Identifier: GPL-3.0-or-later
"""Fits exponents to the curves of a results file and compares them with theory's (MODEL.md section 11).

Each regime is fitted over the range where theory expects it: between its two break points, but a margin away from both,
because two terms of the loss are of similar size near a break point. Theory's terms hold up to constant factors. A factor
moves a break point by its power 1/nu, so for nu < 1 the margin is raised to that power too. The fit spreads the influence
of the neighbouring terms over the range. The tolerance is therefore a constant divided by the number of decades fitted.
If the number of directions P is finite, the power laws end where a company's data come near N = P. Points there are left
out, with the same margin.

Measured curves are also fitted over their whole range, and compared with a fit to the deterministic equivalent at the same
points. The deterministic equivalent is off by a few percent where N is small. That tilts the fit, but less over a longer
range.
"""

import math
from dataclasses import dataclass

import numpy as np

import entry_regimes
import gap
import moatfile
import power_laws
import scaling_law
from moatfile import AXES

MARGIN = 10.0  # factor between a break point and the range fitted, for nu >= 1
TOLERANCE = 0.9  # of a fitted exponent, times the number of decades fitted
MEASURED_TOLERANCE = 0.05  # likewise, of a measured curve against the deterministic equivalent
DECADES_MIN = 2.0  # shortest range fitted to a regime


@dataclass
class Fit:
    """The exponent fitted to one regime of one curve, or to the whole of a measured curve (regime None).

    low, high: the range fitted, in the variable `along`. theory: the regime's exponent according to theory, or for a whole
    curve the exponent fitted to the deterministic equivalent. crossover: where the local exponent passes the midpoint
    between this regime's exponent and the next one's, divided by theory's break point; NaN if it does not pass it.
    """
    curve: str
    quantity: str
    along: str
    regime: int | None
    low: float
    high: float
    fitted: float
    stderr: float
    theory: float
    crossover: float

    @property
    def decades(self):
        return math.log10(self.high / self.low)

    @property
    def tolerance(self):
        return (TOLERANCE if self.regime is not None else MEASURED_TOLERANCE) / self.decades

    @property
    def agrees(self):
        return abs(self.fitted - self.theory) <= self.tolerance


def slope(x, y, weight=None):
    """The slope d ln y / d ln x by least squares, and its standard error.

    weight: inverse variances of ln y; without them the points weigh the same and the error is NaN.
    """
    log_x = np.log(x)
    weights = np.ones_like(log_x) if weight is None else weight
    centred = log_x - np.average(log_x, weights=weights)
    spread = np.sum(weights * centred ** 2)
    return np.sum(weights * centred * np.log(y)) / spread, math.nan if weight is None else math.sqrt(1 / spread)


def measured(curve, label, quantity, along, sign):
    """The fit of a measured curve over its whole range, to compare with the deterministic equivalent's."""
    known = (curve.y > 0) & (curve.stderr > 0) & (curve.expected > 0)
    x, y, weight = curve.x[known], curve.y[known], (curve.y[known] / curve.stderr[known]) ** 2
    (found, error), (expected, _) = slope(x, y, weight), slope(x, curve.expected[known], weight)
    return Fit(label, quantity, along, None, x[0], x[-1], sign * found, error, sign * expected, math.nan)


def crossover(curve, k):
    """Where the local exponent last passes the midpoint between those of regimes k and k + 1, divided by theory's break
    point; NaN if either does not exist."""
    if k == 2 or not math.isfinite(curve.breaks[k]):
        return math.nan
    middle = (curve.theory[k] + curve.theory[k + 1]) / 2
    towards = (curve.exponent - middle) * (curve.theory[k + 1] - curve.theory[k])
    passed = np.flatnonzero((towards[:-1] < 0) & (towards[1:] >= 0))
    return float(math.sqrt(curve.x[passed[-1]] * curve.x[passed[-1] + 1]) / curve.breaks[k]) if passed.size else math.nan


def fits(curve, nu, label, quantity, along, data, P, sign=1):
    """The fits of a curve: one over its whole range if it is measured, and one for each regime that theory expects over at
    least DECADES_MIN decades.

    data: at each point the larger of the two companies' data. P: number of directions. sign: -1 if y falls with x.
    """
    result = [] if curve.stderr is None else [measured(curve, label, quantity, along, sign)]
    if not curve.breaks:
        return result
    edges, margin = [1.0, *curve.breaks, math.inf], MARGIN ** max(1, 1 / nu)
    known = np.isfinite(curve.y) & (curve.y > 0) & (data <= P / margin)
    for k, theory in enumerate(curve.theory):
        low, high = edges[k] * (margin if k else MARGIN), edges[k + 1] / margin
        chosen = known & (curve.x >= low) & (curve.x <= high)
        x = curve.x[chosen]
        if x.size < 4 or math.log10(x[-1] / x[0]) < DECADES_MIN:
            continue
        found, error = slope(x, curve.y[chosen], None if curve.stderr is None else (curve.y[chosen] / curve.stderr[chosen]) ** 2)
        result.append(Fit(label, quantity, along, k, x[0], x[-1], sign * found, error, theory, crossover(curve, k)))
    return result


def of_file(path):
    """The fits of all curves of the file `path`. Raises Refused."""
    sweep = moatfile.read_attributes(path).get("sweep")
    return _of_scaling_law(path) if sweep == "scaling_law" else _of_market(path)


def _curves(results, along):
    """Yields (label, nu, indices of the other axes) for every curve along an axis."""
    others = [axis for axis in results.axes if axis != along]
    for index in np.ndindex(*(results.axes[axis].size for axis in others)):
        at = dict(zip(others, index))
        named = [f"{axis} = {results.axes[axis][k]:.10g}" for axis, k in at.items() if results.axes[axis].size > 1]
        yield ", ".join(named), float(results.axes["nu"][at["nu"]]), at


def backwards(curve):
    """Result 2 for an entrant whose alpha is fixed: the excess loss read backwards, as the N at which it equals the gap D."""
    order = np.flatnonzero(curve.y > 0)
    breaks = [float(np.exp(np.interp(np.log(x), np.log(curve.x[order]), -np.log(curve.y[order]), right=np.inf)))
              for x in curve.breaks]
    return power_laws.Curve(curve.label, 1 / curve.y[order], curve.x[order], 1 / curve.exponent[order],
                            curve.regime[order], [value and 1 / value for value in curve.theory], breaks)


def _of_scaling_law(path):
    results = moatfile.read(path, scaling_law.NEEDS, "scaling_law", AXES["scaling_law"], scaling_law.OPTIONAL)
    found, P = [], results.attributes["P"]
    for label, nu, at in _curves(results, "N"):
        loss, excess = (scaling_law.curve(results, label, at, kind) for kind in (scaling_law.LOSS, scaling_law.EXCESS))
        for curve, quantity in ((loss, "loss"), (excess, "excess_loss")):
            found += fits(curve, nu, label, quantity, "N", curve.x, P, sign=-1)
        if results.axes["alpha"][at["alpha"]] < 1 and excess.stderr is None:
            curve = backwards(excess)
            found += fits(curve, nu, label, "N, alpha fixed", "1/D", curve.y, P)
    return found


def _of_market(path):
    needs, optional = {*entry_regimes.NEEDS, *gap.NEEDS}, {"tau_I", "tau_I_absolute", *entry_regimes.OPTIONAL}
    results = moatfile.read(path, sorted(needs), "market_entry", AXES["market_entry"], sorted(optional))
    found, P = [], results.attributes["P"]
    if np.isfinite(results.axes["N_I"]).sum() > 1:
        for label, nu, at in _curves(results, "N_I"):
            curve = entry_regimes.curve(results, label, at)
            found += fits(curve, nu, label, "N_E_star", "N_I", np.maximum(curve.x, curve.y), P)
    if np.isinf(results.axes["N_I"]).any():
        axis = gap.along(results)
        for label, nu, at in _curves(results, axis):
            if math.isinf(results.axes["N_I"][at["N_I"]]):
                curve = gap.curve(results, label, at, axis)
                found += fits(curve, nu, label, "N_E_star", "1/D", curve.y, P)
    return found
