// SPDX-License-Identifier: GPL-3.0-or-later
// Scales from numbers to pixels, with their ticks.
"use strict";

const FAR = 40; // pixels between the largest number and infinity

// The scale of a quantity's values. Of kind "positive" it is logarithmic if the values are positive and span more than a
// factor of 20. Of kind "signed" it is logarithmic beyond -1 and 1 if some value is beyond -20 or 20. Otherwise it is
// linear. Infinity has its own position at the end. low, high: values that the scale must include.
function scaleOf(values, from, to, kind, low, high) {
  const known = values.filter(Number.isFinite), end = to;
  if (values.includes(Infinity)) to += from < to ? -FAR : FAR;
  let least = known.reduce((a, b) => Math.min(a, b), Infinity), most = known.reduce((a, b) => Math.max(a, b), -Infinity);
  const logarithmic = kind === "positive" && least > 0 && most / least > 20;
  if (low !== undefined) [least, most] = [Math.min(low, least), Math.max(high, most)];
  if (!(most > least)) [least, most] = known.length ? [least - Math.abs(least) / 2 - 1e-9, most + Math.abs(most) / 2 + 1e-9] : [0, 1];
  const signed = kind === "signed" && Math.max(-least, most) > 20;
  const map = logarithmic ? Math.log10 : signed ? Math.asinh : (number) => number;
  const scale = (number) => number === Infinity ? end + (from < to ? -8 : 8) : from + (map(number) - map(least)) / (map(most) - map(least)) * (to - from);
  scale.ticks = values.includes(Infinity) ? [Infinity] : [];
  scale.label = (tick) => logarithmic && most >= 1e5 && tick > 1 && Number.isFinite(tick) ? `10${raised(Math.round(Math.log10(tick)))}` : format(tick);
  if (signed) {
    for (const tick of [0, ...Array.from({ length: 39 }, (_, k) => [10 ** (38 - k), -(10 ** (38 - k))]).flat()])
      if (tick >= least && tick <= most && scale.ticks.every((other) => Math.abs(scale(tick) - scale(other)) > 24)) scale.ticks.push(tick);
  } else scale.ticks.push(...roundTicks(map(least), map(most), Math.abs(to - from) / (from < to ? 90 : 32), logarithmic));
  return scale;
}

// Round numbers between `least` and `most`, about `wanted` of them; powers of ten if these are logarithms.
function roundTicks(least, most, wanted, logarithmic) {
  const spread = most - least, ticks = [];
  const sizes = logarithmic ? [1, 2, 3, 4, 5, 6, 10] : [-3, -2, -1, 0, 1, 2, 3].flatMap((power) =>
    [1, 2, 5].map((unit) => unit * 10 ** (power + Math.floor(Math.log10(spread)))));
  const step = sizes.find((size) => spread / size <= Math.max(wanted, 2)) ?? sizes[sizes.length - 1];
  for (let k = Math.ceil(least / step - 1e-9); k * step <= most + 1e-9 * spread; k++)
    ticks.push(logarithmic ? 10 ** (k * step) : Number((k * step).toPrecision(12)));
  return ticks;
}

// The scale of an axis of the file. Where most values crowd into a hundredth of it, they are evenly spaced instead; where
// they are few, each of them is a tick.
function axisScale(axis, from, to) {
  const values = axes[axis], room = from < to ? 60 : 22, gap = (a, b) => Math.abs(scale(a) - scale(b));
  let scale = scaleOf(values, from, to, "positive");
  const finite = values.filter(Number.isFinite);
  const steps = finite.slice(1).map((one, k) => gap(one, finite[k])), typical = [...steps].sort((a, b) => a - b)[Math.floor(steps.length / 2)];
  if (steps.length > 4 && typical < Math.abs(to - from) / 100 / steps.length) {
    const place = new Map(values.map((one, k) => [one, from + (to - from) * (k + 0.5) / values.length]));
    scale = (number) => place.get(number);
    const longest = Math.max(...values.map((one) => format(one, digits[axis]).length)), size = from < to ? LETTER * longest + 24 : 32;
    const every = Math.ceil(values.length * size / Math.abs(to - from));
    scale.ticks = values.filter((_, k) => k % every === 0);
  } else if (values.length <= 7 && values.every((one, k) => k === 0 || gap(one, values[k - 1]) > room)) scale.ticks = values;
  const plain = scale.ticks === values ? undefined : scale.label;
  scale.label = plain ?? ((tick) => format(tick, digits[axis]));
  return scale;
}

// The edges between the points of an axis on its scale, in pixels, from one end of the plot to the other.
function edgesOf(axis, scale, from, to) {
  const centres = axes[axis].map(scale);
  return [from, ...centres.slice(1).map((centre, k) => (centre + centres[k]) / 2), to];
}

// The index of the point whose cell a pixel lies in.
function indexAt(edges, pixel) {
  const rising = edges[edges.length - 1] > edges[0];
  let k = 0;
  while (k < edges.length - 2 && (rising ? pixel > edges[k + 1] : pixel < edges[k + 1])) k++;
  return k;
}
