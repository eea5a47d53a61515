// Numbers as people read them.

const round = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const three = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const hundredths = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/**
 * An area in m², ha or km², pixels where no CRS gives metres.
 * @param {number|null} squareMetres
 * @param {number} pixels
 * @param {number} largest the largest area of a list, m², whose unit the whole list takes
 */
export function area(squareMetres, pixels, largest = squareMetres) {
  if (squareMetres === null || squareMetres === undefined) return `${round.format(pixels)} px`;
  if (largest >= 1e6) return `${hundredths.format(squareMetres / 1e6)} km²`;
  if (largest >= 1e4) return `${hundredths.format(squareMetres / 1e4)} ha`;
  return `${squareMetres < 100 ? three.format(squareMetres) : round.format(squareMetres)} m²`;
}

/** A part of the whole, 0 to 1, in per cent. */
export function percent(part) {
  if (part > 0 && part < 0.001) return "< 0.1 %";
  return `${(100 * part).toFixed(part < 0.1 ? 1 : 0)} %`;
}

/** Seconds as "12 s" or "3 min". */
export function duration(seconds) {
  return seconds < 90 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`;
}

/** Bytes as "12 MB". */
export function bytes(count) {
  return count < 1e6 ? `${round.format(count / 1e3)} kB` : `${three.format(count / 1e6)} MB`;
}

/** "1 building", "3 buildings". */
export function plural(count, one, many = `${one}s`) {
  return `${round.format(count)} ${count === 1 ? one : many}`;
}

/** The size of a scene in one line. */
export function sceneFacts(scene) {
  const facts = [`${round.format(scene.width)} × ${round.format(scene.height)} px`];
  facts.push(plural(scene.count, "band") + ` ${scene.dtype}`);
  facts.push(scene.georeferenced ? (scene.crs ?? "CRS without a code") : "no georeference: pixel coordinates");
  if (scene.metres_per_pixel) facts.push(`${three.format(scene.metres_per_pixel)} m per pixel`);
  return facts.join(" · ");
}

/** The words that a job was asked with. */
export const titleOf = ({ request }) => request.text ?? `classes: ${(request.classes ?? []).join(", ")}`;
