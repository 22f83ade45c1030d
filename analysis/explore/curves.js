// SPDX-License-Identifier: GPL-3.0-or-later
// Curves along one axis, as SVG whose unit is a CSS pixel, as wide as the page allows.
"use strict";

const LEFT = 74, RIGHT = 16, TOP = 28, BOTTOM = 40;
const isNarrow = () => matchMedia("(max-width: 56rem)").matches;

// Every panel of the page: { title, height, kind, range, statuses, curves: [{ text, look, ys, errors, dots }], guides }.
function panels() {
  const along = view.along, where = (at) => axes[along].map((_, k) => ({ ...at, [along]: k }));
  const column = (name, at = view.at) => { const read = plane(name, at, along); return axes[along].map((_, k) => read ? read(k) : NaN); };
  const optional = (name, at) => about.variables[name] ? column(name, at) : undefined;
  const statuses = column("status"), chosen = about.quantities.find((each) => each.key === view.quantity), { name } = chosen;
  const curves = [{ text: "", look: "newcomer", ys: column(name), errors: optional(`${name}_stderr`) ?? optional("loss_stderr"), dots: true }];
  if (about.variables[`${name}_deterministic`]) curves.push({ text: "theory's deterministic equivalent", look: "theory", ys: column(`${name}_deterministic`) });
  if (view.kept) curves.push({ text: "A", look: "kept", ys: column(name, view.kept) });
  const data = isMarket ? where(view.at).map((point) => axes.N_I[point.N_I]) : [];
  const main = { statuses, title: isMarket ? "market entry threshold N_E*" : chosen.text, height: isNarrow() ? 200 : 250, kind: "positive",
                 curves, reference: data };
  const slope = about.slopes[along], more = [];
  if (slope) more.push({ statuses, title: about.exponents[slope], height: 150, kind: "signed", curves: [{ text: "", look: "newcomer", ys: column(slope) }],
                         guides: along === about.data_axis ? Object.values(theory(slope, view.at) ?? {}).map(number) : [] });
  for (const panel of about.panels) {
    const looks = isMarket ? ["incumbent", "newcomer"] : ["newcomer", "incumbent", "third", "fourth"];
    const texts = Object.keys(panel.curves);
    more.push({ title: isMarket ? `${panel.title}, α` : panel.title, height: 150, kind: "positive", range: panel.range,
                curves: texts.map((text, k) => ({ text, look: looks[k], ys: column(panel.curves[text]) })) });
  }
  return [main, ...more];
}

function drawCurves() {
  if (!varying.length) return;
  const [main, ...more] = panels();
  find("#curve").innerHTML = "";
  find("#curve").append(drawPanel(main));
  find("#more").innerHTML = "";
  for (const panel of more) find("#more").append(drawPanel(panel));
}

// Bands over the points without a result: one for each run of points with the same status.
function bands(panel, edges, bottom) {
  const { statuses } = panel, parts = [], last = statuses.length - 1;
  for (let k = 0, first = 0; k <= last; first = ++k) {
    while (k < last && statuses[k + 1] === statuses[first]) k++;
    const region = about.regions[statuses[first]], left = edges[first], wide = edges[k + 1] - left;
    if (!region) continue;
    parts.push(`<rect class="missing" data-status="${statuses[first]}" data-points="${first} ${k}" x="${left}" y="${TOP}" width="${wide}" ` +
               `height="${bottom - TOP}"><title>${region.words}</title></rect>`);
    const turn = wide < LETTER * region.name.length + 8, room = turn ? bottom - TOP : wide, middle = left + wide / 2, centre = (TOP + bottom) / 2;
    const lines = room < LETTER * region.name.length + 8 ? halves(region.name) : [region.name];
    if (wide > LINE * lines.length && room > LETTER * Math.max(...lines.map((text) => text.length)))
      parts.push(`<text class="missing" text-anchor="middle"${turn ? ` transform="rotate(-90 ${middle} ${centre})"` : ""}>` +
        `${lines.map((text, row) => `<tspan x="${middle}" y="${centre + 12 + LINE * (row - lines.length / 2)}">${text}</tspan>`).join("")}</text>`);
  }
  return parts;
}

// One curve: its line, or its points where these are few, and their error bars.
function line({ look, ys, errors, dots }, xs, x, y) {
  let path = "", pen = "M";
  const parts = [], isDrawn = (k) => Number.isFinite(ys[k]) && Number.isFinite(xs[k]);
  const bar = (k) => errors?.[k] > 0 && Number.isFinite(ys[k]);
  ys.forEach((height, k) => {
    if (isDrawn(k)) path += `${pen}${x(xs[k]).toFixed(1)},${y(height).toFixed(1)}`;
    pen = isDrawn(k) ? "L" : "M";
    if (bar(k)) {
      const [low, high, at] = [y(Math.max(height - errors[k], Number.MIN_VALUE)), y(height + errors[k]), x(xs[k])].map((pixel) => pixel.toFixed(1));
      parts.push(`<path class="error" d="M${at},${low}V${high}m-3,0h6M${(at - 3).toFixed(1)},${low}h6"/>`);
    }
    const isAlone = isDrawn(k) && !isDrawn(k - 1) && !isDrawn(k + 1);
    if (bar(k) || (dots && isDrawn(k) && (isAlone || xs.length <= 12)))
      parts.push(`<circle class="dot ${look}" cx="${x(xs[k]).toFixed(1)}" cy="${y(height).toFixed(1)}" r="3"/>`);
    if (xs[k] === Infinity && Number.isFinite(height) && !bar(k))
      parts.push(`<circle class="far ${look}" cx="${x(Infinity)}" cy="${y(height)}" r="3.5"/>`);
  });
  return [`<path class="${look}${errors ? " sampled" : ""}" d="${path}"/>`, ...parts];
}

// The line N_E* = N_I, as far as it lies in the plot, and its name.
function reference(values, xs, x, y, width, bottom) {
  const inside = (k) => Number.isFinite(values[k]) && Number.isFinite(xs[k]) && y(values[k]) >= TOP && y(values[k]) <= bottom;
  let path = "", pen = "M", last;
  values.forEach((height, k) => {
    if (inside(k)) { path += `${pen}${x(xs[k]).toFixed(1)},${y(height).toFixed(1)}`; last = k; }
    pen = inside(k) ? "L" : "M";
  });
  if (last === undefined || !path.includes("L")) return [];
  const at = Math.min(x(xs[last]), width - RIGHT - 4), flat = values.every((one) => one === values[0]);
  const place = flat ? `x="${at}" y="${y(values[last]) - 5}"` : `x="${at - 14}" y="${Math.max(y(values[last]) + 3, TOP + 13)}"`;
  return [`<path class="equal" d="${path}"/><text class="halo" text-anchor="end" ${place}>${lowered("N_E* = N_I ")}</text>`];
}

function drawPanel(panel) {
  const along = view.along, xs = axes[along], width = Math.max(280, find("#picture").clientWidth || 600), bottom = TOP + panel.height;
  let height = bottom + BOTTOM;
  const x = axisScale(along, LEFT, width - RIGHT), edges = edgesOf(along, x, LEFT, width - RIGHT);
  const ends = ({ ys, errors }) => [...ys, ...(errors ? ys.flatMap((one, k) => [one - errors[k], one + errors[k]]).filter((end) => end > 0) : [])];
  const y = scaleOf(panel.curves.flatMap(ends), bottom, TOP, panel.kind, ...(panel.range ?? []));
  if (!panel.curves.some(({ ys }) => ys.some(Number.isFinite))) y.ticks = [];
  const parts = [`<text x="${LEFT}" y="${TOP - 12}" class="title">${lowered(panel.title)}</text>`];
  for (const tick of y.ticks)
    parts.push(`<line class="tick" x1="${LEFT}" x2="${width - RIGHT}" y1="${y(tick)}" y2="${y(tick)}"/>` +
               `<text x="${LEFT - 6}" y="${y(tick) + 4}" text-anchor="end">${y.label(tick)}</text>`);
  parts.push(...axisTicks(x, bottom));
  if (panel.statuses) parts.push(...bands(panel, edges, bottom));
  const guides = (panel.guides ?? []).filter((guide) => y(guide) >= TOP - 1 && y(guide) <= bottom + 1);
  for (const guide of guides) parts.push(`<line class="theory" x1="${LEFT}" x2="${width - RIGHT}" y1="${y(guide)}" y2="${y(guide)}"/>` +
    `<text class="theory halo" x="${width - RIGHT - 4}" y="${y(guide) - 3}" text-anchor="end">theory: ${format(guide, 3)}</text>`);
  parts.push(axisTitle(along, (LEFT + width - RIGHT) / 2, bottom + 33));
  parts.push(`<rect class="frame" x="${LEFT}" y="${TOP}" width="${width - LEFT - RIGHT}" height="${panel.height}"/>`);
  if (panel.reference) parts.push(...reference(panel.reference, xs, x, y, width, bottom));
  const here = x(xs[view.at[along]]);
  parts.push(`<line class="here" x1="${here}" x2="${here}" y1="${TOP}" y2="${bottom}"/>`);
  for (const curve of [...panel.curves].reverse()) parts.push(...line(curve, xs, x, y));
  for (const { look, ys } of panel.curves) {
    const at = (look === "kept" ? view.kept : view.at)[along];
    if (look !== "theory" && Number.isFinite(ys[at])) parts.push(`<circle class="${look === "kept" ? "a" : "b"}" cx="${x(xs[at])}" cy="${y(ys[at])}" r="5"/>`);
  }
  const named = panel.curves.filter(({ text }) => text), dash = { newcomer: "—", incumbent: "– –", theory: "· · ·", kept: "- - -", third: "—", fourth: "– –" };
  const key = (look, text) => `<tspan class="${look}" dx="9">${dash[look]} ${text}</tspan>`;
  if (width >= 560 && named.length <= 2)
    parts.push(`<text class="halo" x="${width - RIGHT}" y="${TOP - 12}" text-anchor="end">${named.map(({ look, text }) => key(look, text)).join("")}</text>`);
  else for (let k = 0, x = LEFT; k < named.length; k++) { // below the axis, as many to a line as there is room for
    const room = LETTER * (named[k].text.length + 6);
    if (x === LEFT || x + room > width) [x, height] = [LEFT, height + 16];
    parts.push(`<text x="${x - 9}" y="${height - 6}">${key(named[k].look, named[k].text)}</text>`);
    x += room;
  }
  return picture(panel, along, edges, width, height, parts);
}

const axisTicks = (x, bottom) => x.ticks.map((tick) => `<line class="tick" x1="${x(tick)}" x2="${x(tick)}" y1="${bottom}" y2="${bottom - 5}"/>` +
  `<text x="${x(tick)}" y="${bottom + 16}" text-anchor="middle">${x.label(tick)}</text>`);
const axisTitle = (axis, x, y, turn = "") => `<text x="${x}" y="${y}" text-anchor="middle"${turn}>` +
  `${names[axis]}, ${lowered(symbols[axis] + (units[axis] ? ` / ${units[axis]}` : ""))}</text>`;

function picture(panel, along, edges, width, height, parts) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `${panel.title} along ${symbols[along]}`);
  svg.innerHTML = parts.join("");
  const point = (event) => indexAt(edges, event.offsetX * width / svg.clientWidth);
  svg.addEventListener("click", (event) => move({ [along]: point(event) }));
  svg.addEventListener("pointermove", (event) => { find("#curve-readout").innerHTML = readout({ ...view.at, [along]: point(event) }, [along]); });
  svg.addEventListener("pointerleave", () => { find("#curve-readout").textContent = ""; });
  return svg;
}

// A setting and its result, in a line.
function readout(where, along) {
  const place = along.map((axis) => `${symbols[axis]} = ${withUnit(axis, axes[axis][where[axis]])}`).join(", ");
  const { name } = about.quantities.find((each) => each.key === view.quantity), found = value(name, where);
  const result = !hasResult(where) ? about.regions[status(where)]?.words ?? status(where) : isMarket
    ? `N_E* = ${format(found, 4)}${Number.isFinite(axes.N_I[where.N_I]) ? `, ${ofItsData(found / axes.N_I[where.N_I]).replace("its", "the incumbent's").replace("it has", "the incumbent has")}` : ""}`
    : `${about.quantities.find((each) => each.key === view.quantity).text} ${format(found, 4)}`;
  return subscripts(`${place}: ${result}`);
}
