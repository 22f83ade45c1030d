# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares moat with its peers, the programs a researcher would write otherwise: both do the same work in turn.

Prints a table of medians: seconds per unit of work for whole programs from start to end, and for the solving alone. The
latter come from group `run` of moat's file and from the peer's own clock. moat solves the deterministic market too fast
to time on the peer's grid, so its rate is measured on a larger one. Fails if a peer and moat disagree.
Usage: peers.py MOAT WORK_FOLDER [REPETITIONS]; the environment variable MPIRUN has the launcher.
"""

import importlib.util
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

import h5py
import numpy as np

import market

HERE = pathlib.Path(__file__).resolve().parent

RANKS = 3                # the first of them hands out the work, in moat and in mpi4py
MARKET_TOLERANCE = 1e-8  # allows for the peer's own tolerances of 1e-10 in ln N and 1e-5 in ln lambda
RIDGE_TOLERANCE = 1e-4   # between the two peers; allows for splines in lambda and for SLSQP's ftol
RIDGE_DEVIATIONS = 4     # between data sets of different generators, in combined standard errors
MANY_POINTS = 20_000     # values of N_I on the grid that measures moat's rate
TIMED_TRIALS, COMPARED_TRIALS = 3, 16
LADDER_P, LADDER_N, LADDER_NU = 16384, (16, 512, 29), (0.75, 1.5)
LADDER_TRIALS = 4        # each is a repetition of its own: moat's sweeps have two
LADDER_DEVIATIONS = 3    # of the tables of both generators, in combined standard errors, root mean square
LEVELS_FITTED = 8        # every eighth of moat's ridge levels: scikit-learn fits each anew

CONFIG = """\
name: peers
sweep: market_entry
solver: {solver}
output: peers.h5
model: {{gamma: {gamma}, P: {P}}}
incumbent: {{tau: {tau}}}
tau_unit: L_star
grid:
  N_I:   {N_I}
  tau_E: {{values: {tau_E}}}
  Q:     {{values: {Q}}}
  nu:    {{values: [{nu}]}}
"""


class Refused(Exception):
    """Why the comparison cannot go on."""


class Work:
    """One task solved by moat and by a peer. moat, peer: (whole, solving) seconds per unit, for every repetition."""

    def __init__(self, name, unit):
        self.name, self.unit = name, unit
        self.moat, self.peer = [], []

    def line(self):
        cells = []
        for kind in range(2):
            moat, peer = ([seconds[kind] for seconds in side] for side in (self.moat, self.peer))
            ratio = statistics.median(theirs / ours for theirs, ours in zip(peer, moat))
            cells += [f"{statistics.median(moat):10.3g}", f"{statistics.median(peer):10.3g}", f"{ratio:9.3g}"]
        return f"{self.name:34}{self.unit:>11}" + "".join(cells)


class Bench:
    """Runs the programs. moat: path of the program. folder: for configs and results."""

    def __init__(self, moat, folder):
        self.moat, self.folder = moat, pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.mpirun = [*os.environ.get("MPIRUN", "mpirun --oversubscribe").split(), "-n", str(RANKS)]

    def config(self, name, **settings):
        path = self.folder / f"{name}.yaml"
        ladder = settings.pop("ladder", "")
        path.write_text(CONFIG.format(**settings) + ladder)
        return path

    def run_moat(self, config, ranks=1):
        """Runs a sweep from nothing: (seconds of the whole program, seconds of solving, path of the results file)."""
        output = config.with_suffix(".h5")
        launch = self.mpirun if ranks > 1 else []
        whole, _ = timed([*launch, self.moat, "run", config, "--force", "--quiet", "-o", output])
        with h5py.File(output) as file:
            solving = sum(np.sum(file["run"][name][...]) for name in ("block_seconds", "task_seconds")
                          if name in file["run"])
        return whole, solving / max(ranks - 1, 1), output

    def run_peer(self, script, *arguments, ranks=1):
        """Runs a peer: (seconds of the whole program, the JSON it prints)."""
        launch = [*self.mpirun, sys.executable, "-m", "mpi4py.futures"] if ranks > 1 else [sys.executable]
        whole, text = timed([*launch, HERE / script, *map(str, arguments)])
        return whole, json.loads(text)


def timed(command):
    start = time.perf_counter()
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        raise Refused(f"{' '.join(map(str, command))}: exit code {done.returncode}; its message is above")
    return seconds, done.stdout


def thresholds(path, *more):
    with h5py.File(path) as file:
        return [file[name][...].ravel() for name in ("N_E_star", *more)]


def check(what, found, limit):
    print(f"{what}: {found:.2g}, allowed {limit:g}")
    if not found <= limit:
        raise Refused(f"{what}: found {found:.3g}; expected at most {limit:g}: the programs do not solve the same task")


def yaml_list(values):
    return str(list(values)).replace("inf", ".inf")


def bench_market(bench, repetitions, ranks):
    """The deterministic market on the peer's grid. moat's rate of solving is measured with many more values of N_I."""
    settings = {"solver": "deterministic", "gamma": market.GAMMA, "P": market.P, "tau": market.TAU_I,
                "tau_E": yaml_list(market.GRID["tau_E"]), "Q": yaml_list(market.GRID["Q"]), "nu": market.NU}
    same = bench.config("market", N_I=f"{{values: {market.GRID['N_I']}}}", **settings)
    low, high = market.GRID["N_I"][0], market.GRID["N_I"][-1]
    many = bench.config("market-many", N_I=f"{{log: [{low}, {high}], points: {MANY_POINTS}}}", **settings)
    points = np.prod([len(values) for values in market.GRID.values()])
    rate_points = MANY_POINTS * points / len(market.GRID["N_I"])
    work = Work(f"market: {'SciPy, 1 process' if ranks == 1 else f'mpi4py.futures, {ranks} ranks'}", "threshold")
    difference = 0.0
    for _ in range(repetitions):
        whole, _, path = bench.run_moat(same, ranks)
        _, solving, _ = bench.run_moat(many, ranks)
        work.moat.append((whole / points, solving / rate_points))
        whole, peer = bench.run_peer("market.py", *(["--pool"] if ranks > 1 else []), ranks=ranks)
        work.peer.append((whole / points, peer["seconds"] / points))
        ours, theirs = thresholds(path)[0], np.array(peer["N_E_star"], dtype=float)
        if not np.array_equal(np.isnan(ours), np.isnan(theirs)) or np.all(np.isnan(ours)):
            raise Refused(f"{path}: moat and market.py find thresholds at different points")
        difference = max(difference, np.nanmax(np.abs(theirs / ours - 1)))
    check(f"{work.name}, {np.sum(np.isfinite(ours))} of {points} points: largest relative difference of N_E*",
          difference, MARKET_TOLERANCE)
    return [work]


def bench_ridge(bench, repetitions):
    """The market from sampled data. Its unit is a data set, because the data sets cause its cost."""
    import ridge

    def config(trials):
        ladder = f"ridge: {{P: {ridge.P}, N: {{values: {ridge.LADDER}}}, trials: {trials}, seed: 1}}\n"
        return bench.config(f"ridge-{trials}", solver="ridge", gamma=ridge.GAMMA, P=ridge.P, tau=ridge.TAU_I,
                            tau_E="[.inf]", Q=[ridge.Q], nu=ridge.NU, N_I=f"{{values: {ridge.N_I}}}", ladder=ladder)

    data_sets = len(ridge.LADDER) * TIMED_TRIALS
    works = {"svd": Work("ridge: SVD path, 1 process", "data set"),
             "slsqp": Work("ridge: sklearn, SLSQP, 1 process", "data set")}
    found = {}
    for _ in range(repetitions):
        whole, solving, _ = bench.run_moat(config(TIMED_TRIALS))
        for way, work in works.items():
            work.moat.append((whole / data_sets, solving / data_sets))
            peer_whole, peer = bench.run_peer("ridge.py", way, TIMED_TRIALS)
            work.peer.append((peer_whole / data_sets, peer["seconds"] / data_sets))
            found[way] = np.array(peer["N_E_star"])
    check("ridge, SLSQP against SVD path, same data: largest relative difference of N_E*",
          np.max(np.abs(found["slsqp"] / found["svd"] - 1)), RIDGE_TOLERANCE)
    _, _, path = bench.run_moat(config(COMPARED_TRIALS))
    ours, stderr = thresholds(path, "N_E_star_stderr")
    _, peer = bench.run_peer("ridge.py", "svd", COMPARED_TRIALS, "--jackknife")
    difference = np.array(peer["N_E_star"]) - ours
    check(f"ridge, {COMPARED_TRIALS} trials of either generator, N_E* apart by up to "
          f"{100 * np.max(np.abs(difference / ours)):.2g} %: in combined standard errors",
          np.max(np.abs(difference) / np.hypot(stderr, peer["stderr"])), RIDGE_DEVIATIONS)
    return list(works.values())


def bench_ladder(bench):
    """The ladder of one trial at large P, whose data sets are nested. Its unit is a trial with 64 ridge levels."""
    def config(trial):
        low, high, rungs = LADDER_N
        ladder = (f"ridge: {{P: {LADDER_P}, N: {{log: [{low}, {high}], points: {rungs}}}, trials: 2, seed: {trial + 1}}}\n")
        return bench.config("ladder", solver="ridge", gamma=0.5, P=LADDER_P, tau=0.9, tau_E="[.inf]", Q=[0.1],
                            nu=f"{LADDER_NU[0]}, {LADDER_NU[1]}", N_I="{values: [128]}", ladder=ladder)

    works = {"svd": Work("ladder: SVD for each rung", "trial"), "ridge": Work("ladder: sklearn, a fit a level", "trial")}
    ours, theirs, fitted = [], [], []
    for trial in range(LADDER_TRIALS):
        whole, solving, path = bench.run_moat(config(trial))
        with h5py.File(path) as file:
            N, level = (file[name][...] for name in ("ridge/N", "ridge/lambda"))
            ours += list(np.stack([file[f"ridge/{name}"][...] for name in ("A1", "A2", "D")], axis=-1).swapaxes(0, 1))
        for way, work in works.items():
            some = level if way == "svd" else level[LEVELS_FITTED - 1::LEVELS_FITTED]
            task = {"gamma": 0.5, "P": LADDER_P, "trial": trial, "nu": LADDER_NU, "N": N.astype(int).tolist(),
                    "level": some.tolist()}
            peer_whole, peer = bench.run_peer("ladder.py", way, json.dumps(task))
            work.moat.append((whole / 2, solving / 2))
            work.peer.append(tuple(seconds * len(level) / len(some) for seconds in (peer_whole, peer["seconds"])))
            (theirs if way == "svd" else fitted).append(np.array(peer["tables"])[..., 1:])
    at = slice(LEVELS_FITTED - 1, None, LEVELS_FITTED)
    check("ladder, scikit-learn against SVD, same data: largest difference of A1, A2 and D, relative to the largest of each",
          np.max(np.abs(np.array(fitted) - np.array(theirs)[:, :, :, at]) / np.max(np.abs(theirs), axis=(0, 1, 2, 3))), 1e-9)
    means, errors = zip(*((np.mean(side, axis=0), np.var(side, axis=0, ddof=1) / len(side)) for side in (ours, theirs)))
    check(f"ladder, {len(ours)} trials against {len(theirs)}: root mean square difference of the tables in combined standard errors",
          np.sqrt(np.mean((means[0] - means[1]) ** 2 / (errors[0] + errors[1]))), LADDER_DEVIATIONS)
    return list(works.values())


def have(module, package, what):
    found = importlib.util.find_spec(module) is not None
    if not found:
        print(f"left out: {what}, which needs {package}")
    return found


def main(argv):
    """Runs the command line; returns the exit code."""
    bench, repetitions = Bench(argv[1], argv[2]), int(argv[3]) if len(argv) > 3 else 3
    try:
        works = bench_market(bench, repetitions, 1)
        if have("mpi4py", "python3-mpi4py", "the market under mpi4py.futures"):
            works += bench_market(bench, repetitions, RANKS)
        if have("sklearn", "python3-sklearn", "ridge regression"):
            works += bench_ridge(bench, repetitions) + bench_ladder(bench)
    except Refused as refusal:
        print(f"peers.py: {refusal}", file=sys.stderr)
        return 1
    print(f"\nSeconds per unit, medians of {repetitions}, and the ratio of peer to moat")
    print(f"{'':45}{'whole program':>29}{'solving alone':>29}")
    print(f"{'':34}{'unit':>11}" + 2 * f"{'moat':>10}{'peer':>10}{'ratio':>9}")
    print("\n".join(work.line() for work in works))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
