#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws N_E* from sampled data against the deterministic equivalent, from a results file of `solver: ridge`.

The upper panels, one for each nu, show N_E* against N_I at one Q, with a curve for each tau_E. The lower panels show the
relative difference against N_E*, and the power of N fitted to it. If the file has all its tables, further panels show at one
tau_E how much of the difference label noise explains. The script also prints a summary of the whole grid. A run may still be
writing the file.
"""

import argparse
import sys

import numpy as np

import finite_n
import label_noise
import labels
import moatfile
import output
import sheet
import style
import validation_panels
import wording
from moatfile import AXES, Refused

PROGRAM = output.name("validation.py")  # in messages
ORDER = AXES["market_entry"]
VARIABLES = ("N_E_star", "N_E_star_stderr", "N_E_star_deterministic", "status")
OPTIONAL = ("L_star", "tau_I", "tau_E_absolute")
AGREE = 5.0  # per cent: a median difference below it counts as agreement
MOST = {"tau_E": 5, "Q": 1, "nu": 3}  # values of each axis that a figure shows, at most


class Validation:
    """The numbers of one file, and which of them a figure shows.

    Arrays over (N_I, tau_E, Q, nu): n_entrant, stderr (N_E* from data and its standard error), n_theory (N_E* of the
    deterministic equivalent), status, and drawable, which is true where all three numbers exist and N_I is finite.
    points: the drawable points, as finite_n.Points. decay: their finite_n.Decay, or None. explained: kind of label_noise ->
    the relative difference that it makes, over the grid; None if the file lacks tables. trials: number of data sets for
    each N. shown: indices of the values shown, for each axis but N_I. assumed: the axes whose values were chosen without a
    slice.
    """

    def __init__(self, results, slices=()):
        self.results = results
        self.trials = results.attributes["trials"]
        self.n_entrant, self.stderr, self.n_theory, self.status = (results.take(name, ORDER, {}) for name in VARIABLES)
        numbers = np.stack([self.n_entrant, self.stderr, self.n_theory])
        with np.errstate(invalid="ignore"):
            usable = np.all(np.isfinite(numbers) & (numbers > 0), axis=0)
        self.drawable = usable & (self.status == moatfile.OK) & np.isfinite(results.axes["N_I"])[:, None, None, None]
        if not self.drawable.any():
            raise Refused(f"{results.path}: none of its {self.status.size} points has a finite N_E_star with "
                          "N_E_star_stderr and N_E_star_deterministic; wait until the run has done more, or widen ridge.N")
        self.points = self._points()
        self.decay = finite_n.fit_decay(self.points.distinct())
        tables = label_noise.read_tables(results.path)
        self.explained = tables and label_noise.differences(results, self.n_theory, self.drawable, tables)
        self.shown, self.assumed = _choose(results, slices)
        if not self.drawable[np.ix_(range(len(self.drawable)), *self.shown.values())].any():
            raise Refused(f"{results.path}: no finite N_E_star with a standard error at {self._where()}; "
                          "choose another --slice")

    def _points(self):
        chosen = np.nonzero(self.drawable)
        n_theory = self.n_theory[chosen]
        shape = self.drawable.shape
        return finite_n.Points(n_theory, self.n_entrant[chosen] / n_theory - 1, self.stderr[chosen] / n_theory,
                               np.ravel_multi_index(chosen[1:], shape[1:]),
                               np.ravel_multi_index(chosen[2:], shape[2:]))

    def _where(self):
        return ", ".join(f"{axis} = {', '.join(f'{self.results.axes[axis][k]:.6g}' for k in shown)}"
                         for axis, shown in self.shown.items())

    def curve(self, tau, nu):
        """The curve over finite N_I at these indices of tau_E and nu: (N_I, N_E*, its standard error, theory's N_E*, True
        where a point is drawable)."""
        finite = np.isfinite(self.results.axes["N_I"])
        at = (finite, tau, self.shown["Q"][0], nu)
        return (self.results.axes["N_I"][finite], self.n_entrant[at], self.stderr[at], self.n_theory[at],
                self.drawable[at])

    def points_of_tau(self, tau):
        """The finite_n.Points at an index of tau_E, for all Q and nu."""
        return self.points[self.points.curve // np.prod(self.drawable.shape[2:]) == tau]

    def curve_points(self, tau, nu):
        """The finite_n.Points of the curve at these indices of tau_E and nu."""
        number = np.ravel_multi_index((tau, self.shown["Q"][0], nu), self.drawable.shape[1:])
        return self.points[self.points.curve == number]

    def explained_curve(self, tau, nu):
        """kind -> relative difference at the points of curve_points(tau, nu)."""
        at = (slice(None), tau, self.shown["Q"][0], nu)
        return {kind: values[at][self.drawable[at]] for kind, values in self.explained.items()}

    def explained_by_octave(self):
        """(lowest N, number of points, median relative difference of the data, {kind: that of its effect}) of each octave of
        N_E*, over the distinct points."""
        keep = self.points.distinct_indices()
        octave = np.floor(np.log2(self.points.n_theory[keep])).astype(int)
        effects = {kind: values[self.drawable][keep] for kind, values in self.explained.items()}
        return [(2.0 ** k, np.count_nonzero(octave == k), np.median(self.points.difference[keep][octave == k]),
                 {kind: _median(values[octave == k]) for kind, values in effects.items()}) for k in np.unique(octave)]

    def equation(self, axis, index):
        return labels.equation(self.results, axis, self.results.axes[axis][index])

    def headline(self):
        """The title: how far data and theory differ."""
        size = 100 * np.median(np.abs(self.points.distinct().difference))
        return f"Sampled data and theory agree: thresholds differ by {size:.2g} % in the median" if size < AGREE else (
            f"Sampled data and theory differ by {size:.2g} % in the median")

    def caption(self):
        """The parameters of the figure, one item each."""
        items = [*wording.parameters(self.results, {"Q": self.shown["Q"][0]}), f"{self.trials} trials",
                 f"seed {self.results.attributes['seed']}", *wording.pending(self.status)]
        items += ["error bars: jackknife standard errors", "lines above: deterministic equivalent"]
        if self.decay:
            items.append(rf"lines below: $c\,(N_E^*)^{{-p}}$, $p = {self.decay.power:.2f} \pm {self.decay.error:.2f}$ "
                         "fitted to the whole grid")
        return items

    def reasons(self):
        """The sentence of the caption on what explains the difference, in its lowest octave; "" if that is not known."""
        if not self.explained:
            return ""
        low, _, data, effects = self.explained_by_octave()[0]
        kinds = (label_noise.FIRST_ORDER, label_noise.NOISE, label_noise.LEARNT)
        total, first, noise, learnt = (f"{100 * value:+.1f} %".replace("-", "\N{MINUS SIGN}")
                                       for value in (data, *(effects[kind] for kind in kinds)))
        return (f"At $N_E^*$ of {low:.6g} to {2 * low:.6g} data differ from theory by {total} (medians over the grid). Label "
                f"noise, which theory takes to be independent of x, makes {noise}, of which {first} follow from its first "
                f"correction in 1/N; the learnt part of the targets makes {learnt}.")


def _median(values):
    """The median of the known `values`; NaN if there is none."""
    known = values[np.isfinite(values)]
    return np.median(known) if known.size else np.nan


def _choose(results, slices):
    """(shown, assumed): indices of the values shown on each axis but N_I, and the axes that have no slice and more values
    than a figure shows. Raises Refused."""
    at = {}
    for item in slices:
        axis, equals, text = item.partition("=")
        if not equals or axis not in MOST:
            raise Refused(f"--slice: found {item}; expected AXIS=VALUE with AXIS one of {', '.join(MOST)}")
        at.setdefault(axis, set()).add(moatfile.find(results, axis, text))
        if len(at[axis]) > MOST[axis]:
            raise Refused(f"--slice: found {len(at[axis])} values of {axis}; expected at most {MOST[axis]}")
    shown, assumed = {}, []
    for axis, most in MOST.items():
        size = results.axes[axis].size
        if axis not in at and size > most:
            assumed.append(axis)
        chosen = at.get(axis) or np.linspace(0, size - 1, min(size, most)).round()
        shown[axis] = sorted(int(k) for k in chosen)
    return shown, assumed


def read(path):
    """Reads the results file of a ridge sweep. Raises Refused."""
    attributes = moatfile.read_attributes(path)
    if attributes.get("solver") != "ridge" or attributes.get("sweep") != "market_entry":
        raise Refused(f"{path}: its sweep is {attributes.get('sweep')} and its solver {attributes.get('solver')}; expected a "
                      "results file of `sweep: market_entry` and `solver: ridge`, such as jobs/ridge-validation.yaml makes")
    results = moatfile.read(path, VARIABLES, "market_entry", ORDER, OPTIONAL)
    if len(results.axes) > len(ORDER):
        raise Refused(f"{path}: its axes are {', '.join(results.axes)}; expected only {', '.join(ORDER)}")
    return results


def summary(validation):
    """The lines of the printed summary, which compares data and theory over the whole grid."""
    points, distinct = validation.points, validation.points.distinct()
    noise_z, noise_share = finite_n.noise_alone(validation.trials)
    beyond = np.abs(distinct.z) > 2
    lines = [
        f"N_E* from {validation.trials} trials against the deterministic equivalent: "
        f"{points.size} of {validation.status.size} grid points, {distinct.size} of them distinct",
        "",
        f"{'':28}{'all':>8}{'distinct':>10}{'if noise alone':>16}",
        f"{'median |z|':28}{_median_z(points):8.2f}{_median_z(distinct):10.2f}{noise_z:16.2f}",
        f"{'within 2 standard errors':28}{_within(points):7.1f}%{_within(distinct):9.1f}%{100 * noise_share:15.1f}%",
        "",
    ]
    if beyond.any():
        size = 100 * np.abs(distinct.difference[beyond])
        lines += [f"beyond 2 standard errors: {size.size} distinct points, |N_E*/N_E*_det - 1| has median "
                  f"{np.median(size):.2f} %, at most {size.max():.2f} %", ""]
    lines += ["By octave of N_E* (distinct points; medians):",
              f"{'N_E*':>15}{'points':>8}{'difference':>12}{'std. error':>12}{'|z|':>7}{'within 2':>10}"]
    for low, group in finite_n.octaves(distinct):
        lines.append(f"{f'{low:.6g} to {2 * low:.6g}':>15}{group.size:8d}{100 * np.median(group.difference):+11.2f}%"
                     f"{100 * np.median(group.error):11.2f}%{_median_z(group):7.2f}{_within(group):9.1f}%")
    lines += _reason_lines(validation)
    lines += ["", "Finite-N effect N_E*/N_E*_det - 1 = c N_E*^-p, c for each tau_E, Q, nu (distinct points):",
              f"{'tau_E':>15}{'points':>8}{'p':>8}{'+-':>8}{'chi^2':>9}{'freedom':>9}{'|z| left':>10}{'within 2':>10}",
              _decay_line("all", distinct, validation.decay)]
    for k, tau in enumerate(validation.results.axes["tau_E"]):
        points = validation.points_of_tau(k).distinct()
        lines.append(_decay_line(f"{tau:.6g}", points, finite_n.fit_decay(points) if points.size else None))
    return lines + ["All points share the data sets: their errors are correlated, and chi^2 is no test of the fit."]


def _reason_lines(validation):
    """What explains the difference, by octave of N_E*."""
    if not validation.explained:
        return []
    kinds = (label_noise.FIRST_ORDER, label_noise.NOISE, label_noise.LEARNT, label_noise.BOTH)
    lines = ["", "What explains it (distinct points; medians): the effect on N_E* of label noise that depends on x, to first order in",
             "1/N and as measured; of the learnt part of the targets as measured; of both as measured",
             f"{'N_E*':>15}{'points':>8}{'difference':>12}{'first order':>13}{'noise':>10}{'learnt':>10}{'both':>10}"]
    for low, count, data, effects in validation.explained_by_octave():
        numbers = "".join(f"{100 * effects[kind]:+{width}.2f}%" for kind, width in zip(kinds, (12, 9, 9, 9)))
        lines.append(f"{f'{low:.6g} to {2 * low:.6g}':>15}{count:8d}{100 * data:+11.2f}%{numbers}")
    return lines


def _median_z(points):
    return np.median(np.abs(points.z))


def _within(points):
    return 100 * np.mean(np.abs(points.z) <= 2)


def _decay_line(name, points, decay):
    if decay is None:
        return f"{name:>15}{points.size:8d}  do not determine p"
    left = np.abs(decay.residual_z)
    return (f"{name:>15}{points.size:8d}{decay.power:8.3f}{decay.error:8.3f}{decay.chi_squared:9.1f}{decay.freedom:9d}"
            f"{np.median(left):10.2f}{100 * np.mean(left <= 2):9.1f}%")


def _arguments(argv):
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__.split("\n\n")[0])
    parser.add_argument("file", metavar="FILE", help="results file of `moat run` (solver: ridge)")
    parser.add_argument("-o", "--output", metavar="FIG", required=True, help="figure to write: .png, .pdf or .svg")
    parser.add_argument("--slice", metavar="AXIS=VALUE", nargs="+", action="extend", default=[],
                        help="values to draw, an item for each: one Q, up to 5 tau_E and 3 nu; default: the first Q, and "
                             "all tau_E and nu, or as many of them evenly spaced")
    sheet.add_option(parser)
    return parser.parse_args(argv)


def main(argv=None):
    """Runs the command line; returns the exit code."""
    arguments = _arguments(argv)
    try:
        style.check_target(arguments.output)
        results = read(arguments.file)
        validation = Validation(results, arguments.slice)
        for axis in validation.assumed:
            values = results.axes[axis]
            drawn = ", ".join(f"{values[k]:.6g}" for k in validation.shown[axis])
            print(f"{PROGRAM}: draws {axis} = {drawn} out of {values.size} values; "
                  f"--slice {axis}=VALUE chooses another", file=sys.stderr)
        title = "N_E* from data against theory: " + results.title
        style.save(validation_panels.draw(validation, arguments.width), arguments.output, results, title)
        print("\n".join(summary(validation)))
    except Refused as refusal:
        print(f"{PROGRAM}: {refusal}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(output.run(PROGRAM, main))
