#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configs made to take for ever or all memory, through the program: refused within a second of CPU and 100 MB."""

import os
import subprocess
import time
import unittest

from pace import slowness
from program import MOAT, ProgramTest
from sweeps import MIXED

SECONDS, KILOBYTES = (120, 2 << 20) if "MOAT_SANITIZED" in os.environ else (1, 100 << 10)  # see test_damaged.py and pace.py
LAUGHS = "".join(f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi"))


def edit(*pairs):
    """MIXED with each first text of the pairs, which it must have, replaced by the second."""
    text = MIXED
    for before, after in pairs:
        if before not in text:
            raise ValueError(before)
        text = text.replace(before, after)
    return text


N_I = "{values: [1, 2, 5, 10, 100, 1e3, 1e4, 1e6, 1e9, 1e12, .inf]}"
TAU_E = "{values: [0.1, 0.24, 0.3, 0.5, 0.8, 0.9, 0.95, 1.0, 1.2, 2, .inf]}"
NU = "{values: [0.6, 1.0, 2.0, 3.0]}"
RIDGE = "deterministic\nridge: {P: 64, N: {linear: [1, 1e7], points: 1e8}, trials: 2, seed: 1}"

# what is wrong -> text, a part of the message
BOMBS = {
    "ten to the ninth laughs": ("a: &a [ha, ha]\n" + LAUGHS, "an anchor"),
    "an alias of itself": ("name: &a [*a]\n", "an anchor"),
    "merged keys": (edit(("name: mixed", "base: &base {x: 1}\n<<: *base")), "an anchor"),
    "lists 10^5 deep": ("name: " + "[" * 10 ** 5 + "]" * 10 ** 5, "nested"),
    "mappings 10^5 deep": ("{a: " * 10 ** 5 + "}" * 10 ** 5, "nested"),
    "indented lists 10^3 deep": ("".join(" " * depth + "-\n" for depth in range(1000)), "nested"),
    "lists in one line, 10^5 deep": ("- " * 10 ** 5 + "a", "nested"),
    "lists in a key": ("? " * 10 ** 5 + "a", "a key that is a list"),
    "10^5 keys": ("".join(f"k{number}: 1\n" for number in range(10 ** 5)), "keys"),
    "one key, 10^5 times": ("key: 1\n" * 10 ** 5, "second time"),
    "a number of 10^6 digits": (edit(("tau: 0.9", "tau: 0." + "9" * 10 ** 6 + "x")), "tau"),
    "an exponent of 10^6 digits": (edit(("tau: 0.9", "tau: 1e" + "9" * 10 ** 6)), "double"),
    "10^5 equal values": (edit((NU, "{values: [" + "1, " * 10 ** 5 + "1]}")), "greater"),
    "not a number": (edit(("tau: 0.9", "tau: .nan")), "decimal number"),
    "not a number among values": (edit((NU, "{values: [0.6, .nan]}")), "decimal number"),
    "not a number of points": (edit((NU, "{linear: [0.6, 3], points: .nan}")), "decimal number"),
    "an overflow": (edit(("tau: 0.9", "tau: 1e999")), "double"),
    "an overflow of points": (edit((NU, "{linear: [0.6, 3], points: 1e999}")), "double"),
    "2^64 points": (edit((NU, "{linear: [0.6, 3], points: 18446744073709551616}")), "2 to 1e8"),
    "10^12 points": (edit((N_I, "{log: [1, 1e15], points: 1e6}"), (TAU_E, "{log: [1, 2], points: 1e6}")), "1e10"),
    "10^32 points": (edit((N_I, "{log: [1, 1e15], points: 1e8}"), (TAU_E, "{log: [1, 2], points: 1e8}"),
                          (NU, "{linear: [0.6, 3], points: 1e8}"),
                          ("{linear: [0.1, 1.0], points: 8}", "{linear: [0.1, 1.0], points: 1e8}")), "1e10"),
    "10^8 points, then a mistake": (edit((N_I, "{log: [1, 1e15], points: 1e8}"), (NU, "{values: [9]}")), "nu"),
    "10^8 points in no room": (edit((N_I, "{log: [1, 1.000000001], points: 1e8}"), (NU, "{values: [1]}")), "same double"),
    "10^8 rungs": (edit(("deterministic", RIDGE.replace("deterministic", "ridge")), ("P: .inf", "P: 64")), "whole"),
    "a config of 1 GB": (None, "1 MiB"),
}


class BombsTest(ProgramTest):
    def refuse(self, command, said):
        """Runs the program, which must refuse hostile.yaml: seconds of CPU and kB of memory that it took."""
        with open(self.folder / "message", "w+b") as message:
            process = subprocess.Popen([MOAT, command, "hostile.yaml"], cwd=self.folder, stderr=message,
                                       stdout=subprocess.DEVNULL, env=dict(os.environ, TMPDIR=str(self.folder)))
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            message.seek(0)
            text = message.read().decode()
        self.assertEqual(process.returncode, 2, text)
        self.assertRegex(text, rf"^moat: hostile\.yaml.*{said}.*\n$")
        return used.ru_utime + used.ru_stime, used.ru_maxrss

    def test_bombs(self):
        for wrong, (text, said) in BOMBS.items():
            if text is None:
                self.write("hostile.yaml", MIXED)
                os.truncate(self.folder / "hostile.yaml", 1 << 30)
                said = "NUL"  # the hole that makes it large
            else:
                self.write("hostile.yaml", text)
            for command in ("run", "plan"):
                with self.subTest(wrong, command=command):
                    seconds, kilobytes = self.refuse(command, said)
                    self.assertLess(seconds, SECONDS * slowness(time.process_time))
                    self.assertLess(kilobytes, KILOBYTES)


if __name__ == "__main__":
    unittest.main()
