// What was understood of the words, as chips.

import { make } from "./dom.js";

const UNKNOWN = "Not in the word list: the model takes it as it stands, look twice at the answer.";

function chip(kind, text, { unknown = false } = {}) {
  return make("li", { class: `chip ${unknown ? "unknown" : kind}`, title: unknown ? UNKNOWN : null },
    make("span", { class: "kind" }, unknown && kind !== "unknown" ? `${kind}, unknown` : kind), text);
}

/** The chips of a parse: its classes, or target, attributes, relations and unknown words. */
function chipsOf(parsed) {
  const unknown = new Set(parsed.unknown.map((each) => each.text ?? each));
  if (parsed.kind === "classes") {
    return parsed.classes.map((name) => chip("class", name, { unknown: unknown.has(name) }));
  }
  const chips = [];
  if (parsed.target.noun) {
    const whole = unknown.has(parsed.target.noun);
    if (whole) unknown.delete(parsed.target.noun);
    chips.push(chip("target", parsed.target.noun, { unknown: whole }));
  }
  for (const attribute of parsed.target.attributes) chips.push(chip(attribute.kind, attribute.text));
  if (parsed.count && parsed.count !== "one") chips.push(chip("count", String(parsed.count)));
  for (const step of parsed.steps) chips.push(chip(step.kind, step.text));
  for (const word of unknown) chips.push(chip("unknown", word, { unknown: true }));
  return chips;
}

/**
 * What was understood.
 * @param {Object} parsed the answer of GET /parse
 * @returns {HTMLElement[]} a list of chips, the line of English, the notes
 */
export function understood(parsed) {
  const chips = chipsOf(parsed);
  return [
    make("ul", { class: "chips", "aria-label": "What was understood" }, ...chips),
    parsed.understood ? make("p", { class: "faint" }, parsed.understood) : null,
    ...(parsed.notes ?? []).map((note) => make("p", { class: "note" }, note)),
  ];
}
