# SPDX-License-Identifier: GPL-3.0-or-later
"""moat from Python: results files as xarray Datasets, and sweeps run from a dictionary.

    import moat
    market = moat.open("result-1.h5")                  # finished, still being written, or of a run that was killed
    market = moat.run({"name": "mine", "sweep": "market_entry", ...}, ranks=3)

An input that moat cannot use raises moat.Refused, and a run that does not complete moat.RunFailed, both with moat's
message. The scripts of this folder need none of this: `python -m moat draw`, `export`, `explore` and `summary` run them.
"""

import importlib

__version__ = "0.1.0"  # the one place of moat's version, which the Makefile reads too
__all__ = ["Refused", "RunFailed", "open", "run"]

_PLACES = {"Refused": "opening", "open": "snapshot", "run": "running", "RunFailed": "running"}


def __getattr__(name):
    """Loads the modules, and with them h5py and xarray, when they are first used."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_PLACES[name]}", __name__), name)


def __dir__():
    return sorted({*globals(), *__all__})
