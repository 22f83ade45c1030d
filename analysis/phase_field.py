# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws a quantity as a field over x and y: as the named regions of a map, as colours with contours, or as regimes."""

import math

import contourpy
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import BoundaryNorm, ListedColormap

import contours
import hatching
import naming
import phase_page
import regimes
import regions
from colour_scale import ColourScale
from phase_page import ENTRANT_EQUALS, Cells
from sheet import Sheet

MAIN, ROW, BAND, GAP, BAR = 4.1, 0.24, 0.5, 0.06, 0.95  # inches; BAR: above a field, for its scale
LOG = ("ratio", "N_E_star")


class Field:
    """A field on a sheet. x, y: phase_page.Cells. main, infinity: its panels, the second for y = inf, or None."""

    def __init__(self, diagram, width):
        self.diagram, self.sheet = diagram, Sheet(width)
        values = diagram.plane.y_values
        self.finite = np.isfinite(values)
        self.x = Cells(diagram, diagram.plane.x, diagram.plane.x_values)
        self.y = Cells(diagram, diagram.plane.y, values[self.finite])
        self.is_map, self.is_regimes = diagram.quantity == "ratio", diagram.quantity == "regime"
        self.main = self.infinity = None

    def lay_out(self, legend):
        sheet, has_infinity = self.sheet, not self.finite.all()
        rows = [(ROW * sheet.letter, 0)] if has_infinity else []
        rows.append((sheet.tall(MAIN), GAP if has_infinity else 0))
        head = 0 if self.is_map or self.is_regimes or not np.isfinite(self.diagram.values).any() else BAR * sheet.letter
        panels = [row[0] for row in sheet.lay_out(phase_page.texts(self.diagram), rows, right=0.22, legend=legend, head=head,
                                                   below=[self.x.label])]
        self.main, self.infinity = panels[-1], panels[0] if has_infinity else None
        for axes in panels:
            self.x.scale(axes, "x")
        self.y.scale(self.main, "y")
        sheet.label_y(self.main, self.y.label)
        if self.infinity:
            self.infinity.set_ylim(0, 1)
            self.infinity.set_yticks([0.5], [phase_page.infinity_label(self.diagram.plane.y)], fontsize=sheet.small)
            self.infinity.tick_params(axis="y", length=0)

    def panels(self):
        """(axes, edges in y, rows of the grid) of each panel."""
        return [each for each in ((self.main, self.y.edges, self.finite), (self.infinity, [0, 1], ~self.finite)) if each[0]]


def draw(diagram, width):
    """The figure of a field."""
    field = Field(diagram, width)
    return naming.twice(lambda legend: _draw(field, legend))


def _draw(field, legend):
    """Draws the field with the handles `legend`; returns (figure, handles of what has no name on it)."""
    diagram = field.diagram
    field.lay_out(legend)
    kinds = diagram.kinds
    for axes, edges, rows in field.panels():
        hatching.hatch(axes, field.x.edges, edges, kinds.T[rows])
    if field.is_map:
        _draw_regions(field)
    elif not field.is_regimes and np.isfinite(diagram.values).any():
        _draw_colours(field)
    return field.sheet.figure, _name(field)


def _regions(values):
    """Index into regions.SHARES of each value, -1 where there is none."""
    found = np.full(values.shape, -1)
    for k, (above, _) in reversed(list(enumerate(regions.SHARES))):
        found[values > above] = k
    return found


def _draw_regions(field):
    """Colours the regions of a map, with borders between them that follow the numbers, not the cells."""
    values = field.diagram.values.T
    colours = ListedColormap([region.colour for _, region in regions.SHARES])
    norm = BoundaryNorm(np.arange(len(regions.SHARES) + 1) - 0.5, len(regions.SHARES))
    for axes, edges, rows in field.panels():
        index = _regions(values[rows])
        axes.pcolormesh(field.x.edges, edges, np.ma.masked_less(index, 0), cmap=colours, norm=norm, rasterized=True, zorder=1)
    inside = values[field.finite]
    if min(inside.shape) < 2:
        return
    logs = np.log10(inside)
    logs = np.where(np.abs(logs) < regions.SAME, -1e-9, logs)  # 1 up to rounding lies on one side of the border
    levels = sorted(math.log10(above) for above, _ in regions.SHARES if above > 0 and abs(above - 1) > 2 * regions.SAME)
    levels = sorted([*levels, 0.0])
    known = logs[np.isfinite(logs)]
    if not known.size or known.max() - known.min() < 1e-6:
        return
    shades = [next(region for limit, region in regions.SHARES if 10 ** middle > limit).colour for middle in
              [levels[0] - 1, *((low + high) / 2 for low, high in zip(levels, levels[1:])), levels[-1] + 1]]
    x, y = (np.concatenate([cells.edges[:1], cells.values, cells.edges[-1:]]) for cells in (field.x, field.y))
    logs = np.ma.masked_invalid(np.pad(logs, 1, mode="edge"))
    field.main.contourf(x, y, logs, levels=[-400, *levels, 400], colors=shades, zorder=1.5)
    tracer = contourpy.contour_generator(x, y, logs)
    for level in levels:
        look = {"colors": "#333333", "linewidths": 0.5} if level else {"colors": "black", "linewidths": 2.0}
        lines = tracer.lines(level or -1e-6)  # just below 1: along the row where the rules are the same, not its rounding errors
        field.main.add_collection(LineCollection(lines, zorder=3 if level else 4, label=f"border {level:g}", **look), autolim=False)


def _draw_colours(field):
    """Draws colours, their scale above the panel, and labelled contours."""
    diagram, sheet = field.diagram, field.sheet
    values = diagram.values.T
    scale = ColourScale(values[np.isfinite(values)], diagram.quantity in LOG)
    look = {"norm": scale.norm, "cmap": scale.colours, "rasterized": True, "zorder": 1}
    for axes, edges, rows in field.panels():
        image = axes.pcolormesh(field.x.edges, edges, np.ma.masked_invalid(values[rows]), **look)
    _draw_contours(field, scale, values[field.finite])
    left, _, right, top = sheet.box(field.infinity or field.main)
    axes = sheet.figure.add_axes([left / sheet.width, (top + 0.1) / sheet.height, (right - left) / sheet.width, 0.14 / sheet.height])
    bar = sheet.figure.colorbar(image, cax=axes, orientation="horizontal", extend=scale.extend)
    axes.xaxis.set_ticks_position("top")
    axes.xaxis.set_label_position("top")
    scale.ticks(axes.xaxis)
    bar.set_label(phase_page.quantity_label(diagram.results, diagram.quantity), labelpad=6)


def _draw_contours(field, scale, values):
    """Draws labelled contours at round values, heavier ones at zero and where N_E* = N_I."""
    reference, named, levels = field.diagram.reference(), scale.round_values(), []
    if reference is not None:
        named = [(value, name) for value, name in named if not np.allclose(reference, value)]
        # At tau_E = tau_I the ratio is 1 up to rounding. A level just below 1 follows that row, not the rounding errors.
        levels = [(np.log10(values / reference.T[field.finite]), -1e-6, ENTRANT_EQUALS, 1.9)]
    if not scale.constant:
        positions = scale.positions(values)
        levels += [(positions, float(scale.norm(value)), name, 0.8 if value else 1.9) for value, name in named
                   if 0 < scale.norm(value) < 1]
    contours.draw(field.main, field.x.values, field.y.values, levels, field.sheet.small)


def _name(field):
    """Names the regions, statuses and regimes on the panel; returns handles of those that have no room for theirs."""
    diagram, kinds = field.diagram, field.diagram.kinds.T
    wanted = {kind: (regions.STATUSES[kind].name, regions.STATUSES[kind].ink, hatching.colour(kind))
              for kind in hatching.shown(kinds) if kind in regions.STATUSES}
    raster = kinds.astype(int)
    handles = {kind: hatching.legend_handles([kind], {})[0] for kind in wanted}
    if field.is_regimes:
        governing = regimes.governing(diagram.n_incumbent)
        texts = regimes.names(governing, diagram.theory(governing))
        for kind in hatching.shown(kinds):
            if kind in texts:
                name = regimes.region_labels(governing).get(kind, regimes.words(regimes.WORDS[kind]))
                wanted[kind] = (name, regimes.INKS[kind], hatching.colour(kind))
                handles[kind] = hatching.legend_handles([kind], texts)[0]
    elif field.is_map:
        shares = _regions(diagram.values.T)
        raster = np.where(shares >= 0, 1000 + shares, raster)
        for k in np.unique(shares[shares >= 0]):
            region = regions.SHARES[k][1]
            wanted[1000 + k] = (region.name, region.ink, region.colour)
            handles[1000 + k] = hatching.patch(region.colour, "", region.words)
    left = set(wanted)
    for axes, edges, rows in field.panels()[:1]:
        left -= naming.name_regions(field.sheet, axes, field.x.edges, edges, raster[rows], wanted)
    if field.is_regimes:
        left |= {kind for kind in wanted if kind not in hatching.HATCHES}
    elif field.is_map:
        same = 1000 + next(k for k, (above, _) in enumerate(regions.SHARES) if above == 1 - regions.SAME)
        if same in left and field.finite.any():
            left.discard(same)
            handles[same] = hatching.line_handle(ENTRANT_EQUALS + ": as much data as the incumbent")
            return [handles[same], *(handles[kind] for kind in handles if kind in left)]
    return [handles[kind] for kind in handles if kind in left]
