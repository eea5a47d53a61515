// The result of a job: in the panel and on the map.

import * as api from "./api.js";
import { announce, bringUp, byId, fill, make } from "./dom.js";
import { plural, titleOf } from "./format.js";
import { legend } from "./legend.js";
import { ranking } from "./ranking.js";

const FORMATS = { gpkg: "GeoPackage", geojson: "GeoJSON", tif: "GeoTIFF", parquet: "GeoParquet" };
const NOT_FOUND = "Nothing matches. Say it with fewer conditions or another word, or look at what came nearest.";

/** What is shown of a finished job; made anew for each. */
export class Answer {
  /**
   * @param {MapView} view
   * @param {Object} job done, with `result`
   * @param {?Object} candidates GeoJSON of the ranking; null where the job has none
   */
  constructor(view, job, candidates) {
    this.view = view;
    this.job = job;
    this.candidates = candidates;
    this.marked = [];
    this.pointed = null;
    this.ranking = null;
  }

  /** The answer of a job, with all that is needed to show it at once. */
  static async of(view, job) {
    const ranked = job.kind === "refer" && job.result.candidates.length > 0;
    return new Answer(view, job, ranked ? await api.candidates(job.id) : null);
  }

  /** Another answer takes the place of this one. */
  close() {
    this.view.clearAnswer();
    byId("result").hidden = true;
  }

  show() {
    const { view, job, job: { result } } = this;
    byId("result").hidden = false;
    fill(byId("opacities"));
    fill(byId("answer"));
    this.summarise();
    this.offerDownloads(null);
    this.offerCommands();
    if (this.candidates) this.showRanking();
    else if (job.kind !== "refer") this.showShapes();
    if (result.layers?.includes("heat")) {
      view.showHeat(job);
      byId("opacities").append(...slider("Heat map", 0, (value) => view.opacity("heat", value)));
    }
    bringUp(byId("result"));
  }

  /** The sentence of the answer, its notes and why. */
  summarise() {
    const { kind, result } = this.job;
    let said = `${plural(Object.values(result.counts ?? {}).reduce((sum, count) => sum + count, 0), "polygon")} named`;
    if (kind === "segment") said = plural(result.legend.length, "class", "classes") + " on the map";
    else if (kind === "refer") said = result.matched ? `${plural(result.matches.length, "match", "matches")}` : NOT_FOUND;
    announce(`Done. ${said}`);
    fill(byId("summary"),
      make("p", { class: "asked" }, titleOf(this.job)),
      make("p", { class: kind === "refer" && !result.matched ? "note" : "faint" }, said),
      ...(result.notes ?? []).map((note) => make("p", { class: "note" }, note)),
      ...(result.skipped ?? []).map((each) => make("p", { class: "note" }, `Polygon ${each.feature} was left out: ${each.why}`)),
      result.explanation ? make("details", {}, make("summary", {}, "Why this answer"), make("pre", { tabIndex: 0 }, result.explanation)) : null);
  }

  showShapes() {
    const { view, job: { id, kind, result } } = this;
    view.showShapes(api.shapes(id));
    const names = kind === "segment" ? result.legend : Object.entries(result.counts ?? {}).map(([name, count]) => `${name}: ${count}`);
    if (kind === "segment") {
      fill(byId("answer"), legend(names, (shown) => view.showClasses(shown)));
      byId("opacities").append(...slider("Masks", 0.5, (value) => view.opacity("shapes", value)));
    } else {
      fill(byId("answer"), make("ul", { class: "counts" }, ...names.map((each) => make("li", {}, each))));
    }
  }

  showRanking() {
    const { view, candidates, job: { result } } = this;
    const made = ranking(result, { chosen: (ids, candidate) => this.choose(ids, candidate),
      pointed: (pointed) => this.point(pointed) });
    fill(byId("answer"), made.element);
    for (const feature of candidates.features) feature.properties.id = feature.id;
    view.showCandidates(candidates);
    this.ranking = made;
    const answer = result.candidates.filter((candidate) => candidate.chosen);
    this.choose(answer.map((candidate) => candidate.id), null);
    if (answer.length) view.reveal(around(answer.map((candidate) => candidate.bounds)));
  }

  /** Fills these candidates; `candidate` is the one that was picked by hand. */
  choose(ids, candidate) {
    this.view.mark("candidates", this.marked, { chosen: false });
    this.view.mark("candidates", ids, { chosen: true });
    this.marked = ids;
    const answered = candidate === null || (candidate.chosen && this.job.result.matches.length === 1);
    this.offerDownloads(answered ? null : candidate);
    if (candidate) {
      this.view.reveal(candidate.bounds);
      announce(`Candidate ${candidate.rank} is chosen.`);
    }
  }

  point(id) {
    if (this.pointed === id || !this.ranking) return;
    if (this.pointed !== null) this.view.mark("candidates", [this.pointed], { hover: false });
    if (id !== null) this.view.mark("candidates", [id], { hover: true });
    this.pointed = id;
  }

  /** The mouse is over this place of the map; returns what is there in words. */
  pointAt(point) {
    if (this.ranking) {
      const [feature] = point ? this.view.under(point, "candidates-fill") : [];
      const id = feature?.properties.id ?? null;
      this.point(id);
      const candidate = this.job.result.candidates.find((each) => each.id === id);
      return candidate ? `candidate ${candidate.rank}` : "";
    }
    const [feature] = point ? this.view.under(point, "shapes-fill") : [];
    const id = feature?.id ?? null;
    if (this.pointed !== id) {
      if (this.pointed !== null) this.view.mark("shapes", [this.pointed], { hover: false });
      if (id !== null) this.view.mark("shapes", [id], { hover: true });
      this.pointed = id;
    }
    return feature?.properties.class ?? "";
  }

  clickAt(point) {
    if (!this.ranking) return;
    const [feature] = this.view.under(point, "candidates-fill");
    if (feature) this.ranking.choose(feature.properties.id);
  }

  /** Files of the answer, or of a candidate; the heat map is of the whole sentence, and of no candidate. */
  offerDownloads(candidate) {
    const { id, result } = this.job;
    const suffixes = result.downloads.filter((suffix) => !candidate || suffix !== "tif");
    const links = suffixes.map((suffix) => make("a", { class: "button",
      href: api.result(id, suffix, candidate?.id ?? null), download: "" }, FORMATS[suffix] ?? suffix));
    fill(byId("downloads"), make("h3", {}, candidate ? `Download candidate ${candidate.rank}` : "Download"),
      make("div", { class: "row" }, ...links));
  }

  offerCommands() {
    const { cli, python, files = [] } = this.job.commands;
    const links = files.map((name) => make("a", { class: "button",
      href: api.asked(this.job.id, name), download: name }, name));
    fill(byId("commands"), make("details", {}, make("summary", {}, "Repeat it elsewhere"),
      ...snippet("Command line", cli), ...snippet("Python", python),
      ...(links.length ? [make("h3", {}, "Drawn by you, read by both"), make("div", { class: "row" }, ...links)] : [])));
  }
}

/** The smallest box around boxes. */
function around(boxes) {
  return [Math.min(...boxes.map((box) => box[0])), Math.min(...boxes.map((box) => box[1])),
    Math.max(...boxes.map((box) => box[2])), Math.max(...boxes.map((box) => box[3]))];
}

function slider(name, value, moved) {
  const id = `opacity-${name.replaceAll(" ", "-").toLowerCase()}`;
  return [make("label", { htmlFor: id }, `${name}: opacity`),
    make("input", { type: "range", id, min: "0", max: "1", step: "0.05", value: String(value),
      on: { input: (event) => moved(Number(event.target.value)) } })];
}

function snippet(title, text) {
  const code = make("pre", { tabIndex: 0, "aria-label": title }, text);
  const copy = make("button", { type: "button", class: "quiet", "aria-label": `Copy as ${title}`, on: { click: async () => {
    try {
      await navigator.clipboard.writeText(text);
      copy.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code); // no clipboard without https or loopback
      copy.textContent = "Selected: press Ctrl+C";
    }
    announce(copy.textContent);
    setTimeout(() => { copy.textContent = "Copy"; }, 2500);
  } } }, "Copy");
  return [make("div", { class: "row between" }, make("h3", {}, title), copy), code];
}
