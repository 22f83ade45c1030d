// SPDX-License-Identifier: GPL-3.0-or-later
// Every number of the setting, to six digits, with the regime that it is in.
"use strict";

const heading = (text) => subscripts(text.replace("N_E*", "N_E*"));

// The exponent that a flag such as regime is about.
function governing(flag, where) {
  if (!isMarket) return flag === "regime" ? "exponent_loss" : "exponent_excess";
  return Number.isFinite(axes.N_I[where.N_I]) ? "elasticity_N_I" : "exponent_D";
}

const theory = (name, where) => about.theory[name]?.[where.nu ?? 0];

function buildTables() {
  for (const { caption, columns, rows, flags: words } of about.tables) {
    const table = document.createElement("table");
    const cell = (name) => `<td>${about.variables[name] ? `<data id="${name}"></data>` : ""}</td>`;
    table.innerHTML = `<caption>${heading(caption)}</caption>` +
      (columns ? `<thead><tr><td></td>${columns.map((text) => `<th scope="col">${text}</th>`).join("")}</tr></thead>` : "") +
      `<tbody>${rows.map((row) => `<tr><th scope="row">${subscripts(row.text)}</th>${row.names.map(cell).join("")}</tr>`).join("")}` +
      `${(words ?? []).map((flag) => `<tr><th scope="row">${flag.replace("_", " of ")} <small id="near-${flag}"></small></th>` +
                                     `<td id="flag-${flag}"></td></tr>`).join("")}</tbody>`;
    find("#tables").append(table);
  }
}

function showTables() {
  for (const element of document.querySelectorAll("#tables data")) {
    const item = value(element.id, view.at);
    element.value = item === undefined ? "" : String(item);
    element.textContent = format(item);
  }
  for (const flag of Object.keys(about.words)) {
    if (!find(`#flag-${flag}`)) continue;
    const word = value(flag, view.at), name = governing(flag, view.at), near = theory(name, view.at)?.[word];
    find(`#flag-${flag}`).textContent = word.replace("_", "-");
    find(`#near-${flag}`).innerHTML = near == null ? "" : subscripts(`${about.exponents[name] ?? name} near ${format(number(near), 3)}`);
  }
}
