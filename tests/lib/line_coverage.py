#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which lines of src ran, of a build with --coverage: `line_coverage.py BUILD` prints the share of each folder and writes
BUILD/coverage.txt, which lists each file with the lines that did not run."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path


def counts(build):
    """file of src -> line -> how often it ran, over all programs of the build."""
    notes = sorted(str(path) for path in build.rglob("*.gcno"))
    shown = subprocess.run([os.environ.get("GCOV", "gcov"), "--json-format", "--stdout", *notes], capture_output=True, text=True,
                           check=True).stdout
    found = defaultdict(lambda: defaultdict(int))
    for report in map(json.loads, shown.splitlines()):
        for file in report["files"]:
            if file["file"].startswith("src/"):
                for line in file["lines"]:
                    found[file["file"]][line["line_number"]] += line["count"]
    return found


def ranges(numbers):
    """Rising numbers as text, neighbours joined: 3-5, 9."""
    parts = []
    for number in numbers:
        if parts and parts[-1][1] == number - 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ", ".join(f"{first}-{last}" if last > first else str(first) for first, last in parts)


def main(build):
    folders, lines = defaultdict(lambda: [0, 0]), []
    for file, count in sorted(counts(build).items()):
        missed = sorted(line for line, times in count.items() if times == 0)
        lines.append(f"{file}: {len(count) - len(missed)} of {len(count)} lines ran" + (f"; not {ranges(missed)}" if missed else ""))
        for name in (str(Path(file).parent), "all"):
            folders[name][0] += len(count) - len(missed)
            folders[name][1] += len(count)
    (build / "coverage.txt").write_text("\n".join(lines) + "\n")
    for name, (ran, total) in sorted(folders.items(), key=lambda item: item[1][0] / item[1][1]):
        print(f"{100 * ran / total:5.1f} %  {ran:5d} of {total:5d} lines  {name}")
    print(f"lines that did not run: {build / 'coverage.txt'}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
