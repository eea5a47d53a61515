// The history: questions asked, the newest first. A row stays the same element as long as its job is there, so
// that news of jobs takes neither the focus nor a click from anybody.

import { byId, make } from "./dom.js";
import { plural, titleOf } from "./format.js";

const STATES = { waiting: "waiting", running: "running", failed: "failed", cancelled: "cancelled", done: "" };

/** The list of jobs in the panel. */
export class History {
  /**
   * @param {{recall: (id: string) => void, forget: (id: string) => void}} listeners called with the job's id
   */
  constructor(listeners) {
    this.listeners = listeners;
    this.rows = new Map(); // by id of the job
  }

  /**
   * Draws what has changed.
   * @param {Object[]} jobs the newest first
   * @param {Object[]} scenes of the server
   * @param {?string} shown id of the job that is shown
   */
  show(jobs, scenes, shown) {
    const summary = byId("history").querySelector("summary"), title = `History (${jobs.length})`;
    if (summary.textContent !== title) summary.textContent = title;
    const ids = new Set(jobs.map((job) => job.id));
    for (const id of this.rows.keys()) if (!ids.has(id)) this.remove(id);
    jobs.forEach((job, at) => {
      if (!this.rows.has(job.id)) this.rows.set(job.id, this.row(job));
      const row = this.rows.get(job.id), there = byId("jobs").children[at] ?? null;
      if (there !== row.element) byId("jobs").insertBefore(row.element, there);
      draw(row, job, scenes.find((scene) => scene.id === job.scene), job.id === shown);
    });
    byId("history").hidden = jobs.length === 0;
  }

  row({ id, ...job }) {
    const title = titleOf(job), facts = make("span", { class: "faint" });
    const past = make("button", { type: "button", class: "past", on: { click: () => this.listeners.recall(id) } },
      make("span", {}, title), facts);
    const forget = make("button", { type: "button", class: "icon quiet", "aria-label": `Forget: ${title}`, title: "Forget",
      on: { click: () => this.listeners.forget(id) } }, "×");
    return { element: make("li", {}, past, forget), past, facts, drawn: "" };
  }

  /** Where the focus was in the row, the one below takes it, else the one above, else the question. */
  remove(id) {
    const { element } = this.rows.get(id);
    const next = (element.nextElementSibling ?? element.previousElementSibling)?.lastElementChild ?? byId("question");
    const hadFocus = element.contains(document.activeElement);
    this.rows.delete(id);
    element.remove();
    if (hadFocus) next.focus();
  }
}

function draw(row, job, scene, isShown) {
  const facts = [scene?.name ?? "scene gone", STATES[job.state],
    job.matches === null ? "" : plural(job.matches, "match", "matches")].filter(Boolean).join(" · ");
  const drawn = JSON.stringify([facts, Boolean(scene), isShown]);
  if (drawn === row.drawn) return;
  row.drawn = drawn;
  row.facts.textContent = facts;
  row.past.disabled = !scene;
  if (isShown) row.past.setAttribute("aria-current", "true");
  else row.past.removeAttribute("aria-current");
}
