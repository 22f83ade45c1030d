// SPDX-License-Identifier: GPL-3.0-or-later
// Where in a map the name of a region has room.
"use strict";

const RASTER = 5, LETTER = 6.6, LINE = 16; // pixels: of the raster on which room is looked for, and of a letter of a name

// For each region of `regions`, name and key each: its name as SVG where it has most room, if it has any. keyAt(x, y): the
// key of the region at a pixel.
function placeNames(regions, keyAt, left, right, top, bottom, taken = []) {
  const wide = Math.floor((right - left) / RASTER), high = Math.floor((bottom - top) / RASTER), parts = [];
  const keys = Array.from({ length: high }, (_, row) =>
    Array.from({ length: wide }, (_, column) => keyAt(left + (column + 0.5) * RASTER, top + (row + 0.5) * RASTER)));
  for (const [x, y, w, h] of taken) // what is written there already
    for (let row = Math.max(0, Math.floor((y - top) / RASTER)); row < Math.min(high, (y + h - top) / RASTER); row++)
      for (let column = Math.max(0, Math.floor((x - left) / RASTER)); column < Math.min(wide, (x + w - left) / RASTER); column++)
        keys[row][column] = null;
  for (const { key, name, ink, hatch } of regions) {
    const sums = sumsOf(keys, key, wide, high);
    for (const lines of [[name], halves(name)]) {
      const across = LETTER * Math.max(...lines.map((line) => line.length)) + 8;
      const spot = [1.6, 1.25, 1].map((scale) => roomFor(sums, Math.ceil(scale * across / RASTER), Math.ceil(scale * LINE * lines.length / RASTER), wide, high))
        .find(Boolean);
      if (!spot) continue;
      const x = (left + spot[0] * RASTER).toFixed(1), y = top + spot[1] * RASTER + 12 - LINE * lines.length / 2;
      parts.push(`<text class="region${hatch ? " halo" : ""}" text-anchor="middle"${hatch ? "" : ` style="fill:${ink}"`}>` +
                 `${lines.map((line, k) => `<tspan x="${x}" y="${(y + LINE * k).toFixed(1)}">${line}</tspan>`).join("")}</text>`);
      break;
    }
  }
  return parts;
}

// A name on two lines, divided at the space nearest to its middle.
function halves(name) {
  const middle = name.length / 2, spaces = [...name.matchAll(/ /g)].map(({ index }) => index);
  if (!spaces.length) return [name];
  const at = spaces.reduce((best, one) => Math.abs(one - middle) < Math.abs(best - middle) ? one : best);
  return [name.slice(0, at), name.slice(at + 1)];
}

// sums[row][column]: how many cells above and to the left of it are of the key.
function sumsOf(keys, key, wide, high) {
  const sums = [new Int32Array(wide + 1)];
  for (let row = 0; row < high; row++) {
    const next = new Int32Array(wide + 1);
    for (let column = 0, run = 0; column < wide; column++) {
      run += keys[row][column] === key ? 1 : 0;
      next[column + 1] = sums[row][column + 1] + run;
    }
    sums.push(next);
  }
  return sums;
}

// The middle of a rectangle of w x h cells that lies wholly in the region, as near as can be to the region's middle.
function roomFor(sums, w, h, wide, high) {
  const spots = [];
  for (let row = 0; row + h <= high; row++)
    for (let column = 0; column + w <= wide; column++)
      if (sums[row + h][column + w] - sums[row][column + w] - sums[row + h][column] + sums[row][column] === w * h)
        spots.push([column + w / 2, row + h / 2]);
  if (!spots.length) return null;
  const mean = (k) => spots.reduce((sum, spot) => sum + spot[k], 0) / spots.length, [x, y] = [mean(0), mean(1)];
  const distance = ([a, b]) => Math.hypot(a - x, 2 * (b - y));
  return spots.reduce((best, spot) => distance(spot) < distance(best) ? spot : best);
}
