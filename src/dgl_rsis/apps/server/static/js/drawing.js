// Boxes and polygons drawn on the map, by mouse, finger or keyboard.
//
// Points are set by clicks; a box may also be dragged. On the keyboard the arrow keys move the map
// below a cross in its middle, Space sets a point there, Enter closes, Backspace takes the last
// point back, Escape stops.

const NEAR = 10;  // px, a click this near to the first point closes a polygon
const DRAG = 6;   // px, a shorter drag is a click

const HELP = {
  box: "Drag a box, or click two corners. Keyboard: arrows move the map, Space sets a corner, Escape stops.",
  polygon: "Click the corners; click the first one again or press Enter to close. " +
    "Keyboard: Space sets a corner, Backspace takes one back, Escape stops.",
};

const feature = (type, coordinates, properties = {}) =>
  ({ type: "Feature", properties, geometry: { type, coordinates } });

/** A closed ring, counterclockwise as GeoJSON wants it. */
function ring(points) {
  let twice = 0;
  points.forEach(([x, y], at) => {
    const [nextX, nextY] = points[(at + 1) % points.length];
    twice += x * nextY - nextX * y;
  });
  const turned = twice < 0 ? [...points].reverse() : points;
  return [...turned, turned[0]];
}

const corners = ([[west, south], [east, north]]) => [[west, south], [east, south], [east, north], [west, north]];

/** What is drawn: `polygons` is a list of GeoJSON polygons in longitude and latitude. */
export class Drawing {
  /**
   * @param {MapView} view
   * @param {{changed: () => void, mode: (mode: string|null, help: string) => void}} listeners
   */
  constructor(view, { changed, mode }) {
    this.view = view;
    this.changed = changed;
    this.modeChanged = mode;
    this.several = false;  // false: a new one takes the place of the old one
    this.polygons = [];
    this.mode = null;
    this.points = [];
    this.pressed = null;
    const { gl } = view;
    gl.on("mousedown", (event) => this.press(event));
    gl.on("touchstart", (event) => { if (event.points.length === 1) this.press(event); });
    gl.on("mousemove", (event) => this.move(event));
    gl.on("touchmove", (event) => this.move(event));
    gl.on("mouseup", (event) => this.release(event));
    gl.on("touchend", (event) => this.release(event));
    gl.on("click", (event) => this.click(event));
    gl.getCanvasContainer().addEventListener("keydown", (event) => this.key(event), true);
  }

  start(mode) {
    const again = this.mode === mode;
    this.stop();
    if (again) return;
    this.mode = mode;
    const { gl } = this.view;
    gl.doubleClickZoom.disable();
    gl.boxZoom.disable();
    if (mode === "box") gl.dragPan.disable();
    gl.getContainer().classList.add("drawing");
    this.modeChanged(mode, HELP[mode]);
  }

  stop() {
    if (this.mode === null) return;
    const { gl } = this.view;
    this.mode = null;
    this.points = [];
    this.pressed = null;
    gl.dragPan.enable();
    gl.boxZoom.enable();
    setTimeout(() => { if (this.mode === null) gl.doubleClickZoom.enable(); }, 400); // not for the click that ended it
    gl.getContainer().classList.remove("drawing");
    this.modeChanged(null, "");
    this.draw();
  }

  clear() {
    this.stop();
    this.polygons = [];
    this.draw();
    this.changed();
  }

  /** The map as it is seen, cut to the scene, as a box. */
  takeView() {
    this.stop();
    const seen = this.view.gl.getBounds(), [west, south, east, north] = this.view.scene.bounds;
    const box = [[Math.max(west, seen.getWest()), Math.max(south, seen.getSouth())],
      [Math.min(east, seen.getEast()), Math.min(north, seen.getNorth())]];
    if (box[0][0] < box[1][0] && box[0][1] < box[1][1]) this.finish(corners(box));
  }

  keepLast() {
    this.several = false;
    if (this.polygons.length > 1) {
      this.polygons = this.polygons.slice(-1);
      this.draw();
      this.changed();
    }
  }

  press(event) {
    if (this.mode !== "box") return;
    this.pressed = event.point;
    if (this.points.length === 0) this.points = [event.lngLat.toArray()];
  }

  move(event) {
    if (this.mode && this.points.length) this.draw(event.lngLat.toArray());
  }

  release(event) {
    if (this.mode !== "box" || !this.pressed) return;
    const dragged = event.point.dist(this.pressed) > DRAG;
    this.pressed = null;
    if (dragged) this.place(event.lngLat.toArray());
  }

  click(event) {
    if (this.mode === "box") {
      // The press has set the first corner; only a click on another place is the second.
      const first = this.view.gl.project(this.points[0] ?? event.lngLat);
      if (event.point.dist(first) > DRAG) this.place(event.lngLat.toArray());
    } else if (this.mode === "polygon") this.place(event.lngLat.toArray());
  }

  place(point) {
    const { gl } = this.view;
    const near = this.points.length && gl.project(point).dist(gl.project(this.points[0])) <= NEAR;
    if (this.mode === "polygon" && near && this.points.length >= 3) return this.finish(this.points);
    const last = this.points.at(-1);
    if (last && gl.project(point).dist(gl.project(last)) < 2) return undefined; // the second click of a double click
    this.points.push(point);
    if (this.mode === "box" && this.points.length === 2) return this.finish(corners(this.points));
    return this.draw();
  }

  finish(points) {
    const polygon = { type: "Polygon", coordinates: [ring(points)] };
    this.polygons = this.several ? [...this.polygons, polygon] : [polygon];
    this.stop();
    this.draw();
    this.changed();
  }

  key(event) {
    if (!this.mode) return;
    const centre = this.view.gl.getCenter().toArray();
    if (event.key === " ") this.place(centre);
    else if (event.key === "Enter" && this.mode === "polygon" && this.points.length >= 3) this.finish(this.points);
    else if (event.key === "Enter") this.place(centre);
    else if (event.key === "Backspace") { this.points.pop(); this.draw(); }
    else if (event.key === "Escape") this.stop();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  draw(cursor = null) {
    const features = this.polygons.map((polygon) => ({ type: "Feature", properties: {}, geometry: polygon }));
    const points = cursor ? [...this.points, cursor] : this.points;
    if (this.mode === "box" && points.length === 2) features.push(feature("Polygon", [ring(corners(points))]));
    else if (points.length > 1) features.push(feature("LineString", points));
    features.push(...this.points.map((point) => feature("Point", point)));
    this.view.showDrawn({ type: "FeatureCollection", features });
  }
}
