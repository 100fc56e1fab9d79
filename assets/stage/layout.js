/** The forms of the page: which panels stand where, which way their bars run, and which of them name the classes. */

export const WIDE = 900,
  PAIRED = 640; // px; style.css repeats them: a stylesheet cannot read them from here

/**
 * @typedef {"wide"|"pairs"|"phone"} Form
 * @typedef {{columns: [string, string[]][], pairs: string[][], smallest: string[]}} Layout
 * @typedef {{panels: string[], layout: Layout|null}} Page as ssm.explorer.pages.Page
 */

/** @returns {Form} */
export const formOf = (width) => (width >= WIDE ? "wide" : width >= PAIRED ? "pairs" : "phone");

/** Bars go up where there is room for names below them, else each class has a row. @param {Form} form @returns {"v"|"h"} */
export const orientationOf = (form) => (form === "wide" ? "v" : "h");

/** Panels that stand together; on a page that flows each stands alone. @param {Page} page @param {Form} form */
function groupsOf({ panels, layout }, form) {
  if (!layout) return panels.map((name) => [name]);
  return form === "wide" ? layout.columns.map(([, names]) => names) : layout.pairs;
}

/**
 * The panels that are shown, in the order of a frame or else in reading order.
 * @param {Page} page @param {{form: Form, embedded: boolean, many: boolean, chosen: string[], ranked: Set<string>}} now
 *   `chosen`: the panels that a frame names, all if none; `many`: not every class has a bar; `ranked`: pictures of all
 *   classes, which are for those many
 */
export function shownPanels(page, { form, embedded, many, chosen, ranked }) {
  const { panels, layout } = page;
  const wanted = chosen.length ? chosen : layout && embedded && form === "phone" ? layout.smallest : panels;
  const placed = groupsOf(page, form).flat();
  const reading = [...placed, ...panels.filter((name) => !placed.includes(name))];
  const order = chosen.length ? chosen.filter((name) => panels.includes(name)) : reading;
  return order.filter((name) => wanted.includes(name) && (many || !ranked.has(name)));
}

/** The panels that name the classes: the lowest of a column, or the first of a pair. @param {Page} page @param {string[]} shown @param {Form} form */
export function namers(page, shown, form) {
  const groups = groupsOf(page, form).map((group) => group.filter((name) => shown.includes(name)));
  return new Set(groups.filter((group) => group.length).map((group) => (form === "wide" ? group.at(-1) : group[0])));
}
