// SPDX-License-Identifier: GPL-3.0-or-later
// The page's numbers: where they are, and how they are written.
"use strict";

const find = (selector) => document.querySelector(selector);
const about = JSON.parse(find("#about").textContent);
const { names, symbols, units } = about; // of the axes, from the results file
const number = (item) => item === "inf" ? Infinity : item === "-inf" ? -Infinity : Number(item);
const axes = Object.fromEntries(Object.entries(about.axes).map(([axis, values]) => [axis, values.map(number)]));
const varying = Object.keys(axes).filter((axis) => axes[axis].length > 1);
let numbers, flags;

async function unpack() {
  const packed = Uint8Array.from(atob(find("#data").textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const count = about.numbers, joined = new Uint8Array(4 * count);
  for (let plane = 0; plane < 4; plane++)
    for (let k = 0; k < count; k++) joined[4 * k + plane] = bytes[plane * count + k];
  numbers = new Float32Array(joined.buffer);
  flags = bytes.subarray(4 * count);
}

// A function of the indices on the axes x and y that gives the variable `name` there, the other axes held at the indices
// `where`. undefined if the page has no such variable.
function plane(name, where, x, y) {
  const variable = about.variables[name], words = about.words[name];
  if (!variable) return undefined;
  let start = variable.offset, stride = 1, across = 0, up = 0;
  for (const axis of [...variable.axes].reverse()) {
    if (axis === x) across = stride;
    else if (axis === y) up = stride;
    else start += stride * where[axis];
    stride *= axes[axis].length;
  }
  return words ? (i = 0, j = 0) => words[flags[start + i * across + j * up]] : (i = 0, j = 0) => numbers[start + i * across + j * up];
}

const value = (name, where) => plane(name, where)?.();

const raised = (power) => String(power).replace(/./g, (digit) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(digit)]);

// A number to six digits, as the scripts print it.
function format(number, digits = 6) {
  if (number === undefined || Number.isNaN(number)) return "–";
  if (!Number.isFinite(number)) return number > 0 ? "∞" : "−∞";
  const [factor, power] = number.toExponential(digits - 1).split("e").map(Number);
  if (number === 0 || (power >= -3 && power < 5)) return String(Number(number.toPrecision(digits))).replace("-", "−");
  return `${factor === 1 ? "" : factor === -1 ? "−" : `${String(factor).replace("-", "−")} × `}10${raised(power)}`;
}

// How many digits tell all values of an axis apart: six, or up to twelve.
const digits = Object.fromEntries(Object.entries(axes).map(([axis, values]) =>
  [axis, [6, 7, 8, 9, 10, 11].find((count) => new Set(values.map((one) => format(one, count))).size === values.length) ?? 12]));
const withUnit = (axis, number) => format(number, digits[axis]) + (units[axis] && Number.isFinite(number) ? ` ${units[axis]}` : "");

// The shortest text that stands for the same number in single precision; for tables that other programs read.
function exact(number) {
  if (Number.isNaN(number) || number === undefined) return "";
  if (!Number.isFinite(number)) return number > 0 ? "inf" : "-inf";
  for (let count = 6; count < 9; count++)
    if (Math.fround(Number(number.toPrecision(count))) === number) return String(Number(number.toPrecision(count)));
  return String(Number(number.toPrecision(9)));
}

// A number of data points as one says it: 10,742 or 3.16 million. round: Math.ceil for data that one needs.
function count(number, round = Math.round) {
  const whole = round(number);
  if (whole < 1e6) return whole.toLocaleString("en");
  for (const [size, word] of [[1e6, "million"], [1e9, "billion"], [1e12, "trillion"]])
    if (number < 999.5 * size) return `${format(Math.max(1, number / size), 3)} ${word}`;
  return format(number, 3);
}

const subscripts = (text) => text.replace(/_(\w)(?!\w)/g, "<sub>$1</sub>");
const lowered = (text) => text.replace(/_(\w)(?!\w)(.?)/g, '<tspan dy="4" font-size="10">$1</tspan><tspan dy="-4">$2</tspan>'); // in SVG
