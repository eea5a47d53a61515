// The question: what the server understands of the words in the field, and the request that they become.

import * as api from "./api.js";
import { understood } from "./chips.js";
import { byId, debounce, fill, make } from "./dom.js";

const TYPING = 150; // ms without a key before the words are parsed

/** The field with the question, and the settings below it. */
export class Question {
  /**
   * @param {Drawing} drawing shapes that belong to the question
   * @param {() => ?Object} scene the scene on the map
   * @param {(error: Error) => void} failed called where the server does not answer
   */
  constructor(drawing, scene, failed) {
    this.drawing = drawing;
    this.scene = scene;
    this.failed = failed;
    this.parsing = null; // {text, scene, answer}: the last parse, perhaps under way
    /** The words have changed: they are parsed as soon as no more keys come. */
    this.typed = debounce(() => this.tellTyped(), TYPING);
  }

  get text() {
    return byId("question").value.trim();
  }

  /** What the server understands of the field now; asked once per text, shown while it is still there. */
  parse() {
    const { text } = this, scene = this.scene()?.id;
    if (this.parsing?.text === text && this.parsing.scene === scene) return this.parsing.answer;
    const own = { text, scene, answer: text ? api.parse(text, scene) : Promise.resolve(null) };
    this.parsing = own;
    own.answer.then((parsed) => {
      if (this.parsing !== own) return;
      byId("question").removeAttribute("aria-invalid");
      fill(byId("understood"), ...(parsed ? understood(parsed) : []));
    }, () => { if (this.parsing === own) this.parsing = null; }); // asked anew at the next try
    return own.answer;
  }

  /** While one types, a sentence that cannot be read is said below the field, not as an alarm. */
  async tellTyped() {
    const { text } = this;
    try {
      await this.parse();
    } catch (error) {
      if (error.code === "offline") this.failed(error);
      else if (text === this.text) fill(byId("understood"), make("p", { class: "note" }, error.message));
    }
  }

  /** The kind of a job and its request. */
  request(parsed, text) {
    const role = document.querySelector("input[name=role]:checked").value;
    const { polygons } = this.drawing;
    const features = { type: "FeatureCollection",
      features: polygons.map((geometry, id) => ({ type: "Feature", id, properties: {}, geometry })) };
    const area = role === "area" ? polygons[0] ?? null : null;
    const own = role === "candidates" && polygons.length ? features : null;
    const scene = this.scene().id, preset = byId("preset").value;
    if (parsed.kind === "classes" && own) {
      return ["label", { scene, classes: parsed.classes, polygons: own, settings: { preset } }];
    }
    if (parsed.kind === "classes") {
      const settings = { preset, min_area: Number(byId("min-area").value) };
      return ["segment", { scene, classes: parsed.classes, area, settings }];
    }
    return ["refer", { scene, text, area, candidates: own, top_k: Number(byId("top-k").value),
      heatmap: true, settings: { preset } }];
  }
}
