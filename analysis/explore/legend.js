// SPDX-License-Identifier: GPL-3.0-or-later
// The regions of a map: which one a point belongs to, their colours and hatches, and the legend.
"use strict";

// The regions of a quantity from its least values up, { key, name, words, colour, ink, from } each, and of(number): the index
// of the region of a number. from: the number above which a region begins. Those of points without a result come last.
const regionsOf = (() => {
  const made = {};
  return (quantity) => made[quantity.key] ??= quantity.key === "share" ? shareRegions() : stepRegions(quantity);
})();

const statusRegions = () => Object.entries(about.regions).map(([key, region]) => ({ key, ...region }));

function shareRegions() {
  const list = [...about.shares].reverse().map((region, k) => ({ ...region, key: `share-${k}`, from: region.above }));
  const of = (number) => { let k = 0; while (k + 1 < list.length && number > list[k + 1].from) k++; return k; };
  return { list: [...list, ...statusRegions()], steps: list.length, of };
}

// Where the steps of a quantity between two positive numbers begin: round numbers, fewer to a decade the more decades there are.
function roundSteps(least, most) {
  const decades = Math.log10(most / least);
  if (decades < 1) return roundTicks(least, most, 9, false);
  if (decades > 4.5) return roundTicks(Math.log10(least), Math.log10(most), 9, true);
  const powers = Array.from({ length: 7 }, (_, k) => Math.floor(Math.log10(least)) + k);
  return powers.flatMap((power) => (decades > 3 ? [1, 3] : [1, 2, 5]).map((unit) => Number((unit * 10 ** power).toPrecision(3))));
}

// Steps of a quantity without a reference.
function stepRegions(quantity) {
  const { offset, axes: over } = about.variables[quantity.name], size = over.reduce((product, axis) => product * axes[axis].length, 1);
  let least = Infinity, most = -Infinity;
  for (const one of numbers.subarray(offset, offset + size))
    if (Number.isFinite(one) && one > 0) { least = Math.min(least, one); most = Math.max(most, one); }
  const inner = (most > least ? roundSteps(least, most) : []).filter((edge) => edge > least && edge < most), colours = about.steps;
  const starts = most >= least ? [-Infinity, ...inner] : []; // no step at all where nothing has a number
  const list = starts.map((from, k) => {
    const shade = Math.round(k / Math.max(inner.length, 1) * (colours.length - 1)), next = inner[k];
    const name = starts.length === 1 ? format(least) : from === -Infinity ? `below ${format(next)}` : next === undefined ? `above ${format(from)}` : `${format(from)} to ${format(next)}`;
    return { key: `step-${k}`, from, name, words: name, colour: colours[shade], ink: shade < 6 ? "#ffffff" : "#1a1a1a", hatch: "" };
  });
  const of = (number) => { let k = 0; while (k + 1 < list.length && number > list[k + 1].from) k++; return k; };
  return { list: [...list, ...statusRegions()], steps: list.length, of };
}

const STROKES = { "/": '<path d="M-2,2l4,-4M0,8l8,-8M6,10l4,-4"/>', "\\": '<path d="M-2,6l4,4M0,0l8,8M6,-2l4,4"/>',
                  x: '<path d="M0,8l8,-8M0,0l8,8"/>', O: '<circle cx="4" cy="4" r="2.4"/>', ".": '<circle cx="4" cy="4" r=".7"/>' };
const fillOf = (region) => region.hatch ? `url(#hatch-${region.key})` : region.colour;
const hatches = () => `<defs>${statusRegions().map(({ key, colour, hatch }) => `<pattern id="hatch-${key}" width="8" height="8" ` +
  `patternUnits="userSpaceOnUse"><rect width="8" height="8" fill="${colour}"/><g stroke="#404040" stroke-width=".7" fill="none">` +
  `${STROKES[hatch[0]]}</g></pattern>`).join("")}</defs>`;

// A small power of ten as one, shorter than 0.001.
const powered = (number) => Number.isInteger(Math.log10(number)) && number < 1 ? `10${raised(Math.log10(number))}` : format(number);

// The legend from the pixel `top` down: a bar of the steps, and the hatches that occur. Returns { parts, height }.
function legend({ list, steps }, occurring, left, right, top) {
  const parts = [], wide = (right - left) / steps;
  list.slice(0, steps).forEach((region, k) => {
    parts.push(`<rect x="${(left + k * wide).toFixed(1)}" y="${top}" width="${wide.toFixed(1)}" height="12" fill="${region.colour}"><title>${region.words}</title></rect>`);
    const isEdge = Math.abs(region.from - 1) > 1e-3, isOne = region.from === 1 - about.same;
    if (k && (isEdge || isOne || !about.same)) parts.push(`<text class="small" x="${(left + (k + (isOne ? 0.5 : 0)) * wide).toFixed(1)}" ` +
      `y="${top + 25}" text-anchor="middle">${isOne ? "1" : wide < 44 ? powered(region.from) : format(region.from)}</text>`);
  });
  if (steps) parts.push(`<rect class="frame" x="${left}" y="${top}" width="${right - left}" height="12"/>`);
  let x = left, y = top + (steps ? 46 : 11);
  for (const region of list.slice(steps).filter(({ key }) => occurring.has(key))) {
    const room = 24 + LETTER * region.words.length;
    if (x > left && x + room > right) [x, y] = [left, y + 20];
    parts.push(`<rect class="frame" x="${x}" y="${y - 11}" width="18" height="13" style="fill:${fillOf(region)}"/>` +
               `<text class="small" x="${x + 23}" y="${y}">${region.words}</text>`);
    x += room + 12;
  }
  return { parts, height: (x > left ? y + 6 : top + 30) - top };
}
