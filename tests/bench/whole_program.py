#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the whole program on this machine: speed-up, time to the first result, memory of rank 0, balance of a ladder, and
how time grows with the grid, with the order r = min(N, P) of a ridge task, and with the ranks. Prints tables and draws them.

Times are medians of interleaved runs. Files go to a new folder inside --folder. By default that is in memory, so that the
disk is not measured.
"""

import argparse
import re
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import h5py
import matplotlib
import numpy as np

from pace import Limit
from program import Launch, done_mask, moat

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
ORDERS = (500, 1000, 2000, 4000)
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


class Bench:
    def __init__(self, folder, repetitions):
        self.folder, self.repetitions = folder, repetitions

    def run(self, text, ranks):
        """Runs a config from nothing: (wall seconds of the command, the last line it prints)."""
        name = re.match(r"name: (\w+)", text)[1]
        (self.folder / f"{name}.yaml").write_text(text)
        (self.folder / f"{name}.h5").unlink(missing_ok=True)
        start = time.monotonic()
        code, out, err = moat(self.folder, "run", f"{name}.yaml", ranks=ranks, seconds=SECONDS)
        wall = time.monotonic() - start
        assert code == 0, out + err
        return wall, err.splitlines()[-1] if err else out.splitlines()[-1]

    def market(self, size, ranks):
        """Runs a market sweep: (wall seconds of the command, seconds of the sweep that it prints itself)."""
        wall, last = self.run(MARKET.format(**dict(zip(("n", "tau", "q", "nu"), size))), ranks)
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

    def first_result(self):
        """Prints the seconds until a reader sees the first result, and for the largest grid the memory of rank 0 later."""
        for points, size, later in ((1e6, SIZES[1e6], 0), (1e7, SIZES[1e7], 0), (1e8, HUGE, 15)):
            (self.folder / "market.yaml").write_text(MARKET.format(**dict(zip(("n", "tau", "q", "nu"), size))))
            path = self.folder / "market.h5"
            path.unlink(missing_ok=True)
            start, limit = time.monotonic(), Limit(SECONDS)
            with Launch(self.folder, "run", "market.yaml", "-q", ranks=3) as launch:
                while not any_done(path) and not limit.over():
                    time.sleep(0.01)
                first = time.monotonic() - start
                print(f"{points:.0e} points: first result readable after {first:.2f} s")
                if later:
                    time.sleep(later)
                    status = Path(f"/proc/{launch.rank(0)}/status").read_text()
                    done = int(done_mask(path).sum())
                    megabytes = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024
                    print(f"    {later} s later {done:.1e} points are done; rank 0 has taken {megabytes:.0f} MB at most")

    def tasks(self, P, N, trials, ranks):
        """Runs a ridge sweep: (wall seconds of the command, seconds of each task)."""
        wall, _ = self.run(LADDER.format(P=P, N=N, trials=trials), ranks)
        with h5py.File(self.folder / "ladder.h5") as file:
            return wall, file["run/task_seconds"][()]

    def growth_in_order(self):
        _, seconds = self.tasks(max(ORDERS), f"{{values: {list(ORDERS)}}}", 2, None)
        seconds = np.median(seconds.reshape(len(ORDERS), -1), axis=1)
        print("ridge task, P = 4000, one rank: " + ", ".join(f"r = {r}: {s:.2f} s" for r, s in zip(ORDERS, seconds)))
        return dict(zip(ORDERS, seconds))

    def balance(self):
        wall, seconds = self.tasks(1024, "{log: [16, 1024], points: 13}", 16, 3)
        start, _ = self.tasks(128, "{values: [16, 32, 64, 128]}", 2, 3)  # start-up and everything else but solving
        print(f"ladder of {seconds.size} tasks on 2 workers: {seconds.sum():.2f} s of tasks in {wall - start:.2f} s, "
              f"idle {100 * (1 - seconds.sum() / 2 / (wall - start)):.0f} %")


def exponent(series, above=0):
    x, y = np.array([(x, y) for x, y in series.items() if x >= above]).T
    return np.polyfit(np.log(x), np.log(y), 1)[0]


def draw(path, points, orders, ranks):
    figure, axes = plt.subplots(1, 3, figsize=(10, 3.2), constrained_layout=True)
    workers = {count - 1: seconds for count, seconds in ranks.items() if count > 1}
    for axis, series, label in ((axes[0], points, "grid points, 2 workers"), (axes[1], orders, "order r of a ridge task"),
                                (axes[2], workers, "workers on 2 cores, $10^7$ points")):
        axis.plot(list(series), list(series.values()), "o-", color="black", markersize=4)
        axis.set_xlabel(label)
    for axis, slope, first in ((axes[0], exponent(points, 1e6), "1e6"), (axes[1], exponent(orders, 1000), "1000")):
        axis.set(xscale="log", yscale="log", title=f"exponent {slope:.2f} from {first} on")
    axes[0].set_ylabel("seconds")
    axes[1].set_xticks(list(orders), [str(order) for order in orders])
    axes[1].minorticks_off()
    axes[2].set(xticks=list(workers), ylim=(0, None))
    figure.savefig(path, dpi=150)
    print(f"figure: {path}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("-o", default="growth.png", help="figure to write")
    parser.add_argument("--folder", default="/dev/shm", help="where to put the temporary files")
    parser.add_argument("--repetitions", type=int, default=3, help="runs of each case")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="moat-bench-", dir=arguments.folder))
    try:
        bench = Bench(folder, arguments.repetitions)
        bench.first_result()
        points, ranks = bench.growth_in_points(), bench.ranks()
        bench.balance()
        draw(arguments.o, points, bench.growth_in_order(), ranks)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
