// Elements without templates: text is always text, so nothing that a server or a user writes is run.

const ENOUGH = 240; // px of a section that are seen without scrolling

/** @param {string} id @returns {HTMLElement} */
export const byId = (id) => document.getElementById(id);

/**
 * A new element.
 * @param {string} tag
 * @param {Object} properties `class`, `on: {event: listener}`, properties of the element, or
 *   attributes; null, undefined and false leave an attribute out.
 * @param {...(Node|string|null)} children
 * @returns {HTMLElement}
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") element.className = value;
    else if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (name in element && !name.includes("-")) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Puts the children in the place of what is in the element. */
export function fill(element, ...children) {
  element.replaceChildren(...children.filter((child) => child !== null && child !== undefined));
}

/** Tells a screen reader, once per text. */
export function announce(text) {
  const status = byId("status");
  if (status.textContent !== text) status.textContent = text;
}

/** Scrolls the panel to the start of a section of which little is seen, as on a phone. */
export function bringUp(section) {
  const room = byId("contents").getBoundingClientRect(), { top } = section.getBoundingClientRect();
  if (top < room.top || top > room.bottom - ENOUGH) section.scrollIntoView({ block: "start" });
}

/** `run` called once, `wait` milliseconds after the last call. */
export function debounce(run, wait) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...values), wait);
  };
}
