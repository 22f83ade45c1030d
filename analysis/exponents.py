# SPDX-License-Identifier: GPL-3.0-or-later
"""Fits exponents to the curves of a results file and compares them with theory's (MODEL.md section 11).

Each regime is fitted over the range where theory expects it: between its two break points, but a margin away from both. At a
break point two terms, x^e and x^f, are of one size. Where one is R times the other, the local exponent of their sum is
(f - e)/(1 + R) from e. At the ends of the range R is such that this is a quarter of the distance to the neighbouring regimes'
exponents. Theory's terms hold up to constant factors, so R may be two or three times smaller, and no margin is below MARGIN.

Break points in data points count n, the directions learnt. As long as n grows with N there are (pi/s)/sin(pi/s) data points
for each direction, s = 1 + gamma (MODEL.md section 3.4): the first regime ends that much later. If the number of directions P
is finite, the power laws end where a company's data come near N = P. Points there are left out.

A fit alone says little: an exponent on its way from 1 to 0 passes a fit of 1/2. So a regime agrees with theory only if

- the fitted exponent is within a tolerance. It shrinks as the range grows, because the fit spreads the influence of the
  neighbouring terms over the range, and is at most a third of the distance to the exponents of the neighbouring regimes;
- every local exponent of the range is nearer to the regime's exponent than to those: within half the distance.

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
import scaling_law
import theory
from moatfile import AXES

START = 10.0  # where the first regime's range begins: the least 1/D, and the least n, or n^nu if nu < 1
MARGIN = 10.0  # least factor between a break point and the range fitted
CLOSE = 4.0  # at the ends of a range two terms leave the local exponent this part of the distance from theory's
TOLERANCE = 0.9  # of a fitted exponent, times the number of decades fitted
TOLERANCE_PART = 1 / 3  # of the distance to the neighbouring regimes' exponents: the tolerance is at most that
LOCAL_PART = 1 / 2  # of that distance: how far each local exponent may be from theory's
MEASURED_TOLERANCE = 0.05  # of a measured curve against the deterministic equivalent, times the number of decades
DECADES_MIN = 2.0  # shortest range fitted to a regime


@dataclass
class Row:
    """One regime of one curve, or the whole of a measured curve.

    regime: its name, "all" for a whole curve. theory: its exponent, or for a whole curve the exponent fitted to the
    deterministic equivalent. unreached: why the regime is not fitted, in words; "" if it is.

    Of a fitted one: low, high: the range, in the variable `along`. fitted, stderr: the exponent, and its standard error if
    the curve is measured. local_low, local_high: the extremes of the local exponent in the range; NaN for a whole curve.
    distance: from theory's exponent to the nearer of the neighbouring regimes'. crossover: where the local exponent passes
    the midpoint between this regime's exponent and the next one's, divided by theory's break point; NaN if it does not.
    """
    curve: str
    quantity: str
    along: str
    regime: str
    theory: float
    unreached: str = ""
    low: float = math.nan
    high: float = math.nan
    fitted: float = math.nan
    stderr: float = math.nan
    local_low: float = math.nan
    local_high: float = math.nan
    distance: float = math.inf
    crossover: float = math.nan

    @property
    def decades(self):
        return math.log10(self.high / self.low)

    @property
    def tolerance(self):
        if self.regime == "all":
            return MEASURED_TOLERANCE / self.decades
        return min(TOLERANCE / self.decades, TOLERANCE_PART * self.distance)

    @property
    def faults(self):
        """What disagrees with theory, in words; empty if nothing does."""
        found = []
        if abs(self.fitted - self.theory) > self.tolerance:
            found.append("fitted exponent outside the tolerance")
        room = LOCAL_PART * self.distance
        if max(self.theory - self.local_low, self.local_high - self.theory) > room:
            found.append(f"local exponent further than {room:.3f} from theory's")
        return found

    @property
    def verdict(self):
        return "not reached" if self.unreached else "NO" if self.faults else "yes"


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
    """The fit of a measured curve over its whole range, to compare with the deterministic equivalent's; None with too few points."""
    known = (curve.y > 0) & (curve.stderr > 0) & (curve.expected > 0)
    if np.count_nonzero(known) < 3:
        return None
    x, y, weight = curve.x[known], curve.y[known], (curve.y[known] / curve.stderr[known]) ** 2
    (found, error), (expected, _) = slope(x, y, weight), slope(x, curve.expected[known], weight)
    return Row(label, quantity, along, "all", sign * expected, "", x[0], x[-1], sign * found, error)


def crossover(curve, k):
    """Where the local exponent last passes the midpoint between those of regimes k and k + 1, divided by theory's break
    point; NaN if it does not after the regime has begun."""
    law = curve.law
    if k >= len(law.breaks) or not math.isfinite(law.breaks[k]):
        return math.nan
    here, there = law.regimes[k].exponent, law.regimes[k + 1].exponent
    towards = (curve.exponent - (here + there) / 2) * (there - here)
    passed = np.flatnonzero((towards[:-1] < 0) & (towards[1:] >= 0) & (curve.x[:-1] > (law.breaks[k - 1] if k else 0)))
    return float(math.sqrt(curve.x[passed[-1]] * curve.x[passed[-1] + 1]) / law.breaks[k]) if passed.size else math.nan


class Scale:
    """The scales of a file's power laws at one nu.

    unit: data points for each direction learnt, as long as that number grows with N (MODEL.md section 3.4). low, high: the
    data between which power laws hold.
    """

    def __init__(self, results, nu):
        angle = math.pi / (1 + results.attributes["gamma"])
        self.unit = angle / math.sin(angle)
        margin = START ** max(1, 1 / nu)
        self.low, self.high = margin * self.unit, results.attributes["P"] / margin


def reach(law, k, start, unit):
    """(low, high): the range over which regime k is fitted. start: where the first regime's begins. unit: x for each
    direction learnt, in the first regime."""
    def margin(other):
        step = abs(law.regimes[other].exponent - law.regimes[k].exponent)
        if step <= theory.SAME:
            return MARGIN
        return max(MARGIN, math.exp(min(math.log(CLOSE * step / law.distance(k) - 1) / step, 700)))

    after = [at * (unit if j == 0 else 1) for j, at in enumerate(law.breaks)]
    low = after[k - 1] * margin(k - 1) if k else start
    return low, after[k] / margin(k + 1) if k < len(after) and math.isfinite(after[k]) else math.inf


def fitted(curve, k, usable, start, unit):
    """What Row says of regime k beyond its name and exponent, as a dict. usable: points that a fit may use. start, unit: as
    for reach."""
    law = curve.law
    if not all(math.isfinite(at) for at in law.breaks[:k]):
        return {"unreached": "theory's break point is infinite: the regime before it never ends"}
    begin, end = reach(law, k, start, unit)
    if begin * 10 ** DECADES_MIN > end:
        return {"unreached": f"theory's break points leave {math.log10(max(end / begin, 1)):.1f} decades"}
    chosen = usable & (curve.x >= begin * (1 - 1e-9)) & (curve.x <= end * (1 + 1e-9))
    x, local = curve.x[chosen], curve.exponent[chosen]
    if x.size < 4 or x[-1] / x[0] < 10 ** DECADES_MIN:
        spent = math.log10(x[-1] / x[0]) if x.size else 0
        return {"unreached": f"{x.size} data over {spent:.1f} decades of its {begin:.1g} to {end:.1g}"}
    found, error = slope(x, curve.y[chosen], None if curve.stderr is None else (curve.y[chosen] / curve.stderr[chosen]) ** 2)
    return {"low": x[0], "high": x[-1], "fitted": found, "stderr": error, "local_low": local.min(), "local_high": local.max(),
            "distance": law.distance(k), "crossover": crossover(curve, k)}


def rows(curve, label, quantity, along, usable, start, unit=1.0, sign=1):
    """The Rows of a curve: one for the whole if it is measured, and one for each regime if theory gives break points.

    usable: points with data that P directions allow. start, unit: as for reach. sign: -1 if y falls with x.
    """
    whole = None if curve.stderr is None or curve.expected is None else measured(curve, label, quantity, along, sign)
    result = [whole] if whole else []
    usable = usable & np.isfinite(curve.y) & (curve.y > 0)
    for k, regime in enumerate(curve.law.regimes if curve.law.breaks else ()):
        values = fitted(curve, k, usable, start, unit)
        if "fitted" in values:
            values["fitted"] *= sign
        result.append(Row(label, quantity, along, regime.name, regime.exponent, **values))
    return result


def of_file(path):
    """The Rows of all curves of the file `path`. Raises Refused."""
    sweep = moatfile.read_attributes(path).get("sweep")
    return _of_scaling_law(path) if sweep == "scaling_law" else _of_market(path)


def _curves(results, along):
    """Yields (label, nu, indices of the other axes) for every curve along an axis."""
    others = [axis for axis in results.axes if axis != along]
    for index in np.ndindex(*(results.axes[axis].size for axis in others)):
        at = dict(zip(others, index))
        named = [f"{axis} = {results.axes[axis][k]:.10g}" for axis, k in at.items() if results.axes[axis].size > 1]
        yield ", ".join(named), float(results.axes["nu"][at["nu"]]), at


def _of_scaling_law(path):
    results = moatfile.read(path, scaling_law.NEEDS, "scaling_law", AXES["scaling_law"], scaling_law.OPTIONAL)
    found = []
    for label, nu, at in _curves(results, "N"):
        scale = Scale(results, nu)
        for quantity in (scaling_law.LOSS, scaling_law.EXCESS):
            curve = scaling_law.curve(results, label, at, quantity)
            found += rows(curve, label, quantity[0], "N", curve.x <= scale.high, scale.low, scale.unit, sign=-1)
    return found


def _of_market(path):
    needs = sorted({*entry_regimes.NEEDS, *gap.NEEDS})
    results = moatfile.read(path, needs, "market_entry", AXES["market_entry"], entry_regimes.OPTIONAL)
    found = []
    if np.isfinite(results.axes["N_I"]).sum() > 1:
        for label, nu, at in _curves(results, "N_I"):
            curve, scale = entry_regimes.curve(results, label, at), Scale(results, nu)
            usable = np.maximum(curve.x, curve.y) <= scale.high
            found += rows(curve, label, "N_E_star", "N_I", usable, scale.low, scale.unit)
    if np.isinf(results.axes["N_I"]).any():
        axis = gap.along(results)
        for label, nu, at in _curves(results, axis):
            if math.isinf(results.axes["N_I"][at["N_I"]]):
                curve = gap.curve(results, label, at, axis)
                found += rows(curve, label, "N_E_star", "1/D", curve.y <= Scale(results, nu).high, START)
    return found
