# SPDX-License-Identifier: GPL-3.0-or-later
"""The coefficients of one trial's data sets, N on a ladder, as a researcher would compute them: each data set for itself.

Prints one line of JSON: the seconds it took without imports, and [rung][nu][level][A0, A1, A2, D].
Usage: ladder.py svd|ridge TASK, which is JSON: gamma, P, trial, and lists nu, N, level. Source: MODEL.md section 8.
"""

import json
import sys
import time

import numpy as np

import tables


def main():
    way = {"svd": tables.by_svd, "ridge": tables.by_ridge}[sys.argv[1]]
    task = json.loads(sys.argv[2])
    start = time.perf_counter()
    index = np.arange(1, task["P"] + 1)
    sigma = index ** -(1 + task["gamma"])
    bs = [index ** (task["gamma"] - nu) for nu in task["nu"]]
    X = np.random.default_rng([1, task["trial"]]).standard_normal((max(task["N"]), task["P"])) * np.sqrt(sigma)
    found = [[table.tolist() for table in way(X[:N], sigma, bs, np.array(task["level"]))] for N in task["N"]]
    print(json.dumps({"seconds": time.perf_counter() - start, "tables": found}))


if __name__ == "__main__":
    main()
