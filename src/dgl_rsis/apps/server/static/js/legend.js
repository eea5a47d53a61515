// Classes with colour, area and a toggle.

import { make } from "./dom.js";
import { area, percent } from "./format.js";

function swatch(colour) {
  const element = make("span", { class: "swatch", "aria-hidden": "true" });
  element.style.backgroundColor = colour;
  return element;
}

/**
 * The legend of a map of classes.
 * @param {Object[]} entries `legend` of a result
 * @param {(names: string[]) => void} toggled called with the classes that are to be seen
 * @returns {HTMLElement}
 */
export function legend(entries, toggled) {
  const boxes = entries.map((entry) => make("input", { type: "checkbox", checked: true, value: entry.class,
    on: { change: () => toggled(boxes.filter((box) => box.checked).map((box) => box.value)) } }));
  const largest = Math.max(...entries.map((entry) => entry.area_m2 ?? 0));
  const rows = entries.map((entry, at) => make("li", {}, make("label", {}, boxes[at], swatch(entry.colour),
    make("span", { class: "name" }, entry.class),
    make("span", { class: "number" }, area(entry.area_m2, entry.pixels, largest)),
    make("span", { class: "number faint" }, percent(entry.share)))));
  return make("ul", { class: "legend", "aria-label": "Legend: classes that are drawn" }, ...rows);
}
