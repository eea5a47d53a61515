// The server, as functions. Every failure is an ApiError whose message is a sentence with a way out.

/** `code` of the answer about a job that the server does not have. */
export const GONE = "unknown-job";

/** What the server refused, or that it does not answer (`code` "offline"). */
export class ApiError extends Error {
  constructor(message, { status = 0, code = "", retryAfter = null } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** The address of a path of the server; the page may stand below a prefix. */
export const address = (path) => new URL("./", document.baseURI).href + path;

const OFFLINE = "The server does not answer. Is dgl-rsis serve still running? " +
  "This page goes on by itself as soon as the server is back.";
const LOCKED = "The server wants its token. Open the address that dgl-rsis serve printed, with ?token= at its end.";

async function send(path, options = {}) {
  let response;
  try {
    response = await fetch(address(path), { credentials: "same-origin", ...options });
  } catch {
    throw new ApiError(OFFLINE, { code: "offline" });
  }
  if (!response.ok) throw refusal(response.status, await response.text(), response.headers.get("Retry-After"));
  return response;
}

/** The sentence in an answer that is not a success. */
function refusal(status, body, retryAfter) {
  let detail = "", code = "";
  try {
    ({ detail, code } = JSON.parse(body));
  } catch {
    detail = ""; // a proxy answered, not the server
  }
  if (status === 401) detail = LOCKED;
  if (Array.isArray(detail)) detail = detail.map((each) => `${each.loc?.slice(1).join(".")}: ${each.msg}`).join("; ");
  const seconds = retryAfter === null ? null : Number(retryAfter);
  return new ApiError(detail || `The server answered ${status}. Try again, or look at its log.`,
    { status, code, retryAfter: Number.isFinite(seconds) ? seconds : null });
}

const json = async (path, options) => (await send(path, options)).json();
const post = (path, body) => json(path, {
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
});

export const health = () => json("health");
export const scenes = async () => (await json("scenes")).scenes;
export const deleteScene = (id) => send(`scenes/${encodeURIComponent(id)}`, { method: "DELETE" });
export const parse = (text, scene) => json(`parse?${new URLSearchParams(scene ? { text, scene } : { text })}`);
export const ask = (kind, request) => post(kind, request);
export const jobs = async () => (await json("jobs")).jobs;
export const job = (id) => json(`jobs/${encodeURIComponent(id)}`);
export const cancelJob = (id) => json(`jobs/${encodeURIComponent(id)}/cancel`, { method: "POST" });
export const deleteJob = (id) => send(`jobs/${encodeURIComponent(id)}`, { method: "DELETE" });
export const asked = (id, name) => address(`jobs/${encodeURIComponent(id)}/asked/${name}`);
export const candidates = (id) => json(`jobs/${encodeURIComponent(id)}/candidates.geojson`);

/** Templates of tiles and addresses of files; the braces are for MapLibre. */
export const sceneTiles = (id) => address(`scenes/${encodeURIComponent(id)}/tiles/{z}/{x}/{y}.png`);
export const jobTiles = (id, layer) => address(`jobs/${encodeURIComponent(id)}/tiles/${layer}/{z}/{x}/{y}.png`);
export const shapes = (id) => address(`jobs/${encodeURIComponent(id)}/shapes.geojson`);
export const events = (id) => address(`jobs/${encodeURIComponent(id)}/events`);
export const result = (id, suffix, candidate) => address(`jobs/${encodeURIComponent(id)}/result.${suffix}`) +
  (candidate === null ? "" : `?${new URLSearchParams({ candidate })}`);

/**
 * Uploads a picture; XMLHttpRequest because fetch does not tell how much was sent.
 * @param {File} file
 * @param {(sent: number, total: number) => void} progress in bytes
 * @returns {{done: Promise<Object>, cancel: () => void}} `done` gives the scene
 */
export function upload(file, progress) {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    request.open("POST", address("scenes"));
    request.upload.onprogress = (event) => progress(event.loaded, event.total);
    request.onerror = () => reject(new ApiError(OFFLINE, { code: "offline" }));
    request.onabort = () => reject(new DOMException("cancelled", "AbortError"));
    request.onload = () => {
      if (request.status === 201) resolve(JSON.parse(request.responseText));
      else reject(refusal(request.status, request.responseText, request.getResponseHeader("Retry-After")));
    };
    const form = new FormData();
    form.append("file", file);
    request.send(form);
  });
  return { done, cancel: () => request.abort() };
}
