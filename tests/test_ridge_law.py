# SPDX-License-Identifier: GPL-3.0-or-later
"""`sweep: scaling_law` with `solver: ridge`: losses and their standard errors from the file's own tables, and against theory."""

import unittest

import numpy as np

from program import ProgramTest, read, solve, temporary_folder
from ridge_tables import between_levels, jackknife, means, quadratic
from sweeps import law

OK, FAILED = 1, 6
P = 192
RUNGS = (8, 11, 16, 23, 32, 45, 64, 90, 128, 192, 256)
LADDER = f"{{P: {P}, N: {{values: {list(RUNGS)}}}, trials: 12, seed: 1}}"
AXES = {"alpha": "{values: [0.75, 0.95, 1]}", "Q": "{values: [0.1, 0.5]}", "nu": "{values: [0.75, 1.5]}", "P": P}


def excess(tables, A0, Q, alpha):
    """L1 less a^2 L*, which is what infinite data leave."""
    c0, c1, c2 = quadratic(tables, A0, Q)
    a = 1 - alpha
    return c0 + c1 * a + (c2 - 2 * Q * A0) * a ** 2


class RidgeLawTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        """One sweep at the best ridge level, outside of the ladder, on rungs and between them; one at nodes of its tables."""
        folder = temporary_folder(cls.addClassCleanup)
        cls.best = read(solve(folder, law("best", N="{values: [7, 11, 32, 50, 64, 128, 256, 257]}", ridge=LADDER, **AXES)))
        cls.nodes = np.array([20, 40, 55, 63])
        levels = ", ".join(repr(float(level)) for level in cls.best["ridge/lambda"][cls.nodes])
        cls.bound = read(solve(folder, law("bound", ridge_levels=f"{{values: [{levels}]}}", N="{values: [11, 64, 256]}",
                                           ridge=LADDER, **AXES)))

    def points(self, values):
        """(index, N, alpha, Q, A0, tables over [lambda] of all trials and without each) of the points that are on rungs."""
        for nu, A0 in enumerate(values["ridge/A0"]):
            tables = means(values, nu)
            for at in np.ndindex(*values["status"].shape[-4:-1]):
                N, alpha, Q = (values[name][k] for name, k in zip(("N", "alpha", "Q"), at))
                if N in RUNGS:
                    rung = RUNGS.index(N)
                    yield (*at, nu), N, alpha, Q, A0, [{name: table[rung] for name, table in one.items()} for one in tables]

    def test_at_nodes_of_the_tables(self):
        """Where nothing is interpolated the tables say the loss and its error to rounding."""
        found = self.bound
        self.assertTrue((found["status"] == OK).all())
        for at, _, alpha, Q, A0, tables in self.points(found):
            expected = np.array([excess(one, A0, Q, alpha)[self.nodes - 1] for one in tables])
            mixture = 2 * Q * A0 * (1 - alpha) ** 2
            where = (slice(None), *at)
            np.testing.assert_allclose(found["excess_loss"][where], expected[0], rtol=1e-12)
            np.testing.assert_allclose(found["loss"][where], expected[0] + mixture, rtol=1e-12)
            np.testing.assert_allclose(found["mixture_error"][where], mixture, rtol=1e-12, atol=1e-300)
            np.testing.assert_allclose(found["loss_stderr"][where], jackknife(expected[1:]), rtol=1e-10)

    def test_at_the_best_level(self):
        """The least of the loss between the nodes, with and without each trial."""
        found, differences = self.best, []
        for at, N, alpha, Q, A0, tables in self.points(found):
            if alpha == 1 and N > P:  # without noise, and without a ridge, the data determine the model
                self.assertEqual((found["loss"][at], found["loss_stderr"][at], found["lambda_loss"][at]), (0, 0, 0))
                continue
            least = np.array([excess(between_levels(one), A0, Q, alpha).min() for one in tables])
            differences.append((found["excess_loss"][at] / least[0] - 1, found["loss_stderr"][at] / jackknife(least[1:]) - 1))
        differences = abs(np.array(differences))
        self.assertGreaterEqual(len(differences), 50)
        np.testing.assert_array_less(np.median(differences, axis=0), (1e-5, 1e-4))
        np.testing.assert_array_less(differences.max(axis=0), (2e-3, 5e-3))

    def test_terms(self):
        for found in (self.best, self.bound):
            ok = found["status"] == OK
            names = ("finite_data_error", "overfitting_error", "mixture_error", "mixture_finite_data_error")
            np.testing.assert_allclose(sum(found[name] for name in names)[ok], found["loss"][ok], rtol=1e-12)
            np.testing.assert_allclose((found["excess_loss"] + found["mixture_error"])[ok], found["loss"][ok], rtol=1e-12)
            np.testing.assert_allclose(found["L_star"], 2 * np.multiply.outer(found["Q"], found["ridge/A0"]), rtol=1e-14)

    def test_outside_the_ladder(self):
        """There is no loss where no data are: nothing is extrapolated. The deterministic equivalent is there all the same."""
        outside = np.isin(self.best["N"], (7, 257))
        self.assertTrue((self.best["status"][outside] == FAILED).all())
        self.assertTrue((self.best["status"][~outside] == OK).all())
        for name in ("loss", "excess_loss", "loss_stderr", "lambda_loss"):
            self.assertTrue(np.isnan(self.best[name][outside]).all(), name)
            self.assertTrue(np.isfinite(self.best[name][~outside]).all(), name)
        self.assertTrue(np.isfinite(self.best["loss_deterministic"]).all())

    def test_against_the_deterministic_loss(self):
        """Within errors where all labels are of one kind. Mixed labels are noise that depends on x, which the equivalent does
        not know: they add some per cent, less the more data there are."""
        N, alpha = self.best["N"], self.best["alpha"]
        inside = (N > 7) & (N < P)
        loss, error, theory = (self.best[name][inside] for name in ("loss", "loss_stderr", "loss_deterministic"))
        deviation = ((loss - theory) / error)[:, alpha == 1]
        self.assertLess(abs(deviation).max(), 3)
        self.assertTrue(0.3 < np.sqrt(np.mean(deviation ** 2)) < 1.5, deviation)
        allowed = 4 * error / theory + 0.4 / np.sqrt(N[inside])[:, None, None, None]
        np.testing.assert_array_less(abs(loss / theory - 1), allowed)
        self.assertLess(np.median(abs(loss / theory - 1)), 0.03)


if __name__ == "__main__":
    unittest.main()
