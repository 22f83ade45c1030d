#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Losses of power during a run with --fsync: whatever the disk still has, what is reported done is there and right."""

import os
import random
import unittest

import h5py

from failing_disk import SEED, STEPS, DiskTest, disk_log, prepare_sweeps
from program import history

setUpModule = prepare_sweeps


class PowerTest(DiskTest):
    """What a loss of power may leave: any page of the file as it was at any time since the last sync that it saw."""

    PAGE = 4096

    def record(self, *arguments, ranks=None):
        """The calls of a run, of all its ranks, and the file that it found (None: none)."""
        found, log = self.path.read_bytes() if self.path.exists() else None, self.folder / "log"
        code, err = self.run_with(ranks, arguments, DISK_LOG=str(log))
        self.assertEqual(code, 0, err)
        calls = disk_log(log)
        log.unlink()
        return calls, found

    def lose_power(self, calls, found, moments):
        """The file as an outage at a random call may leave it, and how many syncs it had seen; None before its rename. Half of
        the outages come just before a sync, and a page is often as old as it can be, or as new: there an order shows."""
        before_sync = [number for number, (name, _, _) in enumerate(calls) if name == "sync" and number > 0]
        last = moments.choice((moments.randrange(1, len(calls) + 1), moments.choice(before_sync)))
        names = [name for name, _, _ in calls[:last]]
        if found is None and "rename" not in names:
            return None, 0
        synced = last - names[::-1].index("sync") if "sync" in names else 0
        image, pages = bytearray(found or b""), {}
        sizes = [(number, offset) for number, (name, offset, _) in enumerate(calls[:last]) if name == "truncate"]
        sure = sum(number < synced for number, _ in sizes)
        for _, size in sizes[:moments.randint(sure, len(sizes))]:
            image[size:] = bytes(max(0, size - len(image)))
        for number, (name, offset, data) in enumerate(calls[:last]):
            for at in range(offset, offset + len(data)):
                if at == offset or at % self.PAGE == 0:
                    end = min(offset + len(data), (at // self.PAGE + 1) * self.PAGE)
                    pages.setdefault(at // self.PAGE, []).append((number, at, data[at - offset:end - offset]))
        for writes in pages.values():
            sure = sum(number < synced for number, _, _ in writes)
            for _, at, data in writes[:moments.choice((sure, len(writes), moments.randint(sure, len(writes))))]:
                image.extend(bytes(max(0, at + len(data) - len(image))))
                image[at:at + len(data)] = data
        return bytes(image), names.count("sync")

    def images(self, name, start, count, *arguments, ranks=None):
        disk = self.folder / f"{name}-{start}"
        disk.mkdir()
        self.choose(name, disk)
        if start == "resumed":
            self.rewind()
        self.lines = history(self.path) if self.path.exists() else []
        calls, found = self.record(*arguments, ranks=ranks)
        moments = random.Random(f"{SEED} {name} {start}")
        for number in range(count):
            image, syncs = self.lose_power(calls, found, moments)
            if image is not None:
                self.path.write_bytes(image)
                yield number, syncs

    def check_history(self):
        """No line of an earlier run is lost, nor is that of the run that made the file."""
        with h5py.File(self.path, "r", swmr=True) as file:
            lines = file.attrs["history"].decode().splitlines()
        self.assertEqual(lines[:len(self.lines)], self.lines)
        self.assertIn(len(lines), (1, len(self.lines) + 1))

    def test_nothing_done_is_lost(self):
        for name in self.sweeps:
            for start in ("new", "resumed"):
                for number, syncs in self.images(name, start, 2 * STEPS or 500, "--fsync"):
                    with self.subTest(f"MOAT_SEED={SEED}: {name}, {start}, {number}"):
                        self.look()
                        _, tasks = self.sweep.check(self, self.path, self.seen)
                        if start == "new":  # one sync when the file is made, then two for each data set
                            self.assertGreaterEqual(tasks.sum(), min(tasks.size, (syncs - 1) // 2))
                        self.check_history()
                        if number % 4 == 0:  # from the records, which a resumed run writes the attribute anew from
                            self.check_resumed()
                            resumed = history(self.path)
                            self.assertEqual(resumed[:len(self.lines)], self.lines)
                            self.assertIn(len(resumed), (2, 2 + len(self.lines)))

    def test_several_writers(self):
        """What workers have put into the file is on disk before rank 0 calls it done."""
        for start in ("new", "resumed"):
            for number, _ in self.images("grid", start, STEPS or 500, "--fsync", "--writers=workers", ranks=4):
                with self.subTest(f"MOAT_SEED={SEED}: {start}, {number}"):
                    self.look()
                    self.sweep.check(self, self.path, self.seen)
                    self.check_history()
            self.check_resumed()

    def places(self):
        """(offset, bytes) of run/block_state in the file, and offset -> block of the chunks of N_E_star."""
        with h5py.File(self.path) as file:
            state, values = file["run/block_state"].id, file["N_E_star"].id
            shape, size = file["run"].attrs["block_shape"], file["N_E_star"].shape
            N_Is, tau_Es, Qs, _ = (-(-size[axis] // shape[axis]) for axis in range(4))
            blocks = {}
            for number in range(values.get_num_chunks()):
                chunk = values.get_chunk_info(number)
                N_I, tau_E, Q, nu = (at // edge for at, edge in zip(chunk.chunk_offset, shape))
                blocks[chunk.byte_offset] = ((nu * Qs + Q) * N_Is + N_I) * tau_Es + tau_E
            return (state.get_offset(), state.get_storage_size()), blocks

    def test_order_of_several_writers(self):
        """No write says that a block is done before a sync that comes after the block's values, whoever wrote them."""
        self.choose("grid")
        calls, _ = self.record("--fsync", "--writers=workers", ranks=4)
        (state, size), blocks = self.places()
        self.assertEqual(size, len(blocks))
        put, synced, done = set(), set(), set()
        names = [name for name, _, _ in calls]
        for name, offset, data in calls[names.index("rename"):]:
            if name == "sync":
                synced |= put
            elif name == "write" and offset in blocks:
                put.add(blocks[offset])
            elif name == "write" and state <= offset < state + size:
                done |= {offset - state + at for at, one in enumerate(data) if one}
                self.assertLessEqual(done, synced)
        self.assertEqual(done, set(range(size)))

    def test_something_is_lost_without_it(self):
        """The same without --fsync: files that say done what is not there. Else the test above proved nothing."""
        wrong = 0
        for _ in self.images("ridge", "resumed", 60):
            try:
                self.look()
                self.sweep.check(self, self.path, self.seen)
            except (AssertionError, OSError):
                wrong += 1
        self.assertGreater(wrong, 3)

    def test_syncs(self):
        """Where they are, and that each of them that fails ends the run."""
        self.choose("ridge")
        plain, _ = self.record()
        self.assertEqual([name for name, _, _ in plain].count("sync"), 1)
        self.path.unlink()
        calls, _ = self.record("--fsync")
        names = [name for name, _, _ in calls if name in ("sync", "rename")]
        self.assertEqual(names, ["sync", "rename"] + 2 * (self.sweep.tasks + 1) * ["sync"] + ["sync"])
        for number in range(1, names.count("sync") + 1):
            with self.subTest(number):
                self.path.unlink(missing_ok=True)
                self.look()
                code, err = self.run_with(arguments=["--fsync"], DISK_CALLS="fsync", DISK_FAULT=f"EIO:{number}")
                self.check_told(code, err, os.strerror(5))
                self.check_left()
                _, tasks = self.seen
                self.assertIn(tasks.sum(), (min((number - 1) // 2, tasks.size), min(number // 2, tasks.size)))
        self.check_resumed()


if __name__ == "__main__":
    unittest.main()
