// SPDX-License-Identifier: GPL-3.0-or-later
// The line through a map on which the newcomer needs as much data as the incumbent has, N_E* = N_I.
"use strict";

// Segments [x1, y1, x2, y2] on which `field(i, j)` passes through `level`, interpolated linearly between the points at the
// pixels xs, ys. NaN is no number to pass through.
function contour(field, xs, ys, level) {
  const segments = [];
  for (let i = 0; i + 1 < xs.length; i++)
    for (let j = 0; j + 1 < ys.length; j++) {
      const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]].map(([k, l]) => [xs[k], ys[l], field(k, l) - level]);
      if (corners.some(([, , height]) => Number.isNaN(height))) continue;
      const crossed = [];
      corners.forEach(([x, y, height], k) => {
        const [nextX, nextY, next] = corners[(k + 1) % 4], part = height / (height - next);
        if (height < 0 !== next < 0) crossed.push([x + part * (nextX - x), y + part * (nextY - y)]);
      });
      for (let k = 0; k + 1 < crossed.length; k += 2) segments.push([...crossed[k], ...crossed[k + 1]]);
    }
  return segments;
}

// The line as SVG, with its name where it is nearest to the middle of the plot.
function drawContour(segments, left, right, top, bottom) {
  if (!segments.length) return "";
  const path = segments.map(([a, b, c, d]) => `M${a.toFixed(1)},${b.toFixed(1)}L${c.toFixed(1)},${d.toFixed(1)}`).join("");
  const middles = segments.map(([a, b, c, d]) => [(a + c) / 2, (b + d) / 2]);
  const distance = ([a, b]) => Math.abs(a - (left + right) / 2) + Math.abs(b - (top + bottom) / 2);
  const [x, y] = middles.reduce((best, one) => distance(one) < distance(best) ? one : best), ends = segments.flatMap(([a, , c]) => [a, c]);
  const steep = ends.reduce((a, b) => Math.max(a, b)) - ends.reduce((a, b) => Math.min(a, b)) < 40, at = Math.min(Math.max(x, left + 45), right - 45);
  return `<path class="equal" d="${path}"/><text class="halo equal-name" text-anchor="${steep ? "start" : "middle"}" ` +
    `x="${steep ? x + 6 : at}" y="${Math.max(y - 6, top + 14)}">${lowered("N_E* = N_I ")}</text>`;
}
