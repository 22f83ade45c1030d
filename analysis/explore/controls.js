// SPDX-License-Identifier: GPL-3.0-or-later
// The controls: a slider for each axis, what is the same in the whole file, and what the pictures show.
"use strict";

// What an axis value means where the number does not say it.
const meaning = (axis, number) => withUnit(axis, number) +
  (number === Infinity ? axis.startsWith("tau") ? ", no rule" : axis.startsWith("N") ? ", unlimited" : "" : "");

function buildControls() {
  for (const [axis, values] of Object.entries(axes)) {
    const label = document.createElement("label");
    label.innerHTML = `<span>${names[axis]} <i>${subscripts(symbols[axis])}</i></span><output id="at-${axis}"></output>`;
    if (values.length > 1) {
      const slider = Object.assign(document.createElement("input"), { type: "range", id: `slide-${axis}`, min: 0,
                                                                       max: values.length - 1, value: view.at[axis] });
      slider.addEventListener("input", () => move({ [axis]: Number(slider.value) }));
      label.append(slider);
    }
    find("#controls").append(label);
  }
  for (const { text, symbol, unit, value: fixed } of Object.values(about.fixed)) {
    const item = document.createElement("p");
    item.innerHTML = `<span>${text} <i>${subscripts(symbol)}</i></span><span>${format(number(fixed))}${number(fixed) === Infinity ? ", no rule" : unit && ` ${unit}`}</span>`;
    find("#controls").append(item);
  }
  for (const [id, key] of [["#along", "along"], ["#map-x", "x"], ["#map-y", "y"]]) {
    find(id).append(...varying.map((axis) => new Option(`${symbols[axis].replace("_", "")}: ${names[axis]}`, axis)));
    find(id).addEventListener("change", () => look({ [key]: find(id).value }));
  }
  find("#map-quantity").append(...about.quantities.map(({ text, key }) => new Option(text, key)));
  find("#map-quantity").addEventListener("change", () => look({ quantity: find("#map-quantity").value }));
  for (const id of ["#map-x", "#map-y", "#map-quantity"]) find(id).closest("label").hidden = !hasMap;
  find("#along").closest("label").hidden = varying.length < 2;
  find("#keep").addEventListener("click", () => look({ kept: { ...view.at } }));
  find("#swap").addEventListener("click", () => look({ kept: view.at, at: view.kept }));
  find("#drop").addEventListener("click", () => { look({ kept: null }); find("#keep").focus(); });
  for (const button of document.querySelectorAll("#look button"))
    button.addEventListener("click", () => {
      document.body.dataset.look = button.dataset.look;
      for (const each of document.querySelectorAll("#look button")) each.setAttribute("aria-pressed", each === button);
      show();
    });
}

function showControls() {
  for (const [axis, values] of Object.entries(axes)) {
    const text = meaning(axis, values[view.at[axis]]), slider = find(`#slide-${axis}`);
    find(`#at-${axis}`).textContent = text;
    if (slider) {
      slider.value = view.at[axis];
      slider.setAttribute("aria-valuetext", text);
    }
  }
  find("#along").value = view.along;
  if (!hasMap) return;
  find("#map-x").value = view.x;
  find("#map-y").value = view.y;
  find("#map-quantity").value = mapQuantity().key;
}
