// SPDX-License-Identifier: GPL-3.0-or-later
// What the reader takes along: a link to the view, the pictures as SVG, their numbers as CSV.
"use strict";

const done = (text) => { find("#done").textContent = text; };

async function copyLink() {
  const link = location.href.replace(/#.*/, "") + address(), field = find("#address");
  history.replaceState(null, "", address());
  try {
    await navigator.clipboard.writeText(link);
    field.hidden = true;
    done("The link is copied.");
  } catch (error) { // no permission, or no clipboard
    field.hidden = false;
    field.value = link;
    field.focus();
    field.select();
    done("Copy the link below.");
  }
}

// A line under a picture that leaves the page: what is held, and where the numbers come from.
function underline() {
  const held = Object.keys(axes).map((axis) => `${symbols[axis]} = ${withUnit(axis, axes[axis][view.at[axis]])}`);
  return [find("#sentence").textContent, `Setting: ${held.join(", ")}; ${about.caption}`, find("meta[name=generator]").content];
}

// The lines of a text that is at most `letters` wide.
function wrap(text, letters) {
  const lines = [""];
  for (const word of text.split(" ")) {
    if (lines[lines.length - 1] && lines[lines.length - 1].length + word.length > letters) lines.push("");
    lines[lines.length - 1] += (lines[lines.length - 1] && " ") + word;
  }
  return lines;
}

const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");

// Pictures of the page one below the other, as a file of its own.
function asFile(svgs) {
  const rules = find("#figures").textContent, colours = Object.fromEntries([...rules.matchAll(/--([a-z]+): ([^;]+);/g)].map(([, name, colour]) => [name, colour]));
  const boxes = svgs.map((svg) => svg.getAttribute("viewBox").split(" ").map(Number)), width = Math.max(...boxes.map((box) => box[2]));
  let y = 8;
  const parts = svgs.map((svg, k) => {
    const inside = `<g class="${svg.getAttribute("class") ?? ""}" transform="translate(0 ${y})">${[...svg.childNodes].map((node) => new XMLSerializer().serializeToString(node)).join("")}</g>`;
    y += boxes[k][3] + 8;
    return inside;
  });
  const texts = underline().flatMap((text) => wrap(text, width / 6)).map((text) => `<text class="small" x="8" y="${y += 15}">${lowered(escaped(text))}</text>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y + 10}" width="${width}" height="${y + 10}" font-family="sans-serif">` +
    `<style>${rules.replace(/var\(--([a-z]+)\)/g, (_, name) => colours[name])}</style><rect width="100%" height="100%" fill="#fff"/>${parts.join("")}${texts.join("")}</svg>\n`;
}

const mapSvg = () => asFile([find("#map")]);
const curveSvg = () => asFile([...document.querySelectorAll("#curve svg, #more svg")]);

// A row for each point, all axes first. wheres: the points.
function csv(wheres, variables) {
  const isShare = isMarket && variables.includes("N_E_star"), head = [...Object.keys(axes), ...variables, ...(isShare ? ["share"] : []), "status"];
  const rows = wheres.map((where) => [...Object.entries(axes).map(([axis, values]) => Number.isFinite(values[where[axis]]) ? values[where[axis]] : "inf"),
    ...variables.map((name) => name in about.words ? value(name, where) : exact(value(name, where))),
    ...(isShare ? [exact(Math.fround(value("N_E_star", where) / axes.N_I[where.N_I]))] : []), status(where)]);
  return [head, ...rows].map((row) => `${row.join(",")}\n`).join("");
}

function mapCsv() {
  const { name } = mapQuantity(), wheres = axes[view.y].flatMap((_, j) => axes[view.x].map((_, i) => ({ ...view.at, [view.x]: i, [view.y]: j })));
  return csv(wheres, [name, `${name}_stderr`].filter((each) => about.variables[each]));
}

const curveCsv = () => csv(axes[view.along].map((_, k) => ({ ...view.at, [view.along]: k })), Object.keys(about.variables).filter((name) => name !== "status"));

function download(kind, ending, text) {
  const link = document.createElement("a"), type = { svg: "image/svg+xml", csv: "text/csv" }[ending];
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = `${about.title.replace(/[^\w.-]+/g, "-")}-${kind}.${ending}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  done(`Saved as ${link.download}.`);
}

function buildSaving() {
  find("#link").addEventListener("click", copyLink);
  for (const [kind, ending, make] of [["map", "svg", mapSvg], ["map", "csv", mapCsv], ["curve", "svg", curveSvg], ["curve", "csv", curveCsv]]) {
    const button = find(`#${kind}-${ending}`);
    button.hidden = kind === "map" ? !hasMap : !varying.length;
    button.addEventListener("click", () => download(kind, ending, make()));
  }
}
