// Ranked candidates, each with a bar of its terms; one is chosen.

import { make } from "./dom.js";
import { area, percent } from "./format.js";

const FIRST = 8; // as many are listed before "show all"

const width = (element, part) => {
  element.style.width = `${100 * Math.min(1, Math.max(0, part))}%`;
  return element;
};

/** One small column per term, as high as the term is true. */
function profile(terms) {
  return make("span", { class: "profile", "aria-hidden": "true" }, ...terms.map((term) => {
    const column = make("span");
    column.style.height = `${Math.round(100 * Math.min(1, Math.max(0.04, term.value)))}%`;
    return column;
  }));
}

function termList(terms) {
  return make("span", { class: "terms" }, ...terms.map((term) => make("span", { class: "term" },
    make("span", { class: "name" }, term.name),
    make("span", { class: "track", "aria-hidden": "true" }, width(make("span"), term.value)),
    make("span", { class: "number" }, term.value.toFixed(2)))));
}

function entry(candidate, group, { checked, chosen, pointed }) {
  const radio = make("input", { type: "radio", name: group, value: candidate.id, checked,
    on: { change: () => chosen([candidate.id], candidate), focus: () => pointed(candidate.id), blur: () => pointed(null) } });
  return make("li", { on: { mouseenter: () => pointed(candidate.id), mouseleave: () => pointed(null) } },
    make("label", { class: "candidate" }, radio,
      make("span", { class: "head" },
        make("span", { class: "rank" }, `${candidate.rank}`),
        make("span", { class: "number" }, percent(candidate.probability ?? candidate.score)),
        make("span", { class: "number faint" }, area(candidate.area_m2, candidate.pixels)),
        profile(candidate.terms)),
      candidate.reason ? make("span", { class: "reason" }, candidate.reason) : null,
      termList(candidate.terms)));
}

/**
 * The ranking.
 * @param {Object} result of a sentence
 * @param {{chosen: (ids: string[], candidate: Object|null) => void, pointed: (id: string|null) => void}} listeners
 *   `candidate` is null where the whole answer is chosen
 * @returns {{element: HTMLElement, choose: (id: string) => void}}
 */
export function ranking(result, { chosen, pointed }) {
  const group = "candidate";
  const answer = result.candidates.filter((candidate) => candidate.chosen).map((candidate) => candidate.id);
  const rows = result.candidates.map((candidate) => entry(candidate, group,
    { checked: answer.length === 1 && candidate.id === answer[0], chosen, pointed }));
  const list = make("ol", { class: "candidates", "aria-label": "Candidates, the best first" }, ...rows);
  if (answer.length > 1) {
    list.prepend(make("li", {}, make("label", { class: "candidate" },
      make("input", { type: "radio", name: group, value: "", checked: true, on: { change: () => chosen(answer, null) } }),
      make("span", { class: "head" }, make("strong", {}, `All ${answer.length} that match`)))));
  }
  const rest = rows.slice(FIRST);
  for (const row of rest) row.hidden = true;
  const showAll = () => {
    for (const row of rest) row.hidden = false;
    more?.remove();
  };
  const more = rest.length === 0 ? null : make("button", { type: "button", class: "quiet",
    on: { click: () => { showAll(); rest[0].querySelector("input").focus(); } } }, `Show all ${rows.length}`);
  const choose = (id) => {
    const radio = [...list.querySelectorAll("input")].find((input) => input.value === String(id));
    if (radio.closest("li").hidden) showAll();
    radio.checked = true;
    radio.dispatchEvent(new Event("change"));
    radio.closest("li").scrollIntoView({ block: "nearest" });
  };
  return { element: make("div", { class: "ranking" }, list, more), choose };
}
