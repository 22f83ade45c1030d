# SPDX-License-Identifier: GPL-3.0-or-later
"""What a table says of itself: where its numbers come from, and the units and meaning of each column."""

import math
from dataclasses import dataclass

from cells import cell

PROVENANCE = ("title", "moat_version", "git_revision", "sweep", "solver", "scrutiny", "gamma", "P", "spectrum", "spectrum_title",
              "spectrum_checksum", "noise_performance", "noise_safety", "tau_I", "tau_unit", "trials", "seed", "date_created",
              "references")


@dataclass
class Column:
    """name: as in the table. words: value -> word of a flag, as in the table; empty for numbers. long_name, units: the file's."""

    name: str
    words: dict
    long_name: str
    units: str


class About:
    """Of the table of `results` whose columns are the axes and the variables `named`, (name, words) each. provenance: name ->
    value of the root attributes that say where the numbers come from."""

    def __init__(self, results, named):
        self.provenance = {name: results.attributes[name] for name in PROVENANCE if name in results.attributes}
        self.columns = [Column(cell(name), words, results.about[name].long_name, self._units(results.about[name]))
                        for name, words in [*((axis, {}) for axis in results.axes), *named]]

    @staticmethod
    def _units(about):
        return f"multiples of {about.tau_unit}" if about.tau_unit == "L_star" else about.units

    def document(self, table, separator):
        """The table's metadata as CSV on the Web has them (W3C, 2015). table: its file's name."""
        described = []
        for column in self.columns:
            about = {"name": column.name, "titles": column.name, "dc:description": column.long_name}
            if column.words:
                described.append({**about, "datatype": "string", "schema:valueReference": list(column.words.values())})
            else:
                described.append({**about, "schema:unitText": column.units, "datatype": "number", "null": "nan"})
        values = {name: str(value) if isinstance(value, float) and not math.isfinite(value) else value
                  for name, value in self.provenance.items()}
        return {"@context": "http://www.w3.org/ns/csvw", "url": table, "dc:title": values.get("title", ""),
                "dialect": {"delimiter": separator, "encoding": "utf-8", "header": True}, "tableSchema": {"columns": described},
                "notes": [values]}
