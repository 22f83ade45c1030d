// SPDX-License-Identifier: GPL-3.0-or-later
// Opens the page.
"use strict";

function show() {
  showAnswer();
  showControls();
  showTables();
  showComparison();
  drawMap();
  drawCurves();
  const picture = find("#picture"), isSticky = getComputedStyle(picture).position === "sticky"; // a control that gets the focus is below it
  document.documentElement.style.scrollPaddingTop = isSticky ? `${picture.offsetHeight + 8}px` : "";
}

// Takes away what this file has no use for, and writes what is the same in every view.
function furnish() {
  for (const [key, has] of [["sweep", (name) => name === about.sweep], ["axis", (name) => name in axes], ["solver", (name) => name === about.solver]])
    for (const element of document.querySelectorAll(`[data-${key}]`)) if (!has(element.dataset[key])) element.remove();
  find("#notes").innerHTML = about.notes.map((note) => `<li>${subscripts(escaped(note))}</li>`).join("");
  find("#caption").innerHTML = subscripts(escaped(about.caption));
  find("#references").textContent = about.references;
  find("#look").hidden = !hasMap || !varying.length;
  find("#curve-figure").hidden = !varying.length;
  if (!hasMap) document.body.dataset.look = "curve";
}

unpack().then(() => {
  furnish();
  chooseFirst();
  buildControls();
  buildTables();
  buildMap();
  buildSaving();
  readAddress();
  show();
  addEventListener("hashchange", () => { readAddress(); show(); });
  addEventListener("resize", show);
  document.body.dataset.ready = "yes";
}).catch((error) => window.onerror(error && error.message ? error.message : String(error)));
