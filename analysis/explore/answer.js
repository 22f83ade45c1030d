// SPDX-License-Identifier: GPL-3.0-or-later
// The answer as a sentence.
"use strict";

const strong = (text) => `<b>${text}</b>`;
const isMarket = about.sweep === "market_entry";

// The incumbent's rule: [number, text]. An axis of the file, or one and the same for the whole file.
function incumbentRule(where) {
  if (axes.tau_I) return rule("tau_I", axes.tau_I[where.tau_I]);
  const fixed = about.fixed.tau_I;
  return fixed ? number(fixed.value) === Infinity ? "no rule" : `a rule of ${format(number(fixed.value))}${fixed.unit && ` ${fixed.unit}`}` : "";
}
const rule = (axis, number) => number === Infinity ? "no rule" : `a rule of ${withUnit(axis, number)}`;

// N_E* as a share of the incumbent's data, in words.
function ofItsData(ratio) {
  if (Math.abs(ratio - 1) < 5e-4) return "as much data as it has";
  if (ratio >= 1e6) return `${count(ratio)} times its data`;
  if (ratio > 1) return `${ratio < 10 ? format(ratio, 3) : count(ratio)} times its data`;
  if (ratio < 1e-4) return `one part in ${count(1 / ratio)} of its data`;
  return `${format(100 * ratio, ratio > 0.1 ? 3 : 2)} % of its data`;
}

// [sentence, aside] of a market.
function marketSentence(where) {
  const data = axes.N_I[where.N_I], held = incumbentRule(where), needed = value("N_E_star", where);
  const newcomer = axes.tau_E ? rule("tau_E", axes.tau_E[where.tau_E]) : "a rule of its own";
  const has = `With ${Number.isFinite(data) ? `${count(data)} data point${Math.round(data) === 1 ? "" : "s"}` : "unlimited data"}`;
  const start = `${has}${held && ` and ${held}`}, the incumbent`;
  const own = newcomer === "no rule" ? "No rule binds the newcomer." : `The newcomer is held to ${newcomer}.`;
  switch (status(where)) {
    case "ok": {
      const amount = strong(count(needed * (1 - 1e-7), Math.ceil));
      if (!Number.isFinite(data)) return [`${start} can be beaten with ${amount} data points.`, own];
      return [`${start} can be beaten${needed / data > 1 + 5e-4 ? ", but only" : ""} with ${amount}: ${ofItsData(needed / data)}.`, own];
    }
    case "entrant_always": return [`${start} can be beaten with ${strong("a single data point")}.`, own];
    case "no_entry": return [`${start} cannot be beaten: for a newcomer under ${newcomer}, ${strong("no amount of data is enough")}.`, ""];
    case "incumbent_infeasible":
      return [`${has}, the incumbent ${strong("cannot meet its own rule")}${held ? `, ${held}` : ""}: there is nobody to beat.`, own];
    case "entrant_infeasible": return [`A newcomer under ${newcomer} ${strong("can never meet it")}, whatever its data.`, ""];
    case "pending": return [`This market is ${strong("not computed yet")}.`, ""];
    default: return [`For this market there is ${strong("no answer")}: it lies outside what could be computed.`,
                     about.solver === "ridge" ? "The data that it asks for lie beyond the data sets that were sampled." : ""];
  }
}

// [sentence, aside] of a scaling law.
function lawSentence(where) {
  const data = axes.N[where.N], alpha = axes.alpha?.[where.alpha], loss = value("loss", where);
  if (status(where) === "pending") return [`This point is ${strong("not computed yet")}.`, ""];
  if (status(where) !== "ok") return [`Here there is ${strong("no answer")}: it lies outside what could be computed.`, ""];
  const labelled = alpha === undefined ? "" : `, ${alpha === 1 ? "all" : `${Number((100 * alpha).toPrecision(12))} %`} of them labelled for performance,`;
  const least = value("mixture_error", where) ?? loss - value("excess_loss", where);
  const aside = Number.isNaN(least) || least === undefined ? "" : least > 0
    ? `With unlimited data and the best ridge level, ${format(least, 3)} of that would remain.`
    : "With unlimited data and the best ridge level, none of that would remain.";
  const level = axes.lambda ? ` at ridge level ${format(axes.lambda[where.lambda])}` : "";
  return [`Trained on ${count(data)} data points${labelled} a model${level} has a performance loss of ${strong(format(loss, 3))}.`, aside];
}

const sentence = (where) => isMarket ? marketSentence(where) : lawSentence(where);

// What sampling adds to the answer: its standard error, and theory's own number.
function measured(where) {
  const name = about.quantities[0].name, error = value(`${name}_stderr`, where), theory = value(`${name}_deterministic`, where);
  if (!hasResult(where)) return "";
  return (error > 0 ? ` From sampled data, give or take ${format(error, 2)} (one standard error).` : "") +
    (theory > 0 ? ` Theory says ${format(theory, 4)}.` : "");
}

function showAnswer() {
  const [said, aside] = sentence(view.at);
  find("#sentence").innerHTML = said.replace(/ (?=L\*|%|million|billion|trillion|×|10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹])/g, "\u00a0");
  find("#aside").textContent = aside + measured(view.at);
}
