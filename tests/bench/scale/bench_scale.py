# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the coordinator with up to 4096 simulated workers.

Measures costs on this machine, simulates with SimGrid, and prints the tables of tests/bench/README.md. Called by
`make bench-scale`. Usage: bench_scale.py BUILD, the folder with the programs `costs` and `simulated`.
"""

import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
WORKERS = [2, 8, 64, 512, 4096]
BLOCKS_PER_WORKER = 8
BLOCKS_LEAST = 128  # src/sweep/grid.c divides a large grid into no fewer blocks
CORES, LINK, LATENCY = 64, "12.5GBps", "1.5us"  # of a node, its link, and each hop

# All costs come from `costs`. SMPI must not add the CPU time of this process, or factors fitted to another cluster.
SETTINGS = {
    "smpi/simulate-computation": "no", "smpi/host-speed": "1Gf", "smpi/iprobe": "1e-6", "smpi/test": "1e-6", "smpi/grow-injected-times": "no",
    "smpi/lat-factor": "0:1", "smpi/bw-factor": "0:1", "contexts/stack-size": "64", "contexts/guard-size": "0",
}


def measure(build):
    """Runs `costs`. Returns three things: name -> list of numbers; number of workers -> trials and the ranks of each rung's
    group; the seconds of a task of each rung."""
    command = [build / "costs", HERE / "threshold.yaml", HERE / "ladder.yaml", build / "costs.h5", *map(str, WORKERS)]
    costs, groups, rungs = {}, {}, []
    for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines():
        name, *values = line.split()
        if name == "groups":
            groups[int(values[0])] = values[1:]
        elif name == "rung":
            rungs.append(float(values[1]))
        else:
            costs[name] = [float(value) for value in values]
    (build / "costs.h5").unlink()
    return costs, groups, rungs


def write_cluster(build):
    """Writes SimGrid's platform, a cluster with full bisection bandwidth, and a host file with a slot for every rank."""
    nodes = WORKERS[-1] // CORES + 1
    (build / "platform.xml").write_text(
        '<?xml version="1.0"?>\n<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">\n<platform version="4.1">\n'
        f'<cluster id="cluster" prefix="node-" suffix="" radical="0-{nodes - 1}" core="{CORES}" speed="1Gf" bw="{LINK}" '
        f'lat="{LATENCY}" loopback_bw="{LINK}" loopback_lat="{LATENCY}"/>\n</platform>\n')
    (build / "hosts").write_text("".join(f"node-{node}\n" * CORES for node in range(nodes)))


def simulate(build, workers, arguments):
    """Runs a simulation: (makespan in s, efficiency, fraction of the time that rank 0 is busy, records per second)."""
    command = ["smpirun", "-no-privatize", "-np", str(workers + 1), "-platform", build / "platform.xml", "-hostfile",
               build / "hosts", "--log=root.thres:error", *(f"--cfg={key}:{value}" for key, value in SETTINGS.items()),
               build / "simulated", *(f"{argument}" for argument in arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"bench_scale: {workers} workers: smpirun failed: {done.stderr.strip()[-2000:]}")
    makespan, work, busy, records = map(float, done.stdout.split()[1:5])
    return makespan, work / (workers * makespan), busy / makespan, records / makespan


def blocks(costs, seconds, record_seconds, put_seconds=-1):
    """Function from the number of workers to the arguments with which `simulated` runs a sweep of blocks.

    seconds: the time each block takes. record_seconds: rank 0's time for one record, or report. put_seconds: a worker's time to
    put a record into the file; negative: rank 0 writes.
    """
    N_I, tau_E = map(int, costs["shape"])
    return lambda workers: ["blocks", max(BLOCKS_LEAST, BLOCKS_PER_WORKER * workers), N_I, tau_E, put_seconds, record_seconds,
                            *seconds]


def ladder(groups, rungs, record_seconds):
    """Likewise for a ladder. rungs: seconds of a task of each rung on one rank."""
    def arguments(workers):
        trials, *sizes = groups[workers]
        return ["ladder", trials, record_seconds, *(f"{seconds}:{size}" for seconds, size in zip(rungs, sizes))]
    return arguments


def half_efficient(build, arguments, rows):
    """The number of workers, to 3 %, from which efficiency is below one half; None if it never is.

    rows: workers -> result of `simulate`, for all WORKERS.
    """
    below = next((workers for workers in WORKERS if rows[workers][1] < 0.5), None)
    if below is None or below == WORKERS[0]:
        return below
    above = WORKERS[WORKERS.index(below) - 1]
    while below - above > max(1, 0.03 * above):
        middle = round((above * below) ** 0.5)
        middle = min(max(middle, above + 1), below - 1)
        above, below = (above, middle) if simulate(build, middle, arguments(middle))[1] < 0.5 else (middle, below)
    return below


def table(build, title, arguments, bisect=True):
    print(f"\n{title}\n\n| workers | makespan, s | efficiency | rank 0 busy | records/s |\n|---|---|---|---|---|")
    rows = {}
    for workers in WORKERS:
        rows[workers] = makespan, efficiency, busy, rate = simulate(build, workers, arguments(workers))
        print(f"| {workers} | {makespan:.3g} | {efficiency:.2f} | {busy:.2f} | {rate:.3g} |", flush=True)
    limit = half_efficient(build, arguments, rows) if bisect else None
    print(f"\nEfficiency below .5 from {limit} workers on." if limit else
          f"\nLowest efficiency {min(row[1] for row in rows.values()):.2f}.", flush=True)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    costs, groups, rungs = measure(build)
    write_cluster(build)
    solve = costs["solve"]
    mean = sum(solve) / len(solve)
    message, write = costs["message_block"][0], costs["write_block"][0]
    report = costs["message_report"][0] + costs["mark_block"][0]
    print(f"Measured here, CPU seconds: a block {mean:.3g} ({costs['record_bytes'][0] / 1e6:.3g} MB), writing it {write:.2g} of a "
          f"worker, its report {costs['message_report'][0]:.2g} and marking it {costs['mark_block'][0]:.2g} of rank 0, or its message "
          f"{message:.2g} and writing it of rank 0; a task {rungs[0]:.2g} to {rungs[-1]:.3g}, its messages "
          f"{costs['message_task'][0]:.2g}, writing it {costs['write_task'][0]:.2g}.")
    table(build, "Threshold blocks, writing free", blocks(costs, solve, message))
    table(build, "Threshold blocks, written by the workers", blocks(costs, solve, report, write))
    table(build, "Blocks of a second, written by the workers", blocks(costs, [seconds / mean for seconds in solve], report, write))
    table(build, "Threshold blocks, one writer", blocks(costs, solve, message + write))
    table(build, "Blocks of a second, one writer", blocks(costs, [seconds / mean for seconds in solve], message + write))
    table(build, "Mixed ladder, one writer",
          ladder(groups, rungs, costs["message_task"][0] + costs["write_task"][0]), bisect=False)


if __name__ == "__main__":
    main()
