// The page: a scene on the map, a question, its jobs and their answers.

import { Answer } from "./answer.js";
import * as api from "./api.js";
import { understood } from "./chips.js";
import { announce, bringUp, byId, debounce, fill, make } from "./dom.js";
import { Drawing } from "./drawing.js";
import { Jobs, ended } from "./following.js";
import { bytes, duration, plural, sceneFacts } from "./format.js";
import { MapView, pixelOf } from "./map.js";
import * as problems from "./problems.js";

const TYPING = 150; // ms without a key before the words are parsed
const STATES = { waiting: "waiting", running: "running", failed: "failed", cancelled: "cancelled", done: "" };

const state = {
  scenes: [],
  scene: null,       // the scene on the map
  shown: null,       // id of the job that is shown
  requests: new Map(), // by job: what was sent; a job of the server leaves long lists of shapes out
  parsing: null,     // {text, scene, answer}: the last parse, perhaps under way
  answer: null,      // Answer of that job, when it is done
};
let view, drawing, jobs;

/** Shows an error, and waits for the server where it is gone. */
function fail(error, way = null) {
  problems.show(error, way);
  if (error.code === "offline") problems.waitForServer(async () => { await start(); view.reload(); });
}

/** A tile or a file of shapes did not come. */
function mapFailed(status, error) {
  if (status) {
    problems.show(new api.ApiError(`A part of the map could not be drawn: the server answered ${status}.`),
      { label: "Draw it again", run: () => view.reload() });
  } else {
    console.warn(error);
    api.health().catch(fail); // nobody answers, or the picture is broken
  }
}

/** An event listener whose failure is shown. */
const guarded = (run) => async (...values) => {
  try {
    await run(...values);
  } catch (error) {
    fail(error);
  }
};

// Scenes

async function loadScenes() {
  state.scenes = await api.scenes();
  fill(byId("scenes"), ...state.scenes.map((scene) => make("option", { value: scene.id }, scene.name)));
  const wanted = new URLSearchParams(location.hash.slice(1)).get("scene");
  const next = [state.scene?.id, wanted].map((id) => state.scenes.find((scene) => scene.id === id)).find(Boolean);
  chooseScene(next ?? state.scenes[0] ?? null);
}

function chooseScene(scene) {
  const changed = scene?.id !== state.scene?.id;
  state.scene = scene;
  byId("scenes").value = scene?.id ?? "";
  byId("scenes").disabled = !scene;
  byId("forget-scene").hidden = !scene?.uploaded;
  byId("search").disabled = !scene;
  byId("facts").textContent = scene ? sceneFacts(scene) :
    "No scene yet. Upload a picture, or drop it on the map.";
  byId("basemap").disabled = !scene?.georeferenced;
  byId("min-area-unit").textContent = scene?.georeferenced ? "m²" : "px";
  if (!changed) return;
  byId("basemap").checked = false;
  drawing.clear();
  hideJob();
  view.showScene(scene);
  history.replaceState(null, "", scene ? `#scene=${encodeURIComponent(scene.id)}` : "#");
  parseTyped();
}

async function upload(file) {
  problems.clear();
  const bar = make("progress", { value: 0, max: 1, "aria-label": `Upload of ${file.name}` });
  const sending = api.upload(file, (sent, total) => { bar.value = sent / total; });
  const box = byId("uploading");
  fill(box, make("p", {}, `Uploading ${file.name} (${bytes(file.size)})`),
    make("div", { class: "row" }, bar, make("button", { type: "button", on: { click: sending.cancel } }, "Cancel")));
  box.hidden = false;
  try {
    const scene = await sending.done;
    await loadScenes();
    chooseScene(state.scenes.find((each) => each.id === scene.id) ?? scene);
    announce(`${scene.name} is on the map.`);
  } catch (error) {
    fail(error, { label: "Choose another file", run: () => byId("file").click() });
  } finally {
    box.hidden = true;
  }
}

async function forgetScene() {
  const { id, name } = state.scene;
  if (!confirm(`Delete the upload ${name} from the server?`)) return;
  await api.deleteScene(id);
  state.scene = null;
  await loadScenes();
  await jobs.refresh();
}

// The question

/** What the server understands of the field now; asked once per text, shown while it is still there. */
function parse() {
  const text = byId("question").value.trim(), scene = state.scene?.id;
  if (state.parsing?.text === text && state.parsing.scene === scene) return state.parsing.answer;
  const own = { text, scene, answer: text ? api.parse(text, scene) : Promise.resolve(null) };
  state.parsing = own;
  own.answer.then((parsed) => {
    if (state.parsing !== own) return;
    byId("question").removeAttribute("aria-invalid");
    fill(byId("understood"), ...(parsed ? understood(parsed) : []));
  }, () => { if (state.parsing === own) state.parsing = null; }); // asked anew at the next try
  return own.answer;
}

/** While one types, a sentence that cannot be read is said below the field, not as an alarm. */
const parseTyped = debounce(async () => {
  const text = byId("question").value;
  try {
    await parse();
  } catch (error) {
    if (error.code === "offline") fail(error);
    else if (text === byId("question").value) fill(byId("understood"), make("p", { class: "note" }, error.message));
  }
}, TYPING);

/** The kind of a job and its request. */
function requestFor(parsed, text) {
  const role = document.querySelector("input[name=role]:checked").value;
  const { polygons } = drawing;
  const features = { type: "FeatureCollection",
    features: polygons.map((geometry, id) => ({ type: "Feature", id, properties: {}, geometry })) };
  const area = role === "area" ? polygons[0] ?? null : null;
  const own = role === "candidates" && polygons.length ? features : null;
  const scene = state.scene.id, preset = byId("preset").value;
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

async function search() {
  const text = byId("question").value.trim();
  if (!text) {
    byId("question").focus();
    fill(byId("understood"), make("p", { class: "note" }, "Write what you are looking for, for example: the largest building."));
    return;
  }
  problems.clear();
  drawing.stop();
  try {
    const parsed = await parse();
    await submit(...requestFor(parsed, text));
  } catch (error) {
    if (error.status === 422 || error.status === 400) byId("question").setAttribute("aria-invalid", "true");
    fail(error, error.code === "queue-full" ? { label: "Try again", run: search } : null);
  }
}

// Jobs and answers

/** Shows a job: its progress, or its answer on the map of its scene. */
function showJob(id) {
  const job = jobs.known.get(id);
  const scene = state.scenes.find((each) => each.id === job.scene);
  if (scene && scene.id !== state.scene?.id) chooseScene(scene);
  state.shown = id; // the answer before stays on the map until this one comes
  listJobs();
  jobs.follow(id);
  guarded(update)(job);
  if (!ended(job)) bringUp(byId("job"));
}

function hideJob() {
  state.shown = null;
  closeAnswer();
  jobs.unfollow();
  byId("job").hidden = true;
  listJobs();
}

function closeAnswer() {
  state.answer?.close();
  state.answer = null;
}

async function update(job) {
  if (job.id !== state.shown) return;
  byId("job").hidden = ended(job);
  if (!ended(job)) showProgress(job);
  else if (job.state === "done") await showAnswer(job);
  else {
    closeAnswer();
    if (job.state === "cancelled") announce("The job is cancelled.");
    else fail(new api.ApiError(job.error), state.requests.has(job.id) ? { label: "Try again", run: guarded(() => again(job)) } : null);
  }
}

async function showAnswer(job) {
  const answer = await Answer.of(view, job);
  if (job.id !== state.shown) return; // another job was chosen meanwhile
  closeAnswer();
  state.answer = answer;
  answer.show();
}

function showProgress(job) {
  const bar = byId("bar");
  if (job.state === "running" && job.total) {
    bar.max = job.total;
    bar.value = job.done;
  } else {
    bar.removeAttribute("value"); // a bar without a value moves to and fro
  }
  byId("job-text").textContent = titleOf(job);
  const left = job.seconds_left === null ? "" : `, about ${duration(job.seconds_left)} left`;
  byId("job-message").textContent = job.state === "waiting" ? "waiting for its turn" : `${job.message || "working"}${left}`;
  announce(job.state === "waiting" ? "The question waits for its turn." : "The question is being worked on.");
}

async function cancel() {
  const id = state.shown;
  await api.deleteJob(id);
  jobs.take(await api.job(id));
}

/** Sends a request and shows its job. */
async function submit(kind, request) {
  const job = await api.ask(kind, request);
  state.requests.set(job.id, request);
  jobs.take(job);
  showJob(job.id);
}

const again = (job) => submit(job.kind, state.requests.get(job.id));

const titleOf = (job) => job.request.text ?? `classes: ${(job.request.classes ?? []).join(", ")}`;

function listJobs() {
  const list = jobs.list();
  byId("history").hidden = list.length === 0;
  byId("history").querySelector("summary").textContent = `History (${list.length})`;
  fill(byId("jobs"), ...list.map((job) => {
    const scene = state.scenes.find((each) => each.id === job.scene);
    const facts = [scene?.name ?? "scene gone", STATES[job.state],
      job.state === "done" && job.kind === "refer" ? plural(job.result.matches.length, "match", "matches") : ""];
    return make("li", {},
      make("button", { type: "button", class: "past", "aria-current": job.id === state.shown ? "true" : null,
        disabled: !scene, on: { click: () => recall(job) } },
        make("span", {}, titleOf(job)), make("span", { class: "faint" }, facts.filter(Boolean).join(" · "))),
      make("button", { type: "button", class: "icon quiet", "aria-label": `Forget: ${titleOf(job)}`, title: "Forget",
        on: { click: guarded(() => forgetJob(job)) } }, "×"));
  }));
}

function recall(job) {
  problems.clear();
  showJob(job.id);
  byId("question").value = titleOf(job);
  parseTyped();
  listJobs();
}

async function forgetJob(job) {
  if (job.id === state.shown) hideJob();
  await jobs.forget(job.id);
  listJobs();
}

// The map

function pointerMoved(event) {
  const place = event?.lngLat.toArray();
  let text = "";
  if (place && state.scene) {
    text = state.scene.georeferenced ? `${place[1].toFixed(6)}°, ${place[0].toFixed(6)}°` :
      pixelOf(state.scene, place).map((pixel, at) => `${at ? "row" : "column"} ${Math.floor(pixel)}`).join(", ");
  }
  const what = drawing.mode ? "" : state.answer?.pointAt(event?.point ?? null) ?? "";
  byId("where").textContent = [what, text].filter(Boolean).join(" · ");
  view.gl.getCanvas().style.cursor = what && state.answer?.ranking ? "pointer" : "";
}

function drawnChanged() {
  const count = drawing.polygons.length;
  byId("drawn").hidden = count === 0;
  byId("drawn-text").textContent = `${plural(count, "shape")} drawn`;
  if (count) announce(byId("drawn-text").textContent);
}

function modeChanged(mode, help) {
  for (const name of ["box", "polygon"]) byId(`draw-${name}`).setAttribute("aria-pressed", String(mode === name));
  byId("draw-help").textContent = help;
  if (mode) view.gl.getCanvas().focus({ preventScroll: true });
}

function roleChanged(event) {
  drawing.several = event.target.value === "candidates";
  if (!drawing.several) drawing.keepLast();
}

// Wiring

function listen() {
  byId("scenes").addEventListener("change", (event) =>
    chooseScene(state.scenes.find((scene) => scene.id === event.target.value)));
  byId("upload").addEventListener("click", () => byId("file").click());
  byId("file").addEventListener("change", (event) => {
    const [file] = event.target.files;
    event.target.value = ""; // the same file again is a change again
    if (file) upload(file);
  });
  byId("forget-scene").addEventListener("click", guarded(forgetScene));
  byId("question").addEventListener("input", parseTyped);
  byId("question").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      byId("ask").requestSubmit();
    }
  });
  byId("ask").addEventListener("submit", (event) => { event.preventDefault(); search(); });
  byId("cancel").addEventListener("click", guarded(cancel));
  byId("basemap").addEventListener("change", (event) => view.showBasemap(event.target.checked));
  for (const mode of ["box", "polygon"]) byId(`draw-${mode}`).addEventListener("click", () => state.scene && drawing.start(mode));
  byId("draw-view").addEventListener("click", () => state.scene && drawing.takeView());
  byId("draw-clear").addEventListener("click", () => { drawing.clear(); byId("draw-box").focus(); });
  for (const radio of document.querySelectorAll("input[name=role]")) radio.addEventListener("change", roleChanged);
  byId("handle").addEventListener("click", () => {
    const large = byId("panel").classList.toggle("large");
    byId("handle").setAttribute("aria-expanded", String(large));
  });
  listenToDrops(document.querySelector(".stage"));
  view.onPointer(pointerMoved);
  view.gl.on("click", (event) => { if (!drawing.mode) state.answer?.clickAt(event.point); });
}

function listenToDrops(stage) {
  const files = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragover", (event) => { if (files(event)) event.preventDefault(); });
  addEventListener("drop", (event) => event.preventDefault()); // a picture beside the map does not replace the page
  stage.addEventListener("dragenter", (event) => { if (files(event)) byId("drop").hidden = false; });
  byId("drop").addEventListener("dragleave", () => { byId("drop").hidden = true; });
  byId("drop").addEventListener("drop", (event) => {
    byId("drop").hidden = true;
    const [file] = event.dataTransfer.files;
    if (file) upload(file);
  });
}

/** Loads what the server has; again when it is back after it was gone. */
async function start() {
  try {
    const { model } = await api.health();
    byId("model").textContent = model ? `model ${model.name}` : "";
    byId("model").title = model?.licence ? `licence of the weights: ${model.licence}` : "";
    await loadScenes();
    await jobs.refresh();
    listJobs();
    if (state.shown && jobs.known.has(state.shown)) showJob(state.shown);
  } catch (error) {
    fail(error);
  }
}

async function main() {
  try {
    view = new MapView("map", mapFailed);
  } catch (error) {
    problems.show(new api.ApiError("The map needs WebGL, which this browser does not offer. " +
      "Turn on hardware acceleration in its settings, or take another browser."));
    console.error(error);
    return;
  }
  await view.ready;
  drawing = new Drawing(view, { changed: drawnChanged, mode: modeChanged });
  jobs = new Jobs({ changed: (job) => { listJobs(); guarded(update)(job); }, failed: fail });
  listen();
  await start();
}

main();
