# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws a quantity as a field over x and y: as colours with contours, or as the regions of the regimes."""

import math

import numpy as np
from scipy import ndimage

import contours
import labels
import regimes
import style
from colour_scale import ColourScale
from hatching import hatch
from phase_page import ENTRANT_EQUALS, LEFT, LINE, ROW

RASTER, TALL = 0.02, 0.14  # inches: step of the raster on which a region's name finds room; half the name's height


def draw(page, label, log):
    """Draws the main panel of a phase_page.Page, its row for y = inf, and the colour bar with its `label`. log: the
    colours are logarithmic."""
    diagram, axes = page.diagram, page.main
    page.y.scale(axes, "y")
    axes.set_ylabel(page.y.label)
    if page.infinity:
        page.infinity.set_ylim(0, 1)
        page.infinity.set_yticks([0.5], [labels.number(math.inf)], fontsize=style.SIZE + 3)
        page.infinity.tick_params(axis="y", length=0)
    for panel, edges, rows in ((axes, page.y.edges, page.finite), (page.infinity, [0, 1], ~page.finite)):
        if panel:
            hatch(panel, page.x.edges, edges, diagram.kinds.T[rows])
    if diagram.quantity == "regime":
        _name_regions(page, page.y.edges, diagram.kinds.T[page.finite])
    else:
        _colour(page, label, log)
    _name_rows(page)


def draw_bands(page):
    """Draws the regimes if y has few values: as a band for each."""
    diagram, axes = page.diagram, page.main
    rows = diagram.plane.y_values.size
    axes.set_ylim(0, rows)
    axes.set_yticks([])
    edges = np.arange(rows + 1.0)
    hatch(axes, page.x.edges, edges, diagram.kinds.T)
    for row in range(1, rows):
        axes.axhline(row, color="black", linewidth=0.9, zorder=3)
    names = []
    for row, curve in page.curves.items():
        _name_regions(page, edges[row:row + 2], diagram.kinds.T[row:row + 1])
        height = page.main_bottom + page.main_height * (row + 0.5) / rows
        page.line([LEFT - 0.5, LEFT - 0.28, LEFT - 0.06], [height] * 3, markevery=[1], **style.look(curve))
        names.append((height, diagram.label(row), curve, True))
    page.margin(page.main_bottom, page.main_bottom + page.main_height, names)


def _colour(page, label, log):
    values = page.diagram.values.T
    known = values[np.isfinite(values)]
    if known.size == 0:
        return
    scale = ColourScale(known, log)
    look = {"norm": scale.norm, "cmap": scale.colours, "rasterized": True, "zorder": 1}
    image = page.main.pcolormesh(page.x.edges, page.y.edges, np.ma.masked_invalid(values[page.finite]), **look)
    if page.infinity:
        page.infinity.pcolormesh(page.x.edges, [0, 1], np.ma.masked_invalid(values[~page.finite]), **look)
    _draw_contours(page, scale, values[page.finite])

    axes = page.panel(page.top + 0.12, 0.15)
    bar = page.figure.colorbar(image, cax=axes, orientation="horizontal", extend=scale.extend)
    axes.xaxis.set_ticks_position("top")
    axes.xaxis.set_label_position("top")
    scale.ticks(axes.xaxis)
    bar.set_label(label, labelpad=7)


def _draw_contours(page, scale, field):
    """Draws labelled contours at round values, heavier ones at zero and where N_E* = N_I."""
    reference, named, levels = page.diagram.reference(), scale.round_values(), []
    if reference is not None:
        named = [(value, name) for value, name in named if not np.allclose(reference, value)]
        # At tau_E = tau_I the ratio is 1 up to rounding. A level just below 1 follows that row, not the rounding errors.
        levels = [(np.log10(field / reference.T[page.finite]), -1e-6, ENTRANT_EQUALS, 1.9)]
    positions = scale.positions(field)
    levels += [(positions, float(scale.norm(value)), name, 0.8 if value else 1.9) for value, name in named
               if 0 < scale.norm(value) < 1]
    contours.draw(page.main, page.x.values, page.y.values, levels)


def _name_rows(page):
    """Names the rows whose local exponent is drawn, in the right margin."""
    names = []
    for column, curve in page.curves.items():
        value, height = page.diagram.plane.y_values[column], page.top - ROW / 2
        if math.isfinite(value):
            at = page.main.transAxes.inverted().transform(page.main.transData.transform((page.x.values[0], value)))
            height = page.main_bottom + page.main_height * at[1]
        names.append((height, page.diagram.label(column), curve, True))
    page.margin(page.main_bottom, page.top + LINE / 4, names)


def _name_regions(page, y_edges, kinds):
    """Writes each regime's exponent into its region where there is most room for it, if there is enough."""
    page_of = page.main.transData + page.figure.dpi_scale_trans.inverted()
    across = page_of.transform([(x, y_edges[0]) for x in page.x.edges])[:, 0]
    up = page_of.transform([(page.x.edges[0], y) for y in y_edges])[:, 1]
    columns = np.searchsorted(across, np.arange(across[0] + RASTER / 2, across[-1], RASTER)) - 1
    rows = np.searchsorted(up, np.arange(up[0] + RASTER / 2, up[-1], RASTER)) - 1
    raster = np.pad(kinds[np.ix_(rows, columns)], 1, constant_values=0)  # with a border that is in no regime
    for kind, name in regimes.region_labels(regimes.governing(page.diagram.n_incumbent)).items():
        wide = style.text_width(name, style.SIZE) / 2 + 0.06
        room = ndimage.distance_transform_edt(raster == kind, sampling=(RASTER / TALL, RASTER / wide))
        roomiest = np.argwhere(room == room.max())
        row, column = roomiest[len(roomiest) // 2]
        if room[row, column] >= 1:
            page.main.text(across[0] + RASTER * (column - 0.5), up[0] + RASTER * (row - 0.5), name, ha="center",
                           va="center", zorder=5, transform=page.figure.dpi_scale_trans, fontsize=style.SIZE,
                           path_effects=contours.HALO)
