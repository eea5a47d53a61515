// The map: a scene and, over it, what was found. Layers lie in the order of ORDER.

import { Map as GlMap, AttributionControl, NavigationControl, ScaleControl } from "../vendor/maplibre-gl.mjs";
import * as api from "./api.js";
import { make } from "./dom.js";

const ORDER = ["paper", "basemap", "scene", "heat", "shapes-fill", "shapes-line",
  "candidates-fill", "candidates-shade", "candidates-line", "candidates-casing", "candidates-chosen",
  "drawn-fill", "drawn-casing", "drawn-line", "drawn-points"];
const BASEMAP = {
  type: "raster",
  tiles: ["https://tile.openstreetmap.org/{z}/{x}/{y}.png"],
  tileSize: 256,
  maxzoom: 19,
  attribution: "© OpenStreetMap contributors",
};
const PAPER = { light: "#e9e9e4", dark: "#0f1113" };
export const CHOSEN = "#ffd400";  // seen on roofs, roads, water and trees alike
export const HOVER = "#00e5ff";
const EARTH = 6378137;            // m, radius of Web Mercator's sphere
const EMPTY = { type: "FeatureCollection", features: [] };

/** Longitude and latitude to metres of Web Mercator. */
function mercator([longitude, latitude]) {
  const radians = Math.PI / 180;
  return [EARTH * longitude * radians,
    EARTH * Math.log(Math.tan(Math.PI / 4 + (latitude * radians) / 2))];
}

/** Column and row of a place in a scene without georeference, from its upper left corner. */
export function pixelOf(scene, place) {
  const [west, south, east, north] = scene.bounds;
  const [left, bottom] = mercator([west, south]);
  const [right, top] = mercator([east, north]);
  const [x, y] = mercator(place);
  return [((x - left) / (right - left)) * scene.width, ((top - y) / (top - bottom)) * scene.height];
}

/** What the page draws on; `gl` is the MapLibre map. */
export class MapView {
  /**
   * Fails where the browser has no WebGL.
   * @param {string} container id of an element
   * @param {(status: number, error: Error) => void} failed called where something of the map cannot be loaded,
   *   with the HTTP status, 0 where nobody answers
   */
  constructor(container, failed) {
    this.scene = null;
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.gl = new GlMap({
      container,
      style: { version: 8, sources: {}, layers: [{ id: "paper", type: "background",
        paint: { "background-color": this.paper() } }] },
      attributionControl: false,
      dragRotate: false, pitchWithRotate: false, touchPitch: false, maxPitch: 0,
      renderWorldCopies: false,
      maxZoom: 24,
      fadeDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150,
      locale: { "Map.Title": "Map of the scene: arrow keys move it, plus and minus zoom" },
    });
    this.gl.touchZoomRotate.disableRotation();
    this.gl.keyboard.disableRotation();
    this.gl.addControl(new NavigationControl({ showCompass: false }), "top-right");
    this.gl.addControl(fitControl(() => this.fit()), "top-right");
    this.gl.addControl(new AttributionControl({ compact: true }), "bottom-right");
    this.scale = new ScaleControl({ maxWidth: 120, unit: "metric" });
    this.dark.addEventListener("change", () =>
      this.gl.setPaintProperty("paper", "background-color", this.paper()));
    this.gl.on("error", ({ error }) => failed(error.status ?? 0, error));
    const busy = (value) => () => this.gl.getContainer().setAttribute("aria-busy", String(value));
    for (const event of ["dataloading", "styledata", "movestart"]) this.gl.on(event, busy(true));
    this.gl.on("idle", busy(false));
    this.ready = new Promise((resolve) => this.gl.once("load", resolve));
  }

  paper() {
    return this.dark.matches ? PAPER.dark : PAPER.light;
  }

  add(layer) {
    const above = ORDER.slice(ORDER.indexOf(layer.id) + 1).find((id) => this.gl.getLayer(id));
    this.gl.addLayer(layer, above);
  }

  remove(...ids) {
    for (const id of ids) if (this.gl.getLayer(id)) this.gl.removeLayer(id);
    for (const id of ids) if (this.gl.getSource(id)) this.gl.removeSource(id);
  }

  showScene(scene) {
    this.clearAnswer();
    this.remove("scene");
    if (this.gl.hasControl(this.scale)) this.gl.removeControl(this.scale);
    this.scene = scene;
    this.showBasemap(false);
    if (!scene) return;
    this.gl.addSource("scene", { type: "raster", tiles: [api.sceneTiles(scene.id)], tileSize: 256,
      bounds: scene.bounds, minzoom: scene.min_zoom, maxzoom: scene.max_zoom });
    this.add({ id: "scene", type: "raster", source: "scene", paint: { "raster-fade-duration": 0 } });
    this.gl.setMaxZoom(Math.min(24, scene.max_zoom + 5));
    if (scene.georeferenced) this.gl.addControl(this.scale, "bottom-left");
    this.fit();
  }

  /** Asks for the tiles of the scene once more. */
  reload() {
    this.gl.getSource("scene")?.setTiles([api.sceneTiles(this.scene.id)]);
  }

  fit(bounds = this.scene?.bounds, duration = 0) {
    if (bounds) this.gl.fitBounds(bounds, { padding: 24, duration });
  }

  /** Brings bounds into view where they are not; zooms out for that, never in. */
  reveal(bounds) {
    const seen = this.gl.getBounds();
    if (!seen.contains(bounds.slice(0, 2)) || !seen.contains(bounds.slice(2))) {
      this.gl.fitBounds(bounds, { padding: 60, duration: 300, maxZoom: this.gl.getZoom() });
    }
  }

  showBasemap(on) {
    this.remove("basemap");
    if (!on) return;
    this.gl.addSource("basemap", BASEMAP);
    this.add({ id: "basemap", type: "raster", source: "basemap" });
  }

  clearAnswer() {
    this.remove("heat");
    this.remove("shapes-fill", "shapes-line");
    this.remove(...ORDER.filter((id) => id.startsWith("candidates-")));
    for (const source of ["shapes", "candidates"]) if (this.gl.getSource(source)) this.gl.removeSource(source);
  }

  /** Polygons in the colours of their classes; a worker of MapLibre loads and cuts them. */
  showShapes(url) {
    this.gl.addSource("shapes", { type: "geojson", data: url, generateId: true });
    this.add({ id: "shapes-fill", type: "fill", source: "shapes",
      paint: { "fill-color": ["get", "colour"], "fill-opacity": 0.5, "fill-antialias": false } });
    this.add({ id: "shapes-line", type: "line", source: "shapes",
      paint: { "line-color": ["get", "colour"],
        "line-width": ["case", ["boolean", ["feature-state", "hover"], false], 4, 1.2] } });
  }

  /** Only shapes of these classes are drawn. */
  showClasses(names) {
    const filter = ["in", ["get", "class"], ["literal", names]];
    for (const id of ["shapes-fill", "shapes-line"]) this.gl.setFilter(id, filter);
  }

  /** The heat map, which is asked for once it can be seen. */
  showHeat(job) {
    this.gl.addSource("heat", { type: "raster", tiles: [api.jobTiles(job.id, "heat")], tileSize: 256,
      bounds: this.scene.bounds, minzoom: this.scene.min_zoom, maxzoom: this.scene.max_zoom });
    this.add({ id: "heat", type: "raster", source: "heat",
      layout: { visibility: "none" }, paint: { "raster-opacity": 0 } });
  }

  /** Candidates as outlines; those in `choose` are filled. Features carry the property `id`. */
  showCandidates(collection) {
    this.gl.addSource("candidates", { type: "geojson", data: collection, promoteId: "id" });
    const state = (name) => ["boolean", ["feature-state", name], false];
    this.add({ id: "candidates-fill", type: "fill", source: "candidates", paint: {
      "fill-color": ["case", state("chosen"), CHOSEN, HOVER],
      "fill-opacity": ["case", state("chosen"), 0.4, state("hover"), 0.3, 0], "fill-antialias": false } });
    this.add({ id: "candidates-shade", type: "line", source: "candidates", paint: {
      "line-color": "#101010", "line-width": 3, "line-opacity": 0.35 } });
    this.add({ id: "candidates-line", type: "line", source: "candidates", paint: {
      "line-color": "#ffffff", "line-width": 1,
      "line-opacity": ["case", state("chosen"), 0, state("hover"), 0, 0.85] } });
    this.add({ id: "candidates-casing", type: "line", source: "candidates", paint: {
      "line-color": "#101010", "line-width": 5,
      "line-opacity": ["case", state("chosen"), 0.75, state("hover"), 0.75, 0] } });
    this.add({ id: "candidates-chosen", type: "line", source: "candidates", paint: {
      "line-color": ["case", state("hover"), HOVER, CHOSEN], "line-width": 2.5,
      "line-opacity": ["case", state("chosen"), 1, state("hover"), 1, 0] } });
  }

  /** Marks features of a source, if it is still there, by a state: `{chosen: true}`. */
  mark(source, ids, state) {
    if (!this.gl.getSource(source)) return;
    for (const id of ids) this.gl.setFeatureState({ source, id }, state);
  }

  opacity(what, value) {
    if (what === "heat") {
      this.gl.setPaintProperty("heat", "raster-opacity", value);
      this.gl.setLayoutProperty("heat", "visibility", value > 0 ? "visible" : "none");
    } else this.gl.setPaintProperty("shapes-fill", "fill-opacity", value);
  }

  /** The features of a layer under a point of the map, the smallest first. */
  under(point, layer) {
    if (!this.gl.getLayer(layer)) return [];
    const size = (feature) => feature.properties.area_m2 ?? feature.properties.pixels ?? 0;
    return this.gl.queryRenderedFeatures(point, { layers: [layer] })
      .sort((one, two) => size(one) - size(two));
  }

  /** Calls `moved(event)` at most once per frame. */
  onPointer(moved) {
    let waiting = null;
    this.gl.on("mousemove", (event) => {
      if (waiting === null) requestAnimationFrame(() => { const last = waiting; waiting = null; moved(last); });
      waiting = event;
    });
    this.gl.on("mouseout", () => { moved(null); });
  }

  /** Draws what the user has drawn and is drawing. */
  showDrawn(collection = EMPTY) {
    if (this.gl.getSource("drawn")) {
      this.gl.getSource("drawn").setData(collection);
      return;
    }
    this.gl.addSource("drawn", { type: "geojson", data: collection });
    this.add({ id: "drawn-fill", type: "fill", source: "drawn", filter: ["==", ["geometry-type"], "Polygon"],
      paint: { "fill-color": "#ffffff", "fill-opacity": 0.08 } });
    this.add({ id: "drawn-casing", type: "line", source: "drawn",
      paint: { "line-color": "#101010", "line-width": 5, "line-opacity": 0.5 } });
    this.add({ id: "drawn-line", type: "line", source: "drawn",
      paint: { "line-color": "#ffffff", "line-width": 2.5 } });
    this.add({ id: "drawn-points", type: "circle", source: "drawn", filter: ["==", ["geometry-type"], "Point"],
      paint: { "circle-radius": 5, "circle-color": "#ffffff", "circle-stroke-width": 2, "circle-stroke-color": "#1f5fae" } });
  }
}

/** A button beside those that zoom: the whole scene. */
function fitControl(fit) {
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", "static/icons.svg#fit");
  icon.setAttribute("aria-hidden", "true");
  icon.append(use);
  const button = make("button", { type: "button", title: "Show the whole scene", "aria-label": "Show the whole scene",
    on: { click: fit } }, icon);
  const element = make("div", { class: "maplibregl-ctrl maplibregl-ctrl-group" }, button);
  return { onAdd: () => element, onRemove: () => element.remove() };
}
