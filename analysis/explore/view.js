// SPDX-License-Identifier: GPL-3.0-or-later
// What the reader looks at: a setting (one index on each axis), perhaps a second one to compare with, and what the pictures
// show. The page's address after # holds all of it, so that every view has a link.
"use strict";

const middle = Object.fromEntries(Object.entries(axes).map(([axis, values]) => [axis, Math.floor((values.length - 1) / 2)]));
const view = { at: { ...middle }, kept: null, along: varying.includes(about.data_axis) ? about.data_axis : varying[0], x: about.map[0],
               y: about.map[1], quantity: about.quantities[0].key };
const hasMap = about.map.length === 2;
const status = (where) => value("status", where);
const hasResult = (where) => ["ok", "entrant_always"].includes(status(where));

// The first view: the middle of the grid, or the nearest point with a result if there is none.
function chooseFirst() {
  if (hasResult(view.at)) return;
  const order = Object.keys(axes), sizes = order.map((axis) => axes[axis].length), words = about.words.status;
  const variable = about.variables.status, found = { distance: Infinity };
  for (let k = 0, total = sizes.reduce((product, size) => product * size, 1); k < total; k++) {
    if (!["ok", "entrant_always"].includes(words[flags[variable.offset + k]])) continue;
    let rest = k, distance = 0;
    const where = {};
    for (let axis = order.length - 1; axis >= 0; axis--) {
      where[order[axis]] = rest % sizes[axis];
      distance += Math.abs(rest % sizes[axis] - middle[order[axis]]) / sizes[axis];
      rest = Math.floor(rest / sizes[axis]);
    }
    if (distance < found.distance) Object.assign(found, { distance, where });
  }
  if (found.where) view.at = found.where;
}

// --- The address: N_I=1000&tau_E=0.95&..., of A with the prefix A., and what the pictures show.
const places = (where, prefix) => varying.map((axis) => [`${prefix}${axis}`, axes[axis][where[axis]]]);

function address() {
  const items = [...places(view.at, ""), ...(view.kept ? places(view.kept, "A.") : [])];
  if (varying.length) items.push(["along", view.along]);
  if (hasMap) items.push(["x", view.x], ["y", view.y]);
  items.push(["show", view.quantity]);
  return `#${items.map(([name, item]) => `${name}=${item}`).join("&")}`;
}

// The index on an axis of the value nearest to a text of the address; undefined if it is no number.
function nearest(axis, text) {
  const wanted = /^\+?\.?inf/i.test(text) ? Infinity : Number(text);
  if (text.trim() === "" || Number.isNaN(wanted)) return undefined;
  const distance = (number) => number === wanted ? 0 : Number.isFinite(number) ? Math.abs(number - wanted) : Infinity;
  return axes[axis].reduce((best, number, k) => distance(number) < distance(axes[axis][best]) ? k : best, 0);
}

// Turns the view to what the address says, as far as it says something that the page has.
function readAddress() {
  const kept = { ...view.at }, items = [...new URLSearchParams(location.hash.slice(1))];
  let isKept = false;
  for (const [name, text] of items) {
    const isA = name.startsWith("A."), axis = isA ? name.slice(2) : name;
    if (axes[axis]) {
      const k = nearest(axis, text);
      if (k !== undefined) (isA ? kept : view.at)[axis] = k;
      isKept = isKept || isA;
    } else if (["along", "x", "y"].includes(name) && varying.includes(text)) view[name] = text;
    else if (name === "show" && about.quantities.some((each) => each.key === text)) view.quantity = text;
  }
  if (items.length) view.kept = isKept ? kept : null;
  if (hasMap && view.x === view.y) view.y = varying.find((axis) => axis !== view.x);
}

// Browsers refuse an address that changes hundreds of times a minute, so it waits until a slider rests.
let resting;
function writeAddress() {
  clearTimeout(resting);
  resting = setTimeout(() => history.replaceState(null, "", address()), 150);
}

// Changes the view and shows it.
function look(change) {
  Object.assign(view, change);
  if (hasMap && view.x === view.y) { // the other axis gives way
    if (change.x) view.y = varying.find((axis) => axis !== view.x);
    else view.x = varying.find((axis) => axis !== view.y);
  }
  writeAddress();
  show();
}

const move = (change) => look({ at: { ...view.at, ...change } });
