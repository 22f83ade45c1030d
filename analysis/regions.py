# SPDX-License-Identifier: GPL-3.0-or-later
"""The regions of a map of markets: their names, and colours that colour-blind readers tell apart.

Where there is a threshold, colours step with the newcomer's data as a share of the incumbent's: oranges where it needs more
than the incumbent, blues where it needs less, darker with every decade or two. So N_E* = N_I is an edge between two hues, and
no shade has most of the range. Where there is none, a hatch over a neutral grey says why.
"""

import math
from typing import NamedTuple

import moatfile

DARK, LIGHT = "#1a1a1a", "#ffffff"  # inks for names on light and on dark regions


class Region(NamedTuple):
    """name: short, to be written into the region. words: the same in full. colour, ink: of the region and of its name. hatch: as
    matplotlib has it; "" for none."""
    name: str
    words: str
    colour: str
    ink: str = DARK
    hatch: str = ""


SAME = 1e-6  # a share that is this close to 1 is 1 up to rounding, as at tau_E = tau_I

# From the largest share N_E*/N_I down: (the share above which the region lies, the region).
SHARES = (
    (10.0, Region("over 10 times the data", "more than ten times the incumbent's data", "#b35806", LIGHT)),
    (1 + SAME, Region("more data", "more data than the incumbent", "#f6a650")),
    (1 - SAME, Region("as much data", "as much data as the incumbent", "#fff6c9")),
    (1e-1, Region("less data", "less data than the incumbent", "#e3eef9")),
    (1e-2, Region("less than a tenth", "less than a tenth of the incumbent's data", "#b0d2e8")),
    (1e-3, Region("less than a hundredth", "less than a hundredth of the incumbent's data", "#71b1d7")),
    (1e-4, Region("less than a thousandth", "less than a thousandth of the incumbent's data", "#3585bf")),
    (1e-6, Region("less than 1 in 10,000", "less than a ten-thousandth of the incumbent's data", "#125ca4", LIGHT)),
    (0.0, Region("less than a millionth", "less than a millionth of the incumbent's data", "#08306b", LIGHT)),
)
# Status -> its region, where there is no threshold.
STATUSES = {
    moatfile.NO_ENTRY: Region("no entry", "no entry: no amount of data is enough", "#d4d4d4", hatch="////"),
    moatfile.INCUMBENT_INFEASIBLE: Region("incumbent cannot meet its rule", "the incumbent cannot meet its own rule", "#f4f4f4",
                                          hatch="\\\\\\\\"),
    moatfile.ENTRANT_INFEASIBLE: Region("newcomer cannot meet its rule", "the newcomer cannot meet its rule with any data",
                                        "#ffffff", hatch="xxxx"),
    moatfile.FAILED: Region("no answer", "no answer: outside what could be computed", "#b4b4b4", hatch="OO"),
    moatfile.PENDING: Region("not computed", "not computed yet", "#ffffff", hatch="..."),
}

# For quantities without a reference such as N_I: steps from the least to the largest, after the map cividis.
STEPS = ("#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838")


def share(ratio):
    """The Region of a market where the newcomer needs `ratio` of the incumbent's data; None if that is no number."""
    if math.isnan(ratio):
        return None
    return next((region for above, region in SHARES if ratio > above), SHARES[-1][1])
