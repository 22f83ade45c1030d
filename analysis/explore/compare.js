// SPDX-License-Identifier: GPL-3.0-or-later
// Two settings side by side: A, which the reader has kept, and B, where the sliders stand.
"use strict";

// What the change from A to B does, in a sentence.
function verdict() {
  const name = about.quantities[0].name, [a, b] = [view.kept, view.at].map((where) => hasResult(where) ? value(name, where) : NaN);
  const thing = isMarket ? "a newcomer needs" : "the model's performance loss is";
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b) ? "Neither setting has a number to compare."
    : `Only setting ${Number.isNaN(a) ? "B" : "A"} has a number: the other has no answer of this kind.`;
  const ratio = b / a, times = (factor) => factor < 10 ? format(factor, 3) : count(factor);
  if (Math.abs(ratio - 1) < 5e-4) return isMarket ? "In A and B a newcomer needs the same data." : "The loss is the same in A and B.";
  if (isMarket) return `In B ${thing} ${ratio > 1 ? `${times(ratio)} times the data` : `less data by a factor of ${times(1 / ratio)}`} ${ratio > 1 ? "of" : "than in"} A.`;
  return `In B ${thing} ${ratio > 1 ? `${times(ratio)} times that` : `smaller by a factor of ${times(1 / ratio)} than that`} of A.`;
}

// Rows of the table: [heading, text in A, text in B].
function differences() {
  const both = (of) => [of(view.kept), of(view.at)], rows = [];
  for (const axis of varying)
    if (view.kept[axis] !== view.at[axis]) rows.push([`${names[axis]} ${symbols[axis]}`, ...both((where) => withUnit(axis, axes[axis][where[axis]]))]);
  const said = (where) => hasResult(where) ? format(value(about.quantities[0].name, where)) : about.regions[status(where)]?.name ?? "–";
  rows.push([isMarket ? "N_E*, data points" : "performance loss L_1", ...both(said)]);
  if (isMarket) rows.push(["share of the incumbent's data", ...both((where) => format(value("N_E_star", where) / axes.N_I[where.N_I], 3))]);
  for (const [text, name] of Object.entries(about.panels[0]?.curves ?? {}))
    rows.push([`${isMarket ? `α of the ${text}` : text}`, ...both((where) => format(value(name, where), 4))]);
  return rows;
}

function showComparison() {
  const section = find("#compare");
  section.hidden = !view.kept;
  find("#swap").hidden = find("#drop").hidden = !view.kept;
  if (!view.kept) return;
  section.innerHTML = `<table><caption>A against B</caption><thead><tr><td></td><th scope="col">A</th><th scope="col">B, the sliders</th></tr></thead>` +
    `<tbody>${differences().map(([text, a, b]) => `<tr><th scope="row">${subscripts(text)}</th><td>${a}</td><td>${b}</td></tr>`).join("")}</tbody></table>` +
    `<p>${verdict()}</p>`;
}
