// What went wrong, as a sentence with a way out; and waiting for a server that is gone.

import * as api from "./api.js";
import { announce, byId, fill, make } from "./dom.js";

const PAUSE = 2000; // ms between two looks whether the server is back

let waiting = null; // what runs when the server is back; null while it answers
let absence = null; // the alert that the server does not answer
let covered = [];   // what that alert took the place of

/**
 * Shows an error; an aborted request is no error.
 * @param {Error} error
 * @param {{label: string, run: () => void}|null} way a button beside the sentence
 */
export function show(error, way = null) {
  if (error.name === "AbortError") return;
  if (!(error instanceof api.ApiError)) console.error(error);
  if (waiting && error.code === "offline") return;
  const text = error instanceof api.ApiError ? error.message :
    `The page has failed (${error.message}). Reload it; your questions stay in the history.`;
  const offered = way ?? (error instanceof api.ApiError ? null :
    { label: "Reload", run: () => location.reload() });
  const alert = make("div", { class: "alert" }, make("p", {}, text),
    make("div", { class: "row" },
      offered && make("button", { type: "button", on: { click: () => { clear(); offered.run(); } } }, offered.label),
      error.code === "offline" ? null : make("button", { type: "button", class: "quiet", on: { click: clear } }, "Dismiss")));
  if (error.code === "offline") {
    absence = alert;
    covered = [...byId("problem").children];
  }
  fill(byId("problem"), alert);
  byId("problem").scrollIntoView({ block: "nearest" });
}

export function clear() {
  if (!waiting) fill(byId("problem"));
}

/** Runs `back` once, when a server that does not answer answers again, were it with a refusal: `back` is told, too. */
export function waitForServer(back) {
  if (waiting) return;
  waiting = back;
  const look = async () => {
    try {
      await api.health();
    } catch (error) {
      if (error.code === "offline") {
        setTimeout(look, PAUSE);
        return;
      }
    }
    const run = waiting;
    waiting = null;
    if (absence?.isConnected) fill(byId("problem"), ...covered);
    announce("The server is back.");
    run();
  };
  setTimeout(look, PAUSE);
}
