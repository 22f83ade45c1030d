#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the whole program on this machine: speed-up, rank 0's share, time to the first result, memory of rank 0, balance of a
ladder, and how time grows with the grid, with the order r = min(N, P) of a ridge task, with P, and with the ranks. Prints tables
and draws them.

Times are medians of interleaved runs. Files go to a new folder inside --folder. By default that is in memory, so that the
disk is not measured. What would end after --seconds is left out, by its time on the machine of the README and by how much
longer things have taken here so far; the last lines name it.
"""

import argparse
import re
import shutil
import statistics
import tempfile
import time
import unittest.mock
from pathlib import Path

import h5py
import matplotlib
import numpy as np

import program
from pace import Limit, slowness
from program import Launch, done_mask, moat, ranks_script

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

MARKET = """name: market
sweep: market_entry
solver: deterministic
output: market.h5
model: {{gamma: 0.5, P: .inf}}
incumbent: {{tau: 0.9}}
grid:
  N_I:   {{log: [10, 1e12], points: {n}}}
  tau_E: {{linear: [0.6, 1.2], points: {tau}}}
  Q:     {{linear: [0.1, 1.0], points: {q}}}
  nu:    {{linear: [0.6, 2.9], points: {nu}}}
"""
LADDER = """name: ladder
sweep: market_entry
solver: ridge
output: ladder.h5
model: {{gamma: 0.5, P: {P}}}
incumbent: {{tau: 0.9}}
tau_unit: L_star
grid:
  N_I:   {{log: [64, {P}], points: 5}}
  tau_E: {{values: [.inf]}}
  Q:     {{values: [0.1]}}
  nu:    {{values: [1.0, 1.5]}}
ridge: {{P: {P}, N: {N}, trials: {trials}, seed: 1}}
"""
SIZES = {1e3: (10, 10, 5, 2), 1e4: (10, 10, 10, 10), 1e5: (100, 10, 10, 10), 1e6: (100, 100, 10, 10), 1e7: (316, 316, 10, 10)}
HUGE = (1000, 1000, 10, 10)  # 10^8 points
STORE = "store: [N_E_star, status]\n"
ORDERS = (500, 1000, 2000, 4000)
FEATURES, RUNGS_OF_FEATURES = (1024, 4096, 16384, 65536, 262144), (32, 64, 128, 256)
SECONDS = 600  # limit of any wait, see pace.py; the longest run takes a twentieth of it on an idle machine


def any_done(path):
    try:
        return done_mask(path).any()
    except OSError:
        return False


def seconds(text):
    """Of "0.28", "3:10" or "1:02:10"."""
    total = 0.0
    for part in text.split(":"):
        total = 60 * total + float(part)
    return total


class Budget:
    """Seconds that all measurements together may take here."""

    def __init__(self, seconds):
        self.seconds, self.start, self.expected, self.left_out = seconds, time.monotonic(), 0, []

    def pace(self):
        """How many times longer than on the machine of the README things take here."""
        return max(slowness(), (time.monotonic() - self.start) / self.expected if self.expected else 1)

    def measure(self, name, expected, run):
        """What `run` returns; None if it is left out, as it would take `expected` seconds there."""
        pace = self.pace()
        if time.monotonic() - self.start + expected * pace > self.seconds:
            self.left_out.append(f"{name} ({expected} s on the machine of the README, {pace:.1f} times as long here)")
            return None
        self.expected += expected
        return run()


class Bench:
    def __init__(self, folder, repetitions):
        self.folder, self.repetitions = folder, repetitions

    def run(self, text, ranks, *options):
        """Runs a config from nothing: (wall seconds of the command, the last line it prints)."""
        name = re.match(r"name: (\w+)", text)[1]
        (self.folder / f"{name}.yaml").write_text(text)
        (self.folder / f"{name}.h5").unlink(missing_ok=True)
        start = time.monotonic()
        code, out, err = moat(self.folder, "run", f"{name}.yaml", *options, ranks=ranks, seconds=SECONDS)
        wall = time.monotonic() - start
        assert code == 0, out + err
        return wall, next(line for line in reversed(out.splitlines()) if " in " in line)  # progress, of a slow run, is on stderr

    @staticmethod
    def grid(size):
        return MARKET.format(**dict(zip(("n", "tau", "q", "nu"), size)))

    def market(self, size, ranks, *options):
        """Runs a market sweep: (wall seconds of the command, seconds of the sweep that it prints itself)."""
        wall, last = self.run(self.grid(size), ranks, *options)
        return wall, seconds(re.search(r"points in ([\d.:]+)", last)[1])

    def medians(self, cases, run):
        """case -> medians of the numbers that run(case) returns. The cases run in turn."""
        found = {case: [] for case in cases}
        for _ in range(self.repetitions):
            for case in cases:
                found[case].append(run(case))
        return {case: tuple(map(statistics.median, zip(*values))) for case, values in found.items()}

    # --- Measurements

    def growth_in_points(self):
        times = self.medians(SIZES, lambda points: self.market(SIZES[points], 3))
        print("points      command     sweep    points/s   (2 workers)")
        for points, (wall, sweep) in times.items():
            print(f"{points:8.0e} {wall:8.2f} s {sweep:7.2f} s {points / max(sweep, 0.01):9.2e}")
        return {points: wall for points, (wall, _) in times.items()}

    def ranks(self):
        """Times a single process, then 1, 2 and 3 workers, on 10^7 points."""
        times = {ranks: sweep for ranks, (_, sweep) in self.medians((1, 2, 3, 4), lambda n: self.market(SIZES[1e7], n)).items()}
        print(f"10^7 points: alone {times[1]:.2f} s; 1 worker {times[2]:.2f} s, 2 workers {times[3]:.2f} s "
              f"(speed-up {times[2] / times[3]:.2f}), 3 workers {times[4]:.2f} s")
        return times

    def rank_0(self, before):
        """CPU seconds of rank 0 for each point: those of 10^7 points less those of 10^3, which start the program. `before` is
        another build of it, or None."""
        ways = {"workers write": (program.MOAT, "--writers=workers"), "rank 0 writes": (program.MOAT, "--writers=rank-0"),
                **({"before": (before,)} if before else {})}
        line = '[ "${OMPI_COMM_WORLD_RANK:-$PMI_RANK}" = 0 ] || exec "$MOAT" "$@"; "$MOAT" "$@" && times > cpu'

        def cpu(case):
            (way, *options), points = ways[case[0]], case[1]
            with unittest.mock.patch("program.MOAT", way), ranks_script(self.folder, line):
                self.market(SIZES[points], 3, *options)
            children = (self.folder / "cpu").read_text().splitlines()[1]  # "0m0.38s 0m1.02s", user and system
            return (sum(seconds(part) for part in children.replace("m", ":").replace("s", "").split()),)

        times = self.medians([(way, points) for points in (1e3, 1e7) for way in ways], cpu)
        cost = {way: (times[way, 1e7][0] - times[way, 1e3][0]) / 1e7 for way in ways}
        for way in ways:
            print(f"rank 0, {way}: {times[way, 1e7][0]:.2f} s of CPU for 10^7 points, {times[way, 1e3][0]:.2f} s for 10^3: "
                  f"{1e9 * cost[way]:.1f} ns a point, {cost[way] / cost['workers write']:.2g} times that of workers that write")

    def narrow(self):
        """10^8 points of which only N_E_star and status are stored, on one worker and on two."""
        text, path, found = self.grid(HUGE).replace("grid:", STORE + "grid:"), self.folder / "market.h5", {}
        for ranks in (2, 3):
            found[ranks] = self.run(text, ranks)[0]
            with h5py.File(path) as file:
                solving = float(file["run/block_seconds"][...].sum())
            print(f"10^8 points, N_E_star and status: {found[ranks]:.1f} s with {ranks - 1} workers, "
                  f"{found[ranks] * (ranks - 1) / solving:.2f} times that of solving alone", flush=True)
        print(f"    speed-up {found[2] / found[3]:.2f}")

    def first_of(self, text, later):
        """Prints the seconds until a reader sees the first result of a config and, if `later`, the memory of rank 0 then."""
        (self.folder / "market.yaml").write_text(text)
        path = self.folder / "market.h5"
        path.unlink(missing_ok=True)
        start, limit = time.monotonic(), Limit(SECONDS)
        with Launch(self.folder, "run", "market.yaml", "-q", ranks=3) as launch:
            while not any_done(path) and not limit.over():
                time.sleep(0.01)
            print(f"    first result readable after {time.monotonic() - start:.2f} s", flush=True)
            if later:
                time.sleep(later)
                status = Path(f"/proc/{launch.rank(0)}/status").read_text()
                done = int(done_mask(path).sum())
                megabytes = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024
                print(f"    {later} s later {done:.1e} points are done; rank 0 has taken {megabytes:.0f} MB at most")

    def first_result(self, points):
        """The same of 10^6, 10^7 and 10^8 points."""
        print(f"{points:.0e} points:")
        self.first_of(self.grid(HUGE if points == 1e8 else SIZES[points]), 15 if points == 1e8 else 0)

    def narrow_first_result(self):
        print("1e+08 points, N_E_star and status:")
        self.first_of(self.grid(HUGE).replace("grid:", STORE + "grid:"), 0)

    def tasks(self, P, N, trials, ranks):
        """Runs a ridge sweep: (wall seconds of the command, seconds of each task)."""
        wall, _ = self.run(LADDER.format(P=P, N=N, trials=trials), ranks)
        with h5py.File(self.folder / "ladder.h5") as file:
            return wall, file["run/task_seconds"][()]

    def growth_in_order(self):
        _, times = self.tasks(max(ORDERS), f"{{values: {list(ORDERS)}}}", 2, None)
        times = np.median(times.reshape(len(ORDERS), -1), axis=1)
        print("ridge task, P = 4000, one rank: " + ", ".join(f"r = {r}: {s:.2f} s" for r, s in zip(ORDERS, times)))
        return dict(zip(ORDERS, times))

    def growth_in_features(self):
        """Seconds of a trial, all rungs together, as they may share work."""
        found = {P: float(np.median(self.tasks(P, f"{{values: {list(RUNGS_OF_FEATURES)}}}", 3, None)[1].reshape(
            len(RUNGS_OF_FEATURES), -1).sum(axis=0))) for P in FEATURES}
        print("ridge trial, N = 32 to 256, one rank: " + ", ".join(f"P = {P}: {s:.3g} s" for P, s in found.items()))
        return found

    def balance(self):
        wall, seconds = self.tasks(1024, "{log: [16, 1024], points: 13}", 16, 3)
        start, _ = self.tasks(128, "{values: [16, 32, 64, 128]}", 2, 3)  # start-up and everything else but solving
        print(f"ladder of {seconds.size} tasks on 2 workers: {seconds.sum():.2f} s of tasks in {wall - start:.2f} s, "
              f"idle {100 * (1 - seconds.sum() / 2 / (wall - start)):.0f} %")


def exponent(series, above=0):
    x, y = np.array([(x, y) for x, y in series.items() if x >= above]).T
    return np.polyfit(np.log(x), np.log(y), 1)[0]


def draw(path, points, orders, features, ranks):
    """Series that were not measured, None, leave their panel empty."""
    figure, axes = plt.subplots(1, 4, figsize=(13, 3.2), constrained_layout=True)
    workers = ranks and {count - 1: seconds for count, seconds in ranks.items() if count > 1}
    panels = ((points, "grid points, 2 workers", 1e6, "1e6"), (orders, "order r of a ridge task, P = 4000", 1000, "1000"),
              (features, "features P of a trial, N = 32 to 256", 16384, "16384"),
              (workers, "workers on 2 cores, $10^7$ points", None, None))
    for axis, (series, label, first, first_text) in zip(axes, panels):
        axis.set_xlabel(label)
        if not series:
            axis.set(xticks=[], yticks=[], title="left out")
            continue
        axis.plot(list(series), list(series.values()), "o-", color="black", markersize=4)
        if first:
            axis.set(xscale="log", yscale="log", title=f"exponent {exponent(series, first):.2f} from {first_text} on")
        else:
            axis.set(xticks=list(series), ylim=(0, None))
    axes[0].set_ylabel("seconds")
    if orders:
        axes[1].set_xticks(list(orders), [str(order) for order in orders])
        axes[1].minorticks_off()
    figure.savefig(path, dpi=150)
    print(f"figure: {path}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("-o", default="growth.png", help="figure to write")
    parser.add_argument("--folder", default="/dev/shm", help="where to put the temporary files")
    parser.add_argument("--repetitions", type=int, default=3, help="runs of each case")
    parser.add_argument("--seconds", type=float, default=900, help="what would end later is left out")
    parser.add_argument("--before", metavar="PROGRAM", help="another build of moat, for rank 0's share")
    arguments = parser.parse_args()
    folder, budget = Path(tempfile.mkdtemp(prefix="moat-bench-", dir=arguments.folder)), Budget(arguments.seconds)
    try:
        bench = Bench(folder, arguments.repetitions)
        # The seconds are those of three repetitions on the machine of the README.
        points = budget.measure("growth in points", 25, bench.growth_in_points)
        orders = budget.measure("growth in the order", 60, bench.growth_in_order)
        features = budget.measure("growth in features", 20, bench.growth_in_features)
        for size, seconds in ((1e6, 1), (1e7, 2)):
            budget.measure(f"first result of {size:.0e} points", seconds, lambda size=size: bench.first_result(size))
        budget.measure("balance of a ladder", 10, bench.balance)
        ranks = budget.measure("growth in ranks", 75, bench.ranks)
        budget.measure("rank 0's share", 60, lambda: bench.rank_0(arguments.before))
        budget.measure("first result of 1e+08 points, N_E_star and status", 5, bench.narrow_first_result)
        budget.measure("1e+08 points, N_E_star and status", 120, bench.narrow)
        budget.measure("first result of 1e+08 points", 40, lambda: bench.first_result(1e8))
        draw(arguments.o, points, orders, features, ranks)
    finally:
        shutil.rmtree(folder)
    for name in budget.left_out:
        print(f"left out: {name}")


if __name__ == "__main__":
    main()
