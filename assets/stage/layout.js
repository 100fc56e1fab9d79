/** The forms of the page: which panels stand where, which way their bars run, and which of them name the classes. */

export const WIDE = 900,
  PAIRED = 640; // px; style.css repeats them: a stylesheet cannot read them from here

/** @typedef {"wide"|"pairs"|"phone"} Form */

/** @returns {Form} */
export const formOf = (width) => (width >= WIDE ? "wide" : width >= PAIRED ? "pairs" : "phone");

/** Bars go up where there is room for names below them, else each class has a row. @param {Form} form @returns {"v"|"h"} */
export const orientationOf = (form) => (form === "wide" ? "v" : "h");

const COLUMNS = [["noise"], ["scores_full", "scores_sampled"], ["gradient_full", "gradient_sampled"], ["convergence"]];
const PAIRS = [
  ["noise", "scores_sampled"],
  ["gradient_full", "gradient_sampled"],
  ["scores_full", "convergence"],
];
const SMALLEST = ["gradient_full", "gradient_sampled"]; // what a phone's frame in another page shows
export const RANKED = ["balance", "ranks"]; // pictures of all classes, where not all have bars

/**
 * The panels that are shown, in reading order.
 * @param {string[]} order of the spec @param {{form: Form, embedded: boolean, many: boolean, chosen: string[]}} now
 *   `chosen`: the panels that a frame names, all if none; `many`: not every class has a bar
 */
export function shownPanels(order, { form, embedded, many, chosen }) {
  const wanted = chosen.length ? chosen : embedded && form === "phone" ? SMALLEST : order;
  const reading = form === "wide" ? COLUMNS.flat() : PAIRS.flat();
  return [...reading, ...RANKED].filter((name) => wanted.includes(name) && (many || !RANKED.includes(name)));
}

/** The panels that name the classes: the lowest of a column, or the first of a pair. @param {string[]} shown @param {Form} form */
export function namers(shown, form) {
  const groups = (form === "wide" ? COLUMNS : PAIRS).map((group) => group.filter((name) => shown.includes(name)));
  return new Set(groups.filter((group) => group.length).map((group) => (form === "wide" ? group.at(-1) : group[0])));
}
