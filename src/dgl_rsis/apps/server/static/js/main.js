// The page: a scene on the map, a question, its jobs and their answers.

import * as api from "./api.js";
import { announce, byId, fill, make } from "./dom.js";
import { Drawing } from "./drawing.js";
import { Jobs } from "./following.js";
import { bytes, plural, sceneFacts, titleOf } from "./format.js";
import { History } from "./history.js";
import { MapView, pixelOf } from "./map.js";
import * as problems from "./problems.js";
import { Question } from "./question.js";
import { Shown } from "./shown.js";

const state = {
  scenes: [],
  scene: null,         // the scene on the map
  requests: new Map(), // by job: what was sent; a job of the server leaves long lists of shapes out
  sending: new Map(),  // by what is sent: the promise of its job
  wish: null,          // stands for the question that was asked last; null once something else was chosen to be seen
};
let view, drawing, question, jobs, shown, past;

/** Shows an error, and waits for the server where it is gone. */
function fail(error, way = null) {
  problems.show(error, way ?? (error.status === 401 ? { label: "Try again", run: resume } : null));
  if (error.code === "offline") problems.waitForServer(resume);
}

/** A tile or a file of shapes did not come. */
function mapFailed(status, error) {
  if (status && status !== 401) {
    problems.show(new api.ApiError(`A part of the map could not be drawn: the server answered ${status}.`),
      { label: "Draw it again", run: () => view.reload() });
  } else {
    console.warn(error);
    api.health().catch(fail); // nobody answers, the token is another one, or the picture is broken
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
  question.typed();
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
  await loadScenes();
  byId(state.scene ? "scenes" : "upload").focus();
  await jobs.refresh();
}

// The question

async function search() {
  const { text } = question;
  if (!text) {
    byId("question").focus();
    fill(byId("understood"), make("p", { class: "note" }, "Write what you are looking for, for example: the largest building."));
    return;
  }
  problems.clear();
  drawing.stop();
  const wish = state.wish = Symbol(text);
  try {
    const parsed = await question.parse();
    if (state.wish !== wish) return; // another question was asked, or another scene chosen
    await submit(...question.request(parsed, text));
  } catch (error) {
    if (error.status === 422 || error.status === 400) byId("question").setAttribute("aria-invalid", "true");
    fail(error, error.code === "queue-full" ? { label: "Try again", run: search } : null);
  }
}

// Jobs and answers

/** Shows a job on the map of its scene. */
function showJob(id) {
  const job = jobs.known.get(id);
  const scene = state.scenes.find((each) => each.id === job.scene);
  if (scene && scene.id !== state.scene?.id) chooseScene(scene);
  guarded(() => shown.show(job))();
  listJobs();
}

function hideJob() {
  state.wish = null;
  shown.hide();
  listJobs();
}

function jobChanged(job) {
  listJobs();
  guarded(() => shown.update(job))();
}

function jobFailed(job) {
  fail(new api.ApiError(job.error), state.requests.has(job.id) ? { label: "Try again", run: guarded(() => again(job)) } : null);
}

/** The server forgot a job: another page wanted it so, newer ones took its place, or its storage is another one. */
function jobLost(job) {
  if (shown.drop(job)) {
    problems.show(new api.ApiError(`The server has forgotten “${titleOf(job)}”. Ask again to see the answer.`),
      state.requests.has(job.id) ? { label: "Ask again", run: guarded(() => again(job)) } : null);
  }
  listJobs();
}

async function cancel() {
  const { id } = shown;
  const job = await jobs.of(id, api.cancelJob(id));
  if (job) jobs.take(job);
}

/** Sends a request and shows its job, unless something else was asked or chosen since; what is under way is not sent twice. */
async function submit(kind, request) {
  const wish = state.wish = Symbol(kind);
  const key = JSON.stringify([kind, request]);
  if (!state.sending.has(key)) {
    state.sending.set(key, api.ask(kind, request).finally(() => state.sending.delete(key)));
  }
  const job = await state.sending.get(key);
  state.requests.set(job.id, request);
  jobs.take(job);
  if (state.wish === wish) showJob(job.id);
}

const again = (job) => submit(job.kind, state.requests.get(job.id));

const listJobs = () => past.show(jobs.list(), state.scenes, shown.id);

function recall(id) {
  problems.clear();
  state.wish = null;
  byId("question").value = titleOf(jobs.known.get(id));
  showJob(id);
  question.typed();
}

async function forgetJob(id) {
  const job = jobs.known.get(id);
  await jobs.forget(id);
  shown.drop(job);
  listJobs();
  announce(`Forgotten: ${titleOf(job)}`);
}

// The map

function pointerMoved(event) {
  const place = event?.lngLat.toArray();
  let text = "";
  if (place && state.scene) {
    text = state.scene.georeferenced ? `${place[1].toFixed(6)}°, ${place[0].toFixed(6)}°` :
      pixelOf(state.scene, place).map((pixel, at) => `${at ? "row" : "column"} ${Math.floor(pixel)}`).join(", ");
  }
  const what = drawing.mode ? "" : shown.answer?.pointAt(event?.point ?? null) ?? "";
  byId("where").textContent = [what, text].filter(Boolean).join(" · ");
  view.gl.getCanvas().style.cursor = what && shown.answer?.ranking ? "pointer" : "";
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
  byId("question").addEventListener("input", question.typed);
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
  view.gl.on("click", (event) => { if (!drawing.mode) shown.answer?.clickAt(event.point); });
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
async function load() {
  const { model } = await api.health();
  byId("model").textContent = model ? `model ${model.name}` : "";
  byId("model").title = model?.licence ? `licence of the weights: ${model.licence}` : "";
  await loadScenes();
  await jobs.refresh();
  listJobs();
  if (jobs.known.has(shown.id)) showJob(shown.id);
}

/** The server is back. */
const resume = guarded(async () => {
  await load();
  view.reload();
});

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
  question = new Question(drawing, () => state.scene, fail);
  jobs = new Jobs({ changed: jobChanged, lost: jobLost, failed: fail });
  shown = new Shown(view, jobs, jobFailed);
  past = new History({ recall, forget: guarded(forgetJob) });
  listen();
  await guarded(load)();
}

main();
