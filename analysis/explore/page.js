// SPDX-License-Identifier: GPL-3.0-or-later
// The page's state is one index on each axis. location.hash holds the values there, so that every point has an address.
"use strict";

const about = JSON.parse(document.getElementById("about").textContent);
const { names, symbols, units, exponents, choices } = about; // texts from the results file
const outcomes = { pending: "not computed yet", ok: "", entrant_always: "a single data point is enough",
                   no_entry: "no amount of data is enough", incumbent_infeasible: "the incumbent cannot meet its standard",
                   entrant_infeasible: "the newcomer can never meet its standard",
                   failed: "no answer: outside what could be computed" };
const axes = Object.fromEntries(Object.entries(about.axes).map(([axis, values]) => [axis, values.map(Number)
  .map((value, k) => values[k] === "inf" ? Infinity : value)]));
const at = Object.fromEntries(Object.entries(axes).map(([axis, values]) => [axis, Math.floor((values.length - 1) / 2)]));
const subscripts = (text) => text.replace(/_(\w)/g, "<sub>$1</sub>");
const lowered = (text) => text.replace(/_(\w)(.?)/g, '<tspan dy="4" font-size="10">$1</tspan><tspan dy="-4">$2</tspan>'); // in SVG
const find = (selector) => document.querySelector(selector);
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

// The value of a variable at the indices `where`; undefined if the file has no such variable.
function value(name, where) {
  const variable = about.variables[name];
  if (!variable) return undefined;
  const index = variable.axes.reduce((k, axis) => k * axes[axis].length + where[axis], 0) + variable.offset;
  return name in about.words ? about.words[name][flags[index]] : numbers[index];
}

const raised = (power) => String(power).replace(/./g, (digit) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(digit)]);

// A number to six digits, as the scripts print it.
function format(number, digits = 6) {
  if (number === undefined || Number.isNaN(number)) return "–";
  if (!Number.isFinite(number)) return number > 0 ? "∞" : "−∞";
  const [factor, power] = number.toExponential(digits - 1).split("e").map(Number);
  if (number === 0 || (power >= -3 && power < 5)) return String(Number(number.toPrecision(digits))).replace("-", "−");
  return `${factor === 1 ? "" : `${String(factor).replace("-", "−")} × `}10${raised(power)}`;
}

const withUnit = (axis, number) => format(number) + (units[axis] && Number.isFinite(number) ? ` ${units[axis]}` : "");

function put(element, number) {
  element.value = number === undefined ? "" : String(number);
  element.textContent = format(number);
}

function buildControls() {
  for (const [axis, values] of Object.entries(axes)) {
    const label = document.createElement("label");
    label.innerHTML = `<span>${names[axis]} <i>${subscripts(symbols[axis])}</i></span><output id="at-${axis}"></output>`;
    if (values.length > 1) {
      const slider = Object.assign(document.createElement("input"), { type: "range", id: `slide-${axis}`, min: 0,
                                                                       max: values.length - 1, value: at[axis] });
      slider.addEventListener("input", () => move(axis, Number(slider.value)));
      label.append(slider);
      find("#along").append(new Option(names[axis], axis));
    }
    find("#controls").append(label);
  }
  find("#along").addEventListener("change", show);
  for (const [name, text] of Object.entries(exponents))
    if (about.variables[name])
      find("#exponents tbody").insertRow().innerHTML = `<th>${subscripts(text)}</th><td><data id="${name}"></data></td>`;
  find("#exponents tbody").insertRow().innerHTML = '<th>regime <small id="near"></small></th><td id="regime"></td>';
  for (const [name, text] of Object.entries(choices))
    find("#companies tbody").insertRow().innerHTML = `<th>${text}</th>` + ["incumbent", "entrant"]
      .map((company) => `<td><data id="${company}_${name}"></data></td>`).join("");
  find("#caption").textContent = about.caption;
  find("#caption").innerHTML = subscripts(find("#caption").innerHTML);
  find("#references").textContent = about.references;
}

function move(axis, k) {
  at[axis] = k;
  const address = Object.entries(axes).filter(([, values]) => values.length > 1)
    .map(([name, values]) => `${name}=${values[at[name]]}`).join("&");
  history.replaceState(null, "", `#${address}`);
  show();
}

// Selects the point whose values are nearest to those in the address.
function readAddress() {
  for (const [axis, text] of new URLSearchParams(location.hash.slice(1)))
    if (axes[axis]) {
      const wanted = /^\.?inf/i.test(text) ? Infinity : Number(text);
      const distance = (number) => number === wanted ? 0 : Number.isFinite(number) ? Math.abs(number - wanted) : Infinity;
      if (!Number.isNaN(wanted)) at[axis] = axes[axis].reduce((best, number, k) => distance(number) < distance(axes[axis][best]) ? k : best, 0);
    }
}

function show() {
  for (const [axis, values] of Object.entries(axes)) {
    find(`#at-${axis}`).textContent = withUnit(axis, values[at[axis]]);
    const slider = find(`#slide-${axis}`);
    if (slider) {
      slider.value = at[axis];
      slider.setAttribute("aria-valuetext", withUnit(axis, values[at[axis]]));
    }
  }
  for (const element of document.querySelectorAll("data")) put(element, value(element.id, at));
  const error = value("N_E_star_stderr", at);
  find("#error").textContent = error > 0 ? `± ${format(error, 2)} from data; ${format(value("N_E_star_deterministic", at))} by the deterministic equivalent` : "";
  find("#status").textContent = outcomes[value("status", at)];
  find("#regime").textContent = value("regime", at);
  const governing = Number.isFinite(axes.N_I[at.N_I]) ? "elasticity_N_I" : "exponent_D";
  const near = about.theory[governing]?.[at.nu][value("regime", at)];
  find("#near").innerHTML = near == null ? "" : subscripts(`${exponents[governing]} near ${format(near, 3)}`);
  const along = find("#along").value;
  if (along) drawAll(along);
}

// --- Plots: SVG whose unit is a CSS pixel, as wide as the page allows.
const LEFT = 74, RIGHT = 16, TOP = 8, BOTTOM = 40, FAR = 40; // FAR: pixels between the largest number and infinity

// A scale from numbers to pixels. Of kind "positive" it is logarithmic if the values are positive and span more than a
// factor of 20. Of kind "signed" it is logarithmic beyond -1 and 1 if some value is beyond -20 or 20. Otherwise it is
// linear. Infinity has its own position at the end. low, high: values that the scale must include.
function scaleOf(values, from, to, kind, low, high) {
  const known = values.filter(Number.isFinite);
  const end = to;
  if (values.includes(Infinity)) to -= FAR;
  let least = Math.min(...known), most = Math.max(...known);
  const logarithmic = kind === "positive" && least > 0 && most / least > 20;
  if (low !== undefined) [least, most] = [Math.min(low, least), Math.max(high, most)];
  if (!(most > least)) [least, most] = known.length ? [least - Math.abs(least) / 2 - 1e-9, most + Math.abs(most) / 2 + 1e-9] : [0, 1];
  const signed = kind === "signed" && Math.max(-least, most) > 20;
  const map = logarithmic ? Math.log10 : signed ? Math.asinh : (number) => number;
  const scale = (number) => number === Infinity ? end - 8 : from + (map(number) - map(least)) / (map(most) - map(least)) * (to - from);
  const spread = map(most) - map(least), wanted = Math.abs(to - from) / (from < to ? 90 : 32);
  const steps = logarithmic ? [1, 2, 3, 4, 5, 6, 10] : [1, 2, 5].flatMap((unit) => [-3, -2, -1, 0, 1, 2, 3].map((power) => unit * 10 ** (power + Math.floor(Math.log10(spread)))))
    .sort((a, b) => a - b);
  const step = steps.find((size) => spread / size <= Math.max(wanted, 2)) ?? steps.at(-1);
  scale.ticks = values.includes(Infinity) ? [Infinity] : [];
  scale.label = (tick) => logarithmic && most >= 1e5 && tick > 1 && Number.isFinite(tick) ? `10${raised(Math.round(Math.log10(tick)))}` : format(tick);
  if (signed) {
    for (const tick of [0, ...Array.from({ length: 39 }, (_, k) => [10 ** (38 - k), -(10 ** (38 - k))]).flat()])
      if (tick >= least && tick <= most && scale.ticks.every((other) => Math.abs(scale(tick) - scale(other)) > 24)) scale.ticks.push(tick);
  } else for (let k = Math.ceil(map(least) / step - 1e-9); k * step <= map(most) + 1e-9 * spread; k++)
    scale.ticks.push(logarithmic ? 10 ** (k * step) : Number((k * step).toPrecision(12)));
  return scale;
}

function drawAll(along) {
  const xs = axes[along], where = xs.map((_, k) => ({ ...at, [along]: k }));
  const column = (name) => where.map((point) => value(name, point) ?? NaN);
  const slope = `elasticity_${along}`;
  const statuses = where.map((point) => value("status", point));
  const panels = [{ statuses, title: "market entry threshold N_E*", height: 260, kind: "positive", curves: { newcomer: column("N_E_star") } }];
  if (about.variables[slope]) panels.push({ statuses, title: exponents[slope], height: 150, kind: "signed",
                                                guides: along === "N_I" ? Object.values(about.theory[slope]?.[at.nu] ?? {}) : [],
                                                curves: { newcomer: column(slope) } });
  if (choices.alpha) panels.push({ title: `${choices.alpha}, α`, height: 150, range: [0.5, 1],
                                   curves: { incumbent: column("incumbent_alpha"), newcomer: column("entrant_alpha") } });
  find("#plots").replaceChildren(...panels.map((panel) => draw(panel, along, xs)));
}

// Bands over the points without a threshold: one for each run of points with the same status.
function bands(panel, xs, x, width, top, bottom) {
  const { statuses } = panel, parts = [], last = xs.length - 1;
  const edge = (k, step) => k + step < 0 ? LEFT : k + step > last ? width - RIGHT : (x(xs[k]) + x(xs[k + step])) / 2;
  for (let k = 0, first = 0; k <= last; first = ++k) {
    while (k < last && statuses[k + 1] === statuses[first]) k++;
    const word = statuses[first], left = edge(first, -1), wide = edge(k, 1) - left;
    if (word === "ok" || word === "entrant_always") continue;
    parts.push(`<rect class="missing" data-status="${word}" data-points="${first} ${k}" x="${left}" y="${top}" width="${wide}" ` +
               `height="${bottom - top}"><title>${outcomes[word]}</title></rect>`);
    const turn = wide < 150, middle = left + wide / 2, centre = (top + bottom) / 2;
    if (wide > 16) parts.push(`<text class="missing" text-anchor="middle" x="${middle}" y="${centre + 4}"` +
      `${turn ? ` transform="rotate(-90 ${middle} ${centre})"` : ""}>${word.replace(/_/g, " ")}</text>`);
  }
  return parts;
}

function draw(panel, along, xs) {
  const width = Math.max(280, find("#plots").clientWidth || 600), height = panel.height + TOP + BOTTOM + 20;
  const bottom = TOP + 20 + panel.height;
  const x = scaleOf(xs, LEFT, width - RIGHT, "positive");
  const y = scaleOf(Object.values(panel.curves).flat(), bottom, TOP + 20, panel.kind, ...(panel.range ?? []));
  const parts = [`<text x="${LEFT}" y="${TOP + 8}">${lowered(panel.title)}</text>`];
  for (const tick of y.ticks)
    parts.push(`<line class="tick" x1="${LEFT}" x2="${width - RIGHT}" y1="${y(tick)}" y2="${y(tick)}"/>` +
               `<text x="${LEFT - 6}" y="${y(tick) + 4}" text-anchor="end">${y.label(tick)}</text>`);
  for (const tick of x.ticks)
    parts.push(`<line class="tick" x1="${x(tick)}" x2="${x(tick)}" y1="${bottom}" y2="${bottom - 5}"/>` +
               `<text x="${x(tick)}" y="${bottom + 16}" text-anchor="middle">${x.label(tick)}</text>`);
  if (panel.statuses) parts.push(...bands(panel, xs, x, width, TOP + 20, bottom));
  const guides = (panel.guides ?? []).filter((guide) => y(guide) >= TOP + 19 && y(guide) <= bottom + 1);
  for (const guide of guides) parts.push(`<line class="theory" x1="${LEFT}" x2="${width - RIGHT}" y1="${y(guide)}" y2="${y(guide)}"/>`);
  if (guides.length) parts.push(`<text class="theory" x="${width - RIGHT}" y="${TOP + 8}" text-anchor="end">· · · theory</text>`);
  const unit = units[along] ? ` / ${units[along]}` : "";
  parts.push(`<text x="${(LEFT + width - RIGHT) / 2}" y="${bottom + 33}" text-anchor="middle">${lowered(symbols[along] + unit)}</text>`);
  parts.push(`<rect class="frame" x="${LEFT}" y="${TOP + 20}" width="${width - LEFT - RIGHT}" height="${panel.height}"/>`);
  const here = xs[at[along]];
  parts.push(`<line class="here" x1="${x(here)}" x2="${x(here)}" y1="${TOP + 20}" y2="${bottom}"/>`);
  for (const [company, ys] of Object.entries(panel.curves)) {
    let path = "", pen = "M";
    ys.forEach((height, k) => {
      const drawn = Number.isFinite(height) && Number.isFinite(xs[k]);
      if (drawn) path += `${pen}${x(xs[k]).toFixed(1)},${y(height).toFixed(1)}`;
      pen = drawn ? "L" : "M";
    });
    parts.push(`<path class="${company}" d="${path}"/>`);
    const far = xs.indexOf(Infinity);
    if (Number.isFinite(ys[far])) parts.push(`<circle class="far ${company}" cx="${x(Infinity)}" cy="${y(ys[far])}" r="3.5"/>`);
    if (Number.isFinite(ys[at[along]])) parts.push(`<circle cx="${x(here)}" cy="${y(ys[at[along]])}" r="5"/>`);
  }
  if (Object.keys(panel.curves).length > 1)
    parts.push(`<text x="${width - RIGHT}" y="${TOP + 8}" text-anchor="end"><tspan class="incumbent">– – incumbent</tspan>` +
               '<tspan class="newcomer" dx="9">— newcomer</tspan></text>');
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", `${panel.title} along ${symbols[along]}`);
  picture.innerHTML = parts.join("");
  picture.addEventListener("click", (event) => {
    const clicked = event.offsetX * width / picture.clientWidth;
    const distance = (k) => Math.abs(x(xs[k]) - clicked);
    move(along, xs.reduce((best, _, k) => distance(k) < distance(best) ? k : best, 0));
  });
  return picture;
}

unpack().then(() => {
  buildControls();
  readAddress();
  show();
  addEventListener("hashchange", () => { readAddress(); show(); });
  addEventListener("resize", show);
  document.body.dataset.ready = "yes";
}, (error) => { find("#status").textContent = `This browser cannot unpack the page's numbers: ${error}`; });
