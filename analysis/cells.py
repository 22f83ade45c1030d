# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts of a results file that do no harm in a table, whoever wrote the file and whatever reads the table.

A spreadsheet takes a cell that begins with = + - or @ for a formula and runs it. A line break ends a row for whoever reads
line by line, and pandas.read_csv(comment="#") takes # for the end of one.
"""

import re


def cell(text):
    """`text` as a cell: on one line, without #, and no formula. A number stays as it is and needs no cell()."""
    text = _one_line(text).replace("#", "_")
    return "'" + text if text.lstrip().startswith(("=", "+", "-", "@")) else text


def comment(text):
    """`text` as the rest of a line that begins with #: without quotes, and each part that a spreadsheet would put into a
    cell of its own is no formula. Spreadsheets divide lines at commas, semicolons or tabs, as their user's country does."""
    return re.sub(r"([,;]\s*)(?=[=+\-@])", r"\1'", _one_line(text).replace('"', "'"))


def _one_line(text):
    return "".join(character if character.isprintable() else " " for character in text)
