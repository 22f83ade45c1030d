# SPDX-License-Identifier: GPL-3.0-or-later
"""Random features: max(0, w x) of the centred features x, with a Gaussian w for each. Many of them make a regression of high
dimension out of one of few features, on the same items."""

import numpy as np

from opening import Refused


class RandomFeatures:
    """The map from features to `count` random ones. The weights are such that w x has the variance 1 on average.

    seed: of numpy's generator PCG64. pieces: (first row, numbers) of all features, which have that `shape` together.
    """

    def __init__(self, count, seed, pieces, shape):
        if count < 1:
            raise Refused(f"--random-features: found {count}; expected a number of features, 1 or more")
        if seed < 0:
            raise Refused(f"--seed: found {seed}; expected 0 or more")
        total, squares = np.zeros(shape[1]), np.zeros(shape[1])
        shift = None
        for _, piece in pieces:
            shift = piece[0].astype(float) if shift is None else shift
            moved = piece - shift
            total += moved.sum(axis=0)
            squares += (moved * moved).sum(axis=0)
        variance = (squares / shape[0] - (total / shape[0]) ** 2).sum()
        if not variance > 0:
            raise Refused("--random-features: all rows of the features are the same; expected features that vary")
        self.mean = shift + total / shape[0]
        self.weights = np.random.default_rng(seed).standard_normal((shape[1], count)) / np.sqrt(variance)

    def apply(self, pieces):
        """(first row, random features) of each piece."""
        for start, piece in pieces:
            yield start, np.maximum((piece - self.mean) @ self.weights, 0)
