// SPDX-License-Identifier: GPL-3.0-or-later
// The map: a quantity over two axes in steps of colour, regions without a result hatched and named, and the settings A and B.
"use strict";

const drawn = {}; // the map as it is drawn: its key, its edges in pixels, and its size

function drawMap() {
  find("#map-figure").hidden = !hasMap;
  if (!hasMap) return;
  const svg = find("#map"), width = Math.max(280, find("#picture").clientWidth || 600);
  const held = Object.entries(view.at).filter(([axis]) => axis !== view.x && axis !== view.y);
  const key = JSON.stringify([view.x, view.y, view.quantity, held, width, isNarrow()]);
  if (drawn.key !== key) {
    Object.assign(drawn, { key, width, bottom: TOP + (isNarrow() ? 190 : 330) });
    drawField(svg);
  }
  svg.querySelector(".marks").innerHTML = [[view.kept, "a"], [view.at, "b"]].filter(([where]) => where).map(([where, name]) => mark(where, name)).join("");
  svg.setAttribute("aria-label", `Map: ${mapQuantity().text} over ${symbols[view.x]} and ${symbols[view.y]}. Arrow keys move the setting. ` +
    readout(view.at, [view.x, view.y]).replace(/<[^>]+>/g, ""));
}

// What the map shows. A share of unlimited data is no number, so where N_I is held at infinity it is the data themselves.
function mapQuantity() {
  const chosen = about.quantities.find((each) => each.key === view.quantity), isUnlimited = isMarket && view.x !== "N_I" && view.y !== "N_I" &&
    axes.N_I[view.at.N_I] === Infinity;
  return chosen.key === "share" && isUnlimited ? about.quantities.find((each) => each.key === "data") : chosen;
}

// The map's numbers: number(i, j), data(i, j), the incumbent's, and status(i, j).
function mapNumbers() {
  const quantity = mapQuantity(), read = plane(quantity.name, view.at, view.x, view.y), xs = axes[view.x], ys = axes[view.y];
  const data = view.x === "N_I" ? (i) => xs[i] : view.y === "N_I" ? (i, j) => ys[j] : () => axes.N_I?.[view.at.N_I];
  return { quantity, data, read, number: quantity.key === "share" ? (i, j) => read(i, j) / data(i, j) : read,
           status: plane("status", view.at, view.x, view.y) };
}

function drawField(svg) {
  const { width, bottom } = drawn, right = width - RIGHT, { quantity, data, read, number, status: outcome } = mapNumbers();
  const x = axisScale(view.x, LEFT, right), y = axisScale(view.y, bottom, TOP), columns = axes[view.x].length, rows = axes[view.y].length;
  const across = edgesOf(view.x, x, LEFT, right), up = edgesOf(view.y, y, bottom, TOP), regions = regionsOf(quantity);
  const order = Object.fromEntries(regions.list.map(({ key }, k) => [key, k])), kinds = new Uint8Array(columns * rows);
  for (let j = 0; j < rows; j++)
    for (let i = 0; i < columns; i++) {
      const held = order[outcome(i, j)], found = number(i, j);
      kinds[j * columns + i] = held ?? (Number.isNaN(found) ? order.failed : regions.of(found));
    }
  const occurring = new Set([...new Set(kinds)].map((kind) => regions.list[kind].key));
  const xs = axes[view.x].map(x), ys = axes[view.y].map(y);
  const inside = (k, size) => Math.min(Math.max(k - 1, 0), size - 1); // the line goes on as it is from the outer points to the frame
  const height = (i, j) => Number.isFinite(data(i, j)) ? Math.log10(read(i, j) / data(i, j)) : NaN;
  const segments = isMarket ? contour((i, j) => height(inside(i, columns), inside(j, rows)), [LEFT, ...xs, right], [bottom, ...ys, TOP], -about.same) : [];
  const equal = drawContour(segments, LEFT, right, TOP, bottom), place = equal.match(/equal-name".*? x="([\d.]+)" y="([\d.]+)"/);
  const taken = [[xs[view.at[view.x]] - 10, ys[view.at[view.y]] - 10, 20, 20]]; // no name under the mark, or under that of the line
  taken.push(...segments.map(([a, b, c, d]) => [Math.min(a, c) - 2, Math.min(b, d) - 4, Math.abs(a - c) + 4, Math.abs(b - d) + 8]));
  if (place) taken.push([Number(place[1]) - 45, Number(place[2]) - 14, 90, 20]);
  const keyAt = (px, py) => kinds[indexAt(up, py) * columns + indexAt(across, px)];
  const named = regions.list.map((region, key) => ({ ...region, key })).filter((_, key) => occurring.has(regions.list[key].key));
  const { parts: lines, height: below } = legend(regions, occurring, LEFT, right, bottom + 46);
  const title = isMarket && isNarrow() && quantity.key === "share" ? "N_E*/N_I: share of the incumbent's data" : isMarket ? `${quantity.key === "share" ? "N_E*/N_I" : "N_E*"}: ${quantity.text}` : quantity.text;
  svg.setAttribute("viewBox", `0 0 ${width} ${bottom + 46 + below}`);
  svg.setAttribute("class", "map");
  svg.innerHTML = [hatches(), `<text class="title" x="${isNarrow() ? 4 : LEFT}" y="${TOP - 12}">${lowered(title)}</text>`,
    ...areas(kinds, regions.list, across, up, columns, rows), borders(kinds, regions.steps, across, up, columns, rows), equal,
    ...placeNames(named, keyAt, LEFT, right, TOP, bottom, taken), ...axisTicks(x, bottom),
    ...y.ticks.map((tick) => `<line class="tick" x1="${LEFT - 5}" x2="${LEFT}" y1="${y(tick)}" y2="${y(tick)}"/>` +
      `<text x="${LEFT - 8}" y="${y(tick) + 4}" text-anchor="end">${y.label(tick)}</text>`),
    axisTitle(view.x, (LEFT + right) / 2, bottom + 33), mapSide(bottom, y.ticks.map(y.label)),
    `<rect class="frame" x="${LEFT}" y="${TOP}" width="${right - LEFT}" height="${bottom - TOP}"/>`, ...lines, '<g class="hover"></g><g class="marks"></g>'].join("");
  Object.assign(drawn, { across, up, x, y });
}

// The vertical axis's title: its words where there is room, else its symbol.
function mapSide(bottom, ticks) {
  const middle = (TOP + bottom) / 2;
  if (names[view.y].length * LETTER < bottom - TOP - 30 && ticks.every((text) => text.length < 7)) return axisTitle(view.y, 14, middle, ` transform="rotate(-90 14 ${middle})"`);
  return `<text x="4" y="${TOP + 14}">${lowered(symbols[view.y] + (units[view.y] ? ` / ${units[view.y]}` : ""))}</text>`;
}

// Each region as one path of rectangles, one for each run of its cells in a row.
function areas(kinds, list, across, up, columns, rows) {
  const paths = list.map(() => "");
  for (let j = 0; j < rows; j++)
    for (let i = 0, first = 0; i < columns; first = ++i) {
      const kind = kinds[j * columns + i];
      while (i + 1 < columns && kinds[j * columns + i + 1] === kind) i++;
      paths[kind] += `M${across[first].toFixed(1)},${up[j].toFixed(1)}H${across[i + 1].toFixed(1)}V${up[j + 1].toFixed(1)}H${across[first].toFixed(1)}Z`;
    }
  return list.map((region, kind) => paths[kind] && `<path class="area" data-region="${region.key}" d="${paths[kind]}" fill="${fillOf(region)}"/>`);
}

// The borders of the regions without a result.
function borders(kinds, steps, across, up, columns, rows) {
  let path = "";
  const differ = (k, l) => kinds[k] !== kinds[l] && (kinds[k] >= steps || kinds[l] >= steps);
  for (let j = 0; j < rows; j++)
    for (let i = 0; i < columns; i++) {
      const k = j * columns + i;
      if (i + 1 < columns && differ(k, k + 1)) path += `M${across[i + 1].toFixed(1)},${up[j].toFixed(1)}V${up[j + 1].toFixed(1)}`;
      if (j + 1 < rows && differ(k, k + columns)) path += `M${across[i].toFixed(1)},${up[j + 1].toFixed(1)}H${across[i + 1].toFixed(1)}`;
    }
  return `<path class="border" d="${path}"/>`;
}

function mark(where, name) {
  const x = drawn.x(axes[view.x][where[view.x]]), y = drawn.y(axes[view.y][where[view.y]]), { width, bottom } = drawn;
  const cross = name === "b" ? `<path class="here" d="M${x},${TOP}V${bottom}M${LEFT},${y}H${width - RIGHT}"/>` : "";
  const letter = view.kept ? `<text class="halo" x="${x + (x > width - RIGHT - 24 ? -9 : 9)}" y="${y + (y < TOP + 20 ? 16 : -6)}" ` +
    `text-anchor="${x > width - RIGHT - 24 ? "end" : "start"}">${name.toUpperCase()}</text>` : "";
  return `${cross}<circle class="${name}" cx="${x}" cy="${y}" r="6"/>${letter}`;
}

function buildMap() {
  if (!hasMap) return;
  const svg = find("#map"), steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1], PageDown: [0, -10], PageUp: [0, 10],
                                      Home: [-Infinity, 0], End: [Infinity, 0] };
  const point = (event) => {
    const scale = drawn.width / svg.clientWidth;
    return { [view.x]: indexAt(drawn.across, event.offsetX * scale), [view.y]: indexAt(drawn.up, event.offsetY * scale) };
  };
  const isInside = (event) => event.offsetY * drawn.width / svg.clientWidth <= drawn.bottom + 4;
  svg.addEventListener("click", (event) => { if (isInside(event)) move(point(event)); });
  svg.addEventListener("pointermove", (event) => {
    const inside = isInside(event), at = inside ? point(event) : null;
    find("#map-readout").innerHTML = inside ? readout({ ...view.at, ...at }, [view.x, view.y]) : "";
    if (inside && event.buttons === 1 && event.pointerType === "mouse") move(at);
  });
  svg.addEventListener("pointerleave", () => { find("#map-readout").textContent = ""; });
  svg.addEventListener("keydown", (event) => {
    const step = steps[event.key];
    if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const moved = (axis, by) => Math.min(Math.max(view.at[axis] + by, 0), axes[axis].length - 1);
    move({ [view.x]: moved(view.x, step[0]), [view.y]: moved(view.y, step[1]) });
    find("#map-readout").innerHTML = readout(view.at, [view.x, view.y]);
  });
}
